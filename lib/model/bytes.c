/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <math.h>
#include <string.h>

#include "alloc.h"

void seqd_put_bytes(seqd_writer *writer, const void *bytes, size_t size)
{
    if (writer->failed || size == 0) return;
    void *place = writer->bytes;
    size_t need;
    if (!seqd_add_size(writer->size, size, &need) ||
        !seqd_grow(writer->context, &place, &writer->capacity, need, 1)) {
        writer->failed = true;
        return;
    }
    writer->bytes = place;
    memcpy(writer->bytes + writer->size, bytes, size);
    writer->size = need;
}

void seqd_put_u32(seqd_writer *writer, uint32_t value)
{
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(value >> 8 * i);
    seqd_put_bytes(writer, bytes, sizeof bytes);
}

void seqd_put_u64(seqd_writer *writer, uint64_t value)
{
    seqd_put_u32(writer, (uint32_t)value);
    seqd_put_u32(writer, (uint32_t)(value >> 32));
}

void seqd_put_f64(seqd_writer *writer, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    seqd_put_u64(writer, bits);
}

void seqd_put_text(seqd_writer *writer, const char *text)
{
    const size_t length = strlen(text);
    seqd_put_u32(writer, (uint32_t)length);
    seqd_put_bytes(writer, text, length);
}

void seqd_put_floats(seqd_writer *writer, const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        seqd_put_u32(writer, bits);
    }
}

size_t seqd_scanner_left(const seqd_scanner *scanner) { return scanner->failed ? 0 : scanner->size - scanner->at; }

static bool take(seqd_scanner *scanner, size_t size)
{
    if (scanner->failed || size > scanner->size - scanner->at) {
        scanner->failed = true;
        return false;
    }
    scanner->at += size;
    return true;
}

uint32_t seqd_get_u32(seqd_scanner *scanner)
{
    if (!take(scanner, 4)) return 0;
    const unsigned char *b = scanner->bytes + scanner->at - 4;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

uint64_t seqd_get_u64(seqd_scanner *scanner)
{
    const uint64_t low = seqd_get_u32(scanner);
    return low | (uint64_t)seqd_get_u32(scanner) << 32;
}

double seqd_get_f64(seqd_scanner *scanner)
{
    const uint64_t bits = seqd_get_u64(scanner);
    double value;
    memcpy(&value, &bits, sizeof value);
    if (isfinite(value)) return value;
    scanner->failed = true;
    return 0.0;
}

int32_t seqd_get_int(seqd_scanner *scanner, int32_t low, int32_t high)
{
    const int64_t value = (int32_t)seqd_get_u32(scanner);
    if (value >= low && value <= high) return (int32_t)value;
    scanner->failed = true;
    return low > 0 ? low : 0;
}

void seqd_get_text(seqd_scanner *scanner, char *text, size_t size)
{
    const size_t length = seqd_get_u32(scanner);
    text[0] = '\0';
    if (length >= size || !take(scanner, length)) {
        scanner->failed = true;
        return;
    }
    const unsigned char *from = scanner->bytes + scanner->at - length;
    if (length > 0 && memchr(from, 0, length)) {
        scanner->failed = true;
        return;
    }
    memcpy(text, from, length);
    text[length] = '\0';
}

void seqd_get_floats(seqd_scanner *scanner, float *values, int64_t count)
{
    for (int64_t i = 0; i < count && !scanner->failed; i++) {
        const uint32_t bits = seqd_get_u32(scanner);
        memcpy(&values[i], &bits, sizeof bits);
        if (!isfinite(values[i])) scanner->failed = true;
    }
}
