/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "alloc.h"
#include "native_rnn.h"

/*
 * Products over many steps go in chunks of whole steps whose gates, so many floats, stay in the second-level cache
 * between the product and the time loop.
 */
#define FORWARD_CHUNK 65536
#define BACKWARD_CHUNK 131072

/*
 * From so many rows on, the products of an input and of the state it meets are one: gates are written once, and the
 * sums are long (4 to 8 % of a forward pass). Fewer rows read all input weights for little work, so they go in chunks.
 */
#define JOINED_ROWS 4

static int32_t chunk_steps(int64_t most, int64_t per_step, int32_t steps)
{
    const int64_t chunk = most / per_step;
    return chunk < 1 ? 1 : chunk > steps ? steps : (int32_t)chunk;
}

static native_rnn *native(seqd_rnn *rnn) { return (native_rnn *)(void *)rnn; }

static size_t scratch_floats(const seqd_kernels *k, const seqd_rnn_plan *plan)
{
    const int64_t gates = seqd_rnn_gates(&plan->shape), cells = (int64_t)plan->steps * plan->rows;
    const size_t a = k->gemm_tn_scratch(gates, plan->shape.inputs, cells);
    const size_t b = k->gemm_tn_scratch(gates, plan->shape.hidden, cells);
    const size_t c = k->gemm_tn_scratch(gates, plan->shape.statics, plan->rows);
    const size_t d = plan->shape.cell == SEQD_CELL_GRU_BEFORE /* whose products are two, of their own sizes */
                         ? k->gemm_tn_scratch(plan->shape.hidden, plan->shape.hidden, cells)
                         : 0;
    const size_t e = d > 0 ? k->gemm_tn_scratch(2 * plan->shape.hidden, plan->shape.hidden, cells) : 0;
    size_t most = a > b ? a : b;
    if (c > most) most = c;
    if (d > most) most = d;
    return e > most ? e : most;
}

static float *take(seqd_arena *arena, bool wanted, size_t count)
{
    return seqd_arena_take(arena, wanted ? count : 0, sizeof(float));
}

