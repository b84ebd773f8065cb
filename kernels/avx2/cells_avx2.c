/* SPDX-License-Identifier: Apache-2.0 */
#include "avx2.h"
#include "vec_avx2.h"

#include "wide/cells.h"
