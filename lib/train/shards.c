/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <string.h>

#include "alloc.h"
#include "context.h"
#include "parallel.h"

/* Everything a pass needs, in one block. */
static void place(seqd_shard_runner *runner, seqd_arena *arena)
{
    const seqd_model *model = runner->model;
    const seqd_features *features = runner->binding->features;
    const int32_t steps = features->context_length;
    runner->shards = seqd_arena_take(arena, (size_t)runner->shard_count, sizeof *runner->shards);
    runner->grads = seqd_arena_take(arena, (size_t)runner->shard_count, sizeof *runner->grads);
    runner->losses = seqd_arena_take(arena, (size_t)runner->shard_count, sizeof *runner->losses);
    for (int32_t i = 0; i < runner->shard_count; i++) {
        seqd_shard sized;
        seqd_shard_place(features, SEQD_SHARD_ROWS, steps, arena, arena->base ? &runner->shards[i] : &sized);
        float *grad = seqd_arena_take(arena, (size_t)model->net.parameter_count, sizeof(float));
        if (arena->base) runner->grads[i] = grad;
    }
}

int32_t seqd_runner_create(seqd_context *context, seqd_model *model, const seqd_backend *backend,
                           const seqd_binding *binding, int32_t batch, seqd_shard_runner *runner, seqd_error *error)
{
    memset(runner, 0, sizeof *runner);
    runner->context = context;
    runner->kernels = backend->kernels;
    runner->model = model;
    runner->binding = binding;
    runner->shard_count = (batch + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
    runner->threads = context->threads < runner->shard_count ? context->threads : runner->shard_count;

    seqd_arena arena = {NULL, 0, false};
    place(runner, &arena);
    const size_t size = arena.used;
    runner->memory = arena.overflow ? NULL : seqd_alloc_zero(context, size);
    if (!runner->memory) return seqd_fail_alloc(context, size, error);
    arena = (seqd_arena){runner->memory, 0, false};
    place(runner, &arena);
    const seqd_net_use use = {binding->features->context_length, SEQD_SHARD_ROWS, runner->threads, true};
    return seqd_net_open(context, &model->net, backend, &use, &runner->net, error);
}

void seqd_runner_clear(seqd_shard_runner *runner)
{
    if (!runner->context) return;
    seqd_net_close(runner->net);
    seqd_free(runner->context, runner->memory);
    memset(runner, 0, sizeof *runner);
}

static void fill_task(void *user, int64_t index, int32_t thread)
{
    seqd_shard_runner *runner = user;
    const int64_t first = index * SEQD_SHARD_ROWS, left = runner->window_count - first;
    (void)thread;
    seqd_shard_fill(runner->binding, runner->windows + first,
                    (int32_t)(left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS), &runner->shards[index]);
}

static void gradient_task(void *user, int64_t index, int32_t thread)
{
    seqd_shard_runner *runner = user;
    const seqd_shard *shard = &runner->shards[index];
    memset(runner->grads[index], 0, (size_t)runner->model->net.parameter_count * sizeof(float));
    runner->losses[index] = 0.0;
    if (!(shard->total_weight > 0.0)) return;
    const uint64_t key = runner->dropout_key ? runner->dropout_key + (uint64_t)index : 0;
    runner->losses[index] =
        seqd_net_loss(runner->net, thread, shard, &runner->binding->features->plan, 0, runner->factor,
                      runner->grads[index], key);
}

static void loss_task(void *user, int64_t index, int32_t thread)
{
    seqd_shard_runner *runner = user;
    const seqd_shard *shard = &runner->shards[index];
    runner->losses[index] = 0.0;
    if (!(shard->total_weight > 0.0)) return;
    runner->losses[index] =
        seqd_net_loss(runner->net, thread, shard, &runner->binding->features->plan, shard->steps - 1, 1.0f, NULL, 0);
}

#define ADD_BLOCK 16384

/* The tree by which shards' gradients are added depends on their number only; a task owns one block of the vector. */
static void add_task(void *user, int64_t index, int32_t thread)
{
    seqd_shard_runner *runner = user;
    const int64_t count = (runner->window_count + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
    const int64_t first = index * ADD_BLOCK, left = runner->model->net.parameter_count - first;
    const int64_t n = left < ADD_BLOCK ? left : ADD_BLOCK;
    (void)thread;
    for (int64_t distance = 1; distance < count; distance *= 2)
        for (int64_t i = 0; i + distance < count; i += 2 * distance)
            runner->kernels->add(n, runner->grads[i + distance] + first, runner->grads[i] + first);
}

double seqd_runner_gradient(seqd_shard_runner *runner, const seqd_window *windows, int64_t count, uint64_t dropout_key,
                            double *weight)
{
    const int64_t shards = (count + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
    runner->windows = windows;
    runner->window_count = count;
    runner->dropout_key = dropout_key;
    seqd_parallel_for(runner->threads, shards, fill_task, runner);
    double total = 0.0, loss = 0.0;
    for (int64_t i = 0; i < shards; i++) total += runner->shards[i].total_weight;
    runner->factor = total > 0.0 ? (float)(1.0 / total) : 0.0f;
    seqd_net_pack(runner->net, runner->model->parameters);
    seqd_parallel_for(runner->threads, shards, gradient_task, runner);
    seqd_parallel_for(runner->threads, (runner->model->net.parameter_count + ADD_BLOCK - 1) / ADD_BLOCK, add_task,
                      runner);
    for (int64_t i = 0; i < shards; i++) loss += runner->losses[i];
    *weight = total;
    return total > 0.0 ? loss / total : 0.0;
}

double seqd_runner_evaluate(seqd_shard_runner *runner, const seqd_window *windows, int64_t count, double *weight)
{
    const int64_t most = (int64_t)runner->shard_count * SEQD_SHARD_ROWS;
    double total = 0.0, loss = 0.0;
    seqd_net_pack(runner->net, runner->model->parameters);
    for (int64_t first = 0; first < count; first += most) {
        runner->windows = windows + first;
        runner->window_count = count - first < most ? count - first : most;
        const int64_t shards = (runner->window_count + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
        seqd_parallel_for(runner->threads, shards, fill_task, runner);
        seqd_parallel_for(runner->threads, shards, loss_task, runner);
        for (int64_t i = 0; i < shards; i++) {
            total += runner->shards[i].total_weight;
            loss += runner->losses[i];
        }
    }
    *weight = total;
    return loss;
}
