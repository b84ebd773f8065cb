/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients of the whole network against central differences of its loss, for every parameter tensor: along random
 * directions of the tensor and for single parameters. Networks come in every cell, depth and head, with and without
 * static features, dropout, padding, lags and future features.
 *
 * The loss is a float32 computation, so differences over a short step drown in its rounding and differences over a long
 * one see its curvature: they are of fourth order, and of six step lengths the one that agrees best
 * counts; a wrong gradient agrees at none.
 * Rectifiers and the kinks of mae and pinball loss are kept away from zero by the choice of biases and targets; exactly
 * there the losses have no derivative. (test_heads.c looks at the heads in closed form, kinks included.)
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

#define BOUND 2e-3      /* of the tensor's gradient norm (directions) or largest entry (single parameters) */
#define ROUNDING 2e-7   /* of the loss: what its float32 terms leave in a difference over the longest step */
#define DIRECTIONS 3
#define SINGLES 2

typedef struct variant {
    const char *name;
    int32_t steps, rows, horizon, first, cats, reals, futures, lags;
    int padded;
    double dropout;
} variant;

static const variant variants[] = {
    {"plain", 7, 3, 5, 0, 2, 2, 3, 2, 1, 0.0},
    {"dropout, late forks", 7, 4, 5, 3, 1, 0, 0, 2, 1, 0.3},
    {"one step", 1, 5, 1, 0, 2, 1, 2, 1, 0, 0.0},
    {"one step, far horizon", 1, 3, 5, 0, 0, 2, 2, 0, 0, 0.25},
    {"bare, dropout", 6, 5, 1, 1, 0, 0, 0, 0, 1, 0.5},
    {"one row", 5, 1, 3, 2, 1, 1, 1, 3, 0, 0.0},
};

static const char *const head_names[] = {"mse", "mae", "quantile", "negative_binomial"};
static const char *const cell_names[SEQD_CELLS] = {"lstm", "gru", "gru reset before", "tanh", "relu"};

typedef struct problem {
    const variant *v;
    seqd_net_config config;
    seqd_shard shard;
    seqd_lag_plan plan;
    int32_t offsets[5 * 3];
    uint64_t dropout_key;
} problem;

static float *numbers(size_t count)
{
    float *values = calloc(count > 0 ? count : 1, sizeof *values);
    assert_non_null(values);
    return values;
}

static float *normals(seqd_rng *rng, size_t count)
{
    float *values = numbers(count);
    for (size_t i = 0; i < count; i++) values[i] = (float)seqd_rng_normal(rng);
    return values;
}

static void make_config(problem *p, int cell, int32_t layers, int head)
{
    const variant *v = p->v;
    seqd_net_config *c = &p->config;
    c->stack.cell = (seqd_cell)cell;
    c->stack.layers = layers;
    c->stack.hidden[0] = 6;
    c->stack.hidden[1] = 5;
    c->stack.inputs = 4;
    c->futures = v->futures;
    c->lags = v->lags;
    c->reals = v->reals;
    c->cat_count = v->cats;
    for (int32_t i = 0; i < v->cats; i++) c->cardinality[i] = 2 + i, c->embedding[i] = 3 - i;
    c->horizon = v->horizon;
    c->decoder_size = 6;
    c->stack.dropout = v->dropout;
    c->head.kind = (seqd_head_kind)head;
    c->head.width = head == SEQD_HEAD_QUANTILE ? 4 : head == SEQD_HEAD_NEGBIN ? 2 : 1;
    const double levels[4] = {0.05, 0.5, 0.8, 0.95};
    if (head == SEQD_HEAD_QUANTILE) memcpy(c->head.levels, levels, sizeof levels), c->head.middle = 1;
}

/* Targets that stand clear of any likely output, or small counts. */
static float target(seqd_rng *rng, const problem *p)
{
    if (p->config.head.kind == SEQD_HEAD_NEGBIN) return (float)seqd_rng_below(rng, 6);
    const double side = seqd_rng_below(rng, 6) > 0 ? 1.0 : -1.0; /* mostly one, so that slopes do not cancel */
    const double far = p->config.head.kind == SEQD_HEAD_MSE ? 0.0 : 5.0;
    return (float)(side * (far + 3.0 * seqd_rng_uniform(rng)));
}

