/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_EVAL_YARDSTICKS_H
#define SEQD_EVAL_YARDSTICKS_H

#include <math.h>

#include "eval.h"

/*
 * One history as the yardsticks see it: it begins with an observed value; missing values are NaN. Each yardstick fills
 * point[horizon] and adds the errors that it would have made one step ahead, wherever it had a forecast to make.
 */
typedef struct seqd_yardstick {
    const double *y;
    int64_t length;         /* at least 1 */
    const seqd_baseline_settings *settings;
    int32_t horizon;
    double *point;
    double *scratch;        /* 2 * length doubles */
    double squares;         /* sum of squared one-step errors */
    int64_t errors;
} seqd_yardstick;

typedef void (*seqd_yardstick_fn)(seqd_yardstick *self);

static inline void seqd_yardstick_miss(seqd_yardstick *self, double miss)
{
    self->squares += miss * miss;
    self->errors++;
}

static inline void seqd_yardstick_flat(seqd_yardstick *self, double level)
{
    for (int32_t h = 0; h < self->horizon; h++) self->point[h] = level;
}

void seqd_yardstick_naive(seqd_yardstick *self);
void seqd_yardstick_seasonal_naive(seqd_yardstick *self);
void seqd_yardstick_naive2(seqd_yardstick *self);
void seqd_yardstick_moving_average(seqd_yardstick *self);
void seqd_yardstick_ses(seqd_yardstick *self);
void seqd_yardstick_croston(seqd_yardstick *self);
void seqd_yardstick_sba(seqd_yardstick *self);
void seqd_yardstick_tsb(seqd_yardstick *self);
void seqd_yardstick_zero(seqd_yardstick *self);

#endif
