/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Likelihood heads (and huber) against their definitions in long double: losses, gradients by differences of the
 * definition, what the parameters told mean, extremes, and that gradient descent on data drawn from a law finds it.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "head.h"
#include "rig.h"
#include "rng.h"

typedef long double wide;

#define POWERS 4
static const double powers[POWERS] = {1.05, 1.2, 1.5, 1.85};
static seqd_tweedie_law laws[POWERS];

static const struct {
    seqd_head_kind kind;
    int law;
    const char *name;
} heads[] = {{SEQD_HEAD_HUBER, 0, "huber"},     {SEQD_HEAD_GAUSSIAN, 0, "gaussian"},
             {SEQD_HEAD_STUDENT, 0, "student_t"}, {SEQD_HEAD_POISSON, 0, "poisson"},
             {SEQD_HEAD_ZERO_NEGBIN, 0, "zero-inflated"}, {SEQD_HEAD_TWEEDIE, 0, "tweedie 1.05"},
             {SEQD_HEAD_TWEEDIE, 1, "tweedie 1.2"}, {SEQD_HEAD_TWEEDIE, 2, "tweedie 1.5"},
             {SEQD_HEAD_TWEEDIE, 3, "tweedie 1.85"}};
#define HEADS ((int)(sizeof heads / sizeof heads[0]))

static void make_head(int which, seqd_head *head)
{
    memset(head, 0, sizeof *head);
    head->kind = heads[which].kind;
    head->width = seqd_head_width(head->kind);
    head->delta = 0.75;
    head->tweedie = &laws[heads[which].law];
}

static void make_dist(const seqd_head *head, seqd_dist *dist)
{
    *dist = (seqd_dist){.floor = (double)-INFINITY, .tweedie = head->tweedie, .width = head->width};
    switch (head->kind) {
    case SEQD_HEAD_GAUSSIAN: dist->kind = SEQD_DIST_NORMAL; break;
    case SEQD_HEAD_STUDENT: dist->kind = SEQD_DIST_STUDENT; break;
    case SEQD_HEAD_POISSON: dist->kind = SEQD_DIST_NEGBIN, dist->width = 2; break;
    case SEQD_HEAD_ZERO_NEGBIN: dist->kind = SEQD_DIST_ZERO_NEGBIN; break;
    case SEQD_HEAD_TWEEDIE: dist->kind = SEQD_DIST_TWEEDIE; break;
    default:
        dist->kind = SEQD_DIST_QUANTILES;
        dist->level_count = 3;
        dist->width = 4;
        dist->levels[0] = 0.1, dist->levels[1] = 0.5, dist->levels[2] = 0.9;
    }
}

static double library_loss(int32_t level, const seqd_head *head, float *o, float y, float weight, float loc, float scale,
                           float factor)
{
    float scratch[16];
    const seqd_targets targets = {&y, &weight, &loc, &scale};
    assert_in_range(seqd_head_scratch(head, 1), 0, 16);
    return seqd_head_loss(rig_backend(level)->kernels, head, 1, 1, o, &targets, factor, scratch);
}

static wide softplus(wide x) { return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x)); }

/* -log p, without lgamma(y + 1). */
static wide counts(wide y, wide mu, wide alpha)
{
    wide ratio = 0;
    const wide r = 1 / alpha;
    if (y == floorl(y))
        for (wide i = 1; i < y; i += 1) ratio += log1pl(i * alpha);
    else
        ratio = lgammal(y + r) - lgammal(r) - y * logl(r);
    return -(ratio + (y > 0 ? y * logl(mu) : 0) - (y + r) * log1pl(alpha * mu));
}

