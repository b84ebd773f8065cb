/* SPDX-License-Identifier: Apache-2.0 */
#include "adapt.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"
#include "text.h"

static bool same_text(const seqd_options *a, const seqd_options *b, seqd_option_id id)
{
    return strcmp(seqd_option_text(a, id), seqd_option_text(b, id)) == 0;
}

/* --- what the network reads --- */

static int32_t other_columns(const char *kind, seqd_error *error)
{
    return seqd_fail(error, SEQD_E_DATA, "the data have other %s columns than those that the model was made for", kind);
}

static int32_t same_columns(const seqd_column_stats *a, int32_t a_count, const seqd_column_stats *b, int32_t b_count,
                            const char *kind, seqd_error *error)
{
    if (a_count != b_count) return other_columns(kind, error);
    for (int32_t i = 0; i < a_count; i++)
        if (strcmp(a[i].name, b[i].name) != 0) return other_columns(kind, error);
    return SEQD_OK;
}

static int32_t same_categories(const seqd_dictionary *a, int32_t a_count, const seqd_dictionary *b, int32_t b_count,
                               seqd_error *error)
{
    if (a_count != b_count) return other_columns("categorical", error);
    for (int32_t i = 0; i < a_count; i++)
        if (strcmp(a[i].column, b[i].column) != 0) return other_columns("categorical", error);
    return SEQD_OK;
}

static const char *name_of(const void *p) { return *(const char *const *)p; }

static int compare(const void *a, const void *b) { return strcmp(name_of(a), name_of(b)); }

/* The names of both, in byte order. */
static int32_t unite(seqd_context *context, const seqd_dictionary *old, seqd_dictionary *fresh, seqd_error *error)
{
    const int32_t most = old->count + fresh->count;
    const char **names = seqd_alloc_array(context, (size_t)most + 1, sizeof *names);
    if (!names) return seqd_fail_alloc(context, (size_t)most * sizeof *names, error);
    for (int32_t i = 0; i < most; i++) names[i] = i < old->count ? old->names[i] : fresh->names[i - old->count];
    qsort((void *)names, (size_t)most, sizeof *names, compare);
    int32_t count = 0;
    size_t bytes = 0;
    for (int32_t i = 0; i < most; i++) {
        if (count > 0 && strcmp(names[count - 1], names[i]) == 0) continue;
        bytes += strlen(names[i]) + 1;
        names[count++] = names[i];
    }
    seqd_dictionary both = {0};
    char *at = seqd_dictionary_place(context, &both, fresh->column, count, bytes);
    for (int32_t i = 0; at && i < count; i++) {
        const size_t size = strlen(names[i]) + 1;
        both.names[i] = memcpy(at, names[i], size);
        at += size;
    }
    seqd_free(context, (void *)names);
    if (!at) {
        seqd_free(context, (void *)(uintptr_t)both.column);
        return seqd_fail_alloc(context, bytes, error);
    }
    both.count = count;
    seqd_free(context, (void *)(uintptr_t)fresh->names);
    seqd_free(context, (void *)(uintptr_t)fresh->column);
    *fresh = both;
    return SEQD_OK;
}

static void carry_columns(const seqd_column_stats *old, int32_t count, seqd_column_stats *fresh)
{
    for (int32_t i = 0; i < count; i++) fresh[i] = old[i];
}

