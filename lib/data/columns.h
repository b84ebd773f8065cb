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

/* The header that columns are looked for in. `place` begins messages. */
typedef struct seqd_header {
    const seqd_options *options;
    const char *place;
    const char *const *names;
    int32_t count;
} seqd_header;

/* The columns an option names, or the first alias there is; without aliases an empty option means none. */
int32_t seqd_header_list(const seqd_header *head, seqd_option_id id, const char *const *aliases,
                         seqd_column_list *list, seqd_error *error);
/* One column, -1 when it is neither named nor there under an alias. */
int32_t seqd_header_one(const seqd_header *head, seqd_option_id id, const char *const *aliases, int32_t *at,
                        seqd_error *error);
/* Fails where column `at` (of option `b_id`) is in the list of option `a_id`, too. */
int32_t seqd_header_exclude(const seqd_header *head, const seqd_column_list *a, seqd_option_id a_id, int32_t at,
                            seqd_option_id b_id, seqd_error *error);

#endif
