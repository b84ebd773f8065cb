/* SPDX-License-Identifier: Apache-2.0 */
#include "tune.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "events.h"
#include "file.h"
#include "panel.h"
#include "status.h"
#include "table.h"

/*
 * A line for each trial and round that was judged, in the order of trials:
 *   search, trial, round, steps, status, the measures, message, the settings
 * `search` marks options, ranges and data, so that results of one search are never taken for those of another.
 */
#define COLUMNS_BEFORE 5

static uint32_t mark_text(uint32_t crc, const char *text) { return seqd_crc32c(crc, text, strlen(text) + 1); }

static uint32_t mark_options(const seqd_tuner *tuner)
{
    const bool halving = strcmp(seqd_option_text(tuner->options, SEQD_OPT_METHOD), "halving") == 0;
    uint32_t crc = 0;
    for (int32_t i = 0; i < SEQD_OPT_COUNT; i++) {
        const seqd_option_id id = (seqd_option_id)i;
        /* Trials of a random search do not hang on how many there are, nor on what ranks them. */
        if (!halving && (id == SEQD_OPT_TRIALS || id == SEQD_OPT_METRIC || id == SEQD_OPT_REDUCTION)) continue;
        crc = mark_text(mark_text(crc, seqd_option_name(id)), seqd_option_text(tuner->options, id));
    }
    for (int32_t i = 0; i < tuner->range_count; i++)
        crc = mark_text(mark_text(crc, seqd_option_name(tuner->ranges[i].id)), tuner->ranges[i].text);
    return crc;
}

static uint32_t mark_floats(uint32_t crc, const float *column, const seqd_series *s)
{
    return column ? seqd_crc32c(crc, column + s->offset, (size_t)s->length * sizeof *column) : crc;
}

static uint32_t mark_events(uint32_t crc, const seqd_events *events, const seqd_series *s, int64_t index)
{
    if (events->time) crc = seqd_crc32c(crc, events->time + s->offset, (size_t)s->length * sizeof *events->time);
    for (int32_t c = 0; c < events->num_count; c++) crc = mark_floats(crc, events->num[c], s);
    for (int32_t c = 0; c < events->token_count; c++)
        crc = seqd_crc32c(crc, events->token[c] + s->offset, (size_t)s->length * sizeof **events->token);
    crc = mark_floats(crc, events->label, s);
    return events->answer_from ? seqd_crc32c(crc, &events->answer_from[index], sizeof *events->answer_from) : crc;
}

static uint32_t mark_data(const seqd_dataset *dataset)
{
    uint32_t crc = 0;
    for (int64_t i = 0; i < dataset->series_count; i++) {
        const seqd_series *s = &dataset->series[i];
        const int64_t place[] = { s->start, s->length };
        crc = seqd_crc32c(mark_text(crc, s->id), place, sizeof place);
        if (dataset->events) {
            crc = mark_events(crc, dataset->events, s, i);
            continue;
        }
        crc = mark_floats(crc, dataset->raw, s);
        for (int32_t c = 0; c < dataset->known_count; c++) crc = mark_floats(crc, dataset->known[c], s);
        for (int32_t c = 0; c < dataset->past_count; c++) crc = mark_floats(crc, dataset->past[c], s);
        for (int32_t c = 0; c < dataset->real_count; c++)
            crc = seqd_crc32c(crc, &dataset->real[c][i], sizeof **dataset->real);
        for (int32_t c = 0; c < dataset->cat_count; c++)
            crc = seqd_crc32c(crc, &dataset->cat[c][i], sizeof **dataset->cat);
        if (dataset->in_stock) crc = seqd_crc32c(crc, dataset->in_stock + s->offset, (size_t)s->length);
    }
    return crc;
}

/* "options-data", eight digits each. */
static void mark_search(seqd_tuner *tuner, const seqd_dataset *dataset)
{
    static const char digits[] = "0123456789abcdef";
    const uint32_t parts[] = { mark_options(tuner), mark_data(dataset) };
    for (int32_t i = 0; i < 17; i++)
        tuner->search[i] = i == 8 ? '-' : digits[parts[i > 8] >> (4 * (7 - (i > 8 ? i - 9 : i))) & 15];
    tuner->search[17] = '\0';
}

/* --- writing --- */

