/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams against predictors: after creation, and after steps that were pushed against a window that is longer by as
 * many; one by one, all at once, on any number of threads; without an allocation; and what is refused changes nothing.
 */
#include "rig.h"

#define SERIES 21
#define DAYS 64     /* of which the last ones are pushed */
#define PUSHED 6
#define NOTHING ((double)NAN)

static seqd_error error = SEQD_ERROR_INIT;

/* One row of the data; NaN where a field is empty. */
typedef struct row {
    double y, price, discount, clicks;
    int32_t in_stock;
} row;

static row row_of(int series, int day)
{
    const int mixed = (series * 31 + day * 17) % 23;
    const double y = rig_demand(series, day) + 0.37 * (series % 3);
    row r = { y, 2 + (day + series) % 5, day % 7 == 3, day % 11 - series, 1 };
    if (series == 4) r.y = 0;
    if (mixed == 0) r.y = NOTHING;
    if (series == 5 && day < DAYS - PUSHED) r.y = NOTHING; /* first seen in what is pushed */
    if (series == 8 && day > DAYS - PUSHED - 12 && day % 5) r.y = NOTHING; /* much seen, but long ago */
    if (mixed == 5) r.in_stock = 0;
    if (mixed == 7 || day < 3) r.clicks = NOTHING;
    if (mixed == 9 && day > 40 && day < DAYS) r.price = NOTHING;
    return r;
}

static int first_day(int series) { return series == 5 ? 0 : series == 6 ? DAYS - PUSHED - 5 : series % 4 * 9; }

static void print_number(rig_text *text, double value)
{
    if (isnan(value)) rig_print(text, ",");
    else rig_print(text, ",%.2f", value);
}

static seqd_dataset *panel(seqd_context *context, const seqd_options *options, bool covariates)
{
    rig_text text = { 0 };
    char date[RIG_DATE];
    rig_print(&text, covariates ? "unique_id,ds,y,price,discount,clicks,in_stock,kind,weight\n" : "unique_id,ds,y\n");
    for (int s = 0; s < SERIES; s++)
        for (int day = first_day(s); day < DAYS + (covariates ? RIG_HORIZON : 0); day++) {
            const row r = row_of(s, day);
            rig_print(&text, "s%02d,%s", s, rig_date(day, date));
            /* the last day is always there, so that no history ends early */
            print_number(&text, day >= DAYS ? NOTHING : day == DAYS - 1 && isnan(r.y) ? 3 : r.y);
            if (covariates) {
                print_number(&text, r.price);
                print_number(&text, r.discount);
                print_number(&text, day >= DAYS ? NOTHING : r.clicks);
                rig_print(&text, ",%d,k%d,%d", r.in_stock, s % 3, s);
            }
            rig_print(&text, "\n");
        }
    return rig_parse(context, options, text);
}

