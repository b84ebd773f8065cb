/* SPDX-License-Identifier: Apache-2.0 */
#include "event_features.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "options.h"
#include "sort.h"
#include "status.h"
#include "text.h"

/* What a network's last layer may be asked for; the same as of a label column. */
#define MOST_CLASSES 65536
/* Bytes of a category that a model keeps. */
#define MOST_TEXT 1000

typedef struct moments {
    double sum, squares, count;
} moments;

static void add(moments *m, double value)
{
    m->sum += value;
    m->squares += value * value;
    m->count += 1.0;
}

static void describe(const moments *m, double *mean, double *deviation)
{
    *mean = m->count > 0.0 ? m->sum / m->count : 0.0;
    const double variance = m->count > 1.0 ? m->squares / m->count - *mean * *mean : 0.0;
    *deviation = variance > 1e-12 * (1.0 + *mean * *mean) ? sqrt(variance) : 1.0;
}

static double signed_log1p(double value)
{
    return copysign(log1p(fabs(value)), value);
}

static void measure_number(const seqd_dataset *dataset, int32_t c, seqd_event_features *f)
{
    const float *column = dataset->events->num[c];
    moments m = { 0 };
    for (int64_t s = 0; s < dataset->series_count; s++)
        for (int64_t i = 0; i < dataset->series[s].length; i++) {
            const double value = (double)column[dataset->series[s].offset + i];
            if (value == value) add(&m, f->transform == SEQD_NUM_LOG1P ? signed_log1p(value) : value);
        }
    seqd_copy_text(f->num[c].name, sizeof f->num[c].name, dataset->events->num_names[c]);
    describe(&m, &f->num[c].mean, &f->num[c].deviation);
    if (f->transform != SEQD_NUM_NONE && f->transform != SEQD_NUM_QUANTILE) return;
    f->num[c].mean = 0.0;
    f->num[c].deviation = 1.0;
}

static int64_t count_events(const seqd_dataset *dataset)
{
    int64_t count = 0;
    for (int64_t s = 0; s < dataset->series_count; s++) count += dataset->series[s].length;
    return count;
}

static int32_t draw_curves(const seqd_dataset *dataset, seqd_features *features, seqd_error *error)
{
    seqd_event_features *f = &features->events;
    const size_t points = (size_t)f->num_count * SEQD_CURVE_POINTS, room = (size_t)count_events(dataset);
    if (f->transform != SEQD_NUM_QUANTILE || f->num_count == 0) return SEQD_OK;
    f->curves = seqd_alloc_array(features->context, points, sizeof *f->curves);
    double *values = seqd_alloc_array(features->context, room, sizeof *values);
    if (!f->curves || !values) {
        seqd_free(features->context, values);
        return seqd_fail_alloc(features->context, (points + room) * sizeof *values, error);
    }
    for (int32_t c = 0; c < f->num_count; c++) {
        int64_t count = 0;
        for (int64_t s = 0; s < dataset->series_count; s++)
            for (int64_t i = 0; i < dataset->series[s].length; i++) {
                const float value = dataset->events->num[c][dataset->series[s].offset + i];
                if (value == value) values[count++] = (double)value;
            }
        seqd_sort_doubles(values, count);
        if (count > 0) seqd_curve_draw(values, count, f->curves + (size_t)c * SEQD_CURVE_POINTS);
    }
    seqd_free(features->context, values);
    return SEQD_OK;
}

static void measure_gaps(const seqd_dataset *dataset, seqd_event_features *f)
{
    moments m = { 0 };
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const double *time = dataset->events->time + dataset->series[s].offset;
        for (int64_t i = 1; i < dataset->series[s].length; i++) add(&m, log1p(time[i] - time[i - 1]));
    }
    describe(&m, &f->gap_mean, &f->gap_deviation);
}

/* Copies those names of a dictionary that have a mark, one block with their text. */
static int32_t copy_marked(seqd_features *features, const seqd_dictionary *from, const int64_t *marks, int64_t least,
                           seqd_dictionary *to, seqd_error *error)
{
    size_t text = 0;
    int32_t count = 0;
    for (int32_t i = 0; i < from->count; i++) {
        if (marks[i] < least) continue;
        text += strlen(from->names[i]) + 1;
        count++;
    }
    char *at = seqd_dictionary_place(features->context, to, from->column, count, text);
    if (!at) return seqd_fail_alloc(features->context, (size_t)count * sizeof *to->names + text, error);
    for (int32_t i = 0; i < from->count; i++) {
        if (marks[i] < least) continue;
        const size_t size = strlen(from->names[i]) + 1;
        to->names[to->count++] = memcpy(at, from->names[i], size);
        at += size;
    }
    return SEQD_OK;
}

