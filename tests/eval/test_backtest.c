/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "close.h"
#include "context.h"
#include "eval.h"
#include "forecast.h"
#include "options.h"
#include "panel_of.h"
#include "status.h"

static seqd_context *context;
static seqd_options *options;

static int set_up(void **state)
{
    (void)state;
    return seqd_context_new(NULL, &context, NULL) || seqd_options_new(context, &options, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    seqd_options_free(options);
    const long long held = atomic_load(&context->memory_in_use);
    seqd_context_drop(context);
    return held == 0 ? 0 : -1;
}

static void set(seqd_option_id id, const char *text)
{
    assert_int_equal(seqd_option_set(options, id, text, NULL), SEQD_OK);
}

/* Series a: 1..10 at steps 1..10. Series b: 10, 20, 30, 40 at steps 7..10. */
static seqd_dataset *two_series(void)
{
    const char *ids[14];
    int64_t steps[14];
    double y[14];
    for (int i = 0; i < 10; i++) {
        ids[i] = "a";
        steps[i] = i + 1;
        y[i] = i + 1;
    }
    for (int i = 0; i < 4; i++) {
        ids[10 + i] = "b";
        steps[10 + i] = 7 + i;
        y[10 + i] = 10 * (i + 1);
    }
    seqd_dataset *dataset = NULL;
    assert_int_equal(panel_of(context, options, ids, steps, y, 14, &dataset, NULL), SEQD_OK);
    return dataset;
}

/* A network that notes what it is asked and answers with a constant plus the newest value it may see. */
typedef struct fake {
    char log[512];
    double add;
    int32_t fail_at, calls;
    int32_t status;
} fake;

static int32_t forecaster(void *user, const char *model, seqd_dataset *view, bool fit, const char *task,
                          seqd_forecast **out, double *fit_seconds, double *predict_seconds, seqd_error *error)
{
    fake *f = user;
    const size_t used = strlen(f->log);
    snprintf(f->log + used, sizeof f->log - used, "%s %s %s %d;", task, model, fit ? "fit" : "use",
             (int)view->series_count);
    if (++f->calls == f->fail_at)
        return f->status < 0 ? seqd_fail(error, f->status, "the fake failed") : f->status;
    const char *ids[4];
    for (int64_t s = 0; s < view->series_count; s++) ids[s] = view->series[s].id;
    const seqd_dist dist = { .kind = SEQD_DIST_NORMAL, .width = 2, .floor = 0 };
    seqd_forecast *forecast;
    SEQD_CHECK(seqd_forecast_new(view->context, ids, view->series_count, 2, &dist, &forecast, error));
    for (int64_t s = 0; s < view->series_count; s++)
        for (int h = 0; h < 2; h++)
            forecast->parameters[(s * 2 + h) * 2] =
                view->y[view->series[s].offset + view->series[s].length - 1] + (float)f->add;
    *fit_seconds = fit ? 2 : 0;
    *predict_seconds = 0.25;
    *out = forecast;
    return SEQD_OK;
}

typedef struct told {
    const char *model;
    double fit_seconds, predict_seconds;
    seqd_metrics metrics;
} told;

static told row_of(const seqd_backtest *backtest, int32_t index)
{
    seqd_backtest_row row = { .struct_size = (uint32_t)sizeof row };
    seqd_metrics metrics = { .struct_size = (uint32_t)sizeof metrics };
    assert_int_equal(seqd_backtest_row_at(backtest, index, &row, NULL), SEQD_OK);
    assert_int_equal(seqd_backtest_metrics_at(backtest, index, &metrics, NULL), SEQD_OK);
    return (told){ row.model, row.fit_seconds, row.predict_seconds, metrics };
}

/*
 * Horizon 2, two windows: origins after step 6 (series a alone) and after step 8. Naive there: a 6 against 7, 8;
 * a 8 against 9, 10; b 20 against 30, 40. Errors 1 2, 1 2, 10 20.
 */
static void test_naive_by_hand(void **state)
{
    (void)state;
    set(SEQD_OPT_HORIZON, "2");
    set(SEQD_OPT_WINDOWS, "2");
    seqd_dataset *dataset = two_series();
    seqd_backtest *backtest = NULL;
    assert_int_equal(seqd_backtest_new(dataset, options, "naive, zero", "backtest", NULL, NULL, &backtest, NULL),
                     SEQD_OK);
    seqd_dataset_free(dataset);
    assert_int_equal(seqd_backtest_rows(backtest), 2);
    told row = row_of(backtest, 0);
    assert_string_equal(row.model, "naive");
    assert_int_equal(row.metrics.series, 3);
    assert_int_equal(row.metrics.points, 6);
    assert_near(row.metrics.wape, 36 / (7 + 8 + 9 + 10 + 70.0));
    assert_near(row.metrics.bias, -36 / 104.0);
    assert_near(row.metrics.rmse, sqrt((1 + 4 + 1 + 4 + 100 + 400) / 6.0));
    assert_near(row.metrics.mase, (1.5 + 1.5 + 1.5) / 3); /* b: 15 over its own one step of 10 */
    assert_near(row.metrics.rmsse, (2 * sqrt(2.5) + sqrt(250) / 10) / 3);
    assert_true(row.fit_seconds == 0 && row.predict_seconds >= 0);
    row = row_of(backtest, 1);
    assert_string_equal(row.model, "zero");
    assert_near(row.metrics.wape, 1);
    assert_near(row.metrics.smape, 200);
    seqd_error error = SEQD_ERROR_INIT;
    seqd_backtest_row none = { .struct_size = (uint32_t)sizeof none };
    assert_int_equal(seqd_backtest_row_at(backtest, 2, &none, &error), SEQD_E_ARG);
    assert_int_equal(seqd_backtest_row_at(backtest, -1, &none, &error), SEQD_E_ARG);
    assert_int_equal(seqd_backtest_metrics_at(backtest, 2, &row.metrics, &error), SEQD_E_ARG);
    assert_int_equal(seqd_backtest_metrics_at(backtest, -1, &row.metrics, &error), SEQD_E_ARG);
    seqd_backtest_free(backtest);
}

static void test_network_is_asked_window_by_window(void **state)
{
    (void)state;
    set(SEQD_OPT_HORIZON, "2");
    set(SEQD_OPT_WINDOWS, "3");
    set(SEQD_OPT_STRIDE, "1");
    seqd_dataset *dataset = two_series();
    seqd_backtest *backtest = NULL;
    fake f = { .add = 1 };
    assert_int_equal(seqd_backtest_new(dataset, options, "gru,naive,lstm", "backtest", forecaster, &f, &backtest, NULL),
                     SEQD_OK);
    assert_string_equal(f.log, "backtest 1/3 gru gru fit 1;backtest 2/3 gru gru fit 2;backtest 3/3 gru gru fit 2;"
                               "backtest 1/3 lstm lstm fit 1;backtest 2/3 lstm lstm fit 2;"
                               "backtest 3/3 lstm lstm fit 2;");
    /* Origins 6, 7, 8: a misses by 0 1 in each; b sees 10, then 20: 11 against 20 30, 21 against 30 40. */
    const told row = row_of(backtest, 0);
    assert_near(row.metrics.wape, (3 * 1 + 9 + 19 + 9 + 19) / (7 + 8 + 8 + 9 + 9 + 10 + 20 + 30 + 30 + 40.0));
    assert_near(row.fit_seconds, 6);
    assert_near(row.predict_seconds, 0.75);
    assert_int_equal(row.metrics.series, 5);
    seqd_backtest_free(backtest);

    set(SEQD_OPT_REFIT, "0");
    f.log[0] = '\0';
    assert_int_equal(seqd_backtest_new(dataset, options, "lstm", "backtest", forecaster, &f, &backtest, NULL), SEQD_OK);
    assert_string_equal(f.log, "backtest 1/3 lstm lstm fit 1;backtest 2/3 lstm lstm use 2;"
                               "backtest 3/3 lstm lstm use 2;");
    assert_near(row_of(backtest, 0).fit_seconds, 2);
    seqd_backtest_free(backtest);
    seqd_dataset_free(dataset);
}

/* What is clipped for the models is not clipped for the judge. */
static void test_actuals_are_raw(void **state)
{
    (void)state;
    set(SEQD_OPT_HORIZON, "2");
    set(SEQD_OPT_WINDOWS, "1");
    set(SEQD_OPT_OUTLIERS, "zscore");
    set(SEQD_OPT_OUTLIER_LIMIT, "2");
    const char *ids[32];
    int64_t steps[32];
    double y[32];
    for (int i = 0; i < 32; i++) {
        ids[i] = "a";
        steps[i] = i;
        y[i] = i == 30 ? 5000 : i % 2;
    }
    seqd_dataset *dataset = NULL;
    assert_int_equal(panel_of(context, options, ids, steps, y, 32, &dataset, NULL), SEQD_OK);
    assert_true(dataset->summary.clipped > 0);
    seqd_backtest *backtest = NULL;
    assert_int_equal(seqd_backtest_new(dataset, options, "zero", "backtest", NULL, NULL, &backtest, NULL), SEQD_OK);
    assert_near(row_of(backtest, 0).metrics.rmse, sqrt((5000.0 * 5000 + 1) / 2));
    seqd_backtest_free(backtest);
    seqd_dataset_free(dataset);
}

static const char *const ending_ids[] = { "done", "done", "live", "live", "live", "live",
                                          "live", "stop", "stop", "stop", "stop" };
static const int64_t ending_days[] = { 1, 2, 1, 2, 3, 4, 5, 1, 2, 3, 4 };
static const double ending_y[] = { 9, 9, 1, 1, 1, 2, 2, 1, 1, 1, 3 };

static told one_window_of_naive(int64_t unit)
{
    int64_t times[11];
    for (int i = 0; i < 11; i++) times[i] = ending_days[i] * unit;
    seqd_dataset *dataset = NULL;
    seqd_backtest *backtest = NULL;
    set(SEQD_OPT_HORIZON, "2");
    set(SEQD_OPT_WINDOWS, "1");
    assert_int_equal(panel_of(context, options, ending_ids, times, ending_y, 11, &dataset, NULL), SEQD_OK);
    assert_int_equal(seqd_backtest_new(dataset, options, "naive", "backtest", NULL, NULL, &backtest, NULL), SEQD_OK);
    const told row = row_of(backtest, 0);
    seqd_backtest_free(backtest);
    seqd_dataset_free(dataset);
    return row;
}

/* A series that ended before the window is compared with nothing; one that stops inside it, while it lasts. */
static void test_series_that_end(void **state)
{
    (void)state;
    set(SEQD_OPT_FREQ, "D");
    set(SEQD_OPT_SERIES_END, "own");
    const told row = one_window_of_naive(86400);
    assert_int_equal(row.metrics.series, 2);
    assert_int_equal(row.metrics.points, 3);
    assert_near(row.metrics.wape, (1 + 1 + 2) / (2 + 2 + 3.0));
}

/* Numbered steps are each series' own count: the window is the last two steps of each that is longer than that. */
static void test_series_that_count_for_themselves(void **state)
{
    (void)state;
    set(SEQD_OPT_FREQ, "int");
    set(SEQD_OPT_SERIES_END, "own");
    const told row = one_window_of_naive(1);
    assert_int_equal(row.metrics.series, 2);
    assert_int_equal(row.metrics.points, 4);
    assert_near(row.metrics.wape, (1 + 1 + 0 + 2) / (2 + 2 + 1 + 3.0));
}

/* Day 4 has no row: a sale of 0 when absent steps are zeros, nothing to be judged by when they are guessed. */
static void test_filled_steps(void **state)
{
    (void)state;
    const char *fills[] = { "zero", "forward", "mean", "interpolate", "missing" };
    const char *ids[] = { "a", "a", "a", "a" };
    const int64_t days[] = { 1 * 86400, 2 * 86400, 3 * 86400, 5 * 86400 };
    const double y[] = { 4, 2, 6, 9 };
    set(SEQD_OPT_FREQ, "D");
    set(SEQD_OPT_HORIZON, "2");
    set(SEQD_OPT_WINDOWS, "1");
    for (int i = 0; i < 5; i++) {
        set(SEQD_OPT_FILL, fills[i]);
        seqd_dataset *dataset = NULL;
        seqd_backtest *backtest = NULL;
        assert_int_equal(panel_of(context, options, ids, days, y, 4, &dataset, NULL), SEQD_OK);
        assert_int_equal(seqd_backtest_new(dataset, options, "naive", "backtest", NULL, NULL, &backtest, NULL),
                         SEQD_OK);
        const told row = row_of(backtest, 0);
        assert_int_equal(row.metrics.points, i == 0 ? 2 : 1);
        assert_near(row.metrics.wape, (i == 0 ? 6 + 3 : 3) / 9.0);
        seqd_backtest_free(backtest);
        seqd_dataset_free(dataset);
    }
}

/* The forecast behind a yardstick: point as mean, floor, spread, status. */
static void test_baseline_forecast(void **state)
{
    (void)state;
    set(SEQD_OPT_HORIZON, "3");
    set(SEQD_OPT_SEASON_LENGTH, "2");
    const char *ids[] = { "a", "a", "a", "b", "b", "b", "c", "c", "c", "d" };
    const int64_t steps[] = { 1, 2, 3, 1, 2, 3, 1, 2, 3, 3 };
    const double y[] = { 4, 6, 4, 0, 0, 0, MISSING, MISSING, MISSING, 5 };
    seqd_dataset *dataset = NULL;
    assert_int_equal(panel_of(context, options, ids, steps, y, 10, &dataset, NULL), SEQD_OK);
    seqd_forecast *forecast = NULL;
    assert_int_equal(seqd_baseline_run(dataset, options, "naive", &forecast, NULL), SEQD_OK);
    double values[3];
    assert_int_equal(forecast->horizon, 3);
    assert_int_equal(seqd_forecast_get_mean(forecast, 0, values, NULL), SEQD_OK);
    assert_near(values[2], 4);
    assert_int_equal(seqd_forecast_get_quantile(forecast, 0, 0.9, values, NULL), SEQD_OK);
    assert_near(values[0], 4 + 2 * 1.2815515655446004);
    assert_int_equal(seqd_forecast_get_quantile(forecast, 0, 0.001, values, NULL), SEQD_OK);
    assert_near(values[0], 0);
    const int64_t a = seqd_panel_find(dataset, "a"), b = seqd_panel_find(dataset, "b");
    const int64_t c = seqd_panel_find(dataset, "c"), d = seqd_panel_find(dataset, "d");
    assert_int_equal(forecast->status[a], SEQD_SERIES_OK);
    assert_int_equal(forecast->status[b], SEQD_SERIES_ALL_ZERO);
    assert_int_equal(forecast->status[c], SEQD_SERIES_EMPTY);
    assert_int_equal(forecast->status[d], SEQD_SERIES_SHORT);
    seqd_forecast_free(forecast);

    forecast = NULL;
    seqd_error error = SEQD_ERROR_INIT;
    assert_int_equal(seqd_baseline_run(dataset, options, "niave", &forecast, &error), SEQD_E_OPTION);
    assert_non_null(strstr(error.message, "'naive'"));
    assert_null(forecast);
    seqd_dataset_free(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_naive_by_hand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_network_is_asked_window_by_window, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_actuals_are_raw, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_series_that_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_series_that_count_for_themselves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_filled_steps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_baseline_forecast, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
