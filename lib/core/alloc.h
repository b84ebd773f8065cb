/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_ALLOC_H
#define SEQD_CORE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seqdemand/context.h>

/*
 * All memory of the library comes from here: 64-byte aligned, counted against the "memory" limit of the context, taken
 * from the host's allocator. Never called from a worker thread.
 */
void *seqd_alloc(seqd_context *context, size_t size);   /* NULL on failure or size 0 */
void *seqd_alloc_zero(seqd_context *context, size_t size);
void *seqd_alloc_array(seqd_context *context, size_t count, size_t size); /* checked product, zeroed */
void seqd_free(seqd_context *context, void *pointer);   /* NULL is fine */
char *seqd_strdup(seqd_context *context, const char *text, size_t length);

/* Grows *pointer (of *capacity elements of `size` bytes) to hold at least `need`; doubles. false: nothing changed. */
bool seqd_grow(seqd_context *context, void **pointer, size_t *capacity, size_t need, size_t size);

/* SEQD_E_LIMIT or SEQD_E_NOMEM with a message, for a failed request of `size` bytes. */
int32_t seqd_fail_alloc(const seqd_context *context, size_t size, seqd_error *error);

/* Checked arithmetic: true and *out when the result fits. */
static inline bool seqd_mul_size(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }
static inline bool seqd_add_size(size_t a, size_t b, size_t *out) { return !__builtin_add_overflow(a, b, out); }
static inline bool seqd_mul_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_mul_overflow(a, b, out); }
static inline bool seqd_add_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_add_overflow(a, b, out); }

/*
 * One block in which several arrays are placed. First pass: `base` NULL, every take adds up the size; then one
 * allocation, and a second pass hands out the places. Overflow sticks in `overflow`.
 */
typedef struct seqd_arena {
    unsigned char *base;
    size_t used;
    bool overflow;
} seqd_arena;

/* 64-byte aligned place for count*size bytes, or NULL in the sizing pass. */
void *seqd_arena_take(seqd_arena *arena, size_t count, size_t size);

#endif
