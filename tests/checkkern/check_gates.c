/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "checkkern.h"

typedef struct gate_params {
    int64_t rows, h, ldh, ldp;
    bool shared;        /* the array that may be overwritten by the result is */
    bool shared_second; /* GRU backward: so is hg by dhg */
} gate_params;

static double sigmoid(double x)
{
    return x < 0.0 ? exp(x) / (1.0 + exp(x)) : 1.0 / (1.0 + exp(-x));
}

/* What a gate's error is measured by (kernels.h): its value, more of it far below 0, and nothing below 1e-30. */
static double gate_size(double value)
{
    return fmax(value * fmax(1.0, -log(value) / 8.0), 1e-24);
}

static double at(const check_arg *arg, int64_t i)
{
    return arg->start != NULL ? (double)arg->start[i] : 0.0;
}

static void put(double *value, double *scale, int64_t i, double v, double s)
{
    value[i] = v;
    scale[i] = s;
}

/* LSTM forward */
enum { F_GATES, F_C_PREV, F_C, F_TANH_C, F_HIDDEN };

static double call_lstm_forward(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const gate_params *q = params;
    const float *c_prev = q->shared ? p[F_C] : p[F_C_PREV];
    kernels->lstm_forward(q->rows, q->h, p[F_GATES], c_prev, p[F_C], p[F_TANH_C], p[F_HIDDEN], q->ldh);
    return 0.0;
}

static double truth_lstm_forward(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const gate_params *q = check->params;
    const int64_t h = q->h;
    const check_arg *before = &check->arg[q->shared ? F_C : F_C_PREV];
    (void)size;
    for (int64_t row = 0; row < q->rows; row++) {
        for (int64_t u = 0; u < h; u++) {
            const int64_t gate = row * 4 * h + u, unit = row * h + u;
            const double i = sigmoid(at(&check->arg[F_GATES], gate)), f = sigmoid(at(&check->arg[F_GATES], gate + h));
            const double g = tanh(at(&check->arg[F_GATES], gate + 2 * h));
            const double o = sigmoid(at(&check->arg[F_GATES], gate + 3 * h));
            const double kept = before->role != CHECK_ABSENT ? f * at(before, unit) : 0.0;
            const double kept_size = before->role != CHECK_ABSENT ? gate_size(f) * fabs(at(before, unit)) : 0.0;
            const double c = kept + i * g, c_size = kept_size + gate_size(i) * fabs(g);
            const double t = tanh(c), t_size = fabs(t) + (t * t < 1.0 ? c_size * (1.0 - t * t) : 0.0);
            put(value[F_C], scale[F_C], unit, c, c_size);
            if (check->arg[F_TANH_C].role != CHECK_ABSENT) { /* else nobody asks for the gates */
                put(value[F_GATES], scale[F_GATES], gate, i, gate_size(i));
                put(value[F_GATES], scale[F_GATES], gate + h, f, gate_size(f));
                put(value[F_GATES], scale[F_GATES], gate + 2 * h, g, fabs(g));
                put(value[F_GATES], scale[F_GATES], gate + 3 * h, o, gate_size(o));
                put(value[F_TANH_C], scale[F_TANH_C], unit, t, t_size);
            }
            put(value[F_HIDDEN], scale[F_HIDDEN], unit, o * t, gate_size(o) * t_size);
        }
    }
    return 0.0;
}

static size_t lstm_gates(const seqd_kernels *kernels, const void *params)
{
    const gate_params *q = params;
    (void)kernels;
    return (size_t)(q->rows * 4 * q->h);
}

