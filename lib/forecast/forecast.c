/* SPDX-License-Identifier: Apache-2.0 */
#include "forecast.h"

#include <stdbool.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"
#include "text.h"

int32_t seqd_forecast_create(seqd_context *context, seqd_forecast **out, seqd_error *error)
{
    seqd_forecast *forecast = seqd_alloc_zero(context, sizeof *forecast);
    if (forecast == NULL) return seqd_fail_alloc(context, sizeof *forecast, error);
    atomic_init(&forecast->references, 1);
    forecast->context = seqd_context_retain(context);
    *out = forecast;
    return SEQD_OK;
}

static const char *id_at(const char *const *ids, size_t stride, size_t i)
{
    return *(const char *const *)(const void *)((const unsigned char *)ids + i * stride);
}

/* A larger block, or NULL; the old one stays until all new ones are there. */
static bool larger(seqd_context *context, size_t need, size_t room, size_t size, void **block)
{
    size_t bytes;
    *block = NULL;
    if (need <= room) return true;
    if (seqd_mul_size(need, size, &bytes)) *block = seqd_alloc(context, bytes);
    return *block != NULL;
}

static void *replace(seqd_context *context, void *old, void *fresh, size_t need, size_t *room)
{
    if (fresh == NULL) return old;
    seqd_free(context, old);
    *room = need;
    return fresh;
}

/* Never of size 0, so that a prepared forecast has all its blocks. */
static int32_t make_room(seqd_forecast *forecast, size_t series, size_t parameters, size_t text, seqd_error *error)
{
    seqd_context *context = forecast->context;
    void *p, *s, *i, *t;
    const bool got_p = larger(context, parameters + 1, forecast->room_parameters, sizeof *forecast->parameters, &p);
    const bool got_s = larger(context, series + 1, forecast->room_series, sizeof *forecast->status, &s);
    const bool got_i = larger(context, series + 1, forecast->room_series, sizeof *forecast->ids, &i);
    const bool got_t = larger(context, text + 1, forecast->room_text, 1, &t);
    if (!got_p || !got_s || !got_i || !got_t) {
        seqd_free(context, p);
        seqd_free(context, s);
        seqd_free(context, i);
        seqd_free(context, t);
        return seqd_fail_alloc(context, parameters * sizeof *forecast->parameters + text, error);
    }
    forecast->parameters = replace(context, forecast->parameters, p, parameters + 1, &forecast->room_parameters);
    forecast->status = replace(context, forecast->status, s, series + 1, &forecast->room_series);
    forecast->ids = replace(context, (void *)forecast->ids, i, series + 1, &forecast->room_series);
    forecast->text = replace(context, forecast->text, t, text + 1, &forecast->room_text);
    return SEQD_OK;
}

/* What a distribution points to is the forecast's own, wherever that lies. */
static void hold_law(seqd_forecast *forecast, const seqd_tweedie_law *law)
{
    if (law) forecast->dist.tweedie = &forecast->tweedie;
}

int32_t seqd_forecast_prepare(seqd_forecast *forecast, const char *const *ids, size_t stride, int64_t series_count,
                              int32_t horizon, const seqd_dist *dist, seqd_error *error)
{
    if (series_count < 0 || horizon < 1 || dist->width < 1)
        return seqd_fail(error, SEQD_E_ARG, "%lld series with horizon %d: a forecast needs at least one step",
                         (long long)series_count, (int)horizon);
    const size_t series = (size_t)series_count;
    size_t floats, bytes = 0;
    if (!seqd_mul_size(series, (size_t)horizon, &floats) || !seqd_mul_size(floats, (size_t)dist->width, &floats))
        return seqd_fail(error, SEQD_E_LIMIT, "a forecast of %lld series and %d steps does not fit in memory",
                         (long long)series_count, (int)horizon);
    for (size_t i = 0; i < series; i++) bytes += strlen(id_at(ids, stride, i)) + 1;
    SEQD_CHECK(make_room(forecast, series, floats, bytes, error));
    forecast->series_count = series_count;
    forecast->horizon = horizon;
    forecast->dist = *dist;
    if (dist->tweedie && dist->tweedie != &forecast->tweedie) forecast->tweedie = *dist->tweedie;
    hold_law(forecast, dist->tweedie);
    char *at = forecast->text;
    for (size_t i = 0; i < series; i++) {
        const char *id = id_at(ids, stride, i);
        const size_t length = strlen(id) + 1;
        memcpy(at, id, length);
        forecast->ids[i] = at;
        at += length;
    }
    return SEQD_OK;
}

void seqd_forecast_swap(seqd_forecast *a, seqd_forecast *b)
{
    const int a_held = atomic_load(&a->references), b_held = atomic_load(&b->references);
    unsigned char kept[sizeof *a];
    memcpy(kept, a, sizeof kept);
    memcpy(a, b, sizeof kept);
    memcpy(b, kept, sizeof kept);
    hold_law(a, a->dist.tweedie);
    hold_law(b, b->dist.tweedie);
    atomic_init(&a->references, a_held);
    atomic_init(&b->references, b_held);
}

int32_t seqd_forecast_new(seqd_context *context, const char *const *ids, int64_t series_count, int32_t horizon,
                          const seqd_dist *dist, seqd_forecast **out, seqd_error *error)
{
    seqd_forecast *forecast = NULL;
    SEQD_CHECK(seqd_forecast_create(context, &forecast, error));
    const int32_t status = seqd_forecast_prepare(forecast, ids, sizeof *ids, series_count, horizon, dist, error);
    if (status != SEQD_OK) {
        seqd_forecast_free(forecast);
        return status;
    }
    memset(forecast->parameters, 0, forecast->room_parameters * sizeof *forecast->parameters);
    memset(forecast->status, 0, forecast->room_series * sizeof *forecast->status);
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
