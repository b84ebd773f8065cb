/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program as a host of this version writes it: its own allocator, log and progress, a panel, a network, forecasts,
 * orders, measures, a stream, a search, Arrow, and calls that fail. tests/abi/record stores it with the headers of a
 * release; abi_released compiles it against those and runs it on the library of today. Every result struct is followed
 * by bytes that a library which knows a longer one must not touch. C99; prints one line.
 */
#include <seqdemand/seqdemand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERIES 4
#define DAYS 90
#define HORIZON 5

static int checks, failures;

static void check(int good, int line, const char *what)
{
    checks++;
    if (good) return;
    failures++;
    printf("line %d: %s\n", line, what);
}

#define CHECK(condition) check((condition) != 0, __LINE__, #condition)

static seqd_error error = SEQD_ERROR_INIT;

static void call(int32_t status, int line, const char *what)
{
    check(status == SEQD_OK, line, what);
    if (status != SEQD_OK) printf("    %s: %s\n", seqd_status_name(status), error.message);
}

#define OK(expression) call((expression), __LINE__, #expression)

/* A result and what lies behind it in the memory of the program. */
#define RESULT(type, name, expression)                                                              \
    type name;                                                                                      \
    do {                                                                                            \
        unsigned char room[sizeof(type) + 64];                                                      \
        memset(room, 0xA5, sizeof room);                                                            \
        memset(&name, 0, sizeof name);                                                              \
        name.struct_size = (uint32_t)sizeof name;                                                   \
        type *result = malloc(sizeof room);                                                         \
        if (!result) exit(1);                                                                       \
        memcpy(room, &name, sizeof name);                                                           \
        memcpy(result, room, sizeof room);                                                          \
        OK(expression);                                                                             \
        memcpy(&name, result, sizeof name);                                                         \
        CHECK(name.struct_size == sizeof name);                                                     \
        CHECK(memcmp((char *)result + sizeof name, room + sizeof name, sizeof room - sizeof name) == 0); \
        free(result);                                                                               \
    } while (0)

static long blocks, lines, reports;

static void *allocate(void *user, size_t size)
{
    (void)user;
    blocks++;
    return malloc(size);
}

static void give_back(void *user, void *pointer)
{
    (void)user;
    if (pointer) blocks--;
    free(pointer);
}

static void take_line(void *user, int32_t level, const char *line)
{
    (void)user;
    lines += level <= SEQD_LOG_DEBUG && line[0] != '\0';
}

static int32_t take_progress(void *user, const seqd_progress *progress)
{
    (void)user;
    reports++;
    CHECK(progress->struct_size >= sizeof *progress && progress->step <= progress->total_steps && progress->task);
    return 0;
}

static seqd_dataset *make_panel(seqd_context *context, const seqd_options *options)
{
    static const char *const ids[SERIES] = { "a", "b", "c", "d" };
    static const char *id[SERIES * DAYS];
    static int64_t day[SERIES * DAYS];
    static double y[SERIES * DAYS];
    seqd_dataset *panel = NULL;
    for (int i = 0; i < SERIES * DAYS; i++) {
        id[i] = ids[i / DAYS];
        day[i] = i % DAYS;
        y[i] = 4 + 3 * (i / DAYS) + (i % 7 >= 5 ? 5 : 0) + i * 7919 % 5;
    }
    OK(seqd_dataset_create(context, options, &panel, &error));
    OK(seqd_dataset_append_str(panel, "unique_id", id, SERIES * DAYS, &error));
    OK(seqd_dataset_append_i64(panel, "ds", day, SERIES * DAYS, &error));
    OK(seqd_dataset_append_f64(panel, "y", y, SERIES * DAYS, &error));
    OK(seqd_dataset_seal(panel, &error));
    return panel;
}

