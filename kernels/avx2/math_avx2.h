/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_MATH_AVX2_H
#define SEQD_KERNELS_MATH_AVX2_H

#include "vec_avx2.h"

/*
 * Eight exponentials, logarithms and what is made of them. The polynomials are minimax fits of relative error below
 * 2^-25, made for this library: exp(r) = 1 + r + r^2 q(r) on |r| <= ln(2)/2, and
 * log(1 + f) = f + f^2 (f p(f) - 1/2) on 1/sqrt(2) <= 1 + f <= sqrt(2).
 *
 * min and max take the constant first: they return their second operand when either is NaN, so NaN passes.
 */
#define LN2_HIGH 0x1.62e430p-1f /* ln(2) = high + low */
#define LN2_LOW (-0x1.05c610p-29f)

SEQD_INLINE __m256 set8(float x)
{
    return _mm256_set1_ps(x);
}

SEQD_INLINE __m256 abs8(__m256 x)
{
    return _mm256_andnot_ps(set8(-0.0f), x);
}

/*
 * x = n ln(2) + r. Returns exp(r) - 1; the low bits of *count hold n (see power8). |x| <= 110 or NaN. For small n the
 * low part of ln(2) is of no account: `exact` 0 leaves it out.
 */
SEQD_INLINE __m256 expm1_reduced8(__m256 x, const int exact, __m256i *count)
{
    /* Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the sum. */
    const __m256 magic = set8(12582912.0f);
    __m256 shifted = _mm256_fmadd_ps(x, set8(1.44269502f), magic);
    __m256 n = _mm256_sub_ps(shifted, magic);
    __m256 r = _mm256_fnmadd_ps(n, set8(LN2_HIGH), x);
    if (exact) {
        r = _mm256_fnmadd_ps(n, set8(LN2_LOW), r);
    }
    __m256 square = _mm256_mul_ps(r, r);
    __m256 high = _mm256_fmadd_ps(set8(0x1.6e6306p-10f), r, set8(0x1.12361ap-7f));
    __m256 low = _mm256_fmadd_ps(set8(0x1.555442p-5f), r, set8(0x1.55549ep-3f));
    __m256 q = _mm256_fmadd_ps(_mm256_fmadd_ps(high, square, low), r, set8(0.5f));
    *count = _mm256_castps_si256(shifted);
    return _mm256_fmadd_ps(square, q, r);
}

/* 2^n for -127 <= n <= 127, where 2^-127 is made 0. */
SEQD_INLINE __m256 power8(__m256i n)
{
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_slli_epi32(n, 23), _mm256_set1_epi32(127 << 23)));
}

/* exp(x) for -104 <= x <= 89. 2^n is applied in two halves: only the second may leave the normal numbers. */
SEQD_INLINE __m256 exp_clamped8(__m256 x)
{
    __m256i n;
    __m256 p = _mm256_add_ps(expm1_reduced8(x, 1, &n), set8(1.0f));
    __m256i half = _mm256_srli_epi32(n, 1);
    __m256i rest = _mm256_sub_epi32(n, half);
    return _mm256_mul_ps(_mm256_mul_ps(p, power8(half)), power8(rest));
}

/* Beyond the bounds the result is 0 and infinity. */
SEQD_INLINE __m256 exp8(__m256 x)
{
    return exp_clamped8(_mm256_min_ps(set8(89.0f), _mm256_max_ps(set8(-104.0f), x)));
}

/* exp(-|x|) */
SEQD_INLINE __m256 exp_decay8(__m256 x)
{
    return exp_clamped8(_mm256_max_ps(set8(-104.0f), _mm256_or_ps(set8(-0.0f), x)));
}

/* With z = exp(-|x|): z / (1 + z) below 0 and 1 / (1 + z) above, so that small results keep their digits. */
SEQD_INLINE __m256 sigmoid8(__m256 x)
{
    const __m256 one = set8(1.0f);
    __m256 z = exp_decay8(x);
    return _mm256_div_ps(_mm256_blendv_ps(one, z, x), _mm256_add_ps(one, z));
}

/* e / (e + 2) with e = exp(2|x|) - 1: no cancellation near 0. From 9.02 on the result rounds to 1. */
SEQD_INLINE __m256 tanh8(__m256 x)
{
    const __m256 sign = set8(-0.0f);
    __m256 y = _mm256_min_ps(set8(9.02f), _mm256_andnot_ps(sign, x));
    __m256i n;
    __m256 p = expm1_reduced8(_mm256_add_ps(y, y), 0, &n);
    __m256 s = power8(n);
    __m256 e = _mm256_fmadd_ps(s, p, _mm256_sub_ps(s, set8(1.0f)));
    __m256 t = _mm256_div_ps(e, _mm256_add_ps(e, set8(2.0f)));
    return _mm256_or_ps(t, _mm256_and_ps(sign, x));
}

