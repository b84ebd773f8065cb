/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "backend.h"
#include "context.h"
#include "rng.h"
#include "status.h"
#include "text.h"

int32_t seqd_optimizer_new(seqd_model *model, const seqd_options *options, seqd_optimizer **out, seqd_error *error)
{
    seqd_context *context = model->context;
    seqd_optimizer *optimizer = seqd_alloc_zero(context, sizeof *optimizer);
    if (!optimizer) return seqd_fail_alloc(context, sizeof *optimizer, error);
    const int32_t status =
        seqd_update_create(context, options, model->net.tensors.parameters, &optimizer->update, error);
    if (status != SEQD_OK) {
        seqd_free(context, optimizer);
        return status;
    }
    atomic_init(&optimizer->references, 1);
    optimizer->context = seqd_context_retain(context);
    optimizer->model = seqd_model_retain(model);
    *out = optimizer;
    return SEQD_OK;
}

void seqd_optimizer_free(seqd_optimizer *optimizer)
{
    if (!optimizer || atomic_fetch_sub(&optimizer->references, 1) > 1) return;
    seqd_context *context = optimizer->context;
    seqd_update_clear(context, &optimizer->update);
    seqd_model_free(optimizer->model);
    seqd_free(context, optimizer);
    seqd_context_drop(context);
}

/*
 * Passes over the data that a small panel takes before it overfits (Hospital, with the hold-out one year earlier),
 * within bounds that keep large ones short.
 */
static int64_t usual_steps(const seqd_trainer *trainer)
{
    const int64_t steps = 16 * trainer->sampler.windows / trainer->batch_size;
    return steps < 300 ? 300 : steps > 1200 ? 1200 : steps;
}

