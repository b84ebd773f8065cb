/* SPDX-License-Identifier: Apache-2.0 */
#include "gamma_ref.h"

#include <math.h>

double seqd_ref_lgamma_tail(double i2)
{
    const double far = 1.0 / 1188 - i2 * (691.0 / 360360 - i2 / 156);
    return 1.0 / 12 - i2 * (1.0 / 360 - i2 * (1.0 / 1260 - i2 * (1.0 / 1680 - i2 * far)));
}

double seqd_ref_digamma_tail(double i2)
{
    const double far = 1.0 / 132 - i2 * (691.0 / 32760 - i2 / 12);
    return 1.0 / 12 - i2 * (1.0 / 120 - i2 * (1.0 / 252 - i2 * (1.0 / 240 - i2 * far)));
}

/*
 * Both by the recurrence up to 8 and the asymptotic series there (Abramowitz & Stegun 6.1.41 and 6.3.18). lgamma() is
 * not used: it writes the global signgam.
 */
void seqd_ref_lgamma_digamma(double x, double *log_gamma, double *digamma)
{
    double product = 1.0, psi = 0.0;
    while (x < 8.0) {
        product *= x;
        psi -= 1.0 / x;
        x += 1.0;
    }
    const double lx = log(x), i = 1.0 / x, i2 = i * i;
    *log_gamma = (x - 0.5) * lx - x + 0.91893853320467274178 - log(product) + i * seqd_ref_lgamma_tail(i2);
    *digamma = psi + lx - 0.5 * i - i2 * seqd_ref_digamma_tail(i2);
}

/* The asymptotic series (Tricomi & Erdelyi 1951, the ratio of two gamma functions), after the recurrence up to 8. */
double seqd_ref_gamma_half(double x, double *slope)
{
    double product = 1.0, sum = 0.0;
    const double start = x;
    for (; x < 8.0; x += 1.0) {
        product *= x / (x + 0.5);
        sum += 0.5 / (x * (x + 0.5)); /* 1/x - 1/(x + 1/2) */
    }
    const double i = 1.0 / x, i2 = i * i;
    const double series =
        i * (-1.0 / 8 + i2 * (1.0 / 192 - i2 * (1.0 / 640 - i2 * (17.0 / 14336 - i2 * 31.0 / 18432))));
    const double derivative =
        i2 * (1.0 / 8 - i2 * (3.0 / 192 - i2 * (5.0 / 640 - i2 * (119.0 / 14336 - i2 * 279.0 / 18432))));
    *slope = derivative + sum - 0.5 * (x - start) / (start * x); /* (1/x - 1/start) / 2 */
    return series + log(product * sqrt(x / start));
}
