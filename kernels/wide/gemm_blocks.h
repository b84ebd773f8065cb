/* SPDX-License-Identifier: Apache-2.0 */

/*
 * For every vector level: how both matrix products are cut. The level's tile header includes this after it has defined
 * TILE_ROWS, the most rows of one tile of C. Panels and blocks of k are alike at all levels, and with them the order of
 * sums: that is why levels give equal bits.
 */
#define PANEL 16    /* columns of B stored together: [k][16], filled up with zeros */
#define NEAR 8192       /* floats that the nearest cache holds */
#define WIDE_COLUMNS 64 /* of a tile of one row */
#define K_BLOCK 256 /* a panel of this depth takes 16 KB: half of the smallest first-level cache */

/* `rows` cut into the fewest tiles, whose heights differ by at most one. */
typedef struct row_split {
    int64_t tiles, height, taller; /* the first `taller` tiles have height + 1 rows */
} row_split;

SEQD_INLINE row_split split_rows(int64_t rows)
{
    row_split s = {(rows + TILE_ROWS - 1) / TILE_ROWS, 0, 0};
    if (s.tiles > 0) {
        s.height = rows / s.tiles;
        s.taller = rows % s.tiles;
    }
    return s;
}

/* Takes from the compiler what it knew of a value, and with it what it made of that before. */
#define FORGET(value) __asm__("" : "+r"(value))

/* A factor A of a product, and B in panels that lie panel_stride apart; `k` is the depth of this block. */
typedef struct factors {
    const float *a, *b;
    int64_t k, lda, panel_stride;
} factors;

/* C = (C +) bias + the products of one or two pairs of factors, the second added to the sums of the first. */
typedef struct product {
    factors of[2];
    int count, accumulate;
    float *c;
    int64_t ldc;
    const float *bias;
} product;

/*
 * One block of gemm_tn, A of which lies across: `k` deep, rows of B b_step apart, the columns of the next panel
 * panel_stride behind those of one.
 */
typedef struct tn_block {
    int64_t k, lda, ldc, b_step, panel_stride;
} tn_block;
