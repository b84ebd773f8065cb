/* SPDX-License-Identifier: Apache-2.0 */
#include "panel.h"

#include <string.h>

#include "alloc.h"
#include "build.h"
#include "context.h"
#include "csv.h"
#include "frame.h"
#include "options.h"
#include "status.h"

static int32_t new_dataset(seqd_context *context, const seqd_options *options, seqd_dataset **out, seqd_error *error)
{
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

static int32_t gather(seqd_csv *csv, seqd_rows *rows, seqd_cell *cells, seqd_error *error)
{
    for (;;) {
        bool more;
        SEQD_CHECK(seqd_csv_next(csv, &more, error));
        if (!more) return SEQD_OK;
        for (int32_t i = 0; i < rows->used_count; i++) {
            const int32_t at = rows->used[i];
            cells[at].text = csv->fields[at].text;
            cells[at].length = csv->fields[at].length;
        }
        SEQD_CHECK(seqd_rows_add(rows, cells, csv->line, error));
    }
}

static int32_t read_rows(seqd_csv *csv, seqd_dataset *dataset, seqd_error *error)
{
    seqd_context *context = dataset->context;
    const size_t count = (size_t)csv->column_count;
    seqd_rows rows;
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

int32_t seqd_panel_read(seqd_context *context, const seqd_options *options, const char *path, seqd_dataset **out,
                        seqd_error *error)
{
    seqd_csv csv;
    SEQD_CHECK(seqd_csv_open(&csv, context, path, error));
    return finish_read(&csv, options, out, error);
}

int32_t seqd_panel_parse(seqd_context *context, const seqd_options *options, const char *text, size_t size,
                         seqd_dataset **out, seqd_error *error)
{
    seqd_csv csv;
    SEQD_CHECK(seqd_csv_open_text(&csv, context, text, size, error));
    return finish_read(&csv, options, out, error);
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

int32_t seqd_panel_seal(seqd_dataset *dataset, seqd_error *error)
{
    if (!dataset->frame) return seqd_fail(error, SEQD_E_STATE, "the dataset is sealed already");
    seqd_rows rows;
    const char **names;
    SEQD_CHECK(seqd_frame_gather(dataset->frame, dataset->options, &rows, &names, error));
    const int32_t status = seqd_panel_build(dataset, &rows, error);
    seqd_rows_clear(&rows);
    seqd_free(dataset->context, names);
    if (status != SEQD_OK) {
        unseal(dataset);
        return status;
    }
    seqd_frame_free(dataset->frame);
    dataset->frame = NULL;
    return SEQD_OK;
}

int64_t seqd_panel_find(const seqd_dataset *dataset, const char *id)
{
    int64_t low = 0, high = dataset->series_count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int32_t order = strcmp(dataset->series[middle].id, id);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}
