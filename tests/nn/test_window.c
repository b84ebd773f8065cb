/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows cut from a panel: what the network reads at a step comes from that step and before, whatever comes after;
 * padding, limits, stock marks and missing values weigh what they should; rows do not touch each other; and a light
 * binding, which forms scalers when a window is cut, gives a forecast the same numbers.
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
    /* a season inside the window and one beyond it, whose values are read on the scale of their time */
    assert_int_equal(seqd_option_set(options, SEQD_OPT_LAGS, "7,20", NULL), SEQD_OK);
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
            const seqd_window window = {series, end, source->series[series].length, 0, 0};
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
    const seqd_window window = {1, 4, 7, 0, 0}; /* a series of 7 steps, read up to its fifth */
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
                                    (int64_t)seqd_rng_below(&rng, (uint64_t)length + 1), round % 2, 0};
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
    const seqd_window windows[3] = {{2, 33, 41, 0, 0}, {1, 2, 7, 0, 0}, {0, 47, 50, 0, 0}};
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

static void place_light(seqd_arena *arena, void *user)
{
    filled *f = user;
    seqd_shard_place_light(features, f->rows, CONTEXT, arena, &f->shard);
}

static int same_float(float a, float b) { return memcmp(&a, &b, sizeof a) == 0; }

/* Everything that a forecast after the last step reads. */
static void compare_for_forecast(const seqd_shard *a, const seqd_shard *b, int32_t rows)
{
    const size_t cells = (size_t)(rows * CONTEXT * a->input_count), reach = (size_t)(a->past + CONTEXT);
    assert_memory_equal(a->inputs, b->inputs, cells * sizeof(float));
    assert_memory_equal(a->future, b->future, (size_t)(rows * (CONTEXT + HORIZON) * a->future_count) * sizeof(float));
    assert_memory_equal(a->history, b->history, (size_t)rows * (reach + HORIZON) * sizeof(float));
    assert_memory_equal(a->reals, b->reals, (size_t)rows * sizeof(float));
    assert_memory_equal(a->cats, b->cats, (size_t)rows * sizeof(int32_t));
    for (int32_t r = 0; r < rows; r++) {
        float ours[HORIZON * SEQD_MAX_LAGS], theirs[HORIZON * SEQD_MAX_LAGS];
        lags_of(a, r, CONTEXT - 1, ours);
        lags_of(b, r, CONTEXT - 1, theirs);
        assert_memory_equal(ours, theirs, (size_t)(HORIZON * features->plan.count) * sizeof(float));
        for (size_t i = (size_t)a->past; i < reach; i++) {
            assert_true(same_float(a->loc[(size_t)r * reach + i], b->loc[(size_t)r * reach + i]));
            assert_true(same_float(a->scale[(size_t)r * reach + i], b->scale[(size_t)r * reach + i]));
        }
    }
}

static void test_light_binding(void **state)
{
    static const int32_t windows[] = {1, 5, CONTEXT, 30};
    const seqd_scaler scaler = features->scaler;
    const int32_t scale_window = features->scale_window;
    filled light = {.rows = SERIES};
    int shifted = 0;
    (void)state;
    for (int s = 0; s <= SEQD_SCALER_NONE; s++)
        for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
            features->scaler = (seqd_scaler)s;
            features->scale_window = windows[w];
            free(light.memory);
            light.memory = rig_arena(place_light, &light);
            /* the ends of the series, as a forecast has them; then others, where the calendar was not prepared */
            for (int64_t back = 0; back < 6; back += 5) {
                seqd_window cut[SERIES];
                for (int64_t i = 0; i < SERIES; i++)
                    cut[i] = (seqd_window){i, source->series[i].length - 1 - back, source->series[i].length, 1, 0};
                filled whole;
                fill(&whole, source, cut, SERIES);
                assert_int_equal(seqd_binding_lighten(context, features, &source->data, &light.binding, NULL), SEQD_OK);
                seqd_shard_fill(&light.binding, cut, SERIES, &light.shard);
                compare_for_forecast(&whole.shard, &light.shard, SERIES);
                drop(&whole);
            }
        }
    for (int32_t l = 0; l < features->plan.count; l++) shifted += features->plan.shift[l] > 0;
    assert_true(shifted > 0);
    features->scaler = scaler;
    features->scale_window = scale_window;
    drop(&light);
}

