/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_EVENT_ROWS_H
#define SEQD_DATA_EVENT_ROWS_H

#include "cell.h"
#include "event_columns.h"
#include "rows.h"

/* How times are written; all rows alike. */
typedef enum seqd_event_clock {
    SEQD_CLOCK_UNKNOWN,
    SEQD_CLOCK_NUMBER,   /* numbers: what they are is settled when all were seen */
    SEQD_CLOCK_DATE      /* dates: seconds since 1970 */
} seqd_event_clock;

/*
 * Rows of events as they came, in blocks of SEQD_ROWS_BLOCK that never move, each with all their columns: time,
 * sequence, numbers, categories, and the label if there is one: 12 bytes a row and 4 for each of the last three.
 */
typedef struct seqd_event_rows {
    seqd_context *context;
    const seqd_options *options;
    const char *name;            /* of the file, for messages; NULL: rows of memory, counted from 1 */
    const char *const *names;    /* header */
    seqd_event_columns columns;
    seqd_task task;

    int64_t count;               /* rows kept */
    int64_t unnamed;             /* rows without an id, left out */
    void **blocks;
    size_t block_count, block_capacity, block_size;
    int32_t *used;               /* [used_count] positions of the cells that are read */
    int32_t used_count;
    seqd_row_order order;
    double run_time;             /* of the row before */

    seqd_event_clock clock;
    bool compact;                /* all numbers so far read as a date YYYYMMDD */
    double least, most;          /* times so far */
    seqd_date_memo last_date;

    seqd_intern ids;
    seqd_joined joined;
    int32_t last_sequence;
    seqd_intern *values;         /* [token.count] texts of each column of categories */
    int32_t *last_value;         /* [token.count] of the row before, to spare look-ups */
    seqd_intern classes;         /* texts of the label column, for task=classify */
} seqd_event_rows;

static inline double *seqd_event_time(const seqd_event_rows *rows, int64_t row)
{
    return (double *)rows->blocks[row >> SEQD_ROWS_SHIFT] + (row & (SEQD_ROWS_BLOCK - 1));
}

/* Column `which` of 4 bytes behind the times: sequence, numbers, categories, label, in this order. */
static inline void *seqd_event_cell(const seqd_event_rows *rows, int32_t which, int64_t row)
{
    return (int32_t *)rows->blocks[row >> SEQD_ROWS_SHIFT] + ((size_t)which + 2) * SEQD_ROWS_BLOCK +
           (row & (SEQD_ROWS_BLOCK - 1));
}

/* `names`, `options` and `name` must outlive the rows. On failure nothing is left to clear. */
int32_t seqd_event_rows_init(seqd_event_rows *rows, seqd_context *context, const seqd_options *options,
                             const char *name, const char *const *names, int32_t name_count, seqd_error *error);
void seqd_event_rows_clear(seqd_event_rows *rows);
/* One more row: cells[i] belongs to names[i]; only those `used` are read. */
int32_t seqd_event_rows_add(seqd_event_rows *rows, const seqd_cell *cells, int64_t line, seqd_error *error);

/* event_time.c: the time of a row, as it is written. */
int32_t seqd_event_read_time(seqd_event_rows *rows, const seqd_cell *cell, int64_t line, double *time,
                             seqd_error *error);
/* Brings all times to seconds or whole units; *seconds tells which. */
void seqd_event_settle_times(seqd_event_rows *rows, bool *seconds);

/* event_build.c: makes the sealed dataset, which is new and holds its options. On failure it is to be freed. */
int32_t seqd_events_build(seqd_dataset *dataset, seqd_event_rows *rows, seqd_error *error);

#endif
