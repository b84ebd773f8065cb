/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/dataset.h>

#include <math.h>
#include <string.h>

#include "api.h"
#include "context.h"
#include "events.h"
#include "panel.h"
#include "table.h"

int32_t seqd_table_read(seqd_context *context, const char *path, seqd_table **out, seqd_error *error)
{
    SEQD_NEED(context);
    SEQD_NEED(path);
    SEQD_NEED(out);
    return seqd_table_load(context, path, out, error);
}

void seqd_table_release(seqd_table *table) { seqd_table_free(table); }

int64_t seqd_table_row_count(const seqd_table *table) { return table ? table->row_count : 0; }

int32_t seqd_table_column_count(const seqd_table *table) { return table ? table->column_count : 0; }

const char *seqd_table_column_name(const seqd_table *table, int32_t column)
{
    return table && column >= 0 && column < table->column_count ? table->columns[column] : NULL;
}

int32_t seqd_table_find_column(const seqd_table *table, const char *name)
{
    return table && name ? seqd_table_find(table, name) : -1;
}

const char *seqd_table_text(const seqd_table *table, int64_t row, int32_t column)
{
    return table ? seqd_table_cell(table, row, column) : NULL;
}

int32_t seqd_table_number(const seqd_table *table, int64_t row, int32_t column, double *value, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(table);
    SEQD_NEED(value);
    SEQD_COMPUTE(status, seqd_table_cell_number(table, row, column, value, error));
    return status;
}

int32_t seqd_dataset_read(seqd_context *context, const seqd_options *options, const char *path, seqd_dataset **out,
                          seqd_error *error)
{
    int32_t status;
    SEQD_NEED(context);
    SEQD_NEED(options);
    SEQD_NEED(path);
    SEQD_NEED(out);
    SEQD_COMPUTE(status, seqd_panel_read(context, options, path, out, error));
    return status;
}

int32_t seqd_dataset_parse(seqd_context *context, const seqd_options *options, const char *text, size_t size,
                           seqd_dataset **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(context);
    SEQD_NEED(options);
    SEQD_NEED(text);
    SEQD_NEED(out);
    SEQD_COMPUTE(status, seqd_panel_parse(context, options, text, size, out, error));
    return status;
}

int32_t seqd_dataset_create(seqd_context *context, const seqd_options *options, seqd_dataset **out, seqd_error *error)
{
    SEQD_NEED(context);
    SEQD_NEED(options);
    SEQD_NEED(out);
    return seqd_panel_create(context, options, out, error);
}

