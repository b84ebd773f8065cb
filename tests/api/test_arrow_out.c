/* SPDX-License-Identifier: Apache-2.0 */
/* Forecasts and answers as Arrow streams: what is in them, who holds them how long, and back into a dataset. */
#include "rig.h"

static const char sales[] = "unique_id,ds,y\nshop é,2024-01-30,1\nshop é,2024-01-31,4\nb,2024-01-30,2\nb,2024-02-01,8\n";
static const char counts[] = "unique_id,ds,y\na,7,1\na,8,4\n";
static const double levels[] = { 0.05, 0.5, 0.975 };

static seqd_dataset *parse(seqd_context *context, const char *words, const char *text)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = rig_options(context, words);
    seqd_dataset *dataset = NULL;
    RIG_OK(seqd_dataset_parse(context, options, text, strlen(text), &dataset, &error));
    seqd_options_release(options);
    return dataset;
}

static seqd_forecast *forecast_of(seqd_context *context, seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = rig_options(context, "horizon=3");
    seqd_forecast *forecast = NULL;
    RIG_OK(seqd_baseline_forecast(dataset, options, "naive", &forecast, &error));
    seqd_options_release(options);
    return forecast;
}

static void assert_column(const struct ArrowSchema *schema, int i, const char *name, const char *format)
{
    assert_string_equal(schema->children[i]->name, name);
    assert_string_equal(schema->children[i]->format, format);
}

static void forecast_in_columns(void **state)
{
    static const char *const ids[] = { "b", "shop é" };
    static const char *const last[] = { "b", "b", "b", "shop é", "shop é", "shop é" };
    static const int64_t days[] = { 19755, 19756, 19757, 19755, 19756, 19757 }; /* the panel ends 2024-02-01 */
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    rig_memory memory = { 0 };
    seqd_context *context = rig_context(&memory);
    seqd_dataset *dataset = parse(context, "series_end=common", sales);
    seqd_forecast *forecast = forecast_of(context, dataset);
    struct ArrowArrayStream stream;
    struct ArrowSchema schema, again;
    struct ArrowArray batch, none;
    RIG_OK(seqd_forecast_to_arrow(forecast, dataset, levels, 3, &stream, &error));
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(stream.get_schema(&stream, &again), 0);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_int_equal(stream.get_next(&stream, &none), 0);
    assert_null(none.release);
    assert_null(stream.get_last_error(&stream));
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, 6);
    assert_column(&schema, 0, "unique_id", "u");
    assert_column(&schema, 1, "ds", "tss:");
    assert_column(&schema, 2, "mean", "g");
    assert_column(&schema, 3, "q0.05", "g");
    assert_column(&schema, 5, "q0.975", "g");
    assert_int_equal(batch.length, 6);
    assert_int_equal(batch.n_children, 6);
    const int32_t *ends = batch.children[0]->buffers[1];
    const char *text = batch.children[0]->buffers[2];
    const int64_t *ds = batch.children[1]->buffers[1];
    for (int i = 0; i < 6; i++) {
        assert_int_equal(ends[i + 1] - ends[i], strlen(last[i]));
        assert_memory_equal(text + ends[i], last[i], strlen(last[i]));
        assert_int_equal(ds[i], days[i] * 86400);
    }
    for (int64_t s = 0; s < 2; s++) {
        double values[3];
        assert_string_equal(seqd_forecast_series_id(forecast, s), ids[s]);
        RIG_OK(seqd_forecast_mean(forecast, s, values, &error));
        assert_memory_equal((const double *)batch.children[2]->buffers[1] + 3 * s, values, sizeof values);
        for (int i = 0; i < 3; i++) {
            RIG_OK(seqd_forecast_quantile(forecast, s, levels[i], values, &error));
            assert_memory_equal((const double *)batch.children[3 + i]->buffers[1] + 3 * s, values, sizeof values);
        }
    }
    /* A column and the type of one are moved out and outlive all else. */
    struct ArrowArray mean = *batch.children[2];
    struct ArrowSchema type = *schema.children[2];
    batch.children[2]->release = NULL;
    schema.children[2]->release = NULL;
    seqd_forecast_release(forecast);
    seqd_dataset_release(dataset);
    seqd_context_release(context);
    stream.release(&stream);
    schema.release(&schema);
    batch.release(&batch);
    again.release(&again);
    assert_null(stream.release);
    assert_null(batch.release);
    assert_null(schema.release);
    assert_true(((const double *)mean.buffers[1])[0] > 0.0);
    assert_string_equal(type.name, "mean");
    mean.release(&mean);
    assert_true(memory.blocks > 0);
    type.release(&type);
    assert_int_equal(memory.blocks, 0);
}

