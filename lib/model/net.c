/* SPDX-License-Identifier: Apache-2.0 */
#include "net_kinds.h"

#include <string.h>

#include "status.h"

static const seqd_net_ops *ops_of(const seqd_net *net)
{
    static const seqd_net_ops *const kinds[SEQD_NET_KINDS] = {
        [SEQD_NET_FORK] = &seqd_net_fork,
        [SEQD_NET_SEQUENCE] = &seqd_net_sequence,
        [SEQD_NET_ENCDEC] = &seqd_net_encdec,
    };
    return kinds[net->config.kind];
}

int32_t seqd_net_plan(const seqd_net_config *config, seqd_net *net, seqd_error *error)
{
    memset(net, 0, sizeof *net);
    net->config = *config;
    net->statics = config->reals;
    for (int32_t i = 0; i < config->cat_count; i++) {
        net->statics += config->embedding[i];
        SEQD_CHECK(seqd_tensors_matrix(&net->tensors, (seqd_tensor_name){"embedding.", i, ".weight"},
                                       (int64_t)config->cardinality[i] + 1, config->embedding[i], SEQD_INIT_EMBEDDING,
                                       0, error));
    }
    return ops_of(net)->declare(net, error);
}

void seqd_net_init(const seqd_net *net, uint64_t seed, float *parameters)
{
    seqd_tensors_init(&net->tensors, seed, parameters);
    if (ops_of(net)->init) ops_of(net)->init(net, parameters);
}

bool seqd_net_causal(const seqd_net *net) { return !ops_of(net)->causal || ops_of(net)->causal(net); }

bool seqd_net_streams(const seqd_net *net) { return ops_of(net)->step && seqd_net_causal(net); }

static seqd_net_run *place(const seqd_net *net, const seqd_use *use, seqd_arena *arena)
{
    const size_t statics = (size_t)use->rows * (size_t)net->statics;
    seqd_net_run *run = seqd_arena_take(arena, 1, sizeof *run);
    struct seqd_net_lane *lanes = seqd_arena_take(arena, (size_t)use->lanes, sizeof *lanes), sized;
    if (run) run->lanes = lanes;
    for (int32_t n = 0; n < use->lanes; n++) {
        struct seqd_net_lane *lane = lanes ? &lanes[n] : &sized;
        lane->statics = seqd_arena_take(arena, statics, sizeof(float));
        lane->statics_grad = seqd_arena_take(arena, use->train ? statics : 0, sizeof(float));
    }
    return run;
}

/* The kind's own arrays, in a block of their own. */
static int32_t open_part(seqd_net_run *run, seqd_error *error)
{
    const seqd_net_ops *ops = ops_of(run->net);
    seqd_arena arena = {NULL, 0, false};
    (void)ops->place(run, &arena);
    void *memory = arena.overflow ? NULL : seqd_alloc(run->context, arena.used);
    if (!memory) return seqd_fail_alloc(run->context, arena.used, error);
    arena = (seqd_arena){memory, 0, false};
    run->part = ops->place(run, &arena);
    return SEQD_OK;
}

int32_t seqd_net_open(seqd_context *context, const seqd_net *net, const seqd_backend *backend, const seqd_use *use,
                      seqd_net_run **out, seqd_error *error)
{
    seqd_arena arena = {NULL, 0, false};
    (void)place(net, use, &arena);
    void *memory = arena.overflow ? NULL : seqd_alloc(context, arena.used);
    if (!memory) return seqd_fail_alloc(context, arena.used, error);
    memset(memory, 0, sizeof(seqd_net_run)); /* the first thing placed; arrays are written before they are read */
    arena = (seqd_arena){memory, 0, false};
    seqd_net_run *run = place(net, use, &arena);
    run->context = context;
    run->net = net;
    run->kernels = backend->kernels;
    run->use = *use;
    run->told_share = 1.0;
    int32_t status = open_part(run, error);
    if (status == SEQD_OK && !net->config.flat)
        status = seqd_stack_open(context, backend, &net->config.stack, &net->tensors, net->stack_tensor, use,
                                 &run->stack, error);
    if (status != SEQD_OK) {
        seqd_net_close(run);
        return status;
    }
    *out = run;
    return SEQD_OK;
}

void seqd_net_close(seqd_net_run *run)
{
    if (!run) return;
    seqd_stack_close(run->stack);
    seqd_free(run->context, run->part);
    seqd_free(run->context, run);
}

void seqd_net_pack(seqd_net_run *run, const float *parameters)
{
    run->parameters = parameters;
    if (run->stack) seqd_stack_pack(run->stack, parameters);
    ops_of(run->net)->pack(run);
}

void seqd_net_weigh_classes(seqd_net_run *run, const float *weights) { run->class_weight = weights; }

