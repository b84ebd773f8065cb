/* SPDX-License-Identifier: Apache-2.0 */
#include "eval.h"

#include <float.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "forecast.h"
#include "options.h"
#include "panel.h"
#include "status.h"
#include "text.h"
#include "yardsticks.h"

static const struct {
    const char *name;
    seqd_yardstick_fn run;
} baselines[] = {
    { "naive", seqd_yardstick_naive },
    { "seasonal_naive", seqd_yardstick_seasonal_naive },
    { "naive2", seqd_yardstick_naive2 },
    { "moving_average", seqd_yardstick_moving_average },
    { "ses", seqd_yardstick_ses },
    { "croston", seqd_yardstick_croston },
    { "sba", seqd_yardstick_sba },
    { "tsb", seqd_yardstick_tsb },
    { "zero", seqd_yardstick_zero },
};

#define BASELINE_COUNT ((int32_t)(sizeof baselines / sizeof baselines[0]))

int32_t seqd_baseline_count(void) { return BASELINE_COUNT; }

const char *seqd_baseline_name(int32_t index)
{
    return index >= 0 && index < BASELINE_COUNT ? baselines[index].name : NULL;
}

int32_t seqd_baseline_find(const char *name)
{
    for (int32_t i = 0; i < BASELINE_COUNT; i++)
        if (strcmp(baselines[i].name, name) == 0) return i;
    return -1;
}

/* Forecasts are stored as float. No yardstick goes below 0 where its history does not: they average or repeat. */
static double within_float(double value) { return fmax(-(double)FLT_MAX, fmin(value, (double)FLT_MAX)); }

void seqd_baseline_point(int32_t index, const seqd_baseline_settings *settings, const double *history,
                         int64_t history_length, int32_t horizon, double *point, double *spread, double *scratch)
{
    int64_t first = 0;
    while (first < history_length && isnan(history[first])) first++;

    seqd_yardstick self = { .y = history + first, .length = history_length - first, .settings = settings,
                            .horizon = horizon, .point = point, .scratch = scratch };
    if (self.length == 0) {
        seqd_yardstick_flat(&self, 0);
        *spread = 0;
        return;
    }
    baselines[index].run(&self);
    for (int32_t h = 0; h < horizon; h++) point[h] = within_float(point[h]);
    *spread = self.errors > 0 ? within_float(sqrt(self.squares / (double)self.errors)) : 0;
}

/* What the forecast says about a series: SEQD_SERIES_*. */
static int32_t judge(const double *y, int64_t length, int32_t season)
{
    int64_t observed = 0, other = 0;
    for (int64_t t = 0; t < length; t++) {
        observed += !isnan(y[t]);
        other += !isnan(y[t]) && y[t] != 0;
    }
    if (observed == 0) return SEQD_SERIES_EMPTY;
    if (other == 0) return SEQD_SERIES_ALL_ZERO;
    return observed < season ? SEQD_SERIES_SHORT : SEQD_SERIES_OK;
}

static int32_t unknown_baseline(const char *name, seqd_error *error)
{
    const char *names[BASELINE_COUNT];
    for (int32_t i = 0; i < BASELINE_COUNT; i++) names[i] = baselines[i].name;
    const int32_t near = seqd_nearest_name(name, names, BASELINE_COUNT);
    char quoted[SEQD_QUOTE_SIZE];
    seqd_quote(name, strlen(name), quoted);
    if (near >= 0)
        return seqd_fail(error, SEQD_E_OPTION, "unknown baseline '%s': did you mean '%s'?", quoted, names[near]);
    return seqd_fail(error, SEQD_E_OPTION, "unknown baseline '%s'", quoted);
}

int32_t seqd_baseline_run(seqd_dataset *dataset, const seqd_options *options, const char *name, seqd_forecast **out,
                          seqd_error *error)
{
    SEQD_CHECK(seqd_need_panel(dataset, error));
    const int32_t index = seqd_baseline_find(name);
    if (index < 0) return unknown_baseline(name, error);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    seqd_context *context = dataset->context;
    const seqd_freq freq = dataset->calendar.freq;
    const int64_t season = seqd_option_i64(options, SEQD_OPT_SEASON_LENGTH);
    const int64_t asked = seqd_option_i64(options, SEQD_OPT_HORIZON);
    const int64_t window = seqd_option_i64(options, SEQD_OPT_MOVING_WINDOW);
    const int32_t horizon = asked > 0 ? (int32_t)asked : seqd_freq_horizon(freq);
    const seqd_baseline_settings settings = {
        .season = season > 0 ? (int32_t)season : dataset->season,
        .window = window > 0 ? (int32_t)window : seqd_freq_moving_window(freq),
        .smoothing = seqd_option_f64(options, SEQD_OPT_SMOOTHING),
    };

    size_t longest = 0, room = 0;
    for (int64_t s = 0; s < dataset->series_count; s++)
        if ((size_t)dataset->series[s].length > longest) longest = (size_t)dataset->series[s].length;
    if (!seqd_mul_size(longest, 3, &room) || !seqd_add_size(room, (size_t)horizon, &room))
        return seqd_fail(error, SEQD_E_LIMIT, "a series of %zu steps is too long", longest);

    const size_t series_count = (size_t)dataset->series_count;
    double *work = seqd_alloc_array(context, room, sizeof *work);
    const char **ids = seqd_alloc_array(context, series_count, sizeof *ids);
    seqd_forecast *forecast = NULL;
    int32_t status = SEQD_OK;
    if (work == NULL || (ids == NULL && series_count > 0)) {
        status = seqd_fail_alloc(context, room * sizeof *work + series_count * sizeof *ids, error);
        goto done;
    }
    for (size_t s = 0; s < series_count; s++) ids[s] = dataset->series[s].id;
    seqd_dist dist = { .kind = SEQD_DIST_NORMAL, .width = 2, .floor = 0 };
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const seqd_series *series = &dataset->series[s];
        for (int64_t t = 0; t < series->length; t++)
            if (dataset->y[series->offset + t] < 0) dist.floor = -(double)INFINITY;
    }
    SEQD_TRY(status, done, seqd_forecast_new(context, ids, dataset->series_count, horizon, &dist, &forecast, error));

    double *history = work, *scratch = work + longest, *point = work + 3 * longest;
    for (size_t s = 0; s < series_count; s++) {
        const seqd_series *series = &dataset->series[s];
        for (int64_t t = 0; t < series->length; t++) history[t] = (double)dataset->y[series->offset + t];
        double spread;
        seqd_baseline_point(index, &settings, history, series->length, horizon, point, &spread, scratch);
        float *p = forecast->parameters + s * (size_t)horizon * 2;
        for (int32_t h = 0; h < horizon; h++) {
            p[2 * h] = (float)point[h];
            p[2 * h + 1] = (float)spread;
        }
        forecast->status[s] = judge(history, series->length, settings.season);
    }
    *out = forecast;
    forecast = NULL;
done:
    seqd_forecast_free(forecast);
    seqd_free(context, ids);
    seqd_free(context, work);
    return status;
}
