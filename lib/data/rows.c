/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"
#include "text.h"

#define QUIET_NAN ((double)NAN)
#define MOST_STEP (INT64_C(1) << 60) /* differences of steps shall fit, too */
#define FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01 */
#define LAST_SECOND INT64_C(253402300799)  /* 9999-12-31 23:59:59 */

int32_t seqd_rows_fail(const seqd_rows *rows, int32_t status, int64_t line, int32_t column, seqd_error *error,
                       const char *format, ...)
{
    char message[SEQD_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(message, sizeof message, format, arguments) < 0) message[0] = '\0';
    va_end(arguments);
    return seqd_fail_row(rows->name, status, line, column, error, message);
}

static int32_t fail_cell(const seqd_rows *rows, int64_t line, int32_t column, const seqd_cell *cell, const char *what,
                         seqd_error *error)
{
    return seqd_fail_cell(rows->name, rows->names[column], line, column, cell, what, error);
}

static bool in_list(const seqd_column_list *list, int32_t column)
{
    for (int32_t i = 0; i < list->count; i++)
        if (list->at[i] == column) return true;
    return false;
}

static bool is_used(const seqd_columns *c, int32_t column)
{
    return column == c->time || column == c->target || column == c->in_stock || in_list(&c->id, column) ||
           in_list(&c->known, column) || in_list(&c->past, column) || in_list(&c->cat, column) ||
           in_list(&c->real, column);
}

int32_t seqd_rows_init(seqd_rows *rows, seqd_context *context, const seqd_options *options, const char *name,
                       const char *const *names, int32_t name_count, seqd_error *error)
{
    memset(rows, 0, sizeof *rows);
    SEQD_CHECK(seqd_columns_find(&rows->columns, options, name ? name : "the columns appended", names, name_count,
                                 error));
    rows->context = context;
    rows->options = options;
    rows->name = name;
    rows->names = names;
    rows->freq = (seqd_freq)(seqd_option_choice(options, SEQD_OPT_FREQ) - 1);
    if (seqd_option_choice(options, SEQD_OPT_FREQ) == 0) rows->freq = SEQD_FREQ_AUTO;
    rows->compact = true;
    rows->last_series = -1;
    rows->order = (seqd_row_order){ true, -1 };
    seqd_intern_init(&rows->ids, context);
    const seqd_columns *c = &rows->columns;
    rows->covariates = c->known.count + c->past.count;
    rows->block_size = SEQD_ROWS_BLOCK * (20 + 4 * (size_t)rows->covariates + (c->in_stock >= 0));
    rows->used = seqd_alloc_array(context, (size_t)name_count, sizeof *rows->used);
    /* One pointer more than needed spares the case of none. */
    rows->cat = seqd_alloc_array(context, (size_t)c->cat.count + 1, sizeof *rows->cat);
    rows->cat_values = seqd_alloc_array(context, (size_t)c->cat.count + 1, sizeof *rows->cat_values);
    rows->real = seqd_alloc_array(context, (size_t)c->real.count + 1, sizeof *rows->real);
    if (!rows->used || !rows->cat || !rows->cat_values || !rows->real) {
        const int32_t status = seqd_fail_alloc(context, sizeof(void *), error);
        seqd_rows_clear(rows);
        return status;
    }
    for (int32_t i = 0; i < c->cat.count; i++) seqd_intern_init(&rows->cat_values[i], context);
    for (int32_t i = 0; i < name_count; i++)
        if (is_used(c, i)) rows->used[rows->used_count++] = i;
    return SEQD_OK;
}

void seqd_rows_clear(seqd_rows *rows)
{
    seqd_context *context = rows->context;
    if (!context) return;
    const seqd_columns *c = &rows->columns;
    for (int32_t i = 0; rows->cat && i < c->cat.count; i++) seqd_free(context, rows->cat[i]);
    for (int32_t i = 0; rows->cat_values && i < c->cat.count; i++) seqd_intern_clear(&rows->cat_values[i]);
    for (int32_t i = 0; rows->real && i < c->real.count; i++) seqd_free(context, rows->real[i]);
    for (size_t i = 0; i < rows->block_count; i++) seqd_free(context, rows->blocks[i]);
    void *const blocks[] = { rows->cat, rows->cat_values, rows->real, rows->blocks, rows->used, rows->joined.text,
                             rows->jumps };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) seqd_free(context, blocks[i]);
    seqd_intern_clear(&rows->ids);
    memset(rows, 0, sizeof *rows);
}

