/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_WIDE_LAW_TWEEDIE_H
#define SEQD_KERNELS_WIDE_LAW_TWEEDIE_H

#include "wide/double_math.h"

/* Tweedie's density of kernels/ref/law_tweedie_ref.c in vectors: every case is worked out, and one is selected. */

/* -ln f, and its derivatives by ln m and ln phi. */
typedef struct tweedie_lanes {
    dvec loss, mean, spread;
} tweedie_lanes;

/* G, and its slope by ln j. */
SEQD_INLINE dvec tweedie_correction(const seqd_tweedie_curve *curve, dvec log_j, dvec *slope)
{
    const double c = 2.0 - curve->power, a = c / (curve->power - 1.0);
    const dvec zero = dvec_all(0.0), one = dvec_all(1.0), j = double_exp(log_j), i = one / j;
    const dvec far0 = dvec_all(curve->far[0]), far1 = dvec_all(curve->far[1]), more = dvec_all(0.5 + a);
    const dvec_condition far = dvec_greater(log_j, dvec_all(curve->last));
    const dvec_condition between = dvec_greater(log_j, dvec_all(curve->first));

    /* the constant comes second: where log_j is NaN there is a knot all the same */
    const dvec bounded = dvec_max(dvec_min((log_j - dvec_all(curve->first)) / dvec_all(curve->step),
                                           dvec_all(curve->count - 1.000001)), zero);
    const dvec whole = dvec_floor(bounded), magic = dvec_all(4503599627370496.0); /* 2^52: low bits are whole */
    const dvec_int knot = dvec_int_sub(dvec_bits(whole + magic), dvec_bits(magic));
    const dvec h = dvec_all(curve->step), s = bounded - whole, rest = one - s;
    const dvec low = dvec_gather(curve->value, knot), rise = dvec_gather(curve->value + 1, knot) - low;
    const dvec left = h * dvec_gather(curve->slope, knot) - rise;
    const dvec right = rise - h * dvec_gather(curve->slope + 1, knot);
    const dvec inner = low + s * (rise + rest * (left * rest + right * s));
    const dvec inner_slope = (rise + (rest - s) * (left * rest + right * s) + s * rest * (right - left)) / h;

    const dvec alone = more * log_j - dvec_all(1.0 + a) * j + dvec_all(curve->alone);
    const dvec alone_slope = more - dvec_all(1.0 + a) * j;
    *slope = dvec_select(far, zero - i * (far0 + (i + i) * far1), dvec_select(between, inner_slope, alone_slope));
    return dvec_select(far, i * (far0 + i * far1), dvec_select(between, inner, alone));
}

/* Of z >= 0 with mean m and 1 / phi = over. */
SEQD_INLINE tweedie_lanes tweedie_density(const seqd_tweedie_curve *curve, dvec z, dvec m, dvec log_m, dvec over)
{
    const double p = curve->power, b = p - 1.0, c = 2.0 - p;
    const dvec zero = dvec_all(0.0), one = dvec_all(1.0), half = dvec_all(0.5), power = dvec_all(c);
    const dvec_condition positive = dvec_greater(z, zero);
    const dvec log_z = double_log(dvec_select(positive, z, one)), log_phi = zero - double_log(over), q = log_m - log_z;
    const dvec m_c = double_exp(power * log_m), z_c = double_exp(power * log_z), zeros = m_c * over / power;

    /* half the deviance: by its definition, or near z by the series of what its terms leave of each other */
    dvec series = zero, to = q * q;
    double power_c = c, power_b = -b, factorial = 0.5;
    for (int n = 2; n < 12; n++) {
        series = dvec_fma(dvec_all((power_c - power_b) * factorial), to, series);
        power_c *= c;
        power_b *= -b;
        factorial /= n + 1;
        to = to * q;
    }
    const dvec plain = (z / m * dvec_all(1.0 / b) + dvec_all(1.0 / c)) * m_c - z_c * dvec_all(1.0 / (b * c));
    const dvec_condition apart = dvec_greater(dvec_magnitude(q), dvec_all(0.1));
    const dvec distance = over * dvec_select(apart, plain, z_c * series);

    dvec bend;
    const dvec g = tweedie_correction(curve, power * log_z - log_phi - double_log(power), &bend);
    const dvec loss = half * (dvec_all(1.83787706640934548356) + log_phi + dvec_all(p) * log_z) + distance - g;
    const dvec mean = power * zeros;
    return (tweedie_lanes){dvec_select(positive, loss, zeros), dvec_select(positive, mean * ((m - z) / m), mean),
                           dvec_select(positive, half - distance + bend, zero - zeros)};
}

#endif
