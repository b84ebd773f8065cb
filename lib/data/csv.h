/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_CSV_H
#define SEQD_DATA_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"

/* Stops are the bytes that end a plain run of text: the separator, line ends, quotes, NUL. */
#define SEQD_CSV_STRETCH 2048
typedef struct seqd_csv_stops {
    uint16_t at[SEQD_CSV_STRETCH + 8]; /* places, from the beginning of the stretch */
    uint16_t places[256][8];           /* of eight bytes, those that are stops, for every set of them */
    uint8_t count[256];                /* how many they are */
} seqd_csv_stops;

/* A field of the current row: not terminated, valid until the next row is asked for. */
typedef struct seqd_field {
    const char *text;
    size_t length;
} seqd_field;

/*
 * Rows of a CSV text one after the other, by RFC 4180: separator ',', ';' or tab as found in the header, quotes, LF or
 * CRLF, a UTF-8 byte order mark. Empty lines are passed over. Everything else is refused with its place.
 */
typedef struct seqd_csv {
    seqd_context *context;
    seqd_reader *reader;       /* or else the text in memory: */
    const char *memory;
    size_t memory_left;
    char name[96];             /* for messages: the path, its end when it is long */

    char *buffer;              /* capacity + 1 bytes: the last is a sentinel */
    size_t capacity, begin, end;
    bool at_end;               /* no more bytes will come */

    /* The stops of a stretch of the buffer, found ahead of the rows: those from stop_next on are to come. */
    size_t stretch, stretch_end;
    int32_t stop_next, stop_count;
    seqd_csv_stops *stops;

    char separator;
    int32_t column_count;
    const char **columns;      /* names in the header */
    char *column_text;
    seqd_field *fields;        /* [column_count] of the current row */
    bool *escaped;             /* the field has doubled quotes still to be taken out */
    size_t field_capacity, escaped_capacity;
    bool first_waits;          /* without a header: the first row was scanned and is still to be given out */
    int64_t line;              /* where the current row begins, 1-based */
    int64_t next_line;
} seqd_csv;

/*
 * Open, read the header. On failure nothing is left open. `columns`: names of a text that has no header, separated by
 * commas; "": its first row is the header.
 */
int32_t seqd_csv_open(seqd_csv *csv, seqd_context *context, const char *path, const char *columns, seqd_error *error);
int32_t seqd_csv_open_text(seqd_csv *csv, seqd_context *context, const char *text, size_t size, const char *columns,
                           seqd_error *error);
/* Moves to the next row; *more false at the end. */
int32_t seqd_csv_next(seqd_csv *csv, bool *more, seqd_error *error);
void seqd_csv_close(seqd_csv *csv);

/*
 * One row from `begin` on, at most `most` fields of it. Nothing is lost unless *whole, so that a row cut by the end of
 * the buffer can be scanned again with more bytes. *count is the number of fields, most + 1 for any more; *next where
 * the row after it begins.
 */
int32_t seqd_csv_scan_row(seqd_csv *csv, int32_t most, int32_t *count, size_t *next, bool *whole, seqd_error *error);
/* Once, when the separator is known. */
void seqd_csv_prepare_stops(seqd_csv *csv);
/* When the bytes of the buffer have changed. */
void seqd_csv_forget_stops(seqd_csv *csv);

/* Fails with "name:line: " before the message; column (1-based, 0 for none) goes to the error. */
int32_t seqd_csv_fail(const seqd_csv *csv, int32_t status, int64_t line, int64_t column, seqd_error *error,
                      const char *format, ...) __attribute__((format(printf, 6, 7)));

/* "missing column 'y'" with the nearest name of the header, or the names there are. */
int32_t seqd_fail_column(const char *place, const char *const *columns, int32_t count, const char *wanted,
                         const char *why, seqd_error *error);

#endif
