/* SPDX-License-Identifier: Apache-2.0 */
#include "net_kinds.h"

#include <string.h>

#include "rng.h"
#include "status.h"

/*
 * An encoder of recurrent layers, and a decoder (encdec.h) that answers after a window's last step alone: forecasts of a
 * panel, or the classes of the events to come. What a step is told of the class before is a row of
 * "decoder.embedding.weight" [classes + 1][told]: 1 + its number, and 0 before the first.
 */
typedef struct encdec_lane {
    seqd_encdec_work work;
    float *targets, *weights; /* [rows][horizon] */
    float *loc, *scale;       /* [rows] */
    float *scratch;           /* of the head */
    float *x, *dx;            /* of events: as embed.h lays them out */
    int32_t *said;            /* of events: [horizon][rows] rows of the embedding that steps were told */
    float *label;             /* of events: [rows] where there is one answer */
    seqd_answer_work answer;
    float *part_inputs;       /* of a shard's part: as seqd_shard_part lays them out */
    int32_t *part_tokens;
} encdec_lane;

typedef struct encdec_part {
    seqd_encdec_packed packed;
    encdec_lane *lanes; /* [use.lanes] */
    int32_t rows;       /* at most, of a shard's part */
} encdec_part;

static seqd_encdec_params decoder_params(const seqd_net *net, float *vector)
{
    return seqd_encdec_view(&net->config.encdec, &net->tensors, net->decoder_tensor, vector);
}

static bool of_events(const seqd_net *net) { return net->config.answer.classes > 0; }

static float *said_table(const seqd_net *net, const float *vector)
{
    return (float *)(uintptr_t)vector + net->tensors.at[net->decoder_tensor - 1].offset;
}

static int32_t declare(seqd_net *net, seqd_error *error)
{
    seqd_net_config *config = &net->config;
    seqd_encdec_shape *d = &config->encdec;
    const seqd_answer *answer = &config->answer;
    config->stack.statics = net->statics;
    if (of_events(net)) {
        config->embed.flat = false;
        config->stack.inputs = seqd_embed_width(&config->embed);
        SEQD_CHECK(seqd_embed_declare(&config->embed, &net->tensors, &net->embed_tensor, error));
    }
    SEQD_CHECK(seqd_stack_declare(&config->stack, "encoder.", &net->tensors, &net->stack_tensor, error));
    d->attention.memory = seqd_stack_width(&config->stack);
    d->attention.query = d->hidden[d->layers - 1];
    d->horizon = config->horizon;
    d->known = config->futures + config->lags;
    d->statics = net->statics;
    d->lags = config->lags;
    d->width = config->head.width;
    if (of_events(net)) {
        d->horizon = answer->answers;
        d->width = answer->width;
        d->told_grad = d->told > 0;
        const int64_t outputs = (int64_t)d->horizon * d->width;
        if (outputs > INT32_MAX) return seqd_fail(error, SEQD_E_LIMIT, "answers times classes are too many");
        net->output.size[0] = (int32_t)outputs; /* of one row, as predictors ask */
        SEQD_CHECK(seqd_tensors_matrix(&net->tensors, (seqd_tensor_name){"decoder.embedding.weight", -1, ""},
                                       (int64_t)answer->classes + 1, d->told, SEQD_INIT_EMBEDDING, 0, error));
    }
    return seqd_encdec_declare(d, &net->tensors, &net->decoder_tensor, error);
}

static void init(const seqd_net *net, float *parameters)
{
    const seqd_encdec_params params = decoder_params(net, parameters);
    if (of_events(net)) seqd_answer_init_bias(&net->config.answer, &net->config.head, params.output_bias);
    else seqd_head_init_output(&net->config.head, net->config.lags, params.output_lag, params.output_bias);
}

static bool causal(const seqd_net *net)
{
    (void)net;
    return false;
}

/*
 * A loss takes its shard in parts, one after the other, whose states and gates come back from the second-level cache on
 * the way back: of all 16 rows they would be 5 MB with 100 units and 56 steps (4 rows: 8 to 11 % of a training step,
 * and more where others use the cache). Fewer than LEAST_PART rows read the weights too often. It follows from the
 * shapes alone, since sums of gradients depend on it.
 */
#define PART_FLOATS 262144
#define LEAST_PART 4

