/* SPDX-License-Identifier: Apache-2.0 */
#include "rnn.h"

#include <string.h>

void seqd_rnn_place_packed(const seqd_kernels *k, const seqd_rnn_shape *shape, seqd_arena *arena,
                           seqd_rnn_packed *packed)
{
    const int64_t gates = seqd_rnn_gates(shape);
    packed->input = seqd_arena_take(arena, k->gemm_packed_size(shape->inputs, gates), sizeof(float));
    packed->statics = seqd_arena_take(arena, k->gemm_packed_size(shape->statics, gates), sizeof(float));
    packed->recurrent = seqd_arena_take(arena, k->gemm_packed_size(shape->hidden, gates), sizeof(float));
    packed->input_back = seqd_arena_take(arena, k->gemm_packed_size(gates, shape->inputs), sizeof(float));
    packed->statics_back = seqd_arena_take(arena, k->gemm_packed_size(gates, shape->statics), sizeof(float));
    packed->recurrent_back = seqd_arena_take(arena, k->gemm_packed_size(gates, shape->hidden), sizeof(float));
    packed->bias = seqd_arena_take(arena, (size_t)gates, sizeof(float));
}

void seqd_rnn_place_state(const seqd_rnn_shape *shape, int32_t steps, int32_t rows, seqd_arena *arena,
                          seqd_rnn_state *state)
{
    const size_t cells = (size_t)steps * (size_t)rows;
    const size_t gates = (size_t)seqd_rnn_gates(shape), hidden = (size_t)shape->hidden;
    const size_t lstm = shape->cell == SEQD_CELL_LSTM ? cells * hidden : 0;
    state->gates = seqd_arena_take(arena, cells * gates, sizeof(float));
    state->recurrent = seqd_arena_take(arena, shape->cell == SEQD_CELL_GRU ? cells * gates : 0, sizeof(float));
    state->cell = seqd_arena_take(arena, lstm, sizeof(float));
    state->tanh_cell = seqd_arena_take(arena, lstm, sizeof(float));
    state->hidden = seqd_arena_take(arena, cells * hidden, sizeof(float));
    state->row_bias = seqd_arena_take(arena, (size_t)rows * gates, sizeof(float));
    state->carry = seqd_arena_take(arena, (size_t)rows * hidden, sizeof(float));
}

void seqd_rnn_pack(const seqd_kernels *k, const seqd_rnn_shape *shape, const seqd_rnn_params *params, int backward,
                   seqd_rnn_packed *packed)
{
    const int64_t gates = seqd_rnn_gates(shape), ld = shape->inputs + shape->statics;
    k->gemm_pack(shape->inputs, gates, params->weight_ih, ld, 1, packed->input);
    k->gemm_pack(shape->statics, gates, params->weight_ih + shape->inputs, ld, 1, packed->statics);
    k->gemm_pack(shape->hidden, gates, params->weight_hh, shape->hidden, 1, packed->recurrent);
    memcpy(packed->bias, params->bias_ih, (size_t)gates * sizeof(float));
    if (shape->cell == SEQD_CELL_LSTM) k->add(gates, params->bias_hh, packed->bias);
    packed->bias_hh = params->bias_hh;
    if (!backward) return;
    k->gemm_pack(gates, shape->inputs, params->weight_ih, ld, 0, packed->input_back);
    k->gemm_pack(gates, shape->statics, params->weight_ih + shape->inputs, ld, 0, packed->statics_back);
    k->gemm_pack(gates, shape->hidden, params->weight_hh, shape->hidden, 0, packed->recurrent_back);
}

size_t seqd_rnn_scratch(const seqd_kernels *k, const seqd_rnn_shape *shape, int32_t steps, int32_t rows)
{
    const int64_t gates = seqd_rnn_gates(shape), cells = (int64_t)steps * rows;
    const size_t a = k->gemm_tn_scratch(gates, shape->inputs, cells);
    const size_t b = k->gemm_tn_scratch(gates, shape->hidden, cells);
    const size_t c = k->gemm_tn_scratch(gates, shape->statics, rows);
    const size_t most = a > b ? a : b;
    return most > c ? most : c;
}

