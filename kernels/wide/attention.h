/* SPDX-License-Identifier: Apache-2.0 */
#include "wide/lanes.h"

/*
 * For every vector level: the file that includes this has included the level's header first, which gives `vec`, its
 * operations and WIDE(name), the level's name of a kernel.
 */

/*
 * tanh(q + k) = 1 - 2 s with s = 1 / (1 + exp(2 q) exp(2 k)): with the exponentials of q and of k at hand, a sum over
 * tanh costs a product and a division for each number. Two divisions are done as one: 1/a and 1/b are b/(ab) and
 * a/(ab). a and b stop at MOST so that ab stays finite; s is nothing there beside 1. The exponentials are normal
 * numbers, and where their product overflows or underflows, s is 0 or 1 as it should.
 */
#define FARTHEST 43.0f
#define MOST 1e18f

SEQD_INLINE void prepare_v(const float *x, float *y, int full, vec_mask mask)
{
    const vec near = vec_min(vec_all(FARTHEST), vec_max(vec_all(-FARTHEST), vec_load(x, full, mask)));
    vec_store(y, vec_exp(vec_add(near, near)), full, mask);
}

void WIDE(attention_additive_prepare)(int64_t n, const float *x, float *y)
{
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        prepare_v(x + i, y + i, 1, VEC_NONE);
    }
    if (i < n) {
        prepare_v(x + i, y + i, 0, vec_first(n - i));
    }
}

/* 1 + q k, as far as the product of two of them has room. */
SEQD_INLINE vec below_one_over(vec q, vec k)
{
    return vec_min(vec_all(MOST), vec_fma(q, k, vec_all(1.0f)));
}

/* sum + v1 s1 + v2 s2 */
SEQD_INLINE vec add_two(vec sum, vec a, vec b, vec v1, vec v2)
{
    return vec_add(sum, vec_div(vec_fma(v1, b, vec_mul(v2, a)), vec_mul(a, b)));
}

/* Partial sums of v s over the 2 LANES units from u on, of which `left` are there. */
SEQD_INLINE void score_units(vec *sum, const float *q, const float *k, const float *v, int64_t left)
{
    for (int part = 0; part < PARTS; part++) {
        const vec a = below_one_over(lane_load(q, left, part), lane_load(k, left, part));
        const vec b = below_one_over(lane_load(q + LANES, left - LANES, part),
                                     lane_load(k + LANES, left - LANES, part));
        sum[part] = add_two(sum[part], a, b, lane_load(v, left, part), lane_load(v + LANES, left - LANES, part));
    }
}

void WIDE(attention_additive_forward)(int64_t begin, int64_t end, int64_t size, const float *q, const float *keys,
                                      int64_t ldk, const float *v, float *e)
{
    const vec_eight all = eight_all(lane_sum(size, v)), twice = eight_all(-2.0f);
    const int64_t whole = size - size % (2 * LANES);
    for (int64_t j = begin; j < end; j += 8) {
        const int64_t count = end - j < 8 ? end - j : 8;
        vec_eight row[8];
        for (int64_t r = 0; r < count; r++) {
            const float *k = keys + (j + r) * ldk;
            vec sum[PARTS];
            for (int part = 0; part < PARTS; part++) {
                sum[part] = vec_all(0.0f);
            }
            for (int64_t u = 0; u < whole; u += 2 * LANES) {
                score_units(sum, q + u, k + u, v + u, 2 * LANES);
            }
            if (whole < size) {
                score_units(sum, q + whole, k + whole, v + whole, size - whole);
            }
            row[r] = vec_fold(sum);
        }
        for (int64_t r = count; r < 8; r++) {
            row[r] = eight_zero();
        }
        eight_store(e + j, eight_fma(twice, eight_sums(row), all), count);
    }
}

/*
 * Backward takes GROUPS times LANES units through all steps at a time: as many as the registers hold the sums of, since
 * of a step whole cache lines are read and written one behind the other. Steps lie far apart, often by a power of two,
 * and lines of many of them would drive one another out.
 */
enum { GROUPS = 4 };

typedef struct additive_sums {
    vec query[GROUPS * PARTS], weight[GROUPS * PARTS]; /* of de s (1 - s) and of de s */
} additive_sums;

/* One step's part of the gradients of one vector of units, s given. */
SEQD_INLINE void additive_step(additive_sums *sums, int i, vec s, vec de, vec v4, float *dkey, int full, vec_mask mask)
{
    const vec share = vec_mul(s, de), slope = vec_fnma(share, s, share);
    sums->query[i] = vec_add(sums->query[i], slope);
    sums->weight[i] = vec_add(sums->weight[i], share);
    vec_store(dkey, vec_fma(slope, v4, vec_load(dkey, full, mask)), full, mask);
}

