/* SPDX-License-Identifier: Apache-2.0 */
#include "eval.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "forecast.h"
#include "model_names.h"
#include "options.h"
#include "panel.h"
#include "status.h"
#include "text.h"

#define LEVEL_COUNT 9
#define MEDIAN 4
static const double levels[LEVEL_COUNT] = { 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9 };

typedef struct model_row {
    char *model;
    bool network;
    seqd_evaluation *evaluation;
    double fit_seconds, predict_seconds;
} model_row;

struct seqd_backtest {
    seqd_context *context;
    int32_t row_count;
    model_row *rows;
};

/* What is needed while it runs. */
typedef struct run {
    seqd_dataset *dataset;
    const seqd_options *options;
    seqd_backtest *backtest;
    const char *title;
    seqd_forecaster_fn forecaster;
    void *user;
    int32_t season, horizon, windows, stride;
    bool refit;
    double started;
    double *history;                   /* [longest series] */
    double *actual, *mean, *quantiles; /* [horizon], [horizon], [LEVEL_COUNT * horizon] */
} run;

void seqd_backtest_free(seqd_backtest *backtest)
{
    if (backtest == NULL) return;
    seqd_context *context = backtest->context;
    for (int32_t i = 0; i < backtest->row_count; i++) {
        seqd_evaluation_free(backtest->rows[i].evaluation);
        seqd_free(context, backtest->rows[i].model);
    }
    seqd_free(context, backtest->rows);
    seqd_free(context, backtest);
    seqd_context_drop(context);
}

int32_t seqd_backtest_rows(const seqd_backtest *backtest) { return backtest->row_count; }

static int32_t find_row(const seqd_backtest *backtest, int32_t index, const model_row **row, seqd_error *error)
{
    if (index < 0 || index >= backtest->row_count)
        return seqd_fail(error, SEQD_E_ARG, "row %d is out of range: the backtest has %d", (int)index,
                         (int)backtest->row_count);
    *row = &backtest->rows[index];
    return SEQD_OK;
}

int32_t seqd_backtest_row_at(const seqd_backtest *backtest, int32_t index, seqd_backtest_row *out, seqd_error *error)
{
    const model_row *from = NULL;
    SEQD_CHECK(find_row(backtest, index, &from, error));
    const seqd_backtest_row result = { .struct_size = (uint32_t)sizeof result, .model = from->model,
                                       .fit_seconds = from->fit_seconds, .predict_seconds = from->predict_seconds };
    return seqd_copy_result(out, &result, sizeof result, error);
}

int32_t seqd_backtest_metrics_at(const seqd_backtest *backtest, int32_t index, seqd_metrics *out, seqd_error *error)
{
    const model_row *from = NULL;
    SEQD_CHECK(find_row(backtest, index, &from, error));
    seqd_metrics result;
    seqd_evaluation_get(from->evaluation, &result);
    return seqd_copy_result(out, &result, sizeof result, error);
}

/* One row a name; every name is looked up before anything is fitted. */
static int32_t make_rows(seqd_backtest *backtest, const char *models, int32_t season, bool networks, seqd_error *error)
{
    seqd_context *context = backtest->context;
    const char *cursor = models, *item;
    size_t length, count = 0;
    while (seqd_next_item(&cursor, &item, &length)) count++;
    if (count == 0) return seqd_fail(error, SEQD_E_ARG, "no model is named: give names separated by commas");
    if (count > 1000) return seqd_fail(error, SEQD_E_LIMIT, "%zu models are named, at most 1000 can be", count);
    backtest->rows = seqd_alloc_array(context, count, sizeof *backtest->rows);
    if (backtest->rows == NULL) return seqd_fail_alloc(context, count * sizeof *backtest->rows, error);
    cursor = models;
    while (seqd_next_item(&cursor, &item, &length)) {
        model_row *next = &backtest->rows[backtest->row_count];
        SEQD_CHECK(seqd_model_name_check(item, length, &next->network, error));
        if (next->network && !networks)
            return seqd_fail(error, SEQD_E_ARG, "%.*s is a network, and there is nothing to run it", (int)length, item);
        next->model = seqd_strdup(context, item, length);
        if (next->model == NULL) return seqd_fail_alloc(context, length + 1, error);
        backtest->row_count++; /* from here on the row is freed with the backtest */
        SEQD_CHECK(seqd_evaluation_new(context, season, levels, LEVEL_COUNT, &next->evaluation, error));
    }
    return SEQD_OK;
}

