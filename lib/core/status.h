/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_STATUS_H
#define SEQD_CORE_STATUS_H

#include <stdbool.h>

#include <seqdemand/base.h>

/*
 * Fills `error` (may be NULL) and returns `status`, so that a failing function ends with `return seqd_fail(...)`.
 * The format knows %s %.*s %c %d %u %zu %lld (PRId64) only: floating-point formats follow the host's locale, so numbers
 * with a fraction go through seqd_format_f64 first. Text taken from input is passed as %s with seqd_quote.
 */
int32_t seqd_fail(seqd_error *error, int32_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a place in a text: line and column are 1-based, 0 for none. */
int32_t seqd_fail_at(seqd_error *error, int32_t status, int64_t line, int64_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

int32_t seqd_fail_nomem(seqd_error *error, size_t bytes);

/* Whether status, line and column may be written: not where the caller gave no object, or a struct_size without room. */
bool seqd_error_told(const seqd_error *error);

/* Puts "prefix: " before the message that a callee wrote, and `status` in the place of its status. */
int32_t seqd_fail_prefix(seqd_error *error, int32_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The name and the English line of a status; never NULL. */
const char *seqd_status_name_of(int32_t status);
const char *seqd_status_text_of(int32_t status);

#define SEQD_QUOTE_SIZE 48
/* At most 40 bytes of `text` for a message: control bytes become '?', a cut is shown as "...". Returns `buffer`. */
const char *seqd_quote(const char *text, size_t length, char buffer[SEQD_QUOTE_SIZE]);

#define SEQD_CHECK(expression)                            \
    do {                                                  \
        const int32_t seqd_status_ = (expression);        \
        if (seqd_status_ != SEQD_OK) return seqd_status_; \
    } while (0)

/* For functions with one exit that frees: sets `status` and goes to `label`. */
#define SEQD_TRY(status, label, expression)               \
    do {                                                  \
        (status) = (expression);                          \
        if ((status) != SEQD_OK) goto label;              \
    } while (0)

#endif
