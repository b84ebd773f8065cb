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
 * Both come from x = n ln(2) + r and a polynomial in r, minimax over |r| <= ln(2) / 2. Adding GATE_ROUNDING rounds to
 * an integer, which the low bits then hold.
 */
#define GATE_ROUNDING 12582912.0f
#define GATE_LOG2E 0x1.715476p+0f
#define GATE_LN2 0x1.62e430p-1f

/* exp(r) - 1, off by 1.05e-7 exp(r) */
SEQD_INLINE vec gate_expm1(vec r)
{
    vec square = vec_mul(r, r);
    vec high = vec_fma(vec_all(0x1.10620ap-7f), r, vec_all(0x1.572a3cp-5f));
    vec low = vec_fma(vec_all(0x1.5557b0p-3f), r, vec_all(0x1.fffdfcp-2f));
    return vec_fma(square, vec_fma(high, square, low), r);
}

/* The same, off by 3.2e-9 exp(r), and by less near 0: relative precision of small results needs one term more. */
SEQD_INLINE vec gate_expm1_near0(vec r)
{
    vec square = vec_mul(r, r);
    vec high = vec_fma(vec_all(0x1.6a4cb4p-10f), r, vec_all(0x1.123986p-7f));
    vec low = vec_fma(vec_all(0x1.5558b0p-5f), r, vec_all(0x1.555492p-3f));
    vec q = vec_fma(vec_fma(high, square, low), r, vec_all(0x1.fffffcp-2f));
    return vec_fma(square, q, r);
}

/* 1 / (1 + exp(-x)), where 1 + exp(-x) is formed from half of exp(-x), which stays finite until the sum does not. */
SEQD_INLINE vec gate_sigmoid(vec x)
{
    const vec one = vec_all(1.0f), half = vec_all(0.5f);
    x = vec_min(vec_all(60.0f), vec_max(vec_all(-89.0f), x));
    vec shifted = vec_fnma(x, vec_all(GATE_LOG2E), vec_all(GATE_ROUNDING));
    vec n = vec_sub(shifted, vec_all(GATE_ROUNDING));
    vec r = vec_fnma(n, vec_all(GATE_LN2), vec_sub(vec_all(0.0f), x));
    vec z = vec_scale2(vec_fma(gate_expm1(r), half, half), shifted);
    return vec_div(one, vec_fma(z, vec_all(2.0f), one));
}

/* e / (e + 2) with e = exp(2 x) - 1: no cancellation near 0. From 9.02 on the result rounds to 1. */
SEQD_INLINE vec gate_tanh(vec x)
{
    const vec one = vec_all(1.0f);
    x = vec_min(vec_all(9.02f), vec_max(vec_all(-9.02f), x));
    vec shifted = vec_fma(x, vec_all(2.0f * GATE_LOG2E), vec_all(GATE_ROUNDING));
    vec n = vec_sub(shifted, vec_all(GATE_ROUNDING));
    vec s = vec_scale2(one, shifted);
    vec e = vec_fma(s, gate_expm1_near0(vec_fnma(n, vec_all(GATE_LN2), vec_add(x, x))), vec_sub(s, one));
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
