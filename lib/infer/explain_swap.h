/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_INFER_EXPLAIN_SWAP_H
#define SEQD_INFER_EXPLAIN_SWAP_H

#include "explain.h"

/*
 * Gives row `row` of a shard the values that a feature has in row `other` of another shard of the same features; what
 * is to be forecast stays.
 */
void seqd_shard_swap(const seqd_features *features, const seqd_feature_group *group, seqd_shard *shard, int32_t row,
                     const seqd_shard *from, int32_t other);

#endif
