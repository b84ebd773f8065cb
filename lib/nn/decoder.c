/* SPDX-License-Identifier: Apache-2.0 */
#include "decoder.h"

#include <string.h>

/* Floats of the widest array that are worked on together: half a megabyte, a part of any recent core's own cache. */
#define CHUNK_FLOATS 131072

void seqd_decoder_place_packed(const seqd_kernels *k, const seqd_decoder_shape *shape, seqd_arena *arena,
                               seqd_decoder_packed *packed)
{
    const int64_t wide = (int64_t)shape->horizon * shape->size;
    packed->state = seqd_arena_take(arena, k->gemm_packed_size(shape->hidden, wide), sizeof(float));
    packed->future = seqd_arena_take(arena, k->gemm_packed_size(shape->futures, shape->size), sizeof(float));
    packed->statics = seqd_arena_take(arena, k->gemm_packed_size(shape->statics, shape->size), sizeof(float));
    packed->lag = seqd_arena_take(arena, k->gemm_packed_size(shape->lags, shape->size), sizeof(float));
    packed->output = seqd_arena_take(arena, k->gemm_packed_size(shape->size, shape->width), sizeof(float));
    packed->output_lag = seqd_arena_take(arena, k->gemm_packed_size(shape->lags, shape->width), sizeof(float));
    packed->state_back = seqd_arena_take(arena, k->gemm_packed_size(wide, shape->hidden), sizeof(float));
    packed->statics_back = seqd_arena_take(arena, k->gemm_packed_size(shape->size, shape->statics), sizeof(float));
    packed->output_back = seqd_arena_take(arena, k->gemm_packed_size(shape->width, shape->size), sizeof(float));
}

void seqd_decoder_pack(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_decoder_params *params,
                       int backward, seqd_decoder_packed *packed)
{
    const int64_t wide = (int64_t)shape->horizon * shape->size;
    k->gemm_pack(shape->hidden, wide, params->state, shape->hidden, 1, packed->state);
    k->gemm_pack(shape->futures, shape->size, params->future, shape->futures, 1, packed->future);
    k->gemm_pack(shape->statics, shape->size, params->statics, shape->statics, 1, packed->statics);
    k->gemm_pack(shape->lags, shape->size, params->lag, shape->lags, 1, packed->lag);
    k->gemm_pack(shape->size, shape->width, params->output, shape->size, 1, packed->output);
    k->gemm_pack(shape->lags, shape->width, params->output_lag, shape->lags, 1, packed->output_lag);
    packed->state_bias = params->state_bias;
    packed->output_bias = params->output_bias;
    if (!backward) return;
    k->gemm_pack(wide, shape->hidden, params->state, shape->hidden, 0, packed->state_back);
    k->gemm_pack(shape->size, shape->statics, params->statics, shape->statics, 0, packed->statics_back);
    k->gemm_pack(shape->width, shape->size, params->output, shape->size, 0, packed->output_back);
}

static size_t largest(size_t a, size_t b) { return a > b ? a : b; }

void seqd_decoder_place_work(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_head *head, int train,
                             int32_t steps, int32_t rows, seqd_arena *arena, seqd_decoder_work *work)
{
    const int64_t wide = (int64_t)shape->horizon * shape->size, per_step = rows * wide;
    int64_t chunk = CHUNK_FLOATS / (per_step > 0 ? per_step : 1);
    if (chunk < 1) chunk = 1;
    if (chunk > steps) chunk = steps;
    work->chunk = (int32_t)chunk;

    const size_t forks = (size_t)(chunk * rows), values = forks * (size_t)shape->horizon;
    const size_t positions = (size_t)rows * (size_t)(steps + shape->horizon);
    const int64_t n = (int64_t)forks, v = (int64_t)values;
    work->known = seqd_arena_take(arena, positions * (size_t)shape->size, sizeof(float));
    work->known_grad = seqd_arena_take(arena, train ? positions * (size_t)shape->size : 0, sizeof(float));
    work->row = seqd_arena_take(arena, (size_t)rows * (size_t)shape->size, sizeof(float));
    work->lags = seqd_arena_take(arena, values * (size_t)shape->lags, sizeof(float));
    work->hidden = seqd_arena_take(arena, values * (size_t)shape->size, sizeof(float));
    work->hidden_grad = seqd_arena_take(arena, train ? values * (size_t)shape->size : 0, sizeof(float));
    work->out = seqd_arena_take(arena, values * (size_t)shape->width, sizeof(float));
    work->targets = seqd_arena_take(arena, values, sizeof(float));
    work->weights = seqd_arena_take(arena, values, sizeof(float));
    work->loc = seqd_arena_take(arena, forks, sizeof(float));
    work->scale = seqd_arena_take(arena, forks, sizeof(float));

    size_t scratch = (size_t)seqd_head_scratch(head, v);
    if (train) {
        scratch = largest(scratch, k->gemm_tn_scratch(shape->width, shape->size, v));
        scratch = largest(scratch, k->gemm_tn_scratch(shape->width, shape->lags, v));
        scratch = largest(scratch, k->gemm_tn_scratch(shape->size, shape->lags, v));
        scratch = largest(scratch, k->gemm_tn_scratch(wide, shape->hidden, n));
        scratch = largest(scratch, k->gemm_tn_scratch(shape->size, shape->futures, (int64_t)positions));
        scratch = largest(scratch, k->gemm_tn_scratch(shape->size, shape->statics, rows));
    }
    work->scratch = seqd_arena_take(arena, scratch, sizeof(float));
}

