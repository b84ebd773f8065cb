/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One training step of a recurrent layer with a linear layer on its last hidden state, mean squared error and Adam, on
 * one thread: what peers_lstm.py times beside the same step in PyTorch.
 *
 *   train_step T N I H L [lstm|gru] [LEVEL|onednn] [STEPS]
 *
 * T steps, N sequences, I inputs, H hidden units, L layers. As the library trains: the batch is cut into shards of
 * SEQD_SHARD_ROWS rows with a gradient each, which a tree adds up; weights are packed again after every update.
 * Numbers come from a formula that peers_lstm.py knows too, so that both must come to the same loss.
 * Prints one line of JSON.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "context.h"
#include "optim.h"
#include "recurrent.h"
#include "shard.h"

#define MAX_LAYERS 8

typedef struct bench {
    seqd_context *context;
    seqd_backend backend;
    const seqd_kernels *k;
    int32_t steps, rows, inputs, hidden, layers, shards;
    seqd_rnn_shape shape[MAX_LAYERS];
    seqd_rnn *rnn[MAX_LAYERS];
    int64_t count;       /* parameters */
    float *parameters;
    float **grads;       /* [shards] */
    float **x, **y;      /* [shards] */
    float *dh[2];
    seqd_update update;
} bench;

static int32_t shard_rows(const bench *b, int32_t shard)
{
    const int32_t left = b->rows - shard * SEQD_SHARD_ROWS;
    return left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS;
}

/* weight_ih, weight_hh, bias_ih, bias_hh of each layer, then weight [1][H] and bias [1] of the head. */
static seqd_rnn_params layer_params(const bench *b, int32_t layer, float *vector)
{
    seqd_rnn_params p = {0};
    for (int32_t i = 0; i <= layer; i++) {
        const int64_t gates = seqd_rnn_gates(&b->shape[i]);
        p.weight_ih = vector;
        p.weight_hh = p.weight_ih + gates * b->shape[i].inputs;
        p.bias_ih = p.weight_hh + gates * b->hidden;
        p.bias_hh = p.bias_ih + gates;
        vector = p.bias_hh + gates;
    }
    return p;
}

static void place(bench *b, seqd_arena *arena)
{
    const size_t cells = (size_t)b->steps * SEQD_SHARD_ROWS;
    const size_t hidden = (size_t)b->hidden, inputs = (size_t)b->inputs;
    b->parameters = seqd_arena_take(arena, (size_t)b->count, sizeof(float));
    b->update.first = seqd_arena_take(arena, (size_t)b->count, sizeof(float));
    b->update.second = seqd_arena_take(arena, (size_t)b->count, sizeof(float));
    for (int i = 0; i < 2; i++) b->dh[i] = seqd_arena_take(arena, cells * hidden, sizeof(float));
    for (int32_t i = 0; i < b->shards; i++) {
        b->x[i] = seqd_arena_take(arena, cells * inputs, sizeof(float));
        b->y[i] = seqd_arena_take(arena, SEQD_SHARD_ROWS, sizeof(float));
        b->grads[i] = seqd_arena_take(arena, (size_t)b->count, sizeof(float));
    }
}

static float formula(int64_t i, double phase, double size)
{
    return (float)(size * sin(0.37 * (double)(i + 1) + phase));
}

static void fill(bench *b)
{
    for (int64_t i = 0; i < b->count; i++) b->parameters[i] = formula(i * i % 1009, 0.5, 0.2);
    for (int32_t s = 0; s < b->shards; s++)
        for (int32_t r = 0; r < shard_rows(b, s); r++) {
            const int32_t row = s * SEQD_SHARD_ROWS + r;
            b->y[s][r] = formula(row, 2.0, 1.0);
            for (int32_t t = 0; t < b->steps; t++)
                for (int32_t i = 0; i < b->inputs; i++)
                    b->x[s][(t * shard_rows(b, s) + r) * b->inputs + i] =
                        formula((int64_t)(t * b->rows + row) * b->inputs + i, 1.0, 1.0);
        }
}

/* Forward and backward of one shard; returns its sum of squared errors. */
static double run_shard(bench *b, int32_t s)
{
    const int32_t rows = shard_rows(b, s);
    const int64_t hidden = b->hidden;
    const seqd_kernels *k = b->k;
    const float *x = b->x[s], *input[MAX_LAYERS];
    float *grad = b->grads[s], *dh = b->dh[0], *dx = b->dh[1];
    const float *head = b->parameters + b->count - hidden - 1;
    float *head_grad = grad + b->count - hidden - 1;
    double loss = 0.0;

    memset(grad, 0, (size_t)b->count * sizeof(float));
    for (int32_t i = 0; i < b->layers; i++) {
        input[i] = x;
        x = b->rnn[i]->ops->forward(b->rnn[i], 0, rows, x, NULL);
    }
    const int64_t last = (int64_t)(b->steps - 1) * rows * hidden;
    memset(dh, 0, (size_t)last * sizeof(float));
    for (int32_t r = 0; r < rows; r++) {
        const float *h = x + last + r * hidden;
        const float d = (float)k->dot(hidden, h, head) + head[hidden] - b->y[s][r], slope = 2.0f * d / (float)b->rows;
        loss += (double)(d * d);
        for (int64_t i = 0; i < hidden; i++) {
            dh[last + r * hidden + i] = slope * head[i];
            head_grad[i] += slope * h[i];
        }
        head_grad[hidden] += slope;
    }
    for (int32_t i = b->layers - 1; i >= 0; i--) {
        const seqd_rnn_params layer = layer_params(b, i, grad);
        b->rnn[i]->ops->backward(b->rnn[i], 0, rows, input[i], NULL, dh, &layer, i > 0 ? dx : NULL, NULL);
        float *swap = dh;
        dh = dx;
        dx = swap;
    }
    return loss;
}

