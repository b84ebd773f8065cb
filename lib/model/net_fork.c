/* SPDX-License-Identifier: Apache-2.0 */
#include "net_kinds.h"

#include <string.h>

#include "status.h"

/*
 * A forecast of the whole horizon (decoder.h) from the states of recurrent layers after every step, or from a body that
 * reads all steps of a window at once, after the last one.
 */
typedef struct flat_lane {
    float *x;                /* [rows][steps * inputs] */
    float *grad;             /* [rows][width] of the body's output */
    seqd_dense_work work;
} flat_lane;

typedef struct fork_part {
    seqd_decoder_packed packed;
    seqd_decoder_work *work; /* [use.lanes] */
    seqd_dense_packed dense; /* of a flat body, like what follows */
    flat_lane *flat;         /* [use.lanes] */
} fork_part;

enum {
    STATE,
    STATE_BIAS,
    FUTURE,
    STATICS,
    LAG,
    OUTPUT,
    OUTPUT_LAG,
    OUTPUT_BIAS
};

static seqd_decoder_params decoder_params(const seqd_net *net, float *vector)
{
    const seqd_tensor *tensor = &net->tensors.at[net->decoder_tensor];
    return (seqd_decoder_params){
        .state = vector + tensor[STATE].offset,
        .state_bias = vector + tensor[STATE_BIAS].offset,
        .future = vector + tensor[FUTURE].offset,
        .statics = vector + tensor[STATICS].offset,
        .lag = vector + tensor[LAG].offset,
        .output = vector + tensor[OUTPUT].offset,
        .output_lag = vector + tensor[OUTPUT_LAG].offset,
        .output_bias = vector + tensor[OUTPUT_BIAS].offset,
    };
}

static int32_t matrix(seqd_net *net, const char *name, int64_t rows, int64_t columns, seqd_error *error)
{
    return seqd_tensors_matrix(&net->tensors, (seqd_tensor_name){name, -1, ""}, rows, columns, SEQD_INIT_UNIFORM,
                               columns, error);
}

static int32_t bias(seqd_net *net, const char *name, int64_t count, seqd_error *error)
{
    return seqd_tensors_vector(&net->tensors, (seqd_tensor_name){name, -1, ""}, count, SEQD_INIT_ZERO, 0, error);
}

static int32_t declare(seqd_net *net, seqd_error *error)
{
    seqd_net_config *config = &net->config;
    config->stack.statics = net->statics;
    if (config->flat) {
        const int64_t inputs = (int64_t)config->stack.inputs * config->steps;
        if (inputs > INT32_MAX) return seqd_fail(error, SEQD_E_LIMIT, "all steps of a window together are too wide");
        config->dense.inputs = (int32_t)inputs;
        SEQD_CHECK(seqd_dense_declare(&config->dense, "mlp.", false, &net->tensors, &net->dense_tensor, error));
    } else {
        SEQD_CHECK(seqd_stack_declare(&config->stack, "rnn.", &net->tensors, &net->stack_tensor, error));
    }
    const seqd_decoder_shape d = net->decoder = (seqd_decoder_shape){
        .hidden = config->flat ? seqd_dense_width(&config->dense) : seqd_stack_width(&config->stack),
        .horizon = config->horizon,
        .size = config->decoder_size,
        .futures = config->futures,
        .statics = net->statics,
        .lags = config->lags,
        .width = config->head.width,
        .linear = config->flat && config->dense.layers == 0,
    };
    const int64_t wide = (int64_t)d.horizon * d.size;
    net->decoder_tensor = net->tensors.count;
    SEQD_CHECK(matrix(net, "decoder.state.weight", wide, d.hidden, error));
    SEQD_CHECK(bias(net, "decoder.state.bias", wide, error));
    SEQD_CHECK(matrix(net, "decoder.future.weight", d.size, d.futures, error));
    SEQD_CHECK(matrix(net, "decoder.static.weight", d.size, d.statics, error));
    SEQD_CHECK(matrix(net, "decoder.lag.weight", d.size, d.lags, error));
    SEQD_CHECK(matrix(net, "output.weight", d.width, d.size, error));
    SEQD_CHECK(matrix(net, "output.lag.weight", d.width, d.lags, error));
    return bias(net, "output.bias", d.width, error);
}

