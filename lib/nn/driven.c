/* SPDX-License-Identifier: Apache-2.0 */
#include "driven.h"

#include <string.h>

static bool lstm(const seqd_driven_shape *shape) { return shape->cell == SEQD_CELL_LSTM; }
static bool gru(const seqd_driven_shape *shape) { return shape->cell == SEQD_CELL_GRU; }
static bool before(const seqd_driven_shape *shape) { return shape->cell == SEQD_CELL_GRU_BEFORE; }

int64_t seqd_driven_gates(const seqd_driven_shape *shape)
{
    return seqd_cell_blocks(shape->cell) * (int64_t)shape->hidden;
}

/* Those that read the state itself. */
static int64_t direct_gates(const seqd_driven_shape *shape)
{
    return before(shape) ? 2 * (int64_t)shape->hidden : seqd_driven_gates(shape);
}

int32_t seqd_driven_parts(const seqd_driven_shape *shape) { return lstm(shape) ? 2 : 1; }

/* Above the first layer there is nothing but what comes with the step. */
static bool prepared(const seqd_driven_shape *shape) { return shape->known > 0 || shape->statics > 0; }

static float *take(seqd_arena *arena, bool wanted, size_t count)
{
    return seqd_arena_take(arena, wanted ? count : 0, sizeof(float));
}

void seqd_driven_place_packed(const seqd_kernels *k, const seqd_driven_shape *shape, bool train, seqd_arena *arena,
                              seqd_driven_packed *packed)
{
    const int64_t gates = seqd_driven_gates(shape), direct = direct_gates(shape), hidden = shape->hidden;
    packed->driven = take(arena, true, k->gemm_packed_size(shape->driven, gates));
    packed->known = take(arena, true, k->gemm_packed_size(shape->known, gates));
    packed->statics = take(arena, true, k->gemm_packed_size(shape->statics, gates));
    packed->recurrent = take(arena, true, k->gemm_packed_size(hidden, direct));
    packed->candidate = take(arena, before(shape), k->gemm_packed_size(hidden, hidden));
    packed->driven_back = take(arena, train, k->gemm_packed_size(gates, shape->driven - shape->detached));
    packed->statics_back = take(arena, train, k->gemm_packed_size(gates, shape->statics));
    packed->recurrent_back = take(arena, train, k->gemm_packed_size(direct, hidden));
    packed->candidate_back = take(arena, train && before(shape), k->gemm_packed_size(hidden, hidden));
    packed->bias = take(arena, true, (size_t)gates);
    packed->bias_hh = take(arena, gru(shape), (size_t)gates);
}

void seqd_driven_pack(const seqd_kernels *k, const seqd_driven_shape *shape, const seqd_rnn_params *params, bool train,
                      seqd_driven_packed *packed)
{
    const int64_t gates = seqd_driven_gates(shape), ld = (int64_t)shape->driven + shape->known + shape->statics;
    const int64_t direct = direct_gates(shape), hidden = shape->hidden;
    const float *known = params->weight_ih + shape->driven, *statics = known + shape->known;
    const float *candidate = params->weight_hh + direct * hidden;
    k->gemm_pack(shape->driven, gates, params->weight_ih, ld, 1, packed->driven);
    k->gemm_pack(shape->known, gates, known, ld, 1, packed->known);
    k->gemm_pack(shape->statics, gates, statics, ld, 1, packed->statics);
    k->gemm_pack(hidden, direct, params->weight_hh, hidden, 1, packed->recurrent);
    if (before(shape)) k->gemm_pack(hidden, hidden, candidate, hidden, 1, packed->candidate);
    memcpy(packed->bias, params->bias_ih, (size_t)gates * sizeof(float));
    if (gru(shape)) memcpy(packed->bias_hh, params->bias_hh, (size_t)gates * sizeof(float));
    else k->add(gates, params->bias_hh, packed->bias);
    if (!train) return;
    k->gemm_pack(gates, shape->driven - shape->detached, params->weight_ih + shape->detached, ld, 0,
                 packed->driven_back);
    k->gemm_pack(gates, shape->statics, statics, ld, 0, packed->statics_back);
    k->gemm_pack(direct, hidden, params->weight_hh, hidden, 0, packed->recurrent_back);
    if (before(shape)) k->gemm_pack(hidden, hidden, candidate, hidden, 0, packed->candidate_back);
}

