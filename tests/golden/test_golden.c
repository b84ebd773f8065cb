/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds recurrent layers, the whole network, heads, optimizers and schedules against what PyTorch computed in float64
 * (record.py), on every level of kernels and on the oneDNN backend where the build has it. Differences are in units of
 * the largest expected value of the array; the bounds below are what float32 needs, with room for other summation orders.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "optim.h"
#include "rig.h"

#define FORWARD_BOUND 2e-6
#define GRADIENT_BOUND 1e-5
#define LOSS_BOUND 1e-6
#define TEN_STEPS_BOUND 1e-5

static double worst_forward, worst_gradient, worst_loss, worst_steps;

static void check(const char *what, const char *file, int32_t level, double difference, double bound, double *worst)
{
    if (difference > *worst) *worst = difference;
    if (!(difference <= bound))
        fail_msg("%s, kernels %s: %s is off by %.3g, allowed are %.3g", file, rig_backend_name(level), what,
                 difference, bound);
}

/* ---- recurrent layers ---- */

typedef struct layer_rig {
    seqd_rnn_plan plan;
    seqd_rnn *rnn;
    seqd_rnn_params params, grad;
    const float *hidden;
    float *dx, *dh;
} layer_rig;

static float *floats(size_t count)
{
    float *values = calloc(count > 0 ? count : 1, sizeof *values);
    assert_non_null(values);
    return values;
}

typedef struct tensor_view {
    const char *name;
    float *value, *grad;
    size_t count;
} tensor_view;

static void layer_tensors(const layer_rig *layer, tensor_view views[4])
{
    const size_t gates = (size_t)seqd_rnn_gates(&layer->plan.shape);
    const seqd_rnn_params *p = &layer->params, *g = &layer->grad;
    views[0] = (tensor_view){"weight_ih", p->weight_ih, g->weight_ih, gates * (size_t)layer->plan.shape.inputs};
    views[1] = (tensor_view){"weight_hh", p->weight_hh, g->weight_hh, gates * (size_t)layer->plan.shape.hidden};
    views[2] = (tensor_view){"bias_ih", p->bias_ih, g->bias_ih, gates};
    views[3] = (tensor_view){"bias_hh", p->bias_hh, g->bias_hh, gates};
}

static void open_layer(layer_rig *layer, seqd_context *context, int32_t level, const fixture *f, int32_t index)
{
    tensor_view views[4];
    char name[48];
    const seqd_rnn_shape *shape = &layer->plan.shape;
    const size_t cells = (size_t)(layer->plan.steps * layer->plan.rows), gates = (size_t)seqd_rnn_gates(shape);
    seqd_rnn_params *sets[2] = {&layer->params, &layer->grad};
    for (int i = 0; i < 2; i++) {
        sets[i]->weight_ih = floats(gates * (size_t)shape->inputs);
        sets[i]->weight_hh = floats(gates * (size_t)shape->hidden);
        sets[i]->bias_ih = floats(gates);
        sets[i]->bias_hh = floats(gates);
    }
    layer->dx = floats(cells * (size_t)shape->inputs);
    layer->dh = floats(cells * (size_t)shape->hidden);
    assert_int_equal(seqd_rnn_create(context, rig_backend(level), &layer->plan, &layer->rnn, NULL), SEQD_OK);
    layer_tensors(layer, views);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s_l%d", views[i].name, index);
        memcpy(views[i].value, fixture_f32(f, name, views[i].count), views[i].count * sizeof(float));
    }
    layer->rnn->ops->pack(layer->rnn, &layer->params);
}

static void close_layer(layer_rig *layer)
{
    tensor_view views[4];
    assert_int_equal(layer->rnn->ops->status(layer->rnn, NULL), SEQD_OK);
    seqd_rnn_free(layer->rnn);
    layer_tensors(layer, views);
    for (int i = 0; i < 4; i++) {
        free(views[i].value);
        free(views[i].grad);
    }
    free(layer->dx);
    free(layer->dh);
}

static void check_layer_gradients(const layer_rig *layer, const fixture *f, int32_t index, int32_t level)
{
    tensor_view views[4];
    char name[48];
    layer_tensors(layer, views);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "grad.%s_l%d", views[i].name, index);
        check(name, f->name, level, fixture_difference(views[i].grad, fixture_f32(f, name, views[i].count), views[i].count),
              GRADIENT_BOUND, &worst_gradient);
    }
}

