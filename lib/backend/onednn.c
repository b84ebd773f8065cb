/* SPDX-License-Identifier: Apache-2.0 */
#include "recurrent.h"
#include "status.h"

#ifndef SEQD_HAVE_ONEDNN

const char *seqd_backend_onednn_version(void) { return "no"; }

const seqd_kernels *seqd_onednn_kernels(const seqd_kernels *base)
{
    (void)base;
    return NULL;
}

const seqd_rnn_ops *seqd_onednn_rnn(void) { return NULL; }

int32_t seqd_onednn_ready(seqd_context *context, seqd_error *error)
{
    (void)context;
    return seqd_fail(error, SEQD_E_UNSUPPORTED, "this build has no oneDNN");
}

#else

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_version.h>

#include "onednn_guard.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *seqd_backend_onednn_version(void)
{
    return TEXT(DNNL_VERSION_MAJOR) "." TEXT(DNNL_VERSION_MINOR) "." TEXT(DNNL_VERSION_PATCH);
}

/*
 * oneDNN packs for itself: the packed form here is plain B[k][n]. dnnl_sgemm is the same function in the v2 and v3 API.
 */
static size_t packed_size(int64_t k, int64_t n) { return (size_t)(k * n); }

static void pack(int64_t k, int64_t n, const float *b, int64_t ldb, int transposed, float *packed)
{
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < n; j++) packed[i * n + j] = transposed ? b[j * ldb + i] : b[i * ldb + j];
}

/* What oneDNN refuses or fails is computed here instead, so that a product is never left out. */
static void plain_gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, int a_transposed, const float *b,
                       int64_t ldb, float *c, int64_t ldc)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t p = 0; p < k; p++) {
            const float x = a_transposed ? a[p * lda + i] : a[i * lda + p];
            for (int64_t j = 0; j < n; j++) c[i * ldc + j] += x * b[p * ldb + j];
        }
}

typedef struct product {
    char a_transposed;
    int64_t m, n, k;
    const float *a, *b;
    int64_t lda, ldb, ldc;
    float *c;
} product;

/* c += a b */
static int32_t run_sgemm(void *user)
{
    const product *p = user;
    return (int32_t)dnnl_sgemm(p->a_transposed, 'N', p->m, p->n, p->k, 1.0f, p->a, p->lda, p->b, p->ldb, 1.0f, p->c,
                               p->ldc);
}

static void multiply(product p)
{
    if (p.m == 0 || p.n == 0 || p.k == 0) return;
    if (seqd_onednn_run(run_sgemm, &p) != 0)
        plain_gemm(p.m, p.n, p.k, p.a, p.lda, p.a_transposed == 'T', p.b, p.ldb, p.c, p.ldc);
}

static void gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *packed, float *c,
                 int64_t ldc, int accumulate, const float *bias)
{
    for (int64_t i = 0; i < m; i++) {
        float *row = c + i * ldc;
        if (!accumulate) memset(row, 0, (size_t)n * sizeof *row);
        if (bias)
            for (int64_t j = 0; j < n; j++) row[j] += bias[j];
    }
    multiply((product){'N', m, n, k, a, packed, lda, n, ldc, c});
}

static size_t tn_scratch(int64_t m, int64_t n, int64_t k)
{
    (void)m, (void)n, (void)k;
    return 0;
}

static void gemm_tn(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                    float *c, int64_t ldc, float *scratch)
{
    (void)scratch;
    multiply((product){'T', m, n, k, a, b, lda, ldb, ldc, c});
}

/*
 * Some hosts forbid memory that is both written and run; oneDNN before 3.1 then answers success and leaves zeros. So
 * the first use multiplies numbers whose product is known.
 */
static int known_answer(void)
{
    float a[7 * 33], b[33 * 19], packed[33 * 19], c[7 * 19];
    for (int i = 0; i < 7 * 33; i++) a[i] = (float)(i % 11) - 5.0f;
    for (int i = 0; i < 33 * 19; i++) b[i] = (float)(i % 7) - 3.0f;
    pack(33, 19, b, 19, 0, packed);
    gemm(7, 19, 33, a, 33, packed, c, 19, 0, NULL);
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < 19; j++) {
            float expected = 0.0f;
            for (int p = 0; p < 33; p++) expected += a[i * 33 + p] * b[p * 19 + j];
            if (fabsf(c[i * 19 + j] - expected) > 1e-3f) return 0;
        }
    return 1;
}

const seqd_kernels *seqd_onednn_kernels(const seqd_kernels *base)
{
    /* one table for each level; 0 not yet made, 1 being made, 2 ready, 3 refused */
    static seqd_kernels tables[4];
    static atomic_int states[4];
    int32_t level = 0;
    while (level < seqd_kernels_count() && seqd_kernels_at(level) != base) level++;
    if (level >= 4 || level >= seqd_kernels_count()) return NULL;

    int expected = 0;
    if (atomic_compare_exchange_strong(&states[level], &expected, 1)) {
        seqd_kernels *table = &tables[level];
        (void)seqd_onednn_run(seqd_onednn_settle, NULL);
        *table = *base;
        table->gemm_packed_size = packed_size;
        table->gemm_pack = pack;
        table->gemm = gemm;
        table->gemm_tn_scratch = tn_scratch;
        table->gemm_tn = gemm_tn;
        atomic_store(&states[level], known_answer() ? 2 : 3);
    }
    int state;
    while ((state = atomic_load(&states[level])) == 1) { /* another thread makes it, within a millisecond */
    }
    return state == 2 ? &tables[level] : NULL;
}

#endif
