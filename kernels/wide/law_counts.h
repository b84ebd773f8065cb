/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_WIDE_LAW_COUNTS_H
#define SEQD_KERNELS_WIDE_LAW_COUNTS_H

#include "wide/double_math.h"

/*
 * The negative binomial of kernels/ref/laws_ref.c in vectors: the same cases, each worked out where some lane has it
 * and then selected.
 */

/* D = lgamma(y + r) - lgamma(r) - y log r, and its slope by alpha. */
typedef struct ratio_lanes {
    dvec value, slope;
} ratio_lanes;

/* Stirling's series for lgamma (times x) and for digamma (times x^2), in i2 = 1 / x^2. */
SEQD_INLINE dvec lgamma_tail(dvec i2)
{
    const dvec far = dvec_all(1.0 / 1188) - i2 * (dvec_all(691.0 / 360360) - i2 * dvec_all(1.0 / 156));
    return dvec_all(1.0 / 12) -
           i2 * (dvec_all(1.0 / 360) - i2 * (dvec_all(1.0 / 1260) - i2 * (dvec_all(1.0 / 1680) - i2 * far)));
}

SEQD_INLINE dvec digamma_tail(dvec i2)
{
    const dvec far = dvec_all(1.0 / 132) - i2 * (dvec_all(691.0 / 32760) - i2 * dvec_all(1.0 / 12));
    return dvec_all(1.0 / 12) -
           i2 * (dvec_all(1.0 / 120) - i2 * (dvec_all(1.0 / 252) - i2 * (dvec_all(1.0 / 240) - i2 * far)));
}

/* P = t_1 t_2 ... and its derivative, term by term: so that the sum of d t / t takes one division, dP / P. */
SEQD_INLINE void take_term(dvec t, dvec dt, dvec *product, dvec *slope)
{
    *slope = dvec_fma(*slope, t, *product * dt);
    *product = *product * t;
}

/* For r = 1 / alpha < 8: both arguments of lgamma are raised by 8 first; `raised` holds D of the raised ones. */
SEQD_INLINE ratio_lanes gamma_ratio_near(dvec y, dvec alpha, dvec r, dvec raised, dvec psi)
{
    const dvec zero = dvec_all(0.0), one = dvec_all(1.0), y_limit = dvec_all(1e30);
    const dvec_condition huge = dvec_greater(y, y_limit); /* eight factors of y leave the range of doubles */
    const dvec unit = dvec_select(huge, dvec_all(1e-30), one), x = (r + y) * unit;
    dvec above = x, above_slope = one, below = r, below_slope = one, i = zero;
    for (int k = 1; k < 8; k++) {
        i = i + one;
        take_term(x + i * unit, one, &above, &above_slope);
        take_term(r + i, one, &below, &below_slope);
    }
    const dvec rise = psi - unit * above_slope / above + below_slope / below;
    const dvec lift = dvec_select(huge, dvec_all(8.0 * 69.07755278982137052), zero);
    return (ratio_lanes){raised + y * double_log((r + dvec_all(8.0)) * alpha) - double_log(above / below) - lift,
                         r * (y - r * rise)};
}

SEQD_INLINE ratio_lanes gamma_ratio_far(dvec y, dvec alpha, dvec r)
{
    const dvec one = dvec_all(1.0), half = dvec_all(0.5), eight = dvec_all(8.0);
    const dvec_condition near = dvec_greater(eight, r);
    const dvec rs = dvec_select(near, r + eight, r), i = one / rs;
    const dvec v = y * i, share = one / (one + v), j = share * i, x = rs + y;
    const dvec log_v = double_log1p(v), i2 = i * i, j2 = j * j;
    const dvec value = (x - half) * log_v - y + lgamma_tail(j2) * j - lgamma_tail(i2) * i;
    const dvec i_tail = digamma_tail(i2), j_tail = digamma_tail(j2);
    /* y^2 (v - log1p(v)) / v^2, which cancels near 0 */
    dvec curve = dvec_all(1.0 / 7) - v * dvec_all(1.0 / 8);
    for (int k = 6; k > 1; k--) {
        curve = dvec_all(1.0 / k) - v * curve;
    }
    curve = dvec_select(dvec_greater(dvec_all(0.01), v), y * y * curve, rs * rs * (v - log_v));
    ratio_lanes d = {value, curve - half * y * share + share * share * j_tail - i_tail};
    if (dvec_any(near)) {
        const dvec psi = log_v - half * (j - i) - (j2 * j_tail - i2 * i_tail);
        const ratio_lanes other = gamma_ratio_near(y, alpha, r, value, psi);
        d.value = dvec_select(near, other.value, d.value);
        d.slope = dvec_select(near, other.slope, d.slope);
    }
    return d;
}

SEQD_INLINE ratio_lanes gamma_ratio(dvec y, dvec alpha, dvec r)
{
    const dvec zero = dvec_all(0.0), one = dvec_all(1.0);
    /* for whole y the product of 1 + i alpha, i < y; beyond 1e15 it would leave the range of doubles */
    const dvec_condition whole = dvec_both(dvec_both(dvec_equal(y, dvec_floor(y)), dvec_greater(dvec_all(16.5), y)),
                                           dvec_greater(dvec_all(1e15), alpha));
    const dvec count = dvec_select(whole, y, zero);
    dvec product = one, slope = zero, i = one;
    for (dvec_condition more = dvec_greater(count, i); dvec_any(more); more = dvec_greater(count, i)) {
        take_term(dvec_fma(dvec_select(more, alpha, zero), i, one), dvec_select(more, i, zero), &product, &slope);
        i = i + one;
    }
    ratio_lanes d = {double_log(product), slope / product};
    const dvec_condition other = dvec_first_not_second(dvec_equal(zero, zero), whole);
    if (dvec_any(other)) {
        const ratio_lanes far = gamma_ratio_far(y, alpha, r);
        d.value = dvec_select(whole, d.value, far.value);
        d.slope = dvec_select(whole, d.slope, far.slope);
    }
    return d;
}

SEQD_INLINE dvec negbin_part(dvec y, dvec mu, dvec alpha, dvec *dmu, dvec *dalpha)
{
    const dvec zero = dvec_all(0.0), one = dvec_all(1.0);
    const dvec r = one / alpha, m = alpha * mu, log_m = double_log1p(m), inverse = one / (mu * (one + m));
    const dvec share = inverse * mu; /* 1 / (1 + m) */
    const ratio_lanes ratio = gamma_ratio(y, alpha, r);
    /* mu^2 (log1p(m) - m / (1 + m)) / m^2 */
    dvec curve = dvec_all(6.0 / 7) - m * dvec_all(7.0 / 8);
    for (int k = 5; k > 0; k--) {
        curve = dvec_all((double)k / (k + 1)) - m * curve;
    }
    curve = dvec_select(dvec_greater(dvec_all(0.01), m), mu * mu * curve, r * r * (log_m - m * share));
    *dmu = (mu - y) * inverse;
    *dalpha = y * mu * share - ratio.slope - curve;
    return (y + r) * log_m - ratio.value - dvec_select(dvec_greater(y, zero), y * double_log(mu), zero);
}

#endif
