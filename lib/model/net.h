/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_NET_H
#define SEQD_MODEL_NET_H

#include "alloc.h"
#include "decoder.h"
#include "rnn.h"

/*
 * The network as a plan: shapes, a flat parameter vector with a table of names, and functions that carry one shard
 * through it. It knows arrays only; where they come from is the business of features and trainer.
 */
#define SEQD_MAX_LAYERS 16
#define SEQD_MAX_TENSORS 256

typedef struct seqd_net_config {
    seqd_cell cell;
    int32_t layers;
    int32_t hidden[SEQD_MAX_LAYERS];
    int32_t inputs, futures, lags;   /* widths of a shard's arrays */
    int32_t reals;
    int32_t cat_count;
    int32_t cardinality[64];         /* without the unknown */
    int32_t embedding[64];
    int32_t horizon, decoder_size;
    double dropout;
    seqd_head head;
} seqd_net_config;

typedef struct seqd_tensor {
    char name[48];
    int64_t offset;
    int64_t shape[2];
    int32_t rank;
} seqd_tensor;

typedef struct seqd_net {
    seqd_net_config config;
    int32_t statics;                 /* embeddings side by side, then reals */
    seqd_rnn_shape rnn[SEQD_MAX_LAYERS];
    seqd_decoder_shape decoder;
    int32_t tensor_count;
    seqd_tensor tensors[SEQD_MAX_TENSORS];
    int64_t parameter_count;
    int32_t embedding_tensor, decoder_tensor; /* first tensor of each group */
} seqd_net;

/* Weights in the form the kernels read; one for each set of parameters in use. */
typedef struct seqd_net_packed {
    seqd_rnn_packed rnn[SEQD_MAX_LAYERS];
    seqd_decoder_packed decoder;
    const float *parameters;
} seqd_net_packed;

/* One thread's arrays. */
typedef struct seqd_net_work {
    seqd_rnn_state rnn[SEQD_MAX_LAYERS];
    seqd_decoder_work decoder;
    float *dropped[SEQD_MAX_LAYERS];  /* [steps][rows][hidden] after dropout; the hidden states themselves without */
    float *mask[SEQD_MAX_LAYERS];     /* NULL without dropout */
    float *dh[2];                     /* gradients of two layers' hidden states, the widest */
    float *statics, *statics_grad;    /* [rows][statics] */
    float *scratch;
} seqd_net_work;

/* Errors: SEQD_E_LIMIT when a size overflows or there are more tensors than the table holds. */
int32_t seqd_net_plan(const seqd_net_config *config, seqd_net *net, seqd_error *error);
/* Start values from a seed. */
void seqd_net_init(const seqd_net *net, uint64_t seed, float *parameters);
int32_t seqd_net_find(const seqd_net *net, const char *name);

void seqd_net_place_packed(const seqd_net *net, const seqd_kernels *k, seqd_arena *arena, seqd_net_packed *packed);
void seqd_net_pack(const seqd_net *net, const seqd_kernels *k, const float *parameters, int backward,
                   seqd_net_packed *packed);
void seqd_net_place_work(const seqd_net *net, const seqd_kernels *k, int train, int32_t steps, int32_t rows,
                         seqd_arena *arena, seqd_net_work *work);

/*
 * Sum of weighted losses over the forks from `first` on. With `grad` (a vector laid out as the parameters) gradients
 * times factor are added to it. `dropout_key` not 0 switches dropout on; the masks are a function of it alone.
 */
double seqd_net_loss(const seqd_net *net, const seqd_kernels *k, const seqd_net_packed *packed,
                     const seqd_shard *shard, const seqd_lag_plan *plan, int32_t first, float factor, float *grad,
                     uint64_t dropout_key, seqd_net_work *work);

/* Outputs of the last fork: out[rows][horizon][head.width]. */
void seqd_net_predict(const seqd_net *net, const seqd_kernels *k, const seqd_net_packed *packed,
                      const seqd_shard *shard, const seqd_lag_plan *plan, float *out, seqd_net_work *work);

#endif