/* A step without a row is a sale of 0 where fill=zero says so; any other filling is a guess, and judges no one. */
static bool is_guess(const seqd_dataset *dataset, int64_t at)
{
    return dataset->absent != NULL && (dataset->absent[at >> 3] >> (at & 7) & 1) != 0 &&
           strcmp(seqd_option_text(dataset->options, SEQD_OPT_FILL), "zero") != 0;
}

/* What happened after the origin of a view's series, before any clipping; NaN where nothing was observed. */
static bool find_actual(const run *r, const seqd_series *series)
{
    const int64_t at = seqd_panel_find(r->dataset, series->id);
    bool any = false;
    for (int32_t h = 0; h < r->horizon; h++) {
        r->actual[h] = (double)NAN;
        if (at < 0) continue;
        const seqd_series *whole = &r->dataset->series[at];
        const int64_t t = series->start + series->length + h - whole->start;
        if (t >= 0 && t < whole->length && !is_guess(r->dataset, whole->offset + t))
            r->actual[h] = (double)r->dataset->raw[whole->offset + t];
        any = any || !isnan(r->actual[h]);
    }
    return any;
}

static int32_t measure(const run *r, const seqd_dataset *view, const seqd_forecast *forecast,
                       model_row *row, seqd_error *error)
{
    if (forecast->series_count != view->series_count || forecast->horizon != r->horizon)
        return seqd_fail(error, SEQD_E_INTERNAL, "%s: the forecast is of another shape than the backtest", row->model);
    for (int64_t s = 0; s < view->series_count; s++) {
        const seqd_series *series = &view->series[s];
        /* A series that had ended before the window has nothing to be compared with. */
        if (!find_actual(r, series)) continue;
        for (int64_t t = 0; t < series->length; t++) r->history[t] = (double)view->raw[series->offset + t];
        SEQD_CHECK(seqd_forecast_get_mean(forecast, s, r->mean, error));
        for (int32_t i = 0; i < LEVEL_COUNT; i++)
            SEQD_CHECK(seqd_forecast_get_quantile(forecast, s, levels[i], r->quantiles + (int64_t)i * r->horizon,
                                                  error));
        const int32_t status =
            seqd_evaluation_add_series(row->evaluation, r->history, series->length, r->actual, r->mean,
                                       r->quantiles + (int64_t)MEDIAN * r->horizon, r->quantiles, r->horizon, error);
        if (status != SEQD_OK) {
            char id[SEQD_QUOTE_SIZE];
            seqd_quote(series->id, strlen(series->id), id);
            return seqd_fail_prefix(error, status, "series %s", id);
        }
    }
    return SEQD_OK;
}

/* true when the host asks to stop. Networks report for themselves while they train. */
static bool report(const run *r, int32_t window, int32_t index, const char *task)
{
    const int64_t done = (int64_t)index * r->windows + window;
    const int64_t total = (int64_t)r->windows * r->backtest->row_count;
    const double elapsed = seqd_now() - r->started;
    const seqd_progress progress = {
        .struct_size = (uint32_t)sizeof progress, .epoch = 0, .step = done, .total_steps = total,
        .train_loss = (double)NAN, .validation_loss = (double)NAN, .best_loss = (double)NAN, .learning_rate = 0,
        .elapsed_seconds = elapsed,
        .remaining_seconds = done > 0 ? elapsed / (double)done * (double)(total - done) : 0, .task = task,
    };
    return seqd_progress_report(r->backtest->context, &progress);
}

/* "backtest 2/3 croston", with the caller's title in the place of the first word. */
static void name_task(const run *r, int32_t window, const char *model, char *task, size_t size)
{
    char number[SEQD_NUMBER_SIZE];
    size_t used = 0;
    const char *parts[7] = { r->title, " ", NULL, "/", NULL, " ", model };
    for (int32_t i = 0; i < 7; i++) {
        if (i == 2) seqd_format_i64(window + 1, number);
        if (i == 4) seqd_format_i64(r->windows, number);
        seqd_copy_text(task + used, size - used, parts[i] == NULL ? number : parts[i]);
        used += strlen(task + used);
    }
}

