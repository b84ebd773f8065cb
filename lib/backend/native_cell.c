/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "native_rnn.h"

/* What the recurrent product reads: h_prev, or what dropout leaves of it. */
static const float *product_input(const native_rnn *rnn, const native_lane *lane, const native_step *step)
{
    if (!lane->mask || !step->h_prev) return step->h_prev;
    const int64_t count = step->rows * (int64_t)rnn->base.plan.shape.hidden;
    float *dropped = lane->dropped + step->t * count;
    memcpy(dropped, step->h_prev, (size_t)count * sizeof *dropped);
    rnn->base.kernels->multiply(count, lane->mask, dropped);
    return dropped;
}

/* ---- forward ---- */

/* out (+)= U h (+ bias), the first `columns` rows of U. */
static void state_product(const native_rnn *rnn, const native_step *step, const float *input, int64_t columns,
                          float *out, int accumulate, const float *bias)
{
    const seqd_kernels *k = rnn->base.kernels;
    const int64_t hidden = rnn->base.plan.shape.hidden, gates = seqd_rnn_gates(&rnn->base.plan.shape);
    if (step->rows == 1)
        k->gemm_row(columns, hidden, input, rnn->packed.recurrent, out, accumulate, bias, step->t % 2);
    else
        k->gemm(step->rows, columns, hidden, input, hidden, rnn->packed.recurrent, out, gates, accumulate, bias);
}

static void gru_forward(const native_rnn *rnn, const native_lane *lane, const native_step *step, const float *input)
{
    const seqd_kernels *k = rnn->base.kernels;
    const int64_t gates = seqd_rnn_gates(&rnn->base.plan.shape), hidden = rnn->base.plan.shape.hidden;
    float *u = lane->recurrent + (rnn->base.plan.train ? step->t * step->rows * gates : 0);
    if (input)
        state_product(rnn, step, input, gates, u, 0, rnn->packed.bias_hh);
    else
        for (int32_t r = 0; r < step->rows; r++)
            memcpy(u + r * gates, rnn->packed.bias_hh, (size_t)gates * sizeof(float));
    k->gru_forward(step->rows, hidden, step->gates, u, step->h_prev, hidden, step->h, hidden);
}

static void gru_before_forward(const native_rnn *rnn, const native_lane *lane, const native_step *step,
                               const float *input)
{
    const seqd_kernels *k = rnn->base.kernels;
    const int64_t gates = seqd_rnn_gates(&rnn->base.plan.shape), hidden = rnn->base.plan.shape.hidden;
    const int64_t rows = step->rows;
    float *reset = lane->reset + (rnn->base.plan.train ? step->t * rows * hidden : 0);
    if (input) state_product(rnn, step, input, 2 * hidden, step->gates, 1, NULL);
    k->gru_before_gates(rows, hidden, step->gates, NULL, step->h_prev, hidden, reset);
    if (step->h_prev) {
        if (lane->mask) k->multiply(rows * hidden, lane->mask, reset);
        k->gemm(rows, hidden, hidden, reset, hidden, rnn->packed.candidate, step->gates + 2 * hidden, gates, 1, NULL);
    }
    k->gru_before_new(rows, hidden, step->gates, NULL, step->h_prev, hidden, step->h, hidden);
}

bool seqd_native_cell_joins(seqd_cell cell)
{
    return cell == SEQD_CELL_LSTM || cell == SEQD_CELL_TANH || cell == SEQD_CELL_RELU;
}

/* gates = b (+ W' s) + W x + U h, x and h in one product where x comes with the step. */
static void gate_products(const native_rnn *rnn, const native_lane *lane, const native_step *step, const float *input)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t gates = seqd_rnn_gates(shape), hidden = shape->hidden, inputs = shape->inputs, rows = step->rows;
    if (!step->x) {
        if (input) state_product(rnn, step, input, gates, step->gates, 1, NULL);
        return;
    }
    const bool shared = shape->statics > 0;
    const float *bias = shared ? NULL : rnn->packed.bias;
    if (shared) memcpy(step->gates, lane->row_bias, (size_t)(rows * gates) * sizeof(float));
    if (input) {
        const seqd_factors of_x = {inputs, inputs, step->x, rnn->packed.input};
        const seqd_factors of_h = {hidden, hidden, input, rnn->packed.recurrent};
        k->gemm_pair(rows, gates, &of_x, &of_h, step->gates, gates, shared, bias);
    } else {
        k->gemm(rows, gates, inputs, step->x, inputs, rnn->packed.input, step->gates, gates, shared, bias);
    }
}

