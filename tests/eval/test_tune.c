/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "close.h"
#include "context.h"
#include "options.h"
#include "panel_of.h"
#include "status.h"
#include "tune.h"

static seqd_context *context;
static seqd_options *options;
static seqd_dataset *dataset;
static char folder[] = "/tmp/seqd-tune-XXXXXX";
static char path[64];

static seqd_dataset *panel(double last)
{
    const char *ids[4] = { "a", "a", "b", "b" };
    const int64_t steps[4] = { 1, 2, 1, 2 };
    const double y[4] = { 1, 2, 3, last };
    seqd_dataset *made = NULL;
    assert_int_equal(panel_of(context, options, ids, steps, y, 4, &made, NULL), SEQD_OK);
    return made;
}

static int set_up(void **state)
{
    (void)state;
    if (seqd_context_new(NULL, &context, NULL) || seqd_options_new(context, &options, NULL)) return -1;
    dataset = panel(4);
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/state.csv", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    seqd_dataset_free(dataset);
    seqd_options_free(options);
    const long long held = atomic_load(&context->memory_in_use);
    seqd_context_drop(context);
    (void)unlink(path);
    return held == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void set(seqd_option_id id, const char *text)
{
    assert_int_equal(seqd_option_set(options, id, text, NULL), SEQD_OK);
}

static seqd_tuner *tuner_of(const char *const ranges[][2], int32_t count)
{
    seqd_tuner *tuner = NULL;
    assert_int_equal(seqd_tune_new(options, &tuner, NULL), SEQD_OK);
    for (int32_t i = 0; i < count; i++)
        assert_int_equal(seqd_tune_add(tuner, ranges[i][0], ranges[i][1], NULL), SEQD_OK);
    return tuner;
}

/*
 * Measures that follow from the settings alone: the best has 48 units and a rate of 0.01; more steps leave less error.
 * It notes what it was asked, and fails where it is told to.
 */
typedef struct fake {
    int32_t calls, fail_at, status;
    char last_task[64];
    int64_t last_steps;
} fake;

static int32_t judge(void *user, seqd_dataset *given, const seqd_options *trial, const char *task, double *values,
                     seqd_error *error)
{
    fake *f = user;
    assert_ptr_equal(given, dataset);
    f->calls++;
    strcpy(f->last_task, task);
    f->last_steps = seqd_option_i64(trial, SEQD_OPT_MAX_STEPS);
    if (f->calls == f->fail_at) {
        for (int32_t i = 0; i < 8; i++) values[i] = -1; /* of a trial that failed, nothing counts */
        return f->status < 0 ? seqd_fail(error, f->status, "the fake, failing") : f->status;
    }
    int64_t units = 0;
    seqd_option_i64_list(trial, SEQD_OPT_HIDDEN_SIZE, &units, 1);
    const double rate = seqd_option_f64(trial, SEQD_OPT_LEARNING_RATE);
    for (int32_t i = 0; i < 8; i++)
        values[i] = fabs((double)units - 48) / 7 + fabs(log(rate / 0.01)) + 100.0 / (double)(f->last_steps + 1) + i;
    return SEQD_OK;
}

static const char *const two_ranges[][2] = { { "hidden_size", "16:96" }, { "learning_rate", "1e-4:1:log" } };

static int32_t run_on(seqd_tuner *tuner, fake *f, int32_t steps)
{
    int32_t trial = 0, status = SEQD_OK;
    for (int32_t i = 0; (steps < 0 || i < steps) && trial >= 0 && status == SEQD_OK; i++)
        status = seqd_tune_next(tuner, dataset, judge, f, &trial, NULL);
    return status;
}

static void test_draws_are_within_their_ranges(void **state)
{
    (void)state;
    static const char *const ranges[][2] = {
        { "hidden_size", "16|64,32" }, { "learning_rate", "0.001:0.1:log" }, { "dropout", "0:0.5" },
        { "batch_size", "16:64:16" },  { "model", "lstm, gru" },             { "patience", "2:40:log" },
        { "num_layers", "1:3" },
    };
    set(SEQD_OPT_TRIALS, "400");
    seqd_tuner *tuner = tuner_of(ranges, 7);
    assert_int_equal(seqd_tune_begin(tuner, NULL), SEQD_OK);
    int32_t pairs = 0, low_rates = 0, batches[4] = { 0 }, layers[3] = { 0 }, gru = 0;
    for (int32_t t = 0; t < 400; t++) {
        const char *units = seqd_tune_value(tuner, t, 0);
        assert_true(strcmp(units, "16") == 0 || strcmp(units, "64,32") == 0);
        pairs += strcmp(units, "64,32") == 0;
        const char *rate = seqd_tune_value(tuner, t, 1);
        double x = 0;
        assert_true(seqd_parse_f64(rate, strlen(rate), &x) && x >= 0.001 && x <= 0.1 && strlen(rate) <= 8);
        low_rates += x < 0.01;
        assert_true(strtod(seqd_tune_value(tuner, t, 2), NULL) <= 0.5);
        const int batch = atoi(seqd_tune_value(tuner, t, 3));
        assert_true(batch % 16 == 0 && batch >= 16 && batch <= 64);
        batches[batch / 16 - 1]++;
        gru += strcmp(seqd_tune_value(tuner, t, 4), "gru") == 0;
        assert_in_range(atoi(seqd_tune_value(tuner, t, 5)), 2, 40);
        layers[atoi(seqd_tune_value(tuner, t, 6)) - 1]++;
    }
    /* Even shares, within four deviations of a binomial draw. */
    assert_in_range(pairs, 160, 240);
    assert_in_range(low_rates, 160, 240);
    assert_in_range(gru, 160, 240);
    for (int i = 0; i < 4; i++) assert_in_range(batches[i], 65, 135);
    for (int i = 0; i < 3; i++) assert_in_range(layers[i], 95, 172);
    seqd_tune_free(tuner);
}

static void test_no_trial_is_drawn_twice(void **state)
{
    (void)state;
    static const char *const ranges[][2] = { { "model", "lstm,gru" }, { "num_layers", "1:3" } };
    set(SEQD_OPT_TRIALS, "50");
    seqd_tuner *tuner = tuner_of(ranges, 2);
    fake f = { 0 };
    assert_int_equal(run_on(tuner, &f, -1), SEQD_OK);
    assert_int_equal(tuner->trials, 6);
    assert_int_equal(f.calls, 6);
    seqd_tune_free(tuner);
}

static void test_random_search_finds_and_ranks(void **state)
{
    (void)state;
    set(SEQD_OPT_TRIALS, "30");
    seqd_tuner *tuner = tuner_of(two_ranges, 2);
    fake f = { 0 };
    assert_int_equal(run_on(tuner, &f, -1), SEQD_OK);
    assert_int_equal(f.calls, 30);
    assert_string_equal(f.last_task, "tune 30/30");
    assert_int_equal(f.last_steps, 0);
    assert_int_equal(tuner->metric, 6); /* wql */
    for (int32_t i = 1; i < 30; i++)
        assert_true(seqd_tune_result_of(tuner, tuner->order[i - 1], 0)->values[6]
                    <= seqd_tune_result_of(tuner, tuner->order[i], 0)->values[6]);
    assert_true(seqd_tune_result_of(tuner, tuner->order[0], 0)->values[0] < 100 + 4);
    seqd_tune_free(tuner);
}

static void test_halving_gives_the_best_more(void **state)
{
    (void)state;
    set(SEQD_OPT_METHOD, "halving");
    set(SEQD_OPT_TRIALS, "20");
    set(SEQD_OPT_MAX_STEPS, "90");
    seqd_tuner *tuner = tuner_of(two_ranges, 2);
    fake f = { 0 };
    assert_int_equal(run_on(tuner, &f, 1), SEQD_OK);
    assert_int_equal(tuner->rounds, 3);
    assert_int_equal(seqd_tune_total(tuner), 20 + 6 + 2);
    assert_int_equal(f.last_steps, 10);
    assert_int_equal(run_on(tuner, &f, -1), SEQD_OK);
    assert_int_equal(f.calls, 28);
    assert_int_equal(f.last_steps, 90);
    /* Who goes on is better than who does not, in the round that decided it. */
    for (int32_t round = 0; round < 2; round++)
        for (int32_t a = 0; a < 20; a++)
            for (int32_t b = 0; b < 20; b++)
                if (seqd_tune_last_round(tuner, a) > round && seqd_tune_last_round(tuner, b) == round)
                    assert_true(seqd_tune_result_of(tuner, a, round)->values[6]
                                <= seqd_tune_result_of(tuner, b, round)->values[6]);
    assert_int_equal(seqd_tune_last_round(tuner, tuner->order[0]), 2);
    assert_int_equal(seqd_tune_last_round(tuner, tuner->order[1]), 2);
    assert_int_equal(seqd_tune_last_round(tuner, tuner->order[2]), 1);
    seqd_options *best = NULL;
    assert_int_equal(seqd_tune_options(tuner, tuner->order[0], 2, &best, NULL), SEQD_OK);
    assert_int_equal(seqd_option_i64(best, SEQD_OPT_MAX_STEPS), 90);
    assert_string_equal(seqd_option_text(best, SEQD_OPT_HIDDEN_SIZE), seqd_tune_value(tuner, tuner->order[0], 0));
    seqd_options_free(best);
    seqd_tune_free(tuner);
}

static size_t read_state(char *text, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t length = fread(text, 1, size - 1, file);
    fclose(file);
    text[length] = '\0';
    return length;
}

/* Interrupted after every possible number of steps, and once between: the same bytes, and no step done twice. */
static void test_resumed_equals_uninterrupted(void **state)
{
    (void)state;
    static char whole[16384], pieces[16384];
    set(SEQD_OPT_METHOD, "halving");
    set(SEQD_OPT_TRIALS, "9");
    set(SEQD_OPT_MAX_STEPS, "90");
    int32_t order[9];
    for (int32_t cut = 0; cut <= 14; cut++) {
        fake f = { .fail_at = 3, .status = SEQD_E_DIVERGED };
        (void)unlink(path);
        seqd_tuner *tuner = tuner_of(two_ranges, 2);
        assert_int_equal(seqd_tune_state_open(tuner, dataset, path, NULL), SEQD_OK);
        if (cut > 0) {
            assert_int_equal(run_on(tuner, &f, cut), SEQD_OK);
            seqd_tune_free(tuner);
            tuner = tuner_of(two_ranges, 2);
            assert_int_equal(seqd_tune_state_open(tuner, dataset, path, NULL), SEQD_OK);
            assert_int_equal(seqd_tune_done(tuner), cut > 13 ? 13 : cut);
        }
        assert_int_equal(run_on(tuner, &f, -1), SEQD_OK);
        assert_int_equal(f.calls, 13);
        read_state(cut == 0 ? whole : pieces, sizeof whole);
        if (cut == 0) memcpy(order, tuner->order, sizeof order);
        else {
            assert_string_equal(whole, pieces);
            assert_memory_equal(order, tuner->order, sizeof order);
        }
        assert_int_equal(tuner->order[8], 2); /* the one that diverged, with its message */
        assert_string_equal(seqd_tune_result_of(tuner, 2, 0)->message, "the fake, failing");
        assert_int_equal(seqd_tune_result_of(tuner, 2, 0)->status, SEQD_E_DIVERGED);
        seqd_tune_free(tuner);
    }
    assert_non_null(strstr(whole, ",-40,,,,,,,,,\"the fake, failing\","));
}

static void test_more_trials_go_on_with_a_random_search(void **state)
{
    (void)state;
    set(SEQD_OPT_TRIALS, "5");
    fake f = { 0 };
    seqd_tuner *tuner = tuner_of(two_ranges, 2);
    assert_int_equal(seqd_tune_state_open(tuner, dataset, path, NULL), SEQD_OK);
    assert_int_equal(run_on(tuner, &f, -1), SEQD_OK);
    seqd_tune_free(tuner);
    set(SEQD_OPT_TRIALS, "8");
    tuner = tuner_of(two_ranges, 2);
    assert_int_equal(seqd_tune_state_open(tuner, dataset, path, NULL), SEQD_OK);
    assert_int_equal(run_on(tuner, &f, -1), SEQD_OK);
    assert_int_equal(f.calls, 8);
    seqd_tune_free(tuner);
    set(SEQD_OPT_TRIALS, "7");
    tuner = tuner_of(two_ranges, 2);
    seqd_error error = SEQD_ERROR_INIT;
    assert_int_equal(seqd_tune_state_open(tuner, dataset, path, &error), SEQD_E_STATE);
    assert_non_null(strstr(error.message, "holds trial 7"));
    seqd_tune_free(tuner);
}

static int32_t open_status(const char *const ranges[][2], int32_t count, const seqd_dataset *data)
{
    seqd_tuner *tuner = tuner_of(ranges, count);
    seqd_error error = SEQD_ERROR_INIT;
    const int32_t status = seqd_tune_state_open(tuner, data, path, &error);
    assert_true(status == SEQD_OK || error.message[0] != '\0');
    assert_true((status == SEQD_OK) == (tuner->path != NULL));
    seqd_tune_free(tuner);
    return status;
}

static void write_state(const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* What is of another search is refused, and left as it is. */
static void test_other_states_are_refused(void **state)
{
    (void)state;
    static const char *const others[][2] = { { "hidden_size", "16:97" }, { "learning_rate", "1e-4:1:log" } };
    static const char *const names[][2] = { { "hidden_size", "16:96" }, { "dropout", "0:0.5" } };
    static char before[8192], after[8192], changed[8192];
    set(SEQD_OPT_TRIALS, "4");
    fake f = { 0 };
    seqd_tuner *tuner = tuner_of(two_ranges, 2);
    assert_int_equal(seqd_tune_state_open(tuner, dataset, path, NULL), SEQD_OK);
    assert_int_equal(run_on(tuner, &f, 2), SEQD_OK);
    seqd_tune_free(tuner);
    read_state(before, sizeof before);
    assert_int_equal(open_status(others, 2, dataset), SEQD_E_STATE);
    assert_int_equal(open_status(names, 2, dataset), SEQD_E_STATE);
    assert_int_equal(open_status(two_ranges, 1, dataset), SEQD_E_STATE);
    seqd_dataset *other = panel(5);
    assert_int_equal(open_status(two_ranges, 2, other), SEQD_E_STATE);
    seqd_dataset_free(other);
    set(SEQD_OPT_BATCH_SIZE, "32");
    assert_int_equal(open_status(two_ranges, 2, dataset), SEQD_E_STATE);
    set(SEQD_OPT_BATCH_SIZE, "64");
    set(SEQD_OPT_METRIC, "mase"); /* only ranks what was measured */
    read_state(after, sizeof after);
    assert_string_equal(before, after);
    assert_int_equal(open_status(two_ranges, 2, dataset), SEQD_OK);

    write_state("unique_id,ds,y\na,2024-01-01,3\n");
    assert_int_equal(open_status(two_ranges, 2, dataset), SEQD_E_FORMAT);
    char *line = strchr(before, '\n') + 1; /* the first result: its trial becomes -1, its setting another */
    snprintf(changed, sizeof changed, "%.*s", (int)(line - before), before);
    snprintf(changed + strlen(changed), sizeof changed - strlen(changed), "%.17s,-1%s", line, line + 19);
    write_state(changed);
    assert_int_equal(open_status(two_ranges, 2, dataset), SEQD_E_FORMAT);
    strcpy(changed, before);
    char *last = strrchr(changed, '\n');
    strcpy(last, "1\n");
    write_state(changed);
    assert_int_equal(open_status(two_ranges, 2, dataset), SEQD_E_FORMAT);
    snprintf(changed, sizeof changed, "%s%s", before, line); /* results twice */
    write_state(changed);
    assert_int_equal(open_status(two_ranges, 2, dataset), SEQD_E_FORMAT);
    write_state(before);
    assert_int_equal(open_status(two_ranges, 2, dataset), SEQD_OK);
}

static void test_errors_of_the_search_end_the_step(void **state)
{
    (void)state;
    fake f = { .fail_at = 2, .status = SEQD_E_NOMEM };
    set(SEQD_OPT_TRIALS, "4");
    seqd_tuner *tuner = tuner_of(two_ranges, 2);
    assert_int_equal(run_on(tuner, &f, -1), SEQD_E_NOMEM);
    assert_int_equal(seqd_tune_done(tuner), 1);
    f.fail_at = 4;
    f.status = SEQD_STOPPED;
    assert_int_equal(run_on(tuner, &f, -1), SEQD_STOPPED);
    assert_int_equal(seqd_tune_done(tuner), 2);
    assert_int_equal(run_on(tuner, &f, -1), SEQD_OK);
    assert_int_equal(seqd_tune_done(tuner), 4);
    seqd_tune_free(tuner);
}

static void test_bad_ranges(void **state)
{
    (void)state;
    static const char *const bad[][3] = {
        { "hidden_size", "16", "single value" },       { "hidden_size", "32,64", "single value" },
        { "hidden_size", "64:16", "lower to a higher" }, { "hidden_size", "8,4:16", "from a number to a number" },
        { "hidden_size", "a:16", "'a'" },              { "hidden_size", "0:16", "'0'" },
        { "hiden_size", "8:16", "did you mean" },      { "learning_rate", "1e-3:1e-1:lag", "neither log" },
        { "batch_size", "8:16:0", "neither log" },     { "batch_size", "8:16:100", "neither log" },
        { "batch_size", "8:16:2.5", "neither log" },   { "dropout", "0:0.5:log", "it begins at 0" },
        { "model", "lstm,lstm", "twice" },             { "model", "lstm,grv", "did you mean" },
        { "model", "1:2", "1:2" },                     { "horizon", "7:14", "cannot vary" },
        { "seed", "1:9", "cannot vary" },              { "freq", "D,W", "cannot vary" },
        { "windows", "1:3", "cannot vary" },           { "model", "", "''" },
        { "val_size", "-1:4:log", "negative" },
    };
    seqd_tuner *tuner = NULL;
    seqd_error error = SEQD_ERROR_INIT;
    assert_int_equal(seqd_tune_new(options, &tuner, NULL), SEQD_OK);
    int32_t trial;
    assert_int_equal(seqd_tune_next(tuner, dataset, judge, NULL, &trial, &error), SEQD_E_OPTION);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(seqd_tune_add(tuner, bad[i][0], bad[i][1], &error), SEQD_E_OPTION);
        if (!strstr(error.message, bad[i][2])) fail_msg("%s=%s: %s", bad[i][0], bad[i][1], error.message);
    }
    assert_int_equal(seqd_tune_add(tuner, "dropout", "0:0.5", NULL), SEQD_OK);
    assert_int_equal(seqd_tune_add(tuner, "dropout", "0:0.4", &error), SEQD_E_OPTION);
    set(SEQD_OPT_METRIC, "auroc");
    seqd_tuner *other = tuner_of(two_ranges, 2);
    assert_int_equal(seqd_tune_begin(other, &error), SEQD_E_OPTION);
    assert_non_null(strstr(error.message, "auroc"));
    seqd_tune_free(other);
    set(SEQD_OPT_METHOD, "halving");
    assert_int_equal(seqd_tune_new(options, &other, NULL), SEQD_OK);
    assert_int_equal(seqd_tune_add(other, "max_steps", "10:20", &error), SEQD_E_OPTION);
    seqd_tune_free(other);
    fake f = { 0 };
    assert_int_equal(run_on(tuner, &f, 1), SEQD_OK);
    assert_int_equal(seqd_tune_add(tuner, "patience", "1:9", NULL), SEQD_E_STATE);
    seqd_tune_free(tuner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_draws_are_within_their_ranges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_trial_is_drawn_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random_search_finds_and_ranks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_halving_gives_the_best_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_resumed_equals_uninterrupted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_more_trials_go_on_with_a_random_search, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_states_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors_of_the_search_end_the_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_ranges, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("tune", tests, NULL, NULL);
}
