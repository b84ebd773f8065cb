/* SPDX-License-Identifier: Apache-2.0 */
#include "sampler.h"

#include <math.h>

#include "negbin.h"
#include "rng.h"
#include "student.h"

/* What a table may leave out at either end. */
#define TAIL 1e-13

/* Sum of P over the counts a .. b - 1 by two Gauss points on [a - 1/2, b - 1/2]. */
static double range_mass(const seqd_negbin *negbin, double a, double b)
{
    const double half = 0.5 * (b - a), middle = a - 0.5 + half, reach = half * 0.57735026918962576;
    return half * (seqd_negbin_pmf(negbin, middle - reach) + seqd_negbin_pmf(negbin, middle + reach));
}

/* Where in a finished table each value of u begins. */
static void set_guide(seqd_sampler *s)
{
    int32_t bin = 0;
    for (int32_t i = 0; i <= SEQD_SAMPLER_GUIDE; i++) {
        while (bin < s->bins - 1 && s->cumulative[bin + 1] < (double)i / SEQD_SAMPLER_GUIDE) bin++;
        s->guide[i] = (uint16_t)bin;
    }
}

static void set_counts(seqd_sampler *s, const seqd_negbin *negbin)
{
    const double sd = negbin->deviation, m = negbin->m;
    /* P(Y <= mu - t) <= exp(-t^2 / (2 variance)); upwards the tail falls like a normal's, then like q^k. */
    const double first = fmax(0, floor(negbin->mu - 8.5 * sd));
    const bool few = fmin(negbin->mu, 8.5 * sd) + 8.5 * sd + 32 * (1 + m) < SEQD_SAMPLER_BINS;
    const double scale = fmax(sd, m);
    double k = first, mass = seqd_negbin_pmf(negbin, k), before = 1, total = 0;
    int32_t n = 0;
    while (n < SEQD_SAMPLER_BINS) {
        const double width = few ? 1 : fmax(1, floor(fmin(k, scale) / 12));
        if (width > 1)
            mass = range_mass(negbin, k, k + width);
        else if (n > 0)
            mass = before == 1 ? mass * seqd_negbin_ratio(negbin, k - 1) : seqd_negbin_pmf(negbin, k);
        s->edges[n] = k;
        s->cumulative[n] = total;
        total += mass;
        k += width;
        n++;
        before = width;
        if (k > negbin->mu && mass / width * (1 + m) < TAIL) break;
    }
    s->bins = n;
    s->edges[n] = k;
    for (int32_t i = 0; i < n; i++) s->cumulative[i] /= total;
    s->cumulative[n] = 1;
    s->whole = true;
    set_guide(s);
}

static void set_negbin(seqd_sampler *s, double mu, double alpha)
{
    seqd_negbin negbin;
    seqd_negbin_set(&negbin, mu, alpha);
    s->mean = negbin.mu;
    s->deviation = negbin.deviation;
    /* Counts so many and so alike that neighbours in a table would be the same double. */
    s->table = negbin.mu < 1e7 || negbin.deviation > 1e-6 * negbin.mu;
    if (s->table) set_counts(s, &negbin);
}

static void set_tweedie(seqd_sampler *s, const seqd_dist *dist, const float *p)
{
    seqd_tweedie tweedie;
    seqd_tweedie_walk walk;
    seqd_tweedie_set(&tweedie, dist->tweedie, (double)p[0], (double)p[1]);
    s->mean = tweedie.mu;
    if (tweedie.mu == 0 || tweedie.phi == 0) return;
    s->table = true;
    s->share = 1 - tweedie.zero;
    seqd_tweedie_walk_begin(&tweedie, &walk);
    s->edges[0] = walk.before > tweedie.zero ? 0 : exp(walk.low);
    s->cumulative[0] = 0;
    double total = walk.before - tweedie.zero;
    int32_t n = 0;
    if (total > 0) {
        s->edges[++n] = exp(walk.low);
        s->cumulative[n] = total;
    }
    while (n < SEQD_SAMPLER_BINS && seqd_tweedie_walk_next(&tweedie, 8, &walk)) {
        s->edges[++n] = exp(walk.high);
        s->cumulative[n] = total += walk.mass;
    }
    if (n == 0 || !(total > 0)) { /* nothing but zeros */
        s->share = 0;
        n = 1;
        s->edges[1] = s->edges[0];
        total = 1;
    }
    s->bins = n;
    for (int32_t i = 0; i < n; i++) s->cumulative[i] /= total;
    s->cumulative[n] = 1;
    set_guide(s);
}

#define SCORES 81          /* knots of Student's quantile function */
#define MOST_SCORE 5.0
#define SCORE_STEP 0.125

