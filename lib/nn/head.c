/* SPDX-License-Identifier: Apache-2.0 */
#include "head.h"

#include <math.h>

int64_t seqd_head_scratch(const seqd_head *head, int64_t values)
{
    return head->kind == SEQD_HEAD_MSE || head->kind == SEQD_HEAD_MAE ? 0 : 2 * values * head->width;
}

static double point_loss(const seqd_head *head, int64_t forks, int32_t horizon, float *out, const seqd_targets *t,
                         float factor)
{
    double total = 0.0;
    for (int64_t f = 0; f < forks; f++) {
        const float inverse = 1.0f / t->scale[f];
        for (int64_t i = f * horizon; i < (f + 1) * horizon; i++) {
            if (!(t->weight[i] > 0.0f)) {
                out[i] = 0.0f;
                continue;
            }
            const float w = t->weight[i], d = out[i] - (t->y[i] - t->loc[f]) * inverse;
            if (head->kind == SEQD_HEAD_MSE) {
                total += (double)(w * d * d);
                out[i] = factor * w * 2.0f * d;
            } else {
                total += (double)(w * fabsf(d));
                out[i] = factor * w * (float)((d > 0.0f) - (d < 0.0f));
            }
        }
    }
    return total;
}

/* Pinball loss of one value; *slope takes its derivative by q. */
static inline float pinball(float z, float q, float tau, float *slope)
{
    const float d = z - q;
    *slope = d >= 0.0f ? -tau : 1.0f - tau;
    return d >= 0.0f ? tau * d : (tau - 1.0f) * d;
}

static double quantile_loss(const seqd_kernels *k, const seqd_head *head, int64_t forks, int32_t horizon, float *out,
                            const seqd_targets *t, float factor, float *scratch)
{
    const int32_t width = head->width, middle = head->middle;
    const int64_t values = forks * horizon * width;
    float *step = scratch, *slope = scratch + values, tau[SEQD_MAX_LEVELS];
    const float norm = 2.0f / (float)width;
    double total = 0.0;

    for (int32_t i = 0; i < width; i++) tau[i] = (float)head->levels[i];
    k->softplus(values, out, step);
    k->sigmoid(values, out, slope);
    for (int64_t f = 0; f < forks; f++) {
        const float inverse = 1.0f / t->scale[f];
        for (int64_t p = f * horizon; p < (f + 1) * horizon; p++) {
            float *o = out + p * width;
            if (!(t->weight[p] > 0.0f)) {
                for (int32_t i = 0; i < width; i++) o[i] = 0.0f;
                continue;
            }
            const float *sp = step + p * width, *ds = slope + p * width;
            const float z = (t->y[p] - t->loc[f]) * inverse, grad_factor = factor * t->weight[p] * norm;
            float dq[SEQD_MAX_LEVELS], loss, q = o[middle];
            loss = pinball(z, q, tau[middle], &dq[middle]);
            for (int32_t i = middle + 1; i < width; i++) loss += pinball(z, q += sp[i], tau[i], &dq[i]);
            q = o[middle];
            for (int32_t i = middle - 1; i >= 0; i--) loss += pinball(z, q -= sp[i], tau[i], &dq[i]);
            total += (double)(t->weight[p] * norm * loss);

            float above = 0.0f, below = 0.0f; /* a step moves every quantile further out */
            for (int32_t i = width - 1; i > middle; i--) {
                above += dq[i];
                o[i] = grad_factor * above * ds[i];
            }
            for (int32_t i = 0; i < middle; i++) {
                below += dq[i];
                o[i] = -grad_factor * below * ds[i];
            }
            o[middle] = grad_factor * (dq[middle] + above + below);
        }
    }
    return total;
}

/* -log p(y) of the negative binomial with r = 1/alpha and m = alpha mu (formulas: Cameron & Trivedi 2013, ch. 3). */
static double negbin_loss_one(double y, double mu, double alpha, double *dmu, double *dalpha)
{
    const double m = alpha * mu;
    if (alpha * (mu > y ? mu : y) < 1e-4) { /* Poisson limit, where the formulas below cancel */
        *dmu = 1.0 - y / mu;
        /* first order in alpha: -((y - mu)^2 - y) / 2 */
        *dalpha = -0.5 * ((y - mu) * (y - mu) - y);
        return mu - y * log(mu) + alpha * *dalpha;
    }
    const double r = 1.0 / alpha, log1m = log1p(m);
    double gamma_difference = 0.0, psi_difference = 0.0;
    if (y == floor(y) && y <= 16.0) { /* lgamma(y+r) - lgamma(r) as one logarithm of a product */
        double product = 1.0;
        for (double i = 0.0; i < y; i += 1.0) {
            product *= r + i;
            psi_difference += 1.0 / (r + i);
            if (product > 1e280) {
                gamma_difference += log(product);
                product = 1.0;
            }
        }
        gamma_difference += log(product);
    } else {
        double g0, g1, p0, p1;
        seqd_lgamma_digamma(r, &g0, &p0);
        seqd_lgamma_digamma(r + y, &g1, &p1);
        gamma_difference = g1 - g0;
        psi_difference = p1 - p0;
    }
    *dmu = -(y - mu) / (mu * (1.0 + m));
    *dalpha = -((log1m - psi_difference) / (alpha * alpha) + (y - mu) / (alpha * (1.0 + m)));
    return -(gamma_difference + (y > 0.0 ? y * (log(m) - log1m) : 0.0) - r * log1m);
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
            const double mu = scale * fmax((double)value[2 * p], 1e-8), alpha = root * fmax((double)value[2 * p + 1], 1e-8);
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
    switch (head->kind) {
    case SEQD_HEAD_QUANTILE: return quantile_loss(k, head, forks, horizon, out, targets, factor, scratch);
    case SEQD_HEAD_NEGBIN: return negbin_loss(k, forks, horizon, out, targets, factor, scratch);
    case SEQD_HEAD_MSE:
    case SEQD_HEAD_MAE: break;
    }
    return point_loss(head, forks, horizon, out, targets, factor);
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
 * Both by the recurrence up to 8 and the asymptotic series there (Abramowitz & Stegun 6.1.41 and 6.3.18). lgamma() is not
 * used: it writes the global signgam.
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
    *log_gamma = (x - 0.5) * lx - x + 0.91893853320467274178 - log(product) +
                 i * (1.0 / 12 - i2 * (1.0 / 360 - i2 * (1.0 / 1260 - i2 * (1.0 / 1680 - i2 * (1.0 / 1188 - i2 * (691.0 / 360360 - i2 / 156))))));
    *digamma = psi + lx - 0.5 * i -
               i2 * (1.0 / 12 - i2 * (1.0 / 120 - i2 * (1.0 / 252 - i2 * (1.0 / 240 - i2 * (1.0 / 132 - i2 * (691.0 / 32760 - i2 / 12))))));
}
