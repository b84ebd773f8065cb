/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalers against a straightforward computation from the definition, step by step, over series with missing values,
 * silences, constant stretches and shifts of level; that no step knows what comes after it; and that a state which
 * begins late, or is handed values one by one from a ring, has the same bits.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feature_set.h"
#include "rng.h"
#include "scale.h"

#define LENGTH 160

static const char *const names[] = {"mean_abs", "standard", "min_max", "min_max_signed", "robust", "log1p", "none"};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

/* loc and scale of step t from the values it may see. */
static void reference(seqd_scaler scaler, int window, double typical, const float *y, int t, double *loc, double *scale)
{
    double seen[LENGTH];
    double sum = 0.0, absolute = 0.0, all = 0.0, spread = 0.0, low = HUGE_VAL, high = -HUGE_VAL;
    int n = 0, n_all = 0;
    for (int i = 0; i <= t; i++) {
        const double v = (double)y[i];
        if (isnan(v)) continue;
        all += fabs(v), n_all++;
        if (i <= t - window) continue;
        seen[n++] = v;
        sum += v, absolute += fabs(v);
        low = fmin(low, v), high = fmax(high, v);
    }
    const double own = all > 0.0 ? all / n_all : typical, mean = n > 0 ? sum / n : 0.0;
    for (int i = 0; i < n; i++) spread += (seen[i] - mean) * (seen[i] - mean);
    *loc = 0.0;
    switch (scaler) {
    case SEQD_SCALER_NONE: *scale = 1.0; break;
    case SEQD_SCALER_MEAN_ABS: *scale = (absolute + own) / (n + 1); break;
    case SEQD_SCALER_STANDARD:
    case SEQD_SCALER_LOG1P:
        *loc = mean;
        *scale = sqrt((spread + 0.25 * own * own) / (n + 1));
        break;
    case SEQD_SCALER_ROBUST: {
        *scale = own;
        if (n == 0) break;
        *loc = median(seen, n);
        for (int i = 0; i < n; i++) seen[i] = fabs(seen[i] - *loc);
        const double deviation = 1.4826 * median(seen, n);
        if (deviation > 0.0) *scale = deviation;
        break;
    }
    case SEQD_SCALER_MIN_MAX:
    case SEQD_SCALER_MIN_MAX_SIGNED:
        if (n == 0) low = 0.0, high = own;
        *scale = high > low ? high - low : own;
        *loc = scaler == SEQD_SCALER_MIN_MAX ? low : 0.5 * (low + high);
        if (scaler == SEQD_SCALER_MIN_MAX_SIGNED) *scale *= 0.5;
        break;
    }
}

static float make_value(seqd_rng *rng, int kind, int t)
{
    double v = 20.0 + 6.0 * seqd_rng_normal(rng);
    if (kind % 5 == 1) v = (double)seqd_rng_below(rng, 3);           /* few values, many equal */
    if (kind % 5 == 2) v = t < LENGTH / 2 ? 0.0 : 4.0;                /* nothing, then a constant */
    if (kind % 5 == 3) v = t < 60 ? 1e4 * (1.0 + seqd_rng_uniform(rng)) : 3.0 * seqd_rng_normal(rng);
    if (kind % 5 == 4 && t > 30 && t < 100) v = (double)NAN;                  /* a long silence */
    if (kind % 7 == 0 && t < 5) v = (double)NAN;                              /* begins with nothing */
    const double gap = kind % 3 == 0 ? 0.0 : kind % 3 == 1 ? 0.2 : 0.8;
    return seqd_rng_uniform(rng) < gap ? NAN : (float)v;
}

static void make_series(seqd_rng *rng, int kind, float *y)
{
    for (int t = 0; t < LENGTH; t++) y[t] = make_value(rng, kind, t);
}

static void scale(seqd_scaler scaler, int window, const float *y, int64_t length, float *loc, float *scales)
{
    static double scratch[LENGTH + 1];
    static seqd_features features;
    features.scaler = scaler;
    features.scale_window = window;
    features.typical_scale = 7.5;
    seqd_scale_series(&features, y, length, loc, scales, scratch);
}

static void test_against_the_definition(void **state)
{
    static const int windows[] = {1, 2, 5, 28, 150};
    int64_t compared = 0;
    (void)state;
    for (int s = 0; s <= SEQD_SCALER_NONE; s++)
        for (int kind = 0; kind < 35; kind++)
            for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
                float y[LENGTH], loc[LENGTH], scales[LENGTH];
                seqd_rng rng = seqd_rng_stream(1, (uint64_t)kind, w);
                make_series(&rng, kind, y);
                scale((seqd_scaler)s, windows[w], y, LENGTH, loc, scales);
                for (int t = 0; t < LENGTH; t++) {
                    double l, d;
                    reference((seqd_scaler)s, windows[w], 7.5, y, t, &l, &d);
                    compared++;
                    if (!(fabs((double)loc[t] - l) <= 1e-6 * (fabs(l) + d)) ||
                        !(fabs((double)scales[t] - d) <= 2e-6 * d))
                        fail_msg("%s, window %d, series %d, step %d: loc %.9g scale %.9g instead of %.9g, %.9g",
                                 names[s], windows[w], kind, t, (double)loc[t], (double)scales[t], l, d);
                    assert_true(scales[t] > 0.0f);
                }
            }
    assert_true(compared == 7 * 35 * 5 * LENGTH);
}

