/* SPDX-License-Identifier: Apache-2.0 */
#include "stack_layers.h"

#include <string.h>

#include "rng.h"
#include "status.h"

static seqd_rnn_shape layer_shape(const seqd_stack_shape *shape, int32_t layer)
{
    return (seqd_rnn_shape){
        .cell = shape->cell,
        .inputs = seqd_stack_layer_inputs(shape, layer),
        .statics = layer == 0 ? shape->statics : 0,
        .hidden = shape->hidden[layer],
    };
}

int32_t seqd_stack_width(const seqd_stack_shape *shape) { return seqd_stack_layer_width(shape, shape->layers - 1); }

/* ---- parameters ---- */

static int32_t tensors_of_layer(const seqd_stack_shape *shape)
{
    return 4 * seqd_stack_ways(shape) + (shape->layer_norm ? 2 : 0);
}

typedef struct declaration {
    const char *prefix;
    seqd_tensors *tensors;
} declaration;

/* A name of at most 40 letters from a prefix and what stands before the number of the layer. */
static seqd_tensor_name full_name(const declaration *to, const char *part, int32_t layer, const char *suffix,
                                  char room[48])
{
    const size_t used = strlen(to->prefix);
    memcpy(room, to->prefix, used);
    memcpy(room + used, part, strlen(part) + 1);
    return (seqd_tensor_name){room, layer, suffix};
}

static int32_t declare_way(const declaration *to, const seqd_rnn_shape *layer, int32_t index, const char *suffix,
                           seqd_error *error)
{
    static const char *const parts[4] = {"weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"};
    const int64_t gates = seqd_rnn_gates(layer);
    char room[48];
    for (int32_t p = 0; p < 4; p++) {
        const seqd_tensor_name name = full_name(to, parts[p], index, suffix, room);
        if (p < 2) {
            const int64_t columns = p == 0 ? layer->inputs + layer->statics : layer->hidden;
            SEQD_CHECK(seqd_tensors_matrix(to->tensors, name, gates, columns, SEQD_INIT_UNIFORM, layer->hidden, error));
            continue;
        }
        const seqd_init init = p == 2 && layer->cell == SEQD_CELL_LSTM ? SEQD_INIT_LSTM_BIAS : SEQD_INIT_UNIFORM;
        SEQD_CHECK(seqd_tensors_vector(to->tensors, name, gates, init, layer->hidden, error));
    }
    return SEQD_OK;
}

int32_t seqd_stack_declare(const seqd_stack_shape *shape, const char *prefix, seqd_tensors *tensors, int32_t *first,
                           seqd_error *error)
{
    const declaration to = {prefix, tensors};
    char room[48];
    *first = tensors->count;
    for (int32_t i = 0; i < shape->layers; i++) {
        const seqd_rnn_shape layer = layer_shape(shape, i);
        for (int32_t way = 0; way < seqd_stack_ways(shape); way++)
            SEQD_CHECK(declare_way(&to, &layer, i, way == 0 ? "" : "_reverse", error));
        if (!shape->layer_norm) continue;
        const int64_t width = seqd_stack_layer_width(shape, i);
        SEQD_CHECK(seqd_tensors_vector(tensors, full_name(&to, "norm_l", i, ".weight", room), width, SEQD_INIT_ONE, 0,
                                       error));
        SEQD_CHECK(seqd_tensors_vector(tensors, full_name(&to, "norm_l", i, ".bias", room), width, SEQD_INIT_ZERO, 0,
                                       error));
    }
    return SEQD_OK;
}

seqd_rnn_params seqd_stack_layer_params(const seqd_stack *stack, int32_t layer, int32_t way, float *vector)
{
    const int32_t first = stack->first + tensors_of_layer(&stack->shape) * layer + 4 * way;
    const seqd_tensor *tensor = &stack->tensors->at[first];
    return (seqd_rnn_params){
        .weight_ih = vector + tensor[0].offset,
        .weight_hh = vector + tensor[1].offset,
        .bias_ih = vector + tensor[2].offset,
        .bias_hh = vector + tensor[3].offset,
    };
}

