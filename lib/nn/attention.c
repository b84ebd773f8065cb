/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"

#include <math.h>
#include <string.h>

#include "status.h"

int32_t seqd_attention_width(const seqd_attention_shape *shape)
{
    switch (shape->kind) {
    case SEQD_ATTENTION_NONE: return 0;
    case SEQD_ATTENTION_MULTIHEAD: return shape->query;
    case SEQD_ATTENTION_ADDITIVE:
    case SEQD_ATTENTION_DOT:
    case SEQD_ATTENTION_GENERAL: break;
    }
    return shape->memory;
}

/* Units of what meets the keys: s through its product, or s itself. */
static int32_t query_width(const seqd_attention_shape *shape)
{
    if (shape->kind == SEQD_ATTENTION_DOT) return 0;
    return shape->kind == SEQD_ATTENTION_GENERAL ? shape->memory : shape->size;
}

static bool multihead(const seqd_attention_shape *shape) { return shape->kind == SEQD_ATTENTION_MULTIHEAD; }
static bool additive(const seqd_attention_shape *shape) { return shape->kind == SEQD_ATTENTION_ADDITIVE; }
static bool has_keys(const seqd_attention_shape *shape) { return multihead(shape) || additive(shape); }

/* torch packs the three products into one tensor where their shapes agree; in memory it is the same. */
static bool packs_in_one(const seqd_attention_shape *shape)
{
    return shape->query == shape->memory && shape->query == shape->size;
}

static int32_t matrix(seqd_tensors *tensors, const char *name, int64_t rows, int64_t columns, seqd_error *error)
{
    return seqd_tensors_matrix(tensors, (seqd_tensor_name){"attention.", -1, name}, rows, columns, SEQD_INIT_UNIFORM,
                               columns, error);
}

static int32_t bias(seqd_tensors *tensors, const char *name, int64_t count, seqd_error *error)
{
    return seqd_tensors_vector(tensors, (seqd_tensor_name){"attention.", -1, name}, count, SEQD_INIT_ZERO, 0, error);
}

int32_t seqd_attention_declare(const seqd_attention_shape *shape, seqd_tensors *tensors, int32_t *first,
                               seqd_error *error)
{
    const int64_t query = shape->query, memory = shape->memory, size = shape->size;
    *first = tensors->count;
    switch (shape->kind) {
    case SEQD_ATTENTION_NONE:
    case SEQD_ATTENTION_DOT: break;
    case SEQD_ATTENTION_ADDITIVE:
        SEQD_CHECK(matrix(tensors, "query.weight", size, query, error));
        SEQD_CHECK(bias(tensors, "query.bias", size, error));
        SEQD_CHECK(matrix(tensors, "key.weight", size, memory, error));
        return matrix(tensors, "score.weight", 1, size, error);
    case SEQD_ATTENTION_GENERAL: return matrix(tensors, "weight", query, memory, error);
    case SEQD_ATTENTION_MULTIHEAD:
        if (packs_in_one(shape)) {
            SEQD_CHECK(matrix(tensors, "in_proj_weight", 3 * size, query, error));
        } else {
            SEQD_CHECK(matrix(tensors, "q_proj_weight", size, query, error));
            SEQD_CHECK(matrix(tensors, "k_proj_weight", size, memory, error));
            SEQD_CHECK(matrix(tensors, "v_proj_weight", size, memory, error));
        }
        SEQD_CHECK(bias(tensors, "in_proj_bias", 3 * size, error));
        SEQD_CHECK(matrix(tensors, "out_proj.weight", query, size, error));
        return bias(tensors, "out_proj.bias", query, error);
    }
    return SEQD_OK;
}

seqd_attention_params seqd_attention_view(const seqd_attention_shape *shape, const seqd_tensors *tensors, int32_t first,
                                          float *vector)
{
    const seqd_tensor *tensor = &tensors->at[first];
    const int64_t size = shape->size;
    seqd_attention_params p = {0};
    if (shape->kind == SEQD_ATTENTION_NONE || shape->kind == SEQD_ATTENTION_DOT) return p;
    p.query = vector + tensor[0].offset;
    if (additive(shape)) {
        p.query_bias = vector + tensor[1].offset;
        p.key = vector + tensor[2].offset;
        p.score = vector + tensor[3].offset;
    } else if (multihead(shape)) {
        const seqd_tensor *rest = tensor + (packs_in_one(shape) ? 1 : 3);
        p.key = p.query + size * shape->query;
        p.value = p.key + size * shape->memory;
        p.query_bias = vector + rest[0].offset;
        p.key_bias = p.query_bias + size;
        p.value_bias = p.key_bias + size;
        p.out = vector + rest[1].offset;
        p.out_bias = vector + rest[2].offset;
    }
    return p;
}

