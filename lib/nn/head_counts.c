/* SPDX-License-Identifier: Apache-2.0 */
#include "head_laws.h"

#include <math.h>

/*
 * (log1p(x) - x / (1 + x)) / x^2 and (x - log1p(x)) / x^2, which cancel near 0 when written so; `log_x` is log1p(x).
 */
static double mean_curve(double x, double log_x)
{
    if (x < 0.01)
        return 1.0 / 2 - x * (2.0 / 3 - x * (3.0 / 4 - x * (4.0 / 5 - x * (5.0 / 6 - x * (6.0 / 7 - x * 7.0 / 8)))));
    return (log_x - x / (1.0 + x)) / (x * x);
}

static double count_curve(double x, double log_x)
{
    if (x < 0.01)
        return 1.0 / 2 - x * (1.0 / 3 - x * (1.0 / 4 - x * (1.0 / 5 - x * (1.0 / 6 - x * (1.0 / 7 - x / 8)))));
    return (x - log_x) / (x * x);
}

/*
 * D = lgamma(y + r) - lgamma(r) - y log r with r = 1 / alpha, and its slope by alpha: for whole y the sum of
 * log(1 + i alpha), i < y. Each branch stays exact as alpha goes to 0, where D itself goes to alpha y (y - 1) / 2.
 */
static double gamma_ratio(double y, double alpha, double *slope)
{
    double sum = 0.0;
    if (y == floor(y) && y <= 16.0) {
        double product = 1.0; /* one logarithm of a product */
        *slope = 0.0;
        for (double i = 1.0; i < y; i += 1.0) {
            const double term = 1.0 + i * alpha;
            product *= term;
            *slope += i / term;
            if (product > 1e280) {
                sum += log(product);
                product = 1.0;
            }
        }
        return sum + log(product);
    }
    const double r = 1.0 / alpha, v = alpha * y;
    if (r >= 8.0) { /* Stirling's series for both, with what cancels taken out */
        const double x = r + y, i2 = 1.0 / (r * r), j2 = 1.0 / (x * x), share = 1.0 / (1.0 + v);
        const double log_v = seqd_log1p(v);
        *slope = y * y * count_curve(v, log_v) - 0.5 * y * share + share * share * seqd_digamma_tail(j2) - seqd_digamma_tail(i2);
        return (x - 0.5) * log_v - y + seqd_lgamma_tail(j2) / x - seqd_lgamma_tail(i2) * alpha;
    }
    double g0, g1, p0, p1;
    seqd_lgamma_digamma(r, &g0, &p0);
    seqd_lgamma_digamma(r + y, &g1, &p1);
    *slope = r * (y - r * (p1 - p0));
    return g1 - g0 - y * log(r);
}

/* -log p(y) of the negative binomial without lgamma(y+1) (formula: Cameron & Trivedi 2013, ch. 3), m = alpha mu. */
static double negbin_loss_one(double y, double mu, double alpha, double *dmu, double *dalpha)
{
    const double m = alpha * mu, log_m = seqd_log1p(m);
    double slope;
    const double ratio = gamma_ratio(y, alpha, &slope);
    *dmu = -(y - mu) / (mu * (1.0 + m));
    *dalpha = y * mu / (1.0 + m) - slope - mu * mu * mean_curve(m, log_m);
    return (y + 1.0 / alpha) * log_m - ratio - (y > 0.0 ? y * log(mu) : 0.0);
}

double seqd_negbin_loss(const seqd_head_pass *pass)
{
    const seqd_targets *t = pass->targets;
    double total = 0.0;
    for (int64_t f = 0; f < pass->forks; f++) {
        const double scale = (double)t->scale[f], root = 1.0 / sqrt(scale);
        for (int64_t p = f * pass->horizon; p < (f + 1) * pass->horizon; p++) {
            const float *value = pass->value + 2 * p, *slope = pass->slope + 2 * p;
            float *o = pass->out + 2 * p;
            if (!(t->weight[p] > 0.0f)) {
                o[0] = o[1] = 0.0f;
                continue;
            }
            /* softplus underflows for very negative o: the floors keep logarithms finite and the gradient alive */
            const double mu = scale * fmax((double)value[0], 1e-8), alpha = root * fmax((double)value[1], 1e-8);
            double dmu, dalpha;
            const double w = (double)t->weight[p];
            total += w * negbin_loss_one((double)t->y[p], mu, alpha, &dmu, &dalpha);
            o[0] = seqd_slope((double)pass->factor * w * dmu * scale) * slope[0];
            o[1] = seqd_slope((double)pass->factor * w * dalpha * root) * slope[1];
        }
    }
    return total;
}

double seqd_poisson_loss(const seqd_head_pass *pass)
{
    const seqd_targets *t = pass->targets;
    double total = 0.0;
    for (int64_t f = 0; f < pass->forks; f++) {
        const double scale = (double)t->scale[f], log_scale = log(scale);
        for (int64_t p = f * pass->horizon; p < (f + 1) * pass->horizon; p++) {
            float *o = pass->out + p;
            if (!(t->weight[p] > 0.0f)) {
                o[0] = 0.0f;
                continue;
            }
            const double y = (double)t->y[p], w = (double)t->weight[p], mu = scale * (double)pass->value[p];
            double share;
            const double log_mu = log_scale + seqd_log_softplus(o[0], pass->value[p], pass->slope[p], &share);
            total += w * (mu - y * log_mu);
            o[0] = seqd_slope((double)pass->factor * w * (mu - y) * share);
        }
    }
    return total;
}

/*
 * With pi = sigmoid(o2) and l = -log p of the counts, -log((1 - pi) p) = softplus(o2) + l for y > 0, and
 * -log(pi + (1 - pi) p) = softplus(o2) + l - softplus(o2 + l) at 0.
 */
double seqd_zero_negbin_loss(const seqd_head_pass *pass)
{
    const seqd_targets *t = pass->targets;
    double total = 0.0;
    for (int64_t f = 0; f < pass->forks; f++) {
        const double scale = (double)t->scale[f], root = 1.0 / sqrt(scale);
        for (int64_t p = f * pass->horizon; p < (f + 1) * pass->horizon; p++) {
            const float *value = pass->value + 3 * p, *slope = pass->slope + 3 * p;
            float *o = pass->out + 3 * p;
            if (!(t->weight[p] > 0.0f)) {
                o[0] = o[1] = o[2] = 0.0f;
                continue;
            }
            const double mu = scale * fmax((double)value[0], 1e-8), alpha = root * fmax((double)value[1], 1e-8);
            const double y = (double)t->y[p], w = (double)t->weight[p], logit = (double)o[2];
            double dmu, dalpha, own = 1.0, loss = (double)value[2], dlogit = (double)slope[2];
            const double counts = negbin_loss_one(y, mu, alpha, &dmu, &dalpha);
            loss += counts;
            if (!(y > 0.0)) { /* `own`: how likely it is that a zero came from the counts */
                const double x = logit + counts, e = exp(-fabs(x));
                loss -= fmax(x, 0.0) + seqd_log1p(e);
                own = (x > 0.0 ? e : 1.0) / (1.0 + e);
                dlogit -= 1.0 - own;
            }
            total += w * loss;
            const double factor = (double)pass->factor * w;
            o[0] = seqd_slope(factor * own * dmu * scale) * slope[0];
            o[1] = seqd_slope(factor * own * dalpha * root) * slope[1];
            o[2] = seqd_slope(factor * dlogit);
        }
    }
    return total;
}
