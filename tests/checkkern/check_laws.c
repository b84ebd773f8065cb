/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "checkkern.h"

/* Likelihoods: their definitions in long double, and gradients by differences of these. */
enum { A_OUT, A_Y, A_WEIGHT, A_LOC, A_SCALE };

typedef struct law_params {
    seqd_law law;
    int64_t forks, horizon, width;
    float factor;
    const seqd_tweedie_curve *curve;
} law_params;

static const int64_t widths[] = {
    [SEQD_LAW_GAUSSIAN] = 2, [SEQD_LAW_STUDENT] = 3, [SEQD_LAW_POISSON] = 1,
    [SEQD_LAW_NEGBIN] = 2,   [SEQD_LAW_ZERO_NEGBIN] = 3, [SEQD_LAW_TWEEDIE] = 2,
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

/* ln of a Poisson number of n and gamma sizes whose sum has density 1 / z there, less what does not hang on n. */
static wide sizes(wide a, wide n, wide log_x)
{
    return n * log_x - lgammal(n + 1.0L) - lgammal(n * a);
}

/* ln sum over n >= 1 of exp(n log_x) / (n! Gamma(n a)); where its largest term is: near `top`. The mean n, too. */
static wide series(wide a, wide log_x, wide top, wide *mean)
{
    const wide start = floorl(fmaxl(1.0L, top)), most = sizes(a, start, log_x);
    wide sum = 0.0L, first = 0.0L;
    for (int up = 0; up < 2; up++) {
        for (wide n = up ? start : start - 1.0L; n >= 1.0L; n += up ? 1.0L : -1.0L) {
            const wide term = expl(sizes(a, n, log_x) - most);
            sum += term;
            first += n * term;
            if (!(term >= 1e-17L * sum)) { /* NaN, too */
                break;
            }
        }
    }
    *mean = first / sum;
    return most + logl(sum);
}

/* -ln of the probability of 0, or of the density of a Poisson number of gamma sizes. */
static wide compound(wide power, wide z, wide mean, wide phi)
{
    const wide c = 2.0L - power, a = c / (power - 1.0L), lambda = powl(mean, c) / (phi * c);
    const wide tau = phi * (power - 1.0L) * powl(mean, power - 1.0L);
    wide ignored;
    if (!(z > 0.0L)) {
        return lambda;
    }
    return lambda + z / tau + logl(z) -
           series(a, logl(lambda) + a * logl(z / tau), powl(z, c) / (phi * c), &ignored);
}

static wide definition(const law_params *q, const wide *o, wide y, wide loc, wide scale)
{
    const seqd_law law = q->law;
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
    case SEQD_LAW_TWEEDIE:
        return compound((wide)q->curve->power, y / scale, softplus(o[0]), softplus(o[1]) + 1e-3L);
    default:
        parts = counts(y, softplus(o[0]), softplus(o[1]), scale);
        return softplus(o[2]) + parts - (y > 0.0L ? 0.0L : softplus(o[2] + parts));
    }
}

static double call_law(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const law_params *q = params;
    return kernels->law_loss(q->law, q->forks, q->horizon, p[A_OUT], p[A_Y], p[A_WEIGHT], p[A_LOC], p[A_SCALE],
                             q->factor, q->curve);
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
        const wide loss = definition(q, at, y, loc, unit);
        for (int64_t i = 0; i < q->width; i++) {
            wide f[4];
            for (int j = 0; j < 4; j++) {
                at[i] = (wide)o[i] + (wide)(j < 2 ? j - 2 : j - 1) * step;
                f[j] = definition(q, at, y, loc, unit);
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
            const wide table = q->law == SEQD_LAW_TWEEDIE ? 10.0L : 1.0L; /* whose slopes between knots are off by 1e-5 */
            scale[A_OUT][p * q->width + i] =
                (double)q->factor * weight * (double)(table + fabsl(slope[i]) + most);
        }
    }
    return total;
}