static float *packed_room(const seqd_kernels *k, seqd_arena *arena, bool wanted, int64_t depth, int64_t columns)
{
    return seqd_arena_take(arena, wanted ? k->gemm_packed_size(depth, columns) : 0, sizeof(float));
}

void seqd_attention_place_packed(const seqd_kernels *k, const seqd_attention_shape *shape, bool train,
                                 seqd_arena *arena, seqd_attention_packed *packed)
{
    const int64_t query = shape->query, memory = shape->memory, size = shape->size, q = query_width(shape);
    const bool projects = q > 0 && shape->kind != SEQD_ATTENTION_NONE, keys = has_keys(shape), heads = multihead(shape);
    packed->query = packed_room(k, arena, projects, query, q);
    packed->key = packed_room(k, arena, keys, memory, size);
    packed->value = packed_room(k, arena, heads, memory, size);
    packed->out = packed_room(k, arena, heads, size, query);
    packed->query_back = packed_room(k, arena, train && projects, q, query);
    packed->key_back = packed_room(k, arena, train && keys, size, memory);
    packed->value_back = packed_room(k, arena, train && heads, size, memory);
    packed->out_back = packed_room(k, arena, train && heads, query, size);
}

void seqd_attention_pack(const seqd_kernels *k, const seqd_attention_shape *shape, const seqd_attention_params *params,
                         bool train, seqd_attention_packed *packed)
{
    const int64_t query = shape->query, memory = shape->memory, size = shape->size;
    packed->params = *params;
    if (shape->kind == SEQD_ATTENTION_GENERAL) { /* s W, and back s = q W' */
        k->gemm_pack(query, memory, params->query, memory, 0, packed->query);
        if (train) k->gemm_pack(memory, query, params->query, memory, 1, packed->query_back);
    }
    if (!has_keys(shape)) return;
    k->gemm_pack(query, size, params->query, query, 1, packed->query);
    k->gemm_pack(memory, size, params->key, memory, 1, packed->key);
    if (train) {
        k->gemm_pack(size, query, params->query, query, 0, packed->query_back);
        k->gemm_pack(size, memory, params->key, memory, 0, packed->key_back);
    }
    if (!multihead(shape)) return;
    k->gemm_pack(memory, size, params->value, memory, 1, packed->value);
    k->gemm_pack(size, query, params->out, size, 1, packed->out);
    if (!train) return;
    k->gemm_pack(size, memory, params->value, memory, 0, packed->value_back);
    k->gemm_pack(query, size, params->out, size, 0, packed->out_back);
}

static size_t scratch_floats(const seqd_kernels *k, const seqd_attention_shape *shape, int64_t rows, int64_t steps,
                             int64_t queries)
{
    const int64_t query = shape->query, memory = shape->memory, size = shape->size, q = query_width(shape);
    const int64_t units = multihead(shape) ? size / shape->heads : memory;
    const size_t needs[] = {
        k->gemm_tn_scratch(q, query, rows * queries),     k->gemm_tn_scratch(query, q, rows * queries),
        k->gemm_tn_scratch(size, memory, rows * steps),   k->gemm_tn_scratch(steps, units, queries),
        k->gemm_tn_scratch(query, size, rows * queries),
    };
    size_t most = 0;
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (needs[i] > most) most = needs[i];
    return most;
}

