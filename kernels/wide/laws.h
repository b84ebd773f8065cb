/* SPDX-License-Identifier: Apache-2.0 */
#include "wide/law_counts.h"
#include "wide/law_tweedie.h"
#include "wide/lanes.h"
#include "wide/positions.h"

/*
 * Likelihoods, for every vector level: the level's math header has been included before. Softplus and sigmoid of the
 * outputs are floats; from there on all is double, as what the terms of a gradient leave of each other can be far
 * smaller than they are.
 */

/* What a law takes of the fork: loc and 1 / scale, scale and 1 / sqrt(scale), scale alone, or 1 / scale alone. */
typedef struct fork_block {
    double first[BLOCK], second[BLOCK];
} fork_block;

SEQD_INLINE void load_forks(const seqd_law law, int64_t position, int64_t count, int64_t horizon, const float *loc,
                            const float *scale, fork_block *block)
{
    int64_t f = position / horizon, left = horizon - position % horizon;
    const int64_t used = (count + LANES - 1) / LANES * LANES;
    for (int64_t lane = 0; lane < used;) {
        const double size = (double)scale[f];
        double first = size, second = 0.0;
        if (law == SEQD_LAW_GAUSSIAN || law == SEQD_LAW_STUDENT) {
            first = (double)loc[f];
            second = 1.0 / size;
        } else if (law == SEQD_LAW_TWEEDIE) {
            first = 1.0 / size;
        } else if (law != SEQD_LAW_POISSON) {
            second = 1.0 / __builtin_sqrt(size);
        }
        const int64_t end = lane + left < count ? lane + left : used; /* lanes behind the last position are as it */
        for (; lane < end; lane++) {
            block->first[lane] = first;
            block->second[lane] = second;
        }
        left = horizon;
        f++;
    }
}

/* One lot of lanes: `o` the outputs, softplus and sigmoid of them at the same places; o becomes the gradient. */
typedef struct law_lanes {
    const float *value, *slope;
    float *o;
} law_lanes;

SEQD_INLINE dvec law_output(const law_lanes *lanes, int i)
{
    return dvec_of_floats(lanes->o + i * LANES);
}

SEQD_INLINE dvec law_value(const law_lanes *lanes, int i)
{
    return dvec_of_floats(lanes->value + i * LANES);
}

SEQD_INLINE dvec law_slope(const law_lanes *lanes, int i)
{
    return dvec_of_floats(lanes->slope + i * LANES);
}

/* Held within +-1e15: far beyond all that training can use, and sums of squares stay finite. */
SEQD_INLINE void law_gradient(const law_lanes *lanes, int i, dvec_condition counts, dvec gradient, dvec slope)
{
    gradient = dvec_min(dvec_all(1e15), dvec_max(dvec_all(-1e15), gradient)) * slope;
    dvec_to_floats(lanes->o + i * LANES, dvec_select(counts, gradient, dvec_all(0.0)));
}

#define HALF_LOG_TWO_PI 0.91893853320467274178

SEQD_INLINE dvec gaussian_part(const law_lanes *lanes, dvec y, dvec loc, dvec inverse, dvec factor,
                               dvec_condition counts)
{
    const dvec one = dvec_all(1.0), s = one / (law_value(lanes, 1) + dvec_all(SEQD_LAW_LEAST_SPREAD));
    const dvec x = (law_output(lanes, 0) - (y - loc) * inverse) * s;
    law_gradient(lanes, 0, counts, factor * s * x, one);
    law_gradient(lanes, 1, counts, factor * s * (one - x * x), law_slope(lanes, 1));
    return dvec_all(HALF_LOG_TWO_PI) - double_log(s) + dvec_all(0.5) * x * x;
}

