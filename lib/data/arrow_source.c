/* SPDX-License-Identifier: Apache-2.0 */
#include "arrow_source.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"

#define MOST_WORDS 160

/* The stream's own words, which a later call of it may overwrite. */
static int32_t fail_stream(struct ArrowArrayStream *stream, int code, const char *what, seqd_error *error)
{
    char words[MOST_WORDS + 1];
    const char *told = stream->get_last_error ? stream->get_last_error(stream) : NULL;
    size_t used = 0;
    for (; told && told[used] != '\0' && used < MOST_WORDS; used++) {
        const unsigned char byte = (unsigned char)told[used];
        words[used] = (char)(byte < 32 || byte == 127 ? ' ' : byte);
    }
    words[used] = '\0';
    return seqd_fail(error, code == ENOMEM ? SEQD_E_NOMEM : SEQD_E_IO, "the Arrow stream gives no %s: %s (code %d)",
                     what, used > 0 ? words : "it says no more", code);
}

static int32_t check_schema(const struct ArrowSchema *schema, seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE];
    if (!schema->release) return seqd_fail(error, SEQD_E_FORMAT, "the Arrow stream gives no schema");
    const char *format = schema->format ? schema->format : "";
    if (strcmp(format, "+s") != 0)
        return seqd_fail(error, SEQD_E_FORMAT, "the Arrow stream is of the type '%s', not of record batches ('+s')",
                         seqd_quote(format, strlen(format), quoted));
    if (schema->n_children < 1 || schema->n_children > INT32_MAX || !schema->children)
        return seqd_fail(error, SEQD_E_FORMAT, "the Arrow stream has %lld columns", (long long)schema->n_children);
    for (int64_t i = 0; i < schema->n_children; i++)
        if (!schema->children[i] || !schema->children[i]->format)
            return seqd_fail(error, SEQD_E_FORMAT, "column %lld of the Arrow stream has no type", (long long)i + 1);
    return SEQD_OK;
}

int32_t seqd_arrow_open(seqd_arrow_source *source, seqd_context *context, struct ArrowArrayStream *stream,
                        seqd_error *error)
{
    memset(source, 0, sizeof *source);
    source->context = context;
    source->stream = stream;
    if (!stream->get_schema || !stream->get_next)
        return seqd_fail(error, SEQD_E_ARG, "the Arrow stream has no get_schema or no get_next");
    const int code = stream->get_schema(stream, &source->schema);
    if (code != 0) {
        source->schema.release = NULL;
        return fail_stream(stream, code, "schema", error);
    }
    SEQD_CHECK(check_schema(&source->schema, error));
    const size_t count = (size_t)source->schema.n_children;
    source->names = seqd_alloc_array(context, count, sizeof *source->names);
    source->cells = source->names ? seqd_alloc_array(context, count, sizeof *source->cells) : NULL;
    if (!source->cells) return seqd_fail_alloc(context, count * sizeof *source->cells, error);
    for (size_t i = 0; i < count; i++) {
        const char *name = source->schema.children[i]->name;
        source->names[i] = name ? name : "";
    }
    return SEQD_OK;
}

void seqd_arrow_close(seqd_arrow_source *source)
{
    seqd_free(source->context, source->columns);
    seqd_free(source->context, source->cells);
    seqd_free(source->context, source->names);
    if (source->schema.release) source->schema.release(&source->schema);
    if (source->stream->release) source->stream->release(source->stream);
    source->stream->release = NULL; /* the callback does this, too; one that forgets it is not called twice */
}

static int32_t init_columns(seqd_arrow_source *source, const int32_t *used, int32_t count, seqd_error *error)
{
    source->used = used;
    source->used_count = count;
    if (count == 0) return SEQD_OK;
    source->columns = seqd_alloc_array(source->context, (size_t)count, sizeof *source->columns);
    if (!source->columns) return seqd_fail_alloc(source->context, (size_t)count * sizeof *source->columns, error);
    for (int32_t i = 0; i < count; i++)
        SEQD_CHECK(seqd_arrow_column_init(&source->columns[i], source->schema.children[used[i]], error));
    return SEQD_OK;
}

