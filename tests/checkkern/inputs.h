/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECKKERN_INPUTS_H
#define CHECKKERN_INPUTS_H

#include "checkkern.h"

void inputs_seed(uint64_t seed);

#endif
