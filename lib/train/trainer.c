/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <math.h>

#include "alloc.h"
#include "backend.h"
#include "context.h"
#include "option_scope.h"
#include "status.h"

/*
 * Passes over the data that a small panel takes before it overfits (Hospital, with the hold-out one year earlier),
 * within bounds that keep large ones short.
 */
static int64_t usual_steps(const seqd_trainer *trainer)
{
    const int64_t steps = 16 * trainer->sampler.windows / trainer->batch_size;
    return steps < 300 ? 300 : steps > 1200 ? 1200 : steps;
}

/* Options max_steps and max_epochs, the lower of the two; where neither is set, as many as are usual. */
static int64_t most_steps(const seqd_trainer *trainer)
{
    const int64_t asked = seqd_option_i64(trainer->options, SEQD_OPT_MAX_STEPS);
    const int64_t epochs = seqd_option_i64(trainer->options, SEQD_OPT_MAX_EPOCHS);
    int64_t steps;
    if (epochs == 0) return asked > 0 ? asked : usual_steps(trainer);
    if (!seqd_mul_i64(epochs, trainer->sampler.windows, &steps)) steps = INT64_MAX - trainer->batch_size;
    steps = (steps + trainer->batch_size - 1) / trainer->batch_size;
    return asked > 0 && asked < steps ? asked : steps;
}

static int32_t make_room(seqd_trainer *trainer, seqd_error *error)
{
    const int64_t count = trainer->model->net.tensors.parameters;
    SEQD_CHECK(seqd_average_create(trainer->context, trainer->options, count, &trainer->average, error));
    trainer->best = seqd_alloc_array(trainer->context, (size_t)count, sizeof(float));
    trainer->raw = seqd_alloc_array(trainer->context, (size_t)count, sizeof(float));
    if (!trainer->best || !trainer->raw)
        return seqd_fail_alloc(trainer->context, (size_t)count * sizeof(float), error);
    return SEQD_OK;
}

int32_t seqd_trainer_refuse_idle(const seqd_model *model, const seqd_options *options, seqd_error *error)
{
    const seqd_scope scope = {model->options, options, NULL, 0};
    return seqd_options_refuse_idle(options, &scope, SEQD_GROUP_TRAINING, error);
}

int32_t seqd_trainer_new(seqd_model *model, seqd_dataset *dataset, const seqd_options *options,
                         seqd_optimizer *optimizer, seqd_trainer **out, seqd_error *error)
{
    seqd_context *context = model->context;
    int32_t status;
    SEQD_CHECK(seqd_model_need_network(model, "a trainer", error));
    if (seqd_ensemble_asked(options))
        return seqd_fail(error, SEQD_E_OPTION,
                         "a trainer trains one network: seqd_ensemble_train goes by ensemble_size and ensemble_models");
    SEQD_CHECK(seqd_trainer_refuse_idle(model, options, error));
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
    SEQD_TRY(status, failed, seqd_options_clone(options, &trainer->options, error));
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
    if (trainer->optimizer->update.schedule == SEQD_SCHEDULE_PLATEAU && trainer->sampler.validation_count == 0) {
        status = seqd_fail(error, SEQD_E_OPTION, "schedule=plateau needs a validation part (option 'val_size')");
        goto failed;
    }
    trainer->max_steps = most_steps(trainer);
    int64_t *total = &trainer->optimizer->update.total;
    if (*total == 0 || *total > trainer->max_steps) *total = trainer->max_steps;
    SEQD_TRY(status, failed, seqd_binding_create(context, &model->features, dataset, &trainer->binding, error));
    const int64_t shards = (trainer->batch_size + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
    SEQD_TRY(status, failed,
             seqd_runner_create(context, model, &trainer->backend, &trainer->binding, (int32_t)shards,
                                seqd_team_size(context->threads, shards), &trainer->runner, error));
    SEQD_TRY(status, failed, seqd_augment_set(options, &model->features, &trainer->runner.augment, error));
    SEQD_TRY(status, failed, make_room(trainer, error));
    SEQD_TRY(status, failed, seqd_trainer_weigh_classes(trainer, error));
    SEQD_TRY(status, failed, seqd_monitor_create(trainer, error));
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
    seqd_free(context, trainer->raw);
    seqd_free(context, trainer->class_counts);
    seqd_free(context, trainer->class_weights);
    seqd_free(context, trainer->monitor.memory);
    seqd_average_clear(context, &trainer->average);
    seqd_runner_clear(&trainer->runner);
    seqd_binding_clear(&trainer->binding);
    seqd_sampler_clear(&trainer->sampler);
    seqd_optimizer_free(trainer->optimizer);
    seqd_options_free(trainer->options);
    seqd_dataset_free(trainer->dataset);
    atomic_store(&trainer->model->held, 0);
    seqd_model_free(trainer->model);
    seqd_free(context, trainer);
    seqd_context_drop(context);
}
