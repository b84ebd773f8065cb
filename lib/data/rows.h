/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_ROWS_H
#define SEQD_DATA_ROWS_H

#include "calendar.h"
#include "cell.h"
#include "columns.h"
#include "intern.h"

typedef enum seqd_time_kind {
    SEQD_TIME_UNKNOWN,
    SEQD_TIME_WHOLE,     /* whole numbers: steps, unless all of them read as YYYYMMDD */
    SEQD_TIME_DATE       /* seconds since the epoch */
} seqd_time_kind;

/* Line ends inside quotes and empty lines break the rule "line = row + first line": noted from that row on. */
typedef struct seqd_line_jump {
    int64_t row, line;
} seqd_line_jump;

/*
 * Rows are kept in blocks of so many, each with all their columns: time, y, number of the series, known and past
 * covariates, in_stock. Blocks never move, so that no row is copied when there are more, and nothing beyond the last
 * block lies idle: 20 bytes a row, 4 more for each covariate, 1 for in_stock.
 */
#define SEQD_ROWS_BLOCK 1024
#define SEQD_ROWS_SHIFT 10

/* Rows of a panel as they came. */
typedef struct seqd_rows {
    seqd_context *context;
    const seqd_options *options;
    const char *name;            /* of the file, for messages; NULL: rows of memory, counted from 1 */
    const char *const *names;    /* header */
    seqd_columns columns;
    seqd_freq freq;              /* option freq */
    seqd_time_kind time_kind;
    bool compact;                /* every whole number so far reads as a date YYYYMMDD */

    int64_t count;
    void **blocks;
    size_t block_count, block_capacity, block_size;
    int32_t covariates;          /* known and past ones */
    seqd_row_order order;
    int64_t run_time;            /* of the row before */
    int32_t *used;               /* [used_count] positions of the cells that are read */
    int32_t used_count;

    seqd_intern ids;
    seqd_joined joined;
    int32_t last_series;         /* of the row before, to spare most look-ups; -1 before the first */
    seqd_date_memo last_date;

    seqd_intern *cat_values;     /* [cat.count]: texts of each column */
    int32_t **cat;               /* [cat.count][series], -1: not seen yet */
    double **real;               /* [real.count][series], NaN: not seen yet */
    size_t static_capacity;

    seqd_line_jump *jumps;
    size_t jump_count, jump_capacity;
    int64_t last_line;
    int64_t negative;            /* rows with y below 0 */
} seqd_rows;

/* Columns of a row's block at that row. */
static inline int64_t *seqd_rows_time(const seqd_rows *rows, int64_t row)
{
    return (int64_t *)rows->blocks[row >> SEQD_ROWS_SHIFT] + (row & (SEQD_ROWS_BLOCK - 1));
}

/* NaN: missing. */
static inline double *seqd_rows_y(const seqd_rows *rows, int64_t row)
{
    return (double *)rows->blocks[row >> SEQD_ROWS_SHIFT] + SEQD_ROWS_BLOCK + (row & (SEQD_ROWS_BLOCK - 1));
}

/* Number in `ids`. */
static inline int32_t *seqd_rows_series(const seqd_rows *rows, int64_t row)
{
    return (int32_t *)rows->blocks[row >> SEQD_ROWS_SHIFT] + 4 * SEQD_ROWS_BLOCK + (row & (SEQD_ROWS_BLOCK - 1));
}

/* Covariate `which`: the known ones, then the past ones; NaN: missing. */
static inline float *seqd_rows_covariate(const seqd_rows *rows, int32_t which, int64_t row)
{
    return (float *)rows->blocks[row >> SEQD_ROWS_SHIFT] + ((size_t)which + 5) * SEQD_ROWS_BLOCK +
           (row & (SEQD_ROWS_BLOCK - 1));
}

/* Only when there is such a column. */
static inline uint8_t *seqd_rows_in_stock(const seqd_rows *rows, int64_t row)
{
    return (uint8_t *)rows->blocks[row >> SEQD_ROWS_SHIFT] + ((size_t)rows->covariates + 5) * 4 * SEQD_ROWS_BLOCK +
           (row & (SEQD_ROWS_BLOCK - 1));
}

/* `names`, `options` and `name` must outlive the rows. On failure nothing is left to clear. */
int32_t seqd_rows_init(seqd_rows *rows, seqd_context *context, const seqd_options *options, const char *name,
                       const char *const *names, int32_t name_count, seqd_error *error);
void seqd_rows_clear(seqd_rows *rows);
/* One more row: cells[i] belongs to names[i]; only those `used` are read. */
int32_t seqd_rows_add(seqd_rows *rows, const seqd_cell *cells, int64_t line, seqd_error *error);
/* Brings all times to seconds or whole steps, settles freq=auto and the anchor of weeks. */
int32_t seqd_rows_calendar(seqd_rows *rows, seqd_calendar *calendar, seqd_error *error);
/* Would the whole number be taken for a date YYYYMMDD? Only years of our time are. */
bool seqd_compact_date(int64_t number, int64_t *seconds);
int64_t seqd_rows_line(const seqd_rows *rows, int64_t row);
/* "name:line: message" or "row 17: message". */
int32_t seqd_rows_fail(const seqd_rows *rows, int32_t status, int64_t line, int32_t column, seqd_error *error,
                       const char *format, ...) __attribute__((format(printf, 6, 7)));

#endif
