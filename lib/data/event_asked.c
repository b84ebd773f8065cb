/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <string.h>

static bool is_labelled(const seqd_dataset *dataset, int64_t series, int64_t i, int32_t answers)
{
    for (int32_t a = 0; a < answers; a++) {
        const float label = seqd_events_label(dataset, series, i + a);
        if (!(label == label)) return false;
    }
    return true;
}

int64_t seqd_events_asked(const seqd_dataset *dataset, int64_t series, seqd_asked which, int32_t answers, int64_t after)
{
    const int64_t length = dataset->series[series].length;
    const int64_t *from = dataset->events->answer_from;
    if (which == SEQD_ASKED_END)
        return after < length - 1 && !(from && length - 1 < from[series]) ? length - 1 : -1;
    if (which == SEQD_ASKED_EVERY) {
        for (int64_t i = after + 1; i < length; i++)
            if (is_labelled(dataset, series, i, answers)) return i;
        return -1;
    }
    for (int64_t i = length - 1; i > after; i--)
        if (is_labelled(dataset, series, i, answers)) return i;
    return -1;
}

int64_t seqd_events_count_asked(const seqd_dataset *dataset, seqd_asked which, int32_t answers)
{
    int64_t count = 0;
    for (int64_t s = 0; s < dataset->series_count; s++)
        for (int64_t i = -1; (i = seqd_events_asked(dataset, s, which, answers, i)) >= 0;) count++;
    return count;
}

size_t seqd_events_text_size(const seqd_dictionary *classes, const seqd_dataset *dataset)
{
    size_t size = 0;
    for (int32_t c = 0; c < classes->count; c++) size += strlen(classes->names[c]) + 1;
    for (int64_t s = 0; s < dataset->series_count; s++) size += strlen(dataset->series[s].id) + 1;
    return size;
}
