/* SPDX-License-Identifier: Apache-2.0 */
#include "avx512.h"
#include "math_avx512.h"

/*
 * The formulas of kernels/avx2/gates_avx2.c. The work on sixteen units stands in one function, called for the
 * whole vectors of a row and once for its rest; forward goes over a row once for each of the long functions.
 */

SEQD_INLINE void sigmoid_row(int64_t n, float *x)
{
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm512_storeu_ps(x + i, sigmoid16(_mm512_loadu_ps(x + i)));
    }
    if (i < n) {
        const __mmask16 mask = mask16(n - i);
        _mm512_mask_storeu_ps(x + i, mask, sigmoid16(_mm512_maskz_loadu_ps(mask, x + i)));
    }
}

SEQD_INLINE void tanh_row(int64_t n, float *x)
{
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm512_storeu_ps(x + i, tanh16(_mm512_loadu_ps(x + i)));
    }
    if (i < n) {
        const __mmask16 mask = mask16(n - i);
        _mm512_mask_storeu_ps(x + i, mask, tanh16(_mm512_maskz_loadu_ps(mask, x + i)));
    }
}

SEQD_INLINE void lstm_state16(int64_t h, const float *gate, const float *c_prev, float *c, float *tanh_c, float *hidden,
                             int full, __mmask16 mask)
{
    __m512 cell = _mm512_mul_ps(load16(gate, full, mask), load16(gate + 2 * h, full, mask));
    if (c_prev != NULL) {
        cell = _mm512_fmadd_ps(load16(gate + h, full, mask), load16(c_prev, full, mask), cell);
    }
    store16(c, cell, full, mask);
    __m512 t = tanh16(cell);
    if (tanh_c != NULL) {
        store16(tanh_c, t, full, mask);
    }
    store16(hidden, _mm512_mul_ps(load16(gate + 3 * h, full, mask), t), full, mask);
}

void seqd_avx512_lstm_forward(int64_t rows, int64_t h, float *gates, const float *c_prev, float *c, float *tanh_c,
                              float *hidden, int64_t ldh)
{
    const int64_t whole = h & ~(int64_t)15;
    const __mmask16 mask = mask16(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        float *gate = gates + row * 4 * h;
        const float *before = c_prev != NULL ? c_prev + row * h : NULL;
        float *after = c + row * h;
        float *t = tanh_c != NULL ? tanh_c + row * h : NULL;
        float *out = hidden + row * ldh;
        sigmoid_row(2 * h, gate);
        tanh_row(h, gate + 2 * h);
        sigmoid_row(h, gate + 3 * h);
        for (int64_t u = 0; u < whole; u += 16) {
            lstm_state16(h, gate + u, before != NULL ? before + u : NULL, after + u, t != NULL ? t + u : NULL, out + u,
                        1, mask);
        }
        if (whole < h) {
            lstm_state16(h, gate + whole, before != NULL ? before + whole : NULL, after + whole,
                        t != NULL ? t + whole : NULL, out + whole, 0, mask);
        }
    }
}

/* x (1 - y^2) and x y (1 - y): what tanh and sigmoid of value y make of a gradient x. */
SEQD_INLINE __m512 through_tanh(__m512 x, __m512 y)
{
    return _mm512_mul_ps(x, _mm512_fnmadd_ps(y, y, set16(1.0f)));
}

SEQD_INLINE __m512 through_sigmoid(__m512 x, __m512 y)
{
    return _mm512_mul_ps(x, _mm512_mul_ps(y, _mm512_sub_ps(set16(1.0f), y)));
}

SEQD_INLINE void lstm_backward16(int64_t h, const float *gate, const float *c_prev, const float *tanh_c,
                                 const float *dh, float *dc, float *dgate, int full, __mmask16 mask)
{
    __m512 i = load16(gate, full, mask);
    __m512 f = load16(gate + h, full, mask);
    __m512 g = load16(gate + 2 * h, full, mask);
    __m512 o = load16(gate + 3 * h, full, mask);
    __m512 t = load16(tanh_c, full, mask);
    __m512 d = load16(dh, full, mask);
    __m512 before = c_prev != NULL ? load16(c_prev, full, mask) : _mm512_setzero_ps();
    __m512 cell = _mm512_add_ps(load16(dc, full, mask), through_tanh(_mm512_mul_ps(d, o), t));
    store16(dgate, through_sigmoid(_mm512_mul_ps(cell, g), i), full, mask);
    store16(dgate + h, through_sigmoid(_mm512_mul_ps(cell, before), f), full, mask);
    store16(dgate + 2 * h, through_tanh(_mm512_mul_ps(cell, i), g), full, mask);
    store16(dgate + 3 * h, through_sigmoid(_mm512_mul_ps(d, t), o), full, mask);
    store16(dc, _mm512_mul_ps(cell, f), full, mask);
}