static int32_t part_rows(const seqd_net *net, int32_t steps)
{
    const seqd_stack_shape *stack = &net->config.stack;
    const seqd_encdec_shape *decoder = &net->config.encdec;
    const int64_t ways = stack->bidirectional ? 2 : 1;
    int64_t floats = 0, rows = LEAST_PART;
    for (int32_t i = 0; i < stack->layers; i++) floats += 8 * ways * stack->hidden[i] * steps;
    for (int32_t i = 0; i < decoder->layers; i++) floats += 8 * (int64_t)decoder->hidden[i] * decoder->horizon;
    floats += 2 * (int64_t)(decoder->attention.memory + decoder->attention.size) * steps;
    while (rows < SEQD_SHARD_ROWS && 2 * rows * floats <= PART_FLOATS) rows *= 2;
    return (int32_t)rows;
}

static void *place(const seqd_net_run *run, seqd_arena *arena)
{
    const seqd_net *net = run->net;
    const seqd_encdec_shape *shape = &net->config.encdec;
    const seqd_use *use = &run->use;
    const size_t rows = (size_t)use->rows, values = rows * (size_t)shape->horizon;
    encdec_part *part = seqd_arena_take(arena, 1, sizeof *part), sized;
    encdec_lane *lanes = seqd_arena_take(arena, (size_t)use->lanes, sizeof *lanes), sized_lane;
    if (part) {
        part->lanes = lanes;
        part->rows = part_rows(net, use->steps);
    }
    seqd_encdec_place_packed(run->kernels, shape, use->train, arena, part ? &part->packed : &sized.packed);
    for (int32_t i = 0; i < use->lanes; i++) {
        encdec_lane *lane = lanes ? &lanes[i] : &sized_lane;
        seqd_encdec_place_work(run->kernels, shape, use->train, use->rows, use->steps, arena, &lane->work);
        const size_t inputs = (size_t)use->steps * rows * (size_t)net->config.stack.inputs;
        const size_t numbers = of_events(net) ? (size_t)net->config.embed.inputs : (size_t)net->config.stack.inputs;
        lane->part_inputs = seqd_arena_take(arena, (size_t)use->steps * rows * numbers, sizeof(float));
        lane->part_tokens = seqd_arena_take(
            arena, of_events(net) ? (size_t)use->steps * rows * (size_t)net->config.embed.tokens : 0, sizeof(int32_t));
        if (of_events(net)) {
            lane->x = seqd_arena_take(arena, inputs, sizeof(float));
            lane->dx = seqd_arena_take(arena, use->train ? inputs : 0, sizeof(float));
            lane->said = seqd_arena_take(arena, values, sizeof *lane->said);
            lane->label = seqd_arena_take(arena, rows, sizeof(float));
            lane->weights = seqd_arena_take(arena, rows, sizeof(float));
            seqd_answer_place(&net->config.answer, &net->config.head, use->rows, arena, &lane->answer);
            continue;
        }
        lane->targets = seqd_arena_take(arena, values, sizeof(float));
        lane->weights = seqd_arena_take(arena, values, sizeof(float));
        lane->loc = seqd_arena_take(arena, rows, sizeof(float));
        lane->scale = seqd_arena_take(arena, rows, sizeof(float));
        lane->scratch = seqd_arena_take(arena, (size_t)seqd_head_scratch(&net->config.head, (int64_t)values),
                                        sizeof(float));
    }
    return part;
}

static void pack(seqd_net_run *run)
{
    encdec_part *part = run->part;
    /* one view serves parameters and gradients; packing only reads */
    const seqd_encdec_params params = decoder_params(run->net, (float *)(uintptr_t)run->parameters);
    seqd_encdec_pack(run->kernels, &run->net->config.encdec, &params, run->use.train, &part->packed);
}

/* What the window of a panel gives the decoder, and what it is told of each step before. */
typedef struct telling {
    const seqd_shard *shard;
    const seqd_head *head;
    double share;   /* probability of the true value */
    const float *fixed; /* [rows][horizon] what is told of each step, instead of all that; NULL: it is not settled */
    seqd_rng draws;
} telling;

static float scaled(const seqd_shard *shard, int32_t row, int32_t step)
{
    const int64_t window = shard->past + shard->steps, last = row * window + window - 1;
    const float value = shard->history[row * (window + shard->horizon) + window - 1 + step];
    return (value - shard->loc[last]) / shard->scale[last];
}

