/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_WIDE_POSITIONS_H
#define SEQD_KERNELS_WIDE_POSITIONS_H

/*
 * Forecast losses go over LANES positions at a time, whatever the width of a vector, and each lane has a sum of losses
 * of its own: so the order of the sums is that of every level.
 */
enum { BLOCK = 4 * LANES };

SEQD_INLINE double lane_total(const double *total)
{
    double half[LANES / 2];
    for (int lane = 0; lane < LANES / 2; lane++) {
        half[lane] = total[lane] + total[lane + LANES / 2];
    }
    return ((half[0] + half[4]) + (half[2] + half[6])) + ((half[1] + half[5]) + (half[3] + half[7]));
}

/* LANES positions of `width` numbers each, of which `count` are there, to LANES of each number, and back. */
SEQD_INLINE void spread_out(int64_t count, int64_t width, const float *from, float *o)
{
    for (int64_t lane = 0; lane < LANES; lane += 8) {
        for (int64_t i = 0; i < width; i += 8) {
            const int64_t numbers = width - i < 8 ? width - i : 8;
            vec_eight row[8];
            for (int64_t r = 0; r < 8; r++) { /* lanes behind the end repeat the last position */
                const int64_t position = lane + r < count ? lane + r : count - 1;
                row[r] = eight_load(from + position * width + i, numbers);
            }
            eight_turn(row);
            for (int64_t r = 0; r < numbers; r++) {
                eight_store(o + (i + r) * LANES + lane, row[r], 8);
            }
        }
    }
}

SEQD_INLINE void gather_in(int64_t count, int64_t width, const float *o, float *to)
{
    for (int64_t lane = 0; lane < count; lane += 8) {
        for (int64_t i = 0; i < width; i += 8) {
            const int64_t numbers = width - i < 8 ? width - i : 8, rows = count - lane < 8 ? count - lane : 8;
            vec_eight row[8];
            for (int64_t r = 0; r < 8; r++) {
                row[r] = r < numbers ? eight_load(o + (i + r) * LANES + lane, 8) : eight_zero();
            }
            eight_turn(row);
            for (int64_t r = 0; r < rows; r++) {
                eight_store(to + (lane + r) * width + i, row[r], numbers);
            }
        }
    }
}

#endif
