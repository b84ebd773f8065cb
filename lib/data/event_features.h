/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_EVENT_FEATURES_H
#define SEQD_DATA_EVENT_FEATURES_H

#include "feature_set.h"

/* What feature_set.c, binding.c and window.c hand over where a dataset holds events. */

/*
 * Statistics, categories and classes from the events of the dataset alone.
 * Errors: SEQD_E_DATA when nothing is labelled, or all with one class; SEQD_E_OPTION.
 */
int32_t seqd_event_features_build(const seqd_options *options, const seqd_dataset *dataset, seqd_features *features,
                                  seqd_error *error);
int32_t seqd_event_features_derive(seqd_features *features, seqd_error *error);
void seqd_event_features_clear(seqd_features *features);

/* Fields of a binding whose context, features and dataset are set. */
int32_t seqd_event_bind(seqd_binding *binding, seqd_error *error);
void seqd_event_unbind(seqd_binding *binding);

void seqd_event_shard_place(const seqd_features *features, int32_t rows, int32_t steps, struct seqd_arena *arena,
                            seqd_shard *shard);
void seqd_event_shard_fill(const seqd_binding *binding, const seqd_window *windows, int32_t count, seqd_shard *shard);

/* The inputs of event i of a sequence: input_count numbers. */
void seqd_event_inputs(const seqd_binding *binding, int64_t series, int64_t i, float *x);

/* event_curve.c: quantiles of values that rise (count > 0), and the place of a value among them as a normal deviate. */
void seqd_curve_draw(const double *values, int64_t count, double curve[SEQD_CURVE_POINTS]);
void seqd_curve_normal(double normal[SEQD_CURVE_POINTS]);
double seqd_curve_place(const double *curve, const double *normal, double value);

#endif