static void lstm_forward_case(int64_t rows, int64_t h, check_fill gates, check_fill state)
{
    const bool no_state = check_pick(0, 3) == 0;
    gate_params q = {rows, h, h + check_pick(0, 5), 0, !no_state && check_pick(0, 1), false};
    check_case check = {
        .function = "lstm_forward",
        .label = check_labelf("rows=%lld h=%lld ldh=%lld c_prev=%s fill=%d,%d", (long long)rows, (long long)h,
                              (long long)q.ldh, no_state ? "NULL" : q.shared ? "c" : "own", (int)gates, (int)state),
        .params = &q,
        .scratch = lstm_gates,
        .call = call_lstm_forward,
        .truth = truth_lstm_forward,
    };
    const bool kept = check_pick(0, 3) != 0;
    const float *start = check_floats(rows * 4 * h, gates);
    check.arg[F_GATES] = kept ? (check_arg){CHECK_INOUT, rows, 4 * h, 4 * h, start}
                              : (check_arg){CHECK_SCRATCH, 1, rows * 4 * h, rows * 4 * h, start};
    const float *c_prev = no_state ? NULL : check_floats(rows * h, state);
    if (!no_state && !q.shared) {
        check.arg[F_C_PREV] = (check_arg){CHECK_IN, rows, h, h, c_prev};
    }
    check.arg[F_C] = (check_arg){q.shared ? CHECK_INOUT : CHECK_OUT, rows, h, h, q.shared ? c_prev : NULL};
    if (kept) {
        check.arg[F_TANH_C] = (check_arg){CHECK_OUT, rows, h, h, NULL};
    }
    check.arg[F_HIDDEN] = (check_arg){CHECK_OUT, rows, h, q.ldh, NULL};
    check_run(&check);
    check_release();
}

/* LSTM backward */
enum { B_GATES, B_C_PREV, B_TANH_C, B_DH, B_DC, B_DGATES };

static double call_lstm_backward(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const gate_params *q = params;
    const float *gates = q->shared ? p[B_DGATES] : p[B_GATES];
    kernels->lstm_backward(q->rows, q->h, gates, p[B_C_PREV], p[B_TANH_C], p[B_DH], q->ldh, p[B_DC], p[B_DGATES]);
    return 0.0;
}

static double truth_lstm_backward(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const gate_params *q = check->params;
    const int64_t h = q->h;
    const check_arg *gates = &check->arg[q->shared ? B_DGATES : B_GATES];
    (void)size;
    for (int64_t row = 0; row < q->rows; row++) {
        for (int64_t u = 0; u < h; u++) {
            const int64_t gate = row * 4 * h + u, unit = row * h + u;
            const double i = at(gates, gate), f = at(gates, gate + h), g = at(gates, gate + 2 * h);
            const double o = at(gates, gate + 3 * h), t = at(&check->arg[B_TANH_C], unit);
            const double before = at(&check->arg[B_C_PREV], unit), dh = at(&check->arg[B_DH], unit);
            const double dc = at(&check->arg[B_DC], unit);
            const double cell = dc + dh * o * (1.0 - t * t), cell_size = fabs(dc) + fabs(dh * o);
            put(value[B_DGATES], scale[B_DGATES], gate, cell * g * i * (1.0 - i), cell_size * fabs(g * i));
            put(value[B_DGATES], scale[B_DGATES], gate + h, cell * before * f * (1.0 - f),
                cell_size * fabs(before * f));
            put(value[B_DGATES], scale[B_DGATES], gate + 2 * h, cell * i * (1.0 - g * g), cell_size * fabs(i));
            put(value[B_DGATES], scale[B_DGATES], gate + 3 * h, dh * t * o * (1.0 - o), fabs(dh * t * o));
            put(value[B_DC], scale[B_DC], unit, cell * f, cell_size * fabs(f));
        }
    }
    return 0.0;
}

/* Activations as forward leaves them: i, f, o in (0, 1), the third block of `of` in (-1, 1). */
static float *activations(int64_t rows, int64_t h, int of, int signed_block)
{
    float *p = check_floats(rows * of * h, CHECK_UNIT);
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t u = 0; u < h; u++) {
            float *x = p + (row * of + signed_block) * h + u;
            *x = 2.0f * *x - 1.0f;
        }
    }
    return p;
}

