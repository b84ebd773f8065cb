/* SPDX-License-Identifier: Apache-2.0 */
#include "avx2.h"
#include "math_avx2.h"

/*
 * The work on eight units stands in one function, called for the whole vectors of a row and once for its rest. Forward
 * goes over a row several times, with one of the long functions each time: in a single pass their chains wait for one
 * another and fill the processor's queues (measured: 20 % slower).
 */

SEQD_INLINE void sigmoid_row(int64_t n, float *x)
{
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm256_storeu_ps(x + i, sigmoid8(_mm256_loadu_ps(x + i)));
    }
    if (i < n) {
        const __m256i mask = mask8(n - i);
        _mm256_maskstore_ps(x + i, mask, sigmoid8(_mm256_maskload_ps(x + i, mask)));
    }
}

SEQD_INLINE void tanh_row(int64_t n, float *x)
{
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm256_storeu_ps(x + i, tanh8(_mm256_loadu_ps(x + i)));
    }
    if (i < n) {
        const __m256i mask = mask8(n - i);
        _mm256_maskstore_ps(x + i, mask, tanh8(_mm256_maskload_ps(x + i, mask)));
    }
}

SEQD_INLINE void lstm_state8(int64_t h, const float *gate, const float *c_prev, float *c, float *tanh_c, float *hidden,
                             int full, __m256i mask)
{
    __m256 cell = _mm256_mul_ps(load8(gate, full, mask), load8(gate + 2 * h, full, mask));
    if (c_prev != NULL) {
        cell = _mm256_fmadd_ps(load8(gate + h, full, mask), load8(c_prev, full, mask), cell);
    }
    store8(c, cell, full, mask);
    __m256 t = tanh8(cell);
    if (tanh_c != NULL) {
        store8(tanh_c, t, full, mask);
    }
    store8(hidden, _mm256_mul_ps(load8(gate + 3 * h, full, mask), t), full, mask);
}

void seqd_avx2_lstm_forward(int64_t rows, int64_t h, float *gates, const float *c_prev, float *c, float *tanh_c,
                            float *hidden, int64_t ldh)
{
    const int64_t whole = h & ~(int64_t)7;
    const __m256i mask = mask8(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        float *gate = gates + row * 4 * h;
        const float *before = c_prev != NULL ? c_prev + row * h : NULL;
        float *after = c + row * h;
        float *t = tanh_c != NULL ? tanh_c + row * h : NULL;
        float *out = hidden + row * ldh;
        sigmoid_row(2 * h, gate);
        tanh_row(h, gate + 2 * h);
        sigmoid_row(h, gate + 3 * h);
        for (int64_t u = 0; u < whole; u += 8) {
            lstm_state8(h, gate + u, before != NULL ? before + u : NULL, after + u, t != NULL ? t + u : NULL, out + u,
                        1, mask);
        }
        if (whole < h) {
            lstm_state8(h, gate + whole, before != NULL ? before + whole : NULL, after + whole,
                        t != NULL ? t + whole : NULL, out + whole, 0, mask);
        }
    }
}

/* x (1 - y^2) and x y (1 - y): what tanh and sigmoid of value y make of a gradient x. */
SEQD_INLINE __m256 through_tanh(__m256 x, __m256 y)
{
    return _mm256_mul_ps(x, _mm256_fnmadd_ps(y, y, set8(1.0f)));
}

SEQD_INLINE __m256 through_sigmoid(__m256 x, __m256 y)
{
    return _mm256_mul_ps(x, _mm256_mul_ps(y, _mm256_sub_ps(set8(1.0f), y)));
}

SEQD_INLINE void lstm_backward8(int64_t h, const float *gate, const float *c_prev, const float *tanh_c, const float *dh,
                                float *dc, float *dgate, int full, __m256i mask)
{
    __m256 i = load8(gate, full, mask);
    __m256 f = load8(gate + h, full, mask);
    __m256 g = load8(gate + 2 * h, full, mask);
    __m256 o = load8(gate + 3 * h, full, mask);
    __m256 t = load8(tanh_c, full, mask);
    __m256 d = load8(dh, full, mask);
    __m256 before = c_prev != NULL ? load8(c_prev, full, mask) : _mm256_setzero_ps();
    __m256 cell = _mm256_add_ps(load8(dc, full, mask), through_tanh(_mm256_mul_ps(d, o), t));
    store8(dgate, through_sigmoid(_mm256_mul_ps(cell, g), i), full, mask);
    store8(dgate + h, through_sigmoid(_mm256_mul_ps(cell, before), f), full, mask);
    store8(dgate + 2 * h, through_tanh(_mm256_mul_ps(cell, i), g), full, mask);
    store8(dgate + 3 * h, through_sigmoid(_mm256_mul_ps(d, t), o), full, mask);
    store8(dc, _mm256_mul_ps(cell, f), full, mask);
}