/* `used` elements of the column are kept. */
static bool regrow(seqd_context *context, void **column, size_t used, size_t capacity, size_t size)
{
    size_t bytes;
    if (!seqd_mul_size(capacity, size, &bytes)) return false;
    void *bigger = seqd_alloc(context, bytes);
    if (!bigger) return false;
    if (used > 0) memcpy(bigger, *column, used * size);
    seqd_free(context, *column);
    *column = bigger;
    return true;
}

#define REGROW(column, used, capacity)                                                      \
    do {                                                                                    \
        void *block_ = (column);                                                            \
        if (!regrow(rows->context, &block_, (used), (capacity), sizeof *(column)))          \
            return seqd_fail_alloc(rows->context, (capacity) * sizeof *(column), error);    \
        (column) = block_;                                                                  \
    } while (0)

static int32_t add_block(seqd_rows *rows, seqd_error *error)
{
    void *list = rows->blocks;
    const bool grown = seqd_grow(rows->context, &list, &rows->block_capacity, rows->block_count + 1,
                                 sizeof *rows->blocks);
    rows->blocks = list;
    void *block = grown ? seqd_alloc(rows->context, rows->block_size) : NULL;
    if (!block) return seqd_fail_alloc(rows->context, rows->block_size, error);
    rows->blocks[rows->block_count++] = block;
    return SEQD_OK;
}

static int32_t grow_static(seqd_rows *rows, seqd_error *error)
{
    const size_t used = rows->static_capacity;
    const size_t capacity = used < 64 ? 64 : used * 2;
    for (int32_t i = 0; i < rows->columns.cat.count; i++) {
        REGROW(rows->cat[i], used, capacity);
        for (size_t k = used; k < capacity; k++) rows->cat[i][k] = -1;
    }
    for (int32_t i = 0; i < rows->columns.real.count; i++) {
        REGROW(rows->real[i], used, capacity);
        for (size_t k = used; k < capacity; k++) rows->real[i][k] = QUIET_NAN;
    }
    rows->static_capacity = capacity;
    return SEQD_OK;
}

/* Of the columns that make the id, the first that is empty. */
static int32_t fail_unnamed(const seqd_rows *rows, const seqd_cell *cells, int64_t line, seqd_error *error)
{
    const seqd_column_list *list = &rows->columns.id;
    char number[SEQD_NUMBER_SIZE], name[SEQD_QUOTE_SIZE];
    const char *text;
    size_t length = 1;
    int32_t i = -1;
    while (length > 0 && ++i < list->count - 1) seqd_cell_text(&cells[list->at[i]], number, &text, &length);
    const char *column = rows->names[list->at[i]];
    return seqd_rows_fail(rows, SEQD_E_DATA, line, list->at[i], error, "column '%s' names no series",
                          seqd_quote(column, strlen(column), name));
}

static int32_t find_series(seqd_rows *rows, const seqd_cell *cells, int64_t line, int32_t *series, seqd_error *error)
{
    char number[SEQD_NUMBER_SIZE];
    const char *text = "";
    size_t length = 0;
    SEQD_CHECK(seqd_join_cells(rows->context, &rows->columns.id, cells, &rows->joined, &text, &length, number, error));
    if (length == 0) return fail_unnamed(rows, cells, line, error);
    if (rows->last_series >= 0) {
        /* Mostly it is the one before again, or, where rows stand by date, the one that came after that before. */
        const int32_t follower = rows->last_series + 1 < rows->ids.count ? rows->last_series + 1 : 0;
        const bool same = seqd_intern_is(&rows->ids, rows->last_series, text, length);
        if (same || seqd_intern_is(&rows->ids, follower, text, length)) {
            if (!same) rows->last_series = follower;
            *series = rows->last_series;
            return SEQD_OK;
        }
    }
    const int32_t before = rows->ids.count;
    const int32_t status = seqd_intern_add(&rows->ids, text, length, series, error);
    if (status == SEQD_E_FORMAT)
        return fail_cell(rows, line, rows->columns.id.at[0], &cells[rows->columns.id.at[0]], "UTF-8 text", error);
    SEQD_CHECK(status);
    const int64_t limit = rows->context->limits.series;
    if (rows->ids.count > before && limit > 0 && rows->ids.count > limit)
        return seqd_rows_fail(rows, SEQD_E_LIMIT, line, rows->columns.id.at[0], error,
                              "more series than the limit 'series' of %lld", (long long)limit);
    if ((size_t)rows->ids.count > rows->static_capacity) SEQD_CHECK(grow_static(rows, error));
    rows->last_series = *series;
    return SEQD_OK;
}

