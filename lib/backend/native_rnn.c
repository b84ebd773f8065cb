/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "alloc.h"
#include "recurrent.h"

/*
 * Products over many steps go in chunks of whole steps whose gates, so many floats, stay in the second-level cache
 * between the product and the time loop.
 */
#define FORWARD_CHUNK 65536
#define BACKWARD_CHUNK 131072

static int32_t chunk_steps(int64_t most, int64_t per_step, int32_t steps)
{
    const int64_t chunk = most / per_step;
    return chunk < 1 ? 1 : chunk > steps ? steps : (int32_t)chunk;
}

/* The weights packed for the products of both directions. */
typedef struct packed_weights {
    float *input;          /* x -> gates */
    float *statics;        /* s -> gates */
    float *recurrent;      /* h -> gates */
    float *input_back;     /* dgates -> dx */
    float *statics_back;   /* dgates -> ds */
    float *recurrent_back; /* dgates -> dh */
    float *bias;           /* LSTM: sum of both; GRU: bias_ih */
    float *bias_hh;        /* GRU */
} packed_weights;

/*
 * One lane's arrays. In training a forward pass leaves all steps for its backward pass; else one chunk of gates and one
 * step of the rest are enough, and stay in cache.
 */
typedef struct lane_state {
    float *gates;     /* [steps or chunk][rows][gates] activations, then their gradients */
    float *recurrent; /* GRU: [steps or 1][rows][gates], U h + b' and then its gradient */
    float *cell;      /* LSTM: [steps or 1][rows][hidden] */
    float *tanh_cell; /* LSTM, training */
    float *hidden;    /* [steps][rows][hidden] */
    float *row_bias;  /* [rows][gates]: statics through their weights */
    float *carry;     /* [rows][hidden] */
    float *scratch;
} lane_state;

typedef struct native_rnn {
    seqd_rnn base;
    packed_weights packed;
    lane_state *lanes; /* [plan.lanes] */
} native_rnn;

static native_rnn *native(seqd_rnn *rnn) { return (native_rnn *)(void *)rnn; }

static size_t scratch_floats(const seqd_kernels *k, const seqd_rnn_plan *plan)
{
    const int64_t gates = seqd_rnn_gates(&plan->shape), cells = (int64_t)plan->steps * plan->rows;
    const size_t a = k->gemm_tn_scratch(gates, plan->shape.inputs, cells);
    const size_t b = k->gemm_tn_scratch(gates, plan->shape.hidden, cells);
    const size_t c = k->gemm_tn_scratch(gates, plan->shape.statics, plan->rows);
    const size_t most = a > b ? a : b;
    return most > c ? most : c;
}

static float *take(seqd_arena *arena, bool wanted, size_t count)
{
    return seqd_arena_take(arena, wanted ? count : 0, sizeof(float));
}

static native_rnn *place(const seqd_kernels *k, const seqd_rnn_plan *plan, seqd_arena *arena)
{
    const seqd_rnn_shape *shape = &plan->shape;
    const bool lstm = shape->cell == SEQD_CELL_LSTM, train = plan->train;
    const int64_t columns = seqd_rnn_gates(shape);
    const size_t gates = (size_t)columns, hidden = (size_t)shape->hidden, rows = (size_t)plan->rows;
    const size_t cells = (size_t)plan->steps * rows, kept = train ? cells : rows;
    const size_t chunk = rows * gates > FORWARD_CHUNK ? rows * gates : FORWARD_CHUNK;
    native_rnn *rnn = seqd_arena_take(arena, 1, sizeof *rnn), sized;
    lane_state *lanes = seqd_arena_take(arena, (size_t)plan->lanes, sizeof *lanes), sized_lane;
    if (rnn) rnn->lanes = lanes;

    packed_weights *packed = rnn ? &rnn->packed : &sized.packed;
    packed->input = take(arena, true, k->gemm_packed_size(shape->inputs, columns));
    packed->statics = take(arena, true, k->gemm_packed_size(shape->statics, columns));
    packed->recurrent = take(arena, true, k->gemm_packed_size(shape->hidden, columns));
    packed->input_back = take(arena, train, k->gemm_packed_size(columns, shape->inputs));
    packed->statics_back = take(arena, train, k->gemm_packed_size(columns, shape->statics));
    packed->recurrent_back = take(arena, train, k->gemm_packed_size(columns, shape->hidden));
    packed->bias = take(arena, true, gates);
    packed->bias_hh = take(arena, !lstm, gates);
    for (int32_t i = 0; i < plan->lanes; i++) {
        lane_state *lane = lanes ? &lanes[i] : &sized_lane;
        lane->gates = take(arena, true, train || cells * gates < chunk ? cells * gates : chunk);
        lane->recurrent = take(arena, !lstm, kept * gates);
        lane->cell = take(arena, lstm, kept * hidden);
        lane->tanh_cell = take(arena, lstm && train, cells * hidden);
        lane->hidden = take(arena, true, cells * hidden);
        lane->row_bias = take(arena, true, rows * gates);
        lane->carry = take(arena, train, rows * hidden);
        lane->scratch = take(arena, train, scratch_floats(k, plan));
    }
    return rnn;
}

