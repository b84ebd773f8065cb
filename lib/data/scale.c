/* SPDX-License-Identifier: Apache-2.0 */
#include "feature_set.h"

#include <math.h>
#include <string.h>

/*
 * Scalers look back only: the scale of step t comes from the observed values of (t - window, t]. A young or silent
 * series borrows one observation's worth of what is typical of its own past, or else of the panel, so that no scale is
 * ever zero.
 */

double seqd_scaler_transform(seqd_scaler scaler, double y)
{
    return scaler == SEQD_SCALER_LOG1P ? copysign(log1p(fabs(y)), y) : y;
}

double seqd_log1p_inverse(double value) { return copysign(expm1(fabs(value)), value); }

double (*seqd_scaler_inverse(seqd_scaler scaler))(double value)
{
    return scaler == SEQD_SCALER_LOG1P ? seqd_log1p_inverse : NULL;
}

/* The values of the window in rising order, kept by insertion: sorted[0..count). */
typedef struct sorted_window {
    double *sorted;
    int64_t count;
} sorted_window;

static int64_t lower_bound(const sorted_window *window, double value)
{
    int64_t low = 0, high = window->count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (window->sorted[middle] < value) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void sorted_add(sorted_window *window, double value)
{
    const int64_t at = lower_bound(window, value);
    memmove(window->sorted + at + 1, window->sorted + at, (size_t)(window->count - at) * sizeof(double));
    window->sorted[at] = value;
    window->count++;
}

static void sorted_remove(sorted_window *window, double value)
{
    const int64_t at = lower_bound(window, value);
    window->count--;
    memmove(window->sorted + at, window->sorted + at + 1, (size_t)(window->count - at) * sizeof(double));
}

static double middle_of(const double *sorted, int64_t count)
{
    return count % 2 ? sorted[count / 2] : 0.5 * (sorted[count / 2 - 1] + sorted[count / 2]);
}

/*
 * Median absolute deviation from the sorted values: deviations from the median rise outwards on both sides, so two
 * fingers meet.
 */
static double median_deviation(const sorted_window *window, double median)
{
    const int64_t half = window->count / 2;
    int64_t right = lower_bound(window, median), left = right - 1;
    double deviation = 0.0, before = 0.0;
    for (int64_t i = 0; i <= half; i++) {
        const double l = left >= 0 ? median - window->sorted[left] : HUGE_VAL;
        const double r = right < window->count ? window->sorted[right] - median : HUGE_VAL;
        before = deviation;
        deviation = l < r ? l : r;
        if (l < r) left--;
        else right++;
    }
    return window->count % 2 ? deviation : 0.5 * (before + deviation);
}

/* Sums over the observed values of a window. */
typedef struct window_sums {
    double sum, squares, absolute;
    int64_t seen;
} window_sums;

static void add(window_sums *sums, double value, double sign)
{
    sums->sum += sign * value;
    sums->squares += sign * value * value;
    sums->absolute += sign * fabs(value);
    sums->seen += sign > 0.0 ? 1 : -1;
}

static window_sums sum_up(const float *values, int64_t count)
{
    window_sums sums = {0};
    for (int64_t i = 0; i < count; i++)
        if (values[i] == values[i]) add(&sums, (double)values[i], 1.0);
    return sums;
}

static void put(float *loc, float *scale, double l, double s, double floor)
{
    *loc = (float)l;
    *scale = (float)(s > floor ? s : floor);
}

void seqd_scale_series(const seqd_features *features, const float *values, int64_t length, float *loc, float *scale,
                       double *scratch)
{
    const int64_t window = features->scale_window;
    const seqd_scaler scaler = features->scaler;
    const bool ordered = scaler == SEQD_SCALER_ROBUST || scaler == SEQD_SCALER_MIN_MAX ||
                         scaler == SEQD_SCALER_MIN_MAX_SIGNED;
    const double typical = features->typical_scale, floor = 1e-9 * typical;
    sorted_window order = {scratch, 0};
    window_sums s = {0};
    double absolute_all = 0.0;
    int64_t seen_all = 0;

    for (int64_t t = 0; t < length; t++) {
        const double in = (double)values[t];
        if (in == in) {
            add(&s, in, 1.0);
            absolute_all += fabs(in);
            seen_all++;
            if (ordered) sorted_add(&order, in);
        }
        if (t >= window && values[t - window] == values[t - window]) {
            add(&s, (double)values[t - window], -1.0);
            if (ordered) sorted_remove(&order, (double)values[t - window]);
        }
        /* what subtracting leaves of a level long gone must not grow */
        if (t >= window && t % window == 0) s = sum_up(values + t - window + 1, window);
        const double own = seen_all > 0 && absolute_all > 0.0 ? absolute_all / (double)seen_all : typical;
        const int64_t seen = s.seen;
        const double n = (double)seen;
        switch (scaler) {
        case SEQD_SCALER_NONE:
            put(loc + t, scale + t, 0.0, 1.0, 0.0);
            break;
        case SEQD_SCALER_MEAN_ABS:
            put(loc + t, scale + t, 0.0, ((s.absolute > 0.0 ? s.absolute : 0.0) + own) / (n + 1.0), floor);
            break;
        case SEQD_SCALER_STANDARD:
        case SEQD_SCALER_LOG1P: {
            const double mean = seen > 0 ? s.sum / n : 0.0;
            const double variance = seen > 1 ? (s.squares - n * mean * mean) / n : 0.0;
            const double typical_part = 0.25 * own * own; /* one observation at half the usual size */
            put(loc + t, scale + t, mean, sqrt(((variance > 0.0 ? variance : 0.0) * n + typical_part) / (n + 1.0)),
                floor);
            break;
        }
        case SEQD_SCALER_ROBUST: {
            const double median = seen > 0 ? middle_of(order.sorted, seen) : 0.0;
            const double deviation = seen > 0 ? 1.4826 * median_deviation(&order, median) : own;
            /* more than half equal values: fall back on the mean deviation's scale */
            put(loc + t, scale + t, median, deviation > 0.0 ? deviation : own, floor);
            break;
        }
        case SEQD_SCALER_MIN_MAX:
        case SEQD_SCALER_MIN_MAX_SIGNED: {
            const double low = seen > 0 ? order.sorted[0] : 0.0, high = seen > 0 ? order.sorted[seen - 1] : own;
            const double range = high > low ? high - low : own;
            if (scaler == SEQD_SCALER_MIN_MAX) put(loc + t, scale + t, low, range, floor);
            else put(loc + t, scale + t, 0.5 * (low + high), 0.5 * range, floor);
            break;
        }
        }
    }
}
