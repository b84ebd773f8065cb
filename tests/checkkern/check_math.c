/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "checkkern.h"

typedef void array_function(int64_t n, const float *x, float *y);

typedef struct math_function {
    const char *name;
    double (*exact)(double x);
    size_t offset; /* of its pointer in seqd_kernels */
} math_function;

static double exact_sigmoid(double x)
{
    return x < 0.0 ? exp(x) / (1.0 + exp(x)) : 1.0 / (1.0 + exp(-x));
}

static double exact_softplus(double x)
{
    return x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static const math_function functions[] = {
    {"exp", exp, offsetof(seqd_kernels, exp)},
    {"log1p", log1p, offsetof(seqd_kernels, log1p)},
    {"sigmoid", exact_sigmoid, offsetof(seqd_kernels, sigmoid)},
    {"tanh", tanh, offsetof(seqd_kernels, tanh)},
    {"softplus", exact_softplus, offsetof(seqd_kernels, softplus)},
};
enum { FUNCTIONS = sizeof(functions) / sizeof(functions[0]) };

static array_function *entry(const seqd_kernels *kernels, const math_function *function)
{
    array_function *call;
    memcpy(&call, (const char *)kernels + function->offset, sizeof(call));
    return call;
}

typedef struct math_params {
    int64_t n;
    const math_function *function;
    bool shared;
} math_params;

static double call_math(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const math_params *q = params;
    entry(kernels, q->function)(q->n, q->shared ? p[1] : p[0], p[1]);
    return 0.0;
}

static double truth_math(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const math_params *q = check->params;
    const float *x = check->arg[q->shared ? 1 : 0].start;
    (void)scale;
    (void)size;
    for (int64_t i = 0; i < q->n; i++) {
        value[1][i] = q->function->exact((double)x[i]);
    }
    return 0.0;
}

static void math_case(const math_function *function, int64_t n, check_fill fill, bool shared)
{
    math_params q = {n, function, shared};
    check_case check = {
        .function = function->name,
        .label = check_labelf("n=%lld y=%s fill=%d", (long long)n, shared ? "x" : "own", (int)fill),
        .params = &q,
        .call = call_math,
        .truth = truth_math,
    };
    const float *x = check_floats(n, fill);
    if (!shared) {
        check.arg[0] = (check_arg){CHECK_IN, 1, n, n, x};
    }
    check.arg[1] = (check_arg){shared ? CHECK_INOUT : CHECK_OUT, 1, n, n, shared ? x : NULL};
    check_run(&check);
    check_release();
}

void check_math(void)
{
    const check_fill fills[] = {CHECK_PLAIN, CHECK_WIDE, CHECK_SPECIAL};
    for (int i = 0; i < FUNCTIONS; i++) {
        for (int64_t n = 0; n <= 70 && check_wanted(functions[i].name); n++) {
            for (int f = 0; f < 6; f++) {
                math_case(&functions[i], n, fills[f / 2], f % 2 != 0);
            }
        }
    }
}

/* Largest error of one function over the swept numbers, and where. */
static void sweep_function(const math_function *function, int level, uint32_t stride)
{
    enum { CHUNK = 4096 };
    static float x[CHUNK], y[CHUNK];
    const seqd_kernels *kernels = check_level(level);
    const check_tolerance *t = check_tolerance_of(function->name);
    const int64_t limit = level == 0 ? t->ulp_ref : t->ulp_level;
    int64_t worst = 0, done = 0;
    float where = 0.0f;
    for (uint64_t next = 0; next <= UINT32_MAX;) {
        int64_t n = 0;
        for (; n < CHUNK && next <= UINT32_MAX; n++, next += stride) {
            uint32_t bits = (uint32_t)next;
            memcpy(&x[n], &bits, sizeof(bits));
        }
        entry(kernels, function)(n, x, y);
        for (int64_t i = 0; i < n; i++) {
            int64_t error = check_ulp(y[i], (float)function->exact((double)x[i]));
            if (error > worst) {
                worst = error;
                where = x[i];
            }
        }
        done += n;
    }
    check_count(function->name, level, done);
    printf("sweep %-9s %-5s %11lld floats, largest error %lld ulp at %a (stated: %lld)\n", function->name,
           kernels->level, (long long)done, (long long)worst, (double)where, (long long)limit);
    if (worst > limit) {
        check_failed(function->name, kernels->level, "%lld ulp at %a, stated are %lld", (long long)worst,
                     (double)where, (long long)limit);
    }
}

void check_sweep(uint32_t stride)
{
    for (int i = 0; i < FUNCTIONS; i++) {
        for (int level = 0; level < check_levels(); level++) {
            if (check_wanted(functions[i].name) && check_level_wanted(level)) {
                sweep_function(&functions[i], level, stride);
            }
        }
    }
}
