/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_EVENT_COLUMNS_H
#define SEQD_DATA_EVENT_COLUMNS_H

#include "columns.h"
#include "events.h"

/* Which column of a table of events plays which part: positions in its header. */
typedef struct seqd_event_columns {
    seqd_column_list id;          /* empty: each row is a sequence of its own */
    int32_t time, label;          /* -1: none */
    bool has_event;               /* the first of `token` is the event_column */
    seqd_column_list num, token;
    seqd_label_kind label_kind;   /* as asked for, or as found */
    char unlabelled[192];         /* why there is nothing to learn from; "": there may be */
} seqd_event_columns;

/*
 * By option, or by the names people use. A label column that is not there is no error: rows to be judged have none. It
 * is told in `unlabelled`, for who would learn from them.
 * Errors: SEQD_E_FORMAT for a missing column, SEQD_E_OPTION for options that exclude each other.
 */
int32_t seqd_event_columns_find(seqd_event_columns *out, const seqd_options *options, const char *place,
                                const char *const *names, int32_t count, seqd_error *error);

#endif
