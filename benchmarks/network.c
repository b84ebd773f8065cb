/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "optim.h"
#include "parallel.h"
#include "shard.h"

#define MAX_LAYERS 8
#define PARAMETERS 4096 /* that one task adds up or moves */

struct network {
    network_setup setup;
    seqd_context *context;
    seqd_backend backend;
    int32_t shards;
    seqd_rnn *train[MAX_LAYERS], *predict[MAX_LAYERS];
    int64_t count;           /* parameters: as torch lists them, then the weight [1][H] and bias [1] of the head */
    float *parameters;
    seqd_update update;
    seqd_update_step step;
    float **x, **grads;      /* [shards] */
    float *y, *output;       /* [rows] */
    double *losses;          /* [shards] */
    float *dh, *dx;          /* [threads][steps][shard_rows][the wider of hidden and inputs] */
    float *h[MAX_LAYERS], *c[MAX_LAYERS]; /* streaming state */
    float *stream;           /* [steps][rows][inputs] */
    int32_t at;
    void *memory;
};

static int32_t shard_rows(const network *net, int64_t shard)
{
    const int32_t left = net->setup.rows - (int32_t)shard * net->setup.shard_rows;
    return left < net->setup.shard_rows ? left : net->setup.shard_rows;
}

static seqd_rnn_shape layer_shape(const network *net, int32_t layer)
{
    return (seqd_rnn_shape){net->setup.cell, layer > 0 ? net->setup.hidden : net->setup.inputs, 0, net->setup.hidden};
}

static seqd_rnn_params layer_params(const network *net, int32_t layer, float *vector)
{
    seqd_rnn_params p = {0};
    for (int32_t i = 0; i <= layer; i++) {
        const seqd_rnn_shape shape = layer_shape(net, i);
        const int64_t gates = seqd_rnn_gates(&shape);
        p.weight_ih = vector;
        p.weight_hh = p.weight_ih + gates * shape.inputs;
        p.bias_ih = p.weight_hh + gates * shape.hidden;
        p.bias_hh = p.bias_ih + gates;
        vector = p.bias_hh + gates;
    }
    return p;
}

static float *floats(seqd_arena *arena, size_t count)
{
    return seqd_arena_take(arena, count, sizeof(float));
}

static void place(network *net, seqd_arena *arena)
{
    const network_setup *s = &net->setup;
    const size_t count = (size_t)net->count, rows = (size_t)s->rows, hidden = (size_t)s->hidden;
    const size_t shard = (size_t)s->steps * (size_t)s->shard_rows;
    const size_t widest = s->hidden > s->inputs ? hidden : (size_t)s->inputs;
    net->parameters = floats(arena, count);
    net->update.first = floats(arena, count);
    net->update.second = floats(arena, count);
    net->y = floats(arena, rows);
    net->output = floats(arena, rows);
    net->stream = floats(arena, (size_t)s->steps * rows * (size_t)s->inputs);
    net->losses = seqd_arena_take(arena, (size_t)net->shards, sizeof *net->losses);
    net->x = seqd_arena_take(arena, (size_t)net->shards, sizeof *net->x);
    net->grads = seqd_arena_take(arena, (size_t)net->shards, sizeof *net->grads);
    net->dh = floats(arena, (size_t)s->threads * shard * widest);
    net->dx = floats(arena, (size_t)s->threads * shard * widest);
    for (int32_t i = 0; i < s->layers; i++) {
        net->h[i] = floats(arena, rows * hidden);
        net->c[i] = floats(arena, rows * hidden);
    }
    for (int32_t i = 0; i < net->shards; i++) {
        float *x = floats(arena, shard * (size_t)s->inputs), *grad = floats(arena, count);
        if (!arena->base) continue;
        net->x[i] = x;
        net->grads[i] = grad;
    }
}

static float formula(int64_t i, double phase, double size)
{
    return (float)(size * sin(0.37 * ((double)i + 1.0) + phase));
}

static void fill(network *net)
{
    const network_setup *s = &net->setup;
    for (int32_t row = 0; row < s->rows; row++) {
        const int32_t shard = row / s->shard_rows, r = row % s->shard_rows;
        net->y[row] = formula(row, 2.0, 1.0);
        for (int32_t t = 0; t < s->steps; t++)
            for (int32_t i = 0; i < s->inputs; i++) {
                const int64_t place_of = ((int64_t)t * s->rows + row) * s->inputs + i;
                const float value = formula(place_of, 1.0, 1.0);
                net->x[shard][((int64_t)t * shard_rows(net, shard) + r) * s->inputs + i] = value;
                net->stream[place_of] = value;
            }
    }
}

void network_reset(network *net)
{
    for (int64_t i = 0; i < net->count; i++) net->parameters[i] = formula(i * i % 1009, 0.5, 0.2);
    memset(net->update.first, 0, (size_t)net->count * sizeof(float));
    memset(net->update.second, 0, (size_t)net->count * sizeof(float));
    net->update.steps = 0;
}

