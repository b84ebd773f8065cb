/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder-decoder against what modules of PyTorch gave in float64 (record_encdec.py): outputs, weights, gradients. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rig.h"

#define FORWARD_BOUND 3e-6
#define GRADIENT_BOUND 2e-5

static double worst_forward, worst_gradient;

static void check(const char *what, const char *file, int32_t level, double difference, double bound, double *worst)
{
    if (difference > *worst) *worst = difference;
    if (!(difference <= bound))
        fail_msg("%s, kernels %s: %s is off by %.3g, allowed are %.3g", file, rig_backend_name(level), what,
                 difference, bound);
}

static float *zeros(size_t count)
{
    float *values = calloc(count, sizeof *values);
    assert_non_null(values);
    return values;
}

/* loc 0, scale 1 and no lags: what is told and judged is the series itself. */
static seqd_shard read_shard(const fixture *f, const int32_t *c, int32_t *begin)
{
    const int32_t rows = c[3], steps = c[4], horizon = c[5], reach = steps + horizon;
    const float *x = fixture_f32(f, "x", (size_t)(steps * rows * c[6]));
    const float *future = fixture_f32(f, "future", (size_t)(rows * horizon * c[7]));
    const float *y = fixture_f32(f, "y", (size_t)(rows * (horizon + 1)));
    seqd_shard s = {.rows = rows, .steps = steps, .horizon = horizon, .input_count = c[6], .future_count = c[7]};
    s.inputs = zeros((size_t)(steps * rows * c[6]));
    memcpy(s.inputs, x, (size_t)(steps * rows * c[6]) * sizeof *x);
    s.future = zeros((size_t)(rows * reach * c[7]));
    s.history = zeros((size_t)(rows * reach));
    s.weight = zeros((size_t)(rows * reach));
    s.loc = zeros((size_t)(rows * steps));
    s.scale = zeros((size_t)(rows * steps));
    s.fork = zeros((size_t)(rows * steps));
    for (int32_t r = 0; r < rows; r++) {
        memcpy(s.future + (r * reach + steps) * c[7], future + r * horizon * c[7],
               (size_t)(horizon * c[7]) * sizeof *future);
        memcpy(s.history + r * reach + steps - 1, y + r * (horizon + 1), (size_t)(horizon + 1) * sizeof *y);
        for (int32_t t = 0; t < reach; t++) s.weight[r * reach + t] = 1.0f;
        for (int32_t t = 0; t < steps; t++) s.scale[r * steps + t] = s.fork[r * steps + t] = 1.0f;
    }
    memcpy(begin, fixture_i32(f, "begin", (size_t)rows), (size_t)rows * sizeof *begin);
    s.begin = begin;
    return s;
}

static void replay(const char *name, int32_t level)
{
    static seqd_net_config config;
    static const seqd_cell cells[] = {SEQD_CELL_LSTM, SEQD_CELL_GRU, SEQD_CELL_GRU_BEFORE, SEQD_CELL_TANH};
    static const seqd_lag_plan none;
    int32_t begin[16];
    fixture *f = fixture_open(name);
    const int32_t *c = fixture_i32(f, "config", 11);
    seqd_shard shard = read_shard(f, c, begin);
    memset(&config, 0, sizeof config);
    config.kind = SEQD_NET_ENCDEC;
    config.stack = (seqd_stack_shape){.cell = SEQD_CELL_LSTM, .layers = 2, .inputs = c[6], .hidden = {c[8], c[9]}};
    config.futures = c[7];
    config.horizon = c[5];
    config.head.kind = SEQD_HEAD_MSE;
    config.head.width = 1;
    config.encdec = (seqd_encdec_shape){.cell = cells[c[1]], .layers = 1, .hidden = {c[10]}, .told = 1};
    seqd_attention_shape *a = &config.encdec.attention;
    a->kind = (seqd_attention_kind)c[0];
    a->heads = a->kind == SEQD_ATTENTION_MULTIHEAD ? 2 : 1;
    a->size = a->kind == SEQD_ATTENTION_ADDITIVE ? 6 : a->kind == SEQD_ATTENTION_MULTIHEAD ? c[10] : 0;

    const seqd_backend backend = *rig_backend(level);
    net_rig *rig = rig_open(&backend, &config, shard.steps, shard.rows);
    for (int32_t i = 0; i < rig->net.tensors.count; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        const size_t count = (size_t)(tensor->shape[0] * tensor->shape[1]);
        if (count > 0) memcpy(rig->parameters + tensor->offset, fixture_f32(f, tensor->name, count), count * sizeof(float));
    }
    /* under a key every step is told the truth, without one its own forecast */
    const double loss = rig_loss(rig, &shard, &none, 0, 1.0f, 1, c[2] ? 0 : 7);
    const double expected = (double)*fixture_f32(f, "loss", 1);
    check("loss", name, level, fabs(loss - expected) / expected, FORWARD_BOUND, &worst_forward);
    const size_t maps = (size_t)(a->heads * shard.horizon * shard.steps);
    if (a->kind != SEQD_ATTENTION_NONE) {
        float *weights = zeros((size_t)shard.rows * maps);
        for (int32_t r = 0; r < shard.rows; r++) seqd_net_attention(rig->run, 0, r, weights + (size_t)r * maps);
        check("weights", name, level,
              fixture_difference(weights, fixture_f32(f, "weights", (size_t)shard.rows * maps),
                                 (size_t)shard.rows * maps),
              FORWARD_BOUND, &worst_forward);
        free(weights);
    }
    if (c[2]) {
        const size_t count = (size_t)(shard.rows * shard.horizon);
        float *out = zeros(count);
        seqd_net_predict(rig->run, 0, &shard, &none, out);
        check("outputs", name, level, fixture_difference(out, fixture_f32(f, "out", count), count), FORWARD_BOUND,
              &worst_forward);
        free(out);
    }
    for (int32_t i = 0; i < rig->net.tensors.count; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        const size_t count = (size_t)(tensor->shape[0] * tensor->shape[1]);
        char grad[64];
        snprintf(grad, sizeof grad, "grad.%s", tensor->name);
        if (count > 0)
            check(grad, name, level,
                  fixture_difference(rig->grad + tensor->offset, fixture_f32(f, grad, count), count), GRADIENT_BOUND,
                  &worst_gradient);
    }
    rig_close(rig);
    float *const arrays[] = {shard.inputs, shard.future, shard.history, shard.weight,
                             shard.loc,    shard.scale,  shard.fork};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) free(arrays[i]);
    fixture_close(f);
}

static void test_networks(void **state)
{
    static const char *const names[] = {"encdec_none_gru",    "encdec_additive_lstm",  "encdec_dot_rnn",
                                        "encdec_general_gru", "encdec_multihead_lstm", "encdec_additive_gru_own"};
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) replay(names[i], level);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_networks)};
    if (argc < 2) return 2;
    fixture_folder = argv[1];
    const int failed = cmocka_run_group_tests_name("golden encdec", tests, NULL, NULL);
    printf("largest differences: forward %.2g, gradients %.2g\n", worst_forward, worst_gradient);
    return failed;
}
