/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_BACKEND_NATIVE_RNN_H
#define SEQD_BACKEND_NATIVE_RNN_H

#include "recurrent.h"

/* The weights packed for the products of both directions. */
typedef struct native_weights {
    float *input;              /* x -> gates */
    float *statics;            /* s -> gates */
    float *recurrent;          /* h -> gates; GRU_BEFORE: h -> r, z */
    float *candidate;          /* GRU_BEFORE: r h -> n */
    float *input_back;         /* dgates -> dx */
    float *statics_back;       /* dgates -> ds */
    float *recurrent_back;     /* dgates -> dh */
    float *candidate_back;
    float *bias;               /* GRU: bias_ih; others: sum of both */
    float *bias_hh;            /* GRU */
} native_weights;

/*
 * One lane's arrays. In training a forward pass leaves all steps for its backward pass; else one chunk of gates and one
 * step of the rest are enough, and stay in cache.
 */
typedef struct native_lane {
    float *gates;       /* [steps or chunk][rows][gates] activations, then their gradients */
    float *recurrent;   /* GRU: [steps or 1][rows][gates], U h + b' and then its gradient */
    float *reset;       /* GRU_BEFORE: [steps or 1][rows][hidden], r h */
    float *cell;        /* LSTM: [steps or 1][rows][hidden] */
    float *tanh_cell;   /* LSTM, training */
    float *dropped;     /* state_dropout: [steps][rows][hidden], what the product of a step reads */
    float *hidden;      /* [steps][rows][hidden] */
    float *row_bias;    /* [rows][gates]: bias and statics through their weights */
    float *carry;       /* [rows][hidden] */
    float *product;     /* [rows][hidden] */
    float *scratch;
    const float *mask;  /* of `drop` */
    int32_t steps;      /* of `limit` */
} native_lane;

typedef struct native_rnn {
    seqd_rnn base;
    native_weights packed;
    native_lane *lanes; /* [plan.lanes] */
} native_rnn;

/*
 * native_cell.c: one step; `t` is its place in arrays that keep all steps. Without `x`, gates hold W x + b on the way
 * in; with it, their content does not matter.
 */
typedef struct native_step {
    int32_t rows, t;
    const float *x;       /* [rows][inputs], or NULL */
    float *gates;         /* [rows][gates] */
    const float *h_prev;  /* [rows][hidden]; NULL: zeros */
    const float *c_prev;  /* LSTM; NULL: zeros */
    float *h, *c;
} native_step;

/* Whether a step of this cell takes x. */
bool seqd_native_cell_joins(seqd_cell cell);
void seqd_native_cell_forward(const native_rnn *rnn, const native_lane *lane, const native_step *step);
/*
 * gates (and GRU's recurrent) become the gradients of their pre-activations; dh[rows][hidden] is that of h, dh_prev is
 * added to unless NULL (before the first step).
 */
void seqd_native_cell_backward(const native_rnn *rnn, const native_lane *lane, const native_step *step,
                               const float *dh, float *dh_prev);
/*
 * Finished steps, whose gates hold gradients, as rows of lane->gates: [start, start + cells). Those that had a state
 * before them are state_cells of them, from state_start on.
 */
typedef struct native_block {
    int64_t start, cells;
    int64_t state_start, state_cells;
    const float *h_prev;              /* [state_cells][hidden]: what their recurrent products read */
    const float *bias;                /* [gates] column sums of the gates' gradients */
} native_block;

/* Adds what they are worth to the gradients of weight_hh and bias_hh. */
void seqd_native_cell_gradient(const native_rnn *rnn, const native_lane *lane, const native_block *block,
                               const seqd_rnn_params *grad);

#endif
