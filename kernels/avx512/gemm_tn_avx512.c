/* SPDX-License-Identifier: Apache-2.0 */
#include "avx512.h"
#include "gemm_tile_avx512.h"

#define IN_PLACE 64 /* columns of B up to which packing them costs more than it saves */

/* Adds the product of a tile of A and V panels to C; with `full` 0 the last vector goes through the mask. */
SEQD_INLINE void tile(const int R, const int V, const int full, const tn_block *q, const float *a, const float *b,
                      float *c, __mmask16 mask)
{
    const int64_t ldc = q->ldc;
    __m512 acc[TILE_ROWS][WIDE_PANELS];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < V; v++) {
            acc[r][v] = _mm512_setzero_ps();
        }
    }
    tile_product(R, V, q->k, a, 1, q->lda, b, q->panel_stride, q->b_step, acc);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < V; v++) {
            float *out = c + r * ldc + 16 * v;
            const int whole = full || v < V - 1;
            store16(out, _mm512_add_ps(load16(out, whole, mask), acc[r][v]), whole, mask);
        }
    }
}

SEQD_INLINE void narrow_tile(const int R, const tn_block *q, const float *a, const float *b, float *c, __mmask8 mask)
{
    const int64_t ldc = q->ldc;
    __m256 acc[TILE_ROWS];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
        acc[r] = _mm256_setzero_ps();
    }
    narrow_product(R, q->k, a, 1, q->lda, b, q->b_step, acc);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
        float *out = c + r * ldc;
        _mm256_mask_storeu_ps(out, mask, _mm256_add_ps(_mm256_maskz_loadu_ps(mask, out), acc[r]));
    }
}

/* A function for each shape of tile, as in gemm_avx512.c. */
typedef void tile_function(const tn_block *q, const float *a, const float *b, float *c, __mmask16 mask);

#define TILE_FUNCTION(name, R, body)                                                                           \
    static __attribute__((noinline)) void name##R(const tn_block *q, const float *a, const float *b, float *c, \
                                                  __mmask16 mask)                                              \
    {                                                                                                          \
        body;                                                                                                  \
    }
#define TILE_FUNCTIONS(R)                                                 \
    TILE_FUNCTION(quarter, R, narrow_tile(R, q, a, b, c, (__mmask8)mask)) \
    TILE_FUNCTION(half, R, tile(R, 1, 0, q, a, b, c, mask))               \
    TILE_FUNCTION(part, R, tile(R, 2, 0, q, a, b, c, mask))               \
    TILE_FUNCTION(whole, R, tile(R, 2, 1, q, a, b, c, mask))
FOR_ROWS(TILE_FUNCTIONS)

#define NAMES(R) {quarter##R, half##R, part##R, whole##R},
static tile_function *const tile_functions[TILE_ROWS + 1][SHAPES] = {{NULL}, FOR_ROWS(NAMES)};

/* One tile of A against all panels. */
static void tile_row(int64_t rows, int64_t n, const tn_block *q, const float *a, const float *b, float *c)
{
    for (int64_t j = 0; j < n;) {
        const int64_t columns = tile_columns(n - j);
        tile_functions[rows][shape_of(columns)](q, a, b + j / PANEL * q->panel_stride, c + j, mask_of(columns));
        j += columns;
    }
}

#include "wide/gemm_tn.h"
