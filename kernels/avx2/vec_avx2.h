/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_VEC_AVX2_H
#define SEQD_KERNELS_VEC_AVX2_H

#if !defined(__AVX2__) || !defined(__FMA__)
#error "files of kernels/avx2 need -mavx2 -mfma"
#endif

#include <immintrin.h>
#include <stdint.h>

/* Only static functions in here: one that is not could be picked by the linker for code that must run anywhere. */
#define SEQD_INLINE static inline __attribute__((always_inline))

#include "avx2/eight_avx2.h"

/* The first `count` of 8 lanes; count may be below 0 (none) or above 8 (all). */
SEQD_INLINE __m256i mask8(int64_t count)
{
    int limit = count < 0 ? 0 : count > 8 ? 8 : (int)count;
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(limit), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* `full` is a constant where these are inlined: the loop over whole vectors carries no mask. */
SEQD_INLINE __m256 load8(const float *p, int full, __m256i mask)
{
    return full ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, mask);
}

SEQD_INLINE void store8(float *p, __m256 x, int full, __m256i mask)
{
    if (full) {
        _mm256_storeu_ps(p, x);
    } else {
        _mm256_maskstore_ps(p, mask, x);
    }
}

/* Sum of 4 doubles, pairwise. */
SEQD_INLINE double sum4(__m256d x)
{
    __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
}

/* x 2^n, where the low bits of `shifted` hold n, as long as x and the result are normal numbers. */
SEQD_INLINE __m256 scale2_8(__m256 x, __m256 shifted)
{
    __m256i n = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), n));
}

/* value where x >= threshold as unsigned numbers, 0 elsewhere */
SEQD_INLINE __m256 from_threshold8(__m256i x, __m256i threshold, __m256 value)
{
    return _mm256_and_ps(value, _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(x, threshold), x)));
}

SEQD_INLINE __m256 greater8(__m256 a, __m256 b)
{
    return _mm256_cmp_ps(a, b, _CMP_GT_OQ);
}

SEQD_INLINE __m256 at_least8(__m256 a, __m256 b)
{
    return _mm256_cmp_ps(a, b, _CMP_GE_OQ);
}

SEQD_INLINE __m256 select8(__m256 condition, __m256 yes, __m256 no)
{
    return _mm256_blendv_ps(no, yes, condition);
}

SEQD_INLINE __m256 magnitude8(__m256 x)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

SEQD_INLINE float max8(__m256 x)
{
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

/* The names under which kernels/wide knows this width. */
typedef __m256 vec;
typedef __m256i vec_mask;
#define VEC_WIDTH 8
#define VEC_NONE mask8(0)
#define vec_first mask8
#define vec_load load8
#define vec_store store8
#define vec_all _mm256_set1_ps
#define vec_add _mm256_add_ps
#define vec_sub _mm256_sub_ps
#define vec_mul _mm256_mul_ps
#define vec_div _mm256_div_ps
#define vec_sqrt _mm256_sqrt_ps
#define vec_scale2 scale2_8
#define vec_fma _mm256_fmadd_ps
#define vec_fnma _mm256_fnmadd_ps
#define vec_min _mm256_min_ps
#define vec_max _mm256_max_ps
/* a > b, a >= b: false for NaN */
typedef __m256 vec_condition;
#define vec_greater greater8
#define vec_at_least at_least8
#define vec_select select8
#define vec_abs magnitude8
#define vec_within _mm256_castsi256_ps /* the lanes of a mask */
#define vec_highest max8
/*
 * Sums in an order that no width changes: LANES = 16 partial sums in LANES / VEC_WIDTH vectors, folded to 8, and those
 * added up by sum8 or sums8.
 */
#define vec_fold(part) _mm256_add_ps((part)[0], (part)[1])
/* Whole numbers of 32 bits */
typedef __m256i vec_int;
#define VEC_COUNTING _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)
#define vec_int_all _mm256_set1_epi32
#define vec_int_add _mm256_add_epi32
#define vec_int_mul _mm256_mullo_epi32
#define vec_int_xor _mm256_xor_si256
#define vec_int_right _mm256_srli_epi32
#define vec_from_threshold from_threshold8
#define WIDE(name) seqd_avx2_##name

/* The same for numbers of 64 bits, with the operators of C for + - * /. */
SEQD_INLINE __m256d select_double4(__m256d condition, __m256d yes, __m256d no)
{
    return _mm256_blendv_pd(no, yes, condition);
}

SEQD_INLINE __m256d greater_double4(__m256d a, __m256d b)
{
    return _mm256_cmp_pd(a, b, _CMP_GT_OQ);
}

SEQD_INLINE __m256d equal_double4(__m256d a, __m256d b)
{
    return _mm256_cmp_pd(a, b, _CMP_EQ_OQ);
}

typedef __m256d dvec;
typedef __m256i dvec_int;
typedef __m256d dvec_condition;
#define DVEC_WIDTH 4
#define dvec_all _mm256_set1_pd
#define dvec_load _mm256_loadu_pd
#define dvec_store _mm256_storeu_pd
#define dvec_of_floats(p) _mm256_cvtps_pd(_mm_loadu_ps(p))
#define dvec_to_floats(p, x) _mm_storeu_ps(p, _mm256_cvtpd_ps(x))
#define dvec_fma _mm256_fmadd_pd
#define dvec_min _mm256_min_pd
#define dvec_max _mm256_max_pd
#define dvec_floor _mm256_floor_pd
#define dvec_gather(p, index) _mm256_i64gather_pd(p, index, 8)
#define dvec_magnitude(x) _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
#define dvec_greater greater_double4
#define dvec_equal equal_double4
#define dvec_select select_double4
#define dvec_both _mm256_and_pd /* conditions */
#define dvec_first_not_second(a, b) _mm256_andnot_pd(b, a)
#define dvec_any(condition) (_mm256_movemask_pd(condition) != 0)
#define dvec_bits _mm256_castpd_si256
#define dvec_of_bits _mm256_castsi256_pd
#define dvec_int_all _mm256_set1_epi64x
#define dvec_int_add _mm256_add_epi64
#define dvec_int_sub _mm256_sub_epi64
#define dvec_int_and _mm256_and_si256
#define dvec_int_or _mm256_or_si256
#define dvec_int_left _mm256_slli_epi64
#define dvec_int_right _mm256_srli_epi64

#endif