static int32_t check_append(const seqd_dataset *dataset, const char *column, const void *values, int64_t count,
                            seqd_error *error)
{
    SEQD_NEED(dataset);
    SEQD_NEED(column);
    if (dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is sealed");
    if (count < 0 || (count > 0 && !values))
        return seqd_fail(error, SEQD_E_ARG, "column '%s': no values for %lld rows", column, (long long)count);
    return SEQD_OK;
}

int32_t seqd_dataset_append_str(seqd_dataset *dataset, const char *column, const char *const *values, int64_t count,
                                seqd_error *error)
{
    int32_t status;
    SEQD_CHECK(check_append(dataset, column, values, count, error));
    SEQD_COMPUTE(status, seqd_panel_append_str(dataset, column, values, count, error));
    return status;
}

int32_t seqd_dataset_append_i64(seqd_dataset *dataset, const char *column, const int64_t *values, int64_t count,
                                seqd_error *error)
{
    int32_t status;
    SEQD_CHECK(check_append(dataset, column, values, count, error));
    SEQD_COMPUTE(status, seqd_panel_append_i64(dataset, column, values, count, error));
    return status;
}

int32_t seqd_dataset_append_f64(seqd_dataset *dataset, const char *column, const double *values, int64_t count,
                                seqd_error *error)
{
    int32_t status;
    SEQD_CHECK(check_append(dataset, column, values, count, error));
    SEQD_COMPUTE(status, seqd_panel_append_f64(dataset, column, values, count, error));
    return status;
}

int32_t seqd_dataset_seal(seqd_dataset *dataset, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(dataset);
    if (dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is sealed already");
    SEQD_COMPUTE(status, seqd_panel_seal(dataset, error));
    return status;
}

void seqd_dataset_release(seqd_dataset *dataset) { seqd_dataset_free(dataset); }

/* A handle that can be read: given, and sealed. */
static int32_t check_sealed(const seqd_dataset *dataset, seqd_error *error)
{
    SEQD_NEED(dataset);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    return SEQD_OK;
}

int32_t seqd_dataset_before(seqd_dataset *dataset, int64_t steps, seqd_dataset **out, seqd_error *error)
{
    int32_t status;
    SEQD_CHECK(check_sealed(dataset, error));
    SEQD_NEED(out);
    if (dataset->events)
        return seqd_fail(error, SEQD_E_DATA, "events have no common steps to go back by; seqd_dataset_split parts "
                                             "them at a point in time");
    SEQD_COMPUTE(status, seqd_panel_before(dataset, steps, out, error));
    return status;
}

/* Hands out the parts that are wanted. */
static int32_t give_parts(int32_t status, seqd_dataset *const parts[2], seqd_dataset **first, seqd_dataset **rest)
{
    if (status != SEQD_OK) return status;
    if (first) *first = parts[0];
    else seqd_dataset_free(parts[0]);
    if (rest) *rest = parts[1];
    else seqd_dataset_free(parts[1]);
    return SEQD_OK;
}

int32_t seqd_dataset_split(seqd_dataset *dataset, const char *split, double fraction, uint64_t seed,
                           seqd_dataset **first, seqd_dataset **rest, seqd_error *error)
{
    static const char *const ways[] = {"user", "time", "order"};
    seqd_dataset *parts[2] = {NULL, NULL};
    int32_t status, how = 0;
    SEQD_CHECK(check_sealed(dataset, error));
    SEQD_NEED(split);
    if (!first && !rest) return seqd_fail(error, SEQD_E_ARG, "no part is wanted");
    while (how < 3 && strcmp(split, ways[how]) != 0) how++;
    if (how == 3) {
        char quoted[SEQD_QUOTE_SIZE];
        return seqd_fail(error, SEQD_E_ARG, "there is no split '%s'; it is user, time or order",
                         seqd_quote(split, strlen(split), quoted));
    }
    SEQD_COMPUTE(status, seqd_events_split(dataset, (seqd_split)how, fraction, seed, &parts[0], &parts[1], error));
    return give_parts(status, parts, first, rest);
}

int32_t seqd_dataset_fold(seqd_dataset *dataset, int32_t folds, int32_t fold, uint64_t seed, seqd_dataset **rest,
                          seqd_dataset **held, seqd_error *error)
{
    seqd_dataset *parts[2] = {NULL, NULL};
    int32_t status;
    SEQD_CHECK(check_sealed(dataset, error));
    if (!rest && !held) return seqd_fail(error, SEQD_E_ARG, "no part is wanted");
    SEQD_COMPUTE(status, seqd_events_fold(dataset, folds, fold, seed, &parts[0], &parts[1], error));
    return give_parts(status, parts, rest, held);
}

int32_t seqd_dataset_class_count(const seqd_dataset *dataset)
{
    return dataset && dataset->sealed && dataset->events ? dataset->events->classes.count : 0;
}

const char *seqd_dataset_class_name(const seqd_dataset *dataset, int32_t index)
{
    if (index < 0 || index >= seqd_dataset_class_count(dataset)) return NULL;
    return dataset->events->classes.names[index];
}

static const seqd_series *series_at(const seqd_dataset *dataset, int64_t series)
{
    const bool there = dataset && dataset->sealed && series >= 0 && series < dataset->series_count;
    return there ? &dataset->series[series] : NULL;
}

int64_t seqd_dataset_series_count(const seqd_dataset *dataset)
{
    return dataset && dataset->sealed ? dataset->series_count : 0;
}

const char *seqd_dataset_series_id(const seqd_dataset *dataset, int64_t series)
{
    const seqd_series *found = series_at(dataset, series);
    return found ? found->id : NULL;
}

int64_t seqd_dataset_find_series(const seqd_dataset *dataset, const char *unique_id)
{
    return dataset && dataset->sealed && unique_id ? seqd_panel_find(dataset, unique_id) : -1;
}

int64_t seqd_dataset_length(const seqd_dataset *dataset, int64_t series)
{
    const seqd_series *found = series_at(dataset, series);
    return found ? found->length : -1;
}

int32_t seqd_dataset_values(const seqd_dataset *dataset, int64_t series, int64_t first, int64_t count, double *values,
                            seqd_error *error)
{
    const seqd_series *found = series_at(dataset, series);
    fenv_t host;
    SEQD_NEED(values);
    if (!found) return seqd_fail(error, SEQD_E_ARG, "there is no series %lld", (long long)series);
    SEQD_CHECK(seqd_need_panel(dataset, error));
    if (first < 0 || count < 0 || first > found->length || count > found->length - first)
        return seqd_fail(error, SEQD_E_ARG, "steps %lld and %lld more leave the %lld steps of the series",
                         (long long)first, (long long)count, (long long)found->length);
    seqd_enter(&host); /* a host that takes denormals for zero would read zeros */
    for (int64_t i = 0; i < count; i++) values[i] = (double)dataset->y[found->offset + first + i];
    seqd_leave(&host);
    return SEQD_OK;
}

int32_t seqd_dataset_date(const seqd_dataset *dataset, int64_t series, int64_t step, char *text, size_t size,
                          seqd_error *error)
{
    const seqd_series *found = series_at(dataset, series);
    SEQD_NEED(text);
    if (!found) return seqd_fail(error, SEQD_E_ARG, "there is no series %lld", (long long)series);
    if (size < 24) return seqd_fail(error, SEQD_E_ARG, "a date takes 24 bytes, there are %zu", size);
    if (dataset->events) return seqd_events_date(dataset, series, step, text, size, error);
    if (step < -1000000 || step > found->length + 1000000)
        return seqd_fail(error, SEQD_E_ARG, "step %lld is too far away", (long long)step);
    seqd_calendar_format(&dataset->calendar, found->start + step, text, size);
    return SEQD_OK;
}

const char *seqd_dataset_frequency(const seqd_dataset *dataset)
{
    return dataset && dataset->sealed && !dataset->events ? seqd_freq_name(dataset->calendar.freq) : "";
}

int32_t seqd_dataset_season(const seqd_dataset *dataset) { return dataset && dataset->sealed ? dataset->season : 0; }

int32_t seqd_dataset_summarize(const seqd_dataset *dataset, seqd_dataset_summary *summary, seqd_error *error)
{
    SEQD_CHECK(check_sealed(dataset, error));
    SEQD_NEED(summary);
    return seqd_copy_result(summary, &dataset->summary, sizeof dataset->summary, error);
}