/* ln[Gamma(x + 1/2) / (Gamma(x) sqrt(x))], x = nu / 2 >= 1: by recurrence from below 8, then Tricomi and Erdelyi. */
SEQD_INLINE dvec student_part(const law_lanes *lanes, dvec y, dvec loc, dvec inverse, dvec factor,
                              dvec_condition counts)
{
    const dvec one = dvec_all(1.0), half = dvec_all(0.5), eight = dvec_all(8.0), zero = dvec_all(0.0);
    const dvec nu = law_value(lanes, 2) + dvec_all(SEQD_LAW_LEAST_FREEDOM), start = half * nu;
    const dvec s = one / (law_value(lanes, 1) + dvec_all(SEQD_LAW_LEAST_SPREAD));
    const dvec_condition near = dvec_greater(eight, start);
    dvec above = one, above_slope = zero, below = one, below_slope = zero, at = dvec_select(near, start, one);
    for (int k = 0; k < 8; k++) {
        take_term(at, one, &above, &above_slope);
        take_term(at + half, one, &below, &below_slope);
        at = at + one;
    }
    above = dvec_select(near, above, one);
    below = dvec_select(near, below, one);
    const dvec raised = dvec_select(near, start + eight, start), both = above * below;
    const dvec over = one / (both * start), one_over_start = over * both, ratio = above * above * start * over;
    const dvec i = one / raised, i2 = i * i;
    const dvec terms = dvec_select(near, (above_slope * below - below_slope * above) * start * over, zero);
    const dvec series = i * (dvec_all(-1.0 / 8) + i2 * (dvec_all(1.0 / 192) - i2 * (dvec_all(1.0 / 640) -
                        i2 * (dvec_all(17.0 / 14336) - i2 * dvec_all(31.0 / 18432)))));
    const dvec derivative = i2 * (dvec_all(1.0 / 8) - i2 * (dvec_all(3.0 / 192) - i2 * (dvec_all(5.0 / 640) -
                            i2 * (dvec_all(119.0 / 14336) - i2 * dvec_all(279.0 / 18432)))));
    const dvec half_slope = derivative + terms - dvec_select(near, dvec_all(4.0) * i * one_over_start, zero);

    const dvec one_over_nu = half * one_over_start, x = (law_output(lanes, 0) - (y - loc) * inverse) * s;
    const dvec v = x * x * one_over_nu, share = one / (one + v), far = double_log1p(v), more = nu + one;
    const dvec pull = more * one_over_nu * share;
    law_gradient(lanes, 0, counts, factor * s * pull * x, one);
    law_gradient(lanes, 1, counts, factor * s * (one - more * (v * share)), law_slope(lanes, 1));
    law_gradient(lanes, 2, counts, factor * half * (far - half_slope - more * one_over_nu * (v * share)),
                 law_slope(lanes, 2));
    const dvec size = double_log(s * s * ratio * ratio * (raised * one_over_start)); /* two logarithms of roots in one */
    return dvec_all(HALF_LOG_TWO_PI) - half * size - series + half * more * far;
}

SEQD_INLINE dvec poisson_part(const law_lanes *lanes, dvec y, dvec scale, dvec factor, dvec_condition counts)
{
    const dvec one = dvec_all(1.0), o = law_output(lanes, 0), value = law_value(lanes, 0);
    /* softplus(o) may have no float there, or its logarithm be a poor one */
    const dvec_condition low = dvec_greater(dvec_all(-15.0), o);
    const dvec safe = dvec_select(low, one, value), mu = scale * value;
    const dvec log_mu = double_log(scale * safe) + dvec_select(low, o, dvec_all(0.0));
    const dvec share = dvec_select(low, one, law_slope(lanes, 0) / safe);
    law_gradient(lanes, 0, counts, factor * (mu - y) * share, one);
    return mu - y * log_mu;
}

/* softplus underflows for very negative outputs: the floor keeps logarithms finite and the gradient alive. */
SEQD_INLINE dvec floored(dvec value)
{
    return dvec_max(dvec_all(1e-8), value);
}

SEQD_INLINE dvec negbin_lanes(const law_lanes *lanes, dvec y, dvec scale, dvec root, dvec factor,
                              dvec_condition counts)
{
    dvec dmu, dalpha;
    const dvec loss = negbin_part(y, scale * floored(law_value(lanes, 0)), root * floored(law_value(lanes, 1)), &dmu,
                                  &dalpha);
    law_gradient(lanes, 0, counts, factor * dmu * scale, law_slope(lanes, 0));
    law_gradient(lanes, 1, counts, factor * dalpha * root, law_slope(lanes, 1));
    return loss;
}