typedef struct sheet {
    seqd_context *context;
    char *text;
    size_t size, capacity;
    bool failed, middle; /* `middle` of a line */
} sheet;

static void put(sheet *s, const char *text, size_t length)
{
    size_t need;
    if (s->failed) return;
    if (!seqd_add_size(s->size, length, &need) ||
        !seqd_grow(s->context, (void **)&s->text, &s->capacity, need, 1)) {
        s->failed = true;
        return;
    }
    memcpy(s->text + s->size, text, length);
    s->size = need;
}

static void put_cell(sheet *s, const char *text)
{
    if (s->middle) put(s, ",", 1);
    s->middle = true;
    if (!strpbrk(text, ",;\t\"\r\n")) {
        put(s, text, strlen(text));
        return;
    }
    put(s, "\"", 1);
    for (; *text; text++) put(s, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    put(s, "\"", 1);
}

static void put_whole(sheet *s, int64_t value)
{
    char number[SEQD_NUMBER_SIZE];
    seqd_format_i64(value, number);
    put_cell(s, number);
}

static void end_line(sheet *s)
{
    put(s, "\n", 1);
    s->middle = false;
}

static void put_header(sheet *s, const seqd_tuner *tuner)
{
    static const char *const before[COLUMNS_BEFORE] = { "search", "trial", "round", "steps", "status" };
    for (int32_t i = 0; i < COLUMNS_BEFORE; i++) put_cell(s, before[i]);
    for (int32_t i = 0; i < tuner->measures->count; i++) put_cell(s, tuner->measures->names[i]);
    put_cell(s, "message");
    for (int32_t i = 0; i < tuner->range_count; i++) put_cell(s, seqd_option_name(tuner->ranges[i].id));
    end_line(s);
}

static void put_result(sheet *s, const seqd_tuner *tuner, int32_t trial, int32_t round)
{
    const seqd_tune_result *result = seqd_tune_result_of(tuner, trial, round);
    char number[SEQD_NUMBER_SIZE];
    put_cell(s, tuner->search);
    put_whole(s, trial);
    put_whole(s, round);
    put_whole(s, tuner->steps[round]);
    put_whole(s, result->status);
    for (int32_t i = 0; i < tuner->measures->count; i++) {
        number[0] = '\0';
        if (!isnan(result->values[i])) seqd_format_f64(result->values[i], number);
        put_cell(s, number);
    }
    put_cell(s, result->message ? result->message : "");
    for (int32_t i = 0; i < tuner->range_count; i++) put_cell(s, seqd_tune_value(tuner, trial, i));
    end_line(s);
}

int32_t seqd_tune_state_write(const seqd_tuner *tuner, seqd_error *error)
{
    sheet s = { .context = tuner->context };
    put_header(&s, tuner);
    for (int32_t t = 0; t < tuner->trials; t++)
        for (int32_t k = 0; k < tuner->rounds; k++)
            if (seqd_tune_result_of(tuner, t, k)->done) put_result(&s, tuner, t, k);
    const int32_t status = s.failed ? seqd_fail_alloc(tuner->context, s.size, error)
                                    : seqd_file_replace(tuner->context, tuner->path, s.text, s.size, error);
    seqd_free(tuner->context, s.text);
    return status;
}

/* --- reading --- */

static int32_t not_a_state(const seqd_table *table, int64_t row, const char *what, seqd_error *error)
{
    const long long line = row >= 0 ? (long long)table->lines[row] : 1;
    return seqd_fail_at(error, SEQD_E_FORMAT, line, 0, "%s:%lld: this is not the state of a search: %s", table->name,
                        line, what);
}

static int32_t other_search(const seqd_table *table, seqd_error *error)
{
    return seqd_fail(error, SEQD_E_STATE,
                     "%s holds another search: its options, ranges or data differ; name another file, or remove it",
                     table->name);
}

static bool is_cell(const seqd_table *table, int64_t row, int32_t column, const char *text)
{
    return strcmp(row < 0 ? table->columns[column] : seqd_table_cell(table, row, column), text) == 0;
}

static bool whole_cell(const seqd_table *table, int64_t row, int32_t column, int64_t low, int64_t high, int64_t *value)
{
    const char *text = seqd_table_cell(table, row, column);
    return seqd_parse_i64(text, strlen(text), value) && *value >= low && *value <= high;
}

/* One line of the file. */
static int32_t take(seqd_tuner *tuner, const seqd_table *table, int64_t row, seqd_error *error)
{
    int64_t trial, round, status;
    const int32_t measures = tuner->measures->count;
    if (!is_cell(table, row, 0, tuner->search)) return other_search(table, error);
    if (!whole_cell(table, row, 1, 0, INT32_MAX, &trial) || !whole_cell(table, row, 2, 0, tuner->rounds - 1, &round) ||
        !whole_cell(table, row, 4, INT32_MIN, 0, &status))
        return not_a_state(table, row, "trial, round or status is not a number that they can be", error);
    if (trial >= tuner->trials)
        return seqd_fail(error, SEQD_E_STATE, "%s holds trial %lld, and the search has only %d", table->name,
                         (long long)trial, (int)tuner->trials);
    for (int32_t i = 0; i < tuner->range_count; i++)
        if (!is_cell(table, row, COLUMNS_BEFORE + measures + 1 + i, seqd_tune_value(tuner, (int32_t)trial, i)))
            return not_a_state(table, row, "the settings are not those that the seed gives", error);
    seqd_tune_result *result = seqd_tune_result_of(tuner, (int32_t)trial, (int32_t)round);
    if (result->done) return not_a_state(table, row, "the trial stands there twice", error);
    for (int32_t i = 0; i < measures; i++)
        SEQD_CHECK(seqd_table_cell_number(table, row, COLUMNS_BEFORE + i, &result->values[i], error));
    const char *message = seqd_table_cell(table, row, COLUMNS_BEFORE + measures);
    if (message[0]) {
        result->message = seqd_strdup(tuner->context, message, strlen(message));
        if (!result->message) return seqd_fail_alloc(tuner->context, strlen(message) + 1, error);
    }
    result->status = (int32_t)status;
    result->done = true;
    return SEQD_OK;
}

static int32_t take_all(seqd_tuner *tuner, const seqd_table *table, seqd_error *error)
{
    const int32_t measures = tuner->measures->count;
    if (table->column_count < COLUMNS_BEFORE || !is_cell(table, -1, 0, "search") || !is_cell(table, -1, 1, "trial"))
        return not_a_state(table, -1, "its first columns are others", error);
    if (table->column_count != COLUMNS_BEFORE + measures + 1 + tuner->range_count) return other_search(table, error);
    for (int32_t i = 0; i < tuner->range_count; i++)
        if (!is_cell(table, -1, COLUMNS_BEFORE + measures + 1 + i, seqd_option_name(tuner->ranges[i].id)))
            return other_search(table, error);
    for (int64_t row = 0; row < table->row_count; row++) SEQD_CHECK(take(tuner, table, row, error));
    return SEQD_OK;
}

static void forget(seqd_tuner *tuner)
{
    for (int64_t i = 0; i < (int64_t)tuner->trials * tuner->rounds; i++) {
        seqd_free(tuner->context, tuner->results[i].message);
        memset(&tuner->results[i], 0, sizeof tuner->results[i]);
    }
}

int32_t seqd_tune_state_open(seqd_tuner *tuner, const seqd_dataset *dataset, const char *path, seqd_error *error)
{
    seqd_context *context = tuner->context;
    char first[8];
    if (tuner->path) return seqd_fail(error, SEQD_E_STATE, "the search has a state already");
    SEQD_CHECK(seqd_tune_begin(tuner, error));
    if (seqd_tune_done(tuner) > 0) return seqd_fail(error, SEQD_E_STATE, "the search has begun without a state");
    mark_search(tuner, dataset);
    char *copy = seqd_strdup(context, path, strlen(path));
    if (!copy) return seqd_fail_alloc(context, strlen(path) + 1, error);
    tuner->path = copy;
    int32_t status = SEQD_OK;
    if (seqd_file_peek(path, first, sizeof first) > 0) {
        seqd_table *table = NULL;
        status = seqd_table_load(context, path, &table, error);
        if (status == SEQD_OK) status = take_all(tuner, table, error);
        seqd_table_free(table);
    }
    /* A place that cannot be written is found before the work begins. */
    if (status == SEQD_OK) status = seqd_tune_state_write(tuner, error);
    if (status == SEQD_OK) {
        seqd_tune_rank(tuner);
        return SEQD_OK;
    }
    forget(tuner);
    tuner->path = NULL;
    seqd_free(context, copy);
    return status;
}