void seqd_attention_place_work(const seqd_kernels *k, const seqd_attention_shape *shape, bool train, int32_t rows,
                               int32_t steps, int32_t queries, seqd_arena *arena, seqd_attention_work *work)
{
    const bool any = shape->kind != SEQD_ATTENTION_NONE;
    const size_t cells = any ? (size_t)rows * (size_t)steps : 0, asked = any ? (size_t)rows * (size_t)queries : 0;
    const size_t memory = (size_t)shape->memory, q = (size_t)query_width(shape);
    const size_t size = has_keys(shape) ? (size_t)shape->size : 0, heads = multihead(shape) ? (size_t)shape->size : 0;
    const size_t pairs = asked * (size_t)steps * (size_t)shape->heads, back = train ? 1 : 0;
    work->memory = seqd_arena_take(arena, cells * memory, sizeof(float));
    work->keys = seqd_arena_take(arena, cells * size, sizeof(float));
    work->values = seqd_arena_take(arena, cells * heads, sizeof(float));
    work->query = seqd_arena_take(arena, asked * q, sizeof(float));
    work->mixed = seqd_arena_take(arena, asked * heads, sizeof(float));
    work->weights = seqd_arena_take(arena, pairs, sizeof(float));
    work->scores_grad = seqd_arena_take(arena, back * pairs, sizeof(float));
    work->memory_grad = seqd_arena_take(arena, back * cells * memory, sizeof(float));
    work->keys_grad = seqd_arena_take(arena, back * cells * size, sizeof(float));
    work->values_grad = seqd_arena_take(arena, back * cells * heads, sizeof(float));
    work->query_grad = seqd_arena_take(arena, back * asked * q, sizeof(float));
    work->mixed_grad = seqd_arena_take(arena, back * asked * heads, sizeof(float));
    work->scratch = seqd_arena_take(arena, train && any ? scratch_floats(k, shape, rows, steps, queries) : 0,
                                    sizeof(float));
}

/* a or de of a row, head and step of the decoder. */
static int64_t pair(const seqd_attention_shape *shape, const seqd_attention_work *work, int64_t row, int64_t head,
                    int64_t step)
{
    return ((row * shape->heads + head) * work->queries + step) * work->steps;
}

void seqd_attention_begin(const seqd_kernels *k, const seqd_attention_shape *shape, const seqd_attention_packed *packed,
                          const float *h, seqd_attention_work *work)
{
    const int64_t memory = shape->memory, rows = work->rows, steps = work->steps, size = shape->size;
    const int64_t cells = rows * steps;
    /* each row's steps side by side: scores and contexts of a row then read one stretch of memory */
    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < steps; t++)
            memcpy(work->memory + (r * steps + t) * memory, h + (t * rows + r) * memory,
                   (size_t)memory * sizeof(float));
    if (!has_keys(shape)) return;
    k->gemm(cells, size, memory, work->memory, memory, packed->key, work->keys, size, 0, packed->params.key_bias);
    if (additive(shape)) k->attention_additive_prepare(cells * size, work->keys, work->keys);
    else
        k->gemm(cells, size, memory, work->memory, memory, packed->value, work->values, size, 0,
                packed->params.value_bias);
}

/* The arrays that one head of one row and step meets. */
typedef struct meeting {
    int64_t units, ldk;     /* of a key; from key to key */
    int64_t value_units, ldv;
    const float *query, *keys, *values;
} meeting;

static meeting meet(const seqd_attention_shape *shape, const seqd_attention_work *work, const float *s, int64_t step,
                    int64_t row, int64_t head)
{
    const int64_t at = step * work->rows + row, cell = row * work->steps, q = query_width(shape);
    const float *memory = work->memory + cell * shape->memory;
    meeting m = {shape->memory, shape->memory, shape->memory, shape->memory, work->query + at * q, memory, memory};
    if (shape->kind == SEQD_ATTENTION_DOT) m.query = s + at * shape->query;
    if (!has_keys(shape)) return m;
    m.units = shape->size / shape->heads;
    m.ldk = shape->size;
    m.keys = work->keys + cell * shape->size + head * m.units;
    m.query += head * m.units;
    if (additive(shape)) return m;
    m.value_units = m.units;
    m.ldv = shape->size;
    m.values = work->values + cell * shape->size + head * m.units;
    return m;
}

static void project_queries(const seqd_kernels *k, const seqd_attention_shape *shape,
                            const seqd_attention_packed *packed, int64_t first, int64_t count, const float *s,
                            seqd_attention_work *work)
{
    const int64_t q = query_width(shape), at = first * work->rows, cells = count * work->rows;
    float *query = work->query + at * q;
    if (q == 0) return;
    k->gemm(cells, q, shape->query, s + at * shape->query, shape->query, packed->query, query, q, 0,
            packed->params.query_bias);
    if (additive(shape)) k->attention_additive_prepare(cells * q, query, query);
    if (multihead(shape)) k->scale(cells * q, (float)(1.0 / sqrt((double)(shape->size / shape->heads))), query);
}