void seqd_stack_layer_norm(const seqd_stack *stack, int32_t layer, float *vector, float *out[2])
{
    const int32_t count = tensors_of_layer(&stack->shape);
    const seqd_tensor *tensor = &stack->tensors->at[stack->first + count * (layer + 1) - 2];
    out[0] = vector + tensor[0].offset;
    out[1] = vector + tensor[1].offset;
}

/* ---- memory ---- */

/* The largest arrays over all layers, in floats. */
typedef struct room {
    size_t output;  /* rounded steps, the widest output or input of a layer above the first */
    size_t input;   /* rounded steps, the widest input */
    size_t way;     /* rounded steps, the widest hidden */
    size_t statics; /* of the first layer's sequences, where a dilation makes more of them */
    size_t turn;
} room;

static size_t largest(size_t a, size_t b) { return a > b ? a : b; }

/* Does a layer read steps elsewhere than where they lie (align, stack_pass.c)? */
static bool may_align(const seqd_stack_shape *shape, const seqd_use *use, int32_t layer)
{
    return shape->bidirectional || use->steps % seqd_stack_layer_dilation(shape, layer, use->steps) != 0;
}

static room measure(const seqd_stack_shape *shape, const seqd_use *use)
{
    room r = {0};
    for (int32_t i = 0; i < shape->layers; i++) {
        const int32_t d = seqd_stack_layer_dilation(shape, i, use->steps);
        const size_t cells = (size_t)seqd_stack_layer_steps(shape, i, use->steps) * (size_t)d * (size_t)use->rows;
        const size_t inputs = (size_t)seqd_stack_layer_inputs(shape, i);
        const size_t width = (size_t)seqd_stack_layer_width(shape, i);
        r.output = largest(r.output, cells * (i > 0 ? largest(inputs, width) : width));
        if (may_align(shape, use, i)) r.input = largest(r.input, cells * inputs);
        r.way = largest(r.way, cells * (size_t)shape->hidden[i]);
        if (i == 0 && d > 1) r.statics = (size_t)d * (size_t)use->rows * (size_t)shape->statics;
        if (shape->dilation[i] > 1) r.turn = largest(r.turn, (size_t)use->rows * (size_t)shape->hidden[i]);
    }
    return r;
}

static float *take(seqd_arena *arena, bool wanted, size_t count)
{
    return seqd_arena_take(arena, wanted ? count : 0, sizeof(float));
}

static void place_lane(const seqd_stack_shape *shape, const seqd_use *use, seqd_arena *arena, stack_lane *lane)
{
    const size_t cells = (size_t)use->steps * (size_t)use->rows;
    const bool train = use->train, dropout = train && shape->dropout > 0.0;
    const bool state_dropout = train && shape->recurrent_dropout > 0.0, norm = shape->layer_norm;
    const room r = measure(shape, use);
    for (int32_t i = 0; i < shape->layers; i++) {
        const size_t count = cells * (size_t)seqd_stack_layer_width(shape, i);
        const size_t d = (size_t)seqd_stack_layer_dilation(shape, i, use->steps);
        float *mask = take(arena, dropout, count);
        lane->mask[i] = dropout ? mask : NULL;
        lane->worked[i] = take(arena, dropout || norm || seqd_stack_layer_adds(shape, i), count);
        lane->joined[i] = take(arena, shape->bidirectional, count);
        lane->mean[i] = take(arena, norm, cells);
        lane->rstd[i] = take(arena, norm, cells);
        for (int32_t way = 0; way < 2; way++) {
            const bool wanted = state_dropout && way < seqd_stack_ways(shape);
            mask = take(arena, wanted, d * (size_t)use->rows * (size_t)shape->hidden[i]);
            lane->state_mask[i][way] = wanted ? mask : NULL;
        }
    }
    for (int i = 0; i < 2; i++) {
        lane->dh[i] = take(arena, train, r.output);
        lane->way[i] = take(arena, train && shape->bidirectional, r.way);
    }
    lane->aligned = take(arena, true, r.input);
    lane->skip = take(arena, train && shape->residual, r.output);
    lane->dx = take(arena, train, r.input);
    lane->statics = take(arena, true, r.statics);
    lane->statics_grad = take(arena, train, r.statics);
    lane->turn = take(arena, use->steps == 1, r.turn);
}

