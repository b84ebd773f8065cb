/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include <math.h>

#include "gamma_ref.h"
#include "law_tweedie_ref.h"
#include "scalar_ref.h"

/*
 * One position: o its outputs, which become the gradient. `first`, `second`: loc and
 * 1 / scale, or scale and 1 / sqrt(scale).
 */
typedef struct law_position {
    float *o;
    float value[3], slope[3]; /* softplus and sigmoid of o */
    double y, first, second;
    double factor;            /* of the gradient: factor times weight */
    const seqd_tweedie_curve *curve;
} law_position;

#define HALF_LOG_TWO_PI 0.91893853320467274178

/* A gradient as float32: far from anything that training can use, it is held where sums of squares stay finite. */
static float held(double slope)
{
    return (float)(slope > 1e15 ? 1e15 : slope < -1e15 ? -1e15 : slope);
}

/* log(1 + x) for x >= 0, relative error below 1e-12: the C library's log() takes half the time of its log1p(). */
static double log1p_positive(double x)
{
    return x < 1e-3 ? x * (1.0 - x * (1.0 / 2 - x * (1.0 / 3 - x * 0.25))) : log(1.0 + x);
}

/* softplus underflows for very negative outputs: the floor keeps logarithms finite and the gradient alive. */
static double floored(float value)
{
    return value < 1e-8f ? 1e-8 : (double)value;
}

static double gaussian(const law_position *at)
{
    const double s = 1.0 / ((double)at->value[1] + SEQD_LAW_LEAST_SPREAD);
    const double x = ((double)at->o[0] - (at->y - at->first) * at->second) * s;
    at->o[0] = held(at->factor * s * x);
    at->o[1] = held(at->factor * s * (1.0 - x * x)) * at->slope[1];
    return HALF_LOG_TWO_PI - log(s) + 0.5 * x * x;
}

/* With x = (o0 - z) / s: -log density = log s + log sqrt(2 pi) - gamma_half(nu / 2) + (nu + 1) / 2 log1p(x^2 / nu). */
static double student(const law_position *at)
{
    const double s = 1.0 / ((double)at->value[1] + SEQD_LAW_LEAST_SPREAD);
    const double nu = (double)at->value[2] + SEQD_LAW_LEAST_FREEDOM;
    const double x = ((double)at->o[0] - (at->y - at->first) * at->second) * s;
    const double v = x * x / nu, share = 1.0 / (1.0 + v), far = log1p_positive(v);
    double half_slope;
    const double half = seqd_ref_gamma_half(0.5 * nu, &half_slope), pull = (nu + 1.0) / nu * share;
    at->o[0] = held(at->factor * s * pull * x);
    at->o[1] = held(at->factor * s * (1.0 - (nu + 1.0) * (v * share))) * at->slope[1];
    at->o[2] = held(at->factor * 0.5 * (far - half_slope - (nu + 1.0) / nu * (v * share))) * at->slope[2];
    return HALF_LOG_TWO_PI - log(s) - half + 0.5 * (nu + 1.0) * far;
}

/* Below -15 softplus(o) is exp(o), which may have no float, and its logarithm o. */
static double poisson(const law_position *at)
{
    const bool low = at->o[0] < -15.0f;
    const double mu = at->first * (double)at->value[0], safe = low ? 1.0 : (double)at->value[0];
    const double log_mu = log(at->first * safe) + (low ? (double)at->o[0] : 0.0);
    at->o[0] = held(at->factor * (mu - at->y) * (low ? 1.0 : (double)at->slope[0] / safe));
    return mu - at->y * log_mu;
}

/*
 * (log1p(x) - x / (1 + x)) / x^2 and (x - log1p(x)) / x^2, which cancel near 0 when written so; `log_x` is log1p(x).
 */
static double mean_curve(double x, double log_x)
{
    if (x < 0.01) {
        return 1.0 / 2 - x * (2.0 / 3 - x * (3.0 / 4 - x * (4.0 / 5 - x * (5.0 / 6 - x * (6.0 / 7 - x * 7.0 / 8)))));
    }
    return (log_x - x / (1.0 + x)) / (x * x);
}

static double count_curve(double x, double log_x)
{
    if (x < 0.01) {
        return 1.0 / 2 - x * (1.0 / 3 - x * (1.0 / 4 - x * (1.0 / 5 - x * (1.0 / 6 - x * (1.0 / 7 - x / 8)))));
    }
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
        const double log_v = log1p_positive(v);
        *slope = y * y * count_curve(v, log_v) - 0.5 * y * share + share * share * seqd_ref_digamma_tail(j2) - seqd_ref_digamma_tail(i2);
        return (x - 0.5) * log_v - y + seqd_ref_lgamma_tail(j2) / x - seqd_ref_lgamma_tail(i2) * alpha;
    }
    double g0, g1, p0, p1;
    seqd_ref_lgamma_digamma(r, &g0, &p0);
    seqd_ref_lgamma_digamma(r + y, &g1, &p1);
    *slope = r * (y - r * (p1 - p0));
    return g1 - g0 - y * log(r);
}

