/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHMARKS_TIMING_H
#define BENCHMARKS_TIMING_H

#include <stdlib.h>
#include <time.h>

/* Seconds of a clock: CLOCK_MONOTONIC for what a call takes. */
static inline double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline double now_ms(void) { return 1e3 * seconds(CLOCK_MONOTONIC); }

static inline int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Rising, so that medians and percentiles can be read off. */
static inline void sort_times(double *times, size_t count) { qsort(times, count, sizeof *times, by_value); }

#endif
