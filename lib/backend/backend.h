/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_BACKEND_H
#define SEQD_BACKEND_H

#include <seqdemand/context.h>

#include "kernels.h"

/*
 * A backend is a complete table of kernels: "native" is the table of a level as it is; "onednn" is the same with the
 * matrix products answered by oneDNN. A network takes one table and asks no further.
 *
 * Errors: SEQD_E_UNSUPPORTED when the build has no oneDNN, or when its known-answer test fails on this machine.
 */
int32_t seqd_backend_find(const seqd_context *context, const char *name, const seqd_kernels **out,
                          seqd_error *error);

/* Version of the oneDNN this was built with, or "no". */
const char *seqd_backend_onednn_version(void);

/* onednn.c: the table on top of `base`, or NULL when this machine cannot run it. */
const seqd_kernels *seqd_onednn_kernels(const seqd_kernels *base);

#endif
