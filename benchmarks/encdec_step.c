/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoder-decoder, timed beside PyTorch by `benchmarks/peers --only encdec`: LSTM 64 and LSTM 32 as encoder, GRU 64
 * as decoder with additive attention, taught in training, told its own forecasts in prediction. It is the library's own
 * network in shards, gradients added in a tree, Adam. Weights and data come from the formula in grid.py.
 *
 *   encdec_step --serve [LEVEL] [BACKEND] [THREADS]   answers commands on standard input, one line of JSON each:
 *       open encdec T N I K F    steps, rows, inputs, horizon, inputs of the decoder (the value before and F - 1 known)
 *       output                   the forecasts [N][K]
 *       loss                     of the tenth training step
 *       forward K, train K       K timed calls
 *   encdec_step T N I K F [LEVEL] [BACKEND] [THREADS]   times 100 training steps and 200 forward passes
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "net.h"
#include "optim.h"
#include "parallel.h"
#include "shard.h"
#include "timing.h"

enum { CHECKED_STEP = 10, BLOCK = 50, MOST_CALLS = 100000, PARAMETERS = 4096, MOST_SHARDS = 64 };

typedef struct bench {
    int32_t steps, rows, inputs, horizon, told_and_known;
    int32_t shards, threads;
    seqd_context *context;
    seqd_backend backend;
    seqd_net net;
    seqd_net_run *train, *predict;
    seqd_shard shard[MOST_SHARDS];
    seqd_lag_plan plan;
    float *parameters, *grads[MOST_SHARDS], *output;
    double losses[MOST_SHARDS];
    seqd_update update;
    seqd_update_step step;
} bench;

static const char *level = "auto", *backend_name = "auto";
static int32_t threads = 1;

static float *floats(size_t count)
{
    float *values = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64 + 64);
    if (!values) exit(1);
    memset(values, 0, count * sizeof(float));
    return values;
}

static float formula(int64_t i, double phase, double size) { return (float)(size * sin(0.37 * ((double)i + 1.0) + phase)); }

static void fill(bench *b)
{
    const int64_t window = b->steps, reach = b->steps + b->horizon, known = b->told_and_known - 1;
    for (int32_t s = 0; s < b->shards; s++) {
        seqd_shard *shard = &b->shard[s];
        const int32_t left = b->rows - s * SEQD_SHARD_ROWS, rows = left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS;
        const size_t n = (size_t)rows;
        *shard = (seqd_shard){.rows = rows, .steps = b->steps, .horizon = b->horizon, .input_count = b->inputs,
                              .future_count = (int32_t)known};
        shard->inputs = floats(n * (size_t)(b->steps * b->inputs));
        shard->future = floats(n * (size_t)(reach * known));
        shard->history = floats(n * (size_t)reach);
        shard->loc = floats(n * (size_t)window);
        shard->scale = floats(n * (size_t)window);
        shard->weight = floats(n * (size_t)reach);
        shard->fork = floats(n * (size_t)window);
        for (int64_t r = 0; r < rows; r++) {
            const int64_t row = s * SEQD_SHARD_ROWS + r;
            for (int64_t t = 0; t < window; t++) {
                shard->scale[r * window + t] = shard->fork[r * window + t] = 1.0f;
                for (int64_t i = 0; i < b->inputs; i++)
                    shard->inputs[(t * rows + r) * b->inputs + i] = formula((t * b->rows + row) * b->inputs + i, 1.0, 1.0);
            }
            for (int64_t t = 0; t <= b->horizon; t++) { /* the last value seen and the targets */
                shard->history[r * reach + window - 1 + t] = formula(row * (b->horizon + 1) + t, 2.0, 1.0);
                shard->weight[r * reach + window - 1 + t] = 1.0f;
            }
            for (int64_t t = 0; t < b->horizon; t++)
                for (int64_t i = 0; i < known; i++)
                    shard->future[(r * reach + window + t) * known + i] =
                        formula((t * b->rows + row) * known + i, 3.0, 1.0);
        }
    }
}

static void reset(bench *b)
{
    const int64_t count = b->net.tensors.parameters;
    for (int64_t i = 0; i < count; i++) b->parameters[i] = formula(i * i % 1009, 0.5, 0.2);
    memset(b->update.first, 0, (size_t)count * sizeof(float));
    memset(b->update.second, 0, (size_t)count * sizeof(float));
    b->update.steps = 0;
}

