/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_EVENT_BUILD_H
#define SEQD_DATA_EVENT_BUILD_H

#include "event_rows.h"
#include "sort.h"

/* Rows on their way into a sealed dataset. */
typedef struct seqd_event_builder {
    seqd_dataset *dataset;
    seqd_events *events;
    seqd_event_rows *rows;
    int64_t *by_name;     /* [series] the number that a sequence has in the rows */
    int64_t *rank;        /* [series] and back */
    seqd_timed *order;    /* [rows] as the events stand; NULL: each sequence is a run of rows */
    int64_t *first_row;   /* [series] of such a run, by sequence */
} seqd_event_builder;

static inline int64_t seqd_event_row(const seqd_event_builder *b, int64_t series, int64_t i)
{
    return b->order ? b->order[b->dataset->series[series].offset + i].item : b->first_row[series] + i;
}

/* event_order.c: which row is which event. */
int32_t seqd_event_order(seqd_event_builder *b, seqd_error *error);

/* event_label.c: label=within and label=count, into room for every event. */
int32_t seqd_event_look_ahead(seqd_dataset *dataset, float *label, seqd_error *error);
/* Which event of each sequence has the label of label=column: its last row that has one. */
void seqd_event_find_answers(seqd_dataset *dataset, int64_t *answer_at);

#endif
