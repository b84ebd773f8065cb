/* SPDX-License-Identifier: Apache-2.0 */
#include "feature_set.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
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

static int32_t bind_columns(seqd_binding *binding, const seqd_column_stats *stats, int32_t count,
                            const char *const *names, const float *const *columns, int32_t have, const char *kind,
                            const float **out, seqd_error *error)
{
    (void)binding;
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
        const seqd_dictionary *ours = &features->dictionaries[c];
        int32_t at = 0;
        while (at < data->cat_count && strcmp(data->dictionaries[at].column, ours->column) != 0) at++;
        if (at == data->cat_count) return fail_lacking("static", ours->column, error);
        const seqd_dictionary *theirs = &data->dictionaries[at];
        for (int64_t i = 0; i < data->series_count; i++) {
            const int32_t value = data->cat[at][i];
            binding->cats[i * features->cat_count + c] =
                value >= 0 && value < theirs->count ? lookup(ours, theirs->names[value]) : 0;
        }
    }
    for (int32_t r = 0; r < features->real_count; r++) {
        const seqd_column_stats *stats = &features->real[r];
        const int32_t at = find_column(data->real_names, data->real_count, stats->name);
        if (at < 0) return fail_lacking("static", stats->name, error);
        for (int64_t i = 0; i < data->series_count; i++) {
            const double value = (double)data->real[at][i];
            binding->reals[i * features->real_count + r] =
                value == value ? seqd_squash((float)((value - stats->mean) / stats->deviation)) : 0.0f;
        }
    }
    return SEQD_OK;
}

/* Past the history nothing is known: what a view must not see is not even copied. */
static void bind_history(seqd_binding *binding, double *scratch)
{
    const seqd_features *features = binding->features;
    const seqd_dataset *data = binding->dataset;
    for (int64_t i = 0; i < data->series_count; i++) {
        const seqd_series *series = &data->series[i];
        float *history = binding->history + series->offset;
        for (int64_t t = 0; t < series->length; t++)
            history[t] = (float)seqd_scaler_transform(features->scaler, (double)data->y[series->offset + t]);
        seqd_scale_series(features, history, series->length, binding->loc + series->offset,
                          binding->scale + series->offset, scratch);
    }
}

int32_t seqd_binding_create(seqd_context *context, const seqd_features *features, const seqd_dataset *dataset,
                            seqd_binding *binding, seqd_error *error)
{
    memset(binding, 0, sizeof *binding);
    binding->context = context;
    binding->features = features;
    binding->dataset = dataset;
    if (features->calendar.freq != dataset->calendar.freq)
        return seqd_fail(error, SEQD_E_DATA, "the model was trained with freq=%s, the data have freq=%s",
                         seqd_freq_name(features->calendar.freq), seqd_freq_name(dataset->calendar.freq));
    if (features->use_stock && !dataset->in_stock)
        return seqd_fail(error, SEQD_E_DATA, "the data lack the in-stock column, which the model was trained with");
    SEQD_CHECK(bind_columns(binding, features->known, features->known_count, dataset->known_names, dataset->known,
                            dataset->known_count, "known-future", binding->known, error));
    SEQD_CHECK(bind_columns(binding, features->past, features->past_count, dataset->past_names, dataset->past,
                            dataset->past_count, "past", binding->past, error));

    const size_t steps = (size_t)dataset->step_count, series = (size_t)dataset->series_count;
    double *scratch = seqd_alloc_array(context, 2 * (size_t)features->scale_window + 2, sizeof *scratch);
    binding->history = seqd_alloc_array(context, steps, sizeof(float));
    binding->loc = seqd_alloc_array(context, steps, sizeof(float));
    binding->scale = seqd_alloc_array(context, steps, sizeof(float));
    bool complete = scratch && binding->history && binding->loc && binding->scale;
    if (features->cat_count > 0) {
        binding->cats = seqd_alloc_array(context, series * (size_t)features->cat_count, sizeof(int32_t));
        complete = complete && binding->cats;
    }
    if (features->real_count > 0) {
        binding->reals = seqd_alloc_array(context, series * (size_t)features->real_count, sizeof(float));
        complete = complete && binding->reals;
    }
    int32_t status = complete ? bind_statics(binding, error)
                              : seqd_fail_alloc(context, steps * 3 * sizeof(float), error);
    if (status == SEQD_OK) bind_history(binding, scratch);
    else seqd_binding_clear(binding);
    seqd_free(context, scratch);
    return status;
}

void seqd_binding_clear(seqd_binding *binding)
{
    if (!binding->context) return;
    seqd_free(binding->context, binding->history);
    seqd_free(binding->context, binding->loc);
    seqd_free(binding->context, binding->scale);
    seqd_free(binding->context, binding->cats);
    seqd_free(binding->context, binding->reals);
    memset(binding, 0, sizeof *binding);
}
