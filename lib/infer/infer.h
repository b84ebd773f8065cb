/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_INFER_H
#define SEQD_INFER_H

#include <seqdemand/prediction.h>

#include "model.h"

int32_t seqd_predictor_new(seqd_model *model, seqd_predictor **out, seqd_error *error);
void seqd_predictor_free(seqd_predictor *predictor);
/*
 * `complete`: a known covariate that is not given for the whole horizon is an error. A backtest does without: where a
 * series ends early, its last value stands in, and nothing there is compared.
 */
int32_t seqd_predictor_forecast(seqd_predictor *predictor, const seqd_dataset *dataset, bool complete,
                                seqd_forecast **out, seqd_error *error);
/* Writes over a forecast of the predictor's context; on failure, or when stopped, it is as it was. */
int32_t seqd_predictor_forecast_into(seqd_predictor *predictor, const seqd_dataset *dataset, seqd_forecast *forecast,
                                     seqd_error *error);
/* As seqd_predictor_attention. */
int32_t seqd_predictor_map(seqd_predictor *predictor, const seqd_dataset *dataset, int64_t series, float *weights,
                           int64_t count, seqd_error *error);

/* answer.c: <seqdemand/prediction.h>. */
int32_t seqd_predictor_judge(seqd_predictor *predictor, const seqd_dataset *dataset, int32_t which,
                             seqd_prediction **out, seqd_error *error);

/* answer_table.c: <seqdemand/arrow.h>; `dataset` may be NULL. */
struct ArrowArrayStream;
int32_t seqd_forecast_table(const seqd_forecast *forecast, const seqd_dataset *dataset, const double *levels,
                            int32_t count, struct ArrowArrayStream *out, seqd_error *error);
int32_t seqd_prediction_table(const seqd_prediction *prediction, struct ArrowArrayStream *out, seqd_error *error);

#endif