/* Value by value from the definition in shard.h. */
static float lag_of(const seqd_shard *shard, const seqd_lag_plan *plan, int32_t row, int32_t t, int32_t h, int32_t l)
{
    const int32_t window = shard->past + shard->steps, now = shard->past + t;
    const float *history = shard->history + row * (window + shard->horizon);
    for (; l >= 0; l--) {
        float sum = 0.0f;
        int32_t seen = 0;
        for (int32_t j = 0; j < plan->repeats[l]; j++) {
            const int32_t at = now + plan->offset[h * plan->count + l] - j * plan->spacing[l];
            if (at < 0 || isnan(history[at])) continue;
            sum += history[at];
            seen++;
        }
        const int32_t then = now - plan->shift[l] > 0 ? now - plan->shift[l] : 0;
        if (seen > 0)
            return seqd_squash((sum / (float)seen - shard->loc[row * window + then]) *
                               (1.0f / shard->scale[row * window + then]));
    }
    return 0.0f;
}

#define LONG_HORIZON 70

static void test_lags(void **state)
{
    static float history[2 * 400], loc[2 * 400], scale[2 * 400], lags[LONG_HORIZON * SEQD_MAX_LAGS];
    static int32_t offsets[LONG_HORIZON * SEQD_MAX_LAGS];
    seqd_rng rng = seqd_rng_stream(9, 0, 0);
    int64_t compared = 0, stood_in = 0, far = 0;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        seqd_lag_plan plan = {.count = 1 + (int32_t)seqd_rng_below(&rng, 5), .offset = offsets};
        plan.horizon = 1 + (int32_t)seqd_rng_below(&rng, LONG_HORIZON);
        for (int32_t l = 0; l < plan.count; l++) {
            const int32_t season = 1 + (int32_t)seqd_rng_below(&rng, 40);
            plan.spacing[l] = 1 + (int32_t)seqd_rng_below(&rng, 30);
            plan.repeats[l] = 1 + (int32_t)seqd_rng_below(&rng, 5);
            plan.shift[l] = round % 3 == 0 ? (int32_t)seqd_rng_below(&rng, 200) : 0;
            for (int32_t h = 0; h < plan.horizon; h++) {
                int32_t offset = h + 1 - season * ((h + season) / season) + (round % 5 == 0 ? 3 : 0);
                if (round % 7 == 0) offset = -(int32_t)seqd_rng_below(&rng, 60); /* in no order */
                offsets[h * plan.count + l] = offset > 0 ? 0 : offset;
            }
        }
        /* the past is often shorter than the lags reach */
        seqd_shard shard = {.rows = 2, .steps = 1 + (int32_t)seqd_rng_below(&rng, 20), .horizon = plan.horizon};
        shard.past = (int32_t)seqd_rng_below(&rng, 300);
        shard.history = history, shard.loc = loc, shard.scale = scale;
        const uint64_t gaps = seqd_rng_below(&rng, 10);
        for (int32_t i = 0; i < 800; i++) {
            history[i] = seqd_rng_below(&rng, 10) < gaps ? NAN : (float)(20.0 * seqd_rng_normal(&rng));
            loc[i] = (float)seqd_rng_normal(&rng);
            scale[i] = 0.5f + (float)seqd_rng_uniform(&rng);
        }
        const int32_t row = round % 2, t = (int32_t)seqd_rng_below(&rng, (uint64_t)shard.steps);
        for (int32_t i = 0; i < LONG_HORIZON * SEQD_MAX_LAGS; i++) lags[i] = 42.0f;
        seqd_shard_lags(&shard, &plan, row, t, lags);
        for (int32_t h = 0; h < plan.horizon; h++)
            for (int32_t l = 0; l < plan.count; l++, compared++) {
                const float expected = lag_of(&shard, &plan, row, t, h, l);
                assert_true(same_float(lags[h * plan.count + l], expected));
                stood_in += l > 0 && same_float(expected, lags[h * plan.count + l - 1]);
                far += fabsf(expected) > 10.0f;
            }
        for (int32_t i = plan.horizon * plan.count; i < LONG_HORIZON * SEQD_MAX_LAGS; i++)
            assert_true(lags[i] == 42.0f);
    }
    assert_true(compared > 100000 && stood_in > 1000 && far > 1000);
}

