/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "close.h"
#include "context.h"
#include "eval.h"

static seqd_context *context;

static int set_up(void **state)
{
    (void)state;
    return seqd_context_new(NULL, &context, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    const long long held = atomic_load(&context->memory_in_use);
    seqd_context_drop(context);
    return held == 0 ? 0 : -1;
}

static seqd_evaluation *make(int32_t season, const double *levels, int32_t count)
{
    seqd_evaluation *evaluation = NULL;
    assert_int_equal(seqd_evaluation_new(context, season, levels, count, &evaluation, NULL), SEQD_OK);
    return evaluation;
}

static void add(seqd_evaluation *e, const double *history, int64_t length, const double *actual, const double *mean,
                const double *median, const double *quantiles, int32_t horizon)
{
    assert_int_equal(seqd_evaluation_add_series(e, history, length, actual, mean, median, quantiles, horizon, NULL),
                     SEQD_OK);
}

static seqd_metrics result_of(seqd_evaluation *e)
{
    seqd_metrics m;
    seqd_evaluation_get(e, &m);
    seqd_evaluation_free(e);
    assert_int_equal(m.struct_size, sizeof m);
    return m;
}

/* One series: history 1 3 2 4 6 (season 2: |2-1| |4-3| |6-2|, mean 2; steps 2 -1 2 2, mean square 13/4). */
static void test_one_series_by_hand(void **state)
{
    (void)state;
    const double history[] = { 1, 3, 2, 4, 6 }, actual[] = { 4, 0, 10 };
    const double median[] = { 6, 0, 5 }, mean[] = { 7, 1, 6 };
    const double levels[] = { 0.1, 0.5, 0.9 };
    const double quantiles[] = { 2, 0, 4, 6, 0, 5, 8, 3, 7 };
    seqd_evaluation *e = make(2, levels, 3);
    add(e, history, 5, actual, mean, median, quantiles, 3);
    const seqd_metrics m = result_of(e);
    assert_near(m.smape, 200.0 / 3 * (2.0 / 10 + 0 + 5.0 / 15));
    assert_near(m.mase, (2 + 0 + 5) / 3.0 / 2);
    assert_near(m.rmsse, sqrt((9 + 1 + 16) / 3.0 / 3.25));
    assert_near(m.wape, 7 / 14.0);
    assert_near(m.rmse, sqrt(26 / 3.0));
    assert_near(m.bias, (3 + 1 - 4) / 14.0);
    /* Level 0.1: 0.1*2 + 0 + 0.1*6; level 0.5: 0.5*2 + 0 + 0.5*5; level 0.9: 0.1*4 + 0.1*3 + 0.9*3. */
    assert_near(m.wql, 2 * (0.8 + 3.5 + 3.4) / 3 / 14);
    assert_near(m.coverage80, 2 / 3.0);
    assert_int_equal(m.series, 1);
    assert_int_equal(m.points, 3);
    assert_int_equal(m.mase_left_out, 0);
    assert_int_equal(m.rmsse_left_out, 0);
}

/* sMAPE, MASE and RMSSE are means over series; WAPE, RMSE and bias are over all points. */
static void test_two_series(void **state)
{
    (void)state;
    const double h1[] = { 1, 2, 3 }, h2[] = { 0, 0, 10, 30 };
    const double a1[] = { 3 }, f1[] = { 1 }, a2[] = { 50, 10 }, f2[] = { 30, 30 };
    seqd_evaluation *e = make(1, NULL, 0);
    add(e, h1, 3, a1, f1, f1, NULL, 1);
    add(e, h2, 4, a2, f2, f2, NULL, 2);
    const seqd_metrics m = result_of(e);
    assert_near(m.smape, (200 * 2 / 4.0 + 200.0 / 2 * (20 / 80.0 + 20 / 40.0)) / 2);
    assert_near(m.mase, (2 / 1.0 + 20 / 10.0) / 2); /* second: |0| |10| |20| mean 10 */
    assert_near(m.rmsse, (2.0 / 1 + 20 / 20.0) / 2); /* second: from the first sale on, one step of 20 */
    assert_near(m.wape, 42 / 63.0);
    assert_near(m.rmse, sqrt((4 + 400 + 400) / 3.0));
    assert_near(m.bias, (-2 - 20 + 20) / 63.0);
    assert_true(isnan(m.wql) && isnan(m.coverage80));
    assert_int_equal(m.series, 2);
    assert_int_equal(m.points, 3);
}

static void test_missing_is_left_out(void **state)
{
    (void)state;
    const double history[] = { MISSING, 1, MISSING, 3, 7, MISSING }, actual[] = { MISSING, 8, MISSING };
    const double f[] = { 100, 6, 100 }, levels[] = { 0.1, 0.9 };
    const double quantiles[] = { 0, 6, 0, 0, 7, 0 };
    seqd_evaluation *e = make(2, levels, 2);
    add(e, history, 6, actual, f, f, quantiles, 3);
    const seqd_metrics m = result_of(e);
    assert_near(m.smape, 200 * 2 / 14.0);
    assert_near(m.mase, 2 / 2.0); /* of the pairs two apart only (1, 3) is complete */
    assert_near(m.rmsse, 2 / 4.0);
    assert_near(m.wape, 2 / 8.0);
    assert_near(m.wql, 2 * (0.1 * 2 + 0.9 * 1) / 2 / 8);
    assert_near(m.coverage80, 0);
    assert_int_equal(m.points, 1);
}

static void test_zero_denominators(void **state)
{
    (void)state;
    const double constant[] = { 5, 5, 5, 5 }, zeros[] = { 0, 0, 0 }, moving[] = { 1, 2 };
    const double zero[] = { 0, 0 }, one[] = { 1, 1 };
    seqd_evaluation *e = make(1, NULL, 0);
    add(e, constant, 4, one, one, one, NULL, 2);
    add(e, zeros, 3, zero, zero, zero, NULL, 2);
    add(e, NULL, 0, one, zero, zero, NULL, 2);
    seqd_metrics m;
    seqd_evaluation_get(e, &m);
    assert_true(isnan(m.mase) && isnan(m.rmsse));
    assert_int_equal(m.mase_left_out, 3);
    assert_int_equal(m.rmsse_left_out, 3);
    assert_near(m.smape, (0 + 0 + 200) / 3.0); /* 0/0 counts as 0 */
    assert_near(m.wape, 2 / 4.0);
    add(e, moving, 2, one, zero, zero, NULL, 2);
    m = result_of(e);
    assert_near(m.mase, 1);
    assert_near(m.rmsse, 1);
}

static void test_nothing_remains(void **state)
{
    (void)state;
    const double none[] = { MISSING, MISSING }, f[] = { 1, 1 }, history[] = { 1, 2 };
    seqd_evaluation *e = make(1, NULL, 0);
    seqd_metrics m;
    seqd_evaluation_get(e, &m);
    assert_int_equal(m.series, 0);
    assert_true(isnan(m.smape) && isnan(m.wape) && isnan(m.rmse) && isnan(m.bias));
    add(e, history, 2, none, f, f, NULL, 2);
    m = result_of(e);
    assert_int_equal(m.series, 1);
    assert_int_equal(m.points, 0);
    assert_int_equal(m.mase_left_out, 0);
    assert_true(isnan(m.smape) && isnan(m.mase) && isnan(m.rmsse) && isnan(m.wape) && isnan(m.rmse));
}

/* The whole is the same whether zeros of 1e15 stand before or after small errors. */
static void test_sums_keep_small_errors(void **state)
{
    (void)state;
    double first = 0;
    for (int turn = 0; turn < 2; turn++) {
        seqd_evaluation *e = make(1, NULL, 0);
        const double big[] = { 1e15, -1e15 }, same[] = { 1e15, -1e15 }, small[] = { 0.1 }, none[] = { 0 };
        if (turn) add(e, NULL, 0, big, same, same, NULL, 2);
        for (int i = 0; i < 1000; i++) add(e, NULL, 0, small, none, none, NULL, 1);
        if (!turn) add(e, NULL, 0, big, same, same, NULL, 2);
        const seqd_metrics m = result_of(e);
        if (turn == 0) first = m.bias;
        assert_true(m.bias < 0 && m.bias == first);
    }
}

static void refuse(int32_t status, const seqd_error *error, const char *part)
{
    assert_int_equal(status, SEQD_E_ARG);
    assert_non_null(strstr(error->message, part));
}

static void test_bad_arguments(void **state)
{
    (void)state;
    const double up[] = { 0.1, 0.9 }, down[] = { 0.9, 0.1 }, outside[] = { 0.1, 1 }, nan_level[] = { MISSING };
    seqd_evaluation *e = NULL;
    seqd_error error = SEQD_ERROR_INIT;
    refuse(seqd_evaluation_new(context, 0, up, 2, &e, &error), &error, "season");
    refuse(seqd_evaluation_new(context, 1, down, 2, &e, &error), &error, "level 0.1");
    refuse(seqd_evaluation_new(context, 1, outside, 2, &e, &error), &error, "level 1");
    refuse(seqd_evaluation_new(context, 1, nan_level, 1, &e, &error), &error, "level nan");
    refuse(seqd_evaluation_new(context, 1, up, -1, &e, &error), &error, "-1");
    refuse(seqd_evaluation_new(context, 1, up, 65, &e, &error), &error, "65");
    refuse(seqd_evaluation_new(context, 1, NULL, 2, &e, &error), &error, "NULL");
    assert_null(e);

    e = make(1, up, 2);
    const double good[] = { 1, 2 }, inf[] = { 1, (double)INFINITY }, nan_[] = { 1, MISSING };
    const double q[] = { 1, 2, 3, MISSING };
    refuse(seqd_evaluation_add_series(e, good, 2, good, nan_, good, NULL, 2, &error), &error, "mean");
    refuse(seqd_evaluation_add_series(e, good, 2, good, good, inf, NULL, 2, &error), &error, "median");
    refuse(seqd_evaluation_add_series(e, good, 2, good, good, good, q, 2, &error), &error, "quantiles");
    refuse(seqd_evaluation_add_series(e, good, 2, inf, good, good, NULL, 2, &error), &error, "actual");
    refuse(seqd_evaluation_add_series(e, inf, 2, good, good, good, NULL, 2, &error), &error, "history");
    refuse(seqd_evaluation_add_series(e, good, 2, good, good, good, NULL, 0, &error), &error, "horizon");
    refuse(seqd_evaluation_add_series(e, NULL, 2, good, good, good, NULL, 2, &error), &error, "history");
    refuse(seqd_evaluation_add_series(e, good, 2, good, NULL, good, NULL, 2, &error), &error, "mean");
    const seqd_metrics m = result_of(e);
    assert_int_equal(m.series, 0); /* what was refused left no trace */
    assert_int_equal(m.points, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_series_by_hand), cmocka_unit_test(test_two_series),
        cmocka_unit_test(test_missing_is_left_out), cmocka_unit_test(test_zero_denominators),
        cmocka_unit_test(test_nothing_remains),     cmocka_unit_test(test_sums_keep_small_errors),
        cmocka_unit_test(test_bad_arguments),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
