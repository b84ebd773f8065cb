/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "checkkern.h"

/* The plain RNN, and the GRU that resets before its product, whose four kernels are checked one by one. */
typedef struct cell_params {
    int64_t rows, h, ldh, ldp, ldd;
    int relu;
    bool shared; /* the result lies in the input */
} cell_params;

static double sigmoid(double x)
{
    return x < 0.0 ? exp(x) / (1.0 + exp(x)) : 1.0 / (1.0 + exp(-x));
}

/* Levels may take sigmoid for 0 where it is below 1e-37 (kernels.h): what a gate's error is measured by. */
static double gate_size(double value)
{
    return fmax(value, 1e-31);
}

static double at(const check_arg *arg, int64_t i)
{
    return arg->start != NULL ? (double)arg->start[i] : 0.0;
}

static cell_params drawn(int64_t rows, int64_t h)
{
    cell_params q = {.rows = rows, .h = h, .relu = (int)check_pick(0, 1), .shared = check_pick(0, 1) != 0};
    q.ldh = h + check_pick(0, 5);
    q.ldp = h + check_pick(0, 5);
    q.ldd = h + check_pick(0, 5);
    return q;
}

static const char *label_of(const cell_params *q, check_fill fill)
{
    return check_labelf("rows=%lld h=%lld ld=%lld,%lld,%lld relu=%d shared=%d fill=%d", (long long)q->rows,
                        (long long)q->h, (long long)q->ldh, (long long)q->ldp, (long long)q->ldd, q->relu,
                        (int)q->shared, (int)fill);
}

/* rnn_forward: X and Y; rnn_backward: Y, DH and DX */
enum { R_X, R_Y, R_DH, R_DX };

static double call_rnn_forward(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const cell_params *q = params;
    kernels->rnn_forward(q->rows, q->h, q->relu, q->shared ? p[R_Y] : p[R_X], p[R_Y], q->ldh);
    return 0.0;
}

static double truth_rnn_forward(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const cell_params *q = check->params;
    (void)size;
    for (int64_t i = 0; i < q->rows * q->h; i++) {
        const double x = at(&check->arg[q->shared ? R_Y : R_X], i);
        value[R_Y][i] = !q->relu ? tanh(x) : x <= 0.0 ? 0.0 : x;
        scale[R_Y][i] = fabs(value[R_Y][i]);
    }
    return 0.0;
}

static void rnn_forward_case(int64_t rows, int64_t h, check_fill fill)
{
    cell_params q = drawn(rows, h);
    q.ldh = q.shared ? h : q.ldh;
    check_case check = {"rnn_forward", label_of(&q, fill), {{0}}, &q, NULL, call_rnn_forward, truth_rnn_forward};
    const float *x = check_floats(rows * h, fill);
    if (!q.shared) {
        check.arg[R_X] = (check_arg){CHECK_IN, rows, h, h, x};
    }
    check.arg[R_Y] = (check_arg){q.shared ? CHECK_INOUT : CHECK_OUT, rows, h, q.ldh, q.shared ? x : NULL};
    check_run(&check);
    check_release();
}

static double call_rnn_backward(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const cell_params *q = params;
    kernels->rnn_backward(q->rows, q->h, q->relu, p[R_Y], q->ldh, q->shared ? p[R_DX] : p[R_DH], q->ldd, p[R_DX]);
    return 0.0;
}

static double truth_rnn_backward(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const cell_params *q = check->params;
    (void)size;
    for (int64_t i = 0; i < q->rows * q->h; i++) {
        const double y = at(&check->arg[R_Y], i), d = at(&check->arg[q->shared ? R_DX : R_DH], i);
        value[R_DX][i] = !q->relu ? d * (1.0 - y * y) : y > 0.0 ? d : 0.0;
        scale[R_DX][i] = fabs(d) * (1.0 + y * y);
    }
    return 0.0;
}

static void rnn_backward_case(int64_t rows, int64_t h, check_fill fill)
{
    cell_params q = drawn(rows, h);
    q.ldd = q.shared ? h : q.ldd;
    check_case check = {"rnn_backward", label_of(&q, fill), {{0}}, &q, NULL, call_rnn_backward, truth_rnn_backward};
    const float *d = check_floats(rows * h, fill);
    check.arg[R_Y] = (check_arg){CHECK_IN, rows, h, q.ldh, check_floats(rows * h, CHECK_SIGNED_UNIT)};
    if (!q.shared) {
        check.arg[R_DH] = (check_arg){CHECK_IN, rows, h, q.ldd, d};
    }
    check.arg[R_DX] = (check_arg){q.shared ? CHECK_INOUT : CHECK_OUT, rows, h, h, q.shared ? d : NULL};
    check_run(&check);
    check_release();
}

/* Forward: the gates, then the new state. */
enum { G_XG, G_INNER, G_H_PREV, G_RESET, G_HIDDEN };

