/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include <math.h>

#include "scalar_ref.h"

void seqd_ref_rnn_forward(int64_t rows, int64_t h, int relu, const float *gates, float *hidden, int64_t ldh)
{
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t u = 0; u < h; u++) {
            const float x = gates[row * h + u];
            hidden[row * ldh + u] = !relu ? tanhf(x) : x <= 0.0f ? 0.0f : x;
        }
    }
}

void seqd_ref_rnn_backward(int64_t rows, int64_t h, int relu, const float *hidden, int64_t ldh, const float *dh,
                           int64_t ldd, float *dgates)
{
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t u = 0; u < h; u++) {
            const float y = hidden[row * ldh + u], d = dh[row * ldd + u];
            dgates[row * h + u] = !relu ? d * (1.0f - y * y) : y > 0.0f ? d : 0.0f;
        }
    }
}

void seqd_ref_gru_before_gates(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                               float *reset)
{
    for (int64_t row = 0; row < rows; row++) {
        float *x = xg + row * 3 * h;
        for (int64_t u = 0; u < h; u++) {
            const float r = seqd_ref_sigmoid1(x[u] + (hg != NULL ? hg[row * 2 * h + u] : 0.0f));
            const float z = seqd_ref_sigmoid1(x[h + u] + (hg != NULL ? hg[row * 2 * h + h + u] : 0.0f));
            x[u] = r;
            x[h + u] = z;
            reset[row * h + u] = h_prev != NULL ? r * h_prev[row * ldp + u] : 0.0f;
        }
    }
}

void seqd_ref_gru_before_new(int64_t rows, int64_t h, float *xg, const float *un, const float *h_prev, int64_t ldp,
                             float *hidden, int64_t ldh)
{
    for (int64_t row = 0; row < rows; row++) {
        float *x = xg + row * 3 * h;
        for (int64_t u = 0; u < h; u++) {
            const float z = x[h + u];
            const float n = tanhf(x[2 * h + u] + (un != NULL ? un[row * h + u] : 0.0f));
            const float before = h_prev != NULL ? h_prev[row * ldp + u] : 0.0f;
            x[2 * h + u] = n;
            hidden[row * ldh + u] = (1.0f - z) * n + z * before;
        }
    }
}

void seqd_ref_gru_before_new_backward(int64_t rows, int64_t h, const float *rzn, const float *h_prev, int64_t ldp,
                                      const float *dh, int64_t ldd, float *dxg, float *dh_prev)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = rzn + row * 3 * h;
        float *dx = dxg + row * 3 * h;
        for (int64_t u = 0; u < h; u++) {
            const float z = gate[h + u], n = gate[2 * h + u];
            const float before = h_prev != NULL ? h_prev[row * ldp + u] : 0.0f;
            const float d = dh[row * ldd + u];
            dx[h + u] = d * (before - n) * z * (1.0f - z);
            dx[2 * h + u] = d * (1.0f - z) * (1.0f - n * n);
            dh_prev[row * h + u] = d * z;
        }
    }
}

void seqd_ref_gru_before_gates_backward(int64_t rows, int64_t h, const float *rzn, const float *h_prev, int64_t ldp,
                                        const float *dreset, float *dxg, float *dh_prev)
{
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t u = 0; u < h; u++) {
            const float r = rzn[row * 3 * h + u], d = dreset[row * h + u];
            const float before = h_prev != NULL ? h_prev[row * ldp + u] : 0.0f;
            dxg[row * 3 * h + u] = d * before * r * (1.0f - r);
            dh_prev[row * h + u] += d * r;
        }
    }
}