/* `count` vectors of units; the last one is of `left` units when not full. */
SEQD_INLINE void additive_units(int64_t begin, int64_t end, const int count, const int full, int64_t left,
                                const float *q, const float *keys, int64_t ldk, const float *v, const float *de,
                                float total, float *dq, float *dkeys, int64_t lddk, float *dv)
{
    const vec_mask mask = vec_first(left);
    additive_sums sums;
    vec query[GROUPS * PARTS], v4[GROUPS * PARTS];
    for (int i = 0; i < count; i++) {
        sums.query[i] = sums.weight[i] = vec_all(0.0f);
        query[i] = vec_load(q + i * VEC_WIDTH, full, mask);
        v4[i] = vec_mul(vec_all(4.0f), vec_load(v + i * VEC_WIDTH, full, mask));
    }
    int64_t j = begin;
    for (; j + 2 <= end; j += 2) {
        const vec first = vec_all(de[j]), second = vec_all(de[j + 1]);
        const float *k1 = keys + j * ldk, *k2 = k1 + ldk;
        float *d1 = dkeys + j * lddk, *d2 = d1 + lddk;
        for (int i = 0; i < count; i++) {
            const vec a = below_one_over(query[i], vec_load(k1 + i * VEC_WIDTH, full, mask));
            const vec b = below_one_over(query[i], vec_load(k2 + i * VEC_WIDTH, full, mask));
            const vec inverse = vec_div(vec_all(1.0f), vec_mul(a, b));
            additive_step(&sums, i, vec_mul(b, inverse), first, v4[i], d1 + i * VEC_WIDTH, full, mask);
            additive_step(&sums, i, vec_mul(a, inverse), second, v4[i], d2 + i * VEC_WIDTH, full, mask);
        }
    }
    if (j < end) {
        for (int i = 0; i < count; i++) {
            const vec a = below_one_over(query[i], vec_load(keys + j * ldk + i * VEC_WIDTH, full, mask));
            additive_step(&sums, i, vec_div(vec_all(1.0f), a), vec_all(de[j]), v4[i], dkeys + j * lddk + i * VEC_WIDTH,
                          full, mask);
        }
    }
    for (int i = 0; i < count; i++) {
        const vec weight = vec_fnma(vec_all(2.0f), sums.weight[i], vec_all(total));
        float *to = dv + i * VEC_WIDTH;
        vec_store(dq + i * VEC_WIDTH, vec_mul(v4[i], sums.query[i]), full, mask);
        vec_store(to, vec_add(vec_load(to, full, mask), weight), full, mask);
    }
}

void WIDE(attention_additive_backward)(int64_t begin, int64_t end, int64_t size, const float *q, const float *keys,
                                       int64_t ldk, const float *v, const float *de, float *dq, float *dkeys,
                                       int64_t lddk, float *dv)
{
    const float total = begin < end ? lane_sum(end - begin, de + begin) : 0.0f;
    int64_t u = 0;
    for (; u + GROUPS * LANES <= size; u += GROUPS * LANES) {
        additive_units(begin, end, GROUPS * PARTS, 1, VEC_WIDTH, q + u, keys + u, ldk, v + u, de, total, dq + u,
                       dkeys + u, lddk, dv + u);
    }
    for (; u + VEC_WIDTH <= size; u += VEC_WIDTH) {
        additive_units(begin, end, 1, 1, VEC_WIDTH, q + u, keys + u, ldk, v + u, de, total, dq + u, dkeys + u, lddk,
                       dv + u);
    }
    if (u < size) {
        additive_units(begin, end, 1, 0, size - u, q + u, keys + u, ldk, v + u, de, total, dq + u, dkeys + u, lddk,
                       dv + u);
    }
}

/* `count` whole vectors of units, steps in their order. */
SEQD_INLINE void sum_units(int64_t begin, int64_t end, const float *a, const float *values, int64_t ldv, float *y,
                           int accumulate, const int count)
{
    vec sum[64 / VEC_WIDTH];
    for (int i = 0; i < count; i++) {
        sum[i] = accumulate ? vec_load(y + i * VEC_WIDTH, 1, VEC_NONE) : vec_all(0.0f);
    }
    for (int64_t j = begin; j < end; j++) {
        const vec weight = vec_all(a[j]);
        for (int i = 0; i < count; i++) {
            sum[i] = vec_fma(weight, vec_load(values + j * ldv + i * VEC_WIDTH, 1, VEC_NONE), sum[i]);
        }
    }
    for (int i = 0; i < count; i++) {
        vec_store(y + i * VEC_WIDTH, sum[i], 1, VEC_NONE);
    }
}

