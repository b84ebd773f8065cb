/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_TABLE_H
#define SEQD_DATA_TABLE_H

#include <stdatomic.h>

#include <seqdemand/dataset.h>

/* A CSV file as text, row by row. */
struct seqd_table {
    atomic_int references;
    seqd_context *context;
    char name[96];               /* of the file, for messages */
    int32_t column_count;
    int64_t row_count;
    const char **columns;        /* [column_count] names */
    char *column_text;
    char *bytes;                 /* all cells, terminated */
    size_t byte_count, byte_capacity;
    size_t *offsets;             /* [row][column] in bytes */
    size_t offset_capacity;
    int64_t *lines;              /* [row] where it begins in the file */
    size_t line_capacity;
};

int32_t seqd_table_load(seqd_context *context, const char *path, seqd_table **out, seqd_error *error);
void seqd_table_free(seqd_table *table);
/* NULL when out of range. */
const char *seqd_table_cell(const seqd_table *table, int64_t row, int32_t column);
/* Position of a column by exact name, or -1. */
int32_t seqd_table_find(const seqd_table *table, const char *name);
int32_t seqd_table_cell_number(const seqd_table *table, int64_t row, int32_t column, double *value,
                               seqd_error *error);

#endif
