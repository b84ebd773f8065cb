/* SPDX-License-Identifier: Apache-2.0 */
#include "scale.h"

#include <math.h>
#include <string.h>

/*
 * Scalers look back only: the scale of step t comes from the observed values of (t - window, t]. A young or silent
 * series borrows one observation's worth of what is typical of its own past, or else of the panel, so that no scale is
 * ever zero.
 */

bool seqd_target_is_log(const seqd_features *features)
{
    return features->scaler == SEQD_SCALER_LOG1P || features->differencing == SEQD_DIFFERENCING_LOG;
}

double seqd_target_transform(const seqd_features *features, double y)
{
    return seqd_target_is_log(features) ? copysign(log1p(fabs(y)), y) : y;
}

static double log1p_inverse(double value) { return copysign(expm1(fabs(value)), value); }

double (*seqd_target_inverse(const seqd_features *features))(double value)
{
    return seqd_target_is_log(features) ? log1p_inverse : NULL;
}

/* Values in rising order, kept by insertion. */
static int64_t lower_bound(const double *sorted, int64_t count, double value)
{
    int64_t low = 0, high = count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (sorted[middle] < value) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void sorted_add(seqd_scale_state *state, double value)
{
    const int64_t at = lower_bound(state->sorted, state->sorted_count, value);
    double *place = state->sorted + at;
    memmove(place + 1, place, (size_t)(state->sorted_count - at) * sizeof *place);
    *place = value;
    state->sorted_count++;
}

static void sorted_remove(seqd_scale_state *state, double value)
{
    const int64_t at = lower_bound(state->sorted, state->sorted_count, value);
    double *place = state->sorted + at;
    state->sorted_count--;
    memmove(place, place + 1, (size_t)(state->sorted_count - at) * sizeof *place);
}

static double middle_of(const double *sorted, int64_t count)
{
    return count % 2 ? sorted[count / 2] : 0.5 * (sorted[count / 2 - 1] + sorted[count / 2]);
}

/*
 * Median absolute deviation from the sorted values: deviations from the median rise outwards on both sides, so two
 * fingers meet.
 */
static double median_deviation(const double *sorted, int64_t count, double median)
{
    const int64_t half = count / 2;
    int64_t right = lower_bound(sorted, count, median), left = right - 1;
    double deviation = 0.0, before = 0.0;
    for (int64_t i = 0; i <= half; i++) {
        const double l = left >= 0 ? median - sorted[left] : HUGE_VAL;
        const double r = right < count ? sorted[right] - median : HUGE_VAL;
        before = deviation;
        deviation = l < r ? l : r;
        if (l < r) left--;
        else right++;
    }
    return count % 2 ? deviation : 0.5 * (before + deviation);
}

static bool by_rank(const seqd_features *features)
{
    return features->scaler == SEQD_SCALER_ROBUST || features->scaler == SEQD_SCALER_MIN_MAX ||
           features->scaler == SEQD_SCALER_MIN_MAX_SIGNED;
}

size_t seqd_scale_room(const seqd_features *features)
{
    return by_rank(features) ? (size_t)features->scale_window + 1 : 0;
}

void seqd_scale_begin(const seqd_features *features, double *sorted, seqd_scale_state *state)
{
    *state = (seqd_scale_state){
        .features = features,
        .sorted = by_rank(features) ? sorted : NULL,
        .renewal = features->scale_window,
    };
}

static void add(seqd_scale_state *state, double value)
{
    state->sum += value;
    state->squares += value * value;
    state->absolute += fabs(value);
    state->seen++;
}

static void add_all(seqd_scale_state *state, const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (values[i] == values[i]) add(state, (double)values[i]);
}

static void forget_sums(seqd_scale_state *state)
{
    state->sum = state->squares = state->absolute = 0.0;
    state->seen = 0;
}

bool seqd_scale_step(seqd_scale_state *state, float value, float leaving)
{
    const int64_t t = state->next++;
    if (value == value) {
        const double in = (double)value;
        add(state, in);
        state->absolute_all += fabs(in);
        state->seen_all++;
        if (state->sorted) sorted_add(state, in);
    }
    if (leaving == leaving) {
        const double out = (double)leaving;
        state->sum -= out;
        state->squares -= out * out;
        state->absolute -= fabs(out);
        state->seen--;
        if (state->sorted) sorted_remove(state, out);
    }
    if (t != state->renewal) return false;
    state->renewal += state->features->scale_window;
    return true;
}

void seqd_scale_renew(seqd_scale_state *state, const float *first, int64_t first_count, const float *second,
                      int64_t second_count)
{
    forget_sums(state);
    add_all(state, first, first_count);
    add_all(state, second, second_count);
}

static inline float level_at(const seqd_scale_state *state, const float *values, bool transform, int64_t t)
{
    return transform ? (float)seqd_target_transform(state->features, (double)values[t]) : values[t];
}

/* What is scaled: the value itself, or the step to it, NaN where either end is missing. */
static inline float value_at(const seqd_scale_state *state, const float *values, bool transform, int64_t t)
{
    const float level = level_at(state, values, transform, t);
    if (state->features->differencing == SEQD_DIFFERENCING_NONE) return level;
    return t > 0 ? level - level_at(state, values, transform, t - 1) : NAN;
}

/* The last observed value up to step t, for steps are counted from there. */
static void find_origin(seqd_scale_state *state, const float *values, bool transform, int64_t first, int64_t t)
{
    if (state->features->differencing == SEQD_DIFFERENCING_NONE) return;
    for (; t >= first; t--) {
        const float level = level_at(state, values, transform, t);
        if (level != level) continue;
        state->origin = (double)level;
        return;
    }
}

/* The sums of the window that ends at t, value by value in their order. */
static void sum_window(seqd_scale_state *state, const float *values, bool transform, int64_t t)
{
    forget_sums(state);
    for (int64_t i = t - state->features->scale_window + 1; i <= t; i++) {
        const float value = value_at(state, values, transform, i);
        if (value == value) add(state, (double)value);
    }
}

/* As if every step up to t, a multiple of the window, had been read. */
static void jump(seqd_scale_state *state, const float *values, bool transform, int64_t t)
{
    double absolute = state->absolute_all;
    int64_t seen = 0;
    for (int64_t i = state->next; i <= t; i++) {
        const double value = fabs((double)value_at(state, values, transform, i));
        const bool there = value == value;
        absolute += there ? value : 0.0; /* without a branch: missing values come in no order */
        seen += there;
    }
    state->absolute_all = absolute;
    state->seen_all += seen;
    state->next = t + 1;
    state->renewal = t + state->features->scale_window;
    sum_window(state, values, transform, t);
    if (!state->sorted) return;
    state->sorted_count = 0;
    for (int64_t i = t - state->features->scale_window + 1; i <= t; i++) {
        const float value = value_at(state, values, transform, i);
        if (value == value) sorted_add(state, (double)value);
    }
}

void seqd_scale_read(seqd_scale_state *state, const float *values, bool transform, int64_t last)
{
    const int64_t window = state->features->scale_window, first = state->next;
    if (last > state->next) {
        const int64_t base = last - last % window;
        if (base >= window && base > state->next) jump(state, values, transform, base);
    }
    while (state->next <= last) {
        const int64_t t = state->next;
        const float leaving = t >= window ? value_at(state, values, transform, t - window) : NAN;
        if (seqd_scale_step(state, value_at(state, values, transform, t), leaving))
            sum_window(state, values, transform, t);
    }
    find_origin(state, values, transform, first, last);
}

static void put(float *loc, float *scale, double l, double s, double floor)
{
    *loc = (float)l;
    *scale = (float)(s > floor ? s : floor);
}

void seqd_scale_tell(const seqd_scale_state *state, float *loc, float *scale)
{
    const seqd_features *features = state->features;
    const double typical = features->typical_scale, floor = 1e-9 * typical;
    const int64_t seen = state->seen;
    const double n = (double)seen;
    const double own =
        state->seen_all > 0 && state->absolute_all > 0.0 ? state->absolute_all / (double)state->seen_all : typical;

    switch (features->scaler) {
    case SEQD_SCALER_NONE:
        put(loc, scale, 0.0, 1.0, 0.0);
        break;
    case SEQD_SCALER_MEAN_ABS:
        put(loc, scale, 0.0, ((state->absolute > 0.0 ? state->absolute : 0.0) + own) / (n + 1.0), floor);
        break;
    case SEQD_SCALER_STANDARD:
    case SEQD_SCALER_LOG1P: {
        const double mean = seen > 0 ? state->sum / n : 0.0;
        const double variance = seen > 1 ? (state->squares - n * mean * mean) / n : 0.0;
        const double typical_part = 0.25 * own * own; /* one observation at half the usual size */
        put(loc, scale, mean, sqrt(((variance > 0.0 ? variance : 0.0) * n + typical_part) / (n + 1.0)), floor);
        break;
    }
    case SEQD_SCALER_ROBUST: {
        const double median = seen > 0 ? middle_of(state->sorted, seen) : 0.0;
        const double deviation = seen > 0 ? 1.4826 * median_deviation(state->sorted, seen, median) : own;
        /* more than half equal values: fall back on the mean deviation's scale */
        put(loc, scale, median, deviation > 0.0 ? deviation : own, floor);
        break;
    }
    case SEQD_SCALER_MIN_MAX:
    case SEQD_SCALER_MIN_MAX_SIGNED: {
        const double low = seen > 0 ? state->sorted[0] : 0.0, high = seen > 0 ? state->sorted[seen - 1] : own;
        const double range = high > low ? high - low : own;
        if (features->scaler == SEQD_SCALER_MIN_MAX) put(loc, scale, low, range, floor);
        else put(loc, scale, 0.5 * (low + high), 0.5 * range, floor);
        break;
    }
    }
    if (features->differencing != SEQD_DIFFERENCING_NONE) *loc = (float)((double)*loc + state->origin);
}

void seqd_scale_series(const seqd_features *features, const float *values, int64_t length, float *loc, float *scale,
                       double *scratch)
{
    seqd_scale_state state;
    seqd_scale_begin(features, scratch, &state);
    for (int64_t t = 0; t < length; t++) {
        seqd_scale_read(&state, values, false, t);
        seqd_scale_tell(&state, loc + t, scale + t);
    }
}
