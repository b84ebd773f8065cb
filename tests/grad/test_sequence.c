/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients of networks that answer to sequences, against central differences: every body, pooling and head, with
 * several answers, class weights, smoothing, unknown tokens and rows of different lengths; and the forks with a body
 * that reads all steps at once.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"
#include "slopes.h"

enum { ROWS = 4, STEPS = 6, INPUTS = 3, TOKENS = 2, CLASSES = 4 };

typedef struct variant {
    const char *name;
    bool flat;
    int32_t layers;           /* of the body */
    seqd_cell cell;
    seqd_pooling pooling;
    int32_t answers, classes; /* 0: a number */
    bool binary;
    seqd_head_kind head;
    double smoothing, dropout;
    bool weighted, bare;      /* bare: no numbers of an event */
    bool bidirectional;
    bool longer;              /* the network may read more steps than the shard has */
} variant;

static const variant variants[] = {
    {.name = "lstm, last, classes", .layers = 2, .answers = 1, .classes = CLASSES, .dropout = 0.3, .longer = true},
    {.name = "gru, last, weighted and smoothed", .layers = 1, .cell = SEQD_CELL_GRU, .answers = 1, .classes = CLASSES,
     .smoothing = 0.2, .weighted = true, .bare = true},
    {.name = "lstm, mean, binary", .layers = 1, .pooling = SEQD_POOL_MEAN, .answers = 1, .classes = 2, .binary = true,
     .smoothing = 0.1, .weighted = true},
    {.name = "gru, max, three answers", .layers = 1, .cell = SEQD_CELL_GRU, .pooling = SEQD_POOL_MAX, .answers = 3,
     .classes = CLASSES},
    {.name = "lstm, attention, number", .layers = 1, .pooling = SEQD_POOL_ATTENTION, .answers = 1},
    {.name = "lstm, last, three answers", .layers = 1, .answers = 3, .classes = CLASSES},
    {.name = "lstm, last, number", .layers = 1, .answers = 1, .head = SEQD_HEAD_MSE},
    {.name = "lstm, last, count", .layers = 1, .answers = 1, .head = SEQD_HEAD_NEGBIN},
    {.name = "gru both ways, attention, classes", .layers = 2, .cell = SEQD_CELL_GRU, .pooling = SEQD_POOL_ATTENTION,
     .answers = 1, .classes = CLASSES, .bidirectional = true, .longer = true},
    {.name = "mlp, classes", .flat = true, .layers = 2, .answers = 1, .classes = CLASSES, .dropout = 0.3},
    {.name = "mlp, quantiles", .flat = true, .layers = 1, .answers = 1, .head = SEQD_HEAD_QUANTILE},
    {.name = "linear, classes", .flat = true, .answers = 1, .classes = CLASSES, .weighted = true,
     .longer = true},
    {.name = "linear, number", .flat = true, .answers = 1, .head = SEQD_HEAD_MSE},
};

static const float class_weights[CLASSES] = {0.5f, 2.0f, 1.0f, 0.25f};

static seqd_net_config config_of(const variant *v)
{
    seqd_net_config c = {.kind = SEQD_NET_SEQUENCE, .flat = v->flat, .steps = STEPS, .horizon = v->answers};
    c.stack.cell = v->cell;
    c.stack.layers = v->layers;
    c.stack.hidden[0] = 6, c.stack.hidden[1] = 5;
    c.stack.dropout = c.dense.dropout = v->dropout;
    c.stack.bidirectional = v->bidirectional;
    c.dense.layers = v->layers;
    c.dense.size[0] = 8, c.dense.size[1] = 6;
    c.dense.rectify = true;
    c.embed = (seqd_embed_shape){.inputs = v->bare ? 0 : INPUTS, .tokens = TOKENS, .cardinality = {3, 2}, .size = {2, 3}};
    c.pooling = v->pooling;
    c.answer = (seqd_answer){.answers = v->answers, .classes = v->classes, .binary = v->binary,
                             .smoothing = v->smoothing, .mean = 1.5, .deviation = 2.0};
    seqd_head *head = &c.head;
    head->kind = v->head;
    head->width = v->head == SEQD_HEAD_QUANTILE ? 3 : v->head == SEQD_HEAD_NEGBIN ? 2 : 1;
    const double levels[3] = {0.1, 0.5, 0.8};
    memcpy(head->levels, levels, sizeof levels);
    head->middle = v->head == SEQD_HEAD_QUANTILE ? 1 : 0;
    if (v->head == SEQD_HEAD_NEGBIN) c.answer.mean = 0.0;
    c.answer.width = v->binary ? 1 : v->classes > 0 ? v->classes : head->width;
    return c;
}