static int32_t run_model(const run *r, int32_t window, int32_t index, seqd_dataset *view, seqd_error *error)
{
    model_row *row = &r->backtest->rows[index];
    char task[96];
    name_task(r, window, row->model, task, sizeof task);
    if (report(r, window, index, task)) return SEQD_STOPPED;
    seqd_forecast *forecast = NULL;
    double fit_seconds = 0, predict_seconds = 0;
    int32_t status;
    if (row->network) {
        status = r->forecaster(r->user, row->model, view, r->refit || window == 0, task, &forecast, &fit_seconds,
                               &predict_seconds, error);
    } else {
        const double start = seqd_now();
        status = seqd_baseline_run(view, r->options, row->model, &forecast, error);
        predict_seconds = seqd_now() - start;
    }
    if (status == SEQD_OK) {
        row->fit_seconds += fit_seconds;
        row->predict_seconds += predict_seconds;
        status = measure(r, view, forecast, row, error);
    }
    seqd_forecast_free(forecast);
    return status < 0 ? seqd_fail_prefix(error, status, "%s", task) : status;
}

/* Models outside, windows inside: with refit=0 a forecaster needs to keep no more than the last network it fitted. */
static int32_t run_all(run *r, seqd_error *error)
{
    for (int32_t i = 0; i < r->backtest->row_count; i++) {
        for (int32_t w = 0; w < r->windows; w++) {
            /* The newest window ends with the panel. */
            const int64_t steps = r->horizon + (int64_t)(r->windows - 1 - w) * r->stride;
            seqd_dataset *view;
            int32_t status = seqd_panel_before(r->dataset, steps, &view, error);
            if (status != SEQD_OK)
                return seqd_fail_prefix(error, status, "backtest window %d of %d, %lld steps back", (int)w + 1,
                                        (int)r->windows, (long long)steps);
            status = run_model(r, w, i, view, error);
            seqd_dataset_free(view);
            if (status != SEQD_OK) return status;
        }
    }
    return SEQD_OK;
}

int32_t seqd_backtest_new(seqd_dataset *dataset, const seqd_options *options, const char *models, const char *title,
                          seqd_forecaster_fn forecaster, void *user, seqd_backtest **out, seqd_error *error)
{
    SEQD_CHECK(seqd_need_panel(dataset, error));
    seqd_context *context = dataset->context;
    const int64_t horizon = seqd_option_i64(options, SEQD_OPT_HORIZON);
    const int64_t season = seqd_option_i64(options, SEQD_OPT_SEASON_LENGTH);
    const int64_t stride = seqd_option_i64(options, SEQD_OPT_STRIDE);
    run r = { .dataset = dataset, .options = options, .title = title, .forecaster = forecaster, .user = user,
              .windows = (int32_t)seqd_option_i64(options, SEQD_OPT_WINDOWS),
              .refit = seqd_option_i64(options, SEQD_OPT_REFIT) != 0, .started = seqd_now() };
    r.season = season > 0 ? (int32_t)season : dataset->season;
    r.horizon = horizon > 0 ? (int32_t)horizon : seqd_freq_horizon(dataset->calendar.freq);
    r.stride = stride > 0 ? (int32_t)stride : r.horizon;

    size_t longest = 0, room;
    for (int64_t s = 0; s < dataset->series_count; s++)
        if ((size_t)dataset->series[s].length > longest) longest = (size_t)dataset->series[s].length;
    if (!seqd_add_size(longest, (size_t)r.horizon * (2 + LEVEL_COUNT), &room))
        return seqd_fail(error, SEQD_E_LIMIT, "a series of %zu steps is too long", longest);
    seqd_backtest *backtest = seqd_alloc_zero(context, sizeof *backtest);
    if (backtest == NULL) return seqd_fail_alloc(context, sizeof *backtest, error);
    backtest->context = seqd_context_retain(context);
    r.backtest = backtest;

    int32_t status;
    double *work = seqd_alloc_array(context, room, sizeof *work);
    if (work == NULL) {
        status = seqd_fail_alloc(context, room * sizeof *work, error);
        goto done;
    }
    r.history = work;
    r.actual = work + longest;
    r.mean = r.actual + r.horizon;
    r.quantiles = r.mean + r.horizon;
    SEQD_TRY(status, done, make_rows(backtest, models, r.season, forecaster != NULL, error));
    SEQD_TRY(status, done, run_all(&r, error));
    *out = backtest;
    backtest = NULL;
done:
    seqd_free(context, work);
    seqd_backtest_free(backtest);
    return status;
}
