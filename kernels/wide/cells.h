/* SPDX-License-Identifier: Apache-2.0 */
#include "wide/gate_math.h"

/*
 * For every vector level: the file that includes this has included the level's header first, which gives `vec`, its
 * operations and WIDE(name), the level's name of a kernel.
 */

SEQD_INLINE vec relu_of(vec x)
{
    return vec_select(vec_at_least(vec_all(0.0f), x), vec_all(0.0f), x);
}

SEQD_INLINE void rnn_row(int64_t h, const int relu, const float *x, float *y)
{
    int64_t u = 0;
    for (; u + VEC_WIDTH <= h; u += VEC_WIDTH) {
        const vec gate = vec_load(x + u, 1, VEC_NONE);
        vec_store(y + u, relu ? relu_of(gate) : gate_tanh(gate), 1, VEC_NONE);
    }
    if (u < h) {
        const vec_mask mask = vec_first(h - u);
        const vec gate = vec_load(x + u, 0, mask);
        vec_store(y + u, relu ? relu_of(gate) : gate_tanh(gate), 0, mask);
    }
}

void WIDE(rnn_forward)(int64_t rows, int64_t h, int relu, const float *gates, float *hidden, int64_t ldh)
{
    if (ldh == h) { /* one long row: its rest comes once */
        h *= rows;
        rows = h > 0;
        ldh = h;
    }
    for (int64_t row = 0; row < rows; row++) {
        if (relu) {
            rnn_row(h, 1, gates + row * h, hidden + row * ldh);
        } else {
            rnn_row(h, 0, gates + row * h, hidden + row * ldh);
        }
    }
}

SEQD_INLINE void rnn_back_v(const int relu, const float *y, const float *d, float *out, int full, vec_mask mask)
{
    const vec hidden = vec_load(y, full, mask), outer = vec_load(d, full, mask);
    const vec zero = vec_all(0.0f);
    const vec inner = relu ? vec_select(vec_greater(hidden, zero), outer, zero) : through_tanh(outer, hidden);
    vec_store(out, inner, full, mask);
}

SEQD_INLINE void rnn_back_row(int64_t h, const int relu, const float *y, const float *d, float *out)
{
    int64_t u = 0;
    for (; u + VEC_WIDTH <= h; u += VEC_WIDTH) {
        rnn_back_v(relu, y + u, d + u, out + u, 1, VEC_NONE);
    }
    if (u < h) {
        rnn_back_v(relu, y + u, d + u, out + u, 0, vec_first(h - u));
    }
}

void WIDE(rnn_backward)(int64_t rows, int64_t h, int relu, const float *hidden, int64_t ldh, const float *dh,
                        int64_t ldd, float *dgates)
{
    for (int64_t row = 0; row < rows; row++) {
        if (relu) {
            rnn_back_row(h, 1, hidden + row * ldh, dh + row * ldd, dgates + row * h);
        } else {
            rnn_back_row(h, 0, hidden + row * ldh, dh + row * ldd, dgates + row * h);
        }
    }
}

SEQD_INLINE void reset_v(const float *r, const float *before, float *reset, int full, vec_mask mask)
{
    const vec kept = before != NULL ? vec_mul(vec_load(r, full, mask), vec_load(before, full, mask)) : vec_all(0.0f);
    vec_store(reset, kept, full, mask);
}

void WIDE(gru_before_gates)(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                            float *reset)
{
    for (int64_t row = 0; row < rows; row++) {
        float *x = xg + row * 3 * h, *to = reset + row * h;
        const float *before = h_prev != NULL ? h_prev + row * ldp : NULL;
        if (hg != NULL) {
            sigmoid_sum_row(2 * h, x, hg + row * 2 * h);
        } else {
            sigmoid_row(2 * h, x);
        }
        int64_t u = 0;
        for (; u + VEC_WIDTH <= h; u += VEC_WIDTH) {
            reset_v(x + u, before != NULL ? before + u : NULL, to + u, 1, VEC_NONE);
        }
        if (u < h) {
            reset_v(x + u, before != NULL ? before + u : NULL, to + u, 0, vec_first(h - u));
        }
    }
}

