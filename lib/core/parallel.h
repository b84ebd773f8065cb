/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_PARALLEL_H
#define SEQD_CORE_PARALLEL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The only way to use several threads. Calls task(user, i, thread) once for every i in [0, count), thread in
 * [0, threads). Which thread runs a task is not fixed, so a task's result may depend on i only; `thread` picks scratch.
 * No more threads take part than there are tasks or processors for this process; with one nobody is woken, and nothing
 * is allocated.
 *
 * Workers start with all signals blocked and run under the default floating-point environment (so does the caller while
 * inside; its own is put back). In a child made by fork, and without OpenMP, everything runs on the calling thread.
 * A task must not allocate, throw or jump out. Libraries that a task calls see one OpenMP thread.
 */
typedef void (*seqd_task_fn)(void *user, int64_t index, int32_t thread);
void seqd_parallel_for(int32_t threads, int64_t count, seqd_task_fn task, void *user);

/*
 * Several loops, one after the other, by a team that stays together: body runs on the calling thread, under the rules
 * of a task, and hands loops to seqd_team_for; each ends before the call returns. Between loops the other threads look
 * around for about a tenth of a millisecond, giving way to whoever wants the processor, and then sleep. A thread that
 * the kernel put aside holds nobody up unless it is within a task.
 * Exactly `threads` are asked for, whatever the machine has: seqd_team_size says how many are of use.
 */
typedef struct seqd_team seqd_team;
typedef void (*seqd_team_fn)(void *user, seqd_team *team);
void seqd_team_run(int32_t threads, seqd_team_fn body, void *user);
void seqd_team_for(seqd_team *team, int64_t count, seqd_task_fn task, void *user); /* NULL: on the calling thread */
/* The lowest of threads, count and processors this thread may use; at least 1. */
int32_t seqd_team_size(int32_t threads, int64_t count);

/* Processors this process may use: affinity mask and cgroup quota considered. At least 1. */
int32_t seqd_processor_count(void);

/* true in a child made by fork after threads were used: whoever would start OpenMP threads there must not. */
bool seqd_parallel_forked(void);

/* "gomp", "libomp" or "no". */
const char *seqd_parallel_engine(void);

#endif
