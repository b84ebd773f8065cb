/* SPDX-License-Identifier: Apache-2.0 */
#include "eval.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "forecast.h"
#include "status.h"
#include "sum.h"
#include "text.h"

struct seqd_evaluation {
    seqd_context *context;
    int32_t season;
    int32_t level_count;
    int32_t low, high;                /* positions of the levels 0.1 and 0.9, or -1 */
    double levels[SEQD_MAX_LEVELS];

    seqd_sum smape, mase, rmsse;      /* of the series' own values */
    int64_t smape_series, mase_series, rmsse_series;
    seqd_sum absolute_error, squared_error, error, absolute_actual;
    seqd_sum pinball, pinball_actual; /* over the series that came with quantiles */
    int64_t covered, cover_points;
    int64_t series, points, mase_left_out, rmsse_left_out;
};

static int32_t find_level(const double *levels, int32_t count, double level)
{
    for (int32_t i = 0; i < count; i++)
        if (fabs(levels[i] - level) < 1e-9) return i;
    return -1;
}

int32_t seqd_evaluation_new(seqd_context *context, int32_t season, const double *levels, int32_t count,
                            seqd_evaluation **out, seqd_error *error)
{
    if (season < 1) return seqd_fail(error, SEQD_E_ARG, "season is %d, must be at least 1", (int)season);
    if (count < 0 || count > SEQD_MAX_LEVELS)
        return seqd_fail(error, SEQD_E_ARG, "%d quantile levels, must be 0 to %d", (int)count, SEQD_MAX_LEVELS);
    if (count > 0 && levels == NULL) return seqd_fail(error, SEQD_E_ARG, "levels is NULL");
    for (int32_t i = 0; i < count; i++) {
        if (!(levels[i] > 0 && levels[i] < 1) || (i > 0 && levels[i] <= levels[i - 1])) {
            char text[SEQD_NUMBER_SIZE];
            seqd_format_f64(levels[i], text);
            return seqd_fail(error, SEQD_E_ARG, "quantile level %s: levels must lie between 0 and 1 and ascend", text);
        }
    }
    seqd_evaluation *evaluation = seqd_alloc_zero(context, sizeof *evaluation);
    if (evaluation == NULL) return seqd_fail_alloc(context, sizeof *evaluation, error);
    evaluation->context = seqd_context_retain(context);
    evaluation->season = season;
    evaluation->level_count = count;
    for (int32_t i = 0; i < count; i++) evaluation->levels[i] = levels[i];
    evaluation->low = find_level(levels, count, 0.1);
    evaluation->high = find_level(levels, count, 0.9);
    *out = evaluation;
    return SEQD_OK;
}

void seqd_evaluation_free(seqd_evaluation *evaluation)
{
    if (evaluation == NULL) return;
    seqd_context *context = evaluation->context;
    seqd_free(context, evaluation);
    seqd_context_drop(context);
}

/* Mean |y_t - y_{t-season}| of the history; 0 when no pair is complete. */
static double seasonal_scale(const double *y, int64_t length, int32_t season)
{
    seqd_sum sum = { 0, 0 };
    int64_t pairs = 0;
    for (int64_t t = season; t < length; t++) {
        const double step = y[t] - y[t - season];
        if (isnan(step)) continue;
        seqd_sum_add(&sum, fabs(step));
        pairs++;
    }
    return pairs > 0 ? seqd_sum_value(&sum) / (double)pairs : 0;
}

/* Mean (y_t - y_{t-1})^2 of the history from its first non-zero value on; 0 when no pair is complete. */
static double squared_scale(const double *y, int64_t length)
{
    int64_t first = 0;
    while (first < length && (isnan(y[first]) || y[first] == 0)) first++;
    seqd_sum sum = { 0, 0 };
    int64_t pairs = 0;
    for (int64_t t = first + 1; t < length; t++) {
        const double step = y[t] - y[t - 1];
        if (isnan(step)) continue;
        seqd_sum_add(&sum, step * step);
        pairs++;
    }
    return pairs > 0 ? seqd_sum_value(&sum) / (double)pairs : 0;
}

static int32_t check_finite(const char *what, const double *values, int64_t count, bool nan_allowed, seqd_error *error)
{
    for (int64_t i = 0; i < count; i++)
        if (isinf(values[i]) || (!nan_allowed && isnan(values[i])))
            return seqd_fail(error, SEQD_E_ARG, "%s is not finite at position %lld", what, (long long)i);
    return SEQD_OK;
}

