/* SPDX-License-Identifier: Apache-2.0 */
#include "law_tweedie_ref.h"

#include <math.h>

#define LOG_TWO_PI 1.83787706640934548356

/* G, and its slope by ln j. */
static double correction(const seqd_tweedie_curve *curve, double log_j, double *slope)
{
    const double a = (2.0 - curve->power) / (curve->power - 1.0);
    if (!(log_j > curve->first)) {
        const double j = exp(log_j);
        *slope = 0.5 + a - (1.0 + a) * j;
        return (0.5 + a) * log_j - (1.0 + a) * j + curve->alone;
    }
    if (log_j > curve->last) {
        const double i = exp(-log_j);
        *slope = -i * (curve->far[0] + 2.0 * i * curve->far[1]);
        return i * (curve->far[0] + i * curve->far[1]);
    }
    const double at = fmin((log_j - curve->first) / curve->step, curve->count - 1.000001);
    const int32_t k = (int32_t)at;
    const double s = at - k, rest = 1.0 - s, h = curve->step;
    const double rise = curve->value[k + 1] - curve->value[k], left = h * curve->slope[k] - rise;
    const double right = rise - h * curve->slope[k + 1];
    *slope = (rise + (rest - s) * (left * rest + right * s) + s * rest * (right - left)) / h;
    return curve->value[k] + s * (rise + rest * (left * rest + right * s));
}

/* Half the deviance over z^(2-p), where its terms cancel: a series in q = ln(m / z). */
static double near_deviance(double b, double c, double q)
{
    double sum = 0.0, power_c = c, power_b = -b, over = 0.5; /* [c^(n-1) - (-b)^(n-1)] q^n / n! */
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

/*
 * With half the deviance d = z m^(1-p) / (p-1) + m^(2-p) / (2-p) - z^(2-p) / ((p-1) (2-p)), the density above 0 is
 * ln f = -1/2 ln(2 pi phi z^p) - d / phi + G(ln j). Its derivatives by ln m and ln phi need nothing more than itself:
 * (m - z) m^(1-p) / phi, and 1/2 - d / phi + G'.
 */
double seqd_ref_tweedie(const seqd_tweedie_curve *curve, double z, double m, double log_m, double over, double *mean,
                        double *spread)
{
    const double p = curve->power, b = p - 1.0, c = 2.0 - p;
    const double m_c = exp(c * log_m), zeros = m_c / c * over; /* mean number of sizes */
    if (!(z > 0.0)) {
        *mean = c * zeros;
        *spread = -zeros;
        return zeros;
    }
    const double log_z = log(z), log_phi = -log(over), q = log_m - log_z, z_c = exp(c * log_z);
    const double distance = over * (fabs(q) > 0.1 ? (z / m / b + 1.0 / c) * m_c - z_c / (b * c)
                                                  : z_c * near_deviance(b, c, q));
    double bend;
    const double g = correction(curve, c * log_z - log_phi - log(c), &bend);
    *mean = c * zeros * ((m - z) / m);
    *spread = 0.5 - distance + bend;
    return 0.5 * (LOG_TWO_PI + log_phi + p * log_z) + distance - g;
}
