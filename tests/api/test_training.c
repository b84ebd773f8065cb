/* SPDX-License-Identifier: Apache-2.0 */
/* Training as a host meets it: it learns, stops when asked to, and survives wild numbers and series of every sort. */
#include "rig.h"

#include <fcntl.h>
#include <unistd.h>

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
    if (seqd_context_memory_in_use(context) != 0) print_error("%lld bytes in use\n",
                                                              (long long)seqd_context_memory_in_use(context));
    seqd_context_release(context);
    if (memory.blocks != 0) print_error("%lld blocks left\n", memory.blocks);
    return memory.blocks != 0;
}

/* What most tests hold. */
typedef struct bench {
    seqd_options *options;
    seqd_dataset *dataset;
    seqd_model *model;
    seqd_trainer *trainer;
} bench;

static bench open_on(const char *settings, seqd_dataset *dataset, seqd_options *options)
{
    bench b = { options, dataset, NULL, NULL };
    rig_set(options, settings);
    RIG_OK(seqd_model_create(context, options, dataset, &b.model, &error));
    RIG_OK(seqd_trainer_create(b.model, dataset, options, NULL, &b.trainer, &error));
    return b;
}

static bench open_bench(const char *settings)
{
    seqd_options *options = rig_options(context, settings);
    return open_on(settings, rig_dataset(context, options, 6, 60), options);
}

static void close_bench(bench *b)
{
    seqd_trainer_release(b->trainer);
    seqd_model_release(b->model);
    seqd_dataset_release(b->dataset);
    seqd_options_release(b->options);
}

static void parameters_are_finite(const seqd_model *model)
{
    for (int32_t i = 0; i < seqd_model_parameter_count(model); i++) {
        seqd_parameter_info info = { .struct_size = sizeof info };
        RIG_OK(seqd_model_parameter_info(model, i, &info, &error));
        float *values = malloc((size_t)info.count * sizeof *values);
        RIG_OK(seqd_model_get_parameter(model, info.name, values, info.count, &error));
        for (int64_t k = 0; k < info.count; k++) assert_true(isfinite(values[k]));
        free(values);
    }
}

/* Forecasts, saves, loads, and forecasts the same. */
static void model_is_usable(bench *b)
{
    size_t size, count, again;
    seqd_model *loaded = NULL;
    parameters_are_finite(b->model);
    unsigned char *bytes = rig_save(b->model, &size);
    RIG_OK(seqd_model_load_memory(context, bytes, size, &loaded, &error));
    seqd_forecast *one = rig_forecast(b->model, b->dataset), *two = rig_forecast(loaded, b->dataset);
    double *first = rig_figures(one, &count), *second = rig_figures(two, &again);
    assert_int_equal(count, again);
    assert_memory_equal(first, second, count * sizeof *first);
    free(first), free(second), free(bytes);
    seqd_forecast_release(one);
    seqd_forecast_release(two);
    seqd_model_release(loaded);
}

static seqd_training_summary summary_of(const bench *b)
{
    seqd_training_summary summary = { .struct_size = sizeof summary };
    RIG_OK(seqd_trainer_summarize(b->trainer, &summary, &error));
    return summary;
}

/* --- stopping --- */

typedef struct watcher {
    int64_t stop_at;
    int64_t calls, last_step;
    int32_t last_epoch;
    bool bad;
} watcher;

static int32_t watch(void *user, const seqd_progress *p)
{
    watcher *w = user;
    w->calls++;
    w->bad = w->bad || p->struct_size != sizeof *p || p->step <= w->last_step || p->step > p->total_steps ||
             p->epoch < w->last_epoch || !(p->elapsed_seconds >= 0.0) || !(p->remaining_seconds >= 0.0) ||
             !isfinite(p->train_loss) || !(p->learning_rate > 0.0) || p->best_loss > p->validation_loss ||
             strcmp(p->task, "train gru") != 0;
    w->last_step = p->step;
    w->last_epoch = p->epoch;
    return p->step == w->stop_at;
}

