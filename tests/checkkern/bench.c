/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checkkern.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/*
 * Times are the least of many short runs, with a run of the peak loop before each: on a processor shared with others
 * the best of both is what says something, and both have to have seen the same quiet moments.
 */
enum { TURNS = 40 };
static const double turn_seconds = 4e-4;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* GFLOP/s of one run of independent multiply-adds: what the processor can do at most in vectors of 8, and of 16. */
#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static double peak_run_avx2(void)
{
    enum { CHAINS = 12, TIMES = 4000 };
    __m256 sum[CHAINS];
    const __m256 x = _mm256_set1_ps(0.999f);
    for (int i = 0; i < CHAINS; i++) {
        sum[i] = _mm256_set1_ps((float)i);
    }
    const double start = now();
    for (int t = 0; t < TIMES; t++) {
        for (int i = 0; i < CHAINS; i++) {
            sum[i] = _mm256_fmadd_ps(sum[i], x, x);
        }
    }
    const double seconds = now() - start;
    for (int i = 1; i < CHAINS; i++) {
        sum[0] = _mm256_add_ps(sum[0], sum[i]);
    }
    volatile float kept = _mm256_cvtss_f32(sum[0]);
    (void)kept;
    return (double)CHAINS * TIMES * 16.0 / seconds * 1e-9;
}

__attribute__((target("avx512f"))) static double peak_run_avx512(void)
{
    enum { CHAINS = 12, TIMES = 4000 };
    __m512 sum[CHAINS];
    const __m512 x = _mm512_set1_ps(0.999f);
    for (int i = 0; i < CHAINS; i++) {
        sum[i] = _mm512_set1_ps((float)i);
    }
    const double start = now();
    for (int t = 0; t < TIMES; t++) {
        for (int i = 0; i < CHAINS; i++) {
            sum[i] = _mm512_fmadd_ps(sum[i], x, x);
        }
    }
    const double seconds = now() - start;
    for (int i = 1; i < CHAINS; i++) {
        sum[0] = _mm512_add_ps(sum[0], sum[i]);
    }
    volatile float kept = _mm512_cvtss_f32(sum[0]);
    (void)kept;
    return (double)CHAINS * TIMES * 32.0 / seconds * 1e-9;
}
#endif

static bool has_peak(void)
{
#if defined(__x86_64__) && defined(__OPTIMIZE__)
    return seqd_kernels_find("avx2") != NULL;
#else
    return false;
#endif
}

/* In the vectors of the level that is timed; of avx2 for those without any. */
static double peak_run(const seqd_kernels *kernels)
{
#if defined(__x86_64__)
    if (has_peak()) {
        return strcmp(kernels->level, "avx512") == 0 ? peak_run_avx512() : peak_run_avx2();
    }
#endif
    (void)kernels;
    return 0.0;
}

/* What a timed kernel works on; sizes by kernel. */
typedef struct bench_data {
    const seqd_kernels *kernels;
    int64_t m, n, k;
    float *a, *b, *c, *d, *e, *f, *g;
} bench_data;

typedef void bench_call(const bench_data *d);

static void run_gemm(const bench_data *d)
{
    d->kernels->gemm(d->m, d->n, d->k, d->a, d->k, d->b, d->c, d->n, 0, d->d);
}

static void run_pack(const bench_data *d)
{
    d->kernels->gemm_pack(d->k, d->n, d->a, d->k, 1, d->b);
}

static void run_gemm_tn(const bench_data *d)
{
    d->kernels->gemm_tn(d->m, d->n, d->k, d->a, d->m, d->b, d->n, d->c, d->n, d->d);
}

static void run_lstm_forward(const bench_data *d)
{
    d->kernels->lstm_forward(d->m, d->n, d->a, d->b, d->c, d->d, d->e, d->n);
}

static void run_lstm_backward(const bench_data *d)
{
    d->kernels->lstm_backward(d->m, d->n, d->a, d->b, d->c, d->d, d->n, d->e, d->f);
}

static void run_gru_forward(const bench_data *d)
{
    d->kernels->gru_forward(d->m, d->n, d->a, d->f, d->b, d->n, d->c, d->n);
}

static void run_gru_backward(const bench_data *d)
{
    d->kernels->gru_backward(d->m, d->n, d->a, d->b, d->c, d->n, d->d, d->n, d->e, d->f, d->g);
}

