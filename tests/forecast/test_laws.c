/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Student's, Tweedie's and the zero-inflated negative binomial distribution: against sums and integrals of their
 * definitions, and what is promised of every distribution (quantiles rise, invert the cumulative distribution, respect
 * the floor, are finite for any parameters, and agree with the draws of sample paths).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "close.h"
#include "context.h"
#include "forecast.h"
#include "rng.h"
#include "student.h"

typedef long double wide;

static void test_student(void **state)
{
    /* closed forms: nu 1 is Cauchy's, nu 2 has F(t) = 1/2 + t / (2 sqrt(2 + t^2)), nu 4 a cubic's root */
    static const double levels[] = { 1e-9, 0.001, 0.025, 0.3, 0.4999, 0.6, 0.9, 0.999, 1 - 1e-9 };
    (void)state;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const double u = levels[i], d = 2 * u - 1;
        assert_close(seqd_student_quantile(1, u), tan(3.14159265358979323846 * (u - 0.5)), 1e-7);
        assert_close(seqd_student_quantile(2, u), d * sqrt(2 / (4 * u * (1 - u))), 1e-7);
        assert_close(seqd_student_quantile(1e8, u), seqd_normal_quantile(u), 1e-12);
        const double alpha = 4 * u * (1 - u), q = cos(acos(sqrt(alpha)) / 3) / sqrt(alpha);
        assert_close(fabs(seqd_student_quantile(4, u)), 2 * sqrt(q - 1), 1e-6);
    }
    /* any degrees of freedom: the density integrated (Simpson), and quantiles turned back */
    for (double nu = 0.7; nu < 1e6; nu *= 2.7) {
        const wide constant = lgammal(((wide)nu + 1) / 2) - lgammal((wide)nu / 2) -
                              logl(3.14159265358979323846L * (wide)nu) / 2;
        const wide t = 1.7L, h = t / 2000;
        wide sum = 0;
        for (int k = 0; k <= 2000; k++) {
            const wide x = k * h, f = expl(constant - ((wide)nu + 1) / 2 * log1pl(x * x / (wide)nu));
            sum += (k == 0 || k == 2000 ? 1 : k % 2 ? 4 : 2) * f;
        }
        assert_close(seqd_student_above(nu, 1.7), (double)(0.5L - sum * h / 3), 1e-11);
        assert_close(seqd_student_above(nu, -1.7), (double)(0.5L + sum * h / 3), 1e-11);
        for (double z = -7; z < 7; z += 0.31) {
            const double u = seqd_normal_cdf(z), t_at = seqd_student_quantile(nu, u);
            if (u < 0.5) assert_close(seqd_student_above(nu, -t_at), u, 1e-10);
        }
    }
}

static void test_gamma_half(void **state)
{
    (void)state;
    for (double x = 0.5; x < 1e4; x *= 1.3) {
        double slope, ignored;
        const wide want = lgammal((wide)x + 0.5L) - lgammal((wide)x) - 0.5L * logl((wide)x);
        assert_true(fabs(seqd_gamma_half(x, &slope) - (double)want) < 1e-12);
        const double h = 1e-3 * x;
        const double rise = 8 * (seqd_gamma_half(x + h, &ignored) - seqd_gamma_half(x - h, &ignored)) -
                            (seqd_gamma_half(x + 2 * h, &ignored) - seqd_gamma_half(x - 2 * h, &ignored));
        assert_true(fabs(rise / (12 * h) - slope) < 1e-9 * fabs(slope) + 3e-12 / h);
    }
}

/* ---- Tweedie ---- */

/* P(s, x), the lower incomplete gamma function: series and continued fraction. */
static wide gamma_below(wide s, wide x)
{
    if (x < s + 1) {
        wide term = 1 / s, sum = term;
        for (int k = 1; k < 100000 && term > 1e-20L * sum; k++) sum += term *= x / (s + k);
        return sum * expl(s * logl(x) - x - lgammal(s));
    }
    wide b = x + 1 - s, c = 1e4000L, d = 1 / b, h = d;
    for (int i = 1; i < 100000; i++) {
        const wide an = -i * (i - s);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (fabsl(d * c - 1) < 1e-18L) break;
    }
    return 1 - h * expl(s * logl(x) - x - lgammal(s));
}