/* F f + G s for the positions of every row that forks from time step `first` on look at. */
static void known_part(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_decoder_packed *packed,
                       const seqd_shard *shard, int32_t first, const float *s, seqd_decoder_work *work)
{
    const int64_t positions = shard->steps + shard->horizon, from = first + 1, size = shape->size;
    for (int64_t r = 0; r < shard->rows; r++)
        k->gemm(positions - from, size, shape->futures, shard->future + (r * positions + from) * shape->futures,
                shape->futures, packed->future, work->known + (r * positions + from) * size, size, 0, NULL);
    if (shape->statics == 0) return;
    k->gemm(shard->rows, size, shape->statics, s, shape->statics, packed->statics, work->row, size, 0, NULL);
    for (int64_t r = 0; r < shard->rows; r++)
        for (int64_t p = from; p < positions; p++)
            k->add(size, work->row + r * size, work->known + (r * positions + p) * size);
}

/* work->hidden and work->out for forks of time steps [first, first + count); h of these. */
static void forward_chunk(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_decoder_packed *packed,
                          const seqd_shard *shard, const seqd_lag_plan *plan, int32_t first, int32_t count,
                          const float *h, seqd_decoder_work *work)
{
    const int64_t rows = shard->rows, horizon = shape->horizon, size = shape->size, wide = horizon * size;
    const int64_t forks = count * rows, values = forks * horizon, positions = shard->steps + horizon;

    k->gemm(forks, wide, shape->hidden, h, shape->hidden, packed->state, work->hidden, wide, 0, packed->state_bias);
    for (int64_t f = 0; f < forks; f++) {
        const int32_t t = first + (int32_t)(f / rows), r = (int32_t)(f % rows);
        k->add(wide, work->known + (r * positions + t + 1) * size, work->hidden + f * wide);
        seqd_shard_lags(shard, plan, r, t, work->lags + f * horizon * shape->lags);
    }
    k->gemm(values, size, shape->lags, work->lags, shape->lags, packed->lag, work->hidden, size, 1, NULL);
    if (!shape->linear) k->relu(values * size, work->hidden, work->hidden);
    k->gemm(values, shape->width, size, work->hidden, size, packed->output, work->out, shape->width, 0,
            packed->output_bias);
    k->gemm(values, shape->width, shape->lags, work->lags, shape->lags, packed->output_lag, work->out, shape->width, 1,
            NULL);
}

static void chunk_targets(const seqd_shard *shard, int32_t first, int32_t count, seqd_decoder_work *work)
{
    const int64_t rows = shard->rows, horizon = shard->horizon, positions = shard->steps + horizon;
    for (int64_t f = 0; f < count * rows; f++) {
        const int64_t t = first + f / rows, r = f % rows;
        const float fork = shard->fork[r * shard->steps + t];
        const float *y = shard->history + r * (shard->past + positions) + shard->past + t + 1;
        const float *w = shard->weight + r * positions + t + 1;
        work->loc[f] = shard->loc[r * (shard->past + shard->steps) + shard->past + t];
        work->scale[f] = shard->scale[r * (shard->past + shard->steps) + shard->past + t];
        for (int64_t i = 0; i < horizon; i++) {
            work->targets[f * horizon + i] = y[i];
            work->weights[f * horizon + i] = fork * w[i];
        }
    }
}

static void backward_chunk(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_decoder_packed *packed,
                           const seqd_shard *shard, int32_t first, int32_t count, const float *h,
                           const seqd_decoder_params *grad, float *dh, seqd_decoder_work *work)
{
    const int64_t rows = shard->rows, horizon = shape->horizon, size = shape->size, wide = horizon * size;
    const int64_t forks = count * rows, values = forks * horizon, positions = shard->steps + horizon;
    const int64_t width = shape->width, lags = shape->lags;

    k->gemm_tn(width, size, values, work->out, width, work->hidden, size, grad->output, size, work->scratch);
    k->gemm_tn(width, lags, values, work->out, width, work->lags, lags, grad->output_lag, lags, work->scratch);
    k->add_rows(values, width, work->out, width, grad->output_bias);

    k->gemm(values, size, width, work->out, width, packed->output_back, work->hidden_grad, size, 0, NULL);
    if (!shape->linear) k->relu_backward(values * size, work->hidden, work->hidden_grad);

    k->gemm_tn(size, lags, values, work->hidden_grad, size, work->lags, lags, grad->lag, lags, work->scratch);
    k->gemm_tn(wide, shape->hidden, forks, work->hidden_grad, wide, h, shape->hidden, grad->state, shape->hidden,
               work->scratch);
    k->add_rows(forks, wide, work->hidden_grad, wide, grad->state_bias);
    for (int64_t f = 0; f < forks; f++) {
        const int64_t t = first + f / rows, r = f % rows;
        k->add(wide, work->hidden_grad + f * wide, work->known_grad + (r * positions + t + 1) * size);
    }
    k->gemm(forks, shape->hidden, wide, work->hidden_grad, wide, packed->state_back, dh, shape->hidden, 0, NULL);
}

