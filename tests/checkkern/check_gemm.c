/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "checkkern.h"

typedef struct gemm_params {
    int64_t m, n, k, lda, ldb, ldc;
    int transposed, accumulate, bias;
} gemm_params;

enum { ARG_A, ARG_B, ARG_PACKED, ARG_C, ARG_BIAS };

static size_t packed_size(const seqd_kernels *kernels, const void *params)
{
    const gemm_params *q = params;
    return kernels->gemm_packed_size(q->k, q->n);
}

static double call_gemm(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const gemm_params *q = params;
    kernels->gemm_pack(q->k, q->n, p[ARG_B], q->ldb, q->transposed, p[ARG_PACKED]);
    kernels->gemm(q->m, q->n, q->k, p[ARG_A], q->lda, p[ARG_PACKED], p[ARG_C], q->ldc, q->accumulate, p[ARG_BIAS]);
    return 0.0;
}

static double truth_gemm(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const gemm_params *q = check->params;
    const float *a = check->arg[ARG_A].start, *b = check->arg[ARG_B].start, *c = check->arg[ARG_C].start;
    (void)size;
    for (int64_t i = 0; i < q->m; i++) {
        for (int64_t j = 0; j < q->n; j++) {
            double sum = 0.0, terms = 0.0;
            if (q->accumulate) {
                sum += (double)c[i * q->n + j];
                terms += fabs((double)c[i * q->n + j]);
            }
            if (q->bias) {
                sum += (double)check->arg[ARG_BIAS].start[j];
                terms += fabs((double)check->arg[ARG_BIAS].start[j]);
            }
            for (int64_t p = 0; p < q->k; p++) {
                double term = (double)a[i * q->k + p] * (double)(q->transposed ? b[j * q->k + p] : b[p * q->n + j]);
                sum += term;
                terms += fabs(term);
            }
            value[ARG_C][i * q->n + j] = sum;
            scale[ARG_C][i * q->n + j] = terms;
        }
    }
    return 0.0;
}

static void gemm_case(int64_t m, int64_t n, int64_t k, check_fill fill)
{
    /* huge times huge would overflow in one order of the sum and not in another: only one side has such numbers */
    const check_fill other = fill == CHECK_SPECIAL ? CHECK_PLAIN : fill;
    gemm_params q = {m, n, k, 0, 0, 0, (int)check_pick(0, 1), (int)check_pick(0, 1), (int)check_pick(0, 1)};
    const int64_t b_rows = q.transposed ? n : k, b_columns = q.transposed ? k : n;
    q.lda = k + check_pick(0, 3);
    q.ldb = b_columns + check_pick(0, 3);
    q.ldc = n + check_pick(0, 9);
    check_case check = {
        .function = "gemm",
        .label = check_labelf("m=%lld n=%lld k=%lld lda=%lld ldb=%lld ldc=%lld transposed=%d accumulate=%d bias=%d "
                              "fill=%d", (long long)m, (long long)n, (long long)k, (long long)q.lda, (long long)q.ldb,
                              (long long)q.ldc, q.transposed, q.accumulate, q.bias, (int)fill),
        .params = &q,
        .scratch = packed_size,
        .call = call_gemm,
        .truth = truth_gemm,
    };
    const bool special_a = check_pick(0, 1) == 0;
    check.arg[ARG_A] = (check_arg){CHECK_IN, m, k, q.lda, check_floats(m * k, special_a ? fill : other)};
    check.arg[ARG_B] = (check_arg){CHECK_IN, b_rows, b_columns, q.ldb,
                                   check_floats(k * n, special_a ? other : fill)};
    check.arg[ARG_PACKED].role = CHECK_SCRATCH;
    /* without accumulate the old content must not be read: it stays canaries, which are NaN */
    check.arg[ARG_C] = (check_arg){q.accumulate ? CHECK_INOUT : CHECK_OUT, m, n, q.ldc,
                                   q.accumulate ? check_floats(m * n, other) : NULL};
    if (q.bias) {
        check.arg[ARG_BIAS] = (check_arg){CHECK_IN, 1, n, n, check_floats(n, other)};
    }
    check_run(&check);
    check_release();
}

