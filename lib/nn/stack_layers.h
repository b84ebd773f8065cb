/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_STACK_LAYERS_H
#define SEQD_NN_STACK_LAYERS_H

#include "stack.h"

/* What the files of the stack share: stack.c (shapes and memory), stack_pass.c (whole sequences), stack_step.c. */

/* One lane's arrays beside those of the recurrent layers, for use.steps or, where it says so, for rounded steps. */
typedef struct stack_lane {
    const float *states[SEQD_MAX_LAYERS]; /* [steps][rows][width] as the recurrence gave them */
    const float *output[SEQD_MAX_LAYERS]; /* after everything */
    float *joined[SEQD_MAX_LAYERS];       /* both ways side by side */
    float *worked[SEQD_MAX_LAYERS];       /* where norm, residual and dropout put theirs */
    float *mask[SEQD_MAX_LAYERS];         /* NULL without dropout */
    float *state_mask[SEQD_MAX_LAYERS][2];
    float *mean[SEQD_MAX_LAYERS], *rstd[SEQD_MAX_LAYERS]; /* [steps][rows] */
    float *aligned;                       /* rounded steps: inputs of a layer where align (stack_pass.c) moves them */
    float *dh[2];                         /* rounded steps: gradients of two layers' outputs, the widest */
    float *skip;                          /* gradient that passes a residual layer by */
    float *way[2];                        /* rounded steps: gradient of the states of each way */
    float *dx;                            /* rounded steps: gradient of a layer's input that goes elsewhere */
    float *statics, *statics_grad;        /* [dilation][rows][statics] */
    float *turn;                          /* [rows][hidden] for the ring of states (stack_step.c) */
    int32_t steps;                        /* of the pass at work, of which use.steps is the most */
} stack_lane;

struct seqd_stack {
    seqd_context *context;
    const seqd_kernels *kernels;
    seqd_stack_shape shape;
    seqd_use use;
    const seqd_tensors *tensors;
    int32_t first;
    const float *vector;
    seqd_rnn *rnn[SEQD_MAX_LAYERS][2]; /* forwards, backwards */
    stack_lane *lanes;                 /* [use.lanes] */
};

#define SEQD_STACK_NORM_EPSILON 1e-5f /* torch.nn.LayerNorm's */

static inline int32_t seqd_stack_ways(const seqd_stack_shape *shape) { return shape->bidirectional ? 2 : 1; }

/* Units that go into a layer, without statics, and that come out. */
static inline int32_t seqd_stack_layer_width(const seqd_stack_shape *shape, int32_t layer)
{
    return shape->hidden[layer] * seqd_stack_ways(shape);
}

static inline int32_t seqd_stack_layer_inputs(const seqd_stack_shape *shape, int32_t layer)
{
    return layer == 0 ? shape->inputs : seqd_stack_layer_width(shape, layer - 1);
}

static inline bool seqd_stack_layer_adds(const seqd_stack_shape *shape, int32_t layer)
{
    return shape->residual && seqd_stack_layer_inputs(shape, layer) == seqd_stack_layer_width(shape, layer);
}

/* The dilation of a layer on sequences of `steps`: beyond their length it links nothing. */
static inline int32_t seqd_stack_layer_dilation(const seqd_stack_shape *shape, int32_t layer, int32_t steps)
{
    const int32_t d = shape->dilation[layer] > 1 ? shape->dilation[layer] : 1;
    return d < steps ? d : steps;
}

/* Steps of each of the sequences that a dilation makes of `steps`. */
static inline int32_t seqd_stack_layer_steps(const seqd_stack_shape *shape, int32_t layer, int32_t steps)
{
    const int32_t d = seqd_stack_layer_dilation(shape, layer, steps);
    return (steps + d - 1) / d;
}

/* Views into a parameter vector or a gradient of its layout. */
seqd_rnn_params seqd_stack_layer_params(const seqd_stack *stack, int32_t layer, int32_t way, float *vector);
/* [0] gamma, [1] beta, each [width]. */
void seqd_stack_layer_norm(const seqd_stack *stack, int32_t layer, float *vector, float *out[2]);

#endif
