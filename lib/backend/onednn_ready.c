/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdatomic.h>

#include "onednn_layer.h"
#include "parallel.h"
#include "status.h"

/* Primitives in oneDNN's own cache, which has room for 1024 of them; each holds generated code. */
#define CACHED_PRIMITIVES 16

typedef struct job {
    int32_t (*call)(void *user);
    void *user;
    int32_t code;
} job;

static void run_job(void *user, int64_t index, int32_t thread)
{
    (void)index, (void)thread;
    job *j = user;
    j->code = seqd_onednn_guard(j->call, j->user);
}

int32_t seqd_onednn_run(int32_t (*call)(void *user), void *user)
{
    job j = {call, user, SEQD_ONEDNN_THREW};
    seqd_parallel_for(1, 1, run_job, &j);
    return j.code;
}

int32_t seqd_onednn_fail(int32_t code, seqd_error *error)
{
    if (code == SEQD_ONEDNN_THREW) return seqd_fail(error, SEQD_E_INTERNAL, "oneDNN threw an exception");
    if (code == SEQD_ONEDNN_NO_MEMORY || code == (int32_t)dnnl_out_of_memory)
        return seqd_fail(error, SEQD_E_NOMEM, "oneDNN ran out of memory");
    return seqd_fail(error, code == (int32_t)dnnl_unimplemented ? SEQD_E_UNSUPPORTED : SEQD_E_INTERNAL, "oneDNN: %s",
                     dnnl_status2str((dnnl_status_t)code));
}

int32_t seqd_onednn_settle(void *user)
{
    (void)user;
    int capacity = 0;
    (void)dnnl_set_verbose(0); /* 3.x would write its errors to the standard output */
    dnnl_status_t status = dnnl_get_primitive_cache_capacity(&capacity);
    if (status == dnnl_success && capacity > CACHED_PRIMITIVES)
        status = dnnl_set_primitive_cache_capacity(CACHED_PRIMITIVES);
    return (int32_t)status;
}

/*
 * An LSTM whose weights of a kind are all alike: all its units have the same value, which a scalar recurrence tells.
 * Some hosts forbid memory that is both written and run; oneDNN before 3.1 then answers success and leaves zeros.
 */
enum { STEPS = 3, ROWS = 2, INPUTS = 3, UNITS = 16 };

static bool known_answer(const float *hidden)
{
    double h = 0.0, c = 0.0;
    for (int t = 0; t < STEPS; t++) {
        const double sum = INPUTS * 0.5 * 0.25 + UNITS * h * 0.125 + 0.5;
        const double gate = 1.0 / (1.0 + exp(-sum));
        c = gate * c + gate * tanh(sum);
        h = gate * tanh(c);
        for (int i = 0; i < ROWS * UNITS; i++)
            if (!(fabs((double)hidden[t * ROWS * UNITS + i] - h) < 1e-4)) return false;
    }
    return true;
}

static void fill(float *to, int count, float value)
{
    for (int i = 0; i < count; i++) to[i] = value;
}

/* *right is set on success. */
static int32_t try_layer(seqd_context *context, bool *right, seqd_error *error)
{
    const seqd_rnn_plan plan = {{SEQD_CELL_LSTM, INPUTS, 0, UNITS}, STEPS, ROWS, 1, false, false, false};
    float weight_ih[4 * UNITS * INPUTS], weight_hh[4 * UNITS * UNITS], bias[4 * UNITS], x[STEPS * ROWS * INPUTS];
    const seqd_rnn_params params = {weight_ih, weight_hh, bias, bias};
    fill(weight_ih, 4 * UNITS * INPUTS, 0.25f);
    fill(weight_hh, 4 * UNITS * UNITS, 0.125f);
    fill(bias, 4 * UNITS, 0.25f);
    fill(x, STEPS * ROWS * INPUTS, 0.5f);
    const int32_t code = seqd_onednn_run(seqd_onednn_settle, NULL);
    if (code != 0) return seqd_onednn_fail(code, error);
    seqd_rnn *rnn;
    SEQD_CHECK(seqd_onednn_create_untested(context, NULL, &plan, &rnn, error));
    const seqd_rnn_ops *ops = seqd_onednn_rnn();
    ops->pack(rnn, &params);
    const float *hidden = ops->forward(rnn, 0, ROWS, x, NULL);
    const int32_t status = ops->status(rnn, error);
    if (status == SEQD_OK) *right = known_answer(hidden);
    ops->free(rnn);
    return status;
}

int32_t seqd_onednn_ready(seqd_context *context, seqd_error *error)
{
    static atomic_int state; /* 0 untested, 1 computes, 2 does not */
    if (atomic_load(&state) == 0) { /* two threads may both test: the answers are the same */
        bool right = false;
        const int32_t status = try_layer(context, &right, error);
        if (status == SEQD_E_NOMEM || status == SEQD_E_LIMIT) return status;
        if (status != SEQD_OK) /* what failed may work the next time */
            return seqd_fail_prefix(error, SEQD_E_UNSUPPORTED, "oneDNN does not work on this machine");
        atomic_store(&state, right ? 1 : 2);
    }
    if (atomic_load(&state) == 1) return SEQD_OK;
    return seqd_fail(error, SEQD_E_UNSUPPORTED, "oneDNN does not compute correctly on this machine");
}
