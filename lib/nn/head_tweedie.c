/* SPDX-License-Identifier: Apache-2.0 */
#include "head_laws.h"

#define LOG_TWO_PI 1.83787706640934548356

/*
 * The density of tweedie.h for z = y / scale, of powers that have no table: the others go through the kernels. Its
 * derivatives by log m and log phi need nothing more than the density itself: (m - z) m^(1-p) / phi, and 1/2 - deviance + G'.
 */
double seqd_tweedie_loss(const seqd_tweedie_law *law, const seqd_head_pass *pass)
{
    const seqd_targets *t = pass->targets;
    const double b = law->power - 1.0, c = 2.0 - law->power, log_c = log(c);
    double total = 0.0;
    for (int64_t f = 0; f < pass->forks; f++) {
        const double inverse = 1.0 / (double)t->scale[f];
        for (int64_t i = f * pass->horizon; i < (f + 1) * pass->horizon; i++) {
            const float *value = pass->value + 2 * i, *slope = pass->slope + 2 * i;
            float *o = pass->out + 2 * i;
            if (!(t->weight[i] > 0.0f)) {
                o[0] = o[1] = 0.0f;
                continue;
            }
            const double z = (double)t->y[i] * inverse, w = (double)t->weight[i], factor = (double)pass->factor * w;
            const double phi = (double)value[1] + SEQD_LEAST_SPREAD, over = 1.0 / phi;
            double share;
            const double log_m = fmax(seqd_log_softplus(o[0], value[0], slope[0], &share), SEQD_LAW_LEAST_LOG_MEAN);
            const double m_c = exp(c * log_m), zeros = m_c / c * over; /* mean number of sizes */
            double loss = zeros, dlog_m = c * zeros, dlog_phi = -zeros;
            if (z > 0.0) {
                const double log_z = log(z), log_phi = log(phi), q = log_m - log_z;
                const double m = o[0] < -15.0f ? exp(log_m) : (double)value[0], z_c = exp(c * log_z);
                /* the deviance by its definition: what is left to the series is where its terms cancel */
                const double distance =
                    over * (fabs(q) > 0.1 ? (z / m / b + 1.0 / c) * m_c - z_c / (b * c)
                                          : z_c * seqd_tweedie_deviance(law->power, q));
                double bend;
                const double g = seqd_tweedie_correction(law, c * log_z - log_phi - log_c, &bend);
                loss = 0.5 * (LOG_TWO_PI + log_phi + law->power * log_z) + distance - g;
                dlog_m = c * zeros * ((m - z) / m);
                dlog_phi = 0.5 - distance + bend;
            }
            total += w * loss;
            o[0] = seqd_slope(factor * dlog_m * share);
            o[1] = seqd_slope(factor * dlog_phi * over) * slope[1];
        }
    }
    return total;
}
