/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step at a time. A layer with dilation d keeps the states of its last d steps, oldest first: the step to come goes
 * on from the oldest, and takes its place at the end. For LSTM the cell states follow. Where something is done to the
 * last layer's states before they come out, what came out is one more part.
 */
#include "stack_layers.h"

#include <string.h>

static int32_t ring(const seqd_stack_shape *shape, int32_t layer)
{
    return shape->dilation[layer] > 1 ? shape->dilation[layer] : 1;
}

static int32_t kinds(const seqd_stack_shape *shape) { return shape->cell == SEQD_CELL_LSTM ? 2 : 1; }

static bool has_output(const seqd_stack_shape *shape)
{
    return shape->layer_norm || seqd_stack_layer_adds(shape, shape->layers - 1);
}

int32_t seqd_stack_part_count(const seqd_stack_shape *shape)
{
    int32_t count = has_output(shape) ? 1 : 0;
    for (int32_t i = 0; i < shape->layers; i++) count += kinds(shape) * ring(shape, i);
    return count;
}

int64_t seqd_stack_part_units(const seqd_stack_shape *shape, int32_t part)
{
    for (int32_t i = 0; i < shape->layers; i++) {
        part -= kinds(shape) * ring(shape, i);
        if (part < 0) return shape->hidden[i];
    }
    return seqd_stack_width(shape);
}

int64_t seqd_stack_state_floats(const seqd_stack_shape *shape, int32_t rows)
{
    int64_t floats = has_output(shape) ? seqd_stack_width(shape) : 0;
    for (int32_t i = 0; i < shape->layers; i++)
        floats += (int64_t)kinds(shape) * ring(shape, i) * shape->hidden[i];
    return floats * rows;
}

/* The oldest of `places` arrays becomes the newest. */
static void turn(float *states, int32_t places, int64_t count, float *room)
{
    if (places == 1) return;
    memcpy(room, states, (size_t)count * sizeof *room);
    memmove(states, states + count, (size_t)((places - 1) * count) * sizeof *room);
    memcpy(states + (places - 1) * count, room, (size_t)count * sizeof *room);
}

void seqd_stack_step(seqd_stack *stack, int32_t index, const seqd_stack_pass *pass, float *state)
{
    const seqd_kernels *k = stack->kernels;
    const seqd_stack_shape *shape = &stack->shape;
    stack_lane *lane = &stack->lanes[index];
    const float *x = pass->x;
    for (int32_t i = 0; i < shape->layers; i++) {
        const int32_t places = ring(shape, i);
        const int64_t width = shape->hidden[i], count = pass->rows * width;
        seqd_rnn *rnn = stack->rnn[i][0];
        float *c = kinds(shape) == 2 ? state + places * count : NULL;
        rnn->ops->step(rnn, index, pass->rows, x, pass->s, state, c);
        turn(state, places, count, lane->turn);
        if (c) turn(c, places, count, lane->turn);
        const float *h = state + (places - 1) * count;
        state += kinds(shape) * places * count;
        const bool adds = seqd_stack_layer_adds(shape, i);
        if (!shape->layer_norm && !adds) {
            x = h;
            continue;
        }
        float *out = i + 1 == shape->layers ? state : lane->worked[i];
        if (shape->layer_norm) {
            float *norm[2];
            seqd_stack_layer_norm(stack, i, (float *)(uintptr_t)stack->vector, norm);
            k->layer_norm(pass->rows, width, h, width, norm[0], norm[1], SEQD_STACK_NORM_EPSILON, out, width, NULL,
                          NULL);
        } else memcpy(out, h, (size_t)count * sizeof *out);
        if (adds) k->add(count, x, out);
        x = out;
    }
}

const float *seqd_stack_state_output(const seqd_stack_shape *shape, int32_t rows, const float *state)
{
    const int32_t last = shape->layers - 1;
    const int64_t all = seqd_stack_state_floats(shape, rows);
    if (has_output(shape)) return state + all - rows * (int64_t)seqd_stack_width(shape);
    /* behind the newest state of the last layer are its cell states, if there are any */
    const int64_t count = rows * (int64_t)shape->hidden[last];
    return state + all - count - (kinds(shape) - 1) * ring(shape, last) * count;
}
