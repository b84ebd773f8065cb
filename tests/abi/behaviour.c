/* SPDX-License-Identifier: Apache-2.0 */
/* What each family of functions does, seen from outside: callbacks, columns, models in memory, options, tables, forecasts, limits. */
#include "contract.h"

static int32_t stop_at_once(void *user, const seqd_progress *progress)
{
    int *calls = user;
    *calls += 1;
    assert_int_equal(progress->struct_size, sizeof *progress);
    assert_non_null(progress->task);
    assert_true(progress->step <= progress->total_steps);
    return 1;
}

static void keep_line(void *user, int32_t level, const char *line)
{
    char *kept = user;
    assert_true(level >= SEQD_LOG_ERROR && level <= SEQD_LOG_DEBUG);
    assert_null(strchr(line, '\n'));
    snprintf(kept, 256, "%s", line);
}

static void callbacks_are_called(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL, *second = NULL;
    seqd_optimizer *optimizer = NULL;
    seqd_training_summary summary = { .struct_size = sizeof summary };
    double loss = 0;
    int calls = 0;
    char line[256] = "";
    assert_int_equal(seqd_model_create(h.context, h.options, h.dataset, &model, &error), SEQD_OK);
    assert_int_equal(seqd_optimizer_create(model, h.options, &optimizer, &error), SEQD_OK);
    assert_int_equal(seqd_trainer_create(model, h.dataset, h.options, optimizer, &trainer, &error), SEQD_OK);
    assert_int_equal(seqd_trainer_create(model, h.dataset, h.options, NULL, &second, &error), SEQD_E_BUSY);
    assert_null(second);
    assert_int_equal(seqd_trainer_step(trainer, 3, &loss, &error), SEQD_OK);
    assert_int_equal(seqd_optimizer_steps(optimizer), 3);
    assert_true(isfinite(loss));

    assert_int_equal(seqd_context_set_log(h.context, keep_line, line, SEQD_LOG_DEBUG, &error), SEQD_OK);
    assert_int_equal(seqd_context_set_progress(h.context, stop_at_once, &calls, &error), SEQD_OK);
    assert_int_equal(seqd_trainer_run(trainer, &error), SEQD_STOPPED);
    assert_int_equal(calls, 1);
    assert_int_equal(seqd_context_set_progress(h.context, NULL, NULL, &error), SEQD_OK);
    assert_int_equal(seqd_context_set_log(h.context, NULL, NULL, SEQD_LOG_ERROR, &error), SEQD_OK);
    assert_int_equal(seqd_trainer_summarize(trainer, &summary, &error), SEQD_OK);
    assert_true(summary.steps >= 3);
    assert_int_equal(summary.series, HOST_SERIES);
    seqd_trainer_release(trainer);

    /* free again for another trainer */
    assert_int_equal(seqd_trainer_create(model, h.dataset, h.options, NULL, &second, &error), SEQD_OK);
    seqd_trainer_release(second);
    seqd_optimizer_release(optimizer);
    seqd_model_release(model);
}

