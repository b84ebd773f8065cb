/* SPDX-License-Identifier: Apache-2.0 */
#include "intern.h"

#include <string.h>

#include "alloc.h"
#include "rng.h"
#include "sort.h"
#include "status.h"
#include "utf8.h"

#define LONG_PROBE 256

void seqd_intern_init(seqd_intern *intern, seqd_context *context)
{
    memset(intern, 0, sizeof *intern);
    intern->context = context;
    intern->seed = UINT64_C(0x6a09e667f3bcc908);
}

void seqd_intern_clear(seqd_intern *intern)
{
    if (!intern->context) return;
    seqd_free(intern->context, intern->bytes);
    seqd_free(intern->context, intern->offsets);
    seqd_free(intern->context, intern->hashes);
    seqd_free(intern->context, intern->slots);
    seqd_intern_init(intern, intern->context);
}

static uint64_t hash_of(uint64_t seed, const char *text, size_t length)
{
    uint64_t hash = seed ^ length * UINT64_C(0x9e3779b97f4a7c15);
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        hash = seqd_rng_mix(hash ^ word) + seed;
        text += 8;
        length -= 8;
    }
    uint64_t tail = 0;
    memcpy(&tail, text, length);
    return seqd_rng_mix(hash ^ tail);
}

const char *seqd_intern_text(const seqd_intern *intern, int32_t number)
{
    return intern->bytes + intern->offsets[number];
}

static size_t length_of(const seqd_intern *intern, int32_t number)
{
    const size_t end = number + 1 < intern->count ? intern->offsets[number + 1] : intern->byte_count;
    return end - intern->offsets[number] - 1;
}

static void place(uint32_t *slots, size_t slot_count, uint64_t hash, int32_t number)
{
    size_t slot = (size_t)hash & (slot_count - 1);
    while (slots[slot] != 0) slot = (slot + 1) & (slot_count - 1);
    slots[slot] = (uint32_t)number + 1;
}

static int32_t rebuild(seqd_intern *intern, size_t slot_count, seqd_error *error)
{
    uint32_t *slots = seqd_alloc_array(intern->context, slot_count, sizeof *slots);
    if (!slots) return seqd_fail_alloc(intern->context, slot_count * sizeof *slots, error);
    for (int32_t i = 0; i < intern->count; i++) place(slots, slot_count, intern->hashes[i], i);
    seqd_free(intern->context, intern->slots);
    intern->slots = slots;
    intern->slot_count = slot_count;
    return SEQD_OK;
}

static int32_t reseed(seqd_intern *intern, seqd_error *error)
{
    intern->seed = seqd_rng_mix(intern->seed + (uint64_t)intern->count);
    for (int32_t i = 0; i < intern->count; i++)
        intern->hashes[i] = hash_of(intern->seed, seqd_intern_text(intern, i), length_of(intern, i));
    return rebuild(intern, intern->slot_count, error);
}

static int32_t append(seqd_intern *intern, const char *text, size_t length, uint64_t hash, seqd_error *error)
{
    const size_t count = (size_t)intern->count;
    size_t need;
    void *bytes = intern->bytes, *offsets = intern->offsets, *hashes = intern->hashes;
    if (!seqd_add_size(intern->byte_count, length, &need) || need == SIZE_MAX) return seqd_fail_nomem(error, length);
    bool grown = seqd_grow(intern->context, &bytes, &intern->byte_capacity, need + 1, 1);
    intern->bytes = bytes;
    if (!grown) return seqd_fail_alloc(intern->context, need, error);
    grown = seqd_grow(intern->context, &offsets, &intern->offset_capacity, count + 1, sizeof *intern->offsets);
    intern->offsets = offsets;
    if (grown) grown = seqd_grow(intern->context, &hashes, &intern->hash_capacity, count + 1, sizeof *intern->hashes);
    intern->hashes = hashes;
    if (!grown) return seqd_fail_alloc(intern->context, count * sizeof *intern->offsets * 2, error);
    memcpy(intern->bytes + intern->byte_count, text, length);
    intern->bytes[need] = '\0';
    intern->offsets[count] = intern->byte_count;
    intern->hashes[count] = hash;
    intern->byte_count = need + 1;
    intern->count++;
    return SEQD_OK;
}

int32_t seqd_intern_add(seqd_intern *intern, const char *text, size_t length, int32_t *number, seqd_error *error)
{
    if ((size_t)intern->count * 2 >= intern->slot_count) {
        if (intern->count > INT32_MAX / 2)
            return seqd_fail(error, SEQD_E_LIMIT, "more than %d different names", INT32_MAX / 2);
        SEQD_CHECK(rebuild(intern, intern->slot_count ? intern->slot_count * 2 : 64, error));
    }
    uint64_t hash = hash_of(intern->seed, text, length);
    size_t slot = (size_t)hash & (intern->slot_count - 1);
    int32_t probes = 0;
    for (uint32_t there; (there = intern->slots[slot]) != 0; slot = (slot + 1) & (intern->slot_count - 1)) {
        const int32_t i = (int32_t)(there - 1);
        probes++;
        if (intern->hashes[i] == hash && seqd_intern_is(intern, i, text, length)) {
            *number = i;
            return SEQD_OK;
        }
    }
    if (!seqd_is_utf8(text, length)) {
        char quoted[SEQD_QUOTE_SIZE];
        return seqd_fail(error, SEQD_E_FORMAT, "'%s' is not UTF-8 text", seqd_quote(text, length, quoted));
    }
    if (probes > LONG_PROBE) {
        SEQD_CHECK(reseed(intern, error));
        hash = hash_of(intern->seed, text, length);
    }
    SEQD_CHECK(append(intern, text, length, hash, error));
    *number = intern->count - 1;
    place(intern->slots, intern->slot_count, hash, *number);
    return SEQD_OK;
}

static bool text_before(const void *user, int64_t a, int64_t b)
{
    const seqd_intern *intern = user;
    return strcmp(seqd_intern_text(intern, (int32_t)a), seqd_intern_text(intern, (int32_t)b)) < 0;
}

void seqd_intern_sort(const seqd_intern *intern, int64_t *order, int64_t *scratch)
{
    for (int32_t i = 0; i < intern->count; i++) order[i] = i;
    seqd_sort_indices(order, scratch, intern->count, text_before, intern);
}
