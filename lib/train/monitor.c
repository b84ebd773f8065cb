/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "status.h"

/* What a forecast's spread is before residuals are known: the point forecast itself. */
static const double no_spread[SEQD_MAX_LEVELS];

static void place(seqd_trainer *trainer, seqd_arena *arena)
{
    const seqd_model *model = trainer->model;
    const size_t horizon = (size_t)model->features.horizon, width = (size_t)model->net.config.head.width;
    const size_t lanes = (size_t)trainer->runner.threads;
    seqd_monitor *m = &trainer->monitor;
    m->out = seqd_arena_take(arena, lanes, sizeof *m->out);
    m->parameters = seqd_arena_take(arena, lanes, sizeof *m->parameters);
    m->scratch = seqd_arena_take(arena, lanes, sizeof *m->scratch);
    for (size_t i = 0; i < lanes; i++) {
        float *out = seqd_arena_take(arena, SEQD_SHARD_ROWS * horizon * width, sizeof(float));
        float *parameters = seqd_arena_take(arena, horizon * (size_t)model->dist.width, sizeof(float));
        float *scratch = seqd_arena_take(arena, horizon * width, sizeof(float));
        if (!arena->base) continue;
        m->out[i] = out;
        m->parameters[i] = parameters;
        m->scratch[i] = scratch;
    }
}

int32_t seqd_monitor_create(seqd_trainer *trainer, seqd_error *error)
{
    seqd_monitor *m = &trainer->monitor;
    m->mae = seqd_option_choice(trainer->options, SEQD_OPT_MONITOR) == 1;
    if (!m->mae) return SEQD_OK;
    if (trainer->model->net.config.answer.classes > 0)
        return seqd_fail(error, SEQD_E_OPTION, "monitor=mae does not fit task=classify");
    if (trainer->sampler.validation_count == 0)
        return seqd_fail(error, SEQD_E_OPTION, "monitor=mae needs a validation part (option 'val_size')");
    seqd_arena arena = {NULL, 0, false};
    place(trainer, &arena);
    const size_t size = arena.used;
    m->memory = arena.overflow ? NULL : seqd_alloc_zero(trainer->context, size);
    if (!m->memory) return seqd_fail_alloc(trainer->context, size, error);
    arena = (seqd_arena){m->memory, 0, false};
    place(trainer, &arena);
    return SEQD_OK;
}

/* Sum of |y - median| over the targets of a shard, in units of the target. */
static double judge_error(void *user, int32_t lane, const seqd_shard *shard, double *weight)
{
    const seqd_trainer *trainer = user;
    const seqd_model *model = trainer->model;
    const seqd_head *head = &model->net.config.head;
    const seqd_monitor *m = &trainer->monitor;
    double (*const inverse)(double) = seqd_target_inverse(&model->features);
    const int64_t window = shard->past + shard->steps;
    double sum = 0.0;
    seqd_net_predict(trainer->runner.net, lane, shard, &model->features.plan, m->out[lane]);
    for (int32_t r = 0; r < shard->rows; r++) {
        const float *y = shard->history + r * (window + shard->horizon) + window;
        const float *counts = shard->weight + r * (int64_t)(shard->steps + shard->horizon) + shard->steps;
        const int64_t last = r * window + window - 1;
        seqd_head_parameters(trainer->backend.kernels, head, &model->dist, shard->horizon,
                             m->out[lane] + (int64_t)r * shard->horizon * head->width, (double)shard->loc[last],
                             (double)shard->scale[last], no_spread, inverse, m->scratch[lane], m->parameters[lane]);
        for (int32_t h = 0; h < shard->horizon; h++) {
            if (!(counts[h] > 0.0f)) continue;
            const double value = inverse ? inverse((double)y[h]) : (double)y[h];
            sum += fabs(value - seqd_dist_quantile(&model->dist, m->parameters[lane] + h * model->dist.width, 0.5));
            *weight += 1.0;
        }
    }
    return sum;
}

/* The same of sequences: of the answer after the last event of each row. */
static double judge_answers(void *user, int32_t lane, const seqd_shard *shard, double *weight)
{
    const seqd_trainer *trainer = user;
    const seqd_model *model = trainer->model;
    const seqd_answer *answer = &model->net.config.answer;
    const seqd_monitor *m = &trainer->monitor;
    double sum = 0.0;
    seqd_net_predict(trainer->runner.net, lane, shard, &model->features.plan, m->out[lane]);
    for (int32_t r = 0; r < shard->rows; r++) {
        const int64_t last = (int64_t)r * shard->steps + shard->length[r] - 1;
        if (!(shard->fork[last] > 0.0f)) continue;
        seqd_head_parameters(trainer->backend.kernels, &model->net.config.head, &model->dist, 1,
                             m->out[lane] + (int64_t)r * answer->width, answer->mean, answer->deviation, no_spread,
                             NULL, m->scratch[lane], m->parameters[lane]);
        const double y = answer->mean + answer->deviation * (double)shard->label[last];
        sum += fabs(y - seqd_dist_quantile(&model->dist, m->parameters[lane], 0.5));
        *weight += 1.0;
    }
    return sum;
}

double seqd_monitor_value(seqd_trainer *trainer, const float *parameters)
{
    const bool events = trainer->model->features.kind == SEQD_DATA_EVENTS;
    const seqd_judge_fn judge = !trainer->monitor.mae ? NULL : events ? judge_answers : judge_error;
    double weight;
    const double sum = seqd_runner_evaluate(&trainer->runner, parameters, trainer->sampler.validation,
                                            trainer->sampler.validation_count, judge, trainer, &weight);
    return weight > 0.0 ? sum / weight : (double)NAN;
}
