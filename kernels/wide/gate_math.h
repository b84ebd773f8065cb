/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_WIDE_GATE_MATH_H
#define SEQD_KERNELS_WIDE_GATE_MATH_H

/* For every vector level: the file that includes this has included the level's header first. */

/*
 * sigmoid and tanh of the gates: shorter than those of math_*.h, whose results hold for any float to the last digits.
 * Absolute errors stay below 1.2e-7, and both are exact where it matters: tanh(0) = 0, and tanh keeps the relative
 * precision of small arguments. Below -88.7 sigmoid is 0. NaN passes: min and max return their second operand when
 * either is NaN.
 *
 * Both come from 2^t = 2^n 2^f with |f| <= 1/2 and a polynomial in f, minimax. Adding GATE_ROUNDING rounds to an
 * integer, which the low bits then hold. Multiplications are what a processor has least room for beside the products:
 * what can be a sum is one.
 */
#define GATE_ROUNDING 12582912.0f
#define GATE_LOG2E 0x1.715476p+0f
#define GATE_LN2 0x1.62e430p-1f

/* exp(r) - 1 for |r| <= ln(2) / 2, off by 1.05e-7 exp(r) */
SEQD_INLINE vec gate_expm1(vec r)
{
    vec square = vec_mul(r, r);
    vec high = vec_fma(vec_all(0x1.10620ap-7f), r, vec_all(0x1.572a3cp-5f));
    vec low = vec_fma(vec_all(0x1.5557b0p-3f), r, vec_all(0x1.fffdfcp-2f));
    return vec_fma(square, vec_fma(high, square, low), r);
}

/* 1 + exp(-x), which sigmoid is the inverse of; exp(-x) is off by 1.1e-7 + 2.1e-8 |x| of itself, and 2^128 infinite. */
SEQD_INLINE vec gate_below(vec x)
{
    const vec rounding = vec_all(GATE_ROUNDING);
    vec t = vec_min(vec_all(128.0f), vec_max(vec_all(-126.0f), vec_mul(x, vec_all(-GATE_LOG2E))));
    vec shifted = vec_add(t, rounding);
    vec f = vec_sub(t, vec_sub(shifted, rounding));
    vec p = vec_fma(f, vec_all(0x1.5bba14p-10f), vec_all(0x1.3cea88p-7f));
    p = vec_fma(p, f, vec_all(0x1.c6b752p-5f));
    p = vec_fma(p, f, vec_all(0x1.ebf9bcp-3f));
    p = vec_fma(p, f, vec_all(0x1.62e42ap-1f));
    return vec_add(vec_scale2(vec_fma(p, f, vec_all(1.0f)), shifted), vec_all(1.0f));
}

/* e = exp(2 x) - 1, of which tanh is e / (e + 2): no cancellation near 0. From 9.02 on that rounds to 1. */
SEQD_INLINE vec gate_above(vec x)
{
    const vec one = vec_all(1.0f), rounding = vec_all(GATE_ROUNDING);
    vec t = vec_min(vec_all(26.03f), vec_max(vec_all(-26.03f), vec_mul(x, vec_all(2.0f * GATE_LOG2E))));
    vec shifted = vec_add(t, rounding);
    vec f = vec_sub(t, vec_sub(shifted, rounding));
    vec s = vec_scale2(one, shifted);
    vec p = vec_fma(f, vec_all(0x1.4308fap-13f), vec_all(0x1.5f07b4p-10f));
    p = vec_fma(p, f, vec_all(0x1.3b2ba0p-7f));
    p = vec_fma(p, f, vec_all(0x1.c6af6ep-5f));
    p = vec_fma(p, f, vec_all(0x1.ebfbdep-3f));
    p = vec_fma(p, f, vec_all(0x1.62e430p-1f));
    return vec_fma(vec_mul(s, f), p, vec_sub(s, one));
}

SEQD_INLINE vec gate_sigmoid(vec x)
{
    return vec_div(vec_all(1.0f), gate_below(x));
}

SEQD_INLINE vec gate_tanh(vec x)
{
    vec e = gate_above(x);
    return vec_div(e, vec_add(e, vec_all(2.0f)));
}

SEQD_INLINE void sigmoid_row(int64_t n, float *x)
{
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        vec_store(x + i, gate_sigmoid(vec_load(x + i, 1, VEC_NONE)), 1, VEC_NONE);
    }
    if (i < n) {
        const vec_mask mask = vec_first(n - i);
        vec_store(x + i, gate_sigmoid(vec_load(x + i, 0, mask)), 0, mask);
    }
}

SEQD_INLINE void tanh_row(int64_t n, float *x)
{
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        vec_store(x + i, gate_tanh(vec_load(x + i, 1, VEC_NONE)), 1, VEC_NONE);
    }
    if (i < n) {
        const vec_mask mask = vec_first(n - i);
        vec_store(x + i, gate_tanh(vec_load(x + i, 0, mask)), 0, mask);
    }
}

/* x = sigmoid(x + y) */
SEQD_INLINE void sigmoid_sum_row(int64_t n, float *x, const float *y)
{
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        const vec sum = vec_add(vec_load(x + i, 1, VEC_NONE), vec_load(y + i, 1, VEC_NONE));
        vec_store(x + i, gate_sigmoid(sum), 1, VEC_NONE);
    }
    if (i < n) {
        const vec_mask mask = vec_first(n - i);
        vec sum = vec_add(vec_load(x + i, 0, mask), vec_load(y + i, 0, mask));
        vec_store(x + i, gate_sigmoid(sum), 0, mask);
    }
}

/* x (1 - y^2) and x y (1 - y): what tanh and sigmoid of value y make of a gradient x. */
SEQD_INLINE vec through_tanh(vec x, vec y)
{
    return vec_mul(x, vec_fnma(y, y, vec_all(1.0f)));
}

SEQD_INLINE vec through_sigmoid(vec x, vec y)
{
    return vec_mul(x, vec_mul(y, vec_sub(vec_all(1.0f), y)));
}

#endif