static float label_of(const variant *v, seqd_rng *rng)
{
    if (v->classes > 0) return (float)seqd_rng_below(rng, (uint64_t)v->classes);
    if (v->head == SEQD_HEAD_NEGBIN) return 0.5f * (float)seqd_rng_below(rng, 6);
    const double side = seqd_rng_below(rng, 2) ? 1.0 : -1.0;
    return (float)(side * (v->head == SEQD_HEAD_MSE ? 0.0 : 4.0) + 2.0 * side * seqd_rng_uniform(rng));
}

static float inputs[STEPS * ROWS * INPUTS], labels[ROWS * STEPS * 3], forks[ROWS * STEPS];
static int32_t tokens[STEPS * ROWS * TOKENS], lengths[ROWS];

static seqd_shard shard_of(const variant *v, seqd_rng *rng)
{
    static const int32_t length[ROWS] = {STEPS, 1, 4, 3};
    seqd_shard s = {.rows = ROWS, .steps = STEPS, .horizon = v->answers, .input_count = v->bare ? 0 : INPUTS,
                    .inputs = inputs, .fork = forks, .length = lengths, .token_count = TOKENS, .tokens = tokens,
                    .answers = v->answers, .label = labels};
    const bool each = !v->flat && v->pooling == SEQD_POOL_LAST && v->answers == 1;
    memset(forks, 0, sizeof forks);
    for (int32_t i = 0; i < ROWS * STEPS * 3; i++) labels[i] = label_of(v, rng);
    for (int32_t r = 0; r < ROWS; r++) {
        lengths[r] = length[r];
        for (int32_t t = 0; t < STEPS; t++) {
            const bool there = t < length[r], last = t + 1 == length[r];
            for (int32_t i = 0; i < s.input_count; i++) {
                const float x = (float)seqd_rng_normal(rng);
                inputs[(t * ROWS + r) * s.input_count + i] = there ? x : 0.0f;
            }
            for (int32_t i = 0; i < TOKENS; i++)
                tokens[(t * ROWS + r) * TOKENS + i] = there ? (int32_t)seqd_rng_below(rng, 3) : 0;
            if (v->answers == 1 && there && (each ? seqd_rng_below(rng, 3) > 0 || last : last && r != 3))
                forks[r * STEPS + t] = r == 2 ? 0.5f : 1.0f;
        }
        if (v->answers > 1) forks[r] = r == 3 ? 0.0f : 1.0f;
    }
    if (v->answers == 1) labels[3 * STEPS + 1] = NAN, forks[3 * STEPS + 1] = 0.0f;
    return s;
}

static void set_parameters(net_rig *rig, seqd_rng *rng)
{
    for (int32_t i = 0; i < rig->net.tensors.count; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        const int64_t count = tensor->shape[0] * tensor->shape[1];
        float *w = rig->parameters + tensor->offset;
        for (int64_t j = 0; j < count; j++) w[j] = (float)(0.4 * seqd_rng_normal(rng));
        /* rectified units clearly on or off */
        if (strncmp(tensor->name, "mlp.", 4) == 0 && tensor->rank == 1)
            for (int64_t j = 0; j < count; j++) w[j] += j % 2 ? 3.5f : -3.5f;
        if (strncmp(tensor->name, "mlp.", 4) == 0 && tensor->rank == 2)
            for (int64_t j = 0; j < count; j++) w[j] *= 0.5f;
    }
}

static int64_t compared;
static double worst;