static double call_gates(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const cell_params *q = params;
    kernels->gru_before_gates(q->rows, q->h, p[G_XG], p[G_INNER], p[G_H_PREV], q->ldp, p[G_RESET]);
    return 0.0;
}

static double truth_gates(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const cell_params *q = check->params;
    const int64_t h = q->h;
    (void)size;
    for (int64_t row = 0; row < q->rows; row++) {
        for (int64_t u = 0; u < 2 * h; u++) {
            const int64_t gate = row * 3 * h + u;
            const double x = at(&check->arg[G_XG], gate), y = at(&check->arg[G_INNER], row * 2 * h + u);
            const double g = sigmoid(x + y), reach = fmin(fabs(x) + fabs(y), 200.0);
            value[G_XG][gate] = g;
            scale[G_XG][gate] = gate_size(g) + reach * g * (1.0 - g);
            if (u < h) {
                const double before = at(&check->arg[G_H_PREV], row * h + u);
                const bool none = check->arg[G_H_PREV].role == CHECK_ABSENT;
                value[G_RESET][row * h + u] = none ? 0.0 : g * before;
                scale[G_RESET][row * h + u] = none ? 0.0 : scale[G_XG][gate] * fabs(before);
            }
        }
        for (int64_t u = 2 * h; u < 3 * h; u++) {
            value[G_XG][row * 3 * h + u] = at(&check->arg[G_XG], row * 3 * h + u);
        }
    }
    return 0.0;
}

static double call_new(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const cell_params *q = params;
    kernels->gru_before_new(q->rows, q->h, p[G_XG], p[G_INNER], p[G_H_PREV], q->ldp, p[G_HIDDEN], q->ldh);
    return 0.0;
}

static double truth_new(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const cell_params *q = check->params;
    const int64_t h = q->h;
    (void)size;
    for (int64_t row = 0; row < q->rows; row++) {
        for (int64_t u = 0; u < 2 * h; u++) {
            value[G_XG][row * 3 * h + u] = at(&check->arg[G_XG], row * 3 * h + u);
        }
        for (int64_t u = 0; u < h; u++) {
            const int64_t gate = row * 3 * h + u, unit = row * h + u;
            const double x = at(&check->arg[G_XG], gate + 2 * h), y = at(&check->arg[G_INNER], unit);
            const double z = at(&check->arg[G_XG], gate + h), n = tanh(x + y), before = at(&check->arg[G_H_PREV], unit);
            const double n_size = fabs(n) + (n * n < 1.0 ? (fabs(x) + fabs(y)) * (1.0 - n * n) : 0.0);
            value[G_XG][gate + 2 * h] = n;
            scale[G_XG][gate + 2 * h] = n_size;
            value[G_HIDDEN][unit] = (1.0 - z) * n + z * before;
            scale[G_HIDDEN][unit] = n_size + fabs(z * before);
        }
    }
    return 0.0;
}

static void before_case(bool second, int64_t rows, int64_t h, check_fill fill)
{
    cell_params q = drawn(rows, h);
    check_case check = {second ? "gru_before_new" : "gru_before_gates", label_of(&q, fill), {{0}}, &q, NULL,
                        second ? call_new : call_gates, second ? truth_new : truth_gates};
    float *xg = check_floats(rows * 3 * h, fill);
    for (int64_t row = 0; second && row < rows; row++) { /* activations stand where they would */
        for (int64_t u = 0; u < 2 * h; u++) {
            xg[row * 3 * h + u] = (float)check_uniform(0.01, 0.99);
        }
    }
    const int64_t inner = second ? h : 2 * h;
    check.arg[G_XG] = (check_arg){CHECK_INOUT, rows, 3 * h, 3 * h, xg};
    if (check_pick(0, 3) > 0) {
        check.arg[G_INNER] = (check_arg){CHECK_IN, rows, inner, inner, check_floats(rows * inner, CHECK_PLAIN)};
    }
    if (check_pick(0, 3) > 0) {
        check.arg[G_H_PREV] = (check_arg){CHECK_IN, rows, h, q.ldp, check_floats(rows * h, CHECK_PLAIN)};
    }
    check.arg[second ? G_HIDDEN : G_RESET] = (check_arg){CHECK_OUT, rows, h, second ? q.ldh : h, NULL};
    check_run(&check);
    check_release();
}

/* Backward */
enum { D_RZN, D_H_PREV, D_OUTER, D_DXG, D_DH_PREV };

static double call_new_back(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const cell_params *q = params;
    kernels->gru_before_new_backward(q->rows, q->h, q->shared ? p[D_DXG] : p[D_RZN], p[D_H_PREV], q->ldp, p[D_OUTER],
                                     q->ldd, p[D_DXG], p[D_DH_PREV]);
    return 0.0;
}

