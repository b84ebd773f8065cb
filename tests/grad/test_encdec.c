/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoder-decoder: gradients of the whole network against differences of its loss for every attention, cell of the
 * decoder, depth and way of decoding, with padded and fully masked rows; that training on own forecasts has the
 * gradient of being told them; draws of teacher forcing; weights of attention.
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
#include "slopes.h"

enum { STEPS = 6, ROWS = 4, HORIZON = 3, PAST = 4, INPUTS = 4, FUTURES = 2, REALS = 1, LAGS = 2 };

static const char *const attention_names[] = {"none", "additive", "dot", "general", "multihead"};
static const char *const cell_names[] = {"lstm", "gru", "gru reset before", "tanh", "relu"};

typedef struct problem {
    seqd_net_config config;
    seqd_shard shard;
    seqd_lag_plan plan;
    int32_t offsets[HORIZON * LAGS];
    net_rig *rig;
} problem;

static float *normals(seqd_rng *rng, size_t count)
{
    float *values = calloc(count, sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) values[i] = (float)seqd_rng_normal(rng);
    return values;
}

static void make_config(problem *p, int attention, int cell, int32_t layers, int32_t told)
{
    seqd_net_config *c = &p->config;
    seqd_encdec_shape *d = &c->encdec;
    memset(c, 0, sizeof *c);
    c->kind = SEQD_NET_ENCDEC;
    c->stack.cell = SEQD_CELL_LSTM;
    c->stack.layers = 2;
    c->stack.hidden[0] = 5;
    c->stack.hidden[1] = attention == SEQD_ATTENTION_DOT || layers == 2 ? 6 : 7;
    c->stack.inputs = INPUTS;
    c->futures = FUTURES;
    c->lags = LAGS;
    c->reals = REALS;
    c->cat_count = 1;
    c->cardinality[0] = 3;
    c->embedding[0] = 2;
    c->horizon = HORIZON;
    c->head.kind = SEQD_HEAD_MSE;
    c->head.width = 1;
    d->cell = (seqd_cell)cell;
    d->layers = layers;
    d->hidden[0] = layers == 1 ? 6 : 5;
    d->hidden[1] = 6;
    d->told = told;
    d->attention.kind = (seqd_attention_kind)attention;
    d->attention.heads = attention == SEQD_ATTENTION_MULTIHEAD ? 2 : 1;
    d->attention.size = attention == SEQD_ATTENTION_ADDITIVE ? 5 : attention == SEQD_ATTENTION_MULTIHEAD ? 6 : 0;
}

static void make_shard(problem *p, seqd_rng *rng)
{
    seqd_shard *s = &p->shard;
    const size_t rows = ROWS, reach = STEPS + HORIZON, window = PAST + STEPS;
    *s = (seqd_shard){.rows = ROWS, .steps = STEPS, .past = PAST, .horizon = HORIZON, .input_count = INPUTS,
                      .future_count = FUTURES, .real_count = REALS, .cat_count = 1};
    s->inputs = normals(rng, STEPS * rows * INPUTS);
    s->future = normals(rng, rows * reach * FUTURES);
    s->reals = normals(rng, rows * REALS);
    s->history = normals(rng, rows * (PAST + reach));
    s->loc = normals(rng, rows * window);
    s->scale = normals(rng, rows * window);
    s->weight = normals(rng, rows * reach);
    s->fork = normals(rng, rows * STEPS);
    s->cats = calloc(rows, sizeof *s->cats);
    s->begin = calloc(rows, sizeof *s->begin);
    s->length = calloc(rows, sizeof *s->length);
    assert_true(s->cats && s->begin && s->length);
    for (size_t r = 0; r < rows; r++) {
        s->cats[r] = (int32_t)r % 4;
        s->length[r] = STEPS;
        s->history[r * (PAST + reach) + 2] = NAN; /* a lag that is not there */
    }
    s->begin[1] = 2;
    s->begin[2] = STEPS; /* nothing to attend to */
    for (size_t i = 0; i < rows * window; i++) s->scale[i] = 0.7f + fabsf(s->scale[i]);
    for (size_t i = 0; i < rows * reach; i++) s->weight[i] = i % 5 == 3 ? 0.0f : 1.0f;
    for (size_t i = 0; i < rows * STEPS; i++) s->fork[i] = i % STEPS == STEPS - 1 ? 1.0f : 0.0f;
    p->plan = (seqd_lag_plan){.count = LAGS, .horizon = HORIZON, .reach = PAST, .offset = p->offsets,
                              .spacing = {1, 2}, .repeats = {1, 2}, .shift = {0, 0}};
    for (int32_t i = 0; i < HORIZON * LAGS; i++) p->offsets[i] = -(i % 3);
}

