/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TESTS_CORE_TEST_H
#define SEQD_TESTS_CORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"

/* An allocator that fails its k-th call, and from then on when `forever`; k 0 never fails. */
typedef struct failing_allocator {
    int64_t calls, fail_at, live;
    bool forever;
} failing_allocator;

static inline void *failing_allocate(void *user, size_t size)
{
    failing_allocator *state = user;
    state->calls++;
    if (state->fail_at > 0 && (state->calls == state->fail_at || (state->forever && state->calls > state->fail_at)))
        return NULL;
    state->live++;
    return malloc(size);
}

static inline void failing_release(void *user, void *pointer)
{
    failing_allocator *state = user;
    if (pointer) state->live--;
    free(pointer);
}

static inline seqd_context *new_context(failing_allocator *state)
{
    seqd_context *context = NULL;
    const seqd_allocator allocator = { (uint32_t)sizeof allocator, state, failing_allocate, failing_release };
    assert_int_equal(seqd_context_new(state ? &allocator : NULL, &context, NULL), SEQD_OK);
    return context;
}

/* Everything has been given back, then the context goes, too. */
static inline void end_context(seqd_context *context)
{
    assert_int_equal(atomic_load(&context->memory_in_use), 0);
    assert_int_equal(atomic_load(&context->references), 1);
    seqd_context_drop(context);
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

#endif
