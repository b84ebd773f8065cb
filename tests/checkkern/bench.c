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

static void run_adamw(const bench_data *d)
{
    d->kernels->adamw(d->n, d->a, d->b, d->c, d->d, 1.0f, 1e-6f, 0.9f, 0.999f, 1e-8f, 0.5f, 0.5f, 0.01f);
}

static void run_rmsprop(const bench_data *d)
{
    d->kernels->rmsprop(d->n, d->a, d->b, d->d, NULL, 1.0f, 1e-6f, 0.99f, 0.0f, 1e-8f);
}

static void run_blend(const bench_data *d)
{
    d->kernels->blend(d->n, 0.999f, d->a, 0.001f, d->b);
}

static void run_penalty(const bench_data *d)
{
    d->kernels->penalty(d->n, 1e-6f, 1e-6f, d->a, d->b);
}

static void run_dropout_mask(const bench_data *d)
{
    d->kernels->dropout_mask(d->n, 0x0123456789abcdefu, 0x20000000u, 1.125f, d->b);
}

static void run_rnn_forward(const bench_data *d)
{
    d->kernels->rnn_forward(d->m, d->n, 0, d->a, d->b, d->n);
}

static void run_rnn_backward(const bench_data *d)
{
    d->kernels->rnn_backward(d->m, d->n, 0, d->a, d->n, d->b, d->n, d->e);
}

static void run_gru_before_gates(const bench_data *d)
{
    d->kernels->gru_before_gates(d->m, d->n, d->a, d->b, d->f, d->n, d->e);
}

static void run_gru_before_new(const bench_data *d)
{
    d->kernels->gru_before_new(d->m, d->n, d->a, d->b, d->f, d->n, d->e, d->n);
}

static void run_gru_before_new_backward(const bench_data *d)
{
    d->kernels->gru_before_new_backward(d->m, d->n, d->a, d->f, d->n, d->b, d->n, d->e, d->g);
}

static void run_gru_before_gates_backward(const bench_data *d)
{
    d->kernels->gru_before_gates_backward(d->m, d->n, d->a, d->f, d->n, d->c, d->e, d->g);
}

static void run_softmax(const bench_data *d)
{
    d->kernels->softmax(d->m, d->n, d->a, d->n, NULL, NULL, d->b, d->n);
}

static void run_softmax_backward(const bench_data *d)
{
    d->kernels->softmax_backward(d->m, d->n, d->a, d->n, NULL, NULL, d->b, d->n, d->e, d->n);
}

static void run_cross_entropy(const bench_data *d)
{
    static const int32_t label[64];
    d->kernels->cross_entropy(d->m, d->n, d->a, d->n, label, d->d, NULL, 0.0f, 1.0f);
}

static void run_layer_norm(const bench_data *d)
{
    d->kernels->layer_norm(d->m, d->n, d->a, d->n, d->d, d->b, 1e-5f, d->e, d->n, NULL, NULL);
}

static void run_layer_norm_backward(const bench_data *d)
{
    d->kernels->layer_norm_backward(d->m, d->n, d->a, d->n, d->d, d->c, d->d, d->b, d->n, d->e, d->n, d->f, d->g);
}

/* m forks, k steps ahead, n numbers each */
static void run_quantile_loss(const bench_data *d)
{
    static const float levels[9] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f};
    d->kernels->quantile_loss(d->m, d->k, d->n, d->n / 2, levels, d->a, d->b, d->d, d->c, d->d, 0.01f);
}

static void run_point_loss(const bench_data *d)
{
    d->kernels->point_loss(SEQD_POINT_SQUARED, d->m, d->k, d->a, d->b, d->d, d->c, d->d, 1.0f, 0.01f);
}

/* targets are whole, from 0 to 9, one in three of them 0 */
static void run_law(const bench_data *d, seqd_law law)
{
    static float counts[4096];
    static double knots[2][256];
    const seqd_tweedie_curve curve = {.power = 1.5, .first = -5.0, .step = 0.05, .last = 7.75, .far = {-0.2, 0.0},
                                      .count = 256, .value = knots[0], .slope = knots[1]};
    for (int64_t i = 0; counts[1] == 0.0f && i < 4096; i++) {
        counts[i] = i % 3 == 0 ? 0.0f : (float)(1 + i * 7919 % 10007 % 9);
    }
    d->kernels->law_loss(law, d->m, d->k, d->a, counts, d->d, d->c, d->d, 0.01f, &curve);
}

static void run_law_gaussian(const bench_data *d)
{
    run_law(d, SEQD_LAW_GAUSSIAN);
}

static void run_law_student(const bench_data *d)
{
    run_law(d, SEQD_LAW_STUDENT);
}

static void run_law_poisson(const bench_data *d)
{
    run_law(d, SEQD_LAW_POISSON);
}

static void run_law_negbin(const bench_data *d)
{
    run_law(d, SEQD_LAW_NEGBIN);
}

static void run_law_zero_negbin(const bench_data *d)
{
    run_law(d, SEQD_LAW_ZERO_NEGBIN);
}

static void run_law_tweedie(const bench_data *d)
{
    run_law(d, SEQD_LAW_TWEEDIE);
}

