/* SPDX-License-Identifier: Apache-2.0 */
#include "forecast.h"

#include <math.h>
#include <stdbool.h>

#include "curve.h"
#include "negbin.h"
#include "rng.h"
#include "student.h"

/* What is below the floor counts as the floor: a forecast of sales cannot be a return. */

double seqd_dist_mean(const seqd_dist *dist, const float *p) { return fmax((double)p[0], dist->floor); }

/* A spread that is not positive makes a point mass at the centre. */
static double spread_of(const float *p) { return p[1] > 0 ? (double)p[1] : 0; }

double seqd_zero_negbin_share(const float *p)
{
    return p[0] > 0 && p[1] > 0 ? fmin(1, (double)p[0] / (double)p[1]) : 0;
}

static double zero_negbin_quantile(const float *p, double u)
{
    const double share = seqd_zero_negbin_share(p), above = (1 - u) / share;
    seqd_negbin negbin;
    if (!(above < 1)) return 0;
    seqd_negbin_set(&negbin, (double)p[1], (double)p[2]);
    return seqd_negbin_quantile(&negbin, fmin(1 - above, 1 - 0x1p-53));
}

double seqd_dist_quantile(const seqd_dist *dist, const float *p, double u)
{
    double value = 0;
    seqd_negbin negbin;
    seqd_curve curve;
    seqd_tweedie tweedie;
    switch (dist->kind) {
    case SEQD_DIST_NORMAL:
        value = (double)p[0] + spread_of(p) * seqd_normal_quantile(u);
        break;
    case SEQD_DIST_STUDENT:
        value = (double)p[0] + spread_of(p) * seqd_student_quantile((double)p[2], u);
        break;
    case SEQD_DIST_NEGBIN:
        seqd_negbin_set(&negbin, (double)p[0], (double)p[1]);
        value = seqd_negbin_quantile(&negbin, u);
        break;
    case SEQD_DIST_ZERO_NEGBIN:
        value = zero_negbin_quantile(p, u);
        break;
    case SEQD_DIST_TWEEDIE:
        seqd_tweedie_set(&tweedie, dist->tweedie, (double)p[0], (double)p[1]);
        value = seqd_tweedie_quantile(&tweedie, u);
        break;
    case SEQD_DIST_QUANTILES:
        seqd_curve_set(&curve, dist, p);
        value = seqd_curve_quantile(&curve, u);
        break;
    }
    return fmax(value, dist->floor);
}

/* P(Y <= y) and, where `mid`, the middle of the jump at y. */
static double centred_cdf(const seqd_dist *dist, const float *p, double y, bool mid)
{
    const double deviation = spread_of(p), distance = y - (double)p[0];
    if (!(deviation > 0)) return distance < 0 ? 0 : distance > 0 || !mid ? 1 : 0.5;
    if (dist->kind == SEQD_DIST_NORMAL) return seqd_normal_cdf(distance / deviation);
    return seqd_student_above((double)p[2], -distance / deviation);
}

static double negbin_cdf(double mu, double alpha, double y, bool mid)
{
    seqd_negbin negbin;
    seqd_negbin_set(&negbin, mu, alpha);
    const double k = floor(y), below = seqd_negbin_below(&negbin, k);
    return mid && k == y && k >= 0 ? fmax(0, below - 0.5 * seqd_negbin_pmf(&negbin, k)) : below;
}

static double zero_negbin_cdf(const float *p, double y, bool mid)
{
    const double share = seqd_zero_negbin_share(p);
    if (y < 0) return 0;
    const double zeros = mid && y == 0 ? 0.5 * (1 - share) : 1 - share;
    return share > 0 ? zeros + share * negbin_cdf((double)p[1], (double)p[2], y, mid) : zeros;
}

static double tweedie_cdf(const seqd_dist *dist, const float *p, double y, bool mid)
{
    seqd_tweedie tweedie;
    seqd_tweedie_set(&tweedie, dist->tweedie, (double)p[0], (double)p[1]);
    const double below = seqd_tweedie_below(&tweedie, y);
    return mid && (y == 0 || (tweedie.phi == 0 && y == tweedie.mu)) ? 0.5 * below : below;
}

/* Without a floor. */
static double plain_cdf(const seqd_dist *dist, const float *p, double y, bool mid)
{
    seqd_curve curve;
    switch (dist->kind) {
    case SEQD_DIST_NORMAL:
    case SEQD_DIST_STUDENT: return centred_cdf(dist, p, y, mid);
    case SEQD_DIST_NEGBIN: return negbin_cdf((double)p[0], (double)p[1], y, mid);
    case SEQD_DIST_ZERO_NEGBIN: return zero_negbin_cdf(p, y, mid);
    case SEQD_DIST_TWEEDIE: return tweedie_cdf(dist, p, y, mid);
    case SEQD_DIST_QUANTILES: break;
    }
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