static void replay_layers(const char *name, int32_t level)
{
    seqd_context *context = rig_context();
    fixture *f = fixture_open(name);
    const int32_t *shape = fixture_i32(f, "shape", 0);
    const int32_t count = shape[1], rows = shape[2], steps = shape[3];
    assert_int_equal(fixture_count(f, "shape"), 5 + count);
    layer_rig layers[4];
    assert_in_range(count, 1, 4);

    const float *x = fixture_f32(f, "x", (size_t)(steps * rows * shape[4]));
    for (int32_t i = 0; i < count; i++) {
        const seqd_cell cell = shape[0] ? SEQD_CELL_GRU : SEQD_CELL_LSTM;
        layers[i] = (layer_rig){.plan = {{cell, shape[4 + i], 0, shape[5 + i]}, steps, rows, 1, true, false, false}};
        open_layer(&layers[i], context, level, f, i);
        layers[i].hidden = layers[i].rnn->ops->forward(layers[i].rnn, 0, rows, i > 0 ? layers[i - 1].hidden : x, NULL);
    }
    layer_rig *top = &layers[count - 1];
    const size_t hidden = (size_t)(steps * rows * top->plan.shape.hidden);
    check("h", name, level, fixture_difference(top->hidden, fixture_f32(f, "h", hidden), hidden), FORWARD_BOUND,
          &worst_forward);

    memcpy(top->dh, fixture_f32(f, "dh", hidden), hidden * sizeof(float));
    for (int32_t i = count - 1; i >= 0; i--) {
        layers[i].rnn->ops->backward(layers[i].rnn, 0, rows, i > 0 ? layers[i - 1].hidden : x, NULL, layers[i].dh,
                                     &layers[i].grad, i > 0 ? layers[i - 1].dh : layers[i].dx, NULL);
        check_layer_gradients(&layers[i], f, i, level);
    }
    const size_t inputs = (size_t)(steps * rows * shape[4]);
    check("dx", name, level, fixture_difference(layers[0].dx, fixture_f32(f, "dx", inputs), inputs), GRADIENT_BOUND,
          &worst_gradient);
    for (int32_t i = 0; i < count; i++) close_layer(&layers[i]);
    fixture_close(f);
    seqd_context_drop(context);
}

static void test_layers(void **state)
{
    static const char *const names[] = {"layers_lstm_10", "layers_gru_10", "layers_lstm_17_8_5", "layers_gru_17_8_5",
                                        "layers_lstm_36", "layers_gru_36"};
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) replay_layers(names[i], level);
}

/* ---- the whole network ---- */

typedef struct net_case {
    seqd_net_config config;
    seqd_shard shard;
    seqd_lag_plan plan;
    int32_t first;
    float factor;
} net_case;

/* A copy, because a shard's arrays are not const. */
static float *copied(const fixture *f, const char *name, size_t count)
{
    float *copy = malloc((count > 0 ? count : 1) * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, fixture_f32(f, name, count), count * sizeof *copy);
    return copy;
}

static void read_shard(const fixture *f, const int32_t *c, net_case *n)
{
    const size_t rows = (size_t)c[0], steps = (size_t)c[1], past = (size_t)c[2], horizon = (size_t)c[3];
    const int32_t cats = n->config.cat_count;
    seqd_shard *s = &n->shard;
    *s = (seqd_shard){.rows = c[0], .steps = c[1], .past = c[2], .horizon = c[3], .input_count = c[4],
                      .future_count = c[5], .real_count = c[6], .cat_count = cats};
    s->inputs = copied(f, "inputs", steps * rows * (size_t)c[4]);
    s->future = copied(f, "future", rows * (steps + horizon) * (size_t)c[5]);
    s->reals = copied(f, "reals", rows * (size_t)c[6]);
    s->history = copied(f, "history", rows * (past + steps + horizon));
    s->loc = copied(f, "loc", rows * (past + steps));
    s->scale = copied(f, "scale", rows * (past + steps));
    s->weight = copied(f, "weight", rows * (steps + horizon));
    s->fork = copied(f, "fork", rows * steps);
    s->cats = malloc(rows * (size_t)cats * sizeof(int32_t));
    assert_non_null(s->cats);
    memcpy(s->cats, fixture_i32(f, "cats", rows * (size_t)cats), rows * (size_t)cats * sizeof(int32_t));
    for (int32_t r = 0; r < c[0]; r++)
        for (int32_t t = n->first; t < c[1]; t++)
            for (int32_t h = 1; h <= c[3]; h++)
                s->total_weight += (double)(s->fork[r * c[1] + t] * s->weight[r * (c[1] + c[3]) + t + h]);
}

static void free_shard(seqd_shard *s)
{
    free(s->inputs);
    free(s->future);
    free(s->reals);
    free(s->cats);
    free(s->history);
    free(s->loc);
    free(s->scale);
    free(s->weight);
    free(s->fork);
}

