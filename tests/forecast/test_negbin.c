/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "close.h"
#include "forecast.h"
#include "negbin.h"

static const double dispersions[] = { 0, 1e-12, 1e-6, 0.01, 0.3, 1, 4, 50 };
#define DISPERSIONS ((int)(sizeof dispersions / sizeof dispersions[0]))

static double poisson_or_nb_first(double mu, double alpha)
{
    return alpha > 0 ? exp(-log1p(alpha * mu) / alpha) : exp(-mu);
}

/* P(k+1) / P(k) from the definition Gamma(k + r) / (k! Gamma(r)) p^r q^k, multiplied by alpha / alpha. */
static double next_ratio(double mu, double alpha, double k)
{
    return (1 + alpha * k) * mu / ((k + 1) * (1 + alpha * mu));
}

static void test_against_sums(void **state)
{
    (void)state;
    const double means[] = { 1e-6, 0.05, 0.9, 4, 37, 180, 600 };
    for (int i = 0; i < 7; i++) {
        for (int j = 0; j < DISPERSIONS; j++) {
            seqd_negbin nb;
            seqd_negbin_set(&nb, means[i], dispersions[j]);
            double term = poisson_or_nb_first(means[i], dispersions[j]), sum = 0, mean = 0;
            for (int k = 0; k < 3000; k++) {
                sum += term;
                mean += k * term;
                if (term > 1e-250) {
                    assert_close(seqd_negbin_pmf(&nb, k), term, 1e-10);
                    assert_close(seqd_negbin_below(&nb, k), sum, 1e-10);
                    assert_true(fabs(seqd_negbin_above(&nb, k) - (1 - sum)) < 1e-11);
                }
                term *= next_ratio(means[i], dispersions[j], k);
            }
            if (sum > 1 - 1e-12) assert_close(mean, means[i], 1e-7);
        }
    }
}

/* The defining property of a generalised inverse, from the tail in which the level is told exactly. */
static void test_quantile_is_the_inverse(void **state)
{
    (void)state;
    const double means[] = { 1e-6, 1e-3, 0.4, 3, 49, 51, 199, 1e3, 1e4, 1e5, 1e6 };
    const double levels[] = { 1e-9, 1e-3, 0.1, 0.5, 0.9, 0.999, 1 - 1e-9 };
    int64_t nonzero = 0;
    for (int i = 0; i < 11; i++) {
        for (int j = 0; j < DISPERSIONS; j++) {
            seqd_negbin nb;
            seqd_negbin_set(&nb, means[i], dispersions[j]);
            double before = 0;
            for (int l = 0; l < 7; l++) {
                const double u = levels[l], k = seqd_negbin_quantile(&nb, u);
                assert_true(k >= before && k == floor(k));
                before = k;
                nonzero += k > 0;
                if (u <= 0.5) {
                    assert_true(seqd_negbin_below(&nb, k) >= u * (1 - 1e-12));
                    if (k > 0) assert_true(seqd_negbin_below(&nb, k - 1) < u * (1 + 1e-12));
                } else {
                    assert_true(seqd_negbin_above(&nb, k) <= (1 - u) * (1 + 1e-9));
                    if (k > 0) assert_true(seqd_negbin_above(&nb, k - 1) > (1 - u) * (1 - 1e-9));
                }
            }
        }
    }
    assert_true(nonzero > 300);
}

/* Hand-worked: Poisson with mean 1 has P(0) = 0.3679, P(<= 1) = 0.7358, P(<= 2) = 0.9197. */
static void test_small_poisson(void **state)
{
    (void)state;
    const seqd_dist dist = { .kind = SEQD_DIST_NEGBIN, .width = 2, .floor = 0 };
    const float p[2] = { 1, 0 };
    assert_true(seqd_dist_quantile(&dist, p, 0.36) == 0);
    assert_true(seqd_dist_quantile(&dist, p, 0.37) == 1);
    assert_true(seqd_dist_quantile(&dist, p, 0.73) == 1);
    assert_true(seqd_dist_quantile(&dist, p, 0.74) == 2);
    assert_true(seqd_dist_quantile(&dist, p, 0.92) == 3);
    assert_true(seqd_dist_mean(&dist, p) == 1);
    assert_close(seqd_dist_cdf_mid(&dist, p, 1), 1.5 * exp(-1), 1e-14);
    assert_close(seqd_dist_cdf_mid(&dist, p, 0), 0.5 * exp(-1), 1e-14);
    assert_close(seqd_dist_cdf_mid(&dist, p, 1.5), 2 * exp(-1), 1e-14);
    assert_true(seqd_dist_cdf_mid(&dist, p, -1) == 0);
}

/* r = 1 is the geometric distribution: P(Y > k) = q^(k+1) in closed form, far out and for any mean. */
static void test_geometric_closed_form(void **state)
{
    (void)state;
    const double means[] = { 0.5, 20, 3000, 1e6 };
    for (int i = 0; i < 4; i++) {
        seqd_negbin nb;
        seqd_negbin_set(&nb, means[i], 1);
        const double log_q = -log1p(1 / means[i]);
        for (double u = 0.05; u < 1; u += 0.05) {
            const double k = seqd_negbin_quantile(&nb, u);
            assert_close(seqd_negbin_above(&nb, k), exp((k + 1) * log_q), 1e-9);
            assert_true(k == ceil(log1p(-u) / log_q * (1 - 1e-12)) - 1);
        }
    }
}

static void test_extremes_are_finite(void **state)
{
    (void)state;
    const seqd_dist dist = { .kind = SEQD_DIST_NEGBIN, .width = 2, .floor = 0 };
    const float means[] = { -1, 0, 1e-38F, 1e-10F, 1, 1e6F, 2e7F, 1e12F, 3e38F };
    const float alphas[] = { -1, 0, 1e-38F, 1e-9F, 1, 1e9F, 3e38F };
    for (int i = 0; i < 9; i++) {
        for (int j = 0; j < 7; j++) {
            const float p[2] = { means[i], alphas[j] };
            double before = 0;
            const double levels[] = { 1e-300, 1e-12, 0.1, 0.5, 0.9, 1 - 1e-12, 1 - 0x1p-53 };
            for (int l = 0; l < 7; l++) {
                const double k = seqd_dist_quantile(&dist, p, levels[l]);
                assert_true(isfinite(k) && k >= before);
                before = k;
                const double u = seqd_dist_cdf_mid(&dist, p, k);
                assert_true(u >= 0 && u <= 1);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_sums),          cmocka_unit_test(test_quantile_is_the_inverse),
        cmocka_unit_test(test_small_poisson),         cmocka_unit_test(test_geometric_closed_form),
        cmocka_unit_test(test_extremes_are_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