static void lstm_backward_case(int64_t rows, int64_t h, check_fill state, check_fill gradient)
{
    const bool no_state = check_pick(0, 3) == 0;
    gate_params q = {rows, h, h + check_pick(0, 5), 0, check_pick(0, 1) != 0, false};
    check_case check = {
        .function = "lstm_backward",
        .label = check_labelf("rows=%lld h=%lld ldh=%lld c_prev=%s dgates=%s fill=%d,%d", (long long)rows, (long long)h,
                              (long long)q.ldh, no_state ? "NULL" : "own", q.shared ? "gates" : "own", (int)state,
                              (int)gradient),
        .params = &q,
        .call = call_lstm_backward,
        .truth = truth_lstm_backward,
    };
    const float *gates = activations(rows, h, 4, 2);
    if (!q.shared) {
        check.arg[B_GATES] = (check_arg){CHECK_IN, rows, 4 * h, 4 * h, gates};
    }
    if (!no_state) {
        check.arg[B_C_PREV] = (check_arg){CHECK_IN, rows, h, h, check_floats(rows * h, state)};
    }
    check.arg[B_TANH_C] = (check_arg){CHECK_IN, rows, h, h, check_floats(rows * h, CHECK_SIGNED_UNIT)};
    check.arg[B_DH] = (check_arg){CHECK_IN, rows, h, q.ldh, check_floats(rows * h, gradient)};
    check.arg[B_DC] = (check_arg){CHECK_INOUT, rows, h, h, check_floats(rows * h, CHECK_PLAIN)};
    check.arg[B_DGATES] = (check_arg){q.shared ? CHECK_INOUT : CHECK_OUT, rows, 4 * h, 4 * h, q.shared ? gates : NULL};
    check_run(&check);
    check_release();
}

/* GRU forward */
enum { G_XG, G_HG, G_H_PREV, G_HIDDEN };

static double call_gru_forward(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const gate_params *q = params;
    kernels->gru_forward(q->rows, q->h, p[G_XG], p[G_HG], p[G_H_PREV], q->ldp, p[G_HIDDEN], q->ldh);
    return 0.0;
}

static double truth_gru_forward(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const gate_params *q = check->params;
    const int64_t h = q->h;
    const check_arg *x = &check->arg[G_XG], *y = &check->arg[G_HG];
    (void)size;
    for (int64_t row = 0; row < q->rows; row++) {
        for (int64_t u = 0; u < h; u++) {
            const int64_t gate = row * 3 * h + u, unit = row * h + u;
            /* float sums of the pre-activations: their rounding, seen through the slope, is part of the scale */
            const double pre_r = at(x, gate) + at(y, gate), pre_z = at(x, gate + h) + at(y, gate + h);
            const double r = sigmoid(pre_r), z = sigmoid(pre_z);
            const double r_size = gate_size(r) + fmin(fabs(pre_r), 200.0) * r * (1.0 - r);
            const double z_size = gate_size(z) + fmin(fabs(pre_z), 200.0) * z * (1.0 - z);
            const double q_part = at(y, gate + 2 * h), pre_n = at(x, gate + 2 * h) + r * q_part;
            const double n = tanh(pre_n);
            const double pre_size = fabs(at(x, gate + 2 * h)) + r_size * fabs(q_part);
            const double n_size = fabs(n) + (n * n < 1.0 ? pre_size * (1.0 - n * n) : 0.0);
            const double before = at(&check->arg[G_H_PREV], unit);
            put(value[G_XG], scale[G_XG], gate, r, r_size);
            put(value[G_XG], scale[G_XG], gate + h, z, z_size);
            put(value[G_XG], scale[G_XG], gate + 2 * h, n, n_size);
            put(value[G_HIDDEN], scale[G_HIDDEN], unit, (1.0 - z) * n + z * before, n_size + z_size * fabs(before));
        }
    }
    return 0.0;
}

