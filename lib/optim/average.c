/* SPDX-License-Identifier: Apache-2.0 */
#include "optim.h"

#include <string.h>

#include "alloc.h"

int32_t seqd_average_create(seqd_context *context, const seqd_options *options, int64_t count, seqd_average *average,
                            seqd_error *error)
{
    memset(average, 0, sizeof *average);
    average->decay = seqd_option_f64(options, SEQD_OPT_EMA_DECAY);
    if (!(average->decay > 0.0)) return SEQD_OK;
    average->values = seqd_alloc_array(context, (size_t)count, sizeof(float));
    return average->values ? SEQD_OK : seqd_fail_alloc(context, (size_t)count * sizeof(float), error);
}

void seqd_average_clear(seqd_context *context, seqd_average *average)
{
    seqd_free(context, average->values);
    average->values = NULL;
}

void seqd_average_start(seqd_average *average, int64_t count, const float *parameters)
{
    if (!average->values) return;
    memcpy(average->values, parameters, (size_t)count * sizeof *parameters);
    average->steps = 0;
}

float seqd_average_begin(seqd_average *average)
{
    const double t = (double)++average->steps, warm = t / (t + 10.0);
    return (float)(warm < average->decay ? warm : average->decay);
}

void seqd_average_range(const seqd_kernels *k, const seqd_average *average, const seqd_update *update, float decay,
                        int64_t first, int64_t count, const float *parameters)
{
    const int64_t end = first + count;
    for (int32_t i = 0; i < update->part_count; i++) {
        const seqd_update_part *part = &update->parts[i];
        const int64_t from = part->first > first ? part->first : first;
        const int64_t to = part->first + part->count < end ? part->first + part->count : end;
        if (from < to && !part->frozen)
            k->blend(to - from, decay, average->values + from, 1.0f - decay, parameters + from);
    }
}
