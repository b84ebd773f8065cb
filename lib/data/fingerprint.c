/* SPDX-License-Identifier: Apache-2.0 */
#include "fingerprint.h"

#include <string.h>

#include "events.h"
#include "rng.h"

static void add(uint64_t *hash, uint64_t word)
{
    *hash = seqd_rng_mix(*hash ^ word) + UINT64_C(0x9e3779b97f4a7c15);
}

static void add_text(uint64_t *hash, const char *text)
{
    uint64_t word = 0;
    size_t i = 0;
    for (; text[i] != '\0'; i++) {
        word = word << 8 | (unsigned char)text[i];
        if (i % 8 == 7) {
            add(hash, word);
            word = 0;
        }
    }
    add(hash, word);
    add(hash, i);
}

/* Two to a word; every NaN is the same. */
static void add_floats(uint64_t *hash, const float *values, int64_t count)
{
    uint64_t word = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = 0x7fc00000u;
        if (values[i] == values[i]) memcpy(&bits, &values[i], sizeof bits);
        word = word << 32 | bits;
        if (i % 2 == 1 || i + 1 == count) {
            add(hash, word);
            word = 0;
        }
    }
}

static void add_category(uint64_t *hash, const seqd_dictionary *dictionary, int32_t index)
{
    if (index < 0 || index >= dictionary->count) add(hash, UINT64_MAX);
    else add_text(hash, dictionary->names[index]);
}

static void add_panel(uint64_t *hash, const seqd_dataset *data, int64_t index)
{
    const seqd_series *series = &data->series[index];
    const int64_t at = series->offset, length = series->length;
    add(hash, (uint64_t)series->start);
    add_floats(hash, data->y + at, length);
    for (int64_t t = 0; data->in_stock && t < length; t++) add(hash, data->in_stock[at + t]);
    for (int32_t c = 0; c < data->known_count; c++) add_floats(hash, data->known[c] + at, length + series->future);
    for (int32_t c = 0; c < data->past_count; c++) add_floats(hash, data->past[c] + at, length);
    for (int32_t c = 0; c < data->real_count; c++) add_floats(hash, &data->real[c][index], 1);
    for (int32_t c = 0; c < data->cat_count; c++) add_category(hash, &data->dictionaries[c], data->cat[c][index]);
}

static void add_events(uint64_t *hash, const seqd_dataset *data, int64_t index)
{
    const seqd_events *events = data->events;
    const int64_t at = data->series[index].offset, length = data->series[index].length;
    for (int64_t i = 0; events->time && i < length; i++) {
        uint64_t bits;
        memcpy(&bits, &events->time[at + i], sizeof bits);
        add(hash, bits);
    }
    for (int32_t c = 0; c < events->num_count; c++) add_floats(hash, events->num[c] + at, length);
    for (int32_t c = 0; c < events->token_count; c++)
        for (int64_t i = 0; i < length; i++) add_category(hash, &events->dictionaries[c], events->token[c][at + i]);
    for (int64_t i = 0; i < length; i++) {
        const float label = seqd_events_label(data, index, i);
        add_floats(hash, &label, 1);
    }
}

uint64_t seqd_dataset_fingerprint(const seqd_dataset *data)
{
    uint64_t hash = 0;
    add(&hash, data->events != NULL);
    add(&hash, (uint64_t)data->series_count);
    if (!data->events) {
        add(&hash, (uint64_t)data->calendar.freq);
        add(&hash, (uint64_t)data->season);
        for (int32_t c = 0; c < data->known_count; c++) add_text(&hash, data->known_names[c]);
        for (int32_t c = 0; c < data->past_count; c++) add_text(&hash, data->past_names[c]);
        for (int32_t c = 0; c < data->real_count; c++) add_text(&hash, data->real_names[c]);
        for (int32_t c = 0; c < data->cat_count; c++) add_text(&hash, data->dictionaries[c].column);
    } else {
        for (int32_t c = 0; c < data->events->num_count; c++) add_text(&hash, data->events->num_names[c]);
        for (int32_t c = 0; c < data->events->token_count; c++) add_text(&hash, data->events->dictionaries[c].column);
        for (int32_t c = 0; c < data->events->classes.count; c++) add_text(&hash, data->events->classes.names[c]);
    }
    for (int64_t i = 0; i < data->series_count; i++) {
        add_text(&hash, data->series[i].id);
        add(&hash, (uint64_t)data->series[i].length);
        if (data->events) add_events(&hash, data, i);
        else add_panel(&hash, data, i);
    }
    return hash;
}
