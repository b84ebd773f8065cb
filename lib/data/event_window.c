/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "alloc.h"
#include "event_features.h"

void seqd_event_shard_place(const seqd_features *features, int32_t rows, int32_t steps, struct seqd_arena *arena,
                            seqd_shard *shard)
{
    const size_t r = (size_t)rows, s = (size_t)steps;
    const size_t answers = features->horizon > 1 ? (size_t)features->horizon : s;
    memset(shard, 0, sizeof *shard);
    shard->rows = rows;
    shard->steps = steps;
    shard->horizon = shard->answers = features->horizon;
    shard->input_count = features->input_count;
    shard->token_count = features->events.token_count;
    shard->inputs = seqd_arena_take(arena, r * s * (size_t)features->input_count, sizeof(float));
    shard->tokens = seqd_arena_take(arena, r * s * (size_t)shard->token_count, sizeof(int32_t));
    shard->begin = seqd_arena_take(arena, r, sizeof(int32_t));
    shard->length = seqd_arena_take(arena, r, sizeof(int32_t));
    shard->label = seqd_arena_take(arena, r * answers, sizeof(float));
    shard->fork = seqd_arena_take(arena, r * (features->horizon > 1 ? 1 : s), sizeof(float));
}

/*
 * What the rows say after event i, whoever may know it: the caller of windows sees to that. A number on the scale of
 * the network, a class, or NaN.
 */
static float label_of(const seqd_binding *binding, const seqd_series *series, int64_t i)
{
    const seqd_events *events = binding->dataset->events;
    const seqd_event_features *f = &binding->features->events;
    float label = NAN;
    if (f->label_kind == SEQD_LABEL_NEXT_EVENT) {
        const int32_t next = i + 1 < series->length ? events->token[0][series->offset + i + 1] : -1;
        if (next >= 0) label = (float)next;
    } else if (events->label) {
        label = events->label[series->offset + i];
    }
    if (!(label == label)) return label;
    if (f->task == SEQD_TASK_CLASSIFY) return (float)binding->class_map[(int32_t)label];
    return (float)(((double)label - f->label_mean) / f->label_deviation);
}

/* A label column holds for the event it is asked of alone, not for those it stands at on the way. */
static void fill_answers(const seqd_binding *binding, const seqd_window *window, int64_t first, int32_t row,
                         seqd_shard *shard)
{
    const seqd_series *series = &binding->dataset->series[window->series];
    const bool column = binding->features->events.label_kind == SEQD_LABEL_COLUMN;
    float *label = shard->label + (int64_t)row * shard->steps, *fork = shard->fork + (int64_t)row * shard->steps;
    for (int32_t t = 0; t < shard->steps; t++) {
        const int64_t i = first + t;
        const bool counts = i <= window->end && i >= window->limit &&
                            (i == window->end || (!column && !window->last_fork_only));
        label[t] = counts ? label_of(binding, series, i) : NAN;
        fork[t] = label[t] == label[t] && (binding->class_map == NULL || label[t] >= 0.0f) ? 1.0f : 0.0f;
        shard->total_weight += (double)fork[t];
    }
}

/* The next events, all of them known or none. */
static void fill_future(const seqd_binding *binding, const seqd_window *window, int32_t row, seqd_shard *shard)
{
    const seqd_series *series = &binding->dataset->series[window->series];
    float *label = shard->label + (int64_t)row * shard->answers;
    bool known = window->end >= window->limit;
    for (int32_t k = 0; k < shard->answers; k++) {
        label[k] = label_of(binding, series, window->end + k);
        known = known && label[k] >= 0.0f;
    }
    shard->fork[row] = known ? 1.0f : 0.0f;
    if (known) shard->total_weight += (double)shard->answers;
}

static void fill_row(const seqd_binding *binding, const seqd_window *window, int32_t row, seqd_shard *shard)
{
    const seqd_series *series = &binding->dataset->series[window->series];
    const int32_t width = shard->input_count, tokens = shard->token_count, length = shard->length[row];
    const int64_t first = window->end - length + 1;
    const size_t bytes = (size_t)width * sizeof(float);
    for (int32_t t = 0; t < shard->steps; t++) {
        float *x = shard->inputs + ((int64_t)t * shard->rows + row) * width;
        int32_t *token = shard->tokens + ((int64_t)t * shard->rows + row) * tokens;
        const int64_t at = series->offset + first + t;
        if (t >= length) {
            if (width > 0) memset(x, 0, bytes);
            for (int32_t c = 0; c < tokens; c++) token[c] = 0;
            continue;
        }
        if (width > 0 && binding->event_inputs) memcpy(x, binding->event_inputs + at * width, bytes);
        else if (width > 0) seqd_event_inputs(binding, window->series, first + t, x);
        for (int32_t c = 0; c < tokens; c++) {
            const int32_t value = binding->token[c][at];
            token[c] = value < 0 ? 0 : binding->token_map[c][value];
        }
    }
    if (binding->light) return;
    if (shard->answers > 1) fill_future(binding, window, row, shard);
    else fill_answers(binding, window, first, row, shard);
}

void seqd_event_shard_fill(const seqd_binding *binding, const seqd_window *windows, int32_t count, seqd_shard *shard)
{
    const int64_t most = binding->features->context_length;
    shard->rows = count;
    shard->steps = 1;
    shard->total_weight = 0.0;
    for (int32_t row = 0; row < count; row++) {
        const int64_t length = windows[row].end + 1 < most ? windows[row].end + 1 : most;
        shard->begin[row] = 0;
        shard->length[row] = (int32_t)length - windows[row].skip;
        if (shard->length[row] > shard->steps) shard->steps = shard->length[row];
    }
    for (int32_t row = 0; row < count; row++) fill_row(binding, &windows[row], row, shard);
}