static void test_later_values_change_nothing(void **state)
{
    (void)state;
    for (int s = 0; s <= SEQD_SCALER_NONE; s++)
        for (int kind = 0; kind < 35; kind++) {
            float y[LENGTH], loc[LENGTH], scales[LENGTH], other_loc[LENGTH], other_scales[LENGTH];
            seqd_rng rng = seqd_rng_stream(2, (uint64_t)kind, 0);
            make_series(&rng, kind, y);
            scale((seqd_scaler)s, 28, y, LENGTH, loc, scales);
            const size_t t = (size_t)seqd_rng_below(&rng, LENGTH - 1);
            for (size_t i = t + 1; i < LENGTH; i++) y[i] = (float)(1e3 * seqd_rng_normal(&rng));
            scale((seqd_scaler)s, 28, y, LENGTH, other_loc, other_scales);
            assert_memory_equal(loc, other_loc, (t + 1) * sizeof(float));
            assert_memory_equal(scales, other_scales, (t + 1) * sizeof(float));
            if (s != SEQD_SCALER_NONE && t + 3 < LENGTH) /* and the change was one */
                assert_memory_not_equal(scales, other_scales, sizeof scales);
            /* a series that ends at t has the same scalers */
            scale((seqd_scaler)s, 28, y, (int64_t)t + 1, other_loc, other_scales);
            assert_memory_equal(loc, other_loc, (t + 1) * sizeof(float));
            assert_memory_equal(scales, other_scales, (t + 1) * sizeof(float));
        }
}

/* Empty, all-zero and single-valued series have a usable scale. */
static void test_degenerate(void **state)
{
    (void)state;
    for (int s = 0; s <= SEQD_SCALER_NONE; s++)
        for (int kind = 0; kind < 3; kind++) {
            float y[LENGTH], loc[LENGTH], scales[LENGTH];
            for (int t = 0; t < LENGTH; t++) y[t] = kind == 0 ? NAN : kind == 1 ? 0.0f : 1e-30f;
            scale((seqd_scaler)s, 28, y, LENGTH, loc, scales);
            for (int t = 0; t < LENGTH; t++) {
                assert_true(isfinite(loc[t]));
                assert_true(isfinite(scales[t]) && scales[t] > 0.0f);
                assert_true(isfinite(1.0f / scales[t]));
            }
        }
}

/* Random hops through a series, read as a host has it: by scalers that transform, untransformed. */
static void test_begin_anywhere(void **state)
{
    static const int windows[] = {1, 2, 5, 28, 150};
    static seqd_features features;
    int64_t compared = 0;
    (void)state;
    for (int s = 0; s <= SEQD_SCALER_NONE; s++)
        for (int kind = 0; kind < 35; kind++)
            for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
                float y[LENGTH], transformed[LENGTH], loc[LENGTH], scales[LENGTH];
                double sorted[LENGTH];
                seqd_rng rng = seqd_rng_stream(6, (uint64_t)kind, w);
                const bool transform = s == SEQD_SCALER_LOG1P;
                make_series(&rng, kind, y);
                features.scaler = (seqd_scaler)s;
                for (int t = 0; t < LENGTH; t++)
                    transformed[t] = (float)seqd_target_transform(&features, (double)y[t]);
                scale((seqd_scaler)s, windows[w], transformed, LENGTH, loc, scales);
                features.scale_window = windows[w];
                features.typical_scale = 7.5;
                assert_true(seqd_scale_room(&features) <= LENGTH);
                for (int round = 0; round < 20; round++) {
                    seqd_scale_state hopping;
                    seqd_scale_begin(&features, sorted, &hopping);
                    const uint64_t stride = round % 2 ? 3 : LENGTH / 2;
                    for (int64_t t = (int64_t)seqd_rng_below(&rng, LENGTH); t < LENGTH;
                         t += 1 + (int64_t)seqd_rng_below(&rng, stride)) {
                        float l, d;
                        seqd_scale_read(&hopping, y, transform, t);
                        seqd_scale_tell(&hopping, &l, &d);
                        assert_memory_equal(&l, &loc[t], sizeof l);
                        assert_memory_equal(&d, &scales[t], sizeof d);
                        compared++;
                    }
                }
            }
    assert_true(compared > 100000);
}

