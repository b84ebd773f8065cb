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

/* One lane's arrays beside those of the recurrent layers. */
typedef struct net_lane {
    seqd_decoder_work decoder;
    const float *output[SEQD_MAX_LAYERS]; /* [steps][rows][hidden] of each layer, after dropout */
    float *dropped[SEQD_MAX_LAYERS];      /* where dropout puts it */
    float *mask[SEQD_MAX_LAYERS];         /* NULL without dropout */
    float *dh[2];                         /* gradients of two layers' hidden states, the widest */
    float *statics, *statics_grad;        /* [rows][statics] */
} net_lane;

struct seqd_net_run {
    seqd_context *context;
    const seqd_net *net;
    const seqd_kernels *kernels;
    seqd_net_use use;
    const float *parameters;
    seqd_decoder_packed decoder;
    seqd_rnn *rnn[SEQD_MAX_LAYERS];
    net_lane *lanes; /* [use.lanes] */
};

/* Everything but the recurrent layers, in one block. */
static seqd_net_run *place(const seqd_net *net, const seqd_kernels *k, const seqd_net_use *use, seqd_arena *arena)
{
    const size_t cells = (size_t)use->steps * (size_t)use->rows, statics = (size_t)use->rows * (size_t)net->statics;
    const bool dropout = use->train && net->config.dropout > 0.0;
    seqd_net_run *run = seqd_arena_take(arena, 1, sizeof *run), sized;
    net_lane *lanes = seqd_arena_take(arena, (size_t)use->lanes, sizeof *lanes), sized_lane;
    size_t widest = 0;
    for (int32_t i = 0; i < net->config.layers; i++)
        if ((size_t)net->rnn[i].hidden > widest) widest = (size_t)net->rnn[i].hidden;
    if (run) run->lanes = lanes;
    seqd_decoder_place_packed(k, &net->decoder, arena, run ? &run->decoder : &sized.decoder);
    for (int32_t n = 0; n < use->lanes; n++) {
        net_lane *lane = lanes ? &lanes[n] : &sized_lane;
        for (int32_t i = 0; i < net->config.layers; i++) {
            const size_t count = dropout ? cells * (size_t)net->rnn[i].hidden : 0;
            lane->mask[i] = dropout ? seqd_arena_take(arena, count, sizeof(float)) : NULL;
            lane->dropped[i] = seqd_arena_take(arena, count, sizeof(float));
        }
        for (int i = 0; i < 2; i++)
            lane->dh[i] = seqd_arena_take(arena, use->train ? cells * widest : 0, sizeof(float));
        lane->statics = seqd_arena_take(arena, statics, sizeof(float));
        lane->statics_grad = seqd_arena_take(arena, use->train ? statics : 0, sizeof(float));
        seqd_decoder_place_work(k, &net->decoder, &net->config.head, use->train, use->steps, use->rows, arena,
                                &lane->decoder);
    }
    return run;
}

int32_t seqd_net_open(seqd_context *context, const seqd_net *net, const seqd_backend *backend, const seqd_net_use *use,
                      seqd_net_run **out, seqd_error *error)
{
    seqd_arena arena = {NULL, 0, false};
    (void)place(net, backend->kernels, use, &arena);
    void *memory = arena.overflow ? NULL : seqd_alloc(context, arena.used);
    if (!memory) return seqd_fail_alloc(context, arena.used, error);
    memset(memory, 0, sizeof(seqd_net_run)); /* the first thing placed; arrays are written before they are read */
    arena = (seqd_arena){memory, 0, false};
    seqd_net_run *run = place(net, backend->kernels, use, &arena);
    run->context = context;
    run->net = net;
    run->kernels = backend->kernels;
    run->use = *use;
    for (int32_t i = 0; i < net->config.layers; i++) {
        const seqd_rnn_plan plan = {net->rnn[i], use->steps, use->rows, use->lanes, use->train};
        const int32_t status = seqd_rnn_create(context, backend, &plan, &run->rnn[i], error);
        if (status != SEQD_OK) {
            seqd_net_close(run);
            return status;
        }
    }
    *out = run;
    return SEQD_OK;
}

void seqd_net_close(seqd_net_run *run)
{
    if (!run) return;
    for (int32_t i = 0; i < run->net->config.layers; i++) seqd_rnn_free(run->rnn[i]);
    seqd_free(run->context, run);
}

void seqd_net_pack(seqd_net_run *run, const float *parameters)
{
    /* one view serves parameters and gradients; packing only reads */
    float *vector = (float *)(uintptr_t)parameters;
    for (int32_t i = 0; i < run->net->config.layers; i++) {
        const seqd_rnn_params params = rnn_params(run->net, i, vector);
        run->rnn[i]->ops->pack(run->rnn[i], &params);
    }
    const seqd_decoder_params params = decoder_params(run->net, vector);
    seqd_decoder_pack(run->kernels, &run->net->decoder, &params, run->use.train, &run->decoder);
    run->parameters = parameters;
}

int32_t seqd_net_status(const seqd_net_run *run, seqd_error *error)
{
    int32_t status = SEQD_OK;
    for (int32_t i = 0; i < run->net->config.layers && status == SEQD_OK; i++)
        status = run->rnn[i]->ops->status(run->rnn[i], error);
    return status;
}

