/* SPDX-License-Identifier: Apache-2.0 */
#include "csv.h"

#include <string.h>

#include "context.h"
#include "status.h"

#define MARKS 64

/* What a row scan came to. */
enum { ROW_WHOLE, ROW_CUT, ROW_BAD };

static int32_t bad(const seqd_csv *csv, int32_t status, int64_t line, int32_t field, seqd_error *error, int32_t *result,
                   const char *message)
{
    *result = seqd_csv_fail(csv, status, line, field + 1, error, "%s", message);
    return ROW_BAD;
}

static int32_t nul_byte(const seqd_csv *csv, int64_t line, int32_t field, seqd_error *error, int32_t *result)
{
    return bad(csv, SEQD_E_FORMAT, line, field, error, result, "a NUL byte: this is not a text file");
}

void seqd_csv_forget_stops(seqd_csv *csv)
{
    csv->stretch = csv->stretch_end = csv->begin;
    csv->stop_next = csv->stop_count = 0;
}

/* Eight bytes of 0 or 1 as the bits of a number, in an order that the machine chooses: no two products overlap. */
static inline size_t gather_bits(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return (size_t)(word * UINT64_C(0x0102040810204080) >> 56);
}

void seqd_csv_prepare_stops(seqd_csv *csv)
{
    for (uint32_t set = 0; set < 256; set++) {
        unsigned char bytes[8];
        uint16_t places[8] = { 0, 0, 0, 0, 0, 0, 0, 0 };
        uint8_t count = 0;
        for (uint16_t i = 0; i < 8; i++) {
            bytes[i] = set >> i & 1;
            if (bytes[i]) places[count++] = i;
        }
        const size_t bits = gather_bits(bytes);
        memcpy(csv->stops->places[bits], places, sizeof places);
        csv->stops->count[bits] = count;
    }
    seqd_csv_forget_stops(csv);
}

static bool is_stop(char c, char separator)
{
    return c == separator || c == '\n' || c == '"' || c == '\r' || c == '\0';
}

/* A loop for each byte looked for: compilers compare 16 and more at a time then. */
static void mark(unsigned char *restrict marks, const char *restrict text, char separator)
{
    for (size_t i = 0; i < MARKS; i++) marks[i] = text[i] == separator;
    for (size_t i = 0; i < MARKS; i++) marks[i] |= text[i] == '\n';
    for (size_t i = 0; i < MARKS; i++) marks[i] |= text[i] == '"';
    for (size_t i = 0; i < MARKS; i++) marks[i] |= text[i] == '\r';
    for (size_t i = 0; i < MARKS; i++) marks[i] |= text[i] == '\0';
}

/*
 * Finds the stops of the next stretch that has any, the sentinel behind the last byte included. The places in eight
 * bytes are written down together from a table, as if there were eight of them: the pace does not depend on what the
 * text looks like.
 */
static void find_stops(seqd_csv *csv)
{
    seqd_csv_stops *const stops = csv->stops;
    const char separator = csv->separator;
    size_t count = 0;
    do {
        const size_t left = csv->end + 1 - csv->stretch_end;
        const size_t size = left < SEQD_CSV_STRETCH ? left : SEQD_CSV_STRETCH;
        const char *const text = csv->buffer + csv->stretch_end;
        size_t i = 0;
        for (; i + MARKS <= size; i += MARKS) {
            unsigned char marks[MARKS];
            mark(marks, text + i, separator);
            for (size_t k = 0; k < MARKS; k += 8) {
                const size_t bits = gather_bits(marks + k);
                uint64_t eight[2];
                memcpy(eight, stops->places[bits], sizeof eight);
                eight[0] += (i + k) * UINT64_C(0x0001000100010001);
                eight[1] += (i + k) * UINT64_C(0x0001000100010001);
                memcpy(stops->at + count, eight, sizeof eight);
                count += stops->count[bits];
            }
        }
        for (; i < size; i++) {
            stops->at[count] = (uint16_t)i;
            count += is_stop(text[i], separator);
        }
        csv->stretch = csv->stretch_end;
        csv->stretch_end += size;
    } while (count == 0);
    csv->stop_next = 0;
    csv->stop_count = (int32_t)count;
}

/* The next stop, which there is: the sentinel is never passed. */
static inline char *take_stop(seqd_csv *csv)
{
    if (csv->stop_next == csv->stop_count) find_stops(csv);
    return csv->buffer + csv->stretch + csv->stops->at[csv->stop_next++];
}

/*
 * The end of a quoted field that begins at `open`: *close is its closing quote, *line moves with the line ends inside.
 * Without one, the place where the quote was opened is what helps.
 */
static int32_t scan_quoted(const seqd_csv *csv, const char *open, int64_t *line, int32_t field, const char **close,
                           bool *escaped, seqd_error *error, int32_t *result)
{
    const char *const end = csv->buffer + csv->end;
    const char *p = open + 1;
    for (;;) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        if (!quote || (quote + 1 == end && !csv->at_end)) {
            if (!csv->at_end) return ROW_CUT;
            return bad(csv, SEQD_E_FORMAT, *line, field, error, result, "the quote opened here is never closed");
        }
        if (quote + 1 < end && quote[1] == '"') {
            *escaped = true;
            p = quote + 2;
            continue;
        }
        if (memchr(open, '\0', (size_t)(quote - open))) return nul_byte(csv, *line, field, error, result);
        for (const char *n = open; (n = memchr(n, '\n', (size_t)(quote - n))) != NULL; n++) ++*line;
        *close = quote;
        return ROW_WHOLE;
    }
}