/* Before the first step the last value observed; then, by the share drawn, the true value or the forecast itself. */
static void tell(void *user, int32_t step, const float *out, float *told, int64_t ldt)
{
    telling *t = user;
    const seqd_shard *shard = t->shard;
    const int64_t width = t->head->width, ldo = shard->horizon * width;
    for (int32_t r = 0; r < shard->rows; r++) {
        t->draws.counter = (uint64_t)step * SEQD_SHARD_ROWS + (uint64_t)r;
        const bool truth = step == 0 || (t->share > 0.0 && seqd_rng_uniform(&t->draws) < t->share);
        float z = truth ? scaled(shard, r, step) : 0.0f;
        if (step > 0 && t->fixed) z = t->fixed[(int64_t)r * shard->horizon + step - 1];
        else if (step > 0 && (!truth || z != z)) z = seqd_head_center(t->head, out + r * ldo + (step - 1) * width);
        told[r * ldt] = z == z ? seqd_squash(z) : 0.0f;
    }
}

/* The same of events. */
typedef struct saying {
    const seqd_shard *shard;
    const seqd_answer *answer;
    const float *table;
    int32_t width;
    double share;
    seqd_rng draws;
    int32_t *said; /* [horizon][rows] */
} saying;

/* The class with the largest logit; of two classes in one number, the one it speaks for. */
static int32_t likeliest(const float *o, int32_t width)
{
    int32_t best = 0;
    if (width == 1) return o[0] > 0.0f;
    for (int32_t c = 1; c < width; c++)
        if (o[c] > o[best]) best = c;
    return best;
}

static void say(void *user, int32_t step, const float *out, float *told, int64_t ldt)
{
    saying *s = user;
    const seqd_answer *answer = s->answer;
    const int64_t rows = s->shard->rows, ldo = (int64_t)answer->answers * answer->width;
    for (int32_t r = 0; r < rows; r++) {
        int32_t *row = &s->said[step * rows + r];
        s->draws.counter = (uint64_t)step * SEQD_SHARD_ROWS + (uint64_t)r;
        *row = 0;
        if (step > 0) {
            const bool truth = s->share > 0.0 && seqd_rng_uniform(&s->draws) < s->share;
            const float label = truth ? s->shard->label[r * answer->answers + step - 1] : -1.0f;
            *row = 1 + (label >= 0.0f ? (int32_t)label : likeliest(out + r * ldo + (step - 1) * answer->width, answer->width));
        }
        memcpy(told + r * ldt, s->table + (int64_t)*row * s->width, (size_t)s->width * sizeof *told);
    }
}

static void fill_events(const seqd_shard *shard, int32_t steps, seqd_encdec_work *work)
{
    for (int32_t r = 0; r < shard->rows; r++) {
        work->begin[r] = 0;
        work->end[r] = shard->length[r];
    }
    work->rows = shard->rows;
    work->steps = steps;
}

static void fill_known(const seqd_net *net, const seqd_shard *shard, const seqd_lag_plan *plan, seqd_encdec_work *work)
{
    const int64_t horizon = shard->horizon, futures = net->config.futures, lags = net->config.lags;
    const int64_t known = futures + lags, rows = shard->rows, positions = shard->steps + horizon;
    for (int32_t r = 0; r < rows; r++) {
        work->begin[r] = shard->begin ? shard->begin[r] : 0;
        work->end[r] = shard->length ? shard->length[r] : shard->steps;
        float *row_lags = work->lags + r * horizon * lags;
        seqd_shard_lags(shard, plan, r, shard->steps - 1, row_lags);
        for (int64_t step = 0; step < horizon; step++) {
            float *to = work->known + (step * rows + r) * known;
            memcpy(to, shard->future + (r * positions + shard->steps + step) * futures,
                   (size_t)futures * sizeof *to);
            memcpy(to + futures, row_lags + step * lags, (size_t)lags * sizeof *to);
        }
    }
    work->rows = shard->rows;
    work->steps = shard->steps;
}

static seqd_stack_pass stack_pass(const seqd_net_pass *pass, const encdec_lane *lane)
{
    const bool events = pass->shard->answers > 0;
    return (seqd_stack_pass){.rows = pass->shard->rows, .length = events ? pass->shard->length : NULL,
                             .x = events ? lane->x : pass->shard->inputs, .s = pass->statics, .key = pass->key};
}

