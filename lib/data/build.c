/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "clean.h"
#include "context.h"
#include "options.h"
#include "sort.h"
#include "status.h"

/* What the rows of one series reach over, in steps. */
typedef struct span {
    int64_t begin, end;                /* its rows: positions in `order`, or the rows themselves without one; while
                                          rows are taken as they come, only end - begin counts */
    int64_t first, last, observed;     /* first step, last step, last step with a number; observed < first: none */
} span;

typedef struct builder {
    seqd_dataset *dataset;
    seqd_rows *rows;
    int32_t duplicates, negatives, fill;
    int64_t series_count;              /* of the rows, some of which may come to nothing */
    int64_t *by_name;                  /* [series_count] numbers in the order of their ids */
    int64_t *rank;                     /* [number of a series] its place in that order; -1: left out */
    bool runs;                         /* the rows stand by series and step */
    seqd_timed *order;                 /* rows by series and step, where they have to be brought in that order */
    int64_t row_count;
    span *spans;                       /* [series_count] in the order of the ids */
    double *group;                     /* numbers of one step */
} builder;

static const char *source_name(const seqd_rows *rows)
{
    return rows->name ? rows->name : "the columns appended";
}

static int64_t row_at(const builder *b, int64_t place)
{
    return b->order ? b->order[place].item : place;
}

static int64_t step_at(const builder *b, int64_t place)
{
    return b->order ? b->order[place].time : *seqd_rows_time(b->rows, place);
}

/* Rows that came in order: each series is a run of them. Their times become steps where they are. */
static void find_runs(builder *b)
{
    seqd_rows *rows = b->rows;
    const int64_t *rank = b->rank;
    for (int64_t first = 0; first < rows->count; first += SEQD_ROWS_BLOCK) {
        const int64_t left = rows->count - first, count = left < SEQD_ROWS_BLOCK ? left : SEQD_ROWS_BLOCK;
        const int32_t *series = seqd_rows_series(rows, first);
        for (int64_t i = 0; i < count; i++) {
            if (i > 0 && series[i] == series[i - 1]) continue;
            /* A run that a block cuts goes on. */
            span *reach = &b->spans[rank[series[i]]];
            if (reach->end == 0) reach->begin = first + i;
            if (i > 0) b->spans[rank[series[i - 1]]].end = first + i;
            reach->end = first + count;
        }
        seqd_calendar_steps(&b->dataset->calendar, seqd_rows_time(rows, first), count);
    }
    b->row_count = rows->count;
}

static bool is_dropped(const builder *b, int64_t row)
{
    return b->negatives == SEQD_NEGATIVES_DROP && *seqd_rows_y(b->rows, row) < 0.0;
}

/* Rows go to their series in file order, then each series is sorted by time; equal times keep the file order. */
static int32_t sort_rows(builder *b, seqd_error *error)
{
    seqd_context *context = b->dataset->context;
    const seqd_rows *rows = b->rows;
    int64_t longest = 1, used = 0;
    for (int64_t s = 0; s < b->series_count; s++) {
        span *reach = &b->spans[s];
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
        if (s >= 0 && !is_dropped(b, i)) b->order[b->spans[s].end++] = (seqd_timed){ *seqd_rows_time(rows, i), i };
    }
    for (int64_t s = 0; s < b->series_count; s++)
        seqd_sort_timed(b->order + b->spans[s].begin, scratch, b->spans[s].end - b->spans[s].begin);
    for (int64_t i = 0; i < used; i++)
        b->order[i].time = seqd_calendar_step(&b->dataset->calendar, b->order[i].time);
    seqd_free(context, scratch);
    return SEQD_OK;
}

static int32_t rank_series(builder *b, seqd_error *error)
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

/* Room for the numbers of the fullest step. */
static int32_t make_group(builder *b, int64_t most, seqd_error *error)
{
    b->group = seqd_alloc_array(b->dataset->context, (size_t)most, sizeof *b->group);
    return b->group ? SEQD_OK : seqd_fail_alloc(b->dataset->context, (size_t)most * sizeof *b->group, error);
}