static double call_gates_back(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const cell_params *q = params;
    kernels->gru_before_gates_backward(q->rows, q->h, q->shared ? p[D_DXG] : p[D_RZN], p[D_H_PREV], q->ldp, p[D_OUTER],
                                       p[D_DXG], p[D_DH_PREV]);
    return 0.0;
}

static double truth_before_back(const check_case *check, double *const *value, double *const *scale, bool second)
{
    const cell_params *q = check->params;
    const check_arg *gates = &check->arg[q->shared ? D_DXG : D_RZN];
    const int64_t h = q->h;
    for (int64_t row = 0; row < q->rows; row++) {
        for (int64_t u = 0; u < h; u++) {
            const int64_t gate = row * 3 * h + u, unit = row * h + u;
            const double r = at(gates, gate), z = at(gates, gate + h), n = at(gates, gate + 2 * h);
            const double before = at(&check->arg[D_H_PREV], unit), d = at(&check->arg[D_OUTER], unit);
            for (int64_t block = 0; block < 3; block++) {
                value[D_DXG][gate + block * h] = at(&check->arg[D_DXG], gate + block * h);
            }
            if (second) {
                value[D_DXG][gate + h] = d * (before - n) * z * (1.0 - z);
                scale[D_DXG][gate + h] = fabs(d) * (fabs(before) + fabs(n)) * z;
                value[D_DXG][gate + 2 * h] = d * (1.0 - z) * (1.0 - n * n);
                scale[D_DXG][gate + 2 * h] = fabs(d);
                value[D_DH_PREV][unit] = d * z;
                scale[D_DH_PREV][unit] = fabs(d * z);
            } else {
                value[D_DXG][gate] = d * before * r * (1.0 - r);
                scale[D_DXG][gate] = fabs(d * before * r);
                value[D_DH_PREV][unit] = at(&check->arg[D_DH_PREV], unit) + d * r;
                scale[D_DH_PREV][unit] = fabs(at(&check->arg[D_DH_PREV], unit)) + fabs(d * r);
            }
        }
    }
    return 0.0;
}

static double truth_new_back(const check_case *check, double *const *value, double *const *scale, double *size)
{
    (void)size;
    return truth_before_back(check, value, scale, true);
}

static double truth_gates_back(const check_case *check, double *const *value, double *const *scale, double *size)
{
    (void)size;
    return truth_before_back(check, value, scale, false);
}

static void before_back_case(bool second, int64_t rows, int64_t h, check_fill fill)
{
    cell_params q = drawn(rows, h);
    check_case check = {second ? "gru_before_new_backward" : "gru_before_gates_backward", label_of(&q, fill), {{0}}, &q,
                        NULL, second ? call_new_back : call_gates_back, second ? truth_new_back : truth_gates_back};
    const float *gates = check_floats(rows * 3 * h, CHECK_UNIT);
    if (!q.shared) {
        check.arg[D_RZN] = (check_arg){CHECK_IN, rows, 3 * h, 3 * h, gates};
    }
    if (check_pick(0, 3) > 0) {
        check.arg[D_H_PREV] = (check_arg){CHECK_IN, rows, h, q.ldp, check_floats(rows * h, CHECK_PLAIN)};
    }
    const int64_t ldo = second ? q.ldd : h;
    check.arg[D_OUTER] = (check_arg){CHECK_IN, rows, h, ldo, check_floats(rows * h, fill)};
    const float *kept = check_floats(rows * 3 * h, CHECK_PLAIN);
    check.arg[D_DXG] = (check_arg){CHECK_INOUT, rows, 3 * h, 3 * h, q.shared ? gates : kept};
    const float *start = second ? NULL : check_floats(rows * h, CHECK_PLAIN);
    check.arg[D_DH_PREV] = (check_arg){second ? CHECK_OUT : CHECK_INOUT, rows, h, h, start};
    check_run(&check);
    check_release();
}

void check_cells(void)
{
    const check_fill fills[] = {CHECK_PLAIN, CHECK_WIDE, CHECK_SPECIAL};
    for (int64_t h = 0; h <= 41; h++) {
        for (int f = 0; f < 3; f++) {
            const int64_t rows = check_pick(0, 4);
            if (check_wanted("rnn_forward")) {
                rnn_forward_case(rows, h, fills[f]);
            }
            if (check_wanted("rnn_backward")) {
                rnn_backward_case(rows, h, fills[f]);
            }
            for (int second = 0; second < 2; second++) {
                if (check_wanted(second ? "gru_before_new" : "gru_before_gates")) {
                    before_case(second != 0, rows, h, fills[f]);
                }
                if (check_wanted(second ? "gru_before_new_backward" : "gru_before_gates_backward")) {
                    before_back_case(second != 0, rows, h, fills[f]);
                }
            }
        }
    }
}
