/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_TEXT_H
#define SEQD_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as text, the same in every locale. Grammar: [+-] digits [. digits] [eE [+-] digits], at least one digit, no
 * blanks, no hex, no inf or nan. Parsing is correctly rounded; overflow to infinity and trailing bytes are refused.
 */
bool seqd_parse_f64(const char *text, size_t length, double *value);
bool seqd_parse_i64(const char *text, size_t length, int64_t *value);

#define SEQD_NUMBER_SIZE 32
/* Shortest decimal that reads back as the same double ("nan", "inf", "-inf" for those). Returns the length. */
size_t seqd_format_f64(double value, char buffer[SEQD_NUMBER_SIZE]);
size_t seqd_format_i64(int64_t value, char buffer[SEQD_NUMBER_SIZE]);

/* Bounded copy, always terminated. */
void seqd_copy_text(char *to, size_t size, const char *from);

/* Copies a text to *room, which moves behind it. */
const char *seqd_put_down(const char *text, char **room);

/* Index of the name nearest to `name` by edit distance, or -1 when none is near (distance above a third). */
int32_t seqd_nearest_name(const char *name, const char *const *names, int32_t count);

/* Place of `text` among texts in byte order that stand `stride` bytes apart, or -1. */
int64_t seqd_find_text(const char *const *texts, size_t stride, int64_t count, const char *text);

/*
 * Cuts a comma-separated list: *cursor starts at the text, false at its end. Blanks around an item are cut off.
 */
bool seqd_next_item(const char **cursor, const char **item, size_t *length);

#endif
