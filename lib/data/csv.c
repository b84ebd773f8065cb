/* SPDX-License-Identifier: Apache-2.0 */
#include "csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"
#include "text.h"
#include "utf8.h"

#define FIRST_CAPACITY ((size_t)256 * 1024)
#define MOST_COLUMNS 4096

int32_t seqd_csv_fail(const seqd_csv *csv, int32_t status, int64_t line, int64_t column, seqd_error *error,
                      const char *format, ...)
{
    char message[SEQD_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (length < 0) message[0] = '\0';
    if (line == 0) return seqd_fail_at(error, status, 0, column, "%s: %s", csv->name, message);
    return seqd_fail_at(error, status, line, column, "%s:%lld: %s", csv->name, (long long)line, message);
}

/* Moves what is unread to the front and fills the rest of the buffer, which is doubled when one row fills it. */
static int32_t refill(seqd_csv *csv, seqd_error *error)
{
    if (csv->begin == 0 && csv->end == csv->capacity) {
        size_t wanted;
        if (!seqd_mul_size(csv->capacity, 2, &wanted) || wanted == SIZE_MAX)
            return seqd_fail_nomem(error, csv->capacity);
        char *bigger = seqd_alloc(csv->context, wanted + 1);
        if (!bigger) return seqd_fail_alloc(csv->context, wanted + 1, error);
        memcpy(bigger, csv->buffer, csv->end);
        seqd_free(csv->context, csv->buffer);
        csv->buffer = bigger;
        csv->capacity = wanted;
    } else if (csv->begin > 0) {
        memmove(csv->buffer, csv->buffer + csv->begin, csv->end - csv->begin);
        csv->end -= csv->begin;
        csv->begin = 0;
    }
    const size_t room = csv->capacity - csv->end;
    size_t got = 0;
    if (csv->reader) {
        SEQD_CHECK(seqd_reader_read(csv->reader, csv->buffer + csv->end, room, &got, error));
    } else {
        got = csv->memory_left < room ? csv->memory_left : room;
        if (got > 0) memcpy(csv->buffer + csv->end, csv->memory, got);
        csv->memory += got;
        csv->memory_left -= got;
    }
    csv->end += got;
    csv->at_end = got < room;
    csv->buffer[csv->end] = '\n';
    seqd_csv_forget_stops(csv);
    return SEQD_OK;
}

/* The next row that is not an empty line, with `*count` fields; 0 at the end. */
static int32_t next_row(seqd_csv *csv, int32_t most, int32_t *count, seqd_error *error)
{
    for (;;) {
        if (csv->begin == csv->end) {
            if (!csv->at_end) SEQD_CHECK(refill(csv, error));
            if (csv->begin == csv->end && csv->at_end) {
                *count = 0;
                return SEQD_OK;
            }
        }
        size_t next = csv->begin;
        bool whole = false;
        SEQD_CHECK(seqd_csv_scan_row(csv, most, count, &next, &whole, error));
        if (!whole) {
            SEQD_CHECK(refill(csv, error));
            continue;
        }
        const size_t begin = csv->begin;
        csv->begin = next;
        if (*count == 1 && csv->fields[0].length == 0 && csv->buffer[begin] != '"') continue;
        return SEQD_OK;
    }
}

int32_t seqd_csv_next(seqd_csv *csv, bool *more, seqd_error *error)
{
    int32_t count;
    if (csv->first_waits) {
        csv->first_waits = false;
        *more = true;
        return SEQD_OK;
    }
    SEQD_CHECK(next_row(csv, csv->column_count, &count, error));
    if (count != 0 && count != csv->column_count) {
        if (count > csv->column_count)
            return seqd_csv_fail(csv, SEQD_E_FORMAT, csv->line, 0, error,
                                 "the row has more than the %d fields of the header",
                                 (int)csv->column_count);
        return seqd_csv_fail(csv, SEQD_E_FORMAT, csv->line, 0, error, "the row has %d field%s, the header has %d",
                             (int)count, count == 1 ? "" : "s", (int)csv->column_count);
    }
    *more = count != 0;
    return SEQD_OK;
}

static int32_t refuse(const seqd_csv *csv, const char *what, seqd_error *error)
{
    return seqd_csv_fail(csv, SEQD_E_FORMAT, 1, 0, error, "%s", what);
}

/* Byte order marks and what betrays the other encodings without one. */
static int32_t check_encoding(seqd_csv *csv, seqd_error *error)
{
    const unsigned char *p = (const unsigned char *)csv->buffer;
    const size_t size = csv->end;
    static const char advice32[] = "the text is UTF-32; save it as UTF-8";
    static const char advice16[] = "the text is UTF-16; save it as UTF-8";
    if (size == 0) return seqd_csv_fail(csv, SEQD_E_FORMAT, 0, 0, error, "the file is empty");
    if (size >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
        csv->begin = 3;
        return SEQD_OK;
    }
    if (size >= 4 && (memcmp(p, "\xFF\xFE\0\0", 4) == 0 || memcmp(p, "\0\0\xFE\xFF", 4) == 0))
        return refuse(csv, advice32, error);
    if (size >= 2 && (memcmp(p, "\xFF\xFE", 2) == 0 || memcmp(p, "\xFE\xFF", 2) == 0))
        return refuse(csv, advice16, error);
    if (size >= 4 && ((p[0] && !p[1] && !p[2] && !p[3]) || (!p[0] && !p[1] && !p[2] && p[3])))
        return refuse(csv, advice32, error);
    if (size >= 4 && ((p[0] && !p[1] && p[2] && !p[3]) || (!p[0] && p[1] && !p[2] && p[3])))
        return refuse(csv, advice16, error);
    if (size >= 4 && memcmp(p, "PK\3\4", 4) == 0)
        return refuse(csv, "this is a ZIP archive or a spreadsheet, not a CSV file", error);
    return SEQD_OK;
}

/* The separator that stands most often in the first line outside quotes. */
static char find_separator(const seqd_csv *csv)
{
    static const char candidates[] = { ',', ';', '\t' };
    int64_t counts[3] = { 0, 0, 0 };
    bool quoted = false;
    for (size_t i = csv->begin; i < csv->end; i++) {
        const char c = csv->buffer[i];
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        /* Empty lines may stand before the header. */
        if (c == '\n' && counts[0] + counts[1] + counts[2] > 0) break;
        for (int k = 0; k < 3; k++) counts[k] += c == candidates[k];
    }
    int best = 0;
    for (int k = 1; k < 3; k++)
        if (counts[k] > counts[best]) best = k;
    return candidates[best];
}

static int32_t grow_fields(seqd_csv *csv, size_t count, seqd_error *error)
{
    void *fields = csv->fields, *escaped = csv->escaped;
    bool grown = seqd_grow(csv->context, &fields, &csv->field_capacity, count, sizeof *csv->fields);
    csv->fields = fields;
    if (grown) grown = seqd_grow(csv->context, &escaped, &csv->escaped_capacity, count, sizeof *csv->escaped);
    csv->escaped = escaped;
    return grown ? SEQD_OK : seqd_fail_alloc(csv->context, count * sizeof *csv->fields, error);
}

/* Names outlive the buffer: they are copied, terminated, into one block. */
static int32_t keep_names(seqd_csv *csv, const seqd_field *names, int32_t count, seqd_error *error)
{
    size_t size = 0;
    for (int32_t i = 0; i < count; i++) size += names[i].length + 1;
    csv->column_text = seqd_alloc(csv->context, size);
    csv->columns = seqd_alloc_array(csv->context, (size_t)count, sizeof *csv->columns);
    if (!csv->column_text || !csv->columns) return seqd_fail_alloc(csv->context, size, error);
    char *to = csv->column_text;
    for (int32_t i = 0; i < count; i++) {
        const seqd_field *field = &names[i];
        if (!seqd_is_utf8(field->text, field->length))
            return seqd_csv_fail(csv, SEQD_E_FORMAT, csv->line, i + 1, error,
                                 "the name of column %d is not UTF-8 text", i + 1);
        csv->columns[i] = to;
        memcpy(to, field->text, field->length);
        to[field->length] = '\0';
        to += field->length + 1;
        for (int32_t k = 0; k < i; k++) {
            if (field->length == 0 || strcmp(csv->columns[k], csv->columns[i]) != 0) continue;
            char quoted[SEQD_QUOTE_SIZE];
            return seqd_csv_fail(csv, SEQD_E_FORMAT, csv->line, i + 1, error,
                                 "columns %d and %d have the same name '%s'", k + 1,
                                 i + 1, seqd_quote(csv->columns[i], field->length, quoted));
        }
    }
    csv->column_count = count;
    return SEQD_OK;
}

/* `count` fields of the first row are data: their names are told. */
static int32_t take_names(seqd_csv *csv, const char *columns, int32_t count, seqd_error *error)
{
    const char *cursor = columns, *item;
    size_t length;
    int32_t named = 0;
    while (seqd_next_item(&cursor, &item, &length)) named++;
    if (named != count)
        return seqd_csv_fail(csv, SEQD_E_FORMAT, csv->line, 0, error,
                             "the row has %d field%s, option columns names %d", (int)count, count == 1 ? "" : "s",
                             (int)named);
    seqd_field *names = seqd_alloc_array(csv->context, (size_t)count, sizeof *names);
    if (!names) return seqd_fail_alloc(csv->context, (size_t)count * sizeof *names, error);
    cursor = columns;
    for (int32_t i = 0; seqd_next_item(&cursor, &item, &length); i++) names[i] = (seqd_field){ item, length };
    const int32_t status = keep_names(csv, names, count, error);
    seqd_free(csv->context, names);
    csv->first_waits = true;
    return status;
}

static int32_t read_header(seqd_csv *csv, const char *columns, seqd_error *error)
{
    SEQD_CHECK(refill(csv, error));
    SEQD_CHECK(check_encoding(csv, error));
    csv->separator = find_separator(csv);
    seqd_csv_prepare_stops(csv);
    /* A row that has more fields than there is room for is not passed, and is scanned again with more. */
    for (size_t room = 64;; room *= 8) {
        int32_t count;
        SEQD_CHECK(grow_fields(csv, room, error));
        SEQD_CHECK(next_row(csv, (int32_t)room, &count, error));
        if (count == 0) return seqd_csv_fail(csv, SEQD_E_FORMAT, 0, 0, error, "the file is empty");
        if (count <= (int32_t)room)
            return *columns ? take_names(csv, columns, count, error) : keep_names(csv, csv->fields, count, error);
        if (room >= MOST_COLUMNS)
            return seqd_csv_fail(csv, SEQD_E_LIMIT, csv->line, 0, error, "the header has more than %d columns",
                                 MOST_COLUMNS);
    }
}

static int32_t start(seqd_csv *csv, const char *columns, seqd_error *error)
{
    csv->capacity = FIRST_CAPACITY;
    csv->next_line = 1;
    csv->line = 1;
    csv->buffer = seqd_alloc(csv->context, csv->capacity + 1);
    csv->stops = seqd_alloc(csv->context, sizeof *csv->stops);
    const bool got = csv->buffer && csv->stops;
    int32_t status = got ? SEQD_OK : seqd_fail_alloc(csv->context, csv->capacity + 1, error);
    if (status == SEQD_OK) status = read_header(csv, columns, error);
    if (status != SEQD_OK) seqd_csv_close(csv);
    return status;
}

int32_t seqd_csv_open(seqd_csv *csv, seqd_context *context, const char *path, const char *columns, seqd_error *error)
{
    memset(csv, 0, sizeof *csv);
    csv->context = context;
    SEQD_CHECK(seqd_reader_open(context, path, &csv->reader, error));
    const size_t length = strlen(path), most = sizeof csv->name - 4;
    if (strcmp(path, "-") == 0) {
        seqd_copy_text(csv->name, sizeof csv->name, "standard input");
    } else if (length <= most) {
        seqd_copy_text(csv->name, sizeof csv->name, path);
    } else {
        seqd_copy_text(csv->name, sizeof csv->name, "...");
        seqd_copy_text(csv->name + 3, sizeof csv->name - 3, path + length - most);
    }
    return start(csv, columns, error);
}

int32_t seqd_csv_open_text(seqd_csv *csv, seqd_context *context, const char *text, size_t size, const char *columns,
                           seqd_error *error)
{
    memset(csv, 0, sizeof *csv);
    csv->context = context;
    csv->memory = text;
    csv->memory_left = size;
    seqd_copy_text(csv->name, sizeof csv->name, "text");
    return start(csv, columns, error);
}

void seqd_csv_close(seqd_csv *csv)
{
    if (!csv->context) return;
    seqd_reader_close(csv->reader);
    seqd_free(csv->context, csv->buffer);
    seqd_free(csv->context, csv->stops);
    seqd_free(csv->context, csv->columns);
    seqd_free(csv->context, csv->column_text);
    seqd_free(csv->context, csv->fields);
    seqd_free(csv->context, csv->escaped);
    memset(csv, 0, sizeof *csv);
}
