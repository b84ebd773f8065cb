/* SPDX-License-Identifier: Apache-2.0 */
#include "avx512.h"
#include "gemm_tile_avx512.h"

SEQD_INLINE void add_factors(const int R, const int V, const factors *f, int64_t row, int64_t column,
                             __m512 acc[TILE_ROWS][WIDE_PANELS])
{
    tile_product(R, V, f->k, f->a + row * f->lda, f->lda, 1, f->b + column / PANEL * f->panel_stride, f->panel_stride,
                 PANEL, acc);
}

/*
 * Tile of R rows and V panels from `row` and `column` on. The sums start from what C and bias hold and go through all
 * factors, so that one pass writes C once. With `full` 0 the last vector goes through the mask.
 */
SEQD_INLINE void tile(const int R, const int V, const int full, const product *q, int64_t row, int64_t column,
                      __mmask16 mask)
{
    __m512 acc[TILE_ROWS][WIDE_PANELS];
    int64_t ldc = q->ldc;
    float *c = q->c + row * ldc + column;
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) {
        const int whole = full || v < V - 1;
        __m512 start = q->bias != NULL ? load16(q->bias + column + 16 * v, whole, mask) : _mm512_setzero_ps();
#pragma GCC unroll 16
        for (int r = 0; r < R; r++) {
            acc[r][v] = start;
        }
    }
    if (q->accumulate) {
#pragma GCC unroll 16
        for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
            for (int v = 0; v < V; v++) {
                const int whole = full || v < V - 1;
                acc[r][v] = _mm512_add_ps(acc[r][v], load16(c + r * ldc + 16 * v, whole, mask));
            }
        }
    }
    add_factors(R, V, &q->of[0], row, column, acc);
    if (q->count > 1) {
        add_factors(R, V, &q->of[1], row, column, acc);
    }
    if (R > 3) { /* the addresses of the rows of C would be kept in registers that the sums need */
        FORGET(c);
        FORGET(ldc);
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < V; v++) {
            store16(c + r * ldc + 16 * v, acc[r][v], full || v < V - 1, mask);
        }
    }
}

/* Tile of R rows and at most 8 columns. */
SEQD_INLINE void narrow_tile(const int R, const product *q, int64_t row, int64_t column, __mmask8 mask)
{
    __m256 acc[TILE_ROWS];
    const int64_t ldc = q->ldc;
    float *c = q->c + row * ldc + column;
    __m256 start = q->bias != NULL ? _mm256_maskz_loadu_ps(mask, q->bias + column) : _mm256_setzero_ps();
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
        acc[r] = start;
    }
    if (q->accumulate) {
#pragma GCC unroll 16
        for (int r = 0; r < R; r++) {
            acc[r] = _mm256_add_ps(acc[r], _mm256_maskz_loadu_ps(mask, c + r * ldc));
        }
    }
    for (const factors *f = q->of; f < q->of + q->count; f++) {
        narrow_product(R, f->k, f->a + row * f->lda, f->lda, 1, f->b + column / PANEL * f->panel_stride, PANEL, acc);
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
        _mm256_mask_storeu_ps(c + r * ldc, mask, acc[r]);
    }
}

/*
 * A function for each shape of tile, and for each number of rows that takes many panels at once: side by side in one, they leave the compiler too few registers for
 * addresses.
 */
typedef void tile_function(const product *q, int64_t row, int64_t column, __mmask16 mask);

#define TILE_FUNCTION(name, R, body)                                                                                \
    static __attribute__((noinline)) void name##R(const product *q, int64_t row, int64_t column, __mmask16 mask)    \
    {                                                                                                               \
        body;                                                                                                       \
    }
#define TILE_FUNCTIONS(R)                                                                                           \
    TILE_FUNCTION(quarter, R, narrow_tile(R, q, row, column, (__mmask8)mask))                                       \
    TILE_FUNCTION(half, R, tile(R, 1, 0, q, row, column, mask))                                                     \
    TILE_FUNCTION(part, R, tile(R, 2, 0, q, row, column, mask))                                                     \
    TILE_FUNCTION(whole, R, tile(R, 2, 1, q, row, column, mask))
FOR_ROWS(TILE_FUNCTIONS)

#define NAMES(R) {quarter##R, half##R, part##R, whole##R},
static tile_function *const tile_functions[TILE_ROWS + 1][SHAPES] = {{NULL}, FOR_ROWS(NAMES)};

#define WIDE_FUNCTION(R)                                                                          \
    static __attribute__((noinline)) int64_t wide##R(int64_t column, int64_t n, const product *q) \
    {                                                                                             \
        for (; column + WIDE_COLUMNS <= n; column += WIDE_COLUMNS) {                              \
            tile(R, WIDE_PANELS, 1, q, 0, column, 0xffff);                                        \
        }                                                                                         \
        return column;                                                                            \
    }
WIDE_FUNCTION(1)
WIDE_FUNCTION(2)
WIDE_FUNCTION(3)

static int64_t wide_tiles(int64_t rows, int64_t column, int64_t n, const product *q)
{
    return rows == 1 ? wide1(column, n, q) : rows == 2 ? wide2(column, n, q) : wide3(column, n, q);
}

/* Tiles of the rows of `split` from `row` on, over the next `columns` <= 32. */
static void column_tiles(row_split split, int64_t first, int64_t last, int64_t row, int64_t column, int64_t columns,
                         const product *q)
{
    const __mmask16 mask = mask_of(columns);
    const int shape = shape_of(columns);
    for (int64_t t = first; t < last; t++) {
        const int64_t rows = split.height + (t < split.taller);
        tile_functions[rows][shape](q, row, column, mask);
        row += rows;
    }
}

#include "wide/gemm.h"
