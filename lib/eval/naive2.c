/* SPDX-License-Identifier: Apache-2.0 */
#include "yardsticks.h"

/*
 * Naive2 of the M4 competition (Makridakis, Spiliotis & Assimakopoulos 2020): when the autocorrelation at one season
 * is significant, the last value without its season is repeated and the season is put back; else the last value is.
 */

/* |r_m| > 1.645 sqrt((1 + 2 sum_{k<m} r_k^2) / n), from three seasons on. */
static bool is_seasonal(const double *y, int64_t n, int64_t season)
{
    if (season <= 1 || n / 3 < season) return false;
    double mean = 0;
    for (int64_t t = 0; t < n; t++) mean += y[t];
    mean /= (double)n;
    double variance = 0;
    for (int64_t t = 0; t < n; t++) variance += (y[t] - mean) * (y[t] - mean);
    if (!(variance > 0)) return false;
    double squares = 0, r = 0;
    for (int64_t k = 1; k <= season; k++) {
        squares += r * r;
        r = 0;
        for (int64_t t = k; t < n; t++) r += (y[t] - mean) * (y[t - k] - mean);
        r /= variance;
    }
    return fabs(r) > 1.645 * sqrt((1 + 2 * squares) / (double)n);
}

/* Centred moving average over one season (of even length: the outermost two count half). */
static double trend_at(const double *y, int64_t t, int64_t season)
{
    const int64_t half = season / 2;
    double sum = 0;
    for (int64_t i = t - half; i <= t + half; i++) sum += y[i];
    if (season % 2 == 0) sum -= 0.5 * (y[t - half] + y[t + half]);
    return sum / (double)season;
}

/* Multiplicative indices of a classical decomposition: mean ratio to the trend per phase, normalised to mean 1. */
static bool seasonal_indices(const double *y, int64_t n, int64_t season, double *index)
{
    const int64_t half = season / 2;
    double total = 0;
    for (int64_t phase = 0; phase < season; phase++) {
        double sum = 0;
        int64_t count = 0;
        for (int64_t t = phase; t < n - half; t += season) {
            if (t < half) continue;
            const double trend = trend_at(y, t, season);
            if (trend == 0) continue;
            sum += y[t] / trend;
            count++;
        }
        index[phase] = count > 0 ? sum / (double)count : 1;
        total += index[phase];
    }
    if (!(total > 0) || isinf(total)) return false;
    for (int64_t phase = 0; phase < season; phase++) index[phase] *= (double)season / total;
    return true;
}

void seqd_yardstick_naive2(seqd_yardstick *self)
{
    const int64_t n = self->length, season = self->settings->season;
    double *filled = self->scratch, *index = self->scratch + n;
    /* The decomposition needs every step: a missing one takes the value of a season before, or the one before. */
    for (int64_t t = 0; t < n; t++)
        filled[t] = !isnan(self->y[t]) ? self->y[t] : filled[season > 1 && t >= season ? t - season : t - 1];
    if (!is_seasonal(filled, n, season) || !seasonal_indices(filled, n, season, index)) {
        seqd_yardstick_naive(self);
        return;
    }
    /* A phase in which nothing is ever sold has index 0 and says nothing about the level. */
    double level = (double)NAN;
    for (int64_t t = 0; t < n; t++) {
        if (isnan(self->y[t])) continue;
        if (!isnan(level)) seqd_yardstick_miss(self, self->y[t] - level * index[t % season]);
        if (index[t % season] > 0) level = self->y[t] / index[t % season];
    }
    if (isnan(level) || isinf(level)) {
        self->squares = 0;
        self->errors = 0;
        seqd_yardstick_naive(self);
        return;
    }
    for (int32_t h = 0; h < self->horizon; h++) self->point[h] = level * index[(n + h) % season];
}