/* From the definition: a Poisson number of gamma sizes. Density (logarithm) and cumulative distribution. */
static wide compound(double power, double mu, double phi, double y, wide *below)
{
    const wide p = (wide)power, a = (2 - p) / (p - 1), lambda = powl((wide)mu, 2 - p) / ((wide)phi * (2 - p));
    const wide tau = (wide)phi * (p - 1) * powl((wide)mu, p - 1), x = (wide)y / tau;
    const int reach = (int)(14 * sqrtl(lambda)) + 60;
    const int first = lambda > reach ? (int)lambda - reach : 1, last = (int)lambda + reach;
    wide density = 0;
    *below = expl(-lambda);
    for (int n = first; n <= last; n++) {
        const wide log_count = n * logl(lambda) - lambda - lgammal(n + 1);
        density += expl(log_count + (n * a - 1) * logl(x) - x - lgammal(n * a) - logl(tau));
        *below += expl(log_count) * gamma_below(n * a, x);
    }
    return logl(density);
}

static void test_tweedie(void **state)
{
    static const double powers[] = { 1.01, 1.05, 1.08, 1.2, 1.5, 1.7, 1.9, 1.99 };
    static const double numbers[] = { 0.01, 0.3, 1, 3, 10, 40, 150, 900 };
    static const double levels[] = { 0.001, 0.02, 0.1, 0.5, 0.7, 0.95, 0.9999 };
    static seqd_tweedie_law law;
    (void)state;
    for (int i = 0; i < 8; i++) {
        seqd_tweedie_law_set(&law, powers[i]);
        for (int n = 0; n < 8; n++) {
            const double mu = 2.5, phi = pow(mu, 2 - powers[i]) / (numbers[n] * (2 - powers[i]));
            seqd_tweedie tweedie;
            wide below;
            seqd_tweedie_set(&tweedie, &law, mu, phi);
            assert_close(tweedie.lambda, numbers[n], 1e-12);
            assert_close(tweedie.zero, exp(-numbers[n]), 1e-10);
            for (int u = 0; u < 7; u++) {
                const double y = seqd_tweedie_quantile(&tweedie, levels[u]);
                if (levels[u] <= tweedie.zero) {
                    assert_true(y == 0);
                    continue;
                }
                if (y < 1e-250) continue; /* as good as 0: near power 2 such sizes are not rare */
                const wide density = compound(powers[i], mu, phi, y, &below);
                assert_true(fabsl(below - (wide)levels[u]) < 1e-6L);
                assert_true(fabsl((wide)seqd_tweedie_log_density(&tweedie, log(y)) - density) < 1e-5L);
                (void)compound(powers[i], mu, phi, 1.1 * y, &below);
                assert_true(fabs(seqd_tweedie_below(&tweedie, 1.1 * y) - (double)below) < 1e-6);
            }
        }
    }
}

/* G has no seams where its ways of being found meet, and its slope is its slope. */
static void test_tweedie_correction(void **state)
{
    static const double powers[] = { 1.02, 1.08, 1.3, 1.5, 1.8, 1.98 };
    static seqd_tweedie_law law;
    (void)state;
    for (int i = 0; i < 6; i++) {
        seqd_tweedie_law_set(&law, powers[i]);
        const double seams[] = { law.first, law.last, law.first + 20.5 * law.step, law.first + 100 * law.step };
        for (int s = 0; s < 4; s++) {
            double left, right, middle, h = 1e-7;
            const double a = seqd_tweedie_correction(&law, seams[s] - h, &left);
            const double b = seqd_tweedie_correction(&law, seams[s] + h, &right);
            (void)seqd_tweedie_correction(&law, seams[s], &middle);
            assert_true(fabs(b - a - 2 * h * middle) < 2e-7);
            assert_true(fabs(left - right) < 2e-3 * (1 + fabs(middle)) * (s == 1 ? 1 : 0.05));
        }
        for (double at = -8; at < 9; at += 0.037) {
            double slope, ignored;
            const double h = 1e-4;
            (void)seqd_tweedie_correction(&law, at, &slope);
            const double rise = seqd_tweedie_correction(&law, at + h, &ignored) -
                                seqd_tweedie_correction(&law, at - h, &ignored);
            assert_true(fabs(rise / (2 * h) - slope) < 2e-3 * (1 + fabs(slope)));
        }
        for (double q = -3; q < 3; q += 0.0137) {
            const wide b = (wide)powers[i] - 1, c = 2 - (wide)powers[i], w = (wide)q;
            const wide want = expl(-b * w) / b + expl(c * w) / c - 1 / (b * c);
            assert_true(fabsl((wide)seqd_tweedie_deviance(powers[i], q) - want) < 1e-11L * want + 1e-16L / (b * c));
        }
    }
}

/* ---- what holds for all ---- */

typedef struct law_case {
    seqd_dist dist;
    seqd_tweedie_law tweedie;
    float p[3];
} law_case;

