/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_FORECAST_CURVE_H
#define SEQD_FORECAST_CURVE_H

#include "forecast.h"

/*
 * The quantile function through the points (levels[i], values[i]): linear between them, and outside
 *   Q(u) = values[0] - low log(levels[0] / u),   Q(u) = values[n-1] + high log((1 - levels[n-1]) / (1 - u))
 * with `low` and `high` such that the slope goes on smoothly. Values that do not ascend are lifted to the one before.
 */
typedef struct seqd_curve {
    int32_t count;
    double low, high;
    const double *levels; /* those of the distribution, which must outlive the curve */
    double values[SEQD_MAX_LEVELS];
} seqd_curve;

/* From one step of a SEQD_DIST_QUANTILES forecast. */
void seqd_curve_set(seqd_curve *curve, const seqd_dist *dist, const float *p);
double seqd_curve_quantile(const seqd_curve *curve, double u);
/* (P(Y < y) + P(Y <= y)) / 2. */
double seqd_curve_cdf_mid(const seqd_curve *curve, double y);
double seqd_curve_cdf(const seqd_curve *curve, double y);
/* Integral of max(Q, floor) over (0, 1). */
double seqd_curve_mean(const seqd_curve *curve, double floor);

#endif
