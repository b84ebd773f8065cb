/* SPDX-License-Identifier: Apache-2.0 */
#include "event_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"

/* A float holds their numbers exactly, and no network has as many outputs. */
#define MOST_CLASSES 65536
#define MOST_CLASS_TEXT 200

static int32_t fail_cell(const seqd_event_rows *rows, int64_t line, int32_t column, const seqd_cell *cell,
                         const char *what, seqd_error *error)
{
    return seqd_fail_cell(rows->name, rows->names[column], line, column, cell, what, error);
}

/* Words that say 1 or 0, beside true and false. */
static bool read_word(const seqd_cell *cell, double *value)
{
    const char *text = cell->text;
    size_t length = cell->length;
    if (cell->type != SEQD_CELL_TEXT || !text) return false;
    seqd_trim_blanks(&text, &length);
    if (!seqd_same_word(text, length, "yes") && !seqd_same_word(text, length, "no")) return false;
    *value = length == 3 ? 1.0 : 0.0;
    return true;
}

static bool in_list(const seqd_column_list *list, int32_t column)
{
    for (int32_t i = 0; i < list->count; i++)
        if (list->at[i] == column) return true;
    return false;
}

static bool is_used(const seqd_event_columns *c, int32_t column)
{
    return column == c->time || column == c->label || in_list(&c->id, column) || in_list(&c->num, column) ||
           in_list(&c->token, column);
}

int32_t seqd_event_rows_init(seqd_event_rows *rows, seqd_context *context, const seqd_options *options,
                             const char *name, const char *const *names, int32_t name_count, seqd_error *error)
{
    memset(rows, 0, sizeof *rows);
    seqd_event_columns *c = &rows->columns;
    SEQD_CHECK(seqd_event_columns_find(c, options, name ? name : "the columns appended", names, name_count, error));
    rows->context = context;
    rows->options = options;
    rows->name = name;
    rows->names = names;
    rows->task = (seqd_task)seqd_option_choice(options, SEQD_OPT_TASK);
    rows->compact = true;
    rows->order = (seqd_row_order){ true, -1 };
    rows->last_sequence = -1;
    rows->least = (double)INFINITY;
    rows->most = -(double)INFINITY;
    rows->run_time = -(double)INFINITY;
    seqd_intern_init(&rows->ids, context);
    seqd_intern_init(&rows->classes, context);
    const size_t tokens = (size_t)c->token.count;
    rows->block_size = SEQD_ROWS_BLOCK * (8 + 4 * (1 + (size_t)c->num.count + tokens + (c->label >= 0)));
    rows->used = seqd_alloc_array(context, (size_t)name_count, sizeof *rows->used);
    rows->values = seqd_alloc_array(context, tokens + 1, sizeof *rows->values);
    rows->last_value = seqd_alloc_array(context, tokens + 1, sizeof *rows->last_value);
    if (!rows->used || !rows->values || !rows->last_value) {
        const int32_t status = seqd_fail_alloc(context, sizeof(void *), error);
        seqd_event_rows_clear(rows);
        return status;
    }
    for (size_t i = 0; i < tokens; i++) {
        seqd_intern_init(&rows->values[i], context);
        rows->last_value[i] = -1;
    }
    for (int32_t i = 0; i < name_count; i++)
        if (is_used(c, i)) rows->used[rows->used_count++] = i;
    return SEQD_OK;
}

void seqd_event_rows_clear(seqd_event_rows *rows)
{
    seqd_context *context = rows->context;
    if (!context) return;
    for (int32_t i = 0; rows->values && i < rows->columns.token.count; i++) seqd_intern_clear(&rows->values[i]);
    for (size_t i = 0; i < rows->block_count; i++) seqd_free(context, rows->blocks[i]);
    void *const blocks[] = { rows->values, rows->last_value, rows->blocks, rows->used, rows->joined.text };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) seqd_free(context, blocks[i]);
    seqd_intern_clear(&rows->ids);
    seqd_intern_clear(&rows->classes);
    memset(rows, 0, sizeof *rows);
}

static int32_t add_block(seqd_event_rows *rows, seqd_error *error)
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

static int32_t find_named(seqd_event_rows *rows, const seqd_cell *cells, int64_t line, int32_t *sequence,
                          seqd_error *error)
{
    const seqd_column_list *list = &rows->columns.id;
    char number[SEQD_NUMBER_SIZE];
    const char *text = "";
    size_t length = 0;
    SEQD_CHECK(seqd_join_cells(rows->context, list, cells, &rows->joined, &text, &length, number, error));
    *sequence = -1;
    if (length == 0) return SEQD_OK;
    *sequence = rows->last_sequence;
    if (rows->last_sequence >= 0 && seqd_intern_is(&rows->ids, rows->last_sequence, text, length)) return SEQD_OK;
    const int32_t status = seqd_intern_add(&rows->ids, text, length, sequence, error);
    if (status == SEQD_E_FORMAT)
        return fail_cell(rows, line, list->at[0], &cells[list->at[0]], "UTF-8 text", error);
    SEQD_CHECK(status);
    rows->last_sequence = *sequence;
    return SEQD_OK;
}

