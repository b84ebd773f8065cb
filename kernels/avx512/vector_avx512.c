/* SPDX-License-Identifier: Apache-2.0 */
#include "avx512.h"
#include "vec_avx512.h"

SEQD_INLINE __m512 relu16(__m512 x)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NLE_UQ), x);
}

SEQD_INLINE __m512 where_positive16(__m512 y, __m512 dy)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(y, _mm512_setzero_ps(), _CMP_GT_OQ), dy);
}

/* y = function(x, y) over an array. */
#define PAIR_FUNCTION(name, function16)                                                                               \
    void name(int64_t n, const float *x, float *y)                                                                    \
    {                                                                                                                 \
        int64_t i = 0;                                                                                                \
        for (; i + 16 <= n; i += 16) {                                                                                \
            _mm512_storeu_ps(y + i, function16(_mm512_loadu_ps(x + i), _mm512_loadu_ps(y + i)));                      \
        }                                                                                                             \
        if (i < n) {                                                                                                  \
            __mmask16 mask = mask16(n - i);                                                                           \
            __m512 rest = function16(_mm512_maskz_loadu_ps(mask, x + i), _mm512_maskz_loadu_ps(mask, y + i));         \
            _mm512_mask_storeu_ps(y + i, mask, rest);                                                                 \
        }                                                                                                             \
    }

PAIR_FUNCTION(seqd_avx512_relu_backward, where_positive16)
PAIR_FUNCTION(seqd_avx512_add, _mm512_add_ps)
PAIR_FUNCTION(seqd_avx512_multiply, _mm512_mul_ps)

void seqd_avx512_relu(int64_t n, const float *x, float *y)
{
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm512_storeu_ps(y + i, relu16(_mm512_loadu_ps(x + i)));
    }
    if (i < n) {
        __mmask16 mask = mask16(n - i);
        _mm512_mask_storeu_ps(y + i, mask, relu16(_mm512_maskz_loadu_ps(mask, x + i)));
    }
}

void seqd_avx512_scale(int64_t n, float factor, float *y)
{
    const __m512 f = _mm512_set1_ps(factor);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm512_storeu_ps(y + i, _mm512_mul_ps(_mm512_loadu_ps(y + i), f));
    }
    if (i < n) {
        __mmask16 mask = mask16(n - i);
        _mm512_mask_storeu_ps(y + i, mask, _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, y + i), f));
    }
}

/* Columns j .. j + 16 count: sums stay in registers while the rows go by, in their order. */
SEQD_INLINE void add_rows_columns(int64_t rows, const float *a, int64_t lda, float *y, const int count, int full,
                                  __mmask16 mask)
{
    __m512 sums[4];
    for (int v = 0; v < count; v++) {
        sums[v] = load16(y + 16 * v, full, mask);
    }
    for (int64_t row = 0; row < rows; row++) {
        for (int v = 0; v < count; v++) {
            sums[v] = _mm512_add_ps(sums[v], load16(a + row * lda + 16 * v, full, mask));
        }
    }
    for (int v = 0; v < count; v++) {
        store16(y + 16 * v, sums[v], full, mask);
    }
}

void seqd_avx512_add_rows(int64_t rows, int64_t n, const float *a, int64_t lda, float *y)
{
    int64_t j = 0;
    const __mmask16 rest = mask16(n & 15);
    for (; j + 64 <= n; j += 64) {
        add_rows_columns(rows, a + j, lda, y + j, 4, 1, rest);
    }
    for (; j + 16 <= n; j += 16) {
        add_rows_columns(rows, a + j, lda, y + j, 1, 1, rest);
    }
    if (j < n) {
        add_rows_columns(rows, a + j, lda, y + j, 1, 0, rest);
    }
}

SEQD_INLINE __m512d low8(__m512 x)
{
    return _mm512_cvtps_pd(_mm512_castps512_ps256(x));
}

SEQD_INLINE __m512d high8(__m512 x)
{
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
}

/* The first `count` floats. */
SEQD_INLINE __m512d some8(const float *x, int64_t count)
{
    return _mm512_cvtps_pd(_mm256_maskz_loadu_ps((__mmask8)mask16(count < 8 ? count : 8), x));
}

SEQD_INLINE __m256d fold8(__m512d x)
{
    return _mm256_add_pd(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1));
}

/* Sum of 16 doubles in the order of the avx2 level. */
SEQD_INLINE double sum_all(__m512d low, __m512d high)
{
    __m256d four = _mm256_add_pd(fold8(low), fold8(high));
    __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
}

double seqd_avx512_sum(int64_t n, const float *x)
{
    __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512 a = _mm512_loadu_ps(x + i);
        low = _mm512_add_pd(low, low8(a));
        high = _mm512_add_pd(high, high8(a));
    }
    for (; i < n; i += 8) {
        low = _mm512_add_pd(low, some8(x + i, n - i));
    }
    return sum_all(low, high);
}

double seqd_avx512_dot(int64_t n, const float *x, const float *y)
{
    __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512 a = _mm512_loadu_ps(x + i), b = _mm512_loadu_ps(y + i);
        low = _mm512_fmadd_pd(low8(a), low8(b), low);
        high = _mm512_fmadd_pd(high8(a), high8(b), high);
    }
    for (; i < n; i += 8) {
        low = _mm512_fmadd_pd(some8(x + i, n - i), some8(y + i, n - i), low);
    }
    return sum_all(low, high);
}

double seqd_avx512_sum_squares(int64_t n, const float *x)
{
    return seqd_avx512_dot(n, x, x);
}

SEQD_INLINE unsigned not_finite16(__m512 x)
{
    return _mm512_fpclass_ps_mask(x, 0x99); /* quiet NaN, infinity, -infinity, signalling NaN */
}

bool seqd_avx512_all_finite(int64_t n, const float *x)
{
    int64_t i = 0;
    for (; i + 64 <= n; i += 64) {
        unsigned bad = 0;
        for (int v = 0; v < 4; v++) {
            bad |= not_finite16(_mm512_loadu_ps(x + i + 16 * v));
        }
        if (bad != 0) {
            return false;
        }
    }
    for (; i < n; i += 16) {
        if (not_finite16(_mm512_maskz_loadu_ps(mask16(n - i), x + i)) != 0) {
            return false;
        }
    }
    return true;
}
