/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Today's sales: each article's stream begins WEEKS + 1 weeks ago, forecasts a week, is told what was sold in it, and
 * so on to today. The forecast that then stands makes the proposals. The forecast errors of the weeks tell drift: an
 * article is worth a look when its last week was off by more than twice what was the worst of the weeks before it.
 * (The 99 % that a network thinks of itself are not asked: after a short training it is too sure.)
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "shop.h"

enum { WEEKS = 8, DAYS = 7, PATHS = 200 };
#define TIMES_USUAL 2.0

/* The week to come: mean and standard deviation of the total over the sample paths. */
static void week(shop *s, const seqd_forecast *forecast, int64_t series, double *paths, double *mean, double *spread)
{
    const int32_t horizon = seqd_forecast_horizon(forecast);
    double sum = 0.0, squares = 0.0;
    must(s, seqd_forecast_paths(forecast, series, PATHS, 1, paths, &s->error), "sample paths");
    for (int p = 0; p < PATHS; p++) {
        double total = 0.0;
        for (int d = 0; d < DAYS; d++) total += paths[p * horizon + d];
        sum += total;
        squares += total * total;
    }
    *mean = sum / PATHS;
    *spread = sqrt(fmax(squares / PATHS - *mean * *mean, 1.0)); /* a piece, at the least */
}

static double push_week(shop *s, seqd_stream *stream, int64_t series, const double sold[DAYS])
{
    double sum = 0.0;
    for (int d = 0; d < DAYS; d++) {
        must(s, seqd_stream_push(stream, series, sold[d], 1, NULL, 0, NULL, 0, &s->error), "sale");
        sum += sold[d];
    }
    return sum;
}

/* Carries all streams to today, and fills error[series][week] in standard deviations, and the last week's numbers. */
static void follow(shop *s, seqd_stream *stream, const seqd_dataset *sales, double (*error)[WEEKS + 1],
                   double (*last)[2])
{
    seqd_forecast *forecast = NULL;
    double *paths = NULL, sold[DAYS], mean, spread;
    const int64_t count = seqd_stream_series_count(stream);
    for (int w = 0; w <= WEEKS; w++) {
        if (forecast)
            must(s, seqd_stream_run_into(stream, NULL, count, 0, forecast, &s->error), "forecast");
        else
            must(s, seqd_stream_run(stream, NULL, count, 0, &forecast, &s->error), "forecast");
        if (!paths) paths = malloc(PATHS * (size_t)seqd_forecast_horizon(forecast) * sizeof *paths);
        if (!paths) stop(s, "no memory");
        for (int64_t i = 0; i < count; i++) {
            const int64_t at = seqd_dataset_find_series(sales, seqd_stream_series_id(stream, i));
            const int64_t from = seqd_dataset_length(sales, at) - DAYS * (WEEKS + 1 - w);
            week(s, forecast, i, paths, &mean, &spread);
            must(s, seqd_dataset_values(sales, at, from, DAYS, sold, &s->error), "sales of a week");
            last[i][0] = push_week(s, stream, i, sold);
            last[i][1] = mean;
            error[i][w] = fabs(last[i][0] - mean) / spread;
        }
    }
    free(paths);
    seqd_forecast_release(forecast);
}

/* Writes an alert for each article that has drifted; returns how many. */
static int64_t alert(shop *s, const seqd_stream *stream, double (*error)[WEEKS + 1], double (*last)[2], const char *day)
{
    int64_t drifted = 0;
    sqlite3_stmt *row = prepare(s, "insert or replace into drift_alert values (?1, ?2, ?3, ?4, ?5)");
    for (int64_t i = 0; i < seqd_stream_series_count(stream); i++) {
        double usual = 1.0; /* a week that is off by one standard deviation is nothing, whatever was before */
        for (int w = 0; w < WEEKS; w++) usual = fmax(usual, error[i][w]);
        if (error[i][WEEKS] <= TIMES_USUAL * usual) continue;
        bind_text(row, 1, seqd_stream_series_id(stream, i));
        bind_text(row, 2, day);
        sqlite3_bind_double(row, 3, last[i][0]);
        sqlite3_bind_double(row, 4, last[i][1]);
        sqlite3_bind_double(row, 5, error[i][WEEKS] / usual);
        step(s, row);
        drifted++;
    }
    sqlite3_finalize(row);
    return drifted;
}

void today(shop *s)
{
    char day[24];
    seqd_dataset *sales = load_sales(s), *before;
    seqd_stream *stream;
    seqd_forecast *carried;
    seqd_model *model = stored_model(s, NULL);
    if (!model) stop(s, "there is no model yet: run nightly first");
    last_day(s, sales, day);
    must(s, seqd_dataset_before(sales, DAYS * (WEEKS + 1), &before, &s->error), "sales of nine weeks ago");
    must(s, seqd_stream_create(model, before, &stream, &s->error), "stream");

    const int64_t count = seqd_stream_series_count(stream);
    double(*error)[WEEKS + 1] = malloc((size_t)count * sizeof *error);
    double(*last)[2] = malloc((size_t)count * sizeof *last);
    if (!error || !last) stop(s, "no memory");
    follow(s, stream, sales, error, last);
    must(s, seqd_stream_run(stream, NULL, count, 0, &carried, &s->error), "forecast");
    seqd_forecast *whole = predict(s, model, sales); /* for articles that are younger than the streams */

    run(s, "begin immediate");
    const int64_t drifted = alert(s, stream, error, last, day);
    propose(s, (const outlook[2]){{before, carried}, {sales, whole}}, 2, day);
    run(s, "commit");
    printf("%s: %lld articles sold unlike their forecast, and unlike before\n", day, (long long)drifted);

    free(error), free(last);
    seqd_forecast_release(whole);
    seqd_forecast_release(carried);
    seqd_stream_release(stream);
    seqd_dataset_release(before);
    seqd_dataset_release(sales);
    seqd_model_release(model);
}
