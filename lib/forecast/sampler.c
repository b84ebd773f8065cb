/* SPDX-License-Identifier: Apache-2.0 */
#include "sampler.h"

#include <math.h>

#include "negbin.h"
#include "rng.h"

/* What a table may leave out at either end. */
#define TAIL 1e-13

/* Sum of P over the counts a .. b - 1 by two Gauss points on [a - 1/2, b - 1/2]. */
static double range_mass(const seqd_negbin *negbin, double a, double b)
{
    const double half = 0.5 * (b - a), middle = a - 0.5 + half, reach = half * 0.57735026918962576;
    return half * (seqd_negbin_pmf(negbin, middle - reach) + seqd_negbin_pmf(negbin, middle + reach));
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
    int32_t bin = 0;
    for (int32_t i = 0; i <= SEQD_SAMPLER_GUIDE; i++) {
        while (bin < n - 1 && s->cumulative[bin + 1] < (double)i / SEQD_SAMPLER_GUIDE) bin++;
        s->guide[i] = (uint16_t)bin;
    }
}

void seqd_sampler_set(seqd_sampler *s, const seqd_dist *dist, const float *p)
{
    s->kind = dist->kind;
    s->floor = dist->floor;
    s->mean = (double)p[0];
    s->deviation = 0;
    s->table = false;
    if (dist->kind == SEQD_DIST_NORMAL) {
        s->deviation = p[1] > 0 ? (double)p[1] : 0;
    } else if (dist->kind == SEQD_DIST_QUANTILES) {
        seqd_curve_set(&s->curve, dist, p);
        int32_t i = 0;
        for (int32_t g = 0; g <= SEQD_SAMPLER_GUIDE; g++) {
            while (i < s->curve.count && s->curve.levels[i] < (double)g / SEQD_SAMPLER_GUIDE) i++;
            s->guide[g] = (uint16_t)i;
        }
    } else {
        seqd_negbin negbin;
        seqd_negbin_set(&negbin, (double)p[0], (double)p[1]);
        s->mean = negbin.mu;
        s->deviation = negbin.deviation;
        /* Counts so many and so alike that neighbours in a table would be the same double. */
        s->table = negbin.mu < 1e7 || negbin.deviation > 1e-6 * negbin.mu;
        if (s->table) set_counts(s, &negbin);
    }
}

static double counts_at(const seqd_sampler *s, double u)
{
    int32_t i = s->guide[(int32_t)(u * SEQD_SAMPLER_GUIDE)];
    while (i < s->bins - 1 && s->cumulative[i + 1] < u) i++;
    const double width = s->edges[i + 1] - s->edges[i];
    if (width == 1) return s->edges[i];
    const double share = (u - s->cumulative[i]) / (s->cumulative[i + 1] - s->cumulative[i]);
    return s->edges[i] + fmin(width - 1, floor(share * width));
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
        } else if (s->table) {
            y = counts_at(s, fmin(seqd_normal_cdf(z), below_one));
        } else {
            y = s->mean + s->deviation * z;
            if (s->kind == SEQD_DIST_NEGBIN) y = fmax(0, floor(y + 0.5));
        }
        *value = fmax(y, s->floor);
    }
}
