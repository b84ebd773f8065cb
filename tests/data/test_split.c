/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of events: what each may know, and what a model of a part takes from it. */
#include "data_test.h"

#include <stdio.h>

#include "feature_set.h"

static seqd_context *context;

static void split(seqd_dataset *set, seqd_split how, double fraction, uint64_t seed, seqd_dataset **first,
                  seqd_dataset **rest)
{
    seqd_error error = SEQD_ERROR_INIT;
    if (seqd_events_split(set, how, fraction, seed, first, rest, &error) != SEQD_OK) fail_msg("%s", error.message);
}

static void features_of(seqd_dataset *set, seqd_features *features)
{
    seqd_error error = SEQD_ERROR_INIT;
    if (seqd_features_build(context, set->options, set, 1, 50, features, &error) != SEQD_OK)
        fail_msg("%s", error.message);
}

/* Users with one event a day; u0 has 10 of them, u1 11 and so on to u9. */
static seqd_dataset *days(const char *words)
{
    static char text[8192];
    char *to = text + sprintf(text, "user,time,event,price\n");
    for (int u = 0; u < 10; u++)
        for (int d = 0; d < 10 + u; d++)
            to += sprintf(to, "u%d,%d,e%d,%d\n", 9 - u, d, (u + d) % 3, u * 100 + d);
    return panel(context, words, text);
}

static void by_user(void **state)
{
    (void)state;
    seqd_dataset *set = days("task=classify num_columns=price"), *first, *rest, *again, *other;
    split(set, SEQD_SPLIT_USER, 0.7, 5, &first, &rest);
    assert_int_equal(first->series_count, 7);
    assert_int_equal(rest->series_count, 3);
    for (int64_t s = 0; s < set->series_count; s++) { /* each in one of them, whole */
        const int64_t a = seqd_panel_find(first, set->series[s].id), b = seqd_panel_find(rest, set->series[s].id);
        assert_true((a < 0) != (b < 0));
        const seqd_dataset *part = a >= 0 ? first : rest;
        const int64_t at = a >= 0 ? a : b;
        assert_int_equal(part->series[at].length, set->series[s].length);
        assert_int_equal(part->events->origin[at], s);
        for (int64_t i = 0; i < set->series[s].length; i++) {
            const float x = seqd_events_label(set, s, i), y = seqd_events_label(part, at, i);
            assert_true(x == y || (isnan(x) && isnan(y)));
        }
    }
    assert_int_equal(first->summary.steps + rest->summary.steps, set->summary.steps);
    split(set, SEQD_SPLIT_USER, 0.7, 5, &again, &other);
    for (int64_t s = 0; s < 7; s++) assert_string_equal(again->series[s].id, first->series[s].id);
    seqd_dataset_free(again);
    seqd_dataset_free(other);
    int different = 0;
    split(set, SEQD_SPLIT_USER, 0.7, 6, &again, &other);
    for (int64_t s = 0; s < 7; s++) different += strcmp(again->series[s].id, first->series[s].id) != 0;
    assert_true(different > 0);
    seqd_dataset_free(set); /* parts hold what they share */
    seqd_dataset_free(again);
    seqd_dataset_free(other);
    assert_string_equal(first->events->classes.names[0], "e0");
    seqd_dataset_free(first);
    seqd_dataset_free(rest);
}

static void classes_by_their_share(void **state)
{
    (void)state;
    static char text[65536];
    char *to = text + sprintf(text, "n,label\n");
    for (int i = 0; i < 1000; i++) to += sprintf(to, "%d,%d\n", i, i % 10 == 3);
    seqd_dataset *set = panel(context, "task=classify num_columns=n", text), *first, *rest;
    split(set, SEQD_SPLIT_USER, 0.8, 1, &first, &rest);
    int64_t rare = 0;
    for (int64_t s = 0; s < rest->series_count; s++) rare += seqd_events_label(rest, s, 0) == 1.0f;
    assert_int_equal(rest->series_count, 200);
    assert_int_equal(rare, 20);
    seqd_dataset_free(first);
    seqd_dataset_free(rest);
    int seen[1000] = { 0 };
    for (int32_t k = 0; k < 5; k++) {
        assert_int_equal(seqd_events_fold(set, 5, k, 9, &first, &rest, NULL), SEQD_OK);
        assert_int_equal(first->series_count, 800);
        rare = 0;
        for (int64_t s = 0; s < rest->series_count; s++) {
            rare += seqd_events_label(rest, s, 0) == 1.0f;
            seen[rest->events->place[s]]++;
        }
        assert_int_equal(rare, 20);
        seqd_dataset_free(first);
        seqd_dataset_free(rest);
    }
    for (int i = 0; i < 1000; i++) assert_int_equal(seen[i], 1);
    split(set, SEQD_SPLIT_ORDER, 0.8, 1, &first, &rest);
    assert_string_equal(first->series[799].id, "800");
    assert_string_equal(rest->series[0].id, "801");
    assert_int_equal(seqd_panel_find(rest, "1000"), 199);
    assert_int_equal(seqd_panel_find(rest, "800"), -1);
    seqd_dataset_free(first);
    seqd_dataset_free(rest);
    seqd_dataset_free(set);
}

