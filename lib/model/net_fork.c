/* SPDX-License-Identifier: Apache-2.0 */
#include "net_kinds.h"

#include <string.h>

#include "status.h"

/* Recurrent layers, and a forecast of the whole horizon after every step (decoder.h). */
typedef struct fork_part {
    seqd_stack *stack;
    seqd_decoder_packed packed;
    seqd_decoder_work *work; /* [use.lanes] */
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
    SEQD_CHECK(seqd_stack_declare(&config->stack, "rnn.", &net->tensors, &net->stack_tensor, error));
    const seqd_decoder_shape d = net->decoder = (seqd_decoder_shape){
        .hidden = seqd_stack_width(&config->stack),
        .horizon = config->horizon,
        .size = config->decoder_size,
        .futures = config->futures,
        .statics = net->statics,
        .lags = config->lags,
        .width = config->head.width,
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

static bool causal(const seqd_net *net) { return !net->config.stack.bidirectional; }

/*
 * The output starts as the mean of the lagged values, so that training learns what to change about a seasonal forecast.
 */
static void init(const seqd_net *net, float *parameters)
{
    const seqd_decoder_params params = decoder_params(net, parameters);
    const seqd_head *head = &net->config.head;
    const int64_t lags = net->decoder.lags;
    memset(params.output_lag, 0, (size_t)(net->decoder.width * lags) * sizeof(float));
    if (head->kind != SEQD_HEAD_NEGBIN)
        for (int64_t l = 0; l < lags; l++) params.output_lag[head->middle * lags + l] = 1.0f / (float)lags;
    seqd_head_init_bias(head, params.output_bias);
}

static fork_part *place(const seqd_net_run *run, seqd_arena *arena)
{
    const seqd_net *net = run->net;
    const seqd_use *use = &run->use;
    fork_part *part = seqd_arena_take(arena, 1, sizeof *part), sized;
    seqd_decoder_work *work = seqd_arena_take(arena, (size_t)use->lanes, sizeof *work), sized_work;
    if (part) part->work = work;
    seqd_decoder_place_packed(run->kernels, &net->decoder, arena, part ? &part->packed : &sized.packed);
    for (int32_t i = 0; i < use->lanes; i++)
        seqd_decoder_place_work(run->kernels, &net->decoder, &net->config.head, use->train, use->steps, use->rows,
                                arena, work ? &work[i] : &sized_work);
    return part;
}

static int32_t open_part(seqd_net_run *run, seqd_error *error)
{
    seqd_arena arena = {NULL, 0, false};
    (void)place(run, &arena);
    void *memory = arena.overflow ? NULL : seqd_alloc(run->context, arena.used);
    if (!memory) return seqd_fail_alloc(run->context, arena.used, error);
    arena = (seqd_arena){memory, 0, false};
    fork_part *part = place(run, &arena);
    part->stack = NULL;
    run->part = part;
    return seqd_stack_open(run->context, run->backend, &run->net->config.stack, &run->net->tensors,
                           run->net->stack_tensor, &run->use, &part->stack, error);
}

static void close_part(seqd_net_run *run)
{
    fork_part *part = run->part;
    if (!part) return;
    seqd_stack_close(part->stack);
    seqd_free(run->context, part);
}

static void pack(seqd_net_run *run)
{
    fork_part *part = run->part;
    /* one view serves parameters and gradients; packing only reads */
    const seqd_decoder_params params = decoder_params(run->net, (float *)(uintptr_t)run->parameters);
    seqd_stack_pack(part->stack, run->parameters);
    seqd_decoder_pack(run->kernels, &run->net->decoder, &params, run->use.train, &part->packed);
}

static seqd_stack_pass stack_pass(const seqd_net_pass *pass)
{
    return (seqd_stack_pass){
        .rows = pass->shard->rows, .x = pass->shard->inputs, .s = pass->statics, .key = pass->key};
}

static double loss(seqd_net_run *run, const seqd_net_pass *pass)
{
    fork_part *part = run->part;
    const seqd_net *net = run->net;
    seqd_decoder_work *work = &part->work[pass->lane];
    const seqd_stack_pass layers = stack_pass(pass);
    const float *h = seqd_stack_forward(part->stack, pass->lane, &layers);
    if (!pass->grad)
        return seqd_decoder_loss(run->kernels, &net->decoder, &net->config.head, &part->packed, pass->shard, pass->plan,
                                 pass->first, h, pass->statics, pass->factor, NULL, NULL, NULL, work);
    const seqd_decoder_params grad = decoder_params(net, pass->grad);
    const double sum = seqd_decoder_loss(run->kernels, &net->decoder, &net->config.head, &part->packed, pass->shard,
                                         pass->plan, pass->first, h, pass->statics, pass->factor, &grad,
                                         seqd_stack_gradient(part->stack, pass->lane), pass->statics_grad, work);
    seqd_stack_backward(part->stack, pass->lane, &layers, pass->grad, NULL, pass->statics_grad);
    return sum;
}

static void predict(seqd_net_run *run, const seqd_net_pass *pass, float *out)
{
    fork_part *part = run->part;
    const seqd_stack_pass layers = stack_pass(pass);
    const float *h = seqd_stack_forward(part->stack, pass->lane, &layers);
    seqd_decoder_predict(run->kernels, &run->net->decoder, &part->packed, pass->shard, pass->plan, h, pass->statics,
                         out, &part->work[pass->lane]);
}

static void step(seqd_net_run *run, const seqd_net_pass *pass, float *state)
{
    const fork_part *part = run->part;
    const seqd_stack_pass layers = stack_pass(pass);
    seqd_stack_step(part->stack, pass->lane, &layers, state);
}

static void step_outputs(seqd_net_run *run, const seqd_net_pass *pass, const float *state, float *out)
{
    fork_part *part = run->part;
    const float *h = seqd_stack_state_output(&run->net->config.stack, pass->shard->rows, state);
    seqd_decoder_predict(run->kernels, &run->net->decoder, &part->packed, pass->shard, pass->plan, h, pass->statics,
                         out, &part->work[pass->lane]);
}

static int32_t status(const seqd_net_run *run, seqd_error *error)
{
    const fork_part *part = run->part;
    return seqd_stack_status(part->stack, error);
}

const seqd_net_ops seqd_net_fork = {
    .declare = declare,
    .causal = causal,
    .init = init,
    .open = open_part,
    .close = close_part,
    .pack = pack,
    .loss = loss,
    .predict = predict,
    .step = step,
    .step_outputs = step_outputs,
    .status = status,
};
