/* SPDX-License-Identifier: Apache-2.0 */
#include "avx2.h"
#include "vec_avx2.h"

SEQD_INLINE __m256 relu8(__m256 x)
{
    return _mm256_and_ps(x, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_NLE_UQ));
}

SEQD_INLINE __m256 where_positive8(__m256 y, __m256 dy)
{
    return _mm256_and_ps(dy, _mm256_cmp_ps(y, _mm256_setzero_ps(), _CMP_GT_OQ));
}

/* y = function(x, y) over an array. */
#define PAIR_FUNCTION(name, function8)                                                                        \
    void name(int64_t n, const float *x, float *y)                                                            \
    {                                                                                                         \
        int64_t i = 0;                                                                                        \
        for (; i + 8 <= n; i += 8) {                                                                          \
            _mm256_storeu_ps(y + i, function8(_mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i)));               \
        }                                                                                                     \
        if (i < n) {                                                                                          \
            __m256i mask = mask8(n - i);                                                                      \
            __m256 rest = function8(_mm256_maskload_ps(x + i, mask), _mm256_maskload_ps(y + i, mask));        \
            _mm256_maskstore_ps(y + i, mask, rest);                                                           \
        }                                                                                                     \
    }

PAIR_FUNCTION(seqd_avx2_relu_backward, where_positive8)
PAIR_FUNCTION(seqd_avx2_add, _mm256_add_ps)
PAIR_FUNCTION(seqd_avx2_multiply, _mm256_mul_ps)

void seqd_avx2_relu(int64_t n, const float *x, float *y)
{
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm256_storeu_ps(y + i, relu8(_mm256_loadu_ps(x + i)));
    }
    if (i < n) {
        __m256i mask = mask8(n - i);
        _mm256_maskstore_ps(y + i, mask, relu8(_mm256_maskload_ps(x + i, mask)));
    }
}

void seqd_avx2_scale(int64_t n, float factor, float *y)
{
    const __m256 f = _mm256_set1_ps(factor);
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm256_storeu_ps(y + i, _mm256_mul_ps(_mm256_loadu_ps(y + i), f));
    }
    if (i < n) {
        __m256i mask = mask8(n - i);
        _mm256_maskstore_ps(y + i, mask, _mm256_mul_ps(_mm256_maskload_ps(y + i, mask), f));
    }
}

/* Columns j .. j + 8 count: sums stay in registers while the rows go by, in their order. */
SEQD_INLINE void add_rows_columns(int64_t rows, const float *a, int64_t lda, float *y, const int count, int full,
                                  __m256i mask)
{
    __m256 sums[4];
    for (int v = 0; v < count; v++) {
        sums[v] = load8(y + 8 * v, full, mask);
    }
    for (int64_t row = 0; row < rows; row++) {
        for (int v = 0; v < count; v++) {
            sums[v] = _mm256_add_ps(sums[v], load8(a + row * lda + 8 * v, full, mask));
        }
    }
    for (int v = 0; v < count; v++) {
        store8(y + 8 * v, sums[v], full, mask);
    }
}

void seqd_avx2_add_rows(int64_t rows, int64_t n, const float *a, int64_t lda, float *y)
{
    int64_t j = 0;
    const __m256i rest = mask8(n & 7);
    for (; j + 32 <= n; j += 32) {
        add_rows_columns(rows, a + j, lda, y + j, 4, 1, rest);
    }
    for (; j + 8 <= n; j += 8) {
        add_rows_columns(rows, a + j, lda, y + j, 1, 1, rest);
    }
    if (j < n) {
        add_rows_columns(rows, a + j, lda, y + j, 1, 0, rest);
    }
}

SEQD_INLINE __m256d low4(__m256 x)
{
    return _mm256_cvtps_pd(_mm256_castps256_ps128(x));
}

SEQD_INLINE __m256d high4(__m256 x)
{
    return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
}

double seqd_avx2_sum(int64_t n, const float *x)
{
    __m256d sums[4] = {_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256 a = _mm256_loadu_ps(x + i);
        __m256 b = _mm256_loadu_ps(x + i + 8);
        sums[0] = _mm256_add_pd(sums[0], low4(a));
        sums[1] = _mm256_add_pd(sums[1], high4(a));
        sums[2] = _mm256_add_pd(sums[2], low4(b));
        sums[3] = _mm256_add_pd(sums[3], high4(b));
    }
    for (; i < n; i += 8) {
        __m256 a = _mm256_maskload_ps(x + i, mask8(n - i));
        sums[0] = _mm256_add_pd(sums[0], low4(a));
        sums[1] = _mm256_add_pd(sums[1], high4(a));
    }
    return sum4(_mm256_add_pd(_mm256_add_pd(sums[0], sums[1]), _mm256_add_pd(sums[2], sums[3])));
}

double seqd_avx2_dot(int64_t n, const float *x, const float *y)
{
    __m256d sums[4] = {_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256 a = _mm256_loadu_ps(x + i), b = _mm256_loadu_ps(x + i + 8);
        __m256 c = _mm256_loadu_ps(y + i), d = _mm256_loadu_ps(y + i + 8);
        sums[0] = _mm256_fmadd_pd(low4(a), low4(c), sums[0]);
        sums[1] = _mm256_fmadd_pd(high4(a), high4(c), sums[1]);
        sums[2] = _mm256_fmadd_pd(low4(b), low4(d), sums[2]);
        sums[3] = _mm256_fmadd_pd(high4(b), high4(d), sums[3]);
    }
    for (; i < n; i += 8) {
        __m256i mask = mask8(n - i);
        __m256 a = _mm256_maskload_ps(x + i, mask), c = _mm256_maskload_ps(y + i, mask);
        sums[0] = _mm256_fmadd_pd(low4(a), low4(c), sums[0]);
        sums[1] = _mm256_fmadd_pd(high4(a), high4(c), sums[1]);
    }
    return sum4(_mm256_add_pd(_mm256_add_pd(sums[0], sums[1]), _mm256_add_pd(sums[2], sums[3])));
}

void seqd_avx2_prefetch(int64_t n, const float *x)
{
    for (int64_t i = 0; i < n; i += 16) {
        __builtin_prefetch(x + i, 1, 2);
    }
}

double seqd_avx2_sum_squares(int64_t n, const float *x)
{
    return seqd_avx2_dot(n, x, x);
}

/* A float is infinite or NaN when all bits of its exponent are set. */
SEQD_INLINE __m256i not_finite8(__m256i bits)
{
    const __m256i exponent = _mm256_set1_epi32(0x7f800000);
    return _mm256_cmpeq_epi32(_mm256_and_si256(bits, exponent), exponent);
}

bool seqd_avx2_all_finite(int64_t n, const float *x)
{
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m256i bad = not_finite8(_mm256_castps_si256(_mm256_loadu_ps(x + i)));
        for (int v = 1; v < 4; v++) {
            bad = _mm256_or_si256(bad, not_finite8(_mm256_castps_si256(_mm256_loadu_ps(x + i + 8 * v))));
        }
        if (!_mm256_testz_si256(bad, bad)) {
            return false;
        }
    }
    for (; i < n; i += 8) {
        __m256i bad = not_finite8(_mm256_castps_si256(_mm256_maskload_ps(x + i, mask8(n - i))));
        if (!_mm256_testz_si256(bad, bad)) {
            return false;
        }
    }
    return true;
}
