/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises that hold for every function of the interface: NULL is answered, not followed; failures leave outputs
 * alone; handles go in any order.
 */
#include "contract.h"

static void releases_take_null(void **state)
{
    (void)state;
    seqd_context_release(NULL);
    seqd_options_release(NULL);
    seqd_table_release(NULL);
    seqd_dataset_release(NULL);
    seqd_model_release(NULL);
    seqd_optimizer_release(NULL);
    seqd_trainer_release(NULL);
    seqd_predictor_release(NULL);
    seqd_forecast_release(NULL);
    seqd_evaluation_release(NULL);
    seqd_backtest_release(NULL);
    seqd_tuner_release(NULL);
    seqd_importance_release(NULL);
    seqd_cross_validation_release(NULL);
    seqd_attribution_release(NULL);
    seqd_prediction_release(NULL);
}

static void readers_take_null(void **state)
{
    (void)state;
    assert_int_equal(seqd_context_get_threads(NULL), 0);
    assert_string_equal(seqd_context_get_kernels(NULL), "");
    assert_int_equal(seqd_context_memory_in_use(NULL), 0);
    assert_int_equal(seqd_table_row_count(NULL), 0);
    assert_int_equal(seqd_table_column_count(NULL), 0);
    assert_null(seqd_table_column_name(NULL, 0));
    assert_int_equal(seqd_table_find_column(NULL, "y"), -1);
    assert_null(seqd_table_text(NULL, 0, 0));
    assert_int_equal(seqd_dataset_series_count(NULL), 0);
    assert_null(seqd_dataset_series_id(NULL, 0));
    assert_int_equal(seqd_dataset_find_series(NULL, "a"), -1);
    assert_int_equal(seqd_dataset_find_series(h.dataset, NULL), -1);
    assert_int_equal(seqd_dataset_length(NULL, 0), -1);
    assert_string_equal(seqd_dataset_frequency(NULL), "");
    assert_int_equal(seqd_dataset_season(NULL), 0);
    assert_int_equal(seqd_model_horizon(NULL), 0);
    assert_int_equal(seqd_model_card_count(NULL), 0);
    assert_int_equal(seqd_model_parameter_count(NULL), 0);
    assert_int_equal(seqd_optimizer_steps(NULL), 0);
    assert_int_equal(seqd_forecast_series_count(NULL), 0);
    assert_int_equal(seqd_forecast_horizon(NULL), 0);
    assert_null(seqd_forecast_series_id(NULL, 0));
    assert_int_equal(seqd_forecast_series_status(NULL, 0), SEQD_E_ARG);
    assert_int_equal(seqd_prediction_row_count(NULL), 0);
    assert_int_equal(seqd_prediction_answer_count(NULL), 0);
    assert_int_equal(seqd_prediction_class_count(NULL), 0);
    assert_null(seqd_prediction_class_name(NULL, 0));
    assert_null(seqd_prediction_id(NULL, 0));
    assert_int_equal(seqd_prediction_event(NULL, 0), -1);
    assert_true(seqd_prediction_threshold(NULL) == 0.0);
    assert_int_equal(seqd_backtest_row_count(NULL), 0);
    assert_true(isnan(seqd_importance_loss(NULL)));
    assert_int_equal(seqd_cross_validation_fold_count(NULL), 0);
    assert_int_equal(seqd_importance_windows(NULL), 0);
    assert_int_equal(seqd_importance_count(NULL), 0);
    assert_int_equal(seqd_attribution_step_count(NULL), 0);
    assert_int_equal(seqd_attribution_first_step(NULL), 0);
    assert_int_equal(seqd_attribution_feature_count(NULL), 0);
    assert_null(seqd_attribution_feature_name(NULL, 0));
    assert_int_equal(seqd_tuner_total(NULL), 0);
    assert_int_equal(seqd_tuner_done(NULL), 0);
    assert_int_equal(seqd_tuner_trial_count(NULL), 0);
    assert_int_equal(seqd_tuner_range_count(NULL), 0);
    assert_null(seqd_tuner_range_name(NULL, 0));
    assert_null(seqd_tuner_value(NULL, 0, 0));
    assert_int_equal(seqd_tuner_metric_count(NULL), 0);
    assert_null(seqd_tuner_metric_name(NULL, 0));
    assert_int_equal(seqd_tuner_deciding_metric(NULL), -1);
}