static int32_t fail_column(const seqd_arrow_source *source, int32_t i, const char *wrong, seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE];
    const char *name = source->names[source->used[i]];
    return seqd_fail_at(error, SEQD_E_DATA, source->row + 1, source->used[i] + 1,
                        "row %lld: the Arrow array of column '%s' %s", (long long)source->row + 1,
                        seqd_quote(name, strlen(name), quoted), wrong);
}

static int32_t bind_batch(seqd_arrow_source *source, const struct ArrowArray *batch, seqd_error *error)
{
    int64_t end;
    if (batch->length < 0 || batch->offset < 0 || __builtin_add_overflow(batch->offset, batch->length, &end))
        return seqd_fail(error, SEQD_E_DATA, "row %lld: a batch of the Arrow stream has a negative length or offset",
                         (long long)source->row + 1);
    if (batch->n_children != source->schema.n_children || !batch->children)
        return seqd_fail(error, SEQD_E_DATA, "row %lld: a batch of the Arrow stream has %lld columns, its schema %lld",
                         (long long)source->row + 1, (long long)batch->n_children,
                         (long long)source->schema.n_children);
    if (batch->null_count > 0 && (batch->n_buffers < 1 || !batch->buffers || !batch->buffers[0]))
        return seqd_fail(error, SEQD_E_DATA, "row %lld: a batch of the Arrow stream has nulls, but no bitmap of them",
                         (long long)source->row + 1);
    for (int32_t i = 0; i < source->used_count; i++) {
        const char *wrong = seqd_arrow_column_bind(&source->columns[i], batch->children[source->used[i]],
                                                   batch->offset, batch->length);
        if (wrong) return fail_column(source, i, wrong, error);
    }
    return SEQD_OK;
}

/* Where rows go: a panel's or those of events. */
typedef struct row_sink {
    seqd_rows *rows;
    seqd_event_rows *events;
} row_sink;

static int32_t add_batch(seqd_arrow_source *source, const struct ArrowArray *batch, const row_sink *sink,
                         seqd_error *error)
{
    static const seqd_cell missing = { .type = SEQD_CELL_TEXT, .text = "" };
    SEQD_CHECK(bind_batch(source, batch, error));
    const bool nulls = batch->null_count != 0 && batch->n_buffers > 0 && batch->buffers;
    const unsigned char *valid = nulls ? batch->buffers[0] : NULL;
    for (int64_t row = 0; row < batch->length; row++) {
        const bool there = !valid || seqd_arrow_bit(valid, batch->offset + row);
        for (int32_t i = 0; i < source->used_count; i++) {
            seqd_cell *cell = &source->cells[source->used[i]];
            const char *wrong = NULL;
            if (there) wrong = seqd_arrow_column_cell(&source->columns[i], row, cell);
            else *cell = missing;
            if (wrong) return fail_column(source, i, wrong, error);
        }
        SEQD_CHECK(sink->rows ? seqd_rows_add(sink->rows, source->cells, source->row + 1, error)
                              : seqd_event_rows_add(sink->events, source->cells, source->row + 1, error));
        source->row++;
    }
    return SEQD_OK;
}

static int32_t gather(seqd_arrow_source *source, const row_sink *sink, seqd_error *error)
{
    for (;;) {
        struct ArrowArray batch;
        memset(&batch, 0, sizeof batch);
        const int code = source->stream->get_next(source->stream, &batch);
        if (code != 0) return fail_stream(source->stream, code, "next batch", error);
        if (!batch.release) return SEQD_OK;
        const int32_t status = add_batch(source, &batch, sink, error);
        batch.release(&batch);
        SEQD_CHECK(status);
    }
}

int32_t seqd_arrow_gather(seqd_arrow_source *source, seqd_rows *rows, seqd_error *error)
{
    const row_sink sink = { rows, NULL };
    SEQD_CHECK(init_columns(source, rows->used, rows->used_count, error));
    return gather(source, &sink, error);
}

int32_t seqd_arrow_gather_events(seqd_arrow_source *source, seqd_event_rows *rows, seqd_error *error)
{
    const row_sink sink = { NULL, rows };
    SEQD_CHECK(init_columns(source, rows->used, rows->used_count, error));
    return gather(source, &sink, error);
}
