/* SPDX-License-Identifier: Apache-2.0 */
#include "feature_set.h"

#include <string.h>

#include "alloc.h"
#include "context.h"
#include "event_features.h"
#include "scale.h"
#include "status.h"

static int32_t find_column(const char *const *names, int32_t count, const char *name)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

/* The name may come from a model file of anyone's making. */
static int32_t fail_lacking(const char *kind, const char *name, seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE];
    return seqd_fail(error, SEQD_E_DATA, "the data lack the %s column '%s', which the model was trained with", kind,
                     seqd_quote(name, strlen(name), quoted));
}

static int32_t bind_columns(const seqd_column_stats *stats, int32_t count, const char *const *names,
                            const float *const *columns, int32_t have, const char *kind, const float **out,
                            seqd_error *error)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t at = find_column(names, have, stats[i].name);
        if (at < 0) return fail_lacking(kind, stats[i].name, error);
        out[i] = columns[at];
    }
    return SEQD_OK;
}

/* 1 + position in a sorted dictionary, 0 when it is not there. */
static int32_t lookup(const seqd_dictionary *dictionary, const char *name)
{
    int32_t low = 0, high = dictionary->count;
    while (low < high) {
        const int32_t middle = (low + high) / 2, order = strcmp(dictionary->names[middle], name);
        if (order == 0) return middle + 1;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return 0;
}

static int32_t bind_statics(seqd_binding *binding, seqd_error *error)
{
    const seqd_features *features = binding->features;
    const seqd_dataset *data = binding->dataset;
    for (int32_t c = 0; c < features->cat_count; c++) {
        const char *column = features->dictionaries[c].column;
        int32_t at = 0;
        while (at < data->cat_count && strcmp(data->dictionaries[at].column, column) != 0) at++;
        if (at == data->cat_count) return fail_lacking("static", column, error);
        binding->cat_at[c] = at;
    }
    for (int32_t r = 0; r < features->real_count; r++) {
        const int32_t at = find_column(data->real_names, data->real_count, features->real[r].name);
        if (at < 0) return fail_lacking("static", features->real[r].name, error);
        binding->real_at[r] = at;
    }
    return SEQD_OK;
}

void seqd_binding_statics(const seqd_binding *binding, int64_t series, int32_t *cats, float *reals)
{
    const seqd_features *features = binding->features;
    const seqd_dataset *data = binding->dataset;
    for (int32_t c = 0; c < features->cat_count; c++) {
        const seqd_dictionary *theirs = &data->dictionaries[binding->cat_at[c]];
        const int32_t value = data->cat[binding->cat_at[c]][series];
        cats[c] = value >= 0 && value < theirs->count ? lookup(&features->dictionaries[c], theirs->names[value]) : 0;
    }
    for (int32_t r = 0; r < features->real_count; r++) {
        const seqd_column_stats *stats = &features->real[r];
        const double value = (double)data->real[binding->real_at[r]][series];
        reals[r] = value == value ? seqd_squash((float)((value - stats->mean) / stats->deviation)) : 0.0f;
    }
}

/* What a dataset of any size is bound by: its columns, none of its values. */
static int32_t bind(seqd_context *context, const seqd_features *features, const seqd_dataset *dataset,
                    seqd_binding *binding, seqd_error *error)
{
    binding->context = context;
    binding->features = features;
    binding->dataset = dataset;
    if (features->kind == SEQD_DATA_EVENTS) {
        seqd_event_unbind(binding);
        return seqd_event_bind(binding, error);
    }
    SEQD_CHECK(seqd_need_panel(dataset, error));
    binding->history = dataset->y;
    binding->transform = seqd_target_is_log(features);
    if (features->calendar.freq != dataset->calendar.freq)
        return seqd_fail(error, SEQD_E_DATA, "the model was trained with freq=%s, the data have freq=%s",
                         seqd_freq_name(features->calendar.freq), seqd_freq_name(dataset->calendar.freq));
    if (features->use_stock && !dataset->in_stock)
        return seqd_fail(error, SEQD_E_DATA, "the data lack the in-stock column, which the model was trained with");
    SEQD_CHECK(bind_columns(features->known, features->known_count, dataset->known_names, dataset->known,
                            dataset->known_count, "known-future", binding->known, error));
    SEQD_CHECK(bind_columns(features->past, features->past_count, dataset->past_names, dataset->past,
                            dataset->past_count, "past", binding->past, error));
    return bind_statics(binding, error);
}

/* Calendar steps that windows of a series read: all of them, or those of the window at its end. */
static void calendar_range(const seqd_binding *binding, int64_t series, int64_t *first, int64_t *last)
{
    const seqd_features *features = binding->features;
    const seqd_series *s = &binding->dataset->series[series];
    *first = s->start + (binding->light ? s->length : 0) - features->context_length;
    *last = s->start + s->length - 1 + features->horizon;
}

/*
 * Series that lie far apart in time, each with a few steps, would make a long table of which little is read: they do
 * without one.
 */
static int32_t bind_calendar(seqd_binding *binding, seqd_error *error)
{
    const seqd_features *features = binding->features;
    const int64_t count = binding->dataset->series_count;
    int64_t low = INT64_MAX, high = INT64_MIN, first, last, held_first = 1, held_last = 0;
    if (features->calendar_count == 0 || count == 0) return SEQD_OK;
    for (int64_t i = 0; i < count; i++) {
        calendar_range(binding, i, &first, &last);
        if (first < low) low = first;
        if (last > high) high = last;
    }
    if (high - low >= binding->dataset->step_count + 65536) return SEQD_OK;
    if (!seqd_almanac_reserve(features, high - low + 1, &binding->almanac))
        return seqd_fail_alloc(binding->context, (size_t)(high - low + 1) * (size_t)features->calendar_count *
                               sizeof(float), error);
    for (int64_t i = 0; i < count; i++) {
        calendar_range(binding, i, &first, &last);
        if (first >= held_first && last <= held_last) continue; /* as the series before it, usually */
        seqd_almanac_add(features, first, last, &binding->almanac);
        held_first = first, held_last = last;
    }
    return SEQD_OK;
}

/* Past the history nothing is known: what a view must not see is not read. */
static void bind_steps(seqd_binding *binding, float *loc, double *scratch)
{
    const seqd_features *features = binding->features;
    const seqd_dataset *data = binding->dataset;
    for (int64_t i = 0; i < data->series_count; i++) {
        const seqd_series *series = &data->series[i];
        float *own = binding->transformed ? binding->transformed + series->offset : NULL;
        for (int64_t t = 0; own && t < series->length; t++)
            own[t] = (float)seqd_target_transform(features, (double)data->y[series->offset + t]);
        float *scale = binding->scale + series->offset, *level = binding->level + series->offset;
        seqd_scale_series(features, own ? own : data->y + series->offset, series->length,
                          binding->loc ? binding->loc + series->offset : loc, scale, scratch);
        for (int64_t t = 0; t < series->length; t++) level[t] = seqd_scale_level(features, scale[t]);
    }
}

static bool always_zero(const seqd_features *features)
{
    return (features->scaler == SEQD_SCALER_MEAN_ABS || features->scaler == SEQD_SCALER_NONE) &&
           features->differencing == SEQD_DIFFERENCING_NONE;
}

static int64_t longest_series(const seqd_dataset *dataset)
{
    int64_t longest = 0;
    for (int64_t i = 0; i < dataset->series_count; i++)
        if (dataset->series[i].length > longest) longest = dataset->series[i].length;
    return longest;
}

/* Scalers of every step, and the static columns of every series. */
static int32_t hold(seqd_binding *binding, seqd_error *error)
{
    const seqd_features *features = binding->features;
    const seqd_dataset *dataset = binding->dataset;
    seqd_context *context = binding->context;
    const size_t steps = (size_t)dataset->step_count, series = (size_t)dataset->series_count;
    double *scratch = seqd_alloc_array(context, seqd_scale_room(features) + 1, sizeof *scratch);
    float *ignored = NULL;
    binding->scale = seqd_alloc_array(context, steps, sizeof(float));
    binding->level = seqd_alloc_array(context, steps, sizeof(float));
    bool complete = scratch && binding->scale && binding->level;
    if (always_zero(features)) {
        ignored = seqd_alloc_array(context, (size_t)longest_series(dataset) + 1, sizeof(float));
        complete = complete && ignored;
    } else {
        binding->loc = seqd_alloc_array(context, steps, sizeof(float));
        complete = complete && binding->loc;
    }
    if (binding->transform) {
        binding->transformed = seqd_alloc_array(context, steps, sizeof(float));
        complete = complete && binding->transformed;
    }
    if (features->cat_count > 0) {
        binding->cats = seqd_alloc_array(context, series * (size_t)features->cat_count, sizeof(int32_t));
        complete = complete && binding->cats;
    }
    if (features->real_count > 0) {
        binding->reals = seqd_alloc_array(context, series * (size_t)features->real_count, sizeof(float));
        complete = complete && binding->reals;
    }
    if (complete) {
        bind_steps(binding, ignored, scratch);
        for (int64_t i = 0; i < dataset->series_count; i++)
            seqd_binding_statics(binding, i, binding->cats ? binding->cats + i * features->cat_count : NULL,
                                 binding->reals ? binding->reals + i * features->real_count : NULL);
        if (binding->transform) {
            binding->history = binding->transformed;
            binding->transform = false;
        }
    }
    seqd_free(context, scratch);
    seqd_free(context, ignored);
    return complete ? SEQD_OK : seqd_fail_alloc(context, steps * 3 * sizeof(float), error);
}

int32_t seqd_binding_create(seqd_context *context, const seqd_features *features, const seqd_dataset *dataset,
                            seqd_binding *binding, seqd_error *error)
{
    memset(binding, 0, sizeof *binding);
    const bool panel = features->kind == SEQD_DATA_PANEL;
    int32_t status = bind(context, features, dataset, binding, error);
    if (status == SEQD_OK && panel) status = bind_calendar(binding, error);
    if (status == SEQD_OK && panel) status = hold(binding, error);
    if (status != SEQD_OK) seqd_binding_clear(binding);
    return status;
}

int32_t seqd_binding_lighten(seqd_context *context, const seqd_features *features, const seqd_dataset *dataset,
                             seqd_binding *binding, seqd_error *error)
{
    binding->light = true;
    SEQD_CHECK(bind(context, features, dataset, binding, error));
    return features->kind == SEQD_DATA_PANEL ? bind_calendar(binding, error) : SEQD_OK;
}

void seqd_binding_clear(seqd_binding *binding)
{
    if (!binding->context) return;
    seqd_almanac_clear(binding->features, &binding->almanac);
    seqd_event_unbind(binding);
    seqd_free(binding->context, binding->transformed);
    seqd_free(binding->context, binding->loc);
    seqd_free(binding->context, binding->scale);
    seqd_free(binding->context, binding->level);
    seqd_free(binding->context, binding->cats);
    seqd_free(binding->context, binding->reals);
    memset(binding, 0, sizeof *binding);
}
