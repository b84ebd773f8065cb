/* SPDX-License-Identifier: Apache-2.0 */
#include "avx2.h"
#include "gemm_tile_avx2.h"

#define IN_PLACE 0 /* B passes by too many low tiles: read where it is, a training step takes 1 % longer */

/* Adds the product of a tile of A and a panel to C; with `full` 0 the last vector goes through the mask. */
SEQD_INLINE void tile(const int R, const int V, const int full, const tn_block *q, const float *a, const float *b,
                      float *c, __m256i mask)
{
    const int64_t ldc = q->ldc;
    __m256 acc[TILE_ROWS][8];
    for (int r = 0; r < R; r++) {
        for (int v = 0; v < V; v++) {
            acc[r][v] = _mm256_setzero_ps();
        }
    }
    tile_product(R, V, q->k, a, 1, q->lda, b, 0, q->b_step, acc);
    for (int r = 0; r < R; r++) {
        for (int v = 0; v < V; v++) {
            float *out = c + r * ldc + 8 * v;
            const int whole = full || v < V - 1;
            store8(out, _mm256_add_ps(load8(out, whole, mask), acc[r][v]), whole, mask);
        }
    }
}

#define TILE_CASE(R)                        \
    case R:                                 \
        tile(R, V, full, q, a, b, c, mask); \
        break

SEQD_INLINE void tile_of(const int V, const int full, int64_t rows, const tn_block *q, const float *a,
                         const float *b, float *c, __m256i mask)
{
    switch (rows) {
        TILE_CASE(1);
        TILE_CASE(2);
        TILE_CASE(3);
        TILE_CASE(4);
        TILE_CASE(5);
    default:
        tile(6, V, full, q, a, b, c, mask);
    }
}

/* One tile of A against all panels. */
static void tile_row(int64_t rows, int64_t n, const tn_block *q, const float *a, const float *b, float *c)
{
    int64_t j = 0;
    const __m256i all = _mm256_set1_epi32(-1);
    for (; j + PANEL <= n; j += PANEL) {
        tile_of(2, 1, rows, q, a, b + j / PANEL * q->panel_stride, c + j, all);
    }
    if (n - j > 8) {
        tile_of(2, 0, rows, q, a, b + j / PANEL * q->panel_stride, c + j, mask8(n - j - 8));
    } else if (j < n) {
        tile_of(1, 0, rows, q, a, b + j / PANEL * q->panel_stride, c + j, mask8(n - j));
    }
}

#include "wide/gemm_tn.h"
