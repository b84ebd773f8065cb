/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/stream.h>

#include <string.h>

#include "api.h"
#include "forecast.h"
#include "stream.h"
#include "text.h"

int32_t seqd_stream_create(seqd_model *model, seqd_dataset *dataset, seqd_stream **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(model);
    SEQD_NEED(dataset);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_stream_new(model, dataset, out, error));
    return status;
}

void seqd_stream_release(seqd_stream *stream) { seqd_stream_free(stream); }

static bool has(const seqd_stream *stream, int64_t series)
{
    return stream && series >= 0 && series < stream->series_count;
}

int64_t seqd_stream_series_count(const seqd_stream *stream) { return stream ? stream->series_count : 0; }

const char *seqd_stream_series_id(const seqd_stream *stream, int64_t series)
{
    return has(stream, series) ? stream->ids[series] : NULL;
}

int64_t seqd_stream_length(const seqd_stream *stream, int64_t series)
{
    return has(stream, series) ? stream->scales[series].next : -1;
}

int32_t seqd_stream_horizon(const seqd_stream *stream) { return stream ? stream->model->features.horizon : 0; }

int32_t seqd_stream_known_count(const seqd_stream *stream) { return stream ? stream->model->features.known_count : 0; }

const char *seqd_stream_known_name(const seqd_stream *stream, int32_t column)
{
    return column >= 0 && column < seqd_stream_known_count(stream) ? stream->model->features.known[column].name : NULL;
}

int32_t seqd_stream_past_count(const seqd_stream *stream) { return stream ? stream->model->features.past_count : 0; }

const char *seqd_stream_past_name(const seqd_stream *stream, int32_t column)
{
    return column >= 0 && column < seqd_stream_past_count(stream) ? stream->model->features.past[column].name : NULL;
}

static int32_t check_series(const seqd_stream *stream, int64_t series, seqd_error *error)
{
    if (has(stream, series)) return SEQD_OK;
    return seqd_fail(error, SEQD_E_ARG, "series %lld is out of range: the stream has %lld", (long long)series,
                     (long long)stream->series_count);
}

static int32_t check_all(const seqd_stream *stream, int64_t series_count, seqd_error *error)
{
    if (series_count == stream->series_count) return SEQD_OK;
    return seqd_fail(error, SEQD_E_ARG, "values of %lld series are given, but the stream has %lld",
                     (long long)series_count, (long long)stream->series_count);
}

static int32_t check_columns(const char *kind, int32_t needed, const double *values, int32_t count, seqd_error *error)
{
    if (count != needed)
        return seqd_fail(error, SEQD_E_ARG, "%d %s columns are given, but the model reads %d", (int)count, kind,
                         (int)needed);
    if (needed > 0 && !values)
        return seqd_fail(error, SEQD_E_ARG, "the values of %d %s columns are NULL", (int)needed, kind);
    return SEQD_OK;
}

int32_t seqd_stream_push(seqd_stream *stream, int64_t series, double y, int32_t in_stock, const double *known,
                         int32_t known_count, const double *past, int32_t past_count, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(stream);
    SEQD_CHECK(check_series(stream, series, error));
    SEQD_CHECK(check_columns("known", stream->model->features.known_count, known, known_count, error));
    SEQD_CHECK(check_columns("past", stream->model->features.past_count, past, past_count, error));
    const seqd_stream_values values = {series, 1, &y, &in_stock, known, past};
    SEQD_COMPUTE(status, seqd_stream_advance(stream, &values, error));
    return status;
}

int32_t seqd_stream_push_many(seqd_stream *stream, const double *y, const int32_t *in_stock, int64_t series_count,
                              const double *known, int32_t known_count, const double *past, int32_t past_count,
                              seqd_error *error)
{
    int32_t status;
    SEQD_NEED(stream);
    SEQD_NEED(y);
    SEQD_CHECK(check_all(stream, series_count, error));
    SEQD_CHECK(check_columns("known", stream->model->features.known_count, known, known_count, error));
    SEQD_CHECK(check_columns("past", stream->model->features.past_count, past, past_count, error));
    const seqd_stream_values values = {0, series_count, y, in_stock, known, past};
    SEQD_COMPUTE(status, seqd_stream_advance(stream, &values, error));
    return status;
}

static int32_t answer(seqd_stream *stream, int64_t series, const double *known, double *mean, const double *levels,
                      int32_t level_count, double *quantiles, seqd_error *error)
{
    const seqd_model *model = stream->model;
    const int32_t horizon = model->features.horizon, width = model->dist.width;
    int32_t kind;
    SEQD_CHECK(seqd_stream_answer(stream, series, 1, known, stream->parameters, &kind, error));
    for (int32_t h = 0; mean && h < horizon; h++)
        mean[h] = seqd_dist_mean(&model->dist, stream->parameters + h * width);
    for (int32_t l = 0; l < level_count; l++)
        for (int32_t h = 0; h < horizon; h++)
            *quantiles++ = seqd_dist_quantile(&model->dist, stream->parameters + h * width, levels[l]);
    return SEQD_OK;
}

int32_t seqd_stream_forecast(seqd_stream *stream, int64_t series, const double *known, int32_t known_count,
                             double *mean, const double *levels, int32_t level_count, double *quantiles,
                             seqd_error *error)
{
    int32_t status;
    SEQD_NEED(stream);
    SEQD_CHECK(check_series(stream, series, error));
    SEQD_CHECK(check_columns("known", stream->model->features.known_count, known, known_count, error));
    if (level_count < 0) return seqd_fail(error, SEQD_E_ARG, "level_count is %d", (int)level_count);
    if (level_count > 0) {
        SEQD_NEED(levels);
        SEQD_NEED(quantiles);
    }
    for (int32_t l = 0; l < level_count; l++) {
        if (levels[l] > 0 && levels[l] < 1) continue;
        char text[SEQD_NUMBER_SIZE];
        seqd_format_f64(levels[l], text);
        return seqd_fail(error, SEQD_E_ARG, "quantile level %s does not lie between 0 and 1", text);
    }
    SEQD_COMPUTE(status, answer(stream, series, known, mean, levels, level_count, quantiles, error));
    return status;
}

int32_t seqd_stream_run(seqd_stream *stream, const double *known, int64_t series_count, int32_t known_count,
                        seqd_forecast **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(stream);
    SEQD_NEED(out);
    SEQD_CHECK(check_all(stream, series_count, error));
    SEQD_CHECK(check_columns("known", stream->model->features.known_count, known, known_count, error));
    SEQD_COMPUTE(status, seqd_stream_forecast_new(stream, known, out, error));
    return status;
}

int32_t seqd_stream_run_into(seqd_stream *stream, const double *known, int64_t series_count, int32_t known_count,
                             seqd_forecast *forecast, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(stream);
    SEQD_NEED(forecast);
    SEQD_CHECK(check_all(stream, series_count, error));
    SEQD_CHECK(check_columns("known", stream->model->features.known_count, known, known_count, error));
    SEQD_COMPUTE(status, seqd_stream_forecast_into(stream, known, forecast, error));
    return status;
}