static void test_sequences(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
            const variant *v = &variants[i];
            char what[128];
            snprintf(what, sizeof what, "%s, kernels %s", v->name, rig_backend_name(level));
            seqd_rng rng = seqd_rng_stream(8, i, 0);
            seqd_net_config config = config_of(v);
            const seqd_shard shard = shard_of(v, &rng);
            if (v->longer) config.steps = STEPS + 3;
            net_rig *rig = rig_open(rig_backend(level), &config, v->longer ? STEPS + 3 : STEPS, ROWS);
            set_parameters(rig, &rng);
            seqd_net_weigh_classes(rig->run, v->weighted ? class_weights : NULL);
            slopes s = {.rig = rig, .shard = &shard, .dropout_key = v->dropout > 0.0 ? 77 : 0, .what = what};
            slopes_check(&s, i);
            compared += s.compared;
            if (s.worst > worst) worst = s.worst;
            rig_close(rig);
        }
}

/* A row's answer is a function of its own events alone, on the kernels with the same bits wherever the row stands. */
static void test_rows(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
            const variant *v = &variants[i];
            seqd_rng rng = seqd_rng_stream(9, i, 0);
            const seqd_net_config config = config_of(v);
            seqd_shard shard = shard_of(v, &rng);
            net_rig *rig = rig_open(rig_backend(level), &config, STEPS, ROWS);
            set_parameters(rig, &rng);
            seqd_net_pack(rig->run, rig->parameters);
            const int32_t width = config.answer.answers * config.answer.width;
            float all[ROWS * 3 * CLASSES], one[3 * CLASSES], alone[STEPS * INPUTS] = {0};
            int32_t words[STEPS * TOKENS] = {0}, length = 0;
            assert_in_range(width, 1, 3 * CLASSES);
            seqd_net_predict(rig->run, 0, &shard, NULL, all);
            seqd_shard single = shard;
            single.rows = 1;
            single.inputs = alone, single.tokens = words, single.length = &length;
            for (int32_t r = 0; r < ROWS; r++) {
                length = lengths[r];
                for (int32_t t = 0; t < STEPS; t++) {
                    memcpy(alone + t * shard.input_count, inputs + (t * ROWS + r) * shard.input_count,
                           (size_t)shard.input_count * sizeof *alone);
                    memcpy(words + t * TOKENS, tokens + (t * ROWS + r) * TOKENS, TOKENS * sizeof *words);
                }
                seqd_net_predict(rig->run, 0, &single, NULL, one);
                const float allowed = level < seqd_kernels_count() ? 0.0f : 1e-5f;
                for (int32_t n = 0; n < width; n++)
                    if (!(fabsf(one[n] - all[r * width + n]) <= allowed))
                        fail_msg("%s, kernels %s: row %d depends on the others", v->name, rig_backend_name(level),
                                 (int)r);
            }
            rig_close(rig);
        }
}

/* The log odds of the second class answer as two logits with their difference do. */
static void test_binary(void **state)
{
    (void)state;
    float one[3] = {-1.5f, 0.25f, 4.0f}, two[6];
    const float label[3] = {0.0f, 1.0f, 0.0f}, weight[3] = {1.0f, 0.5f, 2.0f}, classes[2] = {0.4f, 1.6f};
    int32_t index[3];
    const seqd_kernels *k = seqd_kernels_find("ref");
    for (int i = 0; i < 3; i++) {
        two[2 * i] = 3.0f;
        two[2 * i + 1] = 3.0f + one[i];
        index[i] = (int32_t)label[i];
    }
    const seqd_answer answer = {.answers = 1, .width = 1, .classes = 2, .binary = true, .smoothing = 0.1};
    int32_t places[3];
    float weights[3], pairs[6];
    seqd_answer_work work = {.classes = places, .weight = weights, .pairs = pairs};
    const double a = seqd_answer_loss(k, &answer, NULL, 3, one, label, weight, classes, 0.5f, &work);
    const double b = k->cross_entropy(3, 2, two, 2, index, weight, classes, 0.1f, 0.5f);
    assert_true(fabs(a - b) < 1e-6);
    for (int i = 0; i < 3; i++) assert_true(fabsf(one[i] - two[2 * i + 1]) < 1e-6f);
}

/* ---- forks with a flat body ---- */

