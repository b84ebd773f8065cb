/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "checkkern.h"

/* Likelihoods: their definitions in long double, and gradients by differences of these. */
enum { A_OUT, A_Y, A_WEIGHT, A_LOC, A_SCALE };

typedef struct law_params {
    seqd_law law;
    int64_t forks, horizon, width;
    float factor;
} law_params;

static const int64_t widths[] = {
    [SEQD_LAW_GAUSSIAN] = 2, [SEQD_LAW_STUDENT] = 3, [SEQD_LAW_POISSON] = 1,
    [SEQD_LAW_NEGBIN] = 2,   [SEQD_LAW_ZERO_NEGBIN] = 3,
};
enum { LAWS = sizeof(widths) / sizeof(widths[0]) };

typedef long double wide;

static wide softplus(wide x)
{
    return x > 0.0L ? x + log1pl(expl(-x)) : log1pl(expl(x));
}

/* -log p without lgamma(y + 1); above the least of softplus that the kernel has. */
static wide counts(wide y, wide mean, wide spread, wide scale)
{
    const wide mu = scale * mean, alpha = spread / sqrtl(scale), r = 1.0L / alpha;
    wide ratio = 0.0L; /* lgamma(y + r) - lgamma(r) - y log r */
    if (y == floorl(y) && y < 1000.0L) {
        for (wide i = 1.0L; i < y; i += 1.0L) {
            ratio += log1pl(i * alpha);
        }
    } else {
        ratio = lgammal(y + r) - lgammal(r) - y * logl(r);
    }
    return (y + r) * log1pl(alpha * mu) - ratio - (y > 0.0L ? y * logl(mu) : 0.0L);
}

static wide definition(seqd_law law, const wide *o, wide y, wide loc, wide scale)
{
    const wide d = o[0] - (y - loc) / scale, pi = 3.14159265358979323846L;
    wide s, nu, parts;
    switch (law) {
    case SEQD_LAW_GAUSSIAN:
        s = softplus(o[1]) + 1e-3L;
        return logl(s) + 0.5L * logl(2.0L * pi) + d * d / (2.0L * s * s);
    case SEQD_LAW_STUDENT:
        s = softplus(o[1]) + 1e-3L;
        nu = softplus(o[2]) + 2.0L;
        return lgammal(0.5L * nu) - lgammal(0.5L * nu + 0.5L) + 0.5L * logl(nu * pi) + logl(s) +
               0.5L * (nu + 1.0L) * log1pl(d * d / (s * s * nu));
    case SEQD_LAW_POISSON:
        return scale * softplus(o[0]) - y * logl(scale * softplus(o[0]));
    case SEQD_LAW_NEGBIN:
        return counts(y, softplus(o[0]), softplus(o[1]), scale);
    default:
        parts = counts(y, softplus(o[0]), softplus(o[1]), scale);
        return softplus(o[2]) + parts - (y > 0.0L ? 0.0L : softplus(o[2] + parts));
    }
}

static double call_law(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const law_params *q = params;
    return kernels->law_loss(q->law, q->forks, q->horizon, p[A_OUT], p[A_Y], p[A_WEIGHT], p[A_LOC], p[A_SCALE],
                             q->factor);
}

