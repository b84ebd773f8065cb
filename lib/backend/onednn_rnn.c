/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "onednn_layer.h"
#include "onednn_map.h"
#include "status.h"

/*
 * A recurrent layer on oneDNN's primitives for LSTM, for GRU with the reset gate after the product ("linear before
 * reset") and before it, and for the plain RNN, in either direction. Every primitive
 * has a fixed number of rows; a call with fewer is padded with zeros, whose gradients are zeros too.
 */
static seqd_onednn_rnn_layer *layer_of(seqd_rnn *rnn) { return (seqd_onednn_rnn_layer *)(void *)rnn; }

/* Products of sizes in oneDNN are not checked by it, some are of int: no array may reach 2^31 numbers. */
static bool fits(const seqd_rnn_plan *plan)
{
    const int64_t columns = (int64_t)plan->shape.inputs + plan->shape.statics, hidden = plan->shape.hidden;
    const int64_t widest = columns > 4 * hidden ? columns : 4 * hidden;
    int64_t cells, all;
    return hidden <= INT32_MAX / 4 && seqd_mul_i64(plan->steps, plan->rows, &cells) &&
           seqd_mul_i64(cells > hidden ? cells : hidden, widest, &all) && all <= INT32_MAX &&
           seqd_mul_i64(columns, 4 * hidden, &all) && all <= INT32_MAX;
}

static void release(seqd_rnn *rnn)
{
    seqd_onednn_destroy(layer_of(rnn));
    seqd_free(rnn->context, rnn);
}

int32_t seqd_onednn_create_untested(seqd_context *context, const seqd_kernels *kernels, const seqd_rnn_plan *plan,
                                    seqd_rnn **out, seqd_error *error)
{
    if (!fits(plan)) return seqd_fail(error, SEQD_E_UNSUPPORTED, "the recurrent layer is too large for oneDNN");
    seqd_onednn_rnn_layer *layer = NULL;
    seqd_onednn_lane *lanes = NULL;
    size_t size = 0;
    for (int pass = 0; pass < 2; pass++) {
        seqd_arena arena = {(void *)layer, 0, false};
        layer = seqd_arena_take(&arena, 1, sizeof *layer);
        lanes = seqd_arena_take(&arena, (size_t)plan->lanes, sizeof *lanes);
        if (pass > 0) break;
        size = arena.used;
        layer = arena.overflow ? NULL : seqd_alloc_zero(context, size);
        if (!layer) return seqd_fail_alloc(context, size, error);
    }
    atomic_init(&layer->failure, 0);
    layer->lanes = lanes;
    layer->base.context = context;
    layer->base.kernels = kernels;
    layer->base.plan = *plan;
    const int32_t status = seqd_onednn_make(layer, error);
    if (status != SEQD_OK) {
        release(&layer->base);
        return status;
    }
    *out = &layer->base;
    return SEQD_OK;
}

static int32_t create(seqd_context *context, const seqd_kernels *kernels, const seqd_rnn_plan *plan, seqd_rnn **out,
                      seqd_error *error)
{
    SEQD_CHECK(seqd_onednn_ready(context, error));
    return seqd_onednn_create_untested(context, kernels, plan, out, error);
}

static void note_failure(seqd_onednn_rnn_layer *layer, int32_t code)
{
    int none = 0;
    if (code != 0) atomic_compare_exchange_strong(&layer->failure, &none, (int)code);
}

/* ---- what runs inside the guard ---- */

typedef struct lane_call {
    const seqd_onednn_rnn_layer *layer;
    int32_t lane, program;
} lane_call;

static int32_t repack(void *user) { return seqd_onednn_repack(user); }

static int32_t execute(void *user)
{
    const lane_call *call = user;
    return seqd_onednn_execute(call->layer, call->lane, call->program);
}

/* ---- operations ---- */

static void pack(seqd_rnn *rnn, const seqd_rnn_params *params)
{
    seqd_onednn_rnn_layer *layer = layer_of(rnn);
    const seqd_rnn_shape *shape = &rnn->plan.shape;
    seqd_onednn_weights(shape, params->weight_ih, seqd_onednn_columns(shape), layer->plain[0]);
    seqd_onednn_weights(shape, params->weight_hh, shape->hidden, layer->plain[1]);
    seqd_onednn_biases(shape, params, layer->bias);
    note_failure(layer, seqd_onednn_run(repack, layer));
}

