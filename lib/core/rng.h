/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_RNG_H
#define SEQD_CORE_RNG_H

#include <stdint.h>

/*
 * Counter-based random numbers: the n-th number of a stream is a function of (key, n) alone, so that work can be cut in
 * any way and give the same numbers. The mixer is the finalizer of SplitMix64 (Steele, Lea & Flood 2014) applied twice.
 */
typedef struct seqd_rng {
    uint64_t key;
    uint64_t counter;
} seqd_rng;

/* A stream for `purpose` (any constant) and `index` under a seed. */
seqd_rng seqd_rng_stream(uint64_t seed, uint64_t purpose, uint64_t index);

static inline uint64_t seqd_rng_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t seqd_rng_u64(seqd_rng *rng)
{
    const uint64_t n = ++rng->counter;
    return seqd_rng_mix(seqd_rng_mix(n * UINT64_C(0x9e3779b97f4a7c15) + rng->key) ^ rng->key);
}

/* Uniform in (0, 1), never 0 or 1. */
static inline double seqd_rng_uniform(seqd_rng *rng)
{
    return ((double)(seqd_rng_u64(rng) >> 12) + 0.5) * (1.0 / 4503599627370496.0);
}

/* Uniform in [0, n), n > 0. */
uint64_t seqd_rng_below(seqd_rng *rng, uint64_t n);
/* Standard normal, by inversion. */
double seqd_rng_normal(seqd_rng *rng);

/* Normal distribution: cumulative, and its inverse (Wichura 1988, AS 241, about 1e-15 relative) for p in (0, 1). */
double seqd_normal_cdf(double x);
double seqd_normal_quantile(double p);

#endif
