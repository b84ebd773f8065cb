/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_VEC_AVX512_H
#define SEQD_KERNELS_VEC_AVX512_H

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) || !defined(__AVX512VL__) || \
    !defined(__AVX2__) || !defined(__FMA__)
#error "files of kernels/avx512 need -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma"
#endif

#include <immintrin.h>
#include <stdint.h>

/* Only static functions in here: one that is not could be picked by the linker for code that must run anywhere. */
#define SEQD_INLINE static inline __attribute__((always_inline))

/* The first `count` of 16 lanes; count may be below 0 (none) or above 16 (all). */
SEQD_INLINE __mmask16 mask16(int64_t count)
{
    unsigned limit = count < 0 ? 0 : count > 16 ? 16 : (unsigned)count;
    return (__mmask16)((1u << limit) - 1u);
}

/* `full` is a constant where these are inlined: the loop over whole vectors carries no mask. */
SEQD_INLINE __m512 load16(const float *p, int full, __mmask16 mask)
{
    return full ? _mm512_loadu_ps(p) : _mm512_maskz_loadu_ps(mask, p);
}

SEQD_INLINE void store16(float *p, __m512 x, int full, __mmask16 mask)
{
    if (full) {
        _mm512_storeu_ps(p, x);
    } else {
        _mm512_mask_storeu_ps(p, mask, x);
    }
}

#endif