void seqd_native_cell_forward(const native_rnn *rnn, const native_lane *lane, const native_step *step)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_plan *plan = &rnn->base.plan;
    const int64_t hidden = plan->shape.hidden, rows = step->rows;
    const float *input = product_input(rnn, lane, step);
    switch (plan->shape.cell) {
    case SEQD_CELL_GRU: gru_forward(rnn, lane, step, input); return;
    case SEQD_CELL_GRU_BEFORE: gru_before_forward(rnn, lane, step, input); return;
    case SEQD_CELL_LSTM:
    case SEQD_CELL_TANH:
    case SEQD_CELL_RELU:
    case SEQD_CELLS: break;
    }
    gate_products(rnn, lane, step, input);
    if (plan->shape.cell == SEQD_CELL_LSTM)
        k->lstm_forward(rows, hidden, step->gates, step->c_prev, step->c,
                        plan->train ? lane->tanh_cell + step->t * rows * hidden : NULL, step->h, hidden);
    else k->rnn_forward(rows, hidden, plan->shape.cell == SEQD_CELL_RELU, step->gates, step->h, hidden);
}

/* ---- backward ---- */

/* dh_prev += d[rows][columns] U, through the mask of dropout. */
static void state_gradient(const native_rnn *rnn, const native_lane *lane, int64_t rows, int64_t columns,
                           const float *d, int64_t ldd, float *dh_prev)
{
    const seqd_kernels *k = rnn->base.kernels;
    const int64_t hidden = rnn->base.plan.shape.hidden;
    if (!lane->mask) {
        k->gemm(rows, hidden, columns, d, ldd, rnn->packed.recurrent_back, dh_prev, hidden, 1, NULL);
        return;
    }
    k->gemm(rows, hidden, columns, d, ldd, rnn->packed.recurrent_back, lane->product, hidden, 0, NULL);
    k->multiply(rows * hidden, lane->mask, lane->product);
    k->add(rows * hidden, lane->product, dh_prev);
}

static void gru_before_backward(const native_rnn *rnn, const native_lane *lane, const native_step *step,
                                const float *dh, float *dh_prev)
{
    const seqd_kernels *k = rnn->base.kernels;
    const int64_t gates = seqd_rnn_gates(&rnn->base.plan.shape), hidden = rnn->base.plan.shape.hidden;
    const int64_t rows = step->rows;
    float *now = step->gates;
    k->gru_before_new_backward(rows, hidden, now, step->h_prev, hidden, dh, hidden, now, lane->carry);
    k->gemm(rows, hidden, hidden, now + 2 * hidden, gates, rnn->packed.candidate_back, lane->product, hidden, 0, NULL);
    if (lane->mask) k->multiply(rows * hidden, lane->mask, lane->product);
    k->gru_before_gates_backward(rows, hidden, now, step->h_prev, hidden, lane->product, now, lane->carry);
    if (!dh_prev) return;
    k->add(rows * hidden, lane->carry, dh_prev);
    state_gradient(rnn, lane, rows, 2 * hidden, now, gates, dh_prev);
}

void seqd_native_cell_backward(const native_rnn *rnn, const native_lane *lane, const native_step *step,
                               const float *dh, float *dh_prev)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t gates = seqd_rnn_gates(shape), hidden = shape->hidden, rows = step->rows;
    float *now = step->gates;
    switch (shape->cell) {
    case SEQD_CELL_GRU: {
        float *u = lane->recurrent + step->t * rows * gates;
        k->gru_backward(rows, hidden, now, u, step->h_prev, hidden, dh, hidden, now, u, lane->carry);
        if (!dh_prev) return;
        k->add(rows * hidden, lane->carry, dh_prev);
        state_gradient(rnn, lane, rows, gates, u, gates, dh_prev);
        return;
    }
    case SEQD_CELL_GRU_BEFORE: gru_before_backward(rnn, lane, step, dh, dh_prev); return;
    case SEQD_CELL_LSTM:
        k->lstm_backward(rows, hidden, now, step->c_prev, lane->tanh_cell + step->t * rows * hidden, dh, hidden,
                         lane->carry, now);
        break;
    case SEQD_CELL_TANH:
    case SEQD_CELL_RELU:
        k->rnn_backward(rows, hidden, shape->cell == SEQD_CELL_RELU, step->h, hidden, dh, hidden, now);
        break;
    case SEQD_CELLS: break;
    }
    if (dh_prev) state_gradient(rnn, lane, rows, gates, now, gates, dh_prev);
}

void seqd_native_cell_gradient(const native_rnn *rnn, const native_lane *lane, const native_block *block,
                               const seqd_rnn_params *grad)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t gates = seqd_rnn_gates(shape), hidden = shape->hidden, from = block->state_start;
    const bool apart = shape->cell == SEQD_CELL_GRU; /* the product's gradient is not that of the gates */
    const float *recurrent = apart ? lane->recurrent : lane->gates;
    const int64_t direct = shape->cell == SEQD_CELL_GRU_BEFORE ? 2 * hidden : gates;

    k->gemm_tn(direct, hidden, block->state_cells, recurrent + from * gates, gates, block->h_prev, hidden,
               grad->weight_hh, hidden, lane->scratch);
    if (direct < gates)
        k->gemm_tn(hidden, hidden, block->state_cells, recurrent + from * gates + direct, gates,
                   lane->reset + from * hidden, hidden, grad->weight_hh + direct * hidden, hidden, lane->scratch);
    if (apart) k->add_rows(block->cells, gates, recurrent + block->start * gates, gates, grad->bias_hh);
    else k->add(gates, block->bias, grad->bias_hh);
}