static void set_parameters(net_rig *rig, seqd_rng *rng)
{
    for (int32_t i = 0; i < rig->net.tensors.count; i++) {
        const seqd_tensor *tensor = &rig->net.tensors.at[i];
        /* large enough that the loss hangs on where the decoder looks */
        double size = strncmp(tensor->name, "attention.", 10) == 0 ? 1.0 : 0.5;
        const bool relu = rig->net.config.encdec.cell == SEQD_CELL_RELU, bias = strstr(tensor->name, ".bias_ih_l");
        if (relu && strncmp(tensor->name, "decoder.", 8) == 0 && !strstr(tensor->name, "start")) size = 0.15;
        for (int64_t j = 0; j < tensor->shape[0] * tensor->shape[1]; j++) {
            rig->parameters[tensor->offset + j] = (float)(size * seqd_rng_normal(rng));
            /* rectified units clearly on or off */
            if (relu && bias && strncmp(tensor->name, "decoder.", 8) == 0)
                rig->parameters[tensor->offset + j] += j % 2 ? 2.0f : -2.0f;
        }
    }
}

static void open_problem(problem *p, int32_t level, uint64_t seed)
{
    seqd_rng rng = seqd_rng_stream(seed, 1, 0);
    make_shard(p, &rng);
    p->rig = rig_open(rig_backend(level), &p->config, STEPS, ROWS);
    set_parameters(p->rig, &rng);
}

static void close_problem(problem *p)
{
    seqd_shard *s = &p->shard;
    float *const arrays[] = {s->inputs, s->future, s->reals, s->history, s->loc, s->scale, s->weight, s->fork};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) free(arrays[i]);
    free(s->cats);
    free(s->begin);
    free(s->length);
    rig_close(p->rig);
}

static double worst;
static int64_t compared, blurred;

static void check_network(int32_t level, int attention, int cell, int32_t layers, int32_t told)
{
    static problem p;
    char what[128];
    make_config(&p, attention, cell, layers, told);
    open_problem(&p, level, (uint64_t)(attention * 100 + cell * 10 + layers));
    snprintf(what, sizeof what, "%s, attention %s, decoder %s, %d layers, told %d", rig_backend_name(level),
             attention_names[attention], cell_names[cell], layers, told);
    /* large rectified units that hardly change leave more rounding and less slope */
    slopes s = {.rig = p.rig, .shard = &p.shard, .plan = &p.plan, .dropout_key = 77, .what = what,
                .rounding = cell == SEQD_CELL_RELU ? 1e-6 : 0.0};
    slopes_check(&s, (uint64_t)cell); /* with a key, every step is told the truth */
    compared += s.compared;
    blurred += s.blurred;
    if (s.worst > worst) worst = s.worst;
    close_problem(&p);
}

static void test_gradients(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++) {
        if (rig_repeats(level)) continue;
        for (int attention = 0; attention < 5; attention++) {
            if (rig_backend(level)->kind == SEQD_BACKEND_ONEDNN && attention > 1) continue; /* it has none of its own */
            for (int cell = 0; cell < SEQD_CELLS; cell++)
                for (int32_t layers = 1; layers <= 2; layers++)
                    for (int32_t told = 0; told < 2; told++)
                        if (cell < 2 || layers + told == 2) check_network(level, attention, cell, layers, told);
        }
    }
    assert_true(compared > 5000 && blurred * 20 < compared);
}

