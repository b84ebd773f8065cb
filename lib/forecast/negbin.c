/* SPDX-License-Identifier: Apache-2.0 */
#include "negbin.h"

#include <math.h>

#include "beta.h"
#include "rng.h"

#define TWO_PI 6.283185307179586477

/* ln Gamma(z + 1) - (z + 1/2) ln z + z - ln sqrt(2 pi): what Stirling's formula misses. */
static double stirling_error(double z)
{
    double below = 0;
    for (; z < 16; z++) below += (z + 0.5) * log1p(1 / z) - 1;
    const double w = 1 / (z * z);
    return below + (1.0 / 12 - w * (1.0 / 360 - w * (1.0 / 1260 - w * (1.0 / 1680 - w / 1188)))) / z;
}

/* x ln(x / y) - (x - y) for x, y > 0 with d = x - y known better than by subtraction. Never negative. */
static double deviance(double x, double y, double d)
{
    const double v = d / (x + y);
    if (fabs(v) > 0.1) return x * log(x / y) - d;
    /* x ln(x/y) = 2x atanh(v); its first term less d is d v. */
    const double w = v * v;
    double sum = 0, power = v * w;
    for (double n = 3; n < 40; n += 2) {
        const double next = sum + power / n;
        if (next == sum) break;
        sum = next;
        power *= w;
    }
    return d * v + 2 * x * sum;
}

void seqd_negbin_set(seqd_negbin *self, double mu, double alpha)
{
    if (!(mu > 0)) mu = 0;
    if (!(alpha > 0)) alpha = 0;
    if (alpha > SEQD_NEGBIN_MOST_ALPHA) alpha = SEQD_NEGBIN_MOST_ALPHA;
    self->mu = mu;
    self->alpha = alpha;
    self->m = alpha * mu;
    self->poisson = alpha < 1e-13;
    self->r = self->poisson ? 0 : 1 / alpha;
    self->q = self->poisson ? mu : self->m / (1 + self->m);
    self->log_zero = self->poisson ? -mu : -log1p(self->m) / alpha;
    self->stirling_r = self->poisson ? 0 : stirling_error(self->r);
    self->deviation = sqrt(mu) * sqrt(1 + self->m);
}

double seqd_negbin_pmf(const seqd_negbin *self, double k)
{
    if (k <= 0) return k < 0 ? 0 : exp(self->log_zero);
    if (self->mu == 0) return 0;
    const double d = k - self->mu;
    if (self->poisson) return exp(-stirling_error(k) - deviance(k, self->mu, d)) / sqrt(TWO_PI * k);
    /* r / (k + r) times a binomial probability of k in n = k + r with chance q. */
    const double n = k + self->r, p = 1 / (1 + self->m);
    const double exponent = stirling_error(n) - stirling_error(k) - self->stirling_r - deviance(k, n * self->q, d * p) -
                            deviance(self->r, n * p, -d * p);
    return exp(exponent) * sqrt(self->r / (TWO_PI * k * n));
}

/* More terms than this, and the continued fraction is the faster way. */
#define LONG_SUM 4000

/* P(Y <= k) = I_p(r, k + 1) and P(Y > k) = I_q(k + 1, r), p = 1 - q. */
static double lower_fraction(const seqd_negbin *self, double k)
{
    const double p = 1 / (1 + self->m);
    return seqd_negbin_pmf(self, k) * self->q * (self->r + k) *
           seqd_beta_fraction(p, self->q, self->r, k + 1, (self->mu - k - 1) * p);
}

static double upper_fraction(const seqd_negbin *self, double k)
{
    const double p = 1 / (1 + self->m);
    return seqd_negbin_pmf(self, k + 1) * (k + 1) *
           seqd_beta_fraction(self->q, p, k + 1, self->r, (k + 1 - self->mu) * p);
}

/* P(Y <= k) for k below the mean. */
static double lower_tail(const seqd_negbin *self, double k)
{
    if (!self->poisson && fmin(k, 10 * self->deviation) > LONG_SUM) return fmin(1, lower_fraction(self, k));
    double term = seqd_negbin_pmf(self, k), sum = term;
    for (double j = k - 1; j >= 0 && term > 1e-17 * sum; j--) {
        term /= seqd_negbin_ratio(self, j);
        sum += term;
    }
    return fmin(1, sum);
}

/* P(Y > k) for k not below the mean. */
static double upper_tail(const seqd_negbin *self, double k)
{
    if (!self->poisson && 10 * (self->deviation + 4 * self->m) > LONG_SUM)
        return fmin(1, upper_fraction(self, k));
    double term = seqd_negbin_pmf(self, k + 1), sum = term;
    /* What is left is at most about term * (1 + m): the ratio falls (or rises) towards q. */
    for (double j = k + 1; term * (1 + self->m) > 1e-17 * sum; j++) {
        term *= seqd_negbin_ratio(self, j);
        sum += term;
    }
    return fmin(1, sum);
}

/* Second-order Cornish-Fisher, turned round: counts so many that sums over them would not end. */
static double normal_score(const seqd_negbin *self, double k)
{
    const double x = (k + 0.5 - self->mu) / self->deviation;
    return x - (1 + 2 * self->m) / self->deviation * (x * x - 1) / 6;
}

bool seqd_negbin_is_normal(const seqd_negbin *self) { return self->mu > SEQD_NEGBIN_MOST_MEAN && self->alpha < 1e-6; }

double seqd_negbin_below(const seqd_negbin *self, double k)
{
    if (k < 0) return 0;
    if (self->mu == 0) return 1;
    if (seqd_negbin_is_normal(self)) return seqd_normal_cdf(normal_score(self, k));
    return k < self->mu ? lower_tail(self, k) : 1 - upper_tail(self, k);
}

double seqd_negbin_above(const seqd_negbin *self, double k)
{
    if (k < 0) return 1;
    if (self->mu == 0) return 0;
    if (seqd_negbin_is_normal(self)) return seqd_normal_cdf(-normal_score(self, k));
    return k < self->mu ? 1 - lower_tail(self, k) : upper_tail(self, k);
}
