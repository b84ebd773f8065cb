/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the newer functions answer to a model or data of another task, to numbers out of range and to weights of any
 * size: a status that the headers name, outputs left alone, and numbers where there is an answer.
 */
#include "rig.h"

static rig_memory memory;
static seqd_context *context;
static seqd_options *sales_options, *event_options;
static seqd_dataset *sales, *events;
static seqd_model *forecaster, *classifier, *ensemble;
static seqd_error error = SEQD_ERROR_INIT;

#define EVENT_SETTINGS "task=classify label=column cat_columns=item max_len=5 val_fraction=0.3"

static seqd_options *options_of(const char *settings)
{
    if (!strstr(settings, "task=")) return rig_options(context, settings);
    seqd_options *options = NULL;
    RIG_OK(seqd_options_create(context, &options, &error));
    rig_set(options, "max_steps=4 val_every=2 batch_size=8 warmup_steps=1");
    if (!strstr(settings, "model=mlp") && !strstr(settings, "model=linear")) rig_set(options, "hidden_size=4");
    rig_set(options, settings);
    return options;
}

static rig_text event_text(void)
{
    static const char *const items[] = { "pen", "ink", "pad" };
    rig_text text = { NULL, 0, 0 };
    rig_print(&text, "user,time,event,item,label\n");
    for (int user = 0; user < 12; user++)
        for (int i = 0; i < 4 + user % 3; i++)
            rig_print(&text, "u%d,%d,%s,%s,%d\n", user, i, i % 2 ? "buy" : "view", items[(user + i) % 3], user % 3);
    return text;
}

static int set_up(void **state)
{
    (void)state;
    context = rig_context(&memory);
    sales_options = rig_options(context, "");
    sales = rig_dataset(context, sales_options, 3, 50);
    forecaster = rig_train(context, sales_options, sales);
    event_options = options_of(EVENT_SETTINGS);
    events = rig_parse(context, event_options, event_text());
    classifier = rig_train(context, event_options, events);
    seqd_model *const pair[] = { forecaster, forecaster };
    RIG_OK(seqd_model_combine(pair, 2, "mean", &ensemble, &error));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    seqd_model_release(ensemble);
    seqd_model_release(classifier);
    seqd_model_release(forecaster);
    seqd_dataset_release(events);
    seqd_dataset_release(sales);
    seqd_options_release(event_options);
    seqd_options_release(sales_options);
    seqd_context_release(context);
    return memory.blocks != 0;
}

static char poison;
#define PLACE(type, name) type *name = (type *)(void *)&poison