static void a_callback_stops_it(void **state)
{
    (void)state;
    for (int64_t stop = 1; stop <= 9; stop++) {
        watcher w = { .stop_at = stop };
        RIG_OK(seqd_context_set_progress(context, watch, &w, &error));
        bench b = open_bench("model=gru max_steps=9");
        /* at the last step there is nothing left to stop, and either answer is true */
        const int32_t status = seqd_trainer_run(b.trainer, &error);
        assert_true(status == SEQD_STOPPED || (stop == 9 && status == SEQD_OK));
        assert_false(w.bad);
        assert_int_equal(w.calls, stop);
        const seqd_training_summary summary = summary_of(&b);
        assert_int_equal(summary.steps, stop);
        assert_true(summary.best_step >= 1 && summary.best_step <= stop);
        assert_int_equal(summary.windows, stop * 8);
        assert_int_equal(summary.series, 6);
        assert_true(isfinite(summary.best_loss) && isfinite(summary.train_loss));
        model_is_usable(&b);
        /* the same trainer goes on */
        w = (watcher){ .stop_at = -1 };
        RIG_OK(seqd_trainer_run(b.trainer, &error));
        assert_false(w.bad);
        assert_int_equal(w.calls, 9);
        assert_int_equal(summary_of(&b).steps, stop + 9);
        model_is_usable(&b);
        close_bench(&b);
        RIG_OK(seqd_context_set_progress(context, NULL, NULL, &error));
    }
}

static int32_t stop_backtest(void *user, const seqd_progress *p)
{
    (void)p;
    return --*(int *)user <= 0;
}

static void a_callback_stops_a_backtest(void **state)
{
    (void)state;
    seqd_options *options = rig_options(context, "windows=2");
    seqd_dataset *dataset = rig_dataset(context, options, 4, 60);
    seqd_backtest *backtest = NULL;
    for (int after = 1; after < 12; after += 3) {
        int left = after;
        RIG_OK(seqd_context_set_progress(context, stop_backtest, &left, &error));
        RIG_EXPECT(SEQD_STOPPED, seqd_backtest_run(dataset, options, "lstm,naive", &backtest, &error));
        assert_null(backtest);
    }
    RIG_OK(seqd_context_set_progress(context, NULL, NULL, &error));
    seqd_dataset_release(dataset);
    seqd_options_release(options);
}

static void patience_ends_it_early(void **state)
{
    (void)state;
    /* a rate so high that the validation loss cannot fall for long */
    bench b = open_bench("max_steps=500 val_every=2 patience=3 learning_rate=0.5 schedule=constant warmup_steps=0");
    RIG_OK(seqd_trainer_run(b.trainer, &error));
    const seqd_training_summary summary = summary_of(&b);
    assert_true(summary.steps < 500);
    assert_int_equal(summary.steps, summary.best_step + 3 * 2);
    model_is_usable(&b);
    close_bench(&b);
}

static void without_a_validation_part(void **state)
{
    (void)state;
    bench b = open_bench("val_size=0");
    RIG_OK(seqd_trainer_run(b.trainer, &error));
    const seqd_training_summary summary = summary_of(&b);
    assert_int_equal(summary.steps, 6);
    assert_int_equal(summary.best_step, 6);
    assert_true(isnan(summary.best_loss) && isfinite(summary.train_loss));
    model_is_usable(&b);
    close_bench(&b);
}

/* --- divergence --- */

static seqd_dataset *huge_data(const seqd_options *options, const char *scale)
{
    rig_text text = { 0 };
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y\n");
    for (int s = 0; s < 4; s++)
        for (int day = 0; day < 60; day++)
            rig_print(&text, "s%d,%s,%.0f%s\n", s, rig_date(day, date), rig_demand(s, day), scale);
    return rig_parse(context, options, text);
}

