/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <math.h>
#include <string.h>

void seqd_pool_place(const seqd_pool_shape *shape, bool train, int32_t steps, int32_t rows, seqd_arena *arena,
                     seqd_pool_work *work)
{
    const size_t values = shape->pooling == SEQD_POOL_LAST ? 0 : (size_t)rows * (size_t)shape->width;
    const bool attention = shape->pooling == SEQD_POOL_ATTENTION;
    work->out = seqd_arena_take(arena, values, sizeof(float));
    work->weights = seqd_arena_take(arena, attention ? (size_t)rows * (size_t)steps : 0, sizeof(float));
    work->slopes = seqd_arena_take(arena, attention && train ? (size_t)steps : 0, sizeof(float));
    work->where = seqd_arena_take(arena, shape->pooling == SEQD_POOL_MAX ? values : 0, sizeof(int32_t));
}

static float query_factor(const seqd_pool_shape *shape) { return 1.0f / sqrtf((float)shape->width); }

static void mean_forward(const seqd_kernels *k, int64_t width, int32_t rows, const int32_t *length, const float *h,
                         float *out)
{
    memset(out, 0, (size_t)(rows * width) * sizeof *out);
    for (int32_t r = 0; r < rows; r++) {
        if (length[r] < 1) continue;
        k->add_rows(length[r], width, h + r * width, rows * width, out + r * width);
        k->scale(width, 1.0f / (float)length[r], out + r * width);
    }
}

static void max_forward(int64_t width, int32_t rows, const int32_t *length, const float *h, float *out, int32_t *where)
{
    for (int32_t r = 0; r < rows; r++) {
        float *most = out + r * width;
        int32_t *at = where + r * width;
        for (int64_t u = 0; u < width; u++) {
            most[u] = length[r] > 0 ? h[r * width + u] : 0.0f;
            at[u] = 0;
        }
        for (int32_t t = 1; t < length[r]; t++) {
            const float *state = h + ((int64_t)t * rows + r) * width;
            for (int64_t u = 0; u < width; u++) {
                const int above = state[u] > most[u];
                at[u] = above ? t : at[u];
                most[u] = above ? state[u] : most[u];
            }
        }
    }
}

const float *seqd_pool_forward(const seqd_kernels *k, const seqd_pool_shape *shape, int32_t steps, int32_t rows,
                               const int32_t *length, const float *h, const float *query, seqd_pool_work *work)
{
    const int64_t width = shape->width;
    if (shape->pooling == SEQD_POOL_MEAN) mean_forward(k, width, rows, length, h, work->out);
    if (shape->pooling == SEQD_POOL_MAX) max_forward(width, rows, length, h, work->out, work->where);
    if (shape->pooling != SEQD_POOL_ATTENTION) return work->out;
    for (int32_t r = 0; r < rows; r++)
        k->row_dots(0, length[r], width, query_factor(shape), query, h + r * width, rows * width,
                    work->weights + (int64_t)r * steps);
    k->softmax(rows, steps, work->weights, steps, NULL, length, work->weights, steps);
    for (int32_t r = 0; r < rows; r++)
        k->weighted_sum(0, length[r], width, work->weights + (int64_t)r * steps, h + r * width, rows * width,
                        work->out + r * width, 0);
    return work->out;
}

static void attention_backward(const seqd_kernels *k, const seqd_pool_shape *shape, int32_t steps, int32_t rows,
                               const int32_t *length, const float *h, const float *query, const float *dout, float *dh,
                               float *dquery, const seqd_pool_work *work)
{
    const int64_t width = shape->width, stride = rows * width;
    const float factor = query_factor(shape);
    float *slopes = work->slopes;
    for (int32_t r = 0; r < rows; r++) {
        const float *weights = work->weights + (int64_t)r * steps, *from = dout + r * width;
        const int32_t n = length[r];
        k->row_dots(0, n, width, 1.0f, from, h + r * width, stride, slopes);
        k->softmax_backward(1, n, weights, steps, NULL, NULL, slopes, steps, slopes, steps);
        k->scale(n, factor, slopes);
        k->weighted_sum(0, n, width, slopes, h + r * width, stride, dquery, 1);
        k->add_outer(0, n, width, 1.0f, weights, from, dh + r * width, stride);
        k->add_outer(0, n, width, 1.0f, slopes, query, dh + r * width, stride);
    }
}

void seqd_pool_backward(const seqd_kernels *k, const seqd_pool_shape *shape, int32_t steps, int32_t rows,
                        const int32_t *length, const float *h, const float *query, const float *dout, float *dh,
                        float *dquery, const seqd_pool_work *work)
{
    const int64_t width = shape->width, stride = rows * width;
    memset(dh, 0, (size_t)(steps * stride) * sizeof *dh);
    if (shape->pooling == SEQD_POOL_ATTENTION)
        attention_backward(k, shape, steps, rows, length, h, query, dout, dh, dquery, work);
    for (int32_t r = 0; r < rows && shape->pooling == SEQD_POOL_MEAN; r++)
        for (int32_t t = 0; t < length[r]; t++) {
            float *to = dh + t * stride + r * width;
            k->add(width, dout + r * width, to);
            k->scale(width, 1.0f / (float)length[r], to);
        }
    for (int32_t r = 0; r < rows && shape->pooling == SEQD_POOL_MAX; r++)
        for (int64_t u = 0; u < width; u++)
            if (length[r] > 0) dh[work->where[r * width + u] * stride + r * width + u] = dout[r * width + u];
}