SEQD_INLINE void new_v(int64_t h, float *x, const float *un, const float *before, float *hidden, int full,
                       vec_mask mask)
{
    vec n = vec_load(x + 2 * h, full, mask);
    n = gate_tanh(un != NULL ? vec_add(n, vec_load(un, full, mask)) : n);
    vec_store(x + 2 * h, n, full, mask);
    const vec z = vec_load(x + h, full, mask);
    const vec kept = before != NULL ? vec_mul(z, vec_load(before, full, mask)) : vec_all(0.0f);
    vec_store(hidden, vec_fma(vec_sub(vec_all(1.0f), z), n, kept), full, mask);
}

void WIDE(gru_before_new)(int64_t rows, int64_t h, float *xg, const float *un, const float *h_prev, int64_t ldp,
                          float *hidden, int64_t ldh)
{
    for (int64_t row = 0; row < rows; row++) {
        float *x = xg + row * 3 * h, *out = hidden + row * ldh;
        const float *inner = un != NULL ? un + row * h : NULL, *before = h_prev != NULL ? h_prev + row * ldp : NULL;
        int64_t u = 0;
        for (; u + VEC_WIDTH <= h; u += VEC_WIDTH) {
            new_v(h, x + u, inner != NULL ? inner + u : NULL, before != NULL ? before + u : NULL, out + u, 1, VEC_NONE);
        }
        if (u < h) {
            new_v(h, x + u, inner != NULL ? inner + u : NULL, before != NULL ? before + u : NULL, out + u, 0,
                  vec_first(h - u));
        }
    }
}

SEQD_INLINE void new_back_v(int64_t h, const float *gate, const float *h_prev, const float *dh, float *dx,
                            float *dh_prev, int full, vec_mask mask)
{
    const vec z = vec_load(gate + h, full, mask), n = vec_load(gate + 2 * h, full, mask);
    const vec before = h_prev != NULL ? vec_load(h_prev, full, mask) : vec_all(0.0f);
    const vec d = vec_load(dh, full, mask);
    vec_store(dx + h, through_sigmoid(vec_mul(d, vec_sub(before, n)), z), full, mask);
    vec_store(dx + 2 * h, through_tanh(vec_mul(d, vec_sub(vec_all(1.0f), z)), n), full, mask);
    vec_store(dh_prev, vec_mul(d, z), full, mask);
}

void WIDE(gru_before_new_backward)(int64_t rows, int64_t h, const float *rzn, const float *h_prev, int64_t ldp,
                                   const float *dh, int64_t ldd, float *dxg, float *dh_prev)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = rzn + row * 3 * h, *before = h_prev != NULL ? h_prev + row * ldp : NULL;
        const float *d = dh + row * ldd;
        float *dx = dxg + row * 3 * h, *out = dh_prev + row * h;
        int64_t u = 0;
        for (; u + VEC_WIDTH <= h; u += VEC_WIDTH) {
            new_back_v(h, gate + u, before != NULL ? before + u : NULL, d + u, dx + u, out + u, 1, VEC_NONE);
        }
        if (u < h) {
            new_back_v(h, gate + u, before != NULL ? before + u : NULL, d + u, dx + u, out + u, 0, vec_first(h - u));
        }
    }
}

SEQD_INLINE void reset_back_v(const float *gate, const float *h_prev, const float *dreset, float *dx, float *dh_prev,
                              int full, vec_mask mask)
{
    const vec r = vec_load(gate, full, mask), d = vec_load(dreset, full, mask);
    const vec before = h_prev != NULL ? vec_load(h_prev, full, mask) : vec_all(0.0f);
    vec_store(dx, through_sigmoid(vec_mul(d, before), r), full, mask);
    vec_store(dh_prev, vec_fma(d, r, vec_load(dh_prev, full, mask)), full, mask);
}

void WIDE(gru_before_gates_backward)(int64_t rows, int64_t h, const float *rzn, const float *h_prev, int64_t ldp,
                                     const float *dreset, float *dxg, float *dh_prev)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = rzn + row * 3 * h, *before = h_prev != NULL ? h_prev + row * ldp : NULL;
        const float *d = dreset + row * h;
        float *dx = dxg + row * 3 * h, *out = dh_prev + row * h;
        int64_t u = 0;
        for (; u + VEC_WIDTH <= h; u += VEC_WIDTH) {
            reset_back_v(gate + u, before != NULL ? before + u : NULL, d + u, dx + u, out + u, 1, VEC_NONE);
        }
        if (u < h) {
            reset_back_v(gate + u, before != NULL ? before + u : NULL, d + u, dx + u, out + u, 0, vec_first(h - u));
        }
    }
}
