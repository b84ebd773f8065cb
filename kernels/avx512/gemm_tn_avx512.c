/* SPDX-License-Identifier: Apache-2.0 */
#include "avx512.h"
#include "gemm_tile_avx512.h"

/*
 * C += A^T B with k long. Both sides are cut into blocks of k and packed into the caller's scratch: B as panels
 * [k][16], A as tiles [k][rows], so that the product of a block reads consecutive memory only. Each block is summed
 * apart and then added to C, in rising order.
 */
#define GROUP_TILES 4    /* tiles of A packed at once: their rows of A share cache lines */
#define COLUMN_BLOCK 256 /* columns of B packed at once: 256 KB at full depth */
#define AHEAD 16         /* rows of A asked for ahead: its stride is more than the processor guesses */
#define SLACK 16         /* floats left free for alignment and for stores of whole vectors */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t panels_floats(int64_t n, int64_t k)
{
    return (smaller(n, COLUMN_BLOCK) + PANEL - 1) / PANEL * PANEL * smaller(k, K_BLOCK);
}

/* Floats from one packed tile of A to the next. Packing stores 16 floats where at most 14 belong. */
static int64_t tile_floats(int64_t k)
{
    return TILE_ROWS * k + SLACK;
}

size_t seqd_avx512_gemm_tn_scratch(int64_t m, int64_t n, int64_t k)
{
    int64_t tiles = smaller((m + TILE_ROWS - 1) / TILE_ROWS, GROUP_TILES);
    return (size_t)(panels_floats(n, k) + tiles * tile_floats(smaller(k, K_BLOCK)) + SLACK);
}

static void pack_columns(int64_t k, int64_t n, const float *b, int64_t ldb, float *panels)
{
    const __mmask16 rest = mask16(n % PANEL);
    for (int64_t p = 0; p < k; p++) {
        const float *row = b + p * ldb;
        float *out = panels + p * PANEL;
        int64_t j = 0;
        for (; j + PANEL <= n; j += PANEL) {
            _mm512_storeu_ps(out + j * k, _mm512_loadu_ps(row + j));
        }
        if (j < n) {
            _mm512_storeu_ps(out + j * k, _mm512_maskz_loadu_ps(rest, row + j));
        }
    }
}

/* `tiles` tiles of one height, at one k. */
SEQD_INLINE void pack_row(int64_t tiles, int64_t height, __mmask16 mask, const float *row, float *out, int64_t stride)
{
    for (int64_t t = 0; t < tiles; t++) {
        _mm512_storeu_ps(out, _mm512_maskz_loadu_ps(mask, row));
        row += height;
        out += stride;
    }
}

/* Tiles first..last of A. The inner loops run along a row of A, so that each of its cache lines is read once. */
static void pack_tiles(int64_t k, row_split split, int64_t first, int64_t last, const float *a, int64_t lda, float *out)
{
    const int64_t high = split.height + 1, stride = tile_floats(k);
    const int64_t taller = split.taller > first ? smaller(split.taller - first, last - first) : 0;
    const __mmask16 high_mask = mask16(high), low_mask = mask16(split.height);
    for (int64_t p = 0; p < k; p++) {
        const float *row = a + p * lda;
        if (p + AHEAD < k) {
            const char *next = (const char *)(row + AHEAD * lda);
            for (int64_t i = 0; i < 4; i++) {
                _mm_prefetch(next + i * 64, _MM_HINT_T0);
            }
        }
        pack_row(taller, high, high_mask, row, out + p * high, stride);
        pack_row(last - first - taller, split.height, low_mask, row + taller * high,
                 out + taller * stride + p * split.height, stride);
    }
}

