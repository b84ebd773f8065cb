/* SPDX-License-Identifier: Apache-2.0 */
#include "wide/gate_math.h"
#include "wide/lanes.h"
#include "wide/positions.h"

/*
 * For every vector level: the file that includes this has included the level's header first, which gives `vec`, its
 * operations and WIDE(name), the level's name of a kernel.
 */

typedef struct target_block {
    float z[BLOCK], weight[BLOCK];
} target_block;

/*
 * Targets of `count` positions from `first` on, scaled; those behind have weight 0. Several lots of LANES at once: each
 * time that single numbers just written are read as a vector, the processor waits.
 */
SEQD_INLINE void load_targets(int64_t first, int64_t count, int64_t horizon, const float *y, const float *weight,
                              const float *loc, const float *scale, target_block *block)
{
    int64_t f = first / horizon, step = first % horizon;
    const int64_t used = (count + LANES - 1) / LANES * LANES;
    float middle[BLOCK], size[BLOCK];
    for (int64_t lane = 0; lane < used; lane++) {
        middle[lane] = loc[f];
        size[lane] = scale[f];
        if (lane + 1 < count && ++step == horizon) {
            step = 0;
            f++;
        }
    }
    for (int64_t lane = 0; lane < used; lane += VEC_WIDTH) {
        const vec_mask mask = vec_first(count - lane);
        const vec inverse = vec_div(vec_all(1.0f), vec_load(size + lane, 1, mask));
        const vec d = vec_sub(vec_load(y + first + lane, 0, mask), vec_load(middle + lane, 1, mask));
        vec_store(block->z + lane, vec_mul(d, inverse), 1, mask);
        vec_store(block->weight + lane, vec_load(weight + first + lane, 0, mask), 1, mask);
    }
}

/* exp(-|x|) with the error of the gates' functions; below exp(-87) it stays there. */
SEQD_INLINE vec short_decay(vec x)
{
    x = vec_max(vec_all(-87.0f), vec_sub(vec_all(0.0f), vec_abs(x)));
    const vec shifted = vec_fma(x, vec_all(GATE_LOG2E), vec_all(GATE_ROUNDING));
    const vec n = vec_sub(shifted, vec_all(GATE_ROUNDING));
    const vec r = vec_fnma(n, vec_all(GATE_LN2), x);
    return vec_scale2(vec_add(gate_expm1(r), vec_all(1.0f)), shifted);
}

/* log(1 + z) for 0 <= z <= 1 without looking for an exponent: z times a polynomial, minimax, off by 1.8e-7 of it. */
SEQD_INLINE vec short_log1p(vec z)
{
    const vec square = vec_mul(z, z), fourth = vec_mul(square, square);
    const vec a = vec_fma(vec_all(-0x1.fffeacp-2f), z, vec_all(0x1.fffffep-1f));
    const vec b = vec_fma(vec_all(-0x1.fcc8c6p-3f), z, vec_all(0x1.553004p-2f));
    const vec c = vec_fma(vec_all(-0x1.17d2bep-3f), z, vec_all(0x1.874a7ep-3f));
    const vec d = vec_fma(vec_all(-0x1.e369d6p-6f), z, vec_all(0x1.4069d0p-4f));
    const vec low = vec_fma(b, square, a), high = vec_fma(d, square, c);
    return vec_mul(z, vec_fma(vec_fma(vec_all(0x1.56edf0p-8f), fourth, high), fourth, low));
}

/* Slope of the pinball loss of d = z - q by q, where d >= 0 or not: the loss is minus d times it. */
SEQD_INLINE vec pinball_slope(vec_condition above, float level)
{
    return vec_select(above, vec_all(-level), vec_all(1.0f - level));
}

/*
 * One vector of positions; o[i] at o + i LANES comes in as the head's output and goes out as its gradient. Returns
 * weight times loss.
 */
SEQD_INLINE vec quantile_part(int64_t width, int64_t middle, const float *levels, vec z, vec weight, float norm,
                              float factor, float *o)
{
    vec_condition higher[SEQD_QUANTILE_WIDTH]; /* the target than the quantile */
    const vec zero = vec_all(0.0f), one = vec_all(1.0f), value = vec_load(o + middle * LANES, 1, VEC_NONE);
    const vec middle_slope = pinball_slope(vec_at_least(vec_sub(z, value), zero), levels[middle]);
    vec loss = vec_mul(vec_sub(value, z), middle_slope), q = value;
    for (int64_t turn = 0; turn + 1 < width; turn++) {
        const int64_t i = middle + 1 + turn < width ? middle + 1 + turn : width - 2 - turn;
        const vec x = vec_load(o + i * LANES, 1, VEC_NONE);
        const vec decay = short_decay(x);
        const vec step = vec_add(vec_max(zero, x), short_log1p(decay));
        const vec share = vec_div(vec_select(vec_greater(zero, x), decay, one), vec_add(one, decay));
        vec_store(o + i * LANES, share, 1, VEC_NONE);
        q = i > middle ? vec_add(q, step) : vec_sub(i == middle - 1 ? value : q, step);
        const vec d = vec_sub(z, q);
        higher[i] = vec_at_least(d, zero);
        loss = vec_fnma(pinball_slope(higher[i], levels[i]), d, loss);
    }
    const vec_condition counts = vec_greater(weight, zero);
    const vec scaled = vec_mul(weight, vec_all(norm)), step = vec_mul(vec_all(factor), scaled);
    vec above = zero, below = zero; /* a step moves every quantile further out */
    for (int64_t i = width - 1; i > middle; i--) {
        above = vec_add(above, pinball_slope(higher[i], levels[i]));
        const vec gradient = vec_mul(vec_mul(step, above), vec_load(o + i * LANES, 1, VEC_NONE));
        vec_store(o + i * LANES, vec_select(counts, gradient, zero), 1, VEC_NONE);
    }
    for (int64_t i = 0; i < middle; i++) {
        below = vec_sub(below, pinball_slope(higher[i], levels[i]));
        const vec gradient = vec_mul(vec_mul(step, below), vec_load(o + i * LANES, 1, VEC_NONE));
        vec_store(o + i * LANES, vec_select(counts, gradient, zero), 1, VEC_NONE);
    }
    const vec gradient = vec_mul(step, vec_sub(vec_add(middle_slope, above), below));
    vec_store(o + middle * LANES, vec_select(counts, gradient, zero), 1, VEC_NONE);
    return vec_select(counts, vec_mul(scaled, loss), zero);
}

