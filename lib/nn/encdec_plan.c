/* SPDX-License-Identifier: Apache-2.0 */
#include "encdec.h"

#include <string.h>

#include "status.h"

#include "encdec_shape.h"

static int32_t matrix(seqd_tensors *tensors, seqd_tensor_name name, int64_t rows, int64_t columns, int64_t fan,
                      seqd_error *error)
{
    return seqd_tensors_matrix(tensors, name, rows, columns, SEQD_INIT_UNIFORM, fan, error);
}

static int32_t declare_layer(const seqd_encdec_shape *shape, int32_t i, seqd_tensors *tensors, seqd_error *error)
{
    const seqd_driven_shape layer = seqd_encdec_layer(shape, i);
    const int64_t gates = seqd_driven_gates(&layer), states = (int64_t)seqd_driven_parts(&layer) * layer.hidden;
    const int64_t columns = (int64_t)layer.driven + layer.known + layer.statics;
    const seqd_init bias = layer.cell == SEQD_CELL_LSTM ? SEQD_INIT_LSTM_BIAS : SEQD_INIT_UNIFORM;
    const int32_t memory = shape->attention.memory;
    SEQD_CHECK(matrix(tensors, (seqd_tensor_name){"decoder.start_l", i, ".weight"}, states, memory, memory, error));
    SEQD_CHECK(seqd_tensors_vector(tensors, (seqd_tensor_name){"decoder.start_l", i, ".bias"}, states, SEQD_INIT_ZERO,
                                   0, error));
    SEQD_CHECK(matrix(tensors, (seqd_tensor_name){"decoder.weight_ih_l", i, ""}, gates, columns, layer.hidden, error));
    SEQD_CHECK(
        matrix(tensors, (seqd_tensor_name){"decoder.weight_hh_l", i, ""}, gates, layer.hidden, layer.hidden, error));
    SEQD_CHECK(seqd_tensors_vector(tensors, (seqd_tensor_name){"decoder.bias_ih_l", i, ""}, gates, bias, layer.hidden,
                                   error));
    return seqd_tensors_vector(tensors, (seqd_tensor_name){"decoder.bias_hh_l", i, ""}, gates, SEQD_INIT_UNIFORM,
                               layer.hidden, error);
}

int32_t seqd_encdec_declare(const seqd_encdec_shape *shape, seqd_tensors *tensors, int32_t *first, seqd_error *error)
{
    const int32_t query = seqd_encdec_query(shape);
    int32_t attention;
    *first = tensors->count;
    for (int32_t i = 0; i < shape->layers; i++) SEQD_CHECK(declare_layer(shape, i, tensors, error));
    SEQD_CHECK(seqd_attention_declare(&shape->attention, tensors, &attention, error));
    if (seqd_encdec_combines(shape)) {
        const int32_t columns = shape->attention.memory + query;
        SEQD_CHECK(matrix(tensors, (seqd_tensor_name){"attention.combine.weight", -1, ""}, query, columns, columns,
                          error));
    }
    const int32_t read = query + seqd_encdec_early(shape);
    SEQD_CHECK(matrix(tensors, (seqd_tensor_name){"output.weight", -1, ""}, shape->width, read, read, error));
    SEQD_CHECK(matrix(tensors, (seqd_tensor_name){"output.lag.weight", -1, ""}, shape->width, shape->lags, shape->lags,
                      error));
    return seqd_tensors_vector(tensors, (seqd_tensor_name){"output.bias", -1, ""}, shape->width, SEQD_INIT_ZERO, 0,
                               error);
}