static void read_case(const fixture *f, seqd_cell cell, seqd_head_kind kind, net_case *n)
{
    memset(n, 0, sizeof *n);
    const int32_t *c = fixture_i32(f, "config", 9);
    seqd_net_config *config = &n->config;
    config->stack.cell = cell;
    config->stack.layers = (int32_t)fixture_count(f, "hidden");
    memcpy(config->stack.hidden, fixture_i32(f, "hidden", 0), (size_t)config->stack.layers * sizeof(int32_t));
    config->stack.inputs = c[4];
    config->futures = c[5];
    config->reals = c[6];
    config->horizon = c[3];
    config->decoder_size = c[7];
    n->first = c[8];
    n->factor = (float)*fixture_f64(f, "factor", 1);
    config->cat_count = (int32_t)fixture_count(f, "cardinality");
    memcpy(config->cardinality, fixture_i32(f, "cardinality", 0), (size_t)config->cat_count * sizeof(int32_t));
    memcpy(config->embedding, fixture_i32(f, "embedding", (size_t)config->cat_count),
           (size_t)config->cat_count * sizeof(int32_t));

    seqd_lag_plan *plan = &n->plan;
    config->lags = plan->count = (int32_t)fixture_count(f, "lag.spacing");
    plan->horizon = c[3];
    plan->reach = c[2];
    plan->offset = fixture_i32(f, "lag.offset", (size_t)(c[3] * plan->count));
    memcpy(plan->spacing, fixture_i32(f, "lag.spacing", 0), (size_t)plan->count * sizeof(int32_t));
    memcpy(plan->repeats, fixture_i32(f, "lag.repeats", (size_t)plan->count), (size_t)plan->count * sizeof(int32_t));
    memcpy(plan->shift, fixture_i32(f, "lag.shift", (size_t)plan->count), (size_t)plan->count * sizeof(int32_t));

    config->head.kind = kind;
    static seqd_tweedie_law law;
    seqd_tweedie_law_set(&law, 1.4); /* DELTA and POWER of network.py */
    config->head.width = seqd_head_width(kind);
    config->head.delta = 0.75;
    config->head.tweedie = &law;
    if (kind == SEQD_HEAD_QUANTILE) {
        config->head.width = (int32_t)fixture_count(f, "levels");
        memcpy(config->head.levels, fixture_f64(f, "levels", 0), (size_t)config->head.width * sizeof(double));
        while (config->head.levels[config->head.middle] < 0.5) config->head.middle++;
    }
    read_shard(f, c, n);
}

static size_t tensor_count(const seqd_tensor *tensor) { return (size_t)(tensor->shape[0] * tensor->shape[1]); }

static void read_parameters(const fixture *f, net_rig *rig)
{
    for (int32_t i = 0; i < rig->net.tensors.count; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        memcpy(rig->parameters + tensor->offset, fixture_f32(f, tensor->name, tensor_count(tensor)),
               tensor_count(tensor) * sizeof(float));
    }
}

/* Largest difference of loss, output and gradients; fills `where`. Nothing is judged here. */
static double compare_net(const fixture *f, net_rig *rig, const net_case *n, double *loss, double *out)
{
    const double expected = *fixture_f64(f, "loss", 1);
    const double alone = rig_loss(rig, &n->shard, &n->plan, n->first, n->factor, 0, 0);
    const double have = rig_loss(rig, &n->shard, &n->plan, n->first, n->factor, 1, 0);
    assert_true(have == alone); /* the same numbers with and without a backward pass */
    *loss = fabs(have - expected) / fabs(expected);

    double worst = 0.0;
    for (int32_t i = 0; i < rig->net.tensors.count; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        char name[64];
        snprintf(name, sizeof name, "grad.%s", tensor->name);
        const double d = fixture_difference(rig->grad + tensor->offset, fixture_f32(f, name, tensor_count(tensor)),
                                            tensor_count(tensor));
        if (d > worst) worst = d;
    }
    float told[256];
    const size_t count = (size_t)(n->shard.rows * n->shard.horizon * rig->net.config.head.width);
    assert_in_range(count, 1, 256);
    seqd_net_predict(rig->run, 0, &n->shard, &n->plan, told);
    *out = fixture_difference(told, fixture_f32(f, "out", count), count);
    return worst;
}

/* In the order of seqd_head_kind; the later ones are recorded behind one cell alone. */
static const char *const heads[] = {"mse", "mae", "quantile", "negative_binomial", "huber", "gaussian", "student_t",
                                    "poisson", "zero_inflated_negative_binomial", "tweedie"};
static const char *const cells[] = {"lstm", "gru"};