SEQD_INLINE dvec zero_negbin_lanes(const law_lanes *lanes, dvec y, dvec scale, dvec root, dvec factor,
                                   dvec_condition counts)
{
    const dvec zero = dvec_all(0.0), one = dvec_all(1.0);
    dvec dmu, dalpha;
    const dvec parts = negbin_part(y, scale * floored(law_value(lanes, 0)), root * floored(law_value(lanes, 1)), &dmu,
                                   &dalpha);
    const dvec_condition positive = dvec_greater(y, zero);
    const dvec x = law_output(lanes, 2) + parts, e = double_exp(zero - dvec_magnitude(x));
    const dvec_condition above = dvec_greater(x, zero);
    const dvec softplus = dvec_select(above, x, zero) + double_log1p(e);
    const dvec likely = dvec_select(above, e, one) / (one + e); /* that a zero came from the counts */
    const dvec own = dvec_select(positive, one, likely);
    law_gradient(lanes, 0, counts, factor * own * dmu * scale, law_slope(lanes, 0));
    law_gradient(lanes, 1, counts, factor * own * dalpha * root, law_slope(lanes, 1));
    law_gradient(lanes, 2, counts, factor * (law_slope(lanes, 2) - (one - own)), one);
    return law_value(lanes, 2) + parts - dvec_select(positive, zero, softplus);
}

SEQD_INLINE dvec tweedie_part(const law_lanes *lanes, dvec y, dvec inverse, dvec factor, dvec_condition counts,
                              const seqd_tweedie_curve *curve)
{
    const dvec one = dvec_all(1.0), o = law_output(lanes, 0), value = law_value(lanes, 0);
    const dvec over = one / (law_value(lanes, 1) + dvec_all(SEQD_LAW_LEAST_SPREAD));
    const dvec_condition low = dvec_greater(dvec_all(-15.0), o); /* as of poisson */
    const dvec safe = dvec_select(low, one, value), share = dvec_select(low, one, law_slope(lanes, 0) / safe);
    const dvec log_m = dvec_max(dvec_all(SEQD_LAW_LEAST_LOG_MEAN), dvec_select(low, o, double_log(safe)));
    const dvec m = dvec_select(low, double_exp(log_m), value);
    const tweedie_lanes got = tweedie_density(curve, y * inverse, m, log_m, over);
    law_gradient(lanes, 0, counts, factor * got.mean * share, one);
    law_gradient(lanes, 1, counts, factor * got.spread * over, law_slope(lanes, 1));
    return got.loss;
}

/* LANES positions; o[i] at o + i LANES. Adds weight times loss to `total`. */
SEQD_INLINE void law_lots(const seqd_law law, const int width, const double *first, const double *second,
                          const float *y, const float *weight, float factor, const seqd_tweedie_curve *curve,
                          float *o, dvec *total)
{
    float value[3 * LANES], slope[3 * LANES];
    const vec none = vec_all(0.0f), unit = vec_all(1.0f);
    for (int at = 0; at < width * LANES; at += VEC_WIDTH) {
        const vec x = vec_load(o + at, 1, VEC_NONE), decay = vec_exp_decay(x);
        const vec above = vec_select(vec_greater(x, none), x, vec_select(vec_greater(none, x), none, x));
        vec_store(value + at, vec_add(above, vec_log1p_unit(decay)), 1, VEC_NONE);
        const vec share = vec_div(vec_select(vec_greater(none, x), decay, unit), vec_add(unit, decay));
        vec_store(slope + at, share, 1, VEC_NONE);
    }
    for (int lane = 0; lane < LANES; lane += DVEC_WIDTH) {
        const dvec zero = dvec_all(0.0), w = dvec_of_floats(weight + lane);
        const dvec_condition counts = dvec_greater(w, zero);
        const dvec target = dvec_select(counts, dvec_of_floats(y + lane), zero), step = dvec_all((double)factor) * w;
        const law_lanes lanes = {value + lane, slope + lane, o + lane};
        const dvec a = dvec_load(first + lane), b = dvec_load(second + lane);
        dvec loss = zero;
        switch (law) {
        case SEQD_LAW_GAUSSIAN: loss = gaussian_part(&lanes, target, a, b, step, counts); break;
        case SEQD_LAW_STUDENT: loss = student_part(&lanes, target, a, b, step, counts); break;
        case SEQD_LAW_POISSON: loss = poisson_part(&lanes, target, a, step, counts); break;
        case SEQD_LAW_NEGBIN: loss = negbin_lanes(&lanes, target, a, b, step, counts); break;
        case SEQD_LAW_ZERO_NEGBIN: loss = zero_negbin_lanes(&lanes, target, a, b, step, counts); break;
        case SEQD_LAW_TWEEDIE: loss = tweedie_part(&lanes, target, a, step, counts, curve); break;
        }
        dvec *sum = total + lane / DVEC_WIDTH;
        *sum = *sum + dvec_select(counts, w * loss, zero);
    }
}

