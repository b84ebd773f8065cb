/* SPDX-License-Identifier: Apache-2.0 */
#include "rng.h"

#include <math.h>

seqd_rng seqd_rng_stream(uint64_t seed, uint64_t purpose, uint64_t index)
{
    /* Each part is mixed before the next is added, so that neighbouring seeds and indices do not share streams. */
    uint64_t key = seqd_rng_mix(seed + UINT64_C(0x9e3779b97f4a7c15));
    key = seqd_rng_mix(key + purpose * UINT64_C(0xd1342543de82ef95) + 1);
    key = seqd_rng_mix(key + index * UINT64_C(0x9e3779b97f4a7c15) + 2);
    return (seqd_rng){ key, 0 };
}

uint64_t seqd_rng_below(seqd_rng *rng, uint64_t n)
{
    /* The numbers above the last whole multiple of n are thrown back: every remainder is equally likely. */
    const uint64_t excess = (UINT64_MAX % n + 1) % n;
    uint64_t x;
    do {
        x = seqd_rng_u64(rng);
    } while (x > UINT64_MAX - excess);
    return x % n;
}

double seqd_rng_normal(seqd_rng *rng)
{
    return seqd_normal_quantile(seqd_rng_uniform(rng));
}

double seqd_normal_cdf(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}

static double ratio(const double *top, const double *bottom, double r)
{
    double a = top[7], b = bottom[7];
    for (int i = 6; i >= 0; i--) {
        a = a * r + top[i];
        b = b * r + bottom[i];
    }
    return a / b;
}

/* Algorithm AS 241 (PPND16): three rational approximations, around the middle and in the near and far tail. */
double seqd_normal_quantile(double p)
{
    static const double a[8] = { 3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                 1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                 3.3430575583588128105e+4, 2.5090809287301226727e+3 };
    static const double b[8] = { 1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
                                 2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
                                 5.2264952788528545610e+3 };
    static const double c[8] = { 1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                                 3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                                 2.27238449892691845833e-2, 7.74545014278341407640e-4 };
    static const double d[8] = { 1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                                 1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                                 1.05075007164441684324e-9 };
    static const double e[8] = { 6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                                 2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                 2.71155556874348757815e-5, 2.01033439929228813265e-7 };
    static const double f[8] = { 1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                                 7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                                 2.04426310338993978564e-15 };
    const double q = p - 0.5;
    if (fabs(q) <= 0.425) return q * ratio(a, b, 0.180625 - q * q);
    double r = q < 0 ? p : 1.0 - p;
    if (!(r > 0.0)) return p <= 0.0 ? -(double)INFINITY : p >= 1.0 ? (double)INFINITY : (double)NAN;
    r = sqrt(-log(r));
    const double z = r <= 5.0 ? ratio(c, d, r - 1.6) : ratio(e, f, r - 5.0);
    return q < 0 ? -z : z;
}