/* log(1 + x) given 1 + x = 2^n (1 + f). What ln(2) has beyond a float is 3e-9 of n ln(2) and left out. */
SEQD_INLINE __m256 log_from8(__m256 n, __m256 f)
{
    __m256 p = _mm256_fmadd_ps(set8(-0x1.3af6b6p-4f), f, set8(0x1.05c912p-3f));
    p = _mm256_fmadd_ps(p, f, set8(-0x1.0d7a78p-3f));
    p = _mm256_fmadd_ps(p, f, set8(0x1.22d61ep-3f));
    p = _mm256_fmadd_ps(p, f, set8(-0x1.54722cp-3f));
    p = _mm256_fmadd_ps(p, f, set8(0x1.99a034p-3f));
    p = _mm256_fmadd_ps(p, f, set8(-0x1.000228p-2f));
    p = _mm256_fmadd_ps(p, f, set8(0x1.555554p-2f));
    __m256 tail = _mm256_mul_ps(_mm256_mul_ps(f, f), _mm256_fmadd_ps(p, f, set8(-0.5f)));
    return _mm256_fmadd_ps(n, set8(LN2_HIGH), _mm256_add_ps(f, tail));
}

/* n with 1/sqrt(2) <= 2^-n u < sqrt(2), for u > 0. */
SEQD_INLINE __m256i exponent8(__m256 u)
{
    __m256i bits = _mm256_sub_epi32(_mm256_castps_si256(u), _mm256_set1_epi32(0x3f3504f3));
    return _mm256_srai_epi32(bits, 23);
}

/* log(1 + z) for 0 <= z <= 1 or NaN. 1 + f = 2^-n + 2^-n z is formed from the exact z and rounded once. */
SEQD_INLINE __m256 log1p_unit8(__m256 z)
{
    const __m256 one = set8(1.0f);
    __m256i n = exponent8(_mm256_add_ps(one, z));
    __m256 s = power8(_mm256_sub_epi32(_mm256_setzero_si256(), n));
    return log_from8(_mm256_cvtepi32_ps(n), _mm256_fmadd_ps(s, z, _mm256_sub_ps(s, one)));
}

/*
 * log(1 + x) for every x. 2^-n comes in two halves because 2^-128 is not a normal number. Where 2^-n - 1 is not exact,
 * 2^-n is below half an ulp of the result.
 */
SEQD_INLINE __m256 log1p8(__m256 x)
{
    const __m256 one = set8(1.0f);
    __m256 u = _mm256_add_ps(one, x);
    __m256i n = exponent8(u);
    __m256i half = _mm256_srai_epi32(n, 1);
    __m256i zero = _mm256_setzero_si256();
    __m256 s1 = power8(_mm256_sub_epi32(zero, half));
    __m256 s2 = power8(_mm256_sub_epi32(half, n));
    __m256 f = _mm256_fmadd_ps(_mm256_mul_ps(x, s1), s2, _mm256_fmsub_ps(s1, s2, one));
    __m256 y = log_from8(_mm256_cvtepi32_ps(n), f);
    /* infinity and NaN are their own logarithm, -1 gives -infinity, below -1 there is none */
    const __m256 infinity = set8(__builtin_inff());
    y = _mm256_blendv_ps(y, x, _mm256_cmp_ps(x, infinity, _CMP_NLT_UQ));
    const __m256 none = _mm256_setzero_ps();
    y = _mm256_blendv_ps(y, set8(-__builtin_inff()), _mm256_cmp_ps(u, none, _CMP_EQ_OQ));
    return _mm256_blendv_ps(y, set8(__builtin_nanf("")), _mm256_cmp_ps(u, none, _CMP_LT_OQ));
}

/* max(x, 0) + log(1 + exp(-|x|)): nothing overflows. */
SEQD_INLINE __m256 softplus8(__m256 x)
{
    __m256 tail = log1p_unit8(exp_decay8(x));
    __m256 above = _mm256_and_ps(x, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_NLE_UQ));
    return _mm256_add_ps(above, tail);
}

/* The names under which kernels/wide knows these. */
#define vec_exp exp8
#define vec_exp_decay exp_decay8
#define vec_log1p log1p8
#define vec_log1p_unit log1p_unit8

#endif
