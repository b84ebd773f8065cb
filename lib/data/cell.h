/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_CELL_H
#define SEQD_DATA_CELL_H

#include <stdbool.h>

#include "columns.h"
#include "text.h"

/* A value on its way into rows: of a CSV file always text. Of a time `i64` is seconds since 1970-01-01. */
typedef enum seqd_cell_type { SEQD_CELL_TEXT, SEQD_CELL_I64, SEQD_CELL_F64, SEQD_CELL_TIME } seqd_cell_type;
typedef struct seqd_cell {
    seqd_cell_type type;
    const char *text;
    size_t length;
    int64_t i64;
    double f64;
} seqd_cell;

/* Blanks around a number or a date mean nothing; around an id they are part of it. */
void seqd_trim_blanks(const char **text, size_t *length);
/* Digits alone, after a sign or none. */
bool seqd_all_digits(const char *text, size_t length);
/* The text in lower case is the word. */
bool seqd_same_word(const char *text, size_t length, const char *word);

/*
 * Empty, NaN, NA and null are missing (NaN); true and false are 1 and 0. false: not a number that a float holds, or a
 * time.
 */
bool seqd_cell_number(const seqd_cell *cell, double *value);

/* The same, and a short way for a few digits, which most cells are. */
static inline bool seqd_read_number(const seqd_cell *cell, double *value)
{
    if (cell->type != SEQD_CELL_TEXT || cell->length - 1 > 8) return seqd_cell_number(cell, value);
    uint32_t number = 0;
    for (size_t i = 0; i < cell->length; i++) {
        const uint32_t digit = (uint32_t)(unsigned char)cell->text[i] - '0';
        if (digit > 9) return seqd_cell_number(cell, value);
        number = number * 10 + digit;
    }
    *value = (double)number;
    return true;
}

/* The cell as text, "" when it is missing; `number` is room for one that is a number or a time. */
void seqd_cell_text(const seqd_cell *cell, char number[SEQD_NUMBER_SIZE], const char **text, size_t *length);

/* The id of a row that several columns make, joined by '/'. Zero is empty; `text` is the owner's to free. */
typedef struct seqd_joined {
    char *text;
    size_t capacity;
} seqd_joined;
/* *length 0: a cell of them is empty. */
int32_t seqd_join_cells(seqd_context *context, const seqd_column_list *list, const seqd_cell *cells,
                        seqd_joined *joined, const char **text, size_t *length, char number[SEQD_NUMBER_SIZE],
                        seqd_error *error);

/*
 * Do rows stand together by their series so far, in each with times that never fall? Begins as { true, -1 }; series are
 * numbered in the order of first sight, so any but the next one has been seen before.
 */
typedef struct seqd_row_order {
    bool kept;
    int32_t series; /* of the row before */
} seqd_row_order;
/* `earlier`: its time is before that of the row before. */
void seqd_note_order(seqd_row_order *order, int32_t series, bool earlier);

/* SEQD_E_LIMIT where `rows` rows are as many as the limit of the context allows. */
int32_t seqd_check_row_limit(const seqd_context *context, const char *file, int64_t rows, int64_t line,
                             seqd_error *error);

/* "file:line: message", or "row 17: message" where there is no file. `column` from 0, -1: none. */
int32_t seqd_fail_row(const char *file, int32_t status, int64_t line, int32_t column, seqd_error *error,
                      const char *message);
/* "column 'price': 'x' is not a number" */
int32_t seqd_fail_cell(const char *file, const char *name, int64_t line, int32_t column, const seqd_cell *cell,
                       const char *what, seqd_error *error);

#endif
