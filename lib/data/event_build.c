/* SPDX-License-Identifier: Apache-2.0 */
#include "event_build.h"

#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"

static const char *source_name(const seqd_event_rows *rows)
{
    return rows->name ? rows->name : "the columns appended";
}

/* Arrays by sequence, ids among them. */
static int32_t place_series(seqd_event_builder *b, seqd_error *error)
{
    seqd_dataset *dataset = b->dataset;
    const size_t count = (size_t)dataset->series_count;
    char number[SEQD_NUMBER_SIZE];
    size_t size = 0;
    void *block;
    for (size_t s = 0; s < count; s++)
        size += b->events->numbered ? seqd_format_i64((int64_t)s + 1, number) + 1
                                    : strlen(seqd_intern_text(&b->rows->ids, (int32_t)s)) + 1;
    SEQD_CHECK(seqd_panel_own(dataset, size, 1, &block, error));
    char *to = block;
    SEQD_CHECK(seqd_panel_own(dataset, count, sizeof *b->events->place, &block, error));
    b->events->place = block;
    for (size_t s = 0; s < count; s++) {
        const char *id = number;
        b->events->place[s] = (int32_t)b->by_name[s];
        if (b->events->numbered)
            (void)seqd_format_i64((int64_t)s + 1, number);
        else
            id = seqd_intern_text(&b->rows->ids, (int32_t)b->by_name[s]);
        dataset->series[s].id = memcpy(to, id, strlen(id) + 1);
        to += strlen(id) + 1;
    }
    return SEQD_OK;
}

/* Columns of the events in one block; the first pass measures it. */
static void place_columns(seqd_event_builder *b, seqd_arena *arena)
{
    seqd_events *events = b->events;
    const seqd_event_columns *c = &b->rows->columns;
    const size_t count = (size_t)events->event_count;
    const bool counted = events->label_kind == SEQD_LABEL_WITHIN || events->label_kind == SEQD_LABEL_COUNT;
    if (c->time >= 0) events->time = seqd_arena_take(arena, count, sizeof *events->time);
    for (int32_t i = 0; i < events->num_count; i++) events->num[i] = seqd_arena_take(arena, count, sizeof(float));
    for (int32_t i = 0; i < events->token_count; i++)
        events->token[i] = seqd_arena_take(arena, count, sizeof(int32_t));
    if (c->label >= 0 || counted) events->label = seqd_arena_take(arena, count, sizeof(float));
}

static void place_lists(seqd_event_builder *b, seqd_arena *arena)
{
    seqd_events *events = b->events;
    const size_t nums = (size_t)events->num_count, tokens = (size_t)events->token_count;
    events->num_names = seqd_arena_take(arena, nums, sizeof *events->num_names);
    events->num = seqd_arena_take(arena, nums, sizeof *events->num);
    events->dictionaries = seqd_arena_take(arena, tokens, sizeof *events->dictionaries);
    events->token = seqd_arena_take(arena, tokens, sizeof *events->token);
}

static int32_t own_arena(seqd_event_builder *b, void (*place)(seqd_event_builder *, seqd_arena *), seqd_error *error)
{
    seqd_arena arena = { NULL, 0, false };
    void *block;
    place(b, &arena);
    if (arena.overflow) return seqd_fail_nomem(error, SIZE_MAX);
    SEQD_CHECK(seqd_panel_own(b->dataset, arena.used, 1, &block, error));
    arena = (seqd_arena){ block, 0, false };
    place(b, &arena);
    return SEQD_OK;
}

/* Names of a dictionary in byte order, in one block with their texts; codes[i] becomes the place of the i-th text. */
static int32_t settle_dictionary(seqd_event_builder *b, const seqd_intern *values, char *texts, const char **names,
                                 int32_t *codes, seqd_error *error)
{
    seqd_context *context = b->dataset->context;
    const size_t count = (size_t)values->count;
    int64_t *order = seqd_alloc_array(context, 2 * count + 1, sizeof *order);
    if (!order) return seqd_fail_alloc(context, 2 * count * sizeof *order, error);
    seqd_intern_sort(values, order, order + count);
    for (size_t i = 0; i < count; i++) {
        const char *text = seqd_intern_text(values, (int32_t)order[i]);
        names[i] = memcpy(texts, text, strlen(text) + 1);
        texts += strlen(text) + 1;
        codes[order[i]] = (int32_t)i;
    }
    seqd_free(context, order);
    return SEQD_OK;
}

static const char *own_text(char **to, const char *text)
{
    const size_t size = strlen(text) + 1;
    const char *copy = memcpy(*to, text, size);
    *to += size;
    return copy;
}

