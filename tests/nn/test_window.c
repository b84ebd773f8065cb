/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows cut from a panel: what the network reads at a step comes from that step and before, whatever comes after;
 * padding, limits, stock marks and missing values weigh what they should; rows do not touch each other.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "feature_set.h"
#include "options.h"
#include "rig.h"
#include "rng.h"

#define SERIES 3
#define HORIZON 5
#define CONTEXT 12
#define FUTURE 6

/* A panel by hand: daily, with a known, a past, a static real and a static category column and stock marks. */
typedef struct panel {
    seqd_dataset data;
    seqd_series series[SERIES];
    float *y, *known, *past, real[SERIES];
    uint8_t *stock;
    int32_t cat[SERIES];
    const float *known_columns[1], *past_columns[1], *real_columns[1];
    const int32_t *cat_columns[1];
    const char *known_names[1], *past_names[1], *real_names[1], *cat_names[2];
    seqd_dictionary dictionary;
} panel;

static seqd_context *context;

static panel *panel_new(void)
{
    static const int64_t lengths[SERIES] = {60, 7, 41};
    panel *p = calloc(1, sizeof *p);
    assert_non_null(p);
    int64_t steps = 0;
    for (int i = 0; i < SERIES; i++) {
        static const char *const ids[SERIES] = {"a", "b", "c"};
        p->series[i] = (seqd_series){ids[i], 19000 + 3 * i, lengths[i], FUTURE, steps};
        steps += lengths[i] + FUTURE;
    }
    p->y = calloc((size_t)steps, sizeof(float));
    p->known = calloc((size_t)steps, sizeof(float));
    p->past = calloc((size_t)steps, sizeof(float));
    p->stock = calloc((size_t)steps, 1);
    assert_true(p->y && p->known && p->past && p->stock);
    seqd_rng rng = seqd_rng_stream(3, 0, 0);
    for (int64_t i = 0; i < steps; i++) {
        p->y[i] = seqd_rng_below(&rng, 6) == 0 ? NAN : (float)(10.0 + 3.0 * seqd_rng_normal(&rng));
        p->known[i] = (float)seqd_rng_normal(&rng);
        p->past[i] = (float)seqd_rng_normal(&rng);
        p->stock[i] = seqd_rng_below(&rng, 5) > 0;
    }
    for (int i = 0; i < SERIES; i++) { /* of the future only the known column is known */
        for (int64_t t = lengths[i]; t < lengths[i] + FUTURE; t++) {
            p->y[p->series[i].offset + t] = NAN;
            p->past[p->series[i].offset + t] = NAN;
            p->stock[p->series[i].offset + t] = 1;
        }
        p->real[i] = (float)i;
        p->cat[i] = i % 2;
    }
    p->known_columns[0] = p->known, p->past_columns[0] = p->past, p->real_columns[0] = p->real;
    p->cat_columns[0] = p->cat;
    p->known_names[0] = "price", p->past_names[0] = "visits", p->real_names[0] = "size";
    p->cat_names[0] = "east", p->cat_names[1] = "west";
    p->dictionary = (seqd_dictionary){"region", p->cat_names, 2};
    seqd_dataset *d = &p->data;
    d->context = context;
    d->sealed = true;
    d->calendar.freq = SEQD_FREQ_DAY;
    d->season = 7;
    d->series_count = SERIES;
    d->series = p->series;
    d->step_count = steps;
    d->y = d->raw = p->y;
    d->in_stock = p->stock;
    d->known_count = d->past_count = d->real_count = d->cat_count = 1;
    d->known_names = p->known_names, d->past_names = p->past_names, d->real_names = p->real_names;
    d->known = p->known_columns, d->past = p->past_columns, d->real = p->real_columns;
    d->dictionaries = &p->dictionary;
    d->cat = p->cat_columns;
    return p;
}

static void panel_free(panel *p)
{
    free(p->y);
    free(p->known);
    free(p->past);
    free(p->stock);
    free(p);
}

static panel *source;
static seqd_features *features;

static int setup(void **state)
{
    seqd_options *options;
    (void)state;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    assert_int_equal(seqd_options_new(context, &options, NULL), SEQD_OK);
    source = panel_new();
    features = calloc(1, sizeof *features);
    assert_non_null(features);
    assert_int_equal(seqd_features_build(context, options, &source->data, HORIZON, CONTEXT, features, NULL), SEQD_OK);
    seqd_options_free(options);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    seqd_features_clear(features);
    free(features);
    panel_free(source);
    seqd_context_drop(context);
    return 0;
}

typedef struct filled {
    seqd_shard shard;
    seqd_binding binding;
    void *memory;
    int32_t rows;
} filled;

static void place(seqd_arena *arena, void *user)
{
    filled *f = user;
    seqd_shard_place(features, f->rows, CONTEXT, arena, &f->shard);
}

