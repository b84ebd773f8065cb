/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_FORECAST_STUDENT_H
#define SEQD_FORECAST_STUDENT_H

/* Student's t with nu > 0 degrees of freedom, location 0 and scale 1. Above 1e7 degrees it is taken as normal,
   fewer than 0.1 are taken as 0.1. */

/*
 * ln[Gamma(x + 1/2) / (Gamma(x) sqrt(x))] for x > 0 and its derivative: what the density's constant lacks to that of a
 * normal distribution (x = nu / 2). Error below 1e-12 for x >= 1/2.
 */
double seqd_gamma_half(double x, double *slope);

/* P(T > t), relative error about 1e-12. */
double seqd_student_above(double nu, double t);
/* 0 < u < 1. */
double seqd_student_quantile(double nu, double u);

#endif
