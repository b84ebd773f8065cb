/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "checkkern.h"

typedef struct attention_params {
    int64_t begin, end, steps, size, ldk, lddk;
    float factor;
    int accumulate;
} attention_params;

static attention_params drawn(int64_t steps, int64_t size)
{
    attention_params q = {.steps = steps, .size = size};
    q.ldk = size + check_pick(0, 5);
    q.lddk = size + check_pick(0, 5);
    q.begin = check_pick(0, 2) == 0 ? check_pick(0, steps) : 0;
    q.end = check_pick(0, 2) == 0 ? check_pick(q.begin, steps) : steps;
    q.factor = (float)check_uniform(-2.0, 2.0);
    q.accumulate = (int)check_pick(0, 1);
    return q;
}

static const char *label_of(const attention_params *q, check_fill fill)
{
    return check_labelf("steps %lld..%lld of %lld size=%lld ld=%lld,%lld accumulate=%d fill=%d", (long long)q->begin,
                        (long long)q->end, (long long)q->steps, (long long)q->size, (long long)q->ldk,
                        (long long)q->lddk, q->accumulate, (int)fill);
}

static double number(const check_arg *arg, int64_t i)
{
    return (double)arg->start[i];
}

/*
 * Additive scores. What prepare makes of a query and of keys is a level's own affair: both stand in one scratch array
 * that the call prepares, query first.
 */
enum { A_BOTH, A_V, A_E, A_DQ, A_DKEYS, A_DV };

static int64_t both_floats(const attention_params *q)
{
    return q->size + (q->steps > 0 ? (q->steps - 1) * q->ldk + q->size : 0);
}

static size_t room_for_both(const seqd_kernels *kernels, const void *params)
{
    (void)kernels;
    return (size_t)both_floats(params);
}

static void prepare(const seqd_kernels *kernels, const attention_params *q, float *both)
{
    kernels->attention_additive_prepare(q->size, both, both);
    for (int64_t j = 0; j < q->steps; j++) {
        kernels->attention_additive_prepare(q->size, both + q->size + j * q->ldk, both + q->size + j * q->ldk);
    }
}

static double call_scores(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const attention_params *q = params;
    prepare(kernels, q, p[A_BOTH]);
    kernels->attention_additive_forward(q->begin, q->end, q->size, p[A_BOTH], p[A_BOTH] + q->size, q->ldk, p[A_V],
                                        p[A_E]);
    return 0.0;
}

static double call_scores_back(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const attention_params *q = params;
    prepare(kernels, q, p[A_BOTH]);
    kernels->attention_additive_backward(q->begin, q->end, q->size, p[A_BOTH], p[A_BOTH] + q->size, q->ldk, p[A_V],
                                         p[A_E], p[A_DQ], p[A_DKEYS], q->lddk, p[A_DV]);
    return 0.0;
}

static double bounded(double x)
{
    return x > 43.0 ? 43.0 : x < -43.0 ? -43.0 : x;
}

static double tanh_of(const check_case *check, int64_t j, int64_t u)
{
    const attention_params *q = check->params;
    const double key = number(&check->arg[A_BOTH], q->size + j * q->ldk + u);
    return tanh(bounded(number(&check->arg[A_BOTH], u)) + bounded(key));
}

static double truth_scores(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const attention_params *q = check->params;
    (void)size;
    for (int64_t j = 0; j < q->steps; j++) {
        value[A_E][j] = number(&check->arg[A_E], j);
        for (int64_t u = 0; u < q->size && j >= q->begin && j < q->end; u++) {
            const double v = number(&check->arg[A_V], u);
            value[A_E][j] = (u > 0 ? value[A_E][j] : 0.0) + v * tanh_of(check, j, u);
            scale[A_E][j] += fabs(v);
        }
        if (q->size == 0 && j >= q->begin && j < q->end) {
            value[A_E][j] = 0.0;
        }
    }
    return 0.0;
}

