/* SPDX-License-Identifier: Apache-2.0 */

/*
 * For every vector level: the file that includes this has included the level's tile header, which gives split_rows,
 * PANEL and K_BLOCK, has defined tile_row and IN_PLACE, and gives the vectors as gates.h says.
 *
 * C += A^T B with k long. B is cut into blocks of k and packed into the caller's scratch as panels [k][16], unless it
 * is whole panels wide, of at most IN_PLACE columns: then tiles read it where it is. So they do A: a tile takes a few
 * neighbouring floats of each of its rows, and by the time they are needed they have come from the second-level cache;
 * packing them first took a tenth of the time. Only where many panels pass by is the tile of A copied, since its rows
 * may all fall into one set of the caches. Each block is summed apart and then added to C, in rising order.
 */
#define COLUMN_BLOCK 256 /* columns of B packed at once: 256 KB at full depth */
#define MANY_COLUMNS 128 /* from here on a tile of A is copied */
#define SLACK 16         /* floats left free for alignment, and for stores of whole vectors */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t panels_floats(int64_t n, int64_t k)
{
    return (smaller(n, COLUMN_BLOCK) + PANEL - 1) / PANEL * PANEL * smaller(k, K_BLOCK);
}

size_t WIDE(gemm_tn_scratch)(int64_t m, int64_t n, int64_t k)
{
    (void)m;
    return (size_t)(panels_floats(n, k) + (n > MANY_COLUMNS ? TILE_ROWS * K_BLOCK : 0) + 2 * SLACK);
}

static void pack_columns(int64_t k, int64_t n, const float *b, int64_t ldb, float *panels)
{
    for (int64_t p = 0; p < k; p++) {
        const float *row = b + p * ldb;
        float *out = panels + p * PANEL;
        int64_t j = 0;
        for (; j + PANEL <= n; j += PANEL) {
            for (int64_t i = 0; i < PANEL; i += VEC_WIDTH) {
                vec_store(out + j * k + i, vec_load(row + j + i, 1, VEC_NONE), 1, VEC_NONE);
            }
        }
        for (int64_t i = 0; j < n && i < PANEL; i += VEC_WIDTH) {
            const vec_mask rest = vec_first(n - j - i);
            vec_store(out + j * k + i, n - j > i ? vec_load(row + j + i, 0, rest) : vec_all(0.0f), 1, VEC_NONE);
        }
    }
}

/* `rows` <= VEC_WIDTH floats of each row of A, side by side. Writes up to a vector too far. */
static void copy_tile(int64_t rows, int64_t k, const float *a, int64_t lda, float *out)
{
    const vec_mask mask = vec_first(rows);
    for (int64_t p = 0; p < k; p++) {
        vec_store(out + p * rows, vec_load(a + p * lda, 0, mask), 1, VEC_NONE);
    }
}

void WIDE(gemm_tn)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float *c,
                   int64_t ldc, float *scratch)
{
    const row_split split = split_rows(m);
    const int in_place = n <= IN_PLACE && n % PANEL == 0;
    /* whole cache lines for the panels, as far as the slack allows */
    float *panels = scratch + (PANEL - ((uintptr_t)scratch / sizeof(float)) % PANEL) % PANEL;
    float *tile_copy = panels + panels_floats(n, k);
    for (int64_t j = 0; j < n; j += COLUMN_BLOCK) {
        const int64_t columns = smaller(n - j, COLUMN_BLOCK);
        for (int64_t k0 = 0; k0 < k; k0 += K_BLOCK) {
            const int64_t depth = smaller(k - k0, K_BLOCK);
            const float *block_b = b + k0 * ldb + j;
            tn_block q = {.k = depth, .lda = lda, .ldc = ldc, .b_step = ldb, .panel_stride = PANEL};
            if (!in_place) {
                pack_columns(depth, columns, block_b, ldb, panels);
                block_b = panels;
                q.b_step = PANEL;
                q.panel_stride = depth * PANEL;
            }
            int64_t top = 0;
            for (int64_t t = 0; t < split.tiles; t++) {
                const int64_t rows = split.height + (t < split.taller);
                const float *tile_a = a + k0 * lda + top;
                if (columns > MANY_COLUMNS) {
                    copy_tile(rows, depth, tile_a, lda, tile_copy);
                    tile_a = tile_copy;
                    q.lda = rows;
                }
                tile_row(rows, columns, &q, tile_a, block_b, c + top * ldc + j);
                top += rows;
            }
        }
    }
}
