/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECKKERN_H
#define CHECKKERN_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels.h"

/*
 * A case is one call of one kernel. It is run at every level, twice each, with every array between two guard pages:
 * once pressed against the page behind it, once against the page before it. Around and between rows lie canaries.
 * Checked are: canaries and read-only arrays unchanged, floating-point modes unchanged, equal bits in both runs, the
 * result close to an independent one in double (`truth`), close to that of ref, and above avx2 equal to that of avx2.
 */
enum { MAX_ARGS = 10 };

/* SCRATCH: room the kernel may use as it likes; its length is asked from the level, its content not compared. */
typedef enum check_role { CHECK_ABSENT, CHECK_IN, CHECK_OUT, CHECK_INOUT, CHECK_SCRATCH } check_role;

/* An array of rows x columns floats with row stride ld. `start` holds its dense content; NULL for pure outputs. */
typedef struct check_arg {
    check_role role;
    int64_t rows, columns, ld;
    const float *start;
} check_arg;

typedef struct check_case {
    const char *function;
    const char *label; /* sizes and kind of input, for the report */
    check_arg arg[MAX_ARGS];
    void *params;
    size_t (*scratch)(const seqd_kernels *kernels, const void *params);
    /* p[i] is where arg[i] lies, NULL when absent. What it returns is compared too; 0 for kernels without result. */
    double (*call)(const seqd_kernels *kernels, float *const *p, const void *params);
    /*
     * For each written arg, dense: value[i] and the size of the terms it was made of, scale[i]; the allowed error is
     * the function's epsilon times that scale. Returns the value of what `call` returns; *size takes its scale.
     */
    double (*truth)(const struct check_case *check, double *const *value, double *const *scale, double *size);
} check_case;

/* Runs a case at every level that is asked for. */
void check_run(const check_case *check);

/* Whether --function asks for it. */
bool check_wanted(const char *function);

/* Reports one failure of `function` at `level` and one more check done; for what check_run does not fit. */
void check_failed(const char *function, const char *level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void check_count(const char *function, int level, int64_t checks);

/* Levels to test; the last may carry a planted error (--break). */
int check_levels(void);
const seqd_kernels *check_level(int index);
bool check_level_wanted(int index);

/* Tolerances: epsilon times scale, or this many units in the last place for ref and for the levels above. */
typedef struct check_tolerance {
    const char *function;
    double epsilon;
    int32_t ulp_ref, ulp_level;
} check_tolerance;

const check_tolerance *check_tolerance_of(const char *function);
int64_t check_ulp(float a, float b); /* floats between a and b; 0 for two NaN; INT64_MAX for one */

/* Random numbers and inputs. */
typedef enum check_fill {
    CHECK_INTEGERS, /* -8..8: sums and products are exact in every order */
    CHECK_PLAIN,    /* -2..2 */
    CHECK_POSITIVE, /* 0.1..2 */
    CHECK_WIDE,     /* all signs, 2^-20..2^20 */
    CHECK_SPECIAL,  /* plain, every fourth NaN, an infinity, a zero, a denormal number or huge */
    CHECK_UNIT,     /* 0.01..0.99 */
    CHECK_SIGNED_UNIT,
    CHECK_FILLS
} check_fill;

uint64_t check_random(void);
int64_t check_pick(int64_t low, int64_t high); /* both ends included */
double check_uniform(double low, double high);
/* A dense array of n floats; stays valid until check_release. */
float *check_floats(int64_t n, check_fill fill);
/* n whole numbers of low..high, in an array of floats as the arguments of a case are; and what such an array holds. */
float *check_ints(int64_t n, int32_t low, int32_t high);
static inline const int32_t *check_ints_of(const float *array)
{
    return (const int32_t *)(const void *)array;
}
void check_release(void);
const char *check_labelf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One file per family. */
void check_gemm(void);
void check_gates(void);
void check_math(void);
void check_vector(void);
void check_optimizer(void);
void check_cells(void);
void check_loss(void);
void check_laws(void);
void check_attention(void);
void check_norm(void);

/* Dense sweep over the float numbers: every stride-th bit pattern of the elementwise functions. */
void check_sweep(uint32_t stride);

/* Replaces one kernel of `kernels` by a wrong one; false when there is none for that name. */
bool check_plant(seqd_kernels *kernels, const char *function);
const char *check_plant_names(void);

/* Times the kernels of a level; NULL: the best. Returns an exit code. */
int check_bench(const char *level, const char *function);

#endif