/* Columns in memory and the same rows as text make the same dataset. */
static void columns_and_text_agree(void **state)
{
    (void)state;
    static const char *const ids[6] = { "b", "a", "b", "a", "a", "b" };
    static const int64_t days[6] = { 0, 0, 86400, 86400, 3 * 86400, 2 * 86400 };
    static const double y[6] = { 1.5, 2, (double)NAN, 4, 5, -1 };
    static const char text[] = "unique_id,ds,y\nb,1970-01-01,1.5\na,1970-01-01,2\nb,1970-01-02,\na,1970-01-02,4\n"
                               "a,1970-01-04,5\nb,1970-01-03,-1\n";
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    seqd_dataset *columns = NULL, *parsed = NULL, *before = NULL;
    assert_int_equal(seqd_options_create(h.context, &options, &error), SEQD_OK);
    assert_int_equal(seqd_options_set_str(options, "freq", "D", &error), SEQD_OK);
    assert_int_equal(seqd_dataset_create(h.context, options, &columns, &error), SEQD_OK);
    assert_int_equal(seqd_dataset_append_str(columns, "unique_id", ids, 6, &error), SEQD_OK);
    assert_int_equal(seqd_dataset_append_i64(columns, "ds", days, 6, &error), SEQD_OK);
    assert_int_equal(seqd_dataset_append_f64(columns, "y", y, 6, &error), SEQD_OK);
    assert_int_equal(seqd_dataset_seal(columns, &error), SEQD_OK);
    assert_int_equal(seqd_dataset_append_f64(columns, "y", y, 6, &error), SEQD_E_STATE);
    assert_int_equal(seqd_dataset_seal(columns, &error), SEQD_E_STATE);
    assert_int_equal(seqd_dataset_parse(h.context, options, text, sizeof text - 1, &parsed, &error), SEQD_OK);

    seqd_dataset_summary a = { .struct_size = sizeof a }, b = { .struct_size = sizeof b };
    assert_int_equal(seqd_dataset_summarize(columns, &a, &error), SEQD_OK);
    assert_int_equal(seqd_dataset_summarize(parsed, &b, &error), SEQD_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(a.rows, 6);
    assert_int_equal(a.series, 2);
    assert_int_equal(a.missing, 1);
    assert_int_equal(a.negative, 1);
    assert_string_equal(seqd_dataset_frequency(columns), "D");
    assert_int_equal(seqd_dataset_season(columns), 7);
    for (int64_t i = 0; i < 2; i++) {
        double left[8], right[8];
        char date[24];
        const int64_t length = seqd_dataset_length(columns, i);
        assert_true(length > 0 && length <= 8);
        assert_int_equal(seqd_dataset_length(parsed, i), length);
        assert_string_equal(seqd_dataset_series_id(columns, i), i == 0 ? "a" : "b");
        assert_int_equal(seqd_dataset_find_series(columns, i == 0 ? "a" : "b"), i);
        assert_int_equal(seqd_dataset_values(columns, i, 0, length, left, &error), SEQD_OK);
        assert_int_equal(seqd_dataset_values(parsed, i, 0, length, right, &error), SEQD_OK);
        for (int64_t j = 0; j < length; j++) {
            assert_true(left[j] == right[j] || (isnan(left[j]) && isnan(right[j])));
        }
        assert_int_equal(seqd_dataset_date(columns, i, 1, date, sizeof date, &error), SEQD_OK);
        assert_string_equal(date, "1970-01-02");
    }
    assert_int_equal(seqd_dataset_before(parsed, 2, &before, &error), SEQD_OK);
    assert_int_equal(seqd_dataset_length(before, 0), 2);
    seqd_dataset_release(before);
    seqd_dataset_release(columns);
    seqd_dataset_release(parsed);
    seqd_options_release(options);
}

static void models_move_through_memory(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *copy = NULL;
    seqd_options *options = NULL;
    int64_t horizon = 0;
    size_t size = 0;
    double left[HOST_SERIES * HOST_HORIZON], right[HOST_SERIES * HOST_HORIZON];
    assert_int_equal(seqd_model_save_memory(h.model, NULL, &size, &error), SEQD_OK);
    assert_true(size > 0);
    const size_t need = size;
    unsigned char *bytes = malloc(need), *again = malloc(need);
    assert_true(bytes != NULL && again != NULL);
    size = need - 1;
    assert_int_equal(seqd_model_save_memory(h.model, bytes, &size, &error), SEQD_E_ARG);
    assert_int_equal(size, need);
    assert_int_equal(seqd_model_save_memory(h.model, bytes, &size, &error), SEQD_OK);
    assert_int_equal(seqd_model_load_memory(h.context, bytes, need, &copy, &error), SEQD_OK);
    assert_int_equal(seqd_model_save_memory(copy, again, &size, &error), SEQD_OK);
    assert_memory_equal(bytes, again, need);
    assert_int_equal(seqd_model_horizon(copy), HOST_HORIZON);
    assert_int_equal(seqd_model_get_options(copy, &options, &error), SEQD_OK);
    assert_int_equal(seqd_options_get_i64(options, "horizon", &horizon, &error), SEQD_OK);
    assert_int_equal(horizon, HOST_HORIZON);
    assert_true(seqd_model_card_count(copy) > 0);
    for (int32_t i = 0; i < seqd_model_card_count(copy); i++) {
        const char *key = NULL, *value = NULL;
        assert_int_equal(seqd_model_card(copy, i, &key, &value, &error), SEQD_OK);
        assert_true(key[0] != '\0' && value != NULL);
    }

    host other = h;
    other.model = copy;
    assert_int_equal(host_predict(&h, left), 0);
    assert_int_equal(host_predict(&other, right), 0);
    assert_memory_equal(left, right, sizeof left);

    /* Weights out and in again; a change shows in the forecast, values that are no numbers are refused. */
    float weights[512], changed[512];
    seqd_parameter_info info = { .struct_size = sizeof info };
    for (int32_t i = 0; i < seqd_model_parameter_count(copy); i++) {
        assert_int_equal(seqd_model_parameter_info(copy, i, &info, &error), SEQD_OK);
        assert_int_equal(info.count, info.shape[0] * info.shape[1]);
    }
    assert_int_equal(seqd_model_get_parameter(copy, "rnn.bias_ih_l0", weights, 32, &error), SEQD_OK);
    for (int i = 0; i < 32; i++) changed[i] = weights[i] + 0.25f;
    assert_int_equal(seqd_model_set_parameter(copy, "rnn.bias_ih_l0", changed, 32, &error), SEQD_OK);
    assert_int_equal(host_predict(&other, right), 0);
    assert_memory_not_equal(left, right, sizeof left);
    changed[7] = INFINITY;
    assert_int_equal(seqd_model_set_parameter(copy, "rnn.bias_ih_l0", changed, 32, &error), SEQD_E_DATA);
    assert_int_equal(seqd_model_set_parameter(copy, "rnn.bias_ih_l0", weights, 32, &error), SEQD_OK);
    assert_int_equal(host_predict(&other, right), 0);
    assert_memory_equal(left, right, sizeof left);

    free(bytes);
    free(again);
    seqd_options_release(options);
    seqd_model_release(copy);
}

static void options_are_checked(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL, *copy = NULL;
    const char *text = NULL;
    double number = 0;
    char path[64];
    assert_int_equal(seqd_options_create(h.context, &options, &error), SEQD_OK);
    assert_int_equal(seqd_options_set_f64(options, "learning_rate", 0.25, &error), SEQD_OK);
    assert_int_equal(seqd_options_get_f64(options, "learning_rate", &number, &error), SEQD_OK);
    assert_true(number == 0.25);
    assert_int_equal(seqd_options_set_str(options, "model", "gru", &error), SEQD_OK);
    assert_int_equal(seqd_options_copy(options, &copy, &error), SEQD_OK);
    assert_int_equal(seqd_options_set_str(options, "model", "grux", &error), SEQD_E_OPTION);
    assert_int_equal(seqd_options_set_i64(options, "horizon", -3, &error), SEQD_E_OPTION);
    assert_int_equal(seqd_options_set_f64(options, "dropout", (double)NAN, &error), SEQD_E_OPTION);
    assert_int_equal(seqd_options_get_str(copy, "model", &text, &error), SEQD_OK);
    assert_string_equal(text, "gru");
    assert_int_equal(seqd_options_set_i64(options, "learning_rat", 1, &error), SEQD_E_OPTION);
    assert_non_null(strstr(error.message, "learning_rate"));

    for (int32_t i = 0; i < seqd_options_count(); i++) {
        seqd_option_info info = { .struct_size = sizeof info };
        assert_int_equal(seqd_options_describe(i, &info, &error), SEQD_OK);
        assert_true(info.name[0] != '\0' && info.help[0] != '\0');
        assert_int_equal(seqd_options_get_str(options, info.name, &text, &error), SEQD_OK);
        assert_int_equal(seqd_options_set_str(copy, info.name, info.default_value, &error), SEQD_OK);
    }

    snprintf(path, sizeof path, "contract.%ld.conf", (long)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("# a comment\nhorizon = 9\nmodel = lstm\n", file);
    fclose(file);
    assert_int_equal(seqd_options_load(options, path, &error), SEQD_OK);
    assert_int_equal(seqd_options_get_str(options, "horizon", &text, &error), SEQD_OK);
    assert_string_equal(text, "9");
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("horizon = 10\nmodel = perceptron\n", file);
    fclose(file);
    assert_int_equal(seqd_options_load(options, path, &error), SEQD_E_OPTION);
    assert_int_equal(error.line, 2);
    assert_int_equal(seqd_options_get_str(options, "horizon", &text, &error), SEQD_OK);
    assert_string_equal(text, "9"); /* nothing is changed unless every line is good */
    unlink(path);
    seqd_options_release(copy);
    seqd_options_release(options);
}

static void tables_are_read(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_table *table = NULL;
    double number = 0;
    char path[64];
    snprintf(path, sizeof path, "contract.%ld.csv", (long)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("unique_id;on_hand\n\"a;b\";12.5\nc;\nd;many\n", file);
    fclose(file);
    assert_int_equal(seqd_table_read(h.context, path, &table, &error), SEQD_OK);
    unlink(path);
    assert_int_equal(seqd_table_row_count(table), 3);
    assert_int_equal(seqd_table_column_count(table), 2);
    assert_string_equal(seqd_table_column_name(table, 1), "on_hand");
    assert_null(seqd_table_column_name(table, 2));
    assert_int_equal(seqd_table_find_column(table, "on_hand"), 1);
    assert_int_equal(seqd_table_find_column(table, "on_han"), -1);
    assert_string_equal(seqd_table_text(table, 0, 0), "a;b");
    assert_string_equal(seqd_table_text(table, 1, 1), "");
    assert_null(seqd_table_text(table, 3, 0));
    assert_int_equal(seqd_table_number(table, 0, 1, &number, &error), SEQD_OK);
    assert_true(number == 12.5);
    assert_int_equal(seqd_table_number(table, 1, 1, &number, &error), SEQD_OK);
    assert_true(isnan(number));
    number = 1;
    assert_int_equal(seqd_table_number(table, 2, 1, &number, &error), SEQD_E_DATA);
    assert_int_equal(error.line, 4);
    assert_true(number == 1);
    assert_int_equal(seqd_table_number(table, 0, 2, &number, &error), SEQD_E_ARG);
    seqd_table_release(table);
}

static void forecasts_are_finite_and_ordered(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_forecast *simple = NULL;
    static double paths[200 * HOST_HORIZON], same[200 * HOST_HORIZON];
    assert_int_equal(seqd_forecast_series_count(forecast), HOST_SERIES);
    assert_int_equal(seqd_forecast_horizon(forecast), HOST_HORIZON);
    for (int64_t i = 0; i < HOST_SERIES; i++) {
        double last[HOST_HORIZON], next[HOST_HORIZON];
        assert_int_equal(seqd_forecast_series_status(forecast, i), SEQD_SERIES_OK);
        assert_int_equal(seqd_forecast_quantile(forecast, i, 0.001, last, &error), SEQD_OK);
        for (int level = 1; level < 50; level++) {
            assert_int_equal(seqd_forecast_quantile(forecast, i, level / 50.0, next, &error), SEQD_OK);
            for (int k = 0; k < HOST_HORIZON; k++) {
                assert_true(isfinite(next[k]) && next[k] >= last[k]);
                last[k] = next[k];
            }
        }
        assert_int_equal(seqd_forecast_paths(forecast, i, 200, 7, paths, &error), SEQD_OK);
        assert_int_equal(seqd_forecast_paths(forecast, i, 200, 7, same, &error), SEQD_OK);
        assert_memory_equal(paths, same, sizeof paths);
        for (int k = 0; k < 200 * HOST_HORIZON; k++) assert_true(isfinite(paths[k]));
    }
    assert_int_equal(seqd_baseline_forecast(h.dataset, h.options, "seasonal_naive", &simple, &error), SEQD_OK);
    double repeated[HOST_HORIZON], history[HOST_DAYS];
    assert_int_equal(seqd_forecast_mean(simple, 1, repeated, &error), SEQD_OK);
    assert_int_equal(seqd_dataset_values(h.dataset, 1, 0, HOST_DAYS, history, &error), SEQD_OK);
    for (int k = 0; k < HOST_HORIZON; k++) assert_true(repeated[k] == history[HOST_DAYS - 7 + k]);
    seqd_forecast_release(simple);
}

static void limits_hold(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    static char text[HOST_SERIES * HOST_DAYS * 32];
    const size_t size = host_csv(text, sizeof text);
    assert_int_equal(seqd_context_create(NULL, &context, &error), SEQD_OK);
    assert_int_equal(seqd_context_set_kernels(context, "ref", &error), SEQD_OK);
    assert_string_equal(seqd_context_get_kernels(context), "ref");
    assert_int_equal(seqd_context_set_kernels(context, "avx9000", &error), SEQD_E_UNSUPPORTED);
    assert_int_equal(seqd_context_set_threads(context, 0, &error), SEQD_OK);
    assert_true(seqd_context_get_threads(context) >= 1);
    assert_int_equal(seqd_context_set_limit(context, "no such limit", 1, &error), SEQD_E_OPTION);
    assert_int_equal(seqd_options_create(context, &options, &error), SEQD_OK);
    static const char *const names[] = { "series", "rows", "memory", "field" };
    static const int64_t small[] = { HOST_SERIES - 1, HOST_SERIES * HOST_DAYS - 1, 4096, 4 };
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        assert_int_equal(seqd_context_set_limit(context, names[i], small[i], &error), SEQD_OK);
        const int64_t before = seqd_context_memory_in_use(context);
        assert_int_equal(seqd_dataset_parse(context, options, text, size, &dataset, &error), SEQD_E_LIMIT);
        assert_null(dataset);
        assert_int_equal(seqd_context_memory_in_use(context), before);
        assert_int_equal(seqd_context_set_limit(context, names[i], 0, &error), SEQD_OK);
    }
    assert_int_equal(seqd_dataset_parse(context, options, text, size, &dataset, &error), SEQD_OK);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callbacks_are_called),
        cmocka_unit_test(columns_and_text_agree),
        cmocka_unit_test(models_move_through_memory),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(tables_are_read),
        cmocka_unit_test(forecasts_are_finite_and_ordered),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