static void divergence_is_told_and_undone(void **state)
{
    (void)state;
    static const char *const wild[] = {
        "optimizer=sgd learning_rate=10 momentum=0.999", "optimizer=sgd learning_rate=10 val_size=0 max_steps=1",
        "optimizer=sgd learning_rate=10 model=gru",      "optimizer=sgd learning_rate=10 val_size=0",
        "optimizer=sgd learning_rate=10 scaler=standard val_size=0",
        "optimizer=sgd learning_rate=10 val_size=0 head=mae",
    };
    int diverged = 0;
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        seqd_options *options = rig_options(context, "head=mse scaler=none grad_clip=0 max_steps=60 schedule=constant "
                                                     "warmup_steps=0 val_every=7");
        bench b = open_on(wild[i], huge_data(options, i % 2 ? "e36" : "e15"), options);
        const int32_t status = seqd_trainer_run(b.trainer, &error);
        assert_true(status == SEQD_E_DIVERGED || status == SEQD_OK);
        const seqd_training_summary summary = summary_of(&b);
        if (status == SEQD_E_DIVERGED) {
            char step[32];
            diverged++;
            (void)snprintf(step, sizeof step, "at step %lld ", (long long)summary.steps + 1);
            assert_non_null(strstr(error.message, step));
            assert_non_null(strstr(error.message, "round "));
            assert_non_null(strstr(error.message, "learning_rate"));
            assert_true(summary.best_step <= summary.steps);
        }
        model_is_usable(&b);
        double loss = -1.0;
        const int32_t single = seqd_trainer_step(b.trainer, 30, &loss, &error);
        assert_true(single == SEQD_E_DIVERGED ? loss == -1.0 : single == SEQD_OK && isfinite(loss));
        model_is_usable(&b);
        close_bench(&b);
    }
    assert_true(diverged >= 2);
}

/* Weights at the edge of float32 give sums beyond it: a step from there must not leave what is not finite. */
static void weights_at_the_edge(void **state)
{
    (void)state;
    static const char *const settings[] = { "optimizer=sgd learning_rate=10 grad_clip=0 val_size=0 max_steps=1",
                                            "optimizer=sgd learning_rate=10 grad_clip=0 max_steps=3",
                                            "head=mse grad_clip=1 max_steps=3" };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        bench b = open_bench(settings[i]);
        for (int32_t p = 0; p < seqd_model_parameter_count(b.model); p++) {
            seqd_parameter_info info = { .struct_size = sizeof info };
            RIG_OK(seqd_model_parameter_info(b.model, p, &info, &error));
            float *values = malloc((size_t)info.count * sizeof *values);
            for (int64_t k = 0; k < info.count; k++) values[k] = k % 3 ? 1e19f : -3e37f;
            RIG_OK(seqd_model_set_parameter(b.model, info.name, values, info.count, &error));
            free(values);
        }
        const int32_t status = seqd_trainer_run(b.trainer, &error);
        assert_true(status == SEQD_OK || status == SEQD_E_DIVERGED);
        model_is_usable(&b);
        close_bench(&b);
    }
}

static void huge_and_tiny_demand(void **state)
{
    (void)state;
    static const char *const scales[] = { "e30", "e15", "e-15", "e-30", "e-40" };
    static const char *const heads[] = { "head=quantile", "head=mse scaler=standard", "head=mae scaler=log1p",
                                         "head=quantile scaler=robust", "head=mse scaler=min_max" };
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++)
        for (size_t h = 0; h < sizeof heads / sizeof *heads; h++) {
            seqd_options *options = rig_options(context, "max_steps=3");
            bench b = open_on(heads[h], huge_data(options, scales[s]), options);
            const int32_t status = seqd_trainer_run(b.trainer, &error);
            if (status != SEQD_OK && status != SEQD_E_DIVERGED)
                print_error("%s %s: %s\n", scales[s], heads[h], error.message);
            assert_true(status == SEQD_OK || status == SEQD_E_DIVERGED);
            model_is_usable(&b);
            close_bench(&b);
        }
}

/* --- every kind --- */

