/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_CONTEXT_H
#define SEQDEMAND_CONTEXT_H

#include <seqdemand/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A context owns what the host decides: memory, log, progress, limits, number of threads. Every other handle is
 * made from one and keeps it alive. Settings are made before the context is shared between threads.
 */
typedef struct seqd_context seqd_context;

/*
 * Memory functions of the host. All members but struct_size may be zero: then the C library is used.
 * `allocate` returns memory aligned as malloc does, or NULL; `release` takes NULL. Both are called from the thread that
 * called the library, never from a worker thread; by several threads at once where several of the host work with one
 * context.
 */
typedef struct seqd_allocator {
    uint32_t struct_size;
    void *user;
    void *(*allocate)(void *user, size_t size);
    void (*release)(void *user, void *pointer);
} seqd_allocator;

#define SEQD_LOG_ERROR 0
#define SEQD_LOG_WARNING 1
#define SEQD_LOG_INFO 2
#define SEQD_LOG_DEBUG 3

/*
 * One whole line, without a newline, of at most 511 bytes; valid during the call only. Called on the thread that called
 * the library. Errors are returned, not logged.
 */
typedef void (*seqd_log_fn)(void *user, int32_t level, const char *line);

/* Where a long run stands. Grown only at the end. */
typedef struct seqd_progress {
    uint32_t struct_size;
    int32_t epoch;            /* validation rounds done, from 0 */
    int64_t step;             /* optimizer steps done */
    int64_t total_steps;      /* most steps this run will take */
    double train_loss;        /* mean of the steps since the last round */
    double validation_loss;   /* of the last round; NaN before the first or without a validation part */
    double best_loss;         /* lowest validation loss so far; NaN before the first */
    double learning_rate;     /* of the last step */
    double elapsed_seconds;
    double remaining_seconds; /* an estimate */
    const char *task;         /* what is running, such as "train lstm" or "backtest 2/3 croston" */
} seqd_progress;

/* Return non-zero to stop cleanly: the running call then returns SEQD_STOPPED. */
typedef int32_t (*seqd_progress_fn)(void *user, const seqd_progress *progress);

/*
 * Makes a context. `allocator` is copied; NULL means the C library. Defaults: one thread, no log, no progress,
 * the best kernels this processor runs.
 * Errors: SEQD_E_ARG, SEQD_E_NOMEM.
 */
SEQD_API int32_t seqd_context_create(const seqd_allocator *allocator, seqd_context **out, seqd_error *error);
SEQD_API void seqd_context_release(seqd_context *context);

/*
 * Where lines up to `max_level` and the progress of long calls go. A NULL function switches off. `user` is handed back
 * at every call. Both functions have to return (no exception, no longjmp), and may be called by as many threads at once
 * as call the library at once.
 */
SEQD_API int32_t seqd_context_set_log(seqd_context *context, seqd_log_fn log, void *user, int32_t max_level,
                                      seqd_error *error);
SEQD_API int32_t seqd_context_set_progress(seqd_context *context, seqd_progress_fn progress, void *user,
                                           seqd_error *error);

/*
 * Threads for training and for prediction of many series, the caller's among them; 0 takes the number of processors
 * this process may use by its affinity mask and its control group's quota, as they are now. A call never works with
 * more than that, nor with more than it has pieces of work of 16 series or windows; what is one piece runs on the
 * calling thread and wakes nobody. Without this call there is one thread.
 * The other threads belong to OpenMP, which keeps them from one call to the next: they look out for work for some
 * milliseconds after a call and then sleep (OMP_WAIT_POLICY=passive in the environment lets them sleep at once).
 * The result of every function has the same bits for any number.
 */
SEQD_API int32_t seqd_context_set_threads(seqd_context *context, int32_t threads, seqd_error *error);
SEQD_API int32_t seqd_context_get_threads(const seqd_context *context);

/*
 * Holds the kernels to a level: "ref" (plain C), "avx2", "avx512", or "auto". One the processor does not run is refused
 * with SEQD_E_UNSUPPORTED. "avx2" and "avx512" give the same bits; those of "ref" differ in the last ones.
 */
SEQD_API int32_t seqd_context_set_kernels(seqd_context *context, const char *level, seqd_error *error);
SEQD_API const char *seqd_context_get_kernels(const seqd_context *context);

/*
 * Limits, checked before anything is allocated: "memory" (bytes held at one time), "series", "rows", "field" (bytes of
 * one CSV field), "parameters". 0 means none. Errors: SEQD_E_OPTION for an unknown name.
 */
SEQD_API int32_t seqd_context_set_limit(seqd_context *context, const char *name, int64_t value, seqd_error *error);

/* Bytes now held through the allocator of this context, besides the context itself. Any thread. */
SEQD_API int64_t seqd_context_memory_in_use(const seqd_context *context);

#ifdef __cplusplus
}
#endif

#endif
