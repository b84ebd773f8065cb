/* SPDX-License-Identifier: Apache-2.0 */
#include "yardsticks.h"

#include "sum.h"

/* A missing step teaches nothing and is skipped, in the intermittent methods too: it is not a step without demand. */

void seqd_yardstick_zero(seqd_yardstick *self)
{
    for (int64_t t = 0; t < self->length; t++)
        if (!isnan(self->y[t])) seqd_yardstick_miss(self, self->y[t]);
    seqd_yardstick_flat(self, 0);
}

/* The last observed value. */
void seqd_yardstick_naive(seqd_yardstick *self)
{
    double last = self->y[0];
    for (int64_t t = 1; t < self->length; t++) {
        if (isnan(self->y[t])) continue;
        seqd_yardstick_miss(self, self->y[t] - last);
        last = self->y[t];
    }
    seqd_yardstick_flat(self, last);
}

/* The last observed value of the same phase; of any phase where there is none. */
void seqd_yardstick_seasonal_naive(seqd_yardstick *self)
{
    const int64_t season = self->settings->season;
    if (season <= 1 || self->length < season) {
        seqd_yardstick_naive(self);
        return;
    }
    double *phase = self->scratch;
    for (int64_t i = 0; i < season; i++) phase[i] = (double)NAN;
    double last = self->y[0];
    for (int64_t t = 0; t < self->length; t++) {
        const double y = self->y[t];
        if (isnan(y)) continue;
        if (!isnan(phase[t % season])) seqd_yardstick_miss(self, y - phase[t % season]);
        phase[t % season] = last = y;
    }
    for (int32_t h = 0; h < self->horizon; h++) {
        const double y = phase[(self->length + h) % season];
        self->point[h] = isnan(y) ? last : y;
    }
}

/* Mean of what was observed in the last `window` steps; where that is nothing, the last observed value. */
void seqd_yardstick_moving_average(seqd_yardstick *self)
{
    const int64_t window = self->settings->window;
    seqd_sum sum = { 0, 0 };
    int64_t count = 0;
    double last = self->y[0];
    for (int64_t t = 0; t < self->length; t++) {
        const double y = self->y[t];
        if (!isnan(y)) {
            if (count > 0) seqd_yardstick_miss(self, y - seqd_sum_value(&sum) / (double)count);
            seqd_sum_add(&sum, y);
            count++;
            last = y;
        }
        if (t >= window && !isnan(self->y[t - window])) {
            seqd_sum_add(&sum, -self->y[t - window]);
            if (--count == 0) sum = (seqd_sum){ 0, 0 };
        }
    }
    /* Added anew: what is left of a running sum after a huge value is not exact. */
    sum = (seqd_sum){ 0, 0 };
    count = 0;
    for (int64_t t = self->length > window ? self->length - window : 0; t < self->length; t++) {
        if (isnan(self->y[t])) continue;
        seqd_sum_add(&sum, self->y[t]);
        count++;
    }
    seqd_yardstick_flat(self, count > 0 ? seqd_sum_value(&sum) / (double)count : last);
}

/* Simple exponential smoothing, from the first observed value. */
void seqd_yardstick_ses(seqd_yardstick *self)
{
    double level = self->y[0];
    for (int64_t t = 1; t < self->length; t++) {
        if (isnan(self->y[t])) continue;
        const double miss = self->y[t] - level;
        seqd_yardstick_miss(self, miss);
        level += self->settings->smoothing * miss;
    }
    seqd_yardstick_flat(self, level);
}

/*
 * Croston 1972: the size of a demand and the interval between demands are smoothed apart, when there is demand. They
 * start with the first demand and its position. `factor` is 1, or 1 - a/2 (Syntetos & Boylan 2005).
 */
static void croston(seqd_yardstick *self, double factor)
{
    const double a = self->settings->smoothing;
    double size = 0, interval = 0, since = 1;
    for (int64_t t = 0; t < self->length; t++) {
        const double y = self->y[t];
        if (isnan(y)) continue;
        if (interval > 0) seqd_yardstick_miss(self, y - factor * size / interval);
        if (!(y > 0)) {
            since++;
            continue;
        }
        if (interval > 0) {
            size += a * (y - size);
            interval += a * (since - interval);
        } else {
            size = y;
            interval = since;
        }
        since = 1;
    }
    seqd_yardstick_flat(self, interval > 0 ? factor * size / interval : 0);
}

void seqd_yardstick_croston(seqd_yardstick *self) { croston(self, 1); }

void seqd_yardstick_sba(seqd_yardstick *self) { croston(self, 1 - self->settings->smoothing / 2); }

/*
 * Teunter, Syntetos & Babai 2011: the probability of demand is smoothed at every step, so that the forecast of a dead
 * article fades. Both start at the first demand: its size, and one over its position.
 */
void seqd_yardstick_tsb(seqd_yardstick *self)
{
    const double a = self->settings->smoothing;
    double size = 0, probability = 0, position = 1;
    for (int64_t t = 0; t < self->length; t++) {
        const double y = self->y[t];
        if (isnan(y)) continue;
        if (probability > 0) {
            seqd_yardstick_miss(self, y - probability * size);
            probability += a * ((y > 0 ? 1.0 : 0.0) - probability);
            if (y > 0) size += a * (y - size);
        } else if (y > 0) {
            size = y;
            probability = 1 / position;
        } else {
            position++;
        }
    }
    seqd_yardstick_flat(self, probability * size);
}
