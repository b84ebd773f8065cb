/* SPDX-License-Identifier: Apache-2.0 */
#include "panel.h"

#include <string.h>

#include "alloc.h"
#include "arrow_source.h"
#include "build.h"
#include "context.h"
#include "csv.h"
#include "event_rows.h"
#include "frame.h"
#include "option_scope.h"
#include "status.h"
#include "text.h"

static int32_t new_dataset(seqd_context *context, const seqd_options *options, seqd_dataset **out, seqd_error *error)
{
    if (options) SEQD_CHECK(seqd_options_refuse_own_idle(options, SEQD_GROUP_DATA, error));
    seqd_dataset *dataset = seqd_alloc_zero(context, sizeof *dataset);
    if (!dataset) return seqd_fail_alloc(context, sizeof *dataset, error);
    const int32_t status = options ? seqd_options_clone(options, &dataset->options, error)
                                   : seqd_options_new(context, &dataset->options, error);
    if (status != SEQD_OK) {
        seqd_free(context, dataset);
        return status;
    }
    atomic_init(&dataset->references, 1);
    dataset->context = seqd_context_retain(context);
    dataset->calendar.freq = SEQD_FREQ_AUTO;
    *out = dataset;
    return SEQD_OK;
}

/* The next row's cells, those of them that are used. */
static int32_t next_cells(seqd_csv *csv, const int32_t *used, int32_t count, seqd_cell *cells, bool *more,
                          seqd_error *error)
{
    SEQD_CHECK(seqd_csv_next(csv, more, error));
    for (int32_t i = 0; *more && i < count; i++) {
        const int32_t at = used[i];
        cells[at].text = csv->fields[at].text;
        cells[at].length = csv->fields[at].length;
    }
    return SEQD_OK;
}

static int32_t gather(seqd_csv *csv, seqd_rows *rows, seqd_cell *cells, seqd_error *error)
{
    for (;;) {
        bool more;
        SEQD_CHECK(next_cells(csv, rows->used, rows->used_count, cells, &more, error));
        if (!more) return SEQD_OK;
        SEQD_CHECK(seqd_rows_add(rows, cells, csv->line, error));
    }
}

static int32_t gather_events(seqd_csv *csv, seqd_event_rows *rows, seqd_cell *cells, seqd_error *error)
{
    for (;;) {
        bool more;
        SEQD_CHECK(next_cells(csv, rows->used, rows->used_count, cells, &more, error));
        if (!more) return SEQD_OK;
        SEQD_CHECK(seqd_event_rows_add(rows, cells, csv->line, error));
    }
}

static bool wants_events(const seqd_dataset *dataset)
{
    return seqd_option_choice(dataset->options, SEQD_OPT_TASK) != SEQD_TASK_FORECAST;
}

static int32_t read_events(seqd_csv *csv, seqd_dataset *dataset, seqd_error *error)
{
    seqd_context *context = dataset->context;
    const size_t count = (size_t)csv->column_count;
    seqd_event_rows rows;
    SEQD_CHECK(seqd_event_rows_init(&rows, context, dataset->options, csv->name, csv->columns, csv->column_count,
                                    error));
    seqd_cell *cells = seqd_alloc_array(context, count, sizeof *cells);
    int32_t status = cells ? gather_events(csv, &rows, cells, error)
                           : seqd_fail_alloc(context, count * sizeof *cells, error);
    seqd_free(context, cells);
    if (status == SEQD_OK) status = seqd_events_build(dataset, &rows, error);
    seqd_event_rows_clear(&rows);
    return status;
}

