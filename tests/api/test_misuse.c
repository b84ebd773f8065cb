/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that make no sense are answered: with a status and a message, without a change to anything that was given. */
#include "rig.h"

#include <ctype.h>
#include <unistd.h>

#define DAYS 50

static rig_memory memory;
static seqd_context *context;
static seqd_options *options;
static seqd_dataset *dataset;
static seqd_model *model;
static seqd_predictor *predictor;
static seqd_forecast *forecast;
static seqd_error error = SEQD_ERROR_INIT;

static int set_up(void **state)
{
    (void)state;
    context = rig_context(&memory);
    options = rig_options(context, "");
    dataset = rig_dataset(context, options, 3, DAYS);
    model = rig_train(context, options, dataset);
    RIG_OK(seqd_predictor_create(model, &predictor, &error));
    RIG_OK(seqd_predictor_run(predictor, dataset, &forecast, &error));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    seqd_context_release(context);
    seqd_options_release(options);
    seqd_dataset_release(dataset);
    seqd_model_release(model);
    seqd_predictor_release(predictor);
    seqd_forecast_release(forecast);
    return memory.blocks != 0;
}

/* --- NULL for each pointer of each function --- */

static const char *covered[512];
static int covered_count;

static void cover(const char *function)
{
    assert_true(covered_count < (int)(sizeof covered / sizeof *covered));
    covered[covered_count++] = function;
}

