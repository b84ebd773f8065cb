/* SPDX-License-Identifier: Apache-2.0 */
#include "bigint.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static void push(seqd_big *a, uint32_t word)
{
    assert(a->count < SEQD_BIG_WORDS);
    if (word != 0 && a->count < SEQD_BIG_WORDS) a->words[a->count++] = word;
}

static void trim(seqd_big *a)
{
    while (a->count > 0 && a->words[a->count - 1] == 0) a->count--;
}

void seqd_big_set(seqd_big *a, uint64_t value)
{
    a->words[0] = (uint32_t)value;
    a->words[1] = (uint32_t)(value >> 32);
    a->count = 2;
    trim(a);
}

void seqd_big_multiply_add(seqd_big *a, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (int32_t i = 0; i < a->count; i++) {
        carry += (uint64_t)a->words[i] * factor;
        a->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    push(a, (uint32_t)carry);
}

void seqd_big_multiply_power5(seqd_big *a, int32_t power)
{
    const uint32_t step = 1220703125; /* 5^13, the largest power in 32 bits */
    for (; power >= 13; power -= 13) seqd_big_multiply_add(a, step, 0);
    uint32_t rest = 1;
    for (; power > 0; power--) rest *= 5;
    if (rest > 1) seqd_big_multiply_add(a, rest, 0);
}

void seqd_big_shift_left(seqd_big *a, int32_t bits)
{
    const int32_t whole = bits / 32, part = bits % 32;
    if (a->count == 0) return;
    if (part > 0) {
        uint32_t carry = 0;
        for (int32_t i = 0; i < a->count; i++) {
            const uint32_t word = a->words[i];
            a->words[i] = word << part | carry;
            carry = word >> (32 - part);
        }
        push(a, carry);
    }
    assert(a->count + whole <= SEQD_BIG_WORDS);
    if (whole > 0 && a->count + whole <= SEQD_BIG_WORDS) {
        memmove(a->words + whole, a->words, (size_t)a->count * sizeof a->words[0]);
        memset(a->words, 0, (size_t)whole * sizeof a->words[0]);
        a->count += whole;
    }
}

void seqd_big_shift_right_one(seqd_big *a)
{
    uint32_t carry = 0;
    for (int32_t i = a->count - 1; i >= 0; i--) {
        const uint32_t word = a->words[i];
        a->words[i] = word >> 1 | carry;
        carry = word << 31;
    }
    trim(a);
}

void seqd_big_add(seqd_big *a, const seqd_big *b)
{
    const int32_t count = a->count > b->count ? a->count : b->count;
    uint64_t carry = 0;
    for (int32_t i = 0; i < count; i++) {
        carry += (uint64_t)(i < a->count ? a->words[i] : 0) + (i < b->count ? b->words[i] : 0);
        a->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    a->count = count;
    push(a, (uint32_t)carry);
}

void seqd_big_subtract(seqd_big *a, const seqd_big *b)
{
    bool borrow = false;
    for (int32_t i = 0; i < a->count; i++) {
        const uint64_t take = (uint64_t)(i < b->count ? b->words[i] : 0) + borrow;
        borrow = a->words[i] < take;
        a->words[i] = (uint32_t)(a->words[i] - take);
    }
    assert(!borrow);
    trim(a);
}

int32_t seqd_big_compare(const seqd_big *a, const seqd_big *b)
{
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    for (int32_t i = a->count - 1; i >= 0; i--)
        if (a->words[i] != b->words[i]) return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}

int32_t seqd_big_bits(const seqd_big *a)
{
    if (a->count == 0) return 0;
    int32_t bits = (a->count - 1) * 32;
    for (uint32_t top = a->words[a->count - 1]; top != 0; top >>= 1) bits++;
    return bits;
}
