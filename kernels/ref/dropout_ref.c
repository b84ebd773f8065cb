/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

/* Finalizer of a 32-bit hash with two products (constants: C. Wellons, hash-prospector, low bias). */
static uint32_t mixed(uint32_t x)
{
    x ^= x >> 16;
    x *= UINT32_C(0x21f0aaad);
    x ^= x >> 15;
    x *= UINT32_C(0xd35a2d97);
    return x ^ x >> 15;
}

void seqd_ref_dropout_mask(int64_t n, uint64_t key, uint32_t threshold, float keep, float *mask)
{
    const uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
    for (int64_t i = 0; i < n; i++) {
        mask[i] = mixed(mixed((uint32_t)i ^ low) + high) < threshold ? 0.0f : keep;
    }
}
