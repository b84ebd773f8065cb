/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

#include <string.h>

#include "alloc.h"
#include "builder.h"
#include "context.h"
#include "status.h"

static const char *source_name(const seqd_rows *rows)
{
    return rows->name ? rows->name : "the columns appended";
}

/*
 * A row stands for one step, and a wrong date for millions. So many steps are believed: of a short file few, that its
 * size tells what it may ask for; then what sparse demand may come to, two orders in ten years of days and less. A host
 * that limits memory has said itself what it bears.
 */
static int64_t most_steps(const seqd_builder *b)
{
    const int64_t rows = b->rows->count;
    const int64_t most = rows > INT64_C(1) << 15 ? rows * 1024 : INT64_C(1) << 25;
    if (b->dataset->context->limits.memory > 0 || rows >= INT64_C(1) << 9) return most;
    return rows > INT64_C(1) << 4 ? rows * 65536 : INT64_C(1) << 20;
}

static int32_t refuse_steps(const seqd_builder *b, int64_t steps, const seqd_series *longest, int64_t number,
                            seqd_error *error)
{
    const seqd_calendar *calendar = &b->dataset->calendar;
    const char *id = seqd_intern_text(&b->rows->ids, (int32_t)number);
    char quoted[SEQD_QUOTE_SIZE], first[32], last[32];
    seqd_calendar_format(calendar, longest->start, first, sizeof first);
    seqd_calendar_format(calendar, longest->start + longest->length - 1, last, sizeof last);
    return seqd_fail(error, SEQD_E_DATA,
                     "%s: %lld rows would become %lld steps; series '%s' alone spans %lld, %s to %s: is that its date?",
                     source_name(b->rows), (long long)b->rows->count, (long long)steps,
                     seqd_quote(id, strlen(id), quoted), (long long)longest->length, first, last);
}

/*
 * Ends of the histories. "common" ends all of them at the newest step at which any series has a number; "own" ends
 * each at its own last number. A series without any number has its rows up to the panel's newest step as its (missing)
 * history.
 */
static int32_t place_series(seqd_builder *b, seqd_error *error)
{
    seqd_dataset *dataset = b->dataset;
    const int32_t end = seqd_option_choice(dataset->options, SEQD_OPT_SERIES_END);
    const bool common = end == SEQD_END_COMMON ||
                        (end == SEQD_END_AUTO && b->fill == SEQD_FILL_ZERO && dataset->calendar.freq != SEQD_FREQ_INT);
    bool observed = false;
    int64_t newest = INT64_MIN, newest_row = INT64_MIN, begun = 0, longest = 0, longest_length = 0;
    for (int64_t s = 0; s < b->series_count; s++) {
        const seqd_span *reach = &b->spans[s];
        if (reach->begin == reach->end) continue;
        if (reach->last > newest_row) newest_row = reach->last;
        if (reach->observed < reach->first) continue;
        observed = true;
        if (reach->observed > newest) newest = reach->observed;
    }
    if (!observed) newest = newest_row;
    int64_t offset = 0;
    for (int64_t s = 0; s < b->series_count; s++) {
        const seqd_span *reach = &b->spans[s];
        if (reach->begin == reach->end) continue;
        int64_t last = common ? newest : reach->observed;
        if (!common && last < reach->first) last = reach->last < newest ? reach->last : newest;
        if (last < reach->first) continue;
        seqd_series *series = &dataset->series[begun];
        series->start = reach->first;
        series->length = last - reach->first + 1;
        series->future = b->rows->columns.known.count > 0 && reach->last > last ? reach->last - last : 0;
        series->offset = offset;
        /* Until the ids are copied, the number of the series stands in for its id. */
        b->by_name[begun] = b->by_name[s];
        b->spans[begun] = *reach;
        if (series->length > longest_length) {
            longest = begun;
            longest_length = series->length;
        }
        begun++;
        if (!seqd_add_i64(offset, series->length + series->future, &offset)) offset = INT64_MAX / 2;
        if (offset > INT64_MAX / 2) offset = INT64_MAX / 2;
    }
    if (offset > most_steps(b)) return refuse_steps(b, offset, &dataset->series[longest], b->by_name[longest], error);
    if (begun < b->series_count)
        seqd_log(dataset->context, SEQD_LOG_WARNING, "%lld series have no history and are left out",
                 (long long)(b->series_count - begun));
    b->series_count = begun;
    dataset->series_count = begun;
    dataset->step_count = offset;
    if (begun > 0) return SEQD_OK;
    return seqd_fail(error, SEQD_E_DATA, "%s: no series has a row that could be used", source_name(b->rows));
}