static void gather_statics(const seqd_net_run *run, const seqd_shard *shard, float *out)
{
    const seqd_net *net = run->net;
    for (int32_t r = 0; r < shard->rows; r++) {
        for (int32_t c = 0; c < net->config.cat_count; c++) {
            const int64_t width = net->config.embedding[c];
            const float *table = run->parameters + net->tensors[c].offset;
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

void seqd_net_dropout(double dropout, uint64_t key, int32_t layer, int64_t count, float *mask)
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

/* Runs the layers; returns the last one's hidden states, after dropout. */
static const float *forward(seqd_net_run *run, int32_t index, const seqd_shard *shard, uint64_t dropout_key)
{
    const seqd_net *net = run->net;
    net_lane *lane = &run->lanes[index];
    const float *x = shard->inputs;
    gather_statics(run, shard, lane->statics);
    for (int32_t i = 0; i < net->config.layers; i++) {
        const int64_t count = (int64_t)shard->steps * shard->rows * net->rnn[i].hidden;
        x = run->rnn[i]->ops->forward(run->rnn[i], index, shard->rows, x, lane->statics);
        if (dropout_key != 0 && lane->mask[i]) {
            seqd_net_dropout(net->config.dropout, dropout_key, i, count, lane->mask[i]);
            memcpy(lane->dropped[i], x, (size_t)count * sizeof *x);
            run->kernels->multiply(count, lane->mask[i], lane->dropped[i]);
            x = lane->dropped[i];
        }
        lane->output[i] = x;
    }
    return x;
}

double seqd_net_loss(seqd_net_run *run, int32_t index, const seqd_shard *shard, const seqd_lag_plan *plan,
                     int32_t first, float factor, float *grad, uint64_t dropout_key)
{
    const seqd_net *net = run->net;
    const seqd_kernels *k = run->kernels;
    net_lane *lane = &run->lanes[index];
    const bool dropped = dropout_key != 0 && lane->mask[0];
    const float *h = forward(run, index, shard, dropout_key);
    if (!grad)
        return seqd_decoder_loss(k, &net->decoder, &net->config.head, &run->decoder, shard, plan, first, h,
                                 lane->statics, factor, NULL, NULL, NULL, &lane->decoder);

    const seqd_decoder_params decoder_grad = decoder_params(net, grad);
    float *dh = lane->dh[0], *dx = lane->dh[1];
    memset(lane->statics_grad, 0, (size_t)shard->rows * (size_t)net->statics * sizeof(float));
    const double loss = seqd_decoder_loss(k, &net->decoder, &net->config.head, &run->decoder, shard, plan, first, h,
                                          lane->statics, factor, &decoder_grad, dh, lane->statics_grad, &lane->decoder);
    for (int32_t i = net->config.layers - 1; i >= 0; i--) {
        const seqd_rnn_params rnn_grad = rnn_params(net, i, grad);
        const float *x = i == 0 ? shard->inputs : lane->output[i - 1];
        if (dropped) k->multiply((int64_t)shard->steps * shard->rows * net->rnn[i].hidden, lane->mask[i], dh);
        run->rnn[i]->ops->backward(run->rnn[i], index, shard->rows, x, lane->statics, dh, &rnn_grad,
                                   i > 0 ? dx : NULL, lane->statics_grad);
        float *swap = dh;
        dh = dx;
        dx = swap;
    }
    scatter_statics(net, k, shard, lane->statics_grad, grad);
    return loss;
}

void seqd_net_predict(seqd_net_run *run, int32_t index, const seqd_shard *shard, const seqd_lag_plan *plan, float *out)
{
    net_lane *lane = &run->lanes[index];
    const float *h = forward(run, index, shard, 0);
    seqd_decoder_predict(run->kernels, &run->net->decoder, &run->decoder, shard, plan, h, lane->statics, out,
                         &lane->decoder);
}

int64_t seqd_net_state_floats(const seqd_net *net, int32_t rows)
{
    int64_t units = 0;
    for (int32_t i = 0; i < net->config.layers; i++) units += net->rnn[i].hidden;
    return (net->config.cell == SEQD_CELL_LSTM ? 2 : 1) * units * rows;
}

void seqd_net_step(seqd_net_run *run, int32_t index, const seqd_shard *shard, float *state)
{
    const seqd_net *net = run->net;
    net_lane *lane = &run->lanes[index];
    const float *x = shard->inputs;
    gather_statics(run, shard, lane->statics);
    for (int32_t i = 0; i < net->config.layers; i++) {
        const int64_t units = (int64_t)shard->rows * net->rnn[i].hidden;
        float *c = net->config.cell == SEQD_CELL_LSTM ? state + units : NULL;
        run->rnn[i]->ops->step(run->rnn[i], index, shard->rows, x, lane->statics, state, c);
        x = state;
        state += c ? 2 * units : units;
    }
}

void seqd_net_step_outputs(seqd_net_run *run, int32_t index, const seqd_shard *shard, const seqd_lag_plan *plan,
                           const float *state, float *out)
{
    const seqd_net *net = run->net;
    net_lane *lane = &run->lanes[index];
    const int64_t per_unit = (net->config.cell == SEQD_CELL_LSTM ? 2 : 1) * (int64_t)shard->rows;
    for (int32_t i = 0; i + 1 < net->config.layers; i++) state += per_unit * net->rnn[i].hidden;
    gather_statics(run, shard, lane->statics);
    seqd_decoder_predict(run->kernels, &net->decoder, &run->decoder, shard, plan, state, lane->statics, out,
                         &lane->decoder);
}
