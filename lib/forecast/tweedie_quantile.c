/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "tweedie.h"

/* What is left out at either end. */
#define TAIL 1e-12
/* ln of the smallest value that is told from 0. */
#define LEAST -680.0

/* Gauss and Legendre's rule of eight points on [-1, 1]. */
static const double nodes[4] = {0.18343464249564980494, 0.52553240991632898582, 0.79666647741362673959,
                                0.96028985649753623168};
static const double weights[4] = {0.36268378337836198297, 0.31370664587788728734, 0.22238103445337447054,
                                  0.10122853629037625915};

/* Mass between exp(low) and exp(high). */
static double mass_of(const seqd_tweedie *self, double low, double high)
{
    const double half = 0.5 * (high - low), middle = low + half;
    double sum = 0;
    for (int i = 0; i < 8; i++) {
        const double w = middle + (i < 4 ? nodes[i] : -nodes[i - 4]) * half;
        sum += weights[i % 4] * exp(w + seqd_tweedie_log_density(self, w));
    }
    return half * sum;
}

/* ln j at a value, and the mean number of sizes that make it up. */
static double number_at(const seqd_tweedie *self, double w)
{
    const double a = self->law->shape;
    const double log_j = (2 - self->law->power) * (w - self->log_mu) + log(self->lambda);
    double slope;
    seqd_tweedie_correction(self->law, log_j, &slope);
    return fmax(1, exp(log_j) + (0.5 + slope) / (1 + a));
}

/*
 * With n sizes, y f(y) is like y^(na) exp(-y / tau): its logarithm by ln y has the slope na - y / tau. How far from w one
 * rule may reach follows from that, and from the curvature, of which the spread of n and y / tau are the parts.
 */
static double reach(const seqd_tweedie *self, double w)
{
    const double a = self->law->shape, n = number_at(self, w), x = exp(w - self->log_tau);
    const double curvature = x + a * a * (n / (1 + a) + 0.25);
    const double h = fmin(3 / (fabs(n * a - x) + 1e-3), 1.5 / sqrt(curvature));
    return fmin(h, fmax(0.7, 0.6 * (self->log_tau - w)));
}

void seqd_tweedie_walk_begin(const seqd_tweedie *self, seqd_tweedie_walk *walk)
{
    const double c = 2 - self->law->power, deviation = 1 / sqrt(self->lambda * c); /* in means */
    double w, left = 0;
    if (deviation < 0.1) {
        /* P(Y < mean - t deviations) <= exp(-t^2 / 2), as of any sum of positive sizes */
        w = self->log_mu + log1p(-8 * deviation);
    } else {
        w = fmax(fmin(self->log_mu, self->log_tau - 1), LEAST);
        for (;;) {
            const double na = number_at(self, w) * self->law->shape;
            left = exp(w + seqd_tweedie_log_density(self, w)) / na; /* nearly y^(na), below tau */
            if (left < TAIL || w <= LEAST) break;
            w = fmax(w - fmax(1, 2 / na), LEAST);
        }
    }
    walk->high = walk->low = w;
    walk->before = self->zero + left;
    walk->mass = 0;
}

int seqd_tweedie_walk_next(const seqd_tweedie *self, double parts, seqd_tweedie_walk *walk)
{
    walk->before += walk->mass;
    walk->low = walk->high;
    /* more sizes than this come in less than one of 1e12 draws; between fewer of them the density may be low for a while */
    const double sizes = self->lambda + 7.5 * sqrt(self->lambda) + 8;
    if (walk->low > self->log_mu && walk->low > self->log_tau + log(self->law->shape * sizes)) {
        /* f falls by y / tau - na and faster */
        const double x = exp(walk->low - self->log_tau), na = number_at(self, walk->low) * self->law->shape;
        const double here = exp(walk->low + seqd_tweedie_log_density(self, walk->low));
        if (here < TAIL * fmax(1e-3, x - na)) return 0;
    }
    walk->high = walk->low + reach(self, walk->low) / parts;
    walk->mass = mass_of(self, walk->low, walk->high);
    return 1;
}

double seqd_tweedie_below(const seqd_tweedie *self, double y)
{
    if (y < 0) return 0;
    if (self->mu == 0) return 1;
    if (self->phi == 0) return y >= self->mu;
    if (y == 0) return self->zero;
    const double w = log(y);
    seqd_tweedie_walk walk;
    seqd_tweedie_walk_begin(self, &walk);
    if (w <= walk.low) return self->zero;
    while (seqd_tweedie_walk_next(self, 1, &walk))
        if (walk.high >= w) return fmin(1, walk.before + mass_of(self, walk.low, w));
    return 1;
}

double seqd_tweedie_quantile(const seqd_tweedie *self, double u)
{
    if (self->mu == 0 || u <= self->zero) return 0;
    if (self->phi == 0) return self->mu;
    seqd_tweedie_walk walk;
    seqd_tweedie_walk_begin(self, &walk);
    if (u <= walk.before) return exp(walk.low);
    while (walk.before + walk.mass < u)
        if (!seqd_tweedie_walk_next(self, 1, &walk)) return exp(walk.low);
    /* Newton's method within the range, kept inside a bracket */
    double low = walk.low, high = walk.high;
    double w = low + (high - low) * (u - walk.before) / walk.mass;
    for (int i = 0; i < 60; i++) {
        const double over = walk.before + mass_of(self, walk.low, w) - u;
        if (over < 0) low = w;
        else high = w;
        double next = w - over / exp(w + seqd_tweedie_log_density(self, w));
        if (!(next > low && next < high)) next = 0.5 * (low + high);
        if (fabs(next - w) < 1e-12 || fabs(over) < 1e-14) break;
        w = next;
    }
    return exp(w);
}
