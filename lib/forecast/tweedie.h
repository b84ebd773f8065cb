/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_FORECAST_TWEEDIE_H
#define SEQD_FORECAST_TWEEDIE_H

#include <stdint.h>

/*
 * Tweedie's distribution of power p, 1 < p < 2: a Poisson number of gamma sizes, so a point mass at 0 and a density
 * above. Variance phi mu^p. With a = (2-p)/(p-1):
 *   number  Poisson of mean lambda = mu^(2-p) / (phi (2-p)),  P(Y = 0) = exp(-lambda)
 *   sizes   gamma of shape a and scale tau = phi (p-1) mu^(p-1)
 * The density (Dunn & Smyth 2005) is its saddle-point approximation times a correction,
 *   ln f(y) = -1/2 ln(2 pi phi y^p) - d(y, mu) / (2 phi) + G(ln j),   j = y^(2-p) / (phi (2-p)),
 *   d/2 = y mu^(1-p)/(p-1) + mu^(2-p)/(2-p) - y^(2-p)/((p-1)(2-p)),
 * and all that is hard about it, the infinite series over the number of sizes, is in G: a function of one number alone
 * once p is fixed. It is summed at the knots of a table when p becomes known, and interpolated after that. For p below
 * 1.08, where it swings with every further size, it is summed every time.
 */
#define SEQD_TWEEDIE_KNOTS 256

typedef struct seqd_tweedie_law {
    double power, shape;          /* p, a */
    int32_t count;                /* knots; 0: summed every time */
    double first, step, last;     /* ln j of the knots; below the first a single size makes all of the density */
    double far[2];                /* beyond the last: far[0] / j + far[1] / j^2 */
    double alone;                 /* below the first: (1/2 + a) ln j - (1 + a) j + alone */
    double value[SEQD_TWEEDIE_KNOTS], slope[SEQD_TWEEDIE_KNOTS]; /* G and its derivative */
} seqd_tweedie_law;

/* 1 < power < 2 */
void seqd_tweedie_law_set(seqd_tweedie_law *law, double power);
/* G(ln j) and its derivative. */
double seqd_tweedie_correction(const seqd_tweedie_law *law, double log_j, double *slope);
/* phi d(y, mu) / (2 phi) = y^(2-p) times this function of q = ln(mu / y), without cancellation near 0. */
double seqd_tweedie_deviance(double power, double q);

typedef struct seqd_tweedie {
    const seqd_tweedie_law *law;
    double mu, phi, lambda, tau;
    double log_mu, log_tau, log_constant;
    double zero;                  /* P(Y = 0) */
} seqd_tweedie;

/* A mean or a dispersion that is not positive makes a point mass (at 0, or at the mean). */
void seqd_tweedie_set(seqd_tweedie *self, const seqd_tweedie_law *law, double mu, double phi);
/* ln of the density at exp(log_y). */
double seqd_tweedie_log_density(const seqd_tweedie *self, double log_y);
/* P(Y <= y), absolute error about 1e-9. */
double seqd_tweedie_below(const seqd_tweedie *self, double y);
/* Smallest y with P(Y <= y) >= u, 0 < u < 1. */
double seqd_tweedie_quantile(const seqd_tweedie *self, double u);

/*
 * A walk through the distribution from 0 upwards: each step adds the mass of a range of values that a Gauss rule of
 * eight points sums well (`parts` times narrower ranges when asked).
 */
typedef struct seqd_tweedie_walk {
    double low, high;             /* ln y of the range */
    double before, mass;          /* P(Y < exp(low)), and the mass of the range */
} seqd_tweedie_walk;

void seqd_tweedie_walk_begin(const seqd_tweedie *self, seqd_tweedie_walk *walk);
/* 0 when nothing that matters is left. */
int seqd_tweedie_walk_next(const seqd_tweedie *self, double parts, seqd_tweedie_walk *walk);

#endif
