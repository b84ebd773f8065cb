/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_FORECAST_BETA_H
#define SEQD_FORECAST_BETA_H

/*
 * The continued fraction of Didonato & Morris 1992 for the incomplete beta function: I_x(a, b) is this times
 * x^a y^b / B(a, b), y = 1 - x. `lambda` = a - (a + b) x is told by the caller, who knows it without cancellation; the
 * fraction converges fast where it is not negative. Evaluated by Lentz's method.
 */
double seqd_beta_fraction(double x, double y, double a, double b, double lambda);

#endif
