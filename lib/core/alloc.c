/* SPDX-License-Identifier: Apache-2.0 */
#include "alloc.h"

#include <assert.h>
#include <string.h>

#include "context.h"
#include "status.h"

#define ALIGNMENT 64

/* Stands right below every block handed out. */
typedef struct block_header {
    void *raw;     /* what the host's allocator returned */
    size_t total;  /* bytes asked of it */
} block_header;

#define OVERHEAD (sizeof(block_header) + ALIGNMENT - 1)

/* Enters `total` bytes in the account; false when the limit would be passed. */
static bool account(seqd_context *context, size_t total)
{
    const int64_t limit = context->limits.memory;
    if (total > INT64_MAX / 2) return false;
    const long long before = atomic_fetch_add(&context->memory_in_use, (long long)total);
    if (limit > 0 && before + (long long)total > limit) {
        atomic_fetch_sub(&context->memory_in_use, (long long)total);
        atomic_store(&context->refused, (long long)total);
        return false;
    }
    return true;
}

void *seqd_alloc(seqd_context *context, size_t size)
{
    size_t total;
    if (size == 0 || !seqd_add_size(size, OVERHEAD, &total)) return NULL;
    if (!account(context, total)) return NULL;
    unsigned char *raw = context->allocator.allocate(context->allocator.user, total);
    if (!raw) {
        atomic_fetch_sub(&context->memory_in_use, (long long)total);
        atomic_store(&context->refused, 0);
        return NULL;
    }
    const uintptr_t first = (uintptr_t)raw + sizeof(block_header);
    unsigned char *block = raw + sizeof(block_header) + (ALIGNMENT - first % ALIGNMENT) % ALIGNMENT;
    const block_header header = { raw, total };
    memcpy(block - sizeof header, &header, sizeof header);
    return block;
}

void *seqd_alloc_zero(seqd_context *context, size_t size)
{
    void *block = seqd_alloc(context, size);
    if (block) memset(block, 0, size);
    return block;
}

void *seqd_alloc_array(seqd_context *context, size_t count, size_t size)
{
    size_t bytes;
    if (!seqd_mul_size(count, size, &bytes)) return NULL;
    return seqd_alloc_zero(context, bytes);
}

void seqd_free(seqd_context *context, void *pointer)
{
    if (!pointer) return;
    block_header header;
    memcpy(&header, (unsigned char *)pointer - sizeof header, sizeof header);
    const long long before = atomic_fetch_sub(&context->memory_in_use, (long long)header.total);
    assert(before >= (long long)header.total);
    (void)before;
    context->allocator.release(context->allocator.user, header.raw);
}

char *seqd_strdup(seqd_context *context, const char *text, size_t length)
{
    size_t size;
    if (!seqd_add_size(length, 1, &size)) return NULL;
    char *copy = seqd_alloc(context, size);
    if (!copy) return NULL;
    if (length) memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

bool seqd_grow(seqd_context *context, void **pointer, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity) return true;
    size_t wanted = *capacity > SIZE_MAX / 2 ? need : *capacity * 2;
    if (wanted < need) wanted = need;
    if (wanted < 16) wanted = 16;
    size_t bytes;
    if (!seqd_mul_size(wanted, size, &bytes)) return false;
    void *bigger = seqd_alloc(context, bytes);
    if (!bigger) return false;
    if (*pointer) memcpy(bigger, *pointer, *capacity * size);
    seqd_free(context, *pointer);
    *pointer = bigger;
    *capacity = wanted;
    return true;
}

int32_t seqd_fail_alloc(const seqd_context *context, size_t size, seqd_error *error)
{
    const int64_t limit = context->limits.memory, refused = (int64_t)atomic_load(&context->refused);
    if (limit > 0 && refused > 0)
        return seqd_fail(error, SEQD_E_LIMIT,
                         "the limit 'memory' of %lld bytes would be passed: %lld in use, %lld more asked for",
                         (long long)limit, (long long)atomic_load(&context->memory_in_use), (long long)refused);
    if (limit > 0 && size > (size_t)limit) /* more than a size_t holds, and never asked for */
        return seqd_fail(error, SEQD_E_LIMIT, "the limit 'memory' of %lld bytes would be passed", (long long)limit);
    return seqd_fail_nomem(error, size);
}

void *seqd_arena_take(seqd_arena *arena, size_t count, size_t size)
{
    size_t bytes, rounded, end;
    if (arena->overflow || !seqd_mul_size(count, size, &bytes) || !seqd_add_size(bytes, ALIGNMENT - 1, &rounded) ||
        !seqd_add_size(arena->used, rounded / ALIGNMENT * ALIGNMENT, &end)) {
        arena->overflow = true;
        return NULL;
    }
    void *place = arena->base ? arena->base + arena->used : NULL;
    arena->used = end;
    return place;
}