/* Binds and cuts; the arena starts full of NaN. */
static void fill(filled *f, const panel *p, const seqd_window *windows, int32_t count)
{
    memset(f, 0, sizeof *f);
    f->rows = count;
    f->memory = rig_arena(place, f);
    assert_int_equal(seqd_binding_create(context, features, &p->data, &f->binding, NULL), SEQD_OK);
    seqd_shard_fill(&f->binding, windows, count, &f->shard);
}

static void drop(filled *f)
{
    seqd_binding_clear(&f->binding);
    free(f->memory);
}

/* Everything after step t of a series becomes something else, except what is known ahead. */
static void change_after(panel *p, int64_t series, int64_t t, seqd_rng *rng)
{
    for (int64_t i = t + 1; i < p->series[series].length; i++) {
        const int64_t at = p->series[series].offset + i;
        p->y[at] = seqd_rng_below(rng, 4) == 0 ? NAN : (float)(500.0 * seqd_rng_normal(rng));
        p->past[at] = (float)(50.0 * seqd_rng_normal(rng));
        p->stock[at] = seqd_rng_below(rng, 2) == 0;
    }
}

static void lags_of(const seqd_shard *shard, int32_t row, int32_t t, float *lags)
{
    seqd_shard_lags(shard, &features->plan, row, t, lags);
}

static void compare_up_to(const filled *a, const filled *b, int32_t t)
{
    const seqd_shard *s = &a->shard, *o = &b->shard;
    const size_t inputs = (size_t)s->input_count * sizeof(float), count = (size_t)(HORIZON * features->plan.count);
    assert_memory_equal(s->inputs, o->inputs, (size_t)(t + 1) * inputs);
    assert_memory_equal(s->loc, o->loc, (size_t)(s->past + t + 1) * sizeof(float));
    assert_memory_equal(s->scale, o->scale, (size_t)(s->past + t + 1) * sizeof(float));
    assert_memory_equal(s->history, o->history, (size_t)(s->past + t + 1) * sizeof(float));
    assert_memory_equal(s->future, o->future, (size_t)((CONTEXT + HORIZON) * s->future_count) * sizeof(float));
    assert_memory_equal(s->reals, o->reals, (size_t)s->real_count * sizeof(float));
    assert_memory_equal(s->cats, o->cats, (size_t)s->cat_count * sizeof(int32_t));
    assert_memory_equal(s->weight, o->weight, (size_t)(t + 1) * sizeof(float));
    for (int32_t fork = 0; fork <= t; fork++) {
        float ours[HORIZON * SEQD_MAX_LAGS], theirs[HORIZON * SEQD_MAX_LAGS];
        lags_of(s, 0, fork, ours);
        lags_of(o, 0, fork, theirs);
        assert_memory_equal(ours, theirs, count * sizeof(float));
    }
}

static void test_nothing_of_the_future(void **state)
{
    static const int64_t ends[SERIES][3] = {{20, 50, 59}, {6, 3, 0}, {11, 30, 40}};
    int changed = 0, targets = 0;
    (void)state;
    for (int64_t series = 0; series < SERIES; series++)
        for (int e = 0; e < 3; e++) {
            const int64_t end = ends[series][e];
            const seqd_window window = {series, end, source->series[series].length, 0};
            filled before;
            fill(&before, source, &window, 1);
            for (int32_t t = 0; t < CONTEXT; t++) {
                const int64_t step = end - CONTEXT + 1 + t;
                if (step < 0) continue;
                panel *other = panel_new();
                seqd_rng rng = seqd_rng_stream(4, (uint64_t)end, (uint64_t)t);
                change_after(other, series, step, &rng);
                filled after;
                fill(&after, other, &window, 1);
                compare_up_to(&before, &after, t);
                /* the test has teeth only where something did change */
                const size_t all = (size_t)(CONTEXT * before.shard.input_count) * sizeof(float);
                if (t + 1 < CONTEXT) changed += memcmp(before.shard.inputs, after.shard.inputs, all) != 0;
                else targets += memcmp(before.shard.history, after.shard.history,
                                       (size_t)(before.shard.past + CONTEXT + HORIZON) * sizeof(float)) != 0;
                drop(&after);
                panel_free(other);
            }
            drop(&before);
        }
    assert_true(changed > 40);
    assert_true(targets >= 5);
}