static int32_t make(network *net, seqd_error *error)
{
    const network_setup *s = &net->setup;
    int32_t status = seqd_context_new(NULL, &net->context, error);
    if (status != SEQD_OK) return status;
    net->context->kernel_level = s->level;
    net->context->threads = s->threads;
    status = seqd_backend_find(net->context, s->backend, &net->backend, error);
    for (int32_t i = 0; i < s->layers && status == SEQD_OK; i++) {
        seqd_rnn_plan plan = {layer_shape(net, i), s->steps, s->shard_rows, s->threads, true, false, false};
        status = seqd_rnn_create(net->context, &net->backend, &plan, &net->train[i], error);
        plan.train = false;
        if (status == SEQD_OK)
            status = seqd_rnn_create(net->context, &net->backend, &plan, &net->predict[i], error);
        net->count += (int64_t)seqd_rnn_gates(&plan.shape) * (plan.shape.inputs + plan.shape.hidden + 2);
    }
    if (status != SEQD_OK) return status;
    net->count += s->hidden + 1;
    seqd_arena arena = {0};
    place(net, &arena);
    net->memory = arena.overflow ? NULL : seqd_alloc_zero(net->context, arena.used);
    if (!net->memory) return seqd_fail_alloc(net->context, arena.used, error);
    arena = (seqd_arena){net->memory, 0, false};
    place(net, &arena);
    net->update.rule = SEQD_RULE_ADAM;
    net->update.rate = 1e-3;
    net->update.beta1 = 0.9;
    net->update.beta2 = 0.999;
    net->update.epsilon = 1e-8;
    net->update.schedule = SEQD_SCHEDULE_CONSTANT;
    net->update.count = net->count;
    fill(net);
    network_reset(net);
    return SEQD_OK;
}

network *network_open(const network_setup *setup)
{
    seqd_error error = SEQD_ERROR_INIT;
    const bool sizes = setup->steps > 0 && setup->rows > 0 && setup->inputs > 0 && setup->hidden > 0 &&
                       setup->layers > 0 && setup->layers <= MAX_LAYERS && setup->threads > 0 &&
                       setup->shard_rows >= 0;
    network *net = sizes ? calloc(1, sizeof *net) : NULL;
    if (!net) {
        fprintf(stderr, "the sizes of the network are wrong, or there is no memory\n");
        return NULL;
    }
    net->setup = *setup;
    if (setup->shard_rows == 0 || setup->shard_rows > setup->rows) net->setup.shard_rows = setup->rows;
    net->shards = (setup->rows + net->setup.shard_rows - 1) / net->setup.shard_rows;
    if (setup->threads > net->shards) net->setup.threads = net->shards;
    if (make(net, &error) == SEQD_OK) return net;
    fprintf(stderr, "%s\n", error.message);
    network_close(net);
    return NULL;
}

void network_close(network *net)
{
    if (!net) return;
    for (int32_t i = 0; i < MAX_LAYERS; i++) {
        seqd_rnn_free(net->train[i]);
        seqd_rnn_free(net->predict[i]);
    }
    if (net->context) seqd_free(net->context, net->memory);
    seqd_context_drop(net->context);
    free(net);
}

static const float *head_of(const network *net, const float *vector)
{
    return vector + net->count - net->setup.hidden - 1;
}

static const float *layers_forward(const network *net, seqd_rnn *const *layers, int64_t shard, int32_t lane)
{
    const float *x = net->x[shard];
    for (int32_t i = 0; i < net->setup.layers; i++)
        x = layers[i]->ops->forward(layers[i], lane, shard_rows(net, shard), x, NULL);
    return x;
}

static void train_task(void *user, int64_t shard, int32_t lane)
{
    network *net = user;
    const network_setup *s = &net->setup;
    const int32_t rows = shard_rows(net, shard), first = (int32_t)shard * s->shard_rows;
    const int64_t hidden = s->hidden, last = (int64_t)(s->steps - 1) * rows * hidden;
    const int64_t room = (int64_t)s->steps * s->shard_rows * (s->hidden > s->inputs ? s->hidden : s->inputs);
    const float *inputs[MAX_LAYERS + 1], *head = head_of(net, net->parameters);
    float *grad = net->grads[shard], *head_grad = grad + net->count - hidden - 1;
    float *dh = net->dh + lane * room, *dx = net->dx + lane * room;

    memset(grad, 0, (size_t)net->count * sizeof(float));
    inputs[0] = net->x[shard];
    for (int32_t i = 0; i < s->layers; i++)
        inputs[i + 1] = net->train[i]->ops->forward(net->train[i], lane, rows, inputs[i], NULL);
    net->losses[shard] = 0.0;
    memset(dh, 0, (size_t)last * sizeof(float));
    for (int32_t r = 0; r < rows; r++) {
        const float *h = inputs[s->layers] + last + r * hidden;
        const float d = (float)net->backend.kernels->dot(hidden, h, head) + head[hidden] - net->y[first + r];
        const float slope = 2.0f * d / (float)s->rows;
        net->losses[shard] += (double)(d * d);
        for (int64_t i = 0; i < hidden; i++) {
            dh[last + r * hidden + i] = slope * head[i];
            head_grad[i] += slope * h[i];
        }
        head_grad[hidden] += slope;
    }
    for (int32_t i = s->layers - 1; i >= 0; i--) {
        const seqd_rnn_params layer = layer_params(net, i, grad);
        net->train[i]->ops->backward(net->train[i], lane, rows, inputs[i], NULL, dh, &layer, i > 0 ? dx : NULL, NULL);
        float *swap = dh;
        dh = dx;
        dx = swap;
    }
}