/* The compound law: a Poisson number of gamma sizes. */
static wide tweedie(wide p, wide z, wide m, wide phi)
{
    const wide a = (2 - p) / (p - 1), lambda = powl(m, 2 - p) / (phi * (2 - p)), tau = phi * (p - 1) * powl(m, p - 1);
    if (z == 0) return lambda;
    const wide x = z / tau, most = powl(z, 2 - p) / (phi * (2 - p)), reach = 40 + 14 * sqrtl(most);
    wide sum = 0, top = -INFINITY, term[2];
    for (int pass = 0; pass < 2; pass++)
        for (wide n = fmaxl(1, floorl(most - reach)); n < most + reach; n += 1) {
            term[0] = n * logl(lambda) - lgammal(n + 1) + (n * a - 1) * logl(x) - lgammal(n * a);
            if (pass == 0) top = fmaxl(top, term[0]);
            else sum += expl(term[0] - top);
        }
    return -(top + logl(sum) - lambda - x - logl(tau));
}

static wide definition(const seqd_head *head, const wide *o, wide y, wide loc, wide scale)
{
    const wide z = (y - loc) / scale, d = o[0] - z, pi = 3.14159265358979323846L, delta = (wide)head->delta;
    wide s, nu;
    switch (head->kind) {
    case SEQD_HEAD_HUBER: return fabsl(d) <= delta ? d * d / 2 : delta * (fabsl(d) - delta / 2);
    case SEQD_HEAD_GAUSSIAN:
        s = softplus(o[1]) + 0.001L;
        return logl(s) + logl(2 * pi) / 2 + d * d / (2 * s * s);
    case SEQD_HEAD_STUDENT:
        s = softplus(o[1]) + 0.001L;
        nu = 2 + softplus(o[2]);
        return lgammal(nu / 2) - lgammal((nu + 1) / 2) + logl(nu * pi) / 2 + logl(s) +
               (nu + 1) / 2 * log1pl(d * d / (s * s * nu));
    case SEQD_HEAD_POISSON: return scale * softplus(o[0]) - y * logl(scale * softplus(o[0]));
    case SEQD_HEAD_ZERO_NEGBIN: {
        const wide loss = counts(y, scale * softplus(o[0]), softplus(o[1]) / sqrtl(scale)), keep = 1 / (1 + expl(o[2]));
        return y > 0 ? loss - logl(keep) : -logl(1 - keep + keep * expl(-loss));
    }
    default: return tweedie((wide)head->tweedie->power, z, softplus(o[0]), softplus(o[1]) + 0.001L);
    }
}

static void expect_near(const char *what, int32_t level, double have, wide expected, wide allowed)
{
    if (!(fabsl((wide)have - expected) <= allowed))
        fail_msg("%s, kernels %s: %.9g instead of %.9Lg (allowed: %.2Lg)", what, rig_backend_name(level), have, expected,
                 allowed);
}

/* One point on every level: the loss, and each slope by differences of fourth order. */
static void check(int which, const float *o, float y, float loc, float scale)
{
    seqd_head head;
    wide at[3];
    char what[160];
    make_head(which, &head);
    for (int i = 0; i < head.width; i++) at[i] = (wide)o[i];
    const wide expected = definition(&head, at, (wide)y, (wide)loc, (wide)scale);
    snprintf(what, sizeof what, "%s at %g %g %g, y %g, scale %g: ", heads[which].name, (double)o[0],
             head.width > 1 ? (double)o[1] : 0.0, head.width > 2 ? (double)o[2] : 0.0, (double)y, (double)scale);
    const size_t used = strlen(what);
    wide slope[3], most = 0;
    for (int i = 0; i < head.width; i++) {
        wide f[4];
        for (int j = 0; j < 4; j++) {
            const wide step = (wide)(j < 2 ? j - 2 : j - 1) * 5e-4L;
            at[i] = (wide)o[i] + step;
            f[j] = definition(&head, at, (wide)y, (wide)loc, (wide)scale);
        }
        at[i] = (wide)o[i];
        slope[i] = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (5e-4L * 12);
        most = fmaxl(most, fabsl(slope[i]) * (1 + fabsl((wide)o[i])));
    }
    /* outputs are float32 and so are softplus and sigmoid of them; a Tweedie's correction has knots */
    const bool knots = head.kind == SEQD_HEAD_TWEEDIE;
    for (int32_t level = 0; rig_backend(level); level++) {
        float out[3];
        memcpy(out, o, (size_t)head.width * sizeof *out);
        const double loss = library_loss(level, &head, out, y, 1.0f, loc, scale, 1.0f);
        snprintf(what + used, sizeof what - used, "loss");
        expect_near(what, level, loss, expected, 5e-7L * (fabsl(expected) + most) + (knots ? 1e-5L : 1e-6L));
        for (int i = 0; i < head.width; i++) {
            snprintf(what + used, sizeof what - used, "slope %d", i);
            expect_near(what, level, (double)out[i], slope[i],
                        4e-6L * (fabsl(slope[i]) + 0.3L * most) + (knots ? 3e-5L : 1e-6L) * (1 + fabsl(slope[i])));
        }
    }
}

