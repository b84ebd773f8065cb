/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_INTERN_H
#define SEQD_DATA_INTERN_H

#include <stdbool.h>
#include <string.h>

#include <seqdemand/context.h>

/*
 * Numbers equal texts alike: the first text is 0, the next new one 1, and so on. Hashing is seeded, and the seed is
 * changed when probes grow long, so that ids made to collide cost a few rehashes, not a quadratic time.
 */
typedef struct seqd_intern {
    seqd_context *context;
    char *bytes;             /* the texts, each terminated */
    size_t byte_count, byte_capacity;
    size_t *offsets;         /* of text i in bytes */
    size_t offset_capacity;
    uint64_t *hashes;
    size_t hash_capacity;
    int32_t count;
    uint32_t *slots;         /* number + 1, or 0 */
    size_t slot_count;       /* power of two */
    uint64_t seed;
} seqd_intern;

/* memcmp without the call for the lengths that ids have. */
static inline bool seqd_same_bytes(const char *a, const char *b, size_t length)
{
    uint64_t first[2], last[2];
    if (length > 16) return memcmp(a, b, length) == 0;
    if (length >= 8) {
        memcpy(&first[0], a, 8);
        memcpy(&first[1], b, 8);
        memcpy(&last[0], a + length - 8, 8);
        memcpy(&last[1], b + length - 8, 8);
        return first[0] == first[1] && last[0] == last[1];
    }
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[i]) return false;
    return true;
}

/* Is it this text that has the number? */
static inline bool seqd_intern_is(const seqd_intern *intern, int32_t number, const char *text, size_t length)
{
    const size_t begin = intern->offsets[number];
    const size_t end = number + 1 < intern->count ? intern->offsets[number + 1] : intern->byte_count;
    return end - begin == length + 1 && seqd_same_bytes(intern->bytes + begin, text, length);
}

void seqd_intern_init(seqd_intern *intern, seqd_context *context);
void seqd_intern_clear(seqd_intern *intern);
/* SEQD_E_FORMAT when a new text is not UTF-8. */
int32_t seqd_intern_add(seqd_intern *intern, const char *text, size_t length, int32_t *number, seqd_error *error);
const char *seqd_intern_text(const seqd_intern *intern, int32_t number);
/* Writes to order[count] the numbers in byte order of their texts. scratch[count]. */
void seqd_intern_sort(const seqd_intern *intern, int64_t *order, int64_t *scratch);

#endif
