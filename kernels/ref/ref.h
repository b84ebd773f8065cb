/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_REF_H
#define SEQD_KERNELS_REF_H

#include "kernels.h"

/* The plain C level: the definition of what each kernel computes. The contracts stand in kernels.h. */

#define LEVEL(name) seqd_ref_##name
#include "level.h"
#undef LEVEL

extern const seqd_kernels seqd_kernels_ref;

#endif
