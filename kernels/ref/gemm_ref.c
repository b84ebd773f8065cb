/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

/* Sums over k are cut into blocks, so that rounding errors grow with the block and not with k. */
#define K_BLOCK 256

size_t seqd_ref_gemm_packed_size(int64_t k, int64_t n)
{
    return (size_t)k * (size_t)n;
}

void seqd_ref_gemm_pack(int64_t k, int64_t n, const float *b, int64_t ldb, int transposed, float *packed)
{
    for (int64_t p = 0; p < k; p++) {
        for (int64_t j = 0; j < n; j++) {
            packed[p * n + j] = transposed ? b[j * ldb + p] : b[p * ldb + j];
        }
    }
}

void seqd_ref_gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *packed, float *c,
                   int64_t ldc, int accumulate, const float *bias)
{
    for (int64_t i = 0; i < m; i++) {
        float *row = c + i * ldc;
        for (int64_t j = 0; j < n; j++) {
            float start = accumulate ? row[j] : 0.0f;
            row[j] = bias != NULL ? start + bias[j] : start;
        }
        for (int64_t p = 0; p < k; p++) {
            float factor = a[i * lda + p];
            const float *b = packed + p * n;
            for (int64_t j = 0; j < n; j++) {
                row[j] += factor * b[j];
            }
        }
    }
}

void seqd_ref_gemm_row(int64_t n, int64_t k, const float *a, const float *packed, float *c, int accumulate,
                       const float *bias, int backwards)
{
    (void)backwards;
    seqd_ref_gemm(1, n, k, a, k, packed, c, n, accumulate, bias);
}

void seqd_ref_gemm_pair(int64_t m, int64_t n, const seqd_factors *first, const seqd_factors *second, float *c,
                        int64_t ldc, int accumulate, const float *bias)
{
    seqd_ref_gemm(m, n, first->k, first->a, first->lda, first->packed, c, ldc, accumulate, bias);
    seqd_ref_gemm(m, n, second->k, second->a, second->lda, second->packed, c, ldc, 1, NULL);
}

size_t seqd_ref_gemm_tn_scratch(int64_t m, int64_t n, int64_t k)
{
    (void)m;
    (void)k;
    return (size_t)n;
}

void seqd_ref_gemm_tn(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                      float *c, int64_t ldc, float *scratch)
{
    for (int64_t k0 = 0; k0 < k; k0 += K_BLOCK) {
        int64_t k1 = k - k0 < K_BLOCK ? k : k0 + K_BLOCK;
        for (int64_t i = 0; i < m; i++) {
            for (int64_t j = 0; j < n; j++) {
                scratch[j] = 0.0f;
            }
            for (int64_t p = k0; p < k1; p++) {
                float factor = a[p * lda + i];
                for (int64_t j = 0; j < n; j++) {
                    scratch[j] += factor * b[p * ldb + j];
                }
            }
            for (int64_t j = 0; j < n; j++) {
                c[i * ldc + j] += scratch[j];
            }
        }
    }
}
