/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an answer hangs on each input: seqd_net_slope of every kind of network against central differences of its own
 * answer and of seqd_net_predict, and integrated gradients that add up to the difference of two answers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"
#include "rng.h"

enum { STEPS = 6, HORIZON = 3, PAST = 2, INPUTS = 3, FUTURES = 2, LAGS = 1, TOKENS = 2, MOST = STEPS * 16 };

typedef struct variant {
    const char *name;
    seqd_net_kind kind;
    bool flat, bidirectional;
    int32_t layers, told, length;
    seqd_cell cell;
    seqd_pooling pooling;
    seqd_attention_kind attention;
} variant;

static const variant variants[] = {
    {.name = "lstm", .layers = 2},
    {.name = "gru both ways", .layers = 1, .cell = SEQD_CELL_GRU, .bidirectional = true},
    {.name = "mlp", .flat = true, .layers = 1},
    {.name = "linear", .flat = true},
    {.name = "additive, step by step", .kind = SEQD_NET_ENCDEC, .layers = 1, .told = 1,
     .attention = SEQD_ATTENTION_ADDITIVE},
    {.name = "dot, at once", .kind = SEQD_NET_ENCDEC, .layers = 1, .attention = SEQD_ATTENTION_DOT},
    {.name = "events, last", .kind = SEQD_NET_SEQUENCE, .layers = 2, .length = 4},
    {.name = "events, mean", .kind = SEQD_NET_SEQUENCE, .layers = 1, .pooling = SEQD_POOL_MEAN, .length = STEPS},
    {.name = "events, attention, gru both ways", .kind = SEQD_NET_SEQUENCE, .layers = 1, .cell = SEQD_CELL_GRU,
     .pooling = SEQD_POOL_ATTENTION, .bidirectional = true, .length = 5},
    {.name = "events, mlp", .kind = SEQD_NET_SEQUENCE, .flat = true, .layers = 1, .length = 4},
    {.name = "events, one", .kind = SEQD_NET_SEQUENCE, .layers = 1, .length = 1},
};
#define VARIANTS ((int32_t)(sizeof variants / sizeof variants[0]))

static seqd_net_config config_of(const variant *v)
{
    seqd_net_config c = {.kind = v->kind, .flat = v->flat, .steps = STEPS, .horizon = HORIZON};
    c.stack.cell = v->cell;
    c.stack.layers = v->layers;
    c.stack.hidden[0] = 5, c.stack.hidden[1] = 4;
    c.stack.inputs = INPUTS;
    c.stack.bidirectional = v->bidirectional;
    c.dense.layers = v->layers;
    c.dense.size[0] = 8;
    c.head.kind = SEQD_HEAD_QUANTILE;
    c.head.width = 3;
    c.head.middle = 1;
    const double levels[3] = {0.1, 0.5, 0.8};
    memcpy(c.head.levels, levels, sizeof levels);
    if (v->kind == SEQD_NET_SEQUENCE) {
        c.horizon = 1;
        c.embed = (seqd_embed_shape){.inputs = INPUTS, .tokens = TOKENS, .cardinality = {3, 2}, .size = {2, 3}};
        c.pooling = v->pooling;
        c.answer = (seqd_answer){.answers = 1, .classes = 4, .width = 4};
        return c;
    }
    c.futures = FUTURES;
    c.lags = LAGS;
    c.reals = 1;
    c.decoder_size = 6;
    seqd_encdec_shape *d = &c.encdec;
    d->cell = SEQD_CELL_GRU;
    d->layers = 1;
    d->hidden[0] = 5;
    d->told = v->told;
    d->attention.kind = v->attention;
    d->attention.heads = 1;
    d->attention.size = v->attention == SEQD_ATTENTION_ADDITIVE ? 4 : 0;
    return c;
}

/* One row; static arrays large enough for any variant. */
static float inputs[STEPS * INPUTS], future[(STEPS + HORIZON) * FUTURES], reals[1], history[PAST + STEPS + HORIZON];
static float loc[PAST + STEPS], scale[PAST + STEPS], weight[STEPS + HORIZON], fork[STEPS], labels[STEPS];
static int32_t begin[1], length[1], tokens[STEPS * TOKENS], offsets[HORIZON * LAGS];

static seqd_shard shard_of(const variant *v, seqd_rng *rng)
{
    float *const arrays[] = {inputs, future, reals, history, loc};
    const size_t counts[] = {STEPS * INPUTS, (STEPS + HORIZON) * FUTURES, 1, PAST + STEPS + HORIZON, PAST + STEPS};
    for (size_t a = 0; a < 5; a++)
        for (size_t i = 0; i < counts[a]; i++) arrays[a][i] = (float)seqd_rng_normal(rng);
    for (int32_t i = 0; i < PAST + STEPS; i++) scale[i] = 1.5f;
    for (int32_t i = 0; i < STEPS * TOKENS; i++) tokens[i] = (int32_t)seqd_rng_below(rng, 3);
    for (int32_t i = 0; i < HORIZON; i++) offsets[i] = i - 2;
    seqd_shard s = {.rows = 1, .steps = STEPS, .input_count = INPUTS, .inputs = inputs, .fork = fork, .length = length,
                    .begin = begin};
    begin[0] = 0;
    length[0] = STEPS;
    if (v->kind == SEQD_NET_SEQUENCE) {
        length[0] = v->length;
        memset(inputs + v->length * INPUTS, 0, (size_t)(STEPS - v->length) * INPUTS * sizeof *inputs);
        memset(tokens + v->length * TOKENS, 0, (size_t)(STEPS - v->length) * TOKENS * sizeof *tokens);
        s.horizon = s.answers = 1;
        s.token_count = TOKENS;
        s.tokens = tokens;
        s.label = labels;
        return s;
    }
    s.past = PAST;
    s.horizon = HORIZON;
    s.future_count = FUTURES;
    s.real_count = 1;
    s.future = future;
    s.reals = reals;
    s.history = history;
    s.loc = loc;
    s.scale = scale;
    s.weight = weight;
    return s;
}