/* A refusal with a message; which status depends on what is looked at first. */
#define REFUSED(call)                                                                              \
    do {                                                                                           \
        error.message[0] = '\0';                                                                   \
        const int32_t status_ = (call);                                                            \
        if (status_ != SEQD_E_ARG && status_ != SEQD_E_DATA && status_ != SEQD_E_OPTION &&         \
            status_ != SEQD_E_UNSUPPORTED)                                                         \
            fail_msg("%s gives %d: %s", #call, status_, error.message);                            \
        assert_int_equal(error.status, status_);                                                   \
        assert_true(error.message[0] != '\0');                                                     \
    } while (0)

static void data_of_another_task(void **state)
{
    (void)state;
    PLACE(seqd_model, model);
    PLACE(seqd_trainer, trainer);
    PLACE(seqd_stream, stream);
    PLACE(seqd_forecast, forecast);
    PLACE(seqd_prediction, prediction);
    PLACE(seqd_backtest, backtest);
    PLACE(seqd_importance, importance);
    PLACE(seqd_attribution, attribution);
    PLACE(seqd_cross_validation, validation);
    PLACE(seqd_dataset, part);
    seqd_predictor *of_sales = NULL, *of_events = NULL;
    float weights[4];
    double values[4] = { 42, 42, 42, 42 };
    RIG_OK(seqd_predictor_create(forecaster, &of_sales, &error));
    RIG_OK(seqd_predictor_create(classifier, &of_events, &error));

    REFUSED(seqd_model_create(context, sales_options, events, &model, &error));
    REFUSED(seqd_model_create(context, event_options, sales, &model, &error));
    REFUSED(seqd_ensemble_train(context, sales_options, events, &model, NULL, &error));
    REFUSED(seqd_ensemble_train(context, event_options, sales, &model, NULL, &error));
    REFUSED(seqd_trainer_create(forecaster, events, sales_options, NULL, &trainer, &error));
    REFUSED(seqd_trainer_create(classifier, sales, event_options, NULL, &trainer, &error));
    REFUSED(seqd_model_adapt(forecaster, event_options, sales, &model, &error));
    REFUSED(seqd_model_adapt(classifier, sales_options, events, &model, &error));
    REFUSED(seqd_predictor_run(of_sales, events, &forecast, &error));
    REFUSED(seqd_predictor_run(of_events, events, &forecast, &error));
    REFUSED(seqd_predictor_run(of_events, sales, &forecast, &error));
    REFUSED(seqd_predictor_answer(of_sales, sales, SEQD_ANSWER_END, &prediction, &error));
    REFUSED(seqd_predictor_answer(of_events, sales, SEQD_ANSWER_END, &prediction, &error));
    REFUSED(seqd_predictor_attention(of_events, events, 0, weights, 4, &error));
    REFUSED(seqd_baseline_forecast(events, sales_options, "naive", &forecast, &error));
    REFUSED(seqd_baseline_answer(sales, sales, SEQD_ANSWER_END, &prediction, &error));
    REFUSED(seqd_backtest_run(events, event_options, "naive", &backtest, &error));
    REFUSED(seqd_backtest_run(events, event_options, "model", &backtest, &error));
    REFUSED(seqd_stream_create(classifier, events, &stream, &error));
    REFUSED(seqd_stream_create(classifier, sales, &stream, &error));
    REFUSED(seqd_stream_create(forecaster, events, &stream, &error));
    REFUSED(seqd_importance_create(forecaster, events, 1, 1, &importance, &error));
    REFUSED(seqd_importance_create(classifier, sales, 1, 1, &importance, &error));
    REFUSED(seqd_attribution_create(forecaster, events, 0, -1, 4, &attribution, &error));
    REFUSED(seqd_attribution_create(classifier, sales, 0, -1, 4, &attribution, &error));
    REFUSED(seqd_cross_validation_run(sales, sales_options, &validation, &error));
    REFUSED(seqd_cross_validation_run(events, sales_options, &validation, &error));
    REFUSED(seqd_dataset_split(sales, "user", 0.5, 1, &part, NULL, &error));
    REFUSED(seqd_dataset_fold(sales, 3, 0, 1, &part, NULL, &error));
    REFUSED(seqd_dataset_before(events, 1, &part, &error));
    REFUSED(seqd_dataset_values(events, 0, 0, 1, values, &error));
    assert_int_equal(seqd_dataset_class_count(sales), 0);
    assert_null(seqd_dataset_class_name(sales, 0));

    const void *const untouched[] = { model, trainer, stream, forecast, prediction, backtest, importance, attribution,
                                      validation, part };
    for (size_t i = 0; i < sizeof untouched / sizeof *untouched; i++) assert_ptr_equal(untouched[i], &poison);
    assert_true(values[0] == 42);
    seqd_predictor_release(of_sales);
    seqd_predictor_release(of_events);
}

static void numbers_out_of_range(void **state)
{
    (void)state;
    static const double shares[] = { 0, 1, -0.5, 1.5, (double)NAN, (double)INFINITY };
    static const int64_t places[] = { -1, 1000, INT64_MIN, INT64_MAX };
    PLACE(seqd_dataset, part);
    PLACE(seqd_importance, importance);
    PLACE(seqd_attribution, attribution);
    PLACE(seqd_model, model);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        RIG_EXPECT(SEQD_E_ARG, seqd_dataset_split(events, "user", shares[i], 1, &part, NULL, &error));
    REFUSED(seqd_dataset_split(events, "", 0.5, 1, &part, NULL, &error));
    REFUSED(seqd_dataset_split(events, "users", 0.5, 1, &part, NULL, &error));
    static const int32_t folds[][2] = { { 0, 0 }, { 1, 0 }, { -1, 0 }, { 3, -1 }, { 3, 3 }, { 13, 0 }, { INT32_MAX, 0 },
                                        { INT32_MIN, INT32_MIN } };
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++)
        REFUSED(seqd_dataset_fold(events, folds[i][0], folds[i][1], 1, &part, NULL, &error));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        REFUSED(seqd_attribution_create(forecaster, sales, places[i], -1, 4, &attribution, &error));
        REFUSED(seqd_attribution_create(classifier, events, places[i], -1, 4, &attribution, &error));
    }
    static const int32_t classes[] = { -1, 1000, INT32_MIN, INT32_MAX };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        assert_null(seqd_dataset_class_name(events, classes[i]));
    static const int32_t outputs[] = { -2, 3, INT32_MAX, INT32_MIN }, points[] = { -1, INT32_MAX, INT32_MIN };
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        REFUSED(seqd_attribution_create(classifier, events, 0, outputs[i], 4, &attribution, &error));
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        REFUSED(seqd_attribution_create(classifier, events, 0, -1, points[i], &attribution, &error));
    static const int32_t repeats[] = { 0, -1, 1001, INT32_MAX, INT32_MIN };
    for (size_t i = 0; i < sizeof repeats / sizeof *repeats; i++)
        RIG_EXPECT(SEQD_E_ARG, seqd_importance_create(classifier, events, repeats[i], 1, &importance, &error));

    seqd_model *const pair[] = { forecaster, forecaster }, *const mixed[] = { forecaster, classifier },
                      *const hole[] = { forecaster, NULL };
    static const int32_t counts[] = { 1, 0, -1, INT32_MIN };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        RIG_EXPECT(SEQD_E_ARG, seqd_model_combine(pair, counts[i], "mean", &model, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_model_combine(pair, 2, "mode", &model, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_model_combine(mixed, 2, "mean", &model, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_model_combine(hole, 2, "mean", &model, &error));
    assert_ptr_equal(part, &poison);
    assert_ptr_equal(importance, &poison);
    assert_ptr_equal(attribution, &poison);
    assert_ptr_equal(model, &poison);
}

static void what_an_ensemble_has_not(void **state)
{
    (void)state;
    PLACE(seqd_model, member);
    PLACE(seqd_trainer, trainer);
    PLACE(seqd_stream, stream);
    PLACE(seqd_optimizer, optimizer);
    seqd_parameter_info info = { .struct_size = sizeof info };
    float value[1] = { 42 };
    assert_int_equal(seqd_model_member_count(ensemble), 2);
    assert_int_equal(seqd_model_parameter_count(ensemble), 0);
    REFUSED(seqd_model_parameter_info(ensemble, 0, &info, &error));
    REFUSED(seqd_model_get_parameter(ensemble, "rnn.bias_ih_l0", value, 1, &error));
    REFUSED(seqd_model_set_parameter(ensemble, "rnn.bias_ih_l0", value, 1, &error));
    REFUSED(seqd_trainer_create(ensemble, sales, sales_options, NULL, &trainer, &error));
    REFUSED(seqd_optimizer_create(ensemble, sales_options, &optimizer, &error));
    REFUSED(seqd_stream_create(ensemble, sales, &stream, &error));
    REFUSED(seqd_model_member(ensemble, -1, &member, &error));
    REFUSED(seqd_model_member(ensemble, 2, &member, &error));
    REFUSED(seqd_model_member(forecaster, 0, &member, &error));
    assert_int_equal(seqd_model_member_count(forecaster), 0);
    assert_ptr_equal(member, &poison);
    assert_ptr_equal(trainer, &poison);
    assert_ptr_equal(stream, &poison);
    assert_ptr_equal(optimizer, &poison);
    assert_true(value[0] == 42);
}

static void options_of_another_task(void **state)
{
    (void)state;
    static const char *const for_events[][2] = {
        { "max_len", "9" }, { "min_count", "2" }, { "time_gap", "0" }, { "num_transform", "log1p" }, { "label", "count" },
        { "label_window", "7" }, { "label_events", "buy" }, { "pooling", "mean" }, { "class_weight", "balanced" },
    };
    static const char *const for_sales[][2] = {
        { "fill", "mean" }, { "duplicates", "last" }, { "negatives", "zero" }, { "outliers", "zscore" }, { "lags", "7" },
        { "series_end", "own" }, { "season_length", "7" }, { "calendar", "0" }, { "scaler", "robust" },
    };
    for (int task = 0; task < 2; task++)
        for (size_t i = 0; i < 9; i++) {
            const char *const *set = task ? for_sales[i] : for_events[i];
            PLACE(seqd_model, model);
            seqd_options *own = NULL;
            RIG_OK(seqd_options_copy(task ? event_options : sales_options, &own, &error));
            RIG_OK(seqd_options_set_str(own, set[0], set[1], &error));
            RIG_EXPECT(SEQD_E_OPTION, seqd_model_create(context, own, task ? events : sales, &model, &error));
            assert_non_null(strstr(error.message, set[0]));
            assert_ptr_equal(model, &poison);
            seqd_options_release(own);
        }
}

/* Every tensor filled with a number whose products and sums overflow, of one sign or of both. */
static void fill_parameters(seqd_model *model, float size, bool both)
{
    for (int32_t i = 0; i < seqd_model_parameter_count(model); i++) {
        seqd_parameter_info info = { .struct_size = sizeof info };
        RIG_OK(seqd_model_parameter_info(model, i, &info, &error));
        float *values = malloc((size_t)info.count * sizeof *values + 1);
        assert_non_null(values);
        for (int64_t k = 0; k < info.count; k++) values[k] = both && k % 2 ? -size : size;
        RIG_OK(seqd_model_set_parameter(model, info.name, values, info.count, &error));
        free(values);
    }
}

static void answers_are_numbers(seqd_model *model, seqd_dataset *dataset, const char *settings)
{
    seqd_predictor *predictor = NULL;
    seqd_prediction *prediction = NULL;
    RIG_OK(seqd_predictor_create(model, &predictor, &error));
    RIG_OK(seqd_predictor_answer(predictor, dataset, SEQD_ANSWER_END, &prediction, &error));
    const int32_t classes = seqd_prediction_class_count(prediction), answers = seqd_prediction_answer_count(prediction);
    const int32_t width = classes > 0 ? classes : 1;
    double scores[32];
    assert_true(answers * width <= 32);
    for (int64_t row = 0; row < seqd_prediction_row_count(prediction); row++) {
        RIG_OK(seqd_prediction_scores(prediction, row, scores, &error));
        for (int32_t a = 0; a < answers; a++) {
            double sum = 0.0;
            for (int32_t c = 0; c < width; c++) sum += scores[a * width + c];
            if (!isfinite(sum) || (classes > 0 && fabs(sum - 1.0) > 1e-5)) fail_msg("%s: sum %g", settings, sum);
        }
    }
    seqd_prediction_release(prediction);
    seqd_predictor_release(predictor);
}

static void weights_of_any_size(void **state)
{
    (void)state;
    static const float sizes[] = { 1e10f, 1e30f, 3e38f };
    static const char *const of_events[] = {
        EVENT_SETTINGS, EVENT_SETTINGS " model=mlp mlp_size=3,2", EVENT_SETTINGS " model=linear",
        EVENT_SETTINGS " model=rnn nonlinearity=relu",
        EVENT_SETTINGS " pooling=attention bidirectional=1 layer_norm=1 model=gru", EVENT_SETTINGS " pooling=mean",
        "horizon=3 context_length=0 task=classify label=next_event event_column=event max_len=5 model=encdec "
        "decoder_hidden_size=4",
        "task=regress label=count label_events=buy label_window=2 max_len=5 model=mlp",
    };
    static const char *const of_sales[] = {
        "model=mlp head=mse", "model=linear head=quantile", "model=rnn nonlinearity=relu head=gaussian",
        "model=encdec attention=additive decoder_hidden_size=4 head=student_t",
        "model=encdec attention=multihead num_heads=2 decoder_hidden_size=4 head=tweedie",
        "model=encdec attention=dot hidden_size=4 decoder_hidden_size=4 decoding=one_shot head=huber encoder_cell=rnn "
        "nonlinearity=relu",
        "model=gru layer_norm=1 bidirectional=1 head=zero_inflated_negative_binomial",
    };
    for (size_t i = 0; i < sizeof of_events / sizeof *of_events + sizeof of_sales / sizeof *of_sales; i++) {
        const size_t count = sizeof of_events / sizeof *of_events;
        const char *settings = i < count ? of_events[i] : of_sales[i - count];
        seqd_options *options = options_of(settings);
        seqd_dataset *dataset = i < count ? rig_parse(context, options, event_text())
                                          : rig_dataset(context, options, 3, 50);
        seqd_model *model = rig_train(context, options, dataset);
        for (int k = 0; k < 6; k++) {
            fill_parameters(model, sizes[k % 3], k >= 3);
            if (i < count) {
                answers_are_numbers(model, dataset, settings);
                continue;
            }
            size_t figures;
            seqd_forecast *forecast = rig_forecast(model, dataset);
            free(rig_figures(forecast, &figures)); /* asserts that they are numbers */
            seqd_forecast_release(forecast);
        }
        seqd_model_release(model);
        seqd_dataset_release(dataset);
        seqd_options_release(options);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_of_another_task),
        cmocka_unit_test(numbers_out_of_range),
        cmocka_unit_test(options_of_another_task),
        cmocka_unit_test(what_an_ensemble_has_not),
        cmocka_unit_test(weights_of_any_size),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
