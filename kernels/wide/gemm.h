/* SPDX-License-Identifier: Apache-2.0 */

/*
 * For every vector level: matrix products made of tiles. The file that includes this has defined, over the types of
 * wide/gemm_blocks.h,
 *   tile_columns(left)      columns of the next tile when `left` are left
 *   column_tiles(split, first, last, row, column, columns, q)
 *                           tiles first .. last - 1 of the split, from that row and column on
 *   wide_tiles(rows, column, n, q)
 *                           one to three rows over several panels at a time, in steps of at most WIDE_COLUMNS from
 *                           `column` on; returns the column before n that comes next
 */

/* Rows of A that stay in the first-level cache while the panels of B go by, in floats. */
#define ROWS_BUDGET 3072

/*
 * One block of k, columns `start` to n. Tiles of rows are taken in groups that stay in cache while all panels pass by.
 */
static void product_block(int64_t m, int64_t start, int64_t n, const product *q)
{
    const row_split split = split_rows(m);
    const int64_t k = q->of[0].k + (q->count > 1 ? q->of[1].k : 0);
    const int64_t group = k * TILE_ROWS < ROWS_BUDGET ? ROWS_BUDGET / ((k + 1) * TILE_ROWS) + 1 : 1;
    const int64_t done = m > 0 && m <= 3 ? wide_tiles(m, start, n, q) : start;
    for (int64_t first = 0; first < split.tiles; first += group) {
        const int64_t last = split.tiles - first < group ? split.tiles : first + group;
        const int64_t row = first * split.height + (first < split.taller ? first : split.taller);
        for (int64_t column = done; column < n;) {
            const int64_t columns = tile_columns(n - column);
            column_tiles(split, first, last, row, column, columns, q);
            column += columns;
        }
    }
}

void WIDE(gemm)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *packed, float *c,
                int64_t ldc, int accumulate, const float *bias)
{
    product q = {{{a, packed, k, lda, k * PANEL}}, 1, accumulate, c, ldc, bias};
    for (; k > K_BLOCK; k -= K_BLOCK) {
        q.of[0].k = K_BLOCK;
        product_block(m, 0, n, &q);
        q.accumulate = 1;
        q.bias = NULL;
        q.of[0].a += K_BLOCK;
        q.of[0].b += K_BLOCK * PANEL;
    }
    q.of[0].k = k;
    product_block(m, 0, n, &q);
}

/* One row is bound by reading B: who goes back the way it came finds in the nearest cache what it read last. */
void WIDE(gemm_row)(int64_t n, int64_t k, const float *a, const float *packed, float *c, int accumulate,
                    const float *bias, int backwards)
{
    const int64_t whole = n / WIDE_COLUMNS * WIDE_COLUMNS;
    product q = {{{a, packed, k, k, k * PANEL}}, 1, accumulate, c, n, bias};
    if (!backwards || n * k <= NEAR || k > K_BLOCK) {
        WIDE(gemm)(1, n, k, a, k, packed, c, n, accumulate, bias);
        return;
    }
    product_block(1, whole, n, &q);
    for (int64_t column = whole; column > 0; column -= WIDE_COLUMNS) {
        (void)wide_tiles(1, column - WIDE_COLUMNS, column, &q);
    }
}

void WIDE(gemm_pair)(int64_t m, int64_t n, const seqd_factors *first, const seqd_factors *second, float *c,
                     int64_t ldc, int accumulate, const float *bias)
{
    if (first->k > K_BLOCK || second->k > K_BLOCK) {
        WIDE(gemm)(m, n, first->k, first->a, first->lda, first->packed, c, ldc, accumulate, bias);
        WIDE(gemm)(m, n, second->k, second->a, second->lda, second->packed, c, ldc, 1, NULL);
        return;
    }
    const product q = {{{first->a, first->packed, first->k, first->lda, first->k * PANEL},
                        {second->a, second->packed, second->k, second->lda, second->k * PANEL}},
                       2, accumulate, c, ldc, bias};
    product_block(m, 0, n, &q);
}
