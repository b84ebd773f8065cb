/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TESTS_ARROW_HOST_H
#define SEQD_TESTS_ARROW_HOST_H

/* A host that hands out an Arrow stream of hand-made batches and counts what is released. */
#include "rig.h"

#define HOST_COLUMNS 8

typedef struct host_column {
    const char *format, *name;
    int64_t length, offset, null_count, buffer_count;
    const void *buffers[5];
    const struct host_column *dictionary;
} host_column;

typedef struct host_batch {
    int64_t length, offset, null_count;
    const void *valid;
    const host_column *columns;
} host_batch;

typedef struct host host;
struct host {
    const host_batch *batches;
    int64_t column_count, batch_count, next;
    int schema_code, fail_at;          /* fail_at: number of the batch that is not given, from 1; 0: none */
    const char *words, *format;
    int schemas_given, schemas_released, arrays_given, arrays_released, streams_released;
    struct ArrowSchema schema[HOST_COLUMNS], dictionary_schema[HOST_COLUMNS], *schema_pointers[HOST_COLUMNS];
    struct ArrowArray array[HOST_COLUMNS], dictionary[HOST_COLUMNS], *pointers[HOST_COLUMNS];
    const void *valid[1];
    void (*spoil)(host *own, struct ArrowSchema *schema, struct ArrowArray *batch); /* either is NULL */
};

/* A stream of the host, its counts begun anew. */
struct ArrowArrayStream host_stream(host *own);
/* All that was given came back, once. */
void host_settled(const host *own);

#endif
