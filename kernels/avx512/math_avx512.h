/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_MATH_AVX512_H
#define SEQD_KERNELS_MATH_AVX512_H

#include "vec_avx512.h"

/*
 * Sixteen exponentials, logarithms and what is made of them: the formulas of kernels/avx2/math_avx2.h, operation by
 * operation, so that both levels give the same bits. Where AVX-512 has one instruction for several, it rounds where
 * they do: scalef stands for a product with 2^n in two halves, of which only the last can round.
 *
 * min and max take the constant first: they return their second operand when either is NaN, so NaN passes.
 */
#define LN2_HIGH 0x1.62e430p-1f /* ln(2) = high + low */
#define LN2_LOW (-0x1.05c610p-29f)

SEQD_INLINE __m512 set16(float x)
{
    return _mm512_set1_ps(x);
}

/* Adding this rounds to an integer, which the low bits of the sum then hold. */
#define ROUNDING 12582912.0f

/*
 * x = n ln(2) + r. Returns exp(r) - 1; *shifted is n + ROUNDING. |x| <= 110 or NaN. For small n the low part of ln(2)
 * is of no account: `exact` 0 leaves it out.
 */
SEQD_INLINE __m512 expm1_reduced16(__m512 x, const int exact, __m512 *shifted)
{
    *shifted = _mm512_fmadd_ps(x, set16(1.44269502f), set16(ROUNDING));
    __m512 n = _mm512_sub_ps(*shifted, set16(ROUNDING));
    __m512 r = _mm512_fnmadd_ps(n, set16(LN2_HIGH), x);
    if (exact) {
        r = _mm512_fnmadd_ps(n, set16(LN2_LOW), r);
    }
    __m512 square = _mm512_mul_ps(r, r);
    __m512 high = _mm512_fmadd_ps(set16(0x1.6e6306p-10f), r, set16(0x1.12361ap-7f));
    __m512 low = _mm512_fmadd_ps(set16(0x1.555442p-5f), r, set16(0x1.55549ep-3f));
    __m512 q = _mm512_fmadd_ps(_mm512_fmadd_ps(high, square, low), r, set16(0.5f));
    return _mm512_fmadd_ps(square, q, r);
}

/* 2^n for -127 <= n <= 127, where 2^-127 is made 0. */
SEQD_INLINE __m512 power16(__m512i n)
{
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_slli_epi32(n, 23), _mm512_set1_epi32(127 << 23)));
}

/* exp(x) for -104 <= x <= 89 */
SEQD_INLINE __m512 exp_clamped16(__m512 x)
{
    __m512 shifted;
    __m512 p = _mm512_add_ps(expm1_reduced16(x, 1, &shifted), set16(1.0f));
    return _mm512_scalef_ps(p, _mm512_sub_ps(shifted, set16(ROUNDING)));
}

/* Beyond the bounds the result is 0 and infinity. */
SEQD_INLINE __m512 exp16(__m512 x)
{
    return exp_clamped16(_mm512_min_ps(set16(89.0f), _mm512_max_ps(set16(-104.0f), x)));
}

/* exp(-|x|) */
SEQD_INLINE __m512 exp_decay16(__m512 x)
{
    return exp_clamped16(_mm512_max_ps(set16(-104.0f), _mm512_or_ps(set16(-0.0f), x)));
}

/* With z = exp(-|x|): z / (1 + z) below 0 and 1 / (1 + z) above, so that small results keep their digits. */
SEQD_INLINE __m512 sigmoid16(__m512 x)
{
    const __m512 one = set16(1.0f);
    const __mmask16 negative = _mm512_movepi32_mask(_mm512_castps_si512(x));
    __m512 z = exp_decay16(x);
    return _mm512_div_ps(_mm512_mask_mov_ps(one, negative, z), _mm512_add_ps(one, z));
}

/* e / (e + 2) with e = exp(2|x|) - 1: no cancellation near 0. From 9.02 on the result rounds to 1. */
SEQD_INLINE __m512 tanh16(__m512 x)
{
    const __m512 sign = set16(-0.0f);
    __m512 y = _mm512_min_ps(set16(9.02f), _mm512_andnot_ps(sign, x));
    __m512 shifted;
    __m512 p = expm1_reduced16(_mm512_add_ps(y, y), 0, &shifted);
    __m512 s = power16(_mm512_castps_si512(shifted));
    __m512 e = _mm512_fmadd_ps(s, p, _mm512_sub_ps(s, set16(1.0f)));
    __m512 t = _mm512_div_ps(e, _mm512_add_ps(e, set16(2.0f)));
    return _mm512_or_ps(t, _mm512_and_ps(sign, x));
}