static void every_kind_trains(void **state)
{
    (void)state;
    static const char *const cells[] = { "lstm", "gru" };
    static const char *const heads[] = { "mse", "mae", "quantile", "negative_binomial" };
    static const char *const scalers[] = { "mean_abs", "standard", "min_max", "min_max_signed",
                                          "robust",   "log1p",    "none" };
    static const char *const rest[] = { "hidden_size=8,4 dropout=0.3", "hidden_size=5 num_layers=3 optimizer=sgd",
                                        "hidden_size=1 decoder_size=1 schedule=step step_size=2",
                                        "calendar=0 floor=none" };
    int trained = 0, refused = 0;
    for (int c = 0; c < 2; c++)
        for (int h = 0; h < 4; h++)
            for (int s = 0; s < 7; s++) {
                char settings[256];
                seqd_model *model = NULL;
                (void)snprintf(settings, sizeof settings, "model=%s head=%s scaler=%s %s", cells[c], heads[h],
                               scalers[s], rest[(c + h + s) % 4]);
                if (h == 3 && s != 0 && s != 6) { /* counts know no shift */
                    seqd_options *options = rig_options(context, settings);
                    seqd_dataset *dataset = rig_dataset(context, options, 2, 40);
                    RIG_EXPECT(SEQD_E_OPTION, seqd_model_create(context, options, dataset, &model, &error));
                    assert_null(model);
                    assert_non_null(strstr(error.message, "scaler"));
                    seqd_dataset_release(dataset);
                    seqd_options_release(options);
                    refused++;
                    continue;
                }
                bench b = open_bench(settings);
                RIG_OK(seqd_trainer_run(b.trainer, &error));
                assert_true(isfinite(summary_of(&b).best_loss));
                model_is_usable(&b);
                close_bench(&b);
                trained++;
            }
    assert_int_equal(trained, 46);
    assert_int_equal(refused, 10);
}

static seqd_dataset *weekly(const seqd_options *options, int noise)
{
    rig_text text = { 0 };
    char date[RIG_DATE];
    static const int week[7] = { 2, 9, 4, 12, 7, 20, 1 };
    rig_print(&text, "unique_id,ds,y\n");
    for (int s = 0; s < 8; s++)
        for (int day = 0; day < 120; day++) {
            const double swing = noise ? 2.0 * sin(day * 12.9898 + s * 78.233) : 0.0;
            rig_print(&text, "s%d,%s,%.3f\n", s, rig_date(day, date), (s + 1) * (week[(day + 2 * s) % 7] + swing));
        }
    return rig_parse(context, options, text);
}

static const char *const learnable = "horizon=7 context_length=21 hidden_size=16 max_steps=150 batch_size=16 "
                                     "val_every=25 learning_rate=0.01 windows=2";

static void it_learns(void **state)
{
    (void)state;
    static const char *const cells[] = { "model=lstm", "model=gru" };
    for (int c = 0; c < 2; c++) {
        seqd_options *options = rig_options(context, learnable);
        bench b = open_on(cells[c], weekly(options, 0), options);
        double before, after;
        RIG_OK(seqd_trainer_step(b.trainer, 5, &before, &error));
        RIG_OK(seqd_trainer_step(b.trainer, 120, &after, &error));
        RIG_OK(seqd_trainer_step(b.trainer, 5, &after, &error));
        assert_true(after < 0.5 * before);
        close_bench(&b);
    }
    seqd_options *options = rig_options(context, learnable);
    seqd_dataset *sharp = weekly(options, 0), *noisy = weekly(options, 1);
    seqd_backtest *backtest = NULL;
    seqd_backtest_row row = { .struct_size = sizeof row };
    seqd_metrics m[3] = { { .struct_size = sizeof *m }, { .struct_size = sizeof *m }, { .struct_size = sizeof *m } };
    RIG_OK(seqd_backtest_run(sharp, options, "lstm,gru", &backtest, &error));
    for (int i = 0; i < 2; i++) {
        RIG_OK(seqd_backtest_get_metrics(backtest, i, &m[i], &error));
        if (!(m[i].wape < 0.1)) print_error("model %d: wape %g\n", i, m[i].wape);
        assert_true(m[i].wape < 0.1);
    }
    seqd_backtest_release(backtest);
    backtest = NULL;
    RIG_OK(seqd_backtest_run(noisy, options, "lstm,gru,seasonal_naive", &backtest, &error));
    for (int i = 0; i < 3; i++) RIG_OK(seqd_backtest_get_metrics(backtest, i, &m[i], &error));
    RIG_OK(seqd_backtest_get_row(backtest, 2, &row, &error));
    assert_string_equal(row.model, "seasonal_naive");
    for (int i = 0; i < 2; i++) {
        if (!(m[i].wape < m[2].wape)) print_error("model %d: wape %g, seasonal naive %g\n", i, m[i].wape, m[2].wape);
        assert_true(m[i].wape < m[2].wape);
    }
    seqd_backtest_release(backtest);
    seqd_dataset_release(sharp);
    seqd_dataset_release(noisy);
    seqd_options_release(options);
}

