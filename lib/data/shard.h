/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_SHARD_H
#define SEQD_DATA_SHARD_H

#include <stdint.h>

/*
 * The unit of work: a few windows that one thread carries through the whole network. Its size follows from the batch
 * alone, never from the number of threads.
 */
#define SEQD_SHARD_ROWS 16
#define SEQD_MAX_LAGS 16

/*
 * Values of the same season before, as a forecast made after step t may see them. Feature l of forecast step k is the
 * mean of those of y[t + offset[k-1][l] - j * spacing[l]], j = 0 .. repeats[l]-1, that were observed, scaled with the
 * scaler as it stood at t - shift[l]. Where none was observed, the feature before (l - 1) stands in, then 0.
 */
typedef struct seqd_lag_plan {
    int32_t count;
    int32_t horizon;
    int32_t reach;                     /* steps before t that may be read */
    const int32_t *offset;             /* [horizon][count], none above 0 */
    int32_t spacing[SEQD_MAX_LAGS];
    int32_t repeats[SEQD_MAX_LAGS];
    int32_t shift[SEQD_MAX_LAGS];
} seqd_lag_plan;

/*
 * Positions of a window: `past` steps that only lags read, then `steps` that the network reads, then `horizon`.
 * Position i below counts from the first step the network reads; a forecast made after step i ("fork" i) has its
 * targets at i + 1 .. i + horizon.
 */
typedef struct seqd_shard {
    int32_t rows, steps, past, horizon;
    int32_t input_count, future_count, real_count, cat_count;
    float *inputs;    /* [steps][rows][input_count] */
    float *future;    /* [rows][steps + horizon][future_count] */
    float *reals;     /* [rows][real_count] */
    int32_t *cats;    /* [rows][cat_count], 0: unknown */
    float *history;   /* [rows][past + steps + horizon] transformed target, NaN where missing or not yet known */
    float *loc;       /* [rows][past + steps] scaler: z = (value - loc) / scale */
    float *scale;
    float *weight;    /* [rows][steps + horizon] of a target: 0 or 1 */
    float *fork;      /* [rows][steps] of a forecast: 0 or 1 */
    double total_weight; /* sum of fork * weight over all forks and their targets */
    double *scratch;  /* of a light shard: the values of one scaler window in order */
} seqd_shard;

/* Far values are drawn in logarithmically beyond 10, so that one wild step cannot drive a network out of its range. */
float seqd_squash(float z);

/* Fills lags[horizon][count] for fork t of a row. */
void seqd_shard_lags(const seqd_shard *shard, const seqd_lag_plan *plan, int32_t row, int32_t t, float *lags);

#endif
