/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "checkkern.h"

typedef struct norm_params {
    int64_t rows, n, ldx, ldy, ldd;
    float eps;
    bool shared; /* the result lies in the input */
} norm_params;

/* Forward */
enum { F_X, F_GAMMA, F_BETA, F_Y, F_MEAN, F_RSTD };

static double call_norm(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const norm_params *q = params;
    kernels->layer_norm(q->rows, q->n, q->shared ? p[F_Y] : p[F_X], q->shared ? q->ldy : q->ldx, p[F_GAMMA], p[F_BETA],
                        q->eps, p[F_Y], q->ldy, p[F_MEAN], p[F_RSTD]);
    return 0.0;
}

static double truth_norm(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const norm_params *q = check->params;
    (void)size;
    for (int64_t row = 0; row < q->rows; row++) {
        const float *x = check->arg[q->shared ? F_Y : F_X].start + row * q->n;
        double sum = 0.0, terms = 0.0, squares = 0.0;
        for (int64_t i = 0; i < q->n; i++) {
            sum += (double)x[i];
            terms += fabs((double)x[i]);
        }
        const double mean = sum / (double)q->n, reach = terms / (double)q->n;
        for (int64_t i = 0; i < q->n; i++) {
            squares += ((double)x[i] - mean) * ((double)x[i] - mean);
        }
        const double rstd = 1.0 / sqrt(squares / (double)q->n + (double)q->eps);
        if (check->arg[F_MEAN].role != CHECK_ABSENT) {
            value[F_MEAN][row] = mean;
            scale[F_MEAN][row] = reach;
            value[F_RSTD][row] = rstd;
            scale[F_RSTD][row] = rstd * (1.0 + reach * rstd);
        }
        for (int64_t i = 0; i < q->n; i++) {
            const double gamma = (double)check->arg[F_GAMMA].start[i], beta = (double)check->arg[F_BETA].start[i];
            const double far = fabs((double)x[i]) + reach;
            value[F_Y][row * q->n + i] = ((double)x[i] - mean) * rstd * gamma + beta;
            scale[F_Y][row * q->n + i] = far * rstd * (1.0 + reach * rstd) * fabs(gamma) + fabs(beta);
        }
    }
    return 0.0;
}

