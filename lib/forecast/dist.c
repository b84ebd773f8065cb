/* SPDX-License-Identifier: Apache-2.0 */
#include "forecast.h"

#include <math.h>
#include <stdbool.h>

#include "curve.h"
#include "negbin.h"
#include "rng.h"

/* What is below the floor counts as the floor: a forecast of sales cannot be a return. */

double seqd_dist_mean(const seqd_dist *dist, const float *p) { return fmax((double)p[0], dist->floor); }

static double normal_deviation(const float *p) { return p[1] > 0 ? (double)p[1] : 0; }

double seqd_dist_quantile(const seqd_dist *dist, const float *p, double u)
{
    double value;
    if (dist->kind == SEQD_DIST_NORMAL) {
        value = (double)p[0] + normal_deviation(p) * seqd_normal_quantile(u);
    } else if (dist->kind == SEQD_DIST_NEGBIN) {
        seqd_negbin negbin;
        seqd_negbin_set(&negbin, (double)p[0], (double)p[1]);
        value = seqd_negbin_quantile(&negbin, u);
    } else {
        seqd_curve curve;
        seqd_curve_set(&curve, dist, p);
        value = seqd_curve_quantile(&curve, u);
    }
    return fmax(value, dist->floor);
}

static double normal_cdf_mid(const float *p, double y)
{
    const double deviation = normal_deviation(p), distance = y - (double)p[0];
    if (deviation > 0) return seqd_normal_cdf(distance / deviation);
    return distance < 0 ? 0 : distance > 0 ? 1 : 0.5;
}

/* P(Y <= y) and, where `mid`, the middle of the jump at y; without a floor. */
static double plain_cdf(const seqd_dist *dist, const float *p, double y, bool mid)
{
    if (dist->kind == SEQD_DIST_NORMAL) {
        const double value = normal_cdf_mid(p, y);
        return !mid && value == 0.5 && normal_deviation(p) == 0 ? 1 : value;
    }
    if (dist->kind == SEQD_DIST_NEGBIN) {
        seqd_negbin negbin;
        seqd_negbin_set(&negbin, (double)p[0], (double)p[1]);
        const double k = floor(y), below = seqd_negbin_below(&negbin, k);
        return mid && k == y && k >= 0 ? fmax(0, below - 0.5 * seqd_negbin_pmf(&negbin, k)) : below;
    }
    seqd_curve curve;
    seqd_curve_set(&curve, dist, p);
    return mid ? seqd_curve_cdf_mid(&curve, y) : seqd_curve_cdf(&curve, y);
}

double seqd_dist_cdf_mid(const seqd_dist *dist, const float *p, double y)
{
    if (y < dist->floor) return 0;
    if (y == dist->floor) return 0.5 * plain_cdf(dist, p, y, false);
    return plain_cdf(dist, p, y, true);
}

double seqd_dist_curve_mean(const seqd_dist *dist, const float *p)
{
    seqd_curve curve;
    seqd_curve_set(&curve, dist, p);
    return seqd_curve_mean(&curve, dist->floor);
}
