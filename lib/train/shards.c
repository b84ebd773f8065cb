/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <string.h>

#include "alloc.h"
#include "context.h"

/* Everything a pass needs, in one block. */
static void place(seqd_shard_runner *runner, seqd_arena *arena)
{
    const seqd_model *model = runner->model;
    const seqd_features *features = runner->binding->features;
    const int32_t steps = features->context_length;
    runner->drawn = seqd_arena_take(arena, (size_t)runner->shard_count * SEQD_SHARD_ROWS, sizeof *runner->drawn);
    runner->shards = seqd_arena_take(arena, (size_t)runner->shard_count, sizeof *runner->shards);
    runner->grads = seqd_arena_take(arena, (size_t)runner->shard_count, sizeof *runner->grads);
    runner->losses = seqd_arena_take(arena, (size_t)runner->shard_count, sizeof *runner->losses);
    runner->weights = seqd_arena_take(arena, (size_t)runner->shard_count, sizeof *runner->weights);
    for (int32_t i = 0; i < runner->shard_count; i++) {
        seqd_shard sized;
        seqd_shard_place(features, SEQD_SHARD_ROWS, steps, arena, arena->base ? &runner->shards[i] : &sized);
        float *grad = seqd_arena_take(arena, (size_t)model->net.tensors.parameters, sizeof(float));
        if (arena->base) runner->grads[i] = grad;
    }
}

int32_t seqd_runner_create(seqd_context *context, seqd_model *model, const seqd_backend *backend,
                           const seqd_binding *binding, int32_t shards, int32_t threads, seqd_shard_runner *runner,
                           seqd_error *error)
{
    memset(runner, 0, sizeof *runner);
    runner->context = context;
    runner->kernels = backend->kernels;
    runner->model = model;
    runner->binding = binding;
    runner->shard_count = shards;
    runner->threads = threads;

    seqd_arena arena = {NULL, 0, false};
    place(runner, &arena);
    const size_t size = arena.used;
    runner->memory = arena.overflow ? NULL : seqd_alloc_zero(context, size);
    if (!runner->memory) return seqd_fail_alloc(context, size, error);
    arena = (seqd_arena){runner->memory, 0, false};
    place(runner, &arena);
    const seqd_use use = {binding->features->context_length, SEQD_SHARD_ROWS, runner->threads, true};
    return seqd_net_open(context, &model->net, backend, &use, &runner->net, error);
}

void seqd_runner_clear(seqd_shard_runner *runner)
{
    if (!runner->context) return;
    seqd_net_close(runner->net);
    seqd_free(runner->context, runner->memory);
    memset(runner, 0, sizeof *runner);
}

