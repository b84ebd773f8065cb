/* SPDX-License-Identifier: Apache-2.0 */
#include "embed.h"

#include <string.h>

#include "status.h"

int32_t seqd_embed_width(const seqd_embed_shape *shape)
{
    int32_t width = shape->inputs;
    for (int32_t c = 0; c < shape->tokens; c++) width += shape->size[c];
    return width;
}

int32_t seqd_embed_declare(const seqd_embed_shape *shape, seqd_tensors *tensors, int32_t *first, seqd_error *error)
{
    *first = tensors->count;
    for (int32_t c = 0; c < shape->tokens; c++)
        SEQD_CHECK(seqd_tensors_matrix(tensors, (seqd_tensor_name){"embedding.", c, ".weight"},
                                       (int64_t)shape->cardinality[c] + 1, shape->size[c], SEQD_INIT_EMBEDDING, 0,
                                       error));
    return SEQD_OK;
}

/* Where step t of row r is in x, in units of `width`. */
static int64_t place_of(const seqd_embed_shape *shape, const seqd_shard *shard, int32_t steps, int32_t t, int32_t r)
{
    if (!shape->flat) return (int64_t)t * shard->rows + r;
    return (int64_t)r * steps + steps - shard->length[r] + t;
}

void seqd_embed_forward(const seqd_embed_shape *shape, const seqd_tensor *tensor, const float *vector,
                        const seqd_shard *shard, int32_t steps, float *x)
{
    const int64_t width = seqd_embed_width(shape);
    memset(x, 0, (size_t)((int64_t)steps * shard->rows * width) * sizeof *x);
    for (int32_t t = 0; t < shard->steps; t++)
        for (int32_t r = 0; r < shard->rows; r++) {
            if (t >= shard->length[r]) continue;
            const int64_t from = (int64_t)t * shard->rows + r;
            const int32_t *token = shard->tokens + from * shard->token_count;
            float *to = x + place_of(shape, shard, steps, t, r) * width;
            memcpy(to, shard->inputs + from * shape->inputs, (size_t)shape->inputs * sizeof *to);
            to += shape->inputs;
            for (int32_t c = 0; c < shape->tokens; c++) {
                const float *row = vector + tensor[c].offset + (int64_t)token[c] * shape->size[c];
                memcpy(to, row, (size_t)shape->size[c] * sizeof *to);
                to += shape->size[c];
            }
        }
}

void seqd_embed_backward(const seqd_kernels *k, const seqd_embed_shape *shape, const seqd_tensor *tensor,
                         const seqd_shard *shard, int32_t steps, const float *dx, float *grad)
{
    const int64_t width = seqd_embed_width(shape);
    for (int32_t t = 0; t < shard->steps && shape->tokens > 0; t++)
        for (int32_t r = 0; r < shard->rows; r++) {
            if (t >= shard->length[r]) continue;
            const int32_t *token = shard->tokens + ((int64_t)t * shard->rows + r) * shard->token_count;
            const float *from = dx + place_of(shape, shard, steps, t, r) * width + shape->inputs;
            for (int32_t c = 0; c < shape->tokens; c++) {
                k->add(shape->size[c], from, grad + tensor[c].offset + (int64_t)token[c] * shape->size[c]);
                from += shape->size[c];
            }
        }
}