static void make_shard(problem *p, seqd_rng *rng)
{
    const variant *v = p->v;
    seqd_shard *s = &p->shard;
    const int32_t past = 5, window = past + v->steps;
    const size_t rows = (size_t)v->rows, reach = (size_t)(v->steps + v->horizon);
    *s = (seqd_shard){.rows = v->rows, .steps = v->steps, .past = past, .horizon = v->horizon, .input_count = 4,
                      .future_count = v->futures, .real_count = v->reals, .cat_count = v->cats};
    s->inputs = normals(rng, (size_t)v->steps * rows * 4);
    s->future = normals(rng, rows * reach * (size_t)v->futures);
    s->reals = normals(rng, rows * (size_t)v->reals);
    s->cats = calloc(rows * (size_t)v->cats + 1, sizeof *s->cats);
    assert_non_null(s->cats);
    for (size_t i = 0; i < rows * (size_t)v->cats; i++) s->cats[i] = (int32_t)seqd_rng_below(rng, 3);
    s->history = numbers(rows * ((size_t)past + reach));
    s->loc = numbers(rows * (size_t)window);
    s->scale = numbers(rows * (size_t)window);
    s->weight = numbers(rows * reach);
    s->fork = numbers(rows * (size_t)v->steps);
    for (size_t i = 0; i < rows * ((size_t)past + reach); i++)
        s->history[i] = seqd_rng_below(rng, 7) == 0 ? NAN : target(rng, p);
    for (size_t i = 0; i < rows * (size_t)window; i++) {
        s->loc[i] = p->config.head.kind == SEQD_HEAD_NEGBIN ? 0.0f : (float)seqd_rng_normal(rng);
        s->scale[i] = (float)(0.7 + seqd_rng_uniform(rng));
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < reach; i++) {
            const float value = s->history[r * ((size_t)past + reach) + (size_t)past + i];
            s->weight[r * reach + i] = value == value && seqd_rng_below(rng, 6) > 0 ? 1.0f : 0.0f;
        }
        if (r == 0) s->weight[reach - 1] = 1.0f, s->history[(size_t)past + reach - 1] = target(rng, p);
        for (int32_t t = 0; t < v->steps; t++)
            s->fork[(int32_t)r * v->steps + t] = v->padded && r == 1 && t < v->steps / 2 ? 0.0f : 1.0f;
    }
    p->plan = (seqd_lag_plan){.count = v->lags, .horizon = v->horizon, .reach = past, .offset = p->offsets,
                              .spacing = {1, 2, 1}, .repeats = {1, 2, 1}, .shift = {0, 0, 4}};
    for (int32_t h = 0; h < v->horizon; h++)
        for (int32_t l = 0; l < v->lags; l++) p->offsets[h * v->lags + l] = -(int32_t)seqd_rng_below(rng, 3);
}

static void free_shard(seqd_shard *s)
{
    float *const arrays[] = {s->inputs, s->future, s->reals, s->history, s->loc, s->scale, s->weight, s->fork};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) free(arrays[i]);
    free(s->cats);
}

/*
 * Moderate weights; half of the rectified units clearly on, half clearly off. In a rectified cell what reaches a unit
 * beside its bias of 2 is small, and the longest step of slope() is left out: no unit comes nearer than 0.6 to its kink.
 */
static void set_parameters(net_rig *rig, seqd_rng *rng)
{
    const seqd_net *net = &rig->net;
    for (int32_t i = 0; i < net->tensors.count; i++) {
        const seqd_tensor *tensor = &net->tensors.at[i];
        const int64_t count = tensor->shape[0] * tensor->shape[1];
        float *w = rig->parameters + tensor->offset;
        const bool rectified = net->config.stack.cell == SEQD_CELL_RELU && strncmp(tensor->name, "rnn.", 4) == 0;
        const double size = rectified ? 0.08 : i < net->decoder_tensor ? 0.5 : 0.2;
        for (int64_t j = 0; j < count; j++) w[j] = (float)(size * seqd_rng_normal(rng));
        if (rectified && strncmp(tensor->name, "rnn.bias_ih", 11) == 0)
            for (int64_t j = 0; j < count; j++) w[j] += j % 2 ? 2.0f : -2.0f;
        if (strcmp(tensor->name, "decoder.state.bias") == 0)
            for (int64_t j = 0; j < count; j++) w[j] += j % 2 ? 2.5f : -2.5f;
        /* lags are as large as the far targets */
        if (strstr(tensor->name, "lag.weight"))
            for (int64_t j = 0; j < count; j++) w[j] *= 0.2f;
    }
}

static double worst;
static int64_t compared, blurred;

typedef struct place {
    const problem *p;
    net_rig *rig;
    const char *level, *cell, *head;
    double loss;
} place;

/*
 * Slope of the loss along `direction` (unit length) from parameters w[count], by the first of six steps that agrees well
 * with `expected`, or else by the nearest.
 */