seqd_encdec_params seqd_encdec_view(const seqd_encdec_shape *shape, const seqd_tensors *tensors, int32_t first,
                                    float *vector)
{
    seqd_encdec_params p = {0};
    const seqd_tensor *tensor = &tensors->at[first];
    for (int32_t i = 0; i < shape->layers; i++, tensor += 6) {
        p.start[i] = vector + tensor[0].offset;
        p.start_bias[i] = vector + tensor[1].offset;
        p.layer[i] = (seqd_rnn_params){vector + tensor[2].offset, vector + tensor[3].offset, vector + tensor[4].offset,
                                       vector + tensor[5].offset};
    }
    const int32_t attention = (int32_t)(tensor - tensors->at);
    p.attention = seqd_attention_view(&shape->attention, tensors, attention, vector);
    tensor = &tensors->at[seqd_tensors_find(tensors, "output.weight")];
    if (seqd_encdec_combines(shape)) p.combine = vector + tensor[-1].offset;
    p.output = vector + tensor[0].offset;
    p.output_lag = vector + tensor[1].offset;
    p.output_bias = vector + tensor[2].offset;
    return p;
}

static float *room(const seqd_kernels *k, seqd_arena *arena, bool wanted, int64_t depth, int64_t columns)
{
    return seqd_arena_take(arena, wanted ? k->gemm_packed_size(depth, columns) : 0, sizeof(float));
}

void seqd_encdec_place_packed(const seqd_kernels *k, const seqd_encdec_shape *shape, bool train, seqd_arena *arena,
                              seqd_encdec_packed *packed)
{
    const int64_t memory = shape->attention.memory, query = seqd_encdec_query(shape), width = shape->width;
    const bool combines = seqd_encdec_combines(shape), early = seqd_encdec_early(shape) > 0;
    for (int32_t i = 0; i < shape->layers; i++) {
        const seqd_driven_shape layer = seqd_encdec_layer(shape, i);
        const int64_t states = (int64_t)seqd_driven_parts(&layer) * layer.hidden;
        packed->start[i] = room(k, arena, true, memory, states);
        packed->start_back[i] = room(k, arena, train, states, memory);
        seqd_driven_place_packed(k, &layer, train, arena, &packed->layer[i]);
    }
    seqd_attention_place_packed(k, &shape->attention, train, arena, &packed->attention);
    packed->combine_context = room(k, arena, combines, memory, query);
    packed->combine_state = room(k, arena, combines, query, query);
    packed->output = room(k, arena, true, query, width);
    packed->output_context = room(k, arena, early, memory, width);
    packed->output_lag = room(k, arena, true, shape->lags, width);
    packed->combine_context_back = room(k, arena, train && combines, query, memory);
    packed->combine_state_back = room(k, arena, train && combines, query, query);
    packed->output_back = room(k, arena, train, width, query);
    packed->output_context_back = room(k, arena, train && early, width, memory);
}

void seqd_encdec_pack(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_params *params,
                      bool train, seqd_encdec_packed *packed)
{
    const int64_t memory = shape->attention.memory, query = seqd_encdec_query(shape), width = shape->width;
    const int64_t early = seqd_encdec_early(shape), ldv = query + early, ldw = memory + query;
    packed->params = *params;
    for (int32_t i = 0; i < shape->layers; i++) {
        const seqd_driven_shape layer = seqd_encdec_layer(shape, i);
        const int64_t states = (int64_t)seqd_driven_parts(&layer) * layer.hidden;
        k->gemm_pack(memory, states, params->start[i], memory, 1, packed->start[i]);
        if (train) k->gemm_pack(states, memory, params->start[i], memory, 0, packed->start_back[i]);
        seqd_driven_pack(k, &layer, &params->layer[i], train, &packed->layer[i]);
    }
    seqd_attention_pack(k, &shape->attention, &params->attention, train, &packed->attention);
    if (seqd_encdec_combines(shape)) {
        k->gemm_pack(memory, query, params->combine, ldw, 1, packed->combine_context);
        k->gemm_pack(query, query, params->combine + memory, ldw, 1, packed->combine_state);
        if (train) {
            k->gemm_pack(query, memory, params->combine, ldw, 0, packed->combine_context_back);
            k->gemm_pack(query, query, params->combine + memory, ldw, 0, packed->combine_state_back);
        }
    }
    k->gemm_pack(query, width, params->output, ldv, 1, packed->output);
    k->gemm_pack(shape->lags, width, params->output_lag, shape->lags, 1, packed->output_lag);
    if (train) k->gemm_pack(width, query, params->output, ldv, 0, packed->output_back);
    if (early == 0) return;
    k->gemm_pack(memory, width, params->output + query, ldv, 1, packed->output_context);
    if (train) k->gemm_pack(width, memory, params->output + query, ldv, 0, packed->output_context_back);
}