static void forward_events(seqd_net_run *run, const seqd_net_pass *pass)
{
    encdec_part *part = run->part;
    const seqd_net *net = run->net;
    encdec_lane *lane = &part->lanes[pass->lane];
    const seqd_stack_pass layers = stack_pass(pass, lane);
    saying said = {
        .shard = pass->shard,
        .answer = &net->config.answer,
        .table = said_table(net, run->parameters),
        .width = net->config.encdec.told,
        .share = pass->key != 0 ? run->told_share : 0.0,
        .draws = seqd_rng_stream(pass->key, 0x746f6c64, 0),
        .said = lane->said,
    };
    seqd_embed_forward(&net->config.embed, net->tensors.at + net->embed_tensor, run->parameters, pass->shard,
                       run->use.steps, lane->x);
    const float *h = seqd_stack_forward(run->stack, pass->lane, &layers);
    fill_events(pass->shard, run->use.steps, &lane->work);
    seqd_encdec_forward(run->kernels, &net->config.encdec, &part->packed, h, pass->statics, say, &said, &lane->work);
}

/* Into the lane's work->out. */
static void forward(seqd_net_run *run, const seqd_net_pass *pass, const float *fixed)
{
    encdec_part *part = run->part;
    const seqd_net *net = run->net;
    encdec_lane *lane = &part->lanes[pass->lane];
    const seqd_stack_pass layers = stack_pass(pass, lane);
    telling told = {
        .shard = pass->shard,
        .head = &net->config.head,
        .share = pass->key != 0 ? run->told_share : 0.0,
        .fixed = fixed,
        .draws = seqd_rng_stream(pass->key, 0x746f6c64, 0),
    };
    const float *h = seqd_stack_forward(run->stack, pass->lane, &layers);
    fill_known(net, pass->shard, pass->plan, &lane->work);
    seqd_encdec_forward(run->kernels, &net->config.encdec, &part->packed, h, pass->statics, tell, &told,
                        &lane->work);
}

static void fill_targets(const seqd_shard *shard, encdec_lane *lane)
{
    const int64_t horizon = shard->horizon, window = shard->past + shard->steps, positions = shard->steps + horizon;
    for (int64_t r = 0; r < shard->rows; r++) {
        const float fork = shard->fork[r * shard->steps + shard->steps - 1];
        const float *weight = shard->weight + r * positions + shard->steps;
        lane->loc[r] = shard->loc[r * window + window - 1];
        lane->scale[r] = shard->scale[r * window + window - 1];
        memcpy(lane->targets + r * horizon, shard->history + r * (window + horizon) + window,
               (size_t)horizon * sizeof(float));
        for (int64_t i = 0; i < horizon; i++) lane->weights[r * horizon + i] = fork * weight[i];
    }
}

/* From gradients in work.out to those of all parameters. */
static void backward(seqd_net_run *run, const seqd_net_pass *pass, float *dx)
{
    encdec_part *part = run->part;
    const seqd_net *net = run->net;
    encdec_lane *lane = &part->lanes[pass->lane];
    const seqd_stack_pass layers = stack_pass(pass, lane);
    const seqd_encdec_params grad = decoder_params(net, pass->grad);
    seqd_encdec_backward(run->kernels, &net->config.encdec, &part->packed, pass->statics, &grad,
                         seqd_stack_gradient(run->stack, pass->lane), pass->statics_grad, &lane->work);
    seqd_stack_backward(run->stack, pass->lane, &layers, pass->grad, dx, pass->statics_grad);
}

static double loss_events(seqd_net_run *run, const seqd_net_pass *pass)
{
    encdec_part *part = run->part;
    const seqd_net *net = run->net;
    const seqd_shard *shard = pass->shard;
    encdec_lane *lane = &part->lanes[pass->lane];
    const int64_t rows = shard->rows, told = net->config.encdec.told;
    const float *label = shard->label;
    forward_events(run, pass);
    for (int64_t r = 0; r < rows; r++) {
        const int64_t last = r * shard->steps + (shard->length[r] > 0 ? shard->length[r] - 1 : 0);
        lane->weights[r] = shard->answers > 1 ? shard->fork[r] : shard->fork[last];
        lane->label[r] = shard->answers > 1 ? 0.0f : label[last];
    }
    if (shard->answers == 1) label = lane->label;
    const double sum = seqd_answer_loss(run->kernels, &net->config.answer, &net->config.head, rows, lane->work.out,
                                        label, lane->weights, run->class_weight, pass->factor, &lane->answer);
    if (!pass->grad) return sum;
    backward(run, pass, lane->dx);
    seqd_embed_backward(run->kernels, &net->config.embed, net->tensors.at + net->embed_tensor, shard, run->use.steps,
                        lane->dx, pass->grad);
    float *table = said_table(net, pass->grad);
    for (int64_t i = 0; told > 0 && i < rows * shard->answers; i++)
        run->kernels->add(told, lane->work.told_grad + i * told, table + lane->said[i] * told);
    return sum;
}

