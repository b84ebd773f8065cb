/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_BACKEND_ONEDNN_LAYER_H
#define SEQD_BACKEND_ONEDNN_LAYER_H

#include <stdatomic.h>

#include "onednn_api.h"

/* The three primitives of a layer. */
enum {
    SEQD_ONEDNN_WHOLE,  /* forward, plan.rows sequences */
    SEQD_ONEDNN_SINGLE, /* forward, one sequence: a plan that only predicts, for more than one */
    SEQD_ONEDNN_BACK,   /* backward of the first; a plan that trains */
    SEQD_ONEDNN_PROGRAMS
};

/*
 * A primitive and the weights in the layout that it asks for: [0] of the input, [1] of the state before. What `repack`
 * reads are the layer's plain weights.
 */
typedef struct seqd_onednn_program {
    bool wanted;
    int32_t rows;
    seqd_onednn_descriptors descriptors;
    dnnl_primitive_desc_t description, repack_description[2];
    dnnl_primitive_t primitive, repack[2];
    dnnl_memory_t plain[2], weights[2], repack_scratch[2], bias;
    void *weight_data[2];
    size_t weight_bytes[2], repack_bytes[2], workspace_bytes, scratch_bytes;
} seqd_onednn_program;

/* Arguments of one program on one lane; the first SEQD_ONEDNN_SHARED ones belong to the program. */
#define SEQD_ONEDNN_SHARED 3
#define SEQD_ONEDNN_MOST_ARGUMENTS 16
typedef struct seqd_onednn_call {
    int32_t count;
    dnnl_exec_arg_t arguments[SEQD_ONEDNN_MOST_ARGUMENTS];
} seqd_onednn_call;

typedef struct seqd_onednn_lane {
    dnnl_stream_t stream;
    seqd_onednn_call calls[SEQD_ONEDNN_PROGRAMS];
    float *input;          /* [steps][plan.rows][inputs + statics] */
    float *output;         /* [steps][plan.rows][hidden] */
    float *compact;        /* the same without padded rows; plan.rows > 1 */
    float *state;          /* [plan.rows][hidden] zeros, before the first step */
    float *input_gradient, *output_gradient;
    float *state_gradient; /* of the hidden and of the cell state, not used further */
    float *weight_gradient[2], *bias_gradient;
    void *workspace, *scratch;
} seqd_onednn_lane;

typedef struct seqd_onednn_rnn_layer {
    seqd_rnn base;
    dnnl_engine_t engine;
    dnnl_primitive_attr_t attributes;
    seqd_onednn_operation room;
    seqd_onednn_program programs[SEQD_ONEDNN_PROGRAMS];
    seqd_onednn_lane *lanes; /* [plan.lanes] */
    void *memory;            /* arrays of programs and lanes */
    float *plain[2], *bias;  /* our weights and biases in oneDNN's order of gates */
    void *repack_data;
    atomic_int failure;      /* the first one since create; 0: none */
} seqd_onednn_rnn_layer;

static inline int32_t seqd_onednn_columns(const seqd_rnn_shape *shape) { return shape->inputs + shape->statics; }

/* Fills `error` from a code of seqd_onednn_run: SEQD_E_NOMEM, SEQD_E_UNSUPPORTED, SEQD_E_INTERNAL. */
int32_t seqd_onednn_fail(int32_t code, seqd_error *error);

/* onednn_layer.c. The layer is given its plan and zeros everywhere else; on failure it is destroyed as far as made. */
int32_t seqd_onednn_make(seqd_onednn_rnn_layer *layer, seqd_error *error);
void seqd_onednn_destroy(seqd_onednn_rnn_layer *layer);

/* Runs a program on a lane; inside seqd_onednn_run. */
int32_t seqd_onednn_execute(const seqd_onednn_rnn_layer *layer, int32_t lane, int32_t program);
/* Plain weights into the layouts of all programs; inside seqd_onednn_run. */
int32_t seqd_onednn_repack(const seqd_onednn_rnn_layer *layer);

/* onednn_rnn.c: `create` of the operations, without the test of seqd_onednn_ready. */
int32_t seqd_onednn_create_untested(seqd_context *context, const seqd_kernels *kernels, const seqd_rnn_plan *plan,
                                    seqd_rnn **out, seqd_error *error);

#endif