/* Gradients of F and G from those of the known part. */
static void known_backward(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_decoder_packed *packed,
                           const seqd_shard *shard, const float *s, const seqd_decoder_params *grad, float *ds,
                           seqd_decoder_work *work)
{
    const int64_t positions = shard->steps + shape->horizon, size = shape->size, rows = shard->rows;
    k->gemm_tn(size, shape->futures, rows * positions, work->known_grad, size, shard->future, shape->futures,
               grad->future, shape->futures, work->scratch);
    if (shape->statics == 0) return;
    memset(work->row, 0, (size_t)(rows * size) * sizeof(float));
    for (int64_t r = 0; r < rows; r++)
        k->add_rows(positions, size, work->known_grad + r * positions * size, size, work->row + r * size);
    k->gemm_tn(size, shape->statics, rows, work->row, size, s, shape->statics, grad->statics, shape->statics,
               work->scratch);
    k->gemm(rows, shape->statics, size, work->row, size, packed->statics_back, ds, shape->statics, 1, NULL);
}

double seqd_decoder_loss(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_head *head,
                         const seqd_decoder_packed *packed, const seqd_shard *shard, const seqd_lag_plan *plan,
                         int32_t first, const float *h, const float *s, float factor, const seqd_decoder_params *grad,
                         float *dh, float *ds, seqd_decoder_work *work)
{
    const int64_t positions = shard->steps + shape->horizon, rows = shard->rows;
    double total = 0.0;

    known_part(k, shape, packed, shard, first, s, work);
    if (grad) memset(work->known_grad, 0, (size_t)(rows * positions * shape->size) * sizeof(float));
    for (int32_t t = first; t < shard->steps; t += work->chunk) {
        const int32_t count = shard->steps - t < work->chunk ? shard->steps - t : work->chunk;
        const int64_t at = (t - first) * rows * shape->hidden;
        forward_chunk(k, shape, packed, shard, plan, t, count, h + at, work);
        chunk_targets(shard, t, count, work);
        const seqd_targets targets = {work->targets, work->weights, work->loc, work->scale};
        total += seqd_head_loss(k, head, count * rows, shape->horizon, work->out, &targets, factor, work->scratch);
        if (grad) backward_chunk(k, shape, packed, shard, t, count, h + at, grad, dh + at, work);
    }
    if (grad) known_backward(k, shape, packed, shard, s, grad, ds, work);
    return total;
}

void seqd_decoder_predict(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_decoder_packed *packed,
                          const seqd_shard *shard, const seqd_lag_plan *plan, const float *h, const float *s,
                          float *out, seqd_decoder_work *work)
{
    known_part(k, shape, packed, shard, shard->steps - 1, s, work);
    forward_chunk(k, shape, packed, shard, plan, shard->steps - 1, 1, h, work);
    memcpy(out, work->out, (size_t)shard->rows * (size_t)shape->horizon * (size_t)shape->width * sizeof(float));
}

void seqd_decoder_slope(const seqd_kernels *k, const seqd_decoder_shape *shape, const seqd_decoder_packed *packed,
                        const seqd_shard *shard, const seqd_lag_plan *plan, int32_t column, const float *h,
                        const float *s, double *value, float *dh, seqd_decoder_work *work)
{
    const int64_t rows = shard->rows, horizon = shape->horizon, size = shape->size, width = shape->width;
    const int64_t values = rows * horizon;
    known_part(k, shape, packed, shard, shard->steps - 1, s, work);
    forward_chunk(k, shape, packed, shard, plan, shard->steps - 1, 1, h, work);
    for (int64_t r = 0; r < rows; r++) {
        value[r] = 0.0;
        for (int64_t i = 0; i < horizon; i++)
            value[r] += (double)work->out[(r * horizon + i) * width + column] / (double)horizon;
    }
    memset(work->out, 0, (size_t)(values * width) * sizeof(float));
    for (int64_t i = 0; i < values; i++) work->out[i * width + column] = 1.0f / (float)horizon;
    k->gemm(values, size, width, work->out, width, packed->output_back, work->hidden_grad, size, 0, NULL);
    if (!shape->linear) k->relu_backward(values * size, work->hidden, work->hidden_grad);
    k->gemm(rows, shape->hidden, horizon * size, work->hidden_grad, horizon * size, packed->state_back, dh,
            shape->hidden, 0, NULL);
}
