/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_BACKEND_H
#define SEQD_BACKEND_H

#include <seqdemand/context.h>

#include "kernels.h"

/*
 * Who computes a network: "native" is the kernels of a level as they are; "onednn" runs recurrent layers on oneDNN's
 * primitives (recurrent.h) and has its matrix products in the table of kernels; "auto" takes for each layer what
 * benchmarks/README.md shows to be faster.
 */
typedef enum seqd_backend_kind { SEQD_BACKEND_AUTO, SEQD_BACKEND_NATIVE, SEQD_BACKEND_ONEDNN } seqd_backend_kind;

typedef struct seqd_backend {
    seqd_backend_kind kind;
    const seqd_kernels *kernels; /* for everything but recurrent layers */
    const seqd_kernels *native;  /* of the level itself */
} seqd_backend;

/*
 * Errors: SEQD_E_UNSUPPORTED when the build has no oneDNN, or when its known-answer test fails on this machine;
 * SEQD_E_NOMEM, SEQD_E_LIMIT.
 */
int32_t seqd_backend_find(seqd_context *context, const char *name, seqd_backend *out, seqd_error *error);

/* Version of the oneDNN this was built with, or "no". */
const char *seqd_backend_onednn_version(void);

/* onednn.c: the table on top of `base`, or NULL when this machine cannot run it. */
const seqd_kernels *seqd_onednn_kernels(const seqd_kernels *base);

#endif