static size_t scratch_floats(const seqd_kernels *k, const seqd_driven_shape *shape, int64_t rows, int64_t cells)
{
    const int64_t gates = seqd_driven_gates(shape);
    const size_t needs[] = {
        k->gemm_tn_scratch(gates, shape->driven, cells),  k->gemm_tn_scratch(gates, shape->known, cells),
        k->gemm_tn_scratch(gates, shape->statics, rows),  k->gemm_tn_scratch(direct_gates(shape), shape->hidden, cells),
        k->gemm_tn_scratch(shape->hidden, shape->hidden, cells),
    };
    size_t most = 0;
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (needs[i] > most) most = needs[i];
    return most;
}

void seqd_driven_place_work(const seqd_kernels *k, const seqd_driven_shape *shape, bool train, int32_t rows,
                            int32_t steps, seqd_arena *arena, seqd_driven_work *work)
{
    const size_t gates = (size_t)seqd_driven_gates(shape), hidden = (size_t)shape->hidden, r = (size_t)rows;
    const size_t cells = r * (size_t)steps, states = cells + r;
    work->train = train;
    work->gates = take(arena, true, cells * gates);
    work->recurrent = take(arena, gru(shape), (train ? cells : r) * gates);
    work->reset = take(arena, before(shape), (train ? cells : r) * hidden);
    work->tanh_cell = take(arena, lstm(shape) && train, cells * hidden);
    work->hidden = take(arena, true, states * hidden);
    work->cell = take(arena, lstm(shape), states * hidden);
    work->hidden_grad = take(arena, train, states * hidden);
    work->cell_grad = take(arena, train && lstm(shape), r * hidden);
    work->carry = take(arena, train, r * hidden);
    work->product = take(arena, train && before(shape), r * hidden);
    work->row = take(arena, true, r * gates);
    work->scratch = take(arena, train, train ? scratch_floats(k, shape, rows, (int64_t)cells) : 0);
}

void seqd_driven_begin(const seqd_kernels *k, const seqd_driven_shape *shape, const seqd_driven_packed *packed,
                       const float *known, const float *s, seqd_driven_work *work)
{
    const int64_t gates = seqd_driven_gates(shape), rows = work->rows, steps = work->steps;
    if (!prepared(shape)) return;
    k->gemm(steps * rows, gates, shape->known, known, shape->known, packed->known, work->gates, gates, 0, packed->bias);
    if (shape->statics == 0) return;
    k->gemm(rows, gates, shape->statics, s, shape->statics, packed->statics, work->row, gates, 0, NULL);
    for (int64_t t = 0; t < steps; t++) k->add(rows * gates, work->row, work->gates + t * rows * gates);
}

void seqd_driven_step(const seqd_kernels *k, const seqd_driven_shape *shape, const seqd_driven_packed *packed,
                      int32_t step, const float *x, seqd_driven_work *work)
{
    const int64_t gates = seqd_driven_gates(shape), hidden = shape->hidden, rows = work->rows, size = rows * hidden;
    const float *last = work->hidden + step * size;
    float *now = work->gates + step * rows * gates, *next = work->hidden + (step + 1) * size;
    if (shape->driven > 0 || !prepared(shape))
        k->gemm(rows, gates, shape->driven, x, shape->driven, packed->driven, now, gates, prepared(shape),
                prepared(shape) ? NULL : packed->bias);
    if (gru(shape)) {
        float *u = work->recurrent + (work->train ? step * rows * gates : 0);
        k->gemm(rows, gates, hidden, last, hidden, packed->recurrent, u, gates, 0, packed->bias_hh);
        k->gru_forward(rows, hidden, now, u, last, hidden, next, hidden);
        return;
    }
    k->gemm(rows, direct_gates(shape), hidden, last, hidden, packed->recurrent, now, gates, 1, NULL);
    if (before(shape)) {
        float *reset = work->reset + (work->train ? step * size : 0);
        k->gru_before_gates(rows, hidden, now, NULL, last, hidden, reset);
        k->gemm(rows, hidden, hidden, reset, hidden, packed->candidate, now + 2 * hidden, gates, 1, NULL);
        k->gru_before_new(rows, hidden, now, NULL, last, hidden, next, hidden);
    } else if (lstm(shape)) {
        const float *c = work->cell + step * size;
        k->lstm_forward(rows, hidden, now, c, work->cell + (step + 1) * size,
                        work->train ? work->tanh_cell + step * size : NULL, next, hidden);
    } else {
        k->rnn_forward(rows, hidden, shape->cell == SEQD_CELL_RELU, now, next, hidden);
    }
}

