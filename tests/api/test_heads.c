/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every head through the interface: it trains on the shipped sales, a saved model answers with the same bits, forecasts
 * are finite and in order, and what a head cannot describe is refused by name. Differencing is undone exactly.
 */
#include "rig.h"

static const char *const heads[] = {"mse",      "mae",     "quantile",          "negative_binomial", "huber",
                                    "gaussian", "student_t", "poisson", "zero_inflated_negative_binomial", "tweedie"};
#define HEADS ((int)(sizeof heads / sizeof *heads))

static seqd_options *options_of(seqd_context *context, const char *head, const char *more)
{
    char settings[256];
    snprintf(settings, sizeof settings, "head=%s %s", head, more);
    return rig_options(context, settings);
}

static void check_forecast(const seqd_forecast *forecast, const char *head, bool floor)
{
    static const double levels[] = {0.05, 0.3, 0.5, 0.8, 0.99};
    seqd_error error = SEQD_ERROR_INIT;
    const int64_t series = seqd_forecast_series_count(forecast);
    double values[RIG_HORIZON], before[RIG_HORIZON], *paths = malloc(sizeof(double) * 20 * RIG_HORIZON);
    assert_non_null(paths);
    assert_true(series > 0);
    for (int64_t i = 0; i < series; i += 7) {
        RIG_OK(seqd_forecast_mean(forecast, i, values, &error));
        for (int h = 0; h < RIG_HORIZON; h++) {
            if (!isfinite(values[h])) fail_msg("%s: mean %g", head, values[h]);
            before[h] = floor ? 0 : -HUGE_VAL;
        }
        for (int l = 0; l < 5; l++) {
            RIG_OK(seqd_forecast_quantile(forecast, i, levels[l], values, &error));
            for (int h = 0; h < RIG_HORIZON; h++) {
                if (!(isfinite(values[h]) && values[h] >= before[h]))
                    fail_msg("%s: quantile %g after %g", head, values[h], before[h]);
                before[h] = values[h];
            }
        }
        RIG_OK(seqd_forecast_paths(forecast, i, 20, 3, paths, &error));
        for (int n = 0; n < 20 * RIG_HORIZON; n++) assert_true(isfinite(paths[n]) && (!floor || paths[n] >= 0));
    }
    free(paths);
}

static void train_and_check(seqd_context *context, seqd_dataset *dataset, const char *head, const char *more, bool floor)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = options_of(context, head, more);
    seqd_model *model = rig_train(context, options, dataset), *again = NULL;
    seqd_forecast *forecast = rig_forecast(model, dataset), *other;
    check_forecast(forecast, head, floor);
    size_t size, count, others;
    unsigned char *bytes = rig_save(model, &size);
    RIG_OK(seqd_model_load_memory(context, bytes, size, &again, &error));
    other = rig_forecast(again, dataset);
    double *a = rig_figures(forecast, &count), *b = rig_figures(other, &others);
    assert_int_equal(count, others);
    assert_memory_equal(a, b, count * sizeof *a);
    free(a);
    free(b);
    free(bytes);
    seqd_forecast_release(forecast);
    seqd_forecast_release(other);
    seqd_model_release(model);
    seqd_model_release(again);
    seqd_options_release(options);
}

static void test_shipped_sales(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    seqd_options *options = rig_options(context, "negatives=zero");
    seqd_dataset *dataset = NULL;
    RIG_OK(seqd_dataset_read(context, options, SALES, &dataset, &error));
    for (int i = 0; i < HEADS; i++) train_and_check(context, dataset, heads[i], "max_steps=12 hidden_size=16", true);
    train_and_check(context, dataset, "tweedie", "tweedie_power=1.2 scaler=none", true);
    train_and_check(context, dataset, "gaussian", "scaler=log1p", true);
    train_and_check(context, dataset, "student_t", "scaler=log1p", true);
    train_and_check(context, dataset, "huber", "scaler=standard huber_delta=0.5", true);
    train_and_check(context, dataset, "gaussian", "scaler=robust floor=none", false);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_context_release(context);
}

