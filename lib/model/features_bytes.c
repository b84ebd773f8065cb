/* SPDX-License-Identifier: Apache-2.0 */
#include "features_bytes.h"

#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"

static void put_columns(const seqd_column_stats *columns, int32_t count, seqd_writer *out)
{
    seqd_put_u32(out, (uint32_t)count);
    for (int32_t i = 0; i < count; i++) {
        seqd_put_text(out, columns[i].name);
        seqd_put_f64(out, columns[i].mean);
        seqd_put_f64(out, columns[i].deviation);
    }
}

static int32_t get_columns(seqd_column_stats *columns, seqd_scanner *in)
{
    const int32_t count = seqd_get_int(in, 0, SEQD_MAX_COLUMNS);
    for (int32_t i = 0; i < count && !in->failed; i++) {
        seqd_get_text(in, columns[i].name, sizeof columns[i].name);
        columns[i].mean = seqd_get_f64(in);
        columns[i].deviation = seqd_get_f64(in);
        if (!(columns[i].deviation > 0.0)) in->failed = true;
    }
    return count;
}

/* In the place of the frequency: what follows are the features of events. */
#define EVENTS_MARK 100

static void put_dictionary(const seqd_dictionary *dictionary, seqd_writer *out)
{
    seqd_put_text(out, dictionary->column ? dictionary->column : "");
    seqd_put_u32(out, (uint32_t)dictionary->count);
    for (int32_t i = 0; i < dictionary->count; i++) seqd_put_text(out, dictionary->names[i]);
}

static void put_events(const seqd_features *features, seqd_writer *out)
{
    const seqd_event_features *f = &features->events;
    const int32_t curves = f->curves ? f->num_count * SEQD_CURVE_POINTS : 0;
    seqd_put_u32(out, EVENTS_MARK);
    seqd_put_u32(out, (uint32_t)features->horizon);
    seqd_put_u32(out, (uint32_t)features->context_length);
    seqd_put_u32(out, (uint32_t)f->task);
    seqd_put_u32(out, (uint32_t)f->label_kind);
    seqd_put_u32(out, (uint32_t)f->transform);
    seqd_put_u32(out, f->use_gap);
    seqd_put_u32(out, f->seconds);
    seqd_put_f64(out, f->window);
    seqd_put_f64(out, f->gap_mean);
    seqd_put_f64(out, f->gap_deviation);
    seqd_put_f64(out, f->label_mean);
    seqd_put_f64(out, f->label_deviation);
    put_columns(f->num, f->num_count, out);
    for (int32_t i = 0; i < curves; i++) seqd_put_f64(out, f->curves[i]);
    seqd_put_u32(out, (uint32_t)f->token_count);
    for (int32_t c = 0; c < f->token_count; c++) put_dictionary(&f->tokens[c], out);
    put_dictionary(&f->classes, out);
}

void seqd_features_put(const seqd_features *f, seqd_writer *out)
{
    if (f->kind == SEQD_DATA_EVENTS) {
        put_events(f, out);
        return;
    }
    seqd_put_u32(out, (uint32_t)f->calendar.freq);
    seqd_put_u32(out, (uint32_t)f->calendar.anchor);
    seqd_put_u32(out, (uint32_t)f->season);
    seqd_put_u32(out, (uint32_t)f->horizon);
    seqd_put_u32(out, (uint32_t)f->context_length);
    seqd_put_u32(out, (uint32_t)f->use_calendar);
    seqd_put_u32(out, (uint32_t)f->use_stock);
    seqd_put_u32(out, (uint32_t)f->scaler);
    seqd_put_u32(out, (uint32_t)f->scale_window);
    seqd_put_f64(out, f->typical_scale);
    seqd_put_f64(out, f->log_scale_mean);
    seqd_put_f64(out, f->log_scale_deviation);
    seqd_put_u32(out, (uint32_t)f->season_count);
    for (int32_t i = 0; i < f->season_count; i++) seqd_put_u32(out, (uint32_t)f->seasons[i]);
    put_columns(f->known, f->known_count, out);
    put_columns(f->past, f->past_count, out);
    put_columns(f->real, f->real_count, out);
    seqd_put_u32(out, (uint32_t)f->cat_count);
    for (int32_t c = 0; c < f->cat_count; c++) put_dictionary(&f->dictionaries[c], out);
}

/*
 * Bytes that `count` names take with their ends; walks a copy of the scanner, so that nothing is allocated for a lie.
 */
static size_t measure_names(seqd_scanner in, int32_t count, bool *failed)
{
    char text[1024];
    size_t bytes = 0;
    for (int32_t i = 0; i < count && !in.failed; i++) {
        seqd_get_text(&in, text, sizeof text);
        bytes += strlen(text) + 1;
    }
    *failed = in.failed;
    return bytes;
}

static int32_t get_dictionary(seqd_context *context, seqd_dictionary *dictionary, seqd_scanner *in, seqd_error *error)
{
    char text[1024];
    seqd_get_text(in, text, sizeof text);
    const int32_t count = seqd_get_int(in, 0, INT32_MAX);
    if (in->failed) return SEQD_OK;
    const size_t bytes = measure_names(*in, count, &in->failed);
    if (in->failed) return SEQD_OK;
    char *at = seqd_dictionary_place(context, dictionary, text, count, bytes);
    if (!at) return seqd_fail_alloc(context, (size_t)count * sizeof *dictionary->names + bytes, error);
    const char **names = dictionary->names;
    for (int32_t i = 0; i < count; i++) {
        seqd_get_text(in, text, sizeof text);
        const size_t size = strlen(text) + 1;
        names[i] = memcpy(at, text, size);
        at += size;
        if (i > 0 && strcmp(names[i - 1], names[i]) >= 0) in->failed = true;
    }
    dictionary->count = count;
    return SEQD_OK;
}