/* One pointer is NULL: refused, with an error object or without. */
#define REFUSES(function, ...)                                                   \
    do {                                                                         \
        seqd_error told = SEQD_ERROR_INIT;                                       \
        if (function(__VA_ARGS__, &told) != SEQD_E_ARG) fail_msg("%s(%s)", #function, #__VA_ARGS__); \
        assert_int_equal(told.status, SEQD_E_ARG);                               \
        assert_true(told.message[0] != '\0');                                    \
        assert_int_equal(function(__VA_ARGS__, NULL), SEQD_E_ARG);               \
        cover(#function);                                                        \
    } while (0)
/* NULL is one of the values that this pointer takes; a test that uses it so stands elsewhere in this folder. */
#define TAKES(function) cover(#function)
/* Functions without a status answer NULL with a value that means "none". */
#define GIVES(value, function, ...)                       \
    do {                                                  \
        assert_true(function(__VA_ARGS__) == (value));    \
        cover(#function);                                 \
    } while (0)
#define RELEASES(function)  \
    do {                    \
        function(NULL);     \
        cover(#function);   \
    } while (0)

static void refuse_null_in_streams(void)
{
    seqd_stream *stream = NULL, *none = NULL;
    seqd_forecast *answer = NULL;
    double values[RIG_HORIZON] = { 42, 42, 42, 42 };
    const double levels[] = { 0.5 };
    REFUSES(seqd_stream_create, NULL, dataset, &none);
    REFUSES(seqd_stream_create, model, NULL, &none);
    REFUSES(seqd_stream_create, model, dataset, NULL);
    RIG_OK(seqd_stream_create(model, dataset, &stream, &error));
    GIVES(0, seqd_stream_series_count, NULL);
    GIVES(NULL, seqd_stream_series_id, NULL, 0);
    GIVES(-1, seqd_stream_length, NULL, 0);
    GIVES(0, seqd_stream_horizon, NULL);
    GIVES(0, seqd_stream_known_count, NULL);
    GIVES(NULL, seqd_stream_known_name, NULL, 0);
    GIVES(0, seqd_stream_past_count, NULL);
    GIVES(NULL, seqd_stream_past_name, NULL, 0);
    REFUSES(seqd_stream_push, NULL, 0, 1, 1, NULL, 0, NULL, 0);
    REFUSES(seqd_stream_push, stream, 0, 1, 1, NULL, 0, NULL, 1);
    TAKES(seqd_stream_push); /* known */
    REFUSES(seqd_stream_push_many, NULL, values, NULL, 3, NULL, 0, NULL, 0);
    REFUSES(seqd_stream_push_many, stream, NULL, NULL, 3, NULL, 0, NULL, 0);
    REFUSES(seqd_stream_push_many, stream, values, NULL, 3, NULL, 1, NULL, 0);
    REFUSES(seqd_stream_push_many, stream, values, NULL, 3, NULL, 0, NULL, 1);
    TAKES(seqd_stream_push_many); /* in_stock */
    REFUSES(seqd_stream_forecast, NULL, 0, NULL, 0, values, NULL, 0, NULL);
    REFUSES(seqd_stream_forecast, stream, 0, NULL, 0, values, NULL, 1, values);
    REFUSES(seqd_stream_forecast, stream, 0, NULL, 0, values, levels, 1, NULL);
    REFUSES(seqd_stream_forecast, stream, 0, NULL, 1, values, NULL, 0, NULL);
    TAKES(seqd_stream_forecast); /* mean */
    REFUSES(seqd_stream_run, NULL, NULL, 3, 0, &answer);
    REFUSES(seqd_stream_run, stream, NULL, 3, 0, NULL);
    TAKES(seqd_stream_run);
    REFUSES(seqd_stream_run_into, NULL, NULL, 3, 0, forecast);
    REFUSES(seqd_stream_run_into, stream, NULL, 3, 0, NULL);
    TAKES(seqd_stream_run_into);
    assert_true(values[0] == 42 && !none && !answer);
    seqd_stream_release(stream);
}

/* A place whose contents must not change. */
static char poison;
#define PLACE(type, name) type *name = (type *)(void *)&poison

static void refuse_null_in_data(void)
{
    PLACE(seqd_context, out_context);
    PLACE(seqd_options, out_options);
    PLACE(seqd_table, table);
    PLACE(seqd_dataset, out);
    const char *text = &poison, *names[] = { "a" };
    const double numbers[] = { 1 };
    const int64_t whole[] = { 1 };
    double number = 42, values[4];
    int64_t integer = 42;
    char date[24];
    seqd_option_info info = { .struct_size = sizeof info };
    seqd_dataset_summary summary = { .struct_size = sizeof summary };

    TAKES(seqd_context_create);
    REFUSES(seqd_context_create, NULL, NULL);
    REFUSES(seqd_context_set_log, NULL, NULL, NULL, 0);
    TAKES(seqd_context_set_log);
    REFUSES(seqd_context_set_progress, NULL, NULL, NULL);
    TAKES(seqd_context_set_progress);
    REFUSES(seqd_context_set_threads, NULL, 1);
    GIVES(0, seqd_context_get_threads, NULL);
    REFUSES(seqd_context_set_kernels, NULL, "ref");
    REFUSES(seqd_context_set_kernels, context, NULL);
    GIVES('\0', *seqd_context_get_kernels, NULL);
    cover("seqd_context_get_kernels");
    REFUSES(seqd_context_set_limit, NULL, "memory", 1);
    REFUSES(seqd_context_set_limit, context, NULL, 1);
    GIVES(0, seqd_context_memory_in_use, NULL);

    REFUSES(seqd_options_create, NULL, &out_options);
    REFUSES(seqd_options_create, context, NULL);
    REFUSES(seqd_options_copy, NULL, &out_options);
    REFUSES(seqd_options_copy, options, NULL);
    REFUSES(seqd_options_set_i64, NULL, "seed", 1);
    REFUSES(seqd_options_set_i64, options, NULL, 1);
    REFUSES(seqd_options_set_f64, NULL, "dropout", 0.1);
    REFUSES(seqd_options_set_f64, options, NULL, 0.1);
    REFUSES(seqd_options_set_str, NULL, "seed", "1");
    REFUSES(seqd_options_set_str, options, NULL, "1");
    REFUSES(seqd_options_set_str, options, "seed", NULL);
    REFUSES(seqd_options_get_i64, NULL, "seed", &integer);
    REFUSES(seqd_options_get_i64, options, NULL, &integer);
    REFUSES(seqd_options_get_i64, options, "seed", NULL);
    REFUSES(seqd_options_get_f64, NULL, "dropout", &number);
    REFUSES(seqd_options_get_f64, options, NULL, &number);
    REFUSES(seqd_options_get_f64, options, "dropout", NULL);
    REFUSES(seqd_options_get_str, NULL, "seed", &text);
    REFUSES(seqd_options_get_str, options, NULL, &text);
    REFUSES(seqd_options_get_str, options, "seed", NULL);
    REFUSES(seqd_options_load, NULL, "file");
    REFUSES(seqd_options_load, options, NULL);
    REFUSES(seqd_options_save, NULL, "file");
    REFUSES(seqd_options_save, options, NULL);
    REFUSES(seqd_options_describe, 0, NULL);

    REFUSES(seqd_table_read, NULL, "f", &table);
    REFUSES(seqd_table_read, context, NULL, &table);
    REFUSES(seqd_table_read, context, "f", NULL);
    GIVES(0, seqd_table_row_count, NULL);
    GIVES(0, seqd_table_column_count, NULL);
    GIVES(NULL, seqd_table_column_name, NULL, 0);
    GIVES(-1, seqd_table_find_column, NULL, "y");
    GIVES(-1, seqd_table_find_column, NULL, NULL);
    GIVES(NULL, seqd_table_text, NULL, 0, 0);
    REFUSES(seqd_table_number, NULL, 0, 0, &number);
    REFUSES(seqd_table_number, NULL, 0, 0, NULL);

    REFUSES(seqd_dataset_read, NULL, options, "f", &out);
    REFUSES(seqd_dataset_read, context, NULL, "f", &out);
    REFUSES(seqd_dataset_read, context, options, NULL, &out);
    REFUSES(seqd_dataset_read, context, options, "f", NULL);
    REFUSES(seqd_dataset_parse, NULL, options, "a", 1, &out);
    REFUSES(seqd_dataset_parse, context, NULL, "a", 1, &out);
    REFUSES(seqd_dataset_parse, context, options, NULL, 1, &out);
    REFUSES(seqd_dataset_parse, context, options, "a", 1, NULL);
    REFUSES(seqd_dataset_create, NULL, options, &out);
    REFUSES(seqd_dataset_create, context, NULL, &out);
    REFUSES(seqd_dataset_create, context, options, NULL);
    seqd_dataset *growing = NULL;
    RIG_OK(seqd_dataset_create(context, options, &growing, &error));
    REFUSES(seqd_dataset_append_str, NULL, "a", names, 1);
    REFUSES(seqd_dataset_append_str, growing, NULL, names, 1);
    REFUSES(seqd_dataset_append_str, growing, "a", NULL, 1);
    REFUSES(seqd_dataset_append_i64, NULL, "a", whole, 1);
    REFUSES(seqd_dataset_append_i64, growing, NULL, whole, 1);
    REFUSES(seqd_dataset_append_i64, growing, "a", NULL, 1);
    REFUSES(seqd_dataset_append_f64, NULL, "a", numbers, 1);
    REFUSES(seqd_dataset_append_f64, growing, NULL, numbers, 1);
    REFUSES(seqd_dataset_append_f64, growing, "a", NULL, 1);
    seqd_dataset_release(growing);
    REFUSES(seqd_dataset_seal, NULL);
    REFUSES(seqd_dataset_before, NULL, 1, &out);
    REFUSES(seqd_dataset_before, dataset, 1, NULL);
    REFUSES(seqd_dataset_split, NULL, "user", 0.5, 1, &out, NULL);
    REFUSES(seqd_dataset_split, dataset, NULL, 0.5, 1, &out, NULL);
    REFUSES(seqd_dataset_split, dataset, "user", 0.5, 1, NULL, NULL);
    TAKES(seqd_dataset_split); /* one part of the two */
    REFUSES(seqd_dataset_fold, NULL, 5, 0, 1, &out, NULL);
    REFUSES(seqd_dataset_fold, dataset, 5, 0, 1, NULL, NULL);
    TAKES(seqd_dataset_fold);
    GIVES(0, seqd_dataset_class_count, NULL);
    GIVES(NULL, seqd_dataset_class_name, NULL, 0);
    GIVES(0, seqd_dataset_series_count, NULL);
    GIVES(NULL, seqd_dataset_series_id, NULL, 0);
    GIVES(-1, seqd_dataset_find_series, NULL, "s00");
    GIVES(-1, seqd_dataset_find_series, dataset, NULL);
    GIVES(-1, seqd_dataset_length, NULL, 0);
    REFUSES(seqd_dataset_values, NULL, 0, 0, 1, values);
    REFUSES(seqd_dataset_values, dataset, 0, 0, 1, NULL);
    REFUSES(seqd_dataset_date, NULL, 0, 0, date, 24);
    REFUSES(seqd_dataset_date, dataset, 0, 0, NULL, 24);
    GIVES('\0', *seqd_dataset_frequency, NULL);
    cover("seqd_dataset_frequency");
    GIVES(0, seqd_dataset_season, NULL);
    REFUSES(seqd_dataset_summarize, NULL, &summary);
    REFUSES(seqd_dataset_summarize, dataset, NULL);

    assert_ptr_equal(out_context, &poison);
    assert_ptr_equal(out_options, &poison);
    assert_ptr_equal(table, &poison);
    assert_ptr_equal(out, &poison);
    assert_ptr_equal(text, &poison);
    assert_true(number == 42 && integer == 42);
}

static void refuse_null_in_models(void)
{
    PLACE(seqd_model, out);
    PLACE(seqd_options, out_options);
    PLACE(seqd_optimizer, optimizer);
    PLACE(seqd_trainer, out_trainer);
    PLACE(seqd_predictor, out_predictor);
    PLACE(seqd_forecast, answer);
    seqd_model *fresh = NULL;
    seqd_trainer *trainer = NULL;
    size_t size = 42;
    const char *key = &poison, *value = &poison;
    float weights[24];
    double loss = 42, values[RIG_HORIZON];
    seqd_parameter_info info = { .struct_size = sizeof info };
    seqd_training_summary training = { .struct_size = sizeof training };
    seqd_model *const pair[] = { model, model };

    REFUSES(seqd_model_create, NULL, options, dataset, &out);
    REFUSES(seqd_model_create, context, NULL, dataset, &out);
    REFUSES(seqd_model_create, context, options, NULL, &out);
    REFUSES(seqd_model_create, context, options, dataset, NULL);
    REFUSES(seqd_model_save, NULL, "f");
    REFUSES(seqd_model_save, model, NULL);
    REFUSES(seqd_model_load, NULL, "f", &out);
    REFUSES(seqd_model_load, context, NULL, &out);
    REFUSES(seqd_model_load, context, "f", NULL);
    REFUSES(seqd_model_save_memory, NULL, NULL, &size);
    REFUSES(seqd_model_save_memory, model, NULL, NULL);
    TAKES(seqd_model_save_memory);
    REFUSES(seqd_model_load_memory, NULL, "f", 1, &out);
    REFUSES(seqd_model_load_memory, context, NULL, 1, &out);
    REFUSES(seqd_model_load_memory, context, "f", 1, NULL);
    REFUSES(seqd_model_adapt, NULL, options, dataset, &out);
    TAKES(seqd_model_adapt);
    REFUSES(seqd_model_adapt, model, options, NULL, &out);
    REFUSES(seqd_model_adapt, model, options, dataset, NULL);
    REFUSES(seqd_model_combine, NULL, 2, "mean", &out);
    REFUSES(seqd_model_combine, pair, 2, NULL, &out);
    REFUSES(seqd_model_combine, pair, 2, "mean", NULL);
    GIVES(0, seqd_model_member_count, NULL);
    REFUSES(seqd_model_member, NULL, 0, &out);
    REFUSES(seqd_model_member, model, 0, NULL);
    REFUSES(seqd_ensemble_train, NULL, options, dataset, &out, NULL);
    REFUSES(seqd_ensemble_train, context, NULL, dataset, &out, NULL);
    REFUSES(seqd_ensemble_train, context, options, NULL, &out, NULL);
    REFUSES(seqd_ensemble_train, context, options, dataset, NULL, NULL);
    TAKES(seqd_ensemble_train);
    REFUSES(seqd_model_get_options, NULL, &out_options);
    REFUSES(seqd_model_get_options, model, NULL);
    GIVES(0, seqd_model_horizon, NULL);
    GIVES(0, seqd_model_card_count, NULL);
    REFUSES(seqd_model_card, NULL, 0, &key, &value);
    REFUSES(seqd_model_card, model, 0, NULL, &value);
    REFUSES(seqd_model_card, model, 0, &key, NULL);
    GIVES(0, seqd_model_parameter_count, NULL);
    REFUSES(seqd_model_parameter_info, NULL, 0, &info);
    REFUSES(seqd_model_parameter_info, model, 0, NULL);
    REFUSES(seqd_model_get_parameter, NULL, "rnn.bias_ih_l0", weights, 24);
    REFUSES(seqd_model_get_parameter, model, NULL, weights, 24);
    REFUSES(seqd_model_get_parameter, model, "rnn.bias_ih_l0", NULL, 24);
    REFUSES(seqd_model_set_parameter, NULL, "rnn.bias_ih_l0", weights, 24);
    REFUSES(seqd_model_set_parameter, model, NULL, weights, 24);
    REFUSES(seqd_model_set_parameter, model, "rnn.bias_ih_l0", NULL, 24);

    REFUSES(seqd_optimizer_create, NULL, options, &optimizer);
    REFUSES(seqd_optimizer_create, model, NULL, &optimizer);
    REFUSES(seqd_optimizer_create, model, options, NULL);
    GIVES(0, seqd_optimizer_steps, NULL);
    REFUSES(seqd_trainer_create, NULL, dataset, options, NULL, &out_trainer);
    REFUSES(seqd_trainer_create, model, NULL, options, NULL, &out_trainer);
    REFUSES(seqd_trainer_create, model, dataset, NULL, NULL, &out_trainer);
    REFUSES(seqd_trainer_create, model, dataset, options, NULL, NULL);
    TAKES(seqd_trainer_create);
    REFUSES(seqd_trainer_run, NULL);
    REFUSES(seqd_trainer_resume, NULL, "f", dataset, &out_trainer, &out);
    REFUSES(seqd_trainer_resume, context, NULL, dataset, &out_trainer, &out);
    REFUSES(seqd_trainer_resume, context, "f", NULL, &out_trainer, &out);
    REFUSES(seqd_trainer_resume, context, "f", dataset, NULL, &out);
    REFUSES(seqd_trainer_resume, context, "f", dataset, &out_trainer, NULL);
    REFUSES(seqd_trainer_update, NULL, "f", dataset, options, &out_trainer, &out);
    REFUSES(seqd_trainer_update, context, NULL, dataset, options, &out_trainer, &out);
    REFUSES(seqd_trainer_update, context, "f", NULL, options, &out_trainer, &out);
    TAKES(seqd_trainer_update);
    REFUSES(seqd_trainer_update, context, "f", dataset, options, NULL, &out);
    REFUSES(seqd_trainer_update, context, "f", dataset, options, &out_trainer, NULL);
    RIG_OK(seqd_model_create(context, options, dataset, &fresh, &error));
    RIG_OK(seqd_trainer_create(fresh, dataset, options, NULL, &trainer, &error));
    REFUSES(seqd_trainer_step, NULL, 1, &loss);
    TAKES(seqd_trainer_step);
    RIG_OK(seqd_trainer_step(trainer, 1, NULL, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_trainer_step(trainer, 0, &loss, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_trainer_step(trainer, -1, &loss, &error));
    REFUSES(seqd_trainer_save, NULL, "f");
    REFUSES(seqd_trainer_save, trainer, NULL);
    REFUSES(seqd_trainer_summarize, NULL, &training);
    REFUSES(seqd_trainer_summarize, trainer, NULL);
    seqd_trainer_release(trainer);
    seqd_model_release(fresh);

    REFUSES(seqd_predictor_create, NULL, &out_predictor);
    REFUSES(seqd_predictor_create, model, NULL);
    REFUSES(seqd_predictor_run, NULL, dataset, &answer);
    REFUSES(seqd_predictor_run, predictor, NULL, &answer);
    REFUSES(seqd_predictor_run, predictor, dataset, NULL);
    REFUSES(seqd_predictor_run_into, NULL, dataset, forecast);
    REFUSES(seqd_predictor_run_into, predictor, NULL, forecast);
    REFUSES(seqd_predictor_run_into, predictor, dataset, NULL);
    int32_t map[3];
    REFUSES(seqd_model_attention_shape, NULL, &map[0], &map[1], &map[2]);
    REFUSES(seqd_model_attention_shape, model, NULL, &map[1], &map[2]);
    REFUSES(seqd_model_attention_shape, model, &map[0], NULL, &map[2]);
    REFUSES(seqd_model_attention_shape, model, &map[0], &map[1], NULL);
    REFUSES(seqd_predictor_attention, NULL, dataset, 0, weights, 24);
    REFUSES(seqd_predictor_attention, predictor, NULL, 0, weights, 24);
    REFUSES(seqd_predictor_attention, predictor, dataset, 0, NULL, 24);
    GIVES(0, seqd_forecast_series_count, NULL);
    GIVES(0, seqd_forecast_horizon, NULL);
    GIVES(NULL, seqd_forecast_series_id, NULL, 0);
    GIVES(SEQD_E_ARG, seqd_forecast_series_status, NULL, 0);
    REFUSES(seqd_forecast_mean, NULL, 0, values);
    REFUSES(seqd_forecast_mean, forecast, 0, NULL);
    REFUSES(seqd_forecast_quantile, NULL, 0, 0.5, values);
    REFUSES(seqd_forecast_quantile, forecast, 0, 0.5, NULL);
    REFUSES(seqd_forecast_paths, NULL, 0, 1, 1, values);
    REFUSES(seqd_forecast_paths, forecast, 0, 1, 1, NULL);

    assert_ptr_equal(out, &poison);
    assert_ptr_equal(out_options, &poison);
    assert_ptr_equal(optimizer, &poison);
    assert_ptr_equal(out_trainer, &poison);
    assert_ptr_equal(out_predictor, &poison);
    assert_ptr_equal(answer, &poison);
    assert_ptr_equal(key, &poison);
    assert_ptr_equal(value, &poison);
    assert_true(loss == 42 && size == 42);
}

static void refuse_null_in_measures(void)
{
    PLACE(seqd_evaluation, out);
    PLACE(seqd_forecast, answer);
    PLACE(seqd_backtest, out_backtest);
    seqd_evaluation *evaluation = NULL;
    seqd_backtest *backtest = NULL;
    const double level[] = { 0.5 }, n[] = { 1, 2, 3, 4 };
    seqd_metrics metrics = { .struct_size = sizeof metrics };
    seqd_backtest_row row = { .struct_size = sizeof row };
    seqd_reorder reorder = { .struct_size = sizeof reorder };

    REFUSES(seqd_evaluation_create, NULL, 1, level, 1, &out);
    REFUSES(seqd_evaluation_create, context, 1, NULL, 1, &out);
    REFUSES(seqd_evaluation_create, context, 1, level, 1, NULL);
    RIG_OK(seqd_evaluation_create(context, 1, level, 1, &evaluation, &error));
    REFUSES(seqd_evaluation_add, NULL, n, 4, n, n, n, n, 4);
    REFUSES(seqd_evaluation_add, evaluation, NULL, 4, n, n, n, n, 4);
    REFUSES(seqd_evaluation_add, evaluation, n, 4, NULL, n, n, n, 4);
    REFUSES(seqd_evaluation_add, evaluation, n, 4, n, NULL, n, n, 4);
    REFUSES(seqd_evaluation_add, evaluation, n, 4, n, n, NULL, n, 4);
    TAKES(seqd_evaluation_add);
    RIG_OK(seqd_evaluation_add(evaluation, n, 4, n, n, n, NULL, 4, &error));
    REFUSES(seqd_evaluation_result, NULL, &metrics);
    REFUSES(seqd_evaluation_result, evaluation, NULL);
    seqd_evaluation_release(evaluation);
    REFUSES(seqd_baseline_forecast, NULL, options, "naive", &answer);
    REFUSES(seqd_baseline_forecast, dataset, NULL, "naive", &answer);
    REFUSES(seqd_baseline_forecast, dataset, options, NULL, &answer);
    REFUSES(seqd_baseline_forecast, dataset, options, "naive", NULL);
    REFUSES(seqd_backtest_run, NULL, options, "naive", &out_backtest);
    REFUSES(seqd_backtest_run, dataset, NULL, "naive", &out_backtest);
    REFUSES(seqd_backtest_run, dataset, options, NULL, &out_backtest);
    REFUSES(seqd_backtest_run, dataset, options, "naive", NULL);
    RIG_OK(seqd_backtest_run(dataset, options, "naive", &backtest, &error));
    GIVES(0, seqd_backtest_row_count, NULL);
    REFUSES(seqd_backtest_get_row, NULL, 0, &row);
    REFUSES(seqd_backtest_get_row, backtest, 0, NULL);
    REFUSES(seqd_backtest_get_metrics, NULL, 0, &metrics);
    REFUSES(seqd_backtest_get_metrics, backtest, 0, NULL);
    seqd_backtest_release(backtest);
    REFUSES(seqd_reorder_from_forecast, NULL, 0, RIG_STOCK(1, 0, 1, 1, 0.9, 0, 0), 9, 1, &reorder);
    REFUSES(seqd_reorder_from_forecast, forecast, 0, RIG_STOCK(1, 0, 1, 1, 0.9, 0, 0), 9, 1, NULL);
    REFUSES(seqd_reorder_from_forecast, forecast, 0, NULL, 9, 1, &reorder);
    REFUSES(seqd_reorder_from_paths, context, n, 2, 2, NULL, &reorder);
    GIVES(-1, seqd_forecast_find_series, NULL, "a");
    GIVES(-1, seqd_forecast_find_series, forecast, NULL);
    REFUSES(seqd_reorder_from_paths, NULL, n, 2, 2, RIG_STOCK(1, 0, 1, 1, 0.9, 0, 0), &reorder);
    REFUSES(seqd_reorder_from_paths, context, NULL, 2, 2, RIG_STOCK(1, 0, 1, 1, 0.9, 0, 0), &reorder);
    REFUSES(seqd_reorder_from_paths, context, n, 2, 2, RIG_STOCK(1, 0, 1, 1, 0.9, 0, 0), NULL);

    assert_ptr_equal(out, &poison);
    assert_ptr_equal(answer, &poison);
    assert_ptr_equal(out_backtest, &poison);
}

static void refuse_null_in_explanations(void)
{
    PLACE(seqd_importance, out);
    PLACE(seqd_attribution, out_attribution);
    PLACE(seqd_cross_validation, out_validation);
    seqd_answer_metrics metrics = { .struct_size = sizeof metrics };
    seqd_importance *importance = NULL;
    seqd_attribution *attribution = NULL;
    seqd_importance_row row = { .struct_size = sizeof row };
    seqd_attribution_summary summary = { .struct_size = sizeof summary };
    double value = 42;

    REFUSES(seqd_importance_create, NULL, dataset, 1, 1, &out);
    REFUSES(seqd_importance_create, model, NULL, 1, 1, &out);
    REFUSES(seqd_importance_create, model, dataset, 1, 1, NULL);
    RIG_OK(seqd_importance_create(model, dataset, 1, 1, &importance, &error));
    assert_true(isnan(seqd_importance_loss(NULL)));
    cover("seqd_importance_loss");
    GIVES(0, seqd_importance_windows, NULL);
    GIVES(0, seqd_importance_count, NULL);
    REFUSES(seqd_importance_get_row, NULL, 0, &row);
    REFUSES(seqd_importance_get_row, importance, 0, NULL);
    seqd_importance_release(importance);
    REFUSES(seqd_cross_validation_run, NULL, options, &out_validation);
    REFUSES(seqd_cross_validation_run, dataset, NULL, &out_validation);
    REFUSES(seqd_cross_validation_run, dataset, options, NULL);
    RIG_EXPECT(SEQD_E_DATA, seqd_cross_validation_run(dataset, options, &out_validation, &error)); /* a panel */
    GIVES(0, seqd_cross_validation_fold_count, NULL);
    REFUSES(seqd_cross_validation_get_fold, NULL, 0, &metrics);
    TAKES(seqd_cross_validation_get_fold);
    assert_ptr_equal(out_validation, &poison);
    REFUSES(seqd_attribution_create, NULL, dataset, 0, -1, 0, &out_attribution);
    REFUSES(seqd_attribution_create, model, NULL, 0, -1, 0, &out_attribution);
    REFUSES(seqd_attribution_create, model, dataset, 0, -1, 0, NULL);
    RIG_OK(seqd_attribution_create(model, dataset, 0, -1, 1, &attribution, &error));
    REFUSES(seqd_attribution_summarize, NULL, &summary);
    REFUSES(seqd_attribution_summarize, attribution, NULL);
    GIVES(0, seqd_attribution_step_count, NULL);
    GIVES(0, seqd_attribution_first_step, NULL);
    GIVES(0, seqd_attribution_feature_count, NULL);
    GIVES(NULL, seqd_attribution_feature_name, NULL, 0);
    REFUSES(seqd_attribution_values, NULL, 0, &value);
    REFUSES(seqd_attribution_values, attribution, 0, NULL);
    seqd_attribution_release(attribution);
    assert_ptr_equal(out, &poison);
    assert_ptr_equal(out_attribution, &poison);
    assert_true(value == 42);
}

static void refuse_null_in_predictions(void)
{
    static const char text[] = "user,x,label\na,1,0\nb,2,1\n";
    PLACE(seqd_prediction, out);
    seqd_prediction *answers = NULL;
    seqd_dataset *events = NULL;
    seqd_options *settings = rig_options(context, "task=classify num_columns=x horizon=0");
    seqd_answer_metrics metrics = { .struct_size = sizeof metrics };
    seqd_class_metrics one = { .struct_size = sizeof one };
    double values[2] = { 42, 42 };
    int64_t counts[4];
    int32_t class = 42;

    RIG_OK(seqd_dataset_parse(context, settings, text, sizeof text - 1, &events, &error));
    REFUSES(seqd_predictor_answer, NULL, events, SEQD_ANSWER_END, &out);
    REFUSES(seqd_predictor_answer, predictor, NULL, SEQD_ANSWER_END, &out);
    REFUSES(seqd_predictor_answer, predictor, events, SEQD_ANSWER_END, NULL);
    RIG_EXPECT(SEQD_E_ARG, seqd_predictor_answer(predictor, events, -1, &out, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_predictor_answer(predictor, events, 3, &out, &error));
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_predictor_answer(predictor, events, SEQD_ANSWER_END, &out, &error));
    REFUSES(seqd_baseline_answer, NULL, events, SEQD_ANSWER_END, &out);
    REFUSES(seqd_baseline_answer, events, NULL, SEQD_ANSWER_END, &out);
    REFUSES(seqd_baseline_answer, events, events, SEQD_ANSWER_END, NULL);
    RIG_EXPECT(SEQD_E_DATA, seqd_baseline_answer(events, dataset, SEQD_ANSWER_END, &out, &error));
    RIG_OK(seqd_baseline_answer(events, events, SEQD_ANSWER_END, &answers, &error));
    GIVES(0, seqd_prediction_row_count, NULL);
    GIVES(0, seqd_prediction_answer_count, NULL);
    GIVES(0, seqd_prediction_class_count, NULL);
    GIVES(NULL, seqd_prediction_class_name, NULL, 0);
    GIVES(NULL, seqd_prediction_id, NULL, 0);
    GIVES(-1, seqd_prediction_event, NULL, 0);
    assert_true(!seqd_prediction_class_name(answers, 2) && !seqd_prediction_id(answers, 2));
    assert_int_equal(seqd_prediction_event(answers, -1), -1);
    GIVES(0, seqd_prediction_threshold, NULL);
    REFUSES(seqd_prediction_scores, NULL, 0, values);
    RIG_EXPECT(SEQD_E_ARG, seqd_prediction_scores(answers, 2, values, &error));
    REFUSES(seqd_prediction_scores, answers, 0, NULL);
    REFUSES(seqd_prediction_classes, NULL, 0, &class);
    RIG_EXPECT(SEQD_E_ARG, seqd_prediction_classes(answers, -1, &class, &error));
    REFUSES(seqd_prediction_classes, answers, 0, NULL);
    REFUSES(seqd_prediction_labels, NULL, 0, values);
    RIG_EXPECT(SEQD_E_ARG, seqd_prediction_labels(answers, 2, values, &error));
    REFUSES(seqd_prediction_labels, answers, 0, NULL);
    REFUSES(seqd_prediction_evaluate, NULL, &metrics);
    REFUSES(seqd_prediction_evaluate, answers, NULL);
    REFUSES(seqd_prediction_evaluate_class, NULL, 0, &one);
    RIG_EXPECT(SEQD_E_ARG, seqd_prediction_evaluate_class(answers, 2, &one, &error));
    REFUSES(seqd_prediction_evaluate_class, answers, 0, NULL);
    REFUSES(seqd_prediction_confusion, NULL, counts);
    REFUSES(seqd_prediction_confusion, answers, NULL);
    assert_ptr_equal(out, &poison);
    assert_true(values[0] == 42 && class == 42);
    RIG_OK(seqd_prediction_scores(answers, 1, values, &error));
    assert_true(values[0] == 0.5 && values[1] == 0.5);
    seqd_prediction_release(answers);
    seqd_dataset_release(events);
    seqd_options_release(settings);
}

static int streams_released;

static void release_stream(struct ArrowArrayStream *stream)
{
    streams_released++;
    stream->release = NULL;
}

/* A stream that is handed over is released whatever the call answers; what is not written stays as it was. */
static void refuse_null_in_arrow(void)
{
    static const double levels[] = { 0.5 };
    struct ArrowArrayStream in = { .release = release_stream }, out, untouched;
    PLACE(seqd_dataset, read);
    memset(&out, 42, sizeof out);
    untouched = out;
    streams_released = 0;
    REFUSES(seqd_dataset_from_arrow, NULL, options, &in, &read);
    assert_int_equal(streams_released, 1);
    in.release = release_stream;
    REFUSES(seqd_dataset_from_arrow, context, NULL, &in, &read);
    assert_int_equal(streams_released, 2);
    REFUSES(seqd_dataset_from_arrow, context, options, NULL, &read);
    in.release = release_stream;
    REFUSES(seqd_dataset_from_arrow, context, options, &in, NULL);
    assert_int_equal(streams_released, 3);
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_from_arrow(context, options, &in, &read, &error)); /* released already */
    in.release = release_stream; /* without a call that gives anything */
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_from_arrow(context, options, &in, &read, &error));
    assert_int_equal(streams_released, 4);
    assert_ptr_equal(read, &poison);

    REFUSES(seqd_forecast_to_arrow, NULL, dataset, levels, 1, &out);
    TAKES(seqd_forecast_to_arrow); /* the dataset */
    REFUSES(seqd_forecast_to_arrow, forecast, dataset, NULL, 1, &out);
    REFUSES(seqd_forecast_to_arrow, forecast, dataset, levels, 1, NULL);
    RIG_EXPECT(SEQD_E_ARG, seqd_forecast_to_arrow(forecast, dataset, levels, -1, &out, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_forecast_to_arrow(forecast, dataset, levels, 4097, &out, &error));
    REFUSES(seqd_prediction_to_arrow, NULL, &out);
    seqd_prediction *answers = NULL;
    seqd_dataset *events = NULL;
    seqd_options *settings = rig_options(context, "task=classify num_columns=x horizon=0");
    static const char text[] = "user,x,label\na,1,0\nb,2,1\n";
    RIG_OK(seqd_dataset_parse(context, settings, text, sizeof text - 1, &events, &error));
    RIG_OK(seqd_baseline_answer(events, events, SEQD_ANSWER_EVERY, &answers, &error));
    REFUSES(seqd_prediction_to_arrow, answers, NULL);
    assert_memory_equal(&out, &untouched, sizeof out);
    seqd_prediction_release(answers);
    seqd_dataset_release(events);
    seqd_options_release(settings);
}

static void refuse_null_in_tuners(void)
{
    PLACE(seqd_tuner, out);
    PLACE(seqd_options, out_options);
    seqd_tuner *tuner = NULL;
    int32_t number = 42;
    double value = 42;
    seqd_trial trial = { .struct_size = sizeof trial };

    REFUSES(seqd_tuner_create, NULL, &out);
    REFUSES(seqd_tuner_create, options, NULL);
    RIG_OK(seqd_tuner_create(options, &tuner, &error));
    REFUSES(seqd_tuner_add_range, NULL, "dropout", "0:0.5");
    REFUSES(seqd_tuner_add_range, tuner, NULL, "0:0.5");
    REFUSES(seqd_tuner_add_range, tuner, "dropout", NULL);
    REFUSES(seqd_tuner_open_state, NULL, dataset, "file");
    REFUSES(seqd_tuner_open_state, tuner, NULL, "file");
    REFUSES(seqd_tuner_open_state, tuner, dataset, NULL);
    REFUSES(seqd_tuner_step, NULL, dataset, &number);
    REFUSES(seqd_tuner_step, tuner, NULL, &number);
    REFUSES(seqd_tuner_step, tuner, dataset, NULL);
    REFUSES(seqd_tuner_run, NULL, dataset);
    REFUSES(seqd_tuner_run, tuner, NULL);
    GIVES(0, seqd_tuner_total, NULL);
    GIVES(0, seqd_tuner_done, NULL);
    GIVES(0, seqd_tuner_trial_count, NULL);
    REFUSES(seqd_tuner_get_trial, NULL, 0, &trial);
    REFUSES(seqd_tuner_get_trial, tuner, 0, NULL);
    GIVES(0, seqd_tuner_range_count, NULL);
    GIVES(NULL, seqd_tuner_range_name, NULL, 0);
    GIVES(NULL, seqd_tuner_value, NULL, 0, 0);
    GIVES(0, seqd_tuner_metric_count, NULL);
    GIVES(NULL, seqd_tuner_metric_name, NULL, 0);
    REFUSES(seqd_tuner_metric, NULL, 0, 0, &value);
    REFUSES(seqd_tuner_metric, tuner, 0, 0, NULL);
    GIVES(-1, seqd_tuner_deciding_metric, NULL);
    REFUSES(seqd_tuner_get_options, NULL, 0, &out_options);
    REFUSES(seqd_tuner_get_options, tuner, 0, NULL);
    RIG_EXPECT(SEQD_E_ARG, seqd_tuner_get_trial(tuner, 0, &trial, &error)); /* none was drawn */
    RIG_EXPECT(SEQD_E_OPTION, seqd_tuner_step(tuner, dataset, &number, &error)); /* nothing varies */
    seqd_tuner_release(tuner);
    assert_ptr_equal(out, &poison);
    assert_ptr_equal(out_options, &poison);
    assert_true(number == 42 && value == 42);
}

/* Pointers among the parameters "a, b *, c" that are not the error object. */
static int count_pointers(const char *from, const char *to)
{
    int count = 0;
    while (from < to) {
        const char *end = memchr(from, ',', (size_t)(to - from)), *star;
        if (!end) end = to;
        star = memchr(from, '*', (size_t)(end - from));
        const bool is_error = star && end - star > 5 && memcmp(end - 5, "error", 5) == 0 && end[-6] == '*';
        count += star && !is_error;
        from = end + 1;
    }
    return count;
}

/* 1 when the calls above leave out a pointer of the prototype that begins at `text`. */
static int check_prototype(const char *text)
{
    const char *open = strchr(text, '('), *close = open ? strchr(open, ')') : NULL;
    assert_non_null(close);
    const char *name = open;
    while (isalnum((unsigned char)name[-1]) || name[-1] == '_') name--;
    const size_t length = (size_t)(open - name);
    const int pointers = count_pointers(open + 1, close);
    int found = 0;
    for (int i = 0; i < covered_count; i++)
        found += strlen(covered[i]) == length && memcmp(covered[i], name, length) == 0;
    if (found == pointers) return 0;
    print_error("%.*s has %d pointers, %d were tried\n", (int)length, name, pointers, found);
    return 1;
}

static void null_is_answered_by_every_function(void **state)
{
    (void)state;
    static const char *const headers[] = { "base.h", "context.h", "options.h", "dataset.h", "model.h", "optimizer.h",
                                           "trainer.h", "predictor.h", "explain.h", "prediction.h",
                                           "evaluation.h", "cross.h", "tuner.h", "inventory.h", "arrow.h",
                                           "stream.h" };
    int bad = 0, functions = 0;
    refuse_null_in_data();
    refuse_null_in_models();
    refuse_null_in_streams();
    refuse_null_in_measures();
    refuse_null_in_tuners();
    refuse_null_in_explanations();
    refuse_null_in_predictions();
    refuse_null_in_arrow();
    RELEASES(seqd_context_release);
    RELEASES(seqd_options_release);
    RELEASES(seqd_table_release);
    RELEASES(seqd_dataset_release);
    RELEASES(seqd_model_release);
    RELEASES(seqd_optimizer_release);
    RELEASES(seqd_trainer_release);
    RELEASES(seqd_predictor_release);
    RELEASES(seqd_stream_release);
    RELEASES(seqd_forecast_release);
    RELEASES(seqd_evaluation_release);
    RELEASES(seqd_backtest_release);
    RELEASES(seqd_tuner_release);
    RELEASES(seqd_importance_release);
    RELEASES(seqd_cross_validation_release);
    RELEASES(seqd_attribution_release);
    RELEASES(seqd_prediction_release);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char path[1024];
        static char text[1 << 16];
        (void)snprintf(path, sizeof path, "%s/%s", INCLUDE_FOLDER, headers[i]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        const size_t size = fread(text, 1, sizeof text - 1, file);
        (void)fclose(file);
        text[size] = '\0';
        for (const char *at = text; (at = strstr(at, "\nSEQD_API ")) != NULL; at++, functions++)
            bad += check_prototype(at);
    }
    print_message("%d functions, %d pointers\n", functions, covered_count);
    assert_true(functions > 80);
    assert_int_equal(bad, 0);
}

/* --- states --- */

static void sealed_and_not_sealed(void **state)
{
    (void)state;
    static const char *const ids[] = { "a", "a" }, *const dates[] = { "2023-01-01", "2023-01-02" };
    static const double demand[] = { 1, 2 };
    static const int64_t whole[] = { 1, 2 };
    seqd_dataset *own = NULL, *view = NULL;
    seqd_model *out = NULL;
    seqd_trainer *trainer = NULL;
    seqd_forecast *answer = NULL;
    seqd_backtest *backtest = NULL;
    seqd_dataset_summary summary = { .struct_size = sizeof summary };
    double values[2];
    RIG_OK(seqd_dataset_create(context, options, &own, &error));
    RIG_OK(seqd_dataset_append_str(own, "unique_id", ids, 2, &error));
    RIG_OK(seqd_dataset_append_str(own, "ds", dates, 2, &error));
    RIG_OK(seqd_dataset_append_f64(own, "y", demand, 2, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_model_create(context, options, own, &out, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_predictor_run(predictor, own, &answer, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_dataset_before(own, 1, &view, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_dataset_summarize(own, &summary, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_baseline_forecast(own, options, "naive", &answer, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_backtest_run(own, options, "naive", &backtest, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_values(own, 0, 0, 1, values, &error));
    assert_int_equal(seqd_dataset_series_count(own), 0);
    assert_null(seqd_dataset_series_id(own, 0));
    assert_string_equal(seqd_dataset_frequency(own), "");
    seqd_model *fresh = NULL;
    RIG_OK(seqd_model_create(context, options, dataset, &fresh, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_trainer_create(fresh, own, options, NULL, &trainer, &error));
    seqd_model_release(fresh);
    RIG_OK(seqd_dataset_seal(own, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_dataset_seal(own, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_dataset_append_str(own, "unique_id", ids, 2, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_dataset_append_i64(own, "y", whole, 2, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_dataset_append_f64(own, "y", demand, 2, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_dataset_append_f64(dataset, "y", demand, 2, &error));
    RIG_OK(seqd_dataset_values(own, 0, 0, 2, values, &error));
    assert_true(values[0] == 1 && values[1] == 2);
    seqd_dataset_release(own);

    /* a dataset that cannot be sealed stays open: a column is missing, or another is longer */
    own = NULL;
    RIG_OK(seqd_dataset_create(context, options, &own, &error));
    RIG_OK(seqd_dataset_append_str(own, "unique_id", ids, 2, &error));
    RIG_OK(seqd_dataset_append_f64(own, "y", demand, 2, &error));
    assert_true(seqd_dataset_seal(own, &error) < 0);
    RIG_OK(seqd_dataset_append_str(own, "ds", dates, 1, &error));
    assert_true(seqd_dataset_seal(own, &error) < 0);
    RIG_OK(seqd_dataset_append_str(own, "ds", dates + 1, 1, &error));
    RIG_OK(seqd_dataset_seal(own, &error));
    assert_int_equal(seqd_dataset_length(own, 0), 2);
    seqd_dataset_release(own);
    assert_true(!view && !out && !trainer && !answer && !backtest);
}

typedef struct intruder {
    seqd_model *model;
    seqd_stream *stream; /* made before the training */
    int calls, wrong;
} intruder;

static int32_t intrude(void *user, const seqd_progress *progress)
{
    intruder *in = user;
    seqd_error told = SEQD_ERROR_INIT;
    seqd_forecast *answer = NULL;
    seqd_trainer *second = NULL;
    seqd_predictor *other = NULL;
    seqd_stream *stream = NULL;
    size_t size = 0;
    float bias[24] = { 0 };
    double mean[RIG_HORIZON];
    (void)progress;
    in->calls++;
    in->wrong += seqd_model_save_memory(in->model, NULL, &size, &told) != SEQD_E_BUSY || told.message[0] == '\0';
    in->wrong += seqd_model_save(in->model, "/tmp/seqdemand-never-written", &told) != SEQD_E_BUSY;
    in->wrong += seqd_model_get_parameter(in->model, "rnn.bias_ih_l0", bias, 24, &told) != SEQD_E_BUSY;
    in->wrong += seqd_model_set_parameter(in->model, "rnn.bias_ih_l0", bias, 24, &told) != SEQD_E_BUSY;
    in->wrong += seqd_trainer_create(in->model, dataset, options, NULL, &second, &told) != SEQD_E_BUSY;
    in->wrong += seqd_predictor_create(in->model, &other, &told) != SEQD_OK;
    in->wrong += seqd_predictor_run(other, dataset, &answer, &told) != SEQD_E_BUSY;
    in->wrong += seqd_stream_create(in->model, dataset, &stream, &told) != SEQD_E_BUSY || stream;
    in->wrong += seqd_stream_push(in->stream, 0, 1, 1, NULL, 0, NULL, 0, &told) != SEQD_E_BUSY;
    in->wrong += seqd_stream_forecast(in->stream, 0, NULL, 0, mean, NULL, 0, NULL, &told) != SEQD_E_BUSY;
    in->wrong += seqd_stream_length(in->stream, 0) != DAYS;
    in->wrong += seqd_predictor_run(predictor, dataset, &answer, &told) != SEQD_OK; /* of another model */
    seqd_forecast_release(answer);
    seqd_predictor_release(other);
    in->wrong += size != 0 || second != NULL || access("/tmp/seqdemand-never-written", F_OK) == 0;
    return 0;
}

static void a_model_in_training_is_busy(void **state)
{
    (void)state;
    seqd_model *fresh = NULL;
    seqd_trainer *trainer = NULL, *second = NULL;
    size_t size;
    RIG_OK(seqd_model_create(context, options, dataset, &fresh, &error));
    RIG_OK(seqd_trainer_create(fresh, dataset, options, NULL, &trainer, &error));
    RIG_EXPECT(SEQD_E_BUSY, seqd_trainer_create(fresh, dataset, options, NULL, &second, &error));
    assert_null(second);
    free(rig_save(fresh, &size)); /* between the trainer's runs a model may be read */
    intruder in = { fresh, NULL, 0, 0 };
    RIG_OK(seqd_stream_create(fresh, dataset, &in.stream, &error));
    RIG_OK(seqd_context_set_progress(context, intrude, &in, &error));
    RIG_OK(seqd_trainer_run(trainer, &error));
    RIG_OK(seqd_context_set_progress(context, NULL, NULL, &error));
    assert_int_equal(in.calls, 6);
    assert_int_equal(in.wrong, 0);
    RIG_OK(seqd_stream_push(in.stream, 0, 1, 1, NULL, 0, NULL, 0, &error));
    assert_int_equal(seqd_stream_length(in.stream, 0), DAYS + 1);
    seqd_stream_release(in.stream);
    free(rig_save(fresh, &size));
    seqd_trainer_release(trainer);
    RIG_OK(seqd_trainer_create(fresh, dataset, options, NULL, &second, &error));
    seqd_trainer_release(second);

    /* an optimizer belongs to its model, and outlives a trainer */
    seqd_optimizer *optimizer = NULL;
    second = NULL;
    RIG_OK(seqd_optimizer_create(fresh, options, &optimizer, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_trainer_create(model, dataset, options, optimizer, &second, &error));
    assert_null(second);
    RIG_OK(seqd_trainer_create(fresh, dataset, options, optimizer, &second, &error));
    RIG_OK(seqd_trainer_step(second, 2, NULL, &error));
    seqd_trainer_release(second);
    assert_int_equal(seqd_optimizer_steps(optimizer), 2);
    seqd_optimizer_release(optimizer);
    seqd_model_release(fresh);
}

/* --- handles are released in every order --- */

typedef struct family {
    seqd_context *context;
    seqd_options *options;
    seqd_dataset *dataset, *view;
    seqd_model *model;
    seqd_trainer *trainer;
    seqd_forecast *forecast;
} family;
#define MEMBERS 7

static family make_family(rig_memory *counted)
{
    static char text[2048];
    static size_t size;
    family f = { 0 };
    seqd_predictor *own = NULL;
    if (size == 0) {
        rig_text csv = rig_csv(2, 16);
        assert_true(csv.size < sizeof text);
        memcpy(text, csv.bytes, csv.size);
        size = csv.size;
        free(csv.bytes);
    }
    f.context = rig_context(counted);
    f.options = rig_options(f.context, "hidden_size=2 decoder_size=2 context_length=7 batch_size=2 horizon=2");
    RIG_OK(seqd_dataset_parse(f.context, f.options, text, size, &f.dataset, &error));
    RIG_OK(seqd_dataset_before(f.dataset, 2, &f.view, &error));
    RIG_OK(seqd_model_create(f.context, f.options, f.view, &f.model, &error));
    RIG_OK(seqd_trainer_create(f.model, f.view, f.options, NULL, &f.trainer, &error));
    RIG_OK(seqd_predictor_create(f.model, &own, &error));
    RIG_OK(seqd_predictor_run(own, f.view, &f.forecast, &error));
    seqd_predictor_release(own);
    return f;
}

/* Every handle that is left still does its work. */
static void use_family(const family *f)
{
    double values[2];
    const char *text;
    seqd_training_summary summary = { .struct_size = sizeof summary };
    if (f->context) assert_true(seqd_context_memory_in_use(f->context) >= 0);
    if (f->options) RIG_OK(seqd_options_get_str(f->options, "horizon", &text, &error));
    if (f->dataset) RIG_OK(seqd_dataset_values(f->dataset, 1, 0, 2, values, &error));
    if (f->view) assert_string_equal(seqd_dataset_series_id(f->view, 1), "s01");
    if (f->model) assert_int_equal(seqd_model_horizon(f->model), 2);
    if (f->trainer) RIG_OK(seqd_trainer_summarize(f->trainer, &summary, &error));
    if (f->forecast) RIG_OK(seqd_forecast_quantile(f->forecast, 1, 0.9, values, &error));
}

static void drop_member(family *f, int member)
{
#define DROP(number, kind, name) \
    case number: seqd_##kind##_release(f->name), f->name = NULL; break
    switch (member) {
        DROP(0, context, context);
        DROP(1, options, options);
        DROP(2, dataset, dataset);
        DROP(3, dataset, view);
        DROP(4, model, model);
        DROP(5, trainer, trainer);
        DROP(6, forecast, forecast);
    default: fail();
    }
#undef DROP
}

static void handles_go_in_every_order(void **state)
{
    (void)state;
    int tried = 0;
    for (int number = 0; number < 5040; number++) {
        rig_memory counted = { 0 };
        int left[MEMBERS] = { 0, 1, 2, 3, 4, 5, 6 }, code = number;
        family f = make_family(&counted);
        for (int count = MEMBERS; count > 0; count--) {
            const int at = code % count, member = left[at];
            code /= count;
            left[at] = left[count - 1];
            drop_member(&f, member);
            use_family(&f);
        }
        assert_int_equal(counted.blocks, 0);
        tried++;
    }
    assert_int_equal(tried, 5040);
}

/* --- options --- */

static void option_values_are_checked(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        { "horizon", "-1" },       { "horizon", "4097" },      { "horizon", "1.5" },        { "horizon", "ten" },
        { "horizon", "" },         { "horizon", " " },         { "horizon", "99999999999999999999" },
        { "horizon", "0x10" },     { "dropout", "1" },         { "dropout", "nan" },        { "dropout", "inf" },
        { "dropout", "0,5" },      { "dropout", "0.1x" },      { "model", "transformer" },  { "model", "LSTM " },
        { "hidden_size", "0" },    { "hidden_size", "4097" },  { "hidden_size", "8;4" },    { "hidden_size", "8,,4" },
        { "quantiles", "0.5,1" },  { "quantiles", "0.5,0.5" }, { "quantiles", "a" },        { "learning_rate", "0" },
        { "learning_rate", "11" }, { "seed", "-1" },           { "seed", "9223372036854775808" }, { "freq", "Q" },
        { "calendar", "2" },       { "batch_size", "0" },      { "step_size", "0" },        { "smoothing", "0" },
    };
    seqd_options *own = NULL;
    RIG_OK(seqd_options_create(context, &own, &error));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *before, *after;
        char kept[256];
        RIG_OK(seqd_options_get_str(own, wrong[i][0], &before, &error));
        (void)snprintf(kept, sizeof kept, "%s", before);
        const int32_t status = seqd_options_set_str(own, wrong[i][0], wrong[i][1], &error);
        if (status != SEQD_E_OPTION) print_error("%s = '%s' gives %d\n", wrong[i][0], wrong[i][1], status);
        assert_int_equal(status, SEQD_E_OPTION);
        assert_non_null(strstr(error.message, wrong[i][0]));
        RIG_OK(seqd_options_get_str(own, wrong[i][0], &after, &error));
        assert_string_equal(after, kept);
    }
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_set_f64(own, "dropout", (double)NAN, &error));
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_set_f64(own, "dropout", (double)INFINITY, &error));
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_set_f64(own, "horizon", 2.5, &error));
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_set_i64(own, "model", 1, &error));
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_set_i64(own, "horizon", INT64_MIN, &error));
    int64_t whole = 7;
    double number = 7;
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_get_i64(own, "model", &whole, &error));
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_get_i64(own, "dropout", &whole, &error));
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_get_f64(own, "quantiles", &number, &error));
    assert_true(whole == 7 && number == 7);
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_set_str(own, "learning_rat", "0.1", &error));
    assert_non_null(strstr(error.message, "'learning_rate'"));
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_set_str(own, "hiden_size", "8", &error));
    assert_non_null(strstr(error.message, "'hidden_size'"));
    RIG_EXPECT(SEQD_E_OPTION, seqd_options_get_str(own, "", (const char *[]){ NULL }, &error));
    seqd_options_release(own);
}

static void every_option_goes_round(void **state)
{
    (void)state;
    seqd_options *own = NULL, *copy = NULL;
    RIG_OK(seqd_options_create(context, &own, &error));
    for (int32_t i = 0; i < seqd_options_count(); i++) {
        seqd_option_info info = { .struct_size = sizeof info };
        const char *text;
        RIG_OK(seqd_options_describe(i, &info, &error));
        RIG_OK(seqd_options_get_str(own, info.name, &text, &error));
        assert_string_equal(text, info.default_value);
        const bool integer = strcmp(info.type, "integer") == 0, number = strcmp(info.type, "number") == 0;
        if (!integer && !number) continue;
        double back;
        RIG_OK(seqd_options_set_f64(own, info.name, info.minimum, &error));
        RIG_OK(seqd_options_get_f64(own, info.name, &back, &error));
        assert_true(back == info.minimum);
        if (info.maximum < 1e15) {
            RIG_OK(seqd_options_set_f64(own, info.name, info.maximum, &error));
            const double beyond = info.maximum + (integer ? 1 : info.maximum);
            RIG_EXPECT(SEQD_E_OPTION, seqd_options_set_f64(own, info.name, beyond, &error));
            RIG_OK(seqd_options_get_f64(own, info.name, &back, &error));
            assert_true(back == info.maximum);
        }
        RIG_EXPECT(SEQD_E_OPTION, seqd_options_set_f64(own, info.name, info.minimum - 1, &error));
    }
    RIG_OK(seqd_options_copy(own, &copy, &error));
    rig_set(copy, "horizon=3");
    int64_t horizon;
    RIG_OK(seqd_options_get_i64(own, "horizon", &horizon, &error));
    assert_int_equal(horizon, 4096); /* a copy is a copy */
    seqd_options_release(copy);
    seqd_options_release(own);
}

/* --- parameters, and other values --- */

static void parameters_go_round(void **state)
{
    (void)state;
    seqd_model *own = rig_train(context, options, dataset);
    int64_t total = 0;
    for (int32_t i = 0; i < seqd_model_parameter_count(own); i++) {
        seqd_parameter_info info = { .struct_size = sizeof info };
        RIG_OK(seqd_model_parameter_info(own, i, &info, &error));
        assert_true(info.rank == 1 || info.rank == 2);
        assert_int_equal(info.count, info.shape[0] * info.shape[1]);
        total += info.count;
        const size_t bytes = (size_t)info.count * sizeof(float);
        float *kept = malloc(bytes + 1), *values = malloc(bytes + 1), *back = malloc(bytes + 1);
        RIG_OK(seqd_model_get_parameter(own, info.name, kept, info.count, &error));
        for (int64_t k = 0; k < info.count; k++) values[k] = (float)(k % 7) * 0.01f - 0.02f;
        static const float never[] = { (float)NAN, (float)INFINITY, -(float)INFINITY };
        for (int n = 0; n < 3 && info.count > 0; n++) { /* without static columns their tensors are empty */
            const float good = values[info.count - 1];
            values[info.count - 1] = never[n];
            RIG_EXPECT(SEQD_E_DATA, seqd_model_set_parameter(own, info.name, values, info.count, &error));
            values[info.count - 1] = good;
        }
        RIG_EXPECT(SEQD_E_ARG, seqd_model_set_parameter(own, info.name, values, info.count - 1, &error));
        RIG_EXPECT(SEQD_E_ARG, seqd_model_set_parameter(own, info.name, values, info.count + 1, &error));
        RIG_EXPECT(SEQD_E_ARG, seqd_model_set_parameter(own, info.name, values, -1, &error));
        RIG_EXPECT(SEQD_E_ARG, seqd_model_get_parameter(own, info.name, values, INT64_MAX, &error));
        RIG_OK(seqd_model_get_parameter(own, info.name, back, info.count, &error));
        assert_memory_equal(back, kept, bytes); /* nothing of that had an effect */
        RIG_OK(seqd_model_set_parameter(own, info.name, values, info.count, &error));
        RIG_OK(seqd_model_get_parameter(own, info.name, back, info.count, &error));
        assert_memory_equal(back, values, bytes);
        free(kept), free(values), free(back);
    }
    RIG_EXPECT(SEQD_E_ARG, seqd_model_get_parameter(own, "rnn.weight_ih_l9", (float[1]){ 0 }, 1, &error));
    assert_non_null(strstr(error.message, "rnn.weight_ih_l9"));
    assert_true(total > 100);

    /* a predictor made before sees the new weights */
    seqd_forecast *after = rig_forecast(own, dataset);
    size_t count;
    double *first = rig_figures(forecast, &count), *second = rig_figures(after, &count);
    assert_memory_not_equal(first, second, count * sizeof *first);
    free(first), free(second);
    seqd_forecast_release(after);
    seqd_model_release(own);
}

static void numbers_out_of_range(void **state)
{
    (void)state;
    static const double n[] = { 1, 2, 3, 4 }, nothing[] = { (double)NAN, (double)NAN, 0, 0 };
    double values[RIG_HORIZON] = { 42, 42, 42, 42 };
    const double levels[] = { 0, 1, -0.1, 1.1, (double)NAN, (double)INFINITY };
    seqd_reorder reorder = { .struct_size = sizeof reorder, .order_quantity = 42 };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        RIG_EXPECT(SEQD_E_ARG, seqd_forecast_quantile(forecast, 0, levels[i], values, &error));
        RIG_EXPECT(SEQD_E_ARG,
                   seqd_reorder_from_forecast(forecast, 0,
                                              RIG_STOCK(1, 0, 1, 1, levels[i], 0, 0), 9, 1, &reorder, &error));
        RIG_EXPECT(SEQD_E_ARG,
                   seqd_reorder_from_paths(context, n, 2, 2, RIG_STOCK(1, 0, 1, 1, levels[i], 0, 0), &reorder, &error));
    }
    const int64_t series[] = { -1, 3, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
        RIG_EXPECT(SEQD_E_ARG, seqd_forecast_mean(forecast, series[i], values, &error));
        RIG_EXPECT(SEQD_E_ARG, seqd_forecast_quantile(forecast, series[i], 0.5, values, &error));
        RIG_EXPECT(SEQD_E_ARG, seqd_forecast_paths(forecast, series[i], 1, 1, values, &error));
        RIG_EXPECT(SEQD_E_ARG,
                   seqd_reorder_from_forecast(forecast, series[i],
                                              RIG_STOCK(1, 0, 1, 1, 0.9, 0, 0), 9, 1, &reorder, &error));
        RIG_EXPECT(SEQD_E_ARG, seqd_dataset_values(dataset, series[i], 0, 1, values, &error));
        assert_null(seqd_forecast_series_id(forecast, series[i]));
        assert_null(seqd_dataset_series_id(dataset, series[i]));
        assert_int_equal(seqd_dataset_length(dataset, series[i]), -1);
        assert_int_equal(seqd_forecast_series_status(forecast, series[i]), SEQD_E_ARG);
    }
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_values(dataset, 0, -1, 1, values, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_values(dataset, 0, DAYS, 1, values, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_values(dataset, 0, 0, INT64_MAX, values, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_values(dataset, 0, INT64_MAX, INT64_MAX, values, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_forecast_paths(forecast, 0, -1, 1, values, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_reorder_from_paths(context, nothing, 2, 2,
                                                   RIG_STOCK(1, 0, 1, 1, 0.9, 0, 0), &reorder, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_reorder_from_paths(context, n, 0, 2,
                                                   RIG_STOCK(1, 0, 1, 1, 0.9, 0, 0), &reorder, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_reorder_from_paths(context, n, 2, 2,
                                                   RIG_STOCK(1, 0, 2, 1, 0.9, 0, 0), &reorder, &error));
    RIG_EXPECT(SEQD_E_ARG,
               seqd_reorder_from_forecast(forecast, 0,
                                          RIG_STOCK(1, 0, RIG_HORIZON, 1, 0.9, 0, 0), 9, 1, &reorder, &error));
    RIG_EXPECT(SEQD_E_ARG,
               seqd_reorder_from_forecast(forecast, 0,
                                          RIG_STOCK(1, 0, INT32_MAX, INT32_MAX, 0.9, 0, 0), 9, 1, &reorder, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_reorder_from_forecast(forecast, 0,
                                                      RIG_STOCK(1, 0, -1, 1, 0.9, 0, 0), 9, 1, &reorder, &error));
    RIG_EXPECT(SEQD_E_ARG,
               seqd_reorder_from_forecast(forecast, 0,
                                          RIG_STOCK((double)NAN, 0, 1, 1, 0.9, 0, 0), 9, 1, &reorder, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_reorder_from_forecast(forecast, 0,
                                                      RIG_STOCK(1, -1, 1, 1, 0.9, 0, 0), 9, 1, &reorder, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_reorder_from_forecast(forecast, 0,
                                                      RIG_STOCK(1, 0, 1, 1, 0.9, -6, 0), 9, 1, &reorder, &error));
    assert_true(reorder.order_quantity == 42);
    for (int i = 0; i < RIG_HORIZON; i++) assert_true(values[i] == 42);

    RIG_EXPECT(SEQD_E_ARG, seqd_context_set_threads(context, -1, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_context_set_threads(context, INT32_MAX, &error));
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_context_set_kernels(context, "avx1024", &error));
    assert_non_null(strstr(error.message, "avx1024"));
    RIG_EXPECT(SEQD_E_OPTION, seqd_context_set_limit(context, "memroy", 1, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_context_set_limit(context, "memory", -1, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_context_set_log(context, NULL, NULL, 9, &error));
    assert_int_equal(seqd_context_get_threads(context), 1);
}

static void limits_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t value;
    } limits[] = { { "series", 2 }, { "rows", 3 * DAYS - 1 }, { "field", 9 }, { "parameters", 100 } };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        seqd_context *own = rig_context(NULL);
        seqd_options *own_options = rig_options(own, "");
        rig_text text = rig_csv(3, DAYS);
        seqd_dataset *data = NULL;
        seqd_model *made = NULL;
        RIG_OK(seqd_context_set_limit(own, limits[i].name, limits[i].value, &error));
        int32_t status = seqd_dataset_parse(own, own_options, text.bytes, text.size, &data, &error);
        if (status == SEQD_OK) status = seqd_model_create(own, own_options, data, &made, &error);
        if (status != SEQD_E_LIMIT) print_error("%s: %d\n", limits[i].name, status);
        assert_int_equal(status, SEQD_E_LIMIT);
        assert_non_null(strstr(error.message, limits[i].name));
        assert_null(made);
        free(text.bytes);
        seqd_dataset_release(data);
        seqd_options_release(own_options);
        assert_int_equal(seqd_context_memory_in_use(own), 0);
        seqd_context_release(own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_answered_by_every_function),
        cmocka_unit_test(sealed_and_not_sealed),
        cmocka_unit_test(a_model_in_training_is_busy),
        cmocka_unit_test(handles_go_in_every_order),
        cmocka_unit_test(option_values_are_checked),
        cmocka_unit_test(every_option_goes_round),
        cmocka_unit_test(parameters_go_round),
        cmocka_unit_test(numbers_out_of_range),
        cmocka_unit_test(limits_are_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