static int32_t read_rows(seqd_csv *csv, seqd_dataset *dataset, seqd_error *error)
{
    seqd_context *context = dataset->context;
    const size_t count = (size_t)csv->column_count;
    seqd_rows rows;
    if (wants_events(dataset)) return read_events(csv, dataset, error);
    SEQD_CHECK(seqd_rows_init(&rows, context, dataset->options, csv->name, csv->columns, csv->column_count, error));
    seqd_cell *cells = seqd_alloc_array(context, count, sizeof *cells);
    int32_t status = cells ? gather(csv, &rows, cells, error) : seqd_fail_alloc(context, count * sizeof *cells, error);
    seqd_free(context, cells);
    if (status == SEQD_OK) status = seqd_panel_build(dataset, &rows, error);
    seqd_rows_clear(&rows);
    return status;
}

/* Takes over the open CSV. */
static int32_t finish_read(seqd_csv *csv, const seqd_options *options, seqd_dataset **out, seqd_error *error)
{
    seqd_dataset *dataset = NULL;
    int32_t status = new_dataset(csv->context, options, &dataset, error);
    if (status == SEQD_OK) status = read_rows(csv, dataset, error);
    seqd_csv_close(csv);
    if (status != SEQD_OK) {
        seqd_dataset_free(dataset);
        return status;
    }
    *out = dataset;
    return SEQD_OK;
}

/* Names of the columns of a text without a header; "": it has one. */
static const char *header_of(const seqd_options *options)
{
    return options ? seqd_option_text(options, SEQD_OPT_COLUMNS) : "";
}

int32_t seqd_panel_read(seqd_context *context, const seqd_options *options, const char *path, seqd_dataset **out,
                        seqd_error *error)
{
    seqd_csv csv;
    SEQD_CHECK(seqd_csv_open(&csv, context, path, header_of(options), error));
    return finish_read(&csv, options, out, error);
}

int32_t seqd_panel_parse(seqd_context *context, const seqd_options *options, const char *text, size_t size,
                         seqd_dataset **out, seqd_error *error)
{
    seqd_csv csv;
    SEQD_CHECK(seqd_csv_open_text(&csv, context, text, size, header_of(options), error));
    return finish_read(&csv, options, out, error);
}

static int32_t read_arrow_events(seqd_arrow_source *source, seqd_dataset *dataset, seqd_error *error)
{
    seqd_event_rows rows;
    SEQD_CHECK(seqd_event_rows_init(&rows, dataset->context, dataset->options, NULL, source->names,
                                    (int32_t)source->schema.n_children, error));
    int32_t status = seqd_arrow_gather_events(source, &rows, error);
    if (status == SEQD_OK) status = seqd_events_build(dataset, &rows, error);
    seqd_event_rows_clear(&rows);
    return status;
}

static int32_t read_arrow(seqd_arrow_source *source, seqd_dataset *dataset, seqd_error *error)
{
    seqd_rows rows;
    if (wants_events(dataset)) return read_arrow_events(source, dataset, error);
    SEQD_CHECK(seqd_rows_init(&rows, dataset->context, dataset->options, NULL, source->names,
                              (int32_t)source->schema.n_children, error));
    int32_t status = seqd_arrow_gather(source, &rows, error);
    if (status == SEQD_OK) status = seqd_panel_build(dataset, &rows, error);
    seqd_rows_clear(&rows);
    return status;
}

int32_t seqd_panel_from_arrow(seqd_context *context, const seqd_options *options, struct ArrowArrayStream *stream,
                              seqd_dataset **out, seqd_error *error)
{
    seqd_arrow_source source;
    seqd_dataset *dataset = NULL;
    int32_t status = seqd_arrow_open(&source, context, stream, error);
    if (status == SEQD_OK) status = new_dataset(context, options, &dataset, error);
    if (status == SEQD_OK) status = read_arrow(&source, dataset, error);
    seqd_arrow_close(&source);
    if (status != SEQD_OK) {
        seqd_dataset_free(dataset);
        return status;
    }
    *out = dataset;
    return SEQD_OK;
}

int32_t seqd_panel_create(seqd_context *context, const seqd_options *options, seqd_dataset **out, seqd_error *error)
{
    seqd_dataset *dataset = NULL;
    SEQD_CHECK(new_dataset(context, options, &dataset, error));
    const int32_t status = seqd_frame_new(context, &dataset->frame, error);
    if (status != SEQD_OK) {
        seqd_dataset_free(dataset);
        return status;
    }
    *out = dataset;
    return SEQD_OK;
}