/*
 * A reset gate below 1e-37 may be 0, and times infinity that is NaN on one level and infinity on another: such a pair
 * says nothing. The infinity becomes a one.
 */
static void settle_resets(int64_t rows, int64_t h, const float *xg, float *hg)
{
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t u = 0; u < h; u++) {
            const int64_t r = row * 3 * h + u;
            const double reset = sigmoid((double)xg[r] + (double)hg[r]);
            if (reset > 0.0 && reset < 1e-37 && isinf(hg[r + 2 * h])) {
                hg[r + 2 * h] = 1.0f;
            }
        }
    }
}

static void gru_forward_case(int64_t rows, int64_t h, check_fill gates, check_fill recurrent, check_fill state)
{
    const bool no_state = check_pick(0, 3) == 0;
    gate_params q = {rows, h, h + check_pick(0, 5), h + check_pick(0, 5), false, false};
    check_case check = {
        .function = "gru_forward",
        .label = check_labelf("rows=%lld h=%lld ldh=%lld ldp=%lld h_prev=%s fill=%d,%d,%d", (long long)rows,
                              (long long)h, (long long)q.ldh, (long long)q.ldp, no_state ? "NULL" : "own", (int)gates,
                              (int)recurrent, (int)state),
        .params = &q,
        .call = call_gru_forward,
        .truth = truth_gru_forward,
    };
    const float *xg = check_floats(rows * 3 * h, gates);
    float *hg = check_floats(rows * 3 * h, recurrent);
    settle_resets(rows, h, xg, hg);
    check.arg[G_XG] = (check_arg){CHECK_INOUT, rows, 3 * h, 3 * h, xg};
    check.arg[G_HG] = (check_arg){CHECK_IN, rows, 3 * h, 3 * h, hg};
    if (!no_state) {
        check.arg[G_H_PREV] = (check_arg){CHECK_IN, rows, h, q.ldp, check_floats(rows * h, state)};
    }
    check.arg[G_HIDDEN] = (check_arg){CHECK_OUT, rows, h, q.ldh, NULL};
    check_run(&check);
    check_release();
}

/* GRU backward */
enum { D_RZN, D_HG, D_H_PREV, D_DH, D_DXG, D_DHG, D_DH_PREV };

static double call_gru_backward(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const gate_params *q = params;
    const float *rzn = q->shared ? p[D_DXG] : p[D_RZN], *hg = q->shared_second ? p[D_DHG] : p[D_HG];
    kernels->gru_backward(q->rows, q->h, rzn, hg, p[D_H_PREV], q->ldp, p[D_DH], q->ldh, p[D_DXG], p[D_DHG],
                          p[D_DH_PREV]);
    return 0.0;
}

static double truth_gru_backward(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const gate_params *q = check->params;
    const int64_t h = q->h;
    const check_arg *gates = &check->arg[q->shared ? D_DXG : D_RZN];
    const check_arg *hg = &check->arg[q->shared_second ? D_DHG : D_HG];
    (void)size;
    for (int64_t row = 0; row < q->rows; row++) {
        for (int64_t u = 0; u < h; u++) {
            const int64_t gate = row * 3 * h + u, unit = row * h + u;
            const double r = at(gates, gate), z = at(gates, gate + h), n = at(gates, gate + 2 * h);
            const double q_part = at(hg, gate + 2 * h), d = at(&check->arg[D_DH], unit);
            const double before = at(&check->arg[D_H_PREV], unit);
            const double dn = d * (1.0 - z) * (1.0 - n * n), dz = d * (before - n) * z * (1.0 - z);
            const double dr = dn * q_part * r * (1.0 - r);
            const double dr_size = fabs(d * q_part * r), dz_size = fabs(d) * (fabs(before) + fabs(n)) * z;
            put(value[D_DXG], scale[D_DXG], gate, dr, dr_size);
            put(value[D_DXG], scale[D_DXG], gate + h, dz, dz_size);
            put(value[D_DXG], scale[D_DXG], gate + 2 * h, dn, fabs(d));
            put(value[D_DHG], scale[D_DHG], gate, dr, dr_size);
            put(value[D_DHG], scale[D_DHG], gate + h, dz, dz_size);
            put(value[D_DHG], scale[D_DHG], gate + 2 * h, dn * r, fabs(d) * r);
            put(value[D_DH_PREV], scale[D_DH_PREV], unit, d * z, fabs(d * z));
        }
    }
    return 0.0;
}