/* --- series of every sort --- */

static void odd_series_among_good_ones(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        int32_t status;
    } odd[] = { { "all-missing", SEQD_SERIES_EMPTY },  { "all-zero", SEQD_SERIES_ALL_ZERO },
                { "constant", SEQD_SERIES_OK },        { "one-step", SEQD_SERIES_SHORT },
                { "three-steps", SEQD_SERIES_SHORT },  { "sparse", SEQD_SERIES_OK },
                { "late-missing", SEQD_SERIES_OK } };
    static const char *const heads[] = { "head=quantile", "head=negative_binomial", "head=mse scaler=standard",
                                         "head=mae scaler=robust", "head=mse scaler=log1p",
                                         "head=quantile scaler=min_max" };
    for (size_t k = 0; k < sizeof heads / sizeof *heads; k++) {
        seqd_options *options = rig_options(context, "fill=missing series_end=common max_steps=9");
        rig_text text = rig_csv(3, 60);
        char date[RIG_DATE];
        for (int day = 0; day < 60; day++) {
            rig_print(&text, "all-missing,%s,\nall-zero,%s,0\nconstant,%s,7\n", rig_date(day, date), date, date);
            if (day == 59) rig_print(&text, "one-step,%s,5\n", date);
            if (day >= 57) rig_print(&text, "three-steps,%s,%d\n", date, day % 4);
            if (day % 7 == 1) rig_print(&text, "sparse,%s,%d\n", date, day);
            rig_print(&text, day < 40 ? "late-missing,%s,%d\n" : "late-missing,%s,\n", date, day % 5);
        }
        bench b = open_on(heads[k], rig_parse(context, options, text), options);
        RIG_OK(seqd_trainer_run(b.trainer, &error));
        const seqd_training_summary summary = summary_of(&b);
        assert_int_equal(summary.series + summary.series_left_out, seqd_dataset_series_count(b.dataset));
        assert_true(summary.series_left_out >= 2);
        model_is_usable(&b);
        seqd_forecast *forecast = rig_forecast(b.model, b.dataset);
        assert_int_equal(seqd_forecast_find_series(forecast, "nobody"), -1);
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
            const int64_t at = seqd_dataset_find_series(b.dataset, odd[i].id);
            double mean[RIG_HORIZON];
            assert_true(at >= 0);
            assert_string_equal(seqd_forecast_series_id(forecast, at), odd[i].id);
            assert_int_equal(seqd_forecast_find_series(forecast, odd[i].id), at);
            if (seqd_forecast_series_status(forecast, at) != odd[i].status)
                print_error("%s: status %d\n", odd[i].id, seqd_forecast_series_status(forecast, at));
            assert_int_equal(seqd_forecast_series_status(forecast, at), odd[i].status);
            RIG_OK(seqd_forecast_mean(forecast, at, mean, &error));
            for (int step = 0; step < RIG_HORIZON; step++) {
                assert_true(mean[step] >= 0.0);
                if (odd[i].status == SEQD_SERIES_EMPTY) assert_true(mean[step] == 0.0);
            }
        }
        seqd_forecast_release(forecast);
        close_bench(&b);
    }
}

