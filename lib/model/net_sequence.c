/* SPDX-License-Identifier: Apache-2.0 */
#include "net_kinds.h"

#include <string.h>

#include "status.h"

/*
 * A sequence of events to its answers: embeddings, a body (recurrent layers, or one that reads all steps at once),
 * pooling over time, one linear layer. With recurrent layers that run forwards and the state after an event as pooling
 * every event of a row may be answered in one pass; else the last one alone.
 */

/* Floats of the widest array that are worked on together, as in decoder.c. */
#define CHUNK_FLOATS 131072

/*
 * A shard of events is as long as its longest row; what is read of it here is brought to the steps the network is opened
 * for.
 */

/* One thread's arrays. */
typedef struct lane {
    float *x, *dx;            /* as embed.h lays them out */
    seqd_dense_work dense;    /* of a flat body */
    seqd_pool_work pool;
    float *pooled_grad;       /* [rows][width] */
    int32_t *where;           /* [steps * rows] events that are asked: t * rows + r */
    /* of one chunk of them: */
    float *states, *states_grad, *label, *weight;
    seqd_dense_work output;
    seqd_answer_work answer;
} lane;

typedef struct sequence_part {
    seqd_dense_packed dense, output;
    int32_t chunk;            /* events answered together */
    lane *lanes;              /* [use.lanes] */
} sequence_part;

static bool answers_each(const seqd_net *net)
{
    const seqd_net_config *c = &net->config;
    return !c->flat && c->pooling == SEQD_POOL_LAST && !c->stack.bidirectional && c->answer.answers == 1;
}

static int32_t declare(seqd_net *net, seqd_error *error)
{
    seqd_net_config *config = &net->config;
    config->embed.flat = config->flat;
    const int32_t width = seqd_embed_width(&config->embed);
    SEQD_CHECK(seqd_embed_declare(&config->embed, &net->tensors, &net->embed_tensor, error));
    if (config->flat) {
        const int64_t inputs = (int64_t)width * config->steps;
        if (inputs > INT32_MAX) return seqd_fail(error, SEQD_E_LIMIT, "all steps of a window together are too wide");
        config->dense.inputs = (int32_t)inputs;
        SEQD_CHECK(seqd_dense_declare(&config->dense, "mlp.", false, &net->tensors, &net->dense_tensor, error));
    } else {
        config->stack.inputs = width;
        config->stack.statics = 0;
        SEQD_CHECK(seqd_stack_declare(&config->stack, "rnn.", &net->tensors, &net->stack_tensor, error));
    }
    const int32_t state = config->flat ? seqd_dense_width(&config->dense) : seqd_stack_width(&config->stack);
    net->pool = (seqd_pool_shape){config->flat ? SEQD_POOL_LAST : config->pooling, state};
    net->pool_tensor = net->tensors.count;
    if (net->pool.pooling == SEQD_POOL_ATTENTION)
        SEQD_CHECK(seqd_tensors_vector(&net->tensors, (seqd_tensor_name){"pooling.query", -1, ""}, state,
                                       SEQD_INIT_UNIFORM, 1, error));
    const int64_t outputs = (int64_t)config->answer.answers * config->answer.width;
    if (outputs > INT32_MAX) return seqd_fail(error, SEQD_E_LIMIT, "answers times classes are too many");
    net->output = (seqd_dense_shape){.inputs = state, .layers = 1, .size = {(int32_t)outputs}};
    return seqd_dense_declare(&net->output, "output", true, &net->tensors, &net->output_tensor, error);
}

static void init(const seqd_net *net, float *parameters)
{
    float *bias = parameters + net->tensors.at[net->output_tensor + 1].offset;
    for (int32_t i = 0; i < net->config.answer.answers; i++)
        seqd_answer_init_bias(&net->config.answer, &net->config.head, bias + (int64_t)i * net->config.answer.width);
}

static int32_t chunk_of(const seqd_net_run *run)
{
    const seqd_net *net = run->net;
    const int64_t all = (int64_t)run->use.steps * run->use.rows;
    const int64_t widest = net->output.size[0] > net->output.inputs ? net->output.size[0] : net->output.inputs;
    int64_t chunk = CHUNK_FLOATS / widest;
    if (chunk < run->use.rows) chunk = run->use.rows;
    return (int32_t)(chunk < all ? chunk : all);
}

