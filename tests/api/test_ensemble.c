/* SPDX-License-Identifier: Apache-2.0 */
/* Several models as one: how answers are combined, one file, and what an ensemble refuses. */
#include "rig.h"

static rig_memory memory;
static seqd_context *context;
static seqd_error error = SEQD_ERROR_INIT;

static int set_up(void **state)
{
    (void)state;
    memory = (rig_memory){ 0 };
    context = rig_context(&memory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    seqd_context_release(context);
    if (memory.blocks != 0) print_error("%lld blocks left\n", memory.blocks);
    return memory.blocks != 0;
}

static const char *const kinds[] = { "model=lstm seed=1", "model=gru seed=2 hidden_size=5,3", "model=lstm seed=3 lags=7,14" };

static seqd_dataset *new_data(void)
{
    seqd_options *options = rig_options(context, "");
    seqd_dataset *dataset = rig_dataset(context, options, 150, 40);
    seqd_options_release(options);
    return dataset;
}

static seqd_model *train(seqd_dataset *dataset, const char *kind, const char *head)
{
    seqd_options *options = rig_options(context, kind);
    rig_set(options, head);
    seqd_model *model = rig_train(context, options, dataset);
    seqd_options_release(options);
    return model;
}

static void values_of(const seqd_forecast *forecast, int64_t series, double level, double *values)
{
    if (level == 0.0) RIG_OK(seqd_forecast_mean(forecast, series, values, &error));
    else RIG_OK(seqd_forecast_quantile(forecast, series, level, values, &error));
}

static double middle(double a, double b, double c, bool median)
{
    const double low = fmin(a, fmin(b, c)), high = fmax(a, fmax(b, c));
    return median ? a + b + c - low - high : (a + b + c) / 3.0;
}

static void answers_are_the_mean_or_the_median(void **state)
{
    (void)state;
    static const char *const heads[][3] = {
        { "head=quantile", "head=quantile", "head=quantile" },
        { "head=quantile", "head=negative_binomial", "head=mse scaler=standard" },
        { "head=mae", "head=quantile quantiles=0.1,0.5,0.9", "head=negative_binomial" },
    };
    static const double levels[] = { 0.0, 0.025, 0.1, 0.5, 0.9, 0.975 };
    seqd_dataset *dataset = new_data();
    for (int h = 0; h < 3; h++)
        for (int median = 0; median < 2; median++) {
            seqd_model *members[3], *ensemble = NULL;
            seqd_forecast *one[3];
            for (int m = 0; m < 3; m++) {
                members[m] = train(dataset, kinds[m], heads[h][m]);
                one[m] = rig_forecast(members[m], dataset);
            }
            RIG_OK(seqd_model_combine(members, 3, median ? "median" : "mean", &ensemble, &error));
            assert_int_equal(seqd_model_member_count(ensemble), 3);
            for (int m = 0; m < 3; m++) seqd_model_release(members[m]);
            seqd_forecast *all = rig_forecast(ensemble, dataset);
            for (int64_t i = 0; i < seqd_forecast_series_count(all); i++) {
                assert_string_equal(seqd_forecast_series_id(all, i), seqd_forecast_series_id(one[0], i));
                assert_int_equal(seqd_forecast_series_status(all, i), seqd_forecast_series_status(one[0], i));
                for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
                    double told[RIG_HORIZON], member[3][RIG_HORIZON];
                    values_of(all, i, levels[l], told);
                    for (int m = 0; m < 3; m++) values_of(one[m], i, levels[l], member[m]);
                    for (int t = 0; t < RIG_HORIZON; t++) {
                        const double expected = middle(member[0][t], member[1][t], member[2][t], median);
                        if (!(fabs(told[t] - expected) < 1e-5 * (1.0 + fabs(expected))))
                            print_error("heads %d, level %g: %g, not %g\n", h, levels[l], told[t], expected);
                        assert_true(fabs(told[t] - expected) < 1e-5 * (1.0 + fabs(expected)));
                    }
                }
            }
            double paths[40 * RIG_HORIZON];
            RIG_OK(seqd_forecast_paths(all, 3, 40, 1, paths, &error));
            for (int i = 0; i < 40 * RIG_HORIZON; i++) assert_true(isfinite(paths[i]) && paths[i] >= 0.0);
            for (int m = 0; m < 3; m++) seqd_forecast_release(one[m]);
            seqd_forecast_release(all);
            seqd_model_release(ensemble);
        }
    seqd_dataset_release(dataset);
}

