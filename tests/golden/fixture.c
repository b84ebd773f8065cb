/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *fixture_folder;

static void take(FILE *file, const char *name, void *to, size_t size)
{
    if (size > 0 && fread(to, 1, size, file) != size) fail_msg("%s ends early", name);
}

static uint32_t take_u32(FILE *file, const char *name)
{
    unsigned char b[4];
    take(file, name, b, 4);
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void take_array(FILE *file, const char *name, fixture_array *array)
{
    static const size_t sizes[3] = {4, 8, 4};
    unsigned char head[2];
    take(file, name, head, 2);
    const size_t length = head[0] | (size_t)head[1] << 8;
    if (length >= sizeof array->name) fail_msg("%s: a name is too long", name);
    take(file, name, array->name, length);
    take(file, name, head, 2);
    if (head[0] > 2) fail_msg("%s: unknown kind of '%s'", name, array->name);
    array->kind = head[0];
    array->count = 1;
    for (int i = 0; i < head[1]; i++) array->count *= take_u32(file, name);
    array->values = calloc(array->count + 1, sizes[array->kind]);
    assert_non_null(array->values);
    take(file, name, array->values, array->count * sizes[array->kind]); /* the tests run on little-endian hosts */
}

fixture *fixture_open(const char *name)
{
    char path[1024], magic[8];
    assert_non_null(fixture_folder);
    snprintf(path, sizeof path, "%s/%s.bin", fixture_folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("recorded arrays are missing: %s", path);
    take(file, name, magic, 8);
    if (memcmp(magic, "SEQDGOLD", 8) != 0 || take_u32(file, name) != 1) fail_msg("%s is not a fixture", path);
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->name, sizeof f->name, "%s", name);
    f->count = take_u32(file, name);
    assert_in_range(f->count, 1, 1000);
    f->arrays = calloc(f->count, sizeof *f->arrays);
    assert_non_null(f->arrays);
    for (size_t i = 0; i < f->count; i++) take_array(file, name, &f->arrays[i]);
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    return f;
}

void fixture_close(fixture *f)
{
    for (size_t i = 0; i < f->count; i++) free(f->arrays[i].values);
    free(f->arrays);
    free(f);
}

static const fixture_array *find(const fixture *f, const char *name, int kind, size_t count)
{
    for (size_t i = 0; i < f->count; i++) {
        const fixture_array *array = &f->arrays[i];
        if (strcmp(array->name, name) != 0) continue;
        if ((kind >= 0 && array->kind != kind) || (count > 0 && array->count != count))
            fail_msg("%s: '%s' has %zu values of kind %d, expected were %zu of kind %d", f->name, name, array->count,
                     array->kind, count, kind);
        return array;
    }
    fail_msg("%s has no array '%s'", f->name, name);
    return NULL;
}

const float *fixture_f32(const fixture *f, const char *name, size_t count) { return find(f, name, 0, count)->values; }
const double *fixture_f64(const fixture *f, const char *name, size_t count) { return find(f, name, 1, count)->values; }
const int32_t *fixture_i32(const fixture *f, const char *name, size_t count)
{
    return find(f, name, 2, count)->values;
}
size_t fixture_count(const fixture *f, const char *name) { return find(f, name, -1, 0)->count; }

double fixture_difference(const float *have, const float *expected, size_t count)
{
    double largest = 0.0, difference = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double d = fabs((double)have[i] - (double)expected[i]);
        if (!isfinite(d)) return HUGE_VAL;
        if (d > difference) difference = d;
        if (fabs((double)expected[i]) > largest) largest = fabs((double)expected[i]);
    }
    return difference == 0.0 ? 0.0 : difference / (largest > 0.0 ? largest : 1e-30);
}