#define RUN_ARRAY(name)                            \
    static void run_##name(const bench_data *d)    \
    {                                              \
        d->kernels->name(d->n, d->a, d->b);        \
    }
RUN_ARRAY(exp)
RUN_ARRAY(log1p)
RUN_ARRAY(sigmoid)
RUN_ARRAY(tanh)
RUN_ARRAY(softplus)
RUN_ARRAY(relu)
RUN_ARRAY(relu_backward)
RUN_ARRAY(dot)

static void run_add(const bench_data *d)
{
    d->kernels->add(d->n, d->c, d->b);
}

static void run_multiply(const bench_data *d)
{
    d->kernels->multiply(d->n, d->d, d->b);
}

static void run_scale(const bench_data *d)
{
    d->kernels->scale(d->n, 1.0f, d->b);
}

static void run_add_rows(const bench_data *d)
{
    d->kernels->add_rows(d->m, d->n, d->a, d->n, d->c);
}

static void run_sum(const bench_data *d)
{
    d->kernels->sum(d->n, d->a);
}

static void run_sum_squares(const bench_data *d)
{
    d->kernels->sum_squares(d->n, d->a);
}

static void run_all_finite(const bench_data *d)
{
    d->kernels->all_finite(d->n, d->a);
}

static void run_sgd(const bench_data *d)
{
    d->kernels->sgd(d->n, d->a, d->b, d->c, 1.0f, 1e-6f, 0.9f);
}

static void run_adam(const bench_data *d)
{
    d->kernels->adam(d->n, d->a, d->b, d->c, d->d, 1.0f, 1e-6f, 0.9f, 0.999f, 1e-8f, 0.5f, 0.5f);
}

typedef struct bench_entry {
    const char *function;
    bench_call *run;
    int64_t m, n, k;
    double operations; /* of one call, as multiply-adds count; 0: time per item is told instead */
    double items;
    const char *what;
} bench_entry;

#define PRODUCT(M, N, K, what) {"gemm", run_gemm, M, N, K, 2.0 * (M) * (N) * (K), 0.0, what}
#define PRODUCT_TN(M, N, K, what) {"gemm_tn", run_gemm_tn, M, N, K, 2.0 * (M) * (N) * (K), 0.0, what}
#define GATES(name, M, N, what) {#name, run_##name, M, N, 0, 0.0, (double)(M) * (N), what}
#define ARRAY(name) {#name, run_##name, 1, 2048, 0, 0.0, 2048.0, ""}

static const bench_entry entries[] = {
    PRODUCT(1, 256, 64, "recurrent, one sequence"),
    PRODUCT(2, 256, 64, ""),
    PRODUCT(4, 256, 64, ""),
    PRODUCT(8, 256, 64, ""),
    PRODUCT(16, 256, 64, "recurrent product, H=64"),
    PRODUCT(16, 64, 256, "its gradient"),
    PRODUCT(16, 512, 128, "recurrent product, H=128"),
    PRODUCT(16, 128, 32, "recurrent product, H=32"),
    PRODUCT(448, 256, 32, "input product, T=28 I=32"),
    PRODUCT(448, 256, 64, "input product, second layer"),
    PRODUCT(448, 32, 256, "gradient of the input"),
    PRODUCT(448, 28, 64, "head"),
    PRODUCT(448, 5, 64, "narrow head"),
    PRODUCT_TN(256, 64, 448, "recurrent weight gradient"),
    PRODUCT_TN(256, 32, 448, "input weight gradient"),
    PRODUCT_TN(512, 128, 896, "H=128"),
    PRODUCT_TN(256, 64, 4000, "long"),
    PRODUCT_TN(28, 64, 448, "head weight gradient"),
    {"gemm_pack", run_pack, 0, 256, 64, 0.0, 256.0 * 64.0, "from the transpose"},
    GATES(lstm_forward, 16, 64, "per unit"),
    GATES(lstm_backward, 16, 64, "per unit"),
    GATES(gru_forward, 16, 64, "per unit"),
    GATES(gru_backward, 16, 64, "per unit"),
    ARRAY(exp),
    ARRAY(log1p),
    ARRAY(sigmoid),
    ARRAY(tanh),
    ARRAY(softplus),
    ARRAY(relu),
    ARRAY(relu_backward),
    ARRAY(add),
    ARRAY(multiply),
    ARRAY(scale),
    {"add_rows", run_add_rows, 448, 256, 0, 0.0, 448.0 * 256.0, "448 x 256"},
    ARRAY(sum),
    ARRAY(dot),
    ARRAY(sum_squares),
    ARRAY(all_finite),
    ARRAY(sgd),
    ARRAY(adam),
};