static bool open_bench(bench *b)
{
    seqd_error error = SEQD_ERROR_INIT;
    static seqd_net_config config;
    memset(&config, 0, sizeof config);
    config.kind = SEQD_NET_ENCDEC;
    config.stack = (seqd_stack_shape){.cell = SEQD_CELL_LSTM, .layers = 2, .inputs = b->inputs, .hidden = {64, 32}};
    config.futures = b->told_and_known - 1;
    config.horizon = b->horizon;
    config.head.kind = SEQD_HEAD_MSE;
    config.head.width = 1;
    config.encdec = (seqd_encdec_shape){.cell = SEQD_CELL_GRU, .layers = 1, .hidden = {64}, .told = 1};
    config.encdec.attention = (seqd_attention_shape){.kind = SEQD_ATTENTION_ADDITIVE, .size = 64, .heads = 1};
    b->shards = (b->rows + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
    if (b->shards < 1 || b->shards > MOST_SHARDS) return false;
    b->threads = threads < b->shards ? threads : b->shards;
    if (seqd_context_new(NULL, &b->context, &error) != SEQD_OK) return false;
    b->context->kernel_level = level;
    b->context->threads = threads;
    const int32_t rows = b->rows < SEQD_SHARD_ROWS ? b->rows : SEQD_SHARD_ROWS;
    const seqd_use train = {b->steps, rows, b->threads, true}, predict = {b->steps, rows, b->threads, false};
    if (seqd_backend_find(b->context, backend_name, &b->backend, &error) != SEQD_OK ||
        seqd_net_plan(&config, &b->net, &error) != SEQD_OK ||
        seqd_net_open(b->context, &b->net, &b->backend, &train, &b->train, &error) != SEQD_OK ||
        seqd_net_open(b->context, &b->net, &b->backend, &predict, &b->predict, &error) != SEQD_OK) {
        fprintf(stderr, "%s\n", error.message);
        return false;
    }
    const size_t count = (size_t)b->net.tensors.parameters;
    b->parameters = floats(count);
    for (int32_t s = 0; s < b->shards; s++) b->grads[s] = floats(count);
    b->output = floats((size_t)b->shards * SEQD_SHARD_ROWS * (size_t)b->horizon);
    b->update = (seqd_update){.rule = SEQD_RULE_ADAM, .rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8,
                              .schedule = SEQD_SCHEDULE_CONSTANT, .count = (int64_t)count, .first = floats(count),
                              .second = floats(count)};
    fill(b);
    reset(b);
    return true;
}

static void close_bench(bench *b)
{
    for (int32_t s = 0; s < b->shards && s < MOST_SHARDS; s++) {
        float *const arrays[] = {b->shard[s].inputs, b->shard[s].future, b->shard[s].history, b->shard[s].loc,
                                 b->shard[s].scale,  b->shard[s].weight, b->shard[s].fork,    b->grads[s]};
        for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) free(arrays[i]);
    }
    free(b->parameters);
    free(b->output);
    free(b->update.first);
    free(b->update.second);
    seqd_net_close(b->train);
    seqd_net_close(b->predict);
    seqd_context_drop(b->context);
    memset(b, 0, sizeof *b);
}

static void train_task(void *user, int64_t s, int32_t lane)
{
    bench *b = user;
    memset(b->grads[s], 0, (size_t)b->net.tensors.parameters * sizeof(float));
    b->losses[s] = seqd_net_loss(b->train, lane, &b->shard[s], &b->plan, 0, 1.0f / (float)(b->rows * b->horizon),
                                 b->grads[s], 1);
}

static int64_t block_size(const bench *b, int64_t block)
{
    const int64_t left = b->net.tensors.parameters - block * PARAMETERS;
    return left < PARAMETERS ? left : PARAMETERS;
}

static void add_task(void *user, int64_t block, int32_t lane)
{
    bench *b = user;
    const int64_t first = block * PARAMETERS, n = block_size(b, block);
    (void)lane;
    for (int32_t distance = 1; distance < b->shards; distance *= 2)
        for (int32_t i = 0; i + distance < b->shards; i += 2 * distance)
            b->backend.kernels->add(n, b->grads[i + distance] + first, b->grads[i] + first);
}

static void update_task(void *user, int64_t block, int32_t lane)
{
    bench *b = user;
    (void)lane;
    seqd_update_range(b->backend.kernels, &b->update, &b->step, block * PARAMETERS, block_size(b, block), b->grads[0],
                      b->parameters);
}

typedef struct training {
    bench *b;
    long steps;
    double *ms, loss;
} training;

static void train_steps(void *user, seqd_team *team)
{
    training *run = user;
    bench *b = run->b;
    const int64_t blocks = (b->net.tensors.parameters + PARAMETERS - 1) / PARAMETERS;
    for (long i = 0; i < run->steps; i++) {
        const double start = now_ms();
        seqd_net_pack(b->train, b->parameters);
        seqd_team_for(team, b->shards, train_task, b);
        if (b->shards > 1) seqd_team_for(team, blocks, add_task, b);
        run->loss = 0.0;
        for (int32_t s = 0; s < b->shards; s++) run->loss += b->losses[s];
        run->loss /= (double)b->rows * (double)b->horizon;
        b->step = seqd_update_begin(&b->update, 1.0f);
        seqd_team_for(team, blocks, update_task, b);
        if (run->ms) run->ms[i] = now_ms() - start;
    }
}

