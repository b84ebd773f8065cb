/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "forecast.h"

static const seqd_dist normal = { .kind = SEQD_DIST_NORMAL, .width = 2, .floor = 0 };

static seqd_forecast *make(seqd_context *context, int64_t series, int32_t horizon)
{
    const char *ids[] = { "first", "second", "third" };
    seqd_forecast *forecast = NULL;
    assert_int_equal(seqd_forecast_new(context, ids, series, horizon, &normal, &forecast, NULL), SEQD_OK);
    return forecast;
}

static void test_values_of_each_series(void **state)
{
    (void)state;
    seqd_context *context;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    seqd_forecast *forecast = make(context, 3, 2);
    seqd_context_drop(context); /* the forecast keeps it alive */
    assert_string_equal(forecast->ids[2], "third");
    for (int i = 0; i < 12; i++) forecast->parameters[i] = i % 2 ? 0 : (float)i;
    double values[2];
    assert_int_equal(seqd_forecast_get_mean(forecast, 1, values, NULL), SEQD_OK);
    assert_true(values[0] == 4 && values[1] == 6);
    assert_int_equal(seqd_forecast_get_quantile(forecast, 2, 0.3, values, NULL), SEQD_OK);
    assert_true(values[0] == 8 && values[1] == 10);
    assert_ptr_equal(seqd_forecast_retain(forecast), forecast);
    seqd_forecast_free(forecast);
    assert_string_equal(forecast->ids[0], "first");
    seqd_forecast_free(forecast);
    seqd_forecast_free(NULL);
}

static void expect_refused(int32_t status, const seqd_error *error, const char *part)
{
    assert_int_equal(status, SEQD_E_ARG);
    assert_int_equal(error->status, SEQD_E_ARG);
    assert_non_null(strstr(error->message, part));
}

static void test_bad_arguments(void **state)
{
    (void)state;
    seqd_context *context;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    seqd_forecast *forecast = make(context, 3, 2), *none = NULL;
    double values[2] = { -7, -7 };
    seqd_error error = SEQD_ERROR_INIT;
    expect_refused(seqd_forecast_get_mean(forecast, 3, values, &error), &error, "series 3");
    expect_refused(seqd_forecast_get_mean(forecast, -1, values, &error), &error, "series -1");
    expect_refused(seqd_forecast_get_quantile(forecast, 3, 0.5, values, &error), &error, "series 3");
    const double bad[] = { 0, 1, -0.5, 1.5, (double)NAN, (double)INFINITY };
    const char *text[] = { "0 ", "1 ", "-0.5", "1.5", "nan", "inf" };
    for (int i = 0; i < 6; i++)
        expect_refused(seqd_forecast_get_quantile(forecast, 0, bad[i], values, &error), &error, text[i]);
    expect_refused(seqd_forecast_get_paths(forecast, 5, 1, 1, values, &error), &error, "series 5");
    expect_refused(seqd_forecast_get_paths(forecast, 0, 0, 1, values, &error), &error, "0 paths");
    assert_true(values[0] == -7 && values[1] == -7);
    expect_refused(seqd_forecast_new(context, NULL, 0, 0, &normal, &none, &error), &error, "horizon 0");
    assert_null(none);
    seqd_forecast_free(forecast);
    assert_int_equal(atomic_load(&context->memory_in_use), 0);
    seqd_context_drop(context);
}

static void test_no_series(void **state)
{
    (void)state;
    seqd_context *context;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    seqd_forecast *forecast = make(context, 0, 4);
    assert_int_equal(forecast->series_count, 0);
    seqd_forecast_free(forecast);
    seqd_context_drop(context);
}

typedef struct budget {
    int left;
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

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    const char *ids[] = { "a", "b" };
    int failures = 0;
    for (int allowed = 0; allowed < 20; allowed++) {
        budget b = { 1 };
        const seqd_allocator allocator = { (uint32_t)sizeof allocator, &b, spend, give_back };
        seqd_context *context;
        assert_int_equal(seqd_context_new(&allocator, &context, NULL), SEQD_OK);
        b.left = allowed;
        seqd_forecast *forecast = NULL;
        seqd_error error = SEQD_ERROR_INIT;
        int32_t status = seqd_forecast_new(context, ids, 2, 3, &normal, &forecast, &error);
        if (status == SEQD_OK) {
            double values[12];
            status = seqd_forecast_get_paths(forecast, 1, 4, 1, values, &error);
        } else {
            assert_null(forecast);
        }
        if (status != SEQD_OK) {
            assert_int_equal(status, SEQD_E_NOMEM);
            assert_int_equal(error.status, SEQD_E_NOMEM);
            failures++;
        }
        seqd_forecast_free(forecast);
        assert_int_equal(atomic_load(&context->memory_in_use), 0);
        seqd_context_drop(context);
    }
    assert_int_equal(failures, 6); /* handle, parameters, status, ids, text; the table of the paths */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_each_series),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_no_series),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
