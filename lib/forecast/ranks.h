/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_FORECAST_RANKS_H
#define SEQD_FORECAST_RANKS_H

#include <stdbool.h>
#include <stdint.h>

/* One score and whether it belongs to the class. */
typedef struct seqd_ranked {
    float score;
    bool belongs;
} seqd_ranked;

/*
 * Area under the receiver operating characteristic, and average precision, of scores that are put in order. NaN where
 * one of the two sides is empty (the precision: where nothing belongs).
 */
void seqd_rank_areas(seqd_ranked *scores, int64_t count, double *auroc, double *aupr);
/*
 * The threshold with the best F1: halfway between two neighbouring scores, as far from both as can be. 0.5 when nothing
 * belongs to the class.
 */
double seqd_best_threshold(seqd_ranked *scores, int64_t count);

#endif