static seqd_model *train(seqd_context *context, const seqd_options *options, seqd_dataset *panel)
{
    seqd_model *model = NULL;
    seqd_optimizer *optimizer = NULL;
    seqd_trainer *trainer = NULL;
    OK(seqd_model_create(context, options, panel, &model, &error));
    OK(seqd_optimizer_create(model, options, &optimizer, &error));
    OK(seqd_trainer_create(model, panel, options, optimizer, &trainer, &error));
    OK(seqd_trainer_run(trainer, &error));
    RESULT(seqd_training_summary, summary, seqd_trainer_summarize(trainer, result, &error));
    CHECK(summary.steps == 20 && summary.series == SERIES);
    seqd_trainer_release(trainer);
    seqd_optimizer_release(optimizer);
    RESULT(seqd_parameter_info, info, seqd_model_parameter_info(model, 0, result, &error));
    CHECK(info.count == info.shape[0] * info.shape[1] && info.name[0] != '\0');
    return model;
}

/* Through memory and back: the same forecast. */
static void forecast_and_order(seqd_context *context, seqd_model *model, seqd_dataset *panel)
{
    double mean[HORIZON], again[HORIZON], upper[HORIZON], paths[3 * HORIZON];
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL, *second = NULL;
    seqd_model *loaded = NULL;
    size_t size = 0;
    OK(seqd_predictor_create(model, &predictor, &error));
    OK(seqd_predictor_run(predictor, panel, &forecast, &error));
    seqd_predictor_release(predictor);
    predictor = NULL;
    CHECK(seqd_forecast_series_count(forecast) == SERIES && seqd_forecast_horizon(forecast) == HORIZON);
    CHECK(seqd_forecast_series_status(forecast, 0) == SEQD_SERIES_OK);
    OK(seqd_forecast_mean(forecast, 1, mean, &error));
    OK(seqd_forecast_quantile(forecast, 1, 0.9, upper, &error));
    OK(seqd_forecast_paths(forecast, 1, 3, 7, paths, &error));
    CHECK(mean[0] > 0 && upper[0] > 0 && paths[0] >= 0);

    OK(seqd_model_save_memory(model, NULL, &size, &error));
    void *bytes = malloc(size);
    if (!bytes) exit(1);
    OK(seqd_model_save_memory(model, bytes, &size, &error));
    OK(seqd_model_load_memory(context, bytes, size, &loaded, &error));
    free(bytes);
    OK(seqd_predictor_create(loaded, &predictor, &error));
    OK(seqd_predictor_run(predictor, panel, &second, &error));
    OK(seqd_forecast_mean(second, 1, again, &error));
    CHECK(memcmp(mean, again, sizeof mean) == 0);

    const seqd_stock stock = { .struct_size = sizeof stock, .lead_time = 2, .review_period = 2, .on_hand = 3,
                               .service_level = 0.95, .pack_size = 6 };
    RESULT(seqd_reorder, order,
           seqd_reorder_from_forecast(forecast, 1, &stock, 200, 1, result, &error));
    CHECK(order.position == 3 && order.order_quantity > 0 && order.order_up_to >= order.reorder_point);
    CHECK(seqd_forecast_find_series(forecast, "b") == 1);
    RESULT(seqd_reorder, from_paths,
           seqd_reorder_from_paths(context, paths, 3, HORIZON, &stock, result, &error));
    CHECK(from_paths.order_up_to >= from_paths.reorder_point);

    const double levels[] = { 0.1, 0.9 };
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    OK(seqd_forecast_to_arrow(forecast, panel, levels, 2, &stream, &error));
    CHECK(stream.get_next(&stream, &batch) == 0 && batch.length == SERIES * HORIZON && batch.n_children == 5);
    CHECK(((const double *)batch.children[2]->buffers[1])[HORIZON] == mean[0]);
    batch.release(&batch);
    stream.release(&stream);
    seqd_forecast_release(second);
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    seqd_model_release(loaded);
}