static double *figures_of(seqd_context *context, const char *settings, double factor, double shift, bool logarithm,
                          size_t *count)
{
    seqd_options *options = rig_options(context, settings);
    rig_text text = {0};
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y\n");
    for (int series = 0; series < 3; series++)
        for (int day = 0; day < 60; day++) {
            const double y = rig_demand(series, day) + 0.25 * day;
            if (series == 1 && day % 9 == 4) continue; /* a missing value: steps are then longer */
            rig_print(&text, "s%d,%s,%.6f\n", series, rig_date(day, date),
                      logarithm ? factor * (1 + y) - 1 : factor * y + shift);
        }
    seqd_dataset *dataset = rig_parse(context, options, text);
    seqd_model *model = rig_train(context, options, dataset), *again = NULL;
    seqd_forecast *forecast = rig_forecast(model, dataset);
    double *figures = rig_figures(forecast, count), *others;
    /* the file keeps what steps are counted from */
    size_t size, other_count;
    seqd_error error = SEQD_ERROR_INIT;
    unsigned char *bytes = rig_save(model, &size);
    RIG_OK(seqd_model_load_memory(context, bytes, size, &again, &error));
    seqd_forecast *told = rig_forecast(again, dataset);
    others = rig_figures(told, &other_count);
    assert_int_equal(other_count, *count);
    assert_memory_equal(figures, others, *count * sizeof *figures);
    seqd_stream *stream = NULL;
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_stream_create(model, dataset, &stream, &error));
    assert_non_null(strstr(error.message, "differencing"));
    free(others);
    free(bytes);
    seqd_forecast_release(told);
    seqd_model_release(again);
    seqd_forecast_release(forecast);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    return figures;
}

/*
 * What is learned are steps from the last value alone: another level makes the same network and the same forecasts from
 * there. Of logarithms the level is a factor on 1 + y.
 */
static void test_differencing(void **state)
{
    static const char *const of[] = {"mse", "mae", "huber", "quantile", "gaussian", "student_t"};
    static const char *const scalers[] = {"mean_abs", "standard", "min_max_signed", "none", "log1p"};
    (void)state;
    seqd_context *context = rig_context(NULL);
    for (int i = 0; i < 6; i++)
        for (int s = 0; s < 5; s++)
            for (int logarithm = 0; logarithm < 2; logarithm++) {
                char settings[200];
                size_t count;
                if (s == 4 && !logarithm) continue;
                snprintf(settings, sizeof settings, "head=%s scaler=%s differencing=%s floor=none fill=missing", of[i],
                         scalers[s], logarithm ? "log_difference" : "difference");
                double *a = figures_of(context, settings, 1, 0, logarithm, &count);
                double *b = figures_of(context, settings, logarithm ? 8 : 1, 4096, logarithm, &count);
                for (size_t n = 0; n < count; n++) {
                    const double want = logarithm ? 8 * (1 + a[n]) - 1 : a[n] + 4096;
                    if (!(fabs(b[n] - want) < (logarithm ? 2e-3 * (8 + fabs(want)) : 0.05)))
                        fail_msg("%s: %g instead of %g", settings, b[n], want);
                }
                free(a);
                free(b);
            }
    seqd_context_release(context);
}

static void refused(seqd_context *context, seqd_dataset *dataset, int32_t status, const char *settings,
                    const char *part, const char *other)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *model = NULL;
    seqd_options *options = rig_options(context, settings);
    RIG_EXPECT(status, seqd_model_create(context, options, dataset, &model, &error));
    if (!strstr(error.message, part) || !strstr(error.message, other))
        fail_msg("%s: '%s' does not name '%s' and '%s'", settings, error.message, part, other);
    assert_null(model);
    seqd_options_release(options);
}

static void test_refusals(void **state)
{
    static const char *const positive[] = {"negative_binomial", "poisson", "zero_inflated_negative_binomial", "tweedie"};
    (void)state;
    seqd_context *context = rig_context(NULL);
    seqd_options *options = rig_options(context, "");
    seqd_dataset *dataset = rig_dataset(context, options, 3, 40);
    rig_text text = {0};
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y\n");
    for (int day = 0; day < 40; day++) rig_print(&text, "a,%s,%d\n", rig_date(day, date), day % 5 - 1);
    seqd_dataset *returns = rig_parse(context, options, text);
    for (int i = 0; i < 4; i++) {
        char settings[128];
        snprintf(settings, sizeof settings, "head=%s scaler=standard", positive[i]);
        refused(context, dataset, SEQD_E_OPTION, settings, positive[i], "scaler=mean_abs");
        snprintf(settings, sizeof settings, "head=%s differencing=difference", positive[i]);
        refused(context, dataset, SEQD_E_OPTION, settings, positive[i], "differencing=none");
        snprintf(settings, sizeof settings, "head=%s", positive[i]);
        refused(context, returns, SEQD_E_DATA, settings, positive[i], "negatives=zero");
    }
    refused(context, dataset, SEQD_E_OPTION, "head=mae huber_delta=2", "huber_delta", "mae");
    refused(context, dataset, SEQD_E_OPTION, "head=poisson tweedie_power=1.3", "tweedie_power", "poisson");
    refused(context, dataset, SEQD_E_OPTION, "head=cross_entropy", "cross_entropy", "task");
    seqd_dataset_release(returns);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped_sales),
        cmocka_unit_test(test_differencing),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests_name("heads", tests, NULL, NULL);
}
