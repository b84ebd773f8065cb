/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bigint.h"
#include "powers.h"
#include "text.h"

/* Digits beyond these cannot change the nearest double except by being there at all: 768 would do. */
#define MOST_DIGITS 780

typedef struct decimal {
    uint64_t first;      /* the first 19 significant digits */
    int64_t exponent;    /* of ten, for `first` as a whole number */
    bool negative;
    bool more;           /* non-zero digits follow */
    const char *digits;  /* where the digits and the point stand, for the exact way */
    size_t length;
} decimal;

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* Splits a number of the grammar of text.h. */
static bool scan(const char *text, size_t length, decimal *out)
{
    const char *p = text, *const end = text + length;
    out->negative = false;
    if (p < end && (*p == '-' || *p == '+')) out->negative = *p++ == '-';
    const char *const begin = p;
    uint64_t first = 0;
    int64_t exponent = 0;
    int significant = 0;
    bool more = false, seen = false;
    for (; p < end && is_digit(*p); p++) {
        seen = true;
        if (significant < 19) {
            first = first * 10 + (uint64_t)(*p - '0');
            significant += first != 0;
        } else {
            exponent++;
            more |= *p != '0';
        }
    }
    if (p < end && *p == '.') {
        for (p++; p < end && is_digit(*p); p++) {
            seen = true;
            if (significant < 19) {
                first = first * 10 + (uint64_t)(*p - '0');
                significant += first != 0;
                exponent--;
            } else {
                more |= *p != '0';
            }
        }
    }
    if (!seen) return false;
    out->digits = begin;
    out->length = (size_t)(p - begin);
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        bool down = false;
        if (p < end && (*p == '-' || *p == '+')) down = *p++ == '-';
        if (p == end) return false;
        int64_t given = 0;
        for (; p < end && is_digit(*p); p++)
            if (given < 1000000000) given = given * 10 + (*p - '0');
        if (!is_digit(p[-1])) return false;
        exponent += down ? -given : given;
    }
    out->first = first;
    out->exponent = exponent;
    out->more = more;
    return p == end;
}

