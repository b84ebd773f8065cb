/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "checkkern.h"

/*
 * The arena: one slot per argument, each SLOT_BYTES between two pages that fault. Canaries fill BORDER floats around an
 * array; their pattern is a NaN of our own, so that a kernel which reads one shows it in its result.
 */
enum { SLOT_BYTES = 4 << 20, BORDER = 256 };
static const uint32_t canary = 0x7fc5a5a5u;

static char *slots[MAX_ARGS];

bool harness_start(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < MAX_ARGS; i++) {
        char *base = mmap(NULL, SLOT_BYTES + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (base == MAP_FAILED || mprotect(base + page, SLOT_BYTES, PROT_READ | PROT_WRITE) != 0) {
            return false;
        }
        slots[i] = base + page;
    }
    return true;
}

static sigjmp_buf landing;
static volatile sig_atomic_t in_kernel;

static void on_signal(int number)
{
    if (!in_kernel) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    siglongjmp(landing, number);
}

void harness_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], &action, NULL);
    }
}

/* Control bits of the floating-point unit; the sticky flags of past operations are not modes. */
static unsigned float_modes(void)
{
#if defined(__x86_64__)
    return _mm_getcsr() & ~0x3fu;
#else
    return 0;
#endif
}

static void restore_modes(unsigned modes)
{
#if defined(__x86_64__)
    _mm_setcsr(modes);
#else
    (void)modes;
#endif
}

static int64_t extent(const check_arg *arg)
{
    return arg->rows <= 0 || arg->columns <= 0 ? 0 : (arg->rows - 1) * arg->ld + arg->columns;
}

static void fill_canary(uint32_t *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        p[i] = canary;
    }
}

static bool is_canary(const uint32_t *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (p[i] != canary) {
            return false;
        }
    }
    return true;
}

/* First float of the array in its slot; `back`: it ends where the slot ends. */
static float *placed(const check_arg *arg, int slot, bool back)
{
    char *at = slots[slot];
    if (back) {
        at += SLOT_BYTES - extent(arg) * (int64_t)sizeof(float);
    }
    return (float *)(void *)at;
}

static void lay_out(const check_arg *arg, int slot, bool back, float **p)
{
    *p = NULL;
    if (arg->role == CHECK_ABSENT) {
        return;
    }
    int64_t n = extent(arg);
    if (n + BORDER > SLOT_BYTES / (int64_t)sizeof(float)) {
        fprintf(stderr, "checkkern: an array of %lld floats does not fit a slot\n", (long long)n);
        exit(2);
    }
    float *base = placed(arg, slot, back);
    uint32_t *bits = (uint32_t *)(void *)base;
    fill_canary(back ? bits - BORDER : bits, n + BORDER);
    for (int64_t r = 0; arg->start != NULL && r < arg->rows && n > 0; r++) {
        memcpy(base + r * arg->ld, arg->start + r * arg->columns, (size_t)arg->columns * sizeof(float));
    }
    *p = base;
}

/* What is wrong around and inside the array after the call, or NULL. */
static const char *damage(const check_arg *arg, int slot, bool back)
{
    if (arg->role == CHECK_ABSENT) {
        return NULL;
    }
    const int64_t n = extent(arg);
    const float *base = placed(arg, slot, back);
    const uint32_t *bits = (const uint32_t *)(const void *)base;
    if (!is_canary(back ? bits - BORDER : bits + n, BORDER)) {
        return back ? "wrote before the array" : "wrote behind the array";
    }
    for (int64_t r = 0; r < arg->rows && n > 0; r++) {
        if (r + 1 < arg->rows && !is_canary(bits + r * arg->ld + arg->columns, arg->ld - arg->columns)) {
            return "wrote between two rows";
        }
        if (arg->role == CHECK_IN && memcmp(base + r * arg->ld, arg->start + r * arg->columns,
                                            (size_t)arg->columns * sizeof(float)) != 0) {
            return "changed an array it may only read";
        }
    }
    return NULL;
}

static const char *signal_name(int number)
{
    switch (number) {
    case SIGSEGV:
        return "SIGSEGV: touched a guard page";
    case SIGBUS:
        return "SIGBUS";
    case SIGILL:
        return "SIGILL: an instruction this processor does not have";
    case SIGTRAP:
        return "SIGTRAP";
    default:
        return "SIGFPE";
    }
}

const char *harness_call(const check_case *check, const seqd_kernels *kernels, bool back, float *const *result,
                         double *returned)
{
    float *p[MAX_ARGS];
    check_arg args[MAX_ARGS];
    for (int i = 0; i < MAX_ARGS; i++) {
        args[i] = check->arg[i];
        if (args[i].role == CHECK_SCRATCH) {
            args[i].rows = 1;
            args[i].columns = args[i].ld = (int64_t)check->scratch(kernels, check->params);
        }
        lay_out(&args[i], i, back, &p[i]);
    }
    const unsigned modes = float_modes();
    int number = sigsetjmp(landing, 1);
    if (number != 0) {
        in_kernel = 0;
        restore_modes(modes);
        return signal_name(number);
    }
    in_kernel = 1;
    *returned = check->call(kernels, p, check->params);
    in_kernel = 0;
    if (float_modes() != modes) {
        restore_modes(modes);
        return "changed the floating-point modes (MXCSR)";
    }
    for (int i = 0; i < MAX_ARGS; i++) {
        const check_arg *arg = &args[i];
        const char *wrong = damage(arg, i, back);
        if (wrong != NULL) {
            return wrong;
        }
        if (arg->role == CHECK_OUT || arg->role == CHECK_INOUT) {
            for (int64_t r = 0; r < arg->rows && extent(arg) > 0; r++) {
                memcpy(result[i] + r * arg->columns, p[i] + r * arg->ld, (size_t)arg->columns * sizeof(float));
            }
        }
    }
    return NULL;
}
