/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/context.h>

#include <string.h>

#include "api.h"
#include "backend.h"
#include "context.h"
#include "parallel.h"

uint32_t seqd_version_number(void) { return SEQD_VERSION_NUMBER; }

const char *seqd_version_string(void) { return SEQD_VERSION_TEXT; }

const char *seqd_build_info(void) { return SEQD_BUILD_INFO; }

const char *seqd_status_name(int32_t status) { return seqd_status_name_of(status); }

const char *seqd_status_text(int32_t status) { return seqd_status_text_of(status); }

int32_t seqd_context_create(const seqd_allocator *allocator, seqd_context **out, seqd_error *error)
{
    SEQD_NEED(out);
    return seqd_context_new(allocator, out, error);
}

void seqd_context_release(seqd_context *context) { seqd_context_drop(context); }

int32_t seqd_context_set_log(seqd_context *context, seqd_log_fn log, void *user, int32_t max_level, seqd_error *error)
{
    SEQD_NEED(context);
    if (max_level < SEQD_LOG_ERROR || max_level > SEQD_LOG_DEBUG)
        return seqd_fail(error, SEQD_E_ARG, "log level %d is not in 0..3", (int)max_level);
    context->log = log;
    context->log_user = user;
    context->log_level = max_level;
    return SEQD_OK;
}

int32_t seqd_context_set_progress(seqd_context *context, seqd_progress_fn progress, void *user, seqd_error *error)
{
    SEQD_NEED(context);
    context->progress = progress;
    context->progress_user = user;
    return SEQD_OK;
}

int32_t seqd_context_set_threads(seqd_context *context, int32_t threads, seqd_error *error)
{
    SEQD_NEED(context);
    if (threads < 0 || threads > 1024)
        return seqd_fail(error, SEQD_E_ARG, "threads must be in 0..1024, not %d", (int)threads);
    context->threads = threads == 0 ? seqd_processor_count() : threads;
    return SEQD_OK;
}

int32_t seqd_context_get_threads(const seqd_context *context) { return context ? context->threads : 0; }

int32_t seqd_context_set_kernels(seqd_context *context, const char *level, seqd_error *error)
{
    SEQD_NEED(context);
    SEQD_NEED(level);
    const seqd_kernels *kernels = seqd_kernels_find(level);
    if (!kernels) {
        char quoted[SEQD_QUOTE_SIZE];
        const size_t length = strlen(level);
        return seqd_fail(error, SEQD_E_UNSUPPORTED, "kernels '%s' are unknown or do not run on this processor",
                         seqd_quote(level, length, quoted));
    }
    context->kernel_level = kernels->level;
    return SEQD_OK;
}

const char *seqd_context_get_kernels(const seqd_context *context)
{
    const seqd_kernels *kernels = context ? seqd_kernels_find(context->kernel_level) : NULL;
    return kernels ? kernels->level : "";
}

int32_t seqd_context_set_limit(seqd_context *context, const char *name, int64_t value, seqd_error *error)
{
    SEQD_NEED(context);
    return seqd_context_limit(context, name, value, error);
}

int64_t seqd_context_memory_in_use(const seqd_context *context)
{
    return context ? (int64_t)atomic_load(&((seqd_context *)(uintptr_t)context)->memory_in_use) : 0;
}