/* Events: embeddings of tokens, answers of classes, and of what the steps are told; rows of different lengths. */
static void check_events(int32_t level, int attention, int32_t told, int32_t answers)
{
    static seqd_net_config config;
    char what[96];
    seqd_rng rng = seqd_rng_stream(21, (uint64_t)attention, (uint64_t)told);
    memset(&config, 0, sizeof config);
    config.kind = SEQD_NET_ENCDEC;
    config.stack = (seqd_stack_shape){.cell = SEQD_CELL_GRU, .layers = 1, .hidden = {6}};
    config.embed = (seqd_embed_shape){.inputs = 2, .tokens = 2, .cardinality = {4, 3}, .size = {3, 2}};
    config.answer = (seqd_answer){.answers = answers, .width = 5, .classes = 5, .smoothing = 0.1};
    config.horizon = answers;
    config.encdec = (seqd_encdec_shape){.cell = SEQD_CELL_LSTM, .layers = 1, .hidden = {6}, .told = told};
    config.encdec.attention = (seqd_attention_shape){.kind = (seqd_attention_kind)attention, .size = 6, .heads = 1};
    seqd_shard s = {.rows = ROWS, .steps = STEPS, .horizon = answers, .input_count = 2, .token_count = 2,
                    .answers = answers};
    int32_t lengths[ROWS] = {STEPS, 2, 1, 4}, tokens[STEPS * ROWS * 2] = {0};
    float fork[ROWS * STEPS] = {0}, label[ROWS * STEPS];
    s.inputs = normals(&rng, STEPS * ROWS * 2);
    s.length = lengths;
    s.tokens = tokens;
    s.fork = fork;
    s.label = label;
    for (int32_t i = 0; i < ROWS * STEPS; i++) label[i] = i == 1 ? (float)NAN : (float)seqd_rng_below(&rng, 5);
    for (int32_t r = 0; r < ROWS; r++) {
        fork[answers > 1 ? r : r * STEPS + lengths[r] - 1] = 1.0f;
        for (int32_t t = 0; t < STEPS; t++)
            for (int32_t c = 0; c < 2; c++) {
                if (t < lengths[r]) tokens[(t * ROWS + r) * 2 + c] = (int32_t)seqd_rng_below(&rng, 4);
                else s.inputs[(t * ROWS + r) * 2 + c] = 0.0f;
            }
    }
    if (answers > 1) label[1] = told > 0 ? 2.0f : (float)NAN; /* an answer that is not known */
    net_rig *rig = rig_open(rig_backend(level), &config, STEPS, ROWS);
    set_parameters(rig, &rng);
    snprintf(what, sizeof what, "%s, events, attention %s, told %d, %d answers", rig_backend_name(level),
             attention_names[attention], told, answers);
    static const seqd_lag_plan none;
    slopes check = {.rig = rig, .shard = &s, .plan = &none, .dropout_key = 5, .what = what};
    slopes_check(&check, 3);
    compared += check.compared;
    rig_close(rig);
    free(s.inputs);
}

static void test_events(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (int attention = 0; attention < 5 && !rig_repeats(level); attention++)
            for (int32_t told = 0; told <= 3; told += 3)
                for (int32_t answers = 1; answers <= 3; answers += 2) check_events(level, attention, told, answers);
}

/*
 * A loss takes a shard in parts where its states are many, as those of a network made for far longer sequences are: the
 * same loss and gradient as in one.
 */
static void check_parts(int32_t level, int32_t told, int32_t answers)
{
    enum { MANY = 11, FAR = 900 };
    static seqd_net_config config;
    seqd_rng rng = seqd_rng_stream(22, (uint64_t)told, (uint64_t)answers);
    memset(&config, 0, sizeof config);
    config.kind = SEQD_NET_ENCDEC;
    config.stack = (seqd_stack_shape){.cell = SEQD_CELL_LSTM, .layers = 1, .hidden = {6}};
    config.embed = (seqd_embed_shape){.inputs = 2, .tokens = 2, .cardinality = {4, 3}, .size = {3, 2}};
    config.answer = (seqd_answer){.answers = answers, .width = 5, .classes = 5};
    config.horizon = answers;
    config.encdec = (seqd_encdec_shape){.cell = SEQD_CELL_GRU, .layers = 1, .hidden = {6}, .told = told};
    config.encdec.attention = (seqd_attention_shape){.kind = SEQD_ATTENTION_ADDITIVE, .size = 6, .heads = 1};
    seqd_shard s = {.rows = MANY, .steps = STEPS, .horizon = answers, .input_count = 2, .token_count = 2,
                    .answers = answers};
    int32_t lengths[MANY], tokens[STEPS * MANY * 2] = {0};
    float fork[MANY * STEPS] = {0}, label[MANY * STEPS];
    s.inputs = normals(&rng, STEPS * MANY * 2);
    s.length = lengths;
    s.tokens = tokens;
    s.fork = fork;
    s.label = label;
    for (int32_t i = 0; i < MANY * STEPS; i++) label[i] = (float)seqd_rng_below(&rng, 5);
    for (int32_t r = 0; r < MANY; r++) {
        lengths[r] = 1 + r % STEPS;
        fork[answers > 1 ? r : r * STEPS + lengths[r] - 1] = 1.0f;
        for (int32_t t = 0; t < lengths[r]; t++)
            for (int32_t c = 0; c < 2; c++) tokens[(t * MANY + r) * 2 + c] = (int32_t)seqd_rng_below(&rng, 4);
    }
    static const seqd_lag_plan none;
    net_rig *whole = rig_open(rig_backend(level), &config, STEPS, MANY);
    net_rig *parts = rig_open(rig_backend(level), &config, FAR, MANY);
    const size_t count = (size_t)whole->net.tensors.parameters;
    set_parameters(whole, &rng);
    memcpy(parts->parameters, whole->parameters, count * sizeof *parts->parameters);
    for (uint64_t key = 0; key < 2; key++) { /* told its own answers, or the truth */
        const double loss = rig_loss(whole, &s, &none, 0, 1.0f, 1, key);
        assert_true(fabs(rig_loss(parts, &s, &none, 0, 1.0f, 1, key) - loss) < 1e-5 * fabs(loss));
        float most = 0.0f;
        for (size_t i = 0; i < count; i++) most = fmaxf(most, fabsf(whole->grad[i]));
        for (size_t i = 0; i < count; i++) assert_true(fabsf(parts->grad[i] - whole->grad[i]) < 1e-5f * most);
    }
    rig_close(whole);
    rig_close(parts);
    free(s.inputs);
}

