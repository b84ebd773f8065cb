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

void seqd_avx512_relu_backward(int64_t n, const float *y, float *dy)
{
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm512_storeu_ps(dy + i, where_positive16(_mm512_loadu_ps(y + i), _mm512_loadu_ps(dy + i)));
    }
    if (i < n) {
        __mmask16 mask = mask16(n - i);
        __m512 rest = where_positive16(_mm512_maskz_loadu_ps(mask, y + i), _mm512_maskz_loadu_ps(mask, dy + i));
        _mm512_mask_storeu_ps(dy + i, mask, rest);
    }
}

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
