/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_AVX512_H
#define SEQD_KERNELS_AVX512_H

#include "kernels.h"

/* The AVX-512 level: the sums and formulas of avx2 in vectors of 16, with the same bits. Contracts: kernels.h. */

#define LEVEL(name) seqd_avx512_##name
#include "level.h"
#undef LEVEL

extern const seqd_kernels seqd_kernels_avx512;

#endif
