/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_FORECAST_NEGBIN_H
#define SEQD_FORECAST_NEGBIN_H

#include <stdbool.h>

/*
 * Negative binomial counts by mean and dispersion: variance mu + alpha mu^2, shape r = 1/alpha; alpha 0 is Poisson.
 * Nothing here keeps state (lgamma of the C library does), so any thread may call it.
 */
typedef struct seqd_negbin {
    double mu, alpha;
    double r;           /* 1/alpha; of no meaning when `poisson` */
    double m;           /* alpha mu */
    double q;           /* m / (1 + m); mu when `poisson`: then P(k+1)/P(k) = q/(k+1) */
    double log_zero;    /* ln P(0) */
    double stirling_r;  /* error of Stirling's formula at r */
    double deviation;   /* standard deviation */
    bool poisson;
} seqd_negbin;

/*
 * A mean or a dispersion that is not positive becomes 0. A dispersion is held to the value below, at which a mean of 1
 * is a zero in 999 of 1000 draws: beyond it, quantiles near 1 leave what doubles can count.
 */
#define SEQD_NEGBIN_MOST_ALPHA 1e4
void seqd_negbin_set(seqd_negbin *self, double mu, double alpha);

/*
 * P(Y = k) by the saddle-point form of Loader 2000, relative error about 1e-14; k need not be whole (the tables of
 * sampler.c integrate between counts).
 */
double seqd_negbin_pmf(const seqd_negbin *self, double k);

/* P(k+1) / P(k). */
static inline double seqd_negbin_ratio(const seqd_negbin *self, double k)
{
    return self->poisson ? self->q / (k + 1) : (k + self->r) / (k + 1) * self->q;
}

/* Means up to which everything is exact, and whether a larger one is taken as nearly normal (skewness below 0.002). */
#define SEQD_NEGBIN_MOST_MEAN 1e7
bool seqd_negbin_is_normal(const seqd_negbin *self);

/* P(Y <= k) and P(Y > k) for whole k >= 0, each accurate where it is small. */
double seqd_negbin_below(const seqd_negbin *self, double k);
double seqd_negbin_above(const seqd_negbin *self, double k);

/*
 * Smallest whole k with P(Y <= k) >= u, 0 < u < 1. Exact for means up to 1e7; larger means are counted in units of
 * mu / 1e7, or approximated by Cornish-Fisher where the distribution is nearly normal.
 */
double seqd_negbin_quantile(const seqd_negbin *self, double u);

#endif
