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

static void blend(int64_t n, float decay, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) y[i] = decay * y[i] + (1.0f - decay) * x[i];
}

void seqd_average_range(const seqd_kernels *k, const seqd_average *average, const seqd_update *update, float decay,
                        int64_t first, int64_t count, const float *parameters)
{
    const int64_t end = first + count;
    (void)k;
    for (int32_t i = 0; i < update->part_count; i++) {
        const seqd_update_part *part = &update->parts[i];
        const int64_t from = part->first > first ? part->first : first;
        const int64_t to = part->first + part->count < end ? part->first + part->count : end;
        if (from < to && !part->frozen) blend(to - from, decay, parameters + from, average->values + from);
    }
}