static void norm_case(int64_t rows, int64_t n, check_fill fill)
{
    norm_params q = {rows, n, n + check_pick(0, 5), n + check_pick(0, 5), 0, 1e-5f, check_pick(0, 1)};
    check_case check = {
        .function = "layer_norm",
        .label = check_labelf("rows=%lld n=%lld shared=%d fill=%d", (long long)rows, (long long)n, (int)q.shared,
                              (int)fill),
        .params = &q,
        .call = call_norm,
        .truth = truth_norm,
    };
    float *x = check_floats(rows * n, fill);
    for (int64_t i = 0; i < rows * n; i++) {
        x[i] = fabsf(x[i]) > 1e15f && isfinite(x[i]) ? 1e15f : x[i]; /* squares are to stay finite in float */
    }
    if (!q.shared) {
        check.arg[F_X] = (check_arg){CHECK_IN, rows, n, q.ldx, x};
    }
    check.arg[F_GAMMA] = (check_arg){CHECK_IN, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check.arg[F_BETA] = (check_arg){CHECK_IN, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check.arg[F_Y] = (check_arg){q.shared ? CHECK_INOUT : CHECK_OUT, rows, n, q.ldy, q.shared ? x : NULL};
    if (check_pick(0, 2) > 0) {
        check.arg[F_MEAN] = (check_arg){CHECK_OUT, 1, rows, rows, NULL};
        check.arg[F_RSTD] = (check_arg){CHECK_OUT, 1, rows, rows, NULL};
    }
    check_run(&check);
    check_release();
}

/* Backward */
enum { B_X, B_GAMMA, B_MEAN, B_RSTD, B_DY, B_DX, B_DGAMMA, B_DBETA };

static double call_norm_back(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const norm_params *q = params;
    kernels->layer_norm_backward(q->rows, q->n, p[B_X], q->ldx, p[B_GAMMA], p[B_MEAN], p[B_RSTD],
                                 q->shared ? p[B_DX] : p[B_DY], q->ldd, p[B_DX], q->ldd, p[B_DGAMMA], p[B_DBETA]);
    return 0.0;
}

static double truth_norm_back(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const norm_params *q = check->params;
    const double n = (double)q->n;
    (void)size;
    for (int64_t i = 0; i < q->n; i++) {
        value[B_DGAMMA][i] = (double)check->arg[B_DGAMMA].start[i];
        value[B_DBETA][i] = (double)check->arg[B_DBETA].start[i];
        scale[B_DGAMMA][i] = fabs(value[B_DGAMMA][i]);
        scale[B_DBETA][i] = fabs(value[B_DBETA][i]);
    }
    for (int64_t row = 0; row < q->rows; row++) {
        const float *x = check->arg[B_X].start + row * q->n;
        const float *d = check->arg[q->shared ? B_DX : B_DY].start + row * q->n;
        const double mean = (double)check->arg[B_MEAN].start[row], rstd = (double)check->arg[B_RSTD].start[row];
        double sum = 0.0, sums = 0.0, along = 0.0, alongs = 0.0;
        for (int64_t i = 0; i < q->n; i++) {
            const double s = ((double)x[i] - mean) * rstd, most = (fabs((double)x[i]) + fabs(mean)) * rstd;
            const double g = (double)d[i] * (double)check->arg[B_GAMMA].start[i];
            sum += g;
            sums += fabs(g);
            along += g * s;
            alongs += fabs(g) * most;
            value[B_DGAMMA][i] += (double)d[i] * s;
            scale[B_DGAMMA][i] += fabs((double)d[i]) * most;
            value[B_DBETA][i] += (double)d[i];
            scale[B_DBETA][i] += fabs((double)d[i]);
        }
        for (int64_t i = 0; i < q->n; i++) {
            const double s = ((double)x[i] - mean) * rstd, most = (fabs((double)x[i]) + fabs(mean)) * rstd;
            const double g = (double)d[i] * (double)check->arg[B_GAMMA].start[i];
            value[B_DX][row * q->n + i] = rstd * (g - sum / n - s * along / n);
            scale[B_DX][row * q->n + i] = rstd * (fabs(g) + sums / n + most * alongs / n);
        }
    }
    return 0.0;
}

static void norm_back_case(int64_t rows, int64_t n, check_fill fill)
{
    norm_params q = {rows, n, n + check_pick(0, 5), 0, n + check_pick(0, 5), 0.0f, check_pick(0, 1)};
    check_case check = {
        .function = "layer_norm_backward",
        .label = check_labelf("rows=%lld n=%lld shared=%d fill=%d", (long long)rows, (long long)n, (int)q.shared,
                              (int)fill),
        .params = &q,
        .call = call_norm_back,
        .truth = truth_norm_back,
    };
    float *d = check_floats(rows * n, fill);
    for (int64_t i = 0; i < rows * n; i++) {
        d[i] = isinf(d[i]) ? 1.0f : d[i]; /* infinite sums times 0 or not, by the order */
    }
    check.arg[B_X] = (check_arg){CHECK_IN, rows, n, q.ldx, check_floats(rows * n, CHECK_PLAIN)};
    check.arg[B_GAMMA] = (check_arg){CHECK_IN, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check.arg[B_MEAN] = (check_arg){CHECK_IN, 1, rows, rows, check_floats(rows, CHECK_SIGNED_UNIT)};
    check.arg[B_RSTD] = (check_arg){CHECK_IN, 1, rows, rows, check_floats(rows, CHECK_POSITIVE)};
    if (!q.shared) {
        check.arg[B_DY] = (check_arg){CHECK_IN, rows, n, q.ldd, d};
    }
    check.arg[B_DX] = (check_arg){q.shared ? CHECK_INOUT : CHECK_OUT, rows, n, q.ldd, q.shared ? d : NULL};
    check.arg[B_DGAMMA] = (check_arg){CHECK_INOUT, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check.arg[B_DBETA] = (check_arg){CHECK_INOUT, 1, n, n, check_floats(n, CHECK_PLAIN)};
    check_run(&check);
    check_release();
}

void check_norm(void)
{
    const check_fill fills[] = {CHECK_PLAIN, CHECK_WIDE, CHECK_SPECIAL};
    for (int64_t n = 1; n <= 70; n++) {
        for (int f = 0; f < 3; f++) {
            if (check_wanted("layer_norm")) {
                norm_case(check_pick(0, 5), n, fills[f]);
            }
            if (check_wanted("layer_norm_backward")) {
                norm_back_case(check_pick(0, 5), n, fills[f]);
            }
        }
    }
}