static int32_t create(seqd_context *context, const seqd_kernels *kernels, const seqd_rnn_plan *plan, seqd_rnn **out,
                      seqd_error *error)
{
    seqd_arena arena = {NULL, 0, false};
    (void)place(kernels, plan, &arena);
    void *memory = arena.overflow ? NULL : seqd_alloc(context, arena.used);
    if (!memory) return seqd_fail_alloc(context, arena.used, error);
    arena = (seqd_arena){memory, 0, false};
    *out = &place(kernels, plan, &arena)->base; /* the first thing placed: freeing it frees all */
    return SEQD_OK;
}

static void release(seqd_rnn *rnn) { seqd_free(rnn->context, rnn); }

static void pack(seqd_rnn *rnn, const seqd_rnn_params *params)
{
    const seqd_kernels *k = rnn->kernels;
    const seqd_rnn_shape *shape = &rnn->plan.shape;
    const packed_weights *packed = &native(rnn)->packed;
    const int64_t gates = seqd_rnn_gates(shape), ld = shape->inputs + shape->statics;
    k->gemm_pack(shape->inputs, gates, params->weight_ih, ld, 1, packed->input);
    k->gemm_pack(shape->statics, gates, params->weight_ih + shape->inputs, ld, 1, packed->statics);
    k->gemm_pack(shape->hidden, gates, params->weight_hh, shape->hidden, 1, packed->recurrent);
    memcpy(packed->bias, params->bias_ih, (size_t)gates * sizeof(float));
    if (shape->cell == SEQD_CELL_LSTM) k->add(gates, params->bias_hh, packed->bias);
    else memcpy(packed->bias_hh, params->bias_hh, (size_t)gates * sizeof(float));
    if (!rnn->plan.train) return;
    k->gemm_pack(gates, shape->inputs, params->weight_ih, ld, 0, packed->input_back);
    k->gemm_pack(gates, shape->statics, params->weight_ih + shape->inputs, ld, 0, packed->statics_back);
    k->gemm_pack(gates, shape->hidden, params->weight_hh, shape->hidden, 0, packed->recurrent_back);
}

/* gates = W x (+ W' s) + b for `cells` rows of x, `rows` of which share the rows of s. */
static void input_product(const native_rnn *rnn, const lane_state *lane, int64_t cells, int32_t rows, const float *x,
                          float *gates)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t columns = seqd_rnn_gates(shape), step = rows * columns;
    k->gemm(cells, columns, shape->inputs, x, shape->inputs, rnn->packed.input, gates, columns, 0, rnn->packed.bias);
    for (int64_t done = 0; shape->statics > 0 && done < cells; done += rows, gates += step)
        k->add(step, lane->row_bias, gates);
}

static void static_product(const native_rnn *rnn, const lane_state *lane, int32_t rows, const float *s)
{
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t columns = seqd_rnn_gates(shape);
    if (shape->statics == 0) return;
    rnn->base.kernels->gemm(rows, columns, shape->statics, s, shape->statics, rnn->packed.statics, lane->row_bias,
                            columns, 0, NULL);
}