static void by_order(void **state)
{
    (void)state;
    seqd_dataset *set = days("task=classify num_columns=price"), *first, *rest;
    split(set, SEQD_SPLIT_ORDER, 0.3, 0, &first, &rest);
    assert_int_equal(first->series_count, 3); /* u9, u8 and u7 stand first in the rows, in byte order here */
    assert_string_equal(first->series[0].id, "u7");
    assert_string_equal(first->series[2].id, "u9");
    assert_string_equal(rest->series[6].id, "u6");
    seqd_dataset_free(first);
    seqd_dataset_free(rest);
    seqd_dataset_free(set);
}

/* The future differs in every event, price and kind: the first part must be the same to the last bit. */
static void the_future_does_not_leak(void **state)
{
    (void)state;
    static const char *const labels[] = { "label=next_event", "label=within label_events=e1 label_window=2 freq=int",
                                          "label_column=label" };
    static seqd_features features[2];
    for (size_t k = 0; k < 3; k++) {
        char words[160], *bytes[2];
        seqd_dataset *first[2], *rest[2];
        snprintf(words, sizeof words, "task=classify num_columns=price num_transform=quantile cat_columns=item %s", labels[k]);
        for (int planted = 0; planted < 2; planted++) {
            bytes[planted] = malloc(65536);
            char *to = bytes[planted] + sprintf(bytes[planted], "user,time,event,item,price,label\n");
            for (int u = 0; u < 20; u++)
                for (int d = 0; d < 20; d++) {
                    const int later = planted && d >= 10;
                    to += sprintf(to, "u%02d,%d,%s%d,i%d,%d,%d\n", u, d, later ? "new" : "e", later ? 1 : (u + d * d) % 3,
                                  (u * 7 + d) % 13 + 100 * later, (u * d) % 17 + 1000 * later,
                                  later ? 7 : (u + d) % 2);
                }
            seqd_dataset *set = panel(context, words, bytes[planted]);
            split(set, SEQD_SPLIT_TIME, 0.5, 0, &first[planted], &rest[planted]);
            seqd_dataset_free(set);
            features_of(first[planted], &features[planted]);
        }
        assert_int_equal(first[0]->series_count, 20);
        int64_t known = 0;
        for (int64_t s = 0; s < 20; s++) {
            assert_int_equal(first[0]->series[s].length, 10);
            assert_int_equal(first[1]->series[s].length, 10);
            for (int64_t i = 0; i < 10; i++) {
                const float x = seqd_events_label(first[0], s, i), y = seqd_events_label(first[1], s, i);
                const bool unknown = k == 0 ? i == 9 : k == 1 ? i > 7 - 0 : i != 9;
                assert_int_equal(isnan(x) != 0, unknown);
                assert_int_equal(isnan(y) != 0, unknown);
                if (isnan(x)) continue;
                known++;
                assert_string_equal(first[0]->events->classes.names[(int)x], first[1]->events->classes.names[(int)y]);
            }
            assert_int_equal(rest[0]->series[s].length, 20); /* the past can be read, but is not asked */
            assert_int_equal(rest[0]->events->answer_from[s], 10);
            for (int64_t i = 0; i < 10; i++) assert_true(isnan(seqd_events_label(rest[1], s, i)));
        }
        assert_true(known > 0);
        assert_int_equal(first[0]->summary.labelled, known);
        const seqd_event_features *a = &features[0].events, *b = &features[1].events;
        for (int32_t c = 0; c < a->token_count; c++) {
            assert_int_equal(a->tokens[c].count, b->tokens[c].count);
            for (int32_t i = 0; i < a->tokens[c].count; i++)
                assert_string_equal(a->tokens[c].names[i], b->tokens[c].names[i]);
        }
        assert_int_equal(a->classes.count, b->classes.count);
        for (int32_t i = 0; i < a->classes.count; i++) assert_string_equal(a->classes.names[i], b->classes.names[i]);
        assert_memory_equal(a->curves, b->curves, SEQD_CURVE_POINTS * sizeof(double));
        assert_true(a->gap_mean == b->gap_mean && a->gap_deviation == b->gap_deviation);
        assert_true(a->label_mean == b->label_mean && a->label_deviation == b->label_deviation);
        for (int planted = 0; planted < 2; planted++) {
            seqd_features_clear(&features[planted]);
            seqd_dataset_free(first[planted]);
            seqd_dataset_free(rest[planted]);
            free(bytes[planted]);
        }
    }
}

