/* SPDX-License-Identifier: Apache-2.0 */
#include "curve.h"

#include <math.h>

void seqd_curve_set(seqd_curve *curve, const seqd_dist *dist, const float *p)
{
    const int32_t n = dist->level_count;
    curve->count = n;
    curve->low = curve->high = 0;
    curve->levels = dist->levels;
    double before = n > 0 ? (double)p[1] : 0;
    for (int32_t i = 0; i < n; i++) {
        const double value = (double)p[1 + i];
        before = value > before ? value : before;
        curve->values[i] = before;
    }
    if (n < 2) return;
    const double *l = curve->levels, *v = curve->values;
    curve->low = l[0] * (v[1] - v[0]) / (l[1] - l[0]);
    curve->high = (1 - l[n - 1]) * (v[n - 1] - v[n - 2]) / (l[n - 1] - l[n - 2]);
}

double seqd_curve_quantile(const seqd_curve *curve, double u)
{
    const double *l = curve->levels, *v = curve->values;
    const int32_t last = curve->count - 1;
    if (last < 0) return 0;
    if (u <= l[0]) return v[0] - curve->low * log(l[0] / u);
    if (u >= l[last]) return v[last] + curve->high * log((1 - l[last]) / (1 - u));
    int32_t i = 1;
    while (l[i] < u) i++;
    return v[i] - (v[i] - v[i - 1]) * ((l[i] - u) / (l[i] - l[i - 1]));
}

static double below_first(const seqd_curve *curve, double y)
{
    return curve->low > 0 ? curve->levels[0] * exp(-(curve->values[0] - y) / curve->low) : 0;
}

static double above_last(const seqd_curve *curve, double y)
{
    const int32_t last = curve->count - 1;
    return curve->high > 0 ? 1 - (1 - curve->levels[last]) * exp(-(y - curve->values[last]) / curve->high) : 1;
}

/* Between points i-1 and i, of different value. */
static double between(const seqd_curve *curve, int32_t i, double y)
{
    const double *l = curve->levels, *v = curve->values;
    return l[i - 1] + (l[i] - l[i - 1]) * ((y - v[i - 1]) / (v[i] - v[i - 1]));
}

double seqd_curve_cdf(const seqd_curve *curve, double y)
{
    const double *v = curve->values;
    const int32_t last = curve->count - 1;
    if (last < 0) return y >= 0 ? 1 : 0;
    if (y < v[0]) return below_first(curve, y);
    if (y >= v[last]) return above_last(curve, y);
    int32_t i = 1;
    while (v[i] <= y) i++;
    return between(curve, i, y);
}

/* P(Y < y). */
static double cdf_left(const seqd_curve *curve, double y)
{
    const double *v = curve->values;
    const int32_t last = curve->count - 1;
    if (last < 0) return y > 0 ? 1 : 0;
    if (y <= v[0]) return below_first(curve, y);
    if (y > v[last]) return above_last(curve, y);
    int32_t i = 1;
    while (v[i] < y) i++;
    return between(curve, i, y);
}

double seqd_curve_cdf_mid(const seqd_curve *curve, double y)
{
    return 0.5 * (cdf_left(curve, y) + seqd_curve_cdf(curve, y));
}

/* Integral of max(line from a to b, floor) over a width of 1. */
static double line_mean(double a, double b, double floor)
{
    if (a >= floor) return a + 0.5 * (b - a);
    if (b <= floor) return floor;
    const double under = (floor - a) / (b - a);
    return under * floor + (1 - under) * (floor + 0.5 * (b - floor));
}

double seqd_curve_mean(const seqd_curve *curve, double floor)
{
    const double *l = curve->levels, *v = curve->values;
    const int32_t last = curve->count - 1;
    if (last < 0) return fmax(0, floor);
    double mean;
    /* Lower tail: the floor is met at l[0] exp(-(v[0] - floor) / low). */
    if (v[0] <= floor)
        mean = l[0] * floor;
    else
        mean = l[0] * (v[0] - curve->low * (curve->low > 0 ? 1 - exp(-(v[0] - floor) / curve->low) : 0));
    for (int32_t i = 1; i <= last; i++) mean += (l[i] - l[i - 1]) * line_mean(v[i - 1], v[i], floor);
    const double high = curve->high;
    if (v[last] >= floor)
        mean += (1 - l[last]) * (v[last] + high);
    else
        mean += (1 - l[last]) * (floor + (high > 0 ? high * exp(-(floor - v[last]) / high) : 0));
    return mean;
}
