/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_BUILDER_H
#define SEQD_DATA_BUILDER_H

#include "build.h"
#include "clean.h"
#include "options.h"
#include "sort.h"

/* What the files of the build share: rows are ranked and measured, series placed, steps written. */

/* What the rows of one series reach over, in steps. */
typedef struct seqd_span {
    int64_t begin, end;                /* its rows: positions in `order`, or the rows themselves without one; while
                                          rows are taken as they come, only end - begin counts */
    int64_t first, last, observed;     /* first step, last step, last step with a number; observed < first: none */
} seqd_span;

typedef struct seqd_builder {
    seqd_dataset *dataset;
    seqd_rows *rows;
    int32_t duplicates, negatives, fill;
    int64_t series_count;              /* of the rows, some of which may come to nothing */
    int64_t *by_name;                  /* [series_count] numbers in the order of their ids */
    int64_t *rank;                     /* [number of a series] its place in that order; -1: left out */
    bool runs;                         /* the rows stand by series and step */
    seqd_timed *order;                 /* rows by series and step, where they have to be brought in that order */
    int64_t row_count;
    seqd_span *spans;                  /* [series_count] in the order of the ids */
    double *group;                     /* numbers of one step */
} seqd_builder;

static inline int64_t seqd_row_at(const seqd_builder *b, int64_t place)
{
    return b->order ? b->order[place].item : place;
}

static inline int64_t seqd_step_at(const seqd_builder *b, int64_t place)
{
    return b->order ? b->order[place].time : *seqd_rows_time(b->rows, place);
}

static inline bool seqd_is_dropped(const seqd_builder *b, int64_t row)
{
    return b->negatives == SEQD_NEGATIVES_DROP && *seqd_rows_y(b->rows, row) < 0.0;
}

/* Ids in byte order: rank, by_name and empty spans. */
int32_t seqd_build_rank_series(seqd_builder *b, seqd_error *error);
/* How far the rows of each series reach. Where `runs`, their times become steps and the spans their rows. */
void seqd_build_measure(seqd_builder *b);
/* Brings the rows of the series in `rank` in order, of as many as `spans` count. */
int32_t seqd_build_sort_rows(seqd_builder *b, seqd_error *error);
/* All columns of the steps that series were given. */
int32_t seqd_build_write_panel(seqd_builder *b, seqd_error *error);

#endif