static void place_lane(const seqd_net_run *run, int32_t chunk, seqd_arena *arena, lane *l)
{
    const seqd_net *net = run->net;
    const seqd_kernels *k = run->kernels;
    const seqd_use *use = &run->use;
    const size_t n = (size_t)chunk, steps = (size_t)use->steps * (size_t)use->rows, state = (size_t)net->pool.width;
    const size_t inputs = steps * (size_t)seqd_embed_width(&net->config.embed);
    l->x = seqd_arena_take(arena, inputs, sizeof(float));
    l->dx = seqd_arena_take(arena, use->train && net->config.embed.tokens > 0 ? inputs : 0, sizeof(float));
    if (net->config.flat) seqd_dense_place_work(k, &net->config.dense, use->train, use->rows, arena, &l->dense);
    seqd_pool_place(&net->pool, use->train, use->steps, use->rows, arena, &l->pool);
    l->pooled_grad = seqd_arena_take(arena, use->train ? (size_t)use->rows * state : 0, sizeof(float));
    l->where = seqd_arena_take(arena, steps, sizeof(int32_t));
    l->states = seqd_arena_take(arena, n * state, sizeof(float));
    l->states_grad = seqd_arena_take(arena, use->train ? n * state : 0, sizeof(float));
    l->label = seqd_arena_take(arena, n * (size_t)net->config.answer.answers, sizeof(float));
    l->weight = seqd_arena_take(arena, n, sizeof(float));
    seqd_dense_place_work(k, &net->output, use->train, chunk, arena, &l->output);
    seqd_answer_place(&net->config.answer, &net->config.head, chunk, arena, &l->answer);
}

static void *place(const seqd_net_run *run, seqd_arena *arena)
{
    const seqd_net *net = run->net;
    const bool train = run->use.train;
    const int32_t chunk = chunk_of(run);
    sequence_part *part = seqd_arena_take(arena, 1, sizeof *part), sized;
    lane *lanes = seqd_arena_take(arena, (size_t)run->use.lanes, sizeof *lanes), sized_lane;
    if (part) {
        part->lanes = lanes;
        part->chunk = chunk;
    }
    if (net->config.flat)
        seqd_dense_place_packed(run->kernels, &net->config.dense, train, arena, part ? &part->dense : &sized.dense);
    seqd_dense_place_packed(run->kernels, &net->output, train, arena, part ? &part->output : &sized.output);
    for (int32_t i = 0; i < run->use.lanes; i++) place_lane(run, chunk, arena, lanes ? &lanes[i] : &sized_lane);
    return part;
}

static void pack(seqd_net_run *run)
{
    const seqd_net *net = run->net;
    sequence_part *part = run->part;
    const seqd_tensor *at = net->tensors.at;
    if (net->config.flat)
        seqd_dense_pack(run->kernels, &net->config.dense, at + net->dense_tensor, run->parameters, run->use.train,
                        &part->dense);
    seqd_dense_pack(run->kernels, &net->output, at + net->output_tensor, run->parameters, run->use.train,
                    &part->output);
}

static const float *query_of(const seqd_net_run *run)
{
    return run->parameters + run->net->tensors.at[run->net->pool_tensor].offset;
}

static seqd_stack_pass stack_pass(const seqd_net_pass *pass, const lane *l)
{
    return (seqd_stack_pass){.rows = pass->shard->rows, .length = pass->shard->length, .x = l->x, .key = pass->key};
}

/*
 * States that answers are read from, of inputs in l->x: of all events [steps][rows][width], or of each row; *h takes
 * the stack's.
 */
static const float *states_forward(seqd_net_run *run, const seqd_net_pass *pass, lane *l, const float **h)
{
    const seqd_net *net = run->net;
    sequence_part *part = run->part;
    const seqd_shard *shard = pass->shard;
    if (net->config.flat)
        return seqd_dense_forward(run->kernels, &net->config.dense, &part->dense, shard->rows, l->x, pass->key,
                                  &l->dense);
    const seqd_stack_pass layers = stack_pass(pass, l);
    *h = seqd_stack_forward(run->stack, pass->lane, &layers);
    if (net->pool.pooling == SEQD_POOL_LAST) return *h;
    return seqd_pool_forward(run->kernels, &net->pool, run->use.steps, shard->rows, shard->length, *h, query_of(run),
                             &l->pool);
}

static const float *body_forward(seqd_net_run *run, const seqd_net_pass *pass, lane *l, const float **h)
{
    const seqd_net *net = run->net;
    seqd_embed_forward(&net->config.embed, net->tensors.at + net->embed_tensor, run->parameters, pass->shard,
                       run->use.steps, l->x);
    return states_forward(run, pass, l, h);
}

