/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_OPTION_TABLE_H
#define SEQD_CORE_OPTION_TABLE_H

#include "options.h"

/* Internal to options.c and its table. */
typedef struct seqd_option_row {
    const char *name, *group, *standard, *choices, *scope, *help;
    double minimum, maximum;
    seqd_option_type type;
} seqd_option_row;

const seqd_option_row *seqd_option_row_of(seqd_option_id id);
/* The option of a name that is not terminated, or SEQD_OPT_COUNT. */
seqd_option_id seqd_option_named(const char *name, size_t length);

/*
 * Checks `length` bytes of text as a value of an option and writes its canonical form (numbers shortest, lists with ","
 * only, quantiles rising) to *canonical, to be freed by seqd_free.
 */
int32_t seqd_option_check(seqd_context *context, seqd_option_id id, const char *text, size_t length, char **canonical,
                          seqd_error *error);

/* Longest list an option takes. */
#define SEQD_OPTION_LIST_MAX 64

#endif