/* Adds the product of a tile of A and V panels to C; with `full` 0 the last vector goes through the mask. */
SEQD_INLINE void tile(const int R, const int V, const int full, int64_t k, const float *a, const float *b, float *c,
                      int64_t ldc, __mmask16 mask)
{
    __m512 acc[TILE_ROWS][WIDE_PANELS];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < V; v++) {
            acc[r][v] = _mm512_setzero_ps();
        }
    }
    tile_product(R, V, k, a, 1, R, b, k * PANEL, acc);
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

SEQD_INLINE void narrow_tile(const int R, int64_t k, const float *a, const float *b, float *c, int64_t ldc,
                             __mmask8 mask)
{
    __m256 acc[TILE_ROWS];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
        acc[r] = _mm256_setzero_ps();
    }
    narrow_product(R, k, a, 1, R, b, acc);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
        float *out = c + r * ldc;
        _mm256_mask_storeu_ps(out, mask, _mm256_add_ps(_mm256_maskz_loadu_ps(mask, out), acc[r]));
    }
}

/* A function for each shape of tile, as in gemm_avx512.c. */
typedef void tile_function(int64_t k, const float *a, const float *b, float *c, int64_t ldc, __mmask16 mask);

#define TILE_FUNCTION(name, R, body)                                                                                \
    static __attribute__((noinline)) void name##R(int64_t k, const float *a, const float *b, float *c, int64_t ldc, \
                                                  __mmask16 mask)                                                   \
    {                                                                                                               \
        body;                                                                                                       \
    }
#define TILE_FUNCTIONS(R)                                                                                           \
    TILE_FUNCTION(quarter, R, narrow_tile(R, k, a, b, c, ldc, (__mmask8)mask))                                      \
    TILE_FUNCTION(half, R, tile(R, 1, 0, k, a, b, c, ldc, mask))                                                    \
    TILE_FUNCTION(part, R, tile(R, 2, 0, k, a, b, c, ldc, mask))                                                    \
    TILE_FUNCTION(whole, R, tile(R, 2, 1, k, a, b, c, ldc, mask))
FOR_ROWS(TILE_FUNCTIONS)

#define NAMES(R) {quarter##R, half##R, part##R, whole##R},
static tile_function *const tile_functions[TILE_ROWS + 1][SHAPES] = {{NULL}, FOR_ROWS(NAMES)};

/* One tile of A against all panels. */
static void tile_row(int64_t rows, int64_t n, int64_t k, const float *a, const float *panels, float *c, int64_t ldc)
{
    for (int64_t j = 0; j < n; j += TILE_PANELS * PANEL) {
        tile_functions[rows][shape_of(n - j)](k, a, panels + j * k, c + j, ldc, mask_of(n - j));
    }
}

void seqd_avx512_gemm_tn(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                         float *c, int64_t ldc, float *scratch)
{
    const row_split split = split_rows(m);
    /* whole cache lines for the panels, as far as the slack allows */
    float *panels = scratch + (PANEL - ((uintptr_t)scratch / sizeof(float)) % PANEL) % PANEL;
    float *tiles = panels + panels_floats(n, k);
    for (int64_t j = 0; j < n; j += COLUMN_BLOCK) {
        int64_t columns = smaller(n - j, COLUMN_BLOCK);
        for (int64_t k0 = 0; k0 < k; k0 += K_BLOCK) {
            int64_t depth = smaller(k - k0, K_BLOCK);
            pack_columns(depth, columns, b + k0 * ldb + j, ldb, panels);
            int64_t top = 0;
            for (int64_t t = 0; t < split.tiles; t += GROUP_TILES) {
                int64_t end = smaller(split.tiles, t + GROUP_TILES);
                pack_tiles(depth, split, t, end, a + k0 * lda + top, lda, tiles);
                for (int64_t i = t; i < end; i++) {
                    int64_t rows = split.height + (i < split.taller);
                    const float *tile_a = tiles + (i - t) * tile_floats(depth);
                    tile_row(rows, columns, depth, tile_a, panels, c + top * ldc + j, ldc);
                    top += rows;
                }
            }
        }
    }
}