static void read_step(const seqd_kernels *k, const seqd_attention_shape *shape, const float *score, int64_t step,
                      const float *s, float *context, int64_t ldc, seqd_attention_work *work)
{
    const int64_t rows = work->rows, ldw = pair(shape, work, 1, 0, 0);
    for (int64_t head = 0; head < shape->heads; head++) {
        float *weights = work->weights + pair(shape, work, 0, head, step);
        for (int64_t r = 0; r < rows; r++) {
            const meeting m = meet(shape, work, s, step, r, head);
            if (additive(shape))
                k->attention_additive_forward(work->begin[r], work->end[r], m.units, m.query, m.keys, m.ldk,
                                              score, weights + r * ldw);
            else
                k->row_dots(work->begin[r], work->end[r], m.units, 1.0f, m.query, m.keys, m.ldk, weights + r * ldw);
        }
        k->softmax(rows, work->steps, weights, ldw, work->begin, work->end, weights, ldw);
        for (int64_t r = 0; r < rows; r++) {
            const meeting m = meet(shape, work, s, step, r, head);
            k->weighted_sum(work->begin[r], work->end[r], m.value_units, weights + r * ldw, m.values, m.ldv,
                            context + r * ldc + head * m.value_units, 0);
        }
    }
}

void seqd_attention_read(const seqd_kernels *k, const seqd_attention_shape *shape, const seqd_attention_packed *packed,
                         int32_t first, int32_t count, const float *s, float *context, int64_t ldc,
                         seqd_attention_work *work)
{
    const int64_t rows = work->rows, size = shape->size;
    const float *score = packed->params.score;
    project_queries(k, shape, packed, first, count, s, work);
    for (int64_t step = first; step < first + count; step++) {
        if (multihead(shape)) read_step(k, shape, score, step, s, work->mixed + step * rows * size, size, work);
        else read_step(k, shape, score, step, s, context + step * rows * ldc, ldc, work);
    }
    if (!multihead(shape)) return;
    k->gemm(count * rows, shape->query, size, work->mixed + first * rows * size, size, packed->out,
            context + first * rows * ldc, ldc, 0, packed->params.out_bias);
}

void seqd_attention_back_begin(const seqd_attention_shape *shape, seqd_attention_work *work)
{
    const size_t cells = (size_t)work->rows * (size_t)work->steps, size = (size_t)shape->size;
    if (!additive(shape)) memset(work->memory_grad, 0, cells * (size_t)shape->memory * sizeof(float));
    if (has_keys(shape)) memset(work->keys_grad, 0, cells * size * sizeof(float));
    if (multihead(shape)) memset(work->values_grad, 0, cells * size * sizeof(float));
}

/* From the gradient of one head's contexts to those of scores and queries, and of what additive scores are made of. */
static void back_step(const seqd_kernels *k, const seqd_attention_shape *shape, const seqd_attention_packed *packed,
                      int64_t step, const float *s, const float *dcontext, int64_t ldc, float *ds,
                      const seqd_attention_params *grad, seqd_attention_work *work)
{
    const int64_t rows = work->rows, steps = work->steps, ldw = pair(shape, work, 1, 0, 0), q = query_width(shape);
    for (int64_t head = 0; head < shape->heads; head++) {
        const float *weights = work->weights + pair(shape, work, 0, head, step);
        float *de = work->scores_grad + pair(shape, work, 0, head, step);
        for (int64_t r = 0; r < rows; r++) {
            const meeting m = meet(shape, work, s, step, r, head);
            k->row_dots(work->begin[r], work->end[r], m.value_units, 1.0f, dcontext + r * ldc + head * m.value_units,
                        m.values, m.ldv, de + r * ldw);
        }
        k->softmax_backward(rows, steps, weights, ldw, work->begin, work->end, de, ldw, de, ldw);
        for (int64_t r = 0; r < rows; r++) {
            const meeting m = meet(shape, work, s, step, r, head);
            const int64_t at = step * rows + r;
            if (additive(shape)) {
                k->attention_additive_backward(work->begin[r], work->end[r], m.units, m.query, m.keys, m.ldk,
                                               packed->params.score, de + r * ldw, work->query_grad + at * q,
                                               work->keys_grad + r * steps * q, q, grad->score);
            } else {
                float *dq = q == 0 ? ds + at * shape->query : work->query_grad + at * q + head * m.units;
                k->weighted_sum(work->begin[r], work->end[r], m.units, de + r * ldw, m.keys, m.ldk, dq, q == 0);
            }
        }
    }
}

