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
 * Of a panel:
 * Positions of a window: `past` steps that only lags read, then `steps` that the network reads, then `horizon`.
 * Position i below counts from the first step the network reads; a forecast made after step i ("fork" i) has its
 * targets at i + 1 .. i + horizon.
 *
 * Of events: row r has its events at steps 0 .. length[r] - 1; the steps behind them are padding, with inputs and
 * tokens of 0, so that what runs forwards never reads it. There is no history, future, static or scaler, and `horizon`
 * is `answers`; `steps` is the length of the longest row, at most context_length. After event i of a row the answer label[] is asked for, where its fork is not 0.
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
    float *fork;      /* [rows][steps] of a forecast: 0 or 1; events with answers > 1: [rows] */
    double total_weight; /* sum of fork * weight over all forks and their targets; events: of fork (* answers) */
    double *scratch;  /* of a light shard: the values of one scaler window in order */
    int32_t *begin;   /* [rows] panel: first step that belongs to the series (steps before it are padding); events: 0 */
    int32_t *length;  /* [rows] panel: steps; events: steps that are events */
    int32_t token_count;
    int32_t *tokens;  /* events: [steps][rows][token_count] 1 + index in the features' dictionary; 0: unknown, padding */
    int32_t answers;  /* events: answers after one event; panel: 0 */
    /*
     * Events: a number (scaled) or a class of the features; NaN: none, SEQD_CLASS_UNKNOWN: one that the model does not
     * know (their fork is 0). answers == 1: [rows][steps] after each step; else [rows][answers], after the last event.
     */
    float *label;
} seqd_shard;

/* Far values are drawn in logarithmically beyond 10, so that one wild step cannot drive a network out of its range. */
float seqd_squash(float z);

/*
 * Rows first .. first + rows - 1 of a shard as one of their own, which reads the shard's arrays but for those that lie by
 * time: they are copied to inputs[steps][rows][input_count] and tokens[steps][rows][token_count].
 */
seqd_shard seqd_shard_part(const seqd_shard *shard, int32_t first, int32_t rows, float *inputs, int32_t *tokens);

/* Fills lags[horizon][count] for fork t of a row. */
void seqd_shard_lags(const seqd_shard *shard, const seqd_lag_plan *plan, int32_t row, int32_t t, float *lags);

#endif
