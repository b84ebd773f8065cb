/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "close.h"
#include "eval.h"

#define MOST 400

static double point[MOST], spread, scratch[2 * MOST];

static void run(const char *name, const double *y, int64_t n, int32_t season, int32_t window, double smoothing,
                int32_t horizon)
{
    const seqd_baseline_settings settings = { season, window, smoothing };
    const int32_t index = seqd_baseline_find(name);
    assert_true(index >= 0);
    assert_string_equal(seqd_baseline_name(index), name);
    for (int i = 0; i < MOST; i++) point[i] = -99;
    seqd_baseline_point(index, &settings, y, n, horizon, point, &spread, scratch);
    assert_true(point[horizon] == -99);
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(seqd_baseline_count(), 9);
    assert_int_equal(seqd_baseline_find("holt"), -1);
    assert_null(seqd_baseline_name(-1));
    assert_null(seqd_baseline_name(9));
}

static void test_naive(void **state)
{
    (void)state;
    const double y[] = { 4, 7, MISSING, 5, MISSING };
    run("naive", y, 5, 7, 1, 0.1, 2);
    assert_near(point[0], 5);
    assert_near(point[1], 5);
    assert_near(spread, sqrt((9 + 4) / 2.0));
}

static void test_seasonal_naive(void **state)
{
    (void)state;
    const double y[] = { 1, 2, 3, 5, 2, MISSING, 4 };
    run("seasonal_naive", y, 7, 3, 1, 0.1, 4); /* phases: 1 5 4, 2 2, 3 - */
    assert_near(point[0], 2);
    assert_near(point[1], 3);
    assert_near(point[2], 4);
    assert_near(point[3], 2);
    assert_near(spread, sqrt((16 + 0 + 1) / 3.0));
    run("seasonal_naive", y, 2, 3, 1, 0.1, 2); /* shorter than a season */
    assert_near(point[0], 2);
    assert_near(point[1], 2);
}

static void test_moving_average(void **state)
{
    (void)state;
    const double y[] = { 100, 2, 4, MISSING, 9 };
    run("moving_average", y, 5, 1, 3, 0.1, 2);
    assert_near(point[0], 6.5);
    assert_near(point[1], 6.5);
    /* Told before each: 100; 51; 106/3 before the missing step; 9 after 2, 4. */
    assert_near(spread, sqrt((98 * 98 + 47 * 47 + 6.0 * 6) / 3));
    const double gone[] = { 3, 5, MISSING, MISSING };
    run("moving_average", gone, 4, 1, 2, 0.1, 1);
    assert_near(point[0], 5);
}

static void test_ses(void **state)
{
    (void)state;
    const double y[] = { MISSING, 10, 20, MISSING, 12 };
    run("ses", y, 5, 1, 1, 0.5, 1); /* 10, 15, 13.5 */
    assert_near(point[0], 13.5);
    assert_near(spread, sqrt((100 + 9) / 2.0));
}

/* Demands 6 (position 3), 4 (2 later), 8 (1 later), a = 0.5: z 6, 5, 6.5; x 3, 2.5, 1.75. */
static const double lumpy[] = { 0, 0, 6, 0, 4, 8, 0 };

static void test_croston_and_sba(void **state)
{
    (void)state;
    run("croston", lumpy, 7, 1, 1, 0.5, 1);
    assert_near(point[0], 6.5 / 1.75);
    const double r1 = 6 / 3.0, r2 = 5 / 2.5, r3 = 6.5 / 1.75;
    assert_near(spread, sqrt((r1 * r1 + (4 - r1) * (4 - r1) + (8 - r2) * (8 - r2) + r3 * r3) / 4));
    run("sba", lumpy, 7, 1, 1, 0.5, 1);
    assert_near(point[0], 0.75 * 6.5 / 1.75);
}

/* TSB: size 6, 5, 6.5; probability 1/3, then 1/6, 7/12, 19/24, 19/48. */
static void test_tsb(void **state)
{
    (void)state;
    run("tsb", lumpy, 7, 1, 1, 0.5, 1);
    assert_near(point[0], 6.5 * 19 / 48);
    const double e1 = 0 - 2.0, e2 = 4 - 1.0, e3 = 8 - 5 * 7 / 12.0, e4 = 0 - 6.5 * 19 / 24;
    assert_near(spread, sqrt((e1 * e1 + e2 * e2 + e3 * e3 + e4 * e4) / 4));
}

static void test_zero(void **state)
{
    (void)state;
    run("zero", lumpy, 7, 1, 1, 0.5, 3);
    assert_near(point[2], 0);
    assert_near(spread, sqrt((36 + 16 + 64) / 7.0));
}

