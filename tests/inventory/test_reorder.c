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
#include "inventory.h"
#include "rng.h"

static seqd_context *context;

static int set_up(void **state)
{
    (void)state;
    return seqd_context_new(NULL, &context, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    const long long held = atomic_load(&context->memory_in_use);
    seqd_context_drop(context);
    return held == 0 ? 0 : -1;
}

static void assert_within(double got, double want, double distance)
{
    if (!(fabs(got - want) <= distance)) {
        print_error("got %.17g, want %.17g\n", got, want);
        fail();
    }
}

/*
 * Five paths of four steps. D(2): 3 5 4 8 10; D(3): 6 5 9 12 13. Expected demand by step: 2.4 3.6 3 3, adding up to
 * 2.4 6 9 12.
 */
static const double five[] = { 1, 2, 3, 0, 2, 3, 0, 5, 4, 0, 5, 5, 2, 6, 4, 1, 3, 7, 3, 4 };

static seqd_reorder ask_paths(const double *values, int32_t paths, int32_t horizon, const seqd_reorder_request *request)
{
    seqd_reorder out = { .struct_size = (uint32_t)sizeof out };
    assert_int_equal(seqd_reorder_paths(context, values, paths, horizon, request, &out, NULL), SEQD_OK);
    assert_int_equal(out.struct_size, sizeof out);
    return out;
}

static void test_by_hand(void **state)
{
    (void)state;
    const seqd_reorder_request request = { 5, 2, 2, 1, 0.8, 0, 0 };
    const seqd_reorder out = ask_paths(five, 5, 4, &request);
    assert_within(out.lead_time_demand_mean, 6, 1e-12);
    assert_within(out.lead_time_demand_std, sqrt((9 + 1 + 4 + 4 + 16) / 4.0), 1e-12);
    assert_within(out.protection_demand_mean, 9, 1e-12);
    assert_within(out.protection_demand_std, sqrt((9 + 16 + 0 + 9 + 16) / 4.0), 1e-12);
    assert_within(out.reorder_point, 8, 0);      /* the 4th of 3 4 5 8 10 */
    assert_within(out.order_up_to, 12, 0);       /* the 4th of 5 6 9 12 13 */
    assert_within(out.safety_stock, 3, 1e-12);
    assert_within(out.position, 7, 0);
    assert_within(out.order_quantity, 5, 1e-12);
    assert_within(out.stockout_probability, 3 / 5.0, 1e-12); /* 9, 12, 13 are above 7 */
    assert_int_equal(out.stockout_step, 2);      /* 2.4 < 5 <= 6 */
    assert_int_equal(out.alert, 1);
}

static double quantity(double on_hand, double pack, double minimum)
{
    const seqd_reorder_request request = { on_hand, 0, 2, 1, 0.8, pack, minimum };
    return ask_paths(five, 5, 4, &request).order_quantity;
}

static void test_packs_and_minimum(void **state)
{
    (void)state;
    assert_within(quantity(7, 0, 0), 5, 0);
    assert_within(quantity(7, 3, 0), 6, 0);
    assert_within(quantity(7, 5, 0), 5, 0);
    assert_within(quantity(7, 0, 8), 8, 0);
    assert_within(quantity(7, 6, 8), 12, 0);
    assert_within(quantity(7, 2.5, 0), 5, 0);
    assert_within(quantity(12, 6, 8), 0, 0);    /* nothing is needed: no minimum, no pack */
    assert_within(quantity(20, 6, 8), 0, 0);
    assert_within(quantity(-3, 0, 0), 15, 0);   /* customers are waiting */
    assert_within(quantity(7, 1e-300, 0), 5, 0);
    assert_within(quantity(11.7, 0.1, 0), 0.3, 1e-12); /* 0.3000000000000007 is three packs, not four */
}

static void test_stockout_step(void **state)
{
    (void)state;
    const struct {
        double on_hand;
        int32_t step, alert;
    } cases[] = { { 0, 1, 1 },   { -2, 1, 1 },   { 2.4, 1, 1 }, { 2.5, 2, 1 },
                  { 6.5, 3, 0 }, { 11.9, 4, 0 }, { 12.1, 0, 0 } };
    for (int i = 0; i < 7; i++) {
        const seqd_reorder_request request = { cases[i].on_hand, 50, 2, 1, 0.8, 0, 0 };
        const seqd_reorder out = ask_paths(five, 5, 4, &request);
        assert_int_equal(out.stockout_step, cases[i].step);
        assert_int_equal(out.alert, cases[i].alert);
    }
    const double nothing[] = { 0, 0, 0, 0 };
    const seqd_reorder_request request = { 0, 0, 1, 1, 0.9, 4, 9 };
    const seqd_reorder out = ask_paths(nothing, 2, 2, &request);
    assert_int_equal(out.stockout_step, 0); /* no stock, but no one asks */
    assert_within(out.order_quantity, 0, 0);
}

static void test_no_lead_time_or_no_review(void **state)
{
    (void)state;
    const seqd_reorder_request at_once = { 0, 0, 0, 1, 0.8, 0, 0 };
    seqd_reorder out = ask_paths(five, 5, 4, &at_once);
    assert_within(out.reorder_point, 0, 0);
    assert_within(out.lead_time_demand_std, 0, 0);
    assert_within(out.order_up_to, 3, 0); /* the 4th of 1 2 2 3 4 */
    assert_int_equal(out.alert, 0);
    const seqd_reorder_request always = { 0, 0, 4, 0, 0.8, 0, 0 };
    out = ask_paths(five, 5, 4, &always);
    assert_within(out.reorder_point, out.order_up_to, 0);
    assert_within(out.order_up_to, 14, 0); /* the 4th of 6 10 13 14 17 */
    const seqd_reorder_request once = { 1, 0, 1, 1, 0.5, 0, 0 };
    out = ask_paths(five, 1, 4, &once);
    assert_within(out.lead_time_demand_std, 0, 0); /* one path has no spread */
    assert_within(out.order_up_to, 3, 0);
}

/* The quantile is the ceil(q n)-th value for every q, also where q n is whole but not in binary. */
static void test_order_statistic(void **state)
{
    (void)state;
    static double values[1000];
    for (int i = 0; i < 100; i++) values[(i * 61) % 100] = i;
    for (int percent = 1; percent < 100; percent++) {
        const seqd_reorder_request request = { 0, 0, 1, 0, percent / 100.0, 0, 0 };
        const seqd_reorder out = ask_paths(values, 100, 1, &request);
        assert_within(out.order_up_to, percent - 1, 0);
    }
    for (int i = 0; i < 1000; i++) values[i] = i % 10;
    const seqd_reorder_request tied = { 0, 0, 1, 0, 0.7, 0, 0 };
    assert_within(ask_paths(values, 1000, 1, &tied).order_up_to, 6, 0);
    for (int i = 0; i < 1000; i++) values[i] = 7;
    const seqd_reorder_request request = { 0, 0, 1, 0, 0.99, 0, 0 };
    assert_within(ask_paths(values, 1000, 1, &request).order_up_to, 7, 0);
}

static seqd_forecast *flat(const seqd_dist *dist, int32_t horizon, float a, float b, double common, double fade)
{
    const char *ids[] = { "article" };
    seqd_forecast *forecast;
    assert_int_equal(seqd_forecast_new(context, ids, 1, horizon, dist, &forecast, NULL), SEQD_OK);
    for (int32_t h = 0; h < horizon; h++) {
        forecast->parameters[2 * h] = a;
        forecast->parameters[2 * h + 1] = b;
    }
    forecast->path_common = common;
    forecast->path_fade = fade;
    return forecast;
}

/* Independent Poisson steps add up to a Poisson of the summed mean: 1.5 a day, 14 + 7 days. */
static void test_poisson_in_closed_form(void **state)
{
    (void)state;
    const seqd_dist counts = { .kind = SEQD_DIST_NEGBIN, .width = 2, .floor = 0 };
    seqd_forecast *forecast = flat(&counts, 28, 1.5F, 0, 0, 0);
    const seqd_reorder_request request = { 10, 12, 14, 7, 0.95, 0, 0 };
    seqd_reorder out = { .struct_size = (uint32_t)sizeof out };
    assert_int_equal(seqd_reorder_forecast(forecast, 0, &request, 50000, 3, &out, NULL), SEQD_OK);
    const float lead[] = { 21, 0 }, protection[] = { 31.5F, 0 };
    assert_within(out.lead_time_demand_mean, 21, 5 * sqrt(21 / 50000.0));
    assert_within(out.protection_demand_mean, 31.5, 5 * sqrt(31.5 / 50000.0));
    assert_within(out.protection_demand_std, sqrt(31.5), 0.1);
    assert_within(out.reorder_point, seqd_dist_quantile(&counts, lead, 0.95), 0);
    assert_within(out.order_up_to, seqd_dist_quantile(&counts, protection, 0.95), 0);
    assert_within(out.stockout_probability, 1 - seqd_dist_cdf_mid(&counts, protection, 22.5), 0.005);
    assert_int_equal(out.stockout_step, 7);
    assert_int_equal(out.alert, 1);
    seqd_forecast_free(forecast);
}

/* Correlated normal steps: variance s^2 (n + 2 sum (n - d) rho_d), and safety stock z times its root. */
static void test_normal_in_closed_form(void **state)
{
    (void)state;
    const seqd_dist normal = { .kind = SEQD_DIST_NORMAL, .width = 2, .floor = -(double)INFINITY };
    seqd_forecast *forecast = flat(&normal, 10, 100, 8, 0.25, 0.5);
    const seqd_reorder_request request = { 0, 0, 6, 4, 0.975, 0, 0 };
    seqd_reorder out = { .struct_size = (uint32_t)sizeof out };
    assert_int_equal(seqd_reorder_forecast(forecast, 0, &request, 80000, 9, &out, NULL), SEQD_OK);
    double variance = 10;
    for (int d = 1; d < 10; d++) variance += 2 * (10 - d) * (0.25 + 0.75 * pow(0.5, d));
    const double deviation = 8 * sqrt(variance);
    assert_within(out.protection_demand_mean, 1000, 5 * deviation / sqrt(80000));
    assert_within(out.protection_demand_std, deviation, 0.02 * deviation);
    assert_within(out.safety_stock, seqd_normal_quantile(0.975) * deviation, 0.03 * deviation);
    seqd_forecast_free(forecast);
}

/* More service, more stock; 0 paths mean 1000; the same seed gives the same answer. */
static void test_order_of_answers(void **state)
{
    (void)state;
    const seqd_dist counts = { .kind = SEQD_DIST_NEGBIN, .width = 2, .floor = 0 };
    seqd_forecast *forecast = flat(&counts, 28, 4, 0.5F, 0.2, 0.5);
    double before = -1;
    for (int i = 1; i < 20; i++) {
        const seqd_reorder_request request = { 3, 0, 5, 5, i / 20.0, 0, 0 };
        seqd_reorder a = { .struct_size = (uint32_t)sizeof a }, b = a;
        assert_int_equal(seqd_reorder_forecast(forecast, 0, &request, 0, 1, &a, NULL), SEQD_OK);
        assert_int_equal(seqd_reorder_forecast(forecast, 0, &request, 1000, 1, &b, NULL), SEQD_OK);
        assert_memory_equal(&a, &b, sizeof a);
        assert_true(a.order_up_to >= before && a.order_up_to >= a.reorder_point && a.safety_stock >= 0);
        before = a.order_up_to;
    }
    seqd_forecast_free(forecast);
}

static void refuse(const seqd_reorder_request *request, int32_t paths, const double *values, const char *part)
{
    seqd_reorder out = { .struct_size = (uint32_t)sizeof out, .order_quantity = -7 };
    seqd_error error = SEQD_ERROR_INIT;
    assert_int_equal(seqd_reorder_paths(context, values, paths, 4, request, &out, &error), SEQD_E_ARG);
    if (strstr(error.message, part) == NULL) {
        print_error("'%s' is not in '%s'\n", part, error.message);
        fail();
    }
    assert_true(out.order_quantity == -7);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    const seqd_reorder_request good = { 5, 2, 2, 1, 0.8, 0, 0 };
    const double odd[] = { (double)NAN, (double)INFINITY, -(double)INFINITY, -1 };
    for (int i = 0; i < 4; i++) {
        seqd_reorder_request r = good;
        r.on_hand = odd[i];
        if (i < 3) refuse(&r, 5, five, "on_hand");
        r = good;
        r.on_order = odd[i];
        refuse(&r, 5, five, "on_order");
        r = good;
        r.pack_size = odd[i];
        refuse(&r, 5, five, "pack_size");
        r = good;
        r.min_order = odd[i];
        refuse(&r, 5, five, "min_order");
        r = good;
        r.service_level = odd[i];
        refuse(&r, 5, five, "service_level");
    }
    seqd_reorder_request r = good;
    r.service_level = 0;
    refuse(&r, 5, five, "service_level is 0");
    r.service_level = 1;
    refuse(&r, 5, five, "service_level is 1");
    r = good;
    r.lead_time = -1;
    refuse(&r, 5, five, "lead_time is -1");
    r = good;
    r.review_period = -3;
    refuse(&r, 5, five, "review_period is -3");
    r = good;
    r.lead_time = r.review_period = 0;
    refuse(&r, 5, five, "both 0");
    r = good;
    r.review_period = 3;
    refuse(&r, 5, five, "lead_time 2 + review_period 3 = 5 steps, but the forecast has only 4");
    r.lead_time = r.review_period = INT32_MAX;
    refuse(&r, 5, five, "4294967294");
    refuse(&good, 0, five, "paths is 0");
    double values[20];
    memcpy(values, five, sizeof values);
    values[14] = (double)NAN;
    refuse(&good, 5, values, "path 4 is not finite at step 3");
    values[14] = (double)INFINITY;
    refuse(&good, 5, values, "path 4 is not finite at step 3");

    const seqd_dist counts = { .kind = SEQD_DIST_NEGBIN, .width = 2, .floor = 0 };
    seqd_forecast *forecast = flat(&counts, 3, 4, 0.5F, 0.2, 0.5);
    seqd_reorder out = { .struct_size = (uint32_t)sizeof out };
    seqd_error error = SEQD_ERROR_INIT;
    assert_int_equal(seqd_reorder_forecast(forecast, 1, &good, 10, 1, &out, &error), SEQD_E_ARG);
    assert_non_null(strstr(error.message, "series 1"));
    assert_int_equal(seqd_reorder_forecast(forecast, 0, &good, -1, 1, &out, &error), SEQD_E_ARG);
    assert_non_null(strstr(error.message, "paths"));
    seqd_forecast_free(forecast);
}

/* A host built against a shorter struct gets what it has room for, and nothing behind it is touched. */
static void test_older_struct(void **state)
{
    (void)state;
    const seqd_reorder_request request = { 5, 2, 2, 1, 0.8, 0, 0 };
    seqd_reorder out;
    memset(&out, 0x55, sizeof out);
    out.struct_size = (uint32_t)offsetof(seqd_reorder, order_quantity);
    const double untouched = out.order_quantity;
    assert_int_equal(seqd_reorder_paths(context, five, 5, 4, &request, &out, NULL), SEQD_OK);
    assert_within(out.order_up_to, 12, 0);
    assert_memory_equal(&out.order_quantity, &untouched, sizeof untouched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),        cmocka_unit_test(test_packs_and_minimum),
        cmocka_unit_test(test_stockout_step),  cmocka_unit_test(test_no_lead_time_or_no_review),
        cmocka_unit_test(test_order_statistic), cmocka_unit_test(test_poisson_in_closed_form),
        cmocka_unit_test(test_normal_in_closed_form), cmocka_unit_test(test_order_of_answers),
        cmocka_unit_test(test_bad_arguments),  cmocka_unit_test(test_older_struct),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
