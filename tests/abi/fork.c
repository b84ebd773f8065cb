/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that has trained with several threads forks; each child must forecast the same bits as its parent, and
 * finish. OpenMP's worker threads do not live on in a child: a library that waits for them hangs, and is ended by
 * the alarm.
 */
#include "host.h"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 100
#define CHILD_SECONDS 20

static int run_child(const host *h, const double *expected, int number)
{
    double values[HOST_SERIES * HOST_HORIZON];
    alarm(CHILD_SECONDS);
    if (host_predict(h, values) != 0) return 2;
    if (memcmp(values, expected, sizeof values) != 0) return 3;
    if (number % 20 == 0) { /* a child may train, too, and reaches the same weights */
        host own;
        if (host_train(&own, 2, "lstm") != 0) return 4;
        const int status = host_predict(&own, values);
        host_close(&own);
        if (status != 0) return 5;
        if (memcmp(values, expected, sizeof values) != 0) return 6;
    }
    return 0;
}

int main(void)
{
    double expected[HOST_SERIES * HOST_HORIZON], values[HOST_SERIES * HOST_HORIZON];
    host h;
    int bad = 0;

    host_messages = stderr;
    if (host_train(&h, 2, "lstm") != 0 || host_predict(&h, expected) != 0) return 1;
    for (int i = 0; i < CHILDREN; i++) {
        const pid_t child = fork();
        if (child < 0) {
            perror("fork");
            return 1;
        }
        if (child == 0) _exit(run_child(&h, expected, i));
        int status = 0;
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            printf("child %d: %s %d\n", i, WIFSIGNALED(status) ? "signal" : "exit",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            bad++;
        }
    }
    if (host_predict(&h, values) != 0 || memcmp(values, expected, sizeof values) != 0) {
        puts("the parent forecasts something else after its children");
        bad++;
    }
    host_close(&h);
    printf("%d children, %d bad\n", CHILDREN, bad);
    return bad != 0;
}
