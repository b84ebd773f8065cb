/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same data, options and seed give the same bits: for any number of threads, any order of rows and series, any
 * company in a batch, any floating-point environment of the host, at every level of kernels.
 */
#include "rig.h"

#include <fenv.h>

#define SERIES 40
#define DAYS 60

static const char *const levels[] = { "ref", "avx2", "avx512" };
static const char *level; /* the one that tests run with now */

static seqd_context *new_context(int32_t threads)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    RIG_OK(seqd_context_set_kernels(context, level, &error));
    assert_string_equal(seqd_context_get_kernels(context), level);
    RIG_OK(seqd_context_set_threads(context, threads, &error));
    return context;
}

static const char *const backends[] = { "native", "onednn" };
static const char *backend = "auto";

/* Everything a run gives, as bytes. */
typedef struct result {
    unsigned char *model;
    size_t size, count;
    double *figures, paths[8 * RIG_HORIZON];
} result;

static void drop(result *r)
{
    free(r->model);
    free(r->figures);
}

static result run_on(seqd_context *context, const seqd_options *options, seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    result r;
    seqd_model *model = rig_train(context, options, dataset);
    seqd_forecast *forecast = rig_forecast(model, dataset);
    r.model = rig_save(model, &r.size);
    r.figures = rig_figures(forecast, &r.count);
    RIG_OK(seqd_forecast_paths(forecast, 1, 8, 5, r.paths, &error));
    seqd_forecast_release(forecast);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    return r;
}

static result run(int32_t threads, const char *settings)
{
    seqd_context *context = new_context(threads);
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = rig_options(context, settings);
    rig_set(options, "batch_size=50");
    RIG_OK(seqd_options_set_str(options, "backend", backend, &error));
    const result r = run_on(context, options, rig_dataset(context, options, SERIES, DAYS));
    seqd_options_release(options);
    seqd_context_release(context);
    return r;
}

static bool same(const result *a, const result *b)
{
    return a->size == b->size && a->count == b->count && memcmp(a->model, b->model, a->size) == 0 &&
           memcmp(a->figures, b->figures, a->count * sizeof *a->figures) == 0 &&
           memcmp(a->paths, b->paths, sizeof a->paths) == 0;
}

static const char *const kinds[] = {
    "model=lstm head=quantile hidden_size=8,4 dropout=0.2",
    "model=gru head=negative_binomial hidden_size=7",
    "model=lstm head=mse hidden_size=33 scaler=standard",
    "model=gru head=mae hidden_size=17,9 scaler=log1p optimizer=sgd",
    "model=encdec hidden_size=9,5 decoder_hidden_size=7 dropout=0.1",
    "model=encdec head=negative_binomial attention=multihead decoder_cell=lstm decoder_hidden_size=8",
};
#define KINDS (sizeof kinds / sizeof *kinds)

static void any_number_of_threads(void **state)
{
    (void)state;
    for (size_t b = 0; b < sizeof backends / sizeof *backends; b++) {
        if (b > 0 && strstr(seqd_build_info(), "onednn=no")) continue; /* a build without it */
        backend = backends[b];
        print_message("backend %s\n", backend);
        for (size_t k = 0; k < KINDS; k++) {
            result one = run(1, kinds[k]);
            for (int32_t threads = 2; threads <= 5; threads++) {
                result more = run(threads, kinds[k]);
                assert_true(same(&one, &more));
                drop(&more);
            }
            drop(&one);
        }
    }
    backend = "auto";
}

static void the_seed_alone_decides(void **state)
{
    (void)state;
    result one = run(1, "seed=3"), again = run(1, "seed=3"), other = run(1, "seed=4");
    assert_true(same(&one, &again));
    assert_false(same(&one, &other));
    assert_int_equal(one.count, other.count);
    assert_memory_not_equal(one.figures, other.figures, one.count * sizeof *one.figures);
    drop(&one), drop(&again), drop(&other);
}

static const char *row_of(int number, char line[64])
{
    const int series = number / DAYS, day = number % DAYS;
    char date[RIG_DATE];
    (void)snprintf(line, 64, "s%02d,%s,%.2f\n", series, rig_date(day, date), rig_demand(series, day) / 3.0);
    return line;
}

static void rows_and_series_in_any_order(void **state)
{
    (void)state;
    /* multipliers without a common divisor with the number of rows: each visits every row once */
    static const int steps[] = { 1, SERIES *DAYS - 1, 7, 1009, DAYS + 1 };
    result first = { 0 };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        seqd_context *context = new_context(1);
        seqd_options *options = rig_options(context, "head=quantile");
        rig_text text = { 0 };
        rig_print(&text, "unique_id,ds,y\n");
        for (int row = 0; row < SERIES * DAYS; row++) {
            char line[64];
            rig_print(&text, "%s", row_of((int)((int64_t)row * steps[i] % (SERIES * DAYS)), line));
        }
        result r = run_on(context, options, rig_parse(context, options, text));
        if (i == 0) {
            first = r;
        } else {
            assert_true(same(&first, &r));
            drop(&r);
        }
        seqd_options_release(options);
        seqd_context_release(context);
    }
    drop(&first);
}

