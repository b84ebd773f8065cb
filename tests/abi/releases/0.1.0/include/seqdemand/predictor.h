/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_PREDICTOR_H
#define SEQDEMAND_PREDICTOR_H

#include <seqdemand/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The scratch memory with which one caller predicts from a shared model. One thread at a time for each predictor; any
 * number of predictors on one model, without a lock.
 */
typedef struct seqd_predictor seqd_predictor;

/*
 * The forecast of every series of a dataset, independent of what made it. Any number of threads read one; it changes
 * only where a call says that it writes over it (seqd_predictor_run_into, seqd_stream_run_into), and then no other
 * thread may use it.
 */
typedef struct seqd_forecast seqd_forecast;

SEQD_API int32_t seqd_predictor_create(seqd_model *model, seqd_predictor **out, seqd_error *error);
SEQD_API void seqd_predictor_release(seqd_predictor *predictor);

/*
 * Forecasts `horizon` steps after the end of each series of `dataset`. A series that cannot be forecast by the
 * network (nothing observed) gets a fallback and a status of its own: see seqd_forecast_series_status.
 * Errors: SEQD_E_DATA (another frequency, a missing column, a known covariate not given for the horizon: the series and
 * date are named), SEQD_E_NOMEM, SEQD_E_BUSY; SEQD_STOPPED.
 */
SEQD_API int32_t seqd_predictor_run(seqd_predictor *predictor, seqd_dataset *dataset, seqd_forecast **out,
                                    seqd_error *error);

/*
 * The same, written over a forecast that any earlier call of this context gave: it then has the series of `dataset` and
 * pointers that seqd_forecast_series_id gave are void. Of a run that fails or is stopped nothing is seen: the forecast
 * is as it was. For this the predictor keeps a second forecast of the same size.
 * Allocates nothing once a run has seen as many series, as long ids and as distant dates: a loop over forecasts of one
 * model settles after two rounds.
 * Errors: as seqd_predictor_run; SEQD_E_ARG for a forecast of another context.
 */
SEQD_API int32_t seqd_predictor_run_into(seqd_predictor *predictor, seqd_dataset *dataset, seqd_forecast *forecast,
                                         seqd_error *error);

/*
 * Where model=encdec looked for its forecast of one series: weights[heads][horizon][context_length], the sizes as
 * seqd_model_attention_shape tells them, `count` floats in all. Weights of a forecast step sum to 1 over the steps of
 * history; the last of these is the last step of the series, and those before its first step have weight 0 (a series of
 * events begins at 0, and what lies behind its last event has weight 0). All weights of a step are 0 where parameters
 * are so large that no scores come of them.
 * Errors: SEQD_E_ARG (series out of range, another count), SEQD_E_UNSUPPORTED (the model has no attention), and those of
 * seqd_predictor_run.
 */
SEQD_API int32_t seqd_predictor_attention(seqd_predictor *predictor, seqd_dataset *dataset, int64_t series,
                                          float *weights, int64_t count, seqd_error *error);

SEQD_API void seqd_forecast_release(seqd_forecast *forecast);
SEQD_API int64_t seqd_forecast_series_count(const seqd_forecast *forecast);
SEQD_API int32_t seqd_forecast_horizon(const seqd_forecast *forecast);
/* Ids in the order of the dataset. NULL when out of range. */
SEQD_API const char *seqd_forecast_series_id(const seqd_forecast *forecast, int64_t series);

/* Position of an id, or -1. */
SEQD_API int64_t seqd_forecast_find_series(const seqd_forecast *forecast, const char *unique_id);

#define SEQD_SERIES_OK 0
#define SEQD_SERIES_SHORT 1     /* fewer observed steps than a season: the network saw mostly padding */
#define SEQD_SERIES_ALL_ZERO 2  /* nothing but zeros was observed */
#define SEQD_SERIES_EMPTY 3     /* nothing was observed: the forecast is zero */
SEQD_API int32_t seqd_forecast_series_status(const seqd_forecast *forecast, int64_t series);

/*
 * `values` takes `horizon` numbers, always finite. The mean answers "how much in total", the quantile at 0.5 is the
 * forecast with the least absolute error. Quantiles never cross and are never below the floor (option `floor`).
 * Errors: SEQD_E_ARG (series out of range, level not in (0,1)).
 */
SEQD_API int32_t seqd_forecast_mean(const seqd_forecast *forecast, int64_t series, double *values, seqd_error *error);
SEQD_API int32_t seqd_forecast_quantile(const seqd_forecast *forecast, int64_t series, double level, double *values,
                                        seqd_error *error);
/*
 * `paths` joint futures, path-major: values[path * horizon + step]. Each step follows its forecast distribution;
 * steps hang together by a Gaussian copula whose correlation (a common part and one that fades with the distance of
 * two steps) was measured on the validation part. The same seed gives the same paths on any thread.
 */
SEQD_API int32_t seqd_forecast_paths(const seqd_forecast *forecast, int64_t series, int32_t paths, uint64_t seed,
                                     double *values, seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
