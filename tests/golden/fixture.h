/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TEST_FIXTURE_H
#define SEQD_TEST_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

/* Recorded arrays, format in arrays.py. Whatever is missing or of another kind fails the running test. */
typedef struct fixture_array {
    char name[48];
    int kind; /* 0 float32, 1 float64, 2 int32 */
    size_t count;
    void *values;
} fixture_array;

typedef struct fixture {
    char name[64];
    size_t count;
    fixture_array *arrays;
} fixture;

/* The folder of the recorded files. */
extern const char *fixture_folder;

fixture *fixture_open(const char *name);
void fixture_close(fixture *f);

/* The array of a name with `count` values (0: any number). */
const float *fixture_f32(const fixture *f, const char *name, size_t count);
const double *fixture_f64(const fixture *f, const char *name, size_t count);
const int32_t *fixture_i32(const fixture *f, const char *name, size_t count);
size_t fixture_count(const fixture *f, const char *name);

/* Largest difference in units of the largest expected value; infinity when anything is not finite. */
double fixture_difference(const float *have, const float *expected, size_t count);

#endif