static void steps_instead_of_dates(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    seqd_dataset *dataset = parse(context, "freq=int", counts);
    seqd_forecast *forecast = forecast_of(context, dataset);
    for (int given = 0; given < 2; given++) {
        struct ArrowArrayStream stream;
        struct ArrowSchema schema;
        struct ArrowArray batch;
        RIG_OK(seqd_forecast_to_arrow(forecast, given ? dataset : NULL, NULL, 0, &stream, &error));
        assert_int_equal(stream.get_schema(&stream, &schema), 0);
        assert_int_equal(stream.get_next(&stream, &batch), 0);
        assert_int_equal(schema.n_children, 3);
        assert_column(&schema, 1, "ds", "l");
        for (int i = 0; i < 3; i++)
            assert_int_equal(((const int64_t *)batch.children[1]->buffers[1])[i], (given ? 9 : 1) + i);
        schema.release(&schema);
        batch.release(&batch);
        stream.release(&stream);
    }
    seqd_forecast_release(forecast);
    seqd_dataset_release(dataset);
    seqd_context_release(context);
}

static void back_into_a_dataset(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    seqd_options *options = rig_options(context, "target_column=mean freq=D");
    seqd_dataset *dataset = parse(context, "series_end=common", sales), *back = NULL;
    seqd_forecast *forecast = forecast_of(context, dataset);
    struct ArrowArrayStream stream;
    double values[3], told[3];
    char date[24];
    RIG_OK(seqd_forecast_to_arrow(forecast, dataset, levels, 3, &stream, &error));
    RIG_OK(seqd_dataset_from_arrow(context, options, &stream, &back, &error));
    assert_int_equal(seqd_dataset_series_count(back), 2);
    RIG_OK(seqd_dataset_values(back, 1, 0, 3, values, &error));
    RIG_OK(seqd_forecast_mean(forecast, 1, told, &error));
    for (int i = 0; i < 3; i++) assert_true(values[i] == (double)(float)told[i]);
    RIG_OK(seqd_dataset_date(back, 1, 0, date, sizeof date, &error));
    assert_string_equal(date, "2024-02-02");
    seqd_dataset_release(back);
    seqd_forecast_release(forecast);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_context_release(context);
}