static size_t scratch_floats(const seqd_kernels *k, const seqd_encdec_shape *shape, int64_t rows)
{
    const int64_t cells = rows * shape->horizon, query = seqd_encdec_query(shape), memory = shape->attention.memory;
    size_t most = 0;
    const size_t needs[] = {k->gemm_tn_scratch(shape->width, query, cells), k->gemm_tn_scratch(shape->width, memory, cells),
                            k->gemm_tn_scratch(shape->width, shape->lags, cells),
                            k->gemm_tn_scratch(query, query, cells), k->gemm_tn_scratch(query, memory, cells)};
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (needs[i] > most) most = needs[i];
    for (int32_t i = 0; i < shape->layers; i++) {
        const size_t start = k->gemm_tn_scratch(2 * (int64_t)shape->hidden[i], memory, rows);
        if (start > most) most = start;
    }
    return most;
}

void seqd_encdec_place_work(const seqd_kernels *k, const seqd_encdec_shape *shape, bool train, int32_t rows,
                            int32_t steps, seqd_arena *arena, seqd_encdec_work *work)
{
    const size_t r = (size_t)rows, cells = r * (size_t)shape->horizon, memory = (size_t)shape->attention.memory;
    const size_t query = (size_t)seqd_encdec_query(shape), early = (size_t)seqd_encdec_early(shape);
    const size_t context = (size_t)seqd_attention_width(&shape->attention) - early, told = (size_t)shape->told;
    const size_t combined = context > 0 ? query : 0, back = train ? 1 : 0;
    size_t widest = 0;
    for (int32_t i = 0; i < shape->layers; i++)
        if ((size_t)shape->hidden[i] > widest) widest = (size_t)shape->hidden[i];
    work->train = train;
    work->begin = seqd_arena_take(arena, r, sizeof *work->begin);
    work->end = seqd_arena_take(arena, r, sizeof *work->end);
    work->known = seqd_arena_take(arena, cells * (size_t)shape->known, sizeof(float));
    work->lags = seqd_arena_take(arena, cells * (size_t)shape->lags, sizeof(float));
    work->out = seqd_arena_take(arena, cells * (size_t)shape->width, sizeof(float));
    work->input = seqd_arena_take(arena, cells * (told + early), sizeof(float));
    work->context = seqd_arena_take(arena, cells * context, sizeof(float));
    work->combined = seqd_arena_take(arena, cells * combined, sizeof(float));
    work->last = seqd_arena_take(arena, r * memory, sizeof(float));
    work->start = seqd_arena_take(arena, r * 2 * widest, sizeof(float));
    work->last_grad = seqd_arena_take(arena, back * r * memory, sizeof(float));
    work->out_grad = seqd_arena_take(arena, back * cells * (size_t)shape->width, sizeof(float));
    work->told_grad = seqd_arena_take(arena, shape->told_grad ? back * cells * told : 0, sizeof(float));
    work->input_grad = seqd_arena_take(arena, back * cells * (told + early), sizeof(float));
    work->context_grad = seqd_arena_take(arena, back * cells * context, sizeof(float));
    work->combined_grad = seqd_arena_take(arena, back * cells * combined, sizeof(float));
    work->scratch = seqd_arena_take(arena, train ? scratch_floats(k, shape, rows) : 0, sizeof(float));
    for (int32_t i = 0; i < shape->layers; i++) {
        const seqd_driven_shape layer = seqd_encdec_layer(shape, i);
        seqd_driven_place_work(k, &layer, train, rows, shape->horizon, arena, &work->layer[i]);
    }
    seqd_attention_place_work(k, &shape->attention, train, rows, steps, shape->horizon, arena, &work->attention);
}