static void test_padding(void **state)
{
    (void)state;
    const seqd_window window = {1, 4, 7, 0}; /* a series of 7 steps, read up to its fifth */
    const int32_t before = CONTEXT - 5;
    filled f;
    fill(&f, source, &window, 1);
    const seqd_shard *s = &f.shard;
    for (int32_t i = 0; i < CONTEXT; i++) {
        assert_true(s->fork[i] == (i < before ? 0.0f : 1.0f));
        for (int32_t j = 0; j < s->input_count; j++) {
            assert_true(isfinite(s->inputs[i * s->input_count + j]));
            if (i < before) assert_true(s->inputs[i * s->input_count + j] == 0.0f);
        }
    }
    for (int32_t i = 0; i < s->past + before; i++) {
        assert_true(isnan(s->history[i]));
        assert_true(s->loc[i] == 0.0f && s->scale[i] == (float)features->typical_scale);
    }
    for (int32_t i = 0; i < before; i++) assert_true(s->weight[i] == 0.0f);
    for (int32_t i = 0; i < (CONTEXT + HORIZON) * s->future_count; i++) assert_true(isfinite(s->future[i]));
    float lags[HORIZON * SEQD_MAX_LAGS];
    lags_of(s, 0, before, lags);
    for (int32_t i = 0; i < HORIZON * features->plan.count; i++) assert_true(isfinite(lags[i]));
    drop(&f);
}

/* Weights and forks against their definition, for any end, limit and kind of window. */
static void test_weights(void **state)
{
    seqd_rng rng = seqd_rng_stream(5, 0, 0);
    int64_t limited = 0;
    (void)state;
    for (int round = 0; round < 300; round++) {
        const int64_t series = (int64_t)seqd_rng_below(&rng, SERIES), length = source->series[series].length;
        const seqd_window window = {series, (int64_t)seqd_rng_below(&rng, (uint64_t)length),
                                    (int64_t)seqd_rng_below(&rng, (uint64_t)length + 1), round % 2};
        filled f;
        fill(&f, source, &window, 1);
        double total = 0.0;
        const int64_t offset = source->series[series].offset, first = window.end - CONTEXT + 1;
        for (int32_t i = 0; i < CONTEXT + HORIZON; i++) {
            const int64_t t = first + i;
            const bool inside = t >= 0 && t < length;
            const bool observed = inside && !isnan(source->y[offset + t]) && source->stock[offset + t];
            const bool counts = observed && t < window.limit;
            assert_true(f.shard.weight[i] == (counts ? 1.0f : 0.0f));
            limited += inside && t >= window.limit;
            const float held = f.shard.history[f.shard.past + i];
            if (inside && !isnan(source->y[offset + t])) assert_true(held == source->y[offset + t]);
            else assert_true(isnan(held));
        }
        for (int32_t i = 0; i < CONTEXT; i++) {
            const bool fork = first + i >= 0 && (round % 2 == 0 || i == CONTEXT - 1);
            assert_true(f.shard.fork[i] == (fork ? 1.0f : 0.0f));
            for (int32_t k = 1; k <= HORIZON && fork; k++) total += (double)f.shard.weight[i + k];
        }
        assert_true(f.shard.total_weight == total);
        drop(&f);
    }
    assert_true(limited > 100);
}

/* A row holds the same bytes alone and among others, also in a shard that is not full. */
static void test_rows_are_independent(void **state)
{
    const seqd_window windows[3] = {{2, 33, 41, 0}, {1, 2, 7, 0}, {0, 47, 50, 0}};
    filled all;
    (void)state;
    fill(&all, source, windows, 3);
    seqd_shard_fill(&all.binding, windows, 2, &all.shard); /* the room stays that of three */
    assert_int_equal(all.shard.rows, 2);
    for (int32_t r = 0; r < 2; r++) {
        filled one;
        fill(&one, source, &windows[r], 1);
        const seqd_shard *a = &all.shard, *b = &one.shard;
        const size_t inputs = (size_t)a->input_count, reach = (size_t)(a->past + CONTEXT);
        for (int32_t t = 0; t < CONTEXT; t++)
            assert_memory_equal(a->inputs + (size_t)(2 * t + r) * inputs, b->inputs + (size_t)t * inputs,
                                inputs * sizeof(float));
        assert_memory_equal(a->history + (size_t)r * (reach + HORIZON), b->history, (reach + HORIZON) * sizeof(float));
        assert_memory_equal(a->loc + (size_t)r * reach, b->loc, reach * sizeof(float));
        assert_memory_equal(a->scale + (size_t)r * reach, b->scale, reach * sizeof(float));
        const size_t future = (size_t)((CONTEXT + HORIZON) * a->future_count);
        assert_memory_equal(a->future + (size_t)r * future, b->future, future * sizeof(float));
        assert_memory_equal(a->weight + r * (CONTEXT + HORIZON), b->weight, (CONTEXT + HORIZON) * sizeof(float));
        assert_int_equal(a->cats[r], source->cat[windows[r].series] + 1);
        assert_true(a->reals[r] == b->reals[0]);
        drop(&one);
    }
    drop(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_of_the_future),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_rows_are_independent),
    };
    return cmocka_run_group_tests_name("window", tests, setup, teardown);
}
