/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_HEAD_LAWS_H
#define SEQD_NN_HEAD_LAWS_H

#include <math.h>

#include "head.h"

/* Likelihoods of the heads, called by seqd_head_loss alone. */
typedef struct seqd_head_pass {
    int64_t forks, horizon;
    float *out;                    /* [forks][horizon][width]: o comes in, gradients go out */
    const seqd_targets *targets;
    float factor;
    const float *value, *slope;    /* softplus and sigmoid of all of `out` */
} seqd_head_pass;

double seqd_tweedie_loss(const seqd_tweedie_law *law, const seqd_head_pass *pass);

/* A gradient as float32: far from anything that training can use, it is held where sums of squares stay finite. */
static inline float seqd_slope(double slope) { return (float)(slope > 1e15 ? 1e15 : slope < -1e15 ? -1e15 : slope); }

/* log softplus(o), and its derivative by o, where softplus(o) may have no float32 or its logarithm be a poor one. */
static inline double seqd_log_softplus(float o, float value, float slope, double *share)
{
    *share = o < -15.0f ? 1.0 : (double)slope / (double)value;
    return o < -15.0f ? (double)o : log((double)value);
}

#endif