static native_rnn *place(const seqd_kernels *k, const seqd_rnn_plan *plan, seqd_arena *arena)
{
    const seqd_rnn_shape *shape = &plan->shape;
    const bool lstm = shape->cell == SEQD_CELL_LSTM, gru = shape->cell == SEQD_CELL_GRU, train = plan->train;
    const bool before = shape->cell == SEQD_CELL_GRU_BEFORE;
    const int64_t direct = before ? 2 * shape->hidden : seqd_rnn_gates(shape);
    const int64_t columns = seqd_rnn_gates(shape);
    const size_t gates = (size_t)columns, hidden = (size_t)shape->hidden, rows = (size_t)plan->rows;
    const size_t cells = (size_t)plan->steps * rows, kept = train ? cells : rows;
    const size_t chunk = rows * gates > FORWARD_CHUNK ? rows * gates : FORWARD_CHUNK;
    native_rnn *rnn = seqd_arena_take(arena, 1, sizeof *rnn), sized;
    native_lane *lanes = seqd_arena_take(arena, (size_t)plan->lanes, sizeof *lanes), sized_lane;
    if (rnn) rnn->lanes = lanes;

    native_weights *packed = rnn ? &rnn->packed : &sized.packed;
    packed->input = take(arena, true, k->gemm_packed_size(shape->inputs, columns));
    packed->statics = take(arena, true, k->gemm_packed_size(shape->statics, columns));
    packed->recurrent = take(arena, true, k->gemm_packed_size(shape->hidden, direct));
    packed->candidate = take(arena, before, k->gemm_packed_size(shape->hidden, shape->hidden));
    packed->input_back = take(arena, train, k->gemm_packed_size(columns, shape->inputs));
    packed->statics_back = take(arena, train, k->gemm_packed_size(columns, shape->statics));
    packed->recurrent_back = take(arena, train, k->gemm_packed_size(direct, shape->hidden));
    packed->candidate_back = take(arena, before && train, k->gemm_packed_size(shape->hidden, shape->hidden));
    packed->bias = take(arena, true, gates);
    packed->bias_hh = take(arena, gru, gates);
    for (int32_t i = 0; i < plan->lanes; i++) {
        native_lane *lane = lanes ? &lanes[i] : &sized_lane;
        lane->gates = take(arena, true, train || cells * gates < chunk ? cells * gates : chunk);
        lane->recurrent = take(arena, gru, kept * gates);
        lane->reset = take(arena, before, kept * hidden);
        lane->cell = take(arena, lstm, kept * hidden);
        lane->tanh_cell = take(arena, lstm && train, cells * hidden);
        lane->dropped = take(arena, plan->state_dropout, cells * hidden);
        lane->hidden = take(arena, true, cells * hidden);
        lane->row_bias = take(arena, true, rows * gates);
        lane->carry = take(arena, train, rows * hidden);
        lane->product = take(arena, train && (before || plan->state_dropout), rows * hidden);
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
    native_rnn *rnn = place(kernels, plan, &arena); /* the first thing placed: freeing it frees all */
    for (int32_t i = 0; i < plan->lanes; i++) {
        rnn->lanes[i].mask = NULL;
        rnn->lanes[i].steps = plan->steps;
    }
    *out = &rnn->base;
    return SEQD_OK;
}

static void release(seqd_rnn *rnn) { seqd_free(rnn->context, rnn); }

static void pack(seqd_rnn *rnn, const seqd_rnn_params *params)
{
    const seqd_kernels *k = rnn->kernels;
    const seqd_rnn_shape *shape = &rnn->plan.shape;
    const native_weights *packed = &native(rnn)->packed;
    const int64_t gates = seqd_rnn_gates(shape), ld = shape->inputs + shape->statics, hidden = shape->hidden;
    const int64_t direct = shape->cell == SEQD_CELL_GRU_BEFORE ? 2 * hidden : gates;
    const float *candidate = params->weight_hh + direct * hidden;
    k->gemm_pack(shape->inputs, gates, params->weight_ih, ld, 1, packed->input);
    k->gemm_pack(shape->statics, gates, params->weight_ih + shape->inputs, ld, 1, packed->statics);
    k->gemm_pack(hidden, direct, params->weight_hh, hidden, 1, packed->recurrent);
    if (direct < gates) k->gemm_pack(hidden, hidden, candidate, hidden, 1, packed->candidate);
    memcpy(packed->bias, params->bias_ih, (size_t)gates * sizeof(float));
    if (shape->cell == SEQD_CELL_GRU) memcpy(packed->bias_hh, params->bias_hh, (size_t)gates * sizeof(float));
    else k->add(gates, params->bias_hh, packed->bias);
    if (!rnn->plan.train) return;
    k->gemm_pack(gates, shape->inputs, params->weight_ih, ld, 0, packed->input_back);
    k->gemm_pack(gates, shape->statics, params->weight_ih + shape->inputs, ld, 0, packed->statics_back);
    k->gemm_pack(direct, hidden, params->weight_hh, hidden, 0, packed->recurrent_back);
    if (direct < gates) k->gemm_pack(hidden, hidden, candidate, hidden, 0, packed->candidate_back);
}

/* Where the gates of every step start from: W' s + b; without statics the bias alone, which the product adds. */
static void static_product(const native_rnn *rnn, const native_lane *lane, int32_t rows, const float *s)
{
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t columns = seqd_rnn_gates(shape);
    if (shape->statics == 0) return;
    rnn->base.kernels->gemm(rows, columns, shape->statics, s, shape->statics, rnn->packed.statics, lane->row_bias,
                            columns, 0, rnn->packed.bias);
}

/* gates = W x (+ W' s) + b for `cells` rows of x, `rows` of which share the rows of s. */
static void input_product(const native_rnn *rnn, const native_lane *lane, int64_t cells, int32_t rows, const float *x,
                          float *gates)
{
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t columns = seqd_rnn_gates(shape), step = rows * columns;
    const bool shared = shape->statics > 0;
    for (int64_t done = 0; shared && done < cells; done += rows)
        memcpy(gates + done * columns, lane->row_bias, (size_t)step * sizeof(float));
    rnn->base.kernels->gemm(cells, columns, shape->inputs, x, shape->inputs, rnn->packed.input, gates, columns, shared,
                            shared ? NULL : rnn->packed.bias);
}

static void drop(seqd_rnn *base, int32_t index, const float *mask) { native(base)->lanes[index].mask = mask; }

static void limit(seqd_rnn *base, int32_t index, int32_t steps) { native(base)->lanes[index].steps = steps; }

/*
 * The n-th step in the order in which they are taken, with the arrays that keep all of them: n = 0 has no state before
 * it.
 */
static native_step step_at(const native_rnn *rnn, const native_lane *lane, int32_t rows, int32_t n)
{
    const seqd_rnn_plan *plan = &rnn->base.plan;
    const int64_t size = rows * (int64_t)plan->shape.hidden;
    const int32_t t = plan->reverse ? lane->steps - 1 - n : n, back = plan->reverse ? t + 1 : t - 1;
    const bool lstm = plan->shape.cell == SEQD_CELL_LSTM;
    return (native_step){
        .rows = rows,
        .t = t,
        .gates = lane->gates + (plan->train ? t * rows * (int64_t)seqd_rnn_gates(&plan->shape) : 0),
        .h_prev = n > 0 ? lane->hidden + back * size : NULL,
        .c_prev = !lstm || n == 0 ? NULL : plan->train ? lane->cell + back * size : lane->cell,
        .h = lane->hidden + t * size,
        .c = !lstm ? NULL : plan->train ? lane->cell + t * size : lane->cell,
    };
}

static const float *forward(seqd_rnn *base, int32_t index, int32_t rows, const float *x, const float *s)
{
    const native_rnn *rnn = native(base);
    const native_lane *lane = &rnn->lanes[index];
    const seqd_rnn_plan *plan = &base->plan;
    const int32_t steps = lane->steps;
    const int64_t gates = seqd_rnn_gates(&plan->shape), gate_step = rows * gates;
    const int32_t chunk = chunk_steps(FORWARD_CHUNK, gate_step, steps);

    native_step step = step_at(rnn, lane, rows, 0);
    const int64_t way = plan->reverse ? -1 : 1, state_step = way * rows * plan->shape.hidden;
    const bool joined = rows >= JOINED_ROWS && seqd_native_cell_joins(plan->shape.cell);
    static_product(rnn, lane, rows, s);
    for (int32_t n = 0; n < steps; n++) {
        if (joined) {
            step.x = x + (int64_t)step.t * rows * plan->shape.inputs;
        } else if (n % chunk == 0) {
            const int32_t count = steps - n < chunk ? steps - n : chunk;
            const int32_t first = plan->reverse ? step.t - count + 1 : step.t;
            float *held = lane->gates + (plan->train ? first * gate_step : 0); /* all steps, or this chunk alone */
            input_product(rnn, lane, (int64_t)count * rows, rows, x + (int64_t)first * rows * plan->shape.inputs, held);
            step.gates = held + (step.t - first) * gate_step;
        }
        seqd_native_cell_forward(rnn, lane, &step);
        if (n + 1 == steps) break;
        step.t += (int32_t)way;
        if (!joined || plan->train) step.gates += way * gate_step;
        step.h_prev = step.h;
        step.h += state_step;
        step.c_prev = step.c;
        if (step.c && plan->train) step.c += state_step;
    }
    return lane->hidden;
}

static void step_once(seqd_rnn *base, int32_t index, int32_t rows, const float *x, const float *s, float *h, float *c)
{
    const native_rnn *rnn = native(base);
    const native_lane *lane = &rnn->lanes[index];
    const seqd_cell cell = base->plan.shape.cell;
    const bool apart = cell == SEQD_CELL_GRU || cell == SEQD_CELL_GRU_BEFORE; /* h is read while it is made */
    const native_step step = {.rows = rows, .gates = lane->gates, .h_prev = h, .c_prev = c,
                              .h = apart ? lane->hidden : h, .c = c};

    static_product(rnn, lane, rows, s);
    input_product(rnn, lane, rows, rows, x, lane->gates);
    seqd_native_cell_forward(rnn, lane, &step);
    if (apart) memcpy(h, lane->hidden, (size_t)rows * (size_t)base->plan.shape.hidden * sizeof(float));
}

/* What steps [first, first + count) add to the gradients, once their gates hold gradients. */
static void backward_chunk(const native_rnn *rnn, const native_lane *lane, int32_t rows, int32_t first, int32_t count,
                           const float *x, const seqd_rnn_params *grad, float *dx)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_plan *plan = &rnn->base.plan;
    const seqd_rnn_shape *shape = &plan->shape;
    const int64_t gates = seqd_rnn_gates(shape), inputs = shape->inputs;
    const bool begins = plan->reverse ? first + count == lane->steps : first == 0; /* with a step without a state */
    native_block block = {.start = (int64_t)first * rows, .cells = (int64_t)count * rows, .bias = lane->row_bias};
    const float *now = lane->gates + block.start * gates;
    float *sum = lane->row_bias; /* its first row: bias gradients of the chunk */

    k->gemm_tn(gates, inputs, block.cells, now, gates, x + block.start * inputs, inputs, grad->weight_ih,
               inputs + shape->statics, lane->scratch);
    memset(sum, 0, (size_t)gates * sizeof *sum);
    k->add_rows(block.cells, gates, now, gates, sum);
    k->add(gates, sum, grad->bias_ih);
    block.state_cells = block.cells - (begins ? rows : 0);
    block.state_start = block.start + (begins && !plan->reverse ? rows : 0);
    block.h_prev = lane->mask ? lane->dropped + block.state_start * shape->hidden
                              : lane->hidden + (block.state_start + (plan->reverse ? rows : -rows)) * shape->hidden;
    seqd_native_cell_gradient(rnn, lane, &block, grad);
    if (dx)
        k->gemm(block.cells, inputs, gates, now, gates, rnn->packed.input_back, dx + block.start * inputs, inputs, 0,
                NULL);
}

