/* SPDX-License-Identifier: Apache-2.0 */
#include "context.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "status.h"
#include "text.h"

static void *default_allocate(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void default_release(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

int32_t seqd_context_new(const seqd_allocator *allocator, seqd_context **out, seqd_error *error)
{
    if (!out) return seqd_fail(error, SEQD_E_ARG, "no place for the context was given");
    seqd_allocator chosen = { (uint32_t)sizeof chosen, NULL, default_allocate, default_release };
    if (allocator) {
        seqd_allocator given = { 0, NULL, NULL, NULL };
        SEQD_CHECK(seqd_take_struct(&given, sizeof given, allocator, SEQD_SIZE_THROUGH(seqd_allocator, release),
                                    "allocator", error));
        if (!given.allocate != !given.release)
            return seqd_fail(error, SEQD_E_ARG, "an allocator needs both functions or none");
        if (given.allocate) chosen = given;
    }
    seqd_context *context = chosen.allocate(chosen.user, sizeof *context);
    if (!context) return seqd_fail_nomem(error, sizeof *context);
    memset(context, 0, sizeof *context);
    atomic_init(&context->references, 1);
    atomic_init(&context->memory_in_use, 0);
    atomic_init(&context->refused, 0);
    context->allocator = chosen;
    context->threads = 1;
    context->kernel_level = "auto";
    *out = context;
    return SEQD_OK;
}

seqd_context *seqd_context_retain(seqd_context *context)
{
    atomic_fetch_add(&context->references, 1);
    return context;
}

void seqd_context_drop(seqd_context *context)
{
    if (!context || atomic_fetch_sub(&context->references, 1) != 1) return;
    const seqd_allocator allocator = context->allocator;
    allocator.release(allocator.user, context);
}

int32_t seqd_context_limit(seqd_context *context, const char *name, int64_t value, seqd_error *error)
{
    static const char *const names[] = { "memory", "series", "rows", "field", "parameters" };
    enum { COUNT = sizeof names / sizeof names[0] };
    if (!name) return seqd_fail(error, SEQD_E_ARG, "the name of the limit is NULL");
    if (value < 0) return seqd_fail(error, SEQD_E_ARG, "the limit '%s' cannot be negative", name);
    int64_t *const places[COUNT] = { &context->limits.memory, &context->limits.series, &context->limits.rows,
                                     &context->limits.field, &context->limits.parameters };
    for (int32_t i = 0; i < COUNT; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        *places[i] = value;
        return SEQD_OK;
    }
    char quoted[SEQD_QUOTE_SIZE];
    return seqd_fail(error, SEQD_E_OPTION, "unknown limit '%s'; there are memory, series, rows, field and parameters",
                     seqd_quote(name, strlen(name), quoted));
}

void seqd_log(const seqd_context *context, int32_t level, const char *format, ...)
{
    if (!context->log || level > context->log_level) return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length >= 0) context->log(context->log_user, level, line);
}

bool seqd_progress_report(const seqd_context *context, const seqd_progress *progress)
{
    return context->progress && context->progress(context->progress_user, progress) != 0;
}

double seqd_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0.0;
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int32_t seqd_take_struct(void *to, size_t size, const void *from, size_t least, const char *name, seqd_error *error)
{
    const size_t most = 4096; /* beyond it is a struct_size that was never set */
    uint32_t given;
    memcpy(&given, from, sizeof given);
    if (given < least || given > most)
        return seqd_fail(error, SEQD_E_ARG, "struct_size of the %s is %u, not %zu", name, (unsigned)given, size);
    for (size_t i = size; i < given; i++)
        if (((const unsigned char *)from)[i] != 0)
            return seqd_fail(error, SEQD_E_ARG, "byte %zu of the %s is not 0: this library knows the first %zu", i, name,
                             size);
    memcpy(to, from, given < size ? given : size);
    memcpy(to, &(uint32_t){ (uint32_t)size }, sizeof given);
    return SEQD_OK;
}

int32_t seqd_copy_result(void *to, const void *from, size_t size, seqd_error *error)
{
    if (!to) return seqd_fail(error, SEQD_E_ARG, "the result struct is NULL");
    uint32_t given;
    memcpy(&given, to, sizeof given);
    if (given < sizeof given) return seqd_fail(error, SEQD_E_ARG, "struct_size of the result struct is not set");
    const size_t room = given < size ? given : size;
    memcpy((unsigned char *)to + sizeof given, (const unsigned char *)from + sizeof given, room - sizeof given);
    return SEQD_OK;
}
