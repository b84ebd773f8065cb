/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_FORECAST_COMBINE_H
#define SEQD_FORECAST_COMBINE_H

#include <stdbool.h>

#include "forecast.h"

/*
 * One distribution of several forecasts of the same step. Where all are normal, all are negative binomial, or all have
 * quantiles at the same levels, each parameter is the mean (or median) of the parameters: of normal distributions and
 * of quantiles that is the mean of the quantile functions. Any other mixture is told by quantiles at
 * SEQD_COMMON_LEVELS levels, each the mean (or median) of the members' quantiles there; its mean is that of the means.
 */
#define SEQD_COMMON_LEVELS 25

typedef struct seqd_mixture {
    int32_t count;
    const seqd_dist *const *members; /* [count] */
    bool median;
    seqd_dist dist;                  /* of what comes out */
    bool parameters;                 /* parameters are combined, not quantiles */
} seqd_mixture;

void seqd_mixture_set(seqd_mixture *mixture, const seqd_dist *const *members, int32_t count, bool median);
/* p[count] points to the members' parameters of one step; scratch[count]. */
void seqd_mixture_step(const seqd_mixture *mixture, const float *const *p, double *scratch, float *out);

/* The mean of `count` values, or their median; the values are put in order. */
double seqd_middle_of(double *values, int32_t count, bool median);

#endif