static int64_t shards_of(int64_t windows)
{
    return (windows + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
}

static void fill(seqd_shard_runner *runner, int64_t index)
{
    const int64_t first = index * SEQD_SHARD_ROWS, left = runner->window_count - first;
    const int32_t rows = (int32_t)(left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS);
    for (int32_t i = 0; runner->sampler && i < rows; i++)
        runner->drawn[first + i] = seqd_sampler_window(runner->sampler, runner->first_draw + first + i);
    seqd_shard_fill(runner->binding, runner->windows + first, rows, &runner->shards[index]);
    for (int32_t i = 0; runner->sampler && runner->augment.any && i < rows; i++)
        seqd_augment_row(&runner->augment, runner->binding->features,
                         runner->dropout_key + UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(first + i + 1), i,
                         &runner->shards[index]);
}

/* Task 0 packs the weights, the others fill a shard each. */
static void prepare_task(void *user, int64_t index, int32_t thread)
{
    seqd_shard_runner *runner = user;
    (void)thread;
    if (index == 0) seqd_net_pack(runner->net, runner->model->parameters);
    else fill(runner, index - 1);
}

static void fill_task(void *user, int64_t index, int32_t thread)
{
    (void)thread;
    fill(user, index);
}

static void gradient_task(void *user, int64_t index, int32_t thread)
{
    seqd_shard_runner *runner = user;
    const seqd_shard *shard = &runner->shards[index];
    memset(runner->grads[index], 0, (size_t)runner->model->net.tensors.parameters * sizeof(float));
    runner->losses[index] = 0.0;
    if (!(shard->total_weight > 0.0)) return;
    const uint64_t key = runner->dropout_key ? runner->dropout_key + (uint64_t)index : 0;
    /* rows of events end where they like; their windows have one fork with a weight */
    const bool last = !seqd_net_causal(&runner->model->net) && runner->binding->features->kind == SEQD_DATA_PANEL;
    const int32_t first = last ? shard->steps - 1 : 0;
    runner->losses[index] =
        seqd_net_loss(runner->net, thread, shard, &runner->binding->features->plan, first, runner->factor,
                      runner->grads[index], key);
}

static void judge_task(void *user, int64_t index, int32_t thread)
{
    seqd_shard_runner *runner = user;
    const seqd_shard *shard = &runner->shards[index];
    runner->losses[index] = runner->weights[index] = 0.0;
    if (!(shard->total_weight > 0.0)) return;
    runner->losses[index] = runner->judge(runner->judge_user, thread, shard, &runner->weights[index]);
}

static double judge_loss(void *user, int32_t lane, const seqd_shard *shard, double *weight)
{
    const seqd_shard_runner *runner = user;
    *weight = shard->total_weight;
    return seqd_net_loss(runner->net, lane, shard, &runner->binding->features->plan, shard->steps - 1, 1.0f, NULL, 0);
}

/* Parameters that one task adds up or moves. */
#define BLOCK 4096

static int64_t blocks_of(const seqd_shard_runner *runner)
{
    return (runner->model->net.tensors.parameters + BLOCK - 1) / BLOCK;
}

static int64_t block_size(const seqd_shard_runner *runner, int64_t index)
{
    const int64_t left = runner->model->net.tensors.parameters - index * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

/* The tree by which shards' gradients are added depends on their number only; a task owns one block of the vector. */
static void add_task(void *user, int64_t index, int32_t thread)
{
    seqd_shard_runner *runner = user;
    const int64_t count = shards_of(runner->window_count), first = index * BLOCK, n = block_size(runner, index);
    (void)thread;
    for (int64_t distance = 1; distance < count; distance *= 2)
        for (int64_t i = 0; i + distance < count; i += 2 * distance)
            runner->kernels->add(n, runner->grads[i + distance] + first, runner->grads[i] + first);
}

double seqd_runner_gradient(seqd_shard_runner *runner, seqd_team *team, const seqd_sampler *sampler, int64_t first,
                            int64_t count, uint64_t dropout_key, double *weight)
{
    const int64_t shards = shards_of(count);
    runner->sampler = sampler;
    runner->first_draw = first;
    runner->windows = runner->drawn;
    runner->window_count = count;
    runner->dropout_key = dropout_key;
    seqd_team_for(team, shards + 1, prepare_task, runner);
    double total = 0.0, loss = 0.0;
    for (int64_t i = 0; i < shards; i++) total += runner->shards[i].total_weight;
    runner->factor = total > 0.0 ? (float)(1.0 / total) : 0.0f;
    seqd_team_for(team, shards, gradient_task, runner);
    if (shards > 1) seqd_team_for(team, blocks_of(runner), add_task, runner);
    for (int64_t i = 0; i < shards; i++) loss += runner->losses[i];
    *weight = total;
    return total > 0.0 ? loss / total : 0.0;
}

typedef struct update_pass {
    seqd_shard_runner *runner;
    const seqd_update *update;
    seqd_update_step step;
    const seqd_average *average; /* NULL: none */
    float decay;
} update_pass;

static void update_task(void *user, int64_t index, int32_t thread)
{
    const update_pass *pass = user;
    seqd_shard_runner *runner = pass->runner;
    const int64_t first = index * BLOCK, count = block_size(runner, index);
    (void)thread;
    seqd_update_range(runner->kernels, pass->update, &pass->step, first, count, runner->grads[0],
                      runner->model->parameters);
    if (pass->average)
        seqd_average_range(runner->kernels, pass->average, pass->update, pass->decay, first, count,
                           runner->model->parameters);
}

void seqd_runner_update(seqd_shard_runner *runner, seqd_team *team, seqd_update *update, seqd_average *average,
                        float factor)
{
    update_pass pass = {runner, update, seqd_update_begin(update, factor), NULL, 0.0f};
    if (average->values) {
        pass.average = average;
        pass.decay = seqd_average_begin(average);
    }
    seqd_team_for(team, blocks_of(runner), update_task, &pass);
}

typedef struct evaluation {
    seqd_shard_runner *runner;
    const float *parameters;
    const seqd_window *windows;
    int64_t count;
    double sum, weight;
} evaluation;

static void evaluate(void *user, seqd_team *team)
{
    evaluation *e = user;
    seqd_shard_runner *runner = e->runner;
    const int64_t most = (int64_t)runner->shard_count * SEQD_SHARD_ROWS;
    seqd_net_pack(runner->net, e->parameters);
    runner->sampler = NULL;
    for (int64_t first = 0; first < e->count; first += most) {
        runner->windows = e->windows + first;
        runner->window_count = e->count - first < most ? e->count - first : most;
        const int64_t shards = shards_of(runner->window_count);
        seqd_team_for(team, shards, fill_task, runner);
        seqd_team_for(team, shards, judge_task, runner);
        for (int64_t i = 0; i < shards; i++) {
            e->weight += runner->weights[i];
            e->sum += runner->losses[i];
        }
    }
}

double seqd_runner_evaluate(seqd_shard_runner *runner, const float *parameters, const seqd_window *windows,
                            int64_t count, seqd_judge_fn judge, void *user, double *weight)
{
    evaluation e = {runner, parameters, windows, count, 0.0, 0.0};
    runner->judge = judge ? judge : judge_loss;
    runner->judge_user = judge ? user : runner;
    seqd_team_run(seqd_team_size(runner->threads, shards_of(count)), evaluate, &e);
    *weight = e.weight;
    return e.sum;
}
