/* SPDX-License-Identifier: Apache-2.0 */
/* What training windows go through: only what was asked for, the same for the same key, and sums that stay true. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "options.h"
#include "panel.h"
#include "augment.h"

static seqd_error error = SEQD_ERROR_INIT;

#define OK(call) \
    do { \
        if ((call) != SEQD_OK) fail_msg("%s: %s", #call, error.message); \
    } while (0)

typedef struct bench {
    seqd_context *context;
    seqd_options *options;
    seqd_dataset *dataset;
    seqd_features features;
    seqd_binding binding;
    seqd_shard shard;
    void *memory;
} bench;

static void set(seqd_options *options, const char *name, const char *value)
{
    seqd_option_id id;
    OK(seqd_option_find(name, &id, &error));
    OK(seqd_option_set(options, id, value, &error));
}

static char text[40000];

static void write_panel(void)
{
    size_t used = (size_t)snprintf(text, sizeof text, "unique_id,ds,y,price\n");
    for (int s = 0; s < 20; s++)
        for (int day = s == 3 ? 50 : 0; day < 60; day++)
            used += (size_t)snprintf(text + used, sizeof text - used, "s%02d,%d,%d,%d\n", s, day,
                                     3 + s + 3 * ((day + s) % 7 > 4) + day * 31 % 4, 5 + day % 3);
}

static void write_events(void)
{
    static const char *const kinds[] = { "view", "cart", "buy" };
    size_t used = (size_t)snprintf(text, sizeof text, "user_id,time,event,amount\n");
    for (int s = 0; s < 30; s++)
        for (int i = 0; i < 2 + s % 17; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "u%02d,%d,%s,%d\n", s, 10 * i + i % 3,
                                     kinds[(i * 7 + s) % 3], 3 + (i * i + s) % 11);
}

static bench *open_bench(bool events)
{
    static bench b; /* too large for the stack */
    memset(&b, 0, sizeof b);
    OK(seqd_context_new(NULL, &b.context, &error));
    OK(seqd_options_new(b.context, &b.options, &error));
    if (events) {
        set(b.options, "task", "classify");
        set(b.options, "label", "next_event");
        set(b.options, "num_columns", "amount");
        write_events();
    } else {
        set(b.options, "freq", "int");
        set(b.options, "known_columns", "price");
        set(b.options, "lags", "7");
        write_panel();
    }
    OK(seqd_panel_parse(b.context, b.options, text, strlen(text), &b.dataset, &error));
    OK(seqd_features_build(b.context, b.options, b.dataset, events ? 1 : 4, events ? 12 : 20, &b.features, &error));
    OK(seqd_binding_create(b.context, &b.features, b.dataset, &b.binding, &error));
    for (int pass = 0; pass < 2; pass++) {
        seqd_arena arena = { b.memory, 0, false };
        seqd_shard_place(&b.features, SEQD_SHARD_ROWS, b.features.context_length, &arena, &b.shard);
        if (pass == 0) b.memory = seqd_alloc_zero(b.context, arena.used);
        assert_non_null(b.memory);
    }
    return &b;
}

static void close_bench(bench *b)
{
    seqd_free(b->context, b->memory);
    seqd_binding_clear(&b->binding);
    seqd_features_clear(&b->features);
    seqd_dataset_free(b->dataset);
    seqd_options_free(b->options);
    seqd_context_drop(b->context);
}

/* A shard of the first windows, its arrays copied out of the runner. */
typedef struct picture {
    seqd_shard shard;
    size_t inputs, history, forks, tokens;
} picture;

static void *copied(const void *from, size_t count, size_t size)
{
    void *copy = calloc(count + 1, size);
    assert_non_null(copy);
    if (count > 0) memcpy(copy, from, count * size);
    return copy;
}

static picture look(bench *b, seqd_augment augment, uint64_t key)
{
    seqd_shard *shard = &b->shard;
    seqd_window windows[SEQD_SHARD_ROWS];
    for (int32_t i = 0; i < SEQD_SHARD_ROWS; i++) {
        const int64_t length = b->dataset->series[i].length, end = length - 5 - i % 3;
        windows[i] = b->dataset->events ? (seqd_window){ i, length - 1, 0, 0, 0 }
                                        : (seqd_window){ i, end > 0 ? end : 0, length, 0, 0 };
    }
    seqd_shard_fill(&b->binding, windows, SEQD_SHARD_ROWS, shard);
    for (int32_t i = 0; augment.any && i < SEQD_SHARD_ROWS; i++)
        seqd_augment_row(&augment, &b->features, key + (uint64_t)i, i, shard);
    picture p = { .shard = *shard };
    const size_t rows = (size_t)shard->rows, steps = (size_t)shard->steps;
    p.inputs = rows * steps * (size_t)shard->input_count;
    p.history = b->dataset->events ? 0 : rows * (size_t)(shard->past + shard->steps + shard->horizon);
    p.forks = rows * steps;
    p.tokens = rows * steps * (size_t)shard->token_count;
    p.shard.inputs = copied(shard->inputs, p.inputs, sizeof(float));
    p.shard.history = copied(shard->history, p.history, sizeof(float));
    p.shard.fork = copied(shard->fork, p.forks, sizeof(float));
    p.shard.label = copied(shard->label, b->dataset->events ? p.forks : 0, sizeof(float));
    p.shard.tokens = copied(shard->tokens, p.tokens, sizeof(int32_t));
    p.shard.begin = copied(shard->begin, rows, sizeof(int32_t));
    p.shard.length = copied(shard->length, rows, sizeof(int32_t));
    return p;
}

