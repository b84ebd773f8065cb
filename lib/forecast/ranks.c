/* SPDX-License-Identifier: Apache-2.0 */
#include "ranks.h"

#include <math.h>
#include <stdlib.h>

/* Highest first. */
static int compare(const void *a, const void *b)
{
    const float x = ((const seqd_ranked *)a)->score, y = ((const seqd_ranked *)b)->score;
    return (x < y) - (x > y);
}

static int64_t count_belonging(const seqd_ranked *scores, int64_t count)
{
    int64_t belonging = 0;
    for (int64_t i = 0; i < count; i++) belonging += scores[i].belongs;
    return belonging;
}

/* End of the run of equal scores that begins at i; *hits takes those of it that belong. */
static int64_t run_of(const seqd_ranked *scores, int64_t count, int64_t i, int64_t *hits)
{
    const float score = scores[i].score;
    *hits = 0;
    for (; i < count && scores[i].score == score; i++) *hits += scores[i].belongs;
    return i;
}

void seqd_rank_areas(seqd_ranked *scores, int64_t count, double *auroc, double *aupr)
{
    if (count > 0) qsort(scores, (size_t)count, sizeof *scores, compare);
    const int64_t belonging = count_belonging(scores, count), others = count - belonging;
    double above = 0.0, precision = 0.0; /* pairs in order, ties half; sum of precision times hits */
    int64_t seen = 0, hits = 0;
    for (int64_t i = 0; i < count;) {
        int64_t run_hits;
        const int64_t end = run_of(scores, count, i, &run_hits);
        const int64_t run_others = end - i - run_hits;
        above += (double)run_others * ((double)hits + 0.5 * (double)run_hits);
        seen += end - i;
        hits += run_hits;
        precision += (double)run_hits * (double)hits / (double)seen;
        i = end;
    }
    *auroc = belonging > 0 && others > 0 ? above / ((double)belonging * (double)others) : (double)NAN;
    *aupr = belonging > 0 ? precision / (double)belonging : (double)NAN;
}

double seqd_best_threshold(seqd_ranked *scores, int64_t count)
{
    if (count > 0) qsort(scores, (size_t)count, sizeof *scores, compare);
    const int64_t belonging = count_belonging(scores, count);
    double best = -1.0, threshold = 0.5;
    int64_t hits = 0;
    for (int64_t i = 0; i < count && belonging > 0;) {
        int64_t run_hits;
        const int64_t end = run_of(scores, count, i, &run_hits);
        hits += run_hits;
        const double f1 = 2.0 * (double)hits / (double)(belonging + end);
        if (f1 > best) {
            const double here = (double)scores[i].score, next = end < count ? (double)scores[end].score : 0.0;
            best = f1;
            threshold = 0.5 * (here + next);
        }
        i = end;
    }
    return threshold;
}
