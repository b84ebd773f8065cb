/* SPDX-License-Identifier: Apache-2.0 */
#include "avx2.h"
#include "math_avx2.h"

#include "wide/laws.h"
