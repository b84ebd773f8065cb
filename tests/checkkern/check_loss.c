/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "checkkern.h"

typedef struct loss_params {
    int64_t forks, horizon, width, middle;
    seqd_point_loss kind;
    float delta, factor, smoothing;
    int64_t ldx;
} loss_params;

static double sigmoid(double x)
{
    return x < 0.0 ? exp(x) / (1.0 + exp(x)) : 1.0 / (1.0 + exp(-x));
}

static double softplus(double x)
{
    return isnan(x) ? x : fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

/* Losses of forecasts */
enum { L_LEVELS, L_OUT, L_Y, L_WEIGHT, L_LOC, L_SCALE };

static double call_quantile(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const loss_params *q = params;
    return kernels->quantile_loss(q->forks, q->horizon, q->width, q->middle, p[L_LEVELS], p[L_OUT], p[L_Y], p[L_WEIGHT],
                                  p[L_LOC], p[L_SCALE], q->factor);
}

static double call_point(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const loss_params *q = params;
    return kernels->point_loss(q->kind, q->forks, q->horizon, p[L_OUT], p[L_Y], p[L_WEIGHT], p[L_LOC], p[L_SCALE],
                               q->delta, q->factor);
}

static double scaled_target(const check_case *check, int64_t p, double *size)
{
    const loss_params *q = check->params;
    const double loc = (double)check->arg[L_LOC].start[p / q->horizon];
    const double scale = (double)check->arg[L_SCALE].start[p / q->horizon], y = (double)check->arg[L_Y].start[p];
    *size = (fabs(y) + fabs(loc)) / scale;
    return (y - loc) / scale;
}

/* Where a target is this close to a quantile, rounding decides on which side it is. */
static double doubt(double d, double size)
{
    return fabs(d) < 1e-5 * (size + 1e-30) ? 1e8 : 0.0;
}

static double truth_quantile(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const loss_params *q = check->params;
    const int64_t width = q->width;
    const float *levels = check->arg[L_LEVELS].start;
    double total = 0.0;
    for (int64_t p = 0; p < q->forks * q->horizon; p++) {
        const float *o = check->arg[L_OUT].start + p * width;
        const double weight = (double)check->arg[L_WEIGHT].start[p];
        const double step = (double)q->factor * weight * 2.0 / (double)width;
        double *out = value[L_OUT] + p * width, *off = scale[L_OUT] + p * width;
        if (!(weight > 0.0)) {
            continue;
        }
        double terms, loss = 0.0, slope[SEQD_QUANTILE_WIDTH], extra[SEQD_QUANTILE_WIDTH];
        const double z = scaled_target(check, p, &terms);
        for (int64_t i = 0; i < width; i++) {
            double value_i = (double)o[q->middle], reach = terms + fabs(value_i);
            for (int64_t j = q->middle + 1; j <= i; j++) {
                value_i += softplus((double)o[j]);
                reach += softplus((double)o[j]);
            }
            for (int64_t j = q->middle - 1; j >= i; j--) {
                value_i -= softplus((double)o[j]);
                reach += softplus((double)o[j]);
            }
            const double d = z - value_i;
            slope[i] = d >= 0.0 ? -(double)levels[i] : 1.0 - (double)levels[i];
            extra[i] = 1.0 + doubt(d, reach);
            loss -= slope[i] * d;
            *size += weight * reach;
        }
        total += weight * 2.0 / (double)width * loss;
        for (int64_t i = 0; i < width; i++) {
            double sum = 0.0, sums = 0.0;
            for (int64_t j = 0; j < width; j++) {
                if (i == q->middle || (i > q->middle ? j >= i : j <= i)) {
                    sum += slope[j];
                    sums += extra[j];
                }
            }
            const double share = i == q->middle ? 1.0 : sigmoid((double)o[i]);
            out[i] = step * sum * (i < q->middle ? -share : share);
            off[i] = fabs(step) * fmax(share, 1e-31) * sums; /* below 1e-37 sigmoid need not go on falling */
        }
    }
    return total;
}

static double truth_point(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const loss_params *q = check->params;
    double total = 0.0;
    for (int64_t p = 0; p < q->forks * q->horizon; p++) {
        const double weight = (double)check->arg[L_WEIGHT].start[p], delta = (double)q->delta;
        if (!(weight > 0.0)) {
            continue;
        }
        double terms;
        const double o = (double)check->arg[L_OUT].start[p], d = o - scaled_target(check, p, &terms);
        const double reach = terms + fabs(o);
        double loss, slope, most;
        if (q->kind == SEQD_POINT_SQUARED) {
            loss = d * d;
            slope = 2.0 * d;
            most = reach;
        } else if (q->kind == SEQD_POINT_ABSOLUTE) {
            loss = fabs(d);
            slope = isnan(d) ? d : (double)((d > 0.0) - (d < 0.0));
            most = 1.0;
        } else {
            loss = fabs(d) > delta ? delta * (fabs(d) - 0.5 * delta) : 0.5 * d * d;
            slope = isnan(d) ? d : fmin(delta, fmax(-delta, d));
            most = delta;
        }
        total += weight * loss;
        *size += weight * reach * (1.0 + most);
        value[L_OUT][p] = (double)q->factor * weight * slope;
        scale[L_OUT][p] = (double)q->factor * weight * reach;
        scale[L_OUT][p] += q->kind == SEQD_POINT_ABSOLUTE ? doubt(d, reach) : 0.0;
    }
    return total;
}

/* Weights: some 0, and targets of these NaN. */
static void forecast_case(const char *function, loss_params q, check_fill fill)
{
    const int64_t values = q.forks * q.horizon, width = q.width;
    q.factor = (float)check_uniform(0.01, 2.0);
    check_case check = {
        .function = function,
        .label = check_labelf("forks=%lld horizon=%lld width=%lld middle=%lld kind=%d fill=%d", (long long)q.forks,
                              (long long)q.horizon, (long long)width, (long long)q.middle, (int)q.kind, (int)fill),
        .params = &q,
        .call = width > 0 ? call_quantile : call_point,
        .truth = width > 0 ? truth_quantile : truth_point,
    };
    float *out = check_floats(values * (width > 0 ? width : 1), fill), *y = check_floats(values, CHECK_PLAIN);
    float *weight = check_floats(values, CHECK_POSITIVE), *levels = check_floats(width, CHECK_UNIT);
    for (int64_t i = 0; i < values; i++) {
        if (check_pick(0, 3) == 0) {
            weight[i] = check_pick(0, 3) == 0 ? NAN : 0.0f;
            y[i] = NAN;
        }
    }
    for (int64_t i = 0; fill == CHECK_SPECIAL && i < values * (width > 0 ? width : 1); i++) {
        /* infinities cancel or not by the order of sums, and squares of the huge ones overflow in float alone */
        out[i] = isinf(out[i]) || fabsf(out[i]) > 1e15f ? 90.0f : out[i];
    }
    if (width > 0) {
        check.arg[L_LEVELS] = (check_arg){CHECK_IN, 1, width, width, levels};
    }
    const int64_t wide = width > 0 ? width : 1;
    check.arg[L_OUT] = (check_arg){CHECK_INOUT, values, wide, wide, out};
    check.arg[L_Y] = (check_arg){CHECK_IN, 1, values, values, y};
    check.arg[L_WEIGHT] = (check_arg){CHECK_IN, 1, values, values, weight};
    check.arg[L_LOC] = (check_arg){CHECK_IN, 1, q.forks, q.forks, check_floats(q.forks, CHECK_PLAIN)};
    check.arg[L_SCALE] = (check_arg){CHECK_IN, 1, q.forks, q.forks, check_floats(q.forks, CHECK_POSITIVE)};
    check_run(&check);
    check_release();
}

/* Cross entropy */
enum { C_X, C_LABEL, C_WEIGHT, C_CLASS };

static double call_cross_entropy(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const loss_params *q = params;
    const int32_t *label = check_ints_of(p[C_LABEL]);
    return kernels->cross_entropy(q->forks, q->width, p[C_X], q->ldx, label, p[C_WEIGHT], p[C_CLASS], q->smoothing,
                                  q->factor);
}

static double truth_cross_entropy(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const loss_params *q = check->params;
    const int64_t n = q->width;
    const int32_t *label = check_ints_of(check->arg[C_LABEL].start);
    const float *class_weight = check->arg[C_CLASS].start;
    double total = 0.0;
    for (int64_t row = 0; row < q->forks; row++) {
        const double weight = (double)check->arg[C_WEIGHT].start[row];
        const float *x = check->arg[C_X].start + row * n;
        if (!(weight > 0.0) || label[row] < 0 || label[row] >= n) {
            continue;
        }
        double most = -INFINITY, sum = 0.0, share = 0.0, picked = 0.0, reach = 0.0;
        for (int64_t c = 0; c < n; c++) {
            most = fmax(most, (double)x[c]);
        }
        for (int64_t c = 0; c < n; c++) {
            const double even = (double)q->smoothing / (double)n;
            const double t = (class_weight != NULL ? (double)class_weight[c] : 1.0) *
                             (c == label[row] ? 1.0 - (double)q->smoothing + even : even);
            sum += exp((double)x[c] - most);
            share += t;
            picked += t != 0.0 ? t * ((double)x[c] - most) : 0.0;
            reach += t * fabs((double)x[c] - most);
        }
        total += weight * (share * log(sum) - picked);
        *size += weight * (share * (1.0 + fabs(log(sum))) + reach);
        for (int64_t c = 0; c < n; c++) {
            const double even = (double)q->smoothing / (double)n;
            const double t = (class_weight != NULL ? (double)class_weight[c] : 1.0) *
                             (c == label[row] ? 1.0 - (double)q->smoothing + even : even);
            const double part = share * exp((double)x[c] - most) / sum;
            value[C_X][row * n + c] = (double)q->factor * weight * (part - t);
            scale[C_X][row * n + c] = (double)q->factor * weight * (part * (1.0 + fabs((double)x[c] - most)) + t);
        }
    }
    return total;
}

static void cross_entropy_case(int64_t rows, int64_t n, check_fill fill)
{
    loss_params q = {.forks = rows, .width = n, .ldx = n + check_pick(0, 5), .factor = (float)check_uniform(0.1, 1.0)};
    q.smoothing = check_pick(0, 1) ? 0.1f : 0.0f;
    float *x = check_floats(rows * n, fill), *weight = check_floats(rows, CHECK_POSITIVE);
    for (int64_t i = 0; i < rows * n; i++) {
        /* exp of what is left of two huge numbers is not to be had; NaN stays */
        x[i] = fabsf(x[i]) > 200.0f ? copysignf(200.0f, x[i]) : x[i];
    }
    for (int64_t row = 0; row < rows; row++) {
        weight[row] = check_pick(0, 4) == 0 ? 0.0f : weight[row];
    }
    check_case check = {
        .function = "cross_entropy",
        .label = check_labelf("rows=%lld n=%lld ldx=%lld smoothing=%g fill=%d", (long long)rows, (long long)n,
                              (long long)q.ldx, (double)q.smoothing, (int)fill),
        .params = &q,
        .call = call_cross_entropy,
        .truth = truth_cross_entropy,
    };
    check.arg[C_X] = (check_arg){CHECK_INOUT, rows, n, q.ldx, x};
    check.arg[C_LABEL] = (check_arg){CHECK_IN, 1, rows, rows, check_ints(rows, -1, (int32_t)n)};
    check.arg[C_WEIGHT] = (check_arg){CHECK_IN, 1, rows, rows, weight};
    if (check_pick(0, 1)) {
        check.arg[C_CLASS] = (check_arg){CHECK_IN, 1, n, n, check_floats(n, CHECK_POSITIVE)};
    }
    check_run(&check);
    check_release();
}

/* Masks: the formula again, and what it is for. */
static uint32_t hashed(uint32_t x)
{
    x = (x ^ x >> 16) * 0x21f0aaadu;
    x = (x ^ x >> 15) * 0xd35a2d97u;
    return x ^ x >> 15;
}

typedef struct mask_params {
    int64_t n;
    uint64_t key;
    uint32_t threshold;
    float keep;
} mask_params;

static double call_mask(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const mask_params *q = params;
    kernels->dropout_mask(q->n, q->key, q->threshold, q->keep, p[0]);
    return 0.0;
}

static double truth_mask(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const mask_params *q = check->params;
    (void)scale;
    (void)size;
    for (int64_t i = 0; i < q->n; i++) {
        const uint32_t bits = hashed(hashed((uint32_t)i ^ (uint32_t)q->key) + (uint32_t)(q->key >> 32));
        value[0][i] = bits < q->threshold ? 0.0 : (double)q->keep;
    }
    return 0.0;
}

static void mask_case(int64_t n)
{
    mask_params q = {n, check_random(), (uint32_t)check_random(), (float)check_uniform(1.0, 2.0)};
    q.threshold = n % 7 == 0 ? 0 : n % 7 == 1 ? UINT32_MAX : q.threshold;
    check_case check = {
        .function = "dropout_mask",
        .label = check_labelf("n=%lld key=%llx threshold=%x", (long long)n, (unsigned long long)q.key, q.threshold),
        .params = &q,
        .call = call_mask,
        .truth = truth_mask,
    };
    check.arg[0] = (check_arg){CHECK_OUT, 1, n, n, NULL};
    check_run(&check);
    check_release();
}

/*
 * Shares of dropped units, alone and together with a neighbour in the mask or in the mask of the next key, lie within
 * six standard deviations of what independent draws give.
 */
static void mask_statistics(int level)
{
    enum { UNITS = 4096, KEYS = 500 };
    static float mask[KEYS + 1][UNITS];
    const double share = 0.2;
    double count = 0.0;
    for (int key = 0; key <= KEYS; key++) {
        check_level(level)->dropout_mask(UNITS, (uint64_t)key * 0x9e3779b97f4a7c15u, (uint32_t)(share * 4294967296.0),
                                         1.0f, mask[key]);
    }
    static const int lags[] = {1, 2, 8, 16, 64};
    for (int kind = 0; kind < 7; kind++) {
        double drawn = 0.0;
        count = 0.0;
        for (int key = 0; key < KEYS; key++) {
            for (int i = 0; i + 64 < UNITS; i++) {
                const float other = kind == 0 ? 0.0f : kind == 1 ? mask[key + 1][i] : mask[key][i + lags[kind - 2]];
                count += mask[key][i] == 0.0f && other == 0.0f;
                drawn += 1.0;
            }
        }
        const double expected = kind == 0 ? share : share * share;
        const double off = (count / drawn - expected) / sqrt(expected * (1.0 - expected) / drawn);
        check_count("dropout_mask", level, 1);
        if (!(fabs(off) < 6.0)) {
            check_failed("dropout_mask", check_level(level)->level, "share of kind %d is off by %.1f deviations", kind,
                         off);
        }
    }
}

void check_loss(void)
{
    const check_fill fills[] = {CHECK_PLAIN, CHECK_WIDE, CHECK_SPECIAL};
    for (int64_t width = 1; width <= 12 && check_wanted("quantile_loss"); width++) {
        for (int64_t horizon = 1; horizon <= 20; horizon++) {
            const loss_params q = {.forks = check_pick(0, 4), .horizon = horizon, .width = width,
                                   .middle = check_pick(0, width - 1)};
            forecast_case("quantile_loss", q, horizon % 2 ? CHECK_PLAIN : CHECK_SPECIAL);
        }
    }
    if (check_wanted("quantile_loss")) {
        forecast_case("quantile_loss", (loss_params){.forks = 3, .horizon = 9, .width = 64, .middle = 31}, CHECK_PLAIN);
    }
    for (int64_t n = 0; n <= 70 && check_wanted("point_loss"); n++) {
        for (int kind = 0; kind < 3; kind++) {
            const loss_params q = {.forks = n % 5, .horizon = n / 5 + 1, .kind = (seqd_point_loss)kind, .delta = 0.75f};
            forecast_case("point_loss", q, n % 2 ? CHECK_PLAIN : CHECK_SPECIAL);
        }
    }
    for (int64_t n = 1; n <= 70 && check_wanted("cross_entropy"); n++) {
        for (int f = 0; f < 3; f++) {
            cross_entropy_case(check_pick(0, 9), n, fills[f]);
        }
    }
    for (int64_t n = 0; n <= 70 && check_wanted("dropout_mask"); n++) {
        mask_case(n);
    }
    for (int level = 0; level < check_levels() && check_wanted("dropout_mask"); level++) {
        if (check_level_wanted(level)) {
            mask_statistics(level);
        }
    }
}
