/* SPDX-License-Identifier: Apache-2.0 */
#include "head.h"

#include <math.h>

int64_t seqd_head_scratch(const seqd_head *head, int64_t values)
{
    return head->kind == SEQD_HEAD_MSE || head->kind == SEQD_HEAD_MAE ? 0 : 2 * values * head->width;
}

static double quantile_loss(const seqd_kernels *k, const seqd_head *head, int64_t forks, int32_t horizon, float *out,
                            const seqd_targets *t, float factor)
{
    float levels[SEQD_MAX_LEVELS];
    _Static_assert(SEQD_MAX_LEVELS <= SEQD_QUANTILE_WIDTH, "the kernel takes so many");
    for (int32_t i = 0; i < head->width; i++) levels[i] = (float)head->levels[i];
    return k->quantile_loss(forks, horizon, head->width, head->middle, levels, out, t->y, t->weight, t->loc, t->scale,
                            factor);
}

/* (log1p(x) - x / (1 + x)) / x^2 and (x - log1p(x)) / x^2, which cancel near 0 when written so. */
static double mean_curve(double x)
{
    if (x < 0.01)
        return 1.0 / 2 - x * (2.0 / 3 - x * (3.0 / 4 - x * (4.0 / 5 - x * (5.0 / 6 - x * (6.0 / 7 - x * 7.0 / 8)))));
    return (log1p(x) - x / (1.0 + x)) / (x * x);
}

static double count_curve(double x)
{
    if (x < 0.01)
        return 1.0 / 2 - x * (1.0 / 3 - x * (1.0 / 4 - x * (1.0 / 5 - x * (1.0 / 6 - x * (1.0 / 7 - x / 8)))));
    return (x - log1p(x)) / (x * x);
}

/* The series behind Stirling's formula for lgamma (times x), and that for digamma (times x^2), in i2 = 1 / x^2. */
static double lgamma_tail(double i2)
{
    const double far = 1.0 / 1188 - i2 * (691.0 / 360360 - i2 / 156);
    return 1.0 / 12 - i2 * (1.0 / 360 - i2 * (1.0 / 1260 - i2 * (1.0 / 1680 - i2 * far)));
}

static double digamma_tail(double i2)
{
    const double far = 1.0 / 132 - i2 * (691.0 / 32760 - i2 / 12);
    return 1.0 / 12 - i2 * (1.0 / 120 - i2 * (1.0 / 252 - i2 * (1.0 / 240 - i2 * far)));
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
        *slope = y * y * count_curve(v) - 0.5 * y * share + share * share * digamma_tail(j2) - digamma_tail(i2);
        return (x - 0.5) * log1p(v) - y + lgamma_tail(j2) / x - lgamma_tail(i2) * alpha;
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
    const double m = alpha * mu;
    double slope;
    const double ratio = gamma_ratio(y, alpha, &slope);
    *dmu = -(y - mu) / (mu * (1.0 + m));
    *dalpha = y * mu / (1.0 + m) - slope - mu * mu * mean_curve(m);
    return (y + 1.0 / alpha) * log1p(m) - ratio - (y > 0.0 ? y * log(mu) : 0.0);
}

static double negbin_loss(const seqd_kernels *k, int64_t forks, int32_t horizon, float *out, const seqd_targets *t,
                          float factor, float *scratch)
{
    const int64_t values = forks * horizon * 2;
    float *value = scratch, *slope = scratch + values;
    double total = 0.0;
    k->softplus(values, out, value);
    k->sigmoid(values, out, slope);
    for (int64_t f = 0; f < forks; f++) {
        const double scale = (double)t->scale[f], root = 1.0 / sqrt(scale);
        for (int64_t p = f * horizon; p < (f + 1) * horizon; p++) {
            float *o = out + 2 * p;
            if (!(t->weight[p] > 0.0f)) {
                o[0] = o[1] = 0.0f;
                continue;
            }
            /* softplus underflows for very negative o: the floors keep logarithms finite and the gradient alive */
            const double mu = scale * fmax((double)value[2 * p], 1e-8);
            const double alpha = root * fmax((double)value[2 * p + 1], 1e-8);
            double dmu, dalpha;
            const double w = (double)t->weight[p];
            total += w * negbin_loss_one((double)t->y[p], mu, alpha, &dmu, &dalpha);
            o[0] = (float)((double)factor * w * dmu * scale) * slope[2 * p];
            o[1] = (float)((double)factor * w * dalpha * root) * slope[2 * p + 1];
        }
    }
    return total;
}

double seqd_head_loss(const seqd_kernels *k, const seqd_head *head, int64_t forks, int32_t horizon, float *out,
                      const seqd_targets *targets, float factor, float *scratch)
{
    seqd_point_loss kind = SEQD_POINT_SQUARED;
    switch (head->kind) {
    case SEQD_HEAD_QUANTILE: return quantile_loss(k, head, forks, horizon, out, targets, factor);
    case SEQD_HEAD_NEGBIN: return negbin_loss(k, forks, horizon, out, targets, factor, scratch);
    case SEQD_HEAD_MSE: break;
    case SEQD_HEAD_MAE: kind = SEQD_POINT_ABSOLUTE; break;
    }
    return k->point_loss(kind, forks, horizon, out, targets->y, targets->weight, targets->loc, targets->scale, 1.0f,
                         factor);
}

void seqd_head_init_bias(const seqd_head *head, float *bias)
{
    for (int32_t i = 0; i < head->width; i++) bias[i] = 0.0f;
    if (head->kind == SEQD_HEAD_QUANTILE) {
        for (int32_t i = 0; i < head->width; i++)
            if (i != head->middle) bias[i] = -2.0f; /* steps of 0.13 of the scale */
    } else if (head->kind == SEQD_HEAD_NEGBIN) {
        bias[0] = 0.5413f; /* softplus = 1: the mean starts at the scale */
    }
}

/*
 * Both by the recurrence up to 8 and the asymptotic series there (Abramowitz & Stegun 6.1.41 and 6.3.18). lgamma() is
 * not used: it writes the global signgam.
 */
void seqd_lgamma_digamma(double x, double *log_gamma, double *digamma)
{
    double product = 1.0, psi = 0.0;
    while (x < 8.0) {
        product *= x;
        psi -= 1.0 / x;
        x += 1.0;
    }
    const double lx = log(x), i = 1.0 / x, i2 = i * i;
    *log_gamma = (x - 0.5) * lx - x + 0.91893853320467274178 - log(product) + i * lgamma_tail(i2);
    *digamma = psi + lx - 0.5 * i - i2 * digamma_tail(i2);
}