/* Differences of fourth order; where outputs are NaN nothing is left of their position. */
static double truth_law(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const law_params *q = check->params;
    const wide step = q->law == SEQD_LAW_GAUSSIAN || q->law == SEQD_LAW_STUDENT ? 2e-5L : 5e-4L;
    double total = 0.0;
    for (int64_t p = 0; p < q->forks * q->horizon; p++) {
        const double weight = (double)check->arg[A_WEIGHT].start[p];
        const float *o = check->arg[A_OUT].start + p * q->width;
        if (!(weight > 0.0)) {
            continue;
        }
        const wide y = (wide)check->arg[A_Y].start[p], loc = (wide)check->arg[A_LOC].start[p / q->horizon];
        const wide unit = (wide)check->arg[A_SCALE].start[p / q->horizon];
        wide at[3] = {0.0L}, slope[3] = {0.0L}, most = 0.0L;
        for (int64_t i = 0; i < q->width; i++) {
            at[i] = (wide)o[i];
        }
        const wide loss = definition(q->law, at, y, loc, unit);
        for (int64_t i = 0; i < q->width; i++) {
            wide f[4];
            for (int j = 0; j < 4; j++) {
                at[i] = (wide)o[i] + (wide)(j < 2 ? j - 2 : j - 1) * step;
                f[j] = definition(q->law, at, y, loc, unit);
            }
            at[i] = (wide)o[i];
            slope[i] = (8.0L * (f[2] - f[1]) - (f[3] - f[0])) / (12.0L * step);
            most = fmaxl(most, fabsl(slope[i]) * (1.0L + fabsl((wide)o[i])));
        }
        total += weight * (double)loss;
        /* softplus and sigmoid are floats: what that does to the loss and to a gradient goes with all slopes */
        *size += weight * (double)(1.0L + fabsl(loss) + most);
        for (int64_t i = 0; i < q->width; i++) {
            value[A_OUT][p * q->width + i] = (double)q->factor * weight * (double)slope[i];
            scale[A_OUT][p * q->width + i] = (double)q->factor * weight * (double)(1.0L + fabsl(slope[i]) + most);
        }
    }
    return total;
}

/* kind of targets: 0 small counts, 1 larger ones, 2 no whole numbers */
static void law_case(seqd_law law, int64_t forks, int64_t horizon, int kind)
{
    const int64_t values = forks * horizon, width = widths[law];
    const bool located = law == SEQD_LAW_GAUSSIAN || law == SEQD_LAW_STUDENT;
    law_params q = {law, forks, horizon, width, (float)check_uniform(0.01, 2.0)};
    check_case check = {
        .function = "law_loss",
        .label = check_labelf("law=%d forks=%lld horizon=%lld targets=%d", (int)law, (long long)forks,
                              (long long)horizon, kind),
        .params = &q,
        .call = call_law,
        .truth = truth_law,
    };
    float *out = check_floats(values * width, CHECK_PLAIN), *y = check_floats(values, CHECK_POSITIVE);
    float *weight = check_floats(values, CHECK_POSITIVE);
    for (int64_t i = 0; i < values; i++) {
        y[i] = kind == 0 ? (float)check_pick(0, 18) : kind == 1 ? (float)check_pick(0, 300) : y[i] * 5.0f;
        y[i] = check_pick(0, 2) == 0 && kind == 0 ? 0.0f : y[i];
        if (check_pick(0, 3) == 0) { /* what has no weight is of no account */
            weight[i] = check_pick(0, 3) == 0 ? NAN : 0.0f;
            y[i] = NAN;
        } else if (check_pick(0, 20) == 0) {
            for (int64_t j = 0; j < width; j++) {
                out[i * width + j] = NAN;
            }
        } else if (check_pick(0, 5) == 0) { /* far out */
            out[i * width + check_pick(0, width - 1)] = (float)check_uniform(located ? -5.0 : -17.0, 30.0);
        }
    }
    check.arg[A_OUT] = (check_arg){CHECK_INOUT, values, width, width, out};
    check.arg[A_Y] = (check_arg){CHECK_IN, 1, values, values, y};
    check.arg[A_WEIGHT] = (check_arg){CHECK_IN, 1, values, values, weight};
    check.arg[A_LOC] = (check_arg){CHECK_IN, 1, forks, forks, check_floats(forks, located ? CHECK_PLAIN : CHECK_SPECIAL)};
    check.arg[A_SCALE] = (check_arg){CHECK_IN, 1, forks, forks, check_floats(forks, CHECK_POSITIVE)};
    check_run(&check);
    check_release();
}

void check_laws(void)
{
    for (int law = 0; law < LAWS && check_wanted("law_loss"); law++) {
        for (int64_t horizon = 1; horizon <= 35; horizon++) {
            for (int kind = 0; kind < 3; kind++) {
                law_case((seqd_law)law, check_pick(0, 6), horizon, kind);
            }
        }
        law_case((seqd_law)law, 70, 1, 0);
        law_case((seqd_law)law, 3, 100, 0);
    }
}