static float *filled(int64_t n, float low, float high)
{
    size_t bytes = ((size_t)n * sizeof(float) + 127) / 64 * 64;
    float *p = aligned_alloc(64, bytes);
    if (p == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    for (int64_t i = 0; i < n; i++) {
        p[i] = low + (high - low) * (float)(i * 7919 % 1009) / 1009.0f;
    }
    return p;
}

static int64_t largest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Arrays large enough for every role in the entry. */
static void prepare(bench_data *d, const seqd_kernels *kernels, const bench_entry *entry)
{
    const int64_t m = entry->m, n = entry->n, k = entry->k;
    int64_t room = 4 * m * n;
    room = largest(room, largest(m * k, k * n));
    room = largest(room, (int64_t)kernels->gemm_packed_size(k, n));
    room = largest(room, (int64_t)kernels->gemm_tn_scratch(m, n, k));
    room = largest(room, n);
    *d = (bench_data){kernels, m, n, k, filled(room, -0.9f, 0.9f), filled(room, -0.5f, 0.7f),
                      filled(room, -1e-6f, 1e-6f), filled(room, 1.0f, 1.0f), filled(room, -0.9f, 0.9f),
                      filled(room, -0.9f, 0.9f), filled(room, -0.9f, 0.9f)};
    if (entry->run == run_gemm) {
        float *plain = filled(k * n, -0.5f, 0.5f);
        kernels->gemm_pack(k, n, plain, n, 0, d->b);
        free(plain);
    }
}

static void drop(bench_data *d)
{
    free(d->a);
    free(d->b);
    free(d->c);
    free(d->d);
    free(d->e);
    free(d->f);
    free(d->g);
}

static void bench_one(const seqd_kernels *kernels, const bench_entry *entry)
{
    bench_data d;
    prepare(&d, kernels, entry);
    const double trial = now();
    entry->run(&d);
    const double once = now() - trial;
    const int64_t times = once > 0.0 && once < turn_seconds ? (int64_t)(turn_seconds / once) + 1 : 1;
    double best = 1e9, peak = 0.0;
    for (int turn = 0; turn < TURNS; turn++) {
        const double speed = peak_run(kernels);
        const double start = now();
        for (int64_t i = 0; i < times; i++) {
            entry->run(&d);
        }
        const double seconds = (now() - start) / (double)times;
        best = seconds < best ? seconds : best;
        peak = speed > peak ? speed : peak;
    }
    char shape[64];
    snprintf(shape, sizeof(shape), "%" PRId64 "x%" PRId64 "x%" PRId64, entry->m, entry->n, entry->k);
    if (entry->operations > 0.0) {
        const double speed = entry->operations / best * 1e-9;
        printf("%-14s %-13s %10.2f us %8.1f GFLOP/s", entry->function, shape, best * 1e6, speed);
        if (peak > 0.0) {
            printf(" %6.1f %% of %.1f", 100.0 * speed / peak, peak);
        }
        printf("  %s\n", entry->what);
    } else {
        printf("%-14s %-13s %10.2f us %8.3f ns an item  %s\n", entry->function, shape, best * 1e6,
               best * 1e9 / entry->items, entry->what);
    }
    drop(&d);
}

int check_bench(const char *level, const char *function)
{
    const seqd_kernels *kernels = seqd_kernels_find(level != NULL ? level : "auto");
    if (kernels == NULL) {
        printf("level %s: not in this build, or not for this processor\n", level);
        return 77;
    }
    printf("level %s; shapes are m x n x k of a product, rows x units of gates\n", kernels->level);
    int64_t done = 0;
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (function == NULL || strcmp(function, entries[i].function) == 0) {
            bench_one(kernels, &entries[i]);
            done++;
        }
    }
    if (done == 0) {
        printf("timed nothing: no kernel of that name\n");
        return 77;
    }
    return 0;
}
