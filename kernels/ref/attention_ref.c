/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include <math.h>

/* Beyond this a number of a query or a key counts as this: exp(2 x) of it is still a normal float. */
#define FARTHEST 43.0f

void seqd_ref_softmax(int64_t rows, int64_t n, const float *x, int64_t ldx, const int32_t *begin, const int32_t *end,
                      float *y, int64_t ldy)
{
    for (int64_t row = 0; row < rows; row++) {
        const int64_t first = begin != NULL ? begin[row] : 0, last = end != NULL ? end[row] : n;
        const float *from = x + row * ldx;
        float *to = y + row * ldy, most = -INFINITY, sum = 0.0f;
        for (int64_t j = first; j < last; j++) {
            most = from[j] > most ? from[j] : most;
        }
        for (int64_t j = 0; j < n; j++) {
            to[j] = j >= first && j < last ? expf(from[j] - most) : 0.0f;
            sum += to[j];
        }
        for (int64_t j = first; j < last; j++) {
            to[j] /= sum;
        }
    }
}

void seqd_ref_softmax_backward(int64_t rows, int64_t n, const float *y, int64_t ldy, const int32_t *begin,
                               const int32_t *end, const float *dy, int64_t ldd, float *dx, int64_t ldx)
{
    for (int64_t row = 0; row < rows; row++) {
        const int64_t first = begin != NULL ? begin[row] : 0, last = end != NULL ? end[row] : n;
        float sum = 0.0f;
        for (int64_t j = first; j < last; j++) {
            sum += y[row * ldy + j] * dy[row * ldd + j];
        }
        for (int64_t j = 0; j < n; j++) {
            const int inside = j >= first && j < last;
            dx[row * ldx + j] = inside ? y[row * ldy + j] * (dy[row * ldd + j] - sum) : 0.0f;
        }
    }
}

void seqd_ref_attention_additive_prepare(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = x[i] > FARTHEST ? FARTHEST : x[i] < -FARTHEST ? -FARTHEST : x[i];
    }
}

void seqd_ref_attention_additive_forward(int64_t begin, int64_t end, int64_t size, const float *q, const float *keys,
                                         int64_t ldk, const float *v, float *e)
{
    for (int64_t j = begin; j < end; j++) {
        float sum = 0.0f;
        for (int64_t u = 0; u < size; u++) {
            sum += v[u] * tanhf(q[u] + keys[j * ldk + u]);
        }
        e[j] = sum;
    }
}

void seqd_ref_attention_additive_backward(int64_t begin, int64_t end, int64_t size, const float *q, const float *keys,
                                          int64_t ldk, const float *v, const float *de, float *dq, float *dkeys,
                                          int64_t lddk, float *dv)
{
    for (int64_t u = 0; u < size; u++) {
        float query = 0.0f, weight = 0.0f;
        for (int64_t j = begin; j < end; j++) {
            const float t = tanhf(q[u] + keys[j * ldk + u]);
            const float d = de[j] * v[u] * (1.0f - t * t);
            query += d;
            weight += de[j] * t;
            dkeys[j * lddk + u] += d;
        }
        dq[u] = query;
        dv[u] += weight;
    }
}

void seqd_ref_weighted_sum(int64_t begin, int64_t end, int64_t size, const float *a, const float *values, int64_t ldv,
                           float *y, int accumulate)
{
    for (int64_t u = 0; u < size; u++) {
        float sum = accumulate ? y[u] : 0.0f;
        for (int64_t j = begin; j < end; j++) {
            sum += a[j] * values[j * ldv + u];
        }
        y[u] = sum;
    }
}

void seqd_ref_row_dots(int64_t begin, int64_t end, int64_t size, float factor, const float *x, const float *values,
                       int64_t ldv, float *e)
{
    for (int64_t j = begin; j < end; j++) {
        float sum = 0.0f;
        for (int64_t u = 0; u < size; u++) {
            sum += x[u] * values[j * ldv + u];
        }
        e[j] = factor * sum;
    }
}

void seqd_ref_add_outer(int64_t begin, int64_t end, int64_t size, float factor, const float *a, const float *x,
                        float *values, int64_t ldv)
{
    for (int64_t j = begin; j < end; j++) {
        const float weight = factor * a[j];
        for (int64_t u = 0; u < size; u++) {
            values[j * ldv + u] += weight * x[u];
        }
    }
}