static double step(bench *b)
{
    double loss = 0.0;
    for (int32_t i = 0; i < b->layers; i++) {
        const seqd_rnn_params layer = layer_params(b, i, b->parameters);
        b->rnn[i]->ops->pack(b->rnn[i], &layer);
    }
    for (int32_t s = 0; s < b->shards; s++) loss += run_shard(b, s);
    for (int32_t distance = 1; distance < b->shards; distance *= 2)
        for (int32_t i = 0; i + distance < b->shards; i += 2 * distance)
            b->k->add(b->count, b->grads[i + distance], b->grads[i]);
    seqd_update_apply(b->k, &b->update, 1.0f, b->grads[0], b->parameters);
    return loss / (double)b->rows;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int choose(bench *b, const char *name)
{
    const int onednn = strcmp(name, "onednn") == 0;
    if (seqd_context_new(NULL, &b->context, NULL) != SEQD_OK) return 0;
    if (!onednn) b->context->kernel_level = name;
    if (seqd_backend_find(b->context, onednn ? "onednn" : "native", &b->backend, NULL) != SEQD_OK) return 0;
    b->k = b->backend.kernels;
    return 1;
}

int main(int argc, char **argv)
{
    bench b = {0};
    int32_t *const sizes[5] = {&b.steps, &b.rows, &b.inputs, &b.hidden, &b.layers};
    for (int i = 0; i < 5 && i + 1 < argc; i++) *sizes[i] = (int32_t)strtol(argv[i + 1], NULL, 10);
    const seqd_cell cell = argc > 6 && strcmp(argv[6], "gru") == 0 ? SEQD_CELL_GRU : SEQD_CELL_LSTM;
    const int32_t count = argc > 8 ? (int32_t)strtol(argv[8], NULL, 10) : 60;
    if (!choose(&b, argc > 7 ? argv[7] : "auto") || b.steps < 1 || b.rows < 1 || b.inputs < 1 || b.hidden < 1 || b.layers < 1 || b.layers > MAX_LAYERS ||
        count < 10) {
        fprintf(stderr, "usage: train_step T N I H L [lstm|gru] [LEVEL|onednn] [STEPS >= 10]\n");
        return 2;
    }
    for (int32_t i = 0; i < b.layers; i++) {
        b.shape[i] = (seqd_rnn_shape){cell, i > 0 ? b.hidden : b.inputs, 0, b.hidden};
        b.count += (int64_t)seqd_rnn_gates(&b.shape[i]) * (b.shape[i].inputs + b.hidden + 2);
        const seqd_rnn_plan plan = {b.shape[i], b.steps, SEQD_SHARD_ROWS, 1, true};
        if (seqd_rnn_create(b.context, &b.backend, &plan, &b.rnn[i], NULL) != SEQD_OK) return 1;
    }
    b.count += b.hidden + 1;
    b.shards = (b.rows + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
    b.grads = calloc((size_t)b.shards, sizeof *b.grads);
    b.x = calloc((size_t)b.shards, sizeof *b.x);
    b.y = calloc((size_t)b.shards, sizeof *b.y);
    double *times = calloc((size_t)count, sizeof *times);
    if (!b.grads || !b.x || !b.y || !times) return 1;
    seqd_arena arena = {0};
    place(&b, &arena);
    void *memory = arena.overflow ? NULL : aligned_alloc(64, arena.used);
    if (!memory) return 1;
    memset(memory, 0, arena.used);
    arena = (seqd_arena){memory, 0, false};
    place(&b, &arena);
    fill(&b);
    b.update.rule = SEQD_RULE_ADAM;
    b.update.rate = 1e-3, b.update.beta1 = 0.9, b.update.beta2 = 0.999, b.update.epsilon = 1e-8;
    b.update.schedule = SEQD_SCHEDULE_CONSTANT;
    b.update.count = b.count;

    double loss = 0.0; /* of the tenth step */
    for (int32_t i = 0; i < count; i++) {
        const double start = now(), told = step(&b);
        times[i] = now() - start;
        if (i == 9) loss = told;
    }
    const int32_t timed = count > 20 ? count - 10 : count; /* the first ones warm up */
    qsort(times + count - timed, (size_t)timed, sizeof *times, by_value);
    printf("{\"kernels\": \"%s\", \"median_ms\": %.6f, \"lowest_ms\": %.6f, \"steps\": %d, \"loss_10\": %.9g}\n",
           argc > 7 && strcmp(argv[7], "onednn") == 0 ? "onednn" : b.k->level, times[count - timed + timed / 2],
           times[count - timed], timed, loss);
    for (int32_t i = 0; i < b.layers; i++) seqd_rnn_free(b.rnn[i]);
    seqd_context_drop(b.context);
    free(memory);
    free(times);
    free(b.grads);
    free(b.x);
    free(b.y);
    return 0;
}
