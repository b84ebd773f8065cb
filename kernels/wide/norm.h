/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "wide/lanes.h"

/*
 * For every vector level: the file that includes this has included the level's header first, which gives `vec`, its
 * operations and WIDE(name), the level's name of a kernel.
 */

SEQD_INLINE float squares_around(int64_t n, const float *x, float middle)
{
    vec sum[PARTS];
    for (int part = 0; part < PARTS; part++) {
        sum[part] = vec_all(0.0f);
    }
    for (int64_t i = 0; i < n; i += LANES) {
        for (int part = 0; part < PARTS; part++) {
            vec d = vec_sub(lane_load(x + i, n - i, part), vec_all(middle));
            d = n - i >= LANES ? d : keep_first(d, n - i, part);
            sum[part] = vec_fma(d, d, sum[part]);
        }
    }
    return eight_sum(vec_fold(sum));
}

SEQD_INLINE void norm_v(const float *x, const float *gamma, const float *beta, vec middle, vec inverse, float *y,
                        int full, vec_mask mask)
{
    const vec s = vec_mul(vec_sub(vec_load(x, full, mask), middle), inverse);
    vec_store(y, vec_fma(s, vec_load(gamma, full, mask), vec_load(beta, full, mask)), full, mask);
}

void WIDE(layer_norm)(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *gamma, const float *beta,
                      float eps, float *y, int64_t ldy, float *mean, float *rstd)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *from = x + row * ldx;
        float *to = y + row * ldy;
        const float middle = lane_sum(n, from) / (float)n;
        const float inverse = 1.0f / sqrtf(squares_around(n, from, middle) / (float)n + eps);
        int64_t i = 0;
        for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
            norm_v(from + i, gamma + i, beta + i, vec_all(middle), vec_all(inverse), to + i, 1, VEC_NONE);
        }
        if (i < n) {
            norm_v(from + i, gamma + i, beta + i, vec_all(middle), vec_all(inverse), to + i, 0, vec_first(n - i));
        }
        if (mean != NULL) {
            mean[row] = middle;
        }
        if (rstd != NULL) {
            rstd[row] = inverse;
        }
    }
}

SEQD_INLINE void norm_back_v(const float *x, const float *gamma, vec middle, vec inverse, const float *dy, vec all,
                             vec slope, float *dx, float *dgamma, float *dbeta, int full, vec_mask mask)
{
    const vec s = vec_mul(vec_sub(vec_load(x, full, mask), middle), inverse);
    const vec outer = vec_load(dy, full, mask), g = vec_mul(outer, vec_load(gamma, full, mask));
    vec_store(dgamma, vec_fma(outer, s, vec_load(dgamma, full, mask)), full, mask);
    vec_store(dbeta, vec_add(outer, vec_load(dbeta, full, mask)), full, mask);
    vec_store(dx, vec_mul(inverse, vec_fnma(s, slope, vec_sub(g, all))), full, mask);
}

void WIDE(layer_norm_backward)(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *gamma,
                               const float *mean, const float *rstd, const float *dy, int64_t ldd, float *dx,
                               int64_t ldo, float *dgamma, float *dbeta)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *from = x + row * ldx, *d = dy + row * ldd;
        float *to = dx + row * ldo;
        const vec middle = vec_all(mean[row]), inverse = vec_all(rstd[row]);
        vec sum[PARTS], along[PARTS];
        for (int part = 0; part < PARTS; part++) {
            sum[part] = along[part] = vec_all(0.0f);
        }
        for (int64_t i = 0; i < n; i += LANES) {
            for (int part = 0; part < PARTS; part++) {
                const vec s = vec_mul(vec_sub(lane_load(from + i, n - i, part), middle), inverse);
                const vec g = vec_mul(lane_load(d + i, n - i, part), lane_load(gamma + i, n - i, part));
                sum[part] = vec_add(sum[part], g);
                /* s is not 0 in lanes that are not there, but might be infinite or NaN when 0 times it counts */
                along[part] = vec_fma(g, n - i >= LANES ? s : keep_first(s, n - i, part), along[part]);
            }
        }
        const vec all = vec_all(eight_sum(vec_fold(sum)) / (float)n);
        const vec slope = vec_all(eight_sum(vec_fold(along)) / (float)n);
        int64_t i = 0;
        for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
            norm_back_v(from + i, gamma + i, middle, inverse, d + i, all, slope, to + i, dgamma + i, dbeta + i, 1,
                        VEC_NONE);
        }
        if (i < n) {
            norm_back_v(from + i, gamma + i, middle, inverse, d + i, all, slope, to + i, dgamma + i, dbeta + i, 0,
                        vec_first(n - i));
        }
    }
}
