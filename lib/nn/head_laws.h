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

double seqd_negbin_loss(const seqd_head_pass *pass);
double seqd_poisson_loss(const seqd_head_pass *pass);
double seqd_zero_negbin_loss(const seqd_head_pass *pass);
double seqd_gaussian_loss(const seqd_head_pass *pass);
double seqd_student_loss(const seqd_head_pass *pass);
double seqd_tweedie_loss(const seqd_tweedie_law *law, const seqd_head_pass *pass);

/* A gradient as float32: far from anything that training can use, it is held where sums of squares stay finite. */
static inline float seqd_slope(double slope) { return (float)(slope > 1e15 ? 1e15 : slope < -1e15 ? -1e15 : slope); }

/* log(1 + x) for x >= 0, relative error below 1e-12: the C library's log() takes half the time of its log1p(). */
static inline double seqd_log1p(double x)
{
    return x < 1e-3 ? x * (1.0 - x * (1.0 / 2 - x * (1.0 / 3 - x * 0.25))) : log(1.0 + x);
}

/* log softplus(o), and its derivative by o, where softplus(o) may have no float32 or its logarithm be a poor one. */
static inline double seqd_log_softplus(float o, float value, float slope, double *share)
{
    *share = o < -15.0f ? 1.0 : (double)slope / (double)value;
    return o < -15.0f ? (double)o : log((double)value);
}

/* The series behind Stirling's formula for lgamma (times x), and that for digamma (times x^2), in i2 = 1 / x^2. */
double seqd_lgamma_tail(double i2);
double seqd_digamma_tail(double i2);

#endif
