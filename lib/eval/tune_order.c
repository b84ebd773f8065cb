/* SPDX-License-Identifier: Apache-2.0 */
#include "tune.h"

#include <math.h>

int32_t seqd_tune_last_round(const seqd_tuner *tuner, int32_t trial)
{
    int32_t round = tuner->rounds - 1;
    while (round >= 0 && !seqd_tune_result_of(tuner, trial, round)->done) round--;
    return round;
}

int32_t seqd_tune_done(const seqd_tuner *tuner)
{
    int32_t count = 0;
    for (int64_t i = 0; i < (int64_t)tuner->trials * tuner->rounds; i++) count += tuner->results[i].done;
    return count;
}

int32_t seqd_tune_total(const seqd_tuner *tuner)
{
    int32_t count = 0;
    for (int32_t k = 0; k < tuner->rounds; k++) count += tuner->room[k];
    return count;
}

/* What ranks trials of one round: the less the better; NaN: none. */
static double cost(const seqd_tuner *tuner, int32_t trial, int32_t round)
{
    const seqd_tune_result *result = seqd_tune_result_of(tuner, trial, round);
    if (!result->done || result->status != SEQD_OK) return (double)NAN;
    const double value = result->values[tuner->metric];
    return tuner->measures->more_is_better[tuner->metric] ? -value : value;
}

/* Judged well; judged in vain; not yet judged. */
static int32_t standing(const seqd_tuner *tuner, int32_t trial, int32_t round)
{
    if (round < 0) return 2;
    return isnan(cost(tuner, trial, round)) ? 1 : 0;
}

static bool goes_before(const seqd_tuner *tuner, int32_t a, int32_t b)
{
    const int32_t round_a = seqd_tune_last_round(tuner, a), round_b = seqd_tune_last_round(tuner, b);
    const int32_t standing_a = standing(tuner, a, round_a), standing_b = standing(tuner, b, round_b);
    if (standing_a != standing_b) return standing_a < standing_b;
    if (round_a != round_b) return round_a > round_b;
    if (standing_a == 0) {
        const double x = cost(tuner, a, round_a), y = cost(tuner, b, round_b);
        if (x != y) return x < y;
    }
    return a < b;
}

/* By insertion: between two steps one trial moves. */
void seqd_tune_rank(seqd_tuner *tuner)
{
    for (int32_t i = 1; i < tuner->trials; i++) {
        const int32_t trial = tuner->order[i];
        int32_t j = i;
        for (; j > 0 && goes_before(tuner, trial, tuner->order[j - 1]); j--) tuner->order[j] = tuner->order[j - 1];
        tuner->order[j] = trial;
    }
}

/* The best `room` of the round before, in the order of their numbers. */
int32_t seqd_tune_entrants(seqd_tuner *tuner, int32_t round)
{
    int32_t *chosen = tuner->entrants, count = 0;
    for (int32_t t = 0; t < tuner->trials; t++) {
        const double mine = round == 0 ? 0 : cost(tuner, t, round - 1);
        int32_t better = 0;
        if (isnan(mine)) continue;
        for (int32_t o = 0; round > 0 && o < tuner->trials; o++) {
            const double other = cost(tuner, o, round - 1);
            better += other < mine || (other == mine && o < t);
        }
        if (better < tuner->room[round]) chosen[count++] = t;
    }
    return count;
}