static int32_t copy_ids(seqd_builder *b, seqd_error *error)
{
    seqd_dataset *dataset = b->dataset;
    size_t size = 0;
    for (int64_t s = 0; s < b->series_count; s++)
        size += strlen(seqd_intern_text(&b->rows->ids, (int32_t)b->by_name[s])) + 1;
    void *block;
    SEQD_CHECK(seqd_panel_own(dataset, size, 1, &block, error));
    char *to = block;
    for (int64_t s = 0; s < b->series_count; s++) {
        const char *id = seqd_intern_text(&b->rows->ids, (int32_t)b->by_name[s]);
        const size_t length = strlen(id) + 1;
        memcpy(to, id, length);
        dataset->series[s].id = to;
        to += length;
    }
    return SEQD_OK;
}

static int32_t build(seqd_builder *b, seqd_error *error)
{
    seqd_dataset *dataset = b->dataset;
    void *block;
    SEQD_CHECK(seqd_rows_calendar(b->rows, &dataset->calendar, error));
    const int64_t season = seqd_option_i64(dataset->options, SEQD_OPT_SEASON_LENGTH);
    dataset->season = season > 0 ? (int32_t)season : seqd_freq_season(dataset->calendar.freq);
    SEQD_CHECK(seqd_build_rank_series(b, error));
    b->runs = b->rows->order.kept && !(b->negatives == SEQD_NEGATIVES_DROP && b->rows->negative > 0);
    seqd_build_measure(b);
    SEQD_CHECK(seqd_panel_own(dataset, (size_t)b->series_count, sizeof *dataset->series, &block, error));
    dataset->series = block;
    SEQD_CHECK(place_series(b, error));
    SEQD_CHECK(copy_ids(b, error));
    dataset->summary.rows = b->rows->count;
    dataset->summary.negative = b->rows->negative;
    if (b->negatives == SEQD_NEGATIVES_DROP) dataset->summary.negative_changed = b->rows->count - b->row_count;
    SEQD_CHECK(seqd_build_write_panel(b, error));
    SEQD_CHECK(seqd_build_static(dataset, b->rows, b->by_name, error));
    return seqd_panel_finish(dataset, error);
}

int32_t seqd_panel_build(seqd_dataset *dataset, seqd_rows *rows, seqd_error *error)
{
    if (rows->count == 0)
        return seqd_fail(error, SEQD_E_DATA, "%s: there are no rows", source_name(rows));
    seqd_builder b = { .dataset = dataset, .rows = rows, .series_count = rows->ids.count };
    b.duplicates = seqd_option_choice(dataset->options, SEQD_OPT_DUPLICATES);
    b.negatives = seqd_option_choice(dataset->options, SEQD_OPT_NEGATIVES);
    b.fill = seqd_option_choice(dataset->options, SEQD_OPT_FILL);
    const int32_t status = build(&b, error);
    seqd_free(dataset->context, b.by_name);
    seqd_free(dataset->context, b.rank);
    seqd_free(dataset->context, b.order);
    seqd_free(dataset->context, b.spans);
    seqd_free(dataset->context, b.group);
    if (status == SEQD_OK) dataset->sealed = true;
    return status;
}