static double truth_scores_back(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const attention_params *q = check->params;
    (void)size;
    for (int64_t u = 0; u < q->size; u++) {
        const double v = number(&check->arg[A_V], u);
        value[A_DV][u] = number(&check->arg[A_DV], u);
        scale[A_DV][u] = fabs(value[A_DV][u]);
        for (int64_t j = 0; j < q->steps; j++) {
            const int64_t at = j * q->size + u;
            value[A_DKEYS][at] = number(&check->arg[A_DKEYS], at);
            if (j < q->begin || j >= q->end) {
                continue;
            }
            const double t = tanh_of(check, j, u), d = number(&check->arg[A_E], j), part = d * v * (1.0 - t * t);
            value[A_DQ][u] += part;
            scale[A_DQ][u] += fabs(d * v);
            value[A_DV][u] += d * t;
            scale[A_DV][u] += fabs(d);
            scale[A_DKEYS][at] = fabs(value[A_DKEYS][at]) + fabs(d * v);
            value[A_DKEYS][at] += part;
        }
    }
    return 0.0;
}

static void additive_case(int64_t steps, int64_t units, check_fill fill, bool back)
{
    attention_params q = drawn(steps, units);
    check_case check = {
        .function = back ? "attention_additive_backward" : "attention_additive_forward",
        .label = label_of(&q, fill),
        .params = &q,
        .scratch = room_for_both,
        .call = back ? call_scores_back : call_scores,
        .truth = back ? truth_scores_back : truth_scores,
    };
    const int64_t both = both_floats(&q);
    float *start = check_floats(both, fill);
    for (int64_t j = 1; j < steps && back; j++) { /* NaN may reach the step beside it: let it be in all */
        for (int64_t u = 0; u < units; u++) {
            float *key = start + units + j * q.ldk + u;
            *key = isnan(start[units + u]) ? NAN : isnan(*key) ? 1.0f : *key;
        }
    }
    check.arg[A_BOTH] = (check_arg){CHECK_SCRATCH, 1, both, both, start};
    check.arg[A_V] = (check_arg){CHECK_IN, 1, units, units, check_floats(units, CHECK_PLAIN)};
    check.arg[A_E] = (check_arg){back ? CHECK_IN : CHECK_INOUT, 1, steps, steps, check_floats(steps, CHECK_PLAIN)};
    if (back) {
        check.arg[A_DQ] = (check_arg){CHECK_OUT, 1, units, units, NULL};
        check.arg[A_DKEYS] = (check_arg){CHECK_INOUT, steps, units, q.lddk, check_floats(steps * units, CHECK_PLAIN)};
        check.arg[A_DV] = (check_arg){CHECK_INOUT, 1, units, units, check_floats(units, CHECK_PLAIN)};
    }
    check_run(&check);
    check_release();
}

/* weighted_sum, row_dots, add_outer: weights of steps, values of steps, numbers of units. */
enum { P_STEPS, P_VALUES, P_UNITS };

static double call_weighted_sum(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const attention_params *q = params;
    kernels->weighted_sum(q->begin, q->end, q->size, p[P_STEPS], p[P_VALUES], q->ldk, p[P_UNITS], q->accumulate);
    return 0.0;
}

static double call_row_dots(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const attention_params *q = params;
    kernels->row_dots(q->begin, q->end, q->size, q->factor, p[P_UNITS], p[P_VALUES], q->ldk, p[P_STEPS]);
    return 0.0;
}

static double call_add_outer(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const attention_params *q = params;
    kernels->add_outer(q->begin, q->end, q->size, q->factor, p[P_STEPS], p[P_UNITS], p[P_VALUES], q->ldk);
    return 0.0;
}

static double truth_weighted_sum(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const attention_params *q = check->params;
    (void)size;
    for (int64_t u = 0; u < q->size; u++) {
        value[P_UNITS][u] = q->accumulate ? number(&check->arg[P_UNITS], u) : 0.0;
        scale[P_UNITS][u] = fabs(value[P_UNITS][u]);
        for (int64_t j = q->begin; j < q->end; j++) {
            const double term = number(&check->arg[P_STEPS], j) * number(&check->arg[P_VALUES], j * q->size + u);
            value[P_UNITS][u] += term;
            scale[P_UNITS][u] += fabs(term);
        }
    }
    return 0.0;
}