typedef struct bench {
    const variant *v;
    net_rig *rig;
    seqd_shard shard;
    seqd_lag_plan plan;
    float x[MOST], part[MOST], dx[MOST];
} bench;

static void open_bench(bench *b, const variant *v, int32_t level)
{
    seqd_rng rng = seqd_rng_stream(11, 3, (uint64_t)(v - variants));
    const seqd_net_config config = config_of(v);
    b->v = v;
    b->shard = shard_of(v, &rng);
    b->plan = (seqd_lag_plan){.count = LAGS, .horizon = HORIZON, .reach = PAST, .offset = offsets, .spacing = {1},
                              .repeats = {1}, .shift = {0}};
    b->rig = rig_open(rig_backend(level), &config, STEPS, 1);
    for (int64_t i = 0; i < b->rig->net.tensors.parameters; i++)
        b->rig->parameters[i] = (float)(0.5 * seqd_rng_normal(&rng));
    seqd_net_pack(b->rig->run, b->rig->parameters);
}

#define OUTPUT 2 /* of events */

static double answer(bench *b, double share)
{
    return seqd_net_slope(b->rig->run, 0, &b->shard, &b->plan, (float)share, OUTPUT, b->x, b->part, b->dx,
                          b->rig->grad);
}

/* The same from a plain prediction. */
static double predicted(bench *b)
{
    float out[HORIZON * 4];
    double sum = 0.0;
    seqd_net_predict(b->rig->run, 0, &b->shard, &b->plan, out);
    if (b->v->kind == SEQD_NET_SEQUENCE) return (double)out[OUTPUT];
    for (int32_t i = 0; i < HORIZON; i++) sum += (double)out[i * 3 + 1] / HORIZON;
    return sum;
}

/*
 * Inputs of steps; what an encoder-decoder is told of its own forecasts is held while its slopes are taken, and so the
 * answer by differences is that of a network that is told nothing, or of events.
 */
static void check_differences(bench *b, int32_t level)
{
    const int32_t used = b->v->kind == SEQD_NET_SEQUENCE ? length[0] : STEPS;
    const int32_t width = seqd_net_input_width(&b->rig->net);
    float slopes[MOST];
    int32_t moved = 0;
    const double value = answer(b, 1.0);
    assert_true(fabs(value - predicted(b)) < 1e-5);
    memcpy(slopes, b->dx, sizeof slopes);
    for (int32_t t = 0; t < used && b->v->told == 0; t++)
        for (int32_t i = 0; i < INPUTS; i++) {
            float *place = &inputs[t * INPUTS + i];
            const float before = *place;
            const double step = 4e-3;
            *place = (float)((double)before + step);
            const double above = predicted(b);
            *place = (float)((double)before - step);
            const double below = predicted(b);
            *place = before;
            const double found = (double)slopes[t * width + i], expected = (above - below) / (2 * step);
            moved += fabs(expected) > 1e-3;
            if (!(fabs(found - expected) < 2e-3 * (1.0 + fabs(expected))))
                fail_msg("%s, %s: step %d input %d: %.6f, by differences %.6f", b->v->name, rig_backend_name(level),
                         (int)t, (int)i, found, expected);
        }
    if (b->v->told == 0) assert_true(moved >= used); /* all steps say something */
    for (int32_t i = used * width; i < STEPS * width; i++) assert_true(slopes[i] == 0.0f && b->x[i] == 0.0f);
}

static void check_completeness(bench *b)
{
    const int32_t width = seqd_net_input_width(&b->rig->net), points = 256;
    double sum = 0.0, total[MOST] = {0};
    for (int32_t k = 0; k < points; k++) {
        answer(b, (k + 0.5) / points);
        for (int32_t i = 0; i < STEPS * width; i++) total[i] += (double)b->dx[i] / points;
    }
    const double before = answer(b, 0.0), after = answer(b, 1.0);
    for (int32_t i = 0; i < STEPS * width; i++) sum += (double)b->x[i] * total[i];
    /* a rectifier breaks the path where it breaks */
    const double allowed = (b->v->flat || b->v->kind == SEQD_NET_FORK ? 2e-2 : 1e-4) * (0.1 + fabs(after - before));
    if (!(fabs(after - before) > 1e-3)) fail_msg("%s: the answers are %.6f and %.6f", b->v->name, before, after);
    if (!(fabs(sum - (after - before)) < allowed))
        fail_msg("%s: parts add up to %.6f, the answers differ by %.6f", b->v->name, sum, after - before);
}

static void test_slopes(void **state)
{
    (void)state;
    static bench b;
    for (int32_t level = 0; rig_backend(level); level++)
        for (int32_t i = 0; i < VARIANTS; i++) {
            open_bench(&b, &variants[i], level);
            check_differences(&b, level);
            check_completeness(&b);
            rig_close(b.rig);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_slopes)};
    return cmocka_run_group_tests_name("slope", tests, NULL, NULL);
}