static void measure_row(const builder *b, span *reach, int64_t step, int64_t row)
{
    if (step < reach->first) reach->first = step;
    if (step > reach->last) reach->last = step;
    if (step > reach->observed && !isnan(*seqd_rows_y(b->rows, row))) reach->observed = step;
}

/* How far the rows of each series reach. */
static void measure(builder *b)
{
    const seqd_rows *rows = b->rows;
    for (int64_t s = 0; s < b->series_count; s++) {
        b->spans[s].first = INT64_MAX;
        b->spans[s].last = b->spans[s].observed = INT64_MIN;
    }
    for (int64_t s = 0; b->runs && s < b->series_count; s++)
        for (int64_t i = b->spans[s].begin; i < b->spans[s].end; i++)
            measure_row(b, &b->spans[s], *seqd_rows_time(rows, i), i);
    for (int64_t i = 0; !b->runs && i < rows->count; i++) {
        if (is_dropped(b, i)) continue;
        span *reach = &b->spans[b->rank[*seqd_rows_series(rows, i)]];
        measure_row(b, reach, seqd_calendar_step(&b->dataset->calendar, *seqd_rows_time(rows, i)), i);
        reach->end++;
        b->row_count++;
    }
}

static int64_t fullest_step(const builder *b)
{
    int64_t most = 1;
    for (int64_t s = 0; s < b->series_count; s++) {
        int64_t run = 1;
        for (int64_t i = b->spans[s].begin + 1; i < b->spans[s].end; i++) {
            run = step_at(b, i) == step_at(b, i - 1) ? run + 1 : 1;
            if (run > most) most = run;
        }
    }
    return most;
}

/*
 * A row stands for one step, and a wrong date for millions. So many steps are believed: of a short file few, that its
 * size tells what it may ask for; then what sparse demand may come to, two orders in ten years of days and less. A host
 * that limits memory has said itself what it bears.
 */
static int64_t most_steps(const builder *b)
{
    const int64_t rows = b->rows->count;
    const int64_t most = rows > INT64_C(1) << 15 ? rows * 1024 : INT64_C(1) << 25;
    if (b->dataset->context->limits.memory > 0 || rows >= INT64_C(1) << 9) return most;
    return rows > INT64_C(1) << 4 ? rows * 65536 : INT64_C(1) << 20;
}

