/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <string.h>

#include "alloc.h"
#include "context.h"
#include "rng.h"
#include "status.h"

/*
 * A pass lays windows over every series, `stride` steps apart: with that of context_length each step is a forecast
 * origin about once. Each pass shifts them by an offset of its own. The order within a pass is a permutation drawn for it.
 */

/* First step at which something was observed, or the length. */
static int64_t first_observed(const seqd_dataset *dataset, const seqd_series *series)
{
    int64_t t = 0;
    while (t < series->length && !(dataset->y[series->offset + t] == dataset->y[series->offset + t])) t++;
    return t;
}

/* Steps of a series that may be targets of training; the rest is for validation. */
static int64_t train_length(const seqd_sampler *sampler, const seqd_series *series)
{
    const int64_t kept = series->length - sampler->val_size;
    /* too short to give both: train on everything */
    return kept >= 2 && kept > sampler->horizon / 2 ? kept : series->length;
}

static int64_t windows_of(const seqd_sampler *sampler, const seqd_series *series)
{
    const int64_t origins = train_length(sampler, series) - 1;
    return origins < 1 ? 0 : (origins + sampler->stride - 1) / sampler->stride;
}

static int32_t add_validation(seqd_sampler *sampler, seqd_error *error)
{
    const seqd_dataset *data = sampler->dataset;
    int64_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        count = 0;
        for (int64_t i = 0; i < sampler->count; i++) {
            const seqd_series *series = &data->series[sampler->series[i]];
            const int64_t kept = train_length(sampler, series);
            for (int64_t end = kept - 1; kept < series->length && end + 1 < series->length; end += sampler->horizon) {
                if (pass == 1)
                    sampler->validation[count] = (seqd_window){sampler->series[i], end, series->length, 1, 0};
                count++;
            }
        }
        if (pass == 0 && count > 0) {
            sampler->validation = seqd_alloc_array(sampler->context, (size_t)count, sizeof *sampler->validation);
            if (!sampler->validation)
                return seqd_fail_alloc(sampler->context, (size_t)count * sizeof *sampler->validation, error);
        }
    }
    sampler->validation_count = count;
    return SEQD_OK;
}

int32_t seqd_sampler_create(seqd_context *context, const seqd_features *features, seqd_dataset *dataset,
                            const seqd_sampling *sampling, seqd_sampler *sampler, seqd_error *error)
{
    memset(sampler, 0, sizeof *sampler);
    if (dataset->events) return seqd_event_sampler_create(context, features, dataset, sampling, sampler, error);
    sampler->context = context;
    sampler->dataset = dataset;
    sampler->context_length = features->context_length;
    sampler->horizon = features->horizon;
    sampler->val_size = sampling->val_size < 0 ? features->horizon : sampling->val_size;
    sampler->seed = sampling->seed;
    sampler->stride = sampling->stride > 0 ? sampling->stride : features->context_length;
    sampler->last_only = sampling->stride > 0;
    const size_t room = (size_t)dataset->series_count;
    sampler->series = seqd_alloc_array(context, room, sizeof *sampler->series);
    sampler->cumulative = seqd_alloc_array(context, room + 1, sizeof *sampler->cumulative);
    if (!sampler->series || !sampler->cumulative)
        return seqd_fail_alloc(context, room * sizeof(int64_t), error);
    for (int64_t i = 0; i < dataset->series_count; i++) {
        const seqd_series *series = &dataset->series[i];
        const int64_t windows = windows_of(sampler, series);
        if (windows == 0 || first_observed(dataset, series) + 1 >= train_length(sampler, series)) {
            sampler->left_out++;
            continue;
        }
        sampler->series[sampler->count] = i;
        sampler->cumulative[sampler->count + 1] = sampler->cumulative[sampler->count] + windows;
        sampler->count++;
    }
    sampler->windows = sampler->cumulative[sampler->count];
    if (sampler->count == 0)
        return seqd_fail(error, SEQD_E_DATA, "no series has two observed steps to learn from (%lld series)",
                         (long long)dataset->series_count);
    return add_validation(sampler, error);
}

void seqd_sampler_clear(seqd_sampler *sampler)
{
    if (!sampler->context) return;
    seqd_free(sampler->context, sampler->series);
    seqd_free(sampler->context, sampler->cumulative);
    seqd_free(sampler->context, sampler->validation);
    seqd_dataset_free(sampler->train_part);
    seqd_dataset_free(sampler->validation_part);
    memset(sampler, 0, sizeof *sampler);
}

/*
 * A permutation of [0, n) without a table: a Feistel network on the smallest even number of bits that holds n, walked
 * on until it falls inside (Black & Rogaway 2002).
 */
static uint64_t permuted(uint64_t x, uint64_t n, uint64_t key)
{
    int half = 1;
    while (((uint64_t)1 << 2 * half) < n) half++;
    const uint64_t mask = ((uint64_t)1 << half) - 1;
    do {
        uint64_t left = x >> half, right = x & mask;
        for (uint64_t round = 0; round < 4; round++) {
            const uint64_t mixed = left ^ (seqd_rng_mix(right + key + round * UINT64_C(0x9e3779b97f4a7c15)) & mask);
            left = right;
            right = mixed;
        }
        x = left << half | right;
    } while (x >= n);
    return x;
}

seqd_window seqd_sampler_window(const seqd_sampler *sampler, int64_t n)
{
    const uint64_t pass = (uint64_t)(n / sampler->windows), index = (uint64_t)(n % sampler->windows);
    const uint64_t key = seqd_rng_mix(sampler->seed * UINT64_C(0x9e3779b97f4a7c15) + pass + 1);
    const int64_t at = (int64_t)permuted(index, (uint64_t)sampler->windows, key);
    if (sampler->train_part) return seqd_event_sampler_window(sampler, at);
    int64_t low = 0, high = sampler->count;
    while (high - low > 1) {
        const int64_t middle = (low + high) / 2;
        if (sampler->cumulative[middle] <= at) low = middle;
        else high = middle;
    }
    const int64_t which = sampler->series[low], number = at - sampler->cumulative[low];
    const int64_t length = train_length(sampler, &sampler->dataset->series[which]);
    /* origins are 0 .. length - 2; windows are counted from the end and shifted back by the pass's offset */
    const uint64_t shift = seqd_rng_mix(key ^ (uint64_t)(which + 1)) % (uint64_t)sampler->stride;
    int64_t end = length - 2 - number * sampler->stride - (int64_t)shift;
    if (end < 0) end += length - 1; /* the part before the start wraps around to the end */
    if (end < 0) end = length - 2;
    return (seqd_window){which, end, length, sampler->last_only, 0};
}