/* A series gets the forecast that it gets alone, wherever it stands in a batch and whoever its neighbours are. */
static void company_in_a_batch_does_not_matter(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        seqd_context *context = new_context(1);
        seqd_options *options = rig_options(context, kinds[k]);
        seqd_dataset *all = rig_dataset(context, options, SERIES, DAYS);
        seqd_model *model = rig_train(context, options, all);
        size_t count;
        seqd_forecast *together = rig_forecast(model, all);
        double *expected = rig_figures(together, &count);
        const size_t per_series = count / SERIES;
        for (int s = 0; s < SERIES; s++) {
            rig_text text = { 0 };
            char line[64], date[RIG_DATE];
            rig_print(&text, "unique_id,ds,y\n");
            for (int day = 0; day < DAYS; day++) {
                (void)snprintf(line, sizeof line, "s%02d,%s,%.0f\n", s, rig_date(day, date), rig_demand(s, day));
                rig_print(&text, "%s", line);
            }
            seqd_dataset *one = rig_parse(context, options, text);
            seqd_forecast *alone = rig_forecast(model, one);
            double *figures = rig_figures(alone, &count);
            assert_int_equal(count, per_series);
            assert_memory_equal(figures, expected + (size_t)s * per_series, per_series * sizeof *figures);
            free(figures);
            seqd_forecast_release(alone);
            seqd_dataset_release(one);
        }
        free(expected);
        seqd_forecast_release(together);
        seqd_model_release(model);
        seqd_dataset_release(all);
        seqd_options_release(options);
        seqd_context_release(context);
    }
}

/* The host's floating-point control, which a call must neither follow nor change. */
typedef struct control {
    int rounding;
    unsigned mxcsr;
} control;

static control read_control(void)
{
    control c = { fegetround(), 0 };
#if defined(__x86_64__)
    unsigned mxcsr;
    __asm__ __volatile__("stmxcsr %0" : "=m"(mxcsr));
    c.mxcsr = mxcsr & ~0x3Fu; /* without the flags that any sum may raise */
#endif
    return c;
}

static void set_control(int rounding, bool flush)
{
    assert_int_equal(fesetround(rounding), 0);
#if defined(__x86_64__)
    unsigned mxcsr;
    __asm__ __volatile__("stmxcsr %0" : "=m"(mxcsr));
    mxcsr = flush ? mxcsr | 0x8040u : mxcsr & ~0x8040u;
    __asm__ __volatile__("ldmxcsr %0" : : "m"(mxcsr));
#else
    (void)flush;
#endif
}

