/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forecast written over an earlier one: the same numbers, nothing allocated once its size has been seen, nothing
 * changed by a run that fails or is stopped.
 */
#include "rig.h"

static seqd_error error = SEQD_ERROR_INIT;

static const char *const kinds[] = {
    "model=lstm head=quantile hidden_size=8,4",
    "model=gru head=negative_binomial hidden_size=7",
    "model=lstm head=mse hidden_size=33 scaler=standard",
    "model=gru head=mae hidden_size=17 scaler=log1p",
    "model=lstm head=quantile scaler=robust lags=7,21",
};
#define KINDS (sizeof kinds / sizeof *kinds)

static void same_forecasts(const seqd_forecast *a, const seqd_forecast *b)
{
    size_t count[2];
    double *first = rig_figures(a, &count[0]), *second = rig_figures(b, &count[1]);
    assert_int_equal(count[0], count[1]);
    assert_memory_equal(first, second, count[0] * sizeof *first);
    for (int64_t i = 0; i < seqd_forecast_series_count(a); i++) {
        assert_string_equal(seqd_forecast_series_id(a, i), seqd_forecast_series_id(b, i));
        assert_int_equal(seqd_forecast_series_status(a, i), seqd_forecast_series_status(b, i));
    }
    double paths[2][8 * RIG_HORIZON];
    RIG_OK(seqd_forecast_paths(a, 0, 8, 5, paths[0], &error));
    RIG_OK(seqd_forecast_paths(b, 0, 8, 5, paths[1], &error));
    assert_memory_equal(paths[0], paths[1], sizeof paths[0]);
    free(first), free(second);
}

/* Small, large and small again, each over what the one before left. */
static void over_any_other(void **state)
{
    (void)state;
    static const int sizes[] = { 1, 40, 3, 17, 1 };
    for (size_t k = 0; k < KINDS; k++) {
        seqd_context *context = rig_context(NULL);
        RIG_OK(seqd_context_set_threads(context, 2, &error));
        seqd_options *options = rig_options(context, kinds[k]);
        seqd_dataset *data = rig_dataset(context, options, 5, 70);
        seqd_model *model = rig_train(context, options, data);
        seqd_predictor *predictor = NULL;
        seqd_forecast *over = NULL;
        RIG_OK(seqd_predictor_create(model, &predictor, &error));
        RIG_OK(seqd_predictor_run(predictor, data, &over, &error));
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            seqd_dataset *other = rig_dataset(context, options, sizes[i], 30 + 20 * (int)i);
            seqd_forecast *fresh = rig_forecast(model, other);
            RIG_OK(seqd_predictor_run_into(predictor, other, over, &error));
            same_forecasts(over, fresh);
            seqd_forecast_release(fresh);
            seqd_dataset_release(other);
        }
        seqd_forecast_release(over);
        seqd_predictor_release(predictor);
        seqd_model_release(model);
        seqd_dataset_release(data);
        seqd_options_release(options);
        seqd_context_release(context);
    }
}

static void nothing_is_allocated(void **state)
{
    (void)state;
    static const char *const backends[] = { "native", "onednn", "auto" };
    const bool onednn = strstr(seqd_build_info(), "onednn=no") == NULL;
    for (size_t b = 0; b < 3; b++)
        for (size_t k = 0; k < KINDS; k++) {
            rig_memory memory = { 0 };
            seqd_context *context = rig_context(&memory);
            RIG_OK(seqd_context_set_threads(context, 2, &error));
            seqd_options *options = rig_options(context, kinds[k]);
            seqd_dataset *small = rig_dataset(context, options, 1, 60), *large = rig_dataset(context, options, 40, 60);
            RIG_OK(seqd_options_set_str(options, "backend", backends[b], &error));
            seqd_model *model = NULL;
            seqd_predictor *predictor = NULL;
            seqd_forecast *forecast = NULL;
            RIG_OK(seqd_model_create(context, options, large, &model, &error));
            if (b == 1 && !onednn) {
                RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_predictor_create(model, &predictor, &error));
            } else {
                RIG_OK(seqd_predictor_create(model, &predictor, &error));
                RIG_OK(seqd_predictor_run(predictor, small, &forecast, &error));
                RIG_OK(seqd_predictor_run_into(predictor, small, forecast, &error)); /* makes the spare one */
                long long calls = memory.calls;
                for (int i = 0; i < 20; i++) RIG_OK(seqd_predictor_run_into(predictor, small, forecast, &error));
                assert_int_equal(memory.calls, calls);
                for (int i = 0; i < 2; i++) RIG_OK(seqd_predictor_run_into(predictor, large, forecast, &error));
                assert_true(memory.calls > calls);
                calls = memory.calls;
                for (int i = 0; i < 20; i++) {
                    RIG_OK(seqd_predictor_run_into(predictor, large, forecast, &error));
                    RIG_OK(seqd_predictor_run_into(predictor, small, forecast, &error));
                }
                assert_int_equal(memory.calls, calls);
            }
            seqd_forecast_release(forecast);
            seqd_predictor_release(predictor);
            seqd_model_release(model);
            seqd_dataset_release(small);
            seqd_dataset_release(large);
            seqd_options_release(options);
            seqd_context_release(context);
            assert_int_equal(memory.blocks, 0);
        }
}

