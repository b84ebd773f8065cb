/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_ATTENTION_H
#define SEQD_NN_ATTENTION_H

#include "alloc.h"
#include "kernels.h"
#include "tensors.h"

/*
 * What a decoder's states s[query] read from an encoder's states h_j[memory], j from begin to end of the row: outside
 * weights are 0, and where a row has nothing inside, the sum over it is zero.
 *
 *   additive    e_j = v . tanh(Wq s + b + Wk h_j)            context = sum a_j h_j     (Bahdanau et al. 2015)
 *   dot         e_j = s . h_j, query = memory                context = sum a_j h_j     (Luong et al. 2015)
 *   general     e_j = s . W h_j                              context = sum a_j h_j
 *   multihead   torch.nn.MultiheadAttention with keys and values h_j: in each head of d = size / heads units
 *               e_j = (Wq s + bq) . (Wk h_j + bk) / sqrt(d), sum a_j (Wv h_j + bv); context = Wo [heads] + bo
 *   a = softmax(e)
 *
 * Tensors, behind "attention.":
 *   additive    query.weight [size][query], query.bias [size], key.weight [size][memory], score.weight [1][size]
 *   general     weight [query][memory]
 *   multihead   in_proj_weight [3 size][query] where query = memory = size, else q_proj_weight [size][query],
 *               k_proj_weight and v_proj_weight [size][memory]; in_proj_bias [3 size], out_proj.weight [query][size],
 *               out_proj.bias [query]
 */
typedef enum seqd_attention_kind {
    SEQD_ATTENTION_NONE,
    SEQD_ATTENTION_ADDITIVE,
    SEQD_ATTENTION_DOT,
    SEQD_ATTENTION_GENERAL,
    SEQD_ATTENTION_MULTIHEAD
} seqd_attention_kind;

typedef struct seqd_attention_shape {
    seqd_attention_kind kind;
    int32_t query, memory;
    int32_t size;    /* additive, multihead: a multiple of heads */
    int32_t heads;   /* 1 for the other kinds */
} seqd_attention_shape;

/* Units of the context; 0 for none. */
int32_t seqd_attention_width(const seqd_attention_shape *shape);

/* Declares the tensors; *first takes the position of the first. Errors: SEQD_E_LIMIT. */
int32_t seqd_attention_declare(const seqd_attention_shape *shape, seqd_tensors *tensors, int32_t *first,
                               seqd_error *error);

/* Views into the flat vector, or into a gradient of the same layout; NULL where the kind has none. */
typedef struct seqd_attention_params {
    float *query, *query_bias;
    float *key, *key_bias;
    float *value, *value_bias;
    float *score;
    float *out, *out_bias;
} seqd_attention_params;

seqd_attention_params seqd_attention_view(const seqd_attention_shape *shape, const seqd_tensors *tensors, int32_t first,
                                          float *vector);

typedef struct seqd_attention_packed {
    float *query, *key, *value, *out;
    float *query_back, *key_back, *value_back, *out_back;
    seqd_attention_params params; /* biases and v are read where they are */
} seqd_attention_packed;

/* A lane's arrays for at most `rows` rows of `steps` encoder's and `queries` decoder's steps. */
typedef struct seqd_attention_work {
    int32_t rows, steps, queries;     /* of the pass under way */
    const int32_t *begin, *end;       /* [rows] */
    float *memory;                    /* [rows][steps][memory] */
    float *keys, *values;             /* [rows][steps][size] additive (prepared) and multihead; multihead */
    float *query;                     /* [queries][rows][...] what meets the keys */
    float *mixed;                     /* multihead: [queries][rows][size] before the last product */
    float *weights;                   /* [rows][heads][queries][steps] a */
    float *scores_grad;               /* the same: of e */
    float *memory_grad, *keys_grad, *values_grad, *query_grad, *mixed_grad;
    float *scratch;
} seqd_attention_work;

void seqd_attention_place_packed(const seqd_kernels *k, const seqd_attention_shape *shape, bool train,
                                 seqd_arena *arena, seqd_attention_packed *packed);
void seqd_attention_pack(const seqd_kernels *k, const seqd_attention_shape *shape, const seqd_attention_params *params,
                         bool train, seqd_attention_packed *packed);
void seqd_attention_place_work(const seqd_kernels *k, const seqd_attention_shape *shape, bool train, int32_t rows,
                               int32_t steps, int32_t queries, seqd_arena *arena, seqd_attention_work *work);

/*
 * A pass over one shard: begin with h[steps][rows][memory] (work->rows, steps, queries, begin and end are set), then
 * read for steps of the decoder as they come.
 *   read   steps first .. first + count - 1: s is that of step 0, [step][rows][query]; context of step 0 has rows ldc
 *          apart and steps rows * ldc
 */
void seqd_attention_begin(const seqd_kernels *k, const seqd_attention_shape *shape, const seqd_attention_packed *packed,
                          const float *h, seqd_attention_work *work);
void seqd_attention_read(const seqd_kernels *k, const seqd_attention_shape *shape, const seqd_attention_packed *packed,
                         int32_t first, int32_t count, const float *s, float *context, int64_t ldc,
                         seqd_attention_work *work);

/*
 * The way back, arrays as above: begin, then all steps in any order, then end, which adds to the gradients of
 * parameters and writes dh[steps][rows][memory]. ds is added to.
 */
void seqd_attention_back_begin(const seqd_attention_shape *shape, seqd_attention_work *work);
void seqd_attention_back(const seqd_kernels *k, const seqd_attention_shape *shape, const seqd_attention_packed *packed,
                         int32_t first, int32_t count, const float *s, const float *dcontext, int64_t ldc, float *ds,
                         const seqd_attention_params *grad, seqd_attention_work *work);
void seqd_attention_back_end(const seqd_kernels *k, const seqd_attention_shape *shape,
                             const seqd_attention_packed *packed, const float *s, const float *dcontext, int64_t ldc,
                             const seqd_attention_params *grad, float *dh, seqd_attention_work *work);

#endif
