/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_FRAME_H
#define SEQD_DATA_FRAME_H

#include "event_rows.h"
#include "rows.h"

/* One column appended from memory. */
typedef struct seqd_frame_column {
    char *name;
    seqd_cell_type type;
    int64_t count;
    union {
        int64_t *i64;
        double *f64;
        size_t *end;         /* text: where each value ends in `bytes` */
    } values;
    size_t capacity;
    char *bytes;             /* of text */
    size_t byte_count, byte_capacity;
    uint8_t *null;           /* of text: 1 for a NULL string */
    size_t null_capacity;
} seqd_frame_column;

/* Columns of a dataset that is being made, before sealing. */
typedef struct seqd_frame {
    seqd_context *context;
    seqd_frame_column *columns;
    size_t count, capacity;
} seqd_frame;

int32_t seqd_frame_new(seqd_context *context, seqd_frame **out, seqd_error *error);
void seqd_frame_free(seqd_frame *frame);
/* `values` is an array of the type; nothing is kept of an append that fails. */
int32_t seqd_frame_append(seqd_frame *frame, const char *column, seqd_cell_type type, const void *values, int64_t count,
                          seqd_error *error);
/* All rows of the frame into `rows`, initialised here. *names, to be freed after the rows, holds the header. */
int32_t seqd_frame_gather(const seqd_frame *frame, const seqd_options *options, seqd_rows *rows, const char ***names,
                          seqd_error *error);
int32_t seqd_frame_gather_events(const seqd_frame *frame, const seqd_options *options, seqd_event_rows *rows,
                                 const char ***names, seqd_error *error);

#endif
