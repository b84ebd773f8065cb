/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/predictor.h>

#include "api.h"
#include "forecast.h"
#include "infer.h"
#include "text.h"

int32_t seqd_predictor_create(seqd_model *model, seqd_predictor **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(model);
    SEQD_NEED(out);
    SEQD_COMPUTE(status, seqd_predictor_new(model, out, error)); /* a backend may be tried for the first time */
    return status;
}

void seqd_predictor_release(seqd_predictor *predictor) { seqd_predictor_free(predictor); }

int32_t seqd_predictor_run(seqd_predictor *predictor, seqd_dataset *dataset, seqd_forecast **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(predictor);
    SEQD_NEED(dataset);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_predictor_forecast(predictor, dataset, true, out, error));
    return status;
}

int32_t seqd_predictor_run_into(seqd_predictor *predictor, seqd_dataset *dataset, seqd_forecast *forecast,
                                seqd_error *error)
{
    int32_t status;
    SEQD_NEED(predictor);
    SEQD_NEED(dataset);
    SEQD_NEED(forecast);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_predictor_forecast_into(predictor, dataset, forecast, error));
    return status;
}

int32_t seqd_predictor_attention(seqd_predictor *predictor, seqd_dataset *dataset, int64_t series, float *weights,
                                 int64_t count, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(predictor);
    SEQD_NEED(dataset);
    SEQD_NEED(weights);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_predictor_map(predictor, dataset, series, weights, count, error));
    return status;
}

void seqd_forecast_release(seqd_forecast *forecast) { seqd_forecast_free(forecast); }

int64_t seqd_forecast_series_count(const seqd_forecast *forecast) { return forecast ? forecast->series_count : 0; }

int32_t seqd_forecast_horizon(const seqd_forecast *forecast) { return forecast ? forecast->horizon : 0; }

const char *seqd_forecast_series_id(const seqd_forecast *forecast, int64_t series)
{
    return forecast && series >= 0 && series < forecast->series_count ? forecast->ids[series] : NULL;
}

int64_t seqd_forecast_find_series(const seqd_forecast *forecast, const char *unique_id)
{
    if (!forecast || !unique_id) return -1;
    return seqd_find_text((const char *const *)forecast->ids, sizeof *forecast->ids, forecast->series_count, unique_id);
}

int32_t seqd_forecast_series_status(const seqd_forecast *forecast, int64_t series)
{
    return forecast && series >= 0 && series < forecast->series_count ? forecast->status[series] : SEQD_E_ARG;
}

int32_t seqd_forecast_mean(const seqd_forecast *forecast, int64_t series, double *values, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(forecast);
    SEQD_NEED(values);
    SEQD_COMPUTE(status, seqd_forecast_get_mean(forecast, series, values, error));
    return status;
}

int32_t seqd_forecast_quantile(const seqd_forecast *forecast, int64_t series, double level, double *values,
                               seqd_error *error)
{
    int32_t status;
    SEQD_NEED(forecast);
    SEQD_NEED(values);
    SEQD_COMPUTE(status, seqd_forecast_get_quantile(forecast, series, level, values, error));
    return status;
}

int32_t seqd_forecast_paths(const seqd_forecast *forecast, int64_t series, int32_t paths, uint64_t seed,
                            double *values, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(forecast);
    SEQD_NEED(values);
    SEQD_COMPUTE(status, seqd_forecast_get_paths(forecast, series, paths, seed, values, error));
    return status;
}
