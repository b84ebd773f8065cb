/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_COLUMNS_H
#define SEQD_DATA_COLUMNS_H

#include "options.h"

#define SEQD_COLUMNS_MAX 64

/* Which column of a table plays which part: positions in its header. */
typedef struct seqd_column_list {
    int32_t count;
    int32_t at[SEQD_COLUMNS_MAX];
} seqd_column_list;

typedef struct seqd_columns {
    seqd_column_list id;                       /* joined by '/' */
    int32_t time, target;
    int32_t in_stock;                          /* -1: none */
    seqd_column_list known, past, cat, real;
} seqd_columns;

/*
 * By option, or by the names people use; those in other letter case come second. `place` begins the message.
 * Errors: SEQD_E_FORMAT for a missing column, SEQD_E_OPTION for roles that exclude each other.
 */
int32_t seqd_columns_find(seqd_columns *out, const seqd_options *options, const char *place, const char *const *names,
                          int32_t count, seqd_error *error);

#endif