/* One vector of units in four sums, since a single one would wait for itself. */
SEQD_INLINE void sum_few_units(int64_t begin, int64_t end, const float *a, const float *values, int64_t ldv, float *y,
                               int accumulate, int full, vec_mask mask)
{
    vec sum[4] = {accumulate ? vec_load(y, full, mask) : vec_all(0.0f), vec_all(0.0f), vec_all(0.0f), vec_all(0.0f)};
    int64_t j = begin;
    for (; j + 4 <= end; j += 4) {
        for (int i = 0; i < 4; i++) {
            sum[i] = vec_fma(vec_all(a[j + i]), vec_load(values + (j + i) * ldv, full, mask), sum[i]);
        }
    }
    for (; j < end; j++) {
        sum[0] = vec_fma(vec_all(a[j]), vec_load(values + j * ldv, full, mask), sum[0]);
    }
    vec_store(y, vec_add(vec_add(sum[0], sum[1]), vec_add(sum[2], sum[3])), full, mask);
}

void WIDE(weighted_sum)(int64_t begin, int64_t end, int64_t size, const float *a, const float *values, int64_t ldv,
                        float *y, int accumulate)
{
    int64_t u = 0;
    for (; u + 64 <= size; u += 64) {
        sum_units(begin, end, a, values + u, ldv, y + u, accumulate, 64 / VEC_WIDTH);
    }
    for (; u + VEC_WIDTH <= size; u += VEC_WIDTH) {
        sum_few_units(begin, end, a, values + u, ldv, y + u, accumulate, 1, VEC_NONE);
    }
    if (u < size) {
        sum_few_units(begin, end, a, values + u, ldv, y + u, accumulate, 0, vec_first(size - u));
    }
}

/* Eight sums over the same units, in as many registers as there are at a time. */
SEQD_INLINE void dot_rows(int64_t size, const float *x, const float *values, int64_t ldv, vec_eight *row)
{
    enum { TOGETHER = 8 / PARTS };
    for (int r = 0; r < 8; r += TOGETHER) {
        vec sum[TOGETHER][PARTS];
        for (int i = 0; i < TOGETHER; i++) {
            for (int part = 0; part < PARTS; part++) {
                sum[i][part] = vec_all(0.0f);
            }
        }
        for (int64_t u = 0; u < size; u += LANES) {
            for (int part = 0; part < PARTS; part++) {
                const vec factor = lane_load(x + u, LANES, part);
                for (int i = 0; i < TOGETHER; i++) {
                    sum[i][part] = vec_fma(factor, lane_load(values + (r + i) * ldv + u, LANES, part), sum[i][part]);
                }
            }
        }
        for (int i = 0; i < TOGETHER; i++) {
            row[r + i] = vec_fold(sum[i]);
        }
    }
}

void WIDE(row_dots)(int64_t begin, int64_t end, int64_t size, float factor, const float *x, const float *values,
                    int64_t ldv, float *e)
{
    const vec_eight scale = eight_all(factor);
    const int64_t whole = size - size % LANES;
    int64_t j = begin;
    for (; whole == size && j + 8 <= end; j += 8) {
        vec_eight row[8];
        dot_rows(size, x, values + j * ldv, ldv, row);
        eight_store(e + j, eight_mul(scale, eight_sums(row)), 8);
    }
    for (; j < end; j += 8) {
        const int64_t count = end - j < 8 ? end - j : 8;
        vec_eight row[8];
        for (int64_t r = 0; r < count; r++) {
            const float *value = values + (j + r) * ldv;
            vec sum[PARTS];
            for (int part = 0; part < PARTS; part++) {
                sum[part] = vec_all(0.0f);
            }
            for (int64_t u = 0; u < whole; u += LANES) {
                for (int part = 0; part < PARTS; part++) {
                    sum[part] = vec_fma(lane_load(x + u, LANES, part), lane_load(value + u, LANES, part), sum[part]);
                }
            }
            for (int part = 0; part < PARTS && whole < size; part++) {
                sum[part] = vec_fma(lane_load(x + whole, size - whole, part),
                                    lane_load(value + whole, size - whole, part), sum[part]);
            }
            row[r] = vec_fold(sum);
        }
        for (int64_t r = count; r < 8; r++) {
            row[r] = eight_zero();
        }
        eight_store(e + j, eight_mul(scale, eight_sums(row)), count);
    }
}

void WIDE(add_outer)(int64_t begin, int64_t end, int64_t size, float factor, const float *a, const float *x,
                     float *values, int64_t ldv)
{
    const vec_mask mask = vec_first(size % VEC_WIDTH);
    for (int64_t j = begin; j < end; j++) {
        const vec weight = vec_all(factor * a[j]);
        float *value = values + j * ldv;
        int64_t u = 0;
        for (; u + VEC_WIDTH <= size; u += VEC_WIDTH) {
            const vec sum = vec_fma(weight, vec_load(x + u, 1, mask), vec_load(value + u, 1, mask));
            vec_store(value + u, sum, 1, mask);
        }
        if (u < size) {
            vec_store(value + u, vec_fma(weight, vec_load(x + u, 0, mask), vec_load(value + u, 0, mask)), 0, mask);
        }
    }
}
