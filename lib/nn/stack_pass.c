/* SPDX-License-Identifier: Apache-2.0 */
/* Whole sequences through the layers, there and back. */
#include "stack_layers.h"

#include <string.h>

/* One direction of one layer in one pass. */
typedef struct lap {
    seqd_stack *stack;
    stack_lane *lane;
    const seqd_stack_pass *pass;
    int32_t index;      /* of the lane */
    int32_t layer, way;
    int32_t steps;      /* of the pass */
    int32_t dilation;
    int32_t rounded;    /* steps as a multiple of the dilation */
} lap;

static lap lap_of(seqd_stack *stack, int32_t index, const seqd_stack_pass *pass, int32_t layer, int32_t way)
{
    const int32_t steps = stack->lanes[index].steps, d = seqd_stack_layer_dilation(&stack->shape, layer, steps);
    return (lap){.stack = stack, .lane = &stack->lanes[index], .pass = pass, .index = index, .layer = layer,
                 .way = way, .steps = steps, .dilation = d,
                 .rounded = d * seqd_stack_layer_steps(&stack->shape, layer, steps)};
}

static int64_t cells_of(const lap *l) { return (int64_t)l->steps * l->pass->rows; }

/*
 * Rows are right-padded: what comes behind a row's last step, or behind the last step where the dilation does not
 * divide their number, is read after all that matters. Backwards it would be read first, so there rows are moved to the end,
 * each by its own distance.
 */
static int32_t distance(const lap *l, int32_t row)
{
    if (l->way == 0) return 0;
    return l->rounded - (l->pass->length ? l->pass->length[row] : l->steps);
}

static bool moves(const lap *l) { return l->rounded != l->steps || (l->way == 1 && l->pass->length); }

/* to[rounded][rows][width] from parts of `width` in from[steps][rows][stride], rows at their distance, zeros around. */
static void align(const lap *l, const float *from, int64_t stride, int64_t width, float *to)
{
    const int32_t rows = l->pass->rows;
    if (!moves(l)) {
        if (stride == width) memcpy(to, from, (size_t)(cells_of(l) * width) * sizeof *to);
        else
            for (int64_t i = 0; i < cells_of(l); i++)
                memcpy(to + i * width, from + i * stride, (size_t)width * sizeof *to);
        return;
    }
    memset(to, 0, (size_t)l->rounded * (size_t)rows * (size_t)width * sizeof *to);
    for (int32_t r = 0; r < rows; r++) {
        const int32_t first = distance(l, r), count = l->pass->length ? l->pass->length[r] : l->steps;
        for (int32_t t = 0; t < count; t++)
            memcpy(to + ((int64_t)(first + t) * rows + r) * width, from + ((int64_t)t * rows + r) * stride,
                   (size_t)width * sizeof *to);
    }
}

/* The way back: to[steps][rows][stride], zeros behind a row's last step. */
static void unalign(const lap *l, const float *from, int64_t width, float *to, int64_t stride)
{
    const int32_t rows = l->pass->rows;
    for (int32_t r = 0; r < rows; r++) {
        const int32_t first = distance(l, r), count = l->pass->length ? l->pass->length[r] : l->steps;
        for (int32_t t = 0; t < l->steps; t++) {
            float *here = to + ((int64_t)t * rows + r) * stride;
            if (t < count)
                memcpy(here, from + ((int64_t)(first + t) * rows + r) * width, (size_t)width * sizeof *to);
            else memset(here, 0, (size_t)width * sizeof *to);
        }
    }
}

static const float *aligned_input(const lap *l, const float *x)
{
    if (!moves(l)) return x;
    const int64_t inputs = seqd_stack_layer_inputs(&l->stack->shape, l->layer);
    align(l, x, inputs, inputs, l->lane->aligned);
    return l->lane->aligned;
}

/* Statics for as many rows as the dilation makes. */
static const float *repeated_statics(const lap *l)
{
    const size_t count = (size_t)l->pass->rows * (size_t)l->stack->shape.statics;
    if (l->layer > 0 || l->dilation == 1 || count == 0) return l->pass->s;
    for (int32_t i = 0; i < l->dilation; i++)
        memcpy(l->lane->statics + (size_t)i * count, l->pass->s, count * sizeof(float));
    return l->lane->statics;
}

/* ---- forward ---- */

static void drop_state(const lap *l)
{
    const seqd_rnn *rnn = l->stack->rnn[l->layer][l->way];
    float *mask = l->lane->state_mask[l->layer][l->way];
    if (!mask) return;
    if (l->pass->key != 0) {
        const int64_t count = (int64_t)l->pass->rows * l->stack->shape.hidden[l->layer];
        seqd_stack_dropout(l->stack->kernels, l->stack->shape.recurrent_dropout, l->pass->key,
                           SEQD_STACK_STATE_MASKS + 2 * l->layer + l->way, count, mask);
        for (int32_t i = 1; i < l->dilation; i++)
            memcpy(mask + i * count, mask, (size_t)count * sizeof *mask);
    }
    rnn->ops->drop(l->stack->rnn[l->layer][l->way], l->index, l->pass->key != 0 ? mask : NULL);
}

