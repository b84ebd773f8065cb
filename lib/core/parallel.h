/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_PARALLEL_H
#define SEQD_CORE_PARALLEL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The only way to use several threads. Calls task(user, i, thread) once for every i in [0, count), thread in
 * [0, threads). Which thread runs a task is not fixed, so a task's result may depend on i only; `thread` picks scratch.
 *
 * Workers start with all signals blocked and run under the default floating-point environment (so does the caller while
 * inside; its own is put back). In a child made by fork, and without OpenMP, everything runs on the calling thread.
 * A task must not allocate, throw or jump out. Libraries that a task calls see one OpenMP thread.
 */
typedef void (*seqd_task_fn)(void *user, int64_t index, int32_t thread);
void seqd_parallel_for(int32_t threads, int64_t count, seqd_task_fn task, void *user);

/* Processors this process may use: affinity mask and cgroup quota considered. At least 1. */
int32_t seqd_processor_count(void);

/* true in a child made by fork after threads were used: whoever would start OpenMP threads there must not. */
bool seqd_parallel_forked(void);

/* "gomp", "libomp" or "no". */
const char *seqd_parallel_engine(void);

#endif