static const float *forward(seqd_rnn *rnn, int32_t index, int32_t rows, const float *x, const float *s)
{
    seqd_onednn_rnn_layer *layer = layer_of(rnn);
    const seqd_rnn_plan *plan = &rnn->plan;
    const seqd_onednn_lane *lane = &layer->lanes[index];
    const int32_t hidden = plan->shape.hidden;
    const int32_t program = rows == 1 && layer->programs[SEQD_ONEDNN_SINGLE].wanted ? SEQD_ONEDNN_SINGLE
                                                                                   : SEQD_ONEDNN_WHOLE;
    const int32_t padded = layer->programs[program].rows;
    if (atomic_load(&layer->failure) == 0) {
        lane_call call = {layer, index, program};
        seqd_onednn_join(plan, rows, padded, x, s, lane->input);
        note_failure(layer, seqd_onednn_run(execute, &call));
    }
    if (atomic_load(&layer->failure) != 0) {
        const int64_t count = (int64_t)plan->steps * rows * hidden;
        for (int64_t i = 0; i < count; i++) lane->output[i] = NAN;
        return lane->output;
    }
    if (rows == padded) return lane->output;
    seqd_onednn_unpad(plan->steps, rows, padded, hidden, lane->output, lane->compact);
    return lane->compact;
}

static void backward(seqd_rnn *rnn, int32_t index, int32_t rows, const float *x, const float *s, float *dh,
                     const seqd_rnn_params *grad, float *dx, float *ds)
{
    (void)x, (void)s; /* forward left them in lane->input */
    seqd_onednn_rnn_layer *layer = layer_of(rnn);
    const seqd_rnn_plan *plan = &rnn->plan;
    const seqd_rnn_shape *shape = &plan->shape;
    const seqd_onednn_lane *lane = &layer->lanes[index];
    const size_t gates = (size_t)seqd_rnn_gates(shape), columns = (size_t)seqd_onednn_columns(shape);
    const size_t hidden = (size_t)shape->hidden;
    const size_t bias_count = (size_t)seqd_onednn_bias_blocks(shape->cell) * hidden;
    if (atomic_load(&layer->failure) == 0) {
        lane_call call = {layer, index, SEQD_ONEDNN_BACK};
        seqd_onednn_pad(plan->steps, rows, plan->rows, shape->hidden, dh, lane->output_gradient);
        memset(lane->weight_gradient[0], 0, columns * gates * sizeof(float));
        memset(lane->weight_gradient[1], 0, hidden * gates * sizeof(float));
        memset(lane->bias_gradient, 0, bias_count * sizeof(float));
        note_failure(layer, seqd_onednn_run(execute, &call));
    }
    if (atomic_load(&layer->failure) != 0) {
        if (dx) memset(dx, 0, (size_t)plan->steps * (size_t)rows * (size_t)shape->inputs * sizeof *dx);
        return;
    }
    seqd_onednn_weight_gradient(shape, lane->weight_gradient[0], (int32_t)columns, grad->weight_ih);
    seqd_onednn_weight_gradient(shape, lane->weight_gradient[1], shape->hidden, grad->weight_hh);
    seqd_onednn_bias_gradient(shape, lane->bias_gradient, grad);
    if (dx || shape->statics > 0) seqd_onednn_part(plan, rows, plan->rows, lane->input_gradient, dx, ds);
}

static int32_t status(const seqd_rnn *rnn, seqd_error *error)
{
    const int failure = atomic_load(&((const seqd_onednn_rnn_layer *)(const void *)rnn)->failure);
    return failure == 0 ? SEQD_OK : seqd_onednn_fail(failure, error);
}

const seqd_rnn_ops *seqd_onednn_rnn(void)
{
    static const seqd_rnn_ops operations = {create, release, pack, forward, backward, NULL, NULL, NULL, status};
    return &operations;
}
