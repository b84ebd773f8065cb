/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_BACKEND_RECURRENT_H
#define SEQD_BACKEND_RECURRENT_H

#include <stdbool.h>

#include "backend.h"

/*
 * One recurrent layer over whole sequences, as a backend runs it: formulas and gate order in <seqdemand/model.h>.
 * Arrays are time-major: [steps][rows][...]. A layer may have `statics` further inputs that are the same at every step;
 * their weights are the last columns of weight_ih, so that the matrix is what torch.nn.LSTM would hold for the
 * concatenated input.
 */
typedef enum seqd_cell {
    SEQD_CELL_LSTM,
    SEQD_CELL_GRU,        /* resets after its product, as torch and Keras' reset_after=True */
    SEQD_CELL_GRU_BEFORE, /* resets before it, as Cho et al. 2014 and Keras' reset_after=False */
    SEQD_CELL_TANH,       /* plain RNN */
    SEQD_CELL_RELU,       /* the same with max(0, x) */
    SEQD_CELLS
} seqd_cell;

typedef struct seqd_rnn_shape {
    seqd_cell cell;
    int32_t inputs, statics, hidden;
} seqd_rnn_shape;

/* Blocks of gates of a cell, in the order of model.h: 4, 3 or 1. */
static inline int32_t seqd_cell_blocks(seqd_cell cell)
{
    return cell == SEQD_CELL_LSTM ? 4 : cell == SEQD_CELL_GRU || cell == SEQD_CELL_GRU_BEFORE ? 3 : 1;
}

/* Number of gate columns: blocks times hidden. */
static inline int32_t seqd_rnn_gates(const seqd_rnn_shape *shape)
{
    return seqd_cell_blocks(shape->cell) * shape->hidden;
}

/* Pointers into the flat parameter vector, or into a gradient of the same layout. */
typedef struct seqd_rnn_params {
    float *weight_ih; /* [gates][inputs + statics] */
    float *weight_hh; /* [gates][hidden] */
    float *bias_ih;   /* [gates] */
    float *bias_hh;
} seqd_rnn_params;

/* What a layer is made for: at most `rows` sequences of `steps` steps a call, `lanes` threads at once. */
typedef struct seqd_rnn_plan {
    seqd_rnn_shape shape;
    int32_t steps, rows, lanes;
    bool train;         /* a backward pass will follow */
    bool reverse;       /* from the last step to the first: the state of step t goes into step t - 1 */
    bool state_dropout; /* `drop` will be called; native backend only */
} seqd_rnn_plan;

/*
 * A layer: packed weights, shared by its lanes, and the arrays of each lane. `ops` is the backend's; what follows is
 * its own. Everything that is made once is made by seqd_rnn_create, on the calling thread.
 */
typedef struct seqd_rnn {
    const struct seqd_rnn_ops *ops;
    seqd_context *context;
    const seqd_kernels *kernels;
    seqd_rnn_plan plan;
} seqd_rnn;

/*
 *   create    *out is set on success; the plan has been checked
 *   pack      takes over weights; params must stay readable until the next call (biases may be read later)
 *   forward   x[steps][rows][inputs], s[rows][statics] -> hidden[steps][rows][hidden], valid until the lane's next call
 *   backward  after forward of the same lane and arguments: dh[steps][rows][hidden], the gradient of the hidden states,
 *             is overwritten; grad is added to; dx[steps][rows][inputs] is written unless NULL; ds[rows][statics] is
 *             added to (statics > 0)
 *   step      one step of rows sequences with the state kept by the caller: h[rows][hidden] and, for LSTM,
 *             c[rows][hidden] are read and replaced. NULL where a backend has none.
 *   drop      what h is multiplied with before the recurrent product, at every step of the lane's next forward and
 *             backward: mask[rows][hidden], kept by the caller; NULL: nothing. NULL where a backend has none.
 *   limit     how many of its steps, from the first on, the lane's next forward and backward take; the arrays are as long.
 *             Until then, and where a backend has none (NULL), all.
 *   status    SEQD_OK, or what failed on any lane since create (SEQD_E_INTERNAL, SEQD_E_NOMEM): a lane cannot report
 *             from inside a parallel region. After a failure hidden states are NaN and gradients left alone.
 */
typedef struct seqd_rnn_ops {
    int32_t (*create)(seqd_context *context, const seqd_kernels *kernels, const seqd_rnn_plan *plan, seqd_rnn **out,
                      seqd_error *error);
    void (*free)(seqd_rnn *rnn);
    void (*pack)(seqd_rnn *rnn, const seqd_rnn_params *params);
    const float *(*forward)(seqd_rnn *rnn, int32_t lane, int32_t rows, const float *x, const float *s);
    void (*backward)(seqd_rnn *rnn, int32_t lane, int32_t rows, const float *x, const float *s, float *dh,
                     const seqd_rnn_params *grad, float *dx, float *ds);
    void (*step)(seqd_rnn *rnn, int32_t lane, int32_t rows, const float *x, const float *s, float *h, float *c);
    void (*drop)(seqd_rnn *rnn, int32_t lane, const float *mask);
    void (*limit)(seqd_rnn *rnn, int32_t lane, int32_t steps);
    int32_t (*status)(const seqd_rnn *rnn, seqd_error *error);
} seqd_rnn_ops;

/*
 * The layer by the backend's own rule for this plan. Errors: SEQD_E_NOMEM, SEQD_E_LIMIT, SEQD_E_UNSUPPORTED (also
 * for state_dropout with backend=onednn).
 */
int32_t seqd_rnn_create(seqd_context *context, const seqd_backend *backend, const seqd_rnn_plan *plan, seqd_rnn **out,
                        seqd_error *error);
void seqd_rnn_free(seqd_rnn *rnn); /* NULL is fine */

/* native_rnn.c: on the kernels; onednn_rnn.c: NULL when the build has no oneDNN. */
extern const seqd_rnn_ops seqd_native_rnn;
const seqd_rnn_ops *seqd_onednn_rnn(void);

/*
 * Once in a process: oneDNN is kept from printing, its cache of primitives is capped, and a small layer must come to a
 * known answer. Errors: SEQD_E_UNSUPPORTED when it does not, or without oneDNN; SEQD_E_NOMEM, SEQD_E_LIMIT.
 */
int32_t seqd_onednn_ready(seqd_context *context, seqd_error *error);

#endif
