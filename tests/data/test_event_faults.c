/* SPDX-License-Identifier: Apache-2.0 */
/* Events when memory runs out at every point, and when bytes are changed anyhow. */
#include "data_test.h"

#include "alloc.h"
#include "feature_set.h"
#include "rng.h"

static const char shop[] = "user,time,event,item,price,label\n"
                           "b,2024-01-01 12:00:00,view,x,2,\r\n\"a\",2024-01-01,view,\"x \"\"1\"\"\",1,no\n"
                           "a,2024-01-03,buy,y,3,yes\nb,2024-01-02 12:00:00,cart,,,no\n,2024-01-02,cart,x,2.5,\n"
                           "b,2024-01-10,buy,z,true,yes\na,2024-01-03,view,z,-1e3,\nc,2024-01-09,view,x,7,no\n";
static const char *const words[] = {
    "task=classify cat_columns=item num_columns=price num_transform=quantile",
    "task=classify cat_columns=item num_columns=price label=next_event",
    "task=classify label=within label_events=buy,cart label_window=2 num_columns=price",
    "task=regress label=count label_window=3 cat_columns=item",
    "task=regress label_column=price cat_columns=item",
};
enum { WORDS = sizeof words / sizeof *words };

/* Read, parted, described and bound; the same from memory. */
static int32_t everything(seqd_context *context, const seqd_options *options, seqd_error *error)
{
    static const char *const users[] = { "v", "u", "v", "u" }, *const events[] = { "p", NULL, "q", "p" };
    static const int64_t times[] = { 4, 1, 2, 3 };
    static const double price[] = { 1, 2, 3, 4 };
    static seqd_features features;
    static seqd_binding binding;
    seqd_dataset *set = NULL, *first = NULL, *rest = NULL, *held = NULL, *kept = NULL, *filled = NULL;
    memset(&features, 0, sizeof features);
    memset(&binding, 0, sizeof binding);
    int32_t status = seqd_panel_parse(context, options, shop, sizeof shop - 1, &set, error);
    if (status == SEQD_OK) status = seqd_events_split(set, SEQD_SPLIT_TIME, 0.9, 1, &first, &rest, error);
    if (status == SEQD_OK) status = seqd_events_fold(set, 2, 0, 1, &held, &kept, error);
    if (status == SEQD_OK) status = seqd_features_build(context, set->options, set, 1, 3, &features, error);
    if (status == SEQD_OK) status = seqd_binding_create(context, &features, set, &binding, error);
    if (status == SEQD_OK) seqd_binding_clear(&binding);
    if (status == SEQD_OK) status = seqd_binding_lighten(context, &features, set, &binding, error);
    if (status == SEQD_OK) status = seqd_binding_lighten(context, &features, rest, &binding, error);
    seqd_binding_clear(&binding);
    seqd_features_clear(&features);
    if (status == SEQD_OK) status = seqd_panel_create(context, options, &filled, error);
    if (status == SEQD_OK) status = seqd_panel_append_str(filled, "user", users, 4, error);
    if (status == SEQD_OK) status = seqd_panel_append_str(filled, "event", events, 4, error);
    if (status == SEQD_OK) status = seqd_panel_append_str(filled, "item", users, 4, error);
    if (status == SEQD_OK) status = seqd_panel_append_i64(filled, "time", times, 4, error);
    if (status == SEQD_OK) status = seqd_panel_append_f64(filled, "price", price, 4, error);
    if (status == SEQD_OK) {
        status = seqd_panel_seal(filled, error);
        /* A handle whose call failed stays usable. */
        if (status != SEQD_OK && seqd_panel_seal(filled, error) == SEQD_OK) assert_int_equal(filled->series_count, 2);
    }
    seqd_dataset *const all[] = { set, first, rest, held, kept, filled };
    for (size_t i = 0; i < 6; i++) seqd_dataset_free(all[i]);
    return status;
}

static void memory_runs_out(void **state)
{
    (void)state;
    for (int forever = 0; forever < 2; forever++) {
        for (size_t w = 0; w < WORDS; w++) {
            int64_t failed = 0;
            for (int64_t k = 1;; k++) {
                failing_allocator memory = { 0, 0, 0, forever != 0 };
                seqd_error error = SEQD_ERROR_INIT;
                seqd_context *context = new_context(&memory);
                seqd_options *options = make_options(context, words[w]);
                const int64_t base = atomic_load(&context->memory_in_use);
                memory.calls = 0;
                memory.fail_at = k;
                const int32_t status = everything(context, options, &error);
                assert_int_equal(atomic_load(&context->memory_in_use), base);
                seqd_options_free(options);
                end_context(context);
                assert_int_equal(memory.live, 0);
                if (status == SEQD_OK) break;
                if (status != SEQD_E_NOMEM || error.message[0] == '\0')
                    fail_msg("%s, call %d: %d %s", words[w], (int)k, (int)status, error.message);
                failed++;
            }
            assert_true(failed > 100);
        }
    }
}