static const float *run_way(const lap *l, const float *x)
{
    seqd_rnn *rnn = l->stack->rnn[l->layer][l->way];
    drop_state(l);
    return rnn->ops->forward(rnn, l->index, l->pass->rows * l->dilation, aligned_input(l, x), repeated_statics(l));
}

/* Steps of the longest row where all layers can stop there; else all of them. */
static int32_t steps_of(const seqd_stack *stack, const seqd_stack_pass *pass)
{
    const seqd_stack_shape *shape = &stack->shape;
    bool whole = !pass->length || shape->bidirectional;
    int32_t longest = 1;
    for (int32_t i = 0; i < shape->layers && !whole; i++)
        whole = shape->dilation[i] > 1 || !stack->rnn[i][0]->ops->limit;
    if (whole) return stack->use.steps;
    for (int32_t r = 0; r < pass->rows; r++)
        if (pass->length[r] > longest) longest = pass->length[r];
    return longest;
}

/* Settles the steps of a pass, there and back. */
static void begin_pass(seqd_stack *stack, int32_t index, const seqd_stack_pass *pass)
{
    const int32_t steps = stack->lanes[index].steps = steps_of(stack, pass);
    for (int32_t i = 0; i < stack->shape.layers; i++)
        for (int32_t way = 0; way < seqd_stack_ways(&stack->shape); way++) {
            seqd_rnn *rnn = stack->rnn[i][way];
            if (rnn->ops->limit) rnn->ops->limit(rnn, index, steps < stack->use.steps ? steps : rnn->plan.steps);
        }
}

/* Zeros in [use.steps][rows][width] behind the steps of the pass at work. */
static void clear_behind(const seqd_stack *stack, int32_t index, int32_t rows, int64_t width, float *values)
{
    const int64_t size = rows * width, first = stack->lanes[index].steps * size;
    memset(values + first, 0, (size_t)(stack->use.steps * size - first) * sizeof *values);
}

/* The states of a layer, [steps][rows][width]. */
static const float *recur(seqd_stack *stack, int32_t index, const seqd_stack_pass *pass, int32_t layer, const float *x)
{
    const lap there = lap_of(stack, index, pass, layer, 0);
    const float *states = run_way(&there, x);
    if (!stack->shape.bidirectional) return states;
    const int64_t hidden = stack->shape.hidden[layer];
    float *joined = there.lane->joined[layer];
    for (int64_t i = 0; i < cells_of(&there); i++)
        memcpy(joined + i * 2 * hidden, states + i * hidden, (size_t)hidden * sizeof *joined);
    const lap back = lap_of(stack, index, pass, layer, 1);
    unalign(&back, run_way(&back, x), hidden, joined + hidden, 2 * hidden);
    return joined;
}

const float *seqd_stack_forward(seqd_stack *stack, int32_t index, const seqd_stack_pass *pass)
{
    const seqd_kernels *k = stack->kernels;
    const seqd_stack_shape *shape = &stack->shape;
    stack_lane *lane = &stack->lanes[index];
    const float *x = pass->x;
    begin_pass(stack, index, pass);
    for (int32_t i = 0; i < shape->layers; i++) {
        const int64_t cells = (int64_t)lane->steps * pass->rows, width = seqd_stack_layer_width(shape, i);
        const float *states = lane->states[i] = recur(stack, index, pass, i, x);
        const bool drops = pass->key != 0 && lane->mask[i], adds = seqd_stack_layer_adds(shape, i);
        float *worked = lane->worked[i];
        if (shape->layer_norm) {
            float *norm[2];
            seqd_stack_layer_norm(stack, i, (float *)(uintptr_t)stack->vector, norm);
            k->layer_norm(cells, width, states, width, norm[0], norm[1], SEQD_STACK_NORM_EPSILON, worked, width,
                          lane->mean[i], lane->rstd[i]);
        } else if (drops || adds) memcpy(worked, states, (size_t)(cells * width) * sizeof *worked);
        if (adds) k->add(cells * width, x, worked);
        if (drops) {
            seqd_stack_dropout(k, shape->dropout, pass->key, i, cells * width, lane->mask[i]);
            k->multiply(cells * width, lane->mask[i], worked);
        }
        x = lane->output[i] = shape->layer_norm || drops || adds ? worked : states;
    }
    clear_behind(stack, index, pass->rows, seqd_stack_width(shape), (float *)(uintptr_t)x); /* an array of this lane */
    return x;
}

/* ---- backward ---- */

float *seqd_stack_gradient(seqd_stack *stack, int32_t lane) { return stack->lanes[lane].dh[0]; }

/*
 * One way back: dh[rounded][rows][hidden] is overwritten, dx[steps][rows][inputs] is written or added to. A `dx` with
 * room for the rounded steps is written directly.
 */
