/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "close.h"
#include "forecast.h"

static seqd_dist curve_of(int32_t count, const double *levels, double floor)
{
    seqd_dist dist = { .kind = SEQD_DIST_QUANTILES, .width = 1 + count, .level_count = count, .floor = floor };
    for (int32_t i = 0; i < count; i++) dist.levels[i] = levels[i];
    return dist;
}

static const double three[] = { 0.1, 0.5, 0.9 };

/* p: mean, then 10, 20, 40. Slopes 25 and 50, so tails of scale 0.1 * 25 = 2.5 and 0.1 * 50 = 5. */
static void test_hand_worked(void **state)
{
    (void)state;
    const seqd_dist dist = curve_of(3, three, -(double)INFINITY);
    const float p[] = { 23, 10, 20, 40 };
    assert_close(seqd_dist_quantile(&dist, p, 0.1), 10, 1e-12);
    assert_close(seqd_dist_quantile(&dist, p, 0.3), 15, 1e-12);
    assert_close(seqd_dist_quantile(&dist, p, 0.5), 20, 1e-12);
    assert_close(seqd_dist_quantile(&dist, p, 0.6), 25, 1e-12);
    assert_close(seqd_dist_quantile(&dist, p, 0.9), 40, 1e-12);
    assert_close(seqd_dist_quantile(&dist, p, 0.05), 10 - 2.5 * log(2), 1e-12);
    assert_close(seqd_dist_quantile(&dist, p, 0.975), 40 + 5 * log(4), 1e-12);
    assert_true(seqd_dist_mean(&dist, p) == 23);
    /* 0.1 (10 - 2.5) + 0.4 * 15 + 0.4 * 30 + 0.1 (40 + 5) */
    assert_close(seqd_dist_curve_mean(&dist, p), 23.25, 1e-12);
    assert_close(seqd_dist_cdf_mid(&dist, p, 15), 0.3, 1e-12);
    assert_close(seqd_dist_cdf_mid(&dist, p, 45), 1 - 0.1 * exp(-1), 1e-12);
    assert_close(seqd_dist_cdf_mid(&dist, p, 7.5), 0.1 * exp(-1), 1e-12);
}

/* The same curve with a floor in the lower tail, between two points, and in the upper tail. */
static void test_mean_with_a_floor(void **state)
{
    (void)state;
    const float p[] = { 23, 10, 20, 40 };
    seqd_dist dist = curve_of(3, three, 8);
    assert_close(seqd_dist_curve_mean(&dist, p), 0.1 * (10 - 2.5 * (1 - exp(-0.8))) + 6 + 12 + 4.5, 1e-12);
    dist.floor = 25;
    assert_close(seqd_dist_curve_mean(&dist, p), 0.5 * 25 + 0.4 * (0.25 * 25 + 0.75 * 32.5) + 4.5, 1e-12);
    dist.floor = 50;
    assert_close(seqd_dist_curve_mean(&dist, p), 0.9 * 50 + 0.1 * (50 + 5 * exp(-2)), 1e-12);
    assert_true(seqd_dist_mean(&dist, p) == 50);
}

/* A jump of the distribution is a flat piece of the curve: its middle is told. */
static void test_flat_pieces(void **state)
{
    (void)state;
    const seqd_dist dist = curve_of(3, three, 0);
    const float zeros[] = { 0, 0, 0, 3 };
    assert_close(seqd_dist_cdf_mid(&dist, zeros, 0), 0.25, 1e-12);
    assert_true(seqd_dist_quantile(&dist, zeros, 0.01) == 0);
    const float same[] = { 5, 5, 5, 5 };
    assert_close(seqd_dist_cdf_mid(&dist, same, 5), 0.5, 1e-12);
    assert_true(seqd_dist_cdf_mid(&dist, same, 4.9) == 0);
    assert_true(seqd_dist_cdf_mid(&dist, same, 5.1) == 1);
    assert_true(seqd_dist_quantile(&dist, same, 1e-9) == 5);
    assert_true(seqd_dist_quantile(&dist, same, 1 - 1e-9) == 5);
    assert_close(seqd_dist_curve_mean(&dist, same), 5, 1e-12);
}

