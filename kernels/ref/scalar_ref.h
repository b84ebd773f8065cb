/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_SCALAR_REF_H
#define SEQD_KERNELS_SCALAR_REF_H

#include <math.h>

/* exp is asked for negative arguments only: it cannot overflow, and small results keep all their digits. */
static inline float seqd_ref_sigmoid1(float x)
{
    float z = expf(-fabsf(x));
    return (x < 0.0f ? z : 1.0f) / (1.0f + z);
}

static inline float seqd_ref_softplus1(float x)
{
    float tail = log1pf(expf(-fabsf(x)));
    return x > 0.0f ? x + tail : tail;
}

#endif