static void forget(picture *p)
{
    free(p->shard.inputs), free(p->shard.history), free(p->shard.fork), free(p->shard.label);
    free(p->shard.tokens), free(p->shard.begin), free(p->shard.length);
}

static double weight_of(const bench *b, const picture *p)
{
    const seqd_shard *s = &p->shard;
    double sum = 0.0;
    for (int32_t r = 0; r < s->rows; r++)
        for (int32_t t = 0; t < s->steps; t++) {
            const double fork = (double)s->fork[r * s->steps + t];
            if (b->dataset->events) sum += fork;
            else
                for (int32_t k = 1; k <= s->horizon; k++)
                    sum += fork * (double)s->weight[r * (s->steps + s->horizon) + t + k];
        }
    return sum;
}

static float *input(const picture *p, int32_t r, int32_t t)
{
    return p->shard.inputs + ((int64_t)t * p->shard.rows + r) * p->shard.input_count;
}

static void the_key_decides(void **state)
{
    (void)state;
    const seqd_augment all = { 0.1, 0.2, 0.5, 0.0, true }, events = { 0.1, 0.2, 0.5, 0.3, true };
    for (int e = 0; e < 2; e++) {
        bench *b = open_bench(e);
        picture one = look(b, e ? events : all, 7), two = look(b, e ? events : all, 7),
                other = look(b, e ? events : all, 1000), plain = look(b, (seqd_augment){ 0 }, 7);
        assert_memory_equal(one.shard.inputs, two.shard.inputs, one.inputs * sizeof(float));
        assert_memory_equal(one.shard.fork, two.shard.fork, one.forks * sizeof(float));
        assert_memory_not_equal(one.shard.inputs, other.shard.inputs, one.inputs * sizeof(float));
        assert_memory_not_equal(one.shard.inputs, plain.shard.inputs, one.inputs * sizeof(float));
        assert_true(fabs(weight_of(b, &one) - one.shard.total_weight) < 1e-9);
        assert_true(one.shard.total_weight < plain.shard.total_weight && one.shard.total_weight > 0.0);
        forget(&one), forget(&two), forget(&other), forget(&plain);
        close_bench(b);
    }
}

static void noise_is_of_the_deviation_asked_for(void **state)
{
    (void)state;
    bench *b = open_bench(false);
    const seqd_features *f = &b->features;
    double sum = 0.0, squares = 0.0, count = 0.0;
    picture plain = look(b, (seqd_augment){ 0 }, 0);
    for (uint64_t key = 0; key < 40; key++) {
        picture p = look(b, (seqd_augment){ .jitter = 0.3, .any = true }, 100 * key);
        assert_memory_equal(p.shard.history, plain.shard.history, p.history * sizeof(float));
        assert_memory_equal(p.shard.fork, plain.shard.fork, p.forks * sizeof(float));
        for (int32_t r = 0; r < p.shard.rows; r++)
            for (int32_t t = 0; t < p.shard.steps; t++) {
                const float *x = input(&p, r, t), *y = input(&plain, r, t);
                for (int32_t i = 0; i < p.shard.input_count; i++) {
                    const double d = (double)x[i] - (double)y[i];
                    const bool number = i == 0 || (i >= 4 && i < 4 + f->lag_count) || i + 1 == p.shard.input_count;
                    /* marks, level, age and what is padding or was not observed stay */
                    if (!number || t < p.shard.begin[r]) assert_true(d == 0.0);
                    if (i == 0 && t >= p.shard.begin[r]) {
                        sum += d;
                        squares += d * d;
                        count += 1.0;
                    }
                }
            }
        forget(&p);
    }
    assert_true(count > 5000.0);
    assert_true(fabs(sum / count) < 0.02);
    assert_true(fabs(sqrt(squares / count) - 0.3) < 0.02);
    forget(&plain);
    close_bench(b);
}

