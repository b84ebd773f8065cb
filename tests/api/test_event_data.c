/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences of events through the interface: what a dataset of them answers, its parts, and what is for panels alone. */
#include "rig.h"

static seqd_context *context;
static seqd_options *options;
static seqd_dataset *shop;

static const char text[] = "user,time,event,price\n"
                           "b,2024-01-01 12:00:00,view,2\na,2024-01-01,view,1\na,2024-01-03 05:06:07,buy,3\n"
                           "b,2024-01-02 12:00:00,cart,\nc,2024-01-04,view,1\nc,2024-01-05,buy,1\n,2024-01-05,buy,1\n";

static int set_up(void **state)
{
    (void)state;
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

/* Bytes of a model made of a dataset; equal ones are made of equal data. Freed by the caller. */
static unsigned char *model_of(seqd_dataset *dataset, size_t *size)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *model = NULL;
    *size = 0;
    RIG_OK(seqd_model_create(context, options, dataset, &model, &error));
    RIG_OK(seqd_model_save_memory(model, NULL, size, &error));
    unsigned char *bytes = malloc(*size);
    assert_non_null(bytes);
    RIG_OK(seqd_model_save_memory(model, bytes, size, &error));
    seqd_model_release(model);
    return bytes;
}

static void a_file_reads_as_its_text(void **state)
{
    (void)state;
    static const char path[] = "test_event_data.csv";
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *read = NULL;
    size_t a_size, b_size;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, sizeof text - 1, file), sizeof text - 1);
    assert_int_equal(fclose(file), 0);
    RIG_OK(seqd_dataset_read(context, options, path, &read, &error));
    remove(path);
    unsigned char *a = model_of(shop, &a_size), *b = model_of(read, &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a, b, a_size);
    free(a);
    free(b);
    seqd_dataset_release(read);
}

static void models_keep_what_they_know(void **state)
{
    (void)state;
    static const char *const transforms[] = { "standard", "log1p", "quantile", "none" };
    seqd_error error = SEQD_ERROR_INIT;
    for (size_t i = 0; i < sizeof transforms / sizeof *transforms; i++) {
        size_t size, again;
        seqd_model *model = NULL;
        RIG_OK(seqd_options_set_str(options, "num_transform", transforms[i], &error));
        unsigned char *bytes = model_of(shop, &size);
        RIG_OK(seqd_model_load_memory(context, bytes, size, &model, &error));
        again = size;
        unsigned char *copy = malloc(size);
        assert_non_null(copy);
        RIG_OK(seqd_model_save_memory(model, copy, &again, &error));
        assert_int_equal(again, size);
        assert_memory_equal(copy, bytes, size);
        seqd_model_release(model);
        free(bytes);
        free(copy);
    }
    RIG_OK(seqd_options_set_str(options, "num_transform", "standard", &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_answers),
        cmocka_unit_test(parts),
        cmocka_unit_test(for_panels_alone),
        cmocka_unit_test(a_file_reads_as_its_text),
        cmocka_unit_test(models_keep_what_they_know),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
