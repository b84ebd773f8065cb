/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "inventory.h"

/* The value that has `rank` values below it in order; reorders `values` (Hoare's selection). */
static double select_rank(double *values, int64_t count, int64_t rank)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        const double pivot = values[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i > j) break;
            const double swap = values[i];
            values[i++] = values[j];
            values[j--] = swap;
        }
        if (rank <= j)
            high = j;
        else if (rank >= i)
            low = i;
        else
            break;
    }
    return values[rank];
}

/* The ceil(level * count)-th smallest (Hyndman & Fan 1996, type 1). 0.07 * 100 is a little above 7, and not the 8th. */
double seqd_order_quantile(double *values, int64_t count, double level)
{
    const double place = level * (double)count;
    const double nearest = floor(place + 0.5);
    int64_t rank = (int64_t)(fabs(place - nearest) < 1e-9 * (double)count ? nearest : ceil(place));
    if (rank < 1) rank = 1;
    if (rank > count) rank = count;
    return select_rank(values, count, rank - 1);
}

/* What is asked for in the review period and not there: beyond `level` at its end, less what was so at its beginning. */
static double shortage(const double *lead, const double *protection, int64_t paths, double level)
{
    double sum = 0;
    for (int64_t i = 0; i < paths; i++) sum += fmax(protection[i] - level, 0) - fmax(lead[i] - level, 0);
    return sum;
}

static double demand(const double *lead, const double *protection, int64_t paths)
{
    double sum = 0;
    for (int64_t i = 0; i < paths; i++) sum += protection[i] - lead[i];
    return sum;
}

double seqd_fill_rate(const double *lead, const double *protection, int64_t paths, double stock_level)
{
    const double asked = demand(lead, protection, paths);
    return asked > 0 ? 1 - shortage(lead, protection, paths, stock_level) / asked : 1;
}

double seqd_fill_rate_level(const double *lead, const double *protection, int64_t paths, double fill_rate)
{
    const double allowed = (1 - fill_rate) * demand(lead, protection, paths);
    double low = 0, high = 0;
    for (int64_t i = 0; i < paths; i++) high = fmax(high, protection[i]);
    if (shortage(lead, protection, paths, low) <= allowed) return low;
    for (int halving = 0; halving < 60; halving++) { /* the shortage falls as the level rises */
        const double middle = low + (high - low) / 2;
        if (shortage(lead, protection, paths, middle) <= allowed)
            high = middle;
        else
            low = middle;
    }
    return high;
}
