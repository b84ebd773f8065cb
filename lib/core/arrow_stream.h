/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_ARROW_STREAM_H
#define SEQD_CORE_ARROW_STREAM_H

#include <stdbool.h>

#include <seqdemand/arrow.h>

/*
 * A table of known size that is filled and then handed out as an Arrow stream of one record batch. Whoever is handed
 * something (stream, schema, array, a column moved out of them) holds a reference to the one block with all of it.
 */
typedef enum seqd_arrow_out_kind {
    SEQD_ARROW_OUT_TEXT,
    SEQD_ARROW_OUT_I64,
    SEQD_ARROW_OUT_SECONDS, /* timestamp[s] without zone */
    SEQD_ARROW_OUT_F64
} seqd_arrow_out_kind;

typedef struct seqd_arrow_table seqd_arrow_table;

/* `text` bytes: of the name, and of all cells of a column of text. */
typedef struct seqd_arrow_field {
    const char *prefix, *name;   /* the name is both; copied */
    seqd_arrow_out_kind kind;
    int64_t text_bytes;
} seqd_arrow_field;

/* Columns of numbers are zero. Errors: SEQD_E_NOMEM, SEQD_E_LIMIT. */
int32_t seqd_arrow_table_new(seqd_context *context, const seqd_arrow_field *fields, int32_t count, int64_t rows,
                             seqd_arrow_table **out, seqd_error *error);
/* For one that was not handed out. */
void seqd_arrow_table_free(seqd_arrow_table *table);
int64_t *seqd_arrow_table_i64(seqd_arrow_table *table, int32_t column);
double *seqd_arrow_table_f64(seqd_arrow_table *table, int32_t column);
/* The next cell of a column of text, of `rows`; all together have the `text_bytes` of its field. */
void seqd_arrow_table_add_text(seqd_arrow_table *table, int32_t column, const char *text);
/* Hands the table out. */
void seqd_arrow_table_stream(seqd_arrow_table *table, struct ArrowArrayStream *out);

#endif
