/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_STACK_H
#define SEQD_NN_STACK_H

#include "alloc.h"
#include "recurrent.h"
#include "tensors.h"

/*
 * Recurrent layers on top of each other, with everything that stands between them. Arrays are time-major; the layers'
 * own rules are those of <seqdemand/model.h>. Statics are read by the first layer only. A layer is
 *
 *   recurrence (both ways: states side by side) -> layer norm -> + the layer's input, where as wide -> dropout
 *
 * With a dilation d the state of step t goes into step t + d: d sequences between each other, which the recurrence sees
 * as d times as many rows. What comes before the first step is zero for each of them.
 */
#define SEQD_MAX_LAYERS 16

typedef struct seqd_stack_shape {
    seqd_cell cell;
    int32_t layers, inputs, statics;
    int32_t hidden[SEQD_MAX_LAYERS];
    bool bidirectional;       /* each layer also reads backwards: hidden units each way, side by side in the states */
    bool residual, layer_norm;
    int32_t dilation[SEQD_MAX_LAYERS]; /* 0 and 1: none */
    double dropout;           /* of each layer's output, the last one's too */
    double recurrent_dropout; /* of the state before its product: one mask for a sequence */
} seqd_stack_shape;

/* What a network is opened for: shards of `steps` steps and at most `rows` rows on `lanes` threads at once. */
typedef struct seqd_use {
    int32_t steps, rows;
    int32_t lanes;
    bool train;       /* with gradients and dropout */
} seqd_use;

/* Units of the states that come out. */
int32_t seqd_stack_width(const seqd_stack_shape *shape);
/*
 * Declares the tensors, named as torch.nn.LSTM does behind `prefix` ("rnn."), and those of layer norm as
 * torch.nn.LayerNorm does behind norm_l0, norm_l1 ...; *first takes the position of the first. Errors: SEQD_E_LIMIT.
 */
int32_t seqd_stack_declare(const seqd_stack_shape *shape, const char *prefix, seqd_tensors *tensors, int32_t *first,
                           seqd_error *error);

/* Layers made ready on a backend. A lane is used by one thread at a time. */
typedef struct seqd_stack seqd_stack;

/* `tensors` must outlive the stack. Errors: SEQD_E_NOMEM, SEQD_E_LIMIT, SEQD_E_UNSUPPORTED. */
int32_t seqd_stack_open(seqd_context *context, const seqd_backend *backend, const seqd_stack_shape *shape,
                        const seqd_tensors *tensors, int32_t first, const seqd_use *use, seqd_stack **out,
                        seqd_error *error);
void seqd_stack_close(seqd_stack *stack); /* NULL is fine */
/* Takes over the parameters of the whole network's vector, which must stay readable; no lane may be at work. */
void seqd_stack_pack(seqd_stack *stack, const float *vector);

/*
 * One pass over whole sequences.
 *   x[steps][rows][inputs], s[rows][statics]
 *   length[rows]   steps that a row has, from the first on; NULL: all of them. What comes out behind a row's last step
 *                  has no meaning but is finite; its gradient counts as zero, and so is that of the inputs there.
 *                  Of unidirectional layers without dilation, no more steps are computed than the longest row has.
 *   key            not 0 switches dropout on; masks are a function of it alone
 */
typedef struct seqd_stack_pass {
    int32_t rows;
    const int32_t *length;
    const float *x, *s;
    uint64_t key;
} seqd_stack_pass;

/* States of the last layer [steps][rows][width], valid until the lane's next call. */
const float *seqd_stack_forward(seqd_stack *stack, int32_t lane, const seqd_stack_pass *pass);
/*
 * After forward of the same lane and pass. dh[steps][rows][width] is the gradient of what forward gave, in an array
 * from seqd_stack_gradient; gradients are added to the network's vector `grad`; dx[steps][rows][inputs] is written
 * unless NULL; ds[rows][statics] is added to.
 */
float *seqd_stack_gradient(seqd_stack *stack, int32_t lane);
void seqd_stack_backward(seqd_stack *stack, int32_t lane, const seqd_stack_pass *pass, float *grad, float *dx,
                         float *ds);

/*
 * Streaming on the native backend, use.steps 1, not for bidirectional layers: one step of pass->rows sequences; the
 * caller keeps the state, seqd_stack_state_floats(shape, rows) floats, zero before the first step. Returns the last
 * layer's output, which is a part of `state`. The state consists of seqd_stack_part_count parts, one behind the other,
 * part i holding [rows][seqd_stack_part_units].
 */
int32_t seqd_stack_part_count(const seqd_stack_shape *shape);
int64_t seqd_stack_part_units(const seqd_stack_shape *shape, int32_t part);
int64_t seqd_stack_state_floats(const seqd_stack_shape *shape, int32_t rows);
void seqd_stack_step(seqd_stack *stack, int32_t lane, const seqd_stack_pass *pass, float *state);
const float *seqd_stack_state_output(const seqd_stack_shape *shape, int32_t rows, const float *state);

/*
 * The mask of a layer under a key, mask[count]: 0, or what raises a kept unit so that the expected value stays
 * (inverted dropout). That of its state, [rows][hidden], counts as layer SEQD_STACK_STATE_MASKS + 2 layer, one more
 * for the way back.
 */
#define SEQD_STACK_STATE_MASKS 1024
void seqd_stack_dropout(const seqd_kernels *k, double dropout, uint64_t key, int32_t layer, int64_t count,
                        float *mask);

/* SEQD_OK, or what a backend failed at in the calls above. */
int32_t seqd_stack_status(const seqd_stack *stack, seqd_error *error);

#endif
