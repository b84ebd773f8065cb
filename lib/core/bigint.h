/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_BIGINT_H
#define SEQD_CORE_BIGINT_H

#include <stdint.h>

/*
 * Whole numbers of any size a double can ask for: 780 decimal digits, or 5^1106, shifted up by two words, stay
 * below 90 words. Little-endian; words[count..] are not looked at; 0 has count 0.
 */
#define SEQD_BIG_WORDS 128

typedef struct seqd_big {
    int32_t count;
    uint32_t words[SEQD_BIG_WORDS];
} seqd_big;

void seqd_big_set(seqd_big *a, uint64_t value);
void seqd_big_multiply_add(seqd_big *a, uint32_t factor, uint32_t addend);
void seqd_big_multiply_power5(seqd_big *a, int32_t power);
void seqd_big_shift_left(seqd_big *a, int32_t bits);
void seqd_big_shift_right_one(seqd_big *a);
void seqd_big_add(seqd_big *a, const seqd_big *b);
/* a -= b, for a >= b. */
void seqd_big_subtract(seqd_big *a, const seqd_big *b);
/* -1, 0, 1 */
int32_t seqd_big_compare(const seqd_big *a, const seqd_big *b);
/* Number of bits up to the highest one set. */
int32_t seqd_big_bits(const seqd_big *a);

#endif