/* Each call once with an error object, whose message must say something, and once without. */
#define BAD(call)                                        \
    do {                                                 \
        seqd_error full = SEQD_ERROR_INIT, *error;       \
        error = &full;                                   \
        assert_int_equal(call, SEQD_E_ARG);              \
        assert_int_equal(full.status, SEQD_E_ARG);       \
        assert_true(full.message[0] != '\0');            \
        error = NULL;                                    \
        assert_int_equal(call, SEQD_E_ARG);              \
    } while (0)

static void null_arguments_are_refused(void **state)
{
    (void)state;
    double numbers[HOST_HORIZON] = { 0 };
    float weights[8] = { 0 };
    int64_t whole = 0;
    size_t size = 0;
    const char *text = NULL;
    char date[24];
    const char *column[1] = { "a" };
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_table *table = NULL;
    seqd_dataset *dataset = NULL;
    seqd_model *model = NULL;
    seqd_optimizer *optimizer = NULL;
    seqd_trainer *trainer = NULL;
    seqd_predictor *other = NULL;
    seqd_forecast *answer = NULL;
    seqd_evaluation *evaluation = NULL;
    seqd_backtest *backtest = NULL;
    seqd_option_info info = { .struct_size = sizeof info };
    seqd_dataset_summary summary = { .struct_size = sizeof summary };
    seqd_parameter_info parameter = { .struct_size = sizeof parameter };
    seqd_training_summary training = { .struct_size = sizeof training };
    seqd_metrics metrics = { .struct_size = sizeof metrics };
    seqd_backtest_row row = { .struct_size = sizeof row };
    seqd_cross_validation *validation = NULL;
    seqd_answer_metrics answered = { .struct_size = sizeof answered };
    seqd_importance *importance = NULL;
    seqd_importance_row importance_row = { .struct_size = sizeof importance_row };
    seqd_attribution *attribution = NULL;
    seqd_attribution_summary attributed = { .struct_size = sizeof attributed };
    seqd_tuner *tuner = NULL;
    seqd_trial trial = { .struct_size = sizeof trial };
    int32_t number = 0;
    seqd_reorder reorder = { .struct_size = sizeof reorder };

    BAD(seqd_context_create(NULL, NULL, error));
    BAD(seqd_context_set_log(NULL, NULL, NULL, 0, error));
    BAD(seqd_context_set_progress(NULL, NULL, NULL, error));
    BAD(seqd_context_set_threads(NULL, 1, error));
    BAD(seqd_context_set_threads(h.context, -1, error));
    BAD(seqd_context_set_kernels(NULL, "ref", error));
    BAD(seqd_context_set_kernels(h.context, NULL, error));
    BAD(seqd_context_set_limit(NULL, "memory", 1, error));
    BAD(seqd_options_create(NULL, &options, error));
    BAD(seqd_options_create(h.context, NULL, error));
    BAD(seqd_options_copy(NULL, &options, error));
    BAD(seqd_options_copy(h.options, NULL, error));
    BAD(seqd_options_set_i64(NULL, "horizon", 1, error));
    BAD(seqd_options_set_i64(h.options, NULL, 1, error));
    BAD(seqd_options_set_f64(NULL, "dropout", 0.1, error));
    BAD(seqd_options_set_str(NULL, "horizon", "1", error));
    BAD(seqd_options_set_str(h.options, "horizon", NULL, error));
    BAD(seqd_options_get_i64(NULL, "horizon", &whole, error));
    BAD(seqd_options_get_i64(h.options, "horizon", NULL, error));
    BAD(seqd_options_get_f64(NULL, "dropout", numbers, error));
    BAD(seqd_options_get_f64(h.options, "dropout", NULL, error));
    BAD(seqd_options_get_str(NULL, "model", &text, error));
    BAD(seqd_options_get_str(h.options, "model", NULL, error));
    BAD(seqd_options_load(NULL, "file", error));
    BAD(seqd_options_load(h.options, NULL, error));
    BAD(seqd_options_describe(0, NULL, error));
    BAD(seqd_options_describe(-1, &info, error));
    BAD(seqd_options_describe(seqd_options_count(), &info, error));
    BAD(seqd_table_read(NULL, "file", &table, error));
    BAD(seqd_table_read(h.context, NULL, &table, error));
    BAD(seqd_table_read(h.context, "file", NULL, error));
    BAD(seqd_table_number(NULL, 0, 0, numbers, error));
    BAD(seqd_dataset_read(NULL, h.options, "file", &dataset, error));
    BAD(seqd_dataset_read(h.context, NULL, "file", &dataset, error));
    BAD(seqd_dataset_read(h.context, h.options, NULL, &dataset, error));
    BAD(seqd_dataset_parse(NULL, h.options, "", 0, &dataset, error));
    BAD(seqd_dataset_parse(h.context, h.options, NULL, 0, &dataset, error));
    BAD(seqd_dataset_parse(h.context, h.options, "", 0, NULL, error));
    BAD(seqd_dataset_create(NULL, h.options, &dataset, error));
    BAD(seqd_dataset_create(h.context, NULL, &dataset, error));
    BAD(seqd_dataset_append_str(NULL, "y", column, 1, error));
    BAD(seqd_dataset_append_i64(NULL, "y", &whole, 1, error));
    BAD(seqd_dataset_append_f64(NULL, "y", numbers, 1, error));
    BAD(seqd_dataset_seal(NULL, error));
    BAD(seqd_dataset_before(NULL, 1, &dataset, error));
    BAD(seqd_dataset_before(h.dataset, 1, NULL, error));
    BAD(seqd_dataset_before(h.dataset, HOST_DAYS, &dataset, error));
    BAD(seqd_dataset_before(h.dataset, -1, &dataset, error));
    BAD(seqd_dataset_split(NULL, "user", 0.5, 1, &dataset, NULL, error));
    BAD(seqd_dataset_split(h.dataset, NULL, 0.5, 1, &dataset, NULL, error));
    BAD(seqd_dataset_split(h.dataset, "usher", 0.5, 1, &dataset, NULL, error));
    BAD(seqd_dataset_split(h.dataset, "user", 0.5, 1, NULL, NULL, error));
    BAD(seqd_dataset_fold(NULL, 5, 0, 1, &dataset, NULL, error));
    BAD(seqd_dataset_fold(h.dataset, 5, 0, 1, NULL, NULL, error));
    BAD(seqd_dataset_values(NULL, 0, 0, 1, numbers, error));
    BAD(seqd_dataset_values(h.dataset, 0, 0, 1, NULL, error));
    BAD(seqd_dataset_values(h.dataset, HOST_SERIES, 0, 1, numbers, error));
    BAD(seqd_dataset_values(h.dataset, 0, HOST_DAYS, 1, numbers, error));
    BAD(seqd_dataset_values(h.dataset, 0, INT64_MAX, INT64_MAX, numbers, error));
    BAD(seqd_dataset_date(NULL, 0, 0, date, sizeof date, error));
    BAD(seqd_dataset_date(h.dataset, -1, 0, date, sizeof date, error));
    BAD(seqd_dataset_date(h.dataset, 0, 0, NULL, 0, error));
    BAD(seqd_dataset_date(h.dataset, 0, 0, date, 4, error));
    BAD(seqd_dataset_date(h.dataset, 0, INT64_MAX, date, sizeof date, error));
    BAD(seqd_dataset_summarize(NULL, &summary, error));
    BAD(seqd_dataset_summarize(h.dataset, NULL, error));
    BAD(seqd_model_create(NULL, h.options, h.dataset, &model, error));
    BAD(seqd_model_create(h.context, NULL, h.dataset, &model, error));
    BAD(seqd_model_create(h.context, h.options, NULL, &model, error));
    BAD(seqd_model_create(h.context, h.options, h.dataset, NULL, error));
    BAD(seqd_model_save(NULL, "file", error));
    BAD(seqd_model_save(h.model, NULL, error));
    BAD(seqd_model_load(NULL, "file", &model, error));
    BAD(seqd_model_load(h.context, NULL, &model, error));
    BAD(seqd_model_load(h.context, "file", NULL, error));
    BAD(seqd_model_save_memory(NULL, NULL, &size, error));
    BAD(seqd_model_save_memory(h.model, NULL, NULL, error));
    BAD(seqd_model_load_memory(NULL, "x", 1, &model, error));
    BAD(seqd_model_load_memory(h.context, NULL, 1, &model, error));
    BAD(seqd_model_load_memory(h.context, "x", 1, NULL, error));
    BAD(seqd_model_adapt(NULL, h.options, h.dataset, &model, error));
    BAD(seqd_model_adapt(h.model, h.options, NULL, &model, error));
    BAD(seqd_model_adapt(h.model, h.options, h.dataset, NULL, error));
    BAD(seqd_model_combine(NULL, 2, "mean", &model, error));
    BAD(seqd_model_combine(&h.model, 1, "mean", &model, error));
    BAD(seqd_model_combine(&h.model, 1, NULL, &model, error));
    BAD(seqd_model_combine(&h.model, 1, "mean", NULL, error));
    BAD(seqd_model_member(NULL, 0, &model, error));
    BAD(seqd_model_member(h.model, 0, &model, error));
    BAD(seqd_model_member(h.model, 0, NULL, error));
    BAD(seqd_ensemble_train(NULL, h.options, h.dataset, &model, NULL, error));
    BAD(seqd_ensemble_train(h.context, NULL, h.dataset, &model, NULL, error));
    BAD(seqd_ensemble_train(h.context, h.options, NULL, &model, NULL, error));
    BAD(seqd_ensemble_train(h.context, h.options, h.dataset, NULL, NULL, error));
    BAD(seqd_trainer_save(NULL, "file", error));
    BAD(seqd_trainer_resume(NULL, "file", h.dataset, &trainer, &model, error));
    BAD(seqd_trainer_resume(h.context, NULL, h.dataset, &trainer, &model, error));
    BAD(seqd_trainer_resume(h.context, "file", NULL, &trainer, &model, error));
    BAD(seqd_trainer_resume(h.context, "file", h.dataset, NULL, &model, error));
    BAD(seqd_trainer_resume(h.context, "file", h.dataset, &trainer, NULL, error));
    BAD(seqd_trainer_update(NULL, "file", h.dataset, NULL, &trainer, &model, error));
    BAD(seqd_trainer_update(h.context, NULL, h.dataset, NULL, &trainer, &model, error));
    BAD(seqd_trainer_update(h.context, "file", NULL, NULL, &trainer, &model, error));
    BAD(seqd_trainer_update(h.context, "file", h.dataset, NULL, NULL, &model, error));
    BAD(seqd_trainer_update(h.context, "file", h.dataset, NULL, &trainer, NULL, error));
    BAD(seqd_model_get_options(NULL, &options, error));
    BAD(seqd_model_get_options(h.model, NULL, error));
    BAD(seqd_model_card(NULL, 0, &text, &text, error));
    BAD(seqd_model_card(h.model, -1, &text, &text, error));
    BAD(seqd_model_card(h.model, 0, NULL, &text, error));
    BAD(seqd_model_parameter_info(NULL, 0, &parameter, error));
    BAD(seqd_model_parameter_info(h.model, -1, &parameter, error));
    BAD(seqd_model_parameter_info(h.model, 0, NULL, error));
    BAD(seqd_model_get_parameter(NULL, "x", weights, 1, error));
    BAD(seqd_model_get_parameter(h.model, "no such tensor", weights, 1, error));
    BAD(seqd_model_get_parameter(h.model, "rnn.bias_ih_l0", weights, 1, error));
    BAD(seqd_model_get_parameter(h.model, "rnn.bias_ih_l0", NULL, 32, error));
    BAD(seqd_model_set_parameter(NULL, "x", weights, 1, error));
    BAD(seqd_model_set_parameter(h.model, NULL, weights, 1, error));
    BAD(seqd_model_set_parameter(h.model, "rnn.bias_ih_l0", weights, 1, error));
    BAD(seqd_optimizer_create(NULL, h.options, &optimizer, error));
    BAD(seqd_optimizer_create(h.model, NULL, &optimizer, error));
    BAD(seqd_trainer_create(NULL, h.dataset, h.options, NULL, &trainer, error));
    BAD(seqd_trainer_create(h.model, NULL, h.options, NULL, &trainer, error));
    BAD(seqd_trainer_create(h.model, h.dataset, NULL, NULL, &trainer, error));
    BAD(seqd_trainer_create(h.model, h.dataset, h.options, NULL, NULL, error));
    BAD(seqd_trainer_run(NULL, error));
    BAD(seqd_trainer_step(NULL, 1, numbers, error));
    BAD(seqd_trainer_summarize(NULL, &training, error));
    BAD(seqd_predictor_create(NULL, &other, error));
    BAD(seqd_predictor_create(h.model, NULL, error));
    int32_t map[3];
    BAD(seqd_model_attention_shape(NULL, &map[0], &map[1], &map[2], error));
    BAD(seqd_model_attention_shape(h.model, NULL, &map[1], &map[2], error));
    BAD(seqd_predictor_attention(NULL, h.dataset, 0, weights, 8, error));
    BAD(seqd_predictor_attention(predictor, NULL, 0, weights, 8, error));
    BAD(seqd_predictor_attention(predictor, h.dataset, 0, NULL, 8, error));

    BAD(seqd_predictor_answer(NULL, h.dataset, SEQD_ANSWER_END, NULL, error));
    BAD(seqd_baseline_answer(NULL, h.dataset, SEQD_ANSWER_END, NULL, error));
    BAD(seqd_prediction_scores(NULL, 0, numbers, error));
    BAD(seqd_prediction_classes(NULL, 0, NULL, error));
    BAD(seqd_prediction_labels(NULL, 0, numbers, error));
    BAD(seqd_prediction_evaluate(NULL, NULL, error));
    BAD(seqd_prediction_evaluate_class(NULL, 0, NULL, error));
    BAD(seqd_prediction_confusion(NULL, NULL, error));
    BAD(seqd_predictor_run(NULL, h.dataset, &answer, error));
    BAD(seqd_predictor_run(predictor, NULL, &answer, error));
    BAD(seqd_predictor_run(predictor, h.dataset, NULL, error));
    BAD(seqd_forecast_mean(NULL, 0, numbers, error));
    BAD(seqd_forecast_mean(forecast, HOST_SERIES, numbers, error));
    BAD(seqd_forecast_mean(forecast, 0, NULL, error));
    BAD(seqd_forecast_quantile(NULL, 0, 0.5, numbers, error));
    BAD(seqd_forecast_quantile(forecast, 0, 0.0, numbers, error));
    BAD(seqd_forecast_quantile(forecast, 0, 1.0, numbers, error));
    BAD(seqd_forecast_quantile(forecast, 0, (double)NAN, numbers, error));
    BAD(seqd_forecast_paths(NULL, 0, 1, 1, numbers, error));
    BAD(seqd_forecast_paths(forecast, -1, 1, 1, numbers, error));
    BAD(seqd_forecast_paths(forecast, 0, -1, 1, numbers, error));
    BAD(seqd_evaluation_create(NULL, 7, NULL, 0, &evaluation, error));
    BAD(seqd_evaluation_create(h.context, 7, NULL, 1, &evaluation, error));
    BAD(seqd_evaluation_add(NULL, numbers, 1, numbers, numbers, numbers, NULL, 1, error));
    BAD(seqd_evaluation_result(NULL, &metrics, error));
    BAD(seqd_baseline_forecast(NULL, h.options, "naive", &answer, error));
    BAD(seqd_baseline_forecast(h.dataset, NULL, "naive", &answer, error));
    BAD(seqd_baseline_forecast(h.dataset, h.options, NULL, &answer, error));
    BAD(seqd_backtest_run(NULL, h.options, "naive", &backtest, error));
    BAD(seqd_backtest_run(h.dataset, NULL, "naive", &backtest, error));
    BAD(seqd_backtest_run(h.dataset, h.options, NULL, &backtest, error));
    BAD(seqd_backtest_get_row(NULL, 0, &row, error));
    BAD(seqd_backtest_get_metrics(NULL, 0, &metrics, error));
    BAD(seqd_cross_validation_run(NULL, h.options, &validation, error));
    BAD(seqd_cross_validation_run(h.dataset, NULL, &validation, error));
    BAD(seqd_cross_validation_get_fold(NULL, 0, &answered, error));
    BAD(seqd_importance_create(NULL, h.dataset, 1, 1, &importance, error));
    BAD(seqd_importance_create(h.model, NULL, 1, 1, &importance, error));
    BAD(seqd_importance_create(h.model, h.dataset, 0, 1, &importance, error));
    BAD(seqd_importance_get_row(NULL, 0, &importance_row, error));
    BAD(seqd_attribution_create(NULL, h.dataset, 0, -1, 0, &attribution, error));
    BAD(seqd_attribution_create(h.model, NULL, 0, -1, 0, &attribution, error));
    BAD(seqd_attribution_create(h.model, h.dataset, -1, -1, 0, &attribution, error));
    BAD(seqd_attribution_summarize(NULL, &attributed, error));
    BAD(seqd_attribution_values(NULL, 0, numbers, error));
    BAD(seqd_options_save(NULL, "x", error));
    BAD(seqd_options_save(h.options, NULL, error));
    BAD(seqd_tuner_create(NULL, &tuner, error));
    BAD(seqd_tuner_add_range(NULL, "dropout", "0:0.5", error));
    BAD(seqd_tuner_open_state(NULL, h.dataset, "x", error));
    BAD(seqd_tuner_step(NULL, h.dataset, &number, error));
    BAD(seqd_tuner_run(NULL, h.dataset, error));
    BAD(seqd_tuner_get_trial(NULL, 0, &trial, error));
    BAD(seqd_tuner_metric(NULL, 0, 0, numbers, error));
    BAD(seqd_tuner_get_options(NULL, 0, &options, error));
    BAD(seqd_reorder_from_forecast(NULL, 0, HOST_STOCK(0, 0, 1, 1, 0.9, 0, 0), 0, 1, &reorder, error));
    BAD(seqd_reorder_from_forecast(forecast, 0, HOST_STOCK(0, 0, 1, 1, 0.9, 0, 0), 0, 1, NULL, error));
    BAD(seqd_reorder_from_forecast(forecast, 0, HOST_STOCK(0, 0, HOST_HORIZON, 1, 0.9, 0, 0), 0, 1, &reorder, error));
    BAD(seqd_reorder_from_forecast(forecast, 0, HOST_STOCK(0, 0, 1, 1, 1.5, 0, 0), 0, 1, &reorder, error));
    BAD(seqd_reorder_from_forecast(forecast, 0, HOST_STOCK((double)NAN, 0, 1, 1, 0.9, 0, 0), 0, 1, &reorder, error));
    BAD(seqd_reorder_from_paths(NULL, numbers, 1, 2, HOST_STOCK(0, 0, 1, 1, 0.9, 0, 0), &reorder, error));
    BAD(seqd_reorder_from_paths(h.context, NULL, 1, 2, HOST_STOCK(0, 0, 1, 1, 0.9, 0, 0), &reorder, error));

    assert_true(context == NULL && options == NULL && table == NULL && dataset == NULL && model == NULL);
    assert_true(optimizer == NULL && trainer == NULL && other == NULL && answer == NULL && evaluation == NULL);
    assert_true(tuner == NULL && validation == NULL && importance == NULL && attribution == NULL && number == 0);
    assert_true(backtest == NULL && text == NULL && size == 0 && whole == 0);
}

