/* SPDX-License-Identifier: Apache-2.0 */
#include "negbin.h"

#include <math.h>

#include "rng.h"

#define LONGEST_WALK 2000

/* Sum from 0 up: short distributions. */
static double quantile_by_sum(const seqd_negbin *self, double u)
{
    double k = 0, term = exp(self->log_zero), sum = term;
    /* Past the mean, the rest is below term * (1 + m) times a small factor: rounding may keep the sum below u. */
    while (sum < u && (k < self->mu || term * (1 + self->m) > 1e-17)) {
        term *= seqd_negbin_ratio(self, k);
        sum += term;
        k++;
    }
    return k;
}

/* Third-order Cornish-Fisher, or Wilson & Hilferty's cube where the shape is that of a gamma with a long tail. */
static double guess(const seqd_negbin *self, double z)
{
    const double skew = (1 + 2 * self->m) / self->deviation;
    if (skew < 1) {
        const double kurtosis = 6 * self->alpha + 1 / (self->deviation * self->deviation);
        return self->mu + self->deviation * (z + skew * (z * z - 1) / 6 + kurtosis * z * (z * z - 3) / 24 -
                                             skew * skew * z * (2 * z * z - 5) / 36);
    }
    const double root = 1 - self->alpha / 9 + z * sqrt(self->alpha) / 3;
    return root > 0 ? self->mu * root * root * root : 0;
}

/* P(Y <= k) - u, from whichever tail is the smaller. */
static double excess(const seqd_negbin *self, double k, double u)
{
    return u <= 0.5 ? seqd_negbin_below(self, k) - u : (1 - u) - seqd_negbin_above(self, k);
}

/* One count at a time from *k, where P(Y <= *k) - u = over. true: *k is the quantile; false: it lies further on. */
static bool walk(const seqd_negbin *self, double *k, double over)
{
    double term = seqd_negbin_pmf(self, *k);
    const bool up = over < 0;
    for (int i = 0; i < LONGEST_WALK; i++) {
        if (up) {
            term *= seqd_negbin_ratio(self, *k);
            over += term;
            *k += 1;
            if (over >= 0) return true;
        } else {
            if (*k == 0 || over - term < 0) return true;
            over -= term;
            *k -= 1;
            term /= seqd_negbin_ratio(self, *k);
        }
    }
    return false;
}

/* A root search with a bracket (low, high]: Newton's step where it stays inside, else the middle. */
static double quantile_by_search(const seqd_negbin *self, double u)
{
    double low = -1, high = (double)INFINITY;
    double k = fmax(0, floor(guess(self, seqd_normal_quantile(u))));
    for (int i = 0; i < 400; i++) {
        const double over = excess(self, k, u);
        double step = -over / seqd_negbin_pmf(self, k);
        const bool up = over < 0;
        if (fabs(step) <= LONGEST_WALK && k < 1e9) {
            if (walk(self, &k, over)) return k;
            step = up ? k + self->deviation : -k; /* so flat here that the slope is no guide */
        }
        if (up)
            low = fmax(low, k);
        else
            high = fmin(high, k);
        if (!isinf(high) && high - low <= fmax(1, 1e-12 * high)) return high;
        double next = up ? ceil(k + step) : floor(k + step);
        if (isinf(high)) next = fmin(fmax(next, low + 1), 4 * low + 8 * self->deviation + 16);
        if (!(next > low && next < high)) next = floor(low + (high - low) / 2);
        if (!(next > low)) next = high;
        k = next;
    }
    return isinf(high) ? low : high;
}

double seqd_negbin_quantile(const seqd_negbin *self, double u)
{
    if (self->mu == 0 || u <= exp(self->log_zero)) return 0;
    if (self->mu < 50 && self->m < 50 && u < 0.999999) return quantile_by_sum(self, u);
    if (self->mu <= SEQD_NEGBIN_MOST_MEAN) return quantile_by_search(self, u);
    if (seqd_negbin_is_normal(self)) return fmax(0, floor(guess(self, seqd_normal_quantile(u)) + 0.5));
    seqd_negbin scaled;
    seqd_negbin_set(&scaled, SEQD_NEGBIN_MOST_MEAN, self->alpha + 1 / self->mu - 1 / SEQD_NEGBIN_MOST_MEAN);
    return floor(seqd_negbin_quantile(&scaled, u) * (self->mu / SEQD_NEGBIN_MOST_MEAN));
}