/* Counts stay counts where every member tells counts. */
static void counts_stay_counts(void **state)
{
    (void)state;
    seqd_dataset *dataset = new_data();
    seqd_model *members[2] = { train(dataset, kinds[0], "head=negative_binomial"),
                               train(dataset, kinds[1], "head=negative_binomial") }, *ensemble = NULL;
    RIG_OK(seqd_model_combine(members, 2, "mean", &ensemble, &error));
    seqd_forecast *all = rig_forecast(ensemble, dataset);
    double paths[50 * RIG_HORIZON];
    RIG_OK(seqd_forecast_paths(all, 0, 50, 1, paths, &error));
    for (int i = 0; i < 50 * RIG_HORIZON; i++) assert_true(paths[i] == floor(paths[i]));
    seqd_forecast_release(all);
    seqd_model_release(ensemble);
    seqd_model_release(members[0]);
    seqd_model_release(members[1]);
    seqd_dataset_release(dataset);
}

static void one_file_holds_all(void **state)
{
    (void)state;
    seqd_dataset *dataset = new_data();
    seqd_model *members[3], *pair = NULL, *ensemble = NULL, *loaded = NULL, *member = NULL;
    static const char *const heads[] = { "head=quantile", "head=negative_binomial", "head=mse" };
    size_t size, again, count, counted;
    for (int m = 0; m < 3; m++) members[m] = train(dataset, kinds[m], heads[m]);
    RIG_OK(seqd_model_combine(members, 2, "mean", &pair, &error));
    /* an ensemble within one: its members come along */
    seqd_model *const both[] = { pair, members[2] };
    RIG_OK(seqd_model_combine(both, 2, "median", &ensemble, &error));
    assert_int_equal(seqd_model_member_count(ensemble), 3);
    seqd_model_release(pair);
    unsigned char *bytes = rig_save(ensemble, &size);
    RIG_OK(seqd_model_load_memory(context, bytes, size, &loaded, &error));
    unsigned char *saved = rig_save(loaded, &again);
    assert_int_equal(size, again);
    assert_memory_equal(bytes, saved, size);
    assert_int_equal(seqd_model_member_count(loaded), 3);
    assert_int_equal(seqd_model_horizon(loaded), RIG_HORIZON);
    assert_int_equal(seqd_model_parameter_count(loaded), 0);
    assert_true(seqd_model_card_count(loaded) > 5);
    seqd_forecast *one = rig_forecast(ensemble, dataset), *two = rig_forecast(loaded, dataset);
    double *first = rig_figures(one, &count), *second = rig_figures(two, &counted);
    assert_int_equal(count, counted);
    assert_memory_equal(first, second, count * sizeof *first);
    for (int m = 0; m < 3; m++) {
        size_t was, is;
        RIG_OK(seqd_model_member(loaded, m, &member, &error));
        unsigned char *old = rig_save(members[m], &was), *now = rig_save(member, &is);
        assert_int_equal(was, is);
        assert_memory_equal(old, now, is);
        free(old), free(now);
        seqd_model_release(member);
    }
    /* cut off, or with any byte changed: refused */
    for (size_t i = 0; i < size; i += i < 400 ? 1 : 97) {
        seqd_model *wrong = NULL;
        bytes[i] ^= 0x20;
        RIG_EXPECT(SEQD_E_FORMAT, seqd_model_load_memory(context, bytes, size, &wrong, &error));
        bytes[i] ^= 0x20;
        RIG_EXPECT(SEQD_E_FORMAT, seqd_model_load_memory(context, bytes, i, &wrong, &error));
        assert_null(wrong);
    }
    free(first), free(second), free(bytes), free(saved);
    seqd_forecast_release(one);
    seqd_forecast_release(two);
    for (int m = 0; m < 3; m++) seqd_model_release(members[m]);
    seqd_model_release(ensemble);
    seqd_model_release(loaded);
    seqd_dataset_release(dataset);
}

