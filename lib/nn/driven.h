/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_DRIVEN_H
#define SEQD_NN_DRIVEN_H

#include "alloc.h"
#include "recurrent.h"

/*
 * A recurrent layer that is taken step by step with a way back, for networks whose inputs depend on what came out one
 * step before. Formulas and gate order are those of <seqdemand/model.h>. Columns of weight_ih: `driven` inputs, which
 * come with each step; `known` ones, whose product is formed for all steps at once; `statics`, the same at every step.
 */
typedef struct seqd_driven_shape {
    seqd_cell cell;
    int32_t driven, known, statics, hidden;
    int32_t detached; /* leading driven inputs whose gradient no one asks for */
} seqd_driven_shape;

/* Columns of the gates. */
int64_t seqd_driven_gates(const seqd_driven_shape *shape);
/* States carried from step to step: 2 for LSTM (hidden, cell), else 1. */
int32_t seqd_driven_parts(const seqd_driven_shape *shape);

typedef struct seqd_driven_packed {
    float *driven, *known, *statics, *recurrent;
    float *candidate; /* GRU that resets before: the block of n, apart from `recurrent` */
    float *driven_back, *statics_back, *recurrent_back, *candidate_back;
    float *bias;      /* both biases; GRU: bias_ih */
    float *bias_hh;   /* GRU */
} seqd_driven_packed;

/* A lane's arrays. Index 0 of hidden and cell is the state before the first step, set by the caller. */
typedef struct seqd_driven_work {
    bool train;
    int32_t rows, steps;  /* of the pass under way */
    float *gates;         /* [steps][rows][gates] activations, then gradients of what they were made of */
    float *recurrent;     /* GRU: [steps or 1][rows][gates] U h + b', then its gradient */
    float *reset;         /* GRU that resets before: [steps or 1][rows][hidden] r * h */
    float *tanh_cell;     /* LSTM: [steps][rows][hidden], training */
    float *hidden;        /* [steps + 1][rows][hidden] */
    float *cell;          /* LSTM: the same */
    float *hidden_grad;   /* [steps + 1][rows][hidden] comes in as that of what is read from each state */
    float *cell_grad;     /* LSTM: [rows][hidden], after the last step back that of the first cell */
    float *carry, *product; /* [rows][hidden] */
    float *row;           /* [rows][gates] */
    float *scratch;
} seqd_driven_work;

void seqd_driven_place_packed(const seqd_kernels *k, const seqd_driven_shape *shape, bool train, seqd_arena *arena,
                              seqd_driven_packed *packed);
void seqd_driven_pack(const seqd_kernels *k, const seqd_driven_shape *shape, const seqd_rnn_params *params, bool train,
                      seqd_driven_packed *packed);
void seqd_driven_place_work(const seqd_kernels *k, const seqd_driven_shape *shape, bool train, int32_t rows,
                            int32_t steps, seqd_arena *arena, seqd_driven_work *work);

/*
 * work->rows and steps are set. begin: known[steps][rows][known] and s[rows][statics]; then steps 0, 1, .. with
 * x[rows][driven].
 */
void seqd_driven_begin(const seqd_kernels *k, const seqd_driven_shape *shape, const seqd_driven_packed *packed,
                       const float *known, const float *s, seqd_driven_work *work);
void seqd_driven_step(const seqd_kernels *k, const seqd_driven_shape *shape, const seqd_driven_packed *packed,
                      int32_t step, const float *x, seqd_driven_work *work);

/*
 * The way back: begin, steps from the last to 0, then end with the inputs of all steps, x[steps][rows][driven]. A step
 * reads hidden_grad at step + 1, adds to that at step, and adds the gradient of the inputs behind the detached ones to
 * dx (rows ldx apart) unless it is NULL. end adds to gradients of parameters and to ds[rows][statics].
 */
void seqd_driven_back_begin(const seqd_driven_shape *shape, seqd_driven_work *work);
void seqd_driven_back(const seqd_kernels *k, const seqd_driven_shape *shape, const seqd_driven_packed *packed,
                      int32_t step, float *dx, int64_t ldx, seqd_driven_work *work);
void seqd_driven_back_end(const seqd_kernels *k, const seqd_driven_shape *shape, const seqd_driven_packed *packed,
                          const float *x, const float *known, const float *s, const seqd_rnn_params *grad, float *ds,
                          seqd_driven_work *work);

#endif
