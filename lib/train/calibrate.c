/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "parallel.h"
#include "rng.h"

/*
 * What the forecasts of held-out steps say about the model's errors: for the point heads the quantiles of the scaled
 * residuals, and for all heads how errors of neighbouring steps hang together. The second is measured on normal scores
 * of the probability integral transform: their correlation at distance d is fitted by common + (1 - common) fade^d.
 */
#define MOST_WINDOWS 2048

struct calibration;
typedef void (*visit_fn)(struct calibration *c, const seqd_shard *shard, int32_t row, const float *out);

typedef struct calibration {
    seqd_trainer *trainer;
    visit_fn visit;
    const seqd_window *windows;
    int64_t count;
    float *out;             /* [SEQD_SHARD_ROWS][horizon][width] */
    float *parameters;      /* [horizon][dist.width] */
    float *scratch;
    double *residuals;      /* point heads: [count * horizon] */
    int64_t residual_count;
    double *products;       /* [horizon] sums of z_k z_{k+d} */
    double *pairs;          /* [horizon] how many */
    double *scores;         /* [horizon] of one window, NaN where there is no target */
} calibration;

static void visit_task(void *user, int64_t index, int32_t thread)
{
    calibration *c = user;
    const visit_fn visit = c->visit;
    seqd_shard_runner *runner = &c->trainer->runner;
    seqd_shard *shard = &runner->shards[0];
    const seqd_net *net = &runner->model->net;
    (void)index, (void)thread;
    seqd_net_pack(runner->net, runner->model->parameters);
    for (int64_t first = 0; first < c->count; first += SEQD_SHARD_ROWS) {
        const int64_t left = c->count - first;
        seqd_shard_fill(runner->binding, c->windows + first, (int32_t)(left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS),
                        shard);
        seqd_net_predict(runner->net, 0, shard, &runner->binding->features->plan, c->out);
        for (int32_t r = 0; r < shard->rows; r++)
            visit(c, shard, r, c->out + (int64_t)r * shard->horizon * net->config.head.width);
    }
}

/* One task: sums over the windows keep their order. */
static void visit_windows(calibration *c, visit_fn visit)
{
    c->visit = visit;
    seqd_parallel_for(1, 1, visit_task, c);
}

/* Target, weight and scaling of the last fork of a row. */
static const float *last_fork(const seqd_shard *shard, int32_t row, const float **weight, double *loc, double *scale)
{
    const int64_t window = shard->past + shard->steps;
    *weight = shard->weight + row * (int64_t)(shard->steps + shard->horizon) + shard->steps;
    *loc = (double)shard->loc[row * window + window - 1];
    *scale = (double)shard->scale[row * window + window - 1];
    return shard->history + row * (window + shard->horizon) + window;
}

static void gather_residuals(calibration *c, const seqd_shard *shard, int32_t row, const float *out)
{
    const float *weight;
    double loc, scale;
    const float *y = last_fork(shard, row, &weight, &loc, &scale);
    for (int32_t h = 0; h < shard->horizon; h++) {
        const double residual = ((double)y[h] - loc) / scale - (double)out[h];
        if (weight[h] > 0.0f && isfinite(residual)) c->residuals[c->residual_count++] = residual;
    }
}