SEQD_INLINE double law_losses(const seqd_law law, const int width, int64_t forks, int64_t horizon, float *out,
                              const float *y, const float *weight, const float *loc, const float *scale, float factor,
                              const seqd_tweedie_curve *curve)
{
    const int64_t positions = forks * horizon;
    float o[3 * LANES], rest[2][LANES];
    dvec total[LANES / DVEC_WIDTH];
    double lane[LANES];
    fork_block block;
    for (int i = 0; i < LANES / DVEC_WIDTH; i++) {
        total[i] = dvec_all(0.0);
    }
    for (int64_t p = 0; p < positions; p += LANES) {
        const int64_t left = positions - p, count = left < LANES ? left : LANES, at = p % BLOCK;
        const float *target = y + p, *share = weight + p;
        float *mine = out + p * width;
        if (at == 0) {
            load_forks(law, p, left < BLOCK ? left : BLOCK, horizon, loc, scale, &block);
        }
        if (count < LANES) { /* what is not there has weight 0 */
            for (int64_t i = 0; i < LANES; i++) {
                rest[0][i] = i < count ? target[i] : 0.0f;
                rest[1][i] = i < count ? share[i] : 0.0f;
            }
            target = rest[0];
            share = rest[1];
            spread_out(count, width, mine, o);
        } else {
            for (int i = 0; i < LANES; i++) {
                for (int j = 0; j < width; j++) {
                    o[j * LANES + i] = mine[i * width + j];
                }
            }
        }
        law_lots(law, width, block.first + at, block.second + at, target, share, factor, curve, o, total);
        if (count < LANES) {
            gather_in(count, width, o, mine);
        } else {
            for (int i = 0; i < LANES; i++) {
                for (int j = 0; j < width; j++) {
                    mine[i * width + j] = o[j * LANES + i];
                }
            }
        }
    }
    for (int i = 0; i < LANES / DVEC_WIDTH; i++) {
        dvec_store(lane + i * DVEC_WIDTH, total[i]);
    }
    return lane_total(lane);
}

double WIDE(law_loss)(seqd_law law, int64_t forks, int64_t horizon, float *out, const float *y, const float *weight,
                      const float *loc, const float *scale, float factor, const seqd_tweedie_curve *curve)
{
    switch (law) {
    case SEQD_LAW_GAUSSIAN:
        return law_losses(SEQD_LAW_GAUSSIAN, 2, forks, horizon, out, y, weight, loc, scale, factor, NULL);
    case SEQD_LAW_STUDENT:
        return law_losses(SEQD_LAW_STUDENT, 3, forks, horizon, out, y, weight, loc, scale, factor, NULL);
    case SEQD_LAW_POISSON:
        return law_losses(SEQD_LAW_POISSON, 1, forks, horizon, out, y, weight, loc, scale, factor, NULL);
    case SEQD_LAW_NEGBIN:
        return law_losses(SEQD_LAW_NEGBIN, 2, forks, horizon, out, y, weight, loc, scale, factor, NULL);
    case SEQD_LAW_ZERO_NEGBIN:
        return law_losses(SEQD_LAW_ZERO_NEGBIN, 3, forks, horizon, out, y, weight, loc, scale, factor, NULL);
    default:
        return law_losses(SEQD_LAW_TWEEDIE, 2, forks, horizon, out, y, weight, loc, scale, factor, curve);
    }
}
