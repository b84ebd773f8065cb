/* SPDX-License-Identifier: Apache-2.0 */
#include "utf8.h"

/* Bytes of the character at `p`, or 0. The second byte's range shuts out overlong forms, surrogates and the end. */
static size_t character(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80) return 1;
    size_t size;
    unsigned low = 0x80, high = 0xBF;
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        size = 2;
    } else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        size = 3;
        if (p[0] == 0xE0) low = 0xA0;
        if (p[0] == 0xED) high = 0x9F;
    } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        size = 4;
        if (p[0] == 0xF0) low = 0x90;
        if (p[0] == 0xF4) high = 0x8F;
    } else {
        return 0;
    }
    if (left < size || p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < size; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    return size;
}

bool seqd_is_utf8(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        const size_t size = character(p + i, length - i);
        if (size == 0) return false;
        i += size;
    }
    return true;
}
