/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "forecast.h"

#define HORIZON 5
#define PATHS 40000

static const double levels[] = { 0.1, 0.25, 0.5, 0.75, 0.9 };

static seqd_forecast *make(seqd_context *context, const seqd_dist *dist, const float *p, double common, double fade)
{
    const char *ids[] = { "north", "south" };
    seqd_forecast *forecast;
    assert_int_equal(seqd_forecast_new(context, ids, 2, HORIZON, dist, &forecast, NULL), SEQD_OK);
    for (int i = 0; i < 2 * HORIZON; i++)
        memcpy(forecast->parameters + i * dist->width, p, sizeof(float) * (size_t)dist->width);
    forecast->path_common = common;
    forecast->path_fade = fade;
    return forecast;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/*
 * Kolmogorov-Smirnov distance between the draws of one step and the distribution, both ends of every jump looked at.
 * 2.4 / sqrt(n) is passed by chance once in 50000 tests of a continuous distribution; seeds are fixed anyway.
 */
static void check_marginal(const seqd_dist *dist, const float *p, const double *values, int step)
{
    double *sorted = malloc(PATHS * sizeof *sorted);
    assert_non_null(sorted);
    for (int i = 0; i < PATHS; i++) sorted[i] = values[i * HORIZON + step];
    qsort(sorted, PATHS, sizeof *sorted, ascending);
    double worst = 0;
    for (int first = 0; first < PATHS;) {
        int end = first;
        while (end < PATHS && sorted[end] == sorted[first]) end++;
        /* The middle of a jump in the sample against the middle of the jump in the distribution. */
        const double middle = 0.5 * (first + end) / PATHS;
        worst = fmax(worst, fabs(middle - seqd_dist_cdf_mid(dist, p, sorted[first])));
        first = end;
    }
    free(sorted);
    assert_true(worst < 2.4 / sqrt((double)PATHS));
}

static void test_marginals(void **state)
{
    (void)state;
    seqd_context *context;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    double *values = malloc(sizeof(double) * PATHS * HORIZON);
    assert_non_null(values);
    const seqd_dist normal = { .kind = SEQD_DIST_NORMAL, .width = 2, .floor = -(double)INFINITY };
    const seqd_dist floored = { .kind = SEQD_DIST_NORMAL, .width = 2, .floor = 0 };
    const seqd_dist counts = { .kind = SEQD_DIST_NEGBIN, .width = 2, .floor = 0 };
    seqd_dist curve = { .kind = SEQD_DIST_QUANTILES, .width = 6, .level_count = 5, .floor = 0 };
    memcpy(curve.levels, levels, sizeof levels);
    const struct {
        const seqd_dist *dist;
        float p[6];
    } cases[] = {
        { &normal, { 5, 2 } },       { &floored, { 1, 2 } },      { &counts, { 0.2F, 3 } },
        { &counts, { 3, 0 } },       { &counts, { 40, 0.4F } },   { &counts, { 700, 0.6F } },
        { &counts, { 90000, 0 } },   { &counts, { 2e6F, 5 } },    { &counts, { 2, 60 } },
        { &curve, { 0, 1, 2, 4, 8, 20 } }, { &curve, { 0, 0, 0, 0, 1, 3 } }, { &curve, { 0, -3, -1, 0, 1, 3 } },
    };
    for (int c = 0; c < 12; c++) {
        seqd_forecast *forecast = make(context, cases[c].dist, cases[c].p, 0.3, 0.6);
        assert_int_equal(seqd_forecast_get_paths(forecast, 0, PATHS, 17, values, NULL), SEQD_OK);
        for (int h = 0; h < HORIZON; h += 4) check_marginal(cases[c].dist, cases[c].p, values, h);
        seqd_forecast_free(forecast);
    }
    free(values);
    seqd_context_drop(context);
}

/* Where counts are few, a draw is the exact quantile of its score: two families of one seed share their scores. */
static void test_draw_is_the_quantile(void **state)
{
    (void)state;
    seqd_context *context;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    const seqd_dist normal = { .kind = SEQD_DIST_NORMAL, .width = 2, .floor = -(double)INFINITY };
    const seqd_dist counts = { .kind = SEQD_DIST_NEGBIN, .width = 2, .floor = 0 };
    const float unit[] = { 0, 1 }, p[] = { 12.5F, 0.35F };
    seqd_forecast *scores = make(context, &normal, unit, 0.2, 0.5), *forecast = make(context, &counts, p, 0.2, 0.5);
    static double z[400 * HORIZON], y[400 * HORIZON];
    assert_int_equal(seqd_forecast_get_paths(scores, 1, 400, 5, z, NULL), SEQD_OK);
    assert_int_equal(seqd_forecast_get_paths(forecast, 1, 400, 5, y, NULL), SEQD_OK);
    for (int i = 0; i < 400 * HORIZON; i++)
        assert_true(y[i] == seqd_dist_quantile(&counts, p, 0.5 * erfc(-z[i] * sqrt(0.5))));
    seqd_forecast_free(scores);
    seqd_forecast_free(forecast);
    seqd_context_drop(context);
}

static void test_correlation(void **state)
{
    (void)state;
    seqd_context *context;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    double *z = malloc(sizeof(double) * PATHS * HORIZON);
    assert_non_null(z);
    const seqd_dist normal = { .kind = SEQD_DIST_NORMAL, .width = 2, .floor = -(double)INFINITY };
    const float unit[] = { 0, 1 };
    const double cases[][2] = { { 0, 0 }, { 0.4, 0 }, { 0, 0.8 }, { 0.3, 0.5 }, { 1, 0 }, { 0.2, 1 } };
    for (int c = 0; c < 6; c++) {
        const double common = cases[c][0], fade = cases[c][1];
        seqd_forecast *forecast = make(context, &normal, unit, common, fade);
        assert_int_equal(seqd_forecast_get_paths(forecast, 0, PATHS, 3, z, NULL), SEQD_OK);
        for (int a = 0; a < HORIZON; a++) {
            for (int b = a; b < HORIZON; b++) {
                double sum = 0;
                for (int i = 0; i < PATHS; i++) sum += z[i * HORIZON + a] * z[i * HORIZON + b];
                const double want = common + (1 - common) * pow(fade, b - a);
                assert_true(fabs(sum / PATHS - want) < 5 * sqrt(2.0 / PATHS));
            }
        }
        seqd_forecast_free(forecast);
    }
    free(z);
    seqd_context_drop(context);
}

static void test_determined_by_seed_id_and_index(void **state)
{
    (void)state;
    seqd_context *context;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    const seqd_dist counts = { .kind = SEQD_DIST_NEGBIN, .width = 2, .floor = 0 };
    const float p[] = { 50, 0.2F };
    seqd_forecast *forecast = make(context, &counts, p, 0.3, 0.6);
    static double many[300 * HORIZON];
    double few[10 * HORIZON], other[10 * HORIZON];
    assert_int_equal(seqd_forecast_get_paths(forecast, 0, 10, 1, few, NULL), SEQD_OK);
    assert_int_equal(seqd_forecast_get_paths(forecast, 0, 300, 1, many, NULL), SEQD_OK);
    assert_memory_equal(few, many, sizeof few);
    assert_int_equal(seqd_forecast_get_paths(forecast, 0, 10, 2, other, NULL), SEQD_OK);
    assert_memory_not_equal(few, other, sizeof few);
    assert_int_equal(seqd_forecast_get_paths(forecast, 1, 10, 1, other, NULL), SEQD_OK);
    assert_memory_not_equal(few, other, sizeof few);
    seqd_forecast_free(forecast);
    seqd_context_drop(context);
}

/* Numbers for the copula that are out of range, and parameters at the ends of float, still give finite paths. */
static void test_always_finite(void **state)
{
    (void)state;
    seqd_context *context;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    const seqd_dist counts = { .kind = SEQD_DIST_NEGBIN, .width = 2, .floor = 0 };
    const double odd[] = { (double)NAN, -1, 2, (double)INFINITY };
    const float ends[] = { -1, 0, 1e-38F, 1, 1e10F, 3e38F };
    static double values[200 * HORIZON];
    for (int i = 0; i < 4; i++) {
        for (int a = 0; a < 6; a++) {
            for (int b = 0; b < 6; b++) {
                const float p[] = { ends[a], ends[b] };
                seqd_forecast *forecast = make(context, &counts, p, odd[i], odd[3 - i]);
                assert_int_equal(seqd_forecast_get_paths(forecast, 0, 200, 1, values, NULL), SEQD_OK);
                for (int n = 0; n < 200 * HORIZON; n++) assert_true(isfinite(values[n]) && values[n] >= 0);
                seqd_forecast_free(forecast);
            }
        }
    }
    seqd_context_drop(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marginals),
        cmocka_unit_test(test_draw_is_the_quantile),
        cmocka_unit_test(test_correlation),
        cmocka_unit_test(test_determined_by_seed_id_and_index),
        cmocka_unit_test(test_always_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