#define COVARIATES " known_columns=discount,price past_columns=clicks static_columns=kind static_real_columns=weight"
static const struct {
    const char *settings;
    bool covariates;
} kinds[] = {
    { "model=lstm head=quantile hidden_size=8,4 lags=7", false },
    { "model=gru head=negative_binomial hidden_size=7 lags=7" COVARIATES, true },
    { "model=lstm head=mse hidden_size=17 scaler=standard lags=7" COVARIATES, true },
    { "model=gru head=mae hidden_size=6,5 scaler=log1p lags=7,20" COVARIATES, true },
    { "model=lstm head=quantile scaler=robust lags=7,20" COVARIATES, true },
    { "model=gru head=quantile scaler=min_max lags=7", false },
    { "model=lstm head=mse scaler=min_max_signed lags=5", false },
    { "model=gru head=mse scaler=none lags=7,20" COVARIATES, true },
    { "model=rnn nonlinearity=relu hidden_size=9,9 residual=1 lags=7" COVARIATES, true },
    { "model=gru reset_after=0 hidden_size=7,6,6 dilations=1,2,3 residual=1 layer_norm=1 lags=7", false },
    { "model=lstm hidden_size=7,5 dilations=3,2 lags=7" COVARIATES, true },
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* A model of the data for a length of the window, and all it needs. */
typedef struct bench {
    seqd_context *context;
    seqd_options *options;
    seqd_dataset *whole, *view; /* of which the last days are hidden */
    seqd_model *model;
} bench;

static double known_value(const seqd_stream *stream, int32_t column, const row *r)
{
    return strcmp(seqd_stream_known_name(stream, column), "price") == 0 ? r->price : r->discount;
}

/* [SERIES][horizon][columns]. What is missing is the value before it, as in a dataset. */
static double *known_from(const seqd_stream *stream, int day)
{
    const int32_t columns = seqd_stream_known_count(stream);
    double *values = calloc((size_t)(SERIES * RIG_HORIZON * columns) + 1, sizeof *values), *to = values;
    assert_non_null(values);
    for (int s = 0; s < SERIES; s++)
        for (int h = 0; h < RIG_HORIZON; h++)
            for (int32_t c = 0; c < columns; c++) {
                row r = row_of(s, day + h);
                for (int back = 1; isnan(known_value(stream, c, &r)); back++) r = row_of(s, day + h - back);
                *to++ = known_value(stream, c, &r);
            }
    return values;
}

static bench open_bench(seqd_context *context, size_t kind, int32_t context_length)
{
    bench b = { .context = context };
    b.options = rig_options(context, "fill=missing scale_window=10 backend=native");
    rig_set(b.options, kinds[kind].settings);
    RIG_OK(seqd_options_set_i64(b.options, "context_length", context_length, &error));
    b.whole = panel(context, b.options, kinds[kind].covariates);
    RIG_OK(seqd_dataset_before(b.whole, PUSHED, &b.view, &error));
    RIG_OK(seqd_model_create(context, b.options, b.whole, &b.model, &error));
    return b;
}

static void close_bench(bench *b)
{
    seqd_model_release(b->model);
    seqd_dataset_release(b->whole);
    seqd_dataset_release(b->view);
    seqd_options_release(b->options);
}

static void push(seqd_stream *stream, int series, int day)
{
    const row r = row_of(series, day);
    double known[2];
    for (int32_t c = 0; c < seqd_stream_known_count(stream); c++) known[c] = known_value(stream, c, &r);
    const double y = day == DAYS - 1 && isnan(r.y) ? 3 : r.y;
    RIG_OK(seqd_stream_push(stream, series, y, r.in_stock, known, seqd_stream_known_count(stream), &r.clicks,
                            seqd_stream_past_count(stream), &error));
}

static void push_all(seqd_stream *stream, int day)
{
    double y[SERIES], known[SERIES * 2], past[SERIES], *k = known, *p = past;
    int32_t in_stock[SERIES];
    for (int s = 0; s < SERIES; s++) {
        const row r = row_of(s, day);
        y[s] = day == DAYS - 1 && isnan(r.y) ? 3 : r.y;
        in_stock[s] = r.in_stock;
        for (int32_t c = 0; c < seqd_stream_known_count(stream); c++) *k++ = known_value(stream, c, &r);
        if (seqd_stream_past_count(stream) > 0) *p++ = r.clicks;
    }
    RIG_OK(seqd_stream_push_many(stream, y, in_stock, SERIES, known, seqd_stream_known_count(stream), past,
                                 seqd_stream_past_count(stream), &error));
}

/* All figures of two forecasts, within what the header promises; the number that differ at all. */
static int compare(const seqd_forecast *a, const seqd_forecast *b)
{
    size_t count[2];
    int differ = 0;
    double *first = rig_figures(a, &count[0]), *second = rig_figures(b, &count[1]);
    assert_int_equal(count[0], count[1]);
    const size_t each = count[0] / SERIES;
    for (size_t s = 0; s < SERIES; s++) {
        double scale = 1;
        for (size_t i = 0; i < each; i++) scale = fmax(scale, fabs(first[s * each + i]));
        for (size_t i = 0; i < each; i++) {
            const double distance = fabs(first[s * each + i] - second[s * each + i]);
            if (!(distance <= 1e-6 * scale))
                fail_msg("series %zu, figure %zu: %.9g and %.9g", s, i, first[s * each + i], second[s * each + i]);
            differ += distance > 0;
        }
        assert_int_equal(seqd_forecast_series_status(a, (int64_t)s), seqd_forecast_series_status(b, (int64_t)s));
        assert_string_equal(seqd_forecast_series_id(a, (int64_t)s), seqd_forecast_series_id(b, (int64_t)s));
    }
    free(first), free(second);
    return differ;
}

static seqd_forecast *run(seqd_stream *stream, const double *known)
{
    seqd_forecast *forecast = NULL;
    RIG_OK(seqd_stream_run(stream, known, SERIES, seqd_stream_known_count(stream), &forecast, &error));
    return forecast;
}

/* The stream of a window of 10 goes PUSHED steps on: that is a predictor whose window is longer by as many. */
static void as_predictors_have_it(void **state)
{
    (void)state;
    int differ = 0;
    for (size_t kind = 0; kind < KINDS; kind++) {
        seqd_context *context = rig_context(NULL);
        RIG_OK(seqd_context_set_threads(context, 2, &error));
        bench b = open_bench(context, kind, 10), longer = open_bench(context, kind, 10 + PUSHED);
        seqd_stream *stream = NULL;
        RIG_OK(seqd_stream_create(b.model, b.view, &stream, &error));
        assert_int_equal(seqd_stream_series_count(stream), SERIES);
        assert_int_equal(seqd_stream_horizon(stream), RIG_HORIZON);
        assert_int_equal(seqd_stream_known_count(stream), kinds[kind].covariates ? 2 : 0);
        assert_int_equal(seqd_stream_past_count(stream), kinds[kind].covariates ? 1 : 0);
        for (int s = 0; s < SERIES; s++) {
            assert_string_equal(seqd_stream_series_id(stream, s), seqd_dataset_series_id(b.view, s));
            assert_int_equal(seqd_stream_length(stream, s), seqd_dataset_length(b.view, s));
        }
        double *known = known_from(stream, DAYS - PUSHED), *later = known_from(stream, DAYS);
        seqd_forecast *ours = run(stream, known), *theirs = rig_forecast(b.model, b.view);
        differ += compare(ours, theirs);
        assert_int_equal(seqd_forecast_series_status(ours, 5), SEQD_SERIES_EMPTY);
        assert_int_equal(seqd_forecast_series_status(ours, 4), SEQD_SERIES_ALL_ZERO);
        seqd_forecast_release(ours);
        seqd_forecast_release(theirs);

        for (int day = DAYS - PUSHED; day < DAYS; day++) {
            if (day % 2) push_all(stream, day);
            else
                for (int s = SERIES - 1; s >= 0; s--) push(stream, s, day);
        }
        ours = run(stream, later), theirs = rig_forecast(longer.model, longer.whole);
        /* series 5 and 6 were shorter than the window: they began with another number of empty steps, and age */
        size_t count;
        double *first = rig_figures(ours, &count), *second = rig_figures(theirs, &count);
        const size_t each = count / SERIES;
        for (size_t s = 0; s < SERIES; s++) {
            double scale = 1;
            for (size_t i = 0; i < each; i++) scale = fmax(scale, fabs(second[s * each + i]));
            for (size_t i = 0; i < each && s != 5 && s != 6; i++) {
                const double distance = fabs(first[s * each + i] - second[s * each + i]);
                if (!(distance <= 1e-6 * scale))
                    fail_msg("kind %zu, series %zu, figure %zu: %.9g and %.9g", kind, s, i, first[s * each + i],
                             second[s * each + i]);
                differ += distance > 0;
            }
            assert_int_equal(seqd_forecast_series_status(ours, (int64_t)s),
                             seqd_forecast_series_status(theirs, (int64_t)s));
            assert_int_equal(seqd_stream_length(stream, (int64_t)s), seqd_dataset_length(b.whole, (int64_t)s));
        }
        /* alone, a series says the same as among all */
        static const double levels[] = { 0.1, 0.9 };
        for (int s = 0; s < SERIES; s++) {
            double mean[RIG_HORIZON], quantiles[2 * RIG_HORIZON];
            RIG_OK(seqd_stream_forecast(stream, s, later + s * RIG_HORIZON * seqd_stream_known_count(stream),
                                        seqd_stream_known_count(stream), mean, levels, 2, quantiles, &error));
            assert_memory_equal(mean, first + (size_t)s * each, sizeof mean);
            assert_memory_equal(quantiles, first + (size_t)s * each + RIG_HORIZON, sizeof quantiles);
        }
        free(first), free(second), free(known), free(later);
        seqd_forecast_release(ours);
        seqd_forecast_release(theirs);
        close_bench(&b);
        close_bench(&longer); /* before the stream, which keeps its model */
        push_all(stream, 3);
        seqd_stream_release(stream);
        assert_int_equal(seqd_context_memory_in_use(context), 0);
        seqd_context_release(context);
    }
    print_message("%d figures differ in their last bits\n", differ);
}

/* Every figure after every step, as bytes. */
static double *history_of(int32_t threads, size_t kind, int how, size_t *count)
{
    seqd_context *context = rig_context(NULL);
    RIG_OK(seqd_context_set_threads(context, threads, &error));
    bench b = open_bench(context, kind, 12);
    seqd_stream *stream = NULL;
    RIG_OK(seqd_stream_create(b.model, b.view, &stream, &error));
    double *all = NULL;
    size_t used = 0;
    for (int day = DAYS - PUSHED; day < DAYS; day++) {
        if (how == 0) push_all(stream, day);
        else
            for (int i = 0; i < SERIES; i++) push(stream, how == 1 ? i : (i * 8 + 3) % SERIES, day);
        double *known = known_from(stream, day + 1);
        seqd_forecast *forecast = run(stream, known);
        double *figures = rig_figures(forecast, count);
        all = realloc(all, (used + *count) * sizeof *all);
        assert_non_null(all);
        memcpy(all + used, figures, *count * sizeof *all);
        used += *count;
        free(figures), free(known);
        seqd_forecast_release(forecast);
    }
    seqd_stream_release(stream);
    close_bench(&b);
    seqd_context_release(context);
    *count = used;
    return all;
}

static void the_same_in_any_order(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        size_t count, other;
        double *expected = history_of(1, kind, 0, &count);
        for (int32_t threads = 1; threads <= 4; threads++)
            for (int how = 0; how < 3; how++) {
                double *again = history_of(threads, kind, how, &other);
                assert_int_equal(count, other);
                assert_memory_equal(expected, again, count * sizeof *again);
                free(again);
            }
        free(expected);
    }
}

