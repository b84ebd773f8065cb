/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECKKERN_HARNESS_H
#define CHECKKERN_HARNESS_H

#include "checkkern.h"

bool harness_start(void); /* maps the arena; false when the system refuses */
void harness_signals(void);

/*
 * Calls the kernel once with its arrays in the arena, at the back or the front of their slots. `result[i]` takes the
 * dense content of each written array. Returns NULL or what was wrong besides the numbers.
 */
const char *harness_call(const check_case *check, const seqd_kernels *kernels, bool back, float *const *result,
                         double *returned);

#endif
