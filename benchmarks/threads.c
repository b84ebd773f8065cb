/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What threads are worth in training: steps a second of a whole trainer (windows, network, optimizer) on a panel made
 * up here, with two numbers of threads that take turns, and the ratio of the second to the first.
 *
 *   threads [FIRST SECOND [BATCH [ROUNDS]]]     default: 1 2, batches 64, 128 and 256, 9 rounds
 *
 * A round times both on one shape, back to back; the ratio is taken within a round and its median, lowest and highest
 * are shown, with the processor time that the second took beside its wall time. A round in which the kernel took a
 * processor away from this process for another one says nothing about threads: it is taken again, up to a limit, and the
 * number of such rounds is shown. The last line counts the shapes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <seqdemand/seqdemand.h>

/* DISTURBED: times that a processor was taken away in a round (about 50 ms), above which the round is taken again */
enum { SERIES = 300, DAYS = 365, MOST_ROUNDS = 99, DISTURBED = 1, MOST_REPEATS = 10 };

typedef struct side {
    seqd_context *context;
    seqd_options *options;
    seqd_dataset *dataset;
    seqd_model *model;
    seqd_trainer *trainer;
    double rate[MOST_ROUNDS], busy[MOST_ROUNDS]; /* steps a second; processors at work */
} side;

typedef struct shape {
    const char *cell;
    int hidden, layers, batch, context;
} shape;

static seqd_error error = SEQD_ERROR_INIT;

static void need(int32_t status)
{
    if (status == SEQD_OK) return;
    fprintf(stderr, "%s: %s\n", seqd_status_name(status), error.message);
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void set(seqd_options *options, const char *name, int value)
{
    need(seqd_options_set_i64(options, name, value, &error));
}

static void fill(seqd_dataset *dataset)
{
    static const char *ids[SERIES];
    static char names[SERIES][8];
    int64_t times[SERIES];
    double demand[SERIES];
    for (int s = 0; s < SERIES; s++) {
        (void)snprintf(names[s], sizeof names[s], "s%03d", s);
        ids[s] = names[s];
    }
    for (int day = 0; day < DAYS; day++) {
        for (int s = 0; s < SERIES; s++) {
            times[s] = 86400 * (19000 + (int64_t)day);
            demand[s] = floor(10.0 + s % 9 + 4.0 * sin(0.9 * day + s) + (day * 7919 + s * 104729) % 5);
        }
        need(seqd_dataset_append_str(dataset, "unique_id", ids, SERIES, &error));
        need(seqd_dataset_append_i64(dataset, "ds", times, SERIES, &error));
        need(seqd_dataset_append_f64(dataset, "y", demand, SERIES, &error));
    }
    need(seqd_dataset_seal(dataset, &error));
}

static void start(side *s, const shape *shape, int threads)
{
    char hidden[64] = "";
    for (int i = 0; i < shape->layers; i++)
        (void)snprintf(hidden + strlen(hidden), sizeof hidden - strlen(hidden), "%s%d", i ? "," : "", shape->hidden);
    memset(s, 0, sizeof *s);
    need(seqd_context_create(NULL, &s->context, &error));
    need(seqd_context_set_threads(s->context, threads, &error));
    need(seqd_options_create(s->context, &s->options, &error));
    need(seqd_options_set_str(s->options, "freq", "D", &error));
    need(seqd_options_set_str(s->options, "model", shape->cell, &error));
    need(seqd_options_set_str(s->options, "hidden_size", hidden, &error));
    set(s->options, "horizon", 14);
    set(s->options, "context_length", shape->context);
    set(s->options, "batch_size", shape->batch);
    need(seqd_dataset_create(s->context, s->options, &s->dataset, &error));
    fill(s->dataset);
    need(seqd_model_create(s->context, s->options, s->dataset, &s->model, &error));
    need(seqd_trainer_create(s->model, s->dataset, s->options, NULL, &s->trainer, &error));
}

static void stop(side *s)
{
    seqd_trainer_release(s->trainer);
    seqd_model_release(s->model);
    seqd_dataset_release(s->dataset);
    seqd_options_release(s->options);
    seqd_context_release(s->context);
}

static double run(side *s, int64_t steps)
{
    double loss;
    const double begin = seconds(CLOCK_MONOTONIC);
    need(seqd_trainer_step(s->trainer, steps, &loss, &error));
    return seconds(CLOCK_MONOTONIC) - begin;
}

static long preempted(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nivcsw;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static double measure(const shape *shape, const int threads[2], int rounds)
{
    static side sides[2];
    double ratio[MOST_ROUNDS];
    for (int i = 0; i < 2; i++) start(&sides[i], shape, threads[i]);
    for (int i = 0; i < 2; i++) (void)run(&sides[i], 3);
    const int64_t steps = 1 + (int64_t)(0.03 / (run(&sides[0], 2) / 2)); /* about 30 ms */
    int again = 0;
    for (int round = 0; round < rounds; round++) {
        const long before = preempted();
        for (int k = 0; k < 2; k++) {
            side *s = &sides[(round + k) % 2];
            const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), took = run(s, steps);
            s->rate[round] = (double)steps / took;
            s->busy[round] = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / took;
        }
        ratio[round] = sides[1].rate[round] / sides[0].rate[round];
        if (preempted() - before > DISTURBED && again < MOST_REPEATS * rounds) {
            again++;
            round--;
        }
    }
    const double middle = median(ratio, rounds);
    printf("%-4s H %3d L %d N %3d T %2d  %8.1f %8.1f steps/s  ratio %.2f (%.2f .. %.2f)  processors %.2f  again %d\n", shape->cell,
           shape->hidden, shape->layers, shape->batch, shape->context, median(sides[0].rate, rounds),
           median(sides[1].rate, rounds), middle, ratio[0], ratio[rounds - 1], median(sides[1].busy, rounds), again);
    fflush(stdout);
    for (int i = 0; i < 2; i++) stop(&sides[i]);
    return middle;
}

int main(int argc, char **argv)
{
    static const char *const cells[] = {"lstm", "gru"};
    static const int hidden[] = {32, 64, 128}, batches[] = {64, 128, 256}, contexts[] = {28, 56};
    const int threads[2] = {argc > 2 ? atoi(argv[1]) : 1, argc > 2 ? atoi(argv[2]) : 2};
    const int batch = argc > 3 ? atoi(argv[3]) : 0, rounds = argc > 4 ? atoi(argv[4]) : 9;
    int shapes = 0, good = 0;
    double lowest = HUGE_VAL, logs = 0.0;
    if (argc == 2 || rounds < 1 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "usage: threads [FIRST SECOND [BATCH [ROUNDS]]]\n");
        return 2;
    }
    printf("kernels %s, threads %d and %d\n", seqd_build_info(), threads[0], threads[1]);
    for (size_t c = 0; c < 2; c++)
        for (size_t h = 0; h < 3; h++)
            for (int layers = 1; layers <= 2; layers++)
                for (size_t b = 0; b < (batch ? 1 : 3); b++)
                    for (size_t t = 0; t < 2; t++) {
                        const shape s = {cells[c], hidden[h], layers, batch ? batch : batches[b], contexts[t]};
                        const double ratio = measure(&s, threads, rounds);
                        shapes++;
                        good += ratio >= 1.7;
                        logs += log(ratio);
                        if (ratio < lowest) lowest = ratio;
                    }
    printf("%d shapes, %d at 1.7 or more, lowest %.2f, geometric mean %.2f\n", shapes, good, lowest,
           exp(logs / shapes));
    return 0;
}
