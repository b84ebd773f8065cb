/* SPDX-License-Identifier: Apache-2.0 */
#include "wide/gate_math.h"

/*
 * For every vector level: the file that includes this has included the level's header first, which gives `vec`, its
 * operations and WIDE(name), the level's name of a kernel.
 */

/*
 * The work on a vector of units stands in one function, called for the whole vectors of a row and once for its rest.
 * Forward goes over a row several times, with one of the long functions each time: in a single pass their chains wait
 * for one another and fill the processor's queues (measured with AVX2: 20 % slower).
 */

SEQD_INLINE void lstm_state_v(int64_t h, const float *gate, const float *c_prev, float *c, float *tanh_c,
                              float *hidden, int full, vec_mask mask)
{
    vec cell = vec_mul(vec_load(gate, full, mask), vec_load(gate + 2 * h, full, mask));
    if (c_prev != NULL) {
        cell = vec_fma(vec_load(gate + h, full, mask), vec_load(c_prev, full, mask), cell);
    }
    vec_store(c, cell, full, mask);
    vec t = gate_tanh(cell);
    vec_store(tanh_c, t, full, mask);
    vec_store(hidden, vec_mul(vec_load(gate + 3 * h, full, mask), t), full, mask);
}

/*
 * Where no backward pass follows, nobody asks for the gates: the quotients that c and hidden are made of come with one
 * division each, three instead of five.
 */
SEQD_INLINE void lstm_cell_v(int64_t h, const float *gate, const float *c_prev, float *c, int full, vec_mask mask)
{
    vec e = gate_above(vec_load(gate + 2 * h, full, mask));
    vec below = vec_mul(gate_below(vec_load(gate, full, mask)), vec_add(e, vec_all(2.0f)));
    vec cell = vec_div(e, below);
    if (c_prev != NULL) {
        cell = vec_add(vec_div(vec_load(c_prev, full, mask), gate_below(vec_load(gate + h, full, mask))), cell);
    }
    vec_store(c, cell, full, mask);
}

SEQD_INLINE void lstm_hidden_v(const float *out_gate, const float *c, float *hidden, int full, vec_mask mask)
{
    vec e = gate_above(vec_load(c, full, mask));
    vec below = vec_mul(gate_below(vec_load(out_gate, full, mask)), vec_add(e, vec_all(2.0f)));
    vec_store(hidden, vec_div(e, below), full, mask);
}

SEQD_INLINE void lstm_predict(int64_t rows, int64_t h, const float *gates, const float *c_prev, float *c,
                              float *hidden, int64_t ldh)
{
    const int64_t whole = h - h % VEC_WIDTH;
    const vec_mask mask = vec_first(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = gates + row * 4 * h;
        const float *before = c_prev != NULL ? c_prev + row * h : NULL;
        for (int64_t u = 0; u < whole; u += VEC_WIDTH) {
            lstm_cell_v(h, gate + u, before != NULL ? before + u : NULL, c + row * h + u, 1, mask);
        }
        if (whole < h) {
            lstm_cell_v(h, gate + whole, before != NULL ? before + whole : NULL, c + row * h + whole, 0, mask);
        }
    }
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = gates + row * 4 * h + 3 * h;
        for (int64_t u = 0; u < whole; u += VEC_WIDTH) {
            lstm_hidden_v(gate + u, c + row * h + u, hidden + row * ldh + u, 1, mask);
        }
        if (whole < h) {
            lstm_hidden_v(gate + whole, c + row * h + whole, hidden + row * ldh + whole, 0, mask);
        }
    }
}

void WIDE(lstm_forward)(int64_t rows, int64_t h, float *gates, const float *c_prev, float *c, float *tanh_c,
                        float *hidden, int64_t ldh)
{
    const int64_t whole = h - h % VEC_WIDTH;
    const vec_mask mask = vec_first(h - whole);
    if (tanh_c == NULL) {
        lstm_predict(rows, h, gates, c_prev, c, hidden, ldh);
        return;
    }
    for (int64_t row = 0; row < rows; row++) {
        sigmoid_row(2 * h, gates + row * 4 * h);
    }
    for (int64_t row = 0; row < rows; row++) {
        tanh_row(h, gates + row * 4 * h + 2 * h);
    }
    for (int64_t row = 0; row < rows; row++) {
        sigmoid_row(h, gates + row * 4 * h + 3 * h);
    }
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = gates + row * 4 * h;
        const float *before = c_prev != NULL ? c_prev + row * h : NULL;
        float *after = c + row * h, *t = tanh_c + row * h, *out = hidden + row * ldh;
        for (int64_t u = 0; u < whole; u += VEC_WIDTH) {
            lstm_state_v(h, gate + u, before != NULL ? before + u : NULL, after + u, t + u, out + u, 1, mask);
        }
        if (whole < h) {
            lstm_state_v(h, gate + whole, before != NULL ? before + whole : NULL, after + whole, t + whole,
                         out + whole, 0, mask);
        }
    }
}

SEQD_INLINE void lstm_backward_v(int64_t h, const float *gate, const float *c_prev, const float *tanh_c,
                                 const float *dh, float *dc, float *dgate, int full, vec_mask mask)
{
    vec i = vec_load(gate, full, mask);
    vec f = vec_load(gate + h, full, mask);
    vec g = vec_load(gate + 2 * h, full, mask);
    vec o = vec_load(gate + 3 * h, full, mask);
    vec t = vec_load(tanh_c, full, mask);
    vec d = vec_load(dh, full, mask);
    vec before = c_prev != NULL ? vec_load(c_prev, full, mask) : vec_all(0.0f);
    vec cell = vec_add(vec_load(dc, full, mask), through_tanh(vec_mul(d, o), t));
    vec_store(dgate, through_sigmoid(vec_mul(cell, g), i), full, mask);
    vec_store(dgate + h, through_sigmoid(vec_mul(cell, before), f), full, mask);
    vec_store(dgate + 2 * h, through_tanh(vec_mul(cell, i), g), full, mask);
    vec_store(dgate + 3 * h, through_sigmoid(vec_mul(d, t), o), full, mask);
    vec_store(dc, vec_mul(cell, f), full, mask);
}