static int32_t copy_tokens(const seqd_options *options, const seqd_dataset *dataset, seqd_features *features,
                           seqd_error *error)
{
    const seqd_events *events = dataset->events;
    seqd_event_features *f = &features->events;
    const int64_t least = seqd_option_i64(options, SEQD_OPT_MIN_COUNT);
    if (events->token_count == 0) return SEQD_OK;
    f->tokens = seqd_alloc_array(features->context, (size_t)events->token_count, sizeof *f->tokens);
    if (!f->tokens) return seqd_fail_alloc(features->context, sizeof *f->tokens, error);
    f->token_count = events->token_count;
    for (int32_t c = 0; c < f->token_count; c++) {
        const seqd_dictionary *from = &events->dictionaries[c];
        int64_t *marks = seqd_alloc_array(features->context, (size_t)from->count + 1, sizeof *marks);
        if (!marks) return seqd_fail_alloc(features->context, (size_t)from->count * sizeof *marks, error);
        for (int64_t s = 0; s < dataset->series_count; s++)
            for (int64_t i = 0; i < dataset->series[s].length; i++) {
                const int32_t token = events->token[c][dataset->series[s].offset + i];
                if (token >= 0) marks[token]++;
            }
        for (int32_t i = 0; i < from->count; i++)
            if (strlen(from->names[i]) > MOST_TEXT) marks[i] = 0; /* a model file has no room for it */
        const int32_t status = copy_marked(features, from, marks, least, &f->tokens[c], error);
        seqd_free(features->context, marks);
        SEQD_CHECK(status);
    }
    return SEQD_OK;
}

static int32_t fail_unlabelled(const seqd_events *events, seqd_error *error)
{
    if (*events->unlabelled) return seqd_fail(error, SEQD_E_DATA, "nothing is labelled: %s", events->unlabelled);
    if (events->label_kind == SEQD_LABEL_COLUMN)
        return seqd_fail(error, SEQD_E_DATA, "nothing is labelled: no row has a value in the label column");
    if (events->label_kind == SEQD_LABEL_NEXT_EVENT)
        return seqd_fail(error, SEQD_E_DATA, "nothing is labelled: no sequence has two events");
    return seqd_fail(error, SEQD_E_DATA, "nothing is labelled: no event lies label_window before the end of the data");
}

/* Classes that are answers, or the mean and deviation of a number. */
static int32_t measure_labels(const seqd_dataset *dataset, seqd_features *features, seqd_error *error)
{
    const seqd_events *events = dataset->events;
    seqd_event_features *f = &features->events;
    moments m = { 0 };
    int64_t *marks = NULL, different = 0;
    if (*events->unlabelled) return fail_unlabelled(events, error);
    if (f->task == SEQD_TASK_CLASSIFY) {
        marks = seqd_alloc_array(features->context, (size_t)events->classes.count + 1, sizeof *marks);
        if (!marks) return seqd_fail_alloc(features->context, (size_t)events->classes.count * sizeof *marks, error);
    }
    for (int64_t s = 0; s < dataset->series_count; s++)
        for (int64_t i = 0; i < dataset->series[s].length; i++) {
            const double label = (double)seqd_events_label(dataset, s, i);
            if (!(label == label)) continue;
            add(&m, label);
            if (marks && marks[(int64_t)label]++ == 0) different++;
        }
    int32_t status = SEQD_OK;
    describe(&m, &f->label_mean, &f->label_deviation);
    if (!(m.count > 0.0)) {
        status = fail_unlabelled(events, error);
    } else if (marks && different < 2) {
        int32_t only = 0;
        char quoted[SEQD_QUOTE_SIZE];
        while (marks[only] == 0) only++;
        const char *name = events->classes.names[only];
        status = seqd_fail(error, SEQD_E_DATA, "all labels are '%s': two classes at least are needed to learn from",
                           seqd_quote(name, strlen(name), quoted));
    } else if (marks && different > MOST_CLASSES) {
        status = seqd_fail(error, SEQD_E_LIMIT, "%lld classes are more than %d (option min_count takes rare ones out)",
                           (long long)different, MOST_CLASSES);
    } else if (marks && f->label_kind != SEQD_LABEL_NEXT_EVENT) {
        status = copy_marked(features, &events->classes, marks, f->label_kind == SEQD_LABEL_WITHIN ? 0 : 1, &f->classes,
                             error);
    }
    seqd_free(features->context, marks);
    return status;
}

