/* SPDX-License-Identifier: Apache-2.0 */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_setaffinity */
#endif
#include "core_test.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#endif

#ifdef _OPENMP
#include <omp.h>
#endif

#include "parallel.h"

enum { MOST = 10000 };

typedef struct tally {
    atomic_int seen[MOST];
    atomic_int bad_thread, bad_mask, bad_environment, nested;
    int32_t threads;
    pthread_t caller;
} tally;

static tally counts;

static void inner(void *user, int64_t index, int32_t thread)
{
    (void)index;
    (void)thread;
    atomic_fetch_add(&((tally *)user)->nested, 1);
}

static void task(void *user, int64_t index, int32_t thread)
{
    tally *t = user;
    sigset_t mask;
    atomic_fetch_add(&t->seen[index], 1);
    if (thread < 0 || thread >= t->threads) atomic_fetch_add(&t->bad_thread, 1);
    if (fegetround() != FE_TONEAREST) atomic_fetch_add(&t->bad_environment, 1);
    if (!pthread_equal(pthread_self(), t->caller)) {
        pthread_sigmask(SIG_BLOCK, NULL, &mask);
        if (!sigismember(&mask, SIGUSR1) || sigismember(&mask, SIGSEGV)) atomic_fetch_add(&t->bad_mask, 1);
    }
    if (index == 0) seqd_parallel_for(3, 5, inner, t); /* runs on this thread */
}

static void run(int32_t threads, int64_t count)
{
    memset(&counts, 0, sizeof counts);
    counts.threads = threads > 1 ? threads : 1;
    counts.caller = pthread_self();
    seqd_parallel_for(threads, count, task, &counts);
    for (int64_t i = 0; i < MOST; i++) assert_int_equal(atomic_load(&counts.seen[i]), i < count ? 1 : 0);
    assert_int_equal(atomic_load(&counts.bad_thread), 0);
    assert_int_equal(atomic_load(&counts.bad_mask), 0);
    assert_int_equal(atomic_load(&counts.bad_environment), 0);
    assert_int_equal(atomic_load(&counts.nested), count > 0 ? 5 : 0);
}

static void every_index_once(void **state)
{
    (void)state;
    static const int32_t threads[] = { -1, 0, 1, 2, 3, 4, 8 };
    static const int64_t sizes[] = { -5, 0, 1, 2, 3, 100, MOST };
    for (size_t i = 0; i < 7; i++)
        for (size_t k = 0; k < 7; k++) run(threads[i], sizes[k]);
}

/* Many loops by one team, of sizes above and below it; more threads than processors are not held back here. */
static void several_loops(void *user, seqd_team *team)
{
    tally *t = user;
    seqd_team_for(team, 0, task, t);
    for (int64_t count = 1; count <= 40; count++) {
        for (int64_t i = 0; i < MOST; i++) atomic_store(&t->seen[i], 0);
        seqd_team_for(team, count, task, t);
        for (int64_t i = 0; i < MOST; i++)
            if (atomic_load(&t->seen[i]) != (i < count ? 1 : 0)) atomic_fetch_add(&t->bad_thread, 1);
    }
}

static void teams_stay_together(void **state)
{
    (void)state;
    static const int32_t threads[] = { 0, 1, 2, 4, 9 };
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        memset(&counts, 0, sizeof counts);
        counts.threads = threads[i] > 1 ? threads[i] : 1;
        counts.caller = pthread_self();
        seqd_team_run(threads[i], several_loops, &counts);
        assert_int_equal(atomic_load(&counts.bad_thread), 0);
        assert_int_equal(atomic_load(&counts.bad_mask), 0);
        assert_int_equal(atomic_load(&counts.bad_environment), 0);
        assert_int_equal(atomic_load(&counts.nested), 40 * 5);
    }
}

typedef struct chain {
    int64_t value[64], wrong;
} chain;

static void next_link(void *user, int64_t index, int32_t thread)
{
    chain *c = user;
    (void)thread;
    c->value[index] = c->value[index] * 3 + 1;
}

/* Each loop sees all that the one before wrote; pauses let the other threads fall asleep. */
static void links(void *user, seqd_team *team)
{
    chain *c = user;
    const struct timespec pause = { 0, 2000000 };
    int64_t expected = 0;
    for (int round = 0; round < 3000; round++) {
        if (round % 500 == 0) (void)nanosleep(&pause, NULL);
        seqd_team_for(team, 64, next_link, c);
        expected = (expected * 3 + 1) % 1000003;
        for (int i = 0; i < 64; i++) {
            c->value[i] %= 1000003;
            if (c->value[i] != expected) c->wrong++;
        }
    }
}

static void loops_see_what_was_written_before(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 5; threads++) {
        chain c = { 0 };
        seqd_team_run(threads, links, &c);
        assert_int_equal(c.wrong, 0);
    }
}

static atomic_int highest;

static void note_thread(void *user, int64_t index, int32_t thread)
{
    const struct timespec pause = { 0, 100000 };
    (void)user, (void)index;
    int seen = atomic_load(&highest);
    while (thread > seen && !atomic_compare_exchange_weak(&highest, &seen, thread)) {
    }
    (void)nanosleep(&pause, NULL);
}

