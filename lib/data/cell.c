/* SPDX-License-Identifier: Apache-2.0 */
#include "cell.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "calendar.h"
#include "context.h"
#include "status.h"

int32_t seqd_fail_row(const char *file, int32_t status, int64_t line, int32_t column, seqd_error *error,
                      const char *message)
{
    const int64_t field = column >= 0 ? column + 1 : 0;
    if (file) return seqd_fail_at(error, status, line, field, "%s:%lld: %s", file, (long long)line, message);
    return seqd_fail_at(error, status, line, field, "row %lld: %s", (long long)line, message);
}

void seqd_note_order(seqd_row_order *order, int32_t series, bool earlier)
{
    if (series != order->series ? series != order->series + 1 : earlier) order->kept = false;
    order->series = series;
}

int32_t seqd_check_row_limit(const seqd_context *context, const char *file, int64_t rows, int64_t line,
                             seqd_error *error)
{
    char message[64];
    const int64_t limit = context->limits.rows;
    if (limit <= 0 || rows < limit) return SEQD_OK;
    (void)snprintf(message, sizeof message, "more rows than the limit 'rows' of %lld", (long long)limit);
    return seqd_fail_row(file, SEQD_E_LIMIT, line, -1, error, message);
}

int32_t seqd_fail_cell(const char *file, const char *name, int64_t line, int32_t column, const seqd_cell *cell,
                       const char *what, seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE], value[SEQD_QUOTE_SIZE], number[SEQD_NUMBER_SIZE];
    char message[SEQD_ERROR_MESSAGE_SIZE];
    const char *text = cell->text;
    size_t length = cell->length;
    if (cell->type != SEQD_CELL_TEXT) seqd_cell_text(cell, number, &text, &length);
    (void)snprintf(message, sizeof message, "column '%s': '%s' is not %s", seqd_quote(name, strlen(name), quoted),
                   seqd_quote(text, length, value), what);
    return seqd_fail_row(file, SEQD_E_DATA, line, column, error, message);
}

bool seqd_same_word(const char *text, size_t length, const char *word)
{
    if (strlen(word) != length) return false;
    for (size_t i = 0; i < length; i++)
        if ((text[i] | 32) != word[i]) return false;
    return true;
}

void seqd_trim_blanks(const char **text, size_t *length)
{
    while (*length > 0 && **text == ' ') {
        ++*text;
        --*length;
    }
    while (*length > 0 && (*text)[*length - 1] == ' ') --*length;
}

bool seqd_all_digits(const char *text, size_t length)
{
    size_t i = length > 1 && (text[0] == '-' || text[0] == '+');
    if (i == length) return false;
    for (; i < length; i++)
        if ((unsigned char)(text[i] - '0') > 9) return false;
    return true;
}

bool seqd_cell_number(const seqd_cell *cell, double *value)
{
    if (cell->type == SEQD_CELL_TIME) return false;
    if (cell->type == SEQD_CELL_I64) {
        *value = (double)cell->i64;
        return true;
    }
    if (cell->type == SEQD_CELL_F64) {
        *value = cell->f64;
    } else {
        const char *text = cell->text;
        size_t length = cell->length;
        if (length > 0 && seqd_parse_f64(text, length, value)) return fabs(*value) <= (double)FLT_MAX;
        seqd_trim_blanks(&text, &length);
        if (length == 0 || seqd_same_word(text, length, "nan") || seqd_same_word(text, length, "na") ||
            seqd_same_word(text, length, "null"))
            *value = (double)NAN;
        else if (seqd_same_word(text, length, "true"))
            *value = 1.0;
        else if (seqd_same_word(text, length, "false"))
            *value = 0.0;
        else if (!seqd_parse_f64(text, length, value))
            return false;
    }
    return isnan(*value) || fabs(*value) <= (double)FLT_MAX;
}

/* "2024-03-01" at midnight, else "2024-03-01 05:10:20"; outside the years that have such a date its number. */
static size_t format_time(int64_t seconds, char text[SEQD_NUMBER_SIZE])
{
    const seqd_calendar days = { .freq = SEQD_FREQ_DAY };
    if (seconds < INT64_C(-62135596800) || seconds > INT64_C(253402300799)) return seqd_format_i64(seconds, text);
    const int64_t day = seqd_calendar_step(&days, seconds);
    const int64_t rest = seconds - seqd_calendar_seconds(&days, day);
    seqd_calendar_format(&days, day, text, SEQD_NUMBER_SIZE);
    const size_t length = strlen(text);
    if (rest == 0) return length;
    const int64_t parts[] = { rest / 3600, rest / 60 % 60, rest % 60 };
    for (size_t i = 0; i < 3; i++) {
        text[length + 3 * i] = i == 0 ? ' ' : ':';
        text[length + 3 * i + 1] = (char)('0' + parts[i] / 10);
        text[length + 3 * i + 2] = (char)('0' + parts[i] % 10);
    }
    text[length + 9] = '\0';
    return length + 9;
}

void seqd_cell_text(const seqd_cell *cell, char number[SEQD_NUMBER_SIZE], const char **text, size_t *length)
{
    *text = cell->text ? cell->text : "";
    *length = cell->text ? cell->length : 0;
    if (cell->type == SEQD_CELL_TEXT) return;
    if (cell->type == SEQD_CELL_I64) *length = seqd_format_i64(cell->i64, number);
    else if (cell->type == SEQD_CELL_TIME) *length = format_time(cell->i64, number);
    else *length = isnan(cell->f64) ? 0 : seqd_format_f64(cell->f64, number);
    *text = number;
}

int32_t seqd_join_cells(seqd_context *context, const seqd_column_list *list, const seqd_cell *cells,
                        seqd_joined *joined, const char **text, size_t *length, char number[SEQD_NUMBER_SIZE],
                        seqd_error *error)
{
    size_t used = 0;
    for (int32_t i = 0; i < list->count; i++) {
        const char *part;
        size_t size, need;
        seqd_cell_text(&cells[list->at[i]], number, &part, &size);
        if (size == 0 || list->count == 1) {
            *text = part;
            *length = size;
            return SEQD_OK;
        }
        if (!seqd_add_size(used, size, &need) || need > SIZE_MAX / 4) return seqd_fail_nomem(error, size);
        void *block = joined->text;
        const bool grown = seqd_grow(context, &block, &joined->capacity, need + 1, 1);
        joined->text = block;
        if (!grown) return seqd_fail_alloc(context, need + 1, error);
        if (i > 0) joined->text[used++] = '/';
        memcpy(joined->text + used, part, size);
        used += size;
    }
    *text = joined->text;
    *length = used;
    return SEQD_OK;
}