static int32_t get_curves(seqd_features *features, seqd_scanner *in, seqd_error *error)
{
    seqd_event_features *f = &features->events;
    const int32_t count = f->num_count * SEQD_CURVE_POINTS;
    if (in->failed || f->transform != SEQD_NUM_QUANTILE || count == 0) return SEQD_OK;
    f->curves = seqd_alloc_array(features->context, (size_t)count, sizeof *f->curves);
    if (!f->curves) return seqd_fail_alloc(features->context, (size_t)count * sizeof *f->curves, error);
    for (int32_t i = 0; i < count && !in->failed; i++) f->curves[i] = seqd_get_f64(in);
    return SEQD_OK;
}

static int32_t get_events(seqd_features *features, seqd_scanner *in, seqd_error *error)
{
    seqd_event_features *f = &features->events;
    features->kind = SEQD_DATA_EVENTS;
    features->horizon = seqd_get_int(in, 1, 4096);
    features->context_length = seqd_get_int(in, 1, 16384);
    f->task = (seqd_task)seqd_get_int(in, SEQD_TASK_REGRESS, SEQD_TASK_CLASSIFY);
    f->label_kind = (seqd_label_kind)seqd_get_int(in, SEQD_LABEL_COLUMN, SEQD_LABEL_COUNT);
    f->transform = (seqd_num_transform)seqd_get_int(in, SEQD_NUM_STANDARD, SEQD_NUM_NONE);
    f->use_gap = seqd_get_int(in, 0, 1) != 0;
    f->seconds = seqd_get_int(in, 0, 1) != 0;
    f->window = seqd_get_f64(in);
    f->gap_mean = seqd_get_f64(in);
    f->gap_deviation = seqd_get_f64(in);
    f->label_mean = seqd_get_f64(in);
    f->label_deviation = seqd_get_f64(in);
    f->num_count = get_columns(f->num, in);
    SEQD_CHECK(get_curves(features, in, error));
    const int32_t tokens = seqd_get_int(in, 0, SEQD_MAX_COLUMNS);
    if (in->failed) return SEQD_OK;
    if (tokens > 0) {
        f->tokens = seqd_alloc_array(features->context, (size_t)tokens, sizeof *f->tokens);
        if (!f->tokens) return seqd_fail_alloc(features->context, (size_t)tokens, error);
    }
    for (int32_t c = 0; c < tokens && !in->failed; c++) {
        f->token_count = c + 1;
        SEQD_CHECK(get_dictionary(features->context, &f->tokens[c], in, error));
    }
    if (!in->failed) SEQD_CHECK(get_dictionary(features->context, &f->classes, in, error));
    return in->failed ? SEQD_OK : seqd_features_derive(features, error);
}

int32_t seqd_features_get(seqd_context *context, seqd_scanner *in, seqd_features *f, seqd_error *error)
{
    f->context = context;
    const int32_t freq = seqd_get_int(in, SEQD_FREQ_DAY, EVENTS_MARK);
    if (freq == EVENTS_MARK) return get_events(f, in, error);
    if (freq > SEQD_FREQ_INT) in->failed = true;
    f->calendar.freq = (seqd_freq)freq;
    f->calendar.anchor = seqd_get_int(in, 0, 6);
    f->season = seqd_get_int(in, 1, 10000);
    f->horizon = seqd_get_int(in, 1, 4096);
    f->context_length = seqd_get_int(in, 1, 16384);
    f->use_calendar = seqd_get_int(in, 0, 2);
    f->use_stock = seqd_get_int(in, 0, 1);
    f->scaler = (seqd_scaler)seqd_get_int(in, SEQD_SCALER_MEAN_ABS, SEQD_SCALER_NONE);
    f->scale_window = seqd_get_int(in, 1, 16384);
    f->typical_scale = seqd_get_f64(in);
    f->log_scale_mean = seqd_get_f64(in);
    f->log_scale_deviation = seqd_get_f64(in);
    f->season_count = seqd_get_int(in, 1, 6);
    for (int32_t i = 0; i < f->season_count; i++) f->seasons[i] = seqd_get_int(in, 1, 10000);
    f->known_count = get_columns(f->known, in);
    f->past_count = get_columns(f->past, in);
    f->real_count = get_columns(f->real, in);
    const int32_t cats = seqd_get_int(in, 0, SEQD_MAX_COLUMNS);
    if (in->failed) return SEQD_OK;
    if (cats > 0) {
        f->dictionaries = seqd_alloc_array(context, (size_t)cats, sizeof *f->dictionaries);
        if (!f->dictionaries) return seqd_fail_alloc(context, (size_t)cats, error);
    }
    for (int32_t c = 0; c < cats && !in->failed; c++) {
        f->cat_count = c + 1;
        SEQD_CHECK(get_dictionary(context, &f->dictionaries[c], in, error));
    }
    return in->failed ? SEQD_OK : seqd_features_derive(f, error);
}