static void test_networks(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (int c = 0; c < 2; c++)
            for (int h = 0; h < (c == 0 ? 10 : 4); h++) {
                char name[64];
                net_case n;
                double loss, out;
                snprintf(name, sizeof name, "net_%s_%s", cells[c], heads[h]);
                fixture *f = fixture_open(name);
                read_case(f, (seqd_cell)c, (seqd_head_kind)h, &n);
                net_rig *rig = rig_open(rig_backend(level), &n.config, n.shard.steps, n.shard.rows);
                read_parameters(f, rig);
                const double gradient = compare_net(f, rig, &n, &loss, &out);
                check("loss", name, level, loss, LOSS_BOUND, &worst_loss);
                check("output", name, level, out, FORWARD_BOUND, &worst_forward);
                check("gradient", name, level, gradient, GRADIENT_BOUND, &worst_gradient);
                rig_close(rig);
                free_shard(&n.shard);
                fixture_close(f);
            }
}

/* Would the test notice? One weight of each tensor, moved by a thousandth of the tensor's largest, must break a bound. */
static void test_notices_a_wrong_weight(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (int c = 0; c < 2; c++)
            for (int h = 0; h < (c == 0 ? 10 : 4); h++) {
                char name[64];
                net_case n;
                snprintf(name, sizeof name, "net_%s_%s", cells[c], heads[h]);
                fixture *f = fixture_open(name);
                read_case(f, (seqd_cell)c, (seqd_head_kind)h, &n);
                net_rig *rig = rig_open(rig_backend(level), &n.config, n.shard.steps, n.shard.rows);
                read_parameters(f, rig);
                for (int32_t i = 0; i < rig->net.tensors.count; i++) {
                    const seqd_tensor *tensor = &rig->net.tensors.at[i];
                    char grad[64];
                    double loss, out;
                    snprintf(grad, sizeof grad, "grad.%s", tensor->name);
                    /* the one that matters most: an embedding row no series uses would rightly change nothing */
                    const float *g = fixture_f32(f, grad, tensor_count(tensor));
                    size_t at = 0;
                    for (size_t j = 1; j < tensor_count(tensor); j++)
                        if (fabsf(g[j]) > fabsf(g[at])) at = j;
                    float *weight = rig->parameters + tensor->offset + at, before = *weight;
                    *weight += 1e-3f;
                    const double gradient = compare_net(f, rig, &n, &loss, &out);
                    if (loss <= LOSS_BOUND && out <= FORWARD_BOUND && gradient <= GRADIENT_BOUND)
                        fail_msg("%s, kernels %s: a change of %s went unnoticed", name, rig_backend_name(level),
                                 tensor->name);
                    *weight = before;
                }
                rig_close(rig);
                free_shard(&n.shard);
                fixture_close(f);
            }
}

/* ---- optimizers ---- */

static void replay_steps(const char *name, seqd_rule rule, int32_t level)
{
    net_case n;
    fixture *f = fixture_open(name);
    read_case(f, SEQD_CELL_LSTM, SEQD_HEAD_QUANTILE, &n);
    const seqd_backend backend = *rig_backend(level);
    const seqd_kernels *k = backend.kernels;
    net_rig *rig = rig_open(&backend, &n.config, n.shard.steps, n.shard.rows);
    read_parameters(f, rig);
    const double *settings = fixture_f64(f, "step.settings", 8);
    const double *losses = fixture_f64(f, "step.loss", 10), *norms = fixture_f64(f, "step.norm", 10);
    const size_t count = (size_t)rig->net.tensors.parameters;
    static seqd_update_part parts[SEQD_MAX_TENSORS];
    for (int32_t i = 0; i < rig->net.tensors.count; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        parts[i] = (seqd_update_part){tensor->offset, (int64_t)tensor_count(tensor), tensor->rank == 2, false};
    }
    seqd_update update = {.rule = rule, .rate = settings[0], .momentum = settings[1], .beta1 = settings[2],
                          .beta2 = settings[3], .epsilon = settings[4], .schedule = SEQD_SCHEDULE_CONSTANT,
                          .decay = settings[6], .rho = settings[7], .parts = parts,
                          .part_count = rig->net.tensors.count, .count = rig->net.tensors.parameters, .first = calloc(count, sizeof(float)),
                          .second = calloc(count, sizeof(float))};
    const float mean = (float)(1.0 / n.shard.total_weight);
    for (int i = 0; i < 10; i++) {
        const double loss = rig_loss(rig, &n.shard, &n.plan, n.first, mean, 1, 0) / n.shard.total_weight;
        check("loss of a step", name, level, fabs(loss - losses[i]) / losses[i], TEN_STEPS_BOUND, &worst_steps);
        const double norm = sqrt(k->sum_squares(rig->net.tensors.parameters, rig->grad));
        check("norm of a step", name, level, fabs(norm - norms[i]) / norms[i], TEN_STEPS_BOUND, &worst_steps);
        const double factor = settings[5] / (norm + 1e-6);
        seqd_update_apply(k, &update, factor < 1.0 ? (float)factor : 1.0f, rig->grad, rig->parameters);
    }
    assert_int_equal(update.steps, 10);
    for (int32_t i = 0; i < rig->net.tensors.count; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        char final[64];
        snprintf(final, sizeof final, "final.%s", tensor->name);
        check(final, name, level,
              fixture_difference(rig->parameters + tensor->offset, fixture_f32(f, final, tensor_count(tensor)),
                                 tensor_count(tensor)),
              TEN_STEPS_BOUND, &worst_steps);
    }
    free(update.first);
    free(update.second);
    rig_close(rig);
    free_shard(&n.shard);
    fixture_close(f);
}

