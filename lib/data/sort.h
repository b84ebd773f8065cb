/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_SORT_H
#define SEQD_DATA_SORT_H

#include <stdbool.h>
#include <stdint.h>

/* Sorting without the C library's qsort, which may allocate behind the context's back. */

typedef bool (*seqd_before_fn)(const void *user, int64_t a, int64_t b);
/* Stable merge sort; indices that are in order already cost one pass. scratch[count]. */
void seqd_sort_indices(int64_t *indices, int64_t *scratch, int64_t count, seqd_before_fn before, const void *user);

/* In place, rising; no NaN among them. */
void seqd_sort_doubles(double *values, int64_t count);

/* An item at a time. */
typedef struct seqd_timed {
    int64_t time, item;
} seqd_timed;

/* By time; equal times keep their order. scratch[count]. */
void seqd_sort_timed(seqd_timed *items, seqd_timed *scratch, int64_t count);

#endif
