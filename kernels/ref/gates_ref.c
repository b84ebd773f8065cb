/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include <math.h>

#include "scalar_ref.h"

void seqd_ref_lstm_forward(int64_t rows, int64_t h, float *gates, const float *c_prev, float *c, float *tanh_c,
                           float *hidden, int64_t ldh)
{
    for (int64_t row = 0; row < rows; row++) {
        float *gate = gates + row * 4 * h;
        for (int64_t u = 0; u < h; u++) {
            float i = seqd_ref_sigmoid1(gate[u]);
            float f = seqd_ref_sigmoid1(gate[h + u]);
            float g = tanhf(gate[2 * h + u]);
            float o = seqd_ref_sigmoid1(gate[3 * h + u]);
            float cell = i * g;
            if (c_prev != NULL) {
                cell += f * c_prev[row * h + u];
            }
            float t = tanhf(cell);
            gate[u] = i;
            gate[h + u] = f;
            gate[2 * h + u] = g;
            gate[3 * h + u] = o;
            c[row * h + u] = cell;
            if (tanh_c != NULL) {
                tanh_c[row * h + u] = t;
            }
            hidden[row * ldh + u] = o * t;
        }
    }
}

void seqd_ref_lstm_backward(int64_t rows, int64_t h, const float *gates, const float *c_prev, const float *tanh_c,
                            const float *dh, int64_t ldh, float *dc, float *dgates)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = gates + row * 4 * h;
        float *dgate = dgates + row * 4 * h;
        for (int64_t u = 0; u < h; u++) {
            float i = gate[u], f = gate[h + u], g = gate[2 * h + u], o = gate[3 * h + u];
            float t = tanh_c[row * h + u];
            float before = c_prev != NULL ? c_prev[row * h + u] : 0.0f;
            float d = dh[row * ldh + u];
            float cell = dc[row * h + u] + d * o * (1.0f - t * t);
            dgate[u] = cell * g * i * (1.0f - i);
            dgate[h + u] = cell * before * f * (1.0f - f);
            dgate[2 * h + u] = cell * i * (1.0f - g * g);
            dgate[3 * h + u] = d * t * o * (1.0f - o);
            dc[row * h + u] = cell * f;
        }
    }
}

void seqd_ref_gru_forward(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                          float *hidden, int64_t ldh)
{
    for (int64_t row = 0; row < rows; row++) {
        float *x = xg + row * 3 * h;
        const float *y = hg + row * 3 * h;
        for (int64_t u = 0; u < h; u++) {
            float r = seqd_ref_sigmoid1(x[u] + y[u]);
            float z = seqd_ref_sigmoid1(x[h + u] + y[h + u]);
            float n = tanhf(x[2 * h + u] + r * y[2 * h + u]);
            float before = h_prev != NULL ? h_prev[row * ldp + u] : 0.0f;
            x[u] = r;
            x[h + u] = z;
            x[2 * h + u] = n;
            hidden[row * ldh + u] = (1.0f - z) * n + z * before;
        }
    }
}

void seqd_ref_gru_backward(int64_t rows, int64_t h, const float *rzn, const float *hg, const float *h_prev,
                           int64_t ldp, const float *dh, int64_t ldh, float *dxg, float *dhg, float *dh_prev)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *gate = rzn + row * 3 * h;
        const float *y = hg + row * 3 * h;
        float *dx = dxg + row * 3 * h;
        float *dy = dhg + row * 3 * h;
        for (int64_t u = 0; u < h; u++) {
            float r = gate[u], z = gate[h + u], n = gate[2 * h + u];
            float before = h_prev != NULL ? h_prev[row * ldp + u] : 0.0f;
            float d = dh[row * ldh + u];
            float dn = d * (1.0f - z) * (1.0f - n * n);
            float dz = d * (before - n) * z * (1.0f - z);
            float dr = dn * y[2 * h + u] * r * (1.0f - r);
            dx[u] = dy[u] = dr;
            dx[h + u] = dy[h + u] = dz;
            dx[2 * h + u] = dn;
            dy[2 * h + u] = dn * r;
            dh_prev[row * h + u] = d * z;
        }
    }
}
