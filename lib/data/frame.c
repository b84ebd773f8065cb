/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"

int32_t seqd_frame_new(seqd_context *context, seqd_frame **out, seqd_error *error)
{
    seqd_frame *frame = seqd_alloc_zero(context, sizeof *frame);
    if (!frame) return seqd_fail_alloc(context, sizeof *frame, error);
    frame->context = context;
    *out = frame;
    return SEQD_OK;
}

static void *values_of(const seqd_frame_column *column)
{
    switch (column->type) {
    case SEQD_CELL_I64:
    case SEQD_CELL_TIME: return column->values.i64;
    case SEQD_CELL_F64: return column->values.f64;
    case SEQD_CELL_TEXT: break;
    }
    return column->values.end;
}

static void set_values(seqd_frame_column *column, void *values)
{
    switch (column->type) {
    case SEQD_CELL_I64:
    case SEQD_CELL_TIME: column->values.i64 = values; return;
    case SEQD_CELL_F64: column->values.f64 = values; return;
    case SEQD_CELL_TEXT: column->values.end = values; return;
    }
}

static void drop_last(seqd_frame *frame)
{
    seqd_frame_column *column = &frame->columns[--frame->count];
    seqd_free(frame->context, column->name);
    seqd_free(frame->context, values_of(column));
    seqd_free(frame->context, column->bytes);
    seqd_free(frame->context, column->null);
}

void seqd_frame_free(seqd_frame *frame)
{
    if (!frame) return;
    while (frame->count > 0) drop_last(frame);
    seqd_free(frame->context, frame->columns);
    seqd_free(frame->context, frame);
}

static int32_t find_or_add(seqd_frame *frame, const char *name, seqd_cell_type type, seqd_frame_column **out,
                           seqd_error *error)
{
    static const char *const types[] = { "text", "whole numbers", "numbers" };
    char quoted[SEQD_QUOTE_SIZE];
    for (size_t i = 0; i < frame->count; i++) {
        seqd_frame_column *column = &frame->columns[i];
        if (strcmp(column->name, name) != 0) continue;
        if (column->type != type)
            return seqd_fail(error, SEQD_E_ARG, "column '%s' was begun with %s, not with %s",
                             seqd_quote(name, strlen(name), quoted), types[column->type], types[type]);
        *out = column;
        return SEQD_OK;
    }
    void *columns = frame->columns;
    const bool grown = seqd_grow(frame->context, &columns, &frame->capacity, frame->count + 1, sizeof *frame->columns);
    frame->columns = columns;
    char *copy = grown ? seqd_strdup(frame->context, name, strlen(name)) : NULL;
    if (!copy) return seqd_fail_alloc(frame->context, strlen(name) + 1, error);
    seqd_frame_column *column = &frame->columns[frame->count++];
    memset(column, 0, sizeof *column);
    column->name = copy;
    column->type = type;
    *out = column;
    return SEQD_OK;
}

/* Room first, then the copy: a failure leaves the column as it was. */
static int32_t append_text(seqd_frame *frame, seqd_frame_column *column, const char *const *values, int64_t count,
                           seqd_error *error)
{
    const size_t before = (size_t)column->count;
    size_t bytes = column->byte_count;
    for (int64_t i = 0; i < count; i++) {
        const size_t length = values[i] ? strlen(values[i]) : 0;
        if (!seqd_add_size(bytes, length, &bytes)) return seqd_fail_nomem(error, length);
    }
    void *block = column->bytes;
    bool grown = seqd_grow(frame->context, &block, &column->byte_capacity, bytes + 1, 1);
    column->bytes = block;
    block = column->null;
    if (grown) grown = seqd_grow(frame->context, &block, &column->null_capacity, before + (size_t)count, 1);
    column->null = block;
    if (!grown) return seqd_fail_alloc(frame->context, bytes + (size_t)count, error);
    for (int64_t i = 0; i < count; i++) {
        const size_t length = values[i] ? strlen(values[i]) : 0;
        if (length > 0) memcpy(column->bytes + column->byte_count, values[i], length);
        column->byte_count += length;
        column->values.end[before + (size_t)i] = column->byte_count;
        column->null[before + (size_t)i] = values[i] == NULL;
    }
    return SEQD_OK;
}

static int32_t append_values(seqd_frame *frame, seqd_frame_column *column, const void *values, int64_t count,
                             seqd_error *error)
{
    if (count == 0) return SEQD_OK;
    const size_t size = column->type == SEQD_CELL_TEXT ? sizeof(size_t) : 8;
    size_t need;
    if (!seqd_add_size((size_t)column->count, (size_t)count, &need)) return seqd_fail_nomem(error, (size_t)count);
    void *block = values_of(column);
    const bool grown = seqd_grow(frame->context, &block, &column->capacity, need, size);
    set_values(column, block);
    if (!grown) return seqd_fail_alloc(frame->context, (size_t)count * size, error);
    if (column->type == SEQD_CELL_TEXT)
        SEQD_CHECK(append_text(frame, column, values, count, error));
    else
        memcpy((unsigned char *)block + (size_t)column->count * size, values, (size_t)count * size);
    column->count += count;
    return SEQD_OK;
}

