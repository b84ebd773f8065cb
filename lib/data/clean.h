/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_CLEAN_H
#define SEQD_DATA_CLEAN_H

#include "panel.h"

/* Positions of the choices in the option table. */
enum { SEQD_FILL_ZERO, SEQD_FILL_FORWARD, SEQD_FILL_MEAN, SEQD_FILL_INTERPOLATE, SEQD_FILL_MISSING };
enum { SEQD_DUPLICATES_SUM, SEQD_DUPLICATES_MEAN, SEQD_DUPLICATES_LAST, SEQD_DUPLICATES_ERROR };
enum { SEQD_NEGATIVES_KEEP, SEQD_NEGATIVES_ZERO, SEQD_NEGATIVES_DROP };
enum { SEQD_OUTLIERS_NONE, SEQD_OUTLIERS_ZSCORE, SEQD_OUTLIERS_QUANTILE };
enum { SEQD_END_AUTO, SEQD_END_COMMON, SEQD_END_OWN };

static inline bool seqd_bit(const uint8_t *bits, int64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

/*
 * Writes the absent steps of y[0..length) by the policy; bit `first + i` of `absent` belongs to y[i]. What is filled
 * from other steps is filled from those that had a number; where there is none the step stays NaN.
 */
void seqd_fill_series(float *y, int64_t length, const uint8_t *absent, int64_t first, int32_t policy);

/*
 * Covariates: an empty step has the value before it. With `known_before` the first ones have the first to come (0 where
 * there is none); without, they stay NaN: what is only known afterwards was not known then.
 */
void seqd_carry_series(float *values, int64_t length, bool known_before);

/*
 * Clips the numbers of raw[0..length) into y by a policy other than none; returns how many changed. scratch[length].
 * zscore: mean +- limit deviations (of the population); quantile: at most the empirical quantile, interpolated linearly
 * between order statistics (type 7 of Hyndman & Fan 1996).
 */
int64_t seqd_clip_series(const float *raw, float *y, int64_t length, int32_t policy, double limit, double quantile,
                         double *scratch);

/*
 * Last touches of a panel or view whose series, raw and in_stock stand: clips `raw` into a `y` of its own when anything
 * is clipped, and counts the steps of the summary.
 */
int32_t seqd_panel_finish(seqd_dataset *dataset, seqd_error *error);

#endif
