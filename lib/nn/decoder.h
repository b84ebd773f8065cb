/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_DECODER_H
#define SEQD_NN_DECODER_H

#include "alloc.h"
#include "head.h"
#include "shard.h"

/*
 * From the state h_t to the next `horizon` steps at once, at every fork t of a shard (formula: <seqdemand/model.h>):
 *   u_k = relu(A_k h_t + F f_{t+k} + G s + L l_{t,k} + b_k);  o_k = V u_k + S l_{t,k} + c
 * Forward, loss and backward run over a few time steps together, so that the wide arrays stay in cache.
 */
typedef struct seqd_decoder_shape {
    int32_t hidden, horizon, size, futures, statics, lags, width;
    bool linear;       /* without the rectifier */
} seqd_decoder_shape;

typedef struct seqd_decoder_params {
    float *state;       /* A [horizon * size][hidden] */
    float *state_bias;  /* b [horizon * size] */
    float *future;      /* F [size][futures] */
    float *statics;     /* G [size][statics] */
    float *lag;         /* L [size][lags] */
    float *output;      /* V [width][size] */
    float *output_lag;  /* S [width][lags] */
    float *output_bias; /* c [width] */
} seqd_decoder_params;

typedef struct seqd_decoder_packed {
    float *state, *future, *statics, *lag, *output, *output_lag;
    float *state_back, *statics_back, *output_back;
    const float *state_bias, *output_bias;
} seqd_decoder_packed;

typedef struct seqd_decoder_work {
    int32_t chunk;     /* time steps carried together */
    float *known;      /* [rows][steps + horizon][size]: F f + G s */
    float *known_grad; /* the same */
    float *row;        /* [rows][size] */
    float *lags;       /* [chunk * rows][horizon][lags] */
    float *hidden;     /* [chunk * rows][horizon * size] */
    float *hidden_grad;
    float *out;        /* [chunk * rows][horizon][width] */
    float *targets;    /* [chunk * rows][horizon] */
    float *weights;
    float *loc, *scale; /* [chunk * rows] */
    float *scratch;
} seqd_decoder_work;

void seqd_decoder_place_packed(const seqd_kernels *k, const seqd_decoder_shape *shape, seqd_arena *arena,
                               seqd_decoder_packed *packed);
void seqd_decoder_pack(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_decoder_params *params,
                       int backward, seqd_decoder_packed *packed);
/* `train` 0 leaves out what only a backward pass needs. */
void seqd_decoder_place_work(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_head *head, int train,
                             int32_t steps, int32_t rows, seqd_arena *arena, seqd_decoder_work *work);

/*
 * Loss over forks first .. steps-1 of a shard; h[steps - first][rows][hidden] are the states after them, s[rows][statics].
 * With `grad`: gradients times factor are added to grad and ds[rows][statics], and dh, laid out as h, is written.
 * Without: loss only.
 */
double seqd_decoder_loss(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_head *head,
                         const seqd_decoder_packed *packed, const seqd_shard *shard, const seqd_lag_plan *plan,
                         int32_t first, const float *h, const float *s, float factor, const seqd_decoder_params *grad,
                         float *dh, float *ds, seqd_decoder_work *work);

/* Outputs o of the last fork only, after states h[rows][hidden]: out[rows][horizon][width]. */
void seqd_decoder_predict(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_decoder_packed *packed,
                          const seqd_shard *shard, const seqd_lag_plan *plan, const float *h, const float *s,
                          float *out, seqd_decoder_work *work);
/*
 * With arrays and weights for training: the mean over the horizon of output `column` of the last fork into
 * value[rows], and its slope by the states into dh[rows][hidden].
 */
void seqd_decoder_slope(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_decoder_packed *packed,
                        const seqd_shard *shard, const seqd_lag_plan *plan, int32_t column, const float *h,
                        const float *s, double *value, float *dh, seqd_decoder_work *work);

#endif
