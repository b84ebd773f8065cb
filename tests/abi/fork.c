/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that has trained with several threads forks, a thousand times: each child must forecast the same bits as its
 * parent, and finish. OpenMP's worker threads do not live on in a child: a library that waits for them hangs, and is
 * ended by the alarm. For several numbers of threads and for each backend of the build; every fiftieth child trains, too.
 *
 *   test_abi_fork [CHILDREN]     children of each of the combinations; without it a thousand in all
 */
#define HOST_SERIES 40
#define HOST_BATCH "48" /* three pieces of work a step: the worker threads are needed */
#include "host.h"

#include <dirent.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_SECONDS 20
#define ALL_CHILDREN 1000

static int run_child(const host *h, const double *expected, int number, int32_t threads, const char *backend)
{
    static double values[HOST_SERIES * HOST_HORIZON];
    alarm(CHILD_SECONDS);
    if (host_predict(h, values) != 0) return 2;
    if (memcmp(values, expected, sizeof values) != 0) return 3;
    if (number % 50 == 0) { /* and reaches the same weights */
        host own;
        if (host_train_on(&own, threads, "lstm", backend) != 0) return 4;
        const int status = host_predict(&own, values);
        host_close(&own);
        if (status != 0) return 5;
        if (memcmp(values, expected, sizeof values) != 0) return 6;
    }
    return 0;
}

static int count_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;
    if (folder == NULL) return 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* Children that went wrong. */
static int fork_many(int children, int32_t threads, const char *backend)
{
    static double expected[HOST_SERIES * HOST_HORIZON], values[HOST_SERIES * HOST_HORIZON];
    host h;
    int bad = 0;
    if (host_train_on(&h, threads, "lstm", backend) != 0 || host_predict(&h, expected) != 0) return children;
    /* Nothing would be shown if no worker thread were there to be lost. */
    if (threads > 1 && strstr(seqd_build_info(), "openmp=yes") != NULL && sysconf(_SC_NPROCESSORS_ONLN) > 1 &&
        count_threads() < 2) {
        puts("the parent has no worker threads");
        bad++;
    }
    for (int i = 0; i < children; i++) {
        const pid_t child = fork();
        if (child < 0) {
            perror("fork");
            return children;
        }
        if (child == 0) _exit(run_child(&h, expected, i, threads, backend));
        int status = 0;
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            printf("%s, %d threads, child %d: %s %d\n", backend, (int)threads, i,
                   WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            bad++;
        }
    }
    if (host_predict(&h, values) != 0 || memcmp(values, expected, sizeof values) != 0) {
        puts("the parent forecasts something else after its children");
        bad++;
    }
    host_close(&h);
    return bad;
}

int main(int argc, char **argv)
{
    static const int32_t threads[] = { 1, 2, 4 };
    static const char *const backends[] = { "native", "onednn" };
    const int kinds = strstr(seqd_build_info(), "onednn=no") != NULL ? 1 : 2, counts = 3;
    const int each = argc > 1 ? atoi(argv[1]) : (ALL_CHILDREN + kinds * counts - 1) / (kinds * counts);
    int bad = 0;
    if (each < 1) return 2;
    host_messages = stderr;
    for (int kind = 0; kind < kinds; kind++)
        for (int i = 0; i < counts; i++) bad += fork_many(each, threads[i], backends[kind]);
    printf("%d children of %d combinations of threads and backend%s, %d bad\n", each * kinds * counts, kinds * counts,
           kinds == 1 ? " (no oneDNN in this build)" : "", bad);
    return bad != 0;
}
