/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV text to panel, views of the past, and yardsticks on them. The first six bytes choose how rows are read, the rest is
 * the text. Sums of the summary must be those of the values, views must be the beginning of the whole, forecasts finite.
 */
#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHOICES = 6 };

static const char *const seeds[] = {
    "BAAAAAunique_id,ds,y\na,2024-01-01,3\na,2024-01-02,0\na,2024-01-03,5\nb,2024-01-02,1.5\nb,2024-01-09,\n",
    "ABBBBAitem_id;timestamp;target\r\na;2024-01-01 00:00:00;3\r\na;2024-01-01 05:00:00;-2\r\n\"b;1\";2024-01-01T07:00;1e3\r\n",
    "CACBCAsku\tdate\tqty\nx\t2023-12-25\t4\nx\t2024-01-01\t4\nx\t2024-01-08\t40000\ny\t2024-02-26\t-1\n",
    "DDAAFPid,time,demand,in_stock,kind,size,price,clicks\na,2022-01-01,1,1,big,2,3.5,1\na,2022-03-01,2,0,big,2,3.4,2\n"
    "b,2022-02-01,7,1,\"sm\"\"all\",,9,\na,2022-04-01,,1,big,2,3.3,\nb,2022-04-01,,1,\"sm\"\"all\",,9,0\n",
    "FCDCDAseries_id,time_idx,sales\n1,1,5\n1,2,5\n1,2,6\n1,7,nan\n1,9,0.25\n2,-3,1\n2,4,NaN\n3,0,\n",
    "EEABABunique_id,ds,y,kind\na,2024-02-29 23:00:00,1,u\na,2024-03-01 01:00:00,2,u\na,2024-03-01 01:59:59,2,u\n",
    "AEADEIunique_id,ds,y,clicks\na,20240101,1,2\na,20240102,2,\na,20240105,9,1e30\n\n\nb,20240103,3.4e38,-7\n",
};

size_t fuzz_seed(int index, uint8_t *bytes, size_t room)
{
    if (index < 0 || index >= (int)(sizeof seeds / sizeof *seeds)) return 0;
    const size_t size = strlen(seeds[index]);
    FUZZ_CHECK(size <= room);
    memcpy(bytes, seeds[index], size);
    return size;
}

static void set(seqd_options *options, const char *name, const char *value)
{
    seqd_error error = SEQD_ERROR_INIT;
    FUZZ_OK(seqd_options_set_str(options, name, value, &error), &error);
}

static void choose(seqd_options *options, const char *name, const char *const *words, int count, unsigned by)
{
    set(options, name, words[by % (unsigned)count]);
}

static void configure(seqd_options *options, const uint8_t *by)
{
    static const char *const freq[] = { "auto", "D", "W", "MS", "h", "int" };
    static const char *const fill[] = { "zero", "forward", "mean", "interpolate", "missing" };
    static const char *const duplicates[] = { "sum", "mean", "last", "error" };
    static const char *const negatives[] = { "keep", "zero", "drop" };
    static const char *const outliers[] = { "none", "zscore", "quantile" };
    static const char *const ends[] = { "auto", "common", "own" };
    static const char *const columns[] = { "static_columns", "static_real_columns", "known_columns", "past_columns" };
    static const char *const names[] = { "kind", "size", "price", "clicks" };
    /* 'A' is the default everywhere */
    choose(options, "freq", freq, 6, by[0] - (unsigned)'A');
    choose(options, "fill", fill, 5, by[1] - (unsigned)'A');
    choose(options, "duplicates", duplicates, 4, by[2] - (unsigned)'A');
    choose(options, "negatives", negatives, 3, by[3] - (unsigned)'A');
    choose(options, "outliers", outliers, 3, by[4] - (unsigned)'A');
    choose(options, "series_end", ends, 3, (by[4] - (unsigned)'A') / 3);
    if (by[4] & 128) set(options, "outlier_limit", "0.5");
    if (by[4] & 128) set(options, "outlier_quantile", "0.5");
    for (int i = 0; i < 4; i++)
        if ((by[5] - (unsigned)'A') >> i & 1) set(options, columns[i], names[i]);
    set(options, "horizon", "3");
}

static double *values_of(const seqd_dataset *dataset, int64_t series, int64_t length)
{
    seqd_error error = SEQD_ERROR_INIT;
    double *values = malloc((size_t)length * sizeof *values);
    FUZZ_CHECK(values != NULL);
    FUZZ_OK(seqd_dataset_values(dataset, series, 0, length, values, &error), &error);
    return values;
}

