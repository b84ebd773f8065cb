/* SPDX-License-Identifier: Apache-2.0 */
#include "sort.h"

#include <string.h>

#define RUN 16

static void insertion_sort(int64_t *indices, int64_t count, seqd_before_fn before, const void *user)
{
    for (int64_t i = 1; i < count; i++) {
        const int64_t item = indices[i];
        int64_t j = i;
        for (; j > 0 && before(user, item, indices[j - 1]); j--) indices[j] = indices[j - 1];
        indices[j] = item;
    }
}

/* The halves [0, middle) and [middle, count) of `from` become one in `to`. */
static void merge(const int64_t *from, int64_t *to, int64_t middle, int64_t count, seqd_before_fn before,
                  const void *user)
{
    int64_t a = 0, b = middle;
    for (int64_t i = 0; i < count; i++) {
        const bool right = a == middle || (b < count && before(user, from[b], from[a]));
        to[i] = right ? from[b++] : from[a++];
    }
}

void seqd_sort_indices(int64_t *indices, int64_t *scratch, int64_t count, seqd_before_fn before, const void *user)
{
    bool sorted = true;
    for (int64_t i = 1; i < count && sorted; i++) sorted = !before(user, indices[i], indices[i - 1]);
    if (sorted) return;
    for (int64_t i = 0; i < count; i += RUN)
        insertion_sort(indices + i, count - i < RUN ? count - i : RUN, before, user);
    int64_t *from = indices, *to = scratch;
    for (int64_t width = RUN; width < count; width *= 2) {
        for (int64_t i = 0; i < count; i += 2 * width) {
            const int64_t size = count - i < 2 * width ? count - i : 2 * width;
            merge(from + i, to + i, size < width ? size : width, size, before, user);
        }
        int64_t *other = from;
        from = to;
        to = other;
    }
    if (from != indices) memcpy(indices, from, (size_t)count * sizeof *indices);
}

static void merge_timed(const seqd_timed *from, seqd_timed *to, int64_t middle, int64_t count)
{
    int64_t a = 0, b = middle, i = 0;
    while (a < middle && b < count) {
        /* Which it is cannot be foreseen: no branch hangs on it. */
        const bool right = from[b].time < from[a].time;
        to[i++] = from[right ? b : a];
        a += !right;
        b += right;
    }
    memcpy(to + i, from + a, (size_t)(middle - a) * sizeof *to);
    memcpy(to + i + (middle - a), from + b, (size_t)(count - b) * sizeof *to);
}

void seqd_sort_timed(seqd_timed *items, seqd_timed *scratch, int64_t count)
{
    bool sorted = true;
    for (int64_t i = 1; i < count && sorted; i++) sorted = items[i].time >= items[i - 1].time;
    if (sorted) return;
    const int64_t run = 8;
    for (int64_t first = 0; first < count; first += run) {
        const int64_t end = count - first < run ? count : first + run;
        for (int64_t i = first + 1; i < end; i++) {
            const seqd_timed item = items[i];
            int64_t j = i;
            for (; j > first && item.time < items[j - 1].time; j--) items[j] = items[j - 1];
            items[j] = item;
        }
    }
    seqd_timed *from = items, *to = scratch;
    for (int64_t width = run; width < count; width *= 2) {
        for (int64_t i = 0; i < count; i += 2 * width) {
            const int64_t size = count - i < 2 * width ? count - i : 2 * width;
            merge_timed(from + i, to + i, size < width ? size : width, size);
        }
        seqd_timed *other = from;
        from = to;
        to = other;
    }
    if (from != items) memcpy(items, from, (size_t)count * sizeof *items);
}

static void sift_down(double *values, int64_t root, int64_t count)
{
    const double item = values[root];
    for (;;) {
        int64_t child = 2 * root + 1;
        if (child >= count) break;
        if (child + 1 < count && values[child] < values[child + 1]) child++;
        if (!(item < values[child])) break;
        values[root] = values[child];
        root = child;
    }
    values[root] = item;
}

void seqd_sort_doubles(double *values, int64_t count)
{
    for (int64_t i = count / 2 - 1; i >= 0; i--) sift_down(values, i, count);
    for (int64_t end = count - 1; end > 0; end--) {
        const double top = values[0];
        values[0] = values[end];
        values[end] = top;
        sift_down(values, 0, end);
    }
}
