/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

void *cli_alloc(size_t count, size_t size)
{
    return cli_grow(NULL, count, size);
}

void *cli_grow(void *pointer, size_t count, size_t size)
{
    if (count == 0) count = 1;
    void *grown = count > SIZE_MAX / size ? NULL : realloc(pointer, count * size);
    if (grown == NULL) {
        fputs("seqdemand: out of memory\n", stderr);
        exit(CLI_FAILED);
    }
    if (pointer == NULL) memset(grown, 0, count * size);
    return grown;
}

char *cli_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(cli_alloc(size, 1), text, size);
}

char *cli_join(const char *first, ...)
{
    size_t length = 0;
    char *joined = cli_alloc(1, 1);
    va_list pieces;
    va_start(pieces, first);
    for (const char *piece = first; piece != NULL; piece = va_arg(pieces, const char *)) {
        size_t more = strlen(piece);
        joined = cli_grow(joined, length + more + 1, 1);
        memcpy(joined + length, piece, more + 1);
        length += more;
    }
    va_end(pieces);
    return joined;
}

char **cli_split(const char *list, int32_t *count)
{
    int32_t members = 1;
    for (const char *p = list; *p != '\0'; p++) members += *p == ',';
    size_t head = (size_t)members * sizeof(char *), size = strlen(list) + 1;
    char **names = cli_alloc(head + size, 1);
    char *text = (char *)names + head;
    memcpy(text, list, size);
    *count = 0;
    while (text != NULL) {
        char *end = strchr(text, ',');
        char *next = end != NULL ? end + 1 : NULL;
        if (end == NULL) end = text + strlen(text);
        while (*text == ' ') text++;
        while (end > text && end[-1] == ' ') end--;
        *end = '\0';
        if (*text != '\0') names[(*count)++] = text;
        text = next;
    }
    return names;
}

const char *cli_count(int64_t value)
{
    static char buffers[4][32];
    static int turn;
    char *end = buffers[turn = (turn + 1) % 4] + 31;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    *end = '\0';
    for (int digit = 0; digit == 0 || rest > 0; digit++) {
        if (digit > 0 && digit % 3 == 0) *--end = ',';
        *--end = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (value < 0) *--end = '-';
    return end;
}

const char *cli_number(double value, char *text)
{
    text[0] = '\0';
    if (value - value == 0) snprintf(text, 32, "%.9g", value == 0 ? 0.0 : value);
    return text;
}

bool cli_parse_real(const char *text, double *value)
{
    /* Narrower than strtod, which would take hexadecimal numbers, "nan" and leading blanks. */
    if (text[0] == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0') return false;
    char *end = NULL;
    *value = strtod(text, &end);
    return *end == '\0' && *value - *value == 0;
}