/* What is held is what is computed, over a change of room and places taken by other steps. */
static void test_almanac(void **state)
{
    seqd_almanac almanac = {0};
    float room[SEQD_MOST_CALENDAR], expected[SEQD_MOST_CALENDAR];
    const size_t bytes = (size_t)features->calendar_count * sizeof(float);
    seqd_rng rng = seqd_rng_stream(8, 0, 0);
    int64_t held = 0;
    (void)state;
    assert_true(features->calendar_count > 0 && features->calendar_count <= SEQD_MOST_CALENDAR);
    for (int round = 0; round < 300; round++) {
        const int64_t count = 1 + (int64_t)seqd_rng_below(&rng, round < 150 ? 60 : 600);
        const int64_t first = (int64_t)seqd_rng_below(&rng, 3000) - 1500;
        assert_true(seqd_almanac_reserve(features, count, &almanac));
        assert_true(almanac.room >= count);
        seqd_almanac_add(features, first, first + count - 1, &almanac);
        for (int64_t step = first - 3; step < first + count + 3; step++) {
            const float *values = seqd_almanac_at(features, &almanac, step, room);
            seqd_features_calendar(features, step, expected);
            assert_memory_equal(values, expected, bytes);
            held += values != room;
            if (step >= first && step < first + count) assert_ptr_not_equal(values, room);
        }
    }
    assert_true(held > 1000);
    seqd_almanac_clear(features, &almanac);
    assert_memory_equal(seqd_almanac_at(features, &almanac, 5, room), room, bytes);
}

/* A season that most steps have no step before is no lag of the library's own choosing: it would hardly be trained. */
static void test_seasons_that_data_can_show(void **state)
{
    static const struct {
        int32_t season;
        const char *lags;
        int32_t first;
    } cases[] = {{7, NULL, 7}, {40, NULL, 1}, {40, "40", 40}, {40, "3,40", 3}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        panel *p = panel_new();
        seqd_features *made = calloc(1, sizeof *made);
        seqd_options *options;
        assert_non_null(made);
        assert_int_equal(seqd_options_new(context, &options, NULL), SEQD_OK);
        if (cases[i].lags) assert_int_equal(seqd_option_set(options, SEQD_OPT_LAGS, cases[i].lags, NULL), SEQD_OK);
        p->data.season = cases[i].season;
        assert_int_equal(seqd_features_build(context, options, &p->data, HORIZON, CONTEXT, made, NULL), SEQD_OK);
        assert_int_equal(made->season_count, 1);
        assert_int_equal(made->seasons[0], cases[i].first);
        assert_int_equal(made->season, cases[i].season);
        seqd_features_clear(made);
        seqd_options_free(options);
        panel_free(p);
        free(made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_of_the_future),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_rows_are_independent),
        cmocka_unit_test(test_light_binding),
        cmocka_unit_test(test_lags),
        cmocka_unit_test(test_almanac),
        cmocka_unit_test(test_seasons_that_data_can_show),
    };
    return cmocka_run_group_tests_name("window", tests, setup, teardown);
}
