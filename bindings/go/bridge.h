/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_GO_BRIDGE_H
#define SEQDEMAND_GO_BRIDGE_H

#include <seqdemand/seqdemand.h>

/*
 * Progress belongs to a context, and a context to many goroutines. One callback therefore serves a context all its
 * life, and asks who is watching the call that runs on this thread: nobody (0), or a handle of Go.
 * Answers with who watched before.
 */
uintptr_t seqdemand_go_watch(uintptr_t watcher);
int32_t seqdemand_go_set_progress(seqd_context *context, seqd_error *error);

/* Lines of the log go to the function that Go keeps under `id`. */
int32_t seqdemand_go_set_log(seqd_context *context, uintptr_t id, int32_t max_level, seqd_error *error);

#endif