static double truth_row_dots(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const attention_params *q = check->params;
    (void)size;
    for (int64_t j = 0; j < q->steps; j++) {
        value[P_STEPS][j] = number(&check->arg[P_STEPS], j);
        if (j < q->begin || j >= q->end) {
            continue;
        }
        double sum = 0.0;
        for (int64_t u = 0; u < q->size; u++) {
            const double term = number(&check->arg[P_UNITS], u) * number(&check->arg[P_VALUES], j * q->size + u);
            sum += term;
            scale[P_STEPS][j] += fabs((double)q->factor * term);
        }
        value[P_STEPS][j] = (double)q->factor * sum;
    }
    return 0.0;
}

static double truth_add_outer(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const attention_params *q = check->params;
    (void)size;
    for (int64_t j = 0; j < q->steps; j++) {
        for (int64_t u = 0; u < q->size; u++) {
            const int64_t at = j * q->size + u;
            const double term = (double)q->factor * number(&check->arg[P_STEPS], j) * number(&check->arg[P_UNITS], u);
            value[P_VALUES][at] = number(&check->arg[P_VALUES], at);
            if (j >= q->begin && j < q->end) {
                scale[P_VALUES][at] = fabs(value[P_VALUES][at]) + fabs(term);
                value[P_VALUES][at] += term;
            }
        }
    }
    return 0.0;
}

static void product_case(int kind, int64_t steps, int64_t units, check_fill fill)
{
    static const char *const names[] = {"weighted_sum", "row_dots", "add_outer"};
    attention_params q = drawn(steps, units);
    check_case check = {
        .function = names[kind],
        .label = label_of(&q, fill),
        .params = &q,
        .call = kind == 0 ? call_weighted_sum : kind == 1 ? call_row_dots : call_add_outer,
        .truth = kind == 0 ? truth_weighted_sum : kind == 1 ? truth_row_dots : truth_add_outer,
    };
    const bool plain = fill == CHECK_SPECIAL;
    check.arg[P_STEPS] = (check_arg){kind == 1 ? CHECK_INOUT : CHECK_IN, 1, steps, steps,
                                     check_floats(steps, plain ? CHECK_PLAIN : fill)};
    check.arg[P_VALUES] = (check_arg){kind == 2 ? CHECK_INOUT : CHECK_IN, steps, units, q.ldk,
                                      check_floats(steps * units, fill)};
    check.arg[P_UNITS] = (check_arg){kind == 0 ? CHECK_INOUT : CHECK_IN, 1, units, units,
                                     check_floats(units, plain ? CHECK_PLAIN : fill)};
    check_run(&check);
    check_release();
}

/* Softmax */
enum { S_X, S_BEGIN, S_END, S_Y, S_DY };

typedef struct softmax_params {
    int64_t rows, n, ldx, ldy, ldd;
    bool shared; /* the result lies in the input */
} softmax_params;

static double call_softmax(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const softmax_params *q = params;
    kernels->softmax(q->rows, q->n, q->shared ? p[S_Y] : p[S_X], q->shared ? q->ldy : q->ldx, check_ints_of(p[S_BEGIN]),
                     check_ints_of(p[S_END]), p[S_Y], q->ldy);
    return 0.0;
}

static double call_softmax_back(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const softmax_params *q = params;
    kernels->softmax_backward(q->rows, q->n, p[S_X], q->ldx, check_ints_of(p[S_BEGIN]), check_ints_of(p[S_END]),
                              q->shared ? p[S_Y] : p[S_DY], q->shared ? q->ldy : q->ldd, p[S_Y], q->ldy);
    return 0.0;
}

static void range_of(const check_case *check, int64_t row, int64_t *first, int64_t *last)
{
    const softmax_params *q = check->params;
    *first = check->arg[S_BEGIN].role == CHECK_ABSENT ? 0 : check_ints_of(check->arg[S_BEGIN].start)[row];
    *last = check->arg[S_END].role == CHECK_ABSENT ? q->n : check_ints_of(check->arg[S_END].start)[row];
}

