/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of sequences: every label once in a pass, none of the validation part, none beyond the cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "trainer.h"

#define MOST_EVENTS 64
enum { USERS = 40 };

static seqd_context *context;
static seqd_features features;

static seqd_dataset *make(const char *settings)
{
    static char text[262144];
    char *to = text + sprintf(text, "user,time,event,label\n");
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < 3 + u % 5 * 14; i++)
            to += sprintf(to, "u%02d,%d,e%d,%s\n", u, i * 2 + u % 3, (u * i) % 4, i % 3 == 1 ? (u % 2 ? "y" : "n") : "");
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    seqd_error error = SEQD_ERROR_INIT;
    char copy[160];
    strcpy(copy, settings);
    assert_int_equal(seqd_options_new(context, &options, &error), SEQD_OK);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        seqd_option_id id;
        char *value = strchr(word, '=');
        *value++ = '\0';
        assert_int_equal(seqd_option_find(word, &id, &error), SEQD_OK);
        assert_int_equal(seqd_option_set(options, id, value, &error), SEQD_OK);
    }
    if (seqd_panel_parse(context, options, text, (size_t)(to - text), &dataset, &error) != SEQD_OK)
        fail_msg("%s", error.message);
    seqd_options_free(options);
    return dataset;
}

/* How often each event's answer counts in the shards of the windows. */
static void count_answers(const seqd_dataset *set, seqd_shard *shard, const seqd_binding *binding,
                          const seqd_window *window, int (*counts)[MOST_EVENTS])
{
    assert_true(window->series >= 0 && window->series < set->series_count);
    assert_true(window->end >= 0 && window->end < set->series[window->series].length);
    seqd_shard_fill(binding, window, 1, shard);
    assert_true(shard->total_weight > 0.0); /* no window is drawn for nothing */
    if (shard->answers > 1) {
        counts[window->series][window->end]++;
        return;
    }
    for (int32_t t = 0; t < shard->steps; t++)
        if (shard->fork[t] > 0.0f) counts[window->series][window->end - shard->length[0] + 1 + t]++;
}

static void one_pass(const char *settings, int32_t horizon, int32_t max_len, seqd_split split, int32_t stride)
{
    static int train[USERS][MOST_EVENTS], validation[USERS][MOST_EVENTS];
    seqd_error error = SEQD_ERROR_INIT;
    seqd_sampler sampler;
    seqd_binding binding;
    seqd_shard shard;
    seqd_dataset *set = make(settings);
    const seqd_sampling sampling = { .val_fraction = 0.25, .split = split, .seed = 11, .stride = stride };
    if (seqd_features_build(context, set->options, set, horizon, max_len, &features, &error) != SEQD_OK)
        fail_msg("%s", error.message);
    assert_int_equal(seqd_sampler_create(context, &features, set, &sampling, &sampler, &error), SEQD_OK);
    assert_int_equal(seqd_binding_create(context, &features, set, &binding, &error), SEQD_OK);
    seqd_arena arena = { NULL, 0, false };
    seqd_shard_place(&features, 1, max_len, &arena, &shard);
    void *memory = calloc(1, arena.used);
    assert_non_null(memory);
    arena = (seqd_arena){ memory, 0, false };
    seqd_shard_place(&features, 1, max_len, &arena, &shard);
    memset(train, 0, sizeof train);
    memset(validation, 0, sizeof validation);
    for (int64_t n = 0; n < sampler.windows; n++) {
        const seqd_window window = seqd_sampler_window(&sampler, n);
        const int64_t context_before = window.end - max_len + 1 > 0 ? window.end - max_len + 1 : 0;
        /* what is asked has read half a window at least, or all there is */
        assert_true(context_before == 0 || window.limit - context_before + 1 >= max_len / 2);
        count_answers(set, &shard, &binding, &window, train);
    }
    assert_true(sampler.validation_count > 0);
    for (int64_t i = 0; i < sampler.validation_count; i++)
        count_answers(set, &shard, &binding, &sampler.validation[i], validation);
    seqd_dataset *first, *rest;
    assert_int_equal(seqd_events_split(set, split, 0.75, 11, &first, &rest, &error), SEQD_OK);
    int64_t learned = 0, judged = 0;
    for (int part = 0; part < 2; part++) {
        const seqd_dataset *view = part == 0 ? first : rest;
        int (*counts)[MOST_EVENTS] = part == 0 ? train : validation;
        for (int64_t s = 0; s < view->series_count; s++)
            for (int64_t i = 0; i < view->series[s].length; i++) {
                int wanted = !isnan(seqd_events_label(view, s, i));
                if (horizon > 1)
                    wanted = i + horizon < view->series[s].length && i >= view->events->answer_from[s];
                int *got = &counts[view->events->origin[s]][i];
                if (*got != wanted) fail_msg("part %d, '%s' event %d: %d times, not %d", part, view->series[s].id, (int)i,
                                             *got, wanted);
                *got = 0;
                *(part == 0 ? &learned : &judged) += wanted;
            }
    }
    for (int u = 0; u < USERS; u++) /* and nothing else */
        for (int i = 0; i < MOST_EVENTS; i++) assert_true(train[u][i] == 0 && validation[u][i] == 0);
    assert_true(learned > 0 && judged > 0);
    /* the next pass has another order */
    int moved = 0;
    for (int64_t n = 0; n < sampler.windows; n++) {
        const seqd_window a = seqd_sampler_window(&sampler, n), b = seqd_sampler_window(&sampler, n + sampler.windows);
        moved += a.series != b.series || a.end != b.end;
    }
    assert_true(moved > 0);
    seqd_dataset_free(first);
    seqd_dataset_free(rest);
    seqd_binding_clear(&binding);
    seqd_sampler_clear(&sampler);
    seqd_features_clear(&features);
    seqd_dataset_free(set);
    free(memory);
}

