/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "checkkern.h"

typedef struct step_params {
    int64_t n;
    float factor, rate, momentum, b1, b2, eps, c1, c2, decay;
} step_params;

enum { S_W, S_G, S_V };

static double call_sgd(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const step_params *q = params;
    kernels->sgd(q->n, p[S_W], p[S_G], p[S_V], q->factor, q->rate, q->momentum);
    return 0.0;
}

static double truth_sgd(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const step_params *q = check->params;
    (void)size;
    for (int64_t i = 0; i < q->n; i++) {
        const double w = (double)check->arg[S_W].start[i], g = (double)check->arg[S_G].start[i];
        const double kept = (double)q->momentum * (double)check->arg[S_V].start[i], d = (double)q->factor * g;
        value[S_V][i] = kept + d;
        scale[S_V][i] = fabs(kept) + fabs(d);
        value[S_W][i] = w - (double)q->rate * (kept + d);
        scale[S_W][i] = fabs(w) + (double)q->rate * scale[S_V][i];
    }
    return 0.0;
}

static void sgd_case(int64_t n, check_fill fill)
{
    step_params q = {.n = n, .factor = (float)check_uniform(0.1, 1.0), .rate = (float)check_uniform(0.001, 0.5)};
    q.momentum = check_pick(0, 2) == 0 ? 0.0f : (float)check_uniform(0.5, 0.99);
    check_case check = {
        .function = "sgd",
        .label = check_labelf("n=%lld momentum=%g fill=%d", (long long)n, (double)q.momentum, (int)fill),
        .params = &q,
        .call = call_sgd,
        .truth = truth_sgd,
    };
    check.arg[S_W] = (check_arg){CHECK_INOUT, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check.arg[S_G] = (check_arg){CHECK_IN, 1, n, n, check_floats(n, fill)};
    check.arg[S_V] = (check_arg){CHECK_INOUT, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check_run(&check);
    check_release();
}

enum { A_W, A_G, A_M, A_V };

static double call_adam(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const step_params *q = params;
    kernels->adam(q->n, p[A_W], p[A_G], p[A_M], p[A_V], q->factor, q->rate, q->b1, q->b2, q->eps, q->c1, q->c2);
    return 0.0;
}

static double call_adamw(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const step_params *q = params;
    kernels->adamw(q->n, p[A_W], p[A_G], p[A_M], p[A_V], q->factor, q->rate, q->b1, q->b2, q->eps, q->c1, q->c2,
                   q->decay);
    return 0.0;
}

static double truth_adam(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const step_params *q = check->params;
    /* 1 - b as the float it is in the kernels: a double here would differ by 2e-7 of it */
    const double rest1 = (double)(1.0f - q->b1), rest2 = (double)(1.0f - q->b2);
    (void)size;
    for (int64_t i = 0; i < q->n; i++) {
        const double w = (double)check->arg[A_W].start[i];
        const double d = (double)q->factor * (double)check->arg[A_G].start[i];
        const double old_m = (double)q->b1 * (double)check->arg[A_M].start[i];
        const double old_v = (double)q->b2 * (double)check->arg[A_V].start[i];
        const double m = old_m + rest1 * d, v = old_v + rest2 * d * d;
        const double step = (double)q->rate / (double)q->c1 / (sqrt(v / (double)q->c2) + (double)q->eps);
        value[A_M][i] = m;
        scale[A_M][i] = fabs(old_m) + fabs(rest1 * d);
        value[A_V][i] = v;
        scale[A_V][i] = v;
        value[A_W][i] = w * (1.0 - (double)q->rate * (double)q->decay) - step * m;
        scale[A_W][i] = fabs(w) + step * scale[A_M][i];
    }
    return 0.0;
}

static void adam_case(int64_t n, int step, check_fill fill, bool decays)
{
    step_params q = {.n = n, .factor = (float)check_uniform(0.1, 1.0), .rate = 1e-3f, .b1 = 0.9f, .b2 = 0.999f};
    q.eps = check_pick(0, 1) ? 1e-8f : 1e-4f;
    q.decay = decays ? (float)check_uniform(0.01, 100.0) : 0.0f;
    q.c1 = (float)(1.0 - pow(0.9, step));
    q.c2 = (float)(1.0 - pow(0.999, step));
    check_case check = {
        .function = decays ? "adamw" : "adam",
        .label = check_labelf("n=%lld step=%d eps=%g decay=%g fill=%d", (long long)n, step, (double)q.eps,
                              (double)q.decay, (int)fill),
        .params = &q,
        .call = decays ? call_adamw : call_adam,
        .truth = truth_adam,
    };
    float *g = check_floats(n, fill), *m = check_floats(n, CHECK_PLAIN), *v = check_floats(n, CHECK_POSITIVE);
    for (int64_t i = 0; i < n; i++) {
        /* the square of a huge gradient is infinite in float and not in double */
        g[i] = fabsf(g[i]) > 1e15f && isfinite(g[i]) ? 1e15f : g[i];
        if (step == 1) {
            m[i] = v[i] = 0.0f;
            /* and that of a tiny one has no digits left */
            g[i] = fabsf(g[i]) < 1e-15f ? 0.0f : g[i];
        }
    }
    check.arg[A_W] = (check_arg){CHECK_INOUT, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check.arg[A_G] = (check_arg){CHECK_IN, 1, n, n, g};
    check.arg[A_M] = (check_arg){CHECK_INOUT, 1, n, n, m};
    check.arg[A_V] = (check_arg){CHECK_INOUT, 1, n, n, v};
    check_run(&check);
    check_release();
}

enum { M_W, M_G, M_V, M_B };

static double call_rmsprop(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const step_params *q = params;
    kernels->rmsprop(q->n, p[M_W], p[M_G], p[M_V], p[M_B], q->factor, q->rate, q->b2, q->momentum, q->eps);
    return 0.0;
}

static double truth_rmsprop(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const step_params *q = check->params;
    const bool momentum = check->arg[M_B].role != CHECK_ABSENT;
    const double rest = (double)(1.0f - q->b2);
    (void)size;
    for (int64_t i = 0; i < q->n; i++) {
        const double w = (double)check->arg[M_W].start[i], d = (double)q->factor * (double)check->arg[M_G].start[i];
        const double v = (double)q->b2 * (double)check->arg[M_V].start[i] + rest * d * d;
        const double kept = momentum ? (double)q->momentum * (double)check->arg[M_B].start[i] : 0.0;
        const double step = d / (sqrt(v) + (double)q->eps);
        value[M_V][i] = v;
        scale[M_V][i] = v;
        if (momentum) {
            value[M_B][i] = kept + step;
            scale[M_B][i] = fabs(kept) + fabs(step);
        }
        value[M_W][i] = w - (double)q->rate * (kept + step);
        scale[M_W][i] = fabs(w) + (double)q->rate * (fabs(kept) + fabs(step));
    }
    return 0.0;
}

static void rmsprop_case(int64_t n, check_fill fill)
{
    step_params q = {.n = n, .factor = (float)check_uniform(0.1, 1.0), .rate = 1e-2f, .b2 = 0.99f, .eps = 1e-8f};
    const bool momentum = check_pick(0, 1) != 0;
    q.momentum = momentum ? 0.9f : 0.0f;
    check_case check = {
        .function = "rmsprop",
        .label = check_labelf("n=%lld momentum=%g fill=%d", (long long)n, (double)q.momentum, (int)fill),
        .params = &q,
        .call = call_rmsprop,
        .truth = truth_rmsprop,
    };
    float *g = check_floats(n, fill);
    for (int64_t i = 0; i < n; i++) {
        g[i] = fabsf(g[i]) > 1e15f && isfinite(g[i]) ? 1e15f : g[i]; /* as in adam_case */
    }
    check.arg[M_W] = (check_arg){CHECK_INOUT, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check.arg[M_G] = (check_arg){CHECK_IN, 1, n, n, g};
    check.arg[M_V] = (check_arg){CHECK_INOUT, 1, n, n, check_floats(n, CHECK_POSITIVE)};
    if (momentum) {
        check.arg[M_B] = (check_arg){CHECK_INOUT, 1, n, n, check_floats(n, CHECK_PLAIN)};
    }
    check_run(&check);
    check_release();
}

/* blend and penalty: y or g, x or w; two factors */
enum { B_Y, B_X };

static double call_blend(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const step_params *q = params;
    kernels->blend(q->n, q->b1, p[B_Y], q->b2, p[B_X]);
    return 0.0;
}

static double call_penalty(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const step_params *q = params;
    kernels->penalty(q->n, q->b1, q->b2, p[B_X], p[B_Y]);
    return 0.0;
}

static double truth_blend(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const step_params *q = check->params;
    const bool blends = check->call == call_blend;
    (void)size;
    for (int64_t i = 0; i < q->n; i++) {
        const double y = (double)check->arg[B_Y].start[i], x = (double)check->arg[B_X].start[i];
        const double a = blends ? (double)q->b1 * y : y, b = (double)q->b2 * x;
        const double sign = blends ? 0.0 : x > 0.0 ? (double)q->b1 : x < 0.0 ? -(double)q->b1 : 0.0;
        value[B_Y][i] = a + (sign + b);
        scale[B_Y][i] = fabs(a) + fabs(b) + fabs(sign);
    }
    return 0.0;
}

static void blend_case(int64_t n, check_fill fill, bool blends)
{
    step_params q = {.n = n, .b1 = (float)check_uniform(0.0, 1.0), .b2 = (float)check_uniform(0.0, 1.0)};
    check_case check = {
        .function = blends ? "blend" : "penalty",
        .label = check_labelf("n=%lld fill=%d", (long long)n, (int)fill),
        .params = &q,
        .call = blends ? call_blend : call_penalty,
        .truth = truth_blend,
    };
    check.arg[B_Y] = (check_arg){CHECK_INOUT, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check.arg[B_X] = (check_arg){CHECK_IN, 1, n, n, check_floats(n, fill)};
    check_run(&check);
    check_release();
}

void check_optimizer(void)
{
    const check_fill fills[] = {CHECK_PLAIN, CHECK_WIDE, CHECK_SPECIAL};
    for (int64_t n = 0; n <= 70; n++) {
        for (int f = 0; f < 3; f++) {
            if (check_wanted("sgd")) {
                sgd_case(n, fills[f]);
            }
            if (check_wanted("adam")) {
                adam_case(n, 1, fills[f], false);
                adam_case(n, 7, fills[f], false);
                adam_case(n, 20000, fills[f], false);
            }
            if (check_wanted("adamw")) {
                adam_case(n, 7, fills[f], true);
            }
            if (check_wanted("rmsprop")) {
                rmsprop_case(n, fills[f]);
            }
            if (check_wanted("blend")) {
                blend_case(n, fills[f], true);
            }
            if (check_wanted("penalty")) {
                blend_case(n, fills[f], false);
            }
        }
    }
}