static void no_more_threads_than_processors(void **state)
{
    (void)state;
    const int32_t processors = seqd_processor_count();
    assert_int_equal(seqd_team_size(1000, 1000), processors < 1000 ? processors : 1000);
    assert_int_equal(seqd_team_size(1000, 1), 1);
    assert_int_equal(seqd_team_size(1000, 0), 1);
    assert_int_equal(seqd_team_size(0, 100), 1);
    assert_int_equal(seqd_team_size(-3, 100), 1);
    atomic_store(&highest, 0);
    seqd_parallel_for(64, 200, note_thread, NULL);
    assert_true(atomic_load(&highest) < processors);
#ifdef __linux__
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(seqd_processor_count(), 1);
    assert_int_equal(seqd_team_size(8, 100), 1); /* of the thread that asks, as it is now */
    atomic_store(&highest, 0);
    seqd_parallel_for(8, 20, note_thread, NULL);
    assert_int_equal(atomic_load(&highest), 0);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(seqd_team_size(1000, 1000), processors < 1000 ? processors : 1000);
#endif
}

static void same_thread(void *user, int64_t index, int32_t thread)
{
    tally *t = user;
    (void)index;
    if (thread != 0 || !pthread_equal(pthread_self(), t->caller)) atomic_fetch_add(&t->bad_thread, 1);
}

static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* A single task stays where it is and costs next to nothing, whatever number of threads is asked for. */
static void one_task_wakes_nobody(void **state)
{
    (void)state;
    static const int32_t threads[] = { 1, 8 };
    memset(&counts, 0, sizeof counts);
    counts.caller = pthread_self();
    for (size_t i = 0; i < 2; i++) {
        double least = 1e9;
        for (int round = 0; round < 50; round++) { /* the least of many: the machine has other work */
            const double begin = now_us();
            for (int k = 0; k < 100; k++) seqd_parallel_for(threads[i], 1, same_thread, &counts);
            const double each = (now_us() - begin) / 100.0;
            if (each < least) least = each;
        }
        print_message("one task of %d threads: %.3f us\n", threads[i], least);
        assert_true(least < 1.0);
    }
    assert_int_equal(atomic_load(&counts.bad_thread), 0);
}

static void the_host_is_left_alone(void **state)
{
    (void)state;
    sigset_t before, after;
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &before), 0);
    assert_int_equal(fesetround(FE_UPWARD), 0);
    feclearexcept(FE_ALL_EXCEPT);
    run(4, 100);
    run(1, 100);
    assert_int_equal(fegetround(), FE_UPWARD);
    assert_int_equal(fetestexcept(FE_ALL_EXCEPT), 0);
    fesetround(FE_TONEAREST);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &after), 0);
    for (int i = 1; i < 32; i++) assert_int_equal(sigismember(&before, i), sigismember(&after, i));
}

#ifdef _OPENMP
static void count_threads(void *user, int64_t index, int32_t thread)
{
    int *team = user;
    (void)index, (void)thread;
    /* a library that a task calls, such as oneDNN, would open a region of its own */
#pragma omp parallel
#pragma omp atomic
    ++*team;
}
#endif

static void what_a_task_calls_gets_one_thread(void **state)
{
    (void)state;
#ifdef _OPENMP
    const int before = omp_get_max_threads();
    int team = 0;
    omp_set_num_threads(4);
    seqd_parallel_for(1, 1, count_threads, &team);
    assert_int_equal(team, 1);
    team = 0;
    seqd_parallel_for(2, 8, count_threads, &team);
    assert_int_equal(team, 8);
    assert_int_equal(omp_get_max_threads(), 4);
    omp_set_num_threads(before);
#else
    skip();
#endif
}

static void a_forked_child_works(void **state)
{
    (void)state;
    run(4, 1000);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20); /* a hang becomes a failure */
        memset(&counts, 0, sizeof counts);
        counts.threads = 4;
        counts.caller = pthread_self();
        seqd_parallel_for(4, 1000, task, &counts);
        for (int i = 0; i < 1000; i++)
            if (atomic_load(&counts.seen[i]) != 1) _exit(1);
        _exit(0);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    run(4, 1000);
}

static void *in_thread(void *user)
{
    static tally own[2];
    tally *t = &own[(intptr_t)user];
    t->threads = 2;
    t->caller = pthread_self();
    for (int i = 0; i < 50; i++) seqd_parallel_for(2, 200, task, t);
    for (int i = 0; i < 200; i++)
        if (atomic_load(&t->seen[i]) != 50) return user;
    return NULL;
}

static void two_hosts_threads_at_once(void **state)
{
    (void)state;
    pthread_t threads[2];
    for (intptr_t i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, in_thread, (void *)i), 0);
    for (int i = 0; i < 2; i++) {
        void *result = &threads;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
}

static void machine(void **state)
{
    (void)state;
    assert_true(seqd_processor_count() >= 1);
    assert_true(seqd_processor_count() <= sysconf(_SC_NPROCESSORS_CONF));
    assert_true(strlen(seqd_parallel_engine()) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_index_once),          cmocka_unit_test(the_host_is_left_alone),
        cmocka_unit_test(a_forked_child_works),      cmocka_unit_test(two_hosts_threads_at_once),
        cmocka_unit_test(what_a_task_calls_gets_one_thread),
        cmocka_unit_test(teams_stay_together),
        cmocka_unit_test(loops_see_what_was_written_before),
        cmocka_unit_test(no_more_threads_than_processors),
        cmocka_unit_test(one_task_wakes_nobody),
        cmocka_unit_test(machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