static void arguments(void **state)
{
    static const double wrong[] = { 0.5, 1.0 };
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    seqd_dataset *dataset = parse(context, "", sales), *other = parse(context, "freq=int", counts);
    seqd_dataset *events = parse(context, "task=regress label_column=y", sales);
    seqd_forecast *forecast = forecast_of(context, dataset);
    struct ArrowArrayStream stream, untouched;
    memset(&stream, 0x55, sizeof stream);
    untouched = stream;
    RIG_EXPECT(SEQD_E_ARG, seqd_forecast_to_arrow(NULL, dataset, NULL, 0, &stream, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_forecast_to_arrow(forecast, dataset, NULL, 0, NULL, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_forecast_to_arrow(forecast, dataset, NULL, 1, &stream, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_forecast_to_arrow(forecast, dataset, levels, -1, &stream, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_forecast_to_arrow(forecast, dataset, levels, 5000, &stream, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_forecast_to_arrow(forecast, dataset, wrong, 2, &stream, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_forecast_to_arrow(forecast, other, NULL, 0, &stream, &error));
    RIG_EXPECT(SEQD_E_DATA, seqd_forecast_to_arrow(forecast, events, NULL, 0, &stream, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_prediction_to_arrow(NULL, &stream, &error));
    assert_memory_equal(&stream, &untouched, sizeof stream);
    seqd_forecast_release(forecast);
    seqd_dataset_release(dataset);
    seqd_dataset_release(other);
    seqd_dataset_release(events);
    seqd_context_release(context);
}

static void memory_runs_out(void **state)
{
    (void)state;
    int failed = 0, schemas = 0;
    for (long long k = 1;; k++) {
        seqd_error error = SEQD_ERROR_INIT;
        rig_memory memory = { 0 };
        seqd_context *context = rig_context(&memory);
        seqd_dataset *dataset = parse(context, "", sales);
        seqd_forecast *forecast = forecast_of(context, dataset);
        struct ArrowArrayStream stream = { NULL, NULL, NULL, NULL, NULL };
        struct ArrowSchema schema = { .release = NULL };
        memory.fail_at = memory.calls + k;
        const int32_t status = seqd_forecast_to_arrow(forecast, dataset, levels, 3, &stream, &error);
        if (status != SEQD_OK) {
            assert_int_equal(status, SEQD_E_NOMEM);
            assert_null(stream.release);
            failed++;
        } else if (stream.get_schema(&stream, &schema) != 0) {
            assert_string_equal(stream.get_last_error(&stream), "out of memory");
            assert_null(schema.release);
            schemas++;
        }
        memory.fail_at = 0;
        const bool done = schema.release != NULL;
        if (done) schema.release(&schema);
        if (stream.release) stream.release(&stream);
        seqd_forecast_release(forecast);
        seqd_dataset_release(dataset);
        seqd_context_release(context);
        assert_int_equal(memory.blocks, 0);
        if (done) break;
    }
    assert_true(failed > 2);
    assert_int_equal(schemas, 1);
}

static void answers_in_columns(void **state)
{
    static const char events[] = "user,time,event,label\na,1,x,yes\na,2,y,no\nb,1,x,yes\nc,3,y,yes\n";
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    rig_memory memory = { 0 };
    seqd_context *context = rig_context(&memory);
    for (int numbers = 0; numbers < 2; numbers++) {
        seqd_dataset *dataset = parse(context, numbers ? "task=regress label_column=time" : "task=classify", events);
        seqd_prediction *prediction = NULL;
        struct ArrowArrayStream stream;
        struct ArrowSchema schema;
        struct ArrowArray batch;
        double scores[2];
        RIG_OK(seqd_baseline_answer(dataset, dataset, SEQD_ANSWER_END, &prediction, &error));
        RIG_OK(seqd_prediction_to_arrow(prediction, &stream, &error));
        assert_int_equal(stream.get_schema(&stream, &schema), 0);
        assert_int_equal(stream.get_next(&stream, &batch), 0);
        assert_int_equal(batch.length, 3);
        assert_int_equal(schema.n_children, numbers ? 4 : 6);
        assert_column(&schema, 0, "unique_id", "u");
        assert_column(&schema, 1, "event", "l");
        assert_column(&schema, 2, "step", "l");
        RIG_OK(seqd_prediction_scores(prediction, 0, scores, &error));
        if (numbers) {
            assert_column(&schema, 3, "value", "g");
            assert_memory_equal(batch.children[3]->buffers[1], scores, sizeof *scores);
        } else {
            assert_column(&schema, 3, "class", "u");
            assert_column(&schema, 4, "p_no", "g");
            assert_column(&schema, 5, "p_yes", "g");
            assert_memory_equal(batch.children[5]->buffers[1], &scores[1], sizeof *scores);
            assert_memory_equal(batch.children[3]->buffers[2], "yesyesyes", 9);
        }
        assert_int_equal(((const int64_t *)batch.children[1]->buffers[1])[0], 1);
        assert_int_equal(((const int64_t *)batch.children[2]->buffers[1])[2], 1);
        stream.release(&stream);
        seqd_prediction_release(prediction);
        seqd_dataset_release(dataset);
        batch.release(&batch);
        schema.release(&schema);
    }
    seqd_context_release(context);
    assert_int_equal(memory.blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forecast_in_columns), cmocka_unit_test(steps_instead_of_dates),
        cmocka_unit_test(back_into_a_dataset), cmocka_unit_test(arguments),
        cmocka_unit_test(memory_runs_out),     cmocka_unit_test(answers_in_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