/* k sequences side by side: m steps of n units, in the order of time */
static void run_attention_additive_prepare(const bench_data *d)
{
    d->kernels->attention_additive_prepare(d->n, d->c, d->b);
}

static void run_attention_additive_forward(const bench_data *d)
{
    for (int64_t row = 0; row < d->k; row++) {
        d->kernels->attention_additive_forward(0, d->m, d->n, d->d, d->a + row * d->n, d->k * d->n, d->f, d->b);
    }
}

static void run_attention_additive_backward(const bench_data *d)
{
    for (int64_t row = 0; row < d->k; row++) {
        const int64_t at = row * d->n, ld = d->k * d->n;
        d->kernels->attention_additive_backward(0, d->m, d->n, d->d, d->a + at, ld, d->f, d->c, d->b, d->e + at, ld,
                                                d->g);
    }
}

static void run_weighted_sum(const bench_data *d)
{
    for (int64_t row = 0; row < d->k; row++) {
        d->kernels->weighted_sum(0, d->m, d->n, d->f, d->a + row * d->n, d->k * d->n, d->b, 0);
    }
}

static void run_row_dots(const bench_data *d)
{
    for (int64_t row = 0; row < d->k; row++) {
        d->kernels->row_dots(0, d->m, d->n, 1.0f, d->f, d->a + row * d->n, d->k * d->n, d->b);
    }
}

static void run_add_outer(const bench_data *d)
{
    for (int64_t row = 0; row < d->k; row++) {
        d->kernels->add_outer(0, d->m, d->n, 1e-6f, d->f, d->b, d->e + row * d->n, d->k * d->n);
    }
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
#define STEPS(name, M, N, K, what) {#name, run_##name, M, N, K, 0.0, (double)(M) * (N) * (K), what}
#define LAW(name, N) {#name, run_##name, 64, N, 28, 0.0, 64.0 * 28.0, "a value to forecast"}
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
    ARRAY(adamw),
    ARRAY(rmsprop),
    ARRAY(blend),
    ARRAY(penalty),
    ARRAY(dropout_mask),
    GATES(rnn_forward, 16, 64, "per unit"),
    GATES(rnn_backward, 16, 64, "per unit"),
    GATES(gru_before_gates, 16, 64, "per unit"),
    GATES(gru_before_new, 16, 64, "per unit"),
    GATES(gru_before_new_backward, 16, 64, "per unit"),
    GATES(gru_before_gates_backward, 16, 64, "per unit"),
    GATES(softmax, 16, 56, "weights of 56 steps"),
    GATES(softmax_backward, 16, 56, ""),
    GATES(cross_entropy, 64, 10, "10 classes"),
    GATES(cross_entropy, 64, 200, "200 classes"),
    GATES(layer_norm, 448, 64, ""),
    GATES(layer_norm_backward, 448, 64, ""),
    STEPS(quantile_loss, 64, 9, 28, "forks x levels x steps ahead"),
    STEPS(quantile_loss, 64, 3, 28, ""),
    STEPS(point_loss, 64, 1, 28, ""),
    LAW(law_gaussian, 2),
    LAW(law_student, 3),
    LAW(law_poisson, 1),
    LAW(law_negbin, 2),
    LAW(law_zero_negbin, 3),
    LAW(law_tweedie, 2),
    ARRAY(attention_additive_prepare),
    STEPS(attention_additive_forward, 56, 64, 1, "steps x units x sequences"),
    STEPS(attention_additive_forward, 56, 64, 16, "16 sequences by time"),
    STEPS(attention_additive_backward, 56, 64, 1, ""),
    STEPS(attention_additive_backward, 56, 64, 16, ""),
    STEPS(weighted_sum, 56, 64, 1, ""),
    STEPS(weighted_sum, 56, 64, 16, ""),
    STEPS(weighted_sum, 56, 16, 1, "one head of four"),
    STEPS(row_dots, 56, 64, 1, ""),
    STEPS(row_dots, 56, 64, 16, ""),
    STEPS(row_dots, 56, 16, 1, "one head of four"),
    STEPS(add_outer, 56, 64, 1, ""),
    STEPS(add_outer, 56, 64, 16, ""),
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
    room = largest(room, largest(n, m * n * k));
    *d = (bench_data){kernels, m, n, k, filled(room, -0.9f, 0.9f), filled(room, -0.5f, 0.7f),
                      filled(room, -1e-6f, 1e-6f), filled(room, 1.0f, 1.0f), filled(room, -0.9f, 0.9f),
                      filled(room, -0.9f, 0.9f), filled(room, -0.9f, 0.9f)};
    if (entry->run == run_attention_additive_forward || entry->run == run_attention_additive_backward) {
        kernels->attention_additive_prepare(m * n * k, d->a, d->a);
        kernels->attention_additive_prepare(n, d->d, d->d);
    }
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
        printf("%-28s %-13s %10.2f us %8.1f GFLOP/s", entry->function, shape, best * 1e6, speed);
        if (peak > 0.0) {
            printf(" %6.1f %% of %.1f", 100.0 * speed / peak, peak);
        }
        printf("  %s\n", entry->what);
    } else {
        printf("%-28s %-13s %10.2f us %8.3f ns an item  %s\n", entry->function, shape, best * 1e6,
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
