/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences of events through the interface: what a dataset of them answers, its parts, and what is for panels alone. */
#include "rig.h"

static seqd_context *context;
static seqd_options *options;
static seqd_dataset *shop;

static int set_up(void **state)
{
    (void)state;
    static const char text[] = "user,time,event,price\n"
                               "b,2024-01-01 12:00:00,view,2\na,2024-01-01,view,1\na,2024-01-03 05:06:07,buy,3\n"
                               "b,2024-01-02 12:00:00,cart,\nc,2024-01-04,view,1\nc,2024-01-05,buy,1\n,2024-01-05,buy,1\n";
    seqd_error error = SEQD_ERROR_INIT;
    context = rig_context(NULL);
    RIG_OK(seqd_options_create(context, &options, &error));
    rig_set(options, "task=classify num_columns=price");
    RIG_OK(seqd_dataset_parse(context, options, text, sizeof text - 1, &shop, &error));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    seqd_options_release(options);
    seqd_dataset_release(shop);
    const int left = seqd_context_memory_in_use(context) != 0;
    seqd_context_release(context);
    return left;
}

static void what_it_answers(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset_summary summary = { .struct_size = sizeof summary };
    char date[24];
    RIG_OK(seqd_dataset_summarize(shop, &summary, &error));
    assert_int_equal(summary.rows, 7);
    assert_int_equal(summary.unnamed, 1);
    assert_int_equal(summary.series, 3);
    assert_int_equal(summary.steps, 6);
    assert_int_equal(summary.labelled, 3);
    assert_int_equal(summary.classes, 3);
    assert_int_equal(seqd_dataset_series_count(shop), 3);
    assert_string_equal(seqd_dataset_series_id(shop, 1), "b");
    assert_int_equal(seqd_dataset_find_series(shop, "c"), 2);
    assert_int_equal(seqd_dataset_length(shop, 0), 2);
    RIG_OK(seqd_dataset_date(shop, 0, 1, date, sizeof date, &error));
    assert_string_equal(date, "2024-01-03 05:06:07");
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_date(shop, 0, 2, date, sizeof date, &error));
    assert_int_equal(seqd_dataset_class_count(shop), 3);
    assert_string_equal(seqd_dataset_class_name(shop, 0), "buy");
    assert_string_equal(seqd_dataset_class_name(shop, 2), "view");
    assert_null(seqd_dataset_class_name(shop, 3));
    assert_null(seqd_dataset_class_name(shop, -1));
    assert_string_equal(seqd_dataset_frequency(shop), "");
    assert_int_equal(seqd_dataset_season(shop), 0);
}

static void parts(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *first = NULL, *rest = NULL;
    RIG_OK(seqd_dataset_split(shop, "user", 0.67, 4, &first, &rest, &error));
    assert_int_equal(seqd_dataset_series_count(first), 2);
    assert_int_equal(seqd_dataset_series_count(rest), 1);
    assert_int_equal(seqd_dataset_class_count(rest), 3);
    seqd_dataset_release(first);
    seqd_dataset_release(rest);
    RIG_OK(seqd_dataset_split(shop, "order", 0.34, 0, &first, NULL, &error));
    assert_string_equal(seqd_dataset_series_id(first, 0), "b");
    seqd_dataset_release(first);
    RIG_OK(seqd_dataset_split(shop, "time", 0.5, 0, &first, &rest, &error));
    assert_int_equal(seqd_dataset_length(first, 0), 1); /* a until the 3rd */
    assert_int_equal(seqd_dataset_length(rest, 0), 2);
    seqd_dataset_release(first);
    seqd_dataset_release(rest);
    RIG_OK(seqd_dataset_fold(shop, 3, 1, 7, NULL, &rest, &error));
    assert_int_equal(seqd_dataset_series_count(rest), 1);
    seqd_dataset_release(rest);
}

static void for_panels_alone(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *view = NULL;
    seqd_forecast *forecast = NULL;
    seqd_backtest *backtest = NULL;
    double values[2];
    RIG_EXPECT(SEQD_E_DATA, seqd_dataset_before(shop, 1, &view, &error));
    RIG_EXPECT(SEQD_E_DATA, seqd_dataset_values(shop, 0, 0, 1, values, &error));
    RIG_EXPECT(SEQD_E_DATA, seqd_baseline_forecast(shop, options, "naive", &forecast, &error));
    assert_non_null(strstr(error.message, "task=classify"));
    RIG_EXPECT(SEQD_E_DATA, seqd_backtest_run(shop, options, "naive", &backtest, &error));
    assert_null(view);
    assert_null(forecast);
    assert_null(backtest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_answers),
        cmocka_unit_test(parts),
        cmocka_unit_test(for_panels_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