/* The classes of the next event are those the network knows as inputs. */
static int32_t copy_event_classes(seqd_features *features, seqd_error *error)
{
    seqd_event_features *f = &features->events;
    if (f->task != SEQD_TASK_CLASSIFY || f->label_kind != SEQD_LABEL_NEXT_EVENT) return SEQD_OK;
    const seqd_dictionary *from = &f->tokens[0];
    int64_t *marks = seqd_alloc_array(features->context, (size_t)from->count + 1, sizeof *marks);
    if (!marks) return seqd_fail_alloc(features->context, (size_t)from->count * sizeof *marks, error);
    int32_t status = copy_marked(features, from, marks, 0, &f->classes, error);
    seqd_free(features->context, marks);
    if (status == SEQD_OK && f->classes.count < 2)
        status = seqd_fail(error, SEQD_E_DATA, "fewer than two kinds of events occur as often as option min_count asks");
    if (status == SEQD_OK && f->classes.count > MOST_CLASSES)
        status = seqd_fail(error, SEQD_E_LIMIT, "%d classes are more than %d (option min_count takes rare ones out)",
                           (int)f->classes.count, MOST_CLASSES);
    return status;
}

int32_t seqd_event_features_build(const seqd_options *options, const seqd_dataset *dataset, seqd_features *features,
                                  seqd_error *error)
{
    const seqd_events *events = dataset->events;
    seqd_event_features *f = &features->events;
    features->kind = SEQD_DATA_EVENTS;
    f->task = events->task;
    f->label_kind = events->label_kind;
    f->transform = (seqd_num_transform)seqd_option_choice(options, SEQD_OPT_NUM_TRANSFORM);
    f->use_gap = events->time && seqd_option_i64(options, SEQD_OPT_TIME_GAP) != 0;
    f->seconds = events->seconds;
    f->window = events->window;
    f->gap_deviation = 1.0;
    if (features->horizon > 1 && f->label_kind != SEQD_LABEL_NEXT_EVENT)
        return seqd_fail(error, SEQD_E_OPTION, "horizon=%d: several answers after one event are those of "
                                               "label=next_event alone", (int)features->horizon);
    for (int32_t c = 0; c < events->num_count; c++)
        if (strlen(events->num_names[c]) >= sizeof f->num[c].name)
            return seqd_fail(error, SEQD_E_LIMIT, "the name of column '%.40s...' is longer than %d bytes",
                             events->num_names[c], (int)sizeof f->num[c].name - 1);
    f->num_count = events->num_count;
    for (int32_t c = 0; c < f->num_count; c++) measure_number(dataset, c, f);
    if (f->use_gap) measure_gaps(dataset, f);
    SEQD_CHECK(draw_curves(dataset, features, error));
    SEQD_CHECK(copy_tokens(options, dataset, features, error));
    SEQD_CHECK(measure_labels(dataset, features, error));
    SEQD_CHECK(copy_event_classes(features, error));
    return seqd_event_features_derive(features, error);
}

int32_t seqd_event_features_derive(seqd_features *features, seqd_error *error)
{
    seqd_event_features *f = &features->events;
    const bool classes = f->task == SEQD_TASK_CLASSIFY;
    bool fits = features->horizon >= 1 && features->horizon <= 4096 && features->context_length >= 1 &&
                features->context_length <= 16384 && (!classes || f->classes.count >= 2) &&
                (features->horizon == 1 || f->label_kind == SEQD_LABEL_NEXT_EVENT) &&
                (f->label_kind != SEQD_LABEL_NEXT_EVENT || (classes && f->token_count > 0)) &&
                isfinite(f->label_mean) && f->label_deviation > 0.0 && isfinite(f->label_deviation) &&
                isfinite(f->gap_mean) && f->gap_deviation > 0.0 && isfinite(f->gap_deviation) &&
                (f->num_count == 0 || (f->transform == SEQD_NUM_QUANTILE) == (f->curves != NULL));
    for (int64_t i = 1; fits && f->curves && i < (int64_t)f->num_count * SEQD_CURVE_POINTS; i++)
        fits = i % SEQD_CURVE_POINTS == 0 || f->curves[i] >= f->curves[i - 1];
    if (!fits) return seqd_fail(error, SEQD_E_FORMAT, "feature description out of range");
    features->input_count = f->num_count + (f->use_gap ? 1 : 0);
    features->future_count = features->calendar_count = features->past_reach = features->lag_count = 0;
    features->plan.count = 0;
    features->plan.horizon = features->horizon;
    seqd_curve_normal(f->normal);
    return SEQD_OK;
}

static void clear_dictionary(seqd_context *context, seqd_dictionary *dictionary)
{
    seqd_free(context, (void *)(uintptr_t)dictionary->names);
    seqd_free(context, (void *)(uintptr_t)dictionary->column);
    memset(dictionary, 0, sizeof *dictionary);
}

void seqd_event_features_clear(seqd_features *features)
{
    seqd_event_features *f = &features->events;
    if (!features->context) return;
    for (int32_t c = 0; c < f->token_count && f->tokens; c++) clear_dictionary(features->context, &f->tokens[c]);
    clear_dictionary(features->context, &f->classes);
    seqd_free(features->context, f->tokens);
    seqd_free(features->context, f->curves);
    f->tokens = NULL;
    f->curves = NULL;
    f->token_count = 0;
}