/* Everything but the layers, in one block. */
static seqd_stack *place(const seqd_stack_shape *shape, const seqd_use *use, seqd_arena *arena)
{
    seqd_stack *stack = seqd_arena_take(arena, 1, sizeof *stack);
    stack_lane *lanes = seqd_arena_take(arena, (size_t)use->lanes, sizeof *lanes), sized;
    if (stack) stack->lanes = lanes;
    for (int32_t n = 0; n < use->lanes; n++) place_lane(shape, use, arena, lanes ? &lanes[n] : &sized);
    return stack;
}

static int32_t open_layers(seqd_stack *stack, const seqd_backend *backend, seqd_error *error)
{
    const seqd_stack_shape *shape = &stack->shape;
    const seqd_use *use = &stack->use;
    for (int32_t i = 0; i < shape->layers; i++) {
        const int32_t d = seqd_stack_layer_dilation(shape, i, use->steps);
        seqd_rnn_plan plan = {
            .shape = layer_shape(shape, i),
            .steps = seqd_stack_layer_steps(shape, i, use->steps),
            .lanes = use->lanes,
            .train = use->train,
            .state_dropout = use->train && shape->recurrent_dropout > 0.0,
        };
        if (__builtin_mul_overflow(use->rows, d, &plan.rows))
            return seqd_fail(error, SEQD_E_LIMIT, "dilations make too many sequences");
        for (int32_t way = 0; way < seqd_stack_ways(shape); way++) {
            plan.reverse = way == 1;
            SEQD_CHECK(seqd_rnn_create(stack->context, backend, &plan, &stack->rnn[i][way], error));
        }
    }
    return SEQD_OK;
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
    const int32_t status = open_layers(stack, backend, error);
    if (status != SEQD_OK) {
        seqd_stack_close(stack);
        return status;
    }
    *out = stack;
    return SEQD_OK;
}

void seqd_stack_close(seqd_stack *stack)
{
    if (!stack) return;
    for (int32_t i = 0; i < stack->shape.layers; i++)
        for (int32_t way = 0; way < 2; way++) seqd_rnn_free(stack->rnn[i][way]);
    seqd_free(stack->context, stack);
}

void seqd_stack_pack(seqd_stack *stack, const float *vector)
{
    stack->vector = vector;
    for (int32_t i = 0; i < stack->shape.layers; i++)
        for (int32_t way = 0; way < seqd_stack_ways(&stack->shape); way++) {
            /* one view serves parameters and gradients; packing only reads */
            const seqd_rnn_params params = seqd_stack_layer_params(stack, i, way, (float *)(uintptr_t)vector);
            stack->rnn[i][way]->ops->pack(stack->rnn[i][way], &params);
        }
}

int32_t seqd_stack_status(const seqd_stack *stack, seqd_error *error)
{
    int32_t status = SEQD_OK;
    for (int32_t i = 0; i < stack->shape.layers; i++)
        for (int32_t way = 0; way < seqd_stack_ways(&stack->shape) && status == SEQD_OK; way++)
            status = stack->rnn[i][way]->ops->status(stack->rnn[i][way], error);
    return status;
}

void seqd_stack_dropout(const seqd_kernels *k, double dropout, uint64_t key, int32_t layer, int64_t count, float *mask)
{
    const seqd_rng rng = seqd_rng_stream(key, 0x64726f70, (uint64_t)layer);
    k->dropout_mask(count, rng.key, (uint32_t)(dropout * 4294967296.0), (float)(1.0 / (1.0 - dropout)), mask);
}