void seqd_driven_back_begin(const seqd_driven_shape *shape, seqd_driven_work *work)
{
    if (lstm(shape)) memset(work->cell_grad, 0, (size_t)work->rows * (size_t)shape->hidden * sizeof(float));
}

void seqd_driven_back(const seqd_kernels *k, const seqd_driven_shape *shape, const seqd_driven_packed *packed,
                      int32_t step, float *dx, int64_t ldx, seqd_driven_work *work)
{
    const int64_t gates = seqd_driven_gates(shape), hidden = shape->hidden, rows = work->rows, size = rows * hidden;
    float *now = work->gates + step * rows * gates, *dh_before = work->hidden_grad + step * size;
    const float *dh = dh_before + size, *last = work->hidden + step * size, *through = now;
    if (gru(shape)) {
        float *u = work->recurrent + step * rows * gates;
        k->gru_backward(rows, hidden, now, u, last, hidden, dh, hidden, now, u, work->carry);
        k->add(size, work->carry, dh_before);
        through = u;
    } else if (before(shape)) {
        k->gru_before_new_backward(rows, hidden, now, last, hidden, dh, hidden, now, work->carry);
        k->gemm(rows, hidden, hidden, now + 2 * hidden, gates, packed->candidate_back, work->product, hidden, 0, NULL);
        k->gru_before_gates_backward(rows, hidden, now, last, hidden, work->product, now, work->carry);
        k->add(size, work->carry, dh_before);
    } else if (!lstm(shape)) {
        k->rnn_backward(rows, hidden, shape->cell == SEQD_CELL_RELU, last + size, hidden, dh, hidden, now);
    } else {
        k->lstm_backward(rows, hidden, now, work->cell + step * size, work->tanh_cell + step * size, dh, hidden,
                         work->cell_grad, now);
    }
    k->gemm(rows, hidden, direct_gates(shape), through, gates, packed->recurrent_back, dh_before, hidden, 1, NULL);
    if (dx)
        k->gemm(rows, shape->driven - shape->detached, gates, now, gates, packed->driven_back, dx, ldx, 1, NULL);
}

void seqd_driven_back_end(const seqd_kernels *k, const seqd_driven_shape *shape, const seqd_driven_packed *packed,
                          const float *x, const float *known, const float *s, const seqd_rnn_params *grad, float *ds,
                          seqd_driven_work *work)
{
    const int64_t gates = seqd_driven_gates(shape), hidden = shape->hidden, rows = work->rows;
    const int64_t cells = rows * work->steps, ld = (int64_t)shape->driven + shape->known + shape->statics;
    const int64_t direct = direct_gates(shape);
    const float *through = gru(shape) ? work->recurrent : work->gates;
    float *sum = work->row; /* its first row: bias gradients */
    float *known_grad = grad->weight_ih + shape->driven, *statics_grad = known_grad + shape->known;

    k->gemm_tn(gates, shape->driven, cells, work->gates, gates, x, shape->driven, grad->weight_ih, ld, work->scratch);
    k->gemm_tn(gates, shape->known, cells, work->gates, gates, known, shape->known, known_grad, ld, work->scratch);
    k->gemm_tn(direct, hidden, cells, through, gates, work->hidden, hidden, grad->weight_hh, hidden, work->scratch);
    if (direct < gates)
        k->gemm_tn(hidden, hidden, cells, work->gates + direct, gates, work->reset, hidden,
                   grad->weight_hh + direct * hidden, hidden, work->scratch);
    memset(sum, 0, (size_t)gates * sizeof *sum);
    k->add_rows(cells, gates, work->gates, gates, sum);
    k->add(gates, sum, grad->bias_ih);
    if (gru(shape)) k->add_rows(cells, gates, through, gates, grad->bias_hh);
    else k->add(gates, sum, grad->bias_hh);
    if (shape->statics == 0) return;
    memset(work->row, 0, (size_t)(rows * gates) * sizeof(float));
    for (int64_t t = 0; t < work->steps; t++) k->add(rows * gates, work->gates + t * rows * gates, work->row);
    k->gemm_tn(gates, shape->statics, rows, work->row, gates, s, shape->statics, statics_grad, ld, work->scratch);
    k->gemm(rows, shape->statics, gates, work->row, gates, packed->statics_back, ds, shape->statics, 1, NULL);
}
