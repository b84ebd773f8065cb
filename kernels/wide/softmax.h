/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "wide/lanes.h"

/*
 * For every vector level: the file that includes this has included the level's header first, which gives `vec`, its
 * operations and WIDE(name), the level's name of a kernel.
 */

/* The largest; lanes that are not there do not count. */
SEQD_INLINE float row_highest(int64_t n, const float *x)
{
    const vec none = vec_all(-INFINITY);
    vec most = none;
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        most = vec_max(most, vec_load(x + i, 1, VEC_NONE));
    }
    if (i < n) {
        const vec_mask mask = vec_first(n - i);
        most = vec_max(most, vec_select(vec_within(mask), vec_load(x + i, 0, mask), none));
    }
    return vec_highest(most);
}

/* y = exp(x - most); returns the sum. */
SEQD_INLINE float row_exp(int64_t n, const float *x, float most, float *y)
{
    vec sum[PARTS];
    for (int part = 0; part < PARTS; part++) {
        sum[part] = vec_all(0.0f);
    }
    for (int64_t i = 0; i < n; i += LANES) {
        for (int part = 0; part < PARTS; part++) {
            const int64_t left = n - i - part * VEC_WIDTH;
            if (left <= 0) {
                break;
            }
            const vec_mask mask = vec_first(left);
            const int full = left >= VEC_WIDTH;
            const vec d = vec_sub(vec_load(x + i + part * VEC_WIDTH, full, mask), vec_all(most));
            const vec e = full ? vec_exp(d) : vec_select(vec_within(mask), vec_exp(d), vec_all(0.0f));
            vec_store(y + i + part * VEC_WIDTH, e, full, mask);
            sum[part] = vec_add(sum[part], e);
        }
    }
    return eight_sum(vec_fold(sum));
}

SEQD_INLINE void row_scale(int64_t n, float factor, float *y)
{
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        vec_store(y + i, vec_mul(vec_all(factor), vec_load(y + i, 1, VEC_NONE)), 1, VEC_NONE);
    }
    if (i < n) {
        const vec_mask mask = vec_first(n - i);
        vec_store(y + i, vec_mul(vec_all(factor), vec_load(y + i, 0, mask)), 0, mask);
    }
}

SEQD_INLINE void clear(int64_t n, float *y)
{
    if (n > 0) {
        memset(y, 0, (size_t)n * sizeof(float));
    }
}

void WIDE(softmax)(int64_t rows, int64_t n, const float *x, int64_t ldx, const int32_t *begin, const int32_t *end,
                   float *y, int64_t ldy)
{
    for (int64_t row = 0; row < rows; row++) {
        const int64_t first = begin != NULL ? begin[row] : 0, last = end != NULL ? end[row] : n;
        const float *from = x + row * ldx;
        float *to = y + row * ldy;
        if (first >= last) {
            clear(n, to);
            continue;
        }
        const float sum = row_exp(last - first, from + first, row_highest(last - first, from + first), to + first);
        row_scale(last - first, 1.0f / sum, to + first);
        clear(first, to);
        clear(n - last, to + last);
    }
}

void WIDE(softmax_backward)(int64_t rows, int64_t n, const float *y, int64_t ldy, const int32_t *begin,
                            const int32_t *end, const float *dy, int64_t ldd, float *dx, int64_t ldx)
{
    for (int64_t row = 0; row < rows; row++) {
        const int64_t first = begin != NULL ? begin[row] : 0, last = end != NULL ? end[row] : n;
        const float *share = y + row * ldy + first, *d = dy + row * ldd + first;
        float *to = dx + row * ldx;
        if (first >= last) {
            clear(n, to);
            continue;
        }
        const int64_t count = last - first;
        const vec sum = vec_all(lane_dot(count, share, d));
        for (int64_t i = 0; i < count; i += VEC_WIDTH) {
            const int full = count - i >= VEC_WIDTH;
            const vec_mask mask = vec_first(count - i);
            const vec off = vec_sub(vec_load(d + i, full, mask), sum);
            vec_store(to + first + i, vec_mul(vec_load(share + i, full, mask), off), full, mask);
        }
        clear(first, to);
        clear(n - last, to + last);
    }
}

/* As in kernels/ref/loss_ref.c, with what all rows share formed once. */
double WIDE(cross_entropy)(int64_t rows, int64_t n, float *x, int64_t ldx, const int32_t *label, const float *weight,
                           const float *class_weight, float smoothing, float factor)
{
    const float even = smoothing / (float)n;
    const float spread = even * (class_weight != NULL ? lane_sum(n, class_weight) : (float)n);
    double total = 0.0;
    for (int64_t row = 0; row < rows; row++) {
        float *logit = x + row * ldx;
        const int32_t right = label[row];
        if (!(weight[row] > 0.0f) || right < 0 || right >= n) {
            clear(n, logit);
            continue;
        }
        const float most = row_highest(n, logit);
        const float sure = (1.0f - smoothing) * (class_weight != NULL ? class_weight[right] : 1.0f);
        float picked = sure * (logit[right] - most);
        if (smoothing > 0.0f) {
            vec sum[PARTS];
            for (int part = 0; part < PARTS; part++) {
                sum[part] = vec_all(0.0f);
            }
            for (int64_t c = 0; c < n; c += LANES) {
                for (int part = 0; part < PARTS; part++) {
                    const vec d = keep_first(vec_sub(lane_load(logit + c, n - c, part), vec_all(most)), n - c, part);
                    const vec w = class_weight != NULL ? lane_load(class_weight + c, n - c, part) : vec_all(1.0f);
                    sum[part] = vec_fma(w, d, sum[part]);
                }
            }
            picked += even * eight_sum(vec_fold(sum));
        }
        const float sum = row_exp(n, logit, most, logit), share = sure + spread;
        float spare[VEC_WIDTH];
        vec_store(spare, vec_log1p(vec_all(sum - 1.0f)), 1, VEC_NONE);
        total += (double)(weight[row] * (share * spare[0] - picked));
        const float step = factor * weight[row];
        const vec part = vec_all(step * (share / sum)), less = vec_all(step * even);
        for (int64_t c = 0; c < n; c += VEC_WIDTH) {
            const int full = n - c >= VEC_WIDTH;
            const vec_mask mask = vec_first(n - c);
            const vec w = class_weight != NULL ? vec_load(class_weight + c, full, mask) : vec_all(1.0f);
            const vec p = vec_mul(part, vec_load(logit + c, full, mask));
            vec_store(logit + c, vec_fnma(less, w, p), full, mask);
        }
        logit[right] -= step * sure;
    }
    return total;
}
