/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <string.h>

#include "rng.h"

static seqd_rnn_params rnn_params(const seqd_net *net, int32_t layer, float *vector)
{
    const seqd_tensor *tensor = &net->tensors[net->config.cat_count + 4 * layer];
    return (seqd_rnn_params){
        .weight_ih = vector + tensor[0].offset,
        .weight_hh = vector + tensor[1].offset,
        .bias_ih = vector + tensor[2].offset,
        .bias_hh = vector + tensor[3].offset,
    };
}

static seqd_decoder_params decoder_params(const seqd_net *net, float *vector)
{
    const seqd_tensor *tensor = &net->tensors[net->decoder_tensor];
    return (seqd_decoder_params){
        .state = vector + tensor[0].offset,
        .state_bias = vector + tensor[1].offset,
        .future = vector + tensor[2].offset,
        .statics = vector + tensor[3].offset,
        .lag = vector + tensor[4].offset,
        .output = vector + tensor[5].offset,
        .output_lag = vector + tensor[6].offset,
        .output_bias = vector + tensor[7].offset,
    };
}

void seqd_net_place_packed(const seqd_net *net, const seqd_kernels *k, seqd_arena *arena, seqd_net_packed *packed)
{
    for (int32_t i = 0; i < net->config.layers; i++)
        seqd_rnn_place_packed(k, &net->rnn[i], arena, &packed->rnn[i]);
    seqd_decoder_place_packed(k, &net->decoder, arena, &packed->decoder);
}

void seqd_net_pack(const seqd_net *net, const seqd_kernels *k, const float *parameters, int backward,
                   seqd_net_packed *packed)
{
    /* one view serves parameters and gradients; packing only reads */
    float *vector = (float *)(uintptr_t)parameters;
    for (int32_t i = 0; i < net->config.layers; i++) {
        const seqd_rnn_params params = rnn_params(net, i, vector);
        seqd_rnn_pack(k, &net->rnn[i], &params, backward, &packed->rnn[i]);
    }
    const seqd_decoder_params params = decoder_params(net, vector);
    seqd_decoder_pack(k, &net->decoder, &params, backward, &packed->decoder);
    packed->parameters = parameters;
}

void seqd_net_place_work(const seqd_net *net, const seqd_kernels *k, int train, int32_t steps, int32_t rows,
                         seqd_arena *arena, seqd_net_work *work)
{
    const size_t cells = (size_t)steps * (size_t)rows, statics = (size_t)rows * (size_t)net->statics;
    const int dropout = train && net->config.dropout > 0.0;
    size_t widest = 0, scratch = 0;
    for (int32_t i = 0; i < net->config.layers; i++) {
        const size_t hidden = (size_t)net->rnn[i].hidden;
        seqd_rnn_place_state(&net->rnn[i], steps, rows, arena, &work->rnn[i]);
        work->mask[i] = dropout ? seqd_arena_take(arena, cells * hidden, sizeof(float)) : NULL;
        work->dropped[i] = dropout ? seqd_arena_take(arena, cells * hidden, sizeof(float)) : work->rnn[i].hidden;
        if (hidden > widest) widest = hidden;
        const size_t need = train ? seqd_rnn_scratch(k, &net->rnn[i], steps, rows) : 0;
        if (need > scratch) scratch = need;
    }
    for (int i = 0; i < 2; i++) work->dh[i] = seqd_arena_take(arena, train ? cells * widest : 0, sizeof(float));
    work->statics = seqd_arena_take(arena, statics, sizeof(float));
    work->statics_grad = seqd_arena_take(arena, train ? statics : 0, sizeof(float));
    work->scratch = seqd_arena_take(arena, scratch, sizeof(float));
    seqd_decoder_place_work(k, &net->decoder, &net->config.head, train, steps, rows, arena, &work->decoder);
}

static void gather_statics(const seqd_net *net, const seqd_net_packed *packed, const seqd_shard *shard, float *out)
{
    for (int32_t r = 0; r < shard->rows; r++) {
        for (int32_t c = 0; c < net->config.cat_count; c++) {
            const int64_t width = net->config.embedding[c];
            const float *table = packed->parameters + net->tensors[c].offset;
            memcpy(out, table + shard->cats[r * shard->cat_count + c] * width, (size_t)width * sizeof *out);
            out += width;
        }
        memcpy(out, shard->reals + r * shard->real_count, (size_t)shard->real_count * sizeof *out);
        out += shard->real_count;
    }
}

