/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "rng.h"
#include "status.h"
#include "trainer.h"

/*
 * Windows of sequences. Where a network answers after every event, a window holds as many answers as it can: of a
 * sequence longer than a window, those of its later half, so that each of them has half a window of events before it at
 * least. Else each label has a window that ends with it.
 *
 * The last label of a sequence must not be known by its place in the window: what comes soon after hangs on whether the
 * sequence ends there, and a network that counts steps would see it coming. So the last window leaves out events at its
 * start, as many as chance says, and its last label is at any place of the later half, as the others are.
 */

/* May the answer after event i be learned? */
static bool is_labelled(const seqd_sampler *sampler, const seqd_dataset *part, int64_t series, int64_t i)
{
    const seqd_events *events = part->events;
    if (events->label_kind != SEQD_LABEL_NEXT_EVENT || sampler->horizon == 1)
        return !isnan(seqd_events_label(part, series, i));
    return i >= 0 && (!events->answer_from || i >= events->answer_from[series]) &&
           i + sampler->horizon < part->series[series].length;
}

/* The window with the last answer before event *end, which moves to the first answer of it; false: there is none. */
static bool window_before(const seqd_sampler *sampler, const seqd_dataset *part, int64_t series, int64_t *end,
                          seqd_window *window)
{
    const seqd_events *events = part->events;
    const int64_t reach = sampler->context_length;
    int64_t last = *end - 1;
    if (events->answer_at) {
        if (events->answer_at[series] > last) return false;
        last = events->answer_at[series];
        if (!is_labelled(sampler, part, series, last)) return false;
    }
    while (last >= 0 && !is_labelled(sampler, part, series, last)) last--;
    if (last < 0) return false;
    const bool one = sampler->each || events->answer_at;
    int64_t from = one ? last : last < reach ? 0 : last - (reach + 1) / 2 + 1;
    int32_t skip = 0;
    if (!one && last >= reach && *end == part->series[series].length) {
        const uint64_t half = (uint64_t)(reach + 1) / 2;
        skip = (int32_t)(seqd_rng_mix(sampler->seed ^ seqd_rng_mix((uint64_t)series + 1)) % half);
        from += skip;
    }
    *end = from;
    if (events->answer_from && from < events->answer_from[series]) from = events->answer_from[series];
    /* without a validation part, `part` is the dataset itself, whose own origin is that of another dataset */
    const bool whole = part == sampler->dataset;
    *window = (seqd_window){!whole && events->origin ? events->origin[series] : series, last, from, one,
                            skip};
    return true;
}

static int64_t count_windows(const seqd_sampler *sampler, const seqd_dataset *part, int64_t series)
{
    int64_t count = 0, end = part->series[series].length;
    seqd_window window;
    while (window_before(sampler, part, series, &end, &window)) count++;
    return count;
}

seqd_window seqd_event_sampler_window(const seqd_sampler *sampler, int64_t at)
{
    int64_t low = 0, high = sampler->count;
    while (high - low > 1) {
        const int64_t middle = (low + high) / 2;
        if (sampler->cumulative[middle] <= at) low = middle;
        else high = middle;
    }
    const int64_t series = sampler->series[low];
    int64_t end = sampler->train_part->series[series].length;
    seqd_window window = {series, 0, 0, 1, 0};
    for (int64_t n = at - sampler->cumulative[low]; n >= 0; n--)
        (void)window_before(sampler, sampler->train_part, series, &end, &window);
    return window;
}

static int32_t add_training(seqd_sampler *sampler, seqd_error *error)
{
    const seqd_dataset *part = sampler->train_part;
    const size_t room = (size_t)part->series_count;
    sampler->series = seqd_alloc_array(sampler->context, room, sizeof *sampler->series);
    sampler->cumulative = seqd_alloc_array(sampler->context, room + 1, sizeof *sampler->cumulative);
    if (!sampler->series || !sampler->cumulative)
        return seqd_fail_alloc(sampler->context, room * sizeof(int64_t), error);
    for (int64_t s = 0; s < part->series_count; s++) {
        const int64_t windows = count_windows(sampler, part, s);
        if (windows == 0) {
            sampler->left_out++;
            continue;
        }
        sampler->series[sampler->count] = s;
        sampler->cumulative[sampler->count + 1] = sampler->cumulative[sampler->count] + windows;
        sampler->count++;
    }
    sampler->windows = sampler->cumulative[sampler->count];
    if (sampler->count > 0) return SEQD_OK;
    return seqd_fail(error, SEQD_E_DATA, "no label is left to learn from beside the validation part (option "
                                         "val_fraction)");
}

static int32_t add_validation(seqd_sampler *sampler, seqd_error *error)
{
    const seqd_dataset *part = sampler->validation_part;
    int64_t count = 0;
    for (int64_t s = 0; part && s < part->series_count; s++) count += count_windows(sampler, part, s);
    if (count == 0) return SEQD_OK;
    sampler->validation = seqd_alloc_array(sampler->context, (size_t)count, sizeof *sampler->validation);
    if (!sampler->validation)
        return seqd_fail_alloc(sampler->context, (size_t)count * sizeof *sampler->validation, error);
    for (int64_t s = 0; s < part->series_count; s++) {
        int64_t end = part->series[s].length;
        while (window_before(sampler, part, s, &end, &sampler->validation[sampler->validation_count]))
            if (++sampler->validation_count == count) break;
    }
    return SEQD_OK;
}

int32_t seqd_event_sampler_create(seqd_context *context, const seqd_features *features, seqd_dataset *dataset,
                                  const seqd_sampling *sampling, seqd_sampler *sampler, seqd_error *error)
{
    memset(sampler, 0, sizeof *sampler);
    sampler->context = context;
    sampler->dataset = dataset;
    sampler->context_length = features->context_length;
    sampler->horizon = features->horizon;
    sampler->seed = sampling->seed;
    sampler->each = sampling->stride > 0 || features->horizon > 1;
    if (!(sampling->val_fraction > 0.0) || (sampling->split != SEQD_SPLIT_TIME && dataset->series_count < 2))
        sampler->train_part = seqd_dataset_retain(dataset);
    else
        SEQD_CHECK(seqd_events_split(dataset, sampling->split, 1.0 - sampling->val_fraction, sampling->seed,
                                     &sampler->train_part, &sampler->validation_part, error));
    SEQD_CHECK(add_training(sampler, error));
    return add_validation(sampler, error);
}