static int64_t block_size(const network *net, int64_t block)
{
    const int64_t left = net->count - block * PARAMETERS;
    return left < PARAMETERS ? left : PARAMETERS;
}

static void add_task(void *user, int64_t block, int32_t lane)
{
    network *net = user;
    const int64_t first = block * PARAMETERS, n = block_size(net, block);
    (void)lane;
    for (int32_t distance = 1; distance < net->shards; distance *= 2)
        for (int32_t i = 0; i + distance < net->shards; i += 2 * distance)
            net->backend.kernels->add(n, net->grads[i + distance] + first, net->grads[i] + first);
}

static void pack(network *net, seqd_rnn *const *layers)
{
    for (int32_t i = 0; i < net->setup.layers; i++) {
        const seqd_rnn_params layer = layer_params(net, i, net->parameters);
        layers[i]->ops->pack(layers[i], &layer);
    }
}

static void update_task(void *user, int64_t block, int32_t lane)
{
    network *net = user;
    (void)lane;
    seqd_update_range(net->backend.kernels, &net->update, &net->step, block * PARAMETERS, block_size(net, block),
                      net->grads[0], net->parameters);
}

static double train_once(network *net, seqd_team *team)
{
    const int64_t blocks = (net->count + PARAMETERS - 1) / PARAMETERS;
    double loss = 0.0;
    pack(net, net->train);
    seqd_team_for(team, net->shards, train_task, net);
    if (net->shards > 1) seqd_team_for(team, blocks, add_task, net);
    for (int32_t i = 0; i < net->shards; i++) loss += net->losses[i];
    net->step = seqd_update_begin(&net->update, 1.0f);
    seqd_team_for(team, blocks, update_task, net);
    return loss / (double)net->setup.rows;
}

typedef struct training {
    network *net;
    int32_t steps;
    double *ms, loss;
} training;

static void train_steps(void *user, seqd_team *team)
{
    training *run = user;
    for (int32_t i = 0; i < run->steps; i++) {
        const double start = seqd_now();
        run->loss = train_once(run->net, team);
        if (run->ms) run->ms[i] = 1e3 * (seqd_now() - start);
    }
}

double network_train(network *net, int32_t steps, double *ms)
{
    training run = {net, steps, ms, 0.0};
    seqd_team_run(seqd_team_size(net->setup.threads, net->shards), train_steps, &run);
    return run.loss;
}

void network_pack(network *net)
{
    pack(net, net->predict);
    for (int32_t i = 0; i < net->setup.layers; i++) {
        memset(net->h[i], 0, (size_t)net->setup.rows * (size_t)net->setup.hidden * sizeof(float));
        memset(net->c[i], 0, (size_t)net->setup.rows * (size_t)net->setup.hidden * sizeof(float));
    }
    net->at = 0;
}

static void head_forward(const network *net, int32_t rows, const float *h, float *output)
{
    const int64_t hidden = net->setup.hidden;
    const float *head = head_of(net, net->parameters);
    for (int32_t r = 0; r < rows; r++)
        output[r] = (float)net->backend.kernels->dot(hidden, h + r * hidden, head) + head[hidden];
}

static void forward_task(void *user, int64_t shard, int32_t lane)
{
    network *net = user;
    const int32_t rows = shard_rows(net, shard);
    const float *h = layers_forward(net, net->predict, shard, lane);
    head_forward(net, rows, h + (int64_t)(net->setup.steps - 1) * rows * net->setup.hidden,
                 net->output + shard * net->setup.shard_rows);
}

const float *network_forward(network *net)
{
    seqd_parallel_for(net->setup.threads, net->shards, forward_task, net);
    return net->output;
}

const float *network_step(network *net)
{
    const network_setup *s = &net->setup;
    const float *x = net->stream + (int64_t)net->at * s->rows * s->inputs;
    for (int32_t i = 0; i < s->layers; i++) {
        seqd_rnn *layer = net->predict[i];
        if (!layer->ops->step || s->rows > s->shard_rows) return NULL;
        layer->ops->step(layer, 0, s->rows, x, NULL, net->h[i], net->c[i]);
        x = net->h[i];
    }
    net->at = (net->at + 1) % s->steps;
    head_forward(net, s->rows, x, net->output);
    return net->output;
}

bool network_ok(const network *net)
{
    seqd_error error = SEQD_ERROR_INIT;
    for (int32_t i = 0; i < net->setup.layers; i++)
        if (net->train[i]->ops->status(net->train[i], &error) != SEQD_OK ||
            net->predict[i]->ops->status(net->predict[i], &error) != SEQD_OK) {
            fprintf(stderr, "%s\n", error.message);
            return false;
        }
    return true;
}
