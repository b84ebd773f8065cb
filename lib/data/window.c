/* SPDX-License-Identifier: Apache-2.0 */
#include "feature_set.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "event_features.h"
#include "scale.h"

void seqd_shard_place(const seqd_features *features, int32_t rows, int32_t steps, struct seqd_arena *arena,
                      seqd_shard *shard)
{
    const size_t r = (size_t)rows, s = (size_t)steps, h = (size_t)features->horizon, p = (size_t)features->past_reach;
    if (features->kind == SEQD_DATA_EVENTS) {
        seqd_event_shard_place(features, rows, steps, arena, shard);
        return;
    }
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
    shard->begin = seqd_arena_take(arena, r, sizeof(int32_t));
    shard->length = seqd_arena_take(arena, r, sizeof(int32_t));
}

void seqd_shard_place_light(const seqd_features *features, int32_t rows, int32_t steps, struct seqd_arena *arena,
                            seqd_shard *shard)
{
    seqd_shard_place(features, rows, steps, arena, shard);
    if (features->kind == SEQD_DATA_EVENTS) return;
    shard->scratch = seqd_arena_take(arena, seqd_scale_room(features), sizeof(double));
}

float seqd_column_input(const seqd_column_stats *stats, float value)
{
    return value == value ? seqd_squash((float)(((double)value - stats->mean) / stats->deviation)) : 0.0f;
}

float seqd_scale_level(const seqd_features *features, float scale)
{
    if (features->scaler == SEQD_SCALER_NONE) return 0.0f;
    return seqd_squash((logf(scale) - (float)features->log_scale_mean) / (float)features->log_scale_deviation);
}

void seqd_step_inputs(const seqd_features *features, const seqd_step *step, float *x)
{
    const float loc = step->loc, inverse = 1.0f / step->scale, value = step->history[0];
    const bool seen = value == value;
    /* of steps the last one, in units of the scale */
    const float z = (value - (features->differencing == SEQD_DIFFERENCING_NONE ? loc : step->history[-1])) * inverse;

    *x++ = z == z ? seqd_squash(z) : 0.0f;
    *x++ = seen ? 1.0f : 0.0f;
    *x++ = step->level;
    /* how much history there is, as far as it matters; the whole age would tell the date */
    *x++ = step->t < features->context_length ? (float)(step->t + 1) / (float)features->context_length : 1.0f;
    for (int32_t l = 0; l < features->lag_count; l++) {
        const float lagged = step->history[-features->lags[l]];
        *x++ = lagged == lagged ? seqd_squash((lagged - loc) * inverse) : 0.0f;
    }
    for (int32_t c = 0; c < features->calendar_count; c++) *x++ = step->calendar[c];
    for (int32_t c = 0; c < features->known_count; c++)
        *x++ = seqd_column_input(&features->known[c], step->known[c]);
    for (int32_t c = 0; c < features->past_count; c++) *x++ = seqd_column_input(&features->past[c], step->past[c]);
    if (features->use_stock) *x++ = step->in_stock ? 1.0f : 0.0f;
}

/* One row of a shard under work. Position i of history, loc and scale is step origin + i of the series. */
typedef struct cut {
    const seqd_binding *binding;
    const seqd_series *series;
    int64_t origin, first;  /* the step the network reads first is `first` */
    int32_t past, steps, horizon;
    float *history, *loc, *scale;
} cut;

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static void fill_history(const cut *c)
{
    const seqd_binding *binding = c->binding;
    const int64_t count = (int64_t)c->past + c->steps + c->horizon;
    const int64_t begin = clamp(-c->origin, 0, count), end = clamp(c->series->length - c->origin, begin, count);
    const float *values = binding->history + c->series->offset + c->origin;
    for (int64_t i = 0; i < begin; i++) c->history[i] = NAN;
    if (!binding->transform)
        for (int64_t i = begin; i < end; i++) c->history[i] = values[i];
    else
        for (int64_t i = begin; i < end; i++)
            c->history[i] = (float)seqd_target_transform(binding->features, (double)values[i]);
    for (int64_t i = end; i < count; i++) c->history[i] = NAN;
}

