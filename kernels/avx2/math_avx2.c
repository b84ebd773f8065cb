/* SPDX-License-Identifier: Apache-2.0 */
#include "math_avx2.h"

#include "avx2.h"

/* One function over an array: whole vectors, then the rest through a mask. */
#define ARRAY_FUNCTION(name, function8)                                            \
    void name(int64_t n, const float *x, float *y)                                 \
    {                                                                              \
        int64_t i = 0;                                                             \
        for (; i + 8 <= n; i += 8) {                                               \
            _mm256_storeu_ps(y + i, function8(_mm256_loadu_ps(x + i)));            \
        }                                                                          \
        if (i < n) {                                                               \
            __m256i mask = mask8(n - i);                                           \
            _mm256_maskstore_ps(y + i, mask, function8(_mm256_maskload_ps(x + i, mask))); \
        }                                                                          \
    }

ARRAY_FUNCTION(seqd_avx2_exp, exp8)
ARRAY_FUNCTION(seqd_avx2_log1p, log1p8)
ARRAY_FUNCTION(seqd_avx2_sigmoid, sigmoid8)
ARRAY_FUNCTION(seqd_avx2_tanh, tanh8)
ARRAY_FUNCTION(seqd_avx2_softplus, softplus8)
