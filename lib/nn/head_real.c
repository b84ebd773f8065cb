/* SPDX-License-Identifier: Apache-2.0 */
#include "head_laws.h"

#include "student.h"

#define HALF_LOG_TWO_PI 0.91893853320467274178

double seqd_gaussian_loss(const seqd_head_pass *pass)
{
    const seqd_targets *t = pass->targets;
    double total = 0.0;
    for (int64_t f = 0; f < pass->forks; f++) {
        const double loc = (double)t->loc[f], inverse = 1.0 / (double)t->scale[f];
        for (int64_t p = f * pass->horizon; p < (f + 1) * pass->horizon; p++) {
            float *o = pass->out + 2 * p;
            if (!(t->weight[p] > 0.0f)) {
                o[0] = o[1] = 0.0f;
                continue;
            }
            const double w = (double)t->weight[p], s = 1.0 / ((double)pass->value[2 * p + 1] + SEQD_LEAST_SPREAD);
            const double x = ((double)o[0] - ((double)t->y[p] - loc) * inverse) * s, factor = (double)pass->factor * w * s;
            total += w * (HALF_LOG_TWO_PI - log(s) + 0.5 * x * x);
            o[0] = seqd_slope(factor * x);
            o[1] = seqd_slope(factor * (1.0 - x * x)) * pass->slope[2 * p + 1];
        }
    }
    return total;
}

/* With x = (o0 - z) / s: -log density = log s + log sqrt(2 pi) - gamma_half(nu / 2) + (nu + 1) / 2 log1p(x^2 / nu). */
double seqd_student_loss(const seqd_head_pass *pass)
{
    const seqd_targets *t = pass->targets;
    double total = 0.0;
    for (int64_t f = 0; f < pass->forks; f++) {
        const double loc = (double)t->loc[f], inverse = 1.0 / (double)t->scale[f];
        for (int64_t p = f * pass->horizon; p < (f + 1) * pass->horizon; p++) {
            const float *value = pass->value + 3 * p, *slope = pass->slope + 3 * p;
            float *o = pass->out + 3 * p;
            if (!(t->weight[p] > 0.0f)) {
                o[0] = o[1] = o[2] = 0.0f;
                continue;
            }
            const double w = (double)t->weight[p], s = 1.0 / ((double)value[1] + SEQD_LEAST_SPREAD);
            const double nu = (double)value[2] + SEQD_LEAST_FREEDOM, factor = (double)pass->factor * w;
            const double x = ((double)o[0] - ((double)t->y[p] - loc) * inverse) * s;
            const double v = x * x / nu, share = 1.0 / (1.0 + v), far = seqd_log1p(v);
            double half_slope;
            const double half = seqd_gamma_half(0.5 * nu, &half_slope), pull = (nu + 1.0) / nu * share;
            total += w * (HALF_LOG_TWO_PI - log(s) - half + 0.5 * (nu + 1.0) * far);
            o[0] = seqd_slope(factor * s * pull * x);
            o[1] = seqd_slope(factor * s * (1.0 - (nu + 1.0) * (v * share))) * slope[1];
            o[2] = seqd_slope(factor * 0.5 * (far - half_slope - (nu + 1.0) / nu * (v * share))) * slope[2];
        }
    }
    return total;
}