/* G by its definition: the density over its saddle-point approximation, at z and m of 1. */
static const seqd_tweedie_curve *curve_of(double power)
{
    enum { KNOTS = 256 };
    static double value[KNOTS], slope[KNOTS];
    static seqd_tweedie_curve curve;
    const wide c = 2.0L - (wide)power, a = c / ((wide)power - 1.0L), pi = 3.14159265358979323846L;
    const wide last = logl(40.0L * (1.0L + a) * (1.0L + 1.0L / a));
    const wide second = lgammal(a) - lgammal(2.0L * a) - logl(2.0L) + a * logl(a);
    const wide first = (logl(1e-9L) - second) / (1.0L + a), step = (last - first) / (KNOTS - 1);
    curve = (seqd_tweedie_curve){.power = power, .first = (double)first, .step = (double)step, .last = (double)last,
                                 .count = KNOTS, .value = value, .slope = slope};
    for (int i = 0; i < KNOTS; i++) {
        const wide log_j = first + i * step, j = expl(log_j);
        wide mean;
        const wide sum = series(a, a * logl(a) + (1.0L + a) * log_j, j, &mean);
        value[i] = (double)(sum - (1.0L + a) * j - 0.5L * log_j + 0.5L * logl(2.0L * pi) -
                            0.5L * logl(a / (1.0L + a)));
        slope[i] = (double)((1.0L + a) * (mean - j) - 0.5L);
    }
    curve.far[0] = (double)(-(1.0L / 12.0L + 1.0L / (12.0L * a) + 1.0L / (24.0L * (1.0L + a))));
    curve.far[1] = (value[KNOTS - 1] - curve.far[0] / (double)expl(last)) * (double)expl(2.0L * last);
    curve.alone = (double)(a * logl(a) - lgammal(a) + 0.5L * logl(2.0L * pi) - 0.5L * logl(a / (1.0L + a)));
    return &curve;
}

/* kind of targets: 0 small counts, 1 larger ones, 2 no whole numbers */
static void law_case(seqd_law law, int64_t forks, int64_t horizon, int kind)
{
    const int64_t values = forks * horizon, width = widths[law];
    const bool located = law == SEQD_LAW_GAUSSIAN || law == SEQD_LAW_STUDENT;
    const bool compounds = law == SEQD_LAW_TWEEDIE;
    law_params q = {law, forks, horizon, width, (float)check_uniform(0.01, 2.0),
                    compounds ? curve_of(check_uniform(1.25, 1.9)) : NULL};
    check_case check = {
        .function = "law_loss",
        .label = check_labelf("law=%d forks=%lld horizon=%lld targets=%d", (int)law, (long long)forks,
                              (long long)horizon, kind),
        .params = &q,
        .call = call_law,
        .truth = truth_law,
    };
    float *out = check_floats(values * width, CHECK_PLAIN), *y = check_floats(values, CHECK_POSITIVE);
    float *weight = check_floats(values, CHECK_POSITIVE), *scale = check_floats(forks, CHECK_POSITIVE);
    for (int64_t i = 0; i < values; i++) {
        y[i] = kind == 0 ? (float)check_pick(0, 18) : kind == 1 ? (float)check_pick(0, 300) : y[i] * 5.0f;
        y[i] = check_pick(0, 2) == 0 && kind == 0 ? 0.0f : y[i];
        if (compounds) { /* many sizes make the truth's series long */
            y[i] *= scale[i / horizon] * (kind == 1 ? 0.05f : 1.0f);
        }
        if (check_pick(0, 3) == 0) { /* what has no weight is of no account */
            weight[i] = check_pick(0, 3) == 0 ? NAN : 0.0f;
            y[i] = NAN;
        } else if (check_pick(0, 20) == 0) {
            for (int64_t j = 0; j < width; j++) {
                out[i * width + j] = NAN;
            }
        } else if (check_pick(0, 5) == 0) { /* far out */
            const int64_t j = check_pick(0, width - 1); /* nor a dispersion near 0 */
            out[i * width + j] = (float)check_uniform(located ? -5.0 : compounds && j == 1 ? -3.0 : -17.0, 30.0);
        }
    }
    check.arg[A_OUT] = (check_arg){CHECK_INOUT, values, width, width, out};
    check.arg[A_Y] = (check_arg){CHECK_IN, 1, values, values, y};
    check.arg[A_WEIGHT] = (check_arg){CHECK_IN, 1, values, values, weight};
    check.arg[A_LOC] = (check_arg){CHECK_IN, 1, forks, forks,
                                   check_floats(forks, located ? CHECK_PLAIN : CHECK_SPECIAL)};
    check.arg[A_SCALE] = (check_arg){CHECK_IN, 1, forks, forks, scale};
    check_run(&check);
    check_release();
}

void check_laws(void)
{
    for (int law = 0; law < LAWS && check_wanted("law_loss"); law++) {
        const int64_t next = law == SEQD_LAW_TWEEDIE ? 3 : 1; /* whose truth takes its time */
        for (int64_t horizon = 1; horizon <= 35; horizon += next) {
            for (int kind = 0; kind < 3; kind++) {
                law_case((seqd_law)law, check_pick(0, 6), horizon, kind);
            }
        }
        law_case((seqd_law)law, 70, 1, 0);
        law_case((seqd_law)law, 3, 100, 0);
    }
}