/* Two pairs of factors at once: the bits of one product after the other, and nothing touched beside. */
typedef struct pair_params {
    int64_t m, n, ldc, k[2], lda[2];
    int accumulate, bias;
} pair_params;

enum { PAIR_A, PAIR_B = 2, PAIR_PACKED = 4, PAIR_C = 6, PAIR_BIAS };

static size_t pair_size(const seqd_kernels *kernels, const void *params)
{
    const pair_params *q = params;
    const size_t first = kernels->gemm_packed_size(q->k[0], q->n), second = kernels->gemm_packed_size(q->k[1], q->n);
    return first > second ? first : second;
}

static double call_pair(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const pair_params *q = params;
    seqd_factors of[2];
    for (int i = 0; i < 2; i++) {
        of[i] = (seqd_factors){q->k[i], q->lda[i], p[PAIR_A + i], p[PAIR_PACKED + i]};
        kernels->gemm_pack(q->k[i], q->n, p[PAIR_B + i], q->n, 0, p[PAIR_PACKED + i]);
    }
    kernels->gemm_pair(q->m, q->n, &of[0], &of[1], p[PAIR_C], q->ldc, q->accumulate, p[PAIR_BIAS]);
    return 0.0;
}

static double truth_pair(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const pair_params *q = check->params;
    (void)size;
    for (int64_t at = 0; at < q->m * q->n; at++) {
        const double before = q->accumulate ? (double)check->arg[PAIR_C].start[at] : 0.0;
        const double bias = q->bias ? (double)check->arg[PAIR_BIAS].start[at % q->n] : 0.0;
        double sum = before + bias, terms = fabs(before) + fabs(bias);
        for (int i = 0; i < 2; i++) {
            const float *a = check->arg[PAIR_A + i].start, *b = check->arg[PAIR_B + i].start;
            for (int64_t p = 0; p < q->k[i]; p++) {
                const double term = (double)a[at / q->n * q->k[i] + p] * (double)b[p * q->n + at % q->n];
                sum += term;
                terms += fabs(term);
            }
        }
        value[PAIR_C][at] = sum;
        scale[PAIR_C][at] = terms;
    }
    return 0.0;
}

static void pair_case(int64_t m, int64_t n, int64_t k, int64_t k2)
{
    pair_params q = {m, n, n + check_pick(0, 9), {k, k2}, {k + check_pick(0, 3), k2 + check_pick(0, 3)},
                     (int)check_pick(0, 1), (int)check_pick(0, 1)};
    check_case check = {
        .function = "gemm_pair",
        .label = check_labelf("m=%lld n=%lld k=%lld,%lld ldc=%lld accumulate=%d bias=%d", (long long)m, (long long)n,
                              (long long)k, (long long)k2, (long long)q.ldc, q.accumulate, q.bias),
        .params = &q,
        .scratch = pair_size,
        .call = call_pair,
        .truth = truth_pair,
    };
    for (int i = 0; i < 2; i++) {
        check.arg[PAIR_A + i] = (check_arg){CHECK_IN, m, q.k[i], q.lda[i], check_floats(m * q.k[i], CHECK_PLAIN)};
        check.arg[PAIR_B + i] = (check_arg){CHECK_IN, q.k[i], n, n, check_floats(q.k[i] * n, CHECK_PLAIN)};
        check.arg[PAIR_PACKED + i].role = CHECK_SCRATCH;
    }
    check.arg[PAIR_C] = (check_arg){q.accumulate ? CHECK_INOUT : CHECK_OUT, m, n, q.ldc,
                                    q.accumulate ? check_floats(m * n, CHECK_PLAIN) : NULL};
    if (q.bias) {
        check.arg[PAIR_BIAS] = (check_arg){CHECK_IN, 1, n, n, check_floats(n, CHECK_PLAIN)};
    }
    check_run(&check);
    check_release();
}