void seqd_avx2_lstm_backward(int64_t rows, int64_t h, const float *gates, const float *c_prev, const float *tanh_c,
                             const float *dh, int64_t ldh, float *dc, float *dgates)
{
    const int64_t whole = h & ~(int64_t)7;
    const __m256i mask = mask8(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = gates + row * 4 * h;
        const float *before = c_prev != NULL ? c_prev + row * h : NULL;
        const float *t = tanh_c + row * h;
        const float *d = dh + row * ldh;
        float *cell = dc + row * h;
        float *out = dgates + row * 4 * h;
        for (int64_t u = 0; u < whole; u += 8) {
            lstm_backward8(h, gate + u, before != NULL ? before + u : NULL, t + u, d + u, cell + u, out + u, 1, mask);
        }
        if (whole < h) {
            lstm_backward8(h, gate + whole, before != NULL ? before + whole : NULL, t + whole, d + whole, cell + whole,
                           out + whole, 0, mask);
        }
    }
}

/* x = sigmoid(x + y) */
SEQD_INLINE void sigmoid_sum_row(int64_t n, float *x, const float *y)
{
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm256_storeu_ps(x + i, sigmoid8(_mm256_add_ps(_mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i))));
    }
    if (i < n) {
        const __m256i mask = mask8(n - i);
        __m256 sum = _mm256_add_ps(_mm256_maskload_ps(x + i, mask), _mm256_maskload_ps(y + i, mask));
        _mm256_maskstore_ps(x + i, mask, sigmoid8(sum));
    }
}

SEQD_INLINE void gru_state8(int64_t h, float *x, const float *y, const float *h_prev, float *hidden, int full,
                            __m256i mask)
{
    __m256 r = load8(x, full, mask);
    __m256 z = load8(x + h, full, mask);
    __m256 n = tanh8(_mm256_fmadd_ps(r, load8(y + 2 * h, full, mask), load8(x + 2 * h, full, mask)));
    __m256 before = h_prev != NULL ? load8(h_prev, full, mask) : _mm256_setzero_ps();
    store8(x + 2 * h, n, full, mask);
    __m256 kept = _mm256_mul_ps(z, before);
    store8(hidden, _mm256_fmadd_ps(_mm256_sub_ps(set8(1.0f), z), n, kept), full, mask);
}

void seqd_avx2_gru_forward(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                           float *hidden, int64_t ldh)
{
    const int64_t whole = h & ~(int64_t)7;
    const __m256i mask = mask8(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        float *x = xg + row * 3 * h;
        const float *y = hg + row * 3 * h;
        const float *before = h_prev != NULL ? h_prev + row * ldp : NULL;
        float *out = hidden + row * ldh;
        sigmoid_sum_row(2 * h, x, y);
        for (int64_t u = 0; u < whole; u += 8) {
            gru_state8(h, x + u, y + u, before != NULL ? before + u : NULL, out + u, 1, mask);
        }
        if (whole < h) {
            gru_state8(h, x + whole, y + whole, before != NULL ? before + whole : NULL, out + whole, 0, mask);
        }
    }
}

SEQD_INLINE void gru_backward8(int64_t h, const float *gate, const float *y, const float *h_prev, const float *dh,
                               float *dx, float *dy, float *dh_prev, int full, __m256i mask)
{
    const __m256 one = set8(1.0f);
    __m256 r = load8(gate, full, mask);
    __m256 z = load8(gate + h, full, mask);
    __m256 n = load8(gate + 2 * h, full, mask);
    __m256 q = load8(y + 2 * h, full, mask);
    __m256 d = load8(dh, full, mask);
    __m256 before = h_prev != NULL ? load8(h_prev, full, mask) : _mm256_setzero_ps();
    __m256 dn = through_tanh(_mm256_mul_ps(d, _mm256_sub_ps(one, z)), n);
    __m256 dz = through_sigmoid(_mm256_mul_ps(d, _mm256_sub_ps(before, n)), z);
    __m256 dr = through_sigmoid(_mm256_mul_ps(dn, q), r);
    store8(dx, dr, full, mask);
    store8(dy, dr, full, mask);
    store8(dx + h, dz, full, mask);
    store8(dy + h, dz, full, mask);
    store8(dx + 2 * h, dn, full, mask);
    store8(dy + 2 * h, _mm256_mul_ps(dn, r), full, mask);
    store8(dh_prev, _mm256_mul_ps(d, z), full, mask);
}

void seqd_avx2_gru_backward(int64_t rows, int64_t h, const float *rzn, const float *hg, const float *h_prev,
                            int64_t ldp, const float *dh, int64_t ldh, float *dxg, float *dhg, float *dh_prev)
{
    const int64_t whole = h & ~(int64_t)7;
    const __m256i mask = mask8(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = rzn + row * 3 * h;
        const float *y = hg + row * 3 * h;
        const float *before = h_prev != NULL ? h_prev + row * ldp : NULL;
        const float *d = dh + row * ldh;
        float *dx = dxg + row * 3 * h;
        float *dy = dhg + row * 3 * h;
        float *back = dh_prev + row * h;
        for (int64_t u = 0; u < whole; u += 8) {
            gru_backward8(h, gate + u, y + u, before != NULL ? before + u : NULL, d + u, dx + u, dy + u, back + u, 1,
                          mask);
        }
        if (whole < h) {
            gru_backward8(h, gate + whole, y + whole, before != NULL ? before + whole : NULL, d + whole, dx + whole,
                          dy + whole, back + whole, 0, mask);
        }
    }
}
