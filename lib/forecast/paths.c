/* SPDX-License-Identifier: Apache-2.0 */
#include "forecast.h"

#include <math.h>

#include "alloc.h"
#include "rng.h"
#include "sampler.h"
#include "status.h"

#define PURPOSE_PATHS UINT64_C(0x7061746873)

/* FNV-1a, 64 bit. */
static uint64_t hash_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static double within(double value, double low, double high)
{
    return value > low ? fmin(value, high) : low; /* NaN becomes low */
}

/* One path of normal scores: a common part, and a part that fades from step to step. */
static void draw_scores(seqd_rng *rng, double common, double fade, int32_t horizon, double *z)
{
    const double shared = sqrt(common) * seqd_rng_normal(rng);
    const double own = sqrt(1 - common), fresh = sqrt(1 - fade * fade);
    double state = 0;
    for (int32_t h = 0; h < horizon; h++) {
        const double noise = seqd_rng_normal(rng);
        state = h == 0 ? noise : fade * state + fresh * noise;
        z[h] = shared + own * state;
    }
}

int32_t seqd_forecast_get_paths(const seqd_forecast *forecast, int64_t series, int32_t paths, uint64_t seed,
                                double *values, seqd_error *error)
{
    if (series < 0 || series >= forecast->series_count)
        return seqd_fail(error, SEQD_E_ARG, "series %lld is out of range: the forecast has %lld", (long long)series,
                         (long long)forecast->series_count);
    if (paths < 1) return seqd_fail(error, SEQD_E_ARG, "%d paths, must be at least 1", (int)paths);
    seqd_sampler *sampler = seqd_alloc(forecast->context, sizeof *sampler);
    if (sampler == NULL) return seqd_fail_alloc(forecast->context, sizeof *sampler, error);

    const int32_t horizon = forecast->horizon, width = forecast->dist.width;
    const double common = within(forecast->path_common, 0, 1), fade = within(forecast->path_fade, 0, 1);
    const uint64_t key = seed ^ seqd_rng_mix(hash_text(forecast->ids[series]));
    for (int32_t i = 0; i < paths; i++) {
        seqd_rng rng = seqd_rng_stream(key, PURPOSE_PATHS, (uint64_t)i);
        draw_scores(&rng, common, fade, horizon, values + (int64_t)i * horizon);
    }
    /* Step by step, so that one table at a time serves all paths. */
    const float *p = forecast->parameters + (size_t)series * (size_t)horizon * (size_t)width;
    for (int32_t h = 0; h < horizon; h++) {
        seqd_sampler_set(sampler, &forecast->dist, p + (size_t)h * (size_t)width);
        seqd_sampler_apply(sampler, values + h, paths, horizon);
    }
    seqd_free(forecast->context, sampler);
    return SEQD_OK;
}