/* Results of many kinds, one number after the other, computed while the control is what it is. */
static size_t compute(double *values, size_t room)
{
    static const char *const ids[] = { "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a" };
    static const double demand[] = { 0.1, 0.7, 1.3, 1e-40, 2.9, 0.3, 0.1, 1e-30, 1.7, 2.3, 0.9, 1e20 };
    static const double history[] = { 0.1, 0.2, 0.7, 0.3, 1.1, 0.9 }, actual[] = { 0.3, 0.7, 0.1 },
                        guess[] = { 0.2, 0.6, 0.4 }, wql[] = { 0.1, 0.5, 0.9 };
    seqd_error error = SEQD_ERROR_INIT;
    size_t used = 0, count;
    seqd_context *context = new_context(2);
    seqd_options *options = rig_options(context, "batch_size=20 scaler=log1p head=mse max_steps=4 dropout=0.3");
    seqd_options *stored = NULL;
    RIG_OK(seqd_options_set_f64(options, "learning_rate", 0.00123456789, &error));
    RIG_OK(seqd_options_get_f64(options, "learning_rate", &values[used++], &error));

    seqd_dataset *dataset = rig_dataset(context, options, 5, DAYS), *columns = NULL;
    seqd_model *model = rig_train(context, options, dataset), *loaded = NULL;
    seqd_optimizer *optimizer = NULL;
    seqd_trainer *trainer = NULL;
    RIG_OK(seqd_optimizer_create(model, options, &optimizer, &error));
    RIG_OK(seqd_trainer_create(model, dataset, options, optimizer, &trainer, &error));
    RIG_OK(seqd_trainer_step(trainer, 2, &values[used++], &error));
    seqd_trainer_release(trainer);
    seqd_optimizer_release(optimizer);
    unsigned char *bytes = rig_save(model, &count);
    RIG_OK(seqd_model_load_memory(context, bytes, count, &loaded, &error));
    for (size_t i = 0; i < count; i++) values[used++] = (double)bytes[i];
    free(bytes);
    RIG_OK(seqd_model_get_options(loaded, &stored, &error));
    RIG_OK(seqd_options_get_f64(stored, "learning_rate", &values[used++], &error));
    seqd_forecast *forecast = rig_forecast(loaded, dataset), *baseline = NULL;
    double *figures = rig_figures(forecast, &count);
    memcpy(values + used, figures, count * sizeof *figures);
    used += count;
    free(figures);
    RIG_OK(seqd_forecast_paths(forecast, 2, 20, 3, values + used, &error));
    used += 20 * RIG_HORIZON;
    seqd_reorder reorder = { .struct_size = sizeof reorder };
    RIG_OK(seqd_reorder_from_forecast(forecast, 1, RIG_STOCK(10.1, 0.7, 2, 2, 0.93, 0.3, 0), 200, 1, &reorder, &error));
    memcpy(values + used, &reorder.lead_time_demand_mean, 10 * sizeof *values);
    used += 10;
    RIG_OK(seqd_baseline_forecast(dataset, options, "ses", &baseline, &error));
    figures = rig_figures(baseline, &count);
    memcpy(values + used, figures, count * sizeof *figures);
    used += count;
    free(figures);

    int64_t times[12];
    for (int i = 0; i < 12; i++) times[i] = 86400 * i;
    RIG_OK(seqd_dataset_create(context, options, &columns, &error));
    RIG_OK(seqd_dataset_append_str(columns, "unique_id", ids, 12, &error));
    RIG_OK(seqd_dataset_append_i64(columns, "ds", times, 12, &error));
    RIG_OK(seqd_dataset_append_f64(columns, "y", demand, 12, &error));
    RIG_OK(seqd_dataset_seal(columns, &error));
    RIG_OK(seqd_dataset_values(columns, 0, 0, 12, values + used, &error));
    used += 12;

    seqd_evaluation *evaluation = NULL;
    seqd_metrics metrics = { .struct_size = sizeof metrics };
    RIG_OK(seqd_evaluation_create(context, 1, wql, 3, &evaluation, &error));
    for (int i = 0; i < 3; i++)
        RIG_OK(seqd_evaluation_add(evaluation, history, 6 - i, actual, guess, guess, NULL, 3, &error));
    RIG_OK(seqd_evaluation_result(evaluation, &metrics, &error));
    memcpy(values + used, &metrics.smape, 6 * sizeof *values);
    used += 6;

    seqd_evaluation_release(evaluation);
    seqd_forecast_release(baseline);
    seqd_forecast_release(forecast);
    seqd_model_release(loaded);
    seqd_model_release(model);
    seqd_dataset_release(columns);
    seqd_dataset_release(dataset);
    seqd_options_release(stored);
    seqd_options_release(options);
    seqd_context_release(context);
    assert_true(used <= room);
    return used;
}

static void the_hosts_arithmetic_does_not_matter(void **state)
{
    (void)state;
    enum { ROOM = 20000 };
    static const int roundings[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };
    double *expected = calloc(ROOM, sizeof *expected), *values = calloc(ROOM, sizeof *values);
    const size_t count = compute(expected, ROOM);
    for (size_t i = 0; i < 2 * sizeof roundings / sizeof *roundings; i++) {
        set_control(roundings[i / 2], i % 2);
        const control before = read_control();
        const size_t again = compute(values, ROOM);
        const control after = read_control();
        set_control(FE_TONEAREST, false);
        assert_int_equal(after.rounding, before.rounding);
        assert_int_equal(after.mxcsr, before.mxcsr);
        assert_int_equal(again, count);
        for (size_t k = 0; k < count; k++)
            if (memcmp(&values[k], &expected[k], sizeof *values) != 0) {
                print_error("rounding %zu, flush %zu: number %zu of %zu is %.17g, not %.17g\n", i / 2, i % 2, k, count,
                            values[k], expected[k]);
                fail();
            }
    }
    free(expected);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(the_seed_alone_decides),
        cmocka_unit_test(rows_and_series_in_any_order),
        cmocka_unit_test(company_in_a_batch_does_not_matter),
        cmocka_unit_test(the_hosts_arithmetic_does_not_matter),
    };
    int bad = 0, levels_run = 0;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        seqd_context *context = NULL;
        level = levels[i];
        if (seqd_context_create(NULL, &context, NULL) != SEQD_OK) return 1;
        const int32_t status = seqd_context_set_kernels(context, level, NULL);
        seqd_context_release(context);
        if (status == SEQD_E_UNSUPPORTED && i > 0) continue; /* another processor, or a build without this level */
        if (status != SEQD_OK) return 1;
        print_message("kernels %s\n", level);
        bad += cmocka_run_group_tests(tests, NULL, NULL);
        levels_run++;
    }
    print_message("%d levels of kernels\n", levels_run);
    return bad;
}
