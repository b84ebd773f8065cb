/* SPDX-License-Identifier: Apache-2.0 */
#include "shard.h"

#include <math.h>

float seqd_squash(float z)
{
    if (fabsf(z) <= 10.0f) return z;
    return copysignf(10.0f + logf(fabsf(z) * 0.1f), z);
}

void seqd_shard_lags(const seqd_shard *shard, const seqd_lag_plan *plan, int32_t row, int32_t t, float *lags)
{
    const int64_t window = shard->past + shard->steps;
    const float *history = shard->history + row * (window + shard->horizon);
    const int32_t now = shard->past + t;
    float loc[SEQD_MAX_LAGS], inverse[SEQD_MAX_LAGS];

    for (int32_t l = 0; l < plan->count; l++) {
        const int32_t at = now - plan->shift[l] > 0 ? now - plan->shift[l] : 0;
        loc[l] = shard->loc[row * window + at];
        inverse[l] = 1.0f / shard->scale[row * window + at];
    }
    for (int32_t h = 0; h < plan->horizon; h++) {
        float *out = lags + h * plan->count, before = 0.0f;
        for (int32_t l = 0; l < plan->count; l++) {
            float sum = 0.0f;
            int32_t seen = 0, at = now + plan->offset[h * plan->count + l];
            for (int32_t j = 0; j < plan->repeats[l] && at >= 0; j++, at -= plan->spacing[l]) {
                const float value = history[at];
                if (value == value) {
                    sum += value;
                    seen++;
                }
            }
            if (seen > 0) before = seqd_squash((sum / (float)seen - loc[l]) * inverse[l]);
            out[l] = before;
        }
    }
}