static const char *const pieces[] = { "\"", ",", "\n", "\r\n", ";", "\0", "\xFF", "-", "1e9", "99999999999999999999",
                                      "nan", "2024-01-01", " ", "yes", "inf", "20240101", "1700000000", "" };

static size_t change(seqd_rng *rng, char *bytes, size_t size, size_t room)
{
    const size_t at = (size_t)seqd_rng_below(rng, size + 1), span = (size_t)seqd_rng_below(rng, 30);
    const char *piece = pieces[seqd_rng_below(rng, sizeof pieces / sizeof *pieces)];
    const size_t length = *piece ? strlen(piece) : 1;
    switch (seqd_rng_below(rng, 4)) {
    case 0:
        if (at < size) bytes[at] = (char)(bytes[at] ^ (1 << seqd_rng_below(rng, 8)));
        return size;
    case 1:
        if (at + span >= size) return size;
        memmove(bytes + at, bytes + at + span, size - at - span);
        return size - span;
    case 2:
        if (at + span >= size || size + span >= room) return size;
        memmove(bytes + at + span, bytes + at, size - at);
        return size + span;
    default:
        if (size + length >= room) return size;
        memmove(bytes + at + length, bytes + at, size - at);
        memcpy(bytes + at, piece, length);
        return size + length;
    }
}

/* Rows of each sequence in the order of time, every code with a name, every label a class or a number. */
static void check(const seqd_dataset *set)
{
    const seqd_events *e = set->events;
    int64_t total = 0, labelled = 0;
    for (int64_t s = 0; s < set->series_count; s++) {
        const seqd_series *series = &set->series[s];
        assert_true(series->length > 0 && series->offset >= 0 && series->offset + series->length <= e->event_count);
        assert_int_equal(seqd_panel_find(set, series->id), s);
        for (int64_t i = 0; i < series->length; i++) {
            const int64_t at = series->offset + i;
            if (e->time) assert_true(isfinite(e->time[at]) && (i == 0 || e->time[at - 1] <= e->time[at]));
            for (int32_t c = 0; c < e->token_count; c++)
                assert_true(e->token[c][at] >= -1 && e->token[c][at] < e->dictionaries[c].count);
            const float label = seqd_events_label(set, s, i);
            labelled += !isnan(label);
            if (e->task == SEQD_TASK_CLASSIFY && !isnan(label)) assert_true(label >= 0 && label < (float)e->classes.count);
        }
        total += series->length;
    }
    assert_int_equal(total, set->summary.steps);
    assert_int_equal(labelled, set->summary.labelled);
}

static void mutated_bytes(void **state)
{
    (void)state;
    seqd_rng rng = seqd_rng_stream(7, 0, 0);
    seqd_context *context = new_context(NULL);
    seqd_options *options[WORDS];
    int64_t accepted = 0, refused = 0, parted = 0;
    for (size_t w = 0; w < WORDS; w++) options[w] = make_options(context, words[w]);
    for (int round = 0; round < 20000; round++) {
        char bytes[2048];
        size_t size = sizeof shop - 1;
        memcpy(bytes, shop, size);
        for (uint64_t c = 1 + seqd_rng_below(&rng, 3); c > 0; c--) size = change(&rng, bytes, size, sizeof bytes);
        char *copy = malloc(size > 0 ? size : 1);
        assert_non_null(copy);
        memcpy(copy, bytes, size);
        seqd_error error = SEQD_ERROR_INIT;
        seqd_dataset *set = NULL, *first, *rest;
        const int32_t status = seqd_panel_parse(context, options[round % WORDS], copy, size, &set, &error);
        free(copy);
        if (status != SEQD_OK) {
            assert_true(status == SEQD_E_FORMAT || status == SEQD_E_DATA || status == SEQD_E_OPTION);
            assert_true(error.message[0] != '\0');
            refused++;
            continue;
        }
        accepted++;
        check(set);
        for (int how = 0; how < 3; how++) {
            if (seqd_events_split(set, (seqd_split)how, 0.6, 1, &first, &rest, &error) != SEQD_OK) continue;
            parted++;
            check(first);
            check(rest);
            seqd_dataset_free(first);
            seqd_dataset_free(rest);
        }
        seqd_dataset_free(set);
    }
    print_message("%d accepted, %d refused, %d parted\n", (int)accepted, (int)refused, (int)parted);
    assert_true(accepted > 1000 && refused > 3000 && parted > 2000);
    for (size_t w = 0; w < WORDS; w++) seqd_options_free(options[w]);
    end_context(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(mutated_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
