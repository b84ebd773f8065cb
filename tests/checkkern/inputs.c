/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "inputs.h"

static uint64_t state;

void inputs_seed(uint64_t seed)
{
    state = seed;
}

/* splitmix64 */
uint64_t check_random(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

int64_t check_pick(int64_t low, int64_t high)
{
    return low + (int64_t)(check_random() % (uint64_t)(high - low + 1));
}

double check_uniform(double low, double high)
{
    return low + (high - low) * ((double)(check_random() >> 11) * 0x1p-53);
}

static float special(void)
{
    const float values[] = {NAN,      INFINITY, -INFINITY, 0.0f,    -0.0f,    0x1p-149f, -0x1p-149f,
                            1e-40f,   -1e-39f,  0x1p-126f, 1e30f,   -1e30f,   100.0f,    -100.0f,
                            -87.5f,   88.9f,    1.0f,      -1.0f};
    return values[check_pick(0, (int64_t)(sizeof(values) / sizeof(values[0])) - 1)];
}

static float one(check_fill fill)
{
    switch (fill) {
    case CHECK_INTEGERS:
        return (float)check_pick(-8, 8);
    case CHECK_POSITIVE:
        return (float)check_uniform(0.1, 2.0);
    case CHECK_WIDE:
        return (float)(ldexp(check_uniform(1.0, 2.0), (int)check_pick(-20, 20)) * (check_pick(0, 1) ? 1.0 : -1.0));
    case CHECK_SPECIAL:
        return check_pick(0, 3) == 0 ? special() : (float)check_uniform(-2.0, 2.0);
    case CHECK_UNIT:
        return (float)check_uniform(0.01, 0.99);
    case CHECK_SIGNED_UNIT:
        return (float)check_uniform(-0.99, 0.99);
    default:
        return (float)check_uniform(-2.0, 2.0);
    }
}

enum { KEPT = 64 };
static void *kept[KEPT];
static int kept_count;

static void *keep(size_t bytes)
{
    void *p = kept_count < KEPT ? malloc(bytes > 0 ? bytes : 1) : NULL;
    if (p == NULL) {
        fprintf(stderr, "checkkern: out of memory\n");
        exit(2);
    }
    kept[kept_count++] = p;
    return p;
}

float *check_floats(int64_t n, check_fill fill)
{
    float *p = keep((size_t)n * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        p[i] = one(fill);
    }
    return p;
}

float *check_ints(int64_t n, int32_t low, int32_t high)
{
    int32_t *p = keep((size_t)n * sizeof(int32_t));
    for (int64_t i = 0; i < n; i++) {
        p[i] = (int32_t)check_pick(low, high);
    }
    return (float *)(void *)p;
}

void check_release(void)
{
    while (kept_count > 0) {
        free(kept[--kept_count]);
    }
}

const char *check_labelf(const char *format, ...)
{
    char *text = keep(256);
    va_list list;
    va_start(list, format);
    vsnprintf(text, 256, format, list);
    va_end(list);
    return text;
}