void seqd_attention_back(const seqd_kernels *k, const seqd_attention_shape *shape, const seqd_attention_packed *packed,
                         int32_t first, int32_t count, const float *s, const float *dcontext, int64_t ldc, float *ds,
                         const seqd_attention_params *grad, seqd_attention_work *work)
{
    const int64_t rows = work->rows, size = shape->size, q = query_width(shape), cells = count * rows;
    if (multihead(shape)) {
        k->gemm(cells, size, shape->query, dcontext + first * rows * ldc, ldc, packed->out_back,
                work->mixed_grad + first * rows * size, size, 0, NULL);
        dcontext = work->mixed_grad;
        ldc = size;
    }
    for (int64_t step = first; step < first + count; step++)
        back_step(k, shape, packed, step, s, dcontext + step * rows * ldc, ldc, ds, grad, work);
    if (q == 0) return;
    float *dq = work->query_grad + first * rows * q;
    if (multihead(shape)) k->scale(cells * q, (float)(1.0 / sqrt((double)(size / shape->heads))), dq);
    k->gemm(cells, shape->query, q, dq, q, packed->query_back, ds + first * rows * shape->query, shape->query, 1, NULL);
}

/* Sums over all steps of the decoder: weights times contexts' gradients, scores' gradients times queries. */
static void back_over_queries(const seqd_kernels *k, const seqd_attention_shape *shape, const float *s,
                              const float *dcontext, int64_t ldc, seqd_attention_work *work)
{
    const int64_t rows = work->rows, steps = work->steps, queries = work->queries;
    const int64_t q = query_width(shape), ldq = q == 0 ? shape->query : q;
    const bool heads = multihead(shape);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t head = 0; head < shape->heads; head++) {
            const meeting m = meet(shape, work, s, 0, r, head);
            float *dvalues = heads ? work->values_grad + r * steps * shape->size + head * m.units
                                   : work->memory_grad + r * steps * shape->memory;
            float *dkeys = heads ? work->keys_grad + r * steps * shape->size + head * m.units
                                 : work->memory_grad + r * steps * shape->memory;
            k->gemm_tn(steps, m.value_units, queries, work->weights + pair(shape, work, r, head, 0), steps,
                       dcontext + r * ldc + head * m.value_units, rows * ldc, dvalues, m.ldv, work->scratch);
            if (!additive(shape))
                k->gemm_tn(steps, m.units, queries, work->scores_grad + pair(shape, work, r, head, 0), steps, m.query,
                           rows * ldq, dkeys, m.ldk, work->scratch);
        }
}

void seqd_attention_back_end(const seqd_kernels *k, const seqd_attention_shape *shape,
                             const seqd_attention_packed *packed, const float *s, const float *dcontext, int64_t ldc,
                             const seqd_attention_params *grad, float *dh, seqd_attention_work *work)
{
    const int64_t rows = work->rows, steps = work->steps, cells = rows * steps, asked = rows * work->queries;
    const int64_t query = shape->query, memory = shape->memory, size = shape->size, q = query_width(shape);
    const bool heads = multihead(shape);
    if (heads) {
        k->gemm_tn(query, size, asked, dcontext, ldc, work->mixed, size, grad->out, size, work->scratch);
        k->add_rows(asked, query, dcontext, ldc, grad->out_bias);
    }
    if (additive(shape)) /* the first to write there: keys' gradients come from each step of the decoder */
        k->gemm(cells, memory, size, work->keys_grad, size, packed->key_back, work->memory_grad, memory, 0, NULL);
    back_over_queries(k, shape, s, heads ? work->mixed_grad : dcontext, heads ? size : ldc, work);
    if (shape->kind == SEQD_ATTENTION_GENERAL)
        k->gemm_tn(query, memory, asked, s, query, work->query_grad, memory, grad->query, memory, work->scratch);
    if (has_keys(shape)) {
        k->gemm_tn(size, query, asked, work->query_grad, q, s, query, grad->query, query, work->scratch);
        k->add_rows(asked, size, work->query_grad, q, grad->query_bias);
        k->gemm_tn(size, memory, cells, work->keys_grad, size, work->memory, memory, grad->key, memory, work->scratch);
    }
    if (heads) {
        k->gemm(cells, memory, size, work->keys_grad, size, packed->key_back, work->memory_grad, memory, 1, NULL);
        k->add_rows(cells, size, work->keys_grad, size, grad->key_bias);
        k->gemm_tn(size, memory, cells, work->values_grad, size, work->memory, memory, grad->value, memory,
                   work->scratch);
        k->add_rows(cells, size, work->values_grad, size, grad->value_bias);
        k->gemm(cells, memory, size, work->values_grad, size, packed->value_back, work->memory_grad, memory, 1, NULL);
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < steps; t++)
            memcpy(dh + (t * rows + r) * memory, work->memory_grad + (r * steps + t) * memory,
                   (size_t)memory * sizeof(float));
}
