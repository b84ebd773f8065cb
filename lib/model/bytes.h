/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_BYTES_H
#define SEQD_MODEL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seqdemand/context.h>

/* Little-endian fields, whatever the machine. */

/* Growing output; `failed` sticks when memory runs out. */
typedef struct seqd_writer {
    seqd_context *context;
    unsigned char *bytes;
    size_t size, capacity;
    bool failed;
} seqd_writer;

void seqd_put_bytes(seqd_writer *writer, const void *bytes, size_t size);
void seqd_put_u32(seqd_writer *writer, uint32_t value);
void seqd_put_u64(seqd_writer *writer, uint64_t value);
void seqd_put_f64(seqd_writer *writer, double value);
void seqd_put_text(seqd_writer *writer, const char *text); /* length as u32, then the bytes */
void seqd_put_floats(seqd_writer *writer, const float *values, int64_t count);

/*
 * Input with a bound; the first read beyond it, or the first bad value, sets `failed`, after which every read gives 0.
 */
typedef struct seqd_scanner {
    const unsigned char *bytes;
    size_t size, at;
    bool failed;
} seqd_scanner;

uint32_t seqd_get_u32(seqd_scanner *scanner);
uint64_t seqd_get_u64(seqd_scanner *scanner);
double seqd_get_f64(seqd_scanner *scanner); /* refuses what is not finite */
/* A whole number in [low, high]. */
int32_t seqd_get_int(seqd_scanner *scanner, int32_t low, int32_t high);
/* Text of at most size - 1 bytes without NUL, terminated in `text`. */
void seqd_get_text(seqd_scanner *scanner, char *text, size_t size);
/* Finite floats. */
void seqd_get_floats(seqd_scanner *scanner, float *values, int64_t count);
/* Bytes left. */
size_t seqd_scanner_left(const seqd_scanner *scanner);

#endif
