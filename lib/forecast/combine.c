/* SPDX-License-Identifier: Apache-2.0 */
#include "combine.h"

#include <math.h>
#include <string.h>

static const double common_levels[SEQD_COMMON_LEVELS] = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2,  0.25, 0.3, 0.35, 0.4,   0.45, 0.5,
    0.55,  0.6,  0.65,  0.7,  0.75, 0.8, 0.85, 0.9,  0.95, 0.975, 0.99, 0.995,
};

double seqd_middle_of(double *values, int32_t count, bool median)
{
    double sum = 0.0;
    if (!median) {
        for (int32_t i = 0; i < count; i++) sum += values[i];
        return sum / count;
    }
    for (int32_t i = 1; i < count; i++) { /* few */
        const double value = values[i];
        int32_t at = i;
        for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1];
        values[at] = value;
    }
    return count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

/* Is the mean of two members' parameters a distribution between theirs? */
static bool alike(const seqd_dist *a, const seqd_dist *b)
{
    if (a->kind != b->kind || a->floor != b->floor) return false;
    if (a->kind == SEQD_DIST_NORMAL || a->kind == SEQD_DIST_NEGBIN) return true;
    return a->kind == SEQD_DIST_QUANTILES && a->level_count == b->level_count &&
           memcmp(a->levels, b->levels, (size_t)a->level_count * sizeof *a->levels) == 0;
}

void seqd_mixture_set(seqd_mixture *mixture, const seqd_dist *const *members, int32_t count, bool median)
{
    memset(mixture, 0, sizeof *mixture);
    mixture->count = count;
    mixture->members = members;
    mixture->median = median;
    mixture->parameters = alike(members[0], members[0]);
    for (int32_t i = 1; i < count; i++) mixture->parameters = mixture->parameters && alike(members[0], members[i]);
    seqd_dist *dist = &mixture->dist;
    if (mixture->parameters) {
        *dist = *members[0];
        return;
    }
    dist->kind = SEQD_DIST_QUANTILES;
    dist->level_count = SEQD_COMMON_LEVELS;
    dist->width = 1 + SEQD_COMMON_LEVELS;
    memcpy(dist->levels, common_levels, sizeof common_levels);
    dist->floor = members[0]->floor;
    for (int32_t i = 1; i < count; i++)
        if (members[i]->floor < dist->floor) dist->floor = members[i]->floor;
}

void seqd_mixture_step(const seqd_mixture *mixture, const float *const *p, double *scratch, float *out)
{
    const int32_t count = mixture->count, width = mixture->dist.width;
    const bool told = mixture->dist.kind == SEQD_DIST_QUANTILES; /* what is told has a floor, what is learned has none */
    for (int32_t w = 0; w < width; w++) {
        for (int32_t i = 0; i < count; i++) {
            const seqd_dist *member = mixture->members[i];
            if (!mixture->parameters && w > 0)
                scratch[i] = seqd_dist_quantile(member, p[i], mixture->dist.levels[w - 1]);
            else
                scratch[i] = told ? fmax((double)p[i][w], member->floor) : (double)p[i][w];
        }
        out[w] = (float)seqd_middle_of(scratch, count, mixture->median);
    }
}
