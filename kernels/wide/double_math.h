/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_WIDE_DOUBLE_MATH_H
#define SEQD_KERNELS_WIDE_DOUBLE_MATH_H

/*
 * Logarithms and exponentials of doubles, relative error below 1e-13, for every vector level: the level's header has
 * been included before. NaN gives NaN, and so do infinities.
 */

/* log(2^n (1 + f)) for sqrt(1/2) <= 1 + f < sqrt(2), by 2 atanh(f / (2 + f)). */
SEQD_INLINE dvec double_log_from(dvec n, dvec f)
{
    const dvec s = f / (dvec_all(2.0) + f), z = s * s, w = z * z;
    const dvec even = dvec_fma(dvec_fma(dvec_fma(dvec_all(2.0 / 15), w, dvec_all(2.0 / 11)), w, dvec_all(2.0 / 7)), w,
                               dvec_all(2.0 / 3));
    const dvec odd = dvec_fma(dvec_fma(dvec_all(2.0 / 13), w, dvec_all(2.0 / 9)), w, dvec_all(2.0 / 5));
    const dvec series = dvec_fma(odd, z, even);
    return dvec_fma(n, dvec_all(0.69314718055994530942), dvec_fma(s * z, series, s + s));
}

/* u = 2^n (1 + f) with the bounds above, for normal numbers u > 0. Returns 2^-n. */
SEQD_INLINE dvec double_split(dvec u, dvec *n)
{
    const long long root_half = 0x3fe6a09e667f3bcdLL, one = 0x3ff0000000000000LL;
    const dvec_int above = dvec_int_add(dvec_bits(u), dvec_int_all(one - root_half));
    const dvec_int power = dvec_int_and(above, dvec_int_all(0x7ff0000000000000LL)); /* of n + 1023 */
    const dvec_int count = dvec_int_or(dvec_int_right(power, 52), dvec_int_all(0x4330000000000000LL)); /* 2^52 and it */
    *n = dvec_of_bits(count) - dvec_all(4503599627370496.0 + 1023.0);
    return dvec_of_bits(dvec_int_sub(dvec_int_all(2046LL << 52), power));
}

/* For normal numbers x > 0. */
SEQD_INLINE dvec double_log(dvec x)
{
    dvec n;
    const dvec inverse = double_split(x, &n);
    return double_log_from(n, x * inverse - dvec_all(1.0));
}

/* log(1 + x) for x >= 0: what 1 + x loses of x is added to f. */
SEQD_INLINE dvec double_log1p(dvec x)
{
    const dvec one = dvec_all(1.0), u = one + x, lost = x - (u - one);
    dvec n;
    const dvec inverse = double_split(u, &n);
    return double_log_from(n, dvec_fma(lost, inverse, u * inverse - one));
}

/* exp(x) for x <= 700; below -700 it stays there. */
SEQD_INLINE dvec double_exp(dvec x)
{
    static const double factorials[] = {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
                                        1.0 / 720,      1.0 / 120,     1.0 / 24,     1.0 / 6,     0.5};
    const dvec magic = dvec_all(6755399441055744.0); /* 1.5 * 2^52: the low bits of a sum with it are whole */
    x = dvec_min(dvec_all(700.0), dvec_max(dvec_all(-700.0), x));
    const dvec shifted = dvec_fma(x, dvec_all(1.44269504088896340736), magic), n = shifted - magic;
    const dvec near = dvec_fma(n, dvec_all(-0x1.62e42fefa38p-1), x); /* exact, ln(2) in two parts */
    const dvec r = dvec_fma(n, dvec_all(-0x1.ef35793c7673p-45), near);
    dvec p = dvec_all(factorials[0]);
    for (int i = 1; i < 10; i++) {
        p = dvec_fma(p, r, dvec_all(factorials[i]));
    }
    p = dvec_fma(r * r, p, r) + dvec_all(1.0);
    return dvec_of_bits(dvec_int_add(dvec_bits(p), dvec_int_left(dvec_bits(shifted), 52)));
}

#endif
