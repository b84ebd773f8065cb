/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks that answer to sequences of events against what modules of PyTorch gave in float64 (record_sequence.py):
 * loss, answers and gradients, opened for the steps of the shard and for more.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rig.h"

#define FORWARD_BOUND 2e-6
#define GRADIENT_BOUND 1e-5

static const char *const names[] = {
    "sequence_lstm_weighted_smoothed", "sequence_gru_both_mean",         "sequence_lstm_max_three_answers",
    "sequence_lstm_attention_binary",  "sequence_tanh_number",           "sequence_gru_attention_quantile",
    "sequence_gru_mean_count",         "sequence_mlp",                   "sequence_logistic",
    "sequence_linear_number"};
enum { NAMES = sizeof names / sizeof names[0] };

static double worst_forward, worst_gradient;

typedef struct answers {
    double forward, gradient; /* largest differences */
    char tensor[48];          /* where the latter is */
    int32_t tensors;
} answers;

/* Arrays that the network only reads, out of the fixture's memory. */
static float *shared(const fixture *f, const char *name, size_t count)
{
    return (float *)(uintptr_t)fixture_f32(f, name, count);
}

static int32_t *shared_i32(const fixture *f, const char *name, size_t count)
{
    return (int32_t *)(uintptr_t)fixture_i32(f, name, count);
}

static void read_config(const fixture *f, const int32_t *c, seqd_net_config *config)
{
    const double *numbers = fixture_f64(f, "numbers", 4);
    const int32_t layers = (int32_t)fixture_count(f, "hidden"), *hidden = fixture_i32(f, "hidden", 0);
    memset(config, 0, sizeof *config);
    config->kind = SEQD_NET_SEQUENCE;
    config->steps = c[1];
    config->flat = c[6] != 0;
    config->pooling = (seqd_pooling)c[7];
    config->horizon = c[8];
    config->embed.inputs = c[2];
    config->embed.tokens = c[3];
    memcpy(config->embed.cardinality, fixture_i32(f, "cardinality", (size_t)c[3]), (size_t)c[3] * sizeof *c);
    memcpy(config->embed.size, fixture_i32(f, "size", (size_t)c[3]), (size_t)c[3] * sizeof *c);
    config->stack.cell = (seqd_cell)c[4];
    config->stack.bidirectional = c[5] != 0;
    config->stack.layers = config->dense.layers = layers;
    for (int32_t i = 0; i < layers; i++) config->stack.hidden[i] = config->dense.size[i] = hidden[i];
    config->dense.rectify = true;
    config->answer = (seqd_answer){.answers = c[8], .width = c[12], .classes = c[9], .binary = c[10] != 0,
                                   .smoothing = numbers[0], .mean = numbers[1], .deviation = numbers[2]};
    seqd_head *head = &config->head;
    head->kind = (seqd_head_kind)c[11];
    head->width = c[12];
    if (head->kind != SEQD_HEAD_QUANTILE) return;
    memcpy(head->levels, fixture_f64(f, "levels", (size_t)c[12]), (size_t)c[12] * sizeof(double));
    while (head->levels[head->middle] < 0.5) head->middle++;
}

static seqd_shard read_shard(const fixture *f, const int32_t *c)
{
    const size_t rows = (size_t)c[0], steps = (size_t)c[1], more = (size_t)c[8];
    return (seqd_shard){.rows = c[0],
                        .steps = c[1],
                        .horizon = c[8],
                        .input_count = c[2],
                        .inputs = shared(f, "x", steps * rows * (size_t)c[2]),
                        .token_count = c[3],
                        .tokens = shared_i32(f, "tokens", steps * rows * (size_t)c[3]),
                        .length = shared_i32(f, "length", rows),
                        .answers = c[8],
                        .label = shared(f, "label", rows * (more > 1 ? more : steps)),
                        .fork = shared(f, "fork", more > 1 ? rows : rows * steps)};
}

/* The weight that most hangs on: others may belong to a unit that is off. */
static int64_t steepest(const fixture *f, const char *tensor, size_t count)
{
    char name[64];
    size_t most = 0;
    snprintf(name, sizeof name, "grad.%s", tensor);
    const float *grad = fixture_f32(f, name, count);
    for (size_t i = 1; i < count; i++)
        if (fabsf(grad[i]) > fabsf(grad[most])) most = i;
    return (int64_t)most;
}

