/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include <math.h>

#include "scalar_ref.h"

void seqd_ref_exp(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = expf(x[i]);
    }
}

void seqd_ref_log1p(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = log1pf(x[i]);
    }
}

void seqd_ref_sigmoid(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = seqd_ref_sigmoid1(x[i]);
    }
}

void seqd_ref_tanh(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = tanhf(x[i]);
    }
}

void seqd_ref_softplus(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = seqd_ref_softplus1(x[i]);
    }
}
