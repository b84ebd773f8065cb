/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_PANEL_H
#define SEQD_DATA_PANEL_H

#include <stdatomic.h>
#include <stdbool.h>

#include <seqdemand/dataset.h>

#include "calendar.h"

/* One regular series. Its steps lie in the panel's columns from `offset` on: `length` of history, then `future`. */
typedef struct seqd_series {
    const char *id;
    int64_t start;    /* calendar step (calendar.h) of the first history step */
    int64_t length;   /* history steps: [0, length) may be read as known */
    int64_t future;   /* further steps with known covariates; y there is NaN */
    int64_t offset;
} seqd_series;

/* A text category: value i of the column is names[i]. Names in byte order. */
typedef struct seqd_dictionary {
    const char *column;
    const char **names;
    int32_t count;
} seqd_dictionary;

#define SEQD_PANEL_BLOCKS 24

/*
 * The panel behind a dataset handle. Columns are shared between a dataset and its views; a view has series of its own,
 * and a `y` of its own only when filling or clipping differs. Values past a series' `length` belong to the future and
 * are not read by views.
 */
struct seqd_dataset {
    atomic_int references;
    seqd_context *context;
    seqd_options *options;           /* a copy of those it was made with */
    struct seqd_dataset *parent;     /* of a view, else NULL */
    struct seqd_frame *frame;        /* columns appended before sealing, else NULL */
    bool sealed;

    seqd_calendar calendar;
    int32_t season;
    int64_t series_count;
    seqd_series *series;             /* byte order of id */
    int64_t step_count;              /* length of every column */
    const float *y;                  /* NaN: missing */
    const float *raw;                /* y before clipping; the same array when nothing is clipped */
    const uint8_t *in_stock;         /* NULL: always in stock */
    const uint8_t *absent;           /* one bit a step, lowest first: the step had no row and was filled */
    int32_t known_count, past_count, cat_count, real_count;
    const char **known_names, **past_names, **real_names;
    const float **known;             /* [known_count][step_count]; never NaN inside a history */
    const float **past;              /* NaN until first known */
    const float **real;              /* [real_count][series_count] */
    seqd_dictionary *dictionaries;   /* [cat_count] */
    const int32_t **cat;             /* [cat_count][series_count] */
    struct seqd_events *events;      /* of sequences of events (events.h), where all from `calendar` to here but
                                        `series` is empty; NULL: a panel */
    seqd_dataset_summary summary;

    void *owned[SEQD_PANEL_BLOCKS];  /* what this handle frees */
    int32_t owned_count;
};

/* Zeroed memory that lives as long as the dataset; one element at least. */
int32_t seqd_panel_own(seqd_dataset *dataset, size_t count, size_t size, void **out, seqd_error *error);

int32_t seqd_panel_read(seqd_context *context, const seqd_options *options, const char *path, seqd_dataset **out,
                        seqd_error *error);
int32_t seqd_panel_parse(seqd_context *context, const seqd_options *options, const char *text, size_t size,
                         seqd_dataset **out, seqd_error *error);
/* Takes the stream over; see seqd_dataset_from_arrow. */
struct ArrowArrayStream;
int32_t seqd_panel_from_arrow(seqd_context *context, const seqd_options *options, struct ArrowArrayStream *stream,
                              seqd_dataset **out, seqd_error *error);
int32_t seqd_panel_create(seqd_context *context, const seqd_options *options, seqd_dataset **out, seqd_error *error);
int32_t seqd_panel_append_str(seqd_dataset *dataset, const char *column, const char *const *values, int64_t count,
                              seqd_error *error);
int32_t seqd_panel_append_i64(seqd_dataset *dataset, const char *column, const int64_t *values, int64_t count,
                              seqd_error *error);
int32_t seqd_panel_append_f64(seqd_dataset *dataset, const char *column, const double *values, int64_t count,
                              seqd_error *error);
int32_t seqd_panel_seal(seqd_dataset *dataset, seqd_error *error);
int32_t seqd_panel_before(seqd_dataset *dataset, int64_t steps, seqd_dataset **out, seqd_error *error);
/* SEQD_E_DATA for a dataset of events, to functions that answer for demand series alone. */
int32_t seqd_need_panel(const seqd_dataset *dataset, seqd_error *error);
int64_t seqd_panel_find(const seqd_dataset *dataset, const char *id);
seqd_dataset *seqd_dataset_retain(seqd_dataset *dataset);
void seqd_dataset_free(seqd_dataset *dataset);

#endif
