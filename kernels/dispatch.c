/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels.h"

#include <stdatomic.h>
#include <string.h>

#include "ref/ref.h"

#ifdef SEQD_HAVE_AVX2
#include <cpuid.h>

#include "avx2/avx2.h"
#ifdef SEQD_HAVE_AVX512
#include "avx512/avx512.h"
#endif

/* The register state the operating system saves: XCR0. Only to be asked once OSXSAVE is known to be there. */
static uint64_t saved_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool runs_avx2(void)
{
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) {
        return false;
    }
    const uint32_t wanted = bit_OSXSAVE | bit_AVX | bit_FMA;
    if ((c & wanted) != wanted) {
        return false;
    }
    const uint64_t sse_and_avx = 0x6;
    if ((saved_state() & sse_and_avx) != sse_and_avx) {
        return false;
    }
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2) != 0;
}

#ifdef SEQD_HAVE_AVX512
/* To be asked once runs_avx2 has said yes. */
static bool runs_avx512(void)
{
    uint32_t a, b, c, d;
    const uint32_t wanted = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & wanted) != wanted) {
        return false;
    }
    const uint64_t masks_and_zmm = 0xe0; /* opmask, upper halves of zmm0..15, zmm16..31 */
    return (saved_state() & masks_and_zmm) == masks_and_zmm;
}
#endif
#endif

static const seqd_kernels *const levels[] = {
    &seqd_kernels_ref,
#ifdef SEQD_HAVE_AVX2
    &seqd_kernels_avx2,
#endif
#ifdef SEQD_HAVE_AVX512
    &seqd_kernels_avx512,
#endif
};

static int32_t detect(void)
{
    int32_t count = 1;
#ifdef SEQD_HAVE_AVX2
    count += runs_avx2() ? 1 : 0;
#endif
#ifdef SEQD_HAVE_AVX512
    count += count == 2 && runs_avx512() ? 1 : 0;
#endif
    return count;
}

int32_t seqd_kernels_count(void)
{
    /* 0: not asked yet. Threads that ask at once all find the same answer, so it is no matter who stores it. */
    static atomic_int known;
    int count = atomic_load_explicit(&known, memory_order_relaxed);
    if (count == 0) {
        count = detect();
        atomic_store_explicit(&known, count, memory_order_relaxed);
    }
    return count;
}

const seqd_kernels *seqd_kernels_at(int32_t index)
{
    return index >= 0 && index < seqd_kernels_count() ? levels[index] : NULL;
}

const seqd_kernels *seqd_kernels_find(const char *level)
{
    int32_t count = seqd_kernels_count();
    if (level == NULL || strcmp(level, "auto") == 0) {
        return levels[count - 1];
    }
    for (int32_t i = 0; i < count; i++) {
        if (strcmp(level, levels[i]->level) == 0) {
            return levels[i];
        }
    }
    return NULL;
}
