/* SPDX-License-Identifier: Apache-2.0 */
#include "avx512.h"
#include "gemm_tile_avx512.h"

/* Rows of A that stay in the first-level cache while the panels of B go by, in floats. */
#define ROWS_BUDGET 3072

/* One call's constants. `k` is the depth of this block, the panels lie panel_stride apart. */
typedef struct product {
    int64_t k, lda, ldc, panel_stride;
    int accumulate;
} product;

/*
 * Tile of R rows and V panels. The sums start from what C and bias hold, so that one pass writes C once. With `full` 0
 * the last vector goes through the mask.
 */
SEQD_INLINE void tile(const int R, const int V, const int full, const product *q, const float *a, const float *b,
                      float *c, const float *bias, __mmask16 mask)
{
    __m512 acc[TILE_ROWS][WIDE_PANELS];
    const int64_t lda = q->lda, ldc = q->ldc;
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) {
        const int whole = full || v < V - 1;
        __m512 start = bias != NULL ? load16(bias + 16 * v, whole, mask) : _mm512_setzero_ps();
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
    tile_product(R, V, q->k, a, lda, 1, b, q->panel_stride, acc);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < V; v++) {
            store16(c + r * ldc + 16 * v, acc[r][v], full || v < V - 1, mask);
        }
    }
}

/* Tile of R rows and at most 8 columns. */
SEQD_INLINE void narrow_tile(const int R, const product *q, const float *a, const float *b, float *c,
                             const float *bias, __mmask8 mask)
{
    __m256 acc[TILE_ROWS];
    const int64_t lda = q->lda, ldc = q->ldc;
    __m256 start = bias != NULL ? _mm256_maskz_loadu_ps(mask, bias) : _mm256_setzero_ps();
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
    narrow_product(R, q->k, a, lda, 1, b, acc);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
        _mm256_mask_storeu_ps(c + r * ldc, mask, acc[r]);
    }
}

/* Tiles of one, two and three rows over many panels, all of them whole; `panels` is what is left of them. */
static int64_t wide_tiles(int64_t rows, int64_t panels, const product *q, const float *a, const float *b, float *c,
                          const float *bias)
{
    int64_t done = 0;
    for (; done + WIDE_PANELS <= panels; done += WIDE_PANELS) {
        const float *panel = b + done * q->panel_stride;
        const float *offset = bias != NULL ? bias + done * PANEL : NULL;
        float *out = c + done * PANEL;
        if (rows == 1) {
            tile(1, WIDE_PANELS, 1, q, a, panel, out, offset, 0xffff);
        } else if (rows == 2) {
            tile(2, WIDE_PANELS, 1, q, a, panel, out, offset, 0xffff);
        } else {
            tile(3, WIDE_PANELS, 1, q, a, panel, out, offset, 0xffff);
        }
    }
    return done;
}

/* A function for each shape of tile: side by side in one, they leave the compiler too few registers for addresses. */
typedef void tile_function(const product *q, const float *a, const float *b, float *c, const float *bias,
                           __mmask16 mask);

#define TILE_FUNCTION(name, R, body)                                                                                \
    static __attribute__((noinline)) void name##R(const product *q, const float *a, const float *b, float *c,       \
                                                  const float *bias, __mmask16 mask)                                \
    {                                                                                                               \
        body;                                                                                                       \
    }
#define TILE_FUNCTIONS(R)                                                                                           \
    TILE_FUNCTION(quarter, R, narrow_tile(R, q, a, b, c, bias, (__mmask8)mask))                                     \
    TILE_FUNCTION(half, R, tile(R, 1, 0, q, a, b, c, bias, mask))                                                   \
    TILE_FUNCTION(part, R, tile(R, 2, 0, q, a, b, c, bias, mask))                                                   \
    TILE_FUNCTION(whole, R, tile(R, 2, 1, q, a, b, c, bias, mask))
FOR_ROWS(TILE_FUNCTIONS)

#define NAMES(R) {quarter##R, half##R, part##R, whole##R},
static tile_function *const tile_functions[TILE_ROWS + 1][SHAPES] = {{NULL}, FOR_ROWS(NAMES)};

/* All row tiles of the next `columns` <= 32. */
static void column_tiles(row_split split, int64_t first, int64_t last, int64_t columns, const product *q,
                         const float *a, const float *b, float *c, const float *bias)
{
    const __mmask16 mask = mask_of(columns);
    const int shape = shape_of(columns);
    for (int64_t t = first; t < last; t++) {
        int64_t rows = split.height + (t < split.taller);
        tile_functions[rows][shape](q, a, b, c, bias, mask);
        a += rows * q->lda;
        c += rows * q->ldc;
    }
}

/* One block of k. Tiles of rows are taken in groups that stay in cache while all panels pass by. */
static void product_block(int64_t m, int64_t n, const product *q, const float *a, const float *packed, float *c,
                          const float *bias)
{
    const row_split split = split_rows(m);
    const int64_t group = q->k * TILE_ROWS < ROWS_BUDGET ? ROWS_BUDGET / ((q->k + 1) * TILE_ROWS) + 1 : 1;
    for (int64_t t = 0; t < split.tiles; t += group) {
        int64_t end = split.tiles - t < group ? split.tiles : t + group;
        int64_t top = t * split.height + (t < split.taller ? t : split.taller);
        const float *rows = a + top * q->lda;
        float *out = c + top * q->ldc;
        int64_t panel = m <= 3 ? wide_tiles(m, n / PANEL, q, rows, packed, out, bias) : 0;
        for (int64_t j = panel * PANEL; j < n;) {
            const int64_t columns = tile_columns(n - j);
            column_tiles(split, t, end, columns, q, rows, packed + j / PANEL * q->panel_stride, out + j,
                         bias != NULL ? bias + j : NULL);
            j += columns;
        }
    }
}

void seqd_avx512_gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *packed, float *c,
                      int64_t ldc, int accumulate, const float *bias)
{
    product q = {0, lda, ldc, k * PANEL, accumulate};
    int64_t k0 = 0;
    do {
        q.k = k - k0 < K_BLOCK ? k - k0 : K_BLOCK;
        product_block(m, n, &q, a + k0, packed + k0 * PANEL, c, bias);
        q.accumulate = 1;
        bias = NULL;
        k0 += K_BLOCK;
    } while (k0 < k);
}
