/* SPDX-License-Identifier: Apache-2.0 */
#include "avx2.h"
#include "gemm_tile_avx2.h"

/* Rows of A that stay in the first-level cache while the panels of B go by, in floats. */
#define ROWS_BUDGET 3072

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

/* One call's constants. `k` is the depth of this block, the panels lie panel_stride apart. */
typedef struct product {
    int64_t k, lda, ldc, panel_stride;
    int accumulate;
} product;

/*
 * Tile of R rows and V vectors of columns. The sums start from what C and bias hold, so that one pass writes C once.
 * With `full` 0 the last vector goes through the mask.
 */
SEQD_INLINE void tile(const int R, const int V, const int full, const product *q, const float *a, const float *b,
                      float *c, const float *bias, __m256i mask)
{
    __m256 acc[TILE_ROWS][8];
    const int64_t lda = q->lda, ldc = q->ldc;
    for (int v = 0; v < V; v++) {
        const int whole = full || v < V - 1;
        __m256 start = bias != NULL ? load8(bias + 8 * v, whole, mask) : _mm256_setzero_ps();
        for (int r = 0; r < R; r++) {
            acc[r][v] = start;
        }
        if (q->accumulate) {
            for (int r = 0; r < R; r++) {
                acc[r][v] = _mm256_add_ps(acc[r][v], load8(c + r * ldc + 8 * v, whole, mask));
            }
        }
    }
    tile_product(R, V, q->k, a, lda, 1, b, q->panel_stride, acc);
    for (int r = 0; r < R; r++) {
        for (int v = 0; v < V; v++) {
            store8(c + r * ldc + 8 * v, acc[r][v], full || v < V - 1, mask);
        }
    }
}

/* Tiles of one, two and three rows over several panels, all of them whole; `panels` is what is left of them. */
static int64_t wide_tiles(int64_t rows, int64_t panels, const product *q, const float *a, const float *b, float *c,
                          const float *bias)
{
    const __m256i all = _mm256_set1_epi32(-1);
    int64_t step = rows == 1 ? 4 : 2, done = 0;
    for (; done + step <= panels; done += step) {
        const float *panel = b + done * q->panel_stride;
        const float *offset = bias != NULL ? bias + done * PANEL : NULL;
        float *out = c + done * PANEL;
        if (rows == 1) {
            tile(1, 8, 1, q, a, panel, out, offset, all);
        } else if (rows == 2) {
            tile(2, 4, 1, q, a, panel, out, offset, all);
        } else {
            tile(3, 4, 1, q, a, panel, out, offset, all);
        }
    }
    return done;
}

#define TILE_CASE(R)                                 \
    case R:                                          \
        tile(R, V, full, q, a, b, c, bias, mask);    \
        break

SEQD_INLINE void tile_of(const int V, const int full, int64_t rows, const product *q, const float *a, const float *b,
                         float *c, const float *bias, __m256i mask)
{
    switch (rows) {
        TILE_CASE(1);
        TILE_CASE(2);
        TILE_CASE(3);
        TILE_CASE(4);
        TILE_CASE(5);
    default:
        tile(6, V, full, q, a, b, c, bias, mask);
    }
}

/* All row tiles of one panel of `columns` <= 16. */
static void panel_tiles(row_split split, int64_t first, int64_t last, int64_t columns, const product *q,
                        const float *a, const float *b, float *c, const float *bias)
{
    const __m256i mask = mask8(columns <= 8 ? columns : columns - 8);
    for (int64_t t = first; t < last; t++) {
        int64_t rows = split.height + (t < split.taller);
        if (columns == PANEL) {
            tile_of(2, 1, rows, q, a, b, c, bias, mask);
        } else if (columns > 8) {
            tile_of(2, 0, rows, q, a, b, c, bias, mask);
        } else {
            tile_of(1, 0, rows, q, a, b, c, bias, mask);
        }
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
        for (int64_t j = panel * PANEL; j < n; j += PANEL) {
            int64_t columns = n - j < PANEL ? n - j : PANEL;
            panel_tiles(split, t, end, columns, q, rows, packed + j / PANEL * q->panel_stride, out + j,
                        bias != NULL ? bias + j : NULL);
        }
    }
}

void seqd_avx2_gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *packed, float *c,
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