static void nothing_to_learn_from(void **state)
{
    (void)state;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    seqd_options *options = rig_options(context, "");
    rig_text text = { 0 };
    rig_print(&text, "unique_id,ds,y\na,2023-01-01,\na,2023-01-02,\nb,2023-01-02,\n");
    seqd_dataset *dataset = rig_parse(context, options, text);
    RIG_EXPECT(SEQD_E_DATA, seqd_model_create(context, options, dataset, &model, &error));
    assert_null(model);
    seqd_dataset_release(dataset);

    text = (rig_text){ 0 };
    rig_print(&text, "unique_id,ds,y\na,2023-01-02,4\nb,2023-01-02,5\n");
    dataset = rig_parse(context, options, text);
    RIG_OK(seqd_model_create(context, options, dataset, &model, &error));
    RIG_EXPECT(SEQD_E_DATA, seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
    assert_null(trainer);
    seqd_forecast *forecast = rig_forecast(model, dataset); /* an untrained model may still be asked */
    size_t count;
    free(rig_figures(forecast, &count));
    seqd_forecast_release(forecast);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
}

/* --- covariates --- */

static seqd_dataset *with_promotion(const seqd_options *options, int future, int missing_day)
{
    rig_text text = { 0 };
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y,promo\n");
    for (int s = 0; s < 3; s++)
        for (int day = 0; day < 50 + future; day++) {
            rig_print(&text, "s%d,%s,", s, rig_date(day, date));
            if (day < 50) rig_print(&text, "%.0f", rig_demand(s, day));
            rig_print(&text, s == 1 && day == missing_day ? ",\n" : ",%d\n", day % 9 == 0);
        }
    return rig_parse(context, options, text);
}

static void a_future_that_is_not_known_is_asked_for(void **state)
{
    (void)state;
    seqd_options *options = rig_options(context, "known_columns=promo");
    seqd_dataset *whole = with_promotion(options, RIG_HORIZON, -1), *without = with_promotion(options, 0, -1),
                 *hole = with_promotion(options, RIG_HORIZON, 51);
    seqd_model *model = rig_train(context, options, whole);
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    RIG_OK(seqd_predictor_create(model, &predictor, &error));
    RIG_EXPECT(SEQD_E_DATA, seqd_predictor_run(predictor, without, &forecast, &error));
    assert_non_null(strstr(error.message, "'s0'"));
    assert_non_null(strstr(error.message, "'promo'"));
    assert_non_null(strstr(error.message, "2023-02-20"));
    RIG_EXPECT(SEQD_E_DATA, seqd_predictor_run(predictor, hole, &forecast, &error));
    assert_non_null(strstr(error.message, "'s1'"));
    assert_non_null(strstr(error.message, "'promo'"));
    assert_non_null(strstr(error.message, "2023-02-21"));
    assert_null(forecast);
    RIG_OK(seqd_predictor_run(predictor, whole, &forecast, &error));
    seqd_forecast_release(forecast);
    forecast = NULL;

    /* data without the column at all */
    seqd_options *plain = rig_options(context, "");
    seqd_dataset *bare = rig_dataset(context, plain, 3, 50);
    RIG_EXPECT(SEQD_E_DATA, seqd_predictor_run(predictor, bare, &forecast, &error));
    assert_non_null(strstr(error.message, "promo"));
    assert_null(forecast);
    seqd_dataset_release(bare);
    seqd_options_release(plain);
    seqd_predictor_release(predictor);
    seqd_model_release(model);
    seqd_dataset_release(whole);
    seqd_dataset_release(without);
    seqd_dataset_release(hole);
    seqd_options_release(options);
}

static seqd_dataset *with_kinds(const seqd_options *options, const char *a, const char *b)
{
    rig_text text = { 0 };
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y,kind\n");
    for (int day = 0; day < 50; day++)
        rig_print(&text, "s0,%s,%.0f,%s\ns1,%s,%.0f,%s\n", rig_date(day, date), rig_demand(0, day), a, date,
                  rig_demand(1, day), b);
    return rig_parse(context, options, text);
}

static void categories_not_seen_before(void **state)
{
    (void)state;
    seqd_options *options = rig_options(context, "static_columns=kind");
    seqd_dataset *known = with_kinds(options, "red", "blue"), *other = with_kinds(options, "a new one", "blue");
    seqd_model *model = rig_train(context, options, known);
    seqd_forecast *one = rig_forecast(model, known), *two = rig_forecast(model, other);
    size_t count;
    double *first = rig_figures(one, &count), *second = rig_figures(two, &count);
    assert_int_equal(count, 2 * RIG_FIGURES * RIG_HORIZON);
    /* the one that is known is forecast as before, the other without its category */
    assert_memory_equal(first + count / 2, second + count / 2, count / 2 * sizeof *first);
    assert_memory_not_equal(first, second, count / 2 * sizeof *first);
    free(first), free(second);
    seqd_forecast_release(one);
    seqd_forecast_release(two);
    seqd_model_release(model);
    seqd_dataset_release(known);
    seqd_dataset_release(other);
    seqd_options_release(options);
}

/* Where nothing was in stock, what was sold says nothing about demand: the loss does not see it. */
static void out_of_stock_steps_are_no_targets(void **state)
{
    (void)state;
    double loss[2];
    for (int masked = 0; masked < 2; masked++) {
        seqd_options *options = rig_options(context, "head=mae scaler=none val_size=0 learning_rate=1e-9 horizon=1 "
                                                     "lags=7 decoder_size=2 batch_size=64 context_length=14");
        rig_text text = { 0 };
        char date[RIG_DATE];
        rig_print(&text, "unique_id,ds,y,in_stock\n");
        for (int s = 0; s < 4; s++)
            for (int day = 0; day < 56; day++) {
                const int out = day % 4 == 3;
                rig_print(&text, "s%d,%s,%d,%d\n", s, rig_date(day, date), out ? 100000 : 1, out && masked ? 0 : 1);
            }
        bench b = open_on("", rig_parse(context, options, text), options);
        RIG_OK(seqd_trainer_step(b.trainer, 1, &loss[masked], &error));
        seqd_dataset_summary summary = { .struct_size = sizeof summary };
        RIG_OK(seqd_dataset_summarize(b.dataset, &summary, &error));
        assert_int_equal(summary.out_of_stock, masked ? 4 * 14 : 0);
        close_bench(&b);
    }
    assert_true(loss[0] > 10000.0); /* a quarter of the targets are 100000 */
    assert_true(loss[1] < 1000.0);  /* what is left are targets of 1 */
}

/* --- what is told, and what is not --- */

static void gather_lines(void *user, int32_t level, const char *line)
{
    int *bad = user;
    if (level < SEQD_LOG_ERROR || level > SEQD_LOG_DEBUG || !line || !*line || strchr(line, '\n') || strlen(line) > 511)
        ++*bad;
}

static void logs_are_whole_lines_and_nothing_is_printed(void **state)
{
    (void)state;
    int bad = 0;
    FILE *quiet = tmpfile();
    assert_non_null(quiet);
    (void)fflush(NULL);
    const int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    assert_true(dup2(fileno(quiet), STDOUT_FILENO) >= 0 && dup2(fileno(quiet), STDERR_FILENO) >= 0);
    int32_t status = seqd_context_set_log(context, gather_lines, &bad, SEQD_LOG_DEBUG, &error);
    bench b = open_bench("");
    if (status == SEQD_OK) status = seqd_trainer_run(b.trainer, &error);
    seqd_forecast *forecast = rig_forecast(b.model, b.dataset);
    (void)seqd_options_set_str(b.options, "hidden_size", "nonsense", &error);
    (void)fflush(NULL);
    const long printed = (long)lseek(fileno(quiet), 0, SEEK_CUR);
    (void)dup2(out, STDOUT_FILENO), (void)dup2(err, STDERR_FILENO);
    (void)close(out), (void)close(err), (void)fclose(quiet);
    assert_int_equal(status, SEQD_OK);
    assert_int_equal(printed, 0);
    assert_int_equal(bad, 0);
    seqd_forecast_release(forecast);
    close_bench(&b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_callback_stops_it),
        TEST(a_callback_stops_a_backtest),
        TEST(patience_ends_it_early),
        TEST(without_a_validation_part),
        TEST(divergence_is_told_and_undone),
        TEST(weights_at_the_edge),
        TEST(huge_and_tiny_demand),
        TEST(every_kind_trains),
        TEST(it_learns),
        TEST(odd_series_among_good_ones),
        TEST(nothing_to_learn_from),
        TEST(a_future_that_is_not_known_is_asked_for),
        TEST(categories_not_seen_before),
        TEST(out_of_stock_steps_are_no_targets),
        TEST(logs_are_whole_lines_and_nothing_is_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