static int32_t append(seqd_dataset *dataset, const char *column, seqd_cell_type type, const void *values, int64_t count,
                      seqd_error *error)
{
    if (!dataset->frame) return seqd_fail(error, SEQD_E_STATE, "the dataset is sealed; no rows can be added");
    return seqd_frame_append(dataset->frame, column, type, values, count, error);
}

int32_t seqd_panel_append_str(seqd_dataset *dataset, const char *column, const char *const *values, int64_t count,
                              seqd_error *error)
{
    return append(dataset, column, SEQD_CELL_TEXT, values, count, error);
}

int32_t seqd_panel_append_i64(seqd_dataset *dataset, const char *column, const int64_t *values, int64_t count,
                              seqd_error *error)
{
    return append(dataset, column, SEQD_CELL_I64, values, count, error);
}

int32_t seqd_panel_append_f64(seqd_dataset *dataset, const char *column, const double *values, int64_t count,
                              seqd_error *error)
{
    return append(dataset, column, SEQD_CELL_F64, values, count, error);
}

/* Undoes what a failed seal has written: the dataset can be appended to and sealed again. */
static void unseal(seqd_dataset *dataset)
{
    seqd_context *context = dataset->context;
    seqd_options *options = dataset->options;
    seqd_frame *frame = dataset->frame;
    for (int32_t i = 0; i < dataset->owned_count; i++) seqd_free(context, dataset->owned[i]);
    const int references = atomic_load(&dataset->references);
    memset(dataset, 0, sizeof *dataset);
    atomic_init(&dataset->references, references);
    dataset->context = context;
    dataset->options = options;
    dataset->frame = frame;
    dataset->calendar.freq = SEQD_FREQ_AUTO;
}

static int32_t seal_panel(seqd_dataset *dataset, seqd_error *error)
{
    seqd_rows rows;
    const char **names;
    SEQD_CHECK(seqd_frame_gather(dataset->frame, dataset->options, &rows, &names, error));
    const int32_t status = seqd_panel_build(dataset, &rows, error);
    seqd_rows_clear(&rows);
    seqd_free(dataset->context, names);
    return status;
}

static int32_t seal_events(seqd_dataset *dataset, seqd_error *error)
{
    seqd_event_rows rows;
    const char **names;
    SEQD_CHECK(seqd_frame_gather_events(dataset->frame, dataset->options, &rows, &names, error));
    const int32_t status = seqd_events_build(dataset, &rows, error);
    seqd_event_rows_clear(&rows);
    seqd_free(dataset->context, names);
    return status;
}

int32_t seqd_panel_seal(seqd_dataset *dataset, seqd_error *error)
{
    if (!dataset->frame) return seqd_fail(error, SEQD_E_STATE, "the dataset is sealed already");
    const int32_t status = wants_events(dataset) ? seal_events(dataset, error) : seal_panel(dataset, error);
    if (status != SEQD_OK) {
        unseal(dataset);
        return status;
    }
    seqd_frame_free(dataset->frame);
    dataset->frame = NULL;
    return SEQD_OK;
}

int32_t seqd_need_panel(const seqd_dataset *dataset, seqd_error *error)
{
    if (!dataset->events) return SEQD_OK;
    return seqd_fail(error, SEQD_E_DATA, "the dataset holds sequences of events (task=%s), not demand series",
                     seqd_option_text(dataset->options, SEQD_OPT_TASK));
}

int64_t seqd_panel_find(const seqd_dataset *dataset, const char *id)
{
    if (dataset->events && dataset->events->numbered) return seqd_events_find_row(dataset, id);
    if (dataset->series_count == 0) return -1;
    return seqd_find_text(&dataset->series->id, sizeof *dataset->series, dataset->series_count, id);
}
