/* SPDX-License-Identifier: Apache-2.0 */
#include "forecast.h"

#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"
#include "text.h"

int32_t seqd_forecast_new(seqd_context *context, const char *const *ids, int64_t series_count, int32_t horizon,
                          const seqd_dist *dist, seqd_forecast **out, seqd_error *error)
{
    if (series_count < 0 || horizon < 1 || dist->width < 1)
        return seqd_fail(error, SEQD_E_ARG, "%lld series with horizon %d: a forecast needs at least one step",
                         (long long)series_count, (int)horizon);
    const size_t series = (size_t)series_count;
    size_t floats, bytes = 0;
    if (!seqd_mul_size(series, (size_t)horizon, &floats) || !seqd_mul_size(floats, (size_t)dist->width, &floats))
        return seqd_fail(error, SEQD_E_LIMIT, "a forecast of %lld series and %d steps does not fit in memory",
                         (long long)series_count, (int)horizon);
    for (size_t i = 0; i < series; i++) bytes += strlen(ids[i]) + 1;

    seqd_forecast *forecast = seqd_alloc_zero(context, sizeof *forecast);
    if (forecast == NULL) return seqd_fail_alloc(context, sizeof *forecast, error);
    atomic_init(&forecast->references, 1);
    forecast->context = seqd_context_retain(context);
    forecast->series_count = series_count;
    forecast->horizon = horizon;
    forecast->dist = *dist;
    /* Never of size 0, so that NULL means failure. */
    forecast->parameters = seqd_alloc_array(context, floats + 1, sizeof *forecast->parameters);
    forecast->status = seqd_alloc_array(context, series + 1, sizeof *forecast->status);
    forecast->ids = seqd_alloc_array(context, series + 1, sizeof *forecast->ids);
    forecast->text = seqd_alloc(context, bytes + 1);
    if (!forecast->parameters || !forecast->status || !forecast->ids || !forecast->text) {
        seqd_forecast_free(forecast);
        return seqd_fail_alloc(context, floats * sizeof(float) + bytes, error);
    }
    char *at = forecast->text;
    for (size_t i = 0; i < series; i++) {
        const size_t length = strlen(ids[i]) + 1;
        memcpy(at, ids[i], length);
        forecast->ids[i] = at;
        at += length;
    }
    *out = forecast;
    return SEQD_OK;
}

seqd_forecast *seqd_forecast_retain(seqd_forecast *forecast)
{
    atomic_fetch_add(&forecast->references, 1);
    return forecast;
}

void seqd_forecast_free(seqd_forecast *forecast)
{
    if (forecast == NULL || atomic_fetch_sub(&forecast->references, 1) != 1) return;
    seqd_context *context = forecast->context;
    seqd_free(context, forecast->text);
    seqd_free(context, forecast->ids);
    seqd_free(context, forecast->status);
    seqd_free(context, forecast->parameters);
    seqd_free(context, forecast);
    seqd_context_drop(context);
}

static int32_t check_series(const seqd_forecast *forecast, int64_t series, seqd_error *error)
{
    if (series >= 0 && series < forecast->series_count) return SEQD_OK;
    return seqd_fail(error, SEQD_E_ARG, "series %lld is out of range: the forecast has %lld", (long long)series,
                     (long long)forecast->series_count);
}

static const float *step_of(const seqd_forecast *forecast, int64_t series, int32_t step)
{
    return forecast->parameters + ((size_t)series * (size_t)forecast->horizon + (size_t)step) *
                                      (size_t)forecast->dist.width;
}

int32_t seqd_forecast_get_mean(const seqd_forecast *forecast, int64_t series, double *values, seqd_error *error)
{
    SEQD_CHECK(check_series(forecast, series, error));
    for (int32_t h = 0; h < forecast->horizon; h++)
        values[h] = seqd_dist_mean(&forecast->dist, step_of(forecast, series, h));
    return SEQD_OK;
}

int32_t seqd_forecast_get_quantile(const seqd_forecast *forecast, int64_t series, double level, double *values,
                                   seqd_error *error)
{
    SEQD_CHECK(check_series(forecast, series, error));
    if (!(level > 0 && level < 1)) {
        char text[SEQD_NUMBER_SIZE];
        seqd_format_f64(level, text);
        return seqd_fail(error, SEQD_E_ARG, "quantile level %s does not lie between 0 and 1", text);
    }
    for (int32_t h = 0; h < forecast->horizon; h++)
        values[h] = seqd_dist_quantile(&forecast->dist, step_of(forecast, series, h), level);
    return SEQD_OK;
}
