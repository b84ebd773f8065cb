/* SPDX-License-Identifier: Apache-2.0 */
#include "dense.h"

#include <string.h>

#include "status.h"

static int64_t inputs_of(const seqd_dense_shape *shape, int32_t layer)
{
    return layer == 0 ? shape->inputs : shape->size[layer - 1];
}

int32_t seqd_dense_width(const seqd_dense_shape *shape)
{
    return shape->layers == 0 ? shape->inputs : shape->size[shape->layers - 1];
}

int32_t seqd_dense_declare(const seqd_dense_shape *shape, const char *prefix, bool single, seqd_tensors *tensors,
                           int32_t *first, seqd_error *error)
{
    *first = tensors->count;
    for (int32_t i = 0; i < shape->layers; i++) {
        const int64_t inputs = inputs_of(shape, i);
        const seqd_tensor_name weight = {prefix, single ? -1 : i, ".weight"}, bias = {prefix, single ? -1 : i, ".bias"};
        SEQD_CHECK(seqd_tensors_matrix(tensors, weight, shape->size[i], inputs, SEQD_INIT_UNIFORM, inputs, error));
        SEQD_CHECK(seqd_tensors_vector(tensors, bias, shape->size[i], SEQD_INIT_ZERO, 0, error));
    }
    return SEQD_OK;
}

void seqd_dense_place_packed(const seqd_kernels *k, const seqd_dense_shape *shape, bool train, seqd_arena *arena,
                             seqd_dense_packed *packed)
{
    for (int32_t i = 0; i < shape->layers; i++) {
        const int64_t inputs = inputs_of(shape, i), size = shape->size[i];
        packed->forward[i] = seqd_arena_take(arena, k->gemm_packed_size(inputs, size), sizeof(float));
        packed->back[i] = seqd_arena_take(arena, train ? k->gemm_packed_size(size, inputs) : 0, sizeof(float));
    }
}

void seqd_dense_place_work(const seqd_kernels *k, const seqd_dense_shape *shape, bool train, int64_t rows,
                           seqd_arena *arena, seqd_dense_work *work)
{
    const bool dropout = train && shape->dropout > 0.0;
    size_t scratch = 0;
    for (int32_t i = 0; i < shape->layers; i++) {
        const int64_t inputs = inputs_of(shape, i), size = shape->size[i];
        const size_t needed = train ? k->gemm_tn_scratch(size, inputs, rows) : 0;
        if (needed > scratch) scratch = needed;
        work->y[i] = seqd_arena_take(arena, (size_t)(rows * size), sizeof(float));
        work->mask[i] = dropout ? seqd_arena_take(arena, (size_t)(rows * size), sizeof(float)) : NULL;
        work->dx[i] = seqd_arena_take(arena, train && i > 0 ? (size_t)(rows * inputs) : 0, sizeof(float));
    }
    work->scratch = seqd_arena_take(arena, scratch, sizeof(float));
}

void seqd_dense_pack(const seqd_kernels *k, const seqd_dense_shape *shape, const seqd_tensor *tensor,
                     const float *vector, bool train, seqd_dense_packed *packed)
{
    for (int32_t i = 0; i < shape->layers; i++) {
        const int64_t inputs = inputs_of(shape, i), size = shape->size[i];
        const float *weight = vector + tensor[2 * i].offset;
        k->gemm_pack(inputs, size, weight, inputs, 1, packed->forward[i]);
        if (train) k->gemm_pack(size, inputs, weight, inputs, 0, packed->back[i]);
        packed->bias[i] = vector + tensor[2 * i + 1].offset;
    }
}

float *seqd_dense_forward(const seqd_kernels *k, const seqd_dense_shape *shape, const seqd_dense_packed *packed,
                          int64_t rows, float *x, uint64_t key, seqd_dense_work *work)
{
    for (int32_t i = 0; i < shape->layers; i++) {
        const int64_t inputs = inputs_of(shape, i), size = shape->size[i];
        k->gemm(rows, size, inputs, x, inputs, packed->forward[i], work->y[i], size, 0, packed->bias[i]);
        if (shape->rectify) k->relu(rows * size, work->y[i], work->y[i]);
        if (key != 0 && work->mask[i]) {
            seqd_stack_dropout(k, shape->dropout, key, SEQD_MAX_LAYERS + i, rows * size, work->mask[i]);
            k->multiply(rows * size, work->mask[i], work->y[i]);
        }
        x = work->y[i];
    }
    return x;
}

void seqd_dense_backward(const seqd_kernels *k, const seqd_dense_shape *shape, const seqd_dense_packed *packed,
                         int64_t rows, const float *x, uint64_t key, float *dy, const seqd_tensor *tensor, float *grad,
                         float *dx, seqd_dense_work *work)
{
    if (shape->layers == 0 && dx) memcpy(dx, dy, (size_t)(rows * shape->inputs) * sizeof *dx);
    for (int32_t i = shape->layers - 1; i >= 0; i--) {
        const int64_t inputs = inputs_of(shape, i), size = shape->size[i];
        const float *below = i == 0 ? x : work->y[i - 1];
        float *next = i == 0 ? dx : work->dx[i];
        if (key != 0 && work->mask[i]) k->multiply(rows * size, work->mask[i], dy);
        if (shape->rectify) k->relu_backward(rows * size, work->y[i], dy); /* a dropped unit is 0 as well */
        k->gemm_tn(size, inputs, rows, dy, size, below, inputs, grad + tensor[2 * i].offset, inputs, work->scratch);
        k->add_rows(rows, size, dy, size, grad + tensor[2 * i + 1].offset);
        if (next) k->gemm(rows, inputs, size, dy, size, packed->back[i], next, inputs, 0, NULL);
        dy = next;
    }
}
