/* SPDX-License-Identifier: Apache-2.0 */
#include "optim.h"

#include <math.h>

double seqd_update_rate(const seqd_update *update, int64_t n)
{
    if (n < update->warmup) return update->rate * (double)(n + 1) / (double)update->warmup;
    switch (update->schedule) {
    case SEQD_SCHEDULE_COSINE: {
        if (update->total == 0) break; /* its end is not known yet */
        const double length = (double)(update->total - update->warmup);
        double done = length > 0.0 ? (double)(n - update->warmup) / length : 1.0;
        if (done > 1.0) done = 1.0;
        return update->rate * 0.5 * (1.0 + cos(3.14159265358979323846 * done));
    }
    case SEQD_SCHEDULE_STEP:
        return update->rate * pow(update->gamma, (double)((n - update->warmup) / update->step_size));
    case SEQD_SCHEDULE_PLATEAU: return update->rate * pow(update->gamma, (double)update->cuts);
    case SEQD_SCHEDULE_CONSTANT: break;
    }
    return update->rate;
}

void seqd_update_restart(seqd_update *update)
{
    update->start = update->steps;
    update->cuts = update->waited = 0;
    update->best = HUGE_VAL;
}

void seqd_update_observe(seqd_update *update, double value)
{
    if (update->schedule != SEQD_SCHEDULE_PLATEAU) return;
    if (value < update->best) {
        update->best = value;
        update->waited = 0;
    } else if (++update->waited > update->patience) {
        update->cuts++;
        update->waited = 0;
    }
}