static void pair_like_two(void)
{
    enum { ROWS = 17, COLUMNS = 75, FIRST = 33, SECOND = 257, SPACE = 320 * 80 };
    const float *a = check_floats(ROWS * SECOND, CHECK_WIDE), *b = check_floats(SECOND * COLUMNS, CHECK_WIDE);
    const float *bias = check_floats(COLUMNS, CHECK_PLAIN);
    float *packed[2] = {check_floats(SPACE, CHECK_PLAIN), check_floats(SPACE, CHECK_PLAIN)};
    float *two = check_floats(ROWS * COLUMNS, CHECK_PLAIN), *pair = check_floats(ROWS * COLUMNS, CHECK_PLAIN);
    for (int level = 0; level < check_levels(); level++) {
        if (!check_level_wanted(level)) {
            continue;
        }
        const seqd_kernels *kernels = check_level(level);
        for (int64_t m = 1; m <= ROWS; m++) {
            const int64_t k = m % 2 == 0 ? FIRST : SECOND - m, k2 = m % 3 == 0 ? SECOND : 2 * m;
            const seqd_factors of[2] = {{k, SECOND, a, packed[0]}, {k2, SECOND, a, packed[1]}};
            kernels->gemm_pack(k, COLUMNS, b, COLUMNS, 0, packed[0]);
            kernels->gemm_pack(k2, COLUMNS, b, COLUMNS, 0, packed[1]);
            kernels->gemm(m, COLUMNS, k, a, SECOND, packed[0], two, COLUMNS, 0, bias);
            kernels->gemm(m, COLUMNS, k2, a, SECOND, packed[1], two, COLUMNS, 1, NULL);
            kernels->gemm_pair(m, COLUMNS, &of[0], &of[1], pair, COLUMNS, 0, bias);
            check_count("gemm_pair", level, 1);
            if (memcmp(two, pair, (size_t)(m * COLUMNS) * sizeof(float)) != 0) {
                check_failed("gemm_pair", kernels->level, "%lld rows differ from those of two products", (long long)m);
            }
        }
    }
    check_release();
}

enum { ARG_TN_A, ARG_TN_B, ARG_TN_C, ARG_TN_SCRATCH };

static size_t tn_scratch(const seqd_kernels *kernels, const void *params)
{
    const gemm_params *q = params;
    return kernels->gemm_tn_scratch(q->m, q->n, q->k);
}

static double call_gemm_tn(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const gemm_params *q = params;
    kernels->gemm_tn(q->m, q->n, q->k, p[ARG_TN_A], q->lda, p[ARG_TN_B], q->ldb, p[ARG_TN_C], q->ldc,
                     p[ARG_TN_SCRATCH]);
    return 0.0;
}

static double truth_gemm_tn(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const gemm_params *q = check->params;
    const float *a = check->arg[ARG_TN_A].start, *b = check->arg[ARG_TN_B].start, *c = check->arg[ARG_TN_C].start;
    (void)size;
    for (int64_t i = 0; i < q->m; i++) {
        for (int64_t j = 0; j < q->n; j++) {
            double sum = (double)c[i * q->n + j], terms = fabs(sum);
            for (int64_t p = 0; p < q->k; p++) {
                double term = (double)a[p * q->m + i] * (double)b[p * q->n + j];
                sum += term;
                terms += fabs(term);
            }
            value[ARG_TN_C][i * q->n + j] = sum;
            scale[ARG_TN_C][i * q->n + j] = terms;
        }
    }
    return 0.0;
}

static void gemm_tn_case(int64_t m, int64_t n, int64_t k, check_fill fill)
{
    const check_fill other = fill == CHECK_SPECIAL ? CHECK_PLAIN : fill;
    gemm_params q = {m, n, k, m + check_pick(0, 3), n + check_pick(0, 3), n + check_pick(0, 9), 0, 1, 0};
    check_case check = {
        .function = "gemm_tn",
        .label = check_labelf("m=%lld n=%lld k=%lld lda=%lld ldb=%lld ldc=%lld fill=%d", (long long)m, (long long)n,
                              (long long)k, (long long)q.lda, (long long)q.ldb, (long long)q.ldc, (int)fill),
        .params = &q,
        .scratch = tn_scratch,
        .call = call_gemm_tn,
        .truth = truth_gemm_tn,
    };
    const bool special_a = check_pick(0, 1) == 0;
    check.arg[ARG_TN_A] = (check_arg){CHECK_IN, k, m, q.lda, check_floats(m * k, special_a ? fill : other)};
    check.arg[ARG_TN_B] = (check_arg){CHECK_IN, k, n, q.ldb, check_floats(k * n, special_a ? other : fill)};
    check.arg[ARG_TN_C] = (check_arg){CHECK_INOUT, m, n, q.ldc, check_floats(m * n, other)};
    check.arg[ARG_TN_SCRATCH].role = CHECK_SCRATCH;
    check_run(&check);
    check_release();
}