static void nothing_is_allocated(void **state)
{
    (void)state;
    static const double levels[] = { 0.1, 0.5, 0.9 };
    for (size_t kind = 0; kind < KINDS; kind++) {
        rig_memory memory = { 0 };
        seqd_context *context = rig_context(&memory);
        RIG_OK(seqd_context_set_threads(context, 2, &error));
        bench b = open_bench(context, kind, 10);
        seqd_stream *stream = NULL;
        RIG_OK(seqd_stream_create(b.model, b.view, &stream, &error));
        const int32_t columns = seqd_stream_known_count(stream);
        double *known = known_from(stream, DAYS), mean[RIG_HORIZON], quantiles[3 * RIG_HORIZON];
        const long long calls = memory.calls;
        for (int i = 0; i < 3; i++) {
            for (int s = 0; s < SERIES; s++) {
                push(stream, s, 20 + i);
                RIG_OK(seqd_stream_forecast(stream, s, known, columns, mean, levels, 3, quantiles, &error));
            }
            push_all(stream, 30 + i);
        }
        assert_int_equal(memory.calls, calls);
        seqd_forecast *forecast = run(stream, known);
        assert_true(memory.calls > calls);
        const long long more = memory.calls;
        for (int i = 0; i < 3; i++) {
            push_all(stream, 40 + i);
            RIG_OK(seqd_stream_run_into(stream, known, SERIES, columns, forecast, &error));
        }
        assert_int_equal(memory.calls, more);
        seqd_forecast *fresh = run(stream, known);
        assert_int_equal(compare(forecast, fresh), 0);
        free(known);
        seqd_forecast_release(forecast);
        seqd_forecast_release(fresh);
        seqd_stream_release(stream);
        close_bench(&b);
        seqd_context_release(context);
        assert_int_equal(memory.blocks, 0);
    }
}

