/* SPDX-License-Identifier: Apache-2.0 */
#include "clean.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "options.h"
#include "sort.h"
#include "status.h"

static double mean_of_present(const float *y, int64_t length, const uint8_t *absent, int64_t first)
{
    double sum = 0.0;
    int64_t count = 0;
    for (int64_t i = 0; i < length; i++) {
        if (isnan(y[i]) || seqd_bit(absent, first + i)) continue;
        sum += (double)y[i];
        count++;
    }
    return count > 0 ? sum / (double)count : (double)NAN;
}

static void interpolate(float *y, int64_t length, const uint8_t *absent, int64_t first)
{
    int64_t left = -1; /* the last step with a number */
    for (int64_t i = 0; i <= length; i++) {
        if (i < length && (seqd_bit(absent, first + i) || isnan(y[i]))) continue;
        for (int64_t k = left + 1; k < i; k++) {
            if (!seqd_bit(absent, first + k)) continue;
            const double share = (double)(k - left) / (double)(i - left);
            if (left < 0)
                y[k] = i < length ? y[i] : NAN;
            else if (i == length)
                y[k] = y[left];
            else
                y[k] = (float)((double)y[left] + ((double)y[i] - (double)y[left]) * share);
        }
        left = i;
    }
}

void seqd_fill_series(float *y, int64_t length, const uint8_t *absent, int64_t first, int32_t policy)
{
    if (policy == SEQD_FILL_INTERPOLATE) {
        interpolate(y, length, absent, first);
        return;
    }
    float value = policy == SEQD_FILL_ZERO ? 0.0f : NAN;
    if (policy == SEQD_FILL_MEAN) value = (float)mean_of_present(y, length, absent, first);
    for (int64_t i = 0; i < length; i++) {
        if (seqd_bit(absent, first + i))
            y[i] = value;
        else if (policy == SEQD_FILL_FORWARD && !isnan(y[i]))
            value = y[i];
    }
}

void seqd_carry_series(float *values, int64_t length, bool known_before)
{
    int64_t first = 0;
    while (first < length && isnan(values[first])) first++;
    float value = first < length ? values[first] : 0.0f;
    for (int64_t i = known_before ? 0 : first; i < length; i++) {
        if (isnan(values[i]))
            values[i] = value;
        else
            value = values[i];
    }
}

static double quantile_of(double *values, int64_t count, double level)
{
    seqd_sort_doubles(values, count);
    const double place = level * (double)(count - 1);
    const int64_t below = (int64_t)place;
    if (below + 1 >= count) return values[count - 1];
    return values[below] + (values[below + 1] - values[below]) * (place - (double)below);
}

int64_t seqd_clip_series(const float *raw, float *y, int64_t length, int32_t policy, double limit, double quantile,
                         double *scratch)
{
    int64_t count = 0, clipped = 0;
    double mean = 0.0, squares = 0.0;
    for (int64_t i = 0; i < length; i++) {
        y[i] = raw[i];
        if (isnan(raw[i])) continue;
        scratch[count++] = (double)raw[i];
        mean += (double)raw[i];
    }
    if (count == 0) return 0;
    double low = -(double)INFINITY, high;
    if (policy == SEQD_OUTLIERS_ZSCORE) {
        mean /= (double)count;
        for (int64_t i = 0; i < count; i++) squares += (scratch[i] - mean) * (scratch[i] - mean);
        const double reach = limit * sqrt(squares / (double)count);
        low = mean - reach;
        high = mean + reach;
    } else {
        high = quantile_of(scratch, count, quantile);
    }
    /* Compared as stored: a value on the bound shall not count as clipped for the rounding of the bound. */
    const float floor_value = (float)low, ceiling = (float)high;
    for (int64_t i = 0; i < length; i++) {
        if (raw[i] > ceiling)
            y[i] = ceiling;
        else if (raw[i] < floor_value)
            y[i] = floor_value;
        else
            continue;
        clipped++;
    }
    return clipped;
}

static int32_t clip(seqd_dataset *dataset, int32_t policy, seqd_error *error)
{
    const double limit = seqd_option_f64(dataset->options, SEQD_OPT_OUTLIER_LIMIT);
    const double quantile = seqd_option_f64(dataset->options, SEQD_OPT_OUTLIER_QUANTILE);
    int64_t longest = 1;
    for (int64_t s = 0; s < dataset->series_count; s++)
        if (dataset->series[s].length > longest) longest = dataset->series[s].length;
    double *scratch = seqd_alloc_array(dataset->context, (size_t)longest, sizeof *scratch);
    if (!scratch) return seqd_fail_alloc(dataset->context, (size_t)longest * sizeof *scratch, error);
    void *block;
    const int32_t status = seqd_panel_own(dataset, (size_t)dataset->step_count, sizeof(float), &block, error);
    if (status == SEQD_OK) {
        float *y = block;
        memcpy(y, dataset->raw, (size_t)dataset->step_count * sizeof *y);
        int64_t clipped = 0;
        for (int64_t s = 0; s < dataset->series_count; s++) {
            const seqd_series *series = &dataset->series[s];
            clipped += seqd_clip_series(dataset->raw + series->offset, y + series->offset, series->length, policy,
                                        limit,
                                        quantile, scratch);
        }
        dataset->summary.clipped = clipped;
        if (clipped > 0) {
            dataset->y = y;
        } else {
            dataset->owned_count--;
            seqd_free(dataset->context, block);
        }
    }
    seqd_free(dataset->context, scratch);
    return status;
}

static void count_steps(seqd_dataset *dataset)
{
    seqd_dataset_summary *sum = &dataset->summary;
    sum->series = dataset->series_count;
    sum->steps = sum->observed = sum->zeros = sum->missing = sum->filled = 0;
    sum->out_of_stock = sum->future_steps = 0;
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const seqd_series *series = &dataset->series[s];
        for (int64_t i = series->offset; i < series->offset + series->length; i++) {
            const float value = dataset->raw[i];
            const bool missing = isnan(value), filled = !missing && seqd_bit(dataset->absent, i);
            sum->missing += missing;
            sum->filled += filled;
            sum->observed += !missing && !filled;
            sum->zeros += value == 0.0f;
            sum->out_of_stock += dataset->in_stock && dataset->in_stock[i] == 0;
        }
        sum->steps += series->length;
        sum->future_steps += series->future;
    }
}

int32_t seqd_panel_finish(seqd_dataset *dataset, seqd_error *error)
{
    const int32_t policy = seqd_option_choice(dataset->options, SEQD_OPT_OUTLIERS);
    dataset->y = dataset->raw;
    dataset->summary.clipped = 0;
    if (policy != SEQD_OUTLIERS_NONE) SEQD_CHECK(clip(dataset, policy, error));
    count_steps(dataset);
    return SEQD_OK;
}