double WIDE(quantile_loss)(int64_t forks, int64_t horizon, int64_t width, int64_t middle, const float *levels,
                           float *out, const float *y, const float *weight, const float *loc, const float *scale,
                           float factor)
{
    const int64_t positions = forks * horizon;
    const float norm = 2.0f / (float)width;
    float o[SEQD_QUANTILE_WIDTH * LANES], part[LANES];
    double total[LANES] = {0.0};
    target_block block;
    for (int64_t p = 0; p < positions; p += LANES) {
        const int64_t left = positions - p, count = left < LANES ? left : LANES, at = p % BLOCK;
        if (at == 0) {
            load_targets(p, left < BLOCK ? left : BLOCK, horizon, y, weight, loc, scale, &block);
        }
        spread_out(count, width, out + p * width, o);
        for (int lane = 0; lane < LANES; lane += VEC_WIDTH) {
            const vec loss = quantile_part(width, middle, levels, vec_load(block.z + at + lane, 1, VEC_NONE),
                                           vec_load(block.weight + at + lane, 1, VEC_NONE), norm, factor,
                                           o + lane);
            vec_store(part + lane, loss, 1, VEC_NONE);
        }
        gather_in(count, width, o, out + p * width);
        for (int lane = 0; lane < LANES; lane++) {
            total[lane] += (double)part[lane];
        }
    }
    return lane_total(total);
}

/* Returns weight times loss; *d comes in as the error and goes out as the gradient. */
SEQD_INLINE vec point_part(const seqd_point_loss kind, vec *d, vec weight, vec delta, vec factor)
{
    const vec zero = vec_all(0.0f), half = vec_all(0.5f), size = vec_abs(*d);
    vec loss, slope;
    if (kind == SEQD_POINT_SQUARED) {
        loss = vec_mul(*d, *d);
        slope = vec_add(*d, *d);
    } else if (kind == SEQD_POINT_ABSOLUTE) {
        loss = size;
        slope = vec_select(vec_greater(zero, *d), vec_all(-1.0f),
                           vec_select(vec_greater(*d, zero), vec_all(1.0f), *d));
    } else {
        const vec near = vec_mul(vec_mul(half, *d), *d), far = vec_mul(delta, vec_fnma(half, delta, size));
        loss = vec_select(vec_greater(size, delta), far, near);
        slope = vec_min(delta, vec_max(vec_sub(zero, delta), *d));
    }
    const vec_condition counts = vec_greater(weight, zero);
    *d = vec_select(counts, vec_mul(vec_mul(factor, weight), slope), zero);
    return vec_select(counts, vec_mul(weight, loss), zero);
}

SEQD_INLINE double point_losses(const seqd_point_loss kind, int64_t forks, int64_t horizon, float *out, const float *y,
                                const float *weight, const float *loc, const float *scale, float delta, float factor)
{
    const int64_t positions = forks * horizon;
    double total[LANES] = {0.0};
    float part[LANES];
    target_block block;
    for (int64_t p = 0; p < positions; p += LANES) {
        const int64_t left = positions - p, count = left < LANES ? left : LANES, at = p % BLOCK;
        if (at == 0) {
            load_targets(p, left < BLOCK ? left : BLOCK, horizon, y, weight, loc, scale, &block);
        }
        for (int lane = 0; lane < LANES; lane += VEC_WIDTH) {
            const vec_mask mask = vec_first(count - lane);
            const vec z = vec_load(block.z + at + lane, 1, mask), w = vec_load(block.weight + at + lane, 1, mask);
            vec d = vec_sub(vec_load(out + p + lane, 0, mask), z);
            vec_store(part + lane, point_part(kind, &d, w, vec_all(delta), vec_all(factor)), 1, mask);
            vec_store(out + p + lane, d, 0, mask);
        }
        for (int lane = 0; lane < LANES; lane++) {
            total[lane] += (double)part[lane];
        }
    }
    return lane_total(total);
}

double WIDE(point_loss)(seqd_point_loss kind, int64_t forks, int64_t horizon, float *out, const float *y,
                        const float *weight, const float *loc, const float *scale, float delta, float factor)
{
    switch (kind) {
    case SEQD_POINT_SQUARED:
        return point_losses(SEQD_POINT_SQUARED, forks, horizon, out, y, weight, loc, scale, delta, factor);
    case SEQD_POINT_ABSOLUTE:
        return point_losses(SEQD_POINT_ABSOLUTE, forks, horizon, out, y, weight, loc, scale, delta, factor);
    default:
        return point_losses(SEQD_POINT_HUBER, forks, horizon, out, y, weight, loc, scale, delta, factor);
    }
}