void seqd_avx512_lstm_backward(int64_t rows, int64_t h, const float *gates, const float *c_prev, const float *tanh_c,
                               const float *dh, int64_t ldh, float *dc, float *dgates)
{
    const int64_t whole = h & ~(int64_t)15;
    const __mmask16 mask = mask16(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = gates + row * 4 * h;
        const float *before = c_prev != NULL ? c_prev + row * h : NULL;
        const float *t = tanh_c + row * h;
        const float *d = dh + row * ldh;
        float *cell = dc + row * h;
        float *out = dgates + row * 4 * h;
        for (int64_t u = 0; u < whole; u += 16) {
            lstm_backward16(h, gate + u, before != NULL ? before + u : NULL, t + u, d + u, cell + u, out + u, 1, mask);
        }
        if (whole < h) {
            lstm_backward16(h, gate + whole, before != NULL ? before + whole : NULL, t + whole, d + whole, cell + whole,
                           out + whole, 0, mask);
        }
    }
}

/* x = sigmoid(x + y) */
SEQD_INLINE void sigmoid_sum_row(int64_t n, float *x, const float *y)
{
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm512_storeu_ps(x + i, sigmoid16(_mm512_add_ps(_mm512_loadu_ps(x + i), _mm512_loadu_ps(y + i))));
    }
    if (i < n) {
        const __mmask16 mask = mask16(n - i);
        __m512 sum = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, x + i), _mm512_maskz_loadu_ps(mask, y + i));
        _mm512_mask_storeu_ps(x + i, mask, sigmoid16(sum));
    }
}

SEQD_INLINE void gru_state16(int64_t h, float *x, const float *y, const float *h_prev, float *hidden, int full,
                            __mmask16 mask)
{
    __m512 r = load16(x, full, mask);
    __m512 z = load16(x + h, full, mask);
    __m512 n = tanh16(_mm512_fmadd_ps(r, load16(y + 2 * h, full, mask), load16(x + 2 * h, full, mask)));
    __m512 before = h_prev != NULL ? load16(h_prev, full, mask) : _mm512_setzero_ps();
    store16(x + 2 * h, n, full, mask);
    __m512 kept = _mm512_mul_ps(z, before);
    store16(hidden, _mm512_fmadd_ps(_mm512_sub_ps(set16(1.0f), z), n, kept), full, mask);
}

void seqd_avx512_gru_forward(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                             float *hidden, int64_t ldh)
{
    const int64_t whole = h & ~(int64_t)15;
    const __mmask16 mask = mask16(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        float *x = xg + row * 3 * h;
        const float *y = hg + row * 3 * h;
        const float *before = h_prev != NULL ? h_prev + row * ldp : NULL;
        float *out = hidden + row * ldh;
        sigmoid_sum_row(2 * h, x, y);
        for (int64_t u = 0; u < whole; u += 16) {
            gru_state16(h, x + u, y + u, before != NULL ? before + u : NULL, out + u, 1, mask);
        }
        if (whole < h) {
            gru_state16(h, x + whole, y + whole, before != NULL ? before + whole : NULL, out + whole, 0, mask);
        }
    }
}

SEQD_INLINE void gru_backward16(int64_t h, const float *gate, const float *y, const float *h_prev, const float *dh,
                               float *dx, float *dy, float *dh_prev, int full, __mmask16 mask)
{
    const __m512 one = set16(1.0f);
    __m512 r = load16(gate, full, mask);
    __m512 z = load16(gate + h, full, mask);
    __m512 n = load16(gate + 2 * h, full, mask);
    __m512 q = load16(y + 2 * h, full, mask);
    __m512 d = load16(dh, full, mask);
    __m512 before = h_prev != NULL ? load16(h_prev, full, mask) : _mm512_setzero_ps();
    __m512 dn = through_tanh(_mm512_mul_ps(d, _mm512_sub_ps(one, z)), n);
    __m512 dz = through_sigmoid(_mm512_mul_ps(d, _mm512_sub_ps(before, n)), z);
    __m512 dr = through_sigmoid(_mm512_mul_ps(dn, q), r);
    store16(dx, dr, full, mask);
    store16(dy, dr, full, mask);
    store16(dx + h, dz, full, mask);
    store16(dy + h, dz, full, mask);
    store16(dx + 2 * h, dn, full, mask);
    store16(dy + 2 * h, _mm512_mul_ps(dn, r), full, mask);
    store16(dh_prev, _mm512_mul_ps(d, z), full, mask);
}

void seqd_avx512_gru_backward(int64_t rows, int64_t h, const float *rzn, const float *hg, const float *h_prev,
                              int64_t ldp, const float *dh, int64_t ldh, float *dxg, float *dhg, float *dh_prev)
{
    const int64_t whole = h & ~(int64_t)15;
    const __mmask16 mask = mask16(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = rzn + row * 3 * h;
        const float *y = hg + row * 3 * h;
        const float *before = h_prev != NULL ? h_prev + row * ldp : NULL;
        const float *d = dh + row * ldh;
        float *dx = dxg + row * 3 * h;
        float *dy = dhg + row * 3 * h;
        float *back = dh_prev + row * h;
        for (int64_t u = 0; u < whole; u += 16) {
            gru_backward16(h, gate + u, y + u, before != NULL ? before + u : NULL, d + u, dx + u, dy + u, back + u, 1,
                          mask);
        }
        if (whole < h) {
            gru_backward16(h, gate + whole, y + whole, before != NULL ? before + whole : NULL, d + whole, dx + whole,
                          dy + whole, back + whole, 0, mask);
        }
    }
}
