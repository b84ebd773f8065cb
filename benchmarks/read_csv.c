/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast a file of rows becomes a sealed dataset, and what it holds: the public header only, one thread.
 *
 *   read_csv FILE [ROUNDS] [KEY=VALUE ...]
 *
 * Reads FILE ROUNDS times (9) with the options given, after one reading that counts for nothing, and prints one line of
 * JSON: median, lowest and highest MB/s (10^6 bytes of the file as it lies on the disk), median rows/s, bytes held per
 * step of the sealed panel and per row, and the most bytes held at one time while reading, as counted by the allocator.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seqdemand/seqdemand.h>

#include "timing.h"

#define MOST_ROUNDS 1000
#define FRONT 16 /* the size of a block stands before it, at a distance that keeps the alignment of malloc */

typedef struct counter {
    size_t bytes, peak;
} counter;

static void *count_allocate(void *user, size_t size)
{
    counter *memory = user;
    unsigned char *block = malloc(FRONT + size);
    if (!block) return NULL;
    memcpy(block, &size, sizeof size);
    memory->bytes += size;
    if (memory->bytes > memory->peak) memory->peak = memory->bytes;
    return block + FRONT;
}

static void count_release(void *user, void *pointer)
{
    counter *memory = user;
    size_t size;
    if (!pointer) return;
    unsigned char *block = (unsigned char *)pointer - FRONT;
    memcpy(&size, block, sizeof size);
    memory->bytes -= size;
    free(block);
}

static double file_size(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    if (file) fclose(file);
    return (double)size;
}

static int fail(const char *what, const seqd_error *error)
{
    fprintf(stderr, "read_csv: %s: %s\n", what, error->message);
    return 1;
}

static int set_options(seqd_options *options, char **words, int count)
{
    seqd_error error = SEQD_ERROR_INIT;
    for (int i = 0; i < count; i++) {
        char *equals = strchr(words[i], '=');
        if (!equals) {
            fprintf(stderr, "read_csv: '%s' is not KEY=VALUE\n", words[i]);
            return 2;
        }
        *equals = '\0';
        if (seqd_options_set_str(options, words[i], equals + 1, &error) != SEQD_OK) return fail(words[i], &error);
    }
    return 0;
}

typedef struct result {
    double seconds[MOST_ROUNDS];
    size_t held, peak;
    seqd_dataset_summary summary;
} result;

static int measure(const char *path, int rounds, seqd_context *context, const seqd_options *options, counter *memory,
                   result *out)
{
    seqd_error error = SEQD_ERROR_INIT;
    const size_t before = memory->bytes;
    for (int i = -1; i < rounds; i++) {
        seqd_dataset *dataset = NULL;
        memory->peak = before;
        const double start = seconds(CLOCK_MONOTONIC);
        if (seqd_dataset_read(context, options, path, &dataset, &error) != SEQD_OK) return fail(path, &error);
        if (i >= 0) out->seconds[i] = seconds(CLOCK_MONOTONIC) - start;
        out->held = memory->bytes - before;
        out->peak = memory->peak - before;
        out->summary.struct_size = (uint32_t)sizeof out->summary;
        const int32_t status = seqd_dataset_summarize(dataset, &out->summary, &error);
        seqd_dataset_release(dataset);
        if (status != SEQD_OK) return fail(path, &error);
    }
    return 0;
}

static void print(const char *path, int rounds, result *r)
{
    const double megabytes = file_size(path) / 1e6, rows = (double)r->summary.rows;
    const double steps = (double)(r->summary.steps + r->summary.future_steps);
    sort_times(r->seconds, (size_t)rounds);
    const double median = (r->seconds[(rounds - 1) / 2] + r->seconds[rounds / 2]) / 2;
    printf("{\"benchmark\": \"read_csv\", \"file_mb\": %.3f, \"rows\": %.0f, \"series\": %lld, \"steps\": %.0f, "
           "\"rounds\": %d, \"mb_per_s\": %.1f, \"mb_per_s_lowest\": %.1f, \"mb_per_s_highest\": %.1f, "
           "\"rows_per_s\": %.0f, \"bytes_held\": %zu, \"bytes_per_step\": %.3f, \"peak_bytes\": %zu, "
           "\"peak_bytes_per_row\": %.1f}\n",
           megabytes, rows, (long long)r->summary.series, steps, rounds, megabytes / median,
           megabytes / r->seconds[rounds - 1], megabytes / r->seconds[0], rows / median, r->held,
           (double)r->held / steps, r->peak, (double)r->peak / rows);
}

int main(int argc, char **argv)
{
    static result r;
    counter memory = { 0, 0 };
    const seqd_allocator allocator = { (uint32_t)sizeof allocator, &memory, count_allocate, count_release };
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    int next = 2, rounds = 9;
    if (argc > 2 && !strchr(argv[2], '=')) rounds = atoi(argv[next++]);
    if (argc < 2 || rounds < 1 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "usage: read_csv FILE [ROUNDS] [KEY=VALUE ...]\n");
        return 2;
    }
    if (seqd_context_create(&allocator, &context, &error) != SEQD_OK) return fail("context", &error);
    if (seqd_options_create(context, &options, &error) != SEQD_OK) return fail("options", &error);
    int status = set_options(options, argv + next, argc - next);
    if (status == 0) status = measure(argv[1], rounds, context, options, &memory, &r);
    if (status == 0) print(argv[1], rounds, &r);
    seqd_options_release(options);
    seqd_context_release(context);
    return status;
}