static int32_t stop(void *user, const seqd_progress *progress)
{
    int *stops = user;
    (void)progress;
    ++*stops;
    return 1;
}

/* A forecast that a failed run was to write over has every byte it had. */
static void a_failure_changes_nothing(void **state)
{
    (void)state;
    rig_memory memory = { 0 };
    int stops = 0;
    seqd_context *context = rig_context(&memory), *foreign = rig_context(NULL);
    seqd_options *options = rig_options(context, "known_columns=price");
    rig_text text = { 0 };
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y,price\n");
    for (int s = 0; s < 3; s++)
        for (int day = 0; day < 44; day++) {
            rig_print(&text, "s%02d,%s,", s, rig_date(day, date));
            if (day < 40) rig_print(&text, "%.0f", rig_demand(s, day));
            rig_print(&text, ",%d\n", 2 + day % 3);
        }
    seqd_dataset *whole = rig_parse(context, options, text), *bare = NULL, *many = NULL, *open = NULL;
    seqd_model *model = rig_train(context, options, whole);
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL, *kept = NULL;
    RIG_OK(seqd_predictor_create(model, &predictor, &error));
    RIG_OK(seqd_predictor_run(predictor, whole, &forecast, &error));
    RIG_OK(seqd_predictor_run(predictor, whole, &kept, &error));

    /* the known column ends too early; there is none; the dataset is not sealed; the forecast is another context's */
    text = (rig_text){ 0 };
    rig_print(&text, "unique_id,ds,y,price\n");
    for (int day = 0; day < 42; day++)
        rig_print(&text, day < 40 ? "z,%s,%d,3\n" : "z,%s,,3\n", rig_date(day, date), day);
    bare = rig_parse(context, options, text);
    RIG_EXPECT(SEQD_E_DATA, seqd_predictor_run_into(predictor, bare, forecast, &error));
    assert_non_null(strstr(error.message, "price"));
    same_forecasts(forecast, kept);
    seqd_dataset_release(bare);
    seqd_options *plain = rig_options(context, "");
    bare = rig_dataset(context, plain, 20, 40);
    RIG_EXPECT(SEQD_E_DATA, seqd_predictor_run_into(predictor, bare, forecast, &error));
    same_forecasts(forecast, kept);
    RIG_OK(seqd_dataset_create(context, options, &open, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_predictor_run_into(predictor, open, forecast, &error));
    same_forecasts(forecast, kept);
    seqd_model *twin = NULL;
    size_t size;
    unsigned char *bytes = rig_save(model, &size);
    RIG_OK(seqd_model_load_memory(foreign, bytes, size, &twin, &error));
    seqd_predictor *stranger = NULL;
    RIG_OK(seqd_predictor_create(twin, &stranger, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_predictor_run_into(stranger, whole, forecast, &error));
    same_forecasts(forecast, kept);

    /* memory ends at each allocation, with more series than before */
    text = (rig_text){ 0 };
    rig_print(&text, "unique_id,ds,y,price\n");
    for (int s = 0; s < 9000; s++)
        for (int day = 0; day < 7; day++)
            rig_print(&text, day < 3 ? "m%05d,%s,%d,1\n" : "m%05d,%s,,1\n", s, rig_date(day, date), s % 7);
    many = rig_parse(context, options, text);
    int failures = 0;
    for (long long at = 1;; at++) {
        memory.fail_at = memory.calls + at;
        RIG_OK(seqd_context_set_progress(context, stop, &stops, &error));
        const int32_t status = seqd_predictor_run_into(predictor, many, forecast, &error);
        memory.fail_at = 0;
        same_forecasts(forecast, kept);
        if (status == SEQD_STOPPED) break; /* after the first round of many */
        assert_int_equal(status, SEQD_E_NOMEM);
        failures++;
    }
    assert_true(failures >= 4);
    assert_int_equal(stops, 1);
    RIG_OK(seqd_context_set_progress(context, NULL, NULL, &error));
    RIG_OK(seqd_predictor_run_into(predictor, many, forecast, &error));
    assert_int_equal(seqd_forecast_series_count(forecast), 9000);
    RIG_OK(seqd_predictor_run_into(predictor, whole, forecast, &error));
    same_forecasts(forecast, kept);

    free(bytes);
    seqd_forecast_release(forecast);
    seqd_forecast_release(kept);
    seqd_predictor_release(predictor);
    seqd_predictor_release(stranger);
    seqd_model_release(model);
    seqd_model_release(twin);
    seqd_dataset_release(whole);
    seqd_dataset_release(bare);
    seqd_dataset_release(many);
    seqd_dataset_release(open);
    seqd_options_release(options);
    seqd_options_release(plain);
    seqd_context_release(context);
    seqd_context_release(foreign);
    assert_int_equal(memory.blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_any_other),
        cmocka_unit_test(nothing_is_allocated),
        cmocka_unit_test(a_failure_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