static seqd_model *train_ensemble(seqd_dataset *dataset, const char *settings, seqd_training_summary *summary)
{
    seqd_options *options = rig_options(context, settings);
    seqd_model *model = NULL;
    RIG_OK(seqd_ensemble_train(context, options, dataset, &model, summary, &error));
    seqd_options_release(options);
    return model;
}

static const char *card(const seqd_model *model, const char *wanted)
{
    for (int32_t i = 0; i < seqd_model_card_count(model); i++) {
        const char *key, *value;
        RIG_OK(seqd_model_card(model, i, &key, &value, &error));
        if (strcmp(key, wanted) == 0) return value;
    }
    return "";
}

static void options_train_them(void **state)
{
    (void)state;
    seqd_dataset *dataset = new_data();
    seqd_training_summary summary = { .struct_size = sizeof summary };
    unsigned char *first = NULL;
    size_t first_size = 0;
    for (int32_t threads = 1; threads <= 4; threads *= 2) {
        size_t size;
        RIG_OK(seqd_context_set_threads(context, threads, &error));
        seqd_model *model = train_ensemble(dataset, "ensemble_size=3 ensemble_models=lstm,gru combine=median seed=5",
                                           &summary);
        assert_int_equal(seqd_model_member_count(model), 3);
        assert_int_equal(summary.steps, 18);
        assert_int_equal(summary.windows, 18 * 8);
        assert_true(isfinite(summary.best_loss) && isfinite(summary.train_loss));
        assert_string_equal(card(model, "models"), "lstm,gru,lstm");
        assert_string_equal(card(model, "combine"), "median");
        unsigned char *bytes = rig_save(model, &size);
        if (first) {
            assert_int_equal(size, first_size);
            assert_memory_equal(bytes, first, size);
            free(bytes);
        } else {
            first = bytes, first_size = size;
        }
        if (threads == 4) {
            /* each is what the same settings train alone */
            static const char *const alone[] = { "model=lstm seed=5", "model=gru seed=6", "model=lstm seed=7" };
            for (int m = 0; m < 3; m++) {
                seqd_model *member = NULL, *same = train(dataset, alone[m], "");
                RIG_OK(seqd_model_member(model, m, &member, &error));
                seqd_forecast *one = rig_forecast(member, dataset), *two = rig_forecast(same, dataset);
                size_t count;
                double *a = rig_figures(one, &count), *b = rig_figures(two, &count);
                assert_memory_equal(a, b, count * sizeof *a);
                free(a), free(b);
                seqd_forecast_release(one);
                seqd_forecast_release(two);
                seqd_model_release(member);
                seqd_model_release(same);
            }
        }
        seqd_model_release(model);
    }
    free(first);
    seqd_model *single = train_ensemble(dataset, "", NULL);
    assert_int_equal(seqd_model_member_count(single), 0);
    seqd_model_release(single);
    seqd_dataset_release(dataset);
}

static int32_t stop_at(void *user, const seqd_progress *p)
{
    (void)p;
    return --*(int *)user <= 0;
}

