/* SPDX-License-Identifier: Apache-2.0 */
#include "head.h"

#include <math.h>
#include <string.h>

float seqd_head_center(const seqd_head *head, const float *o)
{
    switch (head->kind) {
    case SEQD_HEAD_MSE:
    case SEQD_HEAD_MAE: return o[0];
    case SEQD_HEAD_QUANTILE: return o[head->middle];
    case SEQD_HEAD_NEGBIN: break;
    }
    return o[0] > 30.0f ? o[0] : log1pf(expf(o[0])); /* softplus */
}

/* Numbers that o[0] of the head is a value of pass a lag on as it is. */
static bool takes_values(const seqd_head *head) { return head->kind != SEQD_HEAD_NEGBIN; }

void seqd_head_init_output(const seqd_head *head, int64_t lags, float *lag_weight, float *bias)
{
    memset(lag_weight, 0, (size_t)(head->width * lags) * sizeof *lag_weight);
    for (int64_t l = 0; takes_values(head) && l < lags; l++)
        lag_weight[head->middle * lags + l] = 1.0f / (float)lags;
    seqd_head_init_bias(head, bias);
}