static int32_t parse_time(seqd_rows *rows, const seqd_cell *cell, int64_t line, int64_t *time, seqd_error *error)
{
    const int32_t column = rows->columns.time;
    seqd_time_kind kind = SEQD_TIME_DATE;
    if (rows->time_kind == SEQD_TIME_DATE && cell->type == SEQD_CELL_TEXT && cell->length == 10 &&
        seqd_date_in_month(&rows->last_date, cell->text, time))
        return SEQD_OK;
    if (cell->type == SEQD_CELL_TEXT) {
        const char *text = cell->text ? cell->text : "";
        size_t length = cell->text ? cell->length : 0;
        seqd_trim_blanks(&text, &length);
        const bool digits = seqd_all_digits(text, length);
        if (rows->freq == SEQD_FREQ_INT || (rows->freq == SEQD_FREQ_AUTO && digits)) {
            kind = SEQD_TIME_WHOLE;
            if (!seqd_parse_i64(text, length, time))
                return fail_cell(rows, line, column, cell, "a whole number", error);
        } else if (!seqd_parse_date_again(&rows->last_date, text, length, time)) {
            return fail_cell(rows, line, column, cell, "a date (YYYY-MM-DD or YYYY-MM-DD HH:MM:SS)", error);
        }
    } else if (cell->type == SEQD_CELL_TIME) {
        *time = cell->i64;
        if (rows->freq == SEQD_FREQ_INT) return fail_cell(rows, line, column, cell, "a whole number", error);
        if (*time < FIRST_SECOND || *time > LAST_SECOND)
            return fail_cell(rows, line, column, cell, "a time between the years 1 and 9999", error);
    } else {
        if (cell->type == SEQD_CELL_I64)
            *time = cell->i64;
        else if (cell->f64 >= -9e18 && cell->f64 <= 9e18 && floor(cell->f64) == cell->f64)
            *time = (int64_t)cell->f64;
        else
            return fail_cell(rows, line, column, cell, "a whole number", error);
        if (rows->freq == SEQD_FREQ_INT || rows->freq == SEQD_FREQ_AUTO)
            kind = SEQD_TIME_WHOLE;
        else if (*time < FIRST_SECOND || *time > LAST_SECOND)
            return fail_cell(rows, line, column, cell, "a time in seconds between the years 1 and 9999", error);
    }
    int64_t seconds;
    if (kind == SEQD_TIME_WHOLE && (*time > MOST_STEP || *time < -MOST_STEP))
        return fail_cell(rows, line, column, cell, "a step between -2^60 and 2^60", error);
    if (kind == SEQD_TIME_WHOLE && rows->compact) rows->compact = seqd_compact_date(*time, &seconds);
    if (rows->time_kind != SEQD_TIME_UNKNOWN && rows->time_kind != kind) {
        const bool dates = rows->time_kind == SEQD_TIME_DATE;
        return fail_cell(rows, line, column, cell,
                         dates ? "a date like those before" : "a whole number like those before", error);
    }
    rows->time_kind = kind;
    return SEQD_OK;
}

/* A column constant per series: the first value counts, an empty cell says nothing, another value is an error. */
static int32_t check_static(seqd_rows *rows, const seqd_cell *cells, int32_t series, int64_t line, seqd_error *error)
{
    const seqd_columns *c = &rows->columns;
    char id[SEQD_QUOTE_SIZE], name[SEQD_QUOTE_SIZE], value[SEQD_QUOTE_SIZE], number[SEQD_NUMBER_SIZE];
    int32_t column = -1;
    for (int32_t i = 0; i < c->cat.count && column < 0; i++) {
        const char *text;
        size_t length;
        int32_t code;
        seqd_cell_text(&cells[c->cat.at[i]], number, &text, &length);
        int32_t *place = &rows->cat[i][series];
        if (length == 0) continue;
        if (*place >= 0) {
            const char *there = seqd_intern_text(&rows->cat_values[i], *place);
            if (strlen(there) != length || memcmp(there, text, length) != 0) column = c->cat.at[i];
            continue;
        }
        const int32_t status = seqd_intern_add(&rows->cat_values[i], text, length, &code, error);
        if (status == SEQD_E_FORMAT)
            return fail_cell(rows, line, c->cat.at[i], &cells[c->cat.at[i]], "UTF-8 text", error);
        SEQD_CHECK(status);
        *place = code;
    }
    for (int32_t i = 0; i < c->real.count && column < 0; i++) {
        double given;
        if (!seqd_cell_number(&cells[c->real.at[i]], &given))
            return fail_cell(rows, line, c->real.at[i], &cells[c->real.at[i]], "a number", error);
        double *place = &rows->real[i][series];
        if (isnan(given)) continue;
        if (isnan(*place))
            *place = given;
        else if (*place != given)
            column = c->real.at[i];
    }
    if (column < 0) return SEQD_OK;
    const char *text, *series_id = seqd_intern_text(&rows->ids, series);
    size_t length;
    seqd_cell_text(&cells[column], number, &text, &length);
    return seqd_rows_fail(rows, SEQD_E_DATA, line, column, error,
                          "column '%s' of series '%s' changes to '%s', but is static",
                          seqd_quote(rows->names[column], strlen(rows->names[column]), name),
                          seqd_quote(series_id, strlen(series_id), id), seqd_quote(text, length, value));
}

