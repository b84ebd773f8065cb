/* SPDX-License-Identifier: Apache-2.0 */
#include "beta.h"

#include <math.h>

double seqd_beta_fraction(double x, double y, double a, double b, double lambda)
{
    const double tiny = 1e-300;
    double f = fmax(tiny, a / (a + 1) * (lambda + 1)), c = f, d = 0;
    for (int n = 1; n < 20000; n++) {
        const double s = a + 2 * n - 1, w = n * (b - n) * x;
        const double numerator = (a + n - 1) / s * ((a + b + n - 1) / s) * w * x;
        const double denominator = n + w / s + (a + n) / (s + 2) * (lambda + 1 + n * (1 + y));
        d = denominator + numerator * d;
        c = denominator + numerator / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        if (fabs(c) < tiny) c = tiny;
        const double step = c * d;
        f *= step;
        if (fabs(step - 1) < 1e-15) break;
    }
    return 1 / f;
}
