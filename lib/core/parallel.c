/* SPDX-License-Identifier: Apache-2.0 */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "parallel.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

#include "file.h"
#include "text.h"

static void run_here(int64_t count, seqd_task_fn task, void *user)
{
    fenv_t saved;
    const int kept = fegetenv(&saved);
    (void)fesetenv(FE_DFL_ENV);
    for (int64_t i = 0; i < count; i++) task(user, i, 0);
    if (kept == 0) (void)fesetenv(&saved);
}

#ifdef _OPENMP

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_bool forked;
static atomic_bool watching;

static void after_fork_in_child(void)
{
    atomic_store(&forked, true);
}

static void watch_forks(void)
{
    atomic_store(&watching, pthread_atfork(NULL, NULL, after_fork_in_child) == 0);
}

/* The OpenMP runtime's threads do not exist in a forked child, and waiting for them would never end. */
static bool threads_usable(void)
{
    (void)pthread_once(&once, watch_forks);
    return atomic_load(&watching) && !atomic_load(&forked) && !omp_in_parallel();
}

/* Threads started meanwhile inherit the mask. Signals that the processor raises stay: a crash is seen as one. */
static bool block_signals(sigset_t *saved)
{
    static const int raised[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
    sigset_t mask;
    if (sigfillset(&mask) != 0) return false;
    for (size_t i = 0; i < sizeof raised / sizeof raised[0]; i++) (void)sigdelset(&mask, raised[i]);
    return pthread_sigmask(SIG_BLOCK, &mask, saved) == 0;
}

static void run_team(int32_t threads, int64_t count, seqd_task_fn task, void *user)
{
    sigset_t signals;
    const bool blocked = block_signals(&signals);
    atomic_llong next;
    atomic_init(&next, 0);
#pragma omp parallel num_threads(threads) default(none) shared(next, count, task, user)
    {
        fenv_t saved;
        const int kept = fegetenv(&saved);
        (void)fesetenv(FE_DFL_ENV);
        const int32_t thread = (int32_t)omp_get_thread_num();
        for (;;) {
            const long long i = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);
            if (i >= count) break;
            task(user, i, thread);
        }
        if (kept == 0) (void)fesetenv(&saved);
    }
    if (blocked) (void)pthread_sigmask(SIG_SETMASK, &signals, NULL);
}

/*
 * On the calling thread, in a region of its own: the number of threads that oneDNN would take is then a setting of that
 * region, and the host's stays as it is.
 */
static void run_alone(int64_t count, seqd_task_fn task, void *user)
{
#pragma omp parallel num_threads(1) default(none) shared(count, task, user)
    {
        omp_set_num_threads(1);
        run_here(count, task, user);
    }
}

#endif

void seqd_parallel_for(int32_t threads, int64_t count, seqd_task_fn task, void *user)
{
    if (count <= 0) return;
#ifdef _OPENMP
    if (threads > 1 && count > 1 && threads_usable()) {
        run_team(count < threads ? (int32_t)count : threads, count, task, user);
        return;
    }
    if (threads_usable()) {
        run_alone(count, task, user);
        return;
    }
#else
    (void)threads;
#endif
    run_here(count, task, user);
}

bool seqd_parallel_forked(void)
{
#ifdef _OPENMP
    (void)threads_usable();
    return atomic_load(&forked);
#else
    return false;
#endif
}

const char *seqd_parallel_engine(void)
{
#if !defined(_OPENMP)
    return "no";
#elif defined(__clang__)
    return "libomp";
#else
    return "gomp";
#endif
}

#ifdef __linux__

static int32_t affinity_count(void)
{
    cpu_set_t sets[16]; /* 16384 processors */
    memset(sets, 0, sizeof sets);
    if (sched_getaffinity(0, sizeof sets, sets) != 0) return 0;
    return (int32_t)CPU_COUNT_S(sizeof sets, sets);
}

/* Whole processors that `quota` microseconds in each `period` are worth, rounded up; 0 for no quota. */
static int32_t quota_count(int64_t quota, int64_t period)
{
    if (quota <= 0 || period <= 0) return 0;
    const int64_t whole = (quota - 1) / period + 1;
    return whole > 1 << 20 ? 0 : (int32_t)whole;
}

static bool read_word(const char **cursor, const char **word, size_t *length)
{
    const char *p = *cursor;
    while (*p == ' ' || *p == '\n') p++;
    *word = p;
    while (*p != '\0' && *p != ' ' && *p != '\n') p++;
    *length = (size_t)(p - *word);
    *cursor = p;
    return *length > 0;
}

/* "200000 100000" or "max 100000" */
static int32_t quota_of_v2(const char *text)
{
    const char *word;
    size_t length;
    int64_t quota, period;
    if (!read_word(&text, &word, &length) || !seqd_parse_i64(word, length, &quota)) return 0;
    if (!read_word(&text, &word, &length) || !seqd_parse_i64(word, length, &period)) return 0;
    return quota_count(quota, period);
}

static int64_t read_number(const char *path)
{
    char text[64];
    const char *cursor = text, *word;
    size_t length;
    int64_t value;
    if (seqd_file_peek(path, text, sizeof text) == 0 || !read_word(&cursor, &word, &length)) return 0;
    return seqd_parse_i64(word, length, &value) ? value : 0;
}

static int32_t lower(int32_t a, int32_t b)
{
    return b > 0 && b < a ? b : a;
}

/* The group of this process and every group above it may have a quota. */
static int32_t cgroup_count(int32_t count)
{
    static const char root[] = "/sys/fs/cgroup", file[] = "/cpu.max";
    char groups[1024], path[1024 + sizeof root + sizeof file], text[64];
    const char *line = seqd_file_peek("/proc/self/cgroup", groups, sizeof groups) > 0 ? strstr(groups, "0::/") : NULL;
    size_t length = 0;
    memcpy(path, root, sizeof root);
    if (line && (line == groups || line[-1] == '\n')) {
        line += 3;
        length = strcspn(line, "\n");
        memcpy(path + sizeof root - 1, line, length);
    }
    for (;;) {
        while (length > 0 && path[sizeof root - 1 + length - 1] == '/') length--;
        memcpy(path + sizeof root - 1 + length, file, sizeof file);
        if (seqd_file_peek(path, text, sizeof text) > 0) count = lower(count, quota_of_v2(text));
        if (length == 0) break;
        while (length > 0 && path[sizeof root - 1 + length - 1] != '/') length--;
    }
    return lower(count, quota_count(read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
                                    read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us")));
}

#endif

int32_t seqd_processor_count(void)
{
    int32_t count = 0;
#ifdef __linux__
    count = affinity_count();
#endif
    if (count < 1) {
        const long online = sysconf(_SC_NPROCESSORS_ONLN);
        count = online < 1 ? 1 : online > 1 << 20 ? 1 << 20 : (int32_t)online;
    }
#ifdef __linux__
    count = cgroup_count(count);
#endif
    return count;
}