static void codes_have_names(void **state)
{
    (void)state;
    static const int32_t codes[] = { SEQD_OK,       SEQD_STOPPED,  SEQD_E_ARG,     SEQD_E_STATE,       SEQD_E_BUSY,
                                     SEQD_E_OPTION, SEQD_E_NOMEM,  SEQD_E_LIMIT,   SEQD_E_IO,          SEQD_E_FORMAT,
                                     SEQD_E_VERSION, SEQD_E_DATA,  SEQD_E_DIVERGED, SEQD_E_UNSUPPORTED, SEQD_E_INTERNAL };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_int_equal(strncmp(seqd_status_name(codes[i]), "SEQD_", 5), 0);
        assert_true(seqd_status_text(codes[i])[0] != '\0');
        for (size_t j = 0; j < i; j++) assert_string_not_equal(seqd_status_name(codes[i]), seqd_status_name(codes[j]));
    }
    assert_non_null(seqd_status_name(-12345));
    assert_non_null(seqd_status_text(INT32_MIN));
    assert_string_equal(seqd_status_name(SEQD_E_DIVERGED), "SEQD_E_DIVERGED");

    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", SEQD_VERSION_MAJOR, SEQD_VERSION_MINOR, SEQD_VERSION_PATCH);
    assert_string_equal(seqd_version_string(), version);
    assert_int_equal(seqd_version_number(), SEQD_VERSION_NUMBER);
    assert_non_null(strstr(seqd_build_info(), "openmp="));
    assert_non_null(strstr(seqd_build_info(), "onednn="));
    assert_non_null(strstr(seqd_build_info(), "kernels="));
}

