/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_DENSE_H
#define SEQD_NN_DENSE_H

#include "alloc.h"
#include "kernels.h"
#include "stack.h"
#include "tensors.h"

/*
 * Fully connected layers, y = W x + b as torch.nn.Linear, each rectified and dropped out where asked for. Rows are
 * independent. Without layers, y is x.
 */
typedef struct seqd_dense_shape {
    int32_t inputs, layers;
    int32_t size[SEQD_MAX_LAYERS];
    bool rectify;
    double dropout;   /* of each layer's output */
} seqd_dense_shape;

/* Weights of the forward and, with `train`, the backward product. */
typedef struct seqd_dense_packed {
    float *forward[SEQD_MAX_LAYERS], *back[SEQD_MAX_LAYERS];
    const float *bias[SEQD_MAX_LAYERS];
} seqd_dense_packed;

typedef struct seqd_dense_work {
    float *y[SEQD_MAX_LAYERS];    /* [rows][size] after rectifier and dropout */
    float *mask[SEQD_MAX_LAYERS]; /* NULL without dropout */
    float *dx[SEQD_MAX_LAYERS];   /* [rows][inputs of the layer]; not of the first */
    float *scratch;
} seqd_dense_work;

/* Width of what comes out. */
int32_t seqd_dense_width(const seqd_dense_shape *shape);
/*
 * Declares "<prefix>0.weight", "<prefix>0.bias", ... or, where `single`, "<prefix>.weight" and "<prefix>.bias";
 * *first takes the position of the first. Errors: SEQD_E_LIMIT.
 */
int32_t seqd_dense_declare(const seqd_dense_shape *shape, const char *prefix, bool single, seqd_tensors *tensors,
                           int32_t *first, seqd_error *error);

void seqd_dense_place_packed(const seqd_kernels *k, const seqd_dense_shape *shape, bool train, seqd_arena *arena,
                             seqd_dense_packed *packed);
void seqd_dense_place_work(const seqd_kernels *k, const seqd_dense_shape *shape, bool train, int64_t rows,
                           seqd_arena *arena, seqd_dense_work *work);
/* `tensor` is the first of the layers, `vector` the whole network's parameters, which must stay readable. */
void seqd_dense_pack(const seqd_kernels *k, const seqd_dense_shape *shape, const seqd_tensor *tensor,
                     const float *vector, bool train, seqd_dense_packed *packed);

/* x[rows][inputs] to [rows][width], in work or x itself. `key` not 0 switches dropout on. */
float *seqd_dense_forward(const seqd_kernels *k, const seqd_dense_shape *shape, const seqd_dense_packed *packed,
                          int64_t rows, float *x, uint64_t key, seqd_dense_work *work);
/*
 * After forward of the same arguments: dy[rows][width], which may be what forward gave where nothing is rectified, is
 * overwritten; gradients are added to the network's vector `grad`; dx[rows][inputs] is written unless NULL.
 */
void seqd_dense_backward(const seqd_kernels *k, const seqd_dense_shape *shape, const seqd_dense_packed *packed,
                         int64_t rows, const float *x, uint64_t key, float *dy, const seqd_tensor *tensor, float *grad,
                         float *dx, seqd_dense_work *work);

#endif
