/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "alloc.h"
#include "builder.h"
#include "status.h"

/* Rows that came in order: each series is a run of them. Their times become steps where they are. */
static void find_runs(seqd_builder *b)
{
    seqd_rows *rows = b->rows;
    const int64_t *rank = b->rank;
    for (int64_t first = 0; first < rows->count; first += SEQD_ROWS_BLOCK) {
        const int64_t left = rows->count - first, count = left < SEQD_ROWS_BLOCK ? left : SEQD_ROWS_BLOCK;
        const int32_t *series = seqd_rows_series(rows, first);
        for (int64_t i = 0; i < count; i++) {
            if (i > 0 && series[i] == series[i - 1]) continue;
            /* A run that a block cuts goes on. */
            seqd_span *reach = &b->spans[rank[series[i]]];
            if (reach->end == 0) reach->begin = first + i;
            if (i > 0) b->spans[rank[series[i - 1]]].end = first + i;
            reach->end = first + count;
        }
        seqd_calendar_steps(&b->dataset->calendar, seqd_rows_time(rows, first), count);
    }
    b->row_count = rows->count;
}

/* Rows go to their series in file order, then each series is sorted by time; equal times keep the file order. */
int32_t seqd_build_sort_rows(seqd_builder *b, seqd_error *error)
{
    seqd_context *context = b->dataset->context;
    const seqd_rows *rows = b->rows;
    int64_t longest = 1, used = 0;
    for (int64_t s = 0; s < b->series_count; s++) {
        seqd_span *reach = &b->spans[s];
        const int64_t count = reach->end - reach->begin;
        reach->begin = reach->end = used;
        used += count;
        if (count > longest) longest = count;
    }
    size_t bytes;
    if (!seqd_mul_size((size_t)(used > 0 ? used : 1), sizeof *b->order, &bytes))
        return seqd_fail_nomem(error, SIZE_MAX);
    b->order = seqd_alloc(context, bytes);
    seqd_timed *scratch = seqd_alloc_array(context, (size_t)longest, sizeof *scratch);
    if (!b->order || !scratch) {
        seqd_free(context, scratch);
        return seqd_fail_alloc(context, bytes, error);
    }
    for (int64_t i = 0; i < rows->count; i++) {
        const int64_t s = b->rank[*seqd_rows_series(rows, i)];
        if (s >= 0 && !seqd_is_dropped(b, i)) b->order[b->spans[s].end++] = (seqd_timed){ *seqd_rows_time(rows, i), i };
    }
    for (int64_t s = 0; s < b->series_count; s++)
        seqd_sort_timed(b->order + b->spans[s].begin, scratch, b->spans[s].end - b->spans[s].begin);
    for (int64_t i = 0; i < used; i++)
        b->order[i].time = seqd_calendar_step(&b->dataset->calendar, b->order[i].time);
    seqd_free(context, scratch);
    return SEQD_OK;
}

int32_t seqd_build_rank_series(seqd_builder *b, seqd_error *error)
{
    seqd_context *context = b->dataset->context;
    const size_t series_count = (size_t)b->series_count;
    b->rank = seqd_alloc_array(context, series_count, sizeof *b->rank);
    b->by_name = seqd_alloc_array(context, series_count, sizeof *b->by_name);
    b->spans = seqd_alloc_array(context, series_count, sizeof *b->spans);
    if (!b->rank || !b->by_name || !b->spans)
        return seqd_fail_alloc(context, series_count * sizeof *b->spans, error);
    seqd_intern_sort(&b->rows->ids, b->by_name, b->rank);
    for (int64_t i = 0; i < b->series_count; i++) b->rank[b->by_name[i]] = i;
    return SEQD_OK;
}

static void measure_row(const seqd_builder *b, seqd_span *reach, int64_t step, int64_t row)
{
    if (step < reach->first) reach->first = step;
    if (step > reach->last) reach->last = step;
    if (step > reach->observed && !isnan(*seqd_rows_y(b->rows, row))) reach->observed = step;
}

void seqd_build_measure(seqd_builder *b)
{
    const seqd_rows *rows = b->rows;
    if (b->runs) find_runs(b);
    for (int64_t s = 0; s < b->series_count; s++) {
        b->spans[s].first = INT64_MAX;
        b->spans[s].last = b->spans[s].observed = INT64_MIN;
    }
    for (int64_t s = 0; b->runs && s < b->series_count; s++)
        for (int64_t i = b->spans[s].begin; i < b->spans[s].end; i++)
            measure_row(b, &b->spans[s], *seqd_rows_time(rows, i), i);
    for (int64_t i = 0; !b->runs && i < rows->count; i++) {
        if (seqd_is_dropped(b, i)) continue;
        seqd_span *reach = &b->spans[b->rank[*seqd_rows_series(rows, i)]];
        measure_row(b, reach, seqd_calendar_step(&b->dataset->calendar, *seqd_rows_time(rows, i)), i);
        reach->end++;
        b->row_count++;
    }
}
