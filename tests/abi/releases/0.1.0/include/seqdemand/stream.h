/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_STREAM_H
#define SEQDEMAND_STREAM_H

#include <seqdemand/predictor.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Series that grow one step at a time, as sales come in. A stream keeps the recurrent state, the scaler's window and
 * the lagged values of each series, so that a new step costs the same however long the context is: one step of the
 * network instead of a whole window. (The scalers `robust` and `min_max` keep ranks, so that their cost also grows with
 * scale_window.)
 *
 * After seqd_stream_create every series has read the last context_length steps of its history, like a predictor, and
 * its forecast is the one of seqd_predictor_run with backend=native, up to rounding (a difference of 1e-6 of the
 * series' scale). Each step pushed then carries the state on: nothing is forgotten at the far end of a window, so that
 * forecasts remember further back than a predictor's, and differ from them by what that is worth.
 *
 * Values are taken as they are: what a dataset does to rows (clipping, filling, summing) is the caller's. Steps follow
 * each other without gaps; a step without an observation is pushed as NaN. Series are independent of each other and of
 * the order of calls; bits do not depend on the number of threads. Streams always run on the native kernels.
 *
 * A stream retains its model, and reads its weights at every call: after training has gone on, the next call uses the
 * new ones. It keeps nothing of the dataset. One thread at a time for each stream; any number of streams on one model.
 * After seqd_stream_create nothing is allocated, except by seqd_stream_run for its result.
 */
typedef struct seqd_stream seqd_stream;

/*
 * Errors: as seqd_predictor_run for a dataset that lacks what the model reads (but known covariates need not reach into
 * the future); SEQD_E_UNSUPPORTED for a network that does not answer step by step (bidirectional=1, model=encdec)
 * and for differencing; SEQD_E_NOMEM, SEQD_E_LIMIT, SEQD_E_BUSY.
 */
SEQD_API int32_t seqd_stream_create(seqd_model *model, seqd_dataset *dataset, seqd_stream **out, seqd_error *error);
SEQD_API void seqd_stream_release(seqd_stream *stream);

/* Series and their ids, in the order of the dataset. NULL when out of range. */
SEQD_API int64_t seqd_stream_series_count(const seqd_stream *stream);
SEQD_API const char *seqd_stream_series_id(const seqd_stream *stream, int64_t series);
/* Steps a series has had: those of its history in the dataset and those pushed. -1 when out of range. */
SEQD_API int64_t seqd_stream_length(const seqd_stream *stream, int64_t series);
/* Steps answered per forecast. */
SEQD_API int32_t seqd_stream_horizon(const seqd_stream *stream);
/* Covariates that the model reads, and their names in the order in which values are given. NULL when out of range. */
SEQD_API int32_t seqd_stream_known_count(const seqd_stream *stream);
SEQD_API const char *seqd_stream_known_name(const seqd_stream *stream, int32_t column);
SEQD_API int32_t seqd_stream_past_count(const seqd_stream *stream);
SEQD_API const char *seqd_stream_past_name(const seqd_stream *stream, int32_t column);

/*
 * The next step of one series. `y` is NaN when nothing was observed; `in_stock` is read by models that were trained
 * with that column. known[known_count] and past[past_count] are the covariates of this step (NULL for none); NaN: the
 * value of the step before stands in. On failure the series is as it was.
 * Errors: SEQD_E_ARG (series out of range, counts other than the model's), SEQD_E_DATA (a value that is infinite or
 * beyond float32), SEQD_E_BUSY.
 */
SEQD_API int32_t seqd_stream_push(seqd_stream *stream, int64_t series, double y, int32_t in_stock, const double *known,
                                  int32_t known_count, const double *past, int32_t past_count, seqd_error *error);

/*
 * The next step of every series at once, on all threads of the context: y[series_count], in_stock[series_count] (NULL:
 * all in stock), known[series_count][known_count], past[series_count][past_count]. On failure no series has moved.
 * Errors: as seqd_stream_push; SEQD_E_ARG for another `series_count` than the stream's.
 */
SEQD_API int32_t seqd_stream_push_many(seqd_stream *stream, const double *y, const int32_t *in_stock,
                                       int64_t series_count, const double *known, int32_t known_count,
                                       const double *past, int32_t past_count, seqd_error *error);

/*
 * The forecast of one series after its last step. `known` holds the known-future covariates of the steps to come,
 * known[horizon][known_count], all given; `mean` takes `horizon` numbers, `quantiles` level_count * horizon, one level
 * after the other. `mean` may be NULL, and `levels` and `quantiles` with a level_count of 0. A series of which nothing
 * was ever observed is forecast as zero.
 * Errors: SEQD_E_ARG (series out of range, other counts, level not in (0,1)), SEQD_E_DATA (a known covariate is
 * missing: column and date are named), SEQD_E_BUSY.
 */
SEQD_API int32_t seqd_stream_forecast(seqd_stream *stream, int64_t series, const double *known, int32_t known_count,
                                      double *mean, const double *levels, int32_t level_count, double *quantiles,
                                      seqd_error *error);

/*
 * The forecasts of all series, known[series_count][horizon][known_count], as a handle that also gives sample paths and
 * reorder points. _run makes one; _run_into writes over one as seqd_predictor_run_into does, without an allocation when
 * it has held as much before.
 * Errors: as seqd_stream_forecast; SEQD_E_NOMEM; SEQD_E_ARG for a forecast of another context.
 */
SEQD_API int32_t seqd_stream_run(seqd_stream *stream, const double *known, int64_t series_count, int32_t known_count,
                                 seqd_forecast **out, seqd_error *error);
SEQD_API int32_t seqd_stream_run_into(seqd_stream *stream, const double *known, int64_t series_count,
                                      int32_t known_count, seqd_forecast *forecast, seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