/* All names of columns and categories, in one block. */
static int32_t copy_names(seqd_event_builder *b, int32_t *const *codes, seqd_error *error)
{
    seqd_events *events = b->events;
    const seqd_event_rows *rows = b->rows;
    const seqd_event_columns *c = &rows->columns;
    size_t size = rows->classes.byte_count + 32, count = (size_t)rows->classes.count + 2;
    for (int32_t i = 0; i < c->num.count; i++) size += strlen(rows->names[c->num.at[i]]) + 1;
    for (int32_t i = 0; i < c->token.count; i++) {
        size += strlen(rows->names[c->token.at[i]]) + 1 + rows->values[i].byte_count;
        count += (size_t)rows->values[i].count;
    }
    if (c->label >= 0) size += strlen(rows->names[c->label]) + 1;
    void *block;
    SEQD_CHECK(seqd_panel_own(b->dataset, count * sizeof(char *) + size, 1, &block, error));
    const char **names = block;
    char *texts = (char *)(names + count);
    for (int32_t i = 0; i < c->num.count; i++) events->num_names[i] = own_text(&texts, rows->names[c->num.at[i]]);
    for (int32_t i = 0; i < c->token.count; i++) {
        const seqd_intern *values = &rows->values[i];
        events->dictionaries[i] =
            (seqd_dictionary){ own_text(&texts, rows->names[c->token.at[i]]), names, values->count };
        SEQD_CHECK(settle_dictionary(b, values, texts, names, codes[i], error));
        texts += values->byte_count;
        names += values->count;
    }
    if (rows->task != SEQD_TASK_CLASSIFY) return SEQD_OK;
    if (events->label_kind == SEQD_LABEL_NEXT_EVENT) {
        events->classes = events->dictionaries[0];
    } else if (events->label_kind == SEQD_LABEL_WITHIN) {
        names[0] = own_text(&texts, "no");
        names[1] = own_text(&texts, "yes");
        events->classes = (seqd_dictionary){ own_text(&texts, "within"), names, 2 };
    } else {
        events->classes = (seqd_dictionary){ own_text(&texts, c->label >= 0 ? rows->names[c->label] : "label"), names,
                                             rows->classes.count };
        SEQD_CHECK(settle_dictionary(b, &rows->classes, texts, names, codes[c->token.count], error));
    }
    return SEQD_OK;
}

/* One column of 4 bytes, its codes replaced where it has any; labels are codes written as floats. */
static void write_column(const seqd_event_builder *b, int32_t which, const int32_t *codes, bool label, void *column)
{
    const seqd_dataset *dataset = b->dataset;
    int32_t *words = column;
    float *values = column;
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const seqd_series *series = &dataset->series[s];
        for (int64_t i = 0; i < series->length; i++) {
            const void *cell = seqd_event_cell(b->rows, which, seqd_event_row(b, s, i));
            const int64_t at = series->offset + i;
            if (!codes) {
                values[at] = *(const float *)cell;
            } else if (label) {
                const float value = *(const float *)cell;
                values[at] = isnan(value) ? value : (float)codes[(int32_t)value];
            } else {
                const int32_t code = *(const int32_t *)cell;
                words[at] = code < 0 ? code : codes[code];
            }
        }
    }
}

static void write_times(const seqd_event_builder *b, double *time)
{
    const seqd_dataset *dataset = b->dataset;
    for (int64_t s = 0; s < dataset->series_count; s++)
        for (int64_t i = 0; i < dataset->series[s].length; i++)
            time[dataset->series[s].offset + i] = *seqd_event_time(b->rows, seqd_event_row(b, s, i));
}

/* Room for the codes of every column of categories and of the classes. */
static int32_t place_codes(seqd_event_builder *b, int32_t *codes[SEQD_COLUMNS_MAX + 1], int32_t **room,
                           seqd_error *error)
{
    const seqd_event_rows *rows = b->rows;
    size_t count = (size_t)rows->classes.count + 1;
    for (int32_t i = 0; i < rows->columns.token.count; i++) count += (size_t)rows->values[i].count;
    int32_t *at = *room = seqd_alloc_array(b->dataset->context, count, sizeof **room);
    if (!at) return seqd_fail_alloc(b->dataset->context, count * sizeof **room, error);
    for (int32_t i = 0; i < rows->columns.token.count; i++) {
        codes[i] = at;
        at += rows->values[i].count;
    }
    codes[rows->columns.token.count] = at;
    return SEQD_OK;
}

static int32_t write_columns(seqd_event_builder *b, int32_t *const *codes, seqd_error *error)
{
    seqd_dataset *dataset = b->dataset;
    seqd_events *events = b->events;
    const seqd_event_columns *c = &b->rows->columns;
    void *block;
    SEQD_CHECK(copy_names(b, codes, error));
    SEQD_CHECK(own_arena(b, place_columns, error));
    /* What was just placed is this function's to write. */
    if (events->time) write_times(b, (double *)(uintptr_t)events->time);
    for (int32_t i = 0; i < c->num.count; i++)
        write_column(b, 1 + i, NULL, false, (void *)(uintptr_t)events->num[i]);
    for (int32_t i = 0; i < c->token.count; i++)
        write_column(b, 1 + c->num.count + i, codes[i], false, (void *)(uintptr_t)events->token[i]);
    float *label = (float *)(uintptr_t)events->label;
    if (!label) return SEQD_OK;
    if (c->label < 0) return seqd_event_look_ahead(dataset, label, error);
    write_column(b, 1 + c->num.count + c->token.count,
                 b->rows->task == SEQD_TASK_CLASSIFY ? codes[c->token.count] : NULL, true, label);
    SEQD_CHECK(seqd_panel_own(dataset, (size_t)dataset->series_count, sizeof *events->answer_at, &block, error));
    events->answer_at = block;
    seqd_event_find_answers(dataset, events->answer_at);
    return SEQD_OK;
}

