/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "event_features.h"
#include "status.h"

static int32_t fail_lacking(const char *kind, const char *name, seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE];
    return seqd_fail(error, SEQD_E_DATA, "the data lack the %s column '%s', which the model was trained with", kind,
                     seqd_quote(name, strlen(name), quoted));
}

/* map[i]: `shift` + place of the i-th name of one dictionary in another, or `none`. Both in byte order. */
static int32_t *map_names(seqd_context *context, const seqd_dictionary *from, const seqd_dictionary *to, int32_t shift,
                          int32_t none)
{
    int32_t *map = seqd_alloc_array(context, (size_t)from->count + 1, sizeof *map);
    for (int32_t i = 0, k = 0; map && i < from->count; i++) {
        while (k < to->count && strcmp(to->names[k], from->names[i]) < 0) k++;
        map[i] = k < to->count && strcmp(to->names[k], from->names[i]) == 0 ? k + shift : none;
    }
    return map;
}

static int32_t bind_columns(seqd_binding *binding, seqd_error *error)
{
    const seqd_event_features *f = &binding->features->events;
    const seqd_events *events = binding->dataset->events;
    for (int32_t c = 0; c < f->num_count; c++) {
        int32_t at = 0;
        while (at < events->num_count && strcmp(events->num_names[at], f->num[c].name) != 0) at++;
        if (at == events->num_count) return fail_lacking("numeric", f->num[c].name, error);
        binding->num[c] = events->num[at];
    }
    for (int32_t c = 0; c < f->token_count; c++) {
        int32_t at = 0;
        while (at < events->token_count && strcmp(events->dictionaries[at].column, f->tokens[c].column) != 0) at++;
        if (at == events->token_count) return fail_lacking("category", f->tokens[c].column, error);
        binding->token[c] = events->token[at];
        binding->token_map[c] = map_names(binding->context, &events->dictionaries[at], &f->tokens[c], 1, 0);
        if (!binding->token_map[c])
            return seqd_fail_alloc(binding->context, (size_t)events->dictionaries[at].count * sizeof(int32_t), error);
    }
    if (f->task != SEQD_TASK_CLASSIFY) return SEQD_OK;
    binding->class_map = map_names(binding->context, &events->classes, &f->classes, 0, -1);
    if (!binding->class_map)
        return seqd_fail_alloc(binding->context, (size_t)events->classes.count * sizeof(int32_t), error);
    return SEQD_OK;
}

static int32_t check_kind(const seqd_binding *binding, seqd_error *error)
{
    static const char *const tasks[] = { "forecast", "regress", "classify" };
    static const char *const labels[] = { "auto", "column", "next_event", "within", "count" };
    const seqd_event_features *f = &binding->features->events;
    const seqd_events *events = binding->dataset->events;
    if (!events || events->task != f->task)
        return seqd_fail(error, SEQD_E_DATA, "the model was trained with task=%s, the data were read with task=%s",
                         tasks[f->task], tasks[events ? events->task : SEQD_TASK_FORECAST]);
    if (events->label_kind != f->label_kind)
        return seqd_fail(error, SEQD_E_DATA, "the model was trained with label=%s, the data were read with label=%s",
                         labels[f->label_kind], labels[events->label_kind]);
    if (f->use_gap && !events->time)
        return seqd_fail(error, SEQD_E_DATA, "the data lack the time column, which the model was trained with");
    if (f->use_gap && events->seconds != f->seconds)
        return seqd_fail(error, SEQD_E_DATA, "the model was trained with times that are %s, those of the data are %s",
                         f->seconds ? "dates" : "plain numbers", events->seconds ? "dates" : "plain numbers");
    const bool ahead = f->label_kind == SEQD_LABEL_WITHIN || f->label_kind == SEQD_LABEL_COUNT;
    if (ahead && events->window != f->window)
        return seqd_fail(error, SEQD_E_DATA, "the data were read with another label_window than the model was trained "
                                             "with");
    return SEQD_OK;
}

static float input_of(const seqd_event_features *f, int32_t c, double value)
{
    if (!(value == value)) return 0.0f;
    if (f->transform == SEQD_NUM_QUANTILE)
        return (float)seqd_curve_place(f->curves + (size_t)c * SEQD_CURVE_POINTS, f->normal, value);
    if (f->transform == SEQD_NUM_LOG1P) value = copysign(log1p(fabs(value)), value);
    return seqd_squash((float)((value - f->num[c].mean) / f->num[c].deviation));
}

void seqd_event_inputs(const seqd_binding *binding, int64_t series, int64_t i, float *x)
{
    const seqd_event_features *f = &binding->features->events;
    const int64_t at = binding->dataset->series[series].offset + i;
    for (int32_t c = 0; c < f->num_count; c++) *x++ = input_of(f, c, (double)binding->num[c][at]);
    if (!f->use_gap) return;
    const double *time = binding->dataset->events->time + at;
    *x = i > 0 ? seqd_squash((float)((log1p(time[0] - time[-1]) - f->gap_mean) / f->gap_deviation)) : 0.0f;
}

/* A binding for training reads each event many times. */
static int32_t hold_inputs(seqd_binding *binding, seqd_error *error)
{
    const seqd_dataset *dataset = binding->dataset;
    const size_t width = (size_t)binding->features->input_count;
    if (width == 0) return SEQD_OK;
    size_t count;
    if (!seqd_mul_size((size_t)dataset->events->event_count, width, &count)) return seqd_fail_nomem(error, SIZE_MAX);
    binding->event_inputs = seqd_alloc_array(binding->context, count, sizeof(float));
    if (!binding->event_inputs) return seqd_fail_alloc(binding->context, count * sizeof(float), error);
    for (int64_t s = 0; s < dataset->series_count; s++)
        for (int64_t i = 0; i < dataset->series[s].length; i++)
            seqd_event_inputs(binding, s, i, binding->event_inputs + (size_t)(dataset->series[s].offset + i) * width);
    return SEQD_OK;
}

void seqd_event_unbind(seqd_binding *binding)
{
    for (int32_t c = 0; c < SEQD_MAX_COLUMNS; c++) {
        seqd_free(binding->context, binding->token_map[c]);
        binding->token_map[c] = NULL;
    }
    seqd_free(binding->context, binding->class_map);
    seqd_free(binding->context, binding->event_inputs);
    binding->class_map = NULL;
    binding->event_inputs = NULL;
}

int32_t seqd_event_bind(seqd_binding *binding, seqd_error *error)
{
    SEQD_CHECK(check_kind(binding, error));
    SEQD_CHECK(bind_columns(binding, error));
    return binding->light ? SEQD_OK : hold_inputs(binding, error);
}
