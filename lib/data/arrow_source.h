/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_ARROW_SOURCE_H
#define SEQD_DATA_ARROW_SOURCE_H

#include <seqdemand/arrow.h>

#include "cell.h"
#include "event_rows.h"
#include "rows.h"

typedef enum seqd_arrow_kind {
    SEQD_ARROW_NULL,
    SEQD_ARROW_BOOL,
    SEQD_ARROW_INT,        /* of `width` bytes */
    SEQD_ARROW_UINT,
    SEQD_ARROW_FLOAT,      /* of 2, 4 or 8 bytes */
    SEQD_ARROW_TIME,       /* whole number of `width` bytes, `unit` of them a second, or -unit seconds each */
    SEQD_ARROW_DECIMAL,    /* of `width` bytes, `unit` digits behind the point */
    SEQD_ARROW_UTF8,       /* offsets of `width` bytes */
    SEQD_ARROW_VIEW
} seqd_arrow_kind;

typedef struct seqd_arrow_type {
    seqd_arrow_kind kind;
    int32_t width;
    int64_t unit;
} seqd_arrow_type;

/* An array of one type within a batch. Elements are at `offset` .. `offset` + length - 1 of its buffers. */
typedef struct seqd_arrow_part {
    seqd_arrow_type type;
    const unsigned char *valid;      /* bitmap; NULL: none is null */
    const unsigned char *values;     /* numbers, offsets or views */
    const char *bytes;               /* of SEQD_ARROW_UTF8 */
    const void **blocks;             /* [block_count] of SEQD_ARROW_VIEW; */
    const unsigned char *block_sizes;/* and int64_t [block_count] */
    int64_t block_count;
    int64_t offset, length;
} seqd_arrow_part;

#define SEQD_ARROW_TEXT 64 /* digits of a decimal of 128 bits, sign and point */

/* A column that is read: a part, or numbers into the elements of `values`. */
typedef struct seqd_arrow_column {
    seqd_arrow_part part;
    seqd_arrow_part values;
    bool dictionary;
    char text[SEQD_ARROW_TEXT];      /* of a number that only text holds */
} seqd_arrow_column;

/* arrow_column.c */

/* Errors: SEQD_E_DATA for a type that is not known, with name and format. */
int32_t seqd_arrow_column_init(seqd_arrow_column *column, const struct ArrowSchema *schema, seqd_error *error);
/*
 * The column's array of a batch that has rows `first` .. `first` + `count` - 1 of it (its own offset not counted).
 * NULL, or what is wrong with it.
 */
const char *seqd_arrow_column_bind(seqd_arrow_column *column, const struct ArrowArray *array, int64_t first,
                                   int64_t count);
/* Row `row` of the batch; texts lie in the batch or in the column. NULL, or what is wrong. */
const char *seqd_arrow_column_cell(seqd_arrow_column *column, int64_t row, seqd_cell *cell);

/* Bit `at`, lowest first. */
static inline bool seqd_arrow_bit(const unsigned char *bits, int64_t at) { return bits[at >> 3] >> (at & 7) & 1; }

/* arrow_decimal.c: a signed little-endian number of 4, 8 or 16 bytes as text, `scale` digits behind the point. */
size_t seqd_arrow_decimal(const unsigned char *bytes, int32_t width, int32_t scale, char text[SEQD_ARROW_TEXT]);

/* arrow_source.c */

typedef struct seqd_arrow_source {
    seqd_context *context;
    struct ArrowArrayStream *stream;
    struct ArrowSchema schema;
    const char **names;              /* [schema.n_children] */
    seqd_cell *cells;                /* [schema.n_children] */
    seqd_arrow_column *columns;      /* [used_count] */
    const int32_t *used;
    int32_t used_count;
    int64_t row;                     /* rows read */
} seqd_arrow_source;

/* Asks for the schema. On failure, too, the source is to be closed, which releases the stream. */
int32_t seqd_arrow_open(seqd_arrow_source *source, seqd_context *context, struct ArrowArrayStream *stream,
                        seqd_error *error);
void seqd_arrow_close(seqd_arrow_source *source);
/* All rows of the stream; the names stay valid until the source is closed. */
int32_t seqd_arrow_gather(seqd_arrow_source *source, seqd_rows *rows, seqd_error *error);
int32_t seqd_arrow_gather_events(seqd_arrow_source *source, seqd_event_rows *rows, seqd_error *error);

#endif