static double slope(const place *at, float *w, const float *direction, size_t count, double expected, double unit)
{
    static const double steps[] = {0.3, 0.1, 0.03, 0.01, 0.003, 0.001};
    float *before = numbers(count);
    double best = HUGE_VAL;
    memcpy(before, w, count * sizeof *w);
    const size_t first = at->p->config.stack.cell == SEQD_CELL_RELU ? 1 : 0; /* the longest would meet kinks */
    for (size_t s = first; s < sizeof steps / sizeof steps[0] && !(fabs(best - expected) <= 0.2 * BOUND * unit); s++) {
        double loss[5];
        for (int i5 = -2; i5 <= 2; i5++) {
            if (i5 == 0) continue;
            for (size_t i = 0; i < count; i++)
                w[i] = (float)((double)before[i] + i5 * steps[s] * (double)direction[i]);
            loss[i5 + 2] =
                rig_loss(at->rig, &at->p->shard, &at->p->plan, at->p->v->first, 1.0f, 0, at->p->dropout_key);
        }
        /* of fourth order */
        const double found = (8.0 * (loss[3] - loss[1]) - (loss[4] - loss[0])) / (12.0 * steps[s]);
        if (fabs(found - expected) < fabs(best - expected)) best = found;
    }
    memcpy(w, before, count * sizeof *w);
    free(before);
    return best;
}

static void judge(const place *at, const char *tensor, double found, double expected, double unit)
{
    const double allowed = BOUND * unit + ROUNDING * fabs(at->loss), off = fabs(found - expected) / allowed;
    compared++;
    if (unit == 0.0) { /* nothing depends on it, so nothing may change at all */
        if (found != 0.0) fail_msg("%s: %s has slope %.7g, its gradient says 0", at->p->v->name, tensor, found);
        return;
    }
    if (allowed > 3.0 * BOUND * unit) blurred++;
    if (off > worst) worst = off;
    if (!(off <= 1.0))
        fail_msg("%s, %s, %d layers, %s, kernels %s: %s has slope %.7g, its gradient says %.7g (allowed: %.2g)",
                 at->p->v->name, at->cell, at->p->config.stack.layers, at->head, at->level, tensor, found, expected, allowed);
}

static void check_tensor(const place *at, const seqd_tensor *tensor, seqd_rng *rng)
{
    const size_t count = (size_t)(tensor->shape[0] * tensor->shape[1]);
    if (count == 0) return;
    float *w = at->rig->parameters + tensor->offset, *direction = numbers(count);
    const float *g = at->rig->grad + tensor->offset;
    double norm = 0.0;
    size_t top = 0;
    for (size_t i = 0; i < count; i++) {
        norm += (double)g[i] * (double)g[i];
        if (fabsf(g[i]) > fabsf(g[top])) top = i;
    }
    norm = sqrt(norm);
    for (int n = 0; n < DIRECTIONS; n++) {
        /* the first along the gradient, the others with random signs on it and something of their own */
        double length = 0.0, expected = 0.0;
        for (size_t i = 0; i < count; i++) {
            const double own = seqd_rng_normal(rng), sign = n == 0 || seqd_rng_below(rng, 2) ? 1.0 : -1.0;
            const double along = norm > 0.0 ? (double)g[i] / norm : 0.0;
            direction[i] = (float)(sign * along + (n == 0 ? 0.0 : 0.5 / sqrt((double)count)) * own +
                                   (norm > 0.0 ? 0.0 : own));
            length += (double)direction[i] * (double)direction[i];
        }
        for (size_t i = 0; i < count; i++) {
            direction[i] = (float)((double)direction[i] / sqrt(length));
            expected += (double)direction[i] * (double)g[i];
        }
        judge(at, tensor->name, slope(at, w, direction, count, expected, norm), expected, norm);
    }
    memset(direction, 0, count * sizeof *direction);
    for (int n = 0; n < SINGLES; n++) {
        const size_t i = n == 0 ? top : (size_t)seqd_rng_below(rng, count);
        direction[i] = 1.0f;
        const double unit = fabs((double)g[top]);
        judge(at, tensor->name, slope(at, w + i, direction + i, 1, (double)g[i], unit), (double)g[i], unit);
        direction[i] = 0.0f;
    }
    free(direction);
}