static double truth_softmax(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const softmax_params *q = check->params;
    (void)size;
    for (int64_t row = 0; row < q->rows; row++) {
        const float *x = check->arg[q->shared ? S_Y : S_X].start + row * q->n;
        int64_t first, last;
        double most = -INFINITY, sum = 0.0;
        range_of(check, row, &first, &last);
        for (int64_t j = first; j < last; j++) {
            most = fmax(most, (double)x[j]);
        }
        for (int64_t j = first; j < last; j++) {
            sum += exp((double)x[j] - most);
        }
        for (int64_t j = first; j < last; j++) {
            value[S_Y][row * q->n + j] = exp((double)x[j] - most) / sum;
            /* the difference of two numbers far from 0 is off by the rounding of itself */
            scale[S_Y][row * q->n + j] = value[S_Y][row * q->n + j] * (1.0 + fmin(104.0, fabs((double)x[j] - most)));
            scale[S_Y][row * q->n + j] += 1e-30;
        }
    }
    return 0.0;
}

static double truth_softmax_back(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const softmax_params *q = check->params;
    (void)size;
    for (int64_t row = 0; row < q->rows; row++) {
        const float *y = check->arg[S_X].start + row * q->n;
        const float *dy = check->arg[q->shared ? S_Y : S_DY].start + row * q->n;
        int64_t first, last;
        double sum = 0.0, terms = 0.0;
        range_of(check, row, &first, &last);
        for (int64_t j = first; j < last; j++) {
            sum += (double)y[j] * (double)dy[j];
            terms += fabs((double)y[j] * (double)dy[j]);
        }
        for (int64_t j = first; j < last; j++) {
            value[S_Y][row * q->n + j] = (double)y[j] * ((double)dy[j] - sum);
            scale[S_Y][row * q->n + j] = fabs((double)y[j]) * (fabs((double)dy[j]) + terms);
        }
    }
    return 0.0;
}

static void softmax_case(int64_t rows, int64_t n, check_fill fill, bool back)
{
    softmax_params q = {rows, n, n + check_pick(0, 5), n + check_pick(0, 5), n + check_pick(0, 5), check_pick(0, 1)};
    check_case check = {
        .function = back ? "softmax_backward" : "softmax",
        .label = check_labelf("rows=%lld n=%lld shared=%d fill=%d", (long long)rows, (long long)n, (int)q.shared,
                              (int)fill),
        .params = &q,
        .call = back ? call_softmax_back : call_softmax,
        .truth = back ? truth_softmax_back : truth_softmax,
    };
    float *begin = check_ints(rows, 0, (int32_t)n), *end = check_ints(rows, 0, (int32_t)n);
    const check_arg in = {CHECK_IN, rows, n, back ? q.ldd : q.ldx, check_floats(rows * n, fill)};
    if (back) {
        check.arg[S_X] = (check_arg){CHECK_IN, rows, n, q.ldx, check_floats(rows * n, CHECK_UNIT)};
    }
    if (!q.shared) {
        check.arg[back ? S_DY : S_X] = in;
    }
    check.arg[S_Y] = (check_arg){q.shared ? CHECK_INOUT : CHECK_OUT, rows, n, q.ldy, q.shared ? in.start : NULL};
    if (check_pick(0, 1)) {
        check.arg[S_BEGIN] = (check_arg){CHECK_IN, 1, rows, rows, begin};
    }
    if (check_pick(0, 1)) {
        check.arg[S_END] = (check_arg){CHECK_IN, 1, rows, rows, end};
    }
    check_run(&check);
    check_release();
}

void check_attention(void)
{
    const check_fill fills[] = {CHECK_PLAIN, CHECK_WIDE, CHECK_SPECIAL};
    for (int64_t size = 0; size <= 70; size++) {
        for (int f = 0; f < 3; f++) {
            const int64_t steps = check_pick(0, 20);
            for (int back = 0; back < 2; back++) {
                if (check_wanted(back ? "attention_additive_backward" : "attention_additive_forward")) {
                    additive_case(steps, size, fills[f], back != 0);
                }
                if (check_wanted(back ? "softmax_backward" : "softmax")) {
                    softmax_case(check_pick(0, 6), size, fills[f], back != 0);
                }
            }
            for (int kind = 0; kind < 3; kind++) {
                if (check_wanted(kind == 0 ? "weighted_sum" : kind == 1 ? "row_dots" : "add_outer")) {
                    product_case(kind, steps, size, fills[f]);
                }
            }
        }
    }
    if (check_wanted("weighted_sum")) {
        product_case(0, 56, 200, CHECK_PLAIN);
    }
    if (check_wanted("row_dots")) {
        product_case(1, 56, 200, CHECK_PLAIN);
    }
}
