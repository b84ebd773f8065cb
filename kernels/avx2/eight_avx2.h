/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_EIGHT_AVX2_H
#define SEQD_KERNELS_EIGHT_AVX2_H

/*
 * What both vector levels do in vectors of 8, in the same instructions: the end of their sums, and blocks turned on
 * their side. Included by vec_avx2.h and vec_avx512.h.
 */
typedef __m256 vec_eight;
#define eight_all _mm256_set1_ps
#define eight_zero _mm256_setzero_ps
#define eight_fma _mm256_fmadd_ps
#define eight_mul _mm256_mul_ps

/* The sums of 8 vectors: lane i takes that of row[i], ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)) of its lanes. */
SEQD_INLINE __m256 eight_sums(const vec_eight *row)
{
    const __m256 a = _mm256_hadd_ps(_mm256_hadd_ps(row[0], row[1]), _mm256_hadd_ps(row[2], row[3]));
    const __m256 b = _mm256_hadd_ps(_mm256_hadd_ps(row[4], row[5]), _mm256_hadd_ps(row[6], row[7]));
    return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
}

/* The same of one vector. */
SEQD_INLINE float eight_sum(__m256 x)
{
    const __m128 low = _mm256_castps256_ps128(x), high = _mm256_extractf128_ps(x, 1);
    const __m128 pairs = _mm_hadd_ps(low, high), fours = _mm_hadd_ps(pairs, pairs);
    return _mm_cvtss_f32(_mm_add_ss(fours, _mm_movehdup_ps(fours)));
}

/* The first `count` numbers, 1 to 8. A masked store takes many times as long on some processors. */
SEQD_INLINE vec_eight eight_load(const float *p, int64_t count)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return count >= 8 ? _mm256_loadu_ps(p)
                      : _mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lanes));
}

SEQD_INLINE void eight_store(float *p, vec_eight x, int64_t count)
{
    if (count >= 8) {
        _mm256_storeu_ps(p, x);
        return;
    }
    __m128 rest = _mm256_castps256_ps128(x);
    if (count & 4) {
        _mm_storeu_ps(p, rest);
        rest = _mm256_extractf128_ps(x, 1);
        p += 4;
    }
    if (count & 2) {
        _mm_storel_pi((__m64 *)(void *)p, rest);
        rest = _mm_movehl_ps(rest, rest);
        p += 2;
    }
    if (count & 1) {
        _mm_store_ss(p, rest);
    }
}

/* Rows become columns. */
SEQD_INLINE void eight_turn(vec_eight *row)
{
    vec_eight pair[8], four[8];
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        four[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
        four[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
        four[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        four[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        row[i] = _mm256_permute2f128_ps(four[i], four[i + 4], 0x20);
        row[i + 4] = _mm256_permute2f128_ps(four[i], four[i + 4], 0x31);
    }
}

#endif