static void scatter_statics(const seqd_net *net, const seqd_kernels *k, const seqd_shard *shard, const float *ds,
                            float *grad)
{
    for (int32_t r = 0; r < shard->rows; r++) {
        for (int32_t c = 0; c < net->config.cat_count; c++) {
            const int64_t width = net->config.embedding[c];
            k->add(width, ds, grad + net->tensors[c].offset + shard->cats[r * shard->cat_count + c] * width);
            ds += width;
        }
        ds += shard->real_count;
    }
}

/* Inverted dropout: kept units are raised so that the expected value stays. */
static void fill_mask(double dropout, uint64_t key, int32_t layer, int64_t count, float *mask)
{
    seqd_rng rng = seqd_rng_stream(key, 0x64726f70, (uint64_t)layer);
    const float keep = (float)(1.0 / (1.0 - dropout));
    const uint32_t threshold = (uint32_t)(dropout * 4294967296.0);
    for (int64_t i = 0; i < count; i += 2) { /* two units from each 64-bit number */
        const uint64_t bits = seqd_rng_u64(&rng);
        mask[i] = (uint32_t)bits < threshold ? 0.0f : keep;
        if (i + 1 < count) mask[i + 1] = (uint32_t)(bits >> 32) < threshold ? 0.0f : keep;
    }
}

/* Runs the layers; returns the last one's (dropped) hidden states. */
static const float *forward(const seqd_net *net, const seqd_kernels *k, const seqd_net_packed *packed,
                            const seqd_shard *shard, uint64_t dropout_key, seqd_net_work *work)
{
    const float *x = shard->inputs;
    gather_statics(net, packed, shard, work->statics);
    for (int32_t i = 0; i < net->config.layers; i++) {
        const int64_t count = (int64_t)shard->steps * shard->rows * net->rnn[i].hidden;
        seqd_rnn_forward(k, &net->rnn[i], &packed->rnn[i], shard->steps, shard->rows, x, work->statics, &work->rnn[i]);
        x = work->rnn[i].hidden;
        if (dropout_key != 0 && work->mask[i]) {
            fill_mask(net->config.dropout, dropout_key, i, count, work->mask[i]);
            memcpy(work->dropped[i], x, (size_t)count * sizeof *x);
            k->multiply(count, work->mask[i], work->dropped[i]);
            x = work->dropped[i];
        }
    }
    return x;
}

double seqd_net_loss(const seqd_net *net, const seqd_kernels *k, const seqd_net_packed *packed,
                     const seqd_shard *shard, const seqd_lag_plan *plan, int32_t first, float factor, float *grad,
                     uint64_t dropout_key, seqd_net_work *work)
{
    const int32_t last = net->config.layers - 1;
    const int dropped = dropout_key != 0 && work->mask[0];
    const float *h = forward(net, k, packed, shard, dropout_key, work);
    if (!grad)
        return seqd_decoder_loss(k, &net->decoder, &net->config.head, &packed->decoder, shard, plan, first, h,
                                 work->statics, factor, NULL, NULL, NULL, &work->decoder);

    const seqd_decoder_params decoder_grad = decoder_params(net, grad);
    float *dh = work->dh[0], *dx = work->dh[1];
    memset(work->statics_grad, 0, (size_t)shard->rows * (size_t)net->statics * sizeof(float));
    const double loss = seqd_decoder_loss(k, &net->decoder, &net->config.head, &packed->decoder, shard, plan, first, h,
                                          work->statics, factor, &decoder_grad, dh, work->statics_grad, &work->decoder);
    for (int32_t i = last; i >= 0; i--) {
        const seqd_rnn_params rnn_grad = rnn_params(net, i, grad);
        const float *x = i == 0 ? shard->inputs : dropped ? work->dropped[i - 1] : work->rnn[i - 1].hidden;
        if (dropped) k->multiply((int64_t)shard->steps * shard->rows * net->rnn[i].hidden, work->mask[i], dh);
        seqd_rnn_backward(k, &net->rnn[i], &packed->rnn[i], shard->steps, shard->rows, x, work->statics, &work->rnn[i],
                          dh, &rnn_grad, i > 0 ? dx : NULL, work->statics_grad, work->scratch);
        float *swap = dh;
        dh = dx;
        dx = swap;
    }
    scatter_statics(net, k, shard, work->statics_grad, grad);
    return loss;
}

void seqd_net_predict(const seqd_net *net, const seqd_kernels *k, const seqd_net_packed *packed,
                      const seqd_shard *shard, const seqd_lag_plan *plan, float *out, seqd_net_work *work)
{
    const float *h = forward(net, k, packed, shard, 0, work);
    seqd_decoder_predict(k, &net->decoder, &packed->decoder, shard, plan, h, work->statics, out, &work->decoder);
}
