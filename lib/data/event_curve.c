/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "event_features.h"

/* The ends stand for one in a thousand, as far as ranks of a sample tell. */
#define END_SHARE 0.001

void seqd_curve_draw(const double *values, int64_t count, double curve[SEQD_CURVE_POINTS])
{
    for (int32_t k = 0; k < SEQD_CURVE_POINTS; k++) {
        const double at = (double)(count - 1) * k / (SEQD_CURVE_POINTS - 1);
        const int64_t below = (int64_t)at;
        const int64_t above = below + 1 < count ? below + 1 : below;
        curve[k] = values[below] + (at - (double)below) * (values[above] - values[below]);
        if (k > 0 && curve[k] < curve[k - 1]) curve[k] = curve[k - 1]; /* the last bit of an interpolation */
    }
}

/* The deviate below which a share p of a normal distribution lies, by Newton's method on its distribution function. */
static double normal_quantile(double p)
{
    double z = 0.0;
    for (int i = 0; i < 60; i++) {
        const double miss = 0.5 * erfc(-z / sqrt(2.0)) - p;
        const double step = miss / (exp(-0.5 * z * z) / sqrt(2.0 * 3.14159265358979323846));
        z -= step > 0.5 ? 0.5 : step < -0.5 ? -0.5 : step;
        if (fabs(step) < 1e-13) break;
    }
    return z;
}

void seqd_curve_normal(double normal[SEQD_CURVE_POINTS])
{
    for (int32_t k = 0; k < SEQD_CURVE_POINTS; k++) {
        const double share = (double)k / (SEQD_CURVE_POINTS - 1);
        normal[k] = normal_quantile(share < END_SHARE ? END_SHARE : share > 1.0 - END_SHARE ? 1.0 - END_SHARE : share);
    }
}

/* First point that is not below (`above`: that is above) the value. */
static int32_t first_point(const double *curve, double value, int above)
{
    int32_t low = 0, high = SEQD_CURVE_POINTS;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (curve[middle] < value || (above && curve[middle] == value)) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* A value that fills a stretch of the curve stands in the middle of it. */
double seqd_curve_place(const double *curve, const double *normal, double value)
{
    const int32_t first = first_point(curve, value, 0), past = first_point(curve, value, 1);
    if (past > first) return 0.5 * (normal[first] + normal[past - 1]);
    if (first == 0) return normal[0];
    if (first == SEQD_CURVE_POINTS) return normal[SEQD_CURVE_POINTS - 1];
    const double share = (value - curve[first - 1]) / (curve[first] - curve[first - 1]);
    return normal[first - 1] + share * (normal[first] - normal[first - 1]);
}
