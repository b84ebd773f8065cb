/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_VEC_AVX512_H
#define SEQD_KERNELS_VEC_AVX512_H

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) || !defined(__AVX512VL__) || \
    !defined(__AVX2__) || !defined(__FMA__)
#error "files of kernels/avx512 need -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma"
#endif

#include <immintrin.h>
#include <stdint.h>

/* Only static functions in here: one that is not could be picked by the linker for code that must run anywhere. */
#define SEQD_INLINE static inline __attribute__((always_inline))

#include "avx2/eight_avx2.h"

/* The first `count` of 16 lanes; count may be below 0 (none) or above 16 (all). */
SEQD_INLINE __mmask16 mask16(int64_t count)
{
    unsigned limit = count < 0 ? 0 : count > 16 ? 16 : (unsigned)count;
    return (__mmask16)((1u << limit) - 1u);
}

/* `full` is a constant where these are inlined: the loop over whole vectors carries no mask. */
SEQD_INLINE __m512 load16(const float *p, int full, __mmask16 mask)
{
    return full ? _mm512_loadu_ps(p) : _mm512_maskz_loadu_ps(mask, p);
}

SEQD_INLINE void store16(float *p, __m512 x, int full, __mmask16 mask)
{
    if (full) {
        _mm512_storeu_ps(p, x);
    } else {
        _mm512_mask_storeu_ps(p, mask, x);
    }
}

/* x 2^n, where the low bits of `shifted` hold n, as long as x and the result are normal numbers. */
SEQD_INLINE __m512 scale2_16(__m512 x, __m512 shifted)
{
    __m512i n = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(x), n));
}

/* value where x >= threshold as unsigned numbers, 0 elsewhere */
SEQD_INLINE __m512 from_threshold16(__m512i x, __m512i threshold, __m512 value)
{
    return _mm512_maskz_mov_ps(_mm512_cmpge_epu32_mask(x, threshold), value);
}

SEQD_INLINE __mmask16 greater16(__m512 a, __m512 b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}

SEQD_INLINE __mmask16 at_least16(__m512 a, __m512 b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
}

SEQD_INLINE __m512 select16(__mmask16 condition, __m512 yes, __m512 no)
{
    return _mm512_mask_mov_ps(no, condition, yes);
}

SEQD_INLINE __m256 fold16(__m512 x)
{
    return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
}

/* The names under which kernels/wide knows this width. */
typedef __m512 vec;
typedef __mmask16 vec_mask;
#define VEC_WIDTH 16
#define VEC_NONE mask16(0)
#define vec_first mask16
#define vec_load load16
#define vec_store store16
#define vec_all _mm512_set1_ps
#define vec_add _mm512_add_ps
#define vec_sub _mm512_sub_ps
#define vec_mul _mm512_mul_ps
#define vec_div _mm512_div_ps
#define vec_sqrt _mm512_sqrt_ps
#define vec_scale2 scale2_16
#define vec_fma _mm512_fmadd_ps
#define vec_fnma _mm512_fnmadd_ps
#define vec_min _mm512_min_ps
#define vec_max _mm512_max_ps
/* a > b, a >= b: false for NaN */
typedef __mmask16 vec_condition;
#define vec_greater greater16
#define vec_at_least at_least16
#define vec_select select16
#define vec_abs _mm512_abs_ps
#define vec_within(mask) (mask) /* the lanes of a mask */
#define vec_highest _mm512_reduce_max_ps
/*
 * Sums in an order that no width changes: LANES = 16 partial sums in LANES / VEC_WIDTH vectors, folded to 8, and those
 * added up by sum8 or sums8.
 */
#define vec_fold(part) fold16((part)[0])
/* Whole numbers of 32 bits */
typedef __m512i vec_int;
#define VEC_COUNTING _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define vec_int_all _mm512_set1_epi32
#define vec_int_add _mm512_add_epi32
#define vec_int_mul _mm512_mullo_epi32
#define vec_int_xor _mm512_xor_si512
#define vec_int_right _mm512_srli_epi32
#define vec_from_threshold from_threshold16
#define WIDE(name) seqd_avx512_##name

/* The same for numbers of 64 bits, with the operators of C for + - * /. */
SEQD_INLINE __m512d select_double8(__mmask8 condition, __m512d yes, __m512d no)
{
    return _mm512_mask_mov_pd(no, condition, yes);
}

SEQD_INLINE __mmask8 greater_double8(__m512d a, __m512d b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ);
}

SEQD_INLINE __mmask8 equal_double8(__m512d a, __m512d b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ);
}

typedef __m512d dvec;
typedef __m512i dvec_int;
typedef __mmask8 dvec_condition;
#define DVEC_WIDTH 8
#define dvec_all _mm512_set1_pd
#define dvec_load _mm512_loadu_pd
#define dvec_store _mm512_storeu_pd
#define dvec_of_floats(p) _mm512_cvtps_pd(_mm256_loadu_ps(p))
#define dvec_to_floats(p, x) _mm256_storeu_ps(p, _mm512_cvtpd_ps(x))
#define dvec_fma _mm512_fmadd_pd
#define dvec_min _mm512_min_pd
#define dvec_max _mm512_max_pd
#define dvec_floor _mm512_floor_pd
#define dvec_gather(p, index) _mm512_i64gather_pd(index, p, 8)
#define dvec_magnitude(x) _mm512_abs_pd(x)
#define dvec_greater greater_double8
#define dvec_equal equal_double8
#define dvec_select select_double8
#define dvec_both(a, b) ((__mmask8)((a) & (b))) /* conditions */
#define dvec_first_not_second(a, b) ((__mmask8)((a) & ~(b)))
#define dvec_any(condition) ((condition) != 0)
#define dvec_bits _mm512_castpd_si512
#define dvec_of_bits _mm512_castsi512_pd
#define dvec_int_all _mm512_set1_epi64
#define dvec_int_add _mm512_add_epi64
#define dvec_int_sub _mm512_sub_epi64
#define dvec_int_and _mm512_and_si512
#define dvec_int_or _mm512_or_si512
#define dvec_int_left _mm512_slli_epi64
#define dvec_int_right _mm512_srli_epi64

#endif
