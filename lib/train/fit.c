/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <math.h>
#include <string.h>

#include "context.h"
#include "rng.h"
#include "status.h"
#include "text.h"

static void copy_weights(const seqd_trainer *trainer, float *to, const float *from)
{
    memcpy(to, from, (size_t)trainer->model->net.tensors.parameters * sizeof *to);
}

/* Options teacher_forcing and teacher_forcing_end: how much a decoder is told at this step of the run. */
static double told_share(const seqd_trainer *trainer)
{
    const seqd_update *update = &trainer->optimizer->update;
    const double from = seqd_option_f64(trainer->options, SEQD_OPT_TEACHER_FORCING);
    const double to = seqd_option_f64(trainer->options, SEQD_OPT_TEACHER_FORCING_END);
    const double done = (double)(update->steps - update->start) / (double)(update->total > 0 ? update->total : 1);
    return from + (to - from) * (done < 1.0 ? done : 1.0);
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
    seqd_net_teach(trainer->runner.net, told_share(trainer));
    *loss = seqd_runner_gradient(&trainer->runner, team, &trainer->sampler, trainer->drawn, trainer->batch_size, key,
                                 &weight);
    trainer->drawn += trainer->batch_size;
    if (seqd_net_status(trainer->runner.net, NULL) != SEQD_OK) return false;
    seqd_update_freeze(update, trainer->runner.grads[0]);
    const double norm = sqrt(k->sum_squares(trainer->model->net.tensors.parameters, trainer->runner.grads[0]));
    if (!isfinite(*loss) || !isfinite(norm)) return false;
    const double factor = trainer->clip > 0.0 && norm > trainer->clip ? trainer->clip / norm : 1.0;
    seqd_runner_update(&trainer->runner, team, update, &trainer->average, (float)factor);
    trainer->run.windows += trainer->batch_size;
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

/* The weights that are judged and kept: the moving average where there is one. */
static const float *judged(const seqd_trainer *trainer)
{
    return trainer->average.values ? trainer->average.values : trainer->model->parameters;
}

static void keep(seqd_trainer *trainer, double value)
{
    copy_weights(trainer, trainer->best, judged(trainer));
    trainer->run.best_loss = value;
    trainer->run.best_step = trainer->optimizer->update.steps;
}

static int32_t step_failed(seqd_trainer *trainer, double loss, seqd_error *error)
{
    char text[SEQD_NUMBER_SIZE];
    seqd_format_f64(loss, text);
    copy_weights(trainer, trainer->model->parameters, trainer->best);
    SEQD_CHECK(seqd_net_status(trainer->runner.net, error));
    return seqd_fail(error, SEQD_E_DIVERGED,
                     "training diverged in round %d at step %lld (loss %s): a lower learning_rate or grad_clip helps; "
                     "the weights of step %lld are kept",
                     (int)trainer->run.epoch, (long long)trainer->optimizer->update.steps + 1, text,
                     (long long)trainer->run.best_step);
}

static bool report(seqd_trainer *trainer, seqd_progress *progress, double start)
{
    const seqd_run *run = &trainer->run;
    const double done = (double)run->step;
    progress->epoch = run->epoch;
    progress->step = run->step;
    progress->elapsed_seconds = seqd_now() - start;
    progress->remaining_seconds =
        done > 0.0 ? progress->elapsed_seconds * ((double)trainer->max_steps - done) / done : 0.0;
    progress->train_loss = run->round_steps > 0 ? run->round_loss / (double)run->round_steps : run->train_loss;
    progress->validation_loss = run->validation_loss;
    progress->best_loss = run->best_loss;
    progress->learning_rate = seqd_update_rate(&trainer->optimizer->update, run->step - 1);
    return seqd_progress_report(trainer->context, progress);
}

static void log_round(const seqd_trainer *trainer, const char *task)
{
    char train[SEQD_NUMBER_SIZE], validation[SEQD_NUMBER_SIZE];
    seqd_format_f64(trainer->run.train_loss, train);
    seqd_format_f64(trainer->run.validation_loss, validation);
    seqd_log(trainer->context, SEQD_LOG_INFO, "%s: round %d, step %lld, train loss %s, validation %s %s", task,
             (int)trainer->run.epoch, (long long)trainer->optimizer->update.steps, train,
             trainer->monitor.mae ? "mae" : "loss", validation);
}

/* Ends the training round; what the validation part says of the weights now, NaN without one. */
static double end_round(seqd_trainer *trainer, const char *task)
{
    seqd_run *run = &trainer->run;
    run->train_loss = run->round_loss / (double)run->round_steps;
    run->round_loss = 0.0;
    run->round_steps = 0;
    run->epoch++;
    run->validation_loss =
        trainer->sampler.validation_count > 0 ? seqd_monitor_value(trainer, judged(trainer)) : (double)NAN;
    log_round(trainer, task);
    return run->validation_loss;
}

/* Is this value worth keeping the weights for? Without a validation part the latest always are. */
static bool better(const seqd_trainer *trainer, double value)
{
    if (trainer->sampler.validation_count == 0) return true;
    return isfinite(value) && !(value >= trainer->run.best_loss);
}

static void validation_round(seqd_trainer *trainer, const char *task)
{
    seqd_run *run = &trainer->run;
    const double value = end_round(trainer, task);
    const bool kept = better(trainer, value);
    if (kept) keep(trainer, value);
    if (trainer->sampler.validation_count == 0) return;
    run->unimproved = kept ? 0 : run->unimproved + 1;
    run->enough = trainer->patience > 0 && run->unimproved >= trainer->patience;
    seqd_update_observe(&trainer->optimizer->update, value);
}

static void summarize(seqd_trainer *trainer, const seqd_run *run)
{
    trainer->summary.steps = trainer->optimizer->update.steps;
    trainer->summary.best_step = run->best_step;
    trainer->summary.train_loss = run->train_loss;
    trainer->summary.best_loss = run->best_loss;
    trainer->summary.windows = run->windows;
}

/*
 * The host asked to stop. What was reached counts: the model gets the best weights so far, those of this very step
 * among them. The run itself stays as it was, for a checkpoint: it would not have looked at this step.
 */
static void pause_run(seqd_trainer *trainer, const char *task)
{
    const seqd_run before = trainer->run;
    float *told = trainer->best;
    copy_weights(trainer, trainer->raw, trainer->model->parameters);
    if (before.round_steps > 0) {
        const double value = end_round(trainer, task);
        if (better(trainer, value)) {
            told = trainer->average.values ? trainer->average.values : trainer->model->parameters;
            trainer->run.best_loss = value;
            trainer->run.best_step = trainer->optimizer->update.steps;
        }
    }
    if (told != trainer->model->parameters) copy_weights(trainer, trainer->model->parameters, told);
    summarize(trainer, &trainer->run);
    trainer->run = before;
    trainer->raw_is = SEQD_RAW_PAUSED;
}

static int32_t fit_loop(seqd_trainer *trainer, seqd_progress *progress, double start, seqd_error *error)
{
    seqd_run *run = &trainer->run;
    while (run->step < trainer->max_steps && !run->enough) {
        double loss;
        int64_t steps = trainer->val_every - run->step % trainer->val_every;
        if (steps > trainer->max_steps - run->step) steps = trainer->max_steps - run->step;
        if (trainer->context->progress) steps = 1; /* the host hears of every step, outside of any region */
        if (!take_steps(trainer, steps, &run->round_loss, &loss)) return step_failed(trainer, loss, error);
        run->round_steps += steps;
        run->step += steps;
        if (run->step % trainer->val_every == 0 || run->step == trainer->max_steps)
            validation_round(trainer, progress->task);
        if (report(trainer, progress, start)) return SEQD_STOPPED;
    }
    return SEQD_OK;
}

static void write_card(seqd_trainer *trainer)
{
    seqd_model *model = trainer->model;
    seqd_model_card_number(model, "steps", (double)trainer->summary.steps);
    seqd_model_card_number(model, "best_step", (double)trainer->summary.best_step);
    if (isfinite(trainer->summary.train_loss))
        seqd_model_card_number(model, "train_loss", trainer->summary.train_loss);
    if (isfinite(trainer->summary.best_loss))
        seqd_model_card_number(model, trainer->monitor.mae ? "validation_mae" : "validation_loss",
                               trainer->summary.best_loss);
}

/* The model gets the weights with which training goes on. */
static void take_raw(seqd_trainer *trainer)
{
    seqd_model *model = trainer->model;
    const bool ours = trainer->raw_is == SEQD_RAW_STEPS && trainer->raw_epoch == atomic_load(&model->epoch);
    if (ours) copy_weights(trainer, model->parameters, trainer->raw);
    else seqd_average_start(&trainer->average, model->net.tensors.parameters, model->parameters);
    trainer->raw_is = SEQD_RAW_MODEL;
}

static void begin_run(seqd_trainer *trainer)
{
    seqd_run *run = &trainer->run;
    take_raw(trainer);
    seqd_update_restart(&trainer->optimizer->update);
    *run = (seqd_run){.under_way = true, .windows = run->windows, .train_loss = trainer->summary.train_loss,
                      .validation_loss = (double)NAN, .best_loss = (double)NAN};
    run->first_step = trainer->optimizer->update.steps;
    keep(trainer, (double)NAN); /* the weights to fall back on until the first round */
}

static void end_run(seqd_trainer *trainer, int32_t *status, const char *task, seqd_error *error)
{
    seqd_run *run = &trainer->run;
    if (*status == SEQD_STOPPED) {
        pause_run(trainer, task);
    } else {
        if (*status == SEQD_OK) copy_weights(trainer, trainer->model->parameters, trainer->best);
        summarize(trainer, run);
        run->under_way = false;
        run->ended = *status == SEQD_OK;
    }
    if (*status == SEQD_OK || *status == SEQD_STOPPED) {
        const int32_t calibrated = seqd_trainer_calibrate(trainer, error);
        if (calibrated != SEQD_OK) *status = calibrated;
    } else if (run->best_step > run->first_step) {
        (void)seqd_trainer_calibrate(trainer, NULL); /* the weights that were kept are of use, too */
    }
}

int32_t seqd_trainer_fit(seqd_trainer *trainer, seqd_error *error)
{
    char task[32] = "train ";
    const double start = seqd_now();
    if (trainer->resumed && trainer->run.ended) { /* there is nothing to go on with */
        trainer->resumed = false;
        return SEQD_OK;
    }
    SEQD_CHECK(seqd_model_begin_write(trainer->model, error));
    seqd_copy_text(task + 6, sizeof task - 6, seqd_option_text(trainer->model->options, SEQD_OPT_MODEL));
    seqd_progress progress = {
        .struct_size = (uint32_t)sizeof progress,
        .total_steps = trainer->max_steps,
        .task = trainer->task ? trainer->task : task,
    };
    if (trainer->resumed) {
        copy_weights(trainer, trainer->model->parameters, trainer->raw);
        trainer->raw_is = SEQD_RAW_MODEL;
        trainer->resumed = false;
    } else {
        begin_run(trainer);
    }
    trainer->computing = true;
    int32_t status = fit_loop(trainer, &progress, start, error);
    trainer->computing = false;
    end_run(trainer, &status, progress.task, error);
    trainer->summary.seconds += seqd_now() - start;
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
    if (trainer->resumed && trainer->run.under_way)
        copy_weights(trainer, trainer->model->parameters, trainer->raw);
    else take_raw(trainer);
    trainer->raw_is = SEQD_RAW_MODEL;
    trainer->resumed = trainer->run.under_way = trainer->run.ended = false;
    keep(trainer, (double)NAN);
    if (!take_steps(trainer, steps, &total, &last)) status = step_failed(trainer, last, error);
    trainer->run.best_step = trainer->optimizer->update.steps;
    trainer->run.train_loss = total / (double)steps;
    summarize(trainer, &trainer->run);
    trainer->summary.seconds += seqd_now() - start;
    if (status == SEQD_OK && trainer->average.values) {
        copy_weights(trainer, trainer->raw, trainer->model->parameters);
        copy_weights(trainer, trainer->model->parameters, trainer->average.values);
        trainer->raw_is = SEQD_RAW_STEPS;
    }
    seqd_model_end_write(trainer->model);
    trainer->raw_epoch = atomic_load(&trainer->model->epoch);
    if (status == SEQD_OK && loss) *loss = total / (double)steps;
    return status;
}