static int32_t refuse_steps(const builder *b, int64_t steps, const seqd_series *longest, int64_t number,
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
static int32_t place_series(builder *b, seqd_error *error)
{
    seqd_dataset *dataset = b->dataset;
    const int32_t end = seqd_option_choice(dataset->options, SEQD_OPT_SERIES_END);
    const bool common = end == SEQD_END_COMMON ||
                        (end == SEQD_END_AUTO && b->fill == SEQD_FILL_ZERO && dataset->calendar.freq != SEQD_FREQ_INT);
    bool observed = false;
    int64_t newest = INT64_MIN, newest_row = INT64_MIN, begun = 0, longest = 0, longest_length = 0;
    for (int64_t s = 0; s < b->series_count; s++) {
        const span *reach = &b->spans[s];
        if (reach->begin == reach->end) continue;
        if (reach->last > newest_row) newest_row = reach->last;
        if (reach->observed < reach->first) continue;
        observed = true;
        if (reach->observed > newest) newest = reach->observed;
    }
    if (!observed) newest = newest_row;
    int64_t offset = 0;
    for (int64_t s = 0; s < b->series_count; s++) {
        const span *reach = &b->spans[s];
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

/* Numbers are added in rising order, so that the order of the rows does not show in the last bits. */
static double sum_of(double *values, int64_t count)
{
    double sum = 0.0;
    if (count > 2) seqd_sort_doubles(values, count);
    for (int64_t i = 0; i < count; i++) sum += values[i];
    return sum;
}

static float merge_covariate(builder *b, int32_t which, int64_t begin, int64_t end)
{
    int64_t count = 0;
    for (int64_t i = begin; i < end; i++) {
        const float value = *seqd_rows_covariate(b->rows, which, row_at(b, i));
        if (!isnan(value)) b->group[count++] = (double)value;
    }
    if (count == 0) return NAN;
    if (b->duplicates == SEQD_DUPLICATES_LAST) return (float)b->group[count - 1];
    return (float)(count == 1 ? b->group[0] : sum_of(b->group, count) / (double)count);
}

static int32_t merge_target(builder *b, int64_t begin, int64_t end, float *out, seqd_error *error)
{
    const seqd_rows *rows = b->rows;
    int64_t count = 1;
    double value = *seqd_rows_y(rows, row_at(b, begin));
    if (end - begin > 1) {
        count = 0;
        for (int64_t i = begin; i < end; i++) {
            value = *seqd_rows_y(rows, row_at(b, i));
            if (!isnan(value)) b->group[count++] = value;
        }
        value = count > 0 ? b->group[count - 1] : (double)NAN;
    }
    *out = NAN;
    if (isnan(value)) return SEQD_OK;
    if (count > 1 && b->duplicates != SEQD_DUPLICATES_LAST) {
        value = sum_of(b->group, count);
        if (b->duplicates == SEQD_DUPLICATES_MEAN) value /= (double)count;
    }
    if (value < 0.0 && b->negatives == SEQD_NEGATIVES_ZERO) {
        value = 0.0;
        b->dataset->summary.negative_changed++;
    }
    if (fabs(value) > (double)FLT_MAX)
        return seqd_rows_fail(rows, SEQD_E_DATA, seqd_rows_line(rows, row_at(b, end - 1)), rows->columns.target, error,
                              "the rows of this step add up to more than a float can hold");
    *out = (float)value;
    return SEQD_OK;
}

static int32_t refuse_duplicate(const builder *b, const char *id, int64_t step, int64_t begin, seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE], date[32];
    seqd_calendar_format(&b->dataset->calendar, step, date, sizeof date);
    const int64_t one = seqd_rows_line(b->rows, row_at(b, begin)), two = seqd_rows_line(b->rows, row_at(b, begin + 1));
    return seqd_rows_fail(b->rows, SEQD_E_DATA, one > two ? one : two, b->rows->columns.time, error,
                          "series '%s' has a second row for %s, after %s %lld",
                          seqd_quote(id, strlen(id), quoted), date, b->rows->name ? "line" : "row",
                           (long long)(one < two ? one : two));
}

/* Where the panel is written while it is built. */
typedef struct panel_columns {
    float *y, **known, **past;
    uint8_t *in_stock, *absent;
} panel_columns;

static int32_t write_step(builder *b, const panel_columns *to, int64_t at, int64_t begin, int64_t end,
                          seqd_error *error)
{
    SEQD_CHECK(merge_target(b, begin, end, &to->y[at], error));
    to->absent[at >> 3] &= (uint8_t)~(1u << (at & 7));
    for (int64_t i = begin; to->in_stock && i < end; i++)
        to->in_stock[at] &= *seqd_rows_in_stock(b->rows, row_at(b, i));
    for (int32_t k = 0; k < b->rows->columns.known.count; k++)
        to->known[k][at] = merge_covariate(b, k, begin, end);
    for (int32_t k = 0; k < b->rows->columns.past.count; k++)
        to->past[k][at] = merge_covariate(b, b->rows->columns.known.count + k, begin, end);
    return SEQD_OK;
}

/* What no row said: filled, carried on, or left empty. */
static void finish_series(const builder *b, const panel_columns *to, const seqd_series *series, bool gaps)
{
    const int64_t first = series->offset, total = series->length + series->future;
    if (gaps) {
        for (int64_t i = first; i < first + total; i++)
            if (seqd_bit(to->absent, i)) to->y[i] = NAN;
        seqd_fill_series(to->y + first, series->length, to->absent, first, b->fill);
    }
    /* What the future holds is not guessed: an empty step there stays NaN, and is asked for by whoever needs it. */
    for (int32_t k = 0; k < b->rows->columns.known.count; k++)
        seqd_carry_series(to->known[k] + first, series->length, true);
    for (int32_t k = 0; k < b->rows->columns.past.count; k++) seqd_carry_series(to->past[k] + first, total, false);
}

static int32_t write_series(builder *b, const panel_columns *to, int64_t s, seqd_error *error)
{
    const seqd_series *series = &b->dataset->series[s];
    const span *reach = &b->spans[s];
    const int64_t total = series->length + series->future;
    int64_t written = 0;
    for (int64_t begin = reach->begin, end; begin < reach->end; begin = end) {
        const int64_t step = step_at(b, begin);
        for (end = begin + 1; end < reach->end && step_at(b, end) == step;) end++;
        b->dataset->summary.merged += end - begin - 1;
        if (end - begin > 1 && b->duplicates == SEQD_DUPLICATES_ERROR)
            return refuse_duplicate(b, series->id, step, begin, error);
        if (step - series->start >= total) continue;
        SEQD_CHECK(write_step(b, to, series->offset + (step - series->start), begin, end, error));
        written++;
    }
    finish_series(b, to, series, written < total);
    return SEQD_OK;
}

/*
 * Rows straight to their steps, as they come. False where a step has a second row, or a row lies behind the steps: then
 * the rows have to be brought in order first.
 */
static int32_t write_rows(builder *b, const panel_columns *to, bool *all, seqd_error *error)
{
    const seqd_dataset *dataset = b->dataset;
    for (int64_t i = 0; i < b->rows->count; i++) {
        const int64_t s = b->rank[*seqd_rows_series(b->rows, i)];
        if (s < 0 || is_dropped(b, i)) continue;
        const seqd_series *series = &dataset->series[s];
        const int64_t step = seqd_calendar_step(&dataset->calendar, *seqd_rows_time(b->rows, i)) - series->start;
        *all = step < series->length + series->future && seqd_bit(to->absent, series->offset + step);
        if (!*all) return SEQD_OK;
        SEQD_CHECK(write_step(b, to, series->offset + step, i, i + 1, error));
    }
    for (int64_t s = 0; s < b->series_count; s++) {
        const seqd_series *series = &dataset->series[s];
        finish_series(b, to, series, b->spans[s].end - b->spans[s].begin < series->length + series->future);
    }
    return SEQD_OK;
}
/* One block for all columns of a kind. */
static int32_t make_columns(seqd_dataset *dataset, int32_t count, float ***writable, const float ***readable,
                            seqd_error *error)
{
    void *block, *pointers, *shown;
    size_t total;
    if (!seqd_mul_size((size_t)dataset->step_count, (size_t)count, &total)) return seqd_fail_nomem(error, SIZE_MAX);
    SEQD_CHECK(seqd_panel_own(dataset, total, sizeof(float), &block, error));
    SEQD_CHECK(seqd_panel_own(dataset, (size_t)count, sizeof(float *), &pointers, error));
    SEQD_CHECK(seqd_panel_own(dataset, (size_t)count, sizeof(float *), &shown, error));
    *writable = pointers;
    *readable = shown;
    float *values = block;
    for (int32_t k = 0; k < count; k++) (*writable)[k] = values + (size_t)k * (size_t)dataset->step_count;
    for (int32_t k = 0; k < count; k++) (*readable)[k] = (*writable)[k];
    return SEQD_OK;
}

/* Nothing is known of any step. */
static void blank(const builder *b, const panel_columns *to)
{
    const size_t steps = (size_t)b->dataset->step_count;
    memset(to->absent, 0xff, steps / 8 + 1);
    if (to->in_stock) memset(to->in_stock, 1, steps);
    for (int32_t k = 0; k < b->rows->columns.known.count; k++)
        for (size_t i = 0; i < steps; i++) to->known[k][i] = NAN;
    for (int32_t k = 0; k < b->rows->columns.past.count; k++)
        for (size_t i = 0; i < steps; i++) to->past[k][i] = NAN;
}

static int32_t fill_panel(builder *b, const panel_columns *to, seqd_error *error)
{
    const int64_t changed = b->dataset->summary.negative_changed;
    blank(b, to);
    if (!b->runs) {
        bool all = true;
        for (int32_t i = 0; i < b->rows->ids.count; i++) b->rank[i] = -1;
        for (int64_t s = 0; s < b->series_count; s++) b->rank[b->by_name[s]] = s;
        SEQD_CHECK(make_group(b, 1, error));
        SEQD_CHECK(write_rows(b, to, &all, error));
        if (all) return SEQD_OK;
        seqd_free(b->dataset->context, b->group);
        b->group = NULL;
        b->dataset->summary.negative_changed = changed;
        blank(b, to);
        SEQD_CHECK(sort_rows(b, error));
    }
    SEQD_CHECK(make_group(b, fullest_step(b), error));
    for (int64_t s = 0; s < b->series_count; s++) SEQD_CHECK(write_series(b, to, s, error));
    return SEQD_OK;
}

static int32_t write_panel(builder *b, seqd_error *error)
{
    seqd_dataset *dataset = b->dataset;
    const seqd_columns *columns = &b->rows->columns;
    const size_t steps = (size_t)dataset->step_count;
    panel_columns to = { NULL, NULL, NULL, NULL, NULL };
    void *block;
    SEQD_CHECK(seqd_panel_own(dataset, steps, sizeof *to.y, &block, error));
    to.y = block;
    SEQD_CHECK(seqd_panel_own(dataset, steps / 8 + 1, 1, &block, error));
    to.absent = block;
    if (columns->in_stock >= 0) {
        SEQD_CHECK(seqd_panel_own(dataset, steps, 1, &block, error));
        to.in_stock = block;
    }
    const int32_t known = columns->known.count, past = columns->past.count;
    if (known > 0) SEQD_CHECK(make_columns(dataset, known, &to.known, &dataset->known, error));
    if (past > 0) SEQD_CHECK(make_columns(dataset, past, &to.past, &dataset->past, error));
    SEQD_CHECK(fill_panel(b, &to, error));
    dataset->raw = to.y;
    dataset->absent = to.absent;
    dataset->in_stock = to.in_stock;
    return SEQD_OK;
}

static int32_t copy_ids(builder *b, seqd_error *error)
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

static int32_t build(builder *b, seqd_error *error)
{
    seqd_dataset *dataset = b->dataset;
    void *block;
    SEQD_CHECK(seqd_rows_calendar(b->rows, &dataset->calendar, error));
    const int64_t season = seqd_option_i64(dataset->options, SEQD_OPT_SEASON_LENGTH);
    dataset->season = season > 0 ? (int32_t)season : seqd_freq_season(dataset->calendar.freq);
    SEQD_CHECK(rank_series(b, error));
    b->runs = b->rows->in_order && !(b->negatives == SEQD_NEGATIVES_DROP && b->rows->negative > 0);
    if (b->runs) find_runs(b);
    measure(b);
    SEQD_CHECK(seqd_panel_own(dataset, (size_t)b->series_count, sizeof *dataset->series, &block, error));
    dataset->series = block;
    SEQD_CHECK(place_series(b, error));
    SEQD_CHECK(copy_ids(b, error));
    dataset->summary.rows = b->rows->count;
    dataset->summary.negative = b->rows->negative;
    if (b->negatives == SEQD_NEGATIVES_DROP) dataset->summary.negative_changed = b->rows->count - b->row_count;
    SEQD_CHECK(write_panel(b, error));
    SEQD_CHECK(seqd_build_static(dataset, b->rows, b->by_name, error));
    return seqd_panel_finish(dataset, error);
}

int32_t seqd_panel_build(seqd_dataset *dataset, seqd_rows *rows, seqd_error *error)
{
    if (rows->count == 0)
        return seqd_fail(error, SEQD_E_DATA, "%s: there are no rows", source_name(rows));
    builder b = { .dataset = dataset, .rows = rows, .series_count = rows->ids.count };
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
