/* SPDX-License-Identifier: Apache-2.0 */
#include "math_avx512.h"

#include "avx512.h"

/* One function over an array: whole vectors, then the rest through a mask. */
#define ARRAY_FUNCTION(name, function16)                                                       \
    void name(int64_t n, const float *x, float *y)                                             \
    {                                                                                          \
        int64_t i = 0;                                                                         \
        for (; i + 16 <= n; i += 16) {                                                         \
            _mm512_storeu_ps(y + i, function16(_mm512_loadu_ps(x + i)));                       \
        }                                                                                      \
        if (i < n) {                                                                           \
            __mmask16 mask = mask16(n - i);                                                    \
            _mm512_mask_storeu_ps(y + i, mask, function16(_mm512_maskz_loadu_ps(mask, x + i)));\
        }                                                                                      \
    }

ARRAY_FUNCTION(seqd_avx512_exp, exp16)
ARRAY_FUNCTION(seqd_avx512_log1p, log1p16)
ARRAY_FUNCTION(seqd_avx512_sigmoid, sigmoid16)
ARRAY_FUNCTION(seqd_avx512_tanh, tanh16)
ARRAY_FUNCTION(seqd_avx512_softplus, softplus16)