static void test_definitions(void **state)
{
    (void)state;
    for (int which = 0; which < HEADS; which++) {
        seqd_rng rng = seqd_rng_stream(3, 1, (uint64_t)which);
        const bool positive = heads[which].kind >= SEQD_HEAD_POISSON;
        for (int i = 0; i < 600; i++) {
            float o[3];
            for (int j = 0; j < 3; j++) o[j] = (float)(1.5 * seqd_rng_normal(&rng));
            const float scale = (float)exp(1.5 * seqd_rng_normal(&rng));
            const float loc = positive ? 0.0f : (float)(3 * seqd_rng_normal(&rng));
            float y = (float)((double)scale * (positive ? exp(seqd_rng_normal(&rng)) : 2 * seqd_rng_normal(&rng)));
            if (positive) {
                if (i % 3 == 0) y = 0.0f;
                if (i % 3 == 1 || heads[which].kind == SEQD_HEAD_ZERO_NEGBIN) y = floorf(y);
            } else {
                y += loc;
            }
            if (heads[which].kind == SEQD_HEAD_HUBER) {
                const double d = fabs((double)o[0] - ((double)y - (double)loc) / (double)scale);
                if (fabs(d - 0.75) < 0.01) continue; /* the second derivative jumps there */
            }
            check(which, o, y, loc, scale);
        }
    }
}

/* Nothing may leave the range of float32, whatever the network says and the data are. */
static void test_extremes(void **state)
{
    static const float ends[] = {-3e38f, -1e10f, -1e4f, -700.0f, -100.0f, -20.0f, 0.0f, 20.0f, 100.0f, 1e4f, 1e10f, 3e38f};
    static const float values[] = {0.0f, 1e-38f, 1.0f, 7.5f, 1e10f, 3e38f};
    static const float scales[] = {1e-30f, 1e-3f, 1.0f, 1e6f, 1e30f};
    const double spread[3] = {-1, 0, 1};
    (void)state;
    for (int32_t level = 0; level < seqd_kernels_count(); level++)
        for (int which = 0; which < HEADS && !rig_repeats(level); which++) {
            seqd_head head;
            seqd_dist dist;
            make_head(which, &head);
            make_dist(&head, &dist);
            for (int at = 0; at < 12 * 12 * 12; at++) {
                const float o[3] = {ends[at % 12], ends[at / 12 % 12], ends[at / 144]};
                if (head.width < 3 && at >= 144) break;
                for (int s = 0; s < 5; s++) {
                    float p[4], scratch[16];
                    seqd_head_parameters(rig_backend(level)->kernels, &head, &dist, 1, o, 0.0, (double)scales[s], spread,
                                         NULL, scratch, p);
                    for (int j = 0; j < dist.width; j++)
                        if (!isfinite(p[j])) fail_msg("%s: parameter %d is %g", heads[which].name, j, (double)p[j]);
                    if (seqd_head_is_positive(&head)) assert_true(p[0] >= 0.0f && p[1] >= 0.0f);
                    for (int v = 0; v < 6; v++) {
                        float out[3];
                        memcpy(out, o, sizeof out);
                        const double loss = library_loss(level, &head, out, values[v], 1.0f, 0.0f, scales[s], 1.0f);
                        if (head.kind != SEQD_HEAD_HUBER && !isfinite(loss))
                            fail_msg("%s at %g %g %g, y %g, scale %g: loss %g", heads[which].name, (double)o[0],
                                     (double)o[1], (double)o[2], (double)values[v], (double)scales[s], loss);
                        for (int j = 0; j < head.width; j++)
                            if (!isfinite(out[j]))
                                fail_msg("%s at %g %g %g, y %g, scale %g: slope %d is %g", heads[which].name,
                                         (double)o[0], (double)o[1], (double)o[2], (double)values[v], (double)scales[s],
                                         j, (double)out[j]);
                    }
                }
            }
        }
}