static void check_dataset(const seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset_summary summary = { .struct_size = (uint32_t)sizeof summary };
    const int64_t count = seqd_dataset_series_count(dataset);
    int64_t steps = 0, zeros = 0, missing = 0;
    FUZZ_OK(seqd_dataset_summarize(dataset, &summary, &error), &error);
    FUZZ_CHECK(count >= 1 && count == summary.series);
    FUZZ_CHECK(seqd_dataset_season(dataset) >= 1);
    for (int64_t i = 0; i < count; i++) {
        char first[24], last[24], future[24];
        const char *id = seqd_dataset_series_id(dataset, i);
        const int64_t length = seqd_dataset_length(dataset, i);
        FUZZ_CHECK(id != NULL && length >= 1);
        FUZZ_CHECK(seqd_dataset_find_series(dataset, id) == i);
        if (i > 0) FUZZ_CHECK(strcmp(seqd_dataset_series_id(dataset, i - 1), id) < 0);
        FUZZ_OK(seqd_dataset_date(dataset, i, 0, first, sizeof first, &error), &error);
        FUZZ_OK(seqd_dataset_date(dataset, i, length - 1, last, sizeof last, &error), &error);
        FUZZ_OK(seqd_dataset_date(dataset, i, length, future, sizeof future, &error), &error);
        FUZZ_CHECK(strcmp(last, future) != 0 && (length == 1 || strcmp(first, last) != 0));
        double *values = values_of(dataset, i, length);
        for (int64_t t = 0; t < length; t++) {
            FUZZ_CHECK(!isinf(values[t]));
            zeros += values[t] == 0.0;
            missing += isnan(values[t]) != 0;
        }
        steps += length;
        free(values);
    }
    FUZZ_CHECK(steps == summary.steps && missing == summary.missing);
    if (summary.clipped == 0) FUZZ_CHECK(zeros == summary.zeros); /* zeros are those of the data */
    FUZZ_CHECK(summary.observed + summary.missing + summary.filled == summary.steps);
    FUZZ_CHECK(summary.merged >= 0 && summary.negative >= 0 && summary.clipped >= 0 && summary.future_steps >= 0);
}

/* What a view shows is what the whole shows; clipping is done anew, and what is guessed may be guessed otherwise. */
static void check_view(const seqd_dataset *whole, const seqd_dataset *view, bool same_values)
{
    FUZZ_CHECK(seqd_dataset_series_count(view) <= seqd_dataset_series_count(whole));
    for (int64_t i = 0; i < seqd_dataset_series_count(view); i++) {
        const int64_t at = seqd_dataset_find_series(whole, seqd_dataset_series_id(view, i));
        const int64_t length = seqd_dataset_length(view, i);
        FUZZ_CHECK(at >= 0 && length <= seqd_dataset_length(whole, at));
        if (!same_values) continue;
        double *seen = values_of(view, i, length), *all = values_of(whole, at, length);
        for (int64_t t = 0; t < length; t++) FUZZ_CHECK(seen[t] == all[t] || (isnan(seen[t]) && isnan(all[t])));
        free(seen);
        free(all);
    }
}

static void check_baselines(seqd_dataset *dataset, const seqd_options *options)
{
    static const char *const names[] = { "naive", "seasonal_naive", "naive2", "moving_average", "ses", "croston", "sba",
                                         "tsb", "zero" };
    seqd_error error = SEQD_ERROR_INIT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        seqd_forecast *forecast = NULL;
        const int32_t status = seqd_baseline_forecast(dataset, options, names[i], &forecast, &error);
        fuzz_check_error(status, &error);
        if (status == SEQD_OK) fuzz_check_forecast(forecast);
        else FUZZ_CHECK(status == SEQD_E_LIMIT);
        seqd_forecast_release(forecast);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    if (size < CHOICES) return 0;
    seqd_context *context = fuzz_context();
    /* a date millennia away is millions of steps: right, but nothing to wait for here */
    FUZZ_OK(seqd_context_set_limit(context, "memory", (int64_t)2 << 20, &error), &error);
    FUZZ_OK(seqd_options_create(context, &options, &error), &error);
    configure(options, bytes);
    char *text = malloc(size - CHOICES + 1); /* a block of its own: a read past the text is seen */
    FUZZ_CHECK(text != NULL);
    memcpy(text, bytes + CHOICES, size - CHOICES);
    int32_t status = seqd_dataset_parse(context, options, text, size - CHOICES, &dataset, &error);
    free(text);
    fuzz_check_error(status, &error);
    if (status == SEQD_OK) {
        const char *fill = "", *outliers = "";
        FUZZ_OK(seqd_options_get_str(options, "fill", &fill, &error), &error);
        FUZZ_OK(seqd_options_get_str(options, "outliers", &outliers, &error), &error);
        const bool same = strcmp(outliers, "none") == 0 && strcmp(fill, "zero") == 0;
        check_dataset(dataset);
        check_baselines(dataset, options);
        for (int64_t steps = 0; steps <= 3; steps++) {
            seqd_dataset *view = NULL;
            status = seqd_dataset_before(dataset, steps, &view, &error);
            fuzz_check_error(status, &error);
            if (status != SEQD_OK) continue;
            check_dataset(view);
            check_view(dataset, view, same);
            if (steps == 2) check_baselines(view, options);
            seqd_dataset_release(view);
        }
    }
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    fuzz_context_close(context);
    return 0;
}