static void a_window_ends_within_its_part(void **state)
{
    (void)state;
    seqd_dataset *set = days("task=regress num_columns=price label=count label_window=3 freq=int"), *first, *rest;
    split(set, SEQD_SPLIT_TIME, 0.5, 0, &first, &rest);
    const int64_t cut = first->series[0].length; /* every user has the days before it */
    for (int64_t s = 0; s < first->series_count; s++)
        for (int64_t i = 0; i < first->series[s].length; i++) { /* (i, i + 3] lies before the cut, or is not known */
            const float label = seqd_events_label(first, s, i);
            assert_true(i + 3 < cut ? label == 3.0f : isnan(label));
        }
    /* a part of a part */
    seqd_dataset *early, *late;
    split(rest, SEQD_SPLIT_USER, 0.5, 3, &early, &late);
    for (int64_t s = 0; s < late->series_count; s++) assert_int_equal(late->events->answer_from[s], cut);
    seqd_dataset_free(set);
    seqd_dataset_free(rest);
    seqd_dataset_free(early);
    assert_true(late->series_count > 0 && late->series[0].length > cut);
    seqd_dataset_free(late);
    seqd_dataset_free(first);
}

static void refused(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *set = days("task=classify num_columns=price"), *first = NULL, *rest = NULL;
    assert_int_equal(seqd_events_split(set, SEQD_SPLIT_USER, 0.0, 1, &first, &rest, &error), SEQD_E_ARG);
    assert_int_equal(seqd_events_split(set, SEQD_SPLIT_USER, 1.0, 1, &first, &rest, &error), SEQD_E_ARG);
    assert_int_equal(seqd_events_split(set, SEQD_SPLIT_USER, (double)NAN, 1, &first, &rest, &error), SEQD_E_ARG);
    assert_int_equal(seqd_events_fold(set, 11, 0, 1, &first, &rest, &error), SEQD_E_DATA);
    assert_int_equal(seqd_events_fold(set, 5, 5, 1, &first, &rest, &error), SEQD_E_ARG);
    assert_int_equal(seqd_events_fold(set, 1, 0, 1, &first, &rest, &error), SEQD_E_ARG);
    seqd_dataset_free(set);
    set = panel(context, "task=classify", "user,event\nu,p\nu,q\n");
    assert_int_equal(seqd_events_split(set, SEQD_SPLIT_TIME, 0.5, 1, &first, &rest, &error), SEQD_E_DATA);
    assert_contains(error.message, "time column");
    assert_int_equal(seqd_events_split(set, SEQD_SPLIT_USER, 0.5, 1, &first, &rest, &error), SEQD_E_DATA);
    seqd_dataset_free(set);
    set = panel(context, "task=classify", "user,time,event\nu,1,p\nu,1,q\nv,1,p\n");
    assert_int_equal(seqd_events_split(set, SEQD_SPLIT_TIME, 0.5, 1, &first, &rest, &error), SEQD_E_DATA);
    assert_contains(error.message, "same time");
    seqd_dataset_free(set);
    set = panel(context, "", "id,ds,y\na,1,2\nb,1,2\n");
    assert_int_equal(seqd_events_split(set, SEQD_SPLIT_USER, 0.5, 1, &first, &rest, &error), SEQD_E_DATA);
    assert_int_equal(seqd_events_fold(set, 2, 0, 1, &first, &rest, &error), SEQD_E_DATA);
    seqd_dataset_free(set);
    assert_null(first);
    assert_null(rest);
}

static int set_up(void **state)
{
    (void)state;
    context = new_context(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    end_context(context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_user),
        cmocka_unit_test(classes_by_their_share),
        cmocka_unit_test(by_order),
        cmocka_unit_test(the_future_does_not_leak),
        cmocka_unit_test(a_window_ends_within_its_part),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
