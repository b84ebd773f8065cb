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

static seqd_stock stock_of(double on_hand, double on_order, int32_t lead_time, int32_t review_period,
                           double service_level, double pack_size, double min_order)
{
    return (seqd_stock){ .struct_size = sizeof(seqd_stock), .on_hand = on_hand, .on_order = on_order,
                         .lead_time = lead_time, .review_period = review_period, .service_level = service_level,
                         .pack_size = pack_size, .min_order = min_order };
}

static seqd_reorder ask_paths(const double *values, int32_t paths, int32_t horizon, const seqd_stock *stock)
{
    seqd_reorder out = { .struct_size = (uint32_t)sizeof out };
    assert_int_equal(seqd_reorder_paths(context, values, paths, horizon, stock, &out, NULL), SEQD_OK);
    assert_int_equal(out.struct_size, sizeof out);
    return out;
}

static void test_by_hand(void **state)
{
    (void)state;
    const seqd_stock request = stock_of(5, 2, 2, 1, 0.8, 0, 0);
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
    assert_within(out.fill_rate, 1 - 1 / 15.0, 1e-12); /* beyond 12: 1 of the 3 0 5 4 3 asked for in the third step */
    assert_int_equal(out.stockout_step, 2);      /* 2.4 < 5 <= 6 */
    assert_int_equal(out.alert, 1);
}

/*
 * 3 of 15 may be short. Beyond 11 are 1 and 2 of D(3) and nothing of D(2): 3. At 10 it would be 2 + 3 = 5. Three of five
 * paths of D(3) lie within 11, so that the reorder point is the third of 3 4 5 8 10.
 */
static void test_fill_rate_by_hand(void **state)
{
    (void)state;
    seqd_stock request = stock_of(5, 2, 2, 1, 0.8, 0, 0);
    request.service = SEQD_SERVICE_FILL_RATE;
    seqd_reorder out = ask_paths(five, 5, 4, &request);
    assert_within(out.order_up_to, 11, 1e-12);
    assert_within(out.fill_rate, 0.8, 1e-12);
    assert_within(out.reorder_point, 5, 0);
    assert_within(out.order_quantity, 4, 1e-12);
    assert_within(out.safety_stock, 2, 1e-12);
    /* Beyond 9: 3 and 4 of D(3), 1 of D(2), so 6 of 15. */
    request.service_level = 1 - 6 / 15.0;
    assert_within(ask_paths(five, 5, 4, &request).order_up_to, 9, 1e-12);
    const double nothing[] = { 0, 0, 0, 0 };
    request.lead_time = 1;
    out = ask_paths(nothing, 2, 2, &request);
    assert_within(out.order_up_to, 0, 0);
    assert_within(out.fill_rate, 1, 0);
}

/*
 * Normal demand with mean m and deviation s in L = 0, R = 1: the shortage is s G(k), with G(k) = phi(k) - k (1 - Phi(k))
 * the unit normal loss (Silver, Pyke & Thomas 2017, appendix II): G(1) = 0.083315, so 1 - 0.2 * 0.083315 is served by m + s.
 */
static seqd_forecast *flat(const seqd_dist *dist, int32_t horizon, float a, float b, double common, double fade);
static void test_fill_rate_in_closed_form(void **state)
{
    (void)state;
    const seqd_dist normal = { .kind = SEQD_DIST_NORMAL, .width = 2, .floor = -(double)INFINITY };
    seqd_forecast *forecast = flat(&normal, 1, 100, 20, 0, 0);
    seqd_stock request = stock_of(0, 0, 0, 1, 1 - 0.2 * 0.083315, 0, 0);
    request.service = SEQD_SERVICE_FILL_RATE;
    seqd_reorder out = { .struct_size = (uint32_t)sizeof out };
    assert_int_equal(seqd_reorder_forecast(forecast, 0, &request, 200000, 5, &out, NULL), SEQD_OK);
    assert_within(out.order_up_to, 120, 0.4);
    seqd_forecast_free(forecast);
}

/* Of independent steps with mean m and variance v and a varying L: variance E[L] v + m^2 Var[L]. */
static void test_lead_time_that_varies(void **state)
{
    (void)state;
    const seqd_dist counts = { .kind = SEQD_DIST_NEGBIN, .width = 2, .floor = 0 };
    seqd_forecast *forecast = flat(&counts, 40, 4, 0, 0, 0);
    seqd_stock request = stock_of(10, 12, 14, 7, 0.95, 0, 0);
    request.lead_time_std = 3;
    seqd_reorder out = { .struct_size = (uint32_t)sizeof out };
    assert_int_equal(seqd_reorder_forecast(forecast, 0, &request, 50000, 3, &out, NULL), SEQD_OK);
    const double variance = 9 + 1 / 12.0; /* of L rounded to whole steps */
    assert_within(out.lead_time_demand_mean, 14 * 4, 0.3);
    assert_within(out.lead_time_demand_std, sqrt(14 * 4 + 16 * variance), 0.2);
    assert_within(out.protection_demand_mean, 21 * 4, 0.3);
    assert_within(out.protection_demand_std, sqrt(21 * 4 + 16 * variance), 0.2);
    seqd_forecast_free(forecast);

    static double ones[8000];
    for (int i = 0; i < 8000; i++) ones[i] = 1; /* 1,000 paths of 8 steps: D(L) is L itself */
    request = stock_of(0, 0, 4, 2, 0.999, 0, 0);
    request.lead_time_std = 1;
    seqd_reorder steps = ask_paths(ones, 1000, 8, &request);
    assert_within(steps.order_up_to, 8, 0); /* 4 + 3 + 2 would be 9, beyond the forecast */
    assert_within(steps.lead_time_demand_mean, 4, 0.02);
    request.service_level = 0.5;
    steps = ask_paths(ones, 1000, 8, &request);
    assert_within(steps.reorder_point, 4, 0);
}