/* u = U h + b' of a GRU; h NULL: zeros. */
static void recurrent_product(const native_rnn *rnn, int32_t rows, const float *h, float *u)
{
    const seqd_kernels *k = rnn->base.kernels;
    const int64_t columns = seqd_rnn_gates(&rnn->base.plan.shape), hidden = rnn->base.plan.shape.hidden;
    if (h) k->gemm(rows, columns, hidden, h, hidden, rnn->packed.recurrent, u, columns, 0, rnn->packed.bias_hh);
    else
        for (int32_t r = 0; r < rows; r++)
            memcpy(u + r * columns, rnn->packed.bias_hh, (size_t)columns * sizeof(float));
}

static const float *forward(seqd_rnn *base, int32_t index, int32_t rows, const float *x, const float *s)
{
    const native_rnn *rnn = native(base);
    const lane_state *lane = &rnn->lanes[index];
    const seqd_kernels *k = base->kernels;
    const seqd_rnn_shape *shape = &base->plan.shape;
    const int32_t steps = base->plan.steps;
    const bool train = base->plan.train;
    const int64_t gates = seqd_rnn_gates(shape), hidden = shape->hidden;
    const int64_t gate_step = rows * gates, step = rows * hidden;
    const int32_t chunk = chunk_steps(FORWARD_CHUNK, gate_step, steps);

    static_product(rnn, lane, rows, s);
    for (int32_t t = 0; t < steps; t++) {
        const int32_t at = train ? t : t % chunk, kept = train ? t : 0;
        if (t % chunk == 0)
            input_product(rnn, lane, (int64_t)(steps - t < chunk ? steps - t : chunk) * rows, rows,
                          x + (int64_t)t * rows * shape->inputs, lane->gates + at * gate_step);
        float *now = lane->gates + at * gate_step;
        float *h = lane->hidden + t * step;
        const float *h_prev = t > 0 ? h - step : NULL;
        if (shape->cell == SEQD_CELL_LSTM) {
            float *c = lane->cell + kept * step;
            const float *c_prev = t == 0 ? NULL : train ? c - step : c;
            if (h_prev) k->gemm(rows, gates, hidden, h_prev, hidden, rnn->packed.recurrent, now, gates, 1, NULL);
            k->lstm_forward(rows, hidden, now, c_prev, c, train ? lane->tanh_cell + t * step : NULL, h, hidden);
        } else {
            float *u = lane->recurrent + kept * gate_step;
            recurrent_product(rnn, rows, h_prev, u);
            k->gru_forward(rows, hidden, now, u, h_prev, hidden, h, hidden);
        }
    }
    return lane->hidden;
}

static void step_once(seqd_rnn *base, int32_t index, int32_t rows, const float *x, const float *s, float *h, float *c)
{
    const native_rnn *rnn = native(base);
    const lane_state *lane = &rnn->lanes[index];
    const seqd_kernels *k = base->kernels;
    const int64_t gates = seqd_rnn_gates(&base->plan.shape), hidden = base->plan.shape.hidden;

    static_product(rnn, lane, rows, s);
    input_product(rnn, lane, rows, rows, x, lane->gates);
    if (base->plan.shape.cell == SEQD_CELL_LSTM) {
        k->gemm(rows, gates, hidden, h, hidden, rnn->packed.recurrent, lane->gates, gates, 1, NULL);
        k->lstm_forward(rows, hidden, lane->gates, c, c, NULL, h, hidden);
    } else {
        recurrent_product(rnn, rows, h, lane->recurrent);
        k->gru_forward(rows, hidden, lane->gates, lane->recurrent, h, hidden, lane->hidden, hidden);
        memcpy(h, lane->hidden, (size_t)(rows * hidden) * sizeof(float));
    }
}

/* One step back in time: gates (and GRU's recurrent) become the gradients of their pre-activations. */
static void backward_step(const native_rnn *rnn, const lane_state *lane, int32_t rows, int32_t t, float *dh)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t gates = seqd_rnn_gates(shape), hidden = shape->hidden, step = rows * hidden;
    float *now = lane->gates + t * rows * gates;
    float *dh_now = dh + t * step, *dh_prev = dh_now - step;
    if (shape->cell == SEQD_CELL_LSTM) {
        const float *c = lane->cell + t * step;
        k->lstm_backward(rows, hidden, now, t > 0 ? c - step : NULL, lane->tanh_cell + t * step, dh_now, hidden,
                         lane->carry, now);
        if (t > 0) k->gemm(rows, hidden, gates, now, gates, rnn->packed.recurrent_back, dh_prev, hidden, 1, NULL);
    } else {
        float *u = lane->recurrent + t * rows * gates;
        const float *h_prev = t > 0 ? lane->hidden + (t - 1) * step : NULL;
        k->gru_backward(rows, hidden, now, u, h_prev, hidden, dh_now, hidden, now, u, lane->carry);
        if (t > 0) {
            k->add(step, lane->carry, dh_prev);
            k->gemm(rows, hidden, gates, u, gates, rnn->packed.recurrent_back, dh_prev, hidden, 1, NULL);
        }
    }
}

