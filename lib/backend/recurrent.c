/* SPDX-License-Identifier: Apache-2.0 */
#include "recurrent.h"

#include "status.h"

/*
 * Which backend runs a layer when the choice is left to the library. On no shape of benchmarks/grid.py oneDNN 2.6 was
 * the faster one (Zen 4, one thread, shards of 16 sequences): it took 1.01 to 2.8 times as long with AVX-512, 1.2 to
 * 2.7 times with AVX2. It comes nearest in forward passes with AVX-512 and 128 units or more.
 */
static bool onednn_is_faster(const seqd_rnn_plan *plan)
{
    (void)plan;
    return false;
}

static int32_t create(const seqd_rnn_ops *ops, seqd_context *context, const seqd_kernels *kernels,
                      const seqd_rnn_plan *plan, seqd_rnn **out, seqd_error *error)
{
    seqd_rnn *rnn;
    SEQD_CHECK(ops->create(context, kernels, plan, &rnn, error));
    rnn->ops = ops;
    rnn->context = context;
    rnn->kernels = kernels;
    rnn->plan = *plan;
    *out = rnn;
    return SEQD_OK;
}

int32_t seqd_rnn_create(seqd_context *context, const seqd_backend *backend, const seqd_rnn_plan *plan, seqd_rnn **out,
                        seqd_error *error)
{
    const seqd_rnn_ops *onednn = seqd_onednn_rnn();
    if (plan->state_dropout && backend->kind == SEQD_BACKEND_ONEDNN)
        return seqd_fail(error, SEQD_E_UNSUPPORTED, "backend=onednn cannot train with recurrent_dropout");
    if (onednn && backend->kind == SEQD_BACKEND_ONEDNN)
        return create(onednn, context, backend->kernels, plan, out, error);
    /* what oneDNN cannot do is no error when it was our choice */
    if (onednn && backend->kind == SEQD_BACKEND_AUTO && !plan->state_dropout && onednn_is_faster(plan) &&
        create(onednn, context, backend->native, plan, out, NULL) == SEQD_OK)
        return SEQD_OK;
    return create(&seqd_native_rnn, context, backend->native, plan, out, error);
}

void seqd_rnn_free(seqd_rnn *rnn)
{
    if (rnn) rnn->ops->free(rnn);
}