void WIDE(lstm_backward)(int64_t rows, int64_t h, const float *gates, const float *c_prev, const float *tanh_c,
                         const float *dh, int64_t ldh, float *dc, float *dgates)
{
    const int64_t whole = h - h % VEC_WIDTH;
    const vec_mask mask = vec_first(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = gates + row * 4 * h;
        const float *before = c_prev != NULL ? c_prev + row * h : NULL;
        const float *t = tanh_c + row * h;
        const float *d = dh + row * ldh;
        float *cell = dc + row * h;
        float *out = dgates + row * 4 * h;
        for (int64_t u = 0; u < whole; u += VEC_WIDTH) {
            lstm_backward_v(h, gate + u, before != NULL ? before + u : NULL, t + u, d + u, cell + u, out + u, 1, mask);
        }
        if (whole < h) {
            lstm_backward_v(h, gate + whole, before != NULL ? before + whole : NULL, t + whole, d + whole, cell + whole,
                            out + whole, 0, mask);
        }
    }
}

SEQD_INLINE void gru_state_v(int64_t h, float *x, const float *y, const float *h_prev, float *hidden, int full,
                             vec_mask mask)
{
    vec r = vec_load(x, full, mask);
    vec z = vec_load(x + h, full, mask);
    vec n = gate_tanh(vec_fma(r, vec_load(y + 2 * h, full, mask), vec_load(x + 2 * h, full, mask)));
    vec before = h_prev != NULL ? vec_load(h_prev, full, mask) : vec_all(0.0f);
    vec_store(x + 2 * h, n, full, mask);
    vec kept = vec_mul(z, before);
    vec_store(hidden, vec_fma(vec_sub(vec_all(1.0f), z), n, kept), full, mask);
}

void WIDE(gru_forward)(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                       float *hidden, int64_t ldh)
{
    const int64_t whole = h - h % VEC_WIDTH;
    const vec_mask mask = vec_first(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        float *x = xg + row * 3 * h;
        const float *y = hg + row * 3 * h;
        const float *before = h_prev != NULL ? h_prev + row * ldp : NULL;
        float *out = hidden + row * ldh;
        sigmoid_sum_row(2 * h, x, y);
        for (int64_t u = 0; u < whole; u += VEC_WIDTH) {
            gru_state_v(h, x + u, y + u, before != NULL ? before + u : NULL, out + u, 1, mask);
        }
        if (whole < h) {
            gru_state_v(h, x + whole, y + whole, before != NULL ? before + whole : NULL, out + whole, 0, mask);
        }
    }
}

SEQD_INLINE void gru_backward_v(int64_t h, const float *gate, const float *y, const float *h_prev, const float *dh,
                                float *dx, float *dy, float *dh_prev, int full, vec_mask mask)
{
    const vec one = vec_all(1.0f);
    vec r = vec_load(gate, full, mask);
    vec z = vec_load(gate + h, full, mask);
    vec n = vec_load(gate + 2 * h, full, mask);
    vec q = vec_load(y + 2 * h, full, mask);
    vec d = vec_load(dh, full, mask);
    vec before = h_prev != NULL ? vec_load(h_prev, full, mask) : vec_all(0.0f);
    vec dn = through_tanh(vec_mul(d, vec_sub(one, z)), n);
    vec dz = through_sigmoid(vec_mul(d, vec_sub(before, n)), z);
    vec dr = through_sigmoid(vec_mul(dn, q), r);
    vec_store(dx, dr, full, mask);
    vec_store(dy, dr, full, mask);
    vec_store(dx + h, dz, full, mask);
    vec_store(dy + h, dz, full, mask);
    vec_store(dx + 2 * h, dn, full, mask);
    vec_store(dy + 2 * h, vec_mul(dn, r), full, mask);
    vec_store(dh_prev, vec_mul(d, z), full, mask);
}

void WIDE(gru_backward)(int64_t rows, int64_t h, const float *rzn, const float *hg, const float *h_prev,
                        int64_t ldp, const float *dh, int64_t ldh, float *dxg, float *dhg, float *dh_prev)
{
    const int64_t whole = h - h % VEC_WIDTH;
    const vec_mask mask = vec_first(h - whole);
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = rzn + row * 3 * h;
        const float *y = hg + row * 3 * h;
        const float *before = h_prev != NULL ? h_prev + row * ldp : NULL;
        const float *d = dh + row * ldh;
        float *dx = dxg + row * 3 * h;
        float *dy = dhg + row * 3 * h;
        float *back = dh_prev + row * h;
        for (int64_t u = 0; u < whole; u += VEC_WIDTH) {
            gru_backward_v(h, gate + u, y + u, before != NULL ? before + u : NULL, d + u, dx + u, dy + u, back + u, 1,
                           mask);
        }
        if (whole < h) {
            gru_backward_v(h, gate + whole, y + whole, before != NULL ? before + whole : NULL, d + whole, dx + whole,
                           dy + whole, back + whole, 0, mask);
        }
    }
}