/* -log p(y) of the negative binomial without lgamma(y+1) (formula: Cameron & Trivedi 2013, ch. 3), m = alpha mu. */
static double negbin_loss_one(double y, double mu, double alpha, double *dmu, double *dalpha)
{
    const double m = alpha * mu, log_m = log1p_positive(m);
    double slope;
    const double ratio = gamma_ratio(y, alpha, &slope);
    *dmu = -(y - mu) / (mu * (1.0 + m));
    *dalpha = y * mu / (1.0 + m) - slope - mu * mu * mean_curve(m, log_m);
    return (y + 1.0 / alpha) * log_m - ratio - (y > 0.0 ? y * log(mu) : 0.0);
}

static double negbin(const law_position *at)
{
    const double mu = at->first * floored(at->value[0]), alpha = at->second * floored(at->value[1]);
    double dmu, dalpha;
    const double loss = negbin_loss_one(at->y, mu, alpha, &dmu, &dalpha);
    at->o[0] = held(at->factor * dmu * at->first) * at->slope[0];
    at->o[1] = held(at->factor * dalpha * at->second) * at->slope[1];
    return loss;
}

/*
 * With pi = sigmoid(o2) and l = -log p of the counts, -log((1 - pi) p) = softplus(o2) + l for y > 0, and
 * -log(pi + (1 - pi) p) = softplus(o2) + l - softplus(o2 + l) at 0.
 */
static double zero_negbin(const law_position *at)
{
    const double mu = at->first * floored(at->value[0]), alpha = at->second * floored(at->value[1]);
    double dmu, dalpha, own = 1.0, loss = (double)at->value[2], dlogit = (double)at->slope[2];
    const double counts = negbin_loss_one(at->y, mu, alpha, &dmu, &dalpha);
    loss += counts;
    if (!(at->y > 0.0)) { /* `own`: how likely it is that a zero came from the counts */
        const double x = (double)at->o[2] + counts, e = exp(-fabs(x));
        loss -= (x < 0.0 ? 0.0 : x) + log1p_positive(e);
        own = (x > 0.0 ? e : 1.0) / (1.0 + e);
        dlogit -= 1.0 - own;
    }
    at->o[0] = held(at->factor * own * dmu * at->first) * at->slope[0];
    at->o[1] = held(at->factor * own * dalpha * at->second) * at->slope[1];
    at->o[2] = held(at->factor * dlogit);
    return loss;
}

static double tweedie(const law_position *at)
{
    const bool low = at->o[0] < -15.0f; /* as of poisson */
    const double safe = low ? 1.0 : (double)at->value[0], over = 1.0 / ((double)at->value[1] + SEQD_LAW_LEAST_SPREAD);
    const double share = low ? 1.0 : (double)at->slope[0] / safe, log_m = low ? (double)at->o[0] : log(safe);
    const double held_log = log_m < SEQD_LAW_LEAST_LOG_MEAN ? SEQD_LAW_LEAST_LOG_MEAN : log_m;
    double mean, spread;
    const double loss = seqd_ref_tweedie(at->curve, at->y / at->first, low ? exp(held_log) : (double)at->value[0],
                                         held_log, over, &mean, &spread);
    at->o[0] = held(at->factor * mean * share);
    at->o[1] = held(at->factor * spread * over) * at->slope[1];
    return loss;
}

double seqd_ref_law_loss(seqd_law law, int64_t forks, int64_t horizon, float *out, const float *y, const float *weight,
                         const float *loc, const float *scale, float factor, const seqd_tweedie_curve *curve)
{
    static double (*const laws[])(const law_position *at) = {
        [SEQD_LAW_GAUSSIAN] = gaussian, [SEQD_LAW_STUDENT] = student,         [SEQD_LAW_POISSON] = poisson,
        [SEQD_LAW_NEGBIN] = negbin,     [SEQD_LAW_ZERO_NEGBIN] = zero_negbin, [SEQD_LAW_TWEEDIE] = tweedie,
    };
    const bool located = law == SEQD_LAW_GAUSSIAN || law == SEQD_LAW_STUDENT;
    const int width = law == SEQD_LAW_POISSON ? 1 : law == SEQD_LAW_STUDENT || law == SEQD_LAW_ZERO_NEGBIN ? 3 : 2;
    double total = 0.0;
    for (int64_t p = 0; p < forks * horizon; p++) {
        const int64_t f = p / horizon;
        law_position at = {.o = out + p * width, .y = (double)y[p], .factor = (double)factor * (double)weight[p],
                           .curve = curve};
        if (!(weight[p] > 0.0f)) {
            for (int i = 0; i < width; i++) {
                at.o[i] = 0.0f;
            }
            continue;
        }
        at.first = located ? (double)loc[f] : (double)scale[f];
        at.second = located ? 1.0 / (double)scale[f] : 1.0 / sqrt((double)scale[f]);
        for (int i = 0; i < width; i++) {
            at.value[i] = seqd_ref_softplus1(at.o[i]);
            at.slope[i] = seqd_ref_sigmoid1(at.o[i]);
        }
        total += (double)weight[p] * laws[law](&at);
    }
    return total;
}
