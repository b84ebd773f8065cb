/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_ENCDEC_H
#define SEQD_NN_ENCDEC_H

#include "attention.h"
#include "driven.h"
#include "stack.h"

/*
 * The decoder of an encoder-decoder: recurrent layers that are run `horizon` steps on from the encoder's states
 * h_j[memory], with attention (attention.h) over them (formula: <seqdemand/model.h>):
 *
 *   s_0 = tanh(W_i h_last + b_i) in each layer, LSTM: hidden and cell
 *   additive attention:   c_k from s_{k-1} of the last layer; x_k = [told_k, c_k, known_k, statics]; p_k = [s_k, c_k]
 *   dot, general:         x_k = [told_k, known_k, statics]; c_k from s_k; p_k = tanh(Wc [c_k, s_k])
 *   multihead:            the same inputs; p_k = s_k + c_k
 *   none:                 the same inputs; p_k = s_k
 *   o_k = V p_k + S l_k + c
 *
 * told_k is what the caller tells of step k - 1: a value, an embedding, or nothing. Arrays of the decoder are
 * time-major but for outputs and lags, which lie side by side for a row.
 */
typedef struct seqd_encdec_shape {
    seqd_cell cell;
    int32_t layers;
    int32_t hidden[SEQD_MAX_LAYERS];
    seqd_attention_shape attention; /* its query: the last layer's units; its memory: the encoder's */
    int32_t horizon, told, known, statics, lags, width;
    bool told_grad;                 /* the gradient of what was told is asked for */
} seqd_encdec_shape;

/* Declares the tensors; *first takes the position of the first. Errors: SEQD_E_LIMIT. */
int32_t seqd_encdec_declare(const seqd_encdec_shape *shape, seqd_tensors *tensors, int32_t *first, seqd_error *error);

/* Views into the flat vector, or into a gradient of the same layout. */
typedef struct seqd_encdec_params {
    float *start[SEQD_MAX_LAYERS], *start_bias[SEQD_MAX_LAYERS]; /* W_i [parts * hidden][memory] */
    seqd_rnn_params layer[SEQD_MAX_LAYERS];
    seqd_attention_params attention;
    float *combine;      /* Wc [query][memory + query], dot and general */
    float *output;       /* V [width][query, additive: + memory] */
    float *output_lag;   /* S [width][lags] */
    float *output_bias;
} seqd_encdec_params;

seqd_encdec_params seqd_encdec_view(const seqd_encdec_shape *shape, const seqd_tensors *tensors, int32_t first,
                                    float *vector);

typedef struct seqd_encdec_packed {
    float *start[SEQD_MAX_LAYERS], *start_back[SEQD_MAX_LAYERS];
    seqd_driven_packed layer[SEQD_MAX_LAYERS];
    seqd_attention_packed attention;
    float *combine_context, *combine_state, *output, *output_context, *output_lag; /* halves of Wc and V */
    float *combine_context_back, *combine_state_back, *output_back, *output_context_back;
    seqd_encdec_params params;
} seqd_encdec_packed;

typedef struct seqd_encdec_work {
    bool train;
    int32_t rows, steps;  /* of the pass under way: rows, and steps of the encoder */
    int32_t *begin, *end; /* [rows] the encoder's steps that count; filled by the caller */
    float *known;         /* [horizon][rows][known] filled by the caller */
    float *lags;          /* [rows][horizon][lags] filled by the caller */
    float *out;           /* [rows][horizon][width] */
    float *told_grad;     /* [horizon][rows][told] */
    float *input;         /* [horizon][rows][told, additive: + memory] */
    float *context;       /* [horizon][rows][context] of the other kinds */
    float *combined;      /* [horizon][rows][query] p of dot, general and multihead */
    float *last, *last_grad;  /* [rows][memory] */
    float *start;         /* [rows][2 * hidden], the widest layer's */
    float *out_grad;      /* [horizon][rows][width] */
    float *input_grad;    /* as input, without what is detached */
    float *context_grad, *combined_grad;
    float *scratch;
    seqd_driven_work layer[SEQD_MAX_LAYERS];
    seqd_attention_work attention;
} seqd_encdec_work;

void seqd_encdec_place_packed(const seqd_kernels *k, const seqd_encdec_shape *shape, bool train, seqd_arena *arena,
                              seqd_encdec_packed *packed);
void seqd_encdec_pack(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_params *params,
                      bool train, seqd_encdec_packed *packed);
/* For at most `rows` rows and `steps` steps of the encoder. */
void seqd_encdec_place_work(const seqd_kernels *k, const seqd_encdec_shape *shape, bool train, int32_t rows,
                            int32_t steps, seqd_arena *arena, seqd_encdec_work *work);

/*
 * Tells step `step` of the one before: told[told] of row r at told + r * ldt. out[rows][horizon][width] holds the
 * outputs of the steps before.
 */
typedef void (*seqd_encdec_tell)(void *user, int32_t step, const float *out, float *told, int64_t ldt);

/*
 * Outputs of all steps into work->out; h[steps][rows][memory] the encoder's states, s[rows][statics].
 */
void seqd_encdec_forward(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_packed *packed,
                         const float *h, const float *s, seqd_encdec_tell tell, void *user, seqd_encdec_work *work);
/*
 * After forward with training arrays: work->out holds the gradient of the outputs. Adds to the gradients of parameters
 * and to ds[rows][statics], writes dh[steps][rows][memory], and work->told_grad where it is asked for.
 */
void seqd_encdec_backward(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_packed *packed,
                          const float *s, const seqd_encdec_params *grad, float *dh, float *ds,
                          seqd_encdec_work *work);

#endif
