/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_RNN_H
#define SEQD_NN_RNN_H

#include "alloc.h"
#include "kernels.h"

/*
 * One recurrent layer over a whole sequence: formulas and gate order in <seqdemand/model.h>. Arrays are time-major:
 * [steps][rows][...]. A layer may have `statics` further inputs that are the same at every step; their weights are the
 * last columns of weight_ih, so that the matrix is what torch.nn.LSTM would hold for the concatenated input.
 */
typedef enum seqd_cell { SEQD_CELL_LSTM, SEQD_CELL_GRU } seqd_cell;

typedef struct seqd_rnn_shape {
    seqd_cell cell;
    int32_t inputs, statics, hidden;
} seqd_rnn_shape;

/* Number of gate columns: 4 or 3 times hidden. */
static inline int32_t seqd_rnn_gates(const seqd_rnn_shape *shape)
{
    return (shape->cell == SEQD_CELL_LSTM ? 4 : 3) * shape->hidden;
}

/* Pointers into the flat parameter vector, or into a gradient of the same layout. */
typedef struct seqd_rnn_params {
    float *weight_ih; /* [gates][inputs + statics] */
    float *weight_hh; /* [gates][hidden] */
    float *bias_ih;   /* [gates] */
    float *bias_hh;
} seqd_rnn_params;

/* The weights packed for the products of both directions; shared by all shards, refreshed when parameters move. */
typedef struct seqd_rnn_packed {
    float *input;          /* x -> gates */
    float *statics;        /* s -> gates */
    float *recurrent;      /* h -> gates */
    float *input_back;     /* dgates -> dx */
    float *statics_back;   /* dgates -> ds */
    float *recurrent_back; /* dgates -> dh */
    float *bias;           /* LSTM: sum of both; GRU: bias_ih */
    const float *bias_hh;  /* GRU */
} seqd_rnn_packed;

/* What a forward pass leaves for its backward pass, for one shard. */
typedef struct seqd_rnn_state {
    float *gates;       /* [steps][rows][gates] activations, then their gradients */
    float *recurrent;   /* GRU: [steps][rows][gates], U h + b' and then its gradient */
    float *cell;        /* LSTM: [steps][rows][hidden] */
    float *tanh_cell;
    float *hidden;      /* [steps][rows][hidden] */
    float *row_bias;    /* [rows][gates]: statics through their weights */
    float *carry;       /* [rows][hidden] */
} seqd_rnn_state;

void seqd_rnn_place_packed(const seqd_kernels *k, const seqd_rnn_shape *shape, seqd_arena *arena,
                           seqd_rnn_packed *packed);
void seqd_rnn_place_state(const seqd_rnn_shape *shape, int32_t steps, int32_t rows, seqd_arena *arena,
                          seqd_rnn_state *state);
void seqd_rnn_pack(const seqd_kernels *k, const seqd_rnn_shape *shape, const seqd_rnn_params *params, int backward,
                   seqd_rnn_packed *packed);
/* Floats of scratch for seqd_rnn_backward. */
size_t seqd_rnn_scratch(const seqd_kernels *k, const seqd_rnn_shape *shape, int32_t steps, int32_t rows);

/* x[steps][rows][inputs], s[rows][statics]; the result is state->hidden. */
void seqd_rnn_forward(const seqd_kernels *k, const seqd_rnn_shape *shape, const seqd_rnn_packed *packed, int32_t steps,
                      int32_t rows, const float *x, const float *s, seqd_rnn_state *state);

/*
 * dh[steps][rows][hidden] is the gradient of the hidden states and is overwritten. grad is added to.
 * dx[steps][rows][inputs] is written unless NULL; ds[rows][statics] is added to.
 */
void seqd_rnn_backward(const seqd_kernels *k, const seqd_rnn_shape *shape, const seqd_rnn_packed *packed, int32_t steps,
                       int32_t rows, const float *x, const float *s, seqd_rnn_state *state, float *dh,
                       const seqd_rnn_params *grad, float *dx, float *ds, float *scratch);

#endif