static void no_scaler(const cut *c, int64_t i)
{
    c->loc[i] = 0.0f;
    c->scale[i] = (float)c->binding->features->typical_scale;
}

static void copy_scaler(const cut *c)
{
    const seqd_binding *binding = c->binding;
    const int64_t count = (int64_t)c->past + c->steps, begin = clamp(-c->origin, 0, count);
    const int64_t at = c->series->offset + c->origin;
    for (int64_t i = 0; i < begin; i++) no_scaler(c, i);
    for (int64_t i = begin; i < count; i++) c->scale[i] = binding->scale[at + i];
    if (binding->loc)
        for (int64_t i = begin; i < count; i++) c->loc[i] = binding->loc[at + i];
    else
        for (int64_t i = begin; i < count; i++) c->loc[i] = 0.0f;
}

static void scaler_at(const cut *c, seqd_scale_state *state, int64_t i)
{
    if (c->origin + i < 0) {
        no_scaler(c, i);
        return;
    }
    seqd_scale_read(state, c->binding->history + c->series->offset, c->binding->transform, c->origin + i);
    seqd_scale_tell(state, c->loc + i, c->scale + i);
}

/* Of the steps that a forecast after the window's last step reads: those of lags, which rise, then the network's. */
static void form_scaler(const cut *c, double *scratch)
{
    const seqd_lag_plan *plan = &c->binding->features->plan;
    const int64_t count = (int64_t)c->past + c->steps;
    seqd_scale_state state;
    seqd_scale_begin(c->binding->features, scratch, &state);
    for (int64_t done = -1;;) {
        int64_t next = c->past;
        for (int32_t l = 0; l < plan->count; l++) {
            const int64_t at = clamp(count - 1 - plan->shift[l], 0, count);
            if (at > done && at < next) next = at;
        }
        if (next == c->past) break;
        scaler_at(c, &state, next);
        done = next;
    }
    for (int64_t i = c->past; i < count; i++) scaler_at(c, &state, i);
}

static void fill_weights(const cut *c, const seqd_window *window, float *weight, float *fork)
{
    const seqd_dataset *data = c->binding->dataset;
    for (int32_t i = 0; i < c->steps + c->horizon; i++) {
        const int64_t t = c->first + i;
        const float value = c->history[c->past + i];
        const bool counts = t >= 0 && t < window->limit && value == value &&
                            (!data->in_stock || data->in_stock[c->series->offset + t]);
        weight[i] = counts ? 1.0f : 0.0f;
    }
    for (int32_t i = 0; i < c->steps; i++)
        fork[i] = c->first + i >= 0 && (!window->last_fork_only || i == c->steps - 1) ? 1.0f : 0.0f;
}

static void fill_inputs(const cut *c, float *x, int64_t stride)
{
    const seqd_binding *binding = c->binding;
    const seqd_features *features = binding->features;
    float room[SEQD_MOST_CALENDAR], known[SEQD_MAX_COLUMNS], past[SEQD_MAX_COLUMNS];
    seqd_step step = {.known = known, .past = past, .in_stock = true};
    for (int32_t i = 0; i < c->steps; i++, x += stride) {
        const int64_t t = c->first + i, at = c->series->offset + t;
        if (t < 0) {
            memset(x, 0, (size_t)features->input_count * sizeof *x);
            continue;
        }
        step.t = t;
        step.history = c->history + c->past + i;
        step.loc = c->loc[c->past + i];
        step.scale = c->scale[c->past + i];
        step.level = binding->light ? seqd_scale_level(features, step.scale) : binding->level[at];
        if (features->calendar_count > 0)
            step.calendar = seqd_almanac_at(features, &binding->almanac, c->series->start + t, room);
        for (int32_t k = 0; k < features->known_count; k++) known[k] = binding->known[k][at];
        for (int32_t p = 0; p < features->past_count; p++) past[p] = binding->past[p][at];
        if (features->use_stock) step.in_stock = binding->dataset->in_stock[at];
        seqd_step_inputs(features, &step, x);
    }
}