static void check_network(const variant *v, int32_t level, int cell, int32_t layers, int head)
{
    problem p = {.v = v, .dropout_key = v->dropout > 0.0 ? 77 : 0};
    seqd_rng rng = seqd_rng_stream(5, (uint64_t)(v - variants), (uint64_t)(cell * 100 + layers * 10 + head));
    make_config(&p, cell, layers, head);
    make_shard(&p, &rng);
    net_rig *rig = rig_open(rig_backend(level), &p.config, v->steps, v->rows);
    set_parameters(rig, &rng);
    const double loss = rig_loss(rig, &p.shard, &p.plan, v->first, 1.0f, 1, p.dropout_key);
    assert_true(isfinite(loss));
    const place at = {&p, rig, rig_backend_name(level), cell_names[cell], head_names[head], loss};
    for (int32_t i = 0; i < rig->net.tensors.count; i++) check_tensor(&at, &rig->net.tensors.at[i], &rng);

    /* gradients are added, and carry the factor */
    const size_t count = (size_t)rig->net.tensors.parameters;
    float *once = numbers(count);
    memcpy(once, rig->grad, count * sizeof *once);
    const double again = seqd_net_loss(rig->run, 0, &p.shard, &p.plan, v->first, 0.5f, rig->grad, p.dropout_key);
    assert_true(again == loss);
    for (int32_t i = 0; i < rig->net.tensors.count; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        float most = 0.0f;
        for (int64_t j = 0; j < tensor->shape[0] * tensor->shape[1]; j++)
            most = fmaxf(most, fabsf(once[tensor->offset + j]));
        for (int64_t j = 0; j < tensor->shape[0] * tensor->shape[1]; j++) {
            const float want = 1.5f * once[tensor->offset + j], have = rig->grad[tensor->offset + j];
            if (!(fabsf(have - want) <= 1e-5f * most)) fail_msg("%s: gradients do not add up", tensor->name);
        }
    }
    free(once);
    rig_close(rig);
    free_shard(&p.shard);
}

static void test_networks(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (size_t v = 0; v < sizeof variants / sizeof variants[0] && !rig_repeats(level); v++)
            for (int cell = 0; cell < SEQD_CELLS; cell++)
                for (int32_t layers = 1; layers <= 2; layers++)
                    /* heads know nothing of cells: those beyond two meet one of them */
                    for (int head = 0; head < (cell < 2 ? 4 : 1); head++)
                        check_network(&variants[v], level, cell, layers, head);
    /* slopes so small that rounding widens their bound beyond three times must stay the exception */
    assert_true(compared > 5000 && blurred * 20 < compared);
}

/* Dropout: a function of its key alone, off without one, and of the stated rate. */
static void test_dropout(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++) {
        problem p = {.v = &variants[1]};
        seqd_rng rng = seqd_rng_stream(6, 0, 0);
        make_config(&p, 0, 2, SEQD_HEAD_MSE);
        make_shard(&p, &rng);
        net_rig *rig = rig_open(rig_backend(level), &p.config, p.v->steps, p.v->rows);
        set_parameters(rig, &rng);
        const double off = rig_loss(rig, &p.shard, &p.plan, 0, 1.0f, 1, 0);
        const double one = rig_loss(rig, &p.shard, &p.plan, 0, 1.0f, 1, 1);
        const double two = rig_loss(rig, &p.shard, &p.plan, 0, 1.0f, 1, 2);
        assert_true(one != off && two != off && one != two);
        assert_true(rig_loss(rig, &p.shard, &p.plan, 0, 1.0f, 0, 1) == one);
        assert_true(rig_loss(rig, &p.shard, &p.plan, 0, 1.0f, 0, 0) == off);
        float mask[256];
        const int32_t count = p.v->steps * p.v->rows * p.config.stack.hidden[0];
        assert_in_range(count, 1, 256);
        int64_t dropped = 0, all = 0;
        for (uint64_t key = 1; key <= 200; key++) {
            seqd_stack_dropout(rig_backend(level)->kernels, p.config.stack.dropout, key, 0, count, mask);
            for (int32_t i = 0; i < count; i++) {
                const float m = mask[i];
                assert_true(m == 0.0f || fabsf(m - 1.0f / 0.7f) < 1e-6f);
                dropped += m == 0.0f;
            }
            all += count;
        }
        /* five standard deviations */
        assert_true(fabs((double)dropped / (double)all - 0.3) < 5.0 * sqrt(0.21 / (double)all));
        rig_close(rig);
        free_shard(&p.shard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_dropout),
    };
    const int failed = cmocka_run_group_tests_name("grad", tests, NULL, NULL);
    printf("%lld slopes compared (%lld below the rounding of the loss), largest difference %.2g of what is allowed\n",
           (long long)compared, (long long)blurred, worst);
    return failed;
}
