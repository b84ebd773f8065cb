/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include <math.h>

void seqd_ref_layer_norm(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *gamma, const float *beta,
                         float eps, float *y, int64_t ldy, float *mean, float *rstd)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *from = x + row * ldx;
        float sum = 0.0f, squares = 0.0f;
        for (int64_t i = 0; i < n; i++) {
            sum += from[i];
        }
        const float middle = sum / (float)n;
        for (int64_t i = 0; i < n; i++) {
            squares += (from[i] - middle) * (from[i] - middle);
        }
        const float inverse = 1.0f / sqrtf(squares / (float)n + eps);
        for (int64_t i = 0; i < n; i++) {
            y[row * ldy + i] = (from[i] - middle) * inverse * gamma[i] + beta[i];
        }
        if (mean != NULL) {
            mean[row] = middle;
        }
        if (rstd != NULL) {
            rstd[row] = inverse;
        }
    }
}

/* With g = dy gamma and s = (x - mean) rstd: dx = rstd (g - mean of g - s mean of g s). */
void seqd_ref_layer_norm_backward(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *gamma,
                                  const float *mean, const float *rstd, const float *dy, int64_t ldd, float *dx,
                                  int64_t ldo, float *dgamma, float *dbeta)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *from = x + row * ldx, *d = dy + row * ldd;
        float sum = 0.0f, along = 0.0f;
        for (int64_t i = 0; i < n; i++) {
            const float s = (from[i] - mean[row]) * rstd[row], g = d[i] * gamma[i];
            sum += g;
            along += g * s;
        }
        sum /= (float)n;
        along /= (float)n;
        for (int64_t i = 0; i < n; i++) {
            const float s = (from[i] - mean[row]) * rstd[row], g = d[i] * gamma[i];
            dgamma[i] += d[i] * s;
            dbeta[i] += d[i];
            dx[row * ldo + i] = rstd[row] * (g - sum - s * along);
        }
    }
}
