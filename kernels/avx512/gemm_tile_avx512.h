/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_GEMM_TILE_AVX512_H
#define SEQD_KERNELS_GEMM_TILE_AVX512_H

#include "vec_avx512.h"

/*
 * What both matrix products share. B lies in panels of 16 columns as the avx2 level packs it, each [k][16] and filled
 * up with zeros; a vector of 16 floats is one row of a panel. A tile of C is at most 14 rows by two panels: 28 sums, 2
 * vectors of B and one number of A in the 32 registers. Blocks of k and the order of sums are those of avx2, which is
 * why both levels give equal bits.
 */
#define TILE_ROWS 14
#define TILE_PANELS 2
#define WIDE_PANELS (WIDE_COLUMNS / PANEL) /* of tiles of few rows */

#include "wide/gemm_blocks.h"

/* Where the rows of A are: in groups of three from one pointer each, since 14 pointers do not fit the registers. */
typedef struct row_bases {
    const float *at[(TILE_ROWS + 2) / 3];
} row_bases;

SEQD_INLINE row_bases rows_from(const int R, const float *a, int64_t stride)
{
    row_bases rows;
#pragma GCC unroll 8
    for (int g = 0; 3 * g < R; g++) {
        rows.at[g] = a + 3 * g * stride;
    }
    return rows;
}

/*
 * acc[r][v] += sum over p of a[r * row_stride + p * step] * b[v * panel_stride + p * b_step ...]. R and V are
 * constants at every call, and so are row_stride and the steps where they can be; p rises, one fused multiply-add each,
 * so that a sum has the same bits in a tile of any shape.
 */
SEQD_INLINE void tile_product(const int R, const int V, int64_t k, const float *a, int64_t row_stride, int64_t step,
                              const float *b, int64_t panel_stride, int64_t b_step,
                              __m512 acc[TILE_ROWS][WIDE_PANELS])
{
    row_bases rows = rows_from(R, a, row_stride);
#pragma GCC unroll 2
    for (int64_t p = 0; p < k; p++) {
        __m512 column[WIDE_PANELS];
#pragma GCC unroll 8
        for (int v = 0; v < V; v++) {
            column[v] = _mm512_loadu_ps(b + v * panel_stride);
        }
#pragma GCC unroll 16
        for (int r = 0; r < R; r++) {
            __m512 factor = _mm512_set1_ps(rows.at[r / 3][r % 3 * row_stride]);
#pragma GCC unroll 8
            for (int v = 0; v < V; v++) {
                acc[r][v] = _mm512_fmadd_ps(factor, column[v], acc[r][v]);
            }
        }
#pragma GCC unroll 8
        for (int g = 0; 3 * g < R; g++) {
            rows.at[g] += step;
        }
        b += b_step;
    }
}

/* The same over the first 8 columns of one panel: half the lanes, in half the time. */
SEQD_INLINE void narrow_product(const int R, int64_t k, const float *a, int64_t row_stride, int64_t step,
                                const float *b, int64_t b_step, __m256 acc[TILE_ROWS])
{
    row_bases rows = rows_from(R, a, row_stride);
#pragma GCC unroll 2
    for (int64_t p = 0; p < k; p++) {
        __m256 column = _mm256_loadu_ps(b);
#pragma GCC unroll 16
        for (int r = 0; r < R; r++) {
            acc[r] = _mm256_fmadd_ps(_mm256_set1_ps(rows.at[r / 3][r % 3 * row_stride]), column, acc[r]);
        }
#pragma GCC unroll 8
        for (int g = 0; 3 * g < R; g++) {
            rows.at[g] += step;
        }
        b += b_step;
    }
}

/* X(R) for R from 1 to 14. */
#define FOR_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)

/* Columns of the next tile when `left` are left. 17 to 24 go as 16 and at most 8, in three quarters of the time. */
SEQD_INLINE int64_t tile_columns(int64_t left)
{
    return left >= TILE_PANELS * PANEL ? TILE_PANELS * PANEL : left > PANEL && left <= PANEL + PANEL / 2 ? PANEL : left;
}

/* Shapes of tiles by their columns: 1 to 8, 9 to 16, 17 to 31, 32. */
enum { QUARTER, HALF, PART, WHOLE, SHAPES };

SEQD_INLINE int shape_of(int64_t columns)
{
    return columns <= 8 ? QUARTER : columns <= PANEL ? HALF : columns < TILE_PANELS * PANEL ? PART : WHOLE;
}

/* Of the last panel of such a tile. */
SEQD_INLINE __mmask16 mask_of(int64_t columns)
{
    return mask16(columns <= PANEL ? columns : columns - PANEL);
}

#endif
