/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "event_build.h"
#include "status.h"
#include "text.h"

/* counts[i]: is category i of event_column one of label_events? Those that are none are told in `unlabelled`. */
static void mark_events(const seqd_dataset *dataset, uint8_t *counts)
{
    seqd_events *events = dataset->events;
    const seqd_dictionary *names = &events->dictionaries[0];
    const char *cursor = seqd_option_text(dataset->options, SEQD_OPT_LABEL_EVENTS), *item;
    size_t length;
    while (seqd_next_item(&cursor, &item, &length)) {
        int32_t at = 0;
        while (at < names->count &&
               (strlen(names->names[at]) != length || memcmp(names->names[at], item, length) != 0))
            at++;
        if (at < names->count) {
            counts[at] = 1;
            continue;
        }
        char wanted[SEQD_QUOTE_SIZE], nearest[SEQD_QUOTE_SIZE], text[64];
        (void)seqd_quote(item, length, wanted);
        seqd_copy_text(text, sizeof text, wanted);
        const int32_t near = seqd_nearest_name(text, names->names, names->count);
        (void)snprintf(events->unlabelled, sizeof events->unlabelled,
                       "option label_events: no event is '%s'%s%s%s", wanted, near >= 0 ? "; did you mean '" : "",
                       near >= 0 ? seqd_quote(names->names[near], strlen(names->names[near]), nearest) : "",
                       near >= 0 ? "'?" : "");
    }
}

/* Events of one sequence counted in (time, time + window], by two fingers that only move on. */
static void look_ahead(const seqd_events *events, const seqd_series *series, const uint8_t *counts, float *label)
{
    const double *time = events->time + series->offset;
    const int32_t *token = counts ? events->token[0] + series->offset : NULL;
    int64_t from = 0, to = 0, inside = 0;
    for (int64_t i = 0; i < series->length; i++) {
        for (; to < series->length && time[to] <= time[i] + events->window; to++)
            inside += !counts || (token[to] >= 0 && counts[token[to]]);
        for (; from < series->length && time[from] <= time[i]; from++)
            inside -= !counts || (token[from] >= 0 && counts[token[from]]);
        const float value = events->label_kind == SEQD_LABEL_WITHIN ? (float)(inside > 0) : (float)inside;
        label[series->offset + i] = time[i] + events->window <= events->until ? value : NAN;
    }
}

int32_t seqd_event_look_ahead(seqd_dataset *dataset, float *label, seqd_error *error)
{
    const seqd_events *events = dataset->events;
    uint8_t *counts = NULL;
    if (*seqd_option_text(dataset->options, SEQD_OPT_LABEL_EVENTS)) {
        const size_t names = (size_t)events->dictionaries[0].count;
        counts = seqd_alloc_zero(dataset->context, names + 1);
        if (!counts) return seqd_fail_alloc(dataset->context, names + 1, error);
        mark_events(dataset, counts);
    }
    for (int64_t s = 0; s < dataset->series_count; s++) look_ahead(events, &dataset->series[s], counts, label);
    seqd_free(dataset->context, counts);
    return SEQD_OK;
}

void seqd_event_find_answers(seqd_dataset *dataset, int64_t *answer_at)
{
    const seqd_events *events = dataset->events;
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const seqd_series *series = &dataset->series[s];
        int64_t i = series->length - 1;
        while (i >= 0 && isnan(events->label[series->offset + i])) i--;
        answer_at[s] = i;
    }
}
