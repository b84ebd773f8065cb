/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge.h"

#include "_cgo_export.h"

static _Thread_local uintptr_t watching;

uintptr_t seqdemand_go_watch(uintptr_t watcher)
{
    const uintptr_t before = watching;
    watching = watcher;
    return before;
}

static int32_t on_progress(void *user, const seqd_progress *progress)
{
    (void)user;
    return watching ? seqdemandGoProgress(watching, (seqd_progress *)progress) : 0;
}

static void on_line(void *user, int32_t level, const char *line)
{
    seqdemandGoLog((uintptr_t)user, level, (char *)line);
}

int32_t seqdemand_go_set_progress(seqd_context *context, seqd_error *error)
{
    return seqd_context_set_progress(context, on_progress, NULL, error);
}

int32_t seqdemand_go_set_log(seqd_context *context, uintptr_t id, int32_t max_level, seqd_error *error)
{
    return seqd_context_set_log(context, on_line, (void *)id, max_level, error);
}
