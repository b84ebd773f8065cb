/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "checkkern.h"

typedef enum vector_kind {
    RELU,
    RELU_BACKWARD,
    ADD,
    MULTIPLY,
    SCALE,
    SUM,
    DOT,
    SUM_SQUARES,
    ALL_FINITE,
    KINDS
} vector_kind;

static const char *const names[KINDS] = {"relu", "relu_backward", "add",         "multiply",  "scale",
                                         "sum",  "dot",           "sum_squares", "all_finite"};

typedef struct vector_params {
    vector_kind kind;
    int64_t n;
    float factor;
    bool shared; /* y is x */
} vector_params;

static double call_vector(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const vector_params *q = params;
    const float *x = q->shared ? p[1] : p[0];
    switch (q->kind) {
    case RELU:
        kernels->relu(q->n, x, p[1]);
        return 0.0;
    case RELU_BACKWARD:
        kernels->relu_backward(q->n, x, p[1]);
        return 0.0;
    case ADD:
        kernels->add(q->n, x, p[1]);
        return 0.0;
    case MULTIPLY:
        kernels->multiply(q->n, x, p[1]);
        return 0.0;
    case SCALE:
        kernels->scale(q->n, q->factor, p[1]);
        return 0.0;
    case SUM:
        return kernels->sum(q->n, x);
    case DOT:
        return kernels->dot(q->n, x, p[1]);
    case SUM_SQUARES:
        return kernels->sum_squares(q->n, x);
    default:
        return kernels->all_finite(q->n, x) ? 1.0 : 0.0;
    }
}

/* Double sums of double terms, with what rounding loses carried along. */
static double exact_sum(int64_t n, const float *x, const float *y, double *size)
{
    double sum = 0.0, lost = 0.0;
    bool odd = false;
    for (int64_t i = 0; i < n; i++) {
        const double term = (double)x[i] * (y != NULL ? (double)y[i] : 1.0);
        odd = odd || !isfinite(term);
        const double next = sum + term;
        lost += fabs(sum) >= fabs(term) ? sum - next + term : term - next + sum;
        sum = next;
        *size += fabs(term);
    }
    return odd ? sum : sum + lost;
}

static double truth_vector(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const vector_params *q = check->params;
    const float *x = check->arg[q->shared ? 1 : 0].start, *y = check->arg[1].start;
    (void)scale;
    switch (q->kind) {
    case SUM:
        return exact_sum(q->n, x, NULL, size);
    case DOT:
        return exact_sum(q->n, x, y, size);
    case SUM_SQUARES:
        return exact_sum(q->n, x, x, size);
    case ALL_FINITE:
        for (int64_t i = 0; i < q->n; i++) {
            if (!(fabs((double)x[i]) <= 3.5e38)) {
                return 0.0;
            }
        }
        return 1.0;
    default:
        break;
    }
    for (int64_t i = 0; i < q->n; i++) {
        const double a = q->kind != SCALE ? (double)x[i] : 0.0, b = y != NULL ? (double)y[i] : 0.0;
        switch (q->kind) {
        case RELU:
            value[1][i] = isnan(a) || a > 0.0 ? a : 0.0;
            break;
        case RELU_BACKWARD:
            value[1][i] = a > 0.0 ? b : 0.0;
            break;
        case ADD:
            value[1][i] = a + b;
            break;
        case MULTIPLY:
            value[1][i] = a * b;
            break;
        default:
            value[1][i] = b * (double)q->factor;
        }
    }
    return 0.0;
}

