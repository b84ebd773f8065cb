/* SPDX-License-Identifier: Apache-2.0 */
#include "arrow_source.h"

enum { LIMBS = 4, DIGITS = 45 }; /* 45 digits: five groups of nine hold 128 bits */

/* The magnitude in limbs of 32 bits, lowest first. */
static bool read_limbs(const unsigned char *bytes, int32_t width, uint32_t limbs[LIMBS])
{
    const bool negative = bytes[width - 1] >> 7;
    uint64_t carry = negative;
    for (int32_t i = 0; i < LIMBS; i++) {
        uint32_t limb = 0;
        for (int32_t k = 3; k >= 0; k--) {
            const int32_t at = 4 * i + k;
            limb = limb << 8 | (at < width ? bytes[at] : negative ? 0xffu : 0u);
        }
        carry += negative ? (uint32_t)~limb : limb;
        limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return negative;
}

/* Divides by 10^9; the rest. */
static uint32_t divide(uint32_t limbs[LIMBS])
{
    uint64_t rest = 0;
    for (int32_t i = LIMBS - 1; i >= 0; i--) {
        rest = rest << 32 | limbs[i];
        limbs[i] = (uint32_t)(rest / 1000000000u);
        rest %= 1000000000u;
    }
    return (uint32_t)rest;
}

size_t seqd_arrow_decimal(const unsigned char *bytes, int32_t width, int32_t scale, char text[SEQD_ARROW_TEXT])
{
    uint32_t limbs[LIMBS];
    char digits[DIGITS];
    size_t used = 0;
    const bool negative = read_limbs(bytes, width, limbs);
    for (int32_t at = DIGITS; at > 0;) {
        uint32_t group = divide(limbs);
        for (int32_t k = 0; k < 9; k++, group /= 10) digits[--at] = (char)('0' + group % 10);
    }
    if (negative) text[used++] = '-';
    int32_t at = 0;
    while (at < DIGITS - 1 - scale && digits[at] == '0') at++;
    for (; at < DIGITS; at++) {
        if (at == DIGITS - scale) text[used++] = '.';
        text[used++] = digits[at];
    }
    return used;
}
