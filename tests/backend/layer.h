/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TEST_LAYER_H
#define SEQD_TEST_LAYER_H

#include "recurrent.h"

/*
 * With sanitizers a step costs many times as much: there the longest sequences are left out, which reach no line of
 * their own, and levels between the first and the last, which checkkern holds to `ref` there, too.
 */
#ifdef __SANITIZE_ADDRESS__
#define LAYER_SANITIZED 1
#else
#define LAYER_SANITIZED 0
#endif

/* A recurrent layer with numbers of its own, run alike on any backend. */
typedef struct layer_case {
    seqd_rnn_plan plan;
    int32_t rows; /* of a call, at most plan.rows */
} layer_case;

/* Every array of a layer and of what it computes; all made by layer_values. */
enum {
    LAYER_WEIGHT_IH, LAYER_WEIGHT_HH, LAYER_BIAS_IH, LAYER_BIAS_HH, /* parameters */
    LAYER_X, LAYER_S, LAYER_DH,                                    /* what a call is given */
    LAYER_HIDDEN, LAYER_DX, LAYER_DS,                              /* what it answers */
    LAYER_GRAD_WEIGHT_IH, LAYER_GRAD_WEIGHT_HH, LAYER_GRAD_BIAS_IH, LAYER_GRAD_BIAS_HH,
    LAYER_ARRAYS
};

typedef struct layer_values {
    layer_case shape;
    float *array[LAYER_ARRAYS];
    size_t count[LAYER_ARRAYS];
} layer_values;

const char *layer_array_name(int32_t which);
const char *layer_cell_name(seqd_cell cell);

/* Parameters, inputs and dh from `seed`, the same for the same shape; answers zero. Release with layer_drop. */
layer_values *layer_make(const layer_case *shape, uint32_t seed);
/* New numbers in the parameters alone. */
void layer_redraw(layer_values *values, uint32_t seed);
void layer_drop(layer_values *values);
seqd_rnn_params layer_params(const layer_values *values);

/* A layer on the kernels of a level, one on those of `ref`, and one on oneDNN. */
seqd_rnn *layer_open_level(seqd_context *context, int32_t level, const seqd_rnn_plan *plan);
seqd_rnn *layer_open_ref(seqd_context *context, const seqd_rnn_plan *plan);
seqd_rnn *layer_open_onednn(seqd_context *context, const seqd_rnn_plan *plan);

/* One forward pass and, for a plan that trains, one backward pass, whose gradients are added. */
void layer_forward(seqd_rnn *rnn, int32_t lane, layer_values *values);
void layer_backward(seqd_rnn *rnn, int32_t lane, layer_values *values);

/* The largest difference of two sets of answers, in units of the largest value of the array; `which` may be NULL. */
double layer_difference(const layer_values *a, const layer_values *b, int32_t *which);

#endif
