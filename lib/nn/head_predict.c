/* SPDX-License-Identifier: Apache-2.0 */
#include "head.h"

#include <math.h>

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

void seqd_head_parameters(const seqd_kernels *k, const seqd_head *head, const seqd_dist *dist, int32_t horizon,
                          const float *out, double loc, double scale, const double *spread, double (*inverse)(double),
                          float *scratch, float *parameters)
{
    const int32_t width = head->width;
    float *step = scratch;
    if (head->kind == SEQD_HEAD_QUANTILE || head->kind == SEQD_HEAD_NEGBIN)
        k->softplus((int64_t)horizon * width, out, step);

    for (int32_t h = 0; h < horizon; h++) {
        const float *o = out + (int64_t)h * width, *sp = step + (int64_t)h * width;
        float *p = parameters + (int64_t)h * dist->width;
        if (head->kind == SEQD_HEAD_NEGBIN) {
            p[0] = (float)bounded(scale * fmax((double)sp[0], 1e-8));
            p[1] = (float)bounded(fmax((double)sp[1], 1e-8) / sqrt(scale));
            continue;
        }
        if (head->kind == SEQD_HEAD_QUANTILE) {
            double q = (double)o[head->middle];
            p[1 + head->middle] = told(q, loc, scale, inverse);
            for (int32_t i = head->middle + 1; i < width; i++) p[1 + i] = told(q += (double)sp[i], loc, scale, inverse);
            q = (double)o[head->middle];
            for (int32_t i = head->middle - 1; i >= 0; i--) p[1 + i] = told(q -= (double)sp[i], loc, scale, inverse);
            p[0] = (float)seqd_dist_curve_mean(dist, p);
            continue;
        }
        for (int32_t i = 0; i < dist->level_count; i++)
            p[1 + i] = told((double)o[0] + spread[i], loc, scale, inverse);
        /* mse learns the mean itself; through a logarithm, and for mae, the mean follows from the curve */
        p[0] = head->kind == SEQD_HEAD_MSE && !inverse ? told((double)o[0], loc, scale, NULL)
                                                       : (float)seqd_dist_curve_mean(dist, p);
    }
}
