/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_BACKEND_ONEDNN_MAP_H
#define SEQD_BACKEND_ONEDNN_MAP_H

#include "recurrent.h"

/*
 * From our parameters to oneDNN's and from its gradients to ours.
 *
 *   LSTM   ours i, f, g, o, two biases that are added; oneDNN's the same with one bias
 *   GRU    ours r, z, n with b (of W x) and b' (of U h); oneDNN's, "linear before reset", z, r, n with four bias blocks
 *          b_z + b'_z, b_r + b'_r, b_n, b'_n; its other one, which resets before the product, has b + b' of z, r, n
 *   RNN    one block on either side, two biases that are added
 *
 * weight[gates][columns] keeps its layout, block by block; oneDNN's gradient is its transpose [columns][gates].
 */
static inline int32_t seqd_onednn_bias_blocks(seqd_cell cell)
{
    return cell == SEQD_CELL_GRU ? 4 : seqd_cell_blocks(cell);
}

void seqd_onednn_weights(const seqd_rnn_shape *shape, const float *ours, int32_t columns, float *theirs);
void seqd_onednn_biases(const seqd_rnn_shape *shape, const seqd_rnn_params *params, float *theirs);

/* Both add. */
void seqd_onednn_weight_gradient(const seqd_rnn_shape *shape, const float *theirs, int32_t columns, float *ours);
void seqd_onednn_bias_gradient(const seqd_rnn_shape *shape, const float *theirs, const seqd_rnn_params *grad);

/*
 * One input of inputs and statics: to[steps][padded][inputs + statics] from x[steps][rows][inputs] and
 * s[rows][statics]; rows from `rows` on become zero.
 */
void seqd_onednn_join(const seqd_rnn_plan *plan, int32_t rows, int32_t padded, const float *x, const float *s,
                      float *to);
/* Its gradient taken apart: dx is written unless NULL, ds added to. */
void seqd_onednn_part(const seqd_rnn_plan *plan, int32_t rows, int32_t padded, const float *from, float *dx, float *ds);

/* [steps][rows][width] to and from [steps][padded][width]; padding becomes zero. */
void seqd_onednn_pad(int32_t steps, int32_t rows, int32_t padded, int32_t width, const float *from, float *to);
void seqd_onednn_unpad(int32_t steps, int32_t rows, int32_t padded, int32_t width, const float *from, float *to);

#endif
