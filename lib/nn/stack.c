/* SPDX-License-Identifier: Apache-2.0 */
#include "stack.h"

#include <string.h>

#include "rng.h"
#include "status.h"

/* One lane's arrays beside those of the layers. */
typedef struct stack_lane {
    const float *output[SEQD_MAX_LAYERS]; /* [steps][rows][hidden] of each layer, after dropout */
    float *dropped[SEQD_MAX_LAYERS];      /* where dropout puts it */
    float *mask[SEQD_MAX_LAYERS];         /* NULL without dropout */
    float *dh[2];                         /* gradients of two layers' states, the widest */
} stack_lane;

struct seqd_stack {
    seqd_context *context;
    const seqd_kernels *kernels;
    seqd_stack_shape shape;
    seqd_use use;
    const seqd_tensors *tensors;
    int32_t first;
    seqd_rnn *rnn[SEQD_MAX_LAYERS];
    stack_lane *lanes; /* [use.lanes] */
};

static seqd_rnn_shape layer_shape(const seqd_stack_shape *shape, int32_t layer)
{
    return (seqd_rnn_shape){
        .cell = shape->cell,
        .inputs = layer == 0 ? shape->inputs : shape->hidden[layer - 1],
        .statics = layer == 0 ? shape->statics : 0,
        .hidden = shape->hidden[layer],
    };
}

int32_t seqd_stack_width(const seqd_stack_shape *shape) { return shape->hidden[shape->layers - 1]; }

int32_t seqd_stack_declare(const seqd_stack_shape *shape, const char *prefix, seqd_tensors *tensors, int32_t *first,
                           seqd_error *error)
{
    static const char *const parts[4] = {"weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"};
    *first = tensors->count;
    for (int32_t i = 0; i < shape->layers; i++) {
        const seqd_rnn_shape layer = layer_shape(shape, i);
        const int64_t gates = seqd_rnn_gates(&layer);
        for (int32_t p = 0; p < 4; p++) {
            char name[32];
            const size_t used = strlen(prefix);
            memcpy(name, prefix, used);
            memcpy(name + used, parts[p], strlen(parts[p]) + 1);
            const seqd_tensor_name full = {name, i, ""};
            if (p < 2) {
                const int64_t columns = p == 0 ? layer.inputs + layer.statics : layer.hidden;
                SEQD_CHECK(seqd_tensors_matrix(tensors, full, gates, columns, SEQD_INIT_UNIFORM, layer.hidden, error));
                continue;
            }
            const seqd_init init = p == 2 && layer.cell == SEQD_CELL_LSTM ? SEQD_INIT_LSTM_BIAS : SEQD_INIT_UNIFORM;
            SEQD_CHECK(seqd_tensors_vector(tensors, full, gates, init, layer.hidden, error));
        }
    }
    return SEQD_OK;
}

static seqd_rnn_params layer_params(const seqd_stack *stack, int32_t layer, float *vector)
{
    const seqd_tensor *tensor = &stack->tensors->at[stack->first + 4 * layer];
    return (seqd_rnn_params){
        .weight_ih = vector + tensor[0].offset,
        .weight_hh = vector + tensor[1].offset,
        .bias_ih = vector + tensor[2].offset,
        .bias_hh = vector + tensor[3].offset,
    };
}

/* Everything but the layers, in one block. */
static seqd_stack *place(const seqd_stack_shape *shape, const seqd_use *use, seqd_arena *arena)
{
    const size_t cells = (size_t)use->steps * (size_t)use->rows;
    const bool dropout = use->train && shape->dropout > 0.0;
    seqd_stack *stack = seqd_arena_take(arena, 1, sizeof *stack);
    stack_lane *lanes = seqd_arena_take(arena, (size_t)use->lanes, sizeof *lanes), sized;
    size_t widest = 0;
    for (int32_t i = 0; i < shape->layers; i++)
        if ((size_t)shape->hidden[i] > widest) widest = (size_t)shape->hidden[i];
    if (stack) stack->lanes = lanes;
    for (int32_t n = 0; n < use->lanes; n++) {
        stack_lane *lane = lanes ? &lanes[n] : &sized;
        for (int32_t i = 0; i < shape->layers; i++) {
            const size_t count = dropout ? cells * (size_t)shape->hidden[i] : 0;
            lane->mask[i] = dropout ? seqd_arena_take(arena, count, sizeof(float)) : NULL;
            lane->dropped[i] = seqd_arena_take(arena, count, sizeof(float));
        }
        for (int i = 0; i < 2; i++)
            lane->dh[i] = seqd_arena_take(arena, use->train ? cells * widest : 0, sizeof(float));
    }
    return stack;
}

int32_t seqd_stack_open(seqd_context *context, const seqd_backend *backend, const seqd_stack_shape *shape,
                        const seqd_tensors *tensors, int32_t first, const seqd_use *use, seqd_stack **out,
                        seqd_error *error)
{
    seqd_arena arena = {NULL, 0, false};
    (void)place(shape, use, &arena);
    void *memory = arena.overflow ? NULL : seqd_alloc(context, arena.used);
    if (!memory) return seqd_fail_alloc(context, arena.used, error);
    memset(memory, 0, sizeof(seqd_stack)); /* the first thing placed; arrays are written before they are read */
    arena = (seqd_arena){memory, 0, false};
    seqd_stack *stack = place(shape, use, &arena);
    stack->context = context;
    stack->kernels = backend->kernels;
    stack->shape = *shape;
    stack->use = *use;
    stack->tensors = tensors;
    stack->first = first;
    for (int32_t i = 0; i < shape->layers; i++) {
        const seqd_rnn_plan plan = {layer_shape(shape, i), use->steps, use->rows, use->lanes, use->train, false, false};
        const int32_t status = seqd_rnn_create(context, backend, &plan, &stack->rnn[i], error);
        if (status != SEQD_OK) {
            seqd_stack_close(stack);
            return status;
        }
    }
    *out = stack;
    return SEQD_OK;
}