static void test_ten_steps(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++) {
        replay_steps("steps_adam", SEQD_RULE_ADAM, level);
        replay_steps("steps_sgd", SEQD_RULE_SGD, level);
        replay_steps("steps_sgd_clipped", SEQD_RULE_SGD, level);
        replay_steps("steps_adamw", SEQD_RULE_ADAMW, level);
        replay_steps("steps_rmsprop", SEQD_RULE_RMSPROP, level);
    }
}

static void test_rates(void **state)
{
    (void)state;
    fixture *f = fixture_open("rates");
    const double *settings = fixture_f64(f, "settings", 5);
    static const struct {
        const char *name;
        seqd_schedule schedule;
        int warm;
    } courses[] = {{"cosine", SEQD_SCHEDULE_COSINE, 1},
                   {"step", SEQD_SCHEDULE_STEP, 1},
                   {"constant", SEQD_SCHEDULE_CONSTANT, 1},
                   {"cosine_alone", SEQD_SCHEDULE_COSINE, 0}};
    for (size_t i = 0; i < sizeof courses / sizeof courses[0]; i++) {
        const seqd_update update = {.rate = settings[0], .warmup = courses[i].warm ? (int64_t)settings[1] : 0,
                                    .total = (int64_t)settings[2], .step_size = (int64_t)settings[3],
                                    .gamma = settings[4], .schedule = courses[i].schedule};
        const size_t count = fixture_count(f, courses[i].name);
        const double *rates = fixture_f64(f, courses[i].name, count);
        assert_int_equal(count, update.total + 1);
        for (size_t n = 0; n < count; n++)
            if (!(fabs(seqd_update_rate(&update, (int64_t)n) - rates[n]) < 1e-12))
                fail_msg("%s: step %zu has rate %.17g, torch has %.17g", courses[i].name, n,
                         seqd_update_rate(&update, (int64_t)n), rates[n]);
    }
    fixture_close(f);
}

static void test_plateau(void **state)
{
    (void)state;
    fixture *f = fixture_open("plateau");
    const double *settings = fixture_f64(f, "settings", 3);
    const size_t count = fixture_count(f, "values");
    const double *values = fixture_f64(f, "values", count), *rates = fixture_f64(f, "rates", count);
    seqd_update update = {.rate = settings[0], .gamma = settings[1], .patience = (int64_t)settings[2],
                          .schedule = SEQD_SCHEDULE_PLATEAU};
    seqd_update_restart(&update);
    for (size_t i = 0; i < count; i++) {
        seqd_update_observe(&update, values[i]);
        if (!(fabs(seqd_update_rate(&update, (int64_t)i) - rates[i]) < 1e-12))
            fail_msg("round %zu has rate %.17g, torch has %.17g", i, seqd_update_rate(&update, (int64_t)i), rates[i]);
    }
    assert_true(update.cuts >= 3);
    fixture_close(f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_notices_a_wrong_weight),
        cmocka_unit_test(test_ten_steps),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_plateau),
    };
    if (argc != 2) {
        fprintf(stderr, "usage: test_golden FOLDER\n");
        return 2;
    }
    fixture_folder = argv[1];
    printf("kernels:");
    for (int32_t i = 0; rig_backend(i); i++) printf(" %s", rig_backend_name(i));
    printf("\n");
    const int failed = cmocka_run_group_tests_name("golden", tests, NULL, NULL);
    printf("largest differences: loss %.2g, forward %.2g, gradients %.2g, after ten steps %.2g\n", worst_loss,
           worst_forward, worst_gradient, worst_steps);
    return failed;
}