/* log(1 + x) given 1 + x = 2^n (1 + f). What ln(2) has beyond a float is 3e-9 of n ln(2) and left out. */
SEQD_INLINE __m512 log_from16(__m512 n, __m512 f)
{
    __m512 p = _mm512_fmadd_ps(set16(-0x1.3af6b6p-4f), f, set16(0x1.05c912p-3f));
    p = _mm512_fmadd_ps(p, f, set16(-0x1.0d7a78p-3f));
    p = _mm512_fmadd_ps(p, f, set16(0x1.22d61ep-3f));
    p = _mm512_fmadd_ps(p, f, set16(-0x1.54722cp-3f));
    p = _mm512_fmadd_ps(p, f, set16(0x1.99a034p-3f));
    p = _mm512_fmadd_ps(p, f, set16(-0x1.000228p-2f));
    p = _mm512_fmadd_ps(p, f, set16(0x1.555554p-2f));
    __m512 tail = _mm512_mul_ps(_mm512_mul_ps(f, f), _mm512_fmadd_ps(p, f, set16(-0.5f)));
    return _mm512_fmadd_ps(n, set16(LN2_HIGH), _mm512_add_ps(f, tail));
}

/* n with 1/sqrt(2) <= 2^-n u < sqrt(2), for u > 0. */
SEQD_INLINE __m512i exponent16(__m512 u)
{
    __m512i bits = _mm512_sub_epi32(_mm512_castps_si512(u), _mm512_set1_epi32(0x3f3504f3));
    return _mm512_srai_epi32(bits, 23);
}

/* log(1 + z) for 0 <= z <= 1 or NaN. 1 + f = 2^-n + 2^-n z is formed from the exact z and rounded once. */
SEQD_INLINE __m512 log1p_unit16(__m512 z)
{
    const __m512 one = set16(1.0f);
    __m512i n = exponent16(_mm512_add_ps(one, z));
    __m512 s = power16(_mm512_sub_epi32(_mm512_setzero_si512(), n));
    return log_from16(_mm512_cvtepi32_ps(n), _mm512_fmadd_ps(s, z, _mm512_sub_ps(s, one)));
}

/*
 * log(1 + x) for every x. 2^-n comes in two halves because 2^-128 is not a normal number. Where 2^-n - 1 is not exact,
 * 2^-n is below half an ulp of the result.
 */
SEQD_INLINE __m512 log1p16(__m512 x)
{
    const __m512 one = set16(1.0f);
    __m512 u = _mm512_add_ps(one, x);
    __m512i n = exponent16(u);
    __m512i half = _mm512_srai_epi32(n, 1);
    __m512i zero = _mm512_setzero_si512();
    __m512 s1 = power16(_mm512_sub_epi32(zero, half));
    __m512 s2 = power16(_mm512_sub_epi32(half, n));
    __m512 f = _mm512_fmadd_ps(_mm512_mul_ps(x, s1), s2, _mm512_fmsub_ps(s1, s2, one));
    __m512 y = log_from16(_mm512_cvtepi32_ps(n), f);
    /* infinity and NaN are their own logarithm, -1 gives -infinity, below -1 there is none */
    const __m512 infinity = set16(__builtin_inff());
    y = _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(x, infinity, _CMP_NLT_UQ), x);
    const __m512 none = _mm512_setzero_ps();
    y = _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(u, none, _CMP_EQ_OQ), set16(-__builtin_inff()));
    return _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(u, none, _CMP_LT_OQ), set16(__builtin_nanf("")));
}

/* max(x, 0) + log(1 + exp(-|x|)): nothing overflows. */
SEQD_INLINE __m512 softplus16(__m512 x)
{
    __m512 tail = log1p_unit16(exp_decay16(x));
    __m512 above = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NLE_UQ), x);
    return _mm512_add_ps(above, tail);
}

/* The names under which kernels/wide knows these. */
#define vec_exp exp16
#define vec_exp_decay exp_decay16
#define vec_log1p log1p16
#define vec_log1p_unit log1p_unit16

#endif