static void backward_statics(const native_rnn *rnn, const native_lane *lane, int32_t rows, const float *s,
                             const seqd_rnn_params *grad, float *ds)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t gates = seqd_rnn_gates(shape), statics = shape->statics, gate_step = rows * gates;
    if (statics == 0) return;
    memset(lane->row_bias, 0, (size_t)gate_step * sizeof(float));
    for (int32_t t = 0; t < lane->steps; t++) k->add(gate_step, lane->gates + t * gate_step, lane->row_bias);
    k->gemm_tn(gates, statics, rows, lane->row_bias, gates, s, statics, grad->weight_ih + shape->inputs,
               shape->inputs + statics, lane->scratch);
    k->gemm(rows, statics, gates, lane->row_bias, gates, rnn->packed.statics_back, ds, statics, 1, NULL);
}

/* Gates of so many floats and more are no longer in the second-level cache when the way back reads them. */
#define FAR_GATES 65536

/* What the n-th step back reads, on its way into the cache while the step after it is at work. */
static void fetch_step(const native_rnn *rnn, const native_lane *lane, int32_t rows, int32_t n, const float *dh)
{
    const seqd_kernels *k = rnn->base.kernels;
    const seqd_rnn_shape *shape = &rnn->base.plan.shape;
    const int64_t gates = rows * (int64_t)seqd_rnn_gates(shape), size = rows * (int64_t)shape->hidden;
    const native_step step = step_at(rnn, lane, rows, n);
    k->prefetch(gates, step.gates);
    k->prefetch(size, dh + (step.h - lane->hidden));
    if (shape->cell == SEQD_CELL_GRU) k->prefetch(gates, lane->recurrent + step.t * gates);
    if (shape->cell != SEQD_CELL_LSTM) return;
    k->prefetch(size, lane->tanh_cell + step.t * size);
    if (step.c_prev) k->prefetch(size, step.c_prev);
}