static int32_t carry_panel(const seqd_model *from, seqd_model *model, seqd_error *error)
{
    const seqd_features *old = &from->features;
    seqd_features *f = &model->features;
    SEQD_CHECK(same_columns(old->known, old->known_count, f->known, f->known_count, "known", error));
    SEQD_CHECK(same_columns(old->past, old->past_count, f->past, f->past_count, "past", error));
    SEQD_CHECK(same_columns(old->real, old->real_count, f->real, f->real_count, "static numeric", error));
    SEQD_CHECK(same_categories(old->dictionaries, old->cat_count, f->dictionaries, f->cat_count, error));
    if (old->calendar.freq != f->calendar.freq)
        return seqd_fail(error, SEQD_E_DATA, "the data have another frequency than those that the model was made for");
    if (old->use_stock != f->use_stock) return other_columns("in-stock", error);
    carry_columns(old->known, old->known_count, f->known);
    carry_columns(old->past, old->past_count, f->past);
    carry_columns(old->real, old->real_count, f->real);
    for (int32_t c = 0; c < f->cat_count; c++)
        SEQD_CHECK(unite(model->context, &old->dictionaries[c], &f->dictionaries[c], error));
    if (old->scaler == f->scaler) {
        f->typical_scale = old->typical_scale;
        f->log_scale_mean = old->log_scale_mean;
        f->log_scale_deviation = old->log_scale_deviation;
    }
    /* how long the new rows reach back decides nothing that the old ones have decided */
    if (same_text(from->options, model->options, SEQD_OPT_CALENDAR)) f->use_calendar = old->use_calendar;
    if (same_text(from->options, model->options, SEQD_OPT_LAGS) && old->season == f->season) {
        f->season_count = old->season_count;
        memcpy(f->seasons, old->seasons, sizeof f->seasons);
    }
    seqd_free(model->context, f->offsets);
    f->offsets = NULL;
    return seqd_features_derive(f, error);
}

static int32_t carry_events(const seqd_model *from, seqd_model *model, seqd_error *error)
{
    const seqd_event_features *old = &from->features.events;
    seqd_event_features *f = &model->features.events;
    SEQD_CHECK(same_columns(old->num, old->num_count, f->num, f->num_count, "numeric", error));
    SEQD_CHECK(same_categories(old->tokens, old->token_count, f->tokens, f->token_count, error));
    if (old->task != f->task || old->label_kind != f->label_kind)
        return seqd_fail(error, SEQD_E_DATA, "the model was made for another task or label");
    if (old->transform == f->transform) {
        carry_columns(old->num, old->num_count, f->num);
        if (old->curves && f->curves)
            memcpy(f->curves, old->curves, (size_t)old->num_count * SEQD_CURVE_POINTS * sizeof *f->curves);
    }
    f->gap_mean = old->gap_mean;
    f->gap_deviation = old->gap_deviation;
    if (same_text(from->options, model->options, SEQD_OPT_HEAD)) {
        f->label_mean = old->label_mean;
        f->label_deviation = old->label_deviation;
    }
    return SEQD_OK;
}

int32_t seqd_adapt_features(const seqd_model *from, seqd_model *model, seqd_error *error)
{
    if (from->features.kind != model->features.kind)
        return seqd_fail(error, SEQD_E_DATA, "the model was made for another kind of data");
    return from->features.kind == SEQD_DATA_PANEL ? carry_panel(from, model, error)
                                                  : carry_events(from, model, error);
}

/* --- weights --- */

static bool same_names(const seqd_dictionary *a, const seqd_dictionary *b)
{
    if (a->count != b->count) return false;
    for (int32_t i = 0; i < a->count; i++)
        if (strcmp(a->names[i], b->names[i]) != 0) return false;
    return true;
}

/* Do the outputs of both mean the same? */
static bool same_head(const seqd_model *from, const seqd_model *model)
{
    static const seqd_option_id told[] = {SEQD_OPT_HEAD, SEQD_OPT_QUANTILES, SEQD_OPT_TWEEDIE_POWER,
                                          SEQD_OPT_HUBER_DELTA};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (!same_text(from->options, model->options, told[i])) return false;
    return same_names(&from->features.events.classes, &model->features.events.classes);
}

/* Row 0 is the unknown, row 1 + i the category names[i]; what is new keeps its start values. */
static void carry_rows(const seqd_dictionary *old, const seqd_dictionary *fresh, int64_t width, const float *rows,
                       float *to)
{
    const size_t bytes = (size_t)width * sizeof *to;
    memcpy(to, rows, bytes);
    for (int32_t i = 0, k = 0; i < fresh->count && k < old->count;) { /* both are in byte order */
        const int order = strcmp(fresh->names[i], old->names[k]);
        if (order == 0) memcpy(to + (1 + i) * width, rows + (1 + k) * width, bytes);
        if (order <= 0) i++;
        if (order >= 0) k++;
    }
}