void seqd_stack_close(seqd_stack *stack)
{
    if (!stack) return;
    for (int32_t i = 0; i < stack->shape.layers; i++) seqd_rnn_free(stack->rnn[i]);
    seqd_free(stack->context, stack);
}

void seqd_stack_pack(seqd_stack *stack, const float *vector)
{
    for (int32_t i = 0; i < stack->shape.layers; i++) {
        /* one view serves parameters and gradients; packing only reads */
        const seqd_rnn_params params = layer_params(stack, i, (float *)(uintptr_t)vector);
        stack->rnn[i]->ops->pack(stack->rnn[i], &params);
    }
}

int32_t seqd_stack_status(const seqd_stack *stack, seqd_error *error)
{
    int32_t status = SEQD_OK;
    for (int32_t i = 0; i < stack->shape.layers && status == SEQD_OK; i++)
        status = stack->rnn[i]->ops->status(stack->rnn[i], error);
    return status;
}

void seqd_stack_dropout(const seqd_kernels *k, double dropout, uint64_t key, int32_t layer, int64_t count, float *mask)
{
    const seqd_rng rng = seqd_rng_stream(key, 0x64726f70, (uint64_t)layer);
    k->dropout_mask(count, rng.key, (uint32_t)(dropout * 4294967296.0), (float)(1.0 / (1.0 - dropout)), mask);
}

static int64_t units(const seqd_stack *stack, int32_t layer, int32_t rows)
{
    return (int64_t)stack->use.steps * rows * stack->shape.hidden[layer];
}

const float *seqd_stack_forward(seqd_stack *stack, int32_t index, const seqd_stack_pass *pass)
{
    stack_lane *lane = &stack->lanes[index];
    const float *x = pass->x;
    for (int32_t i = 0; i < stack->shape.layers; i++) {
        const int64_t count = units(stack, i, pass->rows);
        x = stack->rnn[i]->ops->forward(stack->rnn[i], index, pass->rows, x, pass->s);
        if (pass->key != 0 && lane->mask[i]) {
            seqd_stack_dropout(stack->kernels, stack->shape.dropout, pass->key, i, count, lane->mask[i]);
            memcpy(lane->dropped[i], x, (size_t)count * sizeof *x);
            stack->kernels->multiply(count, lane->mask[i], lane->dropped[i]);
            x = lane->dropped[i];
        }
        lane->output[i] = x;
    }
    return x;
}

float *seqd_stack_gradient(seqd_stack *stack, int32_t lane) { return stack->lanes[lane].dh[0]; }

void seqd_stack_backward(seqd_stack *stack, int32_t index, const seqd_stack_pass *pass, float *grad, float *dx,
                         float *ds)
{
    stack_lane *lane = &stack->lanes[index];
    float *dh = lane->dh[0], *below = lane->dh[1];
    for (int32_t i = stack->shape.layers - 1; i >= 0; i--) {
        const seqd_rnn_params rnn_grad = layer_params(stack, i, grad);
        const float *x = i == 0 ? pass->x : lane->output[i - 1];
        if (pass->key != 0 && lane->mask[i]) stack->kernels->multiply(units(stack, i, pass->rows), lane->mask[i], dh);
        stack->rnn[i]->ops->backward(stack->rnn[i], index, pass->rows, x, pass->s, dh, &rnn_grad, i > 0 ? below : dx,
                                     ds);
        float *swap = dh;
        dh = below;
        below = swap;
    }
}

static int32_t parts_of_layer(const seqd_stack_shape *shape) { return shape->cell == SEQD_CELL_LSTM ? 2 : 1; }

int32_t seqd_stack_part_count(const seqd_stack_shape *shape) { return parts_of_layer(shape) * shape->layers; }

int64_t seqd_stack_part_units(const seqd_stack_shape *shape, int32_t part)
{
    return shape->hidden[part / parts_of_layer(shape)];
}

int64_t seqd_stack_state_floats(const seqd_stack_shape *shape, int32_t rows)
{
    int64_t floats = 0;
    for (int32_t i = 0; i < seqd_stack_part_count(shape); i++) floats += seqd_stack_part_units(shape, i);
    return floats * rows;
}

void seqd_stack_step(seqd_stack *stack, int32_t index, const seqd_stack_pass *pass, float *state)
{
    const float *x = pass->x;
    for (int32_t i = 0; i < stack->shape.layers; i++) {
        const int64_t count = (int64_t)pass->rows * stack->shape.hidden[i];
        float *c = stack->shape.cell == SEQD_CELL_LSTM ? state + count : NULL;
        stack->rnn[i]->ops->step(stack->rnn[i], index, pass->rows, x, pass->s, state, c);
        x = state;
        state += parts_of_layer(&stack->shape) * count;
    }
}

const float *seqd_stack_state_output(const seqd_stack_shape *shape, int32_t rows, const float *state)
{
    const int32_t last = seqd_stack_part_count(shape) - parts_of_layer(shape);
    for (int32_t i = 0; i < last; i++) state += rows * seqd_stack_part_units(shape, i);
    return state;
}