static void test_masked(void **state)
{
    (void)state;
    for (int which = 0; which < HEADS; which++) {
        seqd_head head;
        make_head(which, &head);
        float out[3] = {1, 2, 3};
        assert_true(library_loss(0, &head, out, NAN, 0.0f, 0.0f, 1.0f, 1.0f) == 0.0);
        for (int j = 0; j < head.width; j++) assert_true(out[j] == 0.0f);
    }
}

/* The scale rules: the loss of c y on the scale c is that of y on the scale 1, but for what the unit of a density adds. */
static void test_scale_rules(void **state)
{
    (void)state;
    for (int which = 0; which < HEADS; which++) {
        seqd_head head;
        seqd_dist dist;
        make_head(which, &head);
        make_dist(&head, &dist);
        const float o[3] = {0.7f, -0.4f, 0.3f};
        const double spread[3] = {-1, 0, 1};
        float p[2][4], scratch[16];
        for (int i = 0; i < 2; i++)
            seqd_head_parameters(rig_backend(0)->kernels, &head, &dist, 1, o, 0.0, i ? 16.0 : 1.0, spread, NULL, scratch,
                                 p[i]);
        assert_true(fabs((double)p[1][0] / (16.0 * (double)p[0][0]) - 1) < 1e-6);
        double rise = 16.0;
        if (head.kind == SEQD_HEAD_TWEEDIE) rise = pow(16.0, 2 - head.tweedie->power);
        if (head.kind == SEQD_HEAD_POISSON) continue;
        assert_true(fabs((double)p[1][1] / (rise * (double)p[0][1]) - 1) < 1e-6);
        if (head.kind == SEQD_HEAD_ZERO_NEGBIN) assert_true(fabs((double)p[1][2] / (0.25 * (double)p[0][2]) - 1) < 1e-6);
        if (head.kind == SEQD_HEAD_STUDENT) assert_true(p[1][2] == p[0][2]);
        if (heads[which].kind >= SEQD_HEAD_POISSON && head.kind != SEQD_HEAD_TWEEDIE) continue; /* counts have a unit */
        float a[3], b[3];
        memcpy(a, o, sizeof a);
        memcpy(b, o, sizeof b);
        const double one = library_loss(0, &head, a, 2.0f, 1.0f, 0.0f, 1.0f, 1.0f);
        const double other = library_loss(0, &head, b, 32.0f, 1.0f, 0.0f, 16.0f, 1.0f);
        assert_true(fabs(one - other) < 1e-6 * (1 + fabs(one)));
        for (int j = 0; j < head.width; j++) assert_true(fabsf(a[j] - b[j]) < 1e-6f * (1 + fabsf(a[j])));
    }
}

#define DRAWS 20000
#define STEPS 240

/*
 * Draws of sample paths with known parameters, and the head's own loss minimised over one vector o: each parameter comes
 * back within five deviations of its estimate (these figures hold for DRAWS draws).
 */