static double loss_part(seqd_net_run *run, const seqd_net_pass *pass)
{
    if (of_events(run->net)) return loss_events(run, pass);
    encdec_part *part = run->part;
    const seqd_net *net = run->net;
    encdec_lane *lane = &part->lanes[pass->lane];
    forward(run, pass, NULL);
    fill_targets(pass->shard, lane);
    const seqd_targets targets = {lane->targets, lane->weights, lane->loc, lane->scale};
    const double sum = seqd_head_loss(run->kernels, &net->config.head, pass->shard->rows, net->config.horizon,
                                      lane->work.out, &targets, pass->factor, lane->scratch);
    if (pass->grad) backward(run, pass, NULL);
    return sum;
}

static double loss(seqd_net_run *run, const seqd_net_pass *pass)
{
    const encdec_part *part = run->part;
    const encdec_lane *lane = &part->lanes[pass->lane];
    const int32_t rows = pass->shard->rows, statics = run->net->statics;
    double sum = 0.0;
    if (rows <= part->rows) return loss_part(run, pass);
    for (int32_t first = 0; first < rows; first += part->rows) {
        const int32_t count = rows - first < part->rows ? rows - first : part->rows;
        const seqd_shard shard = seqd_shard_part(pass->shard, first, count, lane->part_inputs, lane->part_tokens);
        seqd_net_pass of_part = *pass;
        of_part.shard = &shard;
        if (statics > 0) of_part.statics += first * statics;
        if (statics > 0 && pass->grad) of_part.statics_grad += first * statics;
        if (pass->key != 0) of_part.key += (uint64_t)first << 48; /* masks and draws of its own */
        sum += loss_part(run, &of_part);
    }
    return sum;
}

static void predict(seqd_net_run *run, const seqd_net_pass *pass, float *out)
{
    const encdec_part *part = run->part;
    const encdec_lane *lane = &part->lanes[pass->lane];
    const seqd_encdec_shape *shape = &run->net->config.encdec;
    if (of_events(run->net)) forward_events(run, pass);
    else forward(run, pass, NULL);
    memcpy(out, lane->work.out,
           (size_t)pass->shard->rows * (size_t)shape->horizon * (size_t)shape->width * sizeof *out);
}

static double slope(seqd_net_run *run, const seqd_net_pass *pass, const seqd_net_slopes *slopes)
{
    encdec_part *part = run->part;
    const seqd_net *net = run->net;
    encdec_lane *lane = &part->lanes[pass->lane];
    const int64_t width = net->config.head.width, horizon = net->config.horizon;
    float *out = lane->work.out;
    seqd_net_pass inner = *pass;
    seqd_shard shard = *pass->shard;
    double value = 0.0;
    forward(run, pass, NULL);
    for (int64_t i = 0; i < horizon; i++)
        lane->targets[i] = (float)seqd_head_center(&net->config.head, out + i * width);
    seqd_net_share(pass->shard, slopes);
    shard.inputs = slopes->part;
    inner.shard = &shard;
    const seqd_stack_pass layers = stack_pass(&inner, lane);
    forward(run, &inner, lane->targets);
    for (int64_t i = 0; i < horizon; i++) value += (double)out[i * width + net->config.head.middle] / (double)horizon;
    memset(out, 0, (size_t)(horizon * width) * sizeof *out);
    for (int64_t i = 0; i < horizon; i++) out[i * width + net->config.head.middle] = 1.0f / (float)horizon;
    const seqd_encdec_params grad = decoder_params(net, pass->grad);
    seqd_encdec_backward(run->kernels, &net->config.encdec, &part->packed, pass->statics, &grad,
                         seqd_stack_gradient(run->stack, pass->lane), pass->statics_grad, &lane->work);
    seqd_stack_backward(run->stack, pass->lane, &layers, pass->grad, slopes->dx, pass->statics_grad);
    return value;
}

static void attention(const seqd_net_run *run, int32_t index, int32_t row, float *weights)
{
    const encdec_part *part = run->part;
    const seqd_encdec_work *work = &part->lanes[index].work;
    const seqd_encdec_shape *shape = &run->net->config.encdec;
    const size_t count = (size_t)shape->attention.heads * (size_t)shape->horizon * (size_t)work->steps;
    memcpy(weights, work->attention.weights + (size_t)row * count, count * sizeof *weights);
}

const seqd_net_ops seqd_net_encdec = {
    .declare = declare,
    .init = init,
    .causal = causal,
    .place = place,
    .pack = pack,
    .loss = loss,
    .predict = predict,
    .attention = attention,
    .slope = slope,
};