static void measure(seqd_context *context, const seqd_options *options, seqd_model *model, seqd_dataset *panel)
{
    const double y[] = { 1, 2, 3, 4, 5, 6 };
    seqd_evaluation *evaluation = NULL;
    seqd_backtest *backtest = NULL;
    seqd_importance *importance = NULL;
    seqd_attribution *attribution = NULL;
    seqd_tuner *tuner = NULL;
    int32_t number = -1;
    OK(seqd_evaluation_create(context, 1, NULL, 0, &evaluation, &error));
    OK(seqd_evaluation_add(evaluation, y, 4, y + 4, y + 4, y + 4, NULL, 2, &error));
    RESULT(seqd_metrics, metrics, seqd_evaluation_result(evaluation, result, &error));
    CHECK(metrics.points == 2 && metrics.wape == 0);
    seqd_evaluation_release(evaluation);

    OK(seqd_backtest_run(panel, options, "seasonal_naive,zero", &backtest, &error));
    CHECK(seqd_backtest_row_count(backtest) == 2);
    RESULT(seqd_backtest_row, row, seqd_backtest_get_row(backtest, 1, result, &error));
    RESULT(seqd_metrics, zero, seqd_backtest_get_metrics(backtest, 1, result, &error));
    CHECK(strcmp(row.model, "zero") == 0 && zero.wape == 1);
    seqd_backtest_release(backtest);

    OK(seqd_importance_create(model, panel, 1, 1, &importance, &error));
    RESULT(seqd_importance_row, feature, seqd_importance_get_row(importance, 0, result, &error));
    CHECK(feature.feature && feature.kind && feature.deviation == 0);
    seqd_importance_release(importance);
    OK(seqd_attribution_create(model, panel, 0, -1, 4, &attribution, &error));
    RESULT(seqd_attribution_summary, parts, seqd_attribution_summarize(attribution, result, &error));
    CHECK(parts.value == parts.value && seqd_attribution_feature_count(attribution) > 0);
    seqd_attribution_release(attribution);

    OK(seqd_tuner_create(options, &tuner, &error));
    OK(seqd_tuner_add_range(tuner, "dropout", "0:0.5", &error));
    OK(seqd_tuner_step(tuner, panel, &number, &error));
    RESULT(seqd_trial, trial, seqd_tuner_get_trial(tuner, 0, result, &error));
    CHECK(trial.trial == number && trial.status == SEQD_OK && trial.message[0] == '\0');
    seqd_tuner_release(tuner);
}

static void stream_on(seqd_model *model, seqd_dataset *panel)
{
    double mean[HORIZON], median[HORIZON];
    const double level = 0.5;
    seqd_stream *stream = NULL;
    OK(seqd_stream_create(model, panel, &stream, &error));
    OK(seqd_stream_push(stream, 0, 7, 1, NULL, 0, NULL, 0, &error));
    CHECK(seqd_stream_length(stream, 0) == DAYS + 1);
    OK(seqd_stream_forecast(stream, 0, NULL, 0, mean, &level, 1, median, &error));
    CHECK(mean[0] > 0 && median[0] > 0);
    seqd_stream_release(stream);
}

