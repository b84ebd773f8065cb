/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TRAIN_AUGMENT_H
#define SEQD_TRAIN_AUGMENT_H

#include "feature_set.h"

/*
 * What training windows go through after they were cut, so that none is seen twice as it is. All of it is a function of
 * a key and the row alone; validation windows stay as they are.
 *
 *   jitter    noise of this deviation on each scaled number that the network reads at a step: the target and its lags
 *             where they were observed, covariates; all numbers of an event
 *   scaling   one factor exp(scaling * N(0, 1)) for a window. Panel: on the distance of all its values, targets
 *             included, from the centre of the scaler (0 for scaler=mean_abs), while the scaler stays as it was; events:
 *             on their numbers
 *   slicing   the first events or steps, up to this share of a window, are as if they had not been: padding of a panel;
 *             a shorter sequence of events
 *   masking   this share of events has the unknown token in every column of categories
 */
typedef struct seqd_augment {
    double jitter, scaling, slicing, masking;
    bool any;
} seqd_augment;

/* From options. SEQD_E_OPTION: one of them has no effect on such data. */
int32_t seqd_augment_set(const seqd_options *options, const seqd_features *features, seqd_augment *augment,
                         seqd_error *error);
/* Row `row` of a filled shard; `key` is that of the training step and the window. */
void seqd_augment_row(const seqd_augment *augment, const seqd_features *features, uint64_t key, int32_t row,
                      seqd_shard *shard);

#endif