/* Position of the state that event `where` of a shard is answered from. */
static int64_t state_of(const seqd_net *net, const seqd_shard *shard, int32_t where)
{
    const bool each = !net->config.flat && net->pool.pooling == SEQD_POOL_LAST;
    return each ? where : where % shard->rows;
}

/* The events whose answers count: those with a weight, or of them the last event of a row alone. */
static int64_t asked(const seqd_net *net, const seqd_shard *shard, int32_t *where)
{
    const bool each = answers_each(net);
    int64_t count = 0;
    for (int32_t t = 0; t < shard->steps; t++)
        for (int32_t r = 0; r < shard->rows; r++) {
            if (t >= shard->length[r] || (!each && t + 1 < shard->length[r])) continue;
            const float weight = shard->answers > 1 ? shard->fork[r] : shard->fork[r * shard->steps + t];
            if (weight > 0.0f) where[count++] = t * shard->rows + r;
        }
    return count;
}

static float *answer_chunk(const seqd_net_run *run, const seqd_shard *shard, const float *states, const int32_t *where,
                           int64_t count, lane *l)
{
    const seqd_net *net = run->net;
    const sequence_part *part = run->part;
    const int64_t width = net->pool.width;
    for (int64_t i = 0; i < count; i++)
        memcpy(l->states + i * width, states + state_of(net, shard, where[i]) * width, (size_t)width * sizeof *states);
    return seqd_dense_forward(run->kernels, &net->output, &part->output, count, l->states, 0, &l->output);
}

static void chunk_targets(const seqd_shard *shard, const int32_t *where, int64_t count, lane *l)
{
    for (int64_t i = 0; i < count; i++) {
        const int64_t t = where[i] / shard->rows, r = where[i] % shard->rows, at = r * shard->steps + t;
        l->weight[i] = shard->answers > 1 ? shard->fork[r] : shard->fork[at];
        for (int32_t a = 0; a < shard->answers; a++)
            l->label[i * shard->answers + a] = shard->label[shard->answers > 1 ? r * shard->answers + a : at];
    }
}

/* dx, laid out as l->x, or NULL. */
static void states_backward(seqd_net_run *run, const seqd_net_pass *pass, const float *h, float *dstates, float *dx,
                            lane *l)
{
    const seqd_net *net = run->net;
    sequence_part *part = run->part;
    const seqd_shard *shard = pass->shard;
    const seqd_tensor *at = net->tensors.at;
    if (net->config.flat) {
        seqd_dense_backward(run->kernels, &net->config.dense, &part->dense, shard->rows, l->x, pass->key, dstates,
                            at + net->dense_tensor, pass->grad, dx, &l->dense);
    } else {
        const seqd_stack_pass layers = stack_pass(pass, l);
        if (net->pool.pooling != SEQD_POOL_LAST)
            seqd_pool_backward(run->kernels, &net->pool, run->use.steps, shard->rows, shard->length, h, query_of(run),
                               dstates, seqd_stack_gradient(run->stack, pass->lane),
                               pass->grad + at[net->pool_tensor].offset, &l->pool);
        seqd_stack_backward(run->stack, pass->lane, &layers, pass->grad, dx, pass->statics_grad);
    }
}

static void body_backward(seqd_net_run *run, const seqd_net_pass *pass, const float *h, float *dstates, lane *l)
{
    const seqd_net *net = run->net;
    float *dx = net->config.embed.tokens > 0 ? l->dx : NULL;
    states_backward(run, pass, h, dstates, dx, l);
    if (dx)
        seqd_embed_backward(run->kernels, &net->config.embed, net->tensors.at + net->embed_tensor, pass->shard,
                            run->use.steps, dx, pass->grad);
}

