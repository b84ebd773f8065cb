/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_EMBED_H
#define SEQD_NN_EMBED_H

#include "kernels.h"
#include "shard.h"
#include "tensors.h"

#define SEQD_MAX_TOKENS 64

/*
 * What a network reads of an event: its numbers, then the embedding of each of its tokens, side by side. Table c has
 * cardinality[c] + 1 rows, row 0 for what is unknown.
 *   in time   x[steps][rows][width], steps behind a row's length are 0
 *   flat      x[rows][steps * width], a row's last event at the end; what is before its first event is 0
 * `steps` are those of the network, at least those of the shard.
 */
typedef struct seqd_embed_shape {
    int32_t inputs;      /* numbers of an event */
    int32_t tokens;
    int32_t cardinality[SEQD_MAX_TOKENS];
    int32_t size[SEQD_MAX_TOKENS];
    bool flat;
} seqd_embed_shape;

int32_t seqd_embed_width(const seqd_embed_shape *shape);
/* Declares "embedding.0.weight", ...; *first takes the position of the first. Errors: SEQD_E_LIMIT. */
int32_t seqd_embed_declare(const seqd_embed_shape *shape, seqd_tensors *tensors, int32_t *first, seqd_error *error);
/* `tensor` is the first table, `vector` the network's parameters. */
void seqd_embed_forward(const seqd_embed_shape *shape, const seqd_tensor *tensor, const float *vector,
                        const seqd_shard *shard, int32_t steps, float *x);
/* Adds dx, laid out as x, to the tables in `grad`, in the order of steps and rows. */
void seqd_embed_backward(const seqd_kernels *k, const seqd_embed_shape *shape, const seqd_tensor *tensor,
                         const seqd_shard *shard, int32_t steps, const float *dx, float *grad);

#endif
