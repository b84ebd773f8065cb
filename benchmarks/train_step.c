/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of network.h, timed:
 *
 *   train_step T N I H L [lstm|gru|gru_before|rnn|relu] [LEVEL] [BACKEND] [THREADS]
 *       prints one line of JSON about training steps, one about forward passes
 *   train_step --serve [LEVEL] [BACKEND] [THREADS] [SHARD_ROWS]
 *       answers commands on standard input, one line of JSON each, so that `benchmarks/peers` can let this and other
 *       sides take turns; peer_worker.py speaks the same:
 *           open CELL T N I H L          a network with first weights
 *           output                       what it gives
 *           stream                       the same after its steps one by one
 *           loss                         of the tenth training step
 *           forward K, step K, train K   K timed calls
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "shard.h"
#include "timing.h"

#define CHECKED_STEP 10 /* as in grid.py */
#define BLOCK 50
#define MOST_CALLS 100000

static double tenth_loss(network *net)
{
    network_reset(net);
    const double loss = network_train(net, CHECKED_STEP, NULL);
    network_reset(net);
    return loss;
}

/* Median and fastest of `count` calls, in milliseconds; false when there is nothing to time. */
static bool timed(network *net, const char *what, long count, double *median, double *fastest)
{
    static double times[MOST_CALLS];
    const bool train = strcmp(what, "train") == 0, step = strcmp(what, "step") == 0;
    if (count < 1 || count > MOST_CALLS) return false;
    network_reset(net);
    network_pack(net);
    if (step && !network_step(net)) return false;
    for (long i = 0; train && i < count; i += BLOCK) {
        network_reset(net);
        (void)network_train(net, 1, NULL);
        (void)network_train(net, (int32_t)(count - i < BLOCK ? count - i : BLOCK), times + i);
    }
    for (long i = 0; !train && i < count; i++) {
        const double start = now_ms();
        if (step)
            (void)network_step(net);
        else
            (void)network_forward(net);
        times[i] = now_ms() - start;
    }
    sort_times(times, (size_t)count);
    *median = times[count / 2];
    *fastest = times[0];
    return true;
}

static void print_values(const float *values, int32_t count)
{
    printf("{\"values\": [");
    for (int32_t i = 0; i < count; i++) printf("%s%.9g", i > 0 ? ", " : "", (double)values[i]);
    printf("]}\n");
}

static seqd_cell cell_named(const char *name)
{
    static const char *const names[SEQD_CELLS] = {"lstm", "gru", "gru_before", "rnn", "relu"};
    for (int32_t cell = 0; cell < SEQD_CELLS; cell++)
        if (strcmp(name, names[cell]) == 0) return (seqd_cell)cell;
    return SEQD_CELL_LSTM;
}

static bool answer(network **net, network_setup *setup, const char *line)
{
    char what[16] = "", cell[16] = "";
    long count = 0;
    double median, fastest;
    if (sscanf(line, "open %15s %d %d %d %d %d", cell, &setup->steps, &setup->rows, &setup->inputs, &setup->hidden,
               &setup->layers) == 6) {
        setup->cell = cell_named(cell);
        network_close(*net);
        *net = network_open(setup);
        if (*net) printf("{}\n");
        return *net != NULL;
    }
    if (!*net || sscanf(line, "%15s %ld", what, &count) < 1) return false;
    if (strcmp(what, "loss") == 0) {
        printf("{\"loss\": %.9g}\n", tenth_loss(*net));
    } else if (strcmp(what, "output") == 0) {
        network_pack(*net);
        print_values(network_forward(*net), setup->rows);
    } else if (strcmp(what, "stream") == 0) {
        const float *values = NULL;
        network_pack(*net);
        for (int32_t t = 0; t < setup->steps; t++) values = network_step(*net);
        if (values)
            print_values(values, setup->rows);
        else
            printf("{\"values\": null}\n");
    } else if (timed(*net, what, count, &median, &fastest)) {
        printf("{\"ms\": %.6f, \"fastest_ms\": %.6f}\n", median, fastest);
    } else {
        fprintf(stderr, "train_step: '%s' cannot be timed\n", line);
        return false;
    }
    return network_ok(*net);
}

static int serve(network_setup setup)
{
    network *net = NULL;
    char line[128];
    const seqd_kernels *kernels = seqd_kernels_find(setup.level);
    bool fine = kernels != NULL;
    if (kernels)
        printf("{\"version\": \"backend %s, kernels %s, oneDNN %s\"}\n", setup.backend, kernels->level,
               seqd_backend_onednn_version());
    else
        fprintf(stderr, "train_step: kernels '%s' do not run here\n", setup.level);
    fflush(stdout);
    while (fine && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        fine = answer(&net, &setup, line);
        fflush(stdout);
    }
    network_close(net);
    return fine ? 0 : 1;
}

static int once(const network_setup *setup)
{
    double median, fastest;
    network *net = network_open(setup);
    if (!net) return 1;
    const double loss = tenth_loss(net);
    bool fine = timed(net, "train", 2 * BLOCK, &median, &fastest);
    if (fine)
        printf("{\"train_ms\": %.6f, \"fastest_ms\": %.6f, \"loss_%d\": %.9g}\n", median, fastest, CHECKED_STEP, loss);
    fine = fine && timed(net, "forward", 2 * BLOCK, &median, &fastest);
    if (fine) printf("{\"forward_ms\": %.6f, \"fastest_ms\": %.6f}\n", median, fastest);
    fine = fine && network_ok(net);
    network_close(net);
    return fine ? 0 : 1;
}

int main(int argc, char **argv)
{
    network_setup setup = {SEQD_CELL_LSTM, 0, 0, 0, 0, 0, "auto", "auto", 1, SEQD_SHARD_ROWS};
    const bool server = argc > 1 && strcmp(argv[1], "--serve") == 0;
    const int next = server ? 2 : 7;
    if (argc > next) setup.level = argv[next];
    if (argc > next + 1) setup.backend = argv[next + 1];
    if (argc > next + 2) setup.threads = (int32_t)strtol(argv[next + 2], NULL, 10);
    if (argc > next + 3) setup.shard_rows = (int32_t)strtol(argv[next + 3], NULL, 10);
    if (server) return serve(setup);
    int32_t *const sizes[] = {&setup.steps, &setup.rows, &setup.inputs, &setup.hidden, &setup.layers};
    for (int i = 0; i < 5 && i + 1 < argc; i++) *sizes[i] = (int32_t)strtol(argv[i + 1], NULL, 10);
    if (argc > 6) setup.cell = cell_named(argv[6]);
    if (argc < 6) {
        fprintf(stderr, "usage: train_step T N I H L [lstm|gru|gru_before|rnn|relu] [LEVEL] [BACKEND] [THREADS]\n"
                        "       train_step --serve [LEVEL] [BACKEND] [THREADS] [SHARD_ROWS]\n");
        return 2;
    }
    return once(&setup);
}
