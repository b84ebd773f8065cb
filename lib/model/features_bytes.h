/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_FEATURES_BYTES_H
#define SEQD_MODEL_FEATURES_BYTES_H

#include "bytes.h"
#include "feature_set.h"

/* The section of the model file that holds the features: its fields in the order they are written in. */
void seqd_features_put(const seqd_features *features, seqd_writer *out);
/*
 * Into zeroed features, to be cleared by seqd_features_clear also when this fails; what the scanner refuses is told by
 * in->failed.
 */
int32_t seqd_features_get(seqd_context *context, seqd_scanner *in, seqd_features *features, seqd_error *error);

#endif