static int32_t add_covariates(seqd_rows *rows, const seqd_column_list *list, int32_t first, const seqd_cell *cells,
                              int64_t line, seqd_error *error)
{
    for (int32_t i = 0; i < list->count; i++) {
        double value;
        if (!seqd_read_number(&cells[list->at[i]], &value))
            return fail_cell(rows, line, list->at[i], &cells[list->at[i]], "a number", error);
        *seqd_rows_covariate(rows, first + i, rows->count) = (float)value;
    }
    return SEQD_OK;
}

static int32_t note_jump(seqd_rows *rows, int64_t line, seqd_error *error)
{
    void *jumps = rows->jumps;
    const bool grown = seqd_grow(rows->context, &jumps, &rows->jump_capacity, rows->jump_count + 1,
                                 sizeof *rows->jumps);
    rows->jumps = jumps;
    if (!grown) return seqd_fail_alloc(rows->context, rows->jump_count * sizeof *rows->jumps, error);
    rows->jumps[rows->jump_count++] = (seqd_line_jump){ rows->count, line };
    return SEQD_OK;
}

int64_t seqd_rows_line(const seqd_rows *rows, int64_t row)
{
    size_t low = 0, high = rows->jump_count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (rows->jumps[middle].row <= row)
            low = middle;
        else
            high = middle;
    }
    return high == 0 ? row + 1 : rows->jumps[low].line + (row - rows->jumps[low].row);
}

int32_t seqd_rows_add(seqd_rows *rows, const seqd_cell *cells, int64_t line, seqd_error *error)
{
    const seqd_columns *c = &rows->columns;
    const int64_t row = rows->count;
    SEQD_CHECK(seqd_check_row_limit(rows->context, rows->name, row, line, error));
    if ((size_t)(row >> SEQD_ROWS_SHIFT) == rows->block_count) SEQD_CHECK(add_block(rows, error));
    int32_t series;
    int64_t time;
    double y, stock;
    SEQD_CHECK(find_series(rows, cells, line, &series, error));
    SEQD_CHECK(parse_time(rows, &cells[c->time], line, &time, error));
    if (!seqd_read_number(&cells[c->target], &y))
        return fail_cell(rows, line, c->target, &cells[c->target], "a number", error);
    if (c->in_stock >= 0) {
        if (!seqd_read_number(&cells[c->in_stock], &stock))
            return fail_cell(rows, line, c->in_stock, &cells[c->in_stock], "a number", error);
        *seqd_rows_in_stock(rows, row) = stock != 0.0; /* NaN, nothing said, is in stock */
    }
    if (c->cat.count + c->real.count > 0) SEQD_CHECK(check_static(rows, cells, series, line, error));
    if (rows->covariates > 0) {
        SEQD_CHECK(add_covariates(rows, &c->known, 0, cells, line, error));
        SEQD_CHECK(add_covariates(rows, &c->past, c->known.count, cells, line, error));
    }
    if (row == 0 || line != rows->last_line + 1) SEQD_CHECK(note_jump(rows, line, error));
    rows->last_line = line;
    seqd_note_order(&rows->order, series, time < rows->run_time);
    rows->run_time = time;
    *seqd_rows_series(rows, row) = series;
    *seqd_rows_time(rows, row) = time;
    *seqd_rows_y(rows, row) = y;
    rows->negative += y < 0.0;
    rows->count++;
    return SEQD_OK;
}