/* What steps [first, first + count) add to the gradients, once their gates hold gradients. */
static void backward_chunk(const native_rnn *rnn, const lane_state *lane, int32_t rows, int32_t first, int32_t count,
                           const float *x, const seqd_rnn_params *grad, float *dx)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t gates = seqd_rnn_gates(shape), hidden = shape->hidden, inputs = shape->inputs;
    const int64_t start = (int64_t)first * rows, cells = (int64_t)count * rows, skip = first == 0 ? rows : 0;
    const float *now = lane->gates + start * gates;
    const float *recurrent = shape->cell == SEQD_CELL_LSTM ? now : lane->recurrent + start * gates;
    float *sum = lane->row_bias; /* its first row: bias gradients of the chunk */

    k->gemm_tn(gates, inputs, cells, now, gates, x + start * inputs, inputs, grad->weight_ih, inputs + shape->statics,
               lane->scratch);
    /* before the first step all is zero */
    k->gemm_tn(gates, hidden, cells - skip, recurrent + skip * gates, gates,
               lane->hidden + (start + skip - rows) * hidden, hidden, grad->weight_hh, hidden, lane->scratch);
    memset(sum, 0, (size_t)gates * sizeof *sum);
    k->add_rows(cells, gates, now, gates, sum);
    k->add(gates, sum, grad->bias_ih);
    if (shape->cell == SEQD_CELL_LSTM) k->add(gates, sum, grad->bias_hh);
    else k->add_rows(cells, gates, recurrent, gates, grad->bias_hh);
    if (dx)
        k->gemm(cells, inputs, gates, now, gates, rnn->packed.input_back, dx + start * inputs, inputs, 0, NULL);
}

static void backward_statics(const native_rnn *rnn, const lane_state *lane, int32_t rows, const float *s,
                             const seqd_rnn_params *grad, float *ds)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t gates = seqd_rnn_gates(shape), statics = shape->statics, gate_step = rows * gates;
    if (statics == 0) return;
    memset(lane->row_bias, 0, (size_t)gate_step * sizeof(float));
    for (int32_t t = 0; t < rnn->base.plan.steps; t++) k->add(gate_step, lane->gates + t * gate_step, lane->row_bias);
    k->gemm_tn(gates, statics, rows, lane->row_bias, gates, s, statics, grad->weight_ih + shape->inputs,
               shape->inputs + statics, lane->scratch);
    k->gemm(rows, statics, gates, lane->row_bias, gates, rnn->packed.statics_back, ds, statics, 1, NULL);
}

static void backward(seqd_rnn *base, int32_t index, int32_t rows, const float *x, const float *s, float *dh,
                     const seqd_rnn_params *grad, float *dx, float *ds)
{
    const native_rnn *rnn = native(base);
    const lane_state *lane = &rnn->lanes[index];
    const int32_t steps = base->plan.steps;
    const int32_t chunk = chunk_steps(BACKWARD_CHUNK, rows * seqd_rnn_gates(&base->plan.shape), steps);

    memset(lane->carry, 0, (size_t)rows * (size_t)base->plan.shape.hidden * sizeof(float));
    for (int32_t t = steps - 1, end = steps; t >= 0; t--) {
        backward_step(rnn, lane, rows, t, dh);
        if (t % chunk != 0) continue;
        backward_chunk(rnn, lane, rows, t, end - t, x, grad, dx);
        end = t;
    }
    backward_statics(rnn, lane, rows, s, grad, ds);
}

static int32_t status(const seqd_rnn *rnn, seqd_error *error)
{
    (void)rnn, (void)error;
    return SEQD_OK; /* kernels cannot fail */
}

const seqd_rnn_ops seqd_native_rnn = {create, release, pack, forward, backward, step_once, status};