/* An exact multiplicative season on a constant level is found and continued. */
static void test_naive2_finds_a_season(void **state)
{
    (void)state;
    const double shape[] = { 0.4, 1.6, 1.2, 0.8 };
    double y[42];
    for (int t = 0; t < 42; t++) y[t] = 50 * shape[t % 4];
    run("naive2", y, 42, 4, 1, 0.1, 6);
    for (int h = 0; h < 6; h++) assert_near(point[h], 50 * shape[(42 + h) % 4]);
    assert_near(spread, 0);
    /* An odd season, with a missing value at the end: the last observed one tells the level. */
    const double odd[] = { 0.5, 1, 1.5 };
    for (int t = 0; t < 42; t++) y[t] = 20 * odd[t % 3];
    y[41] = MISSING;
    run("naive2", y, 42, 3, 1, 0.1, 3);
    for (int h = 0; h < 3; h++) assert_near(point[h], 20 * odd[h]);
}

static void test_naive2_without_a_season(void **state)
{
    (void)state;
    double y[48];
    for (int t = 0; t < 48; t++) y[t] = (double)((t * 7919 + 13) % 101);
    run("naive2", y, 48, 12, 1, 0.1, 2); /* no autocorrelation to speak of */
    assert_near(point[0], y[47]);
    assert_near(point[1], y[47]);
    const double shape[] = { 1, 3 };
    for (int t = 0; t < 5; t++) y[t] = shape[t % 2];
    run("naive2", y, 5, 2, 1, 0.1, 2); /* fewer than three seasons */
    assert_near(point[1], y[4]);
}

/* A weekday on which the shop is closed has index 0: the forecast is 0 there, and the level comes from another day. */
static void test_naive2_with_a_closed_day(void **state)
{
    (void)state;
    double y[70];
    for (int t = 0; t < 70; t++) y[t] = t % 7 == 6 ? 0 : 14;
    run("naive2", y, 70, 7, 1, 0.1, 7);
    for (int h = 0; h < 7; h++) assert_near(point[h], h == 6 ? 0 : 14);
}

static void test_floor_and_negatives(void **state)
{
    (void)state;
    const double returns[] = { 3, -5, -2 };
    run("naive", returns, 3, 1, 2, 0.1, 1);
    assert_near(point[0], -2);
    run("moving_average", returns, 3, 1, 2, 0.1, 1);
    assert_near(point[0], -3.5);
}

/* Whatever the history: finite, not below the floor, zero when nothing was observed. */
static void test_always_finite(void **state)
{
    (void)state;
    double y[100];
    int64_t seen = 0;
    for (int32_t b = 0; b < seqd_baseline_count(); b++) {
        for (int shape = 0; shape < 9; shape++) {
            for (int64_t n = 0; n <= 100; n += n < 4 ? 1 : 16) {
                for (int t = 0; t < 100; t++) {
                    const double kinds[] = { 0, 7, MISSING, t % 9 ? MISSING : 5, t % 7 ? 0 : 3, t % 2 ? 3e38 : -3e38,
                                             t < 50 ? MISSING : 1e-40, t == 0 ? 3e38 : 0, t % 7 < 3 ? MISSING : t };
                    y[t] = kinds[shape];
                }
                for (int32_t season = 1; season <= 30; season += 6) {
                    run(seqd_baseline_name(b), y, n, season, 1 + season, 0.3, 9);
                    assert_true(isfinite(spread) && spread >= 0);
                    for (int h = 0; h < 9; h++) {
                        assert_true(isfinite(point[h]) && (shape == 5 || point[h] >= 0));
                        if (n == 0 || shape == 0 || shape == 2) assert_true(point[h] == 0);
                        if (shape == 1 && n > 0 && strcmp(seqd_baseline_name(b), "zero") != 0 &&
                            strcmp(seqd_baseline_name(b), "sba") != 0)
                            assert_near(point[h], 7);
                    }
                    seen++;
                }
            }
        }
    }
    assert_int_equal(seen, 9 * 9 * 11 * 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),          cmocka_unit_test(test_naive),
        cmocka_unit_test(test_seasonal_naive), cmocka_unit_test(test_moving_average),
        cmocka_unit_test(test_ses),            cmocka_unit_test(test_croston_and_sba),
        cmocka_unit_test(test_tsb),            cmocka_unit_test(test_zero),
        cmocka_unit_test(test_naive2_finds_a_season), cmocka_unit_test(test_naive2_without_a_season),
        cmocka_unit_test(test_naive2_with_a_closed_day), cmocka_unit_test(test_floor_and_negatives),
        cmocka_unit_test(test_always_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
