/* SPDX-License-Identifier: Apache-2.0 */
#include "checkkern.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness.h"
#include "inputs.h"

/*
 * What a result may be off by: epsilon times the size of the terms it is made of, or so many units in the last place
 * against the correctly rounded result. A level above ref may differ from ref by the sum of both. For exp to softplus
 * the numbers are those kernels/README.md states; --sweep holds them over all floats.
 */
static const check_tolerance tolerances[] = {
    /* function, epsilon, ulp of ref, ulp of the levels above */
    {"gemm", 2e-6, 0, 0},
    {"gemm_row", 2e-6, 0, 0},
    {"gemm_pair", 2e-6, 0, 0},
    {"gemm_tn", 2e-6, 0, 0},
    {"lstm_forward", 1e-6, 4, 4},
    {"lstm_backward", 1e-6, 4, 4},
    {"gru_forward", 1e-6, 4, 4},
    {"gru_backward", 1e-6, 4, 4},
    {"exp", 0.0, 1, 1},
    {"log1p", 0.0, 2, 1},
    {"sigmoid", 0.0, 2, 2},
    {"tanh", 0.0, 3, 3},
    {"softplus", 0.0, 3, 2},
    {"relu", 0.0, 0, 0},
    {"relu_backward", 0.0, 0, 0},
    {"add", 0.0, 0, 0},
    {"multiply", 0.0, 0, 0},
    {"scale", 0.0, 0, 0},
    {"add_rows", 1e-6, 0, 0},
    {"sum", 3e-14, 0, 0},
    {"dot", 3e-14, 0, 0},
    {"sum_squares", 3e-14, 0, 0},
    {"all_finite", 0.0, 0, 0},
    {"sgd", 4e-7, 2, 2},
    {"adam", 1e-6, 4, 4},
    {"adamw", 1e-6, 4, 4},
    {"rmsprop", 1e-6, 4, 4},
    {"blend", 4e-7, 2, 2},
    {"penalty", 4e-7, 2, 2},
    {"rnn_forward", 1e-6, 4, 4},
    {"rnn_backward", 1e-6, 4, 4},
    {"gru_before_gates", 1e-6, 4, 4},
    {"gru_before_new", 1e-6, 4, 4},
    {"gru_before_new_backward", 1e-6, 4, 4},
    {"gru_before_gates_backward", 1e-6, 4, 4},
    {"softmax", 1e-6, 4, 4},
    {"softmax_backward", 1e-6, 4, 4},
    {"attention_additive_forward", 1e-6, 4, 4},
    {"attention_additive_backward", 1e-6, 4, 4},
    {"weighted_sum", 1e-6, 4, 4},
    {"row_dots", 1e-6, 4, 4},
    {"add_outer", 4e-7, 2, 2},
    {"layer_norm", 2e-6, 4, 4},
    {"layer_norm_backward", 2e-6, 4, 4},
    {"quantile_loss", 1e-6, 4, 4},
    {"point_loss", 1e-6, 4, 4},
    {"cross_entropy", 2e-6, 4, 4},
    {"law_loss", 1e-6, 4, 4},
    {"dropout_mask", 0.0, 0, 0},
};
enum { FUNCTIONS = sizeof(tolerances) / sizeof(tolerances[0]), MAX_LEVELS = 8, SHOWN = 20 };

/* Below this, what is left of a result is the rounding of denormal numbers. */
static const double tiny = 1e-40;

static int level_count;
static seqd_kernels levels[MAX_LEVELS];
static const char *only_function, *only_level;
/* Off with an error planted, lest the other checks be credited with what this one finds. */
static bool compare_bits = true;
static int64_t counts[FUNCTIONS][MAX_LEVELS], failures;

int check_levels(void)
{
    return level_count;
}

const seqd_kernels *check_level(int index)
{
    return &levels[index];
}

bool check_level_wanted(int index)
{
    return only_level == NULL || strcmp(only_level, levels[index].level) == 0;
}

bool check_wanted(const char *function)
{
    return only_function == NULL || strcmp(only_function, function) == 0;
}

static int function_index(const char *function)
{
    for (int i = 0; i < FUNCTIONS; i++) {
        if (strcmp(tolerances[i].function, function) == 0) {
            return i;
        }
    }
    fprintf(stderr, "checkkern: %s has no tolerance\n", function);
    exit(2);
}

const check_tolerance *check_tolerance_of(const char *function)
{
    return &tolerances[function_index(function)];
}

void check_failed(const char *function, const char *level, const char *format, ...)
{
    failures++;
    if (failures > SHOWN) {
        return;
    }
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    printf("FAIL %s (%s): %s\n", function, level, text);
}

void check_count(const char *function, int level, int64_t checks)
{
    counts[function_index(function)][level] += checks;
}

/* Place of a float among all floats in rising order; -0 and +0 are the same place. */
static int64_t place(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits >= 0 ? bits : (int64_t)INT32_MIN - bits;
}

