/* SPDX-License-Identifier: Apache-2.0 */
#include "feature_set.h"

#include <string.h>

#include "alloc.h"

/* No step has this number: dates end long before, and whole numbers have no calendar. */
#define NO_STEP INT64_MIN

bool seqd_almanac_reserve(const seqd_features *features, int64_t count, seqd_almanac *almanac)
{
    int64_t room = 64;
    if (count <= almanac->room || features->calendar_count == 0) return true;
    while (room < count) room *= 2;
    float *values = seqd_alloc(features->context,
                               (size_t)room * (size_t)features->calendar_count * sizeof *values);
    int64_t *steps = seqd_alloc(features->context, (size_t)room * sizeof *steps);
    if (!values || !steps) {
        seqd_free(features->context, values);
        seqd_free(features->context, steps);
        return false;
    }
    for (int64_t i = 0; i < room; i++) steps[i] = NO_STEP;
    seqd_almanac_clear(features, almanac);
    *almanac = (seqd_almanac){steps, values, room};
    return true;
}

void seqd_almanac_clear(const seqd_features *features, seqd_almanac *almanac)
{
    seqd_free(features->context, almanac->steps);
    seqd_free(features->context, almanac->values);
    memset(almanac, 0, sizeof *almanac);
}

/* The remainder that is never negative: room is a power of two. */
static int64_t place_of(const seqd_almanac *almanac, int64_t step) { return step & (almanac->room - 1); }

void seqd_almanac_add(const seqd_features *features, int64_t first, int64_t last, seqd_almanac *almanac)
{
    if (almanac->room == 0) return;
    for (int64_t step = first; step <= last; step++) {
        const int64_t place = place_of(almanac, step);
        if (almanac->steps[place] == step) continue;
        seqd_features_calendar(features, step, almanac->values + place * features->calendar_count);
        almanac->steps[place] = step;
    }
}

const float *seqd_almanac_at(const seqd_features *features, const seqd_almanac *almanac, int64_t step,
                             float room[SEQD_MOST_CALENDAR])
{
    if (almanac->room > 0) {
        const int64_t place = place_of(almanac, step);
        if (almanac->steps[place] == step) return almanac->values + place * features->calendar_count;
    }
    seqd_features_calendar(features, step, room);
    return room;
}