int32_t seqd_frame_append(seqd_frame *frame, const char *column_name, seqd_cell_type type, const void *values,
                          int64_t count, seqd_error *error)
{
    if (!column_name || !*column_name) return seqd_fail(error, SEQD_E_ARG, "the column has no name");
    if (count < 0 || (count > 0 && !values))
        return seqd_fail(error, SEQD_E_ARG, "column '%s': %lld values at %s", column_name, (long long)count,
                         values ? "an address" : "NULL");
    const size_t columns = frame->count;
    seqd_frame_column *column = NULL;
    SEQD_CHECK(find_or_add(frame, column_name, type, &column, error));
    const int32_t status = append_values(frame, column, values, count, error);
    if (status != SEQD_OK && frame->count > columns) drop_last(frame);
    return status;
}

static void read_cell(const seqd_frame_column *column, int64_t row, seqd_cell *cell)
{
    cell->type = column->type;
    if (column->type == SEQD_CELL_I64) {
        cell->i64 = column->values.i64[row];
    } else if (column->type == SEQD_CELL_F64) {
        cell->f64 = column->values.f64[row];
    } else {
        const size_t begin = row > 0 ? column->values.end[row - 1] : 0;
        cell->text = column->null[row] ? NULL : column->bytes + begin;
        cell->length = column->values.end[row] - begin;
    }
}

/* Where the rows of a frame go: a panel's or those of events. */
typedef struct row_sink {
    seqd_rows *rows;
    seqd_event_rows *events;
} row_sink;

static int32_t add_rows(const seqd_frame *frame, const row_sink *sink, seqd_cell *cells, seqd_error *error)
{
    const int64_t count = frame->columns[0].count;
    for (size_t i = 1; i < frame->count; i++)
        if (frame->columns[i].count != count)
            return seqd_fail(error, SEQD_E_DATA, "column '%.40s' has %lld values, column '%.40s' has %lld",
                             frame->columns[0].name,
                             (long long)count, frame->columns[i].name, (long long)frame->columns[i].count);
    for (int64_t row = 0; row < count; row++) {
        for (size_t i = 0; i < frame->count; i++) read_cell(&frame->columns[i], row, &cells[i]);
        SEQD_CHECK(sink->rows ? seqd_rows_add(sink->rows, cells, row + 1, error)
                              : seqd_event_rows_add(sink->events, cells, row + 1, error));
    }
    return SEQD_OK;
}

static int32_t init_sink(const row_sink *sink, const seqd_frame *frame, const seqd_options *options,
                         const char *const *header, seqd_error *error)
{
    const int32_t count = (int32_t)frame->count;
    if (sink->rows) return seqd_rows_init(sink->rows, frame->context, options, NULL, header, count, error);
    return seqd_event_rows_init(sink->events, frame->context, options, NULL, header, count, error);
}

static void clear_sink(const row_sink *sink)
{
    if (sink->rows) seqd_rows_clear(sink->rows);
    else seqd_event_rows_clear(sink->events);
}

static int32_t pour(const seqd_frame *frame, const seqd_options *options, const row_sink *sink, const char ***names,
                    seqd_error *error)
{
    if (frame->count == 0) return seqd_fail(error, SEQD_E_DATA, "no columns were appended");
    const char **header = seqd_alloc_array(frame->context, frame->count, sizeof *header);
    seqd_cell *cells = seqd_alloc_array(frame->context, frame->count, sizeof *cells);
    int32_t status = header && cells ? SEQD_OK : seqd_fail_alloc(frame->context, frame->count * sizeof *cells, error);
    for (size_t i = 0; status == SEQD_OK && i < frame->count; i++) header[i] = frame->columns[i].name;
    if (status == SEQD_OK) status = init_sink(sink, frame, options, header, error);
    if (status == SEQD_OK) {
        status = add_rows(frame, sink, cells, error);
        if (status != SEQD_OK) clear_sink(sink);
    }
    seqd_free(frame->context, cells);
    if (status != SEQD_OK) {
        seqd_free(frame->context, header);
        return status;
    }
    *names = header;
    return SEQD_OK;
}

int32_t seqd_frame_gather(const seqd_frame *frame, const seqd_options *options, seqd_rows *rows, const char ***names,
                          seqd_error *error)
{
    const row_sink sink = { rows, NULL };
    return pour(frame, options, &sink, names, error);
}

int32_t seqd_frame_gather_events(const seqd_frame *frame, const seqd_options *options, seqd_event_rows *rows,
                                 const char ***names, seqd_error *error)
{
    const row_sink sink = { NULL, rows };
    return pour(frame, options, &sink, names, error);
}