static void test_flat_forks(void **state)
{
    (void)state;
    enum { FUTURES = 2, REALS = 2, HORIZON = 3, REACH = STEPS + HORIZON, WINDOW = STEPS };
    float x[STEPS * ROWS * INPUTS], future[ROWS * REACH * FUTURES], reals[ROWS * REALS], history[ROWS * REACH];
    float loc[ROWS * WINDOW], scale[ROWS * WINDOW], weight[ROWS * REACH], fork[ROWS * STEPS];
    for (int32_t level = 0; rig_backend(level); level++)
        for (int32_t layers = 0; layers <= 2; layers++) {
            seqd_rng rng = seqd_rng_stream(10, (uint64_t)layers, 0);
            seqd_net_config c = {.kind = SEQD_NET_FORK, .futures = FUTURES, .reals = REALS, .horizon = HORIZON,
                                 .decoder_size = 5, .flat = true, .steps = STEPS};
            c.stack.inputs = INPUTS;
            c.dense = (seqd_dense_shape){.layers = layers, .size = {8, 6}, .rectify = true};
            c.head = (seqd_head){.kind = SEQD_HEAD_MSE, .width = 1};
            for (size_t i = 0; i < sizeof x / sizeof *x; i++) x[i] = (float)seqd_rng_normal(&rng);
            for (size_t i = 0; i < sizeof future / sizeof *future; i++) future[i] = (float)seqd_rng_normal(&rng);
            for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) reals[i] = (float)seqd_rng_normal(&rng);
            for (size_t i = 0; i < sizeof history / sizeof *history; i++) history[i] = (float)seqd_rng_normal(&rng);
            for (size_t i = 0; i < sizeof loc / sizeof *loc; i++) loc[i] = 0.5f, scale[i] = 1.5f;
            for (size_t i = 0; i < sizeof weight / sizeof *weight; i++) weight[i] = 1.0f;
            for (size_t i = 0; i < sizeof fork / sizeof *fork; i++) fork[i] = 1.0f;
            const seqd_shard shard = {.rows = ROWS, .steps = STEPS, .horizon = HORIZON, .input_count = INPUTS,
                                      .future_count = FUTURES, .real_count = REALS, .inputs = x, .future = future,
                                      .reals = reals, .history = history, .loc = loc, .scale = scale,
                                      .weight = weight, .fork = fork};
            const seqd_lag_plan plan = {.horizon = HORIZON};
            net_rig *rig = rig_open(rig_backend(level), &c, STEPS, ROWS);
            set_parameters(rig, &rng);
            const seqd_tensor *bias = &rig->net.tensors.at[seqd_tensors_find(&rig->net.tensors, "decoder.state.bias")];
            for (int64_t j = 0; j < bias->shape[0]; j++) rig->parameters[bias->offset + j] = j % 2 ? 6.0f : -6.0f;
            assert_false(seqd_net_causal(&rig->net));
            slopes s = {.rig = rig, .shard = &shard, .plan = &plan, .what = layers ? "mlp forks" : "linear forks"};
            slopes_check(&s, 1);
            compared += s.compared;
            if (s.worst > worst) worst = s.worst;

            /* without a layer everything is linear: f(a) + f(b) = f((a + b) / 2) * 2 in the inputs */
            if (layers == 0) {
                float out[3][ROWS * HORIZON], other[STEPS * ROWS * INPUTS];
                memcpy(other, x, sizeof x);
                for (int n = 0; n < 3; n++) {
                    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
                        x[i] = n == 0 ? other[i] : n == 1 ? 3.0f - 2.0f * other[i] : 0.5f * (3.0f - other[i]);
                    seqd_net_predict(rig->run, 0, &shard, &plan, out[n]);
                }
                for (int i = 0; i < ROWS * HORIZON; i++)
                    assert_true(fabsf(out[0][i] + out[1][i] - 2.0f * out[2][i]) < 1e-3f * (1.0f + fabsf(out[0][i])));
            }
            rig_close(rig);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_flat_forks),
    };
    const int failed = cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
    printf("%lld slopes compared, largest difference %.2g of what is allowed\n", (long long)compared, worst);
    return failed;
}