void seqd_events_summarize(seqd_dataset *dataset)
{
    seqd_dataset_summary *summary = &dataset->summary;
    summary->series = dataset->series_count;
    summary->steps = summary->labelled = 0;
    for (int64_t s = 0; s < dataset->series_count; s++) {
        summary->steps += dataset->series[s].length;
        if (dataset->events->answer_at) {
            summary->labelled += !isnan(seqd_events_label(dataset, s, dataset->events->answer_at[s]));
            continue;
        }
        for (int64_t i = 0; i < dataset->series[s].length; i++)
            summary->labelled += !isnan(seqd_events_label(dataset, s, i));
    }
    summary->observed = summary->steps;
    summary->classes = dataset->events->classes.count;
}

int64_t seqd_events_find_row(const seqd_dataset *dataset, const char *id)
{
    int64_t number, low = 0, high = dataset->series_count;
    if (*id == '+' || *id == '-' || *id == '0' || !seqd_parse_i64(id, strlen(id), &number)) return -1;
    while (low < high) { /* a part of a split has some of the rows */
        const int64_t middle = low + (high - low) / 2, there = (int64_t)dataset->events->place[middle] + 1;
        if (there == number) return middle;
        if (there < number) low = middle + 1;
        else high = middle;
    }
    return -1;
}

static int32_t build(seqd_event_builder *b, seqd_error *error)
{
    static const char *const kinds[] = { "auto", "column", "next_event", "within", "count" };
    seqd_dataset *dataset = b->dataset;
    seqd_event_rows *rows = b->rows;
    const seqd_event_columns *c = &rows->columns;
    void *block;
    SEQD_CHECK(seqd_panel_own(dataset, 1, sizeof *b->events, &block, error));
    seqd_events *events = dataset->events = b->events = block;
    events->task = rows->task;
    events->label_kind = c->label_kind;
    events->event_count = rows->count;
    events->num_count = c->num.count;
    events->token_count = c->token.count;
    events->has_event = c->has_event;
    events->numbered = c->id.count == 0;
    memcpy(events->unlabelled, c->unlabelled, sizeof events->unlabelled);
    seqd_event_settle_times(rows, &events->seconds);
    events->until = rows->most;
    events->window = seqd_option_f64(dataset->options, SEQD_OPT_LABEL_WINDOW) * (events->seconds ? 86400.0 : 1.0);
    dataset->series_count = events->numbered ? rows->count : rows->ids.count;
    SEQD_CHECK(seqd_panel_own(dataset, (size_t)dataset->series_count, sizeof *dataset->series, &block, error));
    dataset->series = block;
    SEQD_CHECK(seqd_event_order(b, error));
    SEQD_CHECK(place_series(b, error));
    SEQD_CHECK(own_arena(b, place_lists, error));
    int32_t *codes[SEQD_COLUMNS_MAX + 1], *room;
    SEQD_CHECK(place_codes(b, codes, &room, error));
    const int32_t status = write_columns(b, codes, error);
    seqd_free(dataset->context, room);
    SEQD_CHECK(status);
    dataset->summary.rows = rows->count + rows->unnamed;
    dataset->summary.unnamed = rows->unnamed;
    seqd_events_summarize(dataset);
    if (rows->unnamed > 0)
        seqd_log(dataset->context, SEQD_LOG_WARNING, "%s: %lld rows name no sequence and are left out",
                 source_name(rows), (long long)rows->unnamed);
    /* What label=auto has found is what a model of these data learns, and asks of the next ones. */
    return seqd_option_set(dataset->options, SEQD_OPT_LABEL, kinds[events->label_kind], error);
}

int32_t seqd_events_build(seqd_dataset *dataset, seqd_event_rows *rows, seqd_error *error)
{
    if (rows->count == 0)
        return seqd_fail(error, SEQD_E_DATA, rows->unnamed > 0 ? "%s: no row names a sequence" : "%s: there are no rows",
                         source_name(rows));
    seqd_event_builder b = { .dataset = dataset, .rows = rows };
    const int32_t status = build(&b, error);
    seqd_free(dataset->context, b.by_name);
    seqd_free(dataset->context, b.rank);
    seqd_free(dataset->context, b.order);
    seqd_free(dataset->context, b.first_row);
    if (status == SEQD_OK) dataset->sealed = true;
    return status;
}
