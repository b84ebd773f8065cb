/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_GEMM_TILE_AVX2_H
#define SEQD_KERNELS_GEMM_TILE_AVX2_H

#include "vec_avx2.h"

/*
 * What both matrix products share. B is cut into panels of 16 columns, each stored [k][16] and filled up with zeros;
 * a tile of C is at most 6 rows by one panel, 12 sums in the 16 registers. Tiles of few rows take several panels at
 * once, since 8 independent sums are what keeps two FMA units of latency 4 busy.
 */
#define TILE_ROWS 6

#include "wide/gemm_blocks.h"

/*
 * acc[r][v] += sum over p of a[r * row_stride + p * step] * b[v / 2 * panel_stride + p * b_step + v % 2 * 8 ...].
 * R and V are constants at every call, and so are row_stride and the steps where they can be; p rises, one fused
 * multiply-add each, so that a sum has the same bits in a tile of any shape.
 */
SEQD_INLINE void tile_product(const int R, const int V, int64_t k, const float *a, int64_t row_stride, int64_t step,
                              const float *b, int64_t panel_stride, int64_t b_step, __m256 acc[TILE_ROWS][8])
{
#pragma GCC unroll 4
    for (int64_t p = 0; p < k; p++) {
        __m256 column[8];
        for (int v = 0; v < V; v++) {
            column[v] = _mm256_loadu_ps(b + v / 2 * panel_stride + v % 2 * 8);
        }
        for (int r = 0; r < R; r++) {
            __m256 factor = _mm256_broadcast_ss(a + r * row_stride);
            for (int v = 0; v < V; v++) {
                acc[r][v] = _mm256_fmadd_ps(factor, column[v], acc[r][v]);
            }
        }
        a += step;
        b += b_step;
    }
}

#endif
