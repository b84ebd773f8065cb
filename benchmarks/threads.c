/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What threads are worth in training: steps a second of a whole trainer (windows, network, optimizer) on a panel made
 * up here, with two numbers of threads that take turns, and the ratio of the second to the first.
 *
 *   threads [FIRST SECOND [BATCH [ROUNDS]]]     default: 1 2, batches 64, 128 and 256, 9 rounds
 *
 * A round times both on one shape, back to back, and then as many trainers of one thread as SECOND says, each on a
 * thread of its own: whether the machine has processors to give (other work and a virtual machine's neighbours take
 * them; it is no bound, as each of these trainers has its own caches to fill). Shown are medians: steps a second of
 * FIRST and SECOND, their ratio with the lowest and highest, the ratio of the trainers apart to FIRST ("apart"), and
 * SECOND as a share of those.
 * A round in which the kernel took a processor away from this process for another one says nothing about threads: it is
 * taken again, up to a limit, and the number of such rounds is shown. The last line counts the shapes.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <seqdemand/seqdemand.h>

#include "timing.h"

/* DISTURBED: times that a processor was taken away in a round (about 50 ms), above which the round is taken again */
enum { SERIES = 300, DAYS = 365, MOST_ROUNDS = 99, DISTURBED = 1, MOST_REPEATS = 10, MOST_APART = 8 };

typedef struct side {
    seqd_context *context;
    seqd_options *options;
    seqd_dataset *dataset;
    seqd_model *model;
    seqd_trainer *trainer;
    int64_t steps; /* of one turn */
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

static void start(side *s, const shape *how, int threads)
{
    char hidden[64] = "";
    for (int i = 0; i < how->layers; i++)
        (void)snprintf(hidden + strlen(hidden), sizeof hidden - strlen(hidden), "%s%d", i ? "," : "", how->hidden);
    memset(s, 0, sizeof *s);
    need(seqd_context_create(NULL, &s->context, &error));
    need(seqd_context_set_threads(s->context, threads, &error));
    need(seqd_options_create(s->context, &s->options, &error));
    need(seqd_options_set_str(s->options, "freq", "D", &error));
    need(seqd_options_set_str(s->options, "model", how->cell, &error));
    need(seqd_options_set_str(s->options, "hidden_size", hidden, &error));
    set(s->options, "horizon", 14);
    set(s->options, "context_length", how->context);
    set(s->options, "batch_size", how->batch);
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

static double median(double *values, int count)
{
    sort_times(values, (size_t)count);
    return values[count / 2];
}

static void *run_apart(void *user)
{
    side *s = user;
    (void)run(s, s->steps);
    return NULL;
}

/* Steps a second of `count` trainers at once. */
static double together(side *sides, int count, int64_t steps)
{
    pthread_t threads[MOST_APART];
    const double begin = seconds(CLOCK_MONOTONIC);
    for (int i = 0; i < count; i++) {
        sides[i].steps = steps;
        if (pthread_create(&threads[i], NULL, run_apart, &sides[i]) != 0) exit(1);
    }
    for (int i = 0; i < count; i++) (void)pthread_join(threads[i], NULL);
    return (double)(count * steps) / (seconds(CLOCK_MONOTONIC) - begin);
}

/* Ratio of the second to the first; *share of what trainers apart give. */
static double measure(const shape *how, const int threads[2], int rounds, double *share)
{
    static side sides[2], apart[MOST_APART];
    double rate[2][MOST_ROUNDS], ratio[MOST_ROUNDS], ceiling[MOST_ROUNDS], shares[MOST_ROUNDS];
    const int copies = threads[1] < MOST_APART ? threads[1] : MOST_APART;
    int again = 0;
    for (int i = 0; i < 2; i++) start(&sides[i], how, threads[i]);
    for (int i = 0; i < copies; i++) start(&apart[i], how, 1);
    for (int i = 0; i < 2; i++) (void)run(&sides[i], 3);
    for (int i = 0; i < copies; i++) (void)run(&apart[i], 3);
    const int64_t steps = 1 + (int64_t)(0.02 / (run(&sides[0], 2) / 2)); /* about 20 ms */
    for (int round = 0; round < rounds; round++) {
        const long before = preempted();
        for (int k = 0; k < 2; k++) {
            const int which = (round + k) % 2;
            rate[which][round] = (double)steps / run(&sides[which], steps);
        }
        const long taken = preempted() - before;
        const double machine = together(apart, copies, steps);
        ratio[round] = rate[1][round] / rate[0][round];
        ceiling[round] = machine / rate[0][round];
        shares[round] = rate[1][round] / machine;
        if (taken > DISTURBED && again < MOST_REPEATS * rounds) {
            again++;
            round--;
        }
    }
    const double middle = median(ratio, rounds);
    *share = median(shares, rounds);
    printf("%-4s H %3d L %d N %3d T %2d  %8.1f %8.1f steps/s  ratio %.2f (%.2f .. %.2f)  apart %.2f  share %.2f  "
           "again %d\n",
           how->cell, how->hidden, how->layers, how->batch, how->context, median(rate[0], rounds),
           median(rate[1], rounds), middle, ratio[0], ratio[rounds - 1], median(ceiling, rounds), *share, again);
    fflush(stdout);
    for (int i = 0; i < 2; i++) stop(&sides[i]);
    for (int i = 0; i < copies; i++) stop(&apart[i]);
    return middle;
}

int main(int argc, char **argv)
{
    static const char *const cells[] = {"lstm", "gru"};
    static const int hidden[] = {32, 64, 128}, batches[] = {64, 128, 256}, contexts[] = {28, 56};
    const int threads[2] = {argc > 2 ? atoi(argv[1]) : 1, argc > 2 ? atoi(argv[2]) : 2};
    const int batch = argc > 3 ? atoi(argv[3]) : 0, rounds = argc > 4 ? atoi(argv[4]) : 9;
    int shapes = 0, good = 0;
    double lowest = HUGE_VAL, logs = 0.0, lowest_share = HUGE_VAL, share_logs = 0.0, share;
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
                        const double ratio = measure(&s, threads, rounds, &share);
                        shapes++;
                        good += ratio >= 1.7;
                        logs += log(ratio);
                        share_logs += log(share);
                        if (ratio < lowest) lowest = ratio;
                        if (share < lowest_share) lowest_share = share;
                    }
    printf("%d shapes, %d at 1.7 or more; ratio: lowest %.2f, geometric mean %.2f; share: lowest %.2f, geometric mean "
           "%.2f\n",
           shapes, good, lowest, exp(logs / shapes), lowest_share, exp(share_logs / shapes));
    return 0;
}