static double assemble(uint64_t mantissa, int32_t biased_exponent)
{
    const uint64_t bits = (mantissa & ((UINT64_C(1) << 52) - 1)) | (uint64_t)biased_exponent << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void multiply_128(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low)
{
    const uint64_t a0 = a & 0xffffffff, a1 = a >> 32, b0 = b & 0xffffffff, b1 = b >> 32;
    const uint64_t p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0, p11 = a1 * b1;
    const uint64_t middle = (p00 >> 32) + (p01 & 0xffffffff) + (p10 & 0xffffffff);
    *low = (p00 & 0xffffffff) | middle << 32;
    *high = p11 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

/*
 * The double nearest to w * 10^q for w > 0 and q inside the table: the product of w and the 128 leading bits of 5^q has
 * enough correct bits to round, and the one doubtful case, an exact tie, can be told from the low half.
 */
static double from_product(uint64_t w, int32_t q)
{
    const uint64_t *power = seqd_powers_of_five[q - SEQD_POWER_LOWEST];
    int32_t zeros = 0;
    while (!(w & UINT64_C(1) << 63)) {
        const int32_t step = w >> 32 ? (w >> 48 ? (w >> 56 ? 1 : 8) : 16) : 32;
        w <<= step;
        zeros += step;
    }
    uint64_t high, low, next_high, next_low;
    multiply_128(w, power[0], &high, &low);
    if ((high & 0x1ff) == 0x1ff) {
        multiply_128(w, power[1], &next_high, &next_low);
        low += next_high;
        high += next_high > low;
    }
    const int32_t upper = (int32_t)(high >> 63);
    const int32_t shift = upper + 64 - 52 - 3;
    uint64_t mantissa = high >> shift;
    int32_t exponent = (int32_t)(((152170 + 65536) * q) >> 16) + 63 + upper - zeros + 1023;
    if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << shift == high) mantissa &= ~UINT64_C(1);
    mantissa += mantissa & 1;
    mantissa >>= 1;
    if (mantissa >= UINT64_C(2) << 52) {
        mantissa = UINT64_C(1) << 52;
        exponent++;
    }
    return assemble(mantissa, exponent);
}

/* Rounds (top + a fraction, `sticky` when that is not 0) * 2^exponent, top having its highest bit set. */
static bool round_to_double(uint64_t top, bool sticky, int32_t exponent, double *value)
{
    int32_t biased = exponent + 63 + 1023;
    int32_t drop = 11;
    if (biased <= 0) {
        drop += 1 - biased;
        biased = 0;
    }
    if (drop > 64) {
        *value = 0.0;
        return true;
    }
    uint64_t mantissa = drop == 64 ? 0 : top >> drop;
    const uint64_t rest = drop == 64 ? top : top & ((UINT64_C(1) << drop) - 1);
    const uint64_t half = UINT64_C(1) << (drop - 1);
    if (rest > half || (rest == half && (sticky || (mantissa & 1)))) mantissa++;
    if (biased == 0) {
        biased = (int32_t)(mantissa >> 52); /* a subnormal may round up to the smallest normal number */
    } else if (mantissa >> 53) {
        mantissa >>= 1;
        biased++;
    }
    if (biased >= 2047) return false;
    *value = assemble(mantissa, biased);
    return true;
}

/* All digits, exactly: a quotient of whole numbers to 64 bits and whether anything is left over. */
static bool from_digits(const decimal *number, double *value)
{
    seqd_big top, bottom;
    seqd_big_set(&top, 0);
    seqd_big_set(&bottom, 1);
    /* The exponent of the last digit taken follows from that of the 19th. */
    int64_t power = number->exponent;
    int32_t taken = 0;
    bool sticky = false;
    for (size_t i = 0; i < number->length; i++) {
        if (number->digits[i] == '.') continue;
        const uint32_t digit = (uint32_t)(number->digits[i] - '0');
        if (taken == 0 && digit == 0) continue;
        if (taken < MOST_DIGITS) {
            if (top.count == 0)
                seqd_big_set(&top, digit);
            else
                seqd_big_multiply_add(&top, 10, digit);
            taken++;
            power -= taken > 19;
        } else {
            sticky |= digit != 0;
        }
    }
    if (taken + power > 310) return false;
    if (taken + power < -326) {
        *value = 0.0;
        return true;
    }
    /* 10^p = 5^p 2^p: the twos go to the exponent. */
    int32_t exponent = (int32_t)power;
    if (power >= 0)
        seqd_big_multiply_power5(&top, (int32_t)power);
    else
        seqd_big_multiply_power5(&bottom, (int32_t)-power);
    int32_t shift = 64 - (seqd_big_bits(&top) - seqd_big_bits(&bottom));
    if (shift >= 0)
        seqd_big_shift_left(&top, shift);
    else
        seqd_big_shift_left(&bottom, -shift);
    exponent -= shift;
    /* The quotient now lies in (2^63, 2^65); it shall have 64 bits. */
    seqd_big_shift_left(&bottom, 64);
    if (seqd_big_compare(&top, &bottom) >= 0)
        exponent++;
    else
        seqd_big_shift_right_one(&bottom);
    uint64_t quotient = 0;
    for (int i = 0; i < 64; i++) {
        quotient <<= 1;
        if (seqd_big_compare(&top, &bottom) >= 0) {
            seqd_big_subtract(&top, &bottom);
            quotient |= 1;
        }
        /* Shifting the divisor down would lose its low bits: the remainder goes up instead. */
        seqd_big_shift_left(&top, 1);
    }
    return round_to_double(quotient, sticky || top.count > 0, exponent, value);
}

/* Those that a double holds exactly. */
static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static bool nearest(const decimal *number, double *value)
{
    const uint64_t w = number->first;
    const int64_t q = number->exponent;
    if (w == 0) {
        *value = 0.0;
        return true;
    }
    /* Both factors are exact doubles, so that the one operation rounds correctly (Clinger 1990). */
    if (!number->more && w <= UINT64_C(1) << 53 && q >= -22 && q <= 22) {
        *value = q < 0 ? (double)w / powers[-q] : (double)w * powers[q];
        return true;
    }
    if (q >= SEQD_POWER_LOWEST && q <= SEQD_POWER_HIGHEST) {
        *value = from_product(w, (int32_t)q);
        /* Digits were cut: fine if the next larger start leads to the same double. */
        if (!number->more || *value == from_product(w + 1, (int32_t)q)) return true;
    }
    return from_digits(number, value);
}

/* Most numbers of a table: a few digits, perhaps with a point. Both factors are exact as above; false: look closer. */
static bool parse_short(const char *text, size_t length, double *value)
{
    if (length > 15) return false;
    const char *p = text, *const end = text + length;
    const bool negative = p < end && *p == '-';
    p += negative;
    const char *const begin = p;
    uint64_t whole = 0;
    for (; p < end && is_digit(*p); p++) whole = whole * 10 + (uint64_t)(*p - '0');
    size_t digits = (size_t)(p - begin), places = 0;
    if (p < end && *p == '.') {
        const char *const point = p;
        for (p++; p < end && is_digit(*p); p++) whole = whole * 10 + (uint64_t)(*p - '0');
        places = (size_t)(p - point) - 1;
        digits += places;
    }
    if (p != end || digits == 0) return false;
    const double size = places > 0 ? (double)whole / powers[places] : (double)whole;
    *value = negative ? -size : size;
    return true;
}

bool seqd_parse_f64(const char *text, size_t length, double *value)
{
    if (parse_short(text, length, value)) return true;
    decimal number;
    double result;
    if (!scan(text, length, &number) || !nearest(&number, &result)) return false;
    *value = number.negative ? -result : result;
    return true;
}

bool seqd_parse_i64(const char *text, size_t length, int64_t *value)
{
    const char *p = text, *const end = text + length;
    bool negative = false;
    if (p < end && (*p == '-' || *p == '+')) negative = *p++ == '-';
    if (p == end) return false;
    uint64_t result = 0;
    if (end - p < 19) {
        for (; p < end && is_digit(*p); p++) result = result * 10 + (uint64_t)(*p - '0');
        if (p < end) return false;
        *value = negative ? -(int64_t)result : (int64_t)result;
        return true;
    }
    const uint64_t most = (uint64_t)INT64_MAX + negative;
    for (; p < end; p++) {
        if (!is_digit(*p)) return false;
        const uint64_t digit = (uint64_t)(*p - '0');
        if (result > (most - digit) / 10) return false;
        result = result * 10 + digit;
    }
    *value = negative ? (int64_t)(0 - result) : (int64_t)result;
    return true;
}