static void every_label_once(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "task=classify label=next_event", "task=classify label_column=label",
        "task=classify label=within label_events=e1 label_window=5 freq=int",
        "task=regress label=count label_window=9 freq=int" };
    static const int32_t lengths[] = { 1, 2, 7, 20, 100 };
    for (size_t s = 0; s < sizeof settings / sizeof *settings; s++)
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
            for (int split = 0; split < 3; split++)
                for (int32_t stride = 0; stride < 2; stride++)
                    one_pass(settings[s], 1, lengths[l], (seqd_split)split, stride);
    one_pass("task=classify label=next_event", 3, 10, SEQD_SPLIT_USER, 0);
    one_pass("task=classify label=next_event", 3, 10, SEQD_SPLIT_TIME, 3);
}

static void all_is_learned_without_validation(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_sampler sampler;
    seqd_dataset *set = make("task=classify label_column=label");
    const seqd_sampling sampling = { .val_fraction = 0.0, .seed = 1 };
    assert_int_equal(seqd_features_build(context, set->options, set, 1, 10, &features, &error), SEQD_OK);
    assert_int_equal(seqd_sampler_create(context, &features, set, &sampling, &sampler, &error), SEQD_OK);
    assert_int_equal(sampler.windows, USERS);
    assert_int_equal(sampler.validation_count, 0);
    seqd_sampler_clear(&sampler);
    seqd_features_clear(&features);
    seqd_dataset_free(set);
}

/* The numbers of the sequences are those of the part that is learned from, not of what it was split from. */
static void a_part_is_learned_without_validation(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_sampler sampler;
    seqd_dataset *set = make("task=classify label_column=label"), *first = NULL, *rest = NULL;
    const seqd_sampling sampling = { .val_fraction = 0.0, .seed = 1 };
    assert_int_equal(seqd_events_split(set, SEQD_SPLIT_ORDER, 0.6, 1, &first, &rest, &error), SEQD_OK);
    assert_int_equal(seqd_features_build(context, rest->options, rest, 1, 10, &features, &error), SEQD_OK);
    assert_int_equal(seqd_sampler_create(context, &features, rest, &sampling, &sampler, &error), SEQD_OK);
    assert_int_equal(sampler.windows, rest->series_count);
    for (int64_t i = 0; i < sampler.windows; i++) assert_int_equal(seqd_event_sampler_window(&sampler, i).series, i);
    seqd_sampler_clear(&sampler);
    seqd_features_clear(&features);
    seqd_dataset_free(first);
    seqd_dataset_free(rest);
    seqd_dataset_free(set);
}

/* A network that counts steps must not find the end of a sequence by them. */
static void last_label_at_any_place(void **state)
{
    (void)state;
    enum { REACH = 20 };
    seqd_error error = SEQD_ERROR_INIT;
    seqd_sampler sampler;
    seqd_dataset *set = make("task=classify label=within label_events=e1 label_window=5 freq=int");
    const seqd_sampling sampling = { .val_fraction = 0.0, .seed = 1 };
    assert_int_equal(seqd_features_build(context, set->options, set, 1, REACH, &features, &error), SEQD_OK);
    assert_int_equal(seqd_sampler_create(context, &features, set, &sampling, &sampler, &error), SEQD_OK);
    int seen[REACH] = { 0 }, places = 0, longest = 0;
    for (int64_t n = 0; n < sampler.windows; n++) {
        const seqd_window window = seqd_sampler_window(&sampler, n);
        const bool last = window.end + 1 == set->series[window.series].length ||
                          isnan(seqd_events_label(set, window.series, window.end + 1));
        assert_true(window.skip >= 0 && window.skip < REACH / 2 && window.limit <= window.end);
        assert_true(window.skip == 0 || (last && window.end >= REACH));
        if (!last || window.end < REACH) continue;
        longest++;
        places += seen[REACH - 1 - window.skip]++ == 0;
    }
    assert_true(longest >= 16 && places >= 6);
    seqd_sampler_clear(&sampler);
    seqd_features_clear(&features);
    seqd_dataset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_label_once),
        cmocka_unit_test(all_is_learned_without_validation),
        cmocka_unit_test(a_part_is_learned_without_validation),
        cmocka_unit_test(last_label_at_any_place),
    };
    seqd_error error = SEQD_ERROR_INIT;
    if (seqd_context_new(NULL, &context, &error) != SEQD_OK) return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    const int left = atomic_load(&context->memory_in_use) != 0;
    seqd_context_drop(context);
    return failed || left;
}
