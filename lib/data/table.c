/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "csv.h"
#include "status.h"
#include "text.h"
#include "utf8.h"

static int32_t append_row(seqd_table *table, const seqd_csv *csv, seqd_error *error)
{
    seqd_context *context = table->context;
    const size_t columns = (size_t)table->column_count, row = (size_t)table->row_count;
    const int64_t limit = context->limits.rows;
    if (limit > 0 && table->row_count >= limit)
        return seqd_csv_fail(csv, SEQD_E_LIMIT, csv->line, 0, error, "more rows than the limit 'rows' of %lld",
                             (long long)limit);
    size_t size = 0, need_bytes, need_cells;
    for (size_t i = 0; i < columns; i++) size += csv->fields[i].length + 1;
    if (!seqd_add_size(table->byte_count, size, &need_bytes) || !seqd_mul_size(row + 1, columns, &need_cells))
        return seqd_fail_nomem(error, size);
    void *bytes = table->bytes, *offsets = table->offsets, *lines = table->lines;
    bool grown = seqd_grow(context, &bytes, &table->byte_capacity, need_bytes, 1);
    table->bytes = bytes;
    if (grown) grown = seqd_grow(context, &offsets, &table->offset_capacity, need_cells, sizeof *table->offsets);
    table->offsets = offsets;
    if (grown) grown = seqd_grow(context, &lines, &table->line_capacity, row + 1, sizeof *table->lines);
    table->lines = lines;
    if (!grown) return seqd_fail_alloc(context, need_bytes, error);
    for (size_t i = 0; i < columns; i++) {
        const seqd_field *field = &csv->fields[i];
        if (!seqd_is_utf8(field->text, field->length)) {
            char quoted[SEQD_QUOTE_SIZE];
            return seqd_csv_fail(csv, SEQD_E_FORMAT, csv->line, (int64_t)i + 1, error, "'%s' is not UTF-8 text",
                                 seqd_quote(field->text, field->length, quoted));
        }
        table->offsets[row * columns + i] = table->byte_count;
        if (field->length > 0) memcpy(table->bytes + table->byte_count, field->text, field->length);
        table->bytes[table->byte_count + field->length] = '\0';
        table->byte_count += field->length + 1;
    }
    table->lines[row] = csv->line;
    table->row_count++;
    return SEQD_OK;
}

static int32_t read_all(seqd_table *table, seqd_csv *csv, seqd_error *error)
{
    seqd_copy_text(table->name, sizeof table->name, csv->name);
    table->column_count = csv->column_count;
    /* The header changes hands. */
    table->columns = csv->columns;
    table->column_text = csv->column_text;
    csv->columns = NULL;
    csv->column_text = NULL;
    for (;;) {
        bool more;
        SEQD_CHECK(seqd_csv_next(csv, &more, error));
        if (!more) return SEQD_OK;
        SEQD_CHECK(append_row(table, csv, error));
    }
}

int32_t seqd_table_load(seqd_context *context, const char *path, seqd_table **out, seqd_error *error)
{
    seqd_csv csv;
    SEQD_CHECK(seqd_csv_open(&csv, context, path, "", error));
    seqd_table *table = seqd_alloc_zero(context, sizeof *table);
    int32_t status = SEQD_OK;
    if (table) {
        atomic_init(&table->references, 1);
        table->context = seqd_context_retain(context);
        status = read_all(table, &csv, error);
    } else {
        status = seqd_fail_alloc(context, sizeof *table, error);
    }
    seqd_csv_close(&csv);
    if (status != SEQD_OK) {
        seqd_table_free(table);
        return status;
    }
    *out = table;
    return SEQD_OK;
}

void seqd_table_free(seqd_table *table)
{
    if (!table || atomic_fetch_sub(&table->references, 1) != 1) return;
    seqd_context *context = table->context;
    seqd_free(context, table->columns);
    seqd_free(context, table->column_text);
    seqd_free(context, table->bytes);
    seqd_free(context, table->offsets);
    seqd_free(context, table->lines);
    seqd_free(context, table);
    seqd_context_drop(context);
}

const char *seqd_table_cell(const seqd_table *table, int64_t row, int32_t column)
{
    if (row < 0 || row >= table->row_count || column < 0 || column >= table->column_count) return NULL;
    return table->bytes + table->offsets[(size_t)row * (size_t)table->column_count + (size_t)column];
}

int32_t seqd_table_find(const seqd_table *table, const char *name)
{
    for (int32_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i], name) == 0) return i;
    return -1;
}

int32_t seqd_table_cell_number(const seqd_table *table, int64_t row, int32_t column, double *value,
                               seqd_error *error)
{
    const char *text = seqd_table_cell(table, row, column);
    if (!text)
        return seqd_fail(error, SEQD_E_ARG, "there is no cell at row %lld, column %d", (long long)row, (int)column);
    size_t length = strlen(text);
    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ') length--;
    double number = (double)NAN;
    if (length == 0 || seqd_parse_f64(text, length, &number)) {
        *value = number;
        return SEQD_OK;
    }
    char name[SEQD_QUOTE_SIZE], quoted[SEQD_QUOTE_SIZE];
    const char *heading = table->columns[column];
    const long long line = (long long)table->lines[row];
    return seqd_fail_at(error, SEQD_E_DATA, table->lines[row], (int64_t)column + 1,
                        "%s:%lld: column '%s': '%s' is not a number", table->name, line,
                        seqd_quote(heading, strlen(heading), name), seqd_quote(text, length, quoted));
}