static void test_recovery(void **state)
{
    static const struct {
        int which;
        float p[3];      /* as the distribution takes them */
        double allowed[3]; /* relative */
    } cases[] = {
        {1, {3.0f, 1.5f, 0}, {0.02, 0.03, 0}},       {2, {-2.0f, 0.8f, 4.0f}, {0.02, 0.05, 0.2}},
        {3, {2.4f, 0, 0}, {0.03, 0, 0}},             {4, {1.2f, 3.0f, 0.7f}, {0.06, 0.06, 0.2}},
        {5, {1.3f, 0.5f, 0}, {0.04, 0.04, 0}},       {6, {2.0f, 0.8f, 0}, {0.04, 0.04, 0}},
        {7, {1.5f, 1.2f, 0}, {0.05, 0.04, 0}},       {8, {4.0f, 0.6f, 0}, {0.05, 0.04, 0}},
    };
    const char *id = "only";
    seqd_context *context;
    (void)state;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    static double draws[DRAWS];
    static float y[DRAWS], weight[DRAWS], loc[DRAWS], scale[DRAWS], out[3 * DRAWS], scratch[6 * DRAWS];
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        seqd_head head;
        seqd_dist dist;
        make_head(cases[c].which, &head);
        make_dist(&head, &dist);
        seqd_forecast *forecast;
        assert_int_equal(seqd_forecast_new(context, &id, 1, 1, &dist, &forecast, NULL), SEQD_OK);
        memcpy(forecast->parameters, cases[c].p, sizeof(float) * (size_t)dist.width);
        assert_int_equal(seqd_forecast_get_paths(forecast, 0, DRAWS, 5, draws, NULL), SEQD_OK);
        seqd_forecast_free(forecast);
        for (int i = 0; i < DRAWS; i++) y[i] = (float)draws[i], weight[i] = 1.0f, loc[i] = 0.0f, scale[i] = 2.0f;
        float o[3];
        double first[3] = {0}, second[3] = {0};
        seqd_head_init_bias(&head, o);
        const seqd_targets targets = {y, weight, loc, scale};
        for (int step = 1; step <= STEPS; step++) { /* Adam, ever slower */
            for (int i = 0; i < DRAWS; i++) memcpy(out + i * head.width, o, (size_t)head.width * sizeof *o);
            (void)seqd_head_loss(rig_backend(step % 25 ? 1 : 0)->kernels, &head, DRAWS, 1, out, &targets, 1.0f / DRAWS, scratch);
            for (int j = 0; j < head.width; j++) {
                double g = 0;
                for (int i = 0; i < DRAWS; i++) g += (double)out[i * head.width + j];
                first[j] = 0.9 * first[j] + 0.1 * g;
                second[j] = 0.99 * second[j] + 0.01 * g * g;
                const double m = first[j] / (1 - pow(0.9, step)), v = second[j] / (1 - pow(0.99, step));
                o[j] -= (float)(0.1 * (step < STEPS / 2 ? 1 : (STEPS - step) / (STEPS / 2.0)) * m / (sqrt(v) + 1e-9));
            }
        }
        float p[3];
        seqd_head_parameters(rig_backend(0)->kernels, &head, &dist, 1, o, 0.0, 2.0, NULL, NULL, scratch, p);
        for (int j = 0; j < dist.width; j++) {
            const double have = (double)p[j], want = (double)cases[c].p[j];
            if (want == 0) continue;
            if (!(fabs(have / want - 1) < cases[c].allowed[j]))
                fail_msg("%s: parameter %d is %g, drawn with %g", heads[cases[c].which].name, j, have, want);
        }
    }
    seqd_context_drop(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definitions), cmocka_unit_test(test_extremes), cmocka_unit_test(test_masked),
        cmocka_unit_test(test_scale_rules), cmocka_unit_test(test_recovery),
    };
    for (int i = 0; i < POWERS; i++) seqd_tweedie_law_set(&laws[i], powers[i]);
    return cmocka_run_group_tests_name("head laws", tests, NULL, NULL);
}