static bool causal(const seqd_net *net) { return !net->config.flat && !net->config.stack.bidirectional; }

static void init(const seqd_net *net, float *parameters)
{
    const seqd_decoder_params params = decoder_params(net, parameters);
    seqd_head_init_output(&net->config.head, net->decoder.lags, params.output_lag, params.output_bias);
}

static void place_flat(const seqd_net_run *run, seqd_arena *arena, seqd_dense_packed *packed, flat_lane *lanes,
                       flat_lane *sized)
{
    const seqd_dense_shape *dense = &run->net->config.dense;
    const size_t rows = (size_t)run->use.rows;
    seqd_dense_place_packed(run->kernels, dense, run->use.train, arena, packed);
    for (int32_t i = 0; i < run->use.lanes; i++) {
        flat_lane *l = lanes ? &lanes[i] : sized;
        l->x = seqd_arena_take(arena, rows * (size_t)dense->inputs, sizeof(float));
        l->grad = seqd_arena_take(arena, run->use.train ? rows * (size_t)seqd_dense_width(dense) : 0, sizeof(float));
        seqd_dense_place_work(run->kernels, dense, run->use.train, run->use.rows, arena, &l->work);
    }
}

static void *place(const seqd_net_run *run, seqd_arena *arena)
{
    const seqd_net *net = run->net;
    const seqd_use *use = &run->use;
    fork_part *part = seqd_arena_take(arena, 1, sizeof *part), sized;
    seqd_decoder_work *work = seqd_arena_take(arena, (size_t)use->lanes, sizeof *work), sized_work;
    flat_lane *flat = seqd_arena_take(arena, net->config.flat ? (size_t)use->lanes : 0, sizeof *flat), sized_flat;
    if (part) {
        part->work = work;
        part->flat = flat;
    }
    seqd_decoder_place_packed(run->kernels, &net->decoder, arena, part ? &part->packed : &sized.packed);
    if (net->config.flat) place_flat(run, arena, part ? &part->dense : &sized.dense, flat, &sized_flat);
    for (int32_t i = 0; i < use->lanes; i++)
        seqd_decoder_place_work(run->kernels, &net->decoder, &net->config.head, use->train, use->steps, use->rows,
                                arena, work ? &work[i] : &sized_work);
    return part;
}

static void pack(seqd_net_run *run)
{
    fork_part *part = run->part;
    /* one view serves parameters and gradients; packing only reads */
    const seqd_decoder_params params = decoder_params(run->net, (float *)(uintptr_t)run->parameters);
    if (run->net->config.flat)
        seqd_dense_pack(run->kernels, &run->net->config.dense, run->net->tensors.at + run->net->dense_tensor,
                        run->parameters, run->use.train, &part->dense);
    seqd_decoder_pack(run->kernels, &run->net->decoder, &params, run->use.train, &part->packed);
}

static seqd_stack_pass stack_pass(const seqd_net_pass *pass)
{
    return (seqd_stack_pass){
        .rows = pass->shard->rows, .x = pass->shard->inputs, .s = pass->statics, .key = pass->key};
}

/* A window's steps of a row side by side. */
static void flatten(const seqd_net *net, const seqd_shard *shard, float *x)
{
    const int64_t inputs = net->config.stack.inputs;
    for (int32_t t = 0; t < shard->steps; t++)
        for (int32_t r = 0; r < shard->rows; r++)
            memcpy(x + ((int64_t)r * shard->steps + t) * inputs,
                   shard->inputs + ((int64_t)t * shard->rows + r) * inputs, (size_t)inputs * sizeof *x);
}

/* States of steps `first` and later; of a flat body that is the last one. */
static const float *body_forward(seqd_net_run *run, const seqd_net_pass *pass, int32_t first)
{
    fork_part *part = run->part;
    const seqd_net *net = run->net;
    const int64_t rows = pass->shard->rows;
    if (net->config.flat) {
        flat_lane *l = &part->flat[pass->lane];
        flatten(net, pass->shard, l->x);
        return seqd_dense_forward(run->kernels, &net->config.dense, &part->dense, rows, l->x, pass->key, &l->work);
    }
    const seqd_stack_pass layers = stack_pass(pass);
    return seqd_stack_forward(run->stack, pass->lane, &layers) + first * rows * net->decoder.hidden;
}