static const float shapes[][6] = {
    { 0, 1, 2, 3, 5, 9 },     { 0, -3, -1, 0, 1, 8 },   { 0, 0, 0, 0, 0, 4 },       { 0, 0, 0, 0, 0, 0 },
    { 0, 5, 4, 3, 2, 1 },     { 0, -9, -8, -7, -6, -5 }, { 0, 1e30F, 2e30F, 2e30F, 3e30F, 3e38F },
    { 0, -2, -2, -2, 1, 1 },  { 0, 7, 7, 7, 7, 7 },      { 0, -1, -0.5F, -0.25F, -0.125F, -0.0625F },
};
static const double five[] = { 0.025, 0.25, 0.5, 0.75, 0.975 };

static void test_monotone_finite_floored(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        for (int f = 0; f < 3; f++) {
            const double floor_value = f == 0 ? -(double)INFINITY : f == 1 ? 0 : 2;
            const seqd_dist dist = curve_of(5, five, floor_value);
            double before = -(double)INFINITY;
            for (int n = 1; n < 4000; n++) {
                const double y = seqd_dist_quantile(&dist, shapes[i], n / 4000.0);
                assert_true(isfinite(y) && y >= before && y >= floor_value);
                before = y;
            }
            assert_true(isfinite(seqd_dist_quantile(&dist, shapes[i], 1e-300)));
            assert_true(isfinite(seqd_dist_quantile(&dist, shapes[i], 1 - 0x1p-53)));
        }
    }
}

/* The closed form against a sum over the interpolation it integrates. */
static void test_mean_is_the_integral(void **state)
{
    (void)state;
    const int steps = 100000;
    for (int i = 0; i < 10; i++) {
        for (int f = 0; f < 4; f++) {
            const double floors[] = { -(double)INFINITY, -5, 0, 2 };
            const seqd_dist dist = curve_of(5, five, floors[f]);
            double sum = 0, scale = 1;
            for (int n = 0; n < steps; n++) {
                const double y = seqd_dist_quantile(&dist, shapes[i], (n + 0.5) / steps);
                sum += y;
                scale = fmax(scale, fabs(y));
            }
            assert_true(fabs(seqd_dist_curve_mean(&dist, shapes[i]) - sum / steps) < 1e-4 * scale);
        }
    }
}

/* cdf and quantile are inverse to each other wherever the curve ascends. */
static void test_round_trip(void **state)
{
    (void)state;
    const seqd_dist dist = curve_of(5, five, -(double)INFINITY);
    for (int n = 1; n < 1000; n++) {
        const double u = n / 1000.0;
        assert_close(seqd_dist_cdf_mid(&dist, shapes[0], seqd_dist_quantile(&dist, shapes[0], u)), u, 1e-12);
    }
}

static void test_one_level_is_a_point(void **state)
{
    (void)state;
    const double half[] = { 0.5 };
    const seqd_dist dist = curve_of(1, half, 0);
    const float p[] = { 6, 7 };
    assert_true(seqd_dist_quantile(&dist, p, 0.01) == 7 && seqd_dist_quantile(&dist, p, 0.99) == 7);
    assert_close(seqd_dist_curve_mean(&dist, p), 7, 1e-12);
}

static void test_normal(void **state)
{
    (void)state;
    const seqd_dist dist = { .kind = SEQD_DIST_NORMAL, .width = 2, .floor = 0 };
    const float p[] = { 2, 4 }, point[] = { 3, 0 };
    assert_close(seqd_dist_quantile(&dist, p, 0.9), 2 + 4 * 1.2815515655446004, 1e-12);
    assert_true(seqd_dist_quantile(&dist, p, 0.1) == 0);
    assert_true(seqd_dist_mean(&dist, p) == 2);
    assert_close(seqd_dist_cdf_mid(&dist, p, 6), 0.8413447460685429, 1e-12);
    assert_close(seqd_dist_cdf_mid(&dist, p, 0), 0.5 * 0.3085375387259869, 1e-12);
    assert_true(seqd_dist_cdf_mid(&dist, p, -0.1) == 0);
    assert_true(seqd_dist_quantile(&dist, point, 0.1) == 3 && seqd_dist_quantile(&dist, point, 0.9) == 3);
    assert_true(seqd_dist_cdf_mid(&dist, point, 3) == 0.5);
    assert_true(seqd_dist_cdf_mid(&dist, point, 2) == 0 && seqd_dist_cdf_mid(&dist, point, 4) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hand_worked),   cmocka_unit_test(test_mean_with_a_floor),
        cmocka_unit_test(test_flat_pieces),
        cmocka_unit_test(test_monotone_finite_floored), cmocka_unit_test(test_mean_is_the_integral),
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_one_level_is_a_point),
        cmocka_unit_test(test_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