static void gather_scores(calibration *c, const seqd_shard *shard, int32_t row, const float *out)
{
    const seqd_model *model = c->trainer->model;
    double (*const inverse)(double) = seqd_target_inverse(&model->features);
    const float *weight;
    double loc, scale;
    const float *y = last_fork(shard, row, &weight, &loc, &scale);
    seqd_head_parameters(c->trainer->backend.kernels, &model->net.config.head, &model->dist, shard->horizon, out, loc,
                         scale, model->spread, inverse, c->scratch, c->parameters);
    for (int32_t h = 0; h < shard->horizon; h++) {
        c->scores[h] = (double)NAN;
        if (!(weight[h] > 0.0f)) continue;
        const double value = inverse ? inverse((double)y[h]) : (double)y[h];
        double u = seqd_dist_cdf_mid(&model->dist, c->parameters + (int64_t)h * model->dist.width, value);
        u = u < 1e-4 ? 1e-4 : u > 1.0 - 1e-4 ? 1.0 - 1e-4 : u;
        c->scores[h] = seqd_normal_quantile(u);
    }
    for (int32_t d = 0; d < shard->horizon; d++)
        for (int32_t h = 0; h + d < shard->horizon; h++) {
            const double product = c->scores[h] * c->scores[h + d];
            if (product != product) continue;
            c->products[d] += product;
            c->pairs[d] += 1.0;
        }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure_spread(calibration *c)
{
    seqd_model *model = c->trainer->model;
    const int64_t n = c->residual_count;
    qsort(c->residuals, (size_t)n, sizeof *c->residuals, compare);
    for (int32_t i = 0; i < model->dist.level_count; i++) {
        const double at = model->dist.levels[i] * (double)(n - 1);
        const int64_t low = n > 0 ? (int64_t)at : 0, high = low + 1 < n ? low + 1 : low;
        model->spread[i] =
            n > 0 ? c->residuals[low] + (at - (double)low) * (c->residuals[high] - c->residuals[low]) : 0.0;
    }
}

static void fit_dependence(calibration *c, int32_t horizon)
{
    seqd_model *model = c->trainer->model;
    double least = HUGE_VAL;
    model->path_common = model->path_fade = 0.0;
    if (!(c->pairs[0] > 0.0) || !(c->products[0] > 0.0)) return;
    const double variance = c->products[0] / c->pairs[0];
    for (int32_t i = 0; i < 20; i++)
        for (int32_t j = 0; j < 20; j++) {
            const double common = 0.05 * i, fade = 0.05 * j;
            double error = 0.0, power = 1.0;
            for (int32_t d = 1; d < horizon; d++) {
                power *= fade;
                if (!(c->pairs[d] > 0.0)) continue;
                const double miss = c->products[d] / c->pairs[d] / variance - (common + (1.0 - common) * power);
                error += c->pairs[d] * miss * miss;
            }
            if (error < least) {
                least = error;
                model->path_common = common;
                model->path_fade = fade;
            }
        }
}

/* Without a validation part: the last origin of each series whose targets are all known. */
static int64_t pick_windows(const seqd_sampler *sampler, seqd_window *windows)
{
    const bool held_out = sampler->validation_count > 0;
    const int64_t total = held_out ? sampler->validation_count : sampler->count;
    const int64_t most = total < MOST_WINDOWS ? total : MOST_WINDOWS;
    for (int64_t i = 0; i < most; i++) {
        const int64_t at = i * total / most; /* evenly over all */
        if (held_out) {
            windows[i] = sampler->validation[at];
            continue;
        }
        const int64_t series = sampler->series[at], length = sampler->dataset->series[series].length;
        const int64_t end = length - 1 - sampler->horizon;
        windows[i] = (seqd_window){series, end > 0 ? end : 0, length, 1, 0};
    }
    return most;
}

int32_t seqd_trainer_calibrate(seqd_trainer *trainer, seqd_error *error)
{
    seqd_model *model = trainer->model;
    if (model->features.kind == SEQD_DATA_EVENTS) return seqd_trainer_choose_threshold(trainer, error);
    const seqd_head *head = &model->net.config.head;
    const size_t horizon = (size_t)model->features.horizon;
    const bool point = seqd_head_is_point(head);
    calibration c = {.trainer = trainer};
    seqd_window *windows = NULL;
    void *memory = NULL;

    for (int pass = 0; pass < 2; pass++) {
        seqd_arena arena = {memory, 0, false};
        windows = seqd_arena_take(&arena, MOST_WINDOWS, sizeof *windows);
        c.out = seqd_arena_take(&arena, SEQD_SHARD_ROWS * horizon * (size_t)head->width, sizeof(float));
        c.parameters = seqd_arena_take(&arena, horizon * (size_t)model->dist.width, sizeof(float));
        c.scratch = seqd_arena_take(&arena, horizon * (size_t)head->width, sizeof(float));
        c.residuals = seqd_arena_take(&arena, point ? MOST_WINDOWS * horizon : 0, sizeof(double));
        c.products = seqd_arena_take(&arena, horizon, sizeof(double));
        c.pairs = seqd_arena_take(&arena, horizon, sizeof(double));
        c.scores = seqd_arena_take(&arena, horizon, sizeof(double));
        if (pass == 1) break;
        memory = arena.overflow ? NULL : seqd_alloc_zero(trainer->context, arena.used);
        if (!memory) return seqd_fail_alloc(trainer->context, arena.used, error);
    }
    c.windows = windows;
    c.count = pick_windows(&trainer->sampler, windows);
    if (point) {
        visit_windows(&c, gather_residuals);
        measure_spread(&c);
    }
    visit_windows(&c, gather_scores);
    fit_dependence(&c, (int32_t)horizon);
    seqd_free(trainer->context, memory);
    return seqd_net_status(trainer->runner.net, error);
}
