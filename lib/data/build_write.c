/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "builder.h"
#include "status.h"

/* Numbers are added in rising order, so that the order of the rows does not show in the last bits. */
static double sum_of(double *values, int64_t count)
{
    double sum = 0.0;
    if (count > 2) seqd_sort_doubles(values, count);
    for (int64_t i = 0; i < count; i++) sum += values[i];
    return sum;
}

static float merge_covariate(seqd_builder *b, int32_t which, int64_t begin, int64_t end)
{
    int64_t count = 0;
    for (int64_t i = begin; i < end; i++) {
        const float value = *seqd_rows_covariate(b->rows, which, seqd_row_at(b, i));
        if (!isnan(value)) b->group[count++] = (double)value;
    }
    if (count == 0) return NAN;
    if (b->duplicates == SEQD_DUPLICATES_LAST) return (float)b->group[count - 1];
    return (float)(count == 1 ? b->group[0] : sum_of(b->group, count) / (double)count);
}

static int32_t merge_target(seqd_builder *b, int64_t begin, int64_t end, float *out, seqd_error *error)
{
    const seqd_rows *rows = b->rows;
    int64_t count = 1;
    double value = *seqd_rows_y(rows, seqd_row_at(b, begin));
    if (end - begin > 1) {
        count = 0;
        for (int64_t i = begin; i < end; i++) {
            value = *seqd_rows_y(rows, seqd_row_at(b, i));
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
        return seqd_rows_fail(rows, SEQD_E_DATA, seqd_rows_line(rows, seqd_row_at(b, end - 1)), rows->columns.target,
                              error, "the rows of this step add up to more than a float can hold");
    *out = (float)value;
    return SEQD_OK;
}

static int32_t refuse_duplicate(const seqd_builder *b, const char *id, int64_t step, int64_t begin, seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE], date[32];
    seqd_calendar_format(&b->dataset->calendar, step, date, sizeof date);
    const int64_t one = seqd_rows_line(b->rows, seqd_row_at(b, begin));
    const int64_t two = seqd_rows_line(b->rows, seqd_row_at(b, begin + 1));
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

static int32_t write_step(seqd_builder *b, const panel_columns *to, int64_t at, int64_t begin, int64_t end,
                          seqd_error *error)
{
    SEQD_CHECK(merge_target(b, begin, end, &to->y[at], error));
    to->absent[at >> 3] &= (uint8_t)~(1u << (at & 7));
    for (int64_t i = begin; to->in_stock && i < end; i++)
        to->in_stock[at] &= *seqd_rows_in_stock(b->rows, seqd_row_at(b, i));
    for (int32_t k = 0; k < b->rows->columns.known.count; k++)
        to->known[k][at] = merge_covariate(b, k, begin, end);
    for (int32_t k = 0; k < b->rows->columns.past.count; k++)
        to->past[k][at] = merge_covariate(b, b->rows->columns.known.count + k, begin, end);
    return SEQD_OK;
}

/* What no row said: filled, carried on, or left empty. */
static void finish_series(const seqd_builder *b, const panel_columns *to, const seqd_series *series, bool gaps)
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

static int32_t write_series(seqd_builder *b, const panel_columns *to, int64_t s, seqd_error *error)
{
    const seqd_series *series = &b->dataset->series[s];
    const seqd_span *reach = &b->spans[s];
    const int64_t total = series->length + series->future;
    int64_t written = 0;
    for (int64_t begin = reach->begin, end; begin < reach->end; begin = end) {
        const int64_t step = seqd_step_at(b, begin);
        for (end = begin + 1; end < reach->end && seqd_step_at(b, end) == step;) end++;
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
static int32_t write_rows(seqd_builder *b, const panel_columns *to, bool *all, seqd_error *error)
{
    const seqd_dataset *dataset = b->dataset;
    for (int64_t i = 0; i < b->rows->count; i++) {
        const int64_t s = b->rank[*seqd_rows_series(b->rows, i)];
        if (s < 0 || seqd_is_dropped(b, i)) continue;
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

/* Room for the numbers of the fullest step. */
static int32_t make_group(seqd_builder *b, int64_t most, seqd_error *error)
{
    b->group = seqd_alloc_array(b->dataset->context, (size_t)most, sizeof *b->group);
    return b->group ? SEQD_OK : seqd_fail_alloc(b->dataset->context, (size_t)most * sizeof *b->group, error);
}

static int64_t fullest_step(const seqd_builder *b)
{
    int64_t most = 1;
    for (int64_t s = 0; s < b->series_count; s++) {
        int64_t run = 1;
        for (int64_t i = b->spans[s].begin + 1; i < b->spans[s].end; i++) {
            run = seqd_step_at(b, i) == seqd_step_at(b, i - 1) ? run + 1 : 1;
            if (run > most) most = run;
        }
    }
    return most;
}

/* Nothing is known of any step. */
static void blank(const seqd_builder *b, const panel_columns *to)
{
    const size_t steps = (size_t)b->dataset->step_count;
    memset(to->absent, 0xff, steps / 8 + 1);
    if (to->in_stock) memset(to->in_stock, 1, steps);
    for (int32_t k = 0; k < b->rows->columns.known.count; k++)
        for (size_t i = 0; i < steps; i++) to->known[k][i] = NAN;
    for (int32_t k = 0; k < b->rows->columns.past.count; k++)
        for (size_t i = 0; i < steps; i++) to->past[k][i] = NAN;
}

static int32_t fill_panel(seqd_builder *b, const panel_columns *to, seqd_error *error)
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
        SEQD_CHECK(seqd_build_sort_rows(b, error));
    }
    SEQD_CHECK(make_group(b, fullest_step(b), error));
    for (int64_t s = 0; s < b->series_count; s++) SEQD_CHECK(write_series(b, to, s, error));
    return SEQD_OK;
}

int32_t seqd_build_write_panel(seqd_builder *b, seqd_error *error)
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
