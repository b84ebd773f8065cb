/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_API_H
#define SEQD_API_H

#include <fenv.h>

#include "status.h"

/* Every exported function checks what it is given, calls down, and does nothing else. */
#define SEQD_NEED(pointer)                                                                               \
    do {                                                                                                 \
        if (!(pointer)) return seqd_fail(error, SEQD_E_ARG, "%s: '%s' is NULL", __func__, #pointer);     \
    } while (0)

/*
 * The floating-point environment of a call that computes: the default one, so that a host's rounding or flushing
 * changes no bit of a result; the host's own is put back, exception flags included.
 */
static inline void seqd_enter(fenv_t *host)
{
    fegetenv(host);
    fesetenv(FE_DFL_ENV);
}

static inline void seqd_leave(const fenv_t *host) { fesetenv(host); }

#define SEQD_COMPUTE(status, call) \
    do {                           \
        fenv_t seqd_host_;         \
        seqd_enter(&seqd_host_);   \
        (status) = (call);         \
        seqd_leave(&seqd_host_);   \
    } while (0)

#endif