/* The gradient of those states, in an array that is zero before them. */
static float *body_gradient(seqd_net_run *run, const seqd_net_pass *pass, int32_t first)
{
    fork_part *part = run->part;
    if (run->net->config.flat) return part->flat[pass->lane].grad;
    const int64_t before = (int64_t)first * pass->shard->rows * run->net->decoder.hidden;
    float *dh = seqd_stack_gradient(run->stack, pass->lane);
    memset(dh, 0, (size_t)before * sizeof *dh);
    return dh + before;
}

/* dx, unless NULL, as the shard's inputs, of a shard of one row. */
static void body_backward(seqd_net_run *run, const seqd_net_pass *pass, float *dx)
{
    fork_part *part = run->part;
    const seqd_net *net = run->net;
    if (net->config.flat) {
        flat_lane *l = &part->flat[pass->lane];
        seqd_dense_backward(run->kernels, &net->config.dense, &part->dense, pass->shard->rows, l->x, pass->key,
                            l->grad, net->tensors.at + net->dense_tensor, pass->grad, dx, &l->work);
        return;
    }
    const seqd_stack_pass layers = stack_pass(pass);
    seqd_stack_backward(run->stack, pass->lane, &layers, pass->grad, dx, pass->statics_grad);
}

static double loss(seqd_net_run *run, const seqd_net_pass *pass)
{
    fork_part *part = run->part;
    const seqd_net *net = run->net;
    seqd_decoder_work *work = &part->work[pass->lane];
    const int32_t first = net->config.flat ? pass->shard->steps - 1 : pass->first;
    const float *h = body_forward(run, pass, first);
    if (!pass->grad)
        return seqd_decoder_loss(run->kernels, &net->decoder, &net->config.head, &part->packed, pass->shard, pass->plan,
                                 first, h, pass->statics, pass->factor, NULL, NULL, NULL, work);
    const seqd_decoder_params grad = decoder_params(net, pass->grad);
    const double sum =
        seqd_decoder_loss(run->kernels, &net->decoder, &net->config.head, &part->packed, pass->shard, pass->plan, first,
                          h, pass->statics, pass->factor, &grad, body_gradient(run, pass, first), pass->statics_grad,
                          work);
    body_backward(run, pass, NULL);
    return sum;
}

static void predict(seqd_net_run *run, const seqd_net_pass *pass, float *out)
{
    fork_part *part = run->part;
    const float *h = body_forward(run, pass, pass->shard->steps - 1);
    seqd_decoder_predict(run->kernels, &run->net->decoder, &part->packed, pass->shard, pass->plan, h, pass->statics,
                         out, &part->work[pass->lane]);
}

static double slope(seqd_net_run *run, const seqd_net_pass *pass, const seqd_net_slopes *slopes)
{
    fork_part *part = run->part;
    const seqd_net *net = run->net;
    seqd_net_pass inner = *pass;
    seqd_shard shard = *pass->shard;
    const int32_t last = shard.steps - 1;
    double value;
    seqd_net_share(pass->shard, slopes);
    shard.inputs = slopes->part;
    inner.shard = &shard;
    const float *h = body_forward(run, &inner, last);
    seqd_decoder_slope(run->kernels, &net->decoder, &part->packed, &shard, pass->plan, net->config.head.middle, h,
                       pass->statics, &value, body_gradient(run, &inner, last), &part->work[pass->lane]);
    body_backward(run, &inner, slopes->dx);
    return value;
}

static void step(seqd_net_run *run, const seqd_net_pass *pass, float *state)
{
    const seqd_stack_pass layers = stack_pass(pass);
    seqd_stack_step(run->stack, pass->lane, &layers, state);
}

static void step_outputs(seqd_net_run *run, const seqd_net_pass *pass, const float *state, float *out)
{
    fork_part *part = run->part;
    const float *h = seqd_stack_state_output(&run->net->config.stack, pass->shard->rows, state);
    seqd_decoder_predict(run->kernels, &run->net->decoder, &part->packed, pass->shard, pass->plan, h, pass->statics,
                         out, &part->work[pass->lane]);
}

const seqd_net_ops seqd_net_fork = {
    .declare = declare,
    .causal = causal,
    .init = init,
    .place = place,
    .pack = pack,
    .loss = loss,
    .predict = predict,
    .slope = slope,
    .step = step,
    .step_outputs = step_outputs,
};
