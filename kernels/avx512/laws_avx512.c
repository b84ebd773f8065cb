/* SPDX-License-Identifier: Apache-2.0 */
#include "avx512.h"
#include "math_avx512.h"

#include "wide/laws.h"