static void gru_backward_case(int64_t rows, int64_t h, check_fill state, check_fill gradient)
{
    const bool no_state = check_pick(0, 3) == 0;
    gate_params q = {rows, h, h + check_pick(0, 5), h + check_pick(0, 5), check_pick(0, 1) != 0, check_pick(0, 1) != 0};
    check_case check = {
        .function = "gru_backward",
        .label = check_labelf("rows=%lld h=%lld ldh=%lld ldp=%lld h_prev=%s dxg=%s dhg=%s fill=%d,%d",
                              (long long)rows, (long long)h, (long long)q.ldh, (long long)q.ldp,
                              no_state ? "NULL" : "own", q.shared ? "rzn" : "own", q.shared_second ? "hg" : "own",
                              (int)state, (int)gradient),
        .params = &q,
        .call = call_gru_backward,
        .truth = truth_gru_backward,
    };
    const float *gates = activations(rows, h, 3, 2);
    if (!q.shared) {
        check.arg[D_RZN] = (check_arg){CHECK_IN, rows, 3 * h, 3 * h, gates};
    }
    const float *hg = check_floats(rows * 3 * h, CHECK_PLAIN);
    if (!q.shared_second) {
        check.arg[D_HG] = (check_arg){CHECK_IN, rows, 3 * h, 3 * h, hg};
    }
    if (!no_state) {
        check.arg[D_H_PREV] = (check_arg){CHECK_IN, rows, h, q.ldp, check_floats(rows * h, state)};
    }
    check.arg[D_DH] = (check_arg){CHECK_IN, rows, h, q.ldh, check_floats(rows * h, gradient)};
    check.arg[D_DXG] = (check_arg){q.shared ? CHECK_INOUT : CHECK_OUT, rows, 3 * h, 3 * h, q.shared ? gates : NULL};
    check.arg[D_DHG] = (check_arg){q.shared_second ? CHECK_INOUT : CHECK_OUT, rows, 3 * h, 3 * h,
                                   q.shared_second ? hg : NULL};
    check.arg[D_DH_PREV] = (check_arg){CHECK_OUT, rows, h, h, NULL};
    check_run(&check);
    check_release();
}

/* One array at a time has special values: 0 times infinity is tested, but not by chance in two of them. */
static void at_size(int64_t rows, int64_t h)
{
    static const check_fill pairs[][2] = {
        {CHECK_PLAIN, CHECK_PLAIN},
        {CHECK_WIDE, CHECK_PLAIN},
        {CHECK_SPECIAL, CHECK_PLAIN},
        {CHECK_PLAIN, CHECK_SPECIAL},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const check_fill a = pairs[i][0], b = pairs[i][1];
        if (check_wanted("lstm_forward")) {
            lstm_forward_case(rows, h, a, b);
        }
        if (check_wanted("lstm_backward")) {
            lstm_backward_case(rows, h, a, b);
        }
        if (check_wanted("gru_forward")) {
            gru_forward_case(rows, h, a, CHECK_PLAIN, b);
            gru_forward_case(rows, h, CHECK_PLAIN, a, b);
        }
        if (check_wanted("gru_backward")) {
            gru_backward_case(rows, h, a, b);
        }
    }
}

void check_gates(void)
{
    for (int64_t h = 0; h <= 41; h++) {
        for (int64_t rows = 0; rows <= 4; rows++) {
            at_size(rows, h);
        }
    }
    at_size(16, 64);
    at_size(33, 100);
}
