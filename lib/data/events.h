/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_EVENTS_H
#define SEQD_DATA_EVENTS_H

#include <math.h>

#include "panel.h"

/* Positions of the words of options task, label, num_transform and split. */
typedef enum seqd_task { SEQD_TASK_FORECAST, SEQD_TASK_REGRESS, SEQD_TASK_CLASSIFY } seqd_task;
typedef enum seqd_label_kind {
    SEQD_LABEL_AUTO, /* never of a sealed dataset or of features */
    SEQD_LABEL_COLUMN,
    SEQD_LABEL_NEXT_EVENT,
    SEQD_LABEL_WITHIN,
    SEQD_LABEL_COUNT
} seqd_label_kind;
typedef enum seqd_num_transform {
    SEQD_NUM_STANDARD,
    SEQD_NUM_LOG1P,
    SEQD_NUM_QUANTILE,
    SEQD_NUM_NONE
} seqd_num_transform;
typedef enum seqd_split { SEQD_SPLIT_USER, SEQD_SPLIT_TIME, SEQD_SPLIT_ORDER } seqd_split;

/* A label that is there, but of a class that a model does not know. */
#define SEQD_CLASS_UNKNOWN (-1.0f)

/*
 * What a dataset of events holds beside its series: series[s] is a sequence, its events are the elements offset ..
 * offset + length - 1 of every column here, in the order of (time, row). Columns are shared between a dataset and the
 * parts it is split into; arrays by sequence are each part's own.
 */
typedef struct seqd_events {
    seqd_task task;
    seqd_label_kind label_kind;
    int64_t event_count;           /* length of every column */
    const double *time;            /* seconds since 1970, or whole units; NULL: the order of rows is all there is */
    bool seconds;
    int32_t num_count;
    const char **num_names;
    const float **num;             /* [num_count][event_count]; NaN: missing */
    int32_t token_count;           /* columns of categories; the first is event_column if there is one */
    bool has_event;
    seqd_dictionary *dictionaries; /* [token_count] */
    const int32_t **token;         /* [token_count][event_count], an index into its dictionary; -1: missing */
    /*
     * label=column: what each row says, NaN where it says nothing; within, count: of (time, time + label_window], NaN
     * where that reaches beyond the last event of the data; next_event: NULL. Read it by seqd_events_label.
     */
    const float *label;
    seqd_dictionary classes;       /* of task=classify; index = label. next_event: dictionaries[0] */
    double window;                 /* label_window in units of time */
    double until;                  /* within, count: a window that ends later is not known; of a first part by time: its end */
    int64_t *answer_from;          /* [series] first event whose answer counts (of a later part by time); NULL: 0 */
    int64_t *answer_at;            /* [series] label=column: the one event that has the label, -1: none; else NULL */
    int64_t *origin;               /* [series] number of the sequence in the dataset that was split; NULL: the same */
    int32_t *place;                /* [series] which sequence of the table it was, in the order of first rows */
    bool numbered;                 /* no id column: ids are row numbers, and series stand in the order of rows */
    char unlabelled[192];          /* why nothing is labelled, or label_events do not fit; "" otherwise */
} seqd_events;

/* What is to be answered after event `i` of a sequence: a number or a class of the dataset; NaN: nothing known. */
static inline float seqd_events_label(const seqd_dataset *dataset, int64_t series, int64_t i)
{
    const seqd_events *events = dataset->events;
    const seqd_series *s = &dataset->series[series];
    if (i < 0 || i >= s->length || (events->answer_from && i < events->answer_from[series])) return NAN;
    if (events->label_kind == SEQD_LABEL_NEXT_EVENT) {
        if (i + 1 >= s->length) return NAN;
        const int32_t next = events->token[0][s->offset + i + 1];
        return next < 0 ? NAN : (float)next;
    }
    if (!events->label) return NAN;
    if (events->label_kind == SEQD_LABEL_COLUMN)
        return events->answer_at[series] == i ? events->label[s->offset + i] : NAN;
    return events->time[s->offset + i] + events->window <= events->until ? events->label[s->offset + i] : NAN;
}

/* The time of an event as text, 24 bytes; its number where there are no times. SEQD_E_ARG when there is no such event. */
int32_t seqd_events_date(const seqd_dataset *dataset, int64_t series, int64_t i, char *text, size_t size,
                         seqd_error *error);
/* Where the ids are row numbers: the sequence of one, or -1. */
int64_t seqd_events_find_row(const seqd_dataset *dataset, const char *id);
/* Counts of the summary that follow from series and labels. */
void seqd_events_summarize(seqd_dataset *dataset);

/*
 * split.c: parts of the sequences, or of time; they share the columns of the dataset. See seqd_dataset_split.
 */
int32_t seqd_events_split(seqd_dataset *dataset, seqd_split how, double fraction, uint64_t seed, seqd_dataset **first,
                          seqd_dataset **rest, seqd_error *error);
int32_t seqd_events_fold(seqd_dataset *dataset, int32_t folds, int32_t fold, uint64_t seed, seqd_dataset **rest,
                         seqd_dataset **held, seqd_error *error);

/* event_asked.c: the events of a sequence whose answers are asked for, as seqd_predictor_answer says. */
typedef enum seqd_asked { SEQD_ASKED_END, SEQD_ASKED_LABELLED, SEQD_ASKED_EVERY } seqd_asked;
/*
 * The first of them behind event `after` (-1 to begin with; of SEQD_ASKED_LABELLED there is one), or -1. `answers` is
 * how many events from it on must have a label.
 */
int64_t seqd_events_asked(const seqd_dataset *dataset, int64_t series, seqd_asked which, int32_t answers, int64_t after);
/* All of them. */
int64_t seqd_events_count_asked(const seqd_dataset *dataset, seqd_asked which, int32_t answers);
/* Bytes of the names of classes and of the ids of sequences, each with its end. */
size_t seqd_events_text_size(const seqd_dictionary *classes, const seqd_dataset *dataset);

#endif