static void stopped_it_is_what_there_is(void **state)
{
    (void)state;
    seqd_dataset *dataset = new_data();
    seqd_options *options = rig_options(context, "ensemble_size=3");
    static const int members[] = { 0, 0, 2, 3 }; /* of 6 steps each */
    for (int i = 0; i < 4; i++) {
        int left = 2 + 5 * i;
        seqd_model *model = NULL;
        RIG_OK(seqd_context_set_progress(context, stop_at, &left, &error));
        RIG_EXPECT(SEQD_STOPPED, seqd_ensemble_train(context, options, dataset, &model, NULL, &error));
        RIG_OK(seqd_context_set_progress(context, NULL, NULL, &error));
        assert_non_null(model);
        assert_int_equal(seqd_model_member_count(model), i == 1 ? 2 : members[i]);
        seqd_forecast_release(rig_forecast(model, dataset));
        seqd_model_release(model);
    }
    seqd_options_release(options);
    seqd_dataset_release(dataset);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    seqd_dataset *dataset = new_data();
    seqd_model *model = train(dataset, "", ""), *longer = train(dataset, "horizon=5", ""), *out = NULL;
    seqd_model *const alone[] = { model }, *const apart[] = { model, longer }, *const twice[] = { model, model };
    RIG_EXPECT(SEQD_E_ARG, seqd_model_combine(alone, 1, "mean", &out, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_model_combine(alone, 0, "mean", &out, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_model_combine(apart, 2, "mean", &out, &error));
    assert_non_null(strstr(error.message, "horizon"));
    RIG_EXPECT(SEQD_E_ARG, seqd_model_combine(twice, 2, "average", &out, &error));
    assert_non_null(strstr(error.message, "'average'"));
    assert_null(out);

    RIG_OK(seqd_model_combine(twice, 2, "mean", &out, &error));
    seqd_stream *stream = NULL;
    seqd_trainer *trainer = NULL;
    seqd_optimizer *optimizer = NULL;
    seqd_model *member = NULL;
    seqd_options *options = rig_options(context, "");
    float bias[8];
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_stream_create(out, dataset, &stream, &error));
    assert_non_null(strstr(error.message, "ensemble"));
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_trainer_create(out, dataset, options, NULL, &trainer, &error));
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_optimizer_create(out, options, &optimizer, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_model_get_parameter(out, "output.bias", bias, 8, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_model_member(out, 2, &member, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_model_member(out, -1, &member, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_model_member(model, 0, &member, &error));
    rig_set(options, "ensemble_size=2");
    RIG_EXPECT(SEQD_E_OPTION, seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
    assert_non_null(strstr(error.message, "seqd_ensemble_train"));
    rig_set(options, "ensemble_models=lstm,perceptron");
    seqd_model *none = NULL;
    RIG_EXPECT(SEQD_E_OPTION, seqd_ensemble_train(context, options, dataset, &none, NULL, &error));
    assert_null(none);
    assert_true(!stream && !trainer && !optimizer && !member);
    seqd_options_release(options);
    seqd_model_release(out);
    seqd_model_release(model);
    seqd_model_release(longer);
    seqd_dataset_release(dataset);
}

/* A loop of forecasts settles and takes no more memory. */
static void a_loop_of_forecasts_settles(void **state)
{
    (void)state;
    seqd_dataset *dataset = new_data();
    seqd_model *model = train_ensemble(dataset, "ensemble_size=2", NULL);
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    RIG_OK(seqd_predictor_create(model, &predictor, &error));
    RIG_OK(seqd_predictor_run(predictor, dataset, &forecast, &error));
    for (int i = 0; i < 2; i++) RIG_OK(seqd_predictor_run_into(predictor, dataset, forecast, &error));
    const long long calls = memory.calls;
    for (int i = 0; i < 3; i++) RIG_OK(seqd_predictor_run_into(predictor, dataset, forecast, &error));
    assert_int_equal(memory.calls, calls);
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(answers_are_the_mean_or_the_median),
        TEST(counts_stay_counts),
        TEST(one_file_holds_all),
        TEST(options_train_them),
        TEST(stopped_it_is_what_there_is),
        TEST(what_does_not_fit_is_refused),
        TEST(a_loop_of_forecasts_settles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