static void what_is_refused_changes_nothing(void **state)
{
    (void)state;
    seqd_context *context = rig_context(NULL), *foreign = rig_context(NULL);
    bench b = open_bench(context, 1, 10), strange = open_bench(foreign, 1, 10);
    seqd_stream *stream = NULL, *none = NULL;
    seqd_dataset *open = NULL;
    RIG_OK(seqd_dataset_create(context, b.options, &open, &error));
    RIG_EXPECT(SEQD_E_STATE, seqd_stream_create(b.model, open, &none, &error));
    seqd_options *plain = rig_options(context, "");
    seqd_dataset *bare = rig_dataset(context, plain, 2, 30);
    RIG_EXPECT(SEQD_E_DATA, seqd_stream_create(b.model, bare, &none, &error));
    assert_null(none);
    RIG_OK(seqd_stream_create(b.model, b.view, &stream, &error));
    double *known = known_from(stream, DAYS - PUSHED);
    seqd_forecast *before = run(stream, known), *over = run(stream, known);
    seqd_forecast *other = rig_forecast(strange.model, strange.view);

    const double two[2] = { 1, 2 }, one[1] = { 1 }, wide[2] = { 1, HUGE_VAL };
    double mean[RIG_HORIZON] = { 42, 42, 42, 42 }, many[SERIES] = { 0 }, many_known[2 * SERIES] = { 0 };
    const double levels[2] = { 0.5, 1.0 };
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_push(stream, -1, 1, 1, two, 2, one, 1, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_push(stream, SERIES, 1, 1, two, 2, one, 1, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_push(stream, 0, 1, 1, two, 1, one, 1, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_push(stream, 0, 1, 1, NULL, 2, one, 1, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_push(stream, 0, 1, 1, two, 2, one, 0, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_push(stream, 0, 1, 1, two, 2, NULL, 1, &error));
    RIG_EXPECT(SEQD_E_DATA, seqd_stream_push(stream, 0, HUGE_VAL, 1, two, 2, one, 1, &error));
    RIG_EXPECT(SEQD_E_DATA, seqd_stream_push(stream, 0, 1e39, 1, two, 2, one, 1, &error));
    RIG_EXPECT(SEQD_E_DATA, seqd_stream_push(stream, 0, 1, 1, wide, 2, one, 1, &error));
    assert_non_null(strstr(error.message, "price"));
    RIG_EXPECT(SEQD_E_DATA, seqd_stream_push(stream, 0, 1, 1, two, 2, wide + 1, 1, &error));
    assert_non_null(strstr(error.message, "clicks"));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_push_many(stream, many, NULL, SERIES - 1, many_known, 2, many, 1, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_push_many(stream, many, NULL, SERIES, many_known, 1, many, 1, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_push_many(stream, many, NULL, SERIES, many_known, 2, NULL, 1, &error));
    many[SERIES - 1] = -HUGE_VAL;
    RIG_EXPECT(SEQD_E_DATA, seqd_stream_push_many(stream, many, NULL, SERIES, many_known, 2, many_known, 1, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_forecast(stream, SERIES, known, 2, mean, NULL, 0, NULL, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_forecast(stream, 0, known, 1, mean, NULL, 0, NULL, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_forecast(stream, 0, NULL, 2, mean, NULL, 0, NULL, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_forecast(stream, 0, known, 2, mean, levels, 2, mean, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_forecast(stream, 0, known, 2, mean, levels, -1, mean, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_forecast(stream, 0, known, 2, mean, NULL, 1, mean, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_forecast(stream, 0, known, 2, mean, levels, 1, NULL, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_run_into(stream, known, SERIES + 1, 2, over, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_run_into(stream, known, SERIES, 3, over, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_stream_run_into(stream, known, SERIES, 2, other, &error));
    const int32_t last = SERIES * RIG_HORIZON * 2 - 1;
    known[last] = NOTHING;
    RIG_EXPECT(SEQD_E_DATA, seqd_stream_run_into(stream, known, SERIES, 2, over, &error));
    assert_non_null(strstr(error.message, "s20"));
    assert_non_null(strstr(error.message, "price"));
    char date[RIG_DATE];
    assert_non_null(strstr(error.message, rig_date(DAYS - PUSHED + RIG_HORIZON - 1, date)));
    RIG_EXPECT(SEQD_E_DATA, seqd_stream_forecast(stream, SERIES - 1, known + last - 7, 2, mean, NULL, 0, NULL, &error));
    for (int i = 0; i < RIG_HORIZON; i++) assert_true(mean[i] == 42);
    assert_null(seqd_stream_series_id(stream, -1));
    assert_null(seqd_stream_series_id(stream, SERIES));
    assert_int_equal(seqd_stream_length(stream, SERIES), -1);
    assert_null(seqd_stream_known_name(stream, 2));
    assert_null(seqd_stream_known_name(stream, -1));
    assert_null(seqd_stream_past_name(stream, 1));
    assert_string_equal(seqd_stream_past_name(stream, 0), "clicks");

    known[last] = known[last - 2];
    free(known);
    known = known_from(stream, DAYS - PUSHED);
    seqd_forecast *after = run(stream, known);
    assert_int_equal(compare(before, after), 0);
    assert_int_equal(compare(before, over), 0);
    seqd_forecast_release(after);

    /* other weights are read at the next call */
    float bias[16];
    RIG_OK(seqd_model_get_parameter(b.model, "output.bias", bias, 2, &error));
    bias[0] += 1;
    RIG_OK(seqd_model_set_parameter(b.model, "output.bias", bias, 2, &error));
    after = run(stream, known);
    seqd_forecast *theirs = rig_forecast(b.model, b.view);
    (void)compare(after, theirs);
    double was[RIG_HORIZON], is[RIG_HORIZON];
    RIG_OK(seqd_forecast_mean(before, 0, was, &error));
    RIG_OK(seqd_forecast_mean(after, 0, is, &error));
    assert_true(was[0] < is[0]);

    free(known);
    seqd_forecast_release(after);
    seqd_forecast_release(theirs);
    seqd_forecast_release(before);
    seqd_forecast_release(over);
    seqd_forecast_release(other);
    seqd_stream_release(stream);
    seqd_dataset_release(open);
    seqd_dataset_release(bare);
    seqd_options_release(plain);
    close_bench(&b);
    close_bench(&strange);
    seqd_context_release(context);
    seqd_context_release(foreign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_predictors_have_it),
        cmocka_unit_test(the_same_in_any_order),
        cmocka_unit_test(nothing_is_allocated),
        cmocka_unit_test(what_is_refused_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
