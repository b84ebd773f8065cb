/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_FORECAST_SAMPLER_H
#define SEQD_FORECAST_SAMPLER_H

#include <stdbool.h>

#include "curve.h"

#define SEQD_SAMPLER_BINS 2048
#define SEQD_SAMPLER_GUIDE 1024

/*
 * Turns many normal scores z into values quantile(Phi(z)) of one forecast step. For a negative binomial that is a table
 * of cumulative probabilities: of every count where the counts are few (the draw is then the exact quantile), of ranges
 * of a twelfth of the deviation or less otherwise, within which counts are taken as equally likely. So it is for
 * Tweedie's, in ranges of a tenth of the deviation or less that are gone through evenly. For Student's it is the quantile
 * function at scores an eighth apart, and cubics between them. About 50 KiB.
 */
typedef struct seqd_sampler {
    seqd_dist_kind kind;
    double floor;
    double mean, deviation;                      /* normal, and counts too large for a table */
    double freedom;                              /* Student's */
    double share;                                /* of the upper probabilities that the table describes; below: 0 */
    bool table, whole;                           /* whole: counts */
    int32_t bins;
    double edges[SEQD_SAMPLER_BINS + 1];         /* bin i holds the values from edges[i] to below edges[i+1] */
    double cumulative[SEQD_SAMPLER_BINS + 1];    /* of the values below edges[i]; ends with 1 */
    uint16_t guide[SEQD_SAMPLER_GUIDE + 1];      /* bin (or curve segment) in which u = i / GUIDE falls */
    seqd_curve curve;
} seqd_sampler;

void seqd_sampler_set(seqd_sampler *sampler, const seqd_dist *dist, const float *p);
/* values[0], values[stride], ...: scores in, values out. */
void seqd_sampler_apply(const seqd_sampler *sampler, double *values, int64_t count, int64_t stride);

#endif