/* The sequence of a row; -1 where the row names none. */
static int32_t find_sequence(seqd_event_rows *rows, const seqd_cell *cells, int64_t line, int32_t *sequence,
                             seqd_error *error)
{
    const int64_t limit = rows->context->limits.series;
    if (rows->columns.id.count > 0) {
        SEQD_CHECK(find_named(rows, cells, line, sequence, error));
    } else {
        if (rows->count >= INT32_MAX / 2)
            return seqd_fail(error, SEQD_E_LIMIT, "more than %d sequences", INT32_MAX / 2);
        *sequence = (int32_t)rows->count;
    }
    if (limit <= 0 || *sequence < limit) return SEQD_OK;
    char message[64];
    (void)snprintf(message, sizeof message, "more sequences than the limit 'series' of %lld", (long long)limit);
    return seqd_fail_row(rows->name, SEQD_E_LIMIT, line, -1, error, message);
}

static int32_t add_numbers(seqd_event_rows *rows, const seqd_cell *cells, int64_t line, seqd_error *error)
{
    const seqd_column_list *list = &rows->columns.num;
    for (int32_t i = 0; i < list->count; i++) {
        const seqd_cell *cell = &cells[list->at[i]];
        double value;
        if (!seqd_read_number(cell, &value) && !read_word(cell, &value))
            return fail_cell(rows, line, list->at[i], cell, "a number", error);
        *(float *)seqd_event_cell(rows, 1 + i, rows->count) = (float)value;
    }
    return SEQD_OK;
}

/* Empty: -1. */
static int32_t add_tokens(seqd_event_rows *rows, const seqd_cell *cells, int64_t line, seqd_error *error)
{
    const seqd_column_list *list = &rows->columns.token;
    for (int32_t i = 0; i < list->count; i++) {
        const seqd_cell *cell = &cells[list->at[i]];
        char number[SEQD_NUMBER_SIZE];
        const char *text;
        size_t length;
        int32_t code = -1;
        seqd_cell_text(cell, number, &text, &length);
        if (length > 0) {
            code = rows->last_value[i];
            if (code < 0 || !seqd_intern_is(&rows->values[i], code, text, length)) {
                const int32_t status = seqd_intern_add(&rows->values[i], text, length, &code, error);
                if (status == SEQD_E_FORMAT) return fail_cell(rows, line, list->at[i], cell, "UTF-8 text", error);
                SEQD_CHECK(status);
                rows->last_value[i] = code;
            }
        }
        *(int32_t *)seqd_event_cell(rows, 1 + rows->columns.num.count + i, rows->count) = code;
    }
    return SEQD_OK;
}

/* A number, or that of a class; NaN where the cell is empty. */
static int32_t add_label(seqd_event_rows *rows, const seqd_cell *cells, int64_t line, seqd_error *error)
{
    const seqd_event_columns *c = &rows->columns;
    const seqd_cell *cell = &cells[c->label];
    float *label = seqd_event_cell(rows, 1 + c->num.count + c->token.count, rows->count);
    if (rows->task == SEQD_TASK_REGRESS) {
        double value;
        if (!seqd_read_number(cell, &value) && !read_word(cell, &value))
            return fail_cell(rows, line, c->label, cell, "a number", error);
        *label = (float)value;
        return SEQD_OK;
    }
    char number[SEQD_NUMBER_SIZE];
    const char *text;
    size_t length;
    int32_t code;
    seqd_cell_text(cell, number, &text, &length);
    seqd_trim_blanks(&text, &length);
    *label = NAN;
    if (length == 0) return SEQD_OK;
    if (length > MOST_CLASS_TEXT) return fail_cell(rows, line, c->label, cell, "a class: it is too long", error);
    const int32_t status = seqd_intern_add(&rows->classes, text, length, &code, error);
    if (status == SEQD_E_FORMAT) return fail_cell(rows, line, c->label, cell, "UTF-8 text", error);
    SEQD_CHECK(status);
    if (code >= MOST_CLASSES) {
        char message[80];
        (void)snprintf(message, sizeof message, "more than %d classes: is this a number (task=regress)?", MOST_CLASSES);
        return seqd_fail_row(rows->name, SEQD_E_LIMIT, line, c->label, error, message);
    }
    *label = (float)code;
    return SEQD_OK;
}

int32_t seqd_event_rows_add(seqd_event_rows *rows, const seqd_cell *cells, int64_t line, seqd_error *error)
{
    const int64_t row = rows->count;
    SEQD_CHECK(seqd_check_row_limit(rows->context, rows->name, row + rows->unnamed, line, error));
    if ((size_t)(row >> SEQD_ROWS_SHIFT) == rows->block_count) SEQD_CHECK(add_block(rows, error));
    int32_t sequence;
    double time = 0.0;
    SEQD_CHECK(find_sequence(rows, cells, line, &sequence, error));
    if (rows->columns.time >= 0)
        SEQD_CHECK(seqd_event_read_time(rows, &cells[rows->columns.time], line, &time, error));
    SEQD_CHECK(add_numbers(rows, cells, line, error));
    SEQD_CHECK(add_tokens(rows, cells, line, error));
    if (rows->columns.label >= 0) SEQD_CHECK(add_label(rows, cells, line, error));
    if (sequence < 0) {
        rows->unnamed++;
        return SEQD_OK;
    }
    seqd_note_order(&rows->order, sequence, time < rows->run_time);
    rows->run_time = time;
    *seqd_event_time(rows, row) = time;
    *(int32_t *)seqd_event_cell(rows, 0, row) = sequence;
    rows->count++;
    return SEQD_OK;
}
