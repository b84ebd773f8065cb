/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_BACKEND_ONEDNN_GUARD_H
#define SEQD_BACKEND_ONEDNN_GUARD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Beside oneDNN's own codes, which are not negative. */
#define SEQD_ONEDNN_NO_MEMORY (-1)
#define SEQD_ONEDNN_THREW (-2)

/*
 * call(user), which returns 0 or a code of oneDNN. oneDNN is C++ behind a C interface and lets exceptions out of it:
 * they end here as one of the two codes above. What `call` was making must be reachable from `user`, for the caller to
 * free. A thread that is cancelled passes through.
 */
int32_t seqd_onednn_guard(int32_t (*call)(void *user), void *user);

/* The guard around a call that also sees one OpenMP thread, wherever it is made; so does a child made by fork. */
int32_t seqd_onednn_run(int32_t (*call)(void *user), void *user);

/* To be run so before anything else is asked of oneDNN: it prints nothing, and its cache of primitives is capped. */
int32_t seqd_onednn_settle(void *unused);

#ifdef __cplusplus
}
#endif

#endif
