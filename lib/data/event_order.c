/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "alloc.h"
#include "event_build.h"
#include "status.h"

/* Rises as the number does, so that a sort of whole numbers sorts times. */
static int64_t time_key(double time)
{
    int64_t bits;
    memcpy(&bits, &time, sizeof bits);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

static int32_t rank_series(seqd_event_builder *b, seqd_error *error)
{
    const int64_t count = b->dataset->series_count;
    const size_t room = (size_t)count;
    b->rank = seqd_alloc_array(b->dataset->context, room, sizeof *b->rank);
    b->by_name = seqd_alloc_array(b->dataset->context, room, sizeof *b->by_name);
    if (!b->rank || !b->by_name) return seqd_fail_alloc(b->dataset->context, room * sizeof *b->rank, error);
    if (b->events->numbered)
        for (int64_t i = 0; i < count; i++) b->by_name[i] = i;
    else
        seqd_intern_sort(&b->rows->ids, b->by_name, b->rank);
    for (int64_t i = 0; i < count; i++) b->rank[b->by_name[i]] = i;
    return SEQD_OK;
}

static int32_t sort_rows(seqd_event_builder *b, int64_t longest, seqd_error *error)
{
    const seqd_event_rows *rows = b->rows;
    seqd_dataset *dataset = b->dataset;
    const size_t count = (size_t)rows->count;
    b->order = seqd_alloc_array(dataset->context, count, sizeof *b->order);
    seqd_timed *scratch = seqd_alloc_array(dataset->context, (size_t)longest, sizeof *scratch);
    if (!b->order || !scratch) {
        seqd_free(dataset->context, scratch);
        return seqd_fail_alloc(dataset->context, count * sizeof *b->order, error);
    }
    for (int64_t i = 0; i < rows->count; i++) {
        const int64_t s = b->rank[*(const int32_t *)seqd_event_cell(rows, 0, i)];
        b->order[dataset->series[s].offset + dataset->series[s].length++] =
            (seqd_timed){ time_key(*seqd_event_time(rows, i)), i };
    }
    for (int64_t s = 0; rows->columns.time >= 0 && s < dataset->series_count; s++)
        seqd_sort_timed(b->order + dataset->series[s].offset, scratch, dataset->series[s].length);
    seqd_free(dataset->context, scratch);
    return SEQD_OK;
}

int32_t seqd_event_order(seqd_event_builder *b, seqd_error *error)
{
    const seqd_event_rows *rows = b->rows;
    seqd_dataset *dataset = b->dataset;
    int64_t longest = 1, offset = 0;
    SEQD_CHECK(rank_series(b, error));
    for (int64_t i = 0; i < rows->count; i++)
        dataset->series[b->rank[*(const int32_t *)seqd_event_cell(rows, 0, i)]].length++;
    for (int64_t s = 0; s < dataset->series_count; s++) {
        seqd_series *series = &dataset->series[s];
        series->offset = offset;
        offset += series->length;
        if (series->length > longest) longest = series->length;
        if (!rows->order.kept) series->length = 0; /* counted again as rows are put in their places */
    }
    if (!rows->order.kept) return sort_rows(b, longest, error);
    b->first_row = seqd_alloc_array(dataset->context, (size_t)dataset->series_count, sizeof *b->first_row);
    if (!b->first_row)
        return seqd_fail_alloc(dataset->context, (size_t)dataset->series_count * sizeof *b->first_row, error);
    int64_t row = 0;
    for (int64_t number = 0; number < dataset->series_count; number++) {
        const int64_t s = b->rank[number];
        b->first_row[s] = row;
        row += dataset->series[s].length;
    }
    return SEQD_OK;
}
