/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "alloc.h"
#include "clean.h"
#include "context.h"
#include "options.h"
#include "status.h"

/*
 * Whole-number steps that do not end together are each series' own count, not a common calendar: then going back starts
 * from the end of each series.
 */
static bool own_counts(const seqd_dataset *dataset)
{
    return dataset->calendar.freq == SEQD_FREQ_INT &&
           seqd_option_choice(dataset->options, SEQD_OPT_SERIES_END) != SEQD_END_COMMON;
}

/* Series as they stood at step `cut`: those that had begun. places[i] is the number of series i in the parent. */
static int64_t cut_series(const seqd_dataset *parent, int64_t steps, int64_t cut, seqd_series *series,
                          int64_t *places)
{
    const bool own = own_counts(parent);
    int64_t count = 0;
    for (int64_t s = 0; s < parent->series_count; s++) {
        seqd_series now = parent->series[s];
        const int64_t visible = own ? now.length - steps : cut - now.start + 1;
        if (visible <= 0) continue;
        if (visible < now.length) {
            /* What is known in advance is known beyond the cut. */
            if (parent->known_count > 0) now.future += now.length - visible;
            now.length = visible;
        }
        series[count] = now;
        places[count++] = s;
    }
    return count;
}

static int32_t pick_static(seqd_dataset *view, const seqd_dataset *parent, const int64_t *places, seqd_error *error)
{
    const size_t count = (size_t)view->series_count;
    void *block;
    view->cat_count = parent->cat_count;
    view->real_count = parent->real_count;
    view->real_names = parent->real_names;
    view->dictionaries = parent->dictionaries;
    view->cat = parent->cat;
    view->real = parent->real;
    if (view->series_count == parent->series_count) return SEQD_OK;
    if (parent->cat_count > 0) {
        SEQD_CHECK(seqd_panel_own(view, (size_t)parent->cat_count, sizeof *view->cat, &block, error));
        view->cat = block;
        SEQD_CHECK(seqd_panel_own(view, count * (size_t)parent->cat_count, sizeof(int32_t), &block, error));
        int32_t *to = block;
        for (int32_t k = 0; k < parent->cat_count; k++, to += count) {
            view->cat[k] = to;
            for (size_t s = 0; s < count; s++) to[s] = parent->cat[k][places[s]];
        }
    }
    if (parent->real_count > 0) {
        SEQD_CHECK(seqd_panel_own(view, (size_t)parent->real_count, sizeof *view->real, &block, error));
        view->real = block;
        SEQD_CHECK(seqd_panel_own(view, count * (size_t)parent->real_count, sizeof(float), &block, error));
        float *to = block;
        for (int32_t k = 0; k < parent->real_count; k++, to += count) {
            view->real[k] = to;
            for (size_t s = 0; s < count; s++) to[s] = parent->real[k][places[s]];
        }
    }
    return SEQD_OK;
}

/* A mean or an interpolation over the whole history would let the hidden part shine through: steps are filled anew. */
static int32_t refill(seqd_dataset *view, const seqd_dataset *parent, seqd_error *error)
{
    const int32_t fill = seqd_option_choice(view->options, SEQD_OPT_FILL);
    view->raw = parent->raw;
    if (fill != SEQD_FILL_MEAN && fill != SEQD_FILL_INTERPOLATE) return SEQD_OK;
    void *block;
    SEQD_CHECK(seqd_panel_own(view, (size_t)view->step_count, sizeof(float), &block, error));
    float *raw = block;
    memcpy(raw, parent->raw, (size_t)view->step_count * sizeof *raw);
    for (int64_t s = 0; s < view->series_count; s++) {
        const seqd_series *series = &view->series[s];
        seqd_fill_series(raw + series->offset, series->length, view->absent, series->offset, fill);
    }
    view->raw = raw;
    return SEQD_OK;
}

static int32_t fill_view(seqd_dataset *view, seqd_dataset *parent, int64_t steps, int64_t cut, int64_t *places,
                         seqd_error *error)
{
    void *block;
    SEQD_CHECK(seqd_panel_own(view, (size_t)parent->series_count, sizeof *view->series, &block, error));
    view->series = block;
    view->series_count = cut_series(parent, steps, cut, view->series, places);
    if (view->series_count == 0) return seqd_fail(error, SEQD_E_ARG, "no series had begun so many steps ago");
    view->sealed = true;
    view->calendar = parent->calendar;
    view->season = parent->season;
    view->step_count = parent->step_count;
    view->in_stock = parent->in_stock;
    view->absent = parent->absent;
    view->known_count = parent->known_count;
    view->past_count = parent->past_count;
    view->known_names = parent->known_names;
    view->past_names = parent->past_names;
    view->known = parent->known;
    view->past = parent->past;
    view->summary = parent->summary;
    SEQD_CHECK(pick_static(view, parent, places, error));
    SEQD_CHECK(refill(view, parent, error));
    return seqd_panel_finish(view, error);
}

int32_t seqd_panel_before(seqd_dataset *dataset, int64_t steps, seqd_dataset **out, seqd_error *error)
{
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed");
    int64_t newest = INT64_MIN, cut;
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const int64_t last = dataset->series[s].start + dataset->series[s].length - 1;
        if (last > newest) newest = last;
    }
    if (steps < 0 || __builtin_sub_overflow(newest, steps, &cut))
        return seqd_fail(error, SEQD_E_ARG, "%lld is not a number of steps to go back", (long long)steps);
    seqd_context *context = dataset->context;
    seqd_dataset *view = seqd_alloc_zero(context, sizeof *view);
    if (!view) return seqd_fail_alloc(context, sizeof *view, error);
    int64_t *places = seqd_alloc_array(context, (size_t)dataset->series_count, sizeof *places);
    int32_t status = places ? seqd_options_clone(dataset->options, &view->options, error)
                            : seqd_fail_alloc(context, (size_t)dataset->series_count * sizeof *places, error);
    if (status != SEQD_OK) {
        seqd_free(context, places);
        seqd_free(context, view);
        return status;
    }
    atomic_init(&view->references, 1);
    view->context = seqd_context_retain(context);
    view->parent = seqd_dataset_retain(dataset);
    status = fill_view(view, dataset, steps, cut, places, error);
    seqd_free(context, places);
    if (status != SEQD_OK) {
        seqd_dataset_free(view);
        return status;
    }
    *out = view;
    return SEQD_OK;
}
