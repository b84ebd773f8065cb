/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_HEAD_H
#define SEQD_NN_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "forecast.h"
#include "kernels.h"

/*
 * What the numbers o[width] of one forecast step mean, and how they are judged. y is the target, loc and scale the
 * scaler at the fork, z = (y - loc) / scale.
 *
 *   mse       o = z;                        loss (o - z)^2
 *   mae       o = z;                        loss |o - z|
 *   quantile  one o per level, the middle one (level 0.5) is a value, the others are steps away from their inner
 *             neighbour: q[m] = o[m]; q[i] = q[i-1] + softplus(o[i]) above, q[i] = q[i+1] - softplus(o[i]) below, so
 *             that quantiles cannot cross. loss 2/levels * sum pinball(z, q)
 *   huber     o = z; d = o - z;           loss d^2 / 2 where |d| <= delta, delta (|d| - delta / 2) beyond
 *   gaussian  mean o0, deviation s = softplus(o1) + 0.001, both of z: in y, loc + scale o0 and scale s;
 *             loss -log density(z)
 *   student_t centre o0, scale s as the gaussian's, degrees of freedom nu = 2 + softplus(o2), so that there is a
 *             variance; loss -log density(z)
 *   negative_binomial
 *             mean mu = scale softplus(o0), dispersion alpha = softplus(o1) / sqrt(scale) (Salinas et al. 2020,
 *             DeepAR, section 3.3);
 *             loss -log p(y) without lgamma(y+1). Needs loc = 0.
 *   poisson   mean mu = scale softplus(o0); loss mu - y log mu, which is -log p(y) without lgamma(y+1). Needs loc = 0.
 *   zero_inflated_negative_binomial
 *             with probability pi = sigmoid(o2), which no scale changes, a zero; else the negative binomial above;
 *             loss -log p(y) without lgamma(y+1). Needs loc = 0.
 *   tweedie   mean m = softplus(o0), dispersion phi = softplus(o1) + 0.001, both of z: c Y has the mean c m and the
 *             dispersion c^(2-p) phi if Y has m and phi, so in y they are scale m and scale^(2-p) phi;
 *             loss -log density(z) for z > 0, -log p(0) at 0. Needs loc = 0.
 *
 * Losses and gradients are finite for every finite o and y (y >= 0 where loc = 0 is needed); a gradient is held within
 * +-1e15 times softplus's slope.
 */
typedef enum seqd_head_kind {
    SEQD_HEAD_MSE,
    SEQD_HEAD_MAE,
    SEQD_HEAD_QUANTILE,
    SEQD_HEAD_NEGBIN,
    SEQD_HEAD_HUBER,
    SEQD_HEAD_GAUSSIAN,
    SEQD_HEAD_STUDENT,
    SEQD_HEAD_POISSON,
    SEQD_HEAD_ZERO_NEGBIN,
    SEQD_HEAD_TWEEDIE
} seqd_head_kind;

/* Least deviation and dispersion of scaled values: what repeats exactly would else draw them to 0. */
#define SEQD_LEAST_SPREAD SEQD_LAW_LEAST_SPREAD
#define SEQD_LEAST_FREEDOM SEQD_LAW_LEAST_FREEDOM

typedef struct seqd_head {
    seqd_head_kind kind;
    int32_t width;
    int32_t middle;                  /* index of level 0.5 */
    double levels[SEQD_MAX_LEVELS];  /* [width] of a quantile head */
    double delta;                    /* of huber */
    const seqd_tweedie_law *tweedie; /* of tweedie; outlives the head */
} seqd_head;

/* Numbers per step; 1 for quantile, which has as many as there are levels. */
int32_t seqd_head_width(seqd_head_kind kind);
/* One number that says nothing of its own uncertainty: quantiles come from residuals. */
bool seqd_head_is_point(const seqd_head *head);
/* A mean of softplus, for values that are not negative; of the others o[middle] is in units of z. */
bool seqd_head_is_positive(const seqd_head *head);

typedef struct seqd_targets {
    const float *y;       /* [forks][horizon]; read where weight > 0 only */
    const float *weight;  /* [forks][horizon] */
    const float *loc;     /* [forks] */
    const float *scale;
} seqd_targets;

/* Floats of scratch for the two calls below. */
int64_t seqd_head_scratch(const seqd_head *head, int64_t values);

/*
 * out[forks][horizon][width] comes in as o and goes out as factor * d(sum weight * loss) / do. Returns the weighted sum
 * of losses (unscaled by factor).
 */
double seqd_head_loss(const seqd_kernels *k, const seqd_head *head, int64_t forks, int32_t horizon, float *out,
                      const seqd_targets *targets, float factor, float *scratch);

/*
 * o[horizon][width] of one fork to the parameters that seqd_dist reads. `spread` holds the residuals' quantiles
 * (scaled) at the distribution's levels for the point heads. `inverse` undoes the target's transform (log1p), NULL for
 * none.
 */
void seqd_head_parameters(const seqd_kernels *k, const seqd_head *head, const seqd_dist *dist, int32_t horizon,
                          const float *out, double loc, double scale, const double *spread, double (*inverse)(double),
                          float *scratch, float *parameters);

/* Start values of the output bias: a spread and a mean that suit scaled data. */
void seqd_head_init_bias(const seqd_head *head, float *bias);

/*
 * Start values of what the output makes of lagged values, lag_weight[width][lags], and of its bias: the forecast begins
 * as the mean of the lags, so that training learns what to change about a seasonal one (where o is such a value).
 */
void seqd_head_init_output(const seqd_head *head, int64_t lags, float *lag_weight, float *bias);

/* The scaled value z that o[width] of one step stands for: its median or its mean. */
float seqd_head_center(const seqd_head *head, const float *o);

#endif