int32_t seqd_net_status(const seqd_net_run *run, seqd_error *error)
{
    return run->stack ? seqd_stack_status(run->stack, error) : SEQD_OK;
}

void seqd_net_teach(seqd_net_run *run, double share) { run->told_share = share; }

int32_t seqd_net_attention_heads(const seqd_net *net)
{
    const bool attends = ops_of(net)->attention && net->config.encdec.attention.kind != SEQD_ATTENTION_NONE;
    return attends ? net->config.encdec.attention.heads : 0;
}

void seqd_net_attention(const seqd_net_run *run, int32_t lane, int32_t row, float *weights)
{
    ops_of(run->net)->attention(run, lane, row, weights);
}

static void gather_statics(const seqd_net_run *run, const seqd_shard *shard, float *out)
{
    const seqd_net *net = run->net;
    for (int32_t r = 0; r < shard->rows; r++) {
        for (int32_t c = 0; c < net->config.cat_count; c++) {
            const int64_t width = net->config.embedding[c];
            const float *table = run->parameters + net->tensors.at[c].offset;
            memcpy(out, table + shard->cats[r * shard->cat_count + c] * width, (size_t)width * sizeof *out);
            out += width;
        }
        if (shard->real_count == 0) continue; /* and no array */
        memcpy(out, shard->reals + r * shard->real_count, (size_t)shard->real_count * sizeof *out);
        out += shard->real_count;
    }
}

static void scatter_statics(const seqd_net_run *run, const seqd_shard *shard, const float *ds, float *grad)
{
    const seqd_net *net = run->net;
    for (int32_t r = 0; r < shard->rows; r++) {
        for (int32_t c = 0; c < net->config.cat_count; c++) {
            const int64_t width = net->config.embedding[c], row = shard->cats[r * shard->cat_count + c];
            run->kernels->add(width, ds, grad + net->tensors.at[c].offset + row * width);
            ds += width;
        }
        ds += shard->real_count;
    }
}

static seqd_net_pass begin(const seqd_net_run *run, int32_t lane, const seqd_shard *shard, const seqd_lag_plan *plan)
{
    gather_statics(run, shard, run->lanes[lane].statics);
    return (seqd_net_pass){.lane = lane, .shard = shard, .plan = plan, .statics = run->lanes[lane].statics};
}

double seqd_net_loss(seqd_net_run *run, int32_t lane, const seqd_shard *shard, const seqd_lag_plan *plan,
                     int32_t first, float factor, float *grad, uint64_t dropout_key)
{
    seqd_net_pass pass = begin(run, lane, shard, plan);
    pass.first = first;
    pass.factor = factor;
    pass.grad = grad;
    pass.key = dropout_key;
    if (!grad) return ops_of(run->net)->loss(run, &pass);
    pass.statics_grad = run->lanes[lane].statics_grad;
    memset(pass.statics_grad, 0, (size_t)shard->rows * (size_t)run->net->statics * sizeof(float));
    const double loss = ops_of(run->net)->loss(run, &pass);
    scatter_statics(run, shard, pass.statics_grad, grad);
    return loss;
}

void seqd_net_predict(seqd_net_run *run, int32_t lane, const seqd_shard *shard, const seqd_lag_plan *plan, float *out)
{
    const seqd_net_pass pass = begin(run, lane, shard, plan);
    ops_of(run->net)->predict(run, &pass, out);
}

int32_t seqd_net_input_width(const seqd_net *net)
{
    const seqd_net_config *config = &net->config;
    return config->kind == SEQD_NET_SEQUENCE ? seqd_embed_width(&config->embed) : config->stack.inputs;
}

double seqd_net_slope(seqd_net_run *run, int32_t lane, const seqd_shard *shard, const seqd_lag_plan *plan, float share,
                      int32_t output, float *x, float *part, float *dx, float *grad)
{
    seqd_net_pass pass = begin(run, lane, shard, plan);
    pass.grad = grad;
    pass.statics_grad = run->lanes[lane].statics_grad;
    memset(pass.statics_grad, 0, (size_t)shard->rows * (size_t)run->net->statics * sizeof(float));
    const seqd_net_slopes slopes = {share, output, x, part, dx};
    return ops_of(run->net)->slope(run, &pass, &slopes);
}

void seqd_net_step(seqd_net_run *run, int32_t lane, const seqd_shard *shard, float *state)
{
    const seqd_net_pass pass = begin(run, lane, shard, NULL);
    ops_of(run->net)->step(run, &pass, state);
}

void seqd_net_step_outputs(seqd_net_run *run, int32_t lane, const seqd_shard *shard, const seqd_lag_plan *plan,
                           const float *state, float *out)
{
    const seqd_net_pass pass = begin(run, lane, shard, plan);
    ops_of(run->net)->step_outputs(run, &pass, state, out);
}