static void test_parts(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (int32_t told = 0; told <= 3; told += 3)
            for (int32_t answers = 1; answers <= 3; answers += 2) check_parts(level, told, answers);
}

/* Weights of every step sum to one inside and are zero outside; a masked row has none. */
static void test_weights(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (int attention = 1; attention < 5; attention++) {
            static problem p;
            float out[ROWS * HORIZON], weights[2 * HORIZON * STEPS];
            make_config(&p, attention, SEQD_CELL_GRU, 1, 1);
            open_problem(&p, level, 4);
            const int32_t heads = seqd_net_attention_heads(&p.rig->net);
            assert_int_equal(heads, attention == SEQD_ATTENTION_MULTIHEAD ? 2 : 1);
            seqd_net_pack(p.rig->run, p.rig->parameters);
            seqd_net_predict(p.rig->run, 0, &p.shard, &p.plan, out);
            for (int32_t r = 0; r < ROWS; r++) {
                seqd_net_attention(p.rig->run, 0, r, weights);
                for (int32_t i = 0; i < heads * HORIZON; i++) {
                    double sum = 0.0;
                    for (int32_t t = 0; t < STEPS; t++) {
                        assert_true(t >= p.shard.begin[r] ? weights[i * STEPS + t] > 0.0f
                                                          : weights[i * STEPS + t] == 0.0f);
                        sum += (double)weights[i * STEPS + t];
                    }
                    assert_true(fabs(sum - (r == 2 ? 0.0 : 1.0)) < 1e-6);
                }
            }
            for (int32_t i = 0; i < ROWS * HORIZON; i++) assert_true(isfinite(out[i]));
            close_problem(&p);
        }
}

/* Without a key nothing is told; with one, the share decides, and the same key gives the same draws. */
static void test_teaching(void **state)
{
    static problem p;
    int different = 0;
    (void)state;
    make_config(&p, SEQD_ATTENTION_ADDITIVE, SEQD_CELL_GRU, 1, 1);
    open_problem(&p, 0, 5);
    const double own = rig_loss(p.rig, &p.shard, &p.plan, 0, 1.0f, 0, 0);
    const double all = rig_loss(p.rig, &p.shard, &p.plan, 0, 1.0f, 0, 1);
    assert_true(own != all);
    for (uint64_t key = 1; key <= 20; key++) {
        seqd_net_teach(p.rig->run, 1.0);
        assert_true(rig_loss(p.rig, &p.shard, &p.plan, 0, 1.0f, 0, key) == all);
        seqd_net_teach(p.rig->run, 0.0);
        assert_true(rig_loss(p.rig, &p.shard, &p.plan, 0, 1.0f, 0, key) == own);
        seqd_net_teach(p.rig->run, 0.5);
        const double half = rig_loss(p.rig, &p.shard, &p.plan, 0, 1.0f, 0, key);
        assert_true(rig_loss(p.rig, &p.shard, &p.plan, 0, 1.0f, 0, key) == half);
        different += half != own && half != all;
    }
    assert_true(different > 15);
    close_problem(&p);
}

/* ---- the decoder alone: what it was told, and what it tells itself ---- */

typedef struct decoder {
    const seqd_kernels *k;
    seqd_encdec_shape shape;
    bool replay;
    float told[HORIZON * ROWS]; /* as told in the pass before */
    seqd_encdec_packed packed;
    seqd_encdec_work work;
} decoder;