static double quantity(double on_hand, double pack, double minimum)
{
    const seqd_stock request = stock_of(on_hand, 0, 2, 1, 0.8, pack, minimum);
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
        const seqd_stock request = stock_of(cases[i].on_hand, 50, 2, 1, 0.8, 0, 0);
        const seqd_reorder out = ask_paths(five, 5, 4, &request);
        assert_int_equal(out.stockout_step, cases[i].step);
        assert_int_equal(out.alert, cases[i].alert);
    }
    const double nothing[] = { 0, 0, 0, 0 };
    const seqd_stock request = stock_of(0, 0, 1, 1, 0.9, 4, 9);
    const seqd_reorder out = ask_paths(nothing, 2, 2, &request);
    assert_int_equal(out.stockout_step, 0); /* no stock, but no one asks */
    assert_within(out.order_quantity, 0, 0);
}

static void test_no_lead_time_or_no_review(void **state)
{
    (void)state;
    const seqd_stock at_once = stock_of(0, 0, 0, 1, 0.8, 0, 0);
    seqd_reorder out = ask_paths(five, 5, 4, &at_once);
    assert_within(out.reorder_point, 0, 0);
    assert_within(out.lead_time_demand_std, 0, 0);
    assert_within(out.order_up_to, 3, 0); /* the 4th of 1 2 2 3 4 */
    assert_int_equal(out.alert, 0);
    const seqd_stock always = stock_of(0, 0, 4, 0, 0.8, 0, 0);
    out = ask_paths(five, 5, 4, &always);
    assert_within(out.reorder_point, out.order_up_to, 0);
    assert_within(out.order_up_to, 14, 0); /* the 4th of 6 10 13 14 17 */
    const seqd_stock once = stock_of(1, 0, 1, 1, 0.5, 0, 0);
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
        const seqd_stock request = stock_of(0, 0, 1, 0, percent / 100.0, 0, 0);
        const seqd_reorder out = ask_paths(values, 100, 1, &request);
        assert_within(out.order_up_to, percent - 1, 0);
    }
    for (int i = 0; i < 1000; i++) values[i] = i % 10;
    const seqd_stock tied = stock_of(0, 0, 1, 0, 0.7, 0, 0);
    assert_within(ask_paths(values, 1000, 1, &tied).order_up_to, 6, 0);
    for (int i = 0; i < 1000; i++) values[i] = 7;
    const seqd_stock request = stock_of(0, 0, 1, 0, 0.99, 0, 0);
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
    const seqd_stock request = stock_of(10, 12, 14, 7, 0.95, 0, 0);
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
    const seqd_stock request = stock_of(0, 0, 6, 4, 0.975, 0, 0);
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
        const seqd_stock request = stock_of(3, 0, 5, 5, i / 20.0, 0, 0);
        seqd_reorder a = { .struct_size = (uint32_t)sizeof a }, b = a;
        assert_int_equal(seqd_reorder_forecast(forecast, 0, &request, 0, 1, &a, NULL), SEQD_OK);
        assert_int_equal(seqd_reorder_forecast(forecast, 0, &request, 1000, 1, &b, NULL), SEQD_OK);
        assert_memory_equal(&a, &b, sizeof a);
        assert_true(a.order_up_to >= before && a.order_up_to >= a.reorder_point && a.safety_stock >= 0);
        before = a.order_up_to;
    }
    seqd_forecast_free(forecast);
}

static void refuse(const seqd_stock *stock, int32_t paths, const double *values, const char *part)
{
    seqd_reorder out = { .struct_size = (uint32_t)sizeof out, .order_quantity = -7 };
    seqd_error error = SEQD_ERROR_INIT;
    assert_int_equal(seqd_reorder_paths(context, values, paths, 4, stock, &out, &error), SEQD_E_ARG);
    if (strstr(error.message, part) == NULL) {
        print_error("'%s' is not in '%s'\n", part, error.message);
        fail();
    }
    assert_true(out.order_quantity == -7);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    const seqd_stock good = stock_of(5, 2, 2, 1, 0.8, 0, 0);
    const double odd[] = { (double)NAN, (double)INFINITY, -(double)INFINITY, -1 };
    for (int i = 0; i < 4; i++) {
        seqd_stock r = good;
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
    seqd_stock r = good;
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
    r = good;
    r.lead_time_std = 0.6;
    refuse(&r, 5, five, "lead_time_std is 0.6");
    r.lead_time_std = -1;
    refuse(&r, 5, five, "lead_time_std is -1");
    r.lead_time_std = (double)NAN;
    refuse(&r, 5, five, "lead_time_std");
    r = good;
    r.service = 2;
    refuse(&r, 5, five, "service is 2");
    r.service = SEQD_SERVICE_FILL_RATE;
    r.review_period = 0;
    refuse(&r, 5, five, "review_period");
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
    const seqd_stock request = stock_of(5, 2, 2, 1, 0.8, 0, 0);
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
        cmocka_unit_test(test_fill_rate_by_hand), cmocka_unit_test(test_fill_rate_in_closed_form),
        cmocka_unit_test(test_lead_time_that_varies), cmocka_unit_test(test_bad_arguments),  cmocka_unit_test(test_older_struct),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
