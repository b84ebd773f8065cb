/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <string.h>

const char *seqd_put_down(const char *text, char **room)
{
    const size_t size = strlen(text) + 1;
    char *at = memcpy(*room, text, size);
    *room += size;
    return at;
}

void seqd_copy_text(char *to, size_t size, const char *from)
{
    if (size == 0) return;
    size_t length = strlen(from);
    if (length >= size) length = size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

#define LONGEST_NAME 63

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, changes and swaps of neighbours cost 1 each. */
static int32_t distance(const char *a, size_t n, const char *b, size_t m)
{
    int32_t rows[3][LONGEST_NAME + 1];
    int32_t *before = rows[0], *above = rows[1], *here = rows[2];
    for (size_t j = 0; j <= m; j++) above[j] = (int32_t)j;
    for (size_t j = 0; j <= m; j++) before[j] = 0;
    for (size_t i = 1; i <= n; i++) {
        here[0] = (int32_t)i;
        for (size_t j = 1; j <= m; j++) {
            const int32_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
            int32_t best = smaller(change, smaller(above[j], here[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = smaller(best, before[j - 2] + 1);
            here[j] = best;
        }
        int32_t *free_row = before;
        before = above;
        above = here;
        here = free_row;
    }
    return above[m];
}

int32_t seqd_nearest_name(const char *name, const char *const *names, int32_t count)
{
    const size_t length = strlen(name);
    if (length == 0 || length > LONGEST_NAME) return -1;
    int32_t best = -1, best_distance = 0;
    for (int32_t i = 0; i < count; i++) {
        const size_t other = strlen(names[i]);
        if (other == 0 || other > LONGEST_NAME) continue;
        const int32_t d = distance(name, length, names[i], other);
        const size_t longer = length > other ? length : other;
        /* A third of the letters, but one slip is always forgiven. */
        if (d > 1 && (size_t)d * 3 > longer) continue;
        if ((size_t)d >= longer) continue;
        if (best < 0 || d < best_distance) {
            best = i;
            best_distance = d;
        }
    }
    return best;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

int64_t seqd_find_text(const char *const *texts, size_t stride, int64_t count, const char *text)
{
    int64_t low = 0, high = count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const char *const *at = (const void *)((const char *)texts + (size_t)middle * stride);
        const int order = strcmp(*at, text);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

bool seqd_next_item(const char **cursor, const char **item, size_t *length)
{
    const char *start = *cursor;
    if (*start == '\0') return false;
    const char *end = start;
    while (*end != '\0' && *end != ',') end++;
    *cursor = *end == ',' ? end + 1 : end;
    while (start < end && is_blank(*start)) start++;
    while (end > start && is_blank(end[-1])) end--;
    *item = start;
    *length = (size_t)(end - start);
    return true;
}
