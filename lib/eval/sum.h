/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_EVAL_SUM_H
#define SEQD_EVAL_SUM_H

#include <math.h>

/*
 * A sum that keeps what rounding loses (Neumaier 1974), so that a measure over millions of points does not depend on
 * their order. Zero is the empty sum.
 */
typedef struct seqd_sum {
    double total, lost;
} seqd_sum;

static inline void seqd_sum_add(seqd_sum *sum, double x)
{
    const double total = sum->total + x;
    sum->lost += fabs(sum->total) >= fabs(x) ? (sum->total - total) + x : (x - total) + sum->total;
    sum->total = total;
}

static inline double seqd_sum_value(const seqd_sum *sum) { return sum->total + sum->lost; }

#endif
