/* SPDX-License-Identifier: Apache-2.0 */
#include "head_laws.h"

#include <math.h>

/* The series behind Stirling's formula for lgamma (times x), and that for digamma (times x^2), in i2 = 1 / x^2. */
double seqd_lgamma_tail(double i2)
{
    const double far = 1.0 / 1188 - i2 * (691.0 / 360360 - i2 / 156);
    return 1.0 / 12 - i2 * (1.0 / 360 - i2 * (1.0 / 1260 - i2 * (1.0 / 1680 - i2 * far)));
}

double seqd_digamma_tail(double i2)
{
    const double far = 1.0 / 132 - i2 * (691.0 / 32760 - i2 / 12);
    return 1.0 / 12 - i2 * (1.0 / 120 - i2 * (1.0 / 252 - i2 * (1.0 / 240 - i2 * far)));
}

/*
 * Both by the recurrence up to 8 and the asymptotic series there (Abramowitz & Stegun 6.1.41 and 6.3.18). lgamma() is
 * not used: it writes the global signgam.
 */
void seqd_lgamma_digamma(double x, double *log_gamma, double *digamma)
{
    double product = 1.0, psi = 0.0;
    while (x < 8.0) {
        product *= x;
        psi -= 1.0 / x;
        x += 1.0;
    }
    const double lx = log(x), i = 1.0 / x, i2 = i * i;
    *log_gamma = (x - 0.5) * lx - x + 0.91893853320467274178 - log(product) + i * seqd_lgamma_tail(i2);
    *digamma = psi + lx - 0.5 * i - i2 * seqd_digamma_tail(i2);
}