int32_t seqd_trainer_new(seqd_model *model, seqd_dataset *dataset, const seqd_options *options,
                         seqd_optimizer *optimizer, seqd_trainer **out, seqd_error *error)
{
    seqd_context *context = model->context;
    int32_t status;
    if (optimizer && optimizer->model != model)
        return seqd_fail(error, SEQD_E_ARG, "the optimizer was made for another model");
    int free_model = 0;
    if (!atomic_compare_exchange_strong(&model->held, &free_model, 1))
        return seqd_fail(error, SEQD_E_BUSY, "another trainer has the model");
    seqd_trainer *trainer = seqd_alloc_zero(context, sizeof *trainer);
    if (!trainer) {
        atomic_store(&model->held, 0);
        return seqd_fail_alloc(context, sizeof *trainer, error);
    }
    atomic_init(&trainer->references, 1);
    trainer->context = seqd_context_retain(context);
    trainer->model = seqd_model_retain(model);
    trainer->dataset = seqd_dataset_retain(dataset);
    trainer->batch_size = seqd_option_i64(options, SEQD_OPT_BATCH_SIZE);
    trainer->max_steps = seqd_option_i64(options, SEQD_OPT_MAX_STEPS);
    trainer->val_every = seqd_option_i64(options, SEQD_OPT_VAL_EVERY);
    trainer->patience = seqd_option_i64(options, SEQD_OPT_PATIENCE);
    trainer->clip = seqd_option_f64(options, SEQD_OPT_GRAD_CLIP);
    const seqd_sampling sampling = {
        .val_size = seqd_option_i64(options, SEQD_OPT_VAL_SIZE),
        .val_fraction = seqd_option_f64(options, SEQD_OPT_VAL_FRACTION),
        .split = (seqd_split)seqd_option_choice(options, SEQD_OPT_SPLIT),
        .seed = (uint64_t)seqd_option_i64(options, SEQD_OPT_SEED),
        .stride = seqd_net_causal(&model->net) ? 0 : model->features.horizon,
    };
    if (optimizer) {
        atomic_fetch_add(&optimizer->references, 1);
        trainer->optimizer = optimizer;
    } else {
        SEQD_TRY(status, failed, seqd_optimizer_new(model, options, &trainer->optimizer, error));
    }
    SEQD_TRY(status, failed,
             seqd_backend_find(context, seqd_option_text(options, SEQD_OPT_BACKEND), &trainer->backend, error));
    SEQD_TRY(status, failed,
             seqd_sampler_create(context, &model->features, dataset, &sampling, &trainer->sampler, error));
    if (trainer->max_steps == 0) trainer->max_steps = usual_steps(trainer);
    if (trainer->optimizer->update.total == 0) trainer->optimizer->update.total = trainer->max_steps;
    SEQD_TRY(status, failed, seqd_binding_create(context, &model->features, dataset, &trainer->binding, error));
    const int64_t shards = (trainer->batch_size + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
    SEQD_TRY(status, failed,
             seqd_runner_create(context, model, &trainer->backend, &trainer->binding, (int32_t)shards,
                                seqd_team_size(context->threads, shards), &trainer->runner, error));
    const size_t bytes = (size_t)model->net.tensors.parameters * sizeof(float);
    trainer->best = seqd_alloc(context, bytes);
    if (!trainer->best) {
        status = seqd_fail_alloc(context, bytes, error);
        goto failed;
    }
    trainer->summary.struct_size = (uint32_t)sizeof trainer->summary;
    trainer->summary.series = trainer->sampler.count;
    trainer->summary.series_left_out = trainer->sampler.left_out;
    trainer->summary.train_loss = trainer->summary.best_loss = (double)NAN;
    *out = trainer;
    return SEQD_OK;
failed:
    seqd_trainer_free(trainer);
    return status;
}

void seqd_trainer_free(seqd_trainer *trainer)
{
    if (!trainer || atomic_fetch_sub(&trainer->references, 1) > 1) return;
    seqd_context *context = trainer->context;
    seqd_free(context, trainer->best);
    seqd_runner_clear(&trainer->runner);
    seqd_binding_clear(&trainer->binding);
    seqd_sampler_clear(&trainer->sampler);
    seqd_optimizer_free(trainer->optimizer);
    seqd_dataset_free(trainer->dataset);
    atomic_store(&trainer->model->held, 0);
    seqd_model_free(trainer->model);
    seqd_free(context, trainer);
    seqd_context_drop(context);
}

/*
 * One optimizer step. false when the backend failed, or the loss or the gradient left the finite numbers; parameters
 * are then as before.
 */
static bool one_step(seqd_trainer *trainer, seqd_team *team, double *loss)
{
    seqd_update *update = &trainer->optimizer->update;
    const seqd_kernels *k = trainer->backend.kernels;
    double weight;

    const uint64_t key = seqd_rng_mix(trainer->sampler.seed ^ (uint64_t)(update->steps + 1) << 20) | 1;
    *loss = seqd_runner_gradient(&trainer->runner, team, &trainer->sampler, trainer->drawn, trainer->batch_size, key,
                                 &weight);
    trainer->drawn += trainer->batch_size;
    if (seqd_net_status(trainer->runner.net, NULL) != SEQD_OK) return false;
    const double norm = sqrt(k->sum_squares(trainer->model->net.tensors.parameters, trainer->runner.grads[0]));
    if (!isfinite(*loss) || !isfinite(norm)) return false;
    const double factor = trainer->clip > 0.0 && norm > trainer->clip ? trainer->clip / norm : 1.0;
    seqd_runner_update(&trainer->runner, team, update, (float)factor);
    trainer->summary.windows += trainer->batch_size;
    return true;
}

/* Steps that a team takes without a word to the host in between. */
typedef struct steps_run {
    seqd_trainer *trainer;
    int64_t left;
    double *sum;  /* of the losses */
    double last;
    bool failed;
} steps_run;

static void run_steps(void *user, seqd_team *team)
{
    steps_run *run = user;
    for (; run->left > 0 && !run->failed; run->left--) {
        run->failed = !one_step(run->trainer, team, &run->last);
        if (!run->failed) *run->sum += run->last;
    }
}

/* false: the last step failed, with the loss in *last. */
static bool take_steps(seqd_trainer *trainer, int64_t steps, double *sum, double *last)
{
    steps_run run = {trainer, steps, sum, 0.0, false};
    seqd_team_run(trainer->runner.threads, run_steps, &run);
    *last = run.last;
    return !run.failed;
}

static void keep(seqd_trainer *trainer, double loss)
{
    memcpy(trainer->best, trainer->model->parameters, (size_t)trainer->model->net.tensors.parameters * sizeof(float));
    trainer->summary.best_loss = loss;
    trainer->summary.best_step = trainer->optimizer->update.steps;
}

static void restore(seqd_trainer *trainer)
{
    memcpy(trainer->model->parameters, trainer->best, (size_t)trainer->model->net.tensors.parameters * sizeof(float));
}

static double validate(seqd_trainer *trainer)
{
    double weight;
    const double loss = seqd_runner_evaluate(&trainer->runner, trainer->sampler.validation,
                                             trainer->sampler.validation_count, &weight);
    return weight > 0.0 ? loss / weight : (double)NAN;
}

static int32_t step_failed(seqd_trainer *trainer, int32_t round, double loss, seqd_error *error)
{
    char text[SEQD_NUMBER_SIZE];
    seqd_format_f64(loss, text);
    restore(trainer);
    SEQD_CHECK(seqd_net_status(trainer->runner.net, error));
    return seqd_fail(error, SEQD_E_DIVERGED,
                     "training diverged in round %d at step %lld (loss %s): a lower learning_rate or grad_clip helps; "
                     "the weights of step %lld are kept",
                     (int)round, (long long)trainer->optimizer->update.steps + 1, text,
                     (long long)trainer->summary.best_step);
}

/* The state of fit's loop. */
typedef struct run_state {
    seqd_progress progress;
    double start;
    double round_loss;
    int64_t round_steps, first_step, unimproved;
} run_state;

static bool report(seqd_trainer *trainer, run_state *run)
{
    const seqd_update *update = &trainer->optimizer->update;
    seqd_progress *progress = &run->progress;
    const int64_t done = update->steps - run->first_step;
    progress->step = done;
    progress->elapsed_seconds = seqd_now() - run->start;
    progress->remaining_seconds =
        done > 0 ? progress->elapsed_seconds * (double)(trainer->max_steps - done) / (double)done : 0.0;
    progress->train_loss = run->round_steps > 0 ? run->round_loss / (double)run->round_steps
                                                : trainer->summary.train_loss;
    progress->learning_rate = seqd_update_rate(update, done - 1);
    return seqd_progress_report(trainer->context, progress);
}

static void log_round(const seqd_trainer *trainer, const run_state *run)
{
    char train[SEQD_NUMBER_SIZE], validation[SEQD_NUMBER_SIZE];
    seqd_format_f64(trainer->summary.train_loss, train);
    seqd_format_f64(run->progress.validation_loss, validation);
    seqd_log(trainer->context, SEQD_LOG_INFO, "%s: round %d, step %lld, train loss %s, validation loss %s",
             run->progress.task, (int)run->progress.epoch, (long long)trainer->optimizer->update.steps, train,
             validation);
}

/* A validation round: true when training should end. */
static bool end_round(seqd_trainer *trainer, run_state *run)
{
    trainer->summary.train_loss = run->round_loss / (double)run->round_steps;
    run->round_loss = 0.0;
    run->round_steps = 0;
    run->progress.epoch++;
    if (trainer->sampler.validation_count == 0) {
        keep(trainer, (double)NAN);
        log_round(trainer, run);
        return false;
    }
    const double loss = validate(trainer);
    run->progress.validation_loss = loss;
    log_round(trainer, run);
    if (isfinite(loss) && !(loss >= trainer->summary.best_loss)) {
        keep(trainer, loss);
        run->unimproved = 0;
    } else {
        run->unimproved++;
    }
    run->progress.best_loss = trainer->summary.best_loss;
    return trainer->patience > 0 && run->unimproved >= trainer->patience;
}

static int32_t fit_loop(seqd_trainer *trainer, run_state *run, seqd_error *error)
{
    int32_t status = SEQD_OK;
    for (int64_t step = 0; step < trainer->max_steps;) {
        double loss;
        int64_t steps = trainer->val_every - step % trainer->val_every;
        if (steps > trainer->max_steps - step) steps = trainer->max_steps - step;
        if (trainer->context->progress) steps = 1; /* the host hears of every step, outside of any region */
        if (!take_steps(trainer, steps, &run->round_loss, &loss))
            return step_failed(trainer, run->progress.epoch, loss, error);
        run->round_steps += steps;
        step += steps;
        const bool last = step == trainer->max_steps;
        const bool enough = (step % trainer->val_every == 0 || last) && end_round(trainer, run);
        if (report(trainer, run)) {
            if (run->round_steps > 0) end_round(trainer, run); /* what was reached counts */
            status = SEQD_STOPPED;
            break;
        }
        if (enough) break;
    }
    restore(trainer);
    return status;
}

static void write_card(seqd_trainer *trainer)
{
    seqd_model *model = trainer->model;
    seqd_model_card_number(model, "steps", (double)trainer->optimizer->update.steps);
    seqd_model_card_number(model, "best_step", (double)trainer->summary.best_step);
    if (isfinite(trainer->summary.train_loss))
        seqd_model_card_number(model, "train_loss", trainer->summary.train_loss);
    if (isfinite(trainer->summary.best_loss))
        seqd_model_card_number(model, "validation_loss", trainer->summary.best_loss);
}

int32_t seqd_trainer_fit(seqd_trainer *trainer, seqd_error *error)
{
    char task[32] = "train ";
    run_state run = {.start = seqd_now()};
    SEQD_CHECK(seqd_model_begin_write(trainer->model, error));
    seqd_copy_text(task + 6, sizeof task - 6, seqd_option_text(trainer->model->options, SEQD_OPT_MODEL));
    run.progress = (seqd_progress){
        .struct_size = (uint32_t)sizeof run.progress,
        .total_steps = trainer->max_steps,
        .train_loss = (double)NAN,
        .validation_loss = (double)NAN,
        .best_loss = (double)NAN,
        .task = trainer->task ? trainer->task : task,
    };
    run.first_step = trainer->optimizer->update.start = trainer->optimizer->update.steps;
    keep(trainer, (double)NAN); /* the weights to fall back on until the first round */
    int32_t status = fit_loop(trainer, &run, error);
    if (status == SEQD_OK || status == SEQD_STOPPED) {
        const int32_t calibrated = seqd_trainer_calibrate(trainer, error);
        if (calibrated != SEQD_OK) status = calibrated;
    } else if (trainer->summary.best_step > run.first_step) {
        (void)seqd_trainer_calibrate(trainer, NULL); /* the weights that were kept are of use, too */
    }
    trainer->summary.steps = trainer->optimizer->update.steps;
    trainer->summary.seconds += seqd_now() - run.start;
    write_card(trainer);
    seqd_model_end_write(trainer->model);
    return status;
}

int32_t seqd_trainer_steps(seqd_trainer *trainer, int64_t steps, double *loss, seqd_error *error)
{
    double total = 0.0;
    if (steps < 1) return seqd_fail(error, SEQD_E_ARG, "steps must be at least 1");
    SEQD_CHECK(seqd_model_begin_write(trainer->model, error));
    const double start = seqd_now();
    int32_t status = SEQD_OK;
    double last;
    keep(trainer, (double)NAN);
    if (!take_steps(trainer, steps, &total, &last)) status = step_failed(trainer, 0, last, error);
    trainer->summary.steps = trainer->summary.best_step = trainer->optimizer->update.steps;
    trainer->summary.train_loss = total / (double)steps;
    trainer->summary.seconds += seqd_now() - start;
    seqd_model_end_write(trainer->model);
    if (status == SEQD_OK && loss) *loss = total / (double)steps;
    return status;
}