/* `longer`: steps that the network may read beyond the shard's. `nudged`: a tensor of which one weight is moved. */
static answers replay(const char *name, int32_t level, int32_t longer, int32_t nudged)
{
    static seqd_net_config config;
    fixture *f = fixture_open(name);
    const int32_t *c = fixture_i32(f, "config", 13);
    const seqd_shard shard = read_shard(f, c);
    const seqd_backend backend = *rig_backend(level);
    read_config(f, c, &config);
    if (config.flat) longer = 0; /* its weights are for so many steps */
    net_rig *rig = rig_open(&backend, &config, shard.steps + longer, shard.rows);
    answers a = {.tensors = rig->net.tensors.count};
    for (int32_t i = 0; i < a.tensors; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        const size_t count = (size_t)(tensor->shape[0] * tensor->shape[1]);
        memcpy(rig->parameters + tensor->offset, fixture_f32(f, tensor->name, count), count * sizeof(float));
        if (i == nudged) rig->parameters[tensor->offset + steepest(f, tensor->name, count)] += 0.001f;
    }
    seqd_net_weigh_classes(rig->run, c[9] > 0 ? fixture_f32(f, "class_weight", (size_t)c[9]) : NULL);

    const double expected = *fixture_f64(f, "loss", 1), factor = fixture_f64(f, "numbers", 4)[3];
    a.forward = fabs(rig_loss(rig, &shard, NULL, 0, (float)factor, 1, 0) - expected) / expected;
    if (!(a.forward == a.forward)) a.forward = HUGE_VAL;
    float out[64];
    const size_t answered = (size_t)(shard.rows * config.answer.answers * config.answer.width);
    assert_in_range(answered, 1, 64);
    seqd_net_predict(rig->run, 0, &shard, NULL, out);
    const double off = fixture_difference(out, fixture_f32(f, "out", answered), answered);
    if (off > a.forward) a.forward = off;
    for (int32_t i = 0; i < a.tensors; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        const size_t count = (size_t)(tensor->shape[0] * tensor->shape[1]);
        char grad[64];
        snprintf(grad, sizeof grad, "grad.%s", tensor->name);
        const double difference = fixture_difference(rig->grad + tensor->offset, fixture_f32(f, grad, count), count);
        if (difference <= a.gradient) continue;
        a.gradient = difference;
        snprintf(a.tensor, sizeof a.tensor, "%s", tensor->name);
    }
    rig_close(rig);
    fixture_close(f);
    return a;
}

static void test_replay(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (int i = 0; i < NAMES; i++)
            for (int32_t longer = 0; longer <= 3; longer += 3) {
                const answers a = replay(names[i], level, longer, -1);
                if (a.forward > worst_forward) worst_forward = a.forward;
                if (a.gradient > worst_gradient) worst_gradient = a.gradient;
                if (!(a.forward <= FORWARD_BOUND && a.gradient <= GRADIENT_BOUND))
                    fail_msg("%s, %s, %d steps more: answers off by %.3g, gradients (%s) by %.3g", names[i],
                             rig_backend_name(level), (int)longer, a.forward, a.tensor, a.gradient);
            }
}

/* One weight of each tensor, moved by 0.001, breaks a bound. */
static void test_notices(void **state)
{
    (void)state;
    for (int i = 0; i < NAMES; i++) {
        int32_t tensors = 1;
        for (int32_t tensor = 0; tensor < tensors; tensor++) {
            const answers a = replay(names[i], 0, 0, tensor);
            tensors = a.tensors;
            if (!(a.forward > FORWARD_BOUND || a.gradient > GRADIENT_BOUND))
                fail_msg("%s: tensor %d moved, and nothing is off", names[i], (int)tensor);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_notices),
    };
    if (argc != 2) return 2;
    fixture_folder = argv[1];
    const int failed = cmocka_run_group_tests_name("golden sequence", tests, NULL, NULL);
    printf("largest differences: forward %.2g, gradients %.2g\n", worst_forward, worst_gradient);
    return failed;
}
