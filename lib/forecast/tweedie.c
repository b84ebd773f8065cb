/* SPDX-License-Identifier: Apache-2.0 */
#include "tweedie.h"

#include <math.h>

#define LOG_TWO_PI 1.83787706640934548356
/* Shapes up to this have a table: above, G swings faster than its knots. */
#define MOST_SHAPE 12.0

/* ln Gamma(x) by Stirling's series; lgamma() of the C library writes a global. */
static double log_gamma(double x)
{
    double product = 1;
    for (; x < 10; x++) product *= x;
    const double i = 1 / x, w = i * i;
    return (x - 0.5) * log(x) - x + 0.5 * LOG_TWO_PI - log(product) +
           i * (1.0 / 12 - w * (1.0 / 360 - w * (1.0 / 1260 - w * (1.0 / 1680 - w / 1188))));
}

/* ln of the series' term n, less n ln(x) where x is what stands to the power n. */
static double term_at(double a, double n) { return -log_gamma(n + 1) - log_gamma(n * a); }

/*
 * F = ln sum over n >= 1 of exp(n L) / (n! Gamma(n a)), L = a ln a + (1 + a) ln j, which has its largest term near n = j;
 * G = F - [(1 + a) j + 1/2 ln j - 1/2 ln(2 pi) + 1/2 ln(a / (1 + a))]. The slope of F by ln j is (1 + a) times the mean of n.
 */
static double summed(double a, double log_j, double *slope)
{
    const double j = exp(log_j), l = a * log(a) + (1 + a) * log_j;
    const double top = fmax(1, floor(j + 0.5)), peak = top * l + term_at(a, top);
    double sum = 1, first = 0; /* of the terms over the largest, and of (n - top) times them */
    for (int up = 0; up < 2; up++)
        for (double n = top + (up ? 1 : -1); n >= 1; n += up ? 1 : -1) {
            const double term = exp(n * l + term_at(a, n) - peak);
            sum += term;
            first += (n - top) * term;
            if (term < 1e-17 * sum) break;
        }
    *slope = (1 + a) * (top - j + first / sum) - 0.5;
    return peak - (1 + a) * j + log(sum) - 0.5 * log_j + 0.5 * LOG_TWO_PI - 0.5 * log(a / (1 + a));
}

void seqd_tweedie_law_set(seqd_tweedie_law *law, double power)
{
    const double a = (2 - power) / (power - 1);
    *law = (seqd_tweedie_law){.power = power, .shape = a};
    /* beyond the last knot: c/j by Laplace's method on the sum, and a second term that meets the knot */
    const double last = log(40 * (1 + a) * (1 + 1 / a)), j = exp(last);
    double ignored;
    law->last = last;
    law->far[0] = -(1.0 / 12 + 1 / (12 * a) + 1 / (24 * (1 + a)));
    law->far[1] = (summed(a, last, &ignored) - law->far[0] / j) * j * j;
    /* below the first the second term of the series is 1e-9 of the first, and G is known */
    const double second = log_gamma(a) - log_gamma(2 * a) - log(2.0) + a * log(a);
    law->first = (log(1e-9) - second) / (1 + a);
    law->step = (last - law->first) / (SEQD_TWEEDIE_KNOTS - 1);
    law->alone = a * log(a) - log_gamma(a) + 0.5 * LOG_TWO_PI - 0.5 * log(a / (1 + a));
    if (a > MOST_SHAPE) return;
    law->count = SEQD_TWEEDIE_KNOTS;
    for (int32_t i = 0; i < SEQD_TWEEDIE_KNOTS; i++)
        law->value[i] = summed(a, law->first + i * law->step, &law->slope[i]);
}

/* With the first term of the series alone. */
static double single(const seqd_tweedie_law *law, double log_j, double *slope)
{
    const double a = law->shape, j = exp(log_j);
    *slope = 0.5 + a - (1 + a) * j;
    return (0.5 + a) * log_j - (1 + a) * j + law->alone;
}

double seqd_tweedie_correction(const seqd_tweedie_law *law, double log_j, double *slope)
{
    if (!(log_j > law->first)) return single(law, log_j, slope);
    if (log_j >= law->last) {
        const double i = exp(-log_j);
        *slope = -i * (law->far[0] + 2 * i * law->far[1]);
        return i * (law->far[0] + i * law->far[1]);
    }
    if (law->count == 0) return summed(law->shape, log_j, slope);
    const double at = fmin((log_j - law->first) / law->step, SEQD_TWEEDIE_KNOTS - 1.000001);
    /* cubic from values and slopes at both knots */
    const int32_t k = (int32_t)at;
    const double s = at - k, rest = 1 - s, h = law->step;
    const double rise = law->value[k + 1] - law->value[k], left = h * law->slope[k] - rise;
    const double right = rise - h * law->slope[k + 1];
    *slope = (rise + (rest - s) * (left * rest + right * s) + s * rest * (right - left)) / h;
    return law->value[k] + s * (rise + rest * (left * rest + right * s));
}

double seqd_tweedie_deviance(double power, double q)
{
    const double b = power - 1, c = 2 - power;
    if (fabs(q) > 0.1) {
        const double low = exp(-b * q);
        return low / b + low * exp(q) / c - 1 / (b * c);
    }
    double sum = 0, power_c = c, power_b = -b, over = 0.5; /* [c^(n-1) - (-b)^(n-1)] q^n / n! */
    double to = q * q;
    for (int n = 2; n < 12; n++) {
        sum += (power_c - power_b) * over * to;
        power_c *= c;
        power_b *= -b;
        over /= n + 1;
        to *= q;
    }
    return sum;
}

void seqd_tweedie_set(seqd_tweedie *self, const seqd_tweedie_law *law, double mu, double phi)
{
    const double p = law->power;
    self->law = law;
    self->mu = mu > 0 ? mu : 0;
    self->phi = phi > 0 ? phi : 0;
    self->log_mu = log(self->mu > 0 ? self->mu : 1);
    /* so small that nothing can be told from a point */
    const double least = 1e-14 * exp((2 - p) * self->log_mu);
    if (self->phi > 0 && self->phi < least) self->phi = 0;
    const double log_phi = log(self->phi > 0 ? self->phi : 1);
    self->lambda = exp((2 - p) * self->log_mu - log_phi) / (2 - p);
    self->log_tau = log_phi + log(p - 1) + (p - 1) * self->log_mu;
    self->tau = exp(self->log_tau);
    self->log_constant = -0.5 * (LOG_TWO_PI + log_phi);
    self->zero = self->mu == 0 ? 1 : self->phi == 0 ? 0 : exp(-self->lambda);
}

double seqd_tweedie_log_density(const seqd_tweedie *self, double log_y)
{
    const double p = self->law->power, c = 2 - p;
    const double j = exp(c * (log_y - self->log_mu)) * self->lambda; /* y^(2-p) / (phi (2-p)) */
    double ignored;
    return self->log_constant - 0.5 * p * log_y - c * j * seqd_tweedie_deviance(p, self->log_mu - log_y) +
           seqd_tweedie_correction(self->law, log(j), &ignored);
}
