/* SPDX-License-Identifier: Apache-2.0 */

/*
 * For every vector level: the file that includes this has included the level's header first, which gives `vec`, its
 * operations and WIDE(name), the level's name of a kernel.
 */

/* The hash of kernels/ref/dropout_ref.c. */
SEQD_INLINE vec_int mixed(vec_int x)
{
    x = vec_int_mul(vec_int_xor(x, vec_int_right(x, 16)), vec_int_all(0x21f0aaad));
    x = vec_int_mul(vec_int_xor(x, vec_int_right(x, 15)), vec_int_all((int)0xd35a2d97));
    return vec_int_xor(x, vec_int_right(x, 15));
}

void WIDE(dropout_mask)(int64_t n, uint64_t key, uint32_t threshold, float keep, float *mask)
{
    const vec_int low = vec_int_all((int)(uint32_t)key), high = vec_int_all((int)(uint32_t)(key >> 32));
    const vec_int limit = vec_int_all((int)threshold), stride = vec_int_all(VEC_WIDTH);
    const vec kept = vec_all(keep);
    vec_int at = VEC_COUNTING;
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        const vec_int bits = mixed(vec_int_add(mixed(vec_int_xor(at, low)), high));
        vec_store(mask + i, vec_from_threshold(bits, limit, kept), 1, VEC_NONE);
        at = vec_int_add(at, stride);
    }
    if (i < n) {
        const vec_int bits = mixed(vec_int_add(mixed(vec_int_xor(at, low)), high));
        vec_store(mask + i, vec_from_threshold(bits, limit, kept), 0, vec_first(n - i));
    }
}