static void vector_case(vector_kind kind, int64_t n, check_fill fill, bool shared)
{
    vector_params q = {kind, n, (float)check_uniform(-3.0, 3.0), shared};
    check_case check = {
        .function = names[kind],
        .label = check_labelf("n=%lld fill=%d%s", (long long)n, (int)fill, shared ? " y=x" : ""),
        .params = &q,
        .call = call_vector,
        .truth = truth_vector,
    };
    const bool reduces = kind >= SUM, uses_y = kind != SUM && kind != SUM_SQUARES && kind != ALL_FINITE;
    if (kind != SCALE && !shared) {
        check.arg[0] = (check_arg){CHECK_IN, 1, n, n, check_floats(n, fill)};
    }
    if (uses_y) {
        const bool pure = kind == RELU && !shared;
        check.arg[1] = (check_arg){reduces ? CHECK_IN : pure ? CHECK_OUT : CHECK_INOUT, 1, n, n,
                                   pure ? NULL : check_floats(n, fill == CHECK_SPECIAL ? CHECK_PLAIN : fill)};
        if (shared || kind == SCALE) {
            check.arg[1].start = check_floats(n, fill);
        }
    }
    check_run(&check);
    check_release();
}

/* One bad number anywhere in otherwise good ones. */
static void one_not_finite(int64_t n)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    vector_params q = {ALL_FINITE, n, 0.0f, false};
    float *x = check_floats(n, CHECK_WIDE);
    check_case check = {
        .function = "all_finite",
        .label = check_labelf("n=%lld, one not", (long long)n),
        .params = &q,
        .call = call_vector,
        .truth = truth_vector,
    };
    check.arg[0] = (check_arg){CHECK_IN, 1, n, n, x};
    for (int64_t i = 0; i < n; i++) {
        const float good = x[i];
        x[i] = bad[i % 3];
        check_run(&check);
        x[i] = good;
    }
    check_release();
}

typedef struct rows_params {
    int64_t rows, n, lda;
} rows_params;

static double call_add_rows(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const rows_params *q = params;
    kernels->add_rows(q->rows, q->n, p[0], q->lda, p[1]);
    return 0.0;
}

static double truth_add_rows(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const rows_params *q = check->params;
    (void)size;
    for (int64_t j = 0; j < q->n; j++) {
        double sum = (double)check->arg[1].start[j], terms = fabs(sum);
        for (int64_t r = 0; r < q->rows; r++) {
            sum += (double)check->arg[0].start[r * q->n + j];
            terms += fabs((double)check->arg[0].start[r * q->n + j]);
        }
        value[1][j] = sum;
        scale[1][j] = terms;
    }
    return 0.0;
}

static void add_rows_case(int64_t rows, int64_t n, check_fill fill)
{
    rows_params q = {rows, n, n + check_pick(0, 7)};
    check_case check = {
        .function = "add_rows",
        .label = check_labelf("rows=%lld n=%lld lda=%lld fill=%d", (long long)rows, (long long)n, (long long)q.lda,
                              (int)fill),
        .params = &q,
        .call = call_add_rows,
        .truth = truth_add_rows,
    };
    check.arg[0] = (check_arg){CHECK_IN, rows, n, q.lda, check_floats(rows * n, fill)};
    check.arg[1] = (check_arg){CHECK_INOUT, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check_run(&check);
    check_release();
}

void check_vector(void)
{
    const check_fill fills[] = {CHECK_PLAIN, CHECK_WIDE, CHECK_SPECIAL};
    for (int kind = 0; kind < KINDS; kind++) {
        for (int64_t n = 0; n <= 80 && check_wanted(names[kind]); n++) {
            for (int f = 0; f < 3; f++) {
                vector_case((vector_kind)kind, n, fills[f], false);
                if (kind == RELU) {
                    vector_case((vector_kind)kind, n, fills[f], true);
                }
            }
        }
        if (check_wanted(names[kind])) {
            vector_case((vector_kind)kind, 5003, CHECK_WIDE, false);
        }
    }
    for (int64_t n = 1; n <= 70 && check_wanted("all_finite"); n++) {
        one_not_finite(n);
    }
    for (int64_t n = 0; n <= 70 && check_wanted("add_rows"); n++) {
        for (int64_t rows = 0; rows <= 5; rows++) {
            add_rows_case(rows, n, fills[(n + rows) % 3]);
        }
        add_rows_case(100, n, CHECK_POSITIVE);
    }
}