static law_case *make_cases(int *count)
{
    static law_case cases[20];
    static const struct {
        seqd_dist_kind kind;
        double power, floor;
        float p[3];
    } plans[] = {
        { SEQD_DIST_STUDENT, 0, -INFINITY, { 5, 2, 3 } },      { SEQD_DIST_STUDENT, 0, -INFINITY, { -1, 0.5F, 2.0F } },
        { SEQD_DIST_STUDENT, 0, 0, { 1, 4, 30 } },             { SEQD_DIST_STUDENT, 0, 0, { 1, 4, 1e9F } },
        { SEQD_DIST_ZERO_NEGBIN, 0, 0, { 1.5F, 3, 0.5F } },    { SEQD_DIST_ZERO_NEGBIN, 0, 0, { 0.01F, 4, 2 } },
        { SEQD_DIST_ZERO_NEGBIN, 0, 0, { 600, 700, 0 } },      { SEQD_DIST_ZERO_NEGBIN, 0, 0, { 3, 3, 0.2F } },
        { SEQD_DIST_ZERO_NEGBIN, 0, 0, { 4e8F, 1e9F, 0.01F } }, { SEQD_DIST_TWEEDIE, 1.5, 0, { 2, 1.5F, 0 } },
        { SEQD_DIST_TWEEDIE, 1.5, 0, { 300, 0.2F, 0 } },       { SEQD_DIST_TWEEDIE, 1.1, 0, { 0.3F, 0.7F, 0 } },
        { SEQD_DIST_TWEEDIE, 1.02, 0, { 1.3F, 0.4F, 0 } },     { SEQD_DIST_TWEEDIE, 1.9, 0, { 20, 0.8F, 0 } },
        { SEQD_DIST_TWEEDIE, 1.3, 0, { 1e6F, 50, 0 } },        { SEQD_DIST_TWEEDIE, 1.6, 0, { 1e-4F, 1, 0 } },
    };
    *count = (int)(sizeof plans / sizeof *plans);
    for (int i = 0; i < *count; i++) {
        memset(&cases[i], 0, sizeof cases[i]);
        cases[i].dist.kind = plans[i].kind;
        cases[i].dist.width = plans[i].kind == SEQD_DIST_TWEEDIE ? 2 : 3;
        cases[i].dist.floor = plans[i].floor;
        if (plans[i].power > 0) seqd_tweedie_law_set(&cases[i].tweedie, plans[i].power);
        cases[i].dist.tweedie = &cases[i].tweedie;
        memcpy(cases[i].p, plans[i].p, sizeof cases[i].p);
    }
    return cases;
}

static void test_quantiles_rise_and_invert(void **state)
{
    int count;
    const law_case *cases = make_cases(&count);
    (void)state;
    for (int c = 0; c < count; c++) {
        const seqd_dist *dist = &cases[c].dist;
        double before = -(double)INFINITY;
        for (double u = 0.0005; u < 1; u += 0.0171) {
            const double y = seqd_dist_quantile(dist, cases[c].p, u);
            assert_true(isfinite(y) && y >= before && y >= dist->floor);
            before = y;
            const double mid = seqd_dist_cdf_mid(dist, cases[c].p, y);
            if (dist->kind == SEQD_DIST_ZERO_NEGBIN && cases[c].p[0] < 1e6F) {
                /* a count's jump holds u: what lies below it is less, with it it is enough */
                const double under = y > 0 ? seqd_dist_cdf_mid(dist, cases[c].p, y - 0.5) : 0;
                assert_true(under < u + 1e-9 && 2 * mid - under > u - 1e-9);
            } else if (y > 0 && dist->kind == SEQD_DIST_TWEEDIE) {
                assert_true(fabs(mid - u) < 1e-6);
            } else if (y > dist->floor && dist->kind == SEQD_DIST_STUDENT) {
                assert_true(fabs(mid - u) < 1e-10);
            }
        }
        assert_true(seqd_dist_cdf_mid(dist, cases[c].p, -1e30) < 1e-9);
        assert_true(seqd_dist_cdf_mid(dist, cases[c].p, 1e30) > 1 - 1e-9);
    }
}

#define DRAWS 60000

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/*
 * Draws against quantiles: of n draws the share at or below the quantile of u is within 5 deviations of the probability
 * there, and their mean within 5 of its own (where the law has a variance).
 */
