/* SPDX-License-Identifier: Apache-2.0 */
#include "student.h"

#include <math.h>

#include "beta.h"
#include "rng.h"

#define NEARLY_NORMAL 1e7
#define LEAST_FREEDOM 0.1

/*
 * The asymptotic series (Tricomi & Erdelyi 1951, the ratio of two gamma functions), after the recurrence up to 8, in
 * which the logarithm is taken once, of a product.
 */
double seqd_gamma_half(double x, double *slope)
{
    double product = 1, sum = 0;
    const double start = x;
    for (; x < 8; x++) {
        product *= x / (x + 0.5);
        sum += 0.5 / (x * (x + 0.5)); /* 1/x - 1/(x + 1/2) */
    }
    const double i = 1 / x, i2 = i * i;
    const double series = i * (-1.0 / 8 + i2 * (1.0 / 192 - i2 * (1.0 / 640 - i2 * (17.0 / 14336 - i2 * 31.0 / 18432))));
    const double derivative =
        i2 * (1.0 / 8 - i2 * (3.0 / 192 - i2 * (5.0 / 640 - i2 * (119.0 / 14336 - i2 * 279.0 / 18432))));
    *slope = derivative + sum - 0.5 * (x - start) / (start * x); /* (1/x - 1/start) / 2 */
    return series + log(product * sqrt(x / start));
}

/* x^(nu/2) y^(1/2) / B(nu/2, 1/2) with x = nu / (nu + t^2). */
static double beta_factor(double nu, double t)
{
    double ignored;
    const double w = t * t / nu;
    return exp(seqd_gamma_half(0.5 * nu, &ignored) - 0.5 * (nu + 1) * log1p(w)) * t * 0.39894228040143267794;
}

double seqd_student_above(double nu, double t)
{
    if (nu > NEARLY_NORMAL) return seqd_normal_cdf(-t);
    if (!(nu > LEAST_FREEDOM)) nu = LEAST_FREEDOM;
    if (t < 0) return 1 - seqd_student_above(nu, -t);
    if (t == 0) return 0.5;
    if (t > 1e150) return seqd_student_above(nu, 1e150) * pow(1e150 / t, nu); /* a pure power out there */
    const double a = 0.5 * nu, square = t * t, x = nu / (nu + square), y = square / (nu + square);
    /* a - (a + b) x for both ends: no cancellation, both are multiples of 1 - t^2 or t^2 - 1 */
    const double lambda = 0.5 * nu * (square - 1) / (nu + square);
    if (square > 1) return 0.5 * beta_factor(nu, t) * seqd_beta_fraction(x, y, a, 0.5, lambda);
    return 0.5 - 0.5 * beta_factor(nu, t) * seqd_beta_fraction(y, x, 0.5, a, -lambda);
}

static double density(double nu, double t)
{
    double ignored;
    return exp(seqd_gamma_half(0.5 * nu, &ignored) - 0.5 * (nu + 1) * log1p(t * t / nu)) * 0.39894228040143267794;
}

/*
 * From the approximation of Gaver & Kafadar 1984, Newton's method: on the tail near the middle, where it is convex,
 * on the logarithm of the tail against that of t further out, where it is nearly a line.
 */
double seqd_student_quantile(double nu, double u)
{
    if (!(nu > LEAST_FREEDOM)) nu = LEAST_FREEDOM;
    const double z = seqd_normal_quantile(u);
    if (nu > NEARLY_NORMAL || z == 0) return z;
    const double tail = u < 0.5 ? u : 1 - u;
    const double g = nu > 1.6 ? (nu - 1.5) / ((nu - 1) * (nu - 1)) : 1;
    double t = sqrt(nu * expm1(fmin(z * z * g, 300)));
    for (int i = 0; i < 60; i++) {
        const double above = seqd_student_above(nu, t), slope = density(nu, t), before = t;
        if (t < 1 || !(above > 0))
            t = fmax(t + (above - tail) / slope, 0.5 * t);
        else
            t *= exp(fmax(-3, fmin(3, log(above / tail) * above / (t * slope))));
        if (fabs(t - before) <= 1e-13 * before) break;
    }
    return u < 0.5 ? -t : t;
}
