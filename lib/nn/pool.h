/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_POOL_H
#define SEQD_NN_POOL_H

#include "alloc.h"
#include "kernels.h"

/*
 * One vector for each sequence out of its states h[steps][rows][width], of which row r has the first length[r]; a row
 * without any gives zeros. Names are those of option pooling; `last`, the state after the last event, is a matter of
 * picking rows and not done here.
 *   mean       of the states
 *   max        of each unit over the states; the first of equal ones has the gradient
 *   attention  sum of a[t] h[t], a = softmax over t of w . h[t] / sqrt(width) with a learned w[width]
 */
typedef enum seqd_pooling { SEQD_POOL_LAST, SEQD_POOL_MEAN, SEQD_POOL_MAX, SEQD_POOL_ATTENTION } seqd_pooling;

typedef struct seqd_pool_shape {
    seqd_pooling pooling;
    int32_t width;
} seqd_pool_shape;

typedef struct seqd_pool_work {
    float *out;      /* [rows][width] */
    float *weights;  /* attention: [rows][steps] */
    float *slopes;   /* attention: [steps] */
    int32_t *where;  /* max: [rows][width] the step of the largest */
} seqd_pool_work;

void seqd_pool_place(const seqd_pool_shape *shape, bool train, int32_t steps, int32_t rows, seqd_arena *arena,
                     seqd_pool_work *work);
/* `query` is read by attention only. */
const float *seqd_pool_forward(const seqd_kernels *k, const seqd_pool_shape *shape, int32_t steps, int32_t rows,
                               const int32_t *length, const float *h, const float *query, seqd_pool_work *work);
/* After forward: dh[steps][rows][width] from dout[rows][width]; dquery is added to. */
void seqd_pool_backward(const seqd_kernels *k, const seqd_pool_shape *shape, int32_t steps, int32_t rows,
                        const int32_t *length, const float *h, const float *query, const float *dout, float *dh,
                        float *dquery, const seqd_pool_work *work);

#endif
