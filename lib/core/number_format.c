/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bigint.h"
#include "text.h"

/*
 * Digits of value = mantissa * 2^exponent by the free-format algorithm of Steele & White (1990) with the scaling of
 * Burger & Dybvig (1996): r/s is what is left of the value, down/s and up/s half the way to its neighbours; digits are
 * made until what is left is closer than that. Returns their number (at most 17); *point is the power of ten of the
 * first one.
 */
static int32_t shortest_digits(uint64_t mantissa, int32_t exponent, bool narrow_below, char digits[20], int32_t *point)
{
    seqd_big r, s, down, up, sum;
    seqd_big_set(&r, mantissa);
    seqd_big_set(&s, 1);
    seqd_big_set(&down, 1);
    /* Everything is doubled, and once more below a power of two, where the lower neighbour is half as far. */
    seqd_big_shift_left(&r, narrow_below ? 2 : 1);
    seqd_big_shift_left(&s, narrow_below ? 2 : 1);
    if (exponent >= 0) {
        seqd_big_shift_left(&r, exponent);
        seqd_big_shift_left(&down, exponent);
    } else {
        seqd_big_shift_left(&s, -exponent);
    }
    up = down;
    if (narrow_below) seqd_big_shift_left(&up, 1);
    /* An even mantissa is what a tie is read back to, so the ends of the interval belong to it. */
    const int32_t closed = (mantissa & 1) == 0;

    int32_t bits = exponent;
    for (uint64_t m = mantissa; m > 1; m >>= 1) bits++;
    int32_t ten = bits >= 0 ? bits * 30103 / 100000 : -((-bits * 30103 + 99999) / 100000);
    if (ten >= 0) {
        seqd_big_multiply_power5(&s, ten);
        seqd_big_shift_left(&s, ten);
    } else {
        seqd_big *const scaled[] = { &r, &down, &up };
        for (int i = 0; i < 3; i++) {
            seqd_big_multiply_power5(scaled[i], -ten);
            seqd_big_shift_left(scaled[i], -ten);
        }
    }
    /* The estimate is never too large: raise it until the value, with its upper half interval, is below 10^(ten+1). */
    for (;;) {
        seqd_big next = s;
        seqd_big_multiply_add(&next, 10, 0);
        sum = r;
        seqd_big_add(&sum, &up);
        if (seqd_big_compare(&sum, &next) + closed <= 0) break;
        s = next;
        ten++;
    }
    *point = ten;

    int32_t count = 0;
    for (;;) {
        int32_t digit = 0;
        while (seqd_big_compare(&r, &s) >= 0) {
            seqd_big_subtract(&r, &s);
            digit++;
        }
        const bool low = seqd_big_compare(&r, &down) < closed;
        sum = r;
        seqd_big_add(&sum, &up);
        const bool high = seqd_big_compare(&sum, &s) + closed > 0;
        if (low || high) {
            if (low && high) {
                sum = r;
                seqd_big_add(&sum, &r);
                const int32_t side = seqd_big_compare(&sum, &s);
                digit += side > 0 || (side == 0 && (digit & 1));
            } else {
                digit += high;
            }
            digits[count++] = (char)('0' + digit);
            return count;
        }
        digits[count++] = (char)('0' + digit);
        seqd_big_multiply_add(&r, 10, 0);
        seqd_big_multiply_add(&down, 10, 0);
        seqd_big_multiply_add(&up, 10, 0);
    }
}

size_t seqd_format_i64(int64_t value, char buffer[SEQD_NUMBER_SIZE])
{
    char back[20];
    size_t count = 0, used = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        back[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) buffer[used++] = '-';
    while (count > 0) buffer[used++] = back[--count];
    buffer[used] = '\0';
    return used;
}

/* 0.00001234, 1234000, 12.34 as long as that is short, else 1.234e-7. */
static size_t place_point(const char *digits, int32_t count, int32_t point, char *to)
{
    char *p = to;
    if (point >= -5 && point < 0) {
        *p++ = '0';
        *p++ = '.';
        for (int32_t i = -1; i > point; i--) *p++ = '0';
        for (int32_t i = 0; i < count; i++) *p++ = digits[i];
    } else if (point >= 0 && point < 17) {
        for (int32_t i = 0; i < count || i <= point; i++) {
            if (i == point + 1) *p++ = '.';
            *p++ = i < count ? digits[i] : '0';
        }
    } else {
        for (int32_t i = 0; i < count; i++) {
            if (i == 1) *p++ = '.';
            *p++ = digits[i];
        }
        *p++ = 'e';
        p += seqd_format_i64(point, p);
    }
    *p = '\0';
    return (size_t)(p - to);
}

size_t seqd_format_f64(double value, char buffer[SEQD_NUMBER_SIZE])
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const bool negative = bits >> 63;
    const int32_t biased = (int32_t)(bits >> 52 & 2047);
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    if (biased == 2047) {
        const char *word = mantissa ? "nan" : negative ? "-inf" : "inf";
        const size_t length = strlen(word);
        memcpy(buffer, word, length + 1);
        return length;
    }
    size_t used = 0;
    if (negative) buffer[used++] = '-';
    if (biased == 0 && mantissa == 0) {
        memcpy(buffer + used, "0", 2);
        return used + 1;
    }
    const bool narrow_below = mantissa == 0 && biased > 1;
    if (biased > 0) mantissa |= UINT64_C(1) << 52;
    const int32_t exponent = (biased > 0 ? biased : 1) - 1075;
    /* Whole numbers below 2^53 are their own shortest digits. */
    if (exponent <= 0 && exponent > -53 && (mantissa & ((UINT64_C(1) << -exponent) - 1)) == 0)
        return used + seqd_format_i64((int64_t)(mantissa >> -exponent), buffer + used);
    char digits[20];
    int32_t point;
    const int32_t count = shortest_digits(mantissa, exponent, narrow_below, digits, &point);
    return used + place_point(digits, count, point, buffer + used);
}