/* Whatever a host takes away first, the rest goes on working; and all memory comes back. */
static void handles_go_in_any_order(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    host own;
    seqd_predictor *last = NULL;
    seqd_forecast *answer = NULL;
    double values[HOST_HORIZON], expected[HOST_SERIES * HOST_HORIZON];
    assert_int_equal(host_train(&own, 1, "lstm"), 0);
    assert_int_equal(seqd_predictor_create(own.model, &last, &error), SEQD_OK);
    seqd_context_release(own.context);
    seqd_options_release(own.options);
    seqd_model_release(own.model);
    assert_int_equal(seqd_predictor_run(last, own.dataset, &answer, &error), SEQD_OK);
    seqd_dataset_release(own.dataset);
    seqd_predictor_release(last);
    assert_int_equal(seqd_forecast_mean(answer, 2, values, &error), SEQD_OK);
    assert_string_equal(seqd_forecast_series_id(answer, 2), "article-2");
    seqd_forecast_release(answer);
    assert_int_equal(host_predict(&h, expected), 0);
    assert_memory_equal(values, expected + 2 * HOST_HORIZON, sizeof values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(releases_take_null),
        cmocka_unit_test(readers_take_null),
        cmocka_unit_test(null_arguments_are_refused),
        cmocka_unit_test(codes_have_names),
        cmocka_unit_test(handles_go_in_any_order),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
