/* SPDX-License-Identifier: Apache-2.0 */
#include "head.h"

#include <math.h>

#include "rng.h"
#include "student.h"

static double bounded(double value)
{
    /* far beyond any demand, and its square still fits a float32 */
    return value > 1e18 ? 1e18 : value < -1e18 ? -1e18 : value;
}

static float told(double z, double loc, double scale, double (*inverse)(double))
{
    const double value = loc + scale * z;
    return (float)bounded(inverse ? inverse(bounded(value)) : value);
}

/* Values at the levels of a curve from `centre` and the distance that each level has from it, and their mean. */
static void tell_curve(const seqd_dist *dist, double centre, double spread, const double *distances, double loc,
                       double scale, double (*inverse)(double), float *p)
{
    for (int32_t i = 0; i < dist->level_count; i++)
        p[1 + i] = told(centre + spread * distances[i], loc, scale, inverse);
    p[0] = (float)seqd_dist_curve_mean(dist, p);
}

static void tell_point(const seqd_head *head, const seqd_dist *dist, const float *o, const double *spread, double loc,
                       double scale, double (*inverse)(double), float *p)
{
    tell_curve(dist, (double)o[0], 1.0, spread, loc, scale, inverse, p);
    /* mse learns the mean itself; through a logarithm, and for mae and huber, the mean follows from the curve */
    if (head->kind == SEQD_HEAD_MSE && !inverse) p[0] = told((double)o[0], loc, scale, NULL);
}

static void tell_quantiles(const seqd_head *head, const seqd_dist *dist, const float *o, const float *step, double loc,
                           double scale, double (*inverse)(double), float *p)
{
    double q = (double)o[head->middle];
    p[1 + head->middle] = told(q, loc, scale, inverse);
    for (int32_t i = head->middle + 1; i < head->width; i++) p[1 + i] = told(q += (double)step[i], loc, scale, inverse);
    q = (double)o[head->middle];
    for (int32_t i = head->middle - 1; i >= 0; i--) p[1 + i] = told(q -= (double)step[i], loc, scale, inverse);
    p[0] = (float)seqd_dist_curve_mean(dist, p);
}

/* Gaussian or Student's: of the transformed target where there is an inverse, and then told as a curve. */
static void tell_real(const seqd_head *head, const seqd_dist *dist, const float *o, const float *value, double loc,
                      double scale, double (*inverse)(double), float *p)
{
    const bool student = head->kind == SEQD_HEAD_STUDENT;
    const double spread = (double)value[1] + SEQD_LEAST_SPREAD, nu = student ? (double)value[2] + SEQD_LEAST_FREEDOM : 0;
    if (dist->kind == SEQD_DIST_QUANTILES) {
        double distances[SEQD_MAX_LEVELS];
        for (int32_t i = 0; i < dist->level_count; i++)
            distances[i] = student ? seqd_student_quantile(nu, dist->levels[i]) : seqd_normal_quantile(dist->levels[i]);
        tell_curve(dist, (double)o[0], spread, distances, loc, scale, inverse, p);
        return;
    }
    p[0] = told((double)o[0], loc, scale, NULL);
    p[1] = (float)bounded(scale * spread);
    if (student) p[2] = (float)bounded(nu);
}

static void tell_positive(const seqd_head *head, const float *o, const float *value, double scale, float *p)
{
    const double mu = bounded(scale * fmax((double)value[0], 1e-8));
    p[0] = (float)mu;
    if (head->kind == SEQD_HEAD_TWEEDIE) {
        p[1] = (float)bounded(((double)value[1] + SEQD_LEAST_SPREAD) * pow(scale, 2.0 - head->tweedie->power));
        return;
    }
    const double alpha = head->kind == SEQD_HEAD_POISSON ? 0.0 : bounded(fmax((double)value[1], 1e-8) / sqrt(scale));
    if (head->kind == SEQD_HEAD_ZERO_NEGBIN) {
        p[0] = (float)(mu / (1.0 + exp(fmin((double)o[2], 40.0))));
        p[1] = (float)mu;
        p[2] = (float)alpha;
        return;
    }
    p[1] = (float)alpha;
}

void seqd_head_parameters(const seqd_kernels *k, const seqd_head *head, const seqd_dist *dist, int32_t horizon,
                          const float *out, double loc, double scale, const double *spread, double (*inverse)(double),
                          float *scratch, float *parameters)
{
    if (!seqd_head_is_point(head)) k->softplus((int64_t)horizon * head->width, out, scratch);
    for (int32_t h = 0; h < horizon; h++) {
        const float *o = out + (int64_t)h * head->width, *value = scratch + (int64_t)h * head->width;
        float *p = parameters + (int64_t)h * dist->width;
        switch (head->kind) {
        case SEQD_HEAD_MSE:
        case SEQD_HEAD_MAE:
        case SEQD_HEAD_HUBER: tell_point(head, dist, o, spread, loc, scale, inverse, p); break;
        case SEQD_HEAD_QUANTILE: tell_quantiles(head, dist, o, value, loc, scale, inverse, p); break;
        case SEQD_HEAD_GAUSSIAN:
        case SEQD_HEAD_STUDENT: tell_real(head, dist, o, value, loc, scale, inverse, p); break;
        case SEQD_HEAD_NEGBIN:
        case SEQD_HEAD_POISSON:
        case SEQD_HEAD_ZERO_NEGBIN:
        case SEQD_HEAD_TWEEDIE: tell_positive(head, o, value, scale, p); break;
        }
    }
}