static void add_quantiles(seqd_evaluation *e, const double *actual, const double *quantiles, int32_t horizon)
{
    for (int32_t h = 0; h < horizon; h++) {
        const double y = actual[h];
        if (isnan(y)) continue;
        for (int32_t i = 0; i < e->level_count; i++) {
            const double miss = y - quantiles[(int64_t)i * horizon + h];
            seqd_sum_add(&e->pinball, miss >= 0 ? e->levels[i] * miss : (e->levels[i] - 1) * miss);
        }
        seqd_sum_add(&e->pinball_actual, fabs(y));
        if (e->low >= 0 && e->high >= 0) {
            e->cover_points++;
            e->covered += y >= quantiles[(int64_t)e->low * horizon + h] &&
                          y <= quantiles[(int64_t)e->high * horizon + h];
        }
    }
}

int32_t seqd_evaluation_add_series(seqd_evaluation *e, const double *history, int64_t history_length,
                                   const double *actual, const double *mean, const double *median,
                                   const double *quantiles, int32_t horizon, seqd_error *error)
{
    if (horizon < 1) return seqd_fail(error, SEQD_E_ARG, "horizon is %d, must be at least 1", (int)horizon);
    if (history_length < 0 || (history == NULL && history_length > 0))
        return seqd_fail(error, SEQD_E_ARG, "history is NULL or its length negative");
    if (actual == NULL || mean == NULL || median == NULL)
        return seqd_fail(error, SEQD_E_ARG, "%s is NULL", actual == NULL ? "actual" : mean == NULL ? "mean" : "median");
    SEQD_CHECK(check_finite("history", history, history_length, true, error));
    SEQD_CHECK(check_finite("actual", actual, horizon, true, error));
    SEQD_CHECK(check_finite("mean", mean, horizon, false, error));
    SEQD_CHECK(check_finite("median", median, horizon, false, error));
    if (quantiles != NULL)
        SEQD_CHECK(check_finite("quantiles", quantiles, (int64_t)e->level_count * horizon, false, error));

    double relative = 0, absolute = 0, squared = 0;
    int64_t points = 0;
    for (int32_t h = 0; h < horizon; h++) {
        const double y = actual[h];
        if (isnan(y)) continue;
        const double miss = fabs(y - median[h]);
        const double size = fabs(y) + fabs(median[h]);
        const double signed_miss = mean[h] - y;
        points++;
        relative += size > 0 ? miss / size : 0;
        absolute += miss;
        squared += signed_miss * signed_miss;
        seqd_sum_add(&e->error, signed_miss);
        seqd_sum_add(&e->absolute_actual, fabs(y));
    }
    e->series++;
    if (points == 0) return SEQD_OK;
    e->points += points;
    seqd_sum_add(&e->absolute_error, absolute);
    seqd_sum_add(&e->squared_error, squared);

    const double n = (double)points;
    seqd_sum_add(&e->smape, 200 * relative / n);
    e->smape_series++;
    const double seasonal = seasonal_scale(history, history_length, e->season);
    if (seasonal > 0) {
        seqd_sum_add(&e->mase, absolute / n / seasonal);
        e->mase_series++;
    } else {
        e->mase_left_out++;
    }
    const double step = squared_scale(history, history_length);
    if (step > 0) {
        seqd_sum_add(&e->rmsse, sqrt(squared / n / step));
        e->rmsse_series++;
    } else {
        e->rmsse_left_out++;
    }
    if (quantiles != NULL && e->level_count > 0) add_quantiles(e, actual, quantiles, horizon);
    return SEQD_OK;
}

static double ratio(double numerator, double denominator)
{
    return denominator > 0 ? numerator / denominator : (double)NAN;
}

void seqd_evaluation_get(const seqd_evaluation *e, seqd_metrics *metrics)
{
    const double actual = seqd_sum_value(&e->absolute_actual);
    memset(metrics, 0, sizeof *metrics);
    metrics->struct_size = (uint32_t)sizeof *metrics;
    metrics->smape = ratio(seqd_sum_value(&e->smape), (double)e->smape_series);
    metrics->mase = ratio(seqd_sum_value(&e->mase), (double)e->mase_series);
    metrics->rmsse = ratio(seqd_sum_value(&e->rmsse), (double)e->rmsse_series);
    metrics->wape = ratio(seqd_sum_value(&e->absolute_error), actual);
    metrics->rmse = sqrt(ratio(seqd_sum_value(&e->squared_error), (double)e->points));
    metrics->bias = ratio(seqd_sum_value(&e->error), actual);
    metrics->wql = ratio(2 * seqd_sum_value(&e->pinball), (double)e->level_count * seqd_sum_value(&e->pinball_actual));
    metrics->coverage80 = ratio((double)e->covered, (double)e->cover_points);
    metrics->series = e->series;
    metrics->points = e->points;
    metrics->mase_left_out = e->mase_left_out;
    metrics->rmsse_left_out = e->rmsse_left_out;
}