static double loss(seqd_net_run *run, const seqd_net_pass *pass)
{
    const seqd_net *net = run->net;
    const sequence_part *part = run->part;
    const seqd_shard *shard = pass->shard;
    lane *l = &part->lanes[pass->lane];
    const bool each = !net->config.flat && net->pool.pooling == SEQD_POOL_LAST;
    const int64_t width = net->pool.width, states = (each ? shard->steps : 1) * (int64_t)shard->rows;
    const float *h = NULL, *from = body_forward(run, pass, l, &h);
    float *back = !pass->grad ? NULL : each ? seqd_stack_gradient(run->stack, pass->lane) : l->pooled_grad;
    if (back) memset(back, 0, (size_t)(states * width) * sizeof *back);

    const int64_t count = asked(net, shard, l->where);
    double total = 0.0;
    for (int64_t first = 0; first < count; first += part->chunk) {
        const int64_t n = count - first < part->chunk ? count - first : part->chunk;
        const int32_t *where = l->where + first;
        float *out = answer_chunk(run, shard, from, where, n, l);
        chunk_targets(shard, where, n, l);
        total += seqd_answer_loss(run->kernels, &net->config.answer, &net->config.head, n, out, l->label, l->weight,
                                  run->class_weight, pass->factor, &l->answer);
        if (!back) continue;
        seqd_dense_backward(run->kernels, &net->output, &part->output, n, l->states, 0, out,
                            net->tensors.at + net->output_tensor, pass->grad, l->states_grad, &l->output);
        for (int64_t i = 0; i < n; i++)
            memcpy(back + state_of(net, shard, where[i]) * width, l->states_grad + i * width,
                   (size_t)width * sizeof *back);
    }
    if (back) body_backward(run, pass, h, back, l);
    return total;
}

static void predict(seqd_net_run *run, const seqd_net_pass *pass, float *out)
{
    const seqd_net *net = run->net;
    const sequence_part *part = run->part;
    const seqd_shard *shard = pass->shard;
    lane *l = &part->lanes[pass->lane];
    const float *h = NULL, *from = body_forward(run, pass, l, &h);
    const int64_t outputs = net->output.size[0];
    for (int32_t r = 0; r < shard->rows; r++)
        l->where[r] = (shard->length[r] > 0 ? shard->length[r] - 1 : 0) * shard->rows + r;
    for (int64_t first = 0; first < shard->rows; first += part->chunk) {
        const int64_t n = shard->rows - first < part->chunk ? shard->rows - first : part->chunk;
        const float *o = answer_chunk(run, shard, from, l->where + first, n, l);
        memcpy(out + first * outputs, o, (size_t)(n * outputs) * sizeof *out);
    }
}

/* A flat body has its last event at the end: here events stand from the first step on, whatever the body. */
static double slope(seqd_net_run *run, const seqd_net_pass *pass, const seqd_net_slopes *slopes)
{
    const seqd_net *net = run->net;
    const sequence_part *part = run->part;
    const seqd_shard *shard = pass->shard;
    lane *l = &part->lanes[pass->lane];
    const bool each = !net->config.flat && net->pool.pooling == SEQD_POOL_LAST;
    const int64_t width = seqd_embed_width(&net->config.embed), state = net->pool.width;
    const int64_t used = shard->length[0] * width, all = run->use.steps * width;
    const int64_t at = net->config.flat ? all - used : 0;
    const int32_t last = shard->length[0] > 0 ? shard->length[0] - 1 : 0;

    seqd_embed_forward(&net->config.embed, net->tensors.at + net->embed_tensor, run->parameters, shard, run->use.steps,
                       l->x);
    memset(slopes->x, 0, (size_t)all * sizeof(float));
    memset(slopes->part, 0, (size_t)all * sizeof(float));
    memcpy(slopes->x, l->x + at, (size_t)used * sizeof(float));
    for (int64_t i = 0; i < all; i++) l->x[i] *= slopes->share;
    memcpy(slopes->part, l->x + at, (size_t)used * sizeof(float));

    const float *h = NULL, *from = states_forward(run, pass, l, &h);
    float *out = answer_chunk(run, shard, from, &last, 1, l);
    const double value = (double)out[slopes->output];
    for (int32_t i = 0; i < net->output.size[0]; i++) out[i] = i == slopes->output ? 1.0f : 0.0f;
    seqd_dense_backward(run->kernels, &net->output, &part->output, 1, l->states, 0, out,
                        net->tensors.at + net->output_tensor, pass->grad, l->states_grad, &l->output);
    float *back = each ? seqd_stack_gradient(run->stack, pass->lane) : l->pooled_grad;
    memset(back, 0, (size_t)((each ? run->use.steps : 1) * state) * sizeof *back);
    memcpy(back + state_of(net, shard, last) * state, l->states_grad, (size_t)state * sizeof *back);
    states_backward(run, pass, h, back, slopes->dx, l);
    memmove(slopes->dx, slopes->dx + at, (size_t)used * sizeof(float));
    memset(slopes->dx + used, 0, (size_t)(all - used) * sizeof(float));
    return value;
}

const seqd_net_ops seqd_net_sequence = {
    .declare = declare,
    .causal = answers_each,
    .init = init,
    .place = place,
    .pack = pack,
    .loss = loss,
    .predict = predict,
    .slope = slope,
};