int64_t check_ulp(float a, float b)
{
    if (isnan(a) || isnan(b)) {
        return isnan(a) && isnan(b) ? 0 : INT64_MAX;
    }
    int64_t d = place(a) - place(b);
    return d < 0 ? -d : d;
}

static bool close_enough(float a, float b, int64_t ulp, double allowed)
{
    return check_ulp(a, b) <= ulp || (isfinite(a) && isfinite(b) && fabs((double)a - (double)b) <= allowed);
}

static bool same_number(double a, double b, double allowed)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= allowed;
}

/* Dense arrays for each argument of a case. */
typedef struct outputs {
    float *data[MAX_ARGS];
    double returned;
} outputs;

static int64_t written(const check_arg *arg)
{
    return arg->role == CHECK_OUT || arg->role == CHECK_INOUT ? arg->rows * arg->columns : 0;
}

static void *grab(size_t bytes)
{
    void *p = calloc(bytes > 0 ? bytes : 1, 1);
    if (p == NULL) {
        fprintf(stderr, "checkkern: out of memory\n");
        exit(2);
    }
    return p;
}

/* One level's run against the truth, and against ref when `reference` is given; false at the first difference. */
static bool judge(const check_case *check, int level, const outputs *got, const outputs *reference,
                  double *const *value, double *const *scale, double expected, double size)
{
    const check_tolerance *t = check_tolerance_of(check->function);
    const char *name = levels[level].level;
    if (!same_number(got->returned, expected, t->epsilon * size) ||
        (reference != NULL && !same_number(got->returned, reference->returned, t->epsilon * size))) {
        check_failed(check->function, name, "%s: returned %.17g, not %.17g", check->label, got->returned, expected);
        return false;
    }
    const int64_t ulp = level == 0 ? t->ulp_ref : t->ulp_level;
    for (int i = 0; i < MAX_ARGS; i++) {
        const int64_t columns = check->arg[i].columns;
        for (int64_t j = 0; j < written(&check->arg[i]); j++) {
            float a = got->data[i][j], b = (float)value[i][j];
            double allowed = t->epsilon * scale[i][j] + (t->epsilon > 0.0 ? tiny : 0.0);
            if (!close_enough(a, b, ulp, allowed)) {
                check_failed(check->function, name, "%s: argument %d [%lld][%lld] is %.9g, not %.9g (%lld ulp)",
                             check->label, i, (long long)(j / columns), (long long)(j % columns), (double)a, (double)b,
                             (long long)check_ulp(a, b));
                return false;
            }
            if (reference != NULL && !close_enough(a, reference->data[i][j], ulp + t->ulp_ref, 2.0 * allowed)) {
                check_failed(check->function, name, "%s: argument %d [%lld][%lld] is %.9g, and %.9g with ref",
                             check->label, i, (long long)(j / columns), (long long)(j % columns), (double)a,
                             (double)reference->data[i][j]);
                return false;
            }
        }
    }
    return true;
}

static bool run_level(const check_case *check, int level, outputs *first, outputs *second)
{
    for (int back = 0; back < 2; back++) {
        outputs *out = back ? second : first;
        const char *wrong = harness_call(check, &levels[level], back != 0, out->data, &out->returned);
        check_count(check->function, level, 1);
        if (wrong != NULL) {
            check_failed(check->function, levels[level].level, "%s: %s", check->label, wrong);
            return false;
        }
    }
    bool same = memcmp(&first->returned, &second->returned, sizeof(double)) == 0;
    for (int i = 0; i < MAX_ARGS; i++) {
        for (int64_t j = 0; j < written(&check->arg[i]); j++) {
            same = same && check_ulp(first->data[i][j], second->data[i][j]) == 0;
        }
    }
    if (!same) {
        check_failed(check->function, levels[level].level, "%s: other bits at another address", check->label);
    }
    return same;
}

/* Levels above the first with vectors do its sums in its order: equal bits, so that forecasts move between machines. */
static void judge_bits(const check_case *check, int level, const outputs *got, const outputs *first)
{
    bool same = got->returned == first->returned || (isnan(got->returned) && isnan(first->returned));
    for (int i = 0; i < MAX_ARGS; i++) {
        for (int64_t j = 0; j < written(&check->arg[i]); j++) {
            same = same && check_ulp(got->data[i][j], first->data[i][j]) == 0;
        }
    }
    if (!same) {
        check_failed(check->function, levels[level].level, "%s: other bits than at level %s", check->label,
                     levels[1].level);
    }
}