/* The dictionary behind "embedding.<c>.weight", or NULL. */
static const seqd_dictionary *dictionary_of(const seqd_model *model, const char *name)
{
    static const char prefix[] = "embedding.";
    const seqd_features *f = &model->features;
    const size_t begin = sizeof prefix - 1;
    const char *dot;
    int64_t index;
    if (strncmp(name, prefix, begin) != 0 || !(dot = strchr(name + begin, '.'))) return NULL;
    if (!seqd_parse_i64(name + begin, (size_t)(dot - name) - begin, &index)) return NULL;
    const bool events = f->kind == SEQD_DATA_EVENTS;
    const int32_t count = events ? f->events.token_count : f->cat_count;
    if (index < 0 || index >= count) return NULL;
    return events ? &f->events.tokens[index] : &f->dictionaries[index];
}

static bool carry_tensor(const seqd_model *from, seqd_model *model, const seqd_tensor *tensor, bool head)
{
    const int32_t at = seqd_tensors_find(&from->net.tensors, tensor->name);
    if (at < 0) return false;
    const seqd_tensor *old = &from->net.tensors.at[at];
    const float *values = from->parameters + old->offset;
    float *to = model->parameters + tensor->offset;
    const seqd_dictionary *a = dictionary_of(from, tensor->name), *b = dictionary_of(model, tensor->name);
    if (a && b && old->shape[1] == tensor->shape[1]) {
        carry_rows(a, b, tensor->shape[1], values, to);
        return true;
    }
    if (!head && strncmp(tensor->name, "output", 6) == 0) return false;
    if (old->rank != tensor->rank || old->shape[0] != tensor->shape[0] || old->shape[1] != tensor->shape[1]) return false;
    memcpy(to, values, (size_t)(tensor->shape[0] * tensor->shape[1]) * sizeof *to);
    return true;
}

void seqd_adapt_weights(const seqd_model *from, seqd_model *model)
{
    const seqd_tensors *tensors = &model->net.tensors;
    const bool head = same_head(from, model);
    int32_t carried = 0;
    for (int32_t i = 0; i < tensors->count; i++) {
        if (carry_tensor(from, model, &tensors->at[i], head)) carried++;
        else seqd_log(model->context, SEQD_LOG_INFO, "adapt: parameter %s starts fresh", tensors->at[i].name);
    }
    seqd_model_card_number(model, "carried_parameters", carried);
    if (!head || carried < tensors->count) return;
    /* what was measured of the old forecasts holds until training measures it anew */
    memcpy(model->spread, from->spread, sizeof model->spread);
    model->path_common = from->path_common;
    model->path_fade = from->path_fade;
    model->threshold = from->threshold;
}

/* The widths of the embeddings as a list, so that more categories do not make them wider. */
static int32_t pin_widths(const seqd_model *from, seqd_options *options, seqd_error *error)
{
    char list[64 * 6] = "0", number[SEQD_NUMBER_SIZE];
    size_t used = 0;
    if (!same_text(from->options, options, SEQD_OPT_EMBEDDING_SIZE)) return SEQD_OK; /* another was asked for */
    for (int32_t i = 0; i < from->net.tensors.count; i++) {
        const seqd_tensor *tensor = &from->net.tensors.at[i];
        if (!dictionary_of(from, tensor->name)) continue; /* in the order of the columns */
        const size_t length = seqd_format_i64(tensor->shape[1], number);
        if (used + length + 2 > sizeof list) break;
        if (used > 0) list[used++] = ',';
        memcpy(list + used, number, length + 1);
        used += length;
    }
    return seqd_option_set(options, SEQD_OPT_EMBEDDING_SIZE, list, error);
}

int32_t seqd_model_renew(seqd_model *from, const seqd_options *options, const seqd_dataset *dataset, seqd_model **out,
                         seqd_error *error)
{
    seqd_options *own = NULL;
    SEQD_CHECK(seqd_model_need_network(from, "adapting", error));
    SEQD_CHECK(seqd_options_clone(options ? options : from->options, &own, error));
    int32_t status = pin_widths(from, own, error);
    if (status == SEQD_OK) status = seqd_model_begin_read(from, error);
    if (status == SEQD_OK) {
        status = seqd_model_make(from->context, own, dataset, from, out, error);
        seqd_model_end_read(from);
    }
    seqd_options_free(own);
    return status;
}