/* A row of the product has the same bits whatever the number of rows and columns around it. */
static void row_independence(void)
{
    enum { ROWS = 40, COLUMNS = 75, DEPTH = 300, SPACE = 320 * 80 };
    const float *a = check_floats(ROWS * DEPTH, CHECK_WIDE), *b = check_floats(DEPTH * COLUMNS, CHECK_WIDE);
    float *packed = check_floats(SPACE, CHECK_PLAIN);
    float *whole = check_floats(ROWS * COLUMNS, CHECK_PLAIN), *part = check_floats(ROWS * COLUMNS, CHECK_PLAIN);
    for (int level = 0; level < check_levels(); level++) {
        if (!check_level_wanted(level)) {
            continue;
        }
        const seqd_kernels *kernels = check_level(level);
        kernels->gemm_pack(DEPTH, COLUMNS, b, COLUMNS, 0, packed);
        kernels->gemm(ROWS, COLUMNS, DEPTH, a, DEPTH, packed, whole, COLUMNS, 0, NULL);
        for (int64_t m = 1; m <= 13; m++) {
            for (int64_t n = 1; n <= COLUMNS; n += 37) {
                kernels->gemm_pack(DEPTH, n, b, COLUMNS, 0, packed);
                kernels->gemm(m, n, DEPTH, a, DEPTH, packed, part, n, 0, NULL);
                check_count("gemm", level, 1);
                bool same = true;
                for (int64_t i = 0; i < m * n; i++) {
                    same = same && memcmp(&part[i], &whole[i / n * COLUMNS + i % n], sizeof(float)) == 0;
                }
                if (!same) {
                    check_failed("gemm", kernels->level, "rows of %lldx%lld differ from those of %dx%d", (long long)m,
                                 (long long)n, ROWS, COLUMNS);
                }
            }
        }
    }
    check_release();
}

/* One row alone, columns from either end: the bits of gemm, and nothing touched beside. */
typedef struct row_params {
    int64_t n, k;
    int accumulate, bias, backwards;
} row_params;

static size_t row_packed_size(const seqd_kernels *kernels, const void *params)
{
    const row_params *q = params;
    return kernels->gemm_packed_size(q->k, q->n);
}

static double call_row(const seqd_kernels *kernels, float *const *p, const void *params)
{
    const row_params *q = params;
    kernels->gemm_pack(q->k, q->n, p[ARG_B], q->n, 0, p[ARG_PACKED]);
    kernels->gemm_row(q->n, q->k, p[ARG_A], p[ARG_PACKED], p[ARG_C], q->accumulate, p[ARG_BIAS], q->backwards);
    return 0.0;
}

static double truth_row(const check_case *check, double *const *value, double *const *scale, double *size)
{
    const row_params *q = check->params;
    gemm_params as_gemm = {1, q->n, q->k, q->k, q->n, q->n, 0, q->accumulate, q->bias};
    check_case same = *check;
    same.params = &as_gemm;
    return truth_gemm(&same, value, scale, size);
}

static void row_case(int64_t n, int64_t k)
{
    row_params q = {n, k, (int)check_pick(0, 1), (int)check_pick(0, 1), (int)check_pick(0, 2) > 0};
    check_case check = {
        .function = "gemm_row",
        .label = check_labelf("n=%lld k=%lld accumulate=%d bias=%d backwards=%d", (long long)n, (long long)k,
                              q.accumulate, q.bias, q.backwards),
        .params = &q,
        .scratch = row_packed_size,
        .call = call_row,
        .truth = truth_row,
    };
    check.arg[ARG_A] = (check_arg){CHECK_IN, 1, k, k, check_floats(k, CHECK_PLAIN)};
    check.arg[ARG_B] = (check_arg){CHECK_IN, k, n, n, check_floats(k * n, CHECK_PLAIN)};
    check.arg[ARG_PACKED].role = CHECK_SCRATCH;
    check.arg[ARG_C] = (check_arg){q.accumulate ? CHECK_INOUT : CHECK_OUT, 1, n, n,
                                   q.accumulate ? check_floats(n, CHECK_PLAIN) : NULL};
    if (q.bias) {
        check.arg[ARG_BIAS] = (check_arg){CHECK_IN, 1, n, n, check_floats(n, CHECK_PLAIN)};
    }
    check_run(&check);
    check_release();
}