static int32_t too_long(const seqd_csv *csv, int64_t line, int32_t field, seqd_error *error, int32_t *result)
{
    const long long limit = (long long)csv->context->limits.field;
    *result = seqd_csv_fail(csv, SEQD_E_LIMIT, line, field + 1, error,
                            "a field is longer than the limit 'field' of %lld bytes", limit);
    return ROW_BAD;
}

/* What stands at `p`, where a field ended that is not the last: always an error. */
static int32_t bad_stop(const seqd_csv *csv, const char *p, bool quoted, int64_t line, int32_t field, seqd_error *error,
                        int32_t *result)
{
    if (*p == '\0') return nul_byte(csv, line, field, error, result);
    if (quoted)
        return bad(csv, SEQD_E_FORMAT, line, field, error, result, "text stands behind a closing quote");
    if (*p == '\r')
        return bad(csv, SEQD_E_FORMAT, line, field, error, result, "a carriage return without a line feed");
    return bad(csv, SEQD_E_FORMAT, line, field, error, result, "a quote stands inside a field that has none around it");
}

static int32_t scan_fields(seqd_csv *csv, int32_t most, int32_t *count, size_t *next, bool *any_escaped,
                           seqd_error *error, int32_t *result)
{
    const char *const end = csv->buffer + csv->end;
    const char *p = csv->buffer + csv->begin;
    const size_t limit = csv->context->limits.field > 0 ? (size_t)csv->context->limits.field : SIZE_MAX;
    const char separator = csv->separator;
    int64_t line = csv->next_line;
    int32_t field = 0;
    for (;; field++) {
        const char *text = p, *stop = take_stop(csv);
        bool escaped = false;
        const bool quoted = *p == '"' && p < end;
        if (quoted) {
            /* Nothing to be minded before the next quote, and none after it: the field is what it seems. */
            const char *close = take_stop(csv);
            if (*close != '"' || close + 1 >= end || close[1] == '"') {
                const int32_t scanned = scan_quoted(csv, p, &line, field, &close, &escaped, error, result);
                if (scanned == ROW_CUT && (size_t)(end - p) > limit && (size_t)(end - p) - 2 > limit)
                    return too_long(csv, line, field, error, result);
                if (scanned != ROW_WHOLE) return scanned;
            }
            text++;
            stop = close;
            p = close + 1;
            if (!is_stop(*p, separator)) {
                if ((size_t)(stop - text) > limit) return too_long(csv, line, field, error, result);
                return bad_stop(csv, p, true, line, field, error, result);
            }
            while (take_stop(csv) != p) {}
        } else {
            p = stop;
        }
        if ((size_t)(stop - text) > limit) return too_long(csv, line, field, error, result);
        if (field < most) {
            csv->fields[field].text = text;
            csv->fields[field].length = (size_t)(stop - text);
            csv->escaped[field] = escaped;
            *any_escaped |= escaped;
        }
        if (*p == separator) {
            p++;
            if (field < most) continue;
            csv->line = csv->next_line;
            *count = most + 1;
            return ROW_WHOLE;
        }
        if (p == end) {
            if (!csv->at_end) return ROW_CUT;
            *next = (size_t)(p - csv->buffer);
            break;
        }
        if (*p == '\n') {
            *next = (size_t)(p - csv->buffer) + 1;
            line++;
            break;
        }
        if (*p == '\r' && p + 1 == end && !csv->at_end) return ROW_CUT;
        if (*p == '\r' && (p + 1 == end || p[1] == '\n')) {
            *next = (size_t)(p - csv->buffer) + (p + 1 == end ? 1 : 2);
            if (p + 1 < end) (void)take_stop(csv);
            line++;
            break;
        }
        return bad_stop(csv, p, quoted, line, field, error, result);
    }
    *count = field + 1;
    csv->line = csv->next_line;
    csv->next_line = line;
    return ROW_WHOLE;
}

static void take_out_doubled_quotes(seqd_field *field)
{
    /* The bytes are those of our own buffer, and the row is not scanned again. */
    char *to = (char *)(uintptr_t)field->text;
    size_t used = 0;
    for (size_t i = 0; i < field->length; i++) {
        to[used++] = field->text[i];
        if (field->text[i] == '"') i++;
    }
    field->length = used;
}

int32_t seqd_csv_scan_row(seqd_csv *csv, int32_t most, int32_t *count, size_t *next, bool *whole, seqd_error *error)
{
    int32_t status = SEQD_OK;
    bool any_escaped = false;
    const int32_t scanned = scan_fields(csv, most, count, next, &any_escaped, error, &status);
    if (scanned == ROW_BAD) return status;
    *whole = scanned == ROW_WHOLE;
    /* A row passed by, or cut, is scanned again from its beginning. */
    if (!*whole || *count > most) {
        seqd_csv_forget_stops(csv);
        return SEQD_OK;
    }
    for (int32_t i = 0; any_escaped && i < *count; i++)
        if (csv->escaped[i]) take_out_doubled_quotes(&csv->fields[i]);
    return SEQD_OK;
}
