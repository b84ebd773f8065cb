/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_SCALE_H
#define SEQD_DATA_SCALE_H

#include "feature_set.h"

/*
 * The scaler of one series, carried from step to step. After step t it has read, its sums are those of the observed
 * values of (t - window, t], formed by adding and subtracting since the last step that is a multiple of the window;
 * there they are summed anew, so that what subtracting leaves of a level long gone does not grow. They depend on
 * nothing before the window that ends at that multiple, so a state that begins there has the same bits as one that has
 * read everything. Besides them it knows the mean absolute value of the whole series so far.
 */
typedef struct seqd_scale_state {
    const seqd_features *features;
    double *sorted;      /* scalers of ranks: the window's values in rising order; room for seqd_scale_room numbers */
    int64_t sorted_count;
    double sum, squares, absolute; /* of the window */
    int64_t seen;
    double absolute_all;
    int64_t seen_all;
    int64_t next;        /* the step to read next */
    int64_t renewal;     /* the step at which sums are next formed anew */
    double origin;       /* of steps: the last observed value, 0 before there is one */
} seqd_scale_state;

/* Doubles that a state keeps in `sorted`. */
size_t seqd_scale_room(const seqd_features *features);
/* Before the first step. */
void seqd_scale_begin(const seqd_features *features, double *sorted, seqd_scale_state *state);

/*
 * Reads the next step, t. `leaving` is the value of step t - window, NaN when it is missing or there is none. When
 * this returns true, the sums must be renewed at once: the caller hands the values of (t - window, t] in their order,
 * in two parts.
 */
bool seqd_scale_step(seqd_scale_state *state, float value, float leaving);
void seqd_scale_renew(seqd_scale_state *state, const float *first, int64_t first_count, const float *second,
                      int64_t second_count);

/*
 * Reads on to step `last` of a series whose values lie at `values`, from its first step on; with `transform` through
 * seqd_target_transform. Of steps (differencing) it reads those between the values. Sums begin at the last multiple of the window that serves; what lies before it is read for
 * the mean absolute value only.
 */
void seqd_scale_read(seqd_scale_state *state, const float *values, bool transform, int64_t last);

/* The scaler after the last step that was read. */
void seqd_scale_tell(const seqd_scale_state *state, float *loc, float *scale);

#endif