static void row_like_gemm(void)
{
    enum { COLUMNS = 333, DEPTH = 300, SPACE = DEPTH * 336 };
    const float *a = check_floats(DEPTH, CHECK_WIDE), *b = check_floats(DEPTH * COLUMNS, CHECK_WIDE);
    float *packed = check_floats(SPACE, CHECK_PLAIN);
    float *row = check_floats(COLUMNS, CHECK_PLAIN), *truth = check_floats(COLUMNS, CHECK_PLAIN);
    for (int level = 0; level < check_levels(); level++) {
        if (!check_level_wanted(level)) {
            continue;
        }
        const seqd_kernels *kernels = check_level(level);
        for (int64_t n = 1; n <= COLUMNS; n += 4) {
            const int64_t k = n % 3 == 0 ? DEPTH : 64;
            kernels->gemm_pack(k, n, b, COLUMNS, 0, packed);
            kernels->gemm(1, n, k, a, k, packed, truth, n, 0, b);
            for (int backwards = 0; backwards < 2; backwards++) {
                kernels->gemm_row(n, k, a, packed, row, 0, b, backwards);
                check_count("gemm_row", level, 1);
                if (memcmp(row, truth, (size_t)n * sizeof(float)) != 0) {
                    check_failed("gemm_row", kernels->level, "n=%lld k=%lld backwards=%d differs from gemm",
                                 (long long)n, (long long)k, backwards);
                }
            }
        }
    }
    check_release();
}

static const int64_t depths[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 64, 100, 255, 256, 257, 300, 513};

static int64_t some_depth(void)
{
    return depths[check_pick(0, (int64_t)(sizeof(depths) / sizeof(depths[0])) - 1)];
}

static check_fill some_fill(void)
{
    const check_fill fills[] = {CHECK_INTEGERS, CHECK_PLAIN, CHECK_POSITIVE, CHECK_WIDE, CHECK_SPECIAL};
    return fills[check_pick(0, 4)];
}

void check_gemm(void)
{
    if (check_wanted("gemm")) {
        for (int64_t m = 0; m <= 20; m++) {
            for (int64_t n = 0; n <= 50; n++) {
                gemm_case(m, n, some_depth(), some_fill());
            }
        }
        for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
            for (check_fill fill = CHECK_INTEGERS; fill <= CHECK_SPECIAL; fill++) {
                gemm_case(check_pick(1, 70), check_pick(1, 140), depths[i], fill);
            }
        }
        gemm_case(16, 256, 64, CHECK_PLAIN);
        gemm_case(448, 256, 32, CHECK_INTEGERS);
        gemm_case(1, 1024, 129, CHECK_INTEGERS);
        row_independence();
    }
    if (check_wanted("gemm_row")) {
        for (int64_t n = 0; n <= 200; n++) {
            row_case(n, some_depth());
        }
        row_case(256, 64);
        row_case(192, 64);
        row_case(512, 128);
        row_like_gemm();
    }
    if (check_wanted("gemm_pair")) {
        for (int64_t m = 0; m <= 20; m++) {
            for (int64_t n = 0; n <= 50; n++) {
                pair_case(m, n, some_depth(), some_depth());
            }
        }
        pair_case(16, 256, 32, 64);
        pair_like_two();
    }
    if (check_wanted("gemm_tn")) {
        for (int64_t m = 0; m <= 20; m++) {
            for (int64_t n = 0; n <= 34; n++) {
                gemm_tn_case(m, n, some_depth(), some_fill());
            }
        }
        for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
            for (check_fill fill = CHECK_INTEGERS; fill <= CHECK_SPECIAL; fill++) {
                gemm_tn_case(check_pick(1, 130), check_pick(1, 70), depths[i], fill);
            }
        }
        gemm_tn_case(256, 64, 448, CHECK_INTEGERS);
        gemm_tn_case(17, 300, 333, CHECK_PLAIN);
        gemm_tn_case(7, 9, 4000, CHECK_INTEGERS);
    }
}