/* Rows of users and what they did: classes, their probabilities and measures. */
static void classify(seqd_context *context)
{
    char text[4096] = "user,ds,event\n";
    size_t used = strlen(text);
    seqd_dataset *events = NULL;
    seqd_model *model = NULL;
    seqd_predictor *predictor = NULL;
    seqd_prediction *prediction = NULL;
    seqd_cross_validation *folds = NULL;
    for (int i = 0; i < 240; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "u%d,%d,%s\n", i / 8, i % 8,
                                 i * 31 % 7 < 3 ? "buy" : "look");
    static const char *const settings[][2] = { { "task", "classify" }, { "label", "next_event" }, { "horizon", "1" },
                                               { "event_column", "event" }, { "folds", "2" }, { "max_steps", "20" },
                                               { "hidden_size", "4" }, { "batch_size", "4" } };
    seqd_options *options = NULL;
    OK(seqd_options_create(context, &options, &error));
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        OK(seqd_options_set_str(options, settings[i][0], settings[i][1], &error));
    OK(seqd_dataset_parse(context, options, text, used, &events, &error));
    CHECK(seqd_dataset_class_count(events) == 2 && strcmp(seqd_dataset_class_name(events, 0), "buy") == 0);
    RESULT(seqd_training_summary, summary,
           seqd_ensemble_train(context, options, events, &model, result, &error));
    CHECK(summary.steps == 20);
    OK(seqd_predictor_create(model, &predictor, &error));
    OK(seqd_predictor_answer(predictor, events, SEQD_ANSWER_EVERY, &prediction, &error));
    RESULT(seqd_answer_metrics, metrics, seqd_prediction_evaluate(prediction, result, &error));
    CHECK(metrics.classes == 2 && metrics.count > 0);
    RESULT(seqd_class_metrics, buys, seqd_prediction_evaluate_class(prediction, 0, result, &error));
    CHECK(buys.right <= buys.count && buys.right <= buys.told);
    OK(seqd_cross_validation_run(events, options, &folds, &error));
    RESULT(seqd_answer_metrics, fold, seqd_cross_validation_get_fold(folds, 1, result, &error));
    CHECK(fold.classes == 2);
    seqd_cross_validation_release(folds);
    seqd_prediction_release(prediction);
    seqd_predictor_release(predictor);
    seqd_model_release(model);
    seqd_dataset_release(events);
    seqd_options_release(options);
}

static void fail(seqd_context *context, seqd_options *options)
{
    seqd_dataset *none = NULL;
    CHECK(seqd_options_set_str(options, "no_such_option", "1", &error) == SEQD_E_OPTION);
    CHECK(error.status == SEQD_E_OPTION && strstr(error.message, "no_such_option"));
    CHECK(seqd_dataset_parse(context, options, "unique_id,ds,y\na,1,x\n", 21, &none, &error) == SEQD_E_DATA);
    CHECK(error.line == 2 && error.column == 3 && !none);
    CHECK(seqd_dataset_read(context, options, "no/such/file", &none, &error) == SEQD_E_IO);
    CHECK(seqd_context_set_threads(context, -1, NULL) == SEQD_E_ARG);
}

int main(void)
{
    static const char *const settings[][2] = { { "freq", "int" },      { "horizon", "5" },    { "context_length", "14" },
                                               { "hidden_size", "4" }, { "max_steps", "20" }, { "batch_size", "4" },
                                               { "lags", "7" },        { "windows", "1" },    { "trials", "1" } };
    const seqd_allocator own = { sizeof own, NULL, allocate, give_back };
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    CHECK(seqd_version_number() >= SEQD_VERSION_NUMBER && seqd_version_string()[0] != '\0');
    OK(seqd_context_create(&own, &context, &error));
    OK(seqd_context_set_log(context, take_line, NULL, SEQD_LOG_DEBUG, &error));
    OK(seqd_context_set_progress(context, take_progress, NULL, &error));
    OK(seqd_context_set_threads(context, 2, &error));
    OK(seqd_options_create(context, &options, &error));
    fail(context, options);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        OK(seqd_options_set_str(options, settings[i][0], settings[i][1], &error));
    RESULT(seqd_option_info, info, seqd_options_describe(0, result, &error));
    CHECK(info.name && info.help && info.minimum <= info.maximum);

    seqd_dataset *panel = make_panel(context, options);
    RESULT(seqd_dataset_summary, summary, seqd_dataset_summarize(panel, result, &error));
    CHECK(summary.rows == SERIES * DAYS && summary.series == SERIES && summary.unnamed == 0);
    seqd_model *model = train(context, options, panel);
    forecast_and_order(context, model, panel);
    measure(context, options, model, panel);
    stream_on(model, panel);
    classify(context);
    CHECK(lines > 0 && reports > 0);
    seqd_model_release(model);
    seqd_dataset_release(panel);
    seqd_options_release(options);
    CHECK(seqd_context_memory_in_use(context) == 0);
    seqd_context_release(context);
    CHECK(blocks == 0);
    printf("%d checks, %d failed\n", checks, failures);
    return failures != 0;
}
