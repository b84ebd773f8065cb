/* SPDX-License-Identifier: Apache-2.0 */
#include "layer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *layer_array_name(int32_t which)
{
    static const char *const names[LAYER_ARRAYS] = {
        "weight_ih", "weight_hh", "bias_ih", "bias_hh", "x", "s", "dh", "hidden", "dx", "ds",
        "gradient of weight_ih", "gradient of weight_hh", "gradient of bias_ih", "gradient of bias_hh"};
    return names[which];
}

const char *layer_cell_name(seqd_cell cell)
{
    static const char *const names[SEQD_CELLS] = {"lstm", "gru", "gru reset before", "rnn tanh", "rnn relu"};
    return names[cell];
}

/* Numbers in [-size, size). */
static void draw(uint32_t *state, float size, size_t count, float *to)
{
    for (size_t i = 0; i < count; i++) {
        *state = *state * 1664525u + 1013904223u;
        to[i] = ((float)(*state >> 8) * 0x1p-23f - 1.0f) * size;
    }
}

void layer_redraw(layer_values *v, uint32_t seed)
{
    /* rectified states are not held back by a bound: larger weights would make them and their rounding grow */
    const float share = v->shape.plan.shape.cell == SEQD_CELL_RELU ? 0.8f : 1.5f;
    const float size = share / sqrtf((float)v->shape.plan.shape.hidden);
    uint32_t state = seed;
    for (int i = LAYER_WEIGHT_IH; i <= LAYER_BIAS_HH; i++) draw(&state, size, v->count[i], v->array[i]);
}

layer_values *layer_make(const layer_case *c, uint32_t seed)
{
    const size_t gates = (size_t)seqd_rnn_gates(&c->plan.shape), inputs = (size_t)c->plan.shape.inputs;
    const size_t statics = (size_t)c->plan.shape.statics, hidden = (size_t)c->plan.shape.hidden;
    const size_t rows = (size_t)c->rows, cells = rows * (size_t)c->plan.steps;
    const size_t counts[LAYER_ARRAYS] = {gates * (inputs + statics), gates * hidden, gates, gates,
                                         cells * inputs, rows * statics, cells * hidden,
                                         cells * hidden, cells * inputs, rows * statics,
                                         gates * (inputs + statics), gates * hidden, gates, gates};
    layer_values *v = calloc(1, sizeof *v);
    assert_non_null(v);
    v->shape = *c;
    for (int i = 0; i < LAYER_ARRAYS; i++) {
        v->count[i] = counts[i];
        v->array[i] = calloc(counts[i] > 0 ? counts[i] : 1, sizeof(float));
        assert_non_null(v->array[i]);
    }
    layer_redraw(v, seed);
    uint32_t state = seed + 77;
    for (int i = LAYER_X; i <= LAYER_DH; i++) draw(&state, 1.0f, counts[i], v->array[i]);
    return v;
}

void layer_drop(layer_values *v)
{
    for (int i = 0; i < LAYER_ARRAYS; i++) free(v->array[i]);
    free(v);
}

seqd_rnn_params layer_params(const layer_values *v)
{
    return (seqd_rnn_params){v->array[LAYER_WEIGHT_IH], v->array[LAYER_WEIGHT_HH], v->array[LAYER_BIAS_IH],
                             v->array[LAYER_BIAS_HH]};
}

static seqd_rnn *open_layer(seqd_context *context, const seqd_backend *backend, const seqd_rnn_plan *plan)
{
    seqd_rnn *rnn;
    seqd_error error = {.struct_size = (uint32_t)sizeof error};
    if (seqd_rnn_create(context, backend, plan, &rnn, &error) != SEQD_OK) fail_msg("%s", error.message);
    return rnn;
}

seqd_rnn *layer_open_level(seqd_context *context, int32_t level, const seqd_rnn_plan *plan)
{
    const seqd_kernels *kernels = seqd_kernels_at(level);
    const seqd_backend backend = {SEQD_BACKEND_NATIVE, kernels, kernels};
    return open_layer(context, &backend, plan);
}

seqd_rnn *layer_open_ref(seqd_context *context, const seqd_rnn_plan *plan)
{
    return layer_open_level(context, 0, plan);
}

seqd_rnn *layer_open_onednn(seqd_context *context, const seqd_rnn_plan *plan)
{
    const seqd_kernels *native = seqd_kernels_at(seqd_kernels_count() - 1);
    const seqd_backend backend = {SEQD_BACKEND_ONEDNN, seqd_onednn_kernels(native), native};
    return open_layer(context, &backend, plan);
}

void layer_forward(seqd_rnn *rnn, int32_t lane, layer_values *v)
{
    const float *h = rnn->ops->forward(rnn, lane, v->shape.rows, v->array[LAYER_X], v->array[LAYER_S]);
    memcpy(v->array[LAYER_HIDDEN], h, v->count[LAYER_HIDDEN] * sizeof(float));
}

void layer_backward(seqd_rnn *rnn, int32_t lane, layer_values *v)
{
    const size_t size = v->count[LAYER_DH] * sizeof(float);
    const seqd_rnn_params grad = {v->array[LAYER_GRAD_WEIGHT_IH], v->array[LAYER_GRAD_WEIGHT_HH],
                                  v->array[LAYER_GRAD_BIAS_IH], v->array[LAYER_GRAD_BIAS_HH]};
    float *dh = malloc(size); /* it is overwritten */
    assert_non_null(dh);
    memcpy(dh, v->array[LAYER_DH], size);
    rnn->ops->backward(rnn, lane, v->shape.rows, v->array[LAYER_X], v->array[LAYER_S], dh, &grad, v->array[LAYER_DX],
                       v->array[LAYER_DS]);
    free(dh);
}

double layer_difference(const layer_values *a, const layer_values *b, int32_t *which)
{
    double worst = 0.0, widest = 0.0, weights = 0.0;
    for (int i = LAYER_HIDDEN; i < LAYER_ARRAYS; i++) {
        double most = 0.0, difference = 0.0;
        for (size_t j = 0; j < a->count[i]; j++) {
            const double x = (double)a->array[i][j], y = (double)b->array[i][j];
            if (!(fabs(x - y) <= difference)) difference = fabs(x - y); /* a NaN stays */
            if (fabs(y) > most) most = fabs(y);
        }
        /* ds is a sum over all steps of what dx is at one: its terms may cancel */
        if (i == LAYER_DS && most < widest) most = widest;
        /* biases are weights of an input that is always 1, the others lie in [-1, 1): the same goes for one bias alone */
        if (i >= LAYER_GRAD_BIAS_IH && most < weights) most = weights;
        if (i == LAYER_GRAD_WEIGHT_IH) weights = most;
        if (i == LAYER_DX) widest = most * sqrt((double)a->shape.plan.steps);
        if (most > 0.0) difference /= most;
        if (!(difference <= worst)) {
            worst = difference;
            if (which) *which = i;
        }
    }
    return worst;
}
