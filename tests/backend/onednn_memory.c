/* SPDX-License-Identifier: Apache-2.0 */
#include "onednn_memory.h"

#include "context.h"
#include "layer.h"

int try_a_layer(void)
{
    const layer_case c = {{{SEQD_CELL_LSTM, 12, 0, 24}, 6, 8, 1, true, false, false}, 8};
    seqd_context *context;
    if (seqd_context_new(NULL, &context, NULL) != SEQD_OK) return 2;
    layer_values *expected = layer_make(&c, 4), *got = layer_make(&c, 4);
    const seqd_rnn_params params = layer_params(expected);
    seqd_rnn *ref = layer_open_ref(context, &c.plan), *rnn;
    ref->ops->pack(ref, &params);
    layer_forward(ref, 0, expected);
    layer_backward(ref, 0, expected);

    seqd_error error = {.struct_size = (uint32_t)sizeof error};
    const seqd_rnn_ops *ops = seqd_onednn_rnn();
    if (ops->create(context, NULL, &c.plan, &rnn, &error) != SEQD_OK) return error.status != SEQD_OK ? 1 : 2;
    rnn->ops = ops;
    rnn->context = context;
    ops->pack(rnn, &params);
    layer_forward(rnn, 0, got);
    layer_backward(rnn, 0, got);
    if (ops->status(rnn, &error) != SEQD_OK) return error.status != SEQD_OK ? 1 : 2;
    ops->free(rnn);
    return layer_difference(got, expected, NULL) < 1e-5 ? 0 : 2;
}
