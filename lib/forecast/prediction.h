/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_FORECAST_PREDICTION_H
#define SEQD_FORECAST_PREDICTION_H

#include <stdatomic.h>

#include <seqdemand/prediction.h>

struct seqd_prediction {
    atomic_int references;
    seqd_context *context;
    int64_t count;           /* rows */
    int32_t answers, classes;
    int32_t width;           /* scores of an answer: classes, or 1 */
    double threshold;
    const char **names;      /* [classes] */
    const char **ids;        /* [count] */
    int64_t *series, *event; /* [count] in the dataset */
    float *scores;           /* [count][answers][width] */
    float *label;            /* [count][answers]; NaN: unknown, -1: a class the model does not know */
};

/*
 * Room for `count` rows in one block, with `text` bytes for names and ids, whose start *room takes; arrays are zero.
 * Errors: SEQD_E_NOMEM, SEQD_E_LIMIT.
 */
int32_t seqd_prediction_new(seqd_context *context, int64_t count, int32_t answers, int32_t classes, size_t text,
                            seqd_prediction **out, char **room, seqd_error *error);
void seqd_prediction_free(seqd_prediction *prediction);
/* The class told by `width` probabilities. */
int32_t seqd_prediction_told(const seqd_prediction *prediction, const float *scores);

#endif