static void fill_future(const cut *c, float *future)
{
    const seqd_binding *binding = c->binding;
    const seqd_features *features = binding->features;
    const int64_t most = c->series->length + c->series->future;
    float room[SEQD_MOST_CALENDAR];
    if (features->future_count == 0) return;
    for (int32_t i = 0; i < c->steps + c->horizon; i++) {
        const int64_t t = c->first + i, at = t < most ? t : most - 1; /* past the last row its value stands in */
        if (features->calendar_count > 0) {
            const float *calendar = seqd_almanac_at(features, &binding->almanac, c->series->start + t, room);
            for (int32_t k = 0; k < features->calendar_count; k++) *future++ = calendar[k];
        }
        for (int32_t k = 0; k < features->known_count; k++)
            *future++ = at >= 0 ? seqd_column_input(&features->known[k], binding->known[k][c->series->offset + at])
                                : 0.0f;
    }
}

static void fill_row(const seqd_binding *binding, const seqd_window *window, int32_t row, seqd_shard *shard)
{
    const seqd_features *features = binding->features;
    const int64_t read = (int64_t)shard->past + shard->steps, seen = (int64_t)shard->steps + shard->horizon;
    const int64_t first = window->end - shard->steps + 1;
    const cut c = {
        .binding = binding,
        .series = &binding->dataset->series[window->series],
        .origin = first - shard->past,
        .first = first,
        .past = shard->past,
        .steps = shard->steps,
        .horizon = shard->horizon,
        .history = shard->history + row * (read + shard->horizon),
        .loc = shard->loc + row * read,
        .scale = shard->scale + row * read,
    };
    shard->begin[row] = first >= 0 ? 0 : first < -(int64_t)shard->steps ? shard->steps : (int32_t)-first;
    shard->length[row] = shard->steps;
    fill_history(&c);
    if (binding->light) {
        form_scaler(&c, shard->scratch);
    } else {
        copy_scaler(&c);
        fill_weights(&c, window, shard->weight + row * seen, shard->fork + (int64_t)row * shard->steps);
    }
    fill_inputs(&c, shard->inputs + (int64_t)row * features->input_count, (int64_t)shard->rows * features->input_count);
    fill_future(&c, shard->future + row * seen * features->future_count);
    int32_t *cats = shard->cats + (int64_t)row * features->cat_count;
    float *reals = shard->reals + (int64_t)row * features->real_count;
    if (binding->light) {
        seqd_binding_statics(binding, window->series, cats, reals);
        return;
    }
    for (int32_t i = 0; i < features->cat_count; i++) cats[i] = binding->cats[window->series * features->cat_count + i];
    for (int32_t i = 0; i < features->real_count; i++)
        reals[i] = binding->reals[window->series * features->real_count + i];
}

void seqd_shard_fill(const seqd_binding *binding, const seqd_window *windows, int32_t count, seqd_shard *shard)
{
    if (binding->features->kind == SEQD_DATA_EVENTS) {
        seqd_event_shard_fill(binding, windows, count, shard);
        return;
    }
    shard->rows = count;
    shard->total_weight = 0.0;
    for (int32_t row = 0; row < count; row++) {
        fill_row(binding, &windows[row], row, shard);
        if (binding->light) continue;
        const float *weight = shard->weight + (int64_t)row * (shard->steps + shard->horizon);
        const float *fork = shard->fork + (int64_t)row * shard->steps;
        for (int32_t t = 0; t < shard->steps; t++) {
            if (!(fork[t] > 0.0f)) continue;
            for (int32_t k = 1; k <= shard->horizon; k++) shard->total_weight += (double)(fork[t] * weight[t + k]);
        }
    }
}