void check_run(const check_case *check)
{
    outputs ref = {{0}, 0.0}, first = {{0}, 0.0}, got = {{0}, 0.0}, again = {{0}, 0.0};
    double *value[MAX_ARGS], *scale[MAX_ARGS];
    for (int i = 0; i < MAX_ARGS; i++) {
        size_t n = (size_t)written(&check->arg[i]);
        ref.data[i] = grab(n * sizeof(float));
        first.data[i] = grab(n * sizeof(float));
        got.data[i] = grab(n * sizeof(float));
        again.data[i] = grab(n * sizeof(float));
        value[i] = grab(n * sizeof(double));
        scale[i] = grab(n * sizeof(double));
    }
    double size = 0.0;
    double expected = check->truth(check, value, scale, &size);
    bool have_ref = false, have_first = false;
    for (int level = 0; level < level_count; level++) {
        /* ref is run in any case, and the first above it when there are more: what the others are compared with */
        const bool wanted = check_level_wanted(level);
        if (level > 0 && !wanted && !(level == 1 && level_count > 2)) {
            continue;
        }
        outputs *mine = level == 0 ? &ref : level == 1 ? &first : &got;
        if (!run_level(check, level, mine, &again)) {
            continue;
        }
        if (level == 0 || wanted) {
            judge(check, level, mine, level > 0 && have_ref ? &ref : NULL, value, scale, expected, size);
        }
        if (level > 1 && have_first && compare_bits) {
            judge_bits(check, level, &got, &first);
        }
        have_ref = have_ref || level == 0;
        have_first = have_first || level == 1;
    }
    for (int i = 0; i < MAX_ARGS; i++) {
        free(ref.data[i]);
        free(first.data[i]);
        free(got.data[i]);
        free(again.data[i]);
        free(value[i]);
        free(scale[i]);
    }
}

static int usage(void)
{
    fprintf(stderr, "usage: checkkern [--function NAME] [--level NAME] [--seed N] [--sweep STRIDE] [--bench] [--list]\n"
                    "  --sweep   every STRIDE-th float through exp..softplus (0: none, 1: all, default 1021)\n");
    return 2;
}

static int list(void)
{
    for (int level = 0; level < level_count; level++) {
        for (int i = 0; i < FUNCTIONS; i++) {
            printf("%s %s\n", levels[level].level, tolerances[i].function);
        }
    }
    return 0;
}

static int report(void)
{
    int64_t total = 0, asked = 0;
    for (int i = 0; i < FUNCTIONS; i++) {
        char line[256];
        int used = snprintf(line, sizeof(line), "%-28s", tolerances[i].function);
        int64_t here = 0;
        for (int level = 0; level < level_count; level++) {
            used += snprintf(line + used, sizeof(line) - (size_t)used, "  %s %8" PRId64, levels[level].level,
                             counts[i][level]);
            here += counts[i][level];
            asked += check_level_wanted(level) ? counts[i][level] : 0;
        }
        total += here;
        if (here > 0) {
            printf("%s\n", line);
        }
    }
    if (failures > SHOWN) {
        printf("... and %" PRId64 " failures more\n", failures - SHOWN);
    }
    if (asked == 0) {
        printf("checkkern: tested nothing (no such function, or this processor does not run the level)\n");
        return 77;
    }
    printf("checkkern: %" PRId64 " checks, %" PRId64 " failures\n", total, failures);
    return failures > 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    uint64_t seed = (uint64_t)time(NULL);
    uint32_t stride = 1021;
    const char *planted = NULL;
    bool bench = false, names = false;
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--bench") == 0) {
            bench = true;
        } else if (strcmp(argv[i], "--list") == 0) {
            names = true;
        } else if (next == NULL) {
            return usage();
        } else if (strcmp(argv[i], "--function") == 0) {
            only_function = argv[++i];
        } else if (strcmp(argv[i], "--level") == 0) {
            only_level = argv[++i];
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--sweep") == 0) {
            stride = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--break") == 0) {
            planted = argv[++i];
        } else {
            return usage();
        }
    }
    if (bench) {
        return check_bench(only_level, only_function);
    }
    level_count = seqd_kernels_count() < MAX_LEVELS ? seqd_kernels_count() : MAX_LEVELS;
    for (int i = 0; i < level_count; i++) {
        levels[i] = *seqd_kernels_at(i);
    }
    if (names) {
        return list();
    }
    if (planted != NULL && !check_plant(&levels[level_count - 1], planted)) {
        fprintf(stderr, "checkkern: --break knows %s\n", check_plant_names());
        return 2;
    }
    if (planted != NULL) {
        compare_bits = strcmp(planted, "lstm_forward") == 0;
        if (compare_bits && level_count < 3) {
            printf("checkkern: no two levels here that have to give equal bits\n");
            return 77;
        }
    }
    if (!harness_start()) {
        fprintf(stderr, "checkkern: cannot map the guarded arena\n");
        return 2;
    }
    harness_signals();
    printf("checkkern: seed %" PRIu64 "\n", seed);
    inputs_seed(seed);
    check_gemm();
    check_gates();
    check_math();
    check_vector();
    check_optimizer();
    check_cells();
    check_loss();
    check_laws();
    check_attention();
    check_norm();
    if (stride > 0) {
        check_sweep(stride);
    }
    return report();
}
