/* SPDX-License-Identifier: Apache-2.0 */
#include "head.h"

#include <math.h>
#include <string.h>

float seqd_head_center(const seqd_head *head, const float *o)
{
    if (!seqd_head_is_positive(head)) return o[head->middle];
    const float mean = o[0] > 30.0f ? o[0] : log1pf(expf(o[0])); /* softplus */
    return head->kind == SEQD_HEAD_ZERO_NEGBIN ? mean / (1.0f + expf(o[2])) : mean;
}

void seqd_head_init_output(const seqd_head *head, int64_t lags, float *lag_weight, float *bias)
{
    /* heads of values pass a lag on as it is */
    memset(lag_weight, 0, (size_t)(head->width * lags) * sizeof *lag_weight);
    for (int64_t l = 0; !seqd_head_is_positive(head) && l < lags; l++)
        lag_weight[head->middle * lags + l] = 1.0f / (float)lags;
    seqd_head_init_bias(head, bias);
}