void seqd_rnn_forward(const seqd_kernels *k, const seqd_rnn_shape *shape, const seqd_rnn_packed *packed, int32_t steps,
                      int32_t rows, const float *x, const float *s, seqd_rnn_state *state)
{
    const int64_t gates = seqd_rnn_gates(shape), hidden = shape->hidden;
    const int64_t gate_step = rows * gates, step = rows * hidden;

    k->gemm((int64_t)steps * rows, gates, shape->inputs, x, shape->inputs, packed->input, state->gates, gates, 0,
            packed->bias);
    if (shape->statics > 0) {
        k->gemm(rows, gates, shape->statics, s, shape->statics, packed->statics, state->row_bias, gates, 0, NULL);
        for (int32_t t = 0; t < steps; t++) k->add(gate_step, state->row_bias, state->gates + t * gate_step);
    }
    for (int32_t t = 0; t < steps; t++) {
        float *now = state->gates + t * gate_step;
        float *h = state->hidden + t * step;
        const float *h_prev = t > 0 ? h - step : NULL;
        if (shape->cell == SEQD_CELL_LSTM) {
            float *c = state->cell + t * step;
            if (t > 0) k->gemm(rows, gates, hidden, h_prev, hidden, packed->recurrent, now, gates, 1, NULL);
            k->lstm_forward(rows, hidden, now, t > 0 ? c - step : NULL, c, state->tanh_cell + t * step, h, hidden);
        } else {
            float *u = state->recurrent + t * gate_step;
            if (t > 0)
                k->gemm(rows, gates, hidden, h_prev, hidden, packed->recurrent, u, gates, 0, packed->bias_hh);
            else
                for (int32_t r = 0; r < rows; r++)
                    memcpy(u + r * gates, packed->bias_hh, (size_t)gates * sizeof(float));
            k->gru_forward(rows, hidden, now, u, h_prev, hidden, h, hidden);
        }
    }
}

/* The time loop: gates (and GRU's recurrent) become the gradients of their pre-activations. */
static void backward_steps(const seqd_kernels *k, const seqd_rnn_shape *shape, const seqd_rnn_packed *packed,
                           int32_t steps, int32_t rows, seqd_rnn_state *state, float *dh)
{
    const int64_t gates = seqd_rnn_gates(shape), hidden = shape->hidden;
    const int64_t gate_step = rows * gates, step = rows * hidden;

    memset(state->carry, 0, (size_t)step * sizeof(float));
    for (int32_t t = steps - 1; t >= 0; t--) {
        float *now = state->gates + t * gate_step;
        float *dh_now = dh + t * step, *dh_prev = dh_now - step;
        if (shape->cell == SEQD_CELL_LSTM) {
            const float *c = state->cell + t * step;
            k->lstm_backward(rows, hidden, now, t > 0 ? c - step : NULL, state->tanh_cell + t * step, dh_now, hidden,
                             state->carry, now);
            if (t > 0) k->gemm(rows, hidden, gates, now, gates, packed->recurrent_back, dh_prev, hidden, 1, NULL);
        } else {
            float *u = state->recurrent + t * gate_step;
            const float *h_prev = t > 0 ? state->hidden + (t - 1) * step : NULL;
            k->gru_backward(rows, hidden, now, u, h_prev, hidden, dh_now, hidden, now, u, state->carry);
            if (t > 0) {
                k->add(step, state->carry, dh_prev);
                k->gemm(rows, hidden, gates, u, gates, packed->recurrent_back, dh_prev, hidden, 1, NULL);
            }
        }
    }
}

void seqd_rnn_backward(const seqd_kernels *k, const seqd_rnn_shape *shape, const seqd_rnn_packed *packed, int32_t steps,
                       int32_t rows, const float *x, const float *s, seqd_rnn_state *state, float *dh,
                       const seqd_rnn_params *grad, float *dx, float *ds, float *scratch)
{
    const int64_t gates = seqd_rnn_gates(shape), hidden = shape->hidden, ld = shape->inputs + shape->statics;
    const int64_t cells = (int64_t)steps * rows, gate_step = rows * gates;
    const float *recurrent = shape->cell == SEQD_CELL_LSTM ? state->gates : state->recurrent;

    backward_steps(k, shape, packed, steps, rows, state, dh);

    k->gemm_tn(gates, shape->inputs, cells, state->gates, gates, x, shape->inputs, grad->weight_ih, ld, scratch);
    k->gemm_tn(gates, hidden, cells - rows, recurrent + gate_step, gates, state->hidden, hidden, grad->weight_hh,
               hidden, scratch);
    k->add_rows(cells, gates, state->gates, gates, grad->bias_ih);
    k->add_rows(cells, gates, recurrent, gates, grad->bias_hh);
    if (shape->statics > 0) {
        memset(state->row_bias, 0, (size_t)gate_step * sizeof(float));
        for (int32_t t = 0; t < steps; t++) k->add(gate_step, state->gates + t * gate_step, state->row_bias);
        k->gemm_tn(gates, shape->statics, rows, state->row_bias, gates, s, shape->statics,
                   grad->weight_ih + shape->inputs, ld, scratch);
        k->gemm(rows, shape->statics, gates, state->row_bias, gates, packed->statics_back, ds, shape->statics, 1,
                NULL);
    }
    if (dx)
        k->gemm(cells, shape->inputs, gates, state->gates, gates, packed->input_back, dx, shape->inputs, 0, NULL);
}
