/* SPDX-License-Identifier: Apache-2.0 */
#include "shard.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Forecast steps worked on together: a few vectors. */
#define RUN 32
#define VECTOR 4

float seqd_squash(float z)
{
    if (fabsf(z) <= 10.0f) return z;
    return copysignf(10.0f + logf(fabsf(z) * 0.1f), z);
}

/* Row `row` of an array of the shard, if it has that array. */
static float *row_of(float *array, int64_t row, int64_t width) { return array ? array + row * width : NULL; }
static int32_t *whole_row_of(int32_t *array, int64_t row, int64_t width) { return array ? array + row * width : NULL; }

seqd_shard seqd_shard_part(const seqd_shard *shard, int32_t first, int32_t rows, float *inputs, int32_t *tokens)
{
    const int64_t steps = shard->steps, window = shard->past + steps, positions = steps + shard->horizon;
    const bool once = shard->answers > 1; /* an answer of a row, not of its steps */
    const int64_t numbers = shard->input_count, names = shard->token_count;
    seqd_shard part = *shard;
    part.rows = rows;
    part.inputs = inputs;
    part.tokens = tokens;
    for (int64_t t = 0; t < steps; t++) {
        const int64_t from = t * shard->rows + first, to = t * rows;
        if (numbers > 0)
            memcpy(inputs + to * numbers, shard->inputs + from * numbers, (size_t)(rows * numbers) * sizeof *inputs);
        if (names > 0)
            memcpy(tokens + to * names, shard->tokens + from * names, (size_t)(rows * names) * sizeof *tokens);
    }
    part.future = row_of(shard->future, first, positions * shard->future_count);
    part.reals = row_of(shard->reals, first, shard->real_count);
    part.cats = whole_row_of(shard->cats, first, shard->cat_count);
    part.history = row_of(shard->history, first, window + shard->horizon);
    part.loc = row_of(shard->loc, first, window);
    part.scale = row_of(shard->scale, first, window);
    part.weight = row_of(shard->weight, first, positions);
    part.fork = row_of(shard->fork, first, once ? 1 : steps);
    part.begin = whole_row_of(shard->begin, first, 1);
    part.length = whole_row_of(shard->length, first, 1);
    part.label = row_of(shard->label, first, once ? shard->answers : steps);
    return part;
}

/*
 * Means of the observed ones among history[at + i - j * spacing], j = 0 .. repeats - 1, for i in [0, count), scaled;
 * NaN where none was observed, and then it returns true. There is nothing before history[0].
 */
static bool means(const float *history, int64_t at, int32_t count, int32_t spacing, int32_t repeats, float loc,
                  float inverse, float out[RUN])
{
    const int32_t whole = (count + VECTOR - 1) / VECTOR * VECTOR;
    float sum[RUN], seen[RUN];
    int missing = 0;
    if (repeats == 1 && at >= 0) {
        for (int32_t i = 0; i < count; i++) {
            const float value = history[at + i];
            out[i] = (value + 0.0f - loc) * inverse; /* -0 counts as 0, as in a sum */
            missing |= value != value;
        }
        return missing;
    }
    for (int32_t i = 0; i < whole; i++) sum[i] = seen[i] = 0.0f;
    for (int32_t j = 0; j < repeats; j++, at -= spacing) {
        const int64_t first = at < 0 ? -at : 0;
        for (int64_t i = first; i < count; i++) {
            const float value = history[at + i];
            const int there = value == value;
            sum[i] += there ? value : 0.0f;
            seen[i] += there ? 1.0f : 0.0f;
        }
    }
    for (int32_t i = 0; i < count; i++) missing |= seen[i] == 0.0f;
    for (int32_t i = 0; i < whole; i++) out[i] = (sum[i] / seen[i] - loc) * inverse;
    return missing;
}

/* Forecast steps from `h` on that read one position after the other. */
static int32_t run_length(const seqd_lag_plan *plan, int32_t l, int32_t h)
{
    const int32_t *offset = plan->offset + l;
    int32_t n = 1;
    while (n < RUN && h + n < plan->horizon && offset[(h + n) * plan->count] == offset[h * plan->count] + n) n++;
    return n;
}

/* One lagged feature of every forecast step, `count` apart; true when some are NaN: nothing was observed. */
static bool fill_lag(const float *history, int64_t now, const seqd_lag_plan *plan, int32_t l, float loc, float inverse,
                     float *lags)
{
    const int32_t count = plan->count, *offset = plan->offset + l;
    bool missing = false;
    float z[RUN];
    int32_t first = 0;
    for (int32_t h = 0, n; h < plan->horizon; h += n) {
        /* one season on, the first run comes again */
        for (n = 0; n < first && h + n < plan->horizon && offset[(h + n) * count] == offset[n * count]; n++)
            lags[(h + n) * count] = lags[n * count];
        if (n > 0) continue;
        n = run_length(plan, l, h);
        if (h == 0) first = n;
        missing |= means(history, now + offset[h * count], n, plan->spacing[l], plan->repeats[l], loc, inverse, z);
        for (int32_t i = 0; i < n; i++) lags[(h + i) * count] = fabsf(z[i]) > 10.0f ? seqd_squash(z[i]) : z[i];
    }
    return missing;
}

void seqd_shard_lags(const seqd_shard *shard, const seqd_lag_plan *plan, int32_t row, int32_t t, float *lags)
{
    const int64_t window = shard->past + shard->steps;
    const float *history = shard->history + row * (window + shard->horizon);
    const int32_t now = shard->past + t;

    bool missing = false;
    for (int32_t l = 0; l < plan->count; l++) {
        const int64_t at = row * window + (now - plan->shift[l] > 0 ? now - plan->shift[l] : 0);
        missing |= fill_lag(history, now, plan, l, shard->loc[at], 1.0f / shard->scale[at], lags + l);
    }
    for (int32_t h = 0; missing && h < plan->horizon; h++) {
        float *out = lags + h * plan->count, before = 0.0f;
        for (int32_t l = 0; l < plan->count; l++) {
            if (out[l] == out[l]) before = out[l];
            else out[l] = before;
        }
    }
}
