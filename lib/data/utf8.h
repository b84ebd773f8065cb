/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_UTF8_H
#define SEQD_DATA_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
bool seqd_is_utf8(const char *text, size_t length);

#endif