static void backward(seqd_rnn *base, int32_t index, int32_t rows, const float *x, const float *s, float *dh,
                     const seqd_rnn_params *grad, float *dx, float *ds)
{
    const native_rnn *rnn = native(base);
    const native_lane *lane = &rnn->lanes[index];
    const int32_t steps = lane->steps;
    const int32_t chunk = chunk_steps(BACKWARD_CHUNK, rows * seqd_rnn_gates(&base->plan.shape), steps);
    const bool distant = (int64_t)steps * rows * seqd_rnn_gates(&base->plan.shape) >= FAR_GATES;

    memset(lane->carry, 0, (size_t)rows * (size_t)base->plan.shape.hidden * sizeof(float));
    for (int32_t n = steps - 1, done = steps; n >= 0; n--) {
        const native_step step = step_at(rnn, lane, rows, n);
        float *dh_prev = n > 0 ? dh + (step.h_prev - lane->hidden) : NULL;
        if (distant && n > 0) fetch_step(rnn, lane, rows, n - 1, dh);
        seqd_native_cell_backward(rnn, lane, &step, dh + (step.h - lane->hidden), dh_prev);
        if (n % chunk != 0) continue;
        backward_chunk(rnn, lane, rows, base->plan.reverse ? steps - done : n, done - n, x, grad, dx);
        done = n;
    }
    backward_statics(rnn, lane, rows, s, grad, ds);
}

static int32_t status(const seqd_rnn *rnn, seqd_error *error)
{
    (void)rnn, (void)error;
    return SEQD_OK; /* kernels cannot fail */
}

const seqd_rnn_ops seqd_native_rnn = {create, release, pack, forward, backward, step_once, drop, limit, status};
