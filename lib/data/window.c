/* SPDX-License-Identifier: Apache-2.0 */
#include "feature_set.h"

#include <math.h>
#include <string.h>

#include "alloc.h"

void seqd_shard_place(const seqd_features *features, int32_t rows, int32_t steps, struct seqd_arena *arena,
                      seqd_shard *shard)
{
    const size_t r = (size_t)rows, s = (size_t)steps, h = (size_t)features->horizon, p = (size_t)features->past_reach;
    shard->rows = rows;
    shard->steps = steps;
    shard->past = features->past_reach;
    shard->horizon = features->horizon;
    shard->input_count = features->input_count;
    shard->future_count = features->future_count;
    shard->real_count = features->real_count;
    shard->cat_count = features->cat_count;
    shard->inputs = seqd_arena_take(arena, r * s * (size_t)features->input_count, sizeof(float));
    shard->future = seqd_arena_take(arena, r * (s + h) * (size_t)features->future_count, sizeof(float));
    shard->reals = seqd_arena_take(arena, r * (size_t)features->real_count, sizeof(float));
    shard->cats = seqd_arena_take(arena, r * (size_t)features->cat_count, sizeof(int32_t));
    shard->history = seqd_arena_take(arena, r * (p + s + h), sizeof(float));
    shard->loc = seqd_arena_take(arena, r * (p + s), sizeof(float));
    shard->scale = seqd_arena_take(arena, r * (p + s), sizeof(float));
    shard->weight = seqd_arena_take(arena, r * (s + h), sizeof(float));
    shard->fork = seqd_arena_take(arena, r * s, sizeof(float));
}

static float normal(const seqd_column_stats *stats, float value)
{
    return value == value ? seqd_squash((float)(((double)value - stats->mean) / stats->deviation)) : 0.0f;
}

/* The inputs of step t of a series, from values up to t only. */
static void fill_inputs(const seqd_binding *binding, const seqd_series *series, int64_t t, float *x)
{
    const seqd_features *features = binding->features;
    const int64_t at = series->offset + t;
    const float loc = binding->loc[at], scale = binding->scale[at], inverse = 1.0f / scale;
    const float value = binding->history[at];
    const bool seen = value == value;

    *x++ = seen ? seqd_squash((value - loc) * inverse) : 0.0f;
    *x++ = seen ? 1.0f : 0.0f;
    *x++ = features->scaler == SEQD_SCALER_NONE
               ? 0.0f
               : seqd_squash((logf(scale) - (float)features->log_scale_mean) / (float)features->log_scale_deviation);
    /* how much history there is, as far as it matters; the whole age would tell the date */
    *x++ = t < features->context_length ? (float)(t + 1) / (float)features->context_length : 1.0f;
    for (int32_t l = 0; l < features->lag_count; l++) {
        const int64_t back = t - features->lags[l];
        const float lagged = back >= 0 ? binding->history[series->offset + back] : NAN;
        *x++ = lagged == lagged ? seqd_squash((lagged - loc) * inverse) : 0.0f;
    }
    seqd_features_calendar(features, series->start + t, x);
    x += features->calendar_count;
    for (int32_t c = 0; c < features->known_count; c++) *x++ = normal(&features->known[c], binding->known[c][at]);
    for (int32_t c = 0; c < features->past_count; c++) *x++ = normal(&features->past[c], binding->past[c][at]);
    if (features->use_stock) *x++ = binding->dataset->in_stock[at] ? 1.0f : 0.0f;
}

static void fill_row(const seqd_binding *binding, const seqd_window *window, int32_t row, seqd_shard *shard)
{
    const seqd_features *features = binding->features;
    const seqd_dataset *data = binding->dataset;
    const seqd_series *series = &data->series[window->series];
    const int32_t steps = shard->steps, past = shard->past, horizon = shard->horizon, rows = shard->rows;
    /* step of the series at position 0; before its start when negative */
    const int64_t first = window->end - steps + 1;
    float *history = shard->history + (int64_t)row * (past + steps + horizon);
    float *loc = shard->loc + (int64_t)row * (past + steps), *scale = shard->scale + (int64_t)row * (past + steps);
    float *weight = shard->weight + (int64_t)row * (steps + horizon), *fork = shard->fork + (int64_t)row * steps;
    const float *values = binding->history + series->offset;

    for (int32_t i = 0; i < past + steps + horizon; i++) {
        const int64_t t = first - past + i;
        history[i] = t >= 0 && t < series->length ? values[t] : NAN;
        if (i >= past + steps) continue;
        loc[i] = t >= 0 ? binding->loc[series->offset + t] : 0.0f;
        scale[i] = t >= 0 ? binding->scale[series->offset + t] : (float)features->typical_scale;
    }
    for (int32_t i = 0; i < steps + horizon; i++) {
        const int64_t t = first + i;
        const bool counts = t >= 0 && t < window->limit && history[past + i] == history[past + i] &&
                            (!data->in_stock || data->in_stock[series->offset + t]);
        weight[i] = counts ? 1.0f : 0.0f;
    }
    for (int32_t i = 0; i < steps; i++)
        fork[i] = first + i >= 0 && (!window->last_fork_only || i == steps - 1) ? 1.0f : 0.0f;

    for (int32_t i = 0; i < steps; i++) {
        float *x = shard->inputs + ((int64_t)i * rows + row) * features->input_count;
        if (first + i >= 0) fill_inputs(binding, series, first + i, x);
        else memset(x, 0, (size_t)features->input_count * sizeof *x);
    }
    float *future = shard->future + (int64_t)row * (steps + horizon) * features->future_count;
    for (int32_t i = 0; i < steps + horizon && features->future_count > 0; i++) {
        const int64_t t = first + i, most = series->length + series->future;
        seqd_features_calendar(features, series->start + t, future);
        future += features->calendar_count;
        for (int32_t c = 0; c < features->known_count; c++) {
            const int64_t at = t < most ? t : most - 1; /* past the last row its value stands in */
            *future++ = at >= 0 ? normal(&features->known[c], binding->known[c][series->offset + at]) : 0.0f;
        }
    }
    for (int32_t c = 0; c < features->cat_count; c++)
        shard->cats[row * features->cat_count + c] = binding->cats[window->series * features->cat_count + c];
    for (int32_t r = 0; r < features->real_count; r++)
        shard->reals[row * features->real_count + r] = binding->reals[window->series * features->real_count + r];
}

void seqd_shard_fill(const seqd_binding *binding, const seqd_window *windows, int32_t count, seqd_shard *shard)
{
    shard->rows = count;
    shard->total_weight = 0.0;
    for (int32_t row = 0; row < count; row++) {
        fill_row(binding, &windows[row], row, shard);
        const float *weight = shard->weight + (int64_t)row * (shard->steps + shard->horizon);
        const float *fork = shard->fork + (int64_t)row * shard->steps;
        for (int32_t t = 0; t < shard->steps; t++) {
            if (!(fork[t] > 0.0f)) continue;
            for (int32_t k = 1; k <= shard->horizon; k++) shard->total_weight += (double)(fork[t] * weight[t + k]);
        }
    }
}