static void set_student(seqd_sampler *s, const float *p)
{
    s->deviation = p[1] > 0 ? (double)p[1] : 0;
    s->freedom = (double)p[2];
    for (int32_t i = 0; i <= SCORES / 2; i++) {
        const double value = seqd_student_quantile(s->freedom, seqd_normal_cdf(i * SCORE_STEP));
        s->edges[SCORES / 2 + i] = value;
        s->edges[SCORES / 2 - i] = -value;
    }
}

/* Between four knots, as the cubic through them; outside from the quantile function itself. */
static double student_at(const seqd_sampler *s, double z)
{
    const double at = (z + MOST_SCORE) / SCORE_STEP;
    if (!(at >= 1 && at < SCORES - 2)) {
        const double tail = fmax(seqd_normal_cdf(-fabs(z)), 1e-300);
        return copysign(seqd_student_quantile(s->freedom, tail), z);
    }
    const int32_t k = (int32_t)at;
    const double *v = s->edges + k - 1, x = at - k;
    const double l = x + 1, r = x - 1, rr = x - 2; /* Lagrange's form on knots -1, 0, 1, 2 */
    return -v[0] * x * r * rr / 6 + v[1] * l * r * rr / 2 - v[2] * l * x * rr / 2 + v[3] * l * x * r / 6;
}

void seqd_sampler_set(seqd_sampler *s, const seqd_dist *dist, const float *p)
{
    s->kind = dist->kind;
    s->floor = dist->floor;
    s->mean = (double)p[0];
    s->deviation = 0;
    s->table = s->whole = false;
    s->share = 1;
    switch (dist->kind) {
    case SEQD_DIST_NORMAL:
        s->deviation = p[1] > 0 ? (double)p[1] : 0;
        break;
    case SEQD_DIST_STUDENT:
        set_student(s, p);
        break;
    case SEQD_DIST_NEGBIN:
        set_negbin(s, (double)p[0], (double)p[1]);
        break;
    case SEQD_DIST_ZERO_NEGBIN:
        s->share = seqd_zero_negbin_share(p);
        set_negbin(s, (double)p[1], (double)p[2]);
        break;
    case SEQD_DIST_TWEEDIE:
        set_tweedie(s, dist, p);
        break;
    case SEQD_DIST_QUANTILES: {
        seqd_curve_set(&s->curve, dist, p);
        int32_t i = 0;
        for (int32_t g = 0; g <= SEQD_SAMPLER_GUIDE; g++) {
            while (i < s->curve.count && s->curve.levels[i] < (double)g / SEQD_SAMPLER_GUIDE) i++;
            s->guide[g] = (uint16_t)i;
        }
        break;
    }
    }
}

static double table_at(const seqd_sampler *s, double u)
{
    int32_t i = s->guide[(int32_t)(u * SEQD_SAMPLER_GUIDE)];
    while (i < s->bins - 1 && s->cumulative[i + 1] < u) i++;
    const double width = s->edges[i + 1] - s->edges[i];
    if (s->whole && width == 1) return s->edges[i];
    const double share = (u - s->cumulative[i]) / (s->cumulative[i + 1] - s->cumulative[i]);
    return s->edges[i] + (s->whole ? fmin(width - 1, floor(share * width)) : share * width);
}

static double curve_at(const seqd_sampler *s, double u)
{
    const seqd_curve *c = &s->curve;
    int32_t i = s->guide[(int32_t)(u * SEQD_SAMPLER_GUIDE)];
    while (i < c->count && c->levels[i] < u) i++;
    if (i == 0 || i == c->count) return seqd_curve_quantile(c, u);
    return c->values[i] - (c->values[i] - c->values[i - 1]) * ((c->levels[i] - u) / (c->levels[i] - c->levels[i - 1]));
}

void seqd_sampler_apply(const seqd_sampler *s, double *values, int64_t count, int64_t stride)
{
    const double below_one = 1 - 0x1p-53;
    for (int64_t n = 0; n < count; n++) {
        double *value = values + n * stride;
        const double z = *value;
        double y;
        if (s->kind == SEQD_DIST_QUANTILES) {
            y = curve_at(s, fmin(seqd_normal_cdf(z), below_one));
        } else if (s->kind == SEQD_DIST_STUDENT) {
            y = s->mean + s->deviation * student_at(s, z);
        } else if (s->share < 1) { /* zeros come first */
            const double above = seqd_normal_cdf(-z) / s->share;
            y = !(above < 1) ? 0 : s->table ? table_at(s, fmin(1 - above, below_one))
                                            : s->mean + s->deviation * seqd_normal_quantile(fmin(1 - above, below_one));
        } else {
            y = s->table ? table_at(s, fmin(seqd_normal_cdf(z), below_one)) : s->mean + s->deviation * z;
        }
        if (!s->table && (s->kind == SEQD_DIST_NEGBIN || s->kind == SEQD_DIST_ZERO_NEGBIN)) y = fmax(0, floor(y + 0.5));
        *value = fmax(y, s->floor);
    }
}