static void test_draws_agree(void **state)
{
    int count;
    const law_case *cases = make_cases(&count);
    const char *id = "only";
    (void)state;
    seqd_context *context;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    double *values = malloc(sizeof(double) * DRAWS);
    assert_non_null(values);
    for (int c = 0; c < count; c++) {
        const seqd_dist *dist = &cases[c].dist;
        seqd_forecast *forecast;
        assert_int_equal(seqd_forecast_new(context, &id, 1, 1, dist, &forecast, NULL), SEQD_OK);
        memcpy(forecast->parameters, cases[c].p, sizeof(float) * (size_t)dist->width);
        assert_int_equal(seqd_forecast_get_paths(forecast, 0, DRAWS, 11, values, NULL), SEQD_OK);
        qsort(values, DRAWS, sizeof *values, ascending);
        double sum = 0, squares = 0;
        for (int i = 0; i < DRAWS; i++) sum += values[i], squares += values[i] * values[i];
        for (double u = 0.02; u < 1; u += 0.0319) {
            const double y = seqd_dist_quantile(dist, cases[c].p, u);
            int below = 0;
            while (below < DRAWS && values[below] <= y * (1 + 1e-12)) below++;
            const double share = (double)below / DRAWS, allowed = 5 * sqrt(u * (1 - u) / DRAWS) + 1e-4;
            assert_true(share > u - allowed);
            const bool smooth = y > 0 && dist->kind == SEQD_DIST_TWEEDIE;
            if (smooth || (dist->kind == SEQD_DIST_STUDENT && y > dist->floor)) assert_true(share < u + allowed);
        }
        const double mean = sum / DRAWS, deviation = sqrt(squares / DRAWS - mean * mean);
        const bool wild = dist->kind == SEQD_DIST_STUDENT && (cases[c].p[2] < 2.5F || dist->floor == 0);
        if (!wild) assert_true(fabs(mean - (double)cases[c].p[0]) < 5 * deviation / sqrt(DRAWS) + 1e-6 * mean);
        if (dist->kind == SEQD_DIST_TWEEDIE) {
            const double want = sqrt((double)cases[c].p[1] * pow((double)cases[c].p[0], dist->tweedie->power));
            assert_true(fabs(deviation / want - 1) < (cases[c].p[0] < 1e-3F ? 0.5 : 0.05));
        }
        seqd_forecast_free(forecast);
    }
    free(values);
    seqd_context_drop(context);
}

static void test_any_parameters(void **state)
{
    static const float ends[] = { -1, 0, 1e-38F, 1e-9F, 1, 1e10F, 1e18F, 3e38F };
    static const double levels[] = { 1e-12, 0.01, 0.5, 0.99, 1 - 1e-12 };
    const char *id = "only";
    (void)state;
    seqd_context *context;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    for (int kind = 0; kind < 4; kind++)
        for (int a = 0; a < 8; a++)
            for (int b = 0; b < 8; b++)
                for (int d = 0; d < (kind < 2 ? 8 : 1); d++) {
                    static seqd_tweedie_law law;
                    seqd_dist dist = { .tweedie = &law, .kind = kind == 0 ? SEQD_DIST_STUDENT : kind == 1 ? SEQD_DIST_ZERO_NEGBIN
                                                                                         : SEQD_DIST_TWEEDIE,
                                       .width = 3 };
                    const float p[] = { ends[a], ends[b], ends[d] };
                    double before = 0, paths[50];
                    seqd_tweedie_law_set(&law, kind == 2 ? 1.5 : 1.03);
                    for (int u = 0; u < 5; u++) {
                        const double y = seqd_dist_quantile(&dist, p, levels[u]);
                        if (!(isfinite(y) && y >= before))
                            fail_msg("kind %d, parameters %g %g %g: quantile %g after %g", kind, (double)p[0],
                                     (double)p[1], (double)p[2], y, before);
                        before = y;
                        const double cdf = seqd_dist_cdf_mid(&dist, p, y);
                        if (!(cdf >= 0 && cdf <= 1))
                            fail_msg("kind %d, parameters %g %g %g: P(Y <= %g) = %g", kind, (double)p[0], (double)p[1],
                                     (double)p[2], y, cdf);
                    }
                    seqd_forecast *forecast;
                    assert_int_equal(seqd_forecast_new(context, &id, 1, 1, &dist, &forecast, NULL), SEQD_OK);
                    memcpy(forecast->parameters, p, sizeof p);
                    assert_int_equal(seqd_forecast_get_paths(forecast, 0, 50, 1, paths, NULL), SEQD_OK);
                    for (int i = 0; i < 50; i++) assert_true(isfinite(paths[i]) && paths[i] >= 0);
                    seqd_forecast_free(forecast);
                }
    seqd_context_drop(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_gamma_half),
        cmocka_unit_test(test_tweedie),
        cmocka_unit_test(test_tweedie_correction),
        cmocka_unit_test(test_quantiles_rise_and_invert),
        cmocka_unit_test(test_draws_agree),
        cmocka_unit_test(test_any_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
