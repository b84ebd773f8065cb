/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "build.h"
#include "context.h"
#include "status.h"

/* A copy of the names of listed columns. */
static int32_t copy_names(seqd_dataset *dataset, const seqd_rows *rows, const seqd_column_list *list, const char ***out,
                          seqd_error *error)
{
    size_t size = (size_t)list->count * sizeof(char *);
    for (int32_t i = 0; i < list->count; i++) size += strlen(rows->names[list->at[i]]) + 1;
    void *block;
    SEQD_CHECK(seqd_panel_own(dataset, size, 1, &block, error));
    const char **names = block;
    char *to = (char *)block + (size_t)list->count * sizeof(char *);
    for (int32_t i = 0; i < list->count; i++) {
        const char *name = rows->names[list->at[i]];
        const size_t length = strlen(name) + 1;
        memcpy(to, name, length);
        names[i] = to;
        to += length;
    }
    *out = names;
    return SEQD_OK;
}

/* A series that never said anything has the empty category. */
static int32_t complete(seqd_intern *values, int32_t *cat, const int64_t *numbers, int64_t count, seqd_error *error)
{
    for (int64_t s = 0; s < count; s++)
        if (cat[numbers[s]] < 0) SEQD_CHECK(seqd_intern_add(values, "", 0, &cat[numbers[s]], error));
    return SEQD_OK;
}

/* Names in byte order at *names and *text, which move on; codes[number] becomes the place of a text among them. */
static int32_t order_names(seqd_context *context, const seqd_intern *values, const char ***names, char **text,
                           int64_t **codes, seqd_error *error)
{
    const size_t count = (size_t)values->count;
    int64_t *order = seqd_alloc_array(context, 2 * count, sizeof *order);
    if (!order) return seqd_fail_alloc(context, 2 * count * sizeof *order, error);
    seqd_intern_sort(values, order, order + count);
    for (size_t i = 0; i < count; i++) {
        const char *name = seqd_intern_text(values, (int32_t)order[i]);
        const size_t length = strlen(name) + 1;
        memcpy(*text, name, length);
        *(*names)++ = *text;
        *text += length;
    }
    /* The scratch half is free now. */
    for (size_t i = 0; i < count; i++) order[count + (size_t)order[i]] = (int64_t)i;
    memmove(order, order + count, count * sizeof *order);
    *codes = order;
    return SEQD_OK;
}

static int32_t build_categories(seqd_dataset *dataset, seqd_rows *rows, const int64_t *numbers, seqd_error *error)
{
    const seqd_column_list *list = &rows->columns.cat;
    const size_t series = (size_t)dataset->series_count, columns = (size_t)list->count;
    size_t name_count = 0, bytes = 0;
    void *block;
    for (size_t k = 0; k < columns; k++) {
        SEQD_CHECK(complete(&rows->cat_values[k], rows->cat[k], numbers, dataset->series_count, error));
        name_count += (size_t)rows->cat_values[k].count;
        bytes += rows->cat_values[k].byte_count;
    }
    const char **columns_of = NULL;
    SEQD_CHECK(copy_names(dataset, rows, list, &columns_of, error));
    SEQD_CHECK(seqd_panel_own(dataset, columns, sizeof *dataset->dictionaries, &block, error));
    dataset->dictionaries = block;
    SEQD_CHECK(seqd_panel_own(dataset, columns, sizeof *dataset->cat, &block, error));
    dataset->cat = block;
    SEQD_CHECK(seqd_panel_own(dataset, columns * series, sizeof(int32_t), &block, error));
    int32_t *cat = block;
    SEQD_CHECK(seqd_panel_own(dataset, name_count * sizeof(char *) + bytes, 1, &block, error));
    const char **names = block;
    char *text = (char *)block + name_count * sizeof(char *);
    for (size_t k = 0; k < columns; k++) {
        int64_t *codes = NULL;
        dataset->dictionaries[k] = (seqd_dictionary){ columns_of[k], names, rows->cat_values[k].count };
        SEQD_CHECK(order_names(dataset->context, &rows->cat_values[k], &names, &text, &codes, error));
        for (size_t s = 0; s < series; s++) cat[k * series + s] = (int32_t)codes[rows->cat[k][numbers[s]]];
        seqd_free(dataset->context, codes);
        dataset->cat[k] = cat + k * series;
    }
    dataset->cat_count = list->count;
    return SEQD_OK;
}

/* A series that never said anything has the mean of those that did. */
static int32_t build_numbers(seqd_dataset *dataset, const seqd_rows *rows, const int64_t *numbers, seqd_error *error)
{
    const seqd_column_list *list = &rows->columns.real;
    const size_t series = (size_t)dataset->series_count, columns = (size_t)list->count;
    void *block;
    SEQD_CHECK(copy_names(dataset, rows, list, &dataset->real_names, error));
    SEQD_CHECK(seqd_panel_own(dataset, columns, sizeof *dataset->real, &block, error));
    dataset->real = block;
    SEQD_CHECK(seqd_panel_own(dataset, columns * series, sizeof(float), &block, error));
    float *real = block;
    for (size_t k = 0; k < columns; k++) {
        double sum = 0.0;
        int64_t count = 0;
        for (size_t s = 0; s < series; s++) {
            const double value = rows->real[k][numbers[s]];
            if (isnan(value)) continue;
            sum += value;
            count++;
        }
        const double mean = count > 0 ? sum / (double)count : 0.0;
        for (size_t s = 0; s < series; s++) {
            const double value = rows->real[k][numbers[s]];
            real[k * series + s] = (float)(isnan(value) ? mean : value);
        }
        dataset->real[k] = real + k * series;
    }
    dataset->real_count = list->count;
    return SEQD_OK;
}

int32_t seqd_build_static(seqd_dataset *dataset, seqd_rows *rows, const int64_t *numbers, seqd_error *error)
{
    const seqd_columns *columns = &rows->columns;
    if (columns->known.count > 0) {
        SEQD_CHECK(copy_names(dataset, rows, &columns->known, &dataset->known_names, error));
        dataset->known_count = columns->known.count;
    }
    if (columns->past.count > 0) {
        SEQD_CHECK(copy_names(dataset, rows, &columns->past, &dataset->past_names, error));
        dataset->past_count = columns->past.count;
    }
    if (columns->cat.count > 0) SEQD_CHECK(build_categories(dataset, rows, numbers, error));
    if (columns->real.count > 0) SEQD_CHECK(build_numbers(dataset, rows, numbers, error));
    return SEQD_OK;
}
