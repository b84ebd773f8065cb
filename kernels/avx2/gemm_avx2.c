/* SPDX-License-Identifier: Apache-2.0 */
#include "avx2.h"
#include "gemm_tile_avx2.h"

size_t seqd_avx2_gemm_packed_size(int64_t k, int64_t n)
{
    return (size_t)k * (((size_t)n + PANEL - 1) / PANEL * PANEL);
}

/* Columns 0..7 of `out` (rows of 16) become rows 0..7 of `b`, for 8 values of k. */
SEQD_INLINE void transpose8(const float *b, int64_t ldb, float *out)
{
    __m256 t[8], s[8];
    for (int i = 0; i < 4; i++) {
        __m256 x = _mm256_loadu_ps(b + 2 * i * ldb);
        __m256 y = _mm256_loadu_ps(b + (2 * i + 1) * ldb);
        t[2 * i] = _mm256_unpacklo_ps(x, y);
        t[2 * i + 1] = _mm256_unpackhi_ps(x, y);
    }
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            s[4 * i + 2 * j] = _mm256_shuffle_ps(t[4 * i + j], t[4 * i + 2 + j], 0x44);
            s[4 * i + 2 * j + 1] = _mm256_shuffle_ps(t[4 * i + j], t[4 * i + 2 + j], 0xee);
        }
    }
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(out + i * PANEL, _mm256_permute2f128_ps(s[i], s[4 + i], 0x20));
        _mm256_storeu_ps(out + (4 + i) * PANEL, _mm256_permute2f128_ps(s[i], s[4 + i], 0x31));
    }
}

/* One panel from `columns` <= 16 rows of the transpose. */
static void pack_panel_transposed(int64_t k, int64_t columns, const float *b, int64_t ldb, float *panel)
{
    int64_t p = 0;
    if (columns == PANEL) {
        for (; p + 8 <= k; p += 8) {
            transpose8(b + p, ldb, panel + p * PANEL);
            transpose8(b + 8 * ldb + p, ldb, panel + p * PANEL + 8);
        }
    }
    for (; p < k; p++) {
        for (int64_t j = 0; j < PANEL; j++) {
            panel[p * PANEL + j] = j < columns ? b[j * ldb + p] : 0.0f;
        }
    }
}

static void pack_panel(int64_t k, int64_t columns, const float *b, int64_t ldb, float *panel)
{
    const __m256i low = mask8(columns), high = mask8(columns - 8);
    for (int64_t p = 0; p < k; p++) {
        const float *row = b + p * ldb;
        _mm256_storeu_ps(panel + p * PANEL, _mm256_maskload_ps(row, low));
        _mm256_storeu_ps(panel + p * PANEL + 8, columns > 8 ? _mm256_maskload_ps(row + 8, high) : _mm256_setzero_ps());
    }
}

void seqd_avx2_gemm_pack(int64_t k, int64_t n, const float *b, int64_t ldb, int transposed, float *packed)
{
    for (int64_t j = 0; j < n; j += PANEL) {
        int64_t columns = n - j < PANEL ? n - j : PANEL;
        if (transposed) {
            pack_panel_transposed(k, columns, b + j * ldb, ldb, packed + j * k);
        } else {
            pack_panel(k, columns, b + j, ldb, packed + j * k);
        }
    }
}

SEQD_INLINE void add_factors(const int R, const int V, const factors *f, int64_t row, int64_t column,
                             __m256 acc[TILE_ROWS][8])
{
    tile_product(R, V, f->k, f->a + row * f->lda, f->lda, 1, f->b + column / PANEL * f->panel_stride, f->panel_stride,
                 PANEL, acc);
}

/*
 * Tile of R rows and V vectors of columns from `row` and `column` on. The sums start from what C and bias hold and go
 * through all factors, so that one pass writes C once. With `full` 0 the last vector goes through the mask.
 */
SEQD_INLINE void tile(const int R, const int V, const int full, const product *q, int64_t row, int64_t column,
                      __m256i mask)
{
    __m256 acc[TILE_ROWS][8];
    int64_t ldc = q->ldc;
    float *c = q->c + row * ldc + column;
    for (int v = 0; v < V; v++) {
        const int whole = full || v < V - 1;
        __m256 start = q->bias != NULL ? load8(q->bias + column + 8 * v, whole, mask) : _mm256_setzero_ps();
        for (int r = 0; r < R; r++) {
            acc[r][v] = start;
        }
        if (q->accumulate) {
            for (int r = 0; r < R; r++) {
                acc[r][v] = _mm256_add_ps(acc[r][v], load8(c + r * ldc + 8 * v, whole, mask));
            }
        }
    }
    add_factors(R, V, &q->of[0], row, column, acc);
    if (q->count > 1) {
        add_factors(R, V, &q->of[1], row, column, acc);
    }
    FORGET(c); /* the addresses of its rows would be kept in registers that the sums need */
    FORGET(ldc);
    for (int r = 0; r < R; r++) {
        for (int v = 0; v < V; v++) {
            store8(c + r * ldc + 8 * v, acc[r][v], full || v < V - 1, mask);
        }
    }
}

static int64_t wide_tiles(int64_t rows, int64_t column, int64_t n, const product *q)
{
    const __m256i all = _mm256_set1_epi32(-1);
    const int64_t step = rows == 1 ? WIDE_COLUMNS : WIDE_COLUMNS / 2;
    for (; column + step <= n; column += step) {
        if (rows == 1) {
            tile(1, 8, 1, q, 0, column, all);
        } else if (rows == 2) {
            tile(2, 4, 1, q, 0, column, all);
        } else {
            tile(3, 4, 1, q, 0, column, all);
        }
    }
    return column;
}

#define TILE_CASE(R)                               \
    case R:                                        \
        tile(R, V, full, q, row, column, mask);    \
        break

SEQD_INLINE void tile_of(const int V, const int full, int64_t rows, const product *q, int64_t row, int64_t column,
                         __m256i mask)
{
    switch (rows) {
        TILE_CASE(1);
        TILE_CASE(2);
        TILE_CASE(3);
        TILE_CASE(4);
        TILE_CASE(5);
    default:
        tile(6, V, full, q, row, column, mask);
    }
}

SEQD_INLINE int64_t tile_columns(int64_t left)
{
    return left < PANEL ? left : PANEL;
}

/* Tiles of the rows of `split` from `row` on, over one panel of `columns` <= 16. */
static void column_tiles(row_split split, int64_t first, int64_t last, int64_t row, int64_t column, int64_t columns,
                         const product *q)
{
    const __m256i mask = mask8(columns <= 8 ? columns : columns - 8);
    for (int64_t t = first; t < last; t++) {
        const int64_t rows = split.height + (t < split.taller);
        if (columns == PANEL) {
            tile_of(2, 1, rows, q, row, column, mask);
        } else if (columns > 8) {
            tile_of(2, 0, rows, q, row, column, mask);
        } else {
            tile_of(1, 0, rows, q, row, column, mask);
        }
        row += rows;
    }
}

#include "wide/gemm.h"
