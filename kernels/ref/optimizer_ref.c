/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include <math.h>

void seqd_ref_sgd(int64_t n, float *w, const float *g, float *v, float factor, float rate, float momentum)
{
    for (int64_t i = 0; i < n; i++) {
        v[i] = momentum * v[i] + factor * g[i];
        w[i] -= rate * v[i];
    }
}

void seqd_ref_adam(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1,
                   float b2, float eps, float c1, float c2)
{
    float step = rate / c1;
    for (int64_t i = 0; i < n; i++) {
        float d = factor * g[i];
        m[i] = b1 * m[i] + (1.0f - b1) * d;
        v[i] = b2 * v[i] + (1.0f - b2) * (d * d);
        w[i] -= step * m[i] / (sqrtf(v[i] / c2) + eps);
    }
}

void seqd_ref_adamw(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1,
                    float b2, float eps, float c1, float c2, float decay)
{
    const float shrink = rate * decay;
    for (int64_t i = 0; i < n; i++) {
        w[i] -= shrink * w[i];
    }
    seqd_ref_adam(n, w, g, m, v, factor, rate, b1, b2, eps, c1, c2);
}

void seqd_ref_rmsprop(int64_t n, float *w, const float *g, float *v, float *b, float factor, float rate, float rho,
                      float momentum, float eps)
{
    for (int64_t i = 0; i < n; i++) {
        float d = factor * g[i];
        v[i] = rho * v[i] + (1.0f - rho) * (d * d);
        float move = d / (sqrtf(v[i]) + eps);
        if (b != NULL) {
            move += momentum * b[i];
            b[i] = move;
        }
        w[i] -= rate * move;
    }
}

void seqd_ref_blend(int64_t n, float a, float *y, float b, const float *x)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = a * y[i] + b * x[i];
    }
}

void seqd_ref_penalty(int64_t n, float l1, float l2, const float *w, float *g)
{
    for (int64_t i = 0; i < n; i++) {
        float sign = w[i] > 0.0f ? l1 : w[i] < 0.0f ? -l1 : 0.0f;
        g[i] += sign + l2 * w[i];
    }
}
