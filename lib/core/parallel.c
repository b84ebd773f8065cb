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

#include <sched.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "file.h"
#include "text.h"

/* Looks at the state of the others before a thread goes to sleep; each gives the processor to whoever else wants it. */
#define LOOKS 200

/*
 * A loop is a ticket: its number in the upper half, the next index in the lower one. A thread takes an index by moving
 * the ticket on, which fails when the loop it looked at is over; what describes a loop is only written while its ticket
 * is closed and all indices of the loop before are done. So a thread that comes late, or was put aside, delays nobody.
 */
#define CLOSED UINT32_MAX
#define BATCH ((int64_t)1 << 30) /* most indices of one ticket */

struct seqd_team {
    int32_t threads;
    atomic_ullong ticket;
    atomic_llong done; /* indices of the loop under way that are finished */
    atomic_uint count;
    atomic_llong first; /* index of the loop's task that ticket 0 stands for */
    _Atomic(seqd_task_fn) task;
    _Atomic(void *) user;
    atomic_bool over;
    atomic_int asleep; /* helpers that wait for `wake` */
    atomic_bool caller_asleep;
    pthread_mutex_t lock;
    pthread_cond_t wake, finished;
};

static void run_here(int64_t count, seqd_task_fn task, void *user)
{
    for (int64_t i = 0; i < count; i++) task(user, i, 0);
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

/* Takes indices of the loop under way until there is none left. */
static void work(seqd_team *team, int32_t thread)
{
    unsigned long long ticket = atomic_load(&team->ticket);
    for (;;) {
        const uint32_t index = (uint32_t)ticket, count = atomic_load(&team->count);
        const seqd_task_fn task = atomic_load(&team->task);
        void *const user = atomic_load(&team->user);
        const int64_t at = atomic_load(&team->first) + index;
        if (index >= count) return; /* or closed */
        if (!atomic_compare_exchange_weak(&team->ticket, &ticket, ticket + 1)) continue;
        task(user, at, thread);
        if (atomic_fetch_add(&team->done, 1) + 1 == (long long)count && atomic_load(&team->caller_asleep)) {
            (void)pthread_mutex_lock(&team->lock);
            (void)pthread_cond_signal(&team->finished);
            (void)pthread_mutex_unlock(&team->lock);
        }
        ticket = atomic_load(&team->ticket);
    }
}

/* A loop other than `*number` is open (its number then goes there), or the team is over. */
static bool new_loop(seqd_team *team, uint32_t *number)
{
    const unsigned long long ticket = atomic_load(&team->ticket);
    if (atomic_load(&team->over)) return true;
    if ((uint32_t)(ticket >> 32) == *number || (uint32_t)ticket == CLOSED) return false;
    *number = (uint32_t)(ticket >> 32);
    return true;
}

/* What all threads but the caller's do until the team is over. */
static void help(seqd_team *team, int32_t thread)
{
    uint32_t number = 0;
    do {
        bool found = new_loop(team, &number);
        for (int look = 0; look < LOOKS && !found; look++) {
            (void)sched_yield();
            found = new_loop(team, &number);
        }
        if (!found) {
            (void)pthread_mutex_lock(&team->lock);
            atomic_fetch_add(&team->asleep, 1);
            while (!new_loop(team, &number)) (void)pthread_cond_wait(&team->wake, &team->lock);
            atomic_fetch_sub(&team->asleep, 1);
            (void)pthread_mutex_unlock(&team->lock);
        }
        work(team, thread);
    } while (!atomic_load(&team->over));
}

static void wake_helpers(seqd_team *team)
{
    if (atomic_load(&team->asleep) == 0) return;
    (void)pthread_mutex_lock(&team->lock);
    (void)pthread_cond_broadcast(&team->wake);
    (void)pthread_mutex_unlock(&team->lock);
}

static void wait_for_helpers(seqd_team *team, int64_t count)
{
    for (int look = 0; look < LOOKS && atomic_load(&team->done) < count; look++) (void)sched_yield();
    if (atomic_load(&team->done) >= count) return;
    (void)pthread_mutex_lock(&team->lock);
    atomic_store(&team->caller_asleep, true);
    while (atomic_load(&team->done) < count) (void)pthread_cond_wait(&team->finished, &team->lock);
    atomic_store(&team->caller_asleep, false);
    (void)pthread_mutex_unlock(&team->lock);
}

static void loop(seqd_team *team, int64_t first, int64_t count, seqd_task_fn task, void *user)
{
    const unsigned long long number = (atomic_load(&team->ticket) >> 32) + 1;
    atomic_store(&team->ticket, number << 32 | CLOSED);
    atomic_store(&team->done, 0);
    atomic_store(&team->first, first);
    atomic_store(&team->count, (uint32_t)count);
    atomic_store(&team->task, task);
    atomic_store(&team->user, user);
    atomic_store(&team->ticket, number << 32);
    wake_helpers(team);
    work(team, 0);
    wait_for_helpers(team, count);
}

/* One region of OpenMP for the life of the team: its first thread is the caller's, which runs the body. */
static void run_team(seqd_team *team, seqd_team_fn body, void *user)
{
    sigset_t signals;
    const bool blocked = block_signals(&signals);
#pragma omp parallel num_threads(team->threads) default(none) shared(team, body, user, signals, blocked)
    {
        const int32_t thread = (int32_t)omp_get_thread_num();
        omp_set_num_threads(1); /* for a library that a task calls, should the host allow regions within regions */
        if (thread == 0) {
            if (blocked) (void)pthread_sigmask(SIG_SETMASK, &signals, NULL); /* helpers are started by now */
            body(user, team);
            atomic_store(&team->over, true);
            wake_helpers(team);
        } else {
            fenv_t saved;
            const int kept = fegetenv(&saved);
            (void)fesetenv(FE_DFL_ENV);
            help(team, thread);
            if (kept == 0) (void)fesetenv(&saved);
        }
    }
}

#endif

static void run_alone(seqd_team *team, seqd_team_fn body, void *user)
{
#ifdef _OPENMP
    /* a setting of this thread, seen by libraries that a task calls; of no meaning within a region */
    const bool outside = !omp_in_parallel();
    const int threads = outside ? omp_get_max_threads() : 1;
    if (outside) omp_set_num_threads(1);
#endif
    body(user, team);
#ifdef _OPENMP
    if (outside) omp_set_num_threads(threads);
#endif
}

void seqd_team_run(int32_t threads, seqd_team_fn body, void *user)
{
    fenv_t saved;
    const int kept = fegetenv(&saved);
    (void)fesetenv(FE_DFL_ENV);
#ifdef _OPENMP
    if (threads > 1 && threads_usable()) {
        seqd_team team = { .threads = threads, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER,
                           .finished = PTHREAD_COND_INITIALIZER };
        atomic_store(&team.ticket, CLOSED);
        run_team(&team, body, user);
        (void)pthread_cond_destroy(&team.finished);
        (void)pthread_cond_destroy(&team.wake);
        (void)pthread_mutex_destroy(&team.lock);
    } else
#endif
    {
        (void)threads;
        run_alone(NULL, body, user);
    }
    if (kept == 0) (void)fesetenv(&saved);
}

void seqd_team_for(seqd_team *team, int64_t count, seqd_task_fn task, void *user)
{
#ifdef _OPENMP
    if (team && count > 1) {
        for (int64_t first = 0; first < count; first += BATCH)
            loop(team, first, count - first < BATCH ? count - first : BATCH, task, user);
        return;
    }
#else
    (void)team;
#endif
    run_here(count, task, user);
}

typedef struct single {
    int64_t count;
    seqd_task_fn task;
    void *user;
} single;

static void run_single(void *user, seqd_team *team)
{
    const single *s = user;
    seqd_team_for(team, s->count, s->task, s->user);
}

void seqd_parallel_for(int32_t threads, int64_t count, seqd_task_fn task, void *user)
{
    single s = { count, task, user };
    if (count > 0) seqd_team_run(seqd_team_size(threads, count), run_single, &s);
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

static int32_t lower(int32_t a, int32_t b)
{
    return b > 0 && b < a ? b : a;
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

/* Of the calling thread: a host may bind its threads. */
static int32_t own_processors(void)
{
    int32_t count = 0;
#ifdef __linux__
    count = affinity_count();
#endif
    if (count < 1) {
        const long online = sysconf(_SC_NPROCESSORS_ONLN);
        count = online < 1 ? 1 : online > 1 << 20 ? 1 << 20 : (int32_t)online;
    }
    return count;
}

/* What the group's quota is worth, as last read; 0: not read yet. Reading takes several files. */
static atomic_int quota_read;

int32_t seqd_processor_count(void)
{
    int32_t quota = 1 << 20;
#ifdef __linux__
    quota = cgroup_count(quota);
#endif
    atomic_store(&quota_read, quota);
    return lower(own_processors(), quota);
}

int32_t seqd_team_size(int32_t threads, int64_t count)
{
    if (count < threads) threads = (int32_t)(count > 1 ? count : 1);
    if (threads < 2) return 1;
    const int32_t quota = atomic_load(&quota_read);
    return lower(threads, quota > 0 ? lower(own_processors(), quota) : seqd_processor_count());
}
