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
    int64_t begin, end;                /* its rows: positions in `order`, or the rows themselves without one */
    int64_t first, last, observed;     /* first step, last step, last step with a number; observed < first: none */
} span;

typedef struct builder {
    seqd_dataset *dataset;
    seqd_rows *rows;
    int32_t duplicates, negatives, fill;
    int64_t series_count;              /* of the rows, some of which may come to nothing */
    int64_t *by_name;                  /* [series_count] numbers in the order of their ids */
    seqd_timed *order;                 /* rows by series and step; NULL when that is how they came */
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
static void find_runs(builder *b, const int64_t *rank)
{
    seqd_rows *rows = b->rows;
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

/* Rows go to their series in file order, then each series is sorted by time; equal times keep the file order. */
static int32_t sort_rows(builder *b, const int64_t *rank, seqd_error *error)
{
    seqd_context *context = b->dataset->context;
    const seqd_rows *rows = b->rows;
    const bool drop = b->negatives == SEQD_NEGATIVES_DROP;
    int64_t longest = 1;
    for (int64_t i = 0; i < rows->count; i++)
        if (!(drop && *seqd_rows_y(rows, i) < 0.0)) b->spans[rank[*seqd_rows_series(rows, i)]].end++;
    for (int64_t i = 0; i < b->series_count; i++) {
        if (b->spans[i].end > longest) longest = b->spans[i].end;
        b->spans[i].begin = b->row_count;
        b->row_count += b->spans[i].end;
        b->spans[i].end = b->spans[i].begin;
    }
    const size_t need = (size_t)(b->row_count > 0 ? b->row_count : 1);
    size_t bytes;
    if (!seqd_mul_size(need, sizeof *b->order, &bytes)) return seqd_fail_nomem(error, SIZE_MAX);
    b->order = seqd_alloc(context, bytes);
    seqd_timed *scratch = seqd_alloc_array(context, (size_t)longest, sizeof *scratch);
    if (!b->order || !scratch) {
        seqd_free(context, scratch);
        return seqd_fail_alloc(context, bytes, error);
    }
    for (int64_t i = 0; i < rows->count; i++)
        if (!(drop && *seqd_rows_y(rows, i) < 0.0))
            b->order[b->spans[rank[*seqd_rows_series(rows, i)]].end++] = (seqd_timed){ *seqd_rows_time(rows, i), i };
    for (int64_t i = 0; i < b->series_count; i++)
        seqd_sort_timed(b->order + b->spans[i].begin, scratch, b->spans[i].end - b->spans[i].begin);
    for (int64_t i = 0; i < b->row_count; i++)
        b->order[i].time = seqd_calendar_step(&b->dataset->calendar, b->order[i].time);
    seqd_free(context, scratch);
    return SEQD_OK;
}

static int32_t order_rows(builder *b, seqd_error *error)
{
    seqd_context *context = b->dataset->context;
    const size_t series_count = (size_t)b->series_count;
    int64_t *rank = seqd_alloc_array(context, series_count, 2 * sizeof *rank); /* and as many to sort by */
    b->by_name = seqd_alloc_array(context, series_count, sizeof *b->by_name);
    b->spans = seqd_alloc_array(context, series_count, sizeof *b->spans);
    int32_t status = SEQD_OK;
    if (!rank || !b->by_name || !b->spans) {
        status = seqd_fail_alloc(context, series_count * sizeof *b->spans, error);
    } else {
        seqd_intern_sort(&b->rows->ids, b->by_name, rank + series_count);
        for (int64_t i = 0; i < b->series_count; i++) rank[b->by_name[i]] = i;
        if (b->rows->in_order && !(b->negatives == SEQD_NEGATIVES_DROP && b->rows->negative > 0))
            find_runs(b, rank);
        else
            status = sort_rows(b, rank, error);
    }
    seqd_free(context, rank);
    return status;
}

/* How far the rows of each series reach, and the fullest step of all. */
static int32_t measure(builder *b, seqd_error *error)
{
    int64_t most = 1;
    for (int64_t s = 0; s < b->series_count; s++) {
        span *reach = &b->spans[s];
        int64_t before = 0, run = 0;
        for (int64_t i = reach->begin; i < reach->end; i++) {
            const int64_t step = step_at(b, i);
            if (i == reach->begin) {
                reach->first = step;
                reach->observed = step - 1;
            }
            run = i > reach->begin && step == before ? run + 1 : 1;
            if (run > most) most = run;
            before = step;
            reach->last = step;
            if (!isnan(*seqd_rows_y(b->rows, row_at(b, i)))) reach->observed = step;
        }
    }
    b->group = seqd_alloc_array(b->dataset->context, (size_t)most, sizeof *b->group);
    return b->group ? SEQD_OK : seqd_fail_alloc(b->dataset->context, (size_t)most * sizeof *b->group, error);
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
    if (written < total) {
        for (int64_t i = series->offset; i < series->offset + total; i++)
            if (seqd_bit(to->absent, i)) to->y[i] = NAN;
        seqd_fill_series(to->y + series->offset, series->length, to->absent, series->offset, b->fill);
    }
    /* What the future holds is not guessed: an empty step there stays NaN, and is asked for by whoever needs it. */
    for (int32_t k = 0; k < b->rows->columns.known.count; k++)
        seqd_carry_series(to->known[k] + series->offset, series->length, true);
    for (int32_t k = 0; k < b->rows->columns.past.count; k++)
        seqd_carry_series(to->past[k] + series->offset, total, false);
    return SEQD_OK;
}

/* One block for all columns of a kind; every step starts as NaN. */
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
    for (size_t i = 0; i < total; i++) values[i] = NAN;
    for (int32_t k = 0; k < count; k++) (*writable)[k] = values + (size_t)k * (size_t)dataset->step_count;
    for (int32_t k = 0; k < count; k++) (*readable)[k] = (*writable)[k];
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
    memset(to.absent, 0xff, steps / 8 + 1);
    if (columns->in_stock >= 0) {
        SEQD_CHECK(seqd_panel_own(dataset, steps, 1, &block, error));
        to.in_stock = block;
        memset(to.in_stock, 1, steps);
    }
    const int32_t known = columns->known.count, past = columns->past.count;
    if (known > 0) SEQD_CHECK(make_columns(dataset, known, &to.known, &dataset->known, error));
    if (past > 0) SEQD_CHECK(make_columns(dataset, past, &to.past, &dataset->past, error));
    for (int64_t s = 0; s < b->series_count; s++) SEQD_CHECK(write_series(b, &to, s, error));
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
    SEQD_CHECK(order_rows(b, error));
    SEQD_CHECK(measure(b, error));
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
    builder b = { dataset, rows, 0, 0, 0, rows->ids.count, NULL, NULL, 0, NULL, NULL };
    b.duplicates = seqd_option_choice(dataset->options, SEQD_OPT_DUPLICATES);
    b.negatives = seqd_option_choice(dataset->options, SEQD_OPT_NEGATIVES);
    b.fill = seqd_option_choice(dataset->options, SEQD_OPT_FILL);
    const int32_t status = build(&b, error);
    seqd_free(dataset->context, b.by_name);
    seqd_free(dataset->context, b.order);
    seqd_free(dataset->context, b.spans);
    seqd_free(dataset->context, b.group);
    if (status == SEQD_OK) dataset->sealed = true;
    return status;
}
