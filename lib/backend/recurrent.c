/* SPDX-License-Identifier: Apache-2.0 */
#include "recurrent.h"

#include "status.h"

/* Which backend runs a layer when the choice is left to the library: the rule that benchmarks/README.md derives. */
static bool onednn_is_faster(const seqd_rnn_plan *plan)
{
    (void)plan;
    return false;
}

int32_t seqd_rnn_create(seqd_context *context, const seqd_backend *backend, const seqd_rnn_plan *plan, seqd_rnn **out,
                        seqd_error *error)
{
    const bool onednn = backend->kind == SEQD_BACKEND_ONEDNN ||
                        (backend->kind == SEQD_BACKEND_AUTO && onednn_is_faster(plan));
    const seqd_rnn_ops *ops = onednn && seqd_onednn_rnn() ? seqd_onednn_rnn() : &seqd_native_rnn;
    const seqd_kernels *kernels = onednn ? backend->kernels : backend->native;
    seqd_rnn *rnn;
    SEQD_CHECK(ops->create(context, kernels, plan, &rnn, error));
    rnn->ops = ops;
    rnn->context = context;
    rnn->kernels = kernels;
    rnn->plan = *plan;
    *out = rnn;
    return SEQD_OK;
}

void seqd_rnn_free(seqd_rnn *rnn)
{
    if (rnn) rnn->ops->free(rnn);
}
