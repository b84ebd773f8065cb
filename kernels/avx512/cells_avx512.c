/* SPDX-License-Identifier: Apache-2.0 */
#include "avx512.h"
#include "vec_avx512.h"

#include "wide/cells.h"