static void return_way(const lap *l, const float *x, float *dh, float *grad, float *dx, bool roomy, float *ds)
{
    const seqd_stack *stack = l->stack;
    seqd_rnn *rnn = stack->rnn[l->layer][l->way];
    const int64_t inputs = seqd_stack_layer_inputs(&stack->shape, l->layer), rows = l->pass->rows;
    const seqd_rnn_params params = seqd_stack_layer_params(stack, l->layer, l->way, grad);
    const float *s = repeated_statics(l);
    const bool direct = l->way == 0 && (roomy || !moves(l)), repeats = s != l->pass->s;
    const int64_t statics = rows * stack->shape.statics;
    if (repeats) memset(l->lane->statics_grad, 0, (size_t)(statics * l->dilation) * sizeof(float));
    float *target = !dx || direct ? dx : l->lane->dx;
    rnn->ops->backward(rnn, l->index, (int32_t)rows * l->dilation, aligned_input(l, x), s, dh, &params, target,
                       repeats ? l->lane->statics_grad : ds);
    for (int32_t i = 0; repeats && i < l->dilation; i++)
        stack->kernels->add(statics, l->lane->statics_grad + i * statics, ds);
    if (!dx || direct) return;
    if (l->way == 0) {
        memcpy(dx, target, (size_t)(cells_of(l) * inputs) * sizeof *dx);
        return;
    }
    if (!moves(l)) {
        stack->kernels->add(cells_of(l) * inputs, target, dx);
        return;
    }
    for (int32_t r = 0; r < rows; r++) {
        const int32_t first = distance(l, r), count = l->pass->length ? l->pass->length[r] : l->steps;
        for (int32_t t = 0; t < count; t++)
            stack->kernels->add(inputs, target + ((first + t) * rows + r) * inputs, dx + (t * rows + r) * inputs);
    }
}

/* dh[steps][rows][width] of the states, with room for the rounded steps, is overwritten. */
static void recur_back(seqd_stack *stack, int32_t index, const seqd_stack_pass *pass, int32_t layer, const float *x,
                       float *dh, float *grad, float *dx, float *ds)
{
    const lap there = lap_of(stack, index, pass, layer, 0);
    const int64_t hidden = stack->shape.hidden[layer];
    const bool roomy = layer > 0; /* dx is one of our own arrays */
    if (!stack->shape.bidirectional) {
        const int64_t used = cells_of(&there) * hidden, all = (int64_t)there.rounded * pass->rows * hidden;
        memset(dh + used, 0, (size_t)(all - used) * sizeof *dh);
        return_way(&there, x, dh, grad, dx, roomy, ds);
        return;
    }
    const lap back = lap_of(stack, index, pass, layer, 1);
    align(&there, dh, 2 * hidden, hidden, there.lane->way[0]);
    align(&back, dh + hidden, 2 * hidden, hidden, there.lane->way[1]);
    return_way(&there, x, there.lane->way[0], grad, dx, roomy, ds);
    return_way(&back, x, there.lane->way[1], grad, dx, roomy, ds);
}

/* Behind a row's last step nothing counts. */
static void clear_padding(const seqd_stack *stack, int32_t steps, const seqd_stack_pass *pass, float *dh)
{
    const int64_t width = seqd_stack_width(&stack->shape), rows = pass->rows;
    for (int32_t r = 0; pass->length && r < rows; r++)
        for (int32_t t = pass->length[r]; t < steps; t++)
            memset(dh + (t * rows + r) * width, 0, (size_t)width * sizeof *dh);
}

void seqd_stack_backward(seqd_stack *stack, int32_t index, const seqd_stack_pass *pass, float *grad, float *dx,
                         float *ds)
{
    const seqd_kernels *k = stack->kernels;
    const seqd_stack_shape *shape = &stack->shape;
    stack_lane *lane = &stack->lanes[index];
    float *dh = lane->dh[0], *below = lane->dh[1];
    clear_padding(stack, lane->steps, pass, dh);
    for (int32_t i = shape->layers - 1; i >= 0; i--) {
        const int64_t cells = (int64_t)lane->steps * pass->rows, width = seqd_stack_layer_width(shape, i);
        const float *x = i == 0 ? pass->x : lane->output[i - 1];
        float *target = i > 0 ? below : dx;
        const bool adds = target && seqd_stack_layer_adds(shape, i);
        if (pass->key != 0 && lane->mask[i]) k->multiply(cells * width, lane->mask[i], dh);
        if (adds) memcpy(lane->skip, dh, (size_t)(cells * width) * sizeof *dh);
        if (shape->layer_norm) {
            float *norm[2], *norm_grad[2];
            seqd_stack_layer_norm(stack, i, (float *)(uintptr_t)stack->vector, norm);
            seqd_stack_layer_norm(stack, i, grad, norm_grad);
            k->layer_norm_backward(cells, width, lane->states[i], width, norm[0], lane->mean[i], lane->rstd[i], dh,
                                   width, dh, width, norm_grad[0], norm_grad[1]);
        }
        recur_back(stack, index, pass, i, x, dh, grad, target, ds);
        if (adds) k->add(cells * width, lane->skip, target);
        float *swap = dh;
        dh = below;
        below = swap;
    }
    if (dx) clear_behind(stack, index, pass->rows, shape->inputs, dx);
}