/* One value at a time, the window in a ring. */
static void test_from_a_ring(void **state)
{
    static const int windows[] = {1, 2, 5, 28, 150};
    static seqd_features features;
    (void)state;
    for (int s = 0; s <= SEQD_SCALER_NONE; s++)
        for (int kind = 0; kind < 35; kind++)
            for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
                const int window = windows[w];
                float y[LENGTH], loc[LENGTH], scales[LENGTH], ring[LENGTH], l, d;
                double sorted[LENGTH];
                seqd_rng rng = seqd_rng_stream(7, (uint64_t)kind, w);
                make_series(&rng, kind, y);
                scale((seqd_scaler)s, window, y, LENGTH, loc, scales);
                features.scaler = (seqd_scaler)s;
                features.scale_window = window;
                features.typical_scale = 7.5;
                seqd_scale_state fed;
                seqd_scale_begin(&features, sorted, &fed);
                for (int t = 0; t < LENGTH; t++) {
                    float *place = &ring[t % window];
                    const float leaving = t >= window ? *place : NAN;
                    *place = y[t];
                    const int64_t newer = t % window + 1;
                    if (seqd_scale_step(&fed, y[t], leaving))
                        seqd_scale_renew(&fed, ring + newer, window - newer, ring, newer);
                    seqd_scale_tell(&fed, &l, &d);
                    assert_memory_equal(&l, &loc[t], sizeof l);
                    assert_memory_equal(&d, &scales[t], sizeof d);
                }
            }
}

static void test_transform(void **state)
{
    (void)state;
    static seqd_features logarithm = {.scaler = SEQD_SCALER_LOG1P}, plain = {.scaler = SEQD_SCALER_STANDARD};
    const double values[] = {0.0, 1e-9, 0.5, 7.0, 12345.0, 1e12};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            const double y = sign * values[i], z = seqd_target_transform(&logarithm, y);
            assert_true(fabs(seqd_target_inverse(&logarithm)(z) - y) <= 1e-14 * (1.0 + fabs(z)) * (1.0 + fabs(y)));
            assert_true(z == -seqd_target_transform(&logarithm, -y));
            assert_true(seqd_target_transform(&plain, y) == y);
        }
    assert_true(isnan(seqd_target_transform(&logarithm, (double)NAN)));
    assert_null(seqd_target_inverse(&plain));
    plain.differencing = SEQD_DIFFERENCING_STEPS;
    assert_null(seqd_target_inverse(&plain));
    plain.differencing = SEQD_DIFFERENCING_LOG;
    assert_true(seqd_target_transform(&plain, 3.0) == seqd_target_transform(&logarithm, 3.0));
}

/* Of steps: the scaler is that of the series of steps, its loc counted from the last observed value, from anywhere. */
static void test_differences(void **state)
{
    static seqd_features features, levels;
    (void)state;
    for (int s = 0; s <= SEQD_SCALER_NONE; s++)
        for (int log_steps = 0; log_steps < 2; log_steps++)
            for (int kind = 0; kind < 35; kind++) {
                float y[LENGTH], at[LENGTH], steps[LENGTH], loc[LENGTH], scales[LENGTH], l, d, origin = 0.0f;
                double sorted[LENGTH];
                seqd_rng rng = seqd_rng_stream(8, (uint64_t)kind, (uint64_t)s);
                make_series(&rng, kind, y);
                features.scaler = levels.scaler = (seqd_scaler)s;
                features.differencing = log_steps ? SEQD_DIFFERENCING_LOG : SEQD_DIFFERENCING_STEPS;
                features.scale_window = levels.scale_window = 28;
                features.typical_scale = levels.typical_scale = 7.5;
                for (int t = 0; t < LENGTH; t++) at[t] = (float)seqd_target_transform(&features, (double)y[t]);
                for (int t = 0; t < LENGTH; t++) steps[t] = t > 0 ? at[t] - at[t - 1] : NAN;
                seqd_scale_series(&levels, steps, LENGTH, loc, scales, sorted);
                seqd_scale_state hopping;
                seqd_scale_begin(&features, sorted, &hopping);
                int64_t next = (int64_t)seqd_rng_below(&rng, LENGTH);
                for (int64_t t = 0; t < LENGTH; t++) {
                    if (at[t] == at[t]) origin = at[t];
                    if (t != next) continue;
                    seqd_scale_read(&hopping, y, seqd_target_is_log(&features), t);
                    seqd_scale_tell(&hopping, &l, &d);
                    assert_memory_equal(&d, &scales[t], sizeof d);
                    assert_true(l == (float)((double)loc[t] + (double)origin));
                    next += 1 + (int64_t)seqd_rng_below(&rng, kind % 2 ? 3 : LENGTH / 2);
                }
                float told[LENGTH], whole[LENGTH];
                features.scaler = log_steps ? SEQD_SCALER_STANDARD : features.scaler; /* `at` is transformed already */
                levels.scaler = features.scaler;
                seqd_scale_series(&levels, steps, LENGTH, loc, scales, sorted);
                seqd_scale_series(&features, at, LENGTH, told, whole, sorted);
                assert_memory_equal(whole, scales, sizeof whole);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_the_definition),
        cmocka_unit_test(test_later_values_change_nothing),
        cmocka_unit_test(test_degenerate),
        cmocka_unit_test(test_begin_anywhere),
        cmocka_unit_test(test_from_a_ring),
        cmocka_unit_test(test_transform), cmocka_unit_test(test_differences),
    };
    return cmocka_run_group_tests_name("scale", tests, NULL, NULL);
}