static void tell(void *user, int32_t step, const float *out, float *told, int64_t ldt)
{
    decoder *d = user;
    for (int32_t r = 0; r < ROWS; r++) {
        float *kept = &d->told[step * ROWS + r];
        if (!d->replay) *kept = step > 0 ? 0.7f * out[r * HORIZON + step - 1] : 0.3f;
        told[r * ldt] = *kept;
    }
}

static void place(seqd_arena *arena, void *user)
{
    decoder *d = user;
    seqd_encdec_place_packed(d->k, &d->shape, true, arena, &d->packed);
    seqd_encdec_place_work(d->k, &d->shape, true, ROWS, STEPS, arena, &d->work);
}

/* Own forecasts enter the next step as numbers: the gradient is bit for bit that of being told these numbers. */
static void test_own_forecasts(void **state)
{
    (void)state;
    for (int32_t level = 0; level < seqd_kernels_count(); level++)
        for (int attention = 0; attention < 5; attention++) {
            static problem p;
            static decoder d;
            static seqd_tensors tensors;
            int32_t first = 0;
            make_config(&p, attention, SEQD_CELL_LSTM, 1, 1);
            memset(&tensors, 0, sizeof tensors);
            memset(&d, 0, sizeof d);
            d.k = seqd_kernels_at(level);
            d.shape = p.config.encdec;
            d.shape.attention.memory = 6;
            d.shape.attention.query = 6;
            d.shape.horizon = HORIZON;
            d.shape.known = 2;
            d.shape.statics = 1;
            d.shape.lags = 1;
            d.shape.width = 1;
            assert_int_equal(seqd_encdec_declare(&d.shape, &tensors, &first, NULL), SEQD_OK);
            const size_t count = (size_t)tensors.parameters;
            seqd_rng rng = seqd_rng_stream(11, 0, 0);
            float *w = normals(&rng, count), *h = normals(&rng, STEPS * ROWS * 6), *s = normals(&rng, ROWS);
            float *grad[2], dh[2][STEPS * ROWS * 6], ds[2][ROWS];
            void *memory = rig_arena(place, &d);
            const seqd_encdec_params params = seqd_encdec_view(&d.shape, &tensors, first, w);
            seqd_encdec_pack(d.k, &d.shape, &params, true, &d.packed);
            d.work.rows = ROWS;
            d.work.steps = STEPS;
            for (int32_t r = 0; r < ROWS; r++) d.work.begin[r] = r, d.work.end[r] = STEPS - (r == 1);
            for (int i = 0; i < HORIZON * ROWS * 2; i++) d.work.known[i] = (float)seqd_rng_normal(&rng);
            for (int i = 0; i < HORIZON * ROWS; i++) d.work.lags[i] = (float)seqd_rng_normal(&rng);
            for (int pass = 0; pass < 2; pass++) {
                grad[pass] = calloc(count, sizeof *grad[pass]);
                assert_non_null(grad[pass]);
                const seqd_encdec_params g = seqd_encdec_view(&d.shape, &tensors, first, grad[pass]);
                memset(ds[pass], 0, sizeof ds[pass]);
                d.replay = pass == 1;
                seqd_encdec_forward(d.k, &d.shape, &d.packed, h, s, tell, &d, &d.work);
                seqd_encdec_backward(d.k, &d.shape, &d.packed, s, &g, dh[pass], ds[pass], &d.work); /* of half o^2 */
            }
            assert_memory_equal(grad[0], grad[1], count * sizeof *grad[0]);
            assert_memory_equal(dh[0], dh[1], sizeof dh[0]);
            assert_memory_equal(ds[0], ds[1], sizeof ds[0]);
            double sum = 0.0;
            for (size_t i = 0; i < count; i++) sum += fabs((double)grad[0][i]);
            assert_true(isfinite(sum) && sum > 0.0);
            free(grad[0]);
            free(grad[1]);
            free(w);
            free(h);
            free(s);
            free(memory);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_events),  cmocka_unit_test(test_parts),
        cmocka_unit_test(test_weights),   cmocka_unit_test(test_teaching), cmocka_unit_test(test_own_forecasts),
    };
    const int failed = cmocka_run_group_tests_name("grad encdec", tests, NULL, NULL);
    printf("%lld slopes compared (%lld below the rounding of the loss), largest difference %.2g of what is allowed\n",
           (long long)compared, (long long)blurred, worst);
    return failed;
}