static double train(bench *b, long steps, double *ms)
{
    training run = {b, steps, ms, 0.0};
    seqd_team_run(seqd_team_size(b->threads, b->shards), train_steps, &run);
    return run.loss;
}

static void forward_task(void *user, int64_t s, int32_t lane)
{
    bench *b = user;
    seqd_net_predict(b->predict, lane, &b->shard[s], &b->plan, b->output + s * SEQD_SHARD_ROWS * b->horizon);
}

static void forward(bench *b) { seqd_parallel_for(b->threads, b->shards, forward_task, b); }

static bool timed(bench *b, const char *what, long count, double *median, double *fastest)
{
    static double times[MOST_CALLS];
    if (count < 1 || count > MOST_CALLS) return false;
    reset(b);
    seqd_net_pack(b->predict, b->parameters);
    if (strcmp(what, "train") == 0) {
        for (long i = 0; i < count; i += BLOCK) {
            reset(b);
            (void)train(b, 1, NULL);
            (void)train(b, count - i < BLOCK ? count - i : BLOCK, times + i);
        }
    } else {
        for (long i = 0; i < count; i++) {
            const double start = now_ms();
            forward(b);
            times[i] = now_ms() - start;
        }
    }
    sort_times(times, (size_t)count);
    *median = times[count / 2];
    *fastest = times[0];
    return true;
}

static bool answer(bench *b, const char *line)
{
    char what[16] = "";
    long count = 0;
    double median, fastest;
    static bench next;
    memset(&next, 0, sizeof next);
    if (sscanf(line, "open encdec %d %d %d %d %d", &next.steps, &next.rows, &next.inputs, &next.horizon,
               &next.told_and_known) == 5) {
        close_bench(b);
        *b = next;
        if (!open_bench(b)) return false;
        printf("{}\n");
        return true;
    }
    if (!b->context || sscanf(line, "%15s %ld", what, &count) < 1) return false;
    if (strcmp(what, "loss") == 0) {
        reset(b);
        printf("{\"loss\": %.9g}\n", train(b, CHECKED_STEP, NULL));
        reset(b);
    } else if (strcmp(what, "output") == 0) {
        seqd_net_pack(b->predict, b->parameters);
        forward(b);
        printf("{\"values\": [");
        for (int64_t i = 0; i < (int64_t)b->rows * b->horizon; i++) printf("%s%.9g", i > 0 ? ", " : "", (double)b->output[i]);
        printf("]}\n");
    } else if (timed(b, what, count, &median, &fastest)) {
        printf("{\"ms\": %.6f, \"fastest_ms\": %.6f}\n", median, fastest);
    } else {
        return false;
    }
    return true;
}

static int serve(void)
{
    static bench b;
    char line[128];
    const seqd_kernels *kernels = seqd_kernels_find(level);
    bool fine = kernels != NULL;
    if (kernels)
        printf("{\"version\": \"backend %s, kernels %s, oneDNN %s\"}\n", backend_name, kernels->level,
               seqd_backend_onednn_version());
    fflush(stdout);
    while (fine && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        fine = answer(&b, line);
        if (!fine) fprintf(stderr, "encdec_step: cannot do '%s'\n", line);
        fflush(stdout);
    }
    close_bench(&b);
    return fine ? 0 : 1;
}

int main(int argc, char **argv)
{
    static bench b;
    const bool server = argc > 1 && strcmp(argv[1], "--serve") == 0;
    const int next = server ? 2 : 6;
    if (argc > next) level = argv[next];
    if (argc > next + 1) backend_name = argv[next + 1];
    if (argc > next + 2) threads = (int32_t)strtol(argv[next + 2], NULL, 10);
    if (server) return serve();
    if (argc < 6) {
        fprintf(stderr, "usage: encdec_step T N I K F [LEVEL] [BACKEND] [THREADS]\n"
                        "       encdec_step --serve [LEVEL] [BACKEND] [THREADS]\n");
        return 2;
    }
    int32_t *const sizes[] = {&b.steps, &b.rows, &b.inputs, &b.horizon, &b.told_and_known};
    for (int i = 0; i < 5; i++) *sizes[i] = (int32_t)strtol(argv[i + 1], NULL, 10);
    double median, fastest;
    if (!open_bench(&b) || !timed(&b, "train", 2 * BLOCK, &median, &fastest)) return 1;
    printf("{\"train_ms\": %.6f, \"fastest_ms\": %.6f}\n", median, fastest);
    (void)timed(&b, "forward", 4 * BLOCK, &median, &fastest);
    printf("{\"forward_ms\": %.6f, \"fastest_ms\": %.6f}\n", median, fastest);
    close_bench(&b);
    return 0;
}
