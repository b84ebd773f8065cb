/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "eval.h"
#include "forecast.h"
#include "options.h"
#include "panel_of.h"
#include "status.h"

typedef struct budget {
    long left;
} budget;

static void *spend(void *user, size_t size)
{
    budget *b = user;
    return b->left-- > 0 ? malloc(size) : NULL;
}

static void give_back(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

static budget purse;
static seqd_context *context;
static seqd_options *options;
static seqd_dataset *dataset;

static int set_up(void **state)
{
    (void)state;
    purse.left = 1000000;
    const seqd_allocator allocator = { (uint32_t)sizeof allocator, &purse, spend, give_back };
    const char *ids[24];
    int64_t steps[24];
    double y[24];
    for (int i = 0; i < 24; i++) {
        ids[i] = i < 12 ? "a" : "b";
        steps[i] = i % 12;
        y[i] = (i * 5) % 7;
    }
    return seqd_context_new(&allocator, &context, NULL) || seqd_options_new(context, &options, NULL) ||
           seqd_option_set(options, SEQD_OPT_HORIZON, "2", NULL) ||
           panel_of(context, options, ids, steps, y, 24, &dataset, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    seqd_dataset_free(dataset);
    seqd_options_free(options);
    const long long held = atomic_load(&context->memory_in_use);
    seqd_context_drop(context);
    return held == 0 ? 0 : -1;
}

static int32_t calls;

/* Fails with the status that `user` points to. */
static int32_t failing(void *user, const char *model, seqd_dataset *view, bool fit, const char *task,
                       seqd_forecast **out, double *fit_seconds, double *predict_seconds, seqd_error *error)
{
    (void)model, (void)view, (void)fit, (void)task, (void)out, (void)fit_seconds, (void)predict_seconds;
    calls++;
    const int32_t status = *(const int32_t *)user;
    return status < 0 ? seqd_fail(error, status, "it went wrong") : status;
}

static void refuse(const char *models, int32_t status, const char *part)
{
    seqd_backtest *backtest = NULL;
    seqd_error error = SEQD_ERROR_INIT;
    int32_t answer = SEQD_E_DIVERGED;
    assert_int_equal(seqd_backtest_new(dataset, options, models, "backtest", failing, &answer, &backtest, &error),
                     status);
    assert_null(backtest);
    if (strstr(error.message, part) == NULL) {
        print_error("'%s' is not in '%s'\n", part, error.message);
        fail();
    }
}

/* Names are looked up before anything is fitted. */
static void test_names(void **state)
{
    (void)state;
    calls = 0;
    refuse("lstm,cronston", SEQD_E_OPTION, "'croston'");
    refuse("gru,grv", SEQD_E_OPTION, "'gru'");
    refuse("lstm,transformer", SEQD_E_OPTION, "'transformer'");
    refuse("lstm,,naive", SEQD_E_OPTION, "''");
    refuse("", SEQD_E_ARG, "no model");
    assert_int_equal(calls, 0);
    refuse("naive,lstm", SEQD_E_DIVERGED, "backtest 1/3 lstm: it went wrong");
    assert_int_equal(calls, 1);
    seqd_backtest *backtest = NULL;
    seqd_error error = SEQD_ERROR_INIT;
    assert_int_equal(seqd_backtest_new(dataset, options, "lstm", "backtest", NULL, NULL, &backtest, &error),
                     SEQD_E_ARG);
    assert_non_null(strstr(error.message, "lstm"));
}

static void test_too_many_windows(void **state)
{
    (void)state;
    assert_int_equal(seqd_option_set(options, SEQD_OPT_WINDOWS, "6", NULL), SEQD_OK);
    refuse("naive", SEQD_E_ARG, "window 1 of 6");
}

static int32_t stop_after;
static char last_task[64];

static int32_t count_down(void *user, const seqd_progress *progress)
{
    (void)user;
    assert_int_equal(progress->struct_size, sizeof *progress);
    assert_true(progress->step < progress->total_steps && progress->remaining_seconds >= 0);
    strncpy(last_task, progress->task, sizeof last_task - 1);
    return stop_after-- == 0;
}

static void test_stop(void **state)
{
    (void)state;
    context->progress = count_down;
    seqd_backtest *backtest = NULL;
    stop_after = 4;
    assert_int_equal(seqd_backtest_new(dataset, options, "naive,croston", "backtest", NULL, NULL, &backtest, NULL),
                     SEQD_STOPPED);
    assert_null(backtest);
    assert_string_equal(last_task, "backtest 2/3 croston");
    stop_after = 6;
    assert_int_equal(seqd_backtest_new(dataset, options, "naive,croston", "backtest", NULL, NULL, &backtest, NULL),
                     SEQD_OK);
    assert_int_equal(stop_after, 0);
    assert_string_equal(last_task, "backtest 3/3 croston");
    seqd_backtest_free(backtest);

    int32_t stopped = SEQD_STOPPED;
    backtest = NULL;
    stop_after = 100;
    assert_int_equal(seqd_backtest_new(dataset, options, "gru", "backtest", failing, &stopped, &backtest, NULL),
                     SEQD_STOPPED);
    assert_null(backtest);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    int32_t failures = 0;
    for (long allowed = 0;; allowed++) {
        seqd_backtest *backtest = NULL;
        seqd_error error = SEQD_ERROR_INIT;
        const long long held = atomic_load(&context->memory_in_use);
        purse.left = allowed;
        const int32_t status =
            seqd_backtest_new(dataset, options, "naive2,tsb", "backtest", NULL, NULL, &backtest, &error);
        purse.left = 1000000;
        if (status == SEQD_OK) {
            seqd_backtest_free(backtest);
            break;
        }
        assert_int_equal(status, SEQD_E_NOMEM);
        assert_int_equal(error.status, SEQD_E_NOMEM);
        assert_null(backtest);
        assert_true(atomic_load(&context->memory_in_use) == held);
        failures++;
    }
    assert_true(failures > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_windows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_allocation_may_fail, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