/* With a centre of 0, values, targets and lags are larger by the factor, whatever it is for the row. */
static void a_factor_is_on_all_of_a_window(void **state)
{
    (void)state;
    bench *b = open_bench(false);
    picture plain = look(b, (seqd_augment){ 0 }, 0), p = look(b, (seqd_augment){ .scaling = 0.4, .any = true }, 3);
    const int32_t width = p.shard.past + p.shard.steps + p.shard.horizon;
    for (int32_t r = 0; r < p.shard.rows; r++) {
        const float *h = p.shard.history + r * width, *old = plain.shard.history + r * width;
        double factor = 0.0;
        for (int32_t i = 0; i < width; i++) {
            assert_int_equal(h[i] == h[i], old[i] == old[i]);
            if (!(h[i] == h[i])) continue;
            if (factor == 0.0) factor = (double)h[i] / (double)old[i];
            assert_true(fabs((double)h[i] - factor * (double)old[i]) < 1e-4 * fabs((double)h[i]));
        }
        assert_true(factor > 0.1 && factor < 10.0 && factor != 1.0);
        for (int32_t t = 0; t < p.shard.steps; t++)
            for (int32_t i = 0; i < p.shard.input_count; i++) {
                const bool value = i == 0 || (i >= 4 && i < 4 + b->features.lag_count);
                const double expected = (value ? factor : 1.0) * (double)input(&plain, r, t)[i];
                assert_true(fabs((double)input(&p, r, t)[i] - expected) < 1e-4 * (1.0 + fabs(expected)));
            }
    }
    forget(&p), forget(&plain);
    close_bench(b);
}

static void the_start_is_hidden(void **state)
{
    (void)state;
    int32_t hidden = 0;
    for (int e = 0; e < 2; e++) {
        bench *b = open_bench(e);
        picture plain = look(b, (seqd_augment){ 0 }, 0), p = look(b, (seqd_augment){ .slicing = 0.6, .any = true }, 5);
        for (int32_t r = 0; r < p.shard.rows; r++) {
            const int32_t steps = p.shard.steps, width = p.shard.input_count;
            if (e) { /* the last events move to the front */
                const int32_t gone = plain.shard.length[r] - p.shard.length[r];
                assert_true(gone >= 0 && gone <= 0.6 * plain.shard.length[r]);
                for (int32_t t = 0; t < steps; t++) {
                    const bool left = t < p.shard.length[r];
                    for (int32_t i = 0; i < width; i++)
                        assert_true(input(&p, r, t)[i] == (left ? input(&plain, r, t + gone)[i] : 0.0f));
                    assert_int_equal(p.shard.tokens[t * p.shard.rows + r],
                                     left ? plain.shard.tokens[(t + gone) * p.shard.rows + r] : 0);
                    assert_true(p.shard.fork[r * steps + t] ==
                                (left ? plain.shard.fork[r * steps + t + gone] : 0.0f));
                    if (p.shard.fork[r * steps + t] > 0.0f)
                        assert_true(p.shard.label[r * steps + t] == plain.shard.label[r * steps + t + gone]);
                }
                hidden += gone;
                continue;
            }
            const int32_t from = plain.shard.begin[r], to = p.shard.begin[r];
            assert_true(to >= from && to - from <= 0.6 * (steps - from));
            for (int32_t t = 0; t < steps; t++) {
                assert_true(p.shard.fork[r * steps + t] == (t < to ? 0.0f : plain.shard.fork[r * steps + t]));
                for (int32_t i = 0; i < width; i++)
                    assert_true(input(&p, r, t)[i] == (t < to ? 0.0f : input(&plain, r, t)[i]));
            }
            hidden += to - from;
        }
        assert_true(fabs(weight_of(b, &p) - p.shard.total_weight) < 1e-9);
        forget(&p), forget(&plain);
        close_bench(b);
    }
    assert_true(hidden > 40);
}

static void events_become_unknown(void **state)
{
    (void)state;
    bench *b = open_bench(true);
    double masked = 0.0, count = 0.0;
    picture plain = look(b, (seqd_augment){ 0 }, 0);
    for (uint64_t key = 0; key < 40; key++) {
        picture p = look(b, (seqd_augment){ .masking = 0.25, .any = true }, 100 * key);
        assert_memory_equal(p.shard.inputs, plain.shard.inputs, p.inputs * sizeof(float));
        assert_memory_equal(p.shard.fork, plain.shard.fork, p.forks * sizeof(float));
        for (size_t i = 0; i < p.tokens; i++) {
            if (plain.shard.tokens[i] == 0) assert_int_equal(p.shard.tokens[i], 0);
            else {
                assert_true(p.shard.tokens[i] == 0 || p.shard.tokens[i] == plain.shard.tokens[i]);
                masked += p.shard.tokens[i] == 0;
                count += 1.0;
            }
        }
        forget(&p);
    }
    assert_true(count > 2000.0 && fabs(masked / count - 0.25) < 0.03);
    forget(&plain);
    close_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_decides),
        cmocka_unit_test(noise_is_of_the_deviation_asked_for),
        cmocka_unit_test(a_factor_is_on_all_of_a_window),
        cmocka_unit_test(the_start_is_hidden),
        cmocka_unit_test(events_become_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
