/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_CONTEXT_H
#define SEQD_CORE_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>

#include <seqdemand/context.h>

typedef struct seqd_limits {
    int64_t memory, series, rows, field, parameters;
} seqd_limits;

struct seqd_context {
    atomic_int references;
    seqd_allocator allocator;        /* both functions set */
    atomic_llong memory_in_use;
    atomic_llong refused;            /* bytes the memory limit last refused; 0 when it was the host's allocator */
    seqd_limits limits;              /* 0: none */
    seqd_log_fn log;
    void *log_user;
    int32_t log_level;
    seqd_progress_fn progress;
    void *progress_user;
    int32_t threads;
    const char *kernel_level;        /* "auto", "ref", ...: a static string; the backend floor turns it into kernels */
};

/* Every child handle holds one reference. */
seqd_context *seqd_context_retain(seqd_context *context);
/* Gives a reference back; the last one frees. NULL is fine. */
void seqd_context_drop(seqd_context *context);

int32_t seqd_context_new(const seqd_allocator *allocator, seqd_context **out, seqd_error *error);
int32_t seqd_context_limit(seqd_context *context, const char *name, int64_t value, seqd_error *error);

void seqd_log(const seqd_context *context, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Calls the host's progress function if there is one; true when it asks to stop. */
bool seqd_progress_report(const seqd_context *context, const seqd_progress *progress);

/* Seconds of a clock that never goes back. */
double seqd_now(void);

/*
 * Takes a struct that the host filled into `to`, which holds `size` bytes and the defaults of what may be missing: a host
 * built against an older header gives fewer bytes, but `least` at least; one built against a newer header gives more,
 * which must be 0 (the rule of base.h). `name` is for messages. Errors: SEQD_E_ARG.
 */
int32_t seqd_take_struct(void *to, size_t size, const void *from, size_t least, const char *name, seqd_error *error);

/* Bytes of a struct up to and with a member: what the first header that had the struct knew. */
#define SEQD_SIZE_THROUGH(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

/* Copies min(caller's struct_size, sizeof *from) bytes of a result struct, keeping the caller's struct_size. */
int32_t seqd_copy_result(void *to, const void *from, size_t size, seqd_error *error);

#endif
