/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_WIDE_LANES_H
#define SEQD_KERNELS_WIDE_LANES_H

/*
 * Numbers are added up in LANES partial sums, whatever the width of a vector, so that the order of a sum is that of
 * every vector level. The level's header has been included before.
 */
enum { LANES = 16, PARTS = LANES / VEC_WIDTH };

/* One more vector of x or of what is left of it; lanes that are not there count as 0. */
SEQD_INLINE vec lane_load(const float *x, int64_t left, int part)
{
    return vec_load(x + part * VEC_WIDTH, left >= LANES, vec_first(left - part * VEC_WIDTH));
}

SEQD_INLINE vec keep_first(vec x, int64_t left, int part)
{
    return vec_select(vec_within(vec_first(left - part * VEC_WIDTH)), x, vec_all(0.0f));
}

SEQD_INLINE float lane_sum(int64_t n, const float *x)
{
    vec sum[PARTS];
    for (int part = 0; part < PARTS; part++) {
        sum[part] = vec_all(0.0f);
    }
    for (int64_t i = 0; i < n; i += LANES) {
        for (int part = 0; part < PARTS; part++) {
            sum[part] = vec_add(sum[part], lane_load(x + i, n - i, part));
        }
    }
    return eight_sum(vec_fold(sum));
}

SEQD_INLINE float lane_dot(int64_t n, const float *x, const float *y)
{
    vec sum[PARTS];
    for (int part = 0; part < PARTS; part++) {
        sum[part] = vec_all(0.0f);
    }
    for (int64_t i = 0; i < n; i += LANES) {
        for (int part = 0; part < PARTS; part++) {
            sum[part] = vec_fma(lane_load(x + i, n - i, part), lane_load(y + i, n - i, part), sum[part]);
        }
    }
    return eight_sum(vec_fold(sum));
}

#endif
