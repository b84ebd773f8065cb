/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_AVX2_H
#define SEQD_KERNELS_AVX2_H

#include "kernels.h"

/* The AVX2 and FMA level. The contracts stand in kernels.h. */

#define LEVEL(name) seqd_avx2_##name
#include "level.h"
#undef LEVEL

extern const seqd_kernels seqd_kernels_avx2;

#endif
