/* SPDX-License-Identifier: Apache-2.0 */
#include "onednn_layer.h"

#include <string.h>

#include "alloc.h"
#include "onednn_map.h"
#include "parallel.h"
#include "status.h"

#define CHECK(expression)                                   \
    do {                                                    \
        const int32_t code_ = (int32_t)(expression);        \
        if (code_ != 0) return code_;                       \
    } while (0)

static seqd_onednn_form form(dnnl_format_tag_t tag, int32_t dimensions, const dnnl_dim_t sizes[5])
{
    seqd_onednn_form made = {.dimensions = dimensions, .tag = tag};
    memcpy(made.sizes, sizes, (size_t)dimensions * sizeof *sizes);
    return made;
}

void seqd_onednn_forms(const seqd_onednn_layer *layer, seqd_onednn_form out[SEQD_ONEDNN_DESCRIPTORS])
{
    const dnnl_dim_t steps = layer->steps, rows = layer->rows, columns = layer->columns, hidden = layer->hidden;
    const dnnl_dim_t gates = seqd_cell_blocks(layer->cell), biases = seqd_onednn_bias_blocks(layer->cell);
    /* layers, directions, columns, gates, hidden: the order of sizes, not of the memory */
    const dnnl_dim_t weight_ih[5] = {1, 1, columns, gates, hidden}, weight_hh[5] = {1, 1, hidden, gates, hidden};
    const dnnl_dim_t bias[5] = {1, 1, biases, hidden, 0};
    const dnnl_dim_t input[5] = {steps, rows, columns, 0, 0}, output[5] = {steps, rows, hidden, 0, 0};
    const dnnl_dim_t state[5] = {1, 1, rows, hidden, 0};
    out[SEQD_ONEDNN_INPUT] = form(dnnl_tnc, 3, input);
    out[SEQD_ONEDNN_WEIGHT_IH] = form(dnnl_format_tag_any, 5, weight_ih);
    out[SEQD_ONEDNN_WEIGHT_HH] = form(dnnl_format_tag_any, 5, weight_hh);
    out[SEQD_ONEDNN_BIAS] = form(dnnl_ldgo, 4, bias);
    out[SEQD_ONEDNN_OUTPUT] = form(dnnl_tnc, 3, output);
    out[SEQD_ONEDNN_STATE] = form(dnnl_ldnc, 4, state);
    out[SEQD_ONEDNN_PLAIN_IH] = form(dnnl_ldgoi, 5, weight_ih);
    out[SEQD_ONEDNN_PLAIN_HH] = form(dnnl_ldgoi, 5, weight_hh);
    out[SEQD_ONEDNN_GRAD_IH] = form(dnnl_ldigo, 5, weight_ih);
    out[SEQD_ONEDNN_GRAD_HH] = form(dnnl_ldigo, 5, weight_hh);
}

/* ---- primitives ---- */

static size_t bytes_of(const_dnnl_primitive_desc_t description, dnnl_query_t what, int index)
{
    const_dnnl_memory_desc_t descriptor = dnnl_primitive_desc_query_md(description, what, index);
    return descriptor ? dnnl_memory_desc_get_size(descriptor) : 0;
}

static int32_t make_program(seqd_onednn_rnn_layer *layer, int32_t index)
{
    seqd_onednn_program *p = &layer->programs[index];
    const seqd_rnn_plan *plan = &layer->base.plan;
    const seqd_onednn_layer shape = {plan->shape.cell, plan->steps, p->rows, seqd_onednn_columns(&plan->shape),
                                     plan->shape.hidden, plan->reverse};
    const dnnl_prop_kind_t kind = index == SEQD_ONEDNN_BACK ? dnnl_backward
                                  : plan->train             ? dnnl_forward_training
                                                            : dnnl_forward_inference;
    const bool back = index == SEQD_ONEDNN_BACK;
    CHECK(seqd_onednn_describe(&shape, &p->descriptors));
    CHECK(seqd_onednn_describe_cell(layer->engine, layer->attributes, &shape, kind, &p->descriptors,
                                    back ? layer->programs[SEQD_ONEDNN_WHOLE].description : NULL, &layer->room,
                                    &p->description));
    CHECK(dnnl_primitive_create(&p->primitive, p->description));
    p->workspace_bytes = bytes_of(p->description, dnnl_query_workspace_md, 0);
    p->scratch_bytes = bytes_of(p->description, dnnl_query_scratchpad_md, 0);
    for (int i = 0; i < 2; i++) {
        const_dnnl_memory_desc_t packed = dnnl_primitive_desc_query_md(p->description, dnnl_query_weights_md, i);
        const_dnnl_memory_desc_t plain = seqd_onednn_descriptor(&p->descriptors, SEQD_ONEDNN_PLAIN_IH + i);
        CHECK(dnnl_reorder_primitive_desc_create(&p->repack_description[i], plain, layer->engine, packed, layer->engine,
                                                 layer->attributes));
        CHECK(dnnl_primitive_create(&p->repack[i], p->repack_description[i]));
        p->weight_bytes[i] = dnnl_memory_desc_get_size(packed);
        p->repack_bytes[i] = bytes_of(p->repack_description[i], dnnl_query_scratchpad_md, 0);
    }
    return 0;
}

static int32_t make_programs(void *user)
{
    seqd_onednn_rnn_layer *layer = user;
    CHECK(dnnl_engine_create(&layer->engine, dnnl_cpu, 0));
    CHECK(dnnl_primitive_attr_create(&layer->attributes));
    CHECK(dnnl_primitive_attr_set_scratchpad_mode(layer->attributes, dnnl_scratchpad_mode_user));
    for (int32_t i = 0; i < SEQD_ONEDNN_PROGRAMS; i++)
        if (layer->programs[i].wanted) CHECK(make_program(layer, i));
    return 0;
}

/* ---- arrays ---- */

static size_t most(size_t a, size_t b) { return a > b ? a : b; }

static float *take(seqd_arena *arena, bool wanted, size_t count)
{
    return seqd_arena_take(arena, wanted ? count : 0, sizeof(float));
}

/* Sizing and placing: as the arena does it. */
static void place(seqd_onednn_rnn_layer *layer, seqd_arena *arena)
{
    const seqd_rnn_plan *plan = &layer->base.plan;
    const bool train = plan->train;
    const size_t columns = (size_t)seqd_onednn_columns(&plan->shape), hidden = (size_t)plan->shape.hidden;
    const size_t gates = (size_t)seqd_rnn_gates(&plan->shape), cells = (size_t)plan->steps * (size_t)plan->rows;
    const size_t biases = (size_t)seqd_onednn_bias_blocks(plan->shape.cell);
    size_t workspace = 0, scratch = 0, repack = 0;
    layer->plain[0] = take(arena, true, gates * columns);
    layer->plain[1] = take(arena, true, gates * hidden);
    layer->bias = take(arena, true, biases * hidden);
    for (int32_t i = 0; i < SEQD_ONEDNN_PROGRAMS; i++) {
        seqd_onednn_program *p = &layer->programs[i];
        for (int j = 0; j < 2; j++) {
            p->weight_data[j] = seqd_arena_take(arena, p->weight_bytes[j], 1);
            repack = most(repack, p->repack_bytes[j]);
        }
        workspace = most(workspace, p->workspace_bytes);
        scratch = most(scratch, p->scratch_bytes);
    }
    layer->repack_data = seqd_arena_take(arena, repack, 1);
    for (int32_t i = 0; i < plan->lanes; i++) {
        seqd_onednn_lane *lane = &layer->lanes[i];
        lane->input = take(arena, true, cells * columns);
        lane->output = take(arena, true, cells * hidden);
        lane->state = take(arena, train, (size_t)plan->rows * hidden);
        lane->compact = take(arena, plan->rows > 1, cells * hidden);
        lane->input_gradient = take(arena, train, cells * columns);
        lane->output_gradient = take(arena, train, cells * hidden);
        lane->state_gradient = take(arena, train, 2 * (size_t)plan->rows * hidden);
        lane->weight_gradient[0] = take(arena, train, columns * gates);
        lane->weight_gradient[1] = take(arena, train, hidden * gates);
        lane->bias_gradient = take(arena, train, biases * hidden);
        lane->workspace = seqd_arena_take(arena, workspace, 1);
        lane->scratch = seqd_arena_take(arena, scratch, 1);
    }
}

/* ---- oneDNN's handles on them ---- */

static int32_t make_shared(seqd_onednn_rnn_layer *layer, seqd_onednn_program *p)
{
    const dnnl_engine_t engine = layer->engine;
    for (int i = 0; i < 2; i++) {
        CHECK(dnnl_memory_create(&p->plain[i], seqd_onednn_descriptor(&p->descriptors, SEQD_ONEDNN_PLAIN_IH + i),
                                 engine, layer->plain[i]));
        memset(p->weight_data[i], 0, p->weight_bytes[i]);
        CHECK(dnnl_memory_create(&p->weights[i], dnnl_primitive_desc_query_md(p->description, dnnl_query_weights_md, i),
                                 engine, p->weight_data[i]));
        if (p->repack_bytes[i] > 0)
            CHECK(dnnl_memory_create(
                &p->repack_scratch[i],
                dnnl_primitive_desc_query_md(p->repack_description[i], dnnl_query_scratchpad_md, 0), engine,
                layer->repack_data));
    }
    return (int32_t)dnnl_memory_create(&p->bias, seqd_onednn_descriptor(&p->descriptors, SEQD_ONEDNN_BIAS), engine,
                                       layer->bias);
}

static void share(seqd_onednn_call *call, int argument, dnnl_memory_t memory)
{
    call->arguments[call->count++] = (dnnl_exec_arg_t){argument, memory};
}

static int32_t own(seqd_onednn_call *call, dnnl_engine_t engine, int argument, const_dnnl_memory_desc_t descriptor,
                   void *data)
{
    dnnl_exec_arg_t *place = &call->arguments[call->count];
    place->arg = argument;
    CHECK(dnnl_memory_create(&place->memory, descriptor, engine, data));
    call->count++;
    return 0;
}

static int32_t make_call(const seqd_onednn_rnn_layer *layer, seqd_onednn_lane *lane, int32_t index)
{
    const seqd_onednn_program *p = &layer->programs[index];
    const seqd_onednn_descriptors *d = &p->descriptors;
    seqd_onednn_call *call = &lane->calls[index];
    const dnnl_engine_t e = layer->engine;
    const bool lstm = layer->base.plan.shape.cell == SEQD_CELL_LSTM;
    share(call, DNNL_ARG_WEIGHTS_LAYER, p->weights[0]);
    share(call, DNNL_ARG_WEIGHTS_ITER, p->weights[1]);
    share(call, DNNL_ARG_BIAS, p->bias);
    CHECK(own(call, e, DNNL_ARG_SRC_LAYER, seqd_onednn_descriptor(d, SEQD_ONEDNN_INPUT), lane->input));
    CHECK(own(call, e, DNNL_ARG_DST_LAYER, seqd_onednn_descriptor(d, SEQD_ONEDNN_OUTPUT), lane->output));
    if (p->workspace_bytes > 0)
        CHECK(own(call, e, DNNL_ARG_WORKSPACE, dnnl_primitive_desc_query_md(p->description, dnnl_query_workspace_md, 0),
                  lane->workspace));
    if (p->scratch_bytes > 0)
        CHECK(own(call, e, DNNL_ARG_SCRATCHPAD,
                  dnnl_primitive_desc_query_md(p->description, dnnl_query_scratchpad_md, 0), lane->scratch));
    if (layer->base.plan.train) {
        CHECK(own(call, e, DNNL_ARG_SRC_ITER, seqd_onednn_descriptor(d, SEQD_ONEDNN_STATE), lane->state));
        if (lstm) CHECK(own(call, e, DNNL_ARG_SRC_ITER_C, seqd_onednn_descriptor(d, SEQD_ONEDNN_STATE), lane->state));
    }
    if (index != SEQD_ONEDNN_BACK) return 0;
    CHECK(own(call, e, DNNL_ARG_DIFF_SRC_ITER, seqd_onednn_descriptor(d, SEQD_ONEDNN_STATE), lane->state_gradient));
    if (lstm)
        CHECK(own(call, e, DNNL_ARG_DIFF_SRC_ITER_C, seqd_onednn_descriptor(d, SEQD_ONEDNN_STATE),
                  lane->state_gradient + (size_t)p->rows * (size_t)layer->base.plan.shape.hidden));
    CHECK(own(call, e, DNNL_ARG_DIFF_SRC_LAYER, seqd_onednn_descriptor(d, SEQD_ONEDNN_INPUT), lane->input_gradient));
    CHECK(own(call, e, DNNL_ARG_DIFF_DST_LAYER, seqd_onednn_descriptor(d, SEQD_ONEDNN_OUTPUT), lane->output_gradient));
    CHECK(own(call, e, DNNL_ARG_DIFF_WEIGHTS_LAYER, seqd_onednn_descriptor(d, SEQD_ONEDNN_GRAD_IH),
              lane->weight_gradient[0]));
    CHECK(own(call, e, DNNL_ARG_DIFF_WEIGHTS_ITER, seqd_onednn_descriptor(d, SEQD_ONEDNN_GRAD_HH),
              lane->weight_gradient[1]));
    return own(call, e, DNNL_ARG_DIFF_BIAS, seqd_onednn_descriptor(d, SEQD_ONEDNN_BIAS), lane->bias_gradient);
}

/* Code that oneDNN generates at a primitive's first run is generated now, and what it then allocates. */
static int32_t warm_up(const seqd_onednn_rnn_layer *layer)
{
    const seqd_rnn_plan *plan = &layer->base.plan;
    const seqd_onednn_lane *lane = &layer->lanes[0];
    const size_t columns = (size_t)seqd_onednn_columns(&plan->shape), hidden = (size_t)plan->shape.hidden;
    const size_t gates = (size_t)seqd_rnn_gates(&plan->shape), cells = (size_t)plan->steps * (size_t)plan->rows;
    const size_t biases = (size_t)seqd_onednn_bias_blocks(plan->shape.cell);
    memset(layer->plain[0], 0, gates * columns * sizeof(float));
    memset(layer->plain[1], 0, gates * hidden * sizeof(float));
    memset(layer->bias, 0, biases * hidden * sizeof(float));
    memset(lane->input, 0, cells * columns * sizeof(float));
    CHECK(seqd_onednn_repack(layer));
    if (plan->train) {
        memset(lane->output_gradient, 0, cells * hidden * sizeof(float));
        memset(lane->weight_gradient[0], 0, columns * gates * sizeof(float));
        memset(lane->weight_gradient[1], 0, hidden * gates * sizeof(float));
        memset(lane->bias_gradient, 0, biases * hidden * sizeof(float));
    }
    for (int32_t i = 0; i < SEQD_ONEDNN_PROGRAMS; i++)
        if (layer->programs[i].wanted) CHECK(seqd_onednn_execute(layer, 0, i));
    return 0;
}

static int32_t make_handles(void *user)
{
    seqd_onednn_rnn_layer *layer = user;
    const size_t states = (size_t)layer->base.plan.rows * (size_t)layer->base.plan.shape.hidden;
    for (int32_t i = 0; i < SEQD_ONEDNN_PROGRAMS; i++)
        if (layer->programs[i].wanted) CHECK(make_shared(layer, &layer->programs[i]));
    for (int32_t n = 0; n < layer->base.plan.lanes; n++) {
        if (layer->base.plan.train) memset(layer->lanes[n].state, 0, states * sizeof(float));
        CHECK(dnnl_stream_create(&layer->lanes[n].stream, layer->engine, dnnl_stream_default_flags));
        for (int32_t i = 0; i < SEQD_ONEDNN_PROGRAMS; i++)
            if (layer->programs[i].wanted) CHECK(make_call(layer, &layer->lanes[n], i));
    }
    return warm_up(layer);
}

int32_t seqd_onednn_make(seqd_onednn_rnn_layer *layer, seqd_error *error)
{
    const seqd_rnn_plan *plan = &layer->base.plan;
    seqd_onednn_program *programs = layer->programs;
    programs[SEQD_ONEDNN_WHOLE].wanted = true;
    programs[SEQD_ONEDNN_SINGLE].wanted = !plan->train && plan->rows > 1;
    programs[SEQD_ONEDNN_BACK].wanted = plan->train;
    for (int32_t i = 0; i < SEQD_ONEDNN_PROGRAMS; i++) programs[i].rows = i == SEQD_ONEDNN_SINGLE ? 1 : plan->rows;

    int32_t code = seqd_onednn_run(make_programs, layer);
    if (code != 0) return seqd_onednn_fail(code, error);
    seqd_arena arena = {NULL, 0, false};
    place(layer, &arena);
    layer->memory = arena.overflow ? NULL : seqd_alloc(layer->base.context, arena.used);
    if (!layer->memory) return seqd_fail_alloc(layer->base.context, arena.used, error);
    arena = (seqd_arena){layer->memory, 0, false};
    place(layer, &arena);
    code = seqd_onednn_run(make_handles, layer);
    return code == 0 ? SEQD_OK : seqd_onednn_fail(code, error);
}

/* ---- use ---- */

int32_t seqd_onednn_execute(const seqd_onednn_rnn_layer *layer, int32_t lane, int32_t program)
{
    const seqd_onednn_call *call = &layer->lanes[lane].calls[program];
    const dnnl_stream_t stream = layer->lanes[lane].stream;
    CHECK(dnnl_primitive_execute(layer->programs[program].primitive, stream, call->count, call->arguments));
    return (int32_t)dnnl_stream_wait(stream);
}

int32_t seqd_onednn_repack(const seqd_onednn_rnn_layer *layer)
{
    const dnnl_stream_t stream = layer->lanes[0].stream;
    for (int32_t i = 0; i < SEQD_ONEDNN_PROGRAMS; i++) {
        const seqd_onednn_program *p = &layer->programs[i];
        for (int j = 0; p->wanted && j < 2; j++) {
            const dnnl_exec_arg_t arguments[3] = {{DNNL_ARG_FROM, p->plain[j]}, {DNNL_ARG_TO, p->weights[j]},
                                                  {DNNL_ARG_SCRATCHPAD, p->repack_scratch[j]}};
            CHECK(dnnl_primitive_execute(p->repack[j], stream, p->repack_scratch[j] ? 3 : 2, arguments));
        }
    }
    return (int32_t)dnnl_stream_wait(stream);
}

/* ---- the end ---- */

static int32_t destroy(void *user)
{
    seqd_onednn_rnn_layer *layer = user;
    for (int32_t n = 0; n < layer->base.plan.lanes; n++) {
        seqd_onednn_lane *lane = &layer->lanes[n];
        for (int32_t i = 0; i < SEQD_ONEDNN_PROGRAMS; i++)
            for (int32_t a = SEQD_ONEDNN_SHARED; a < lane->calls[i].count; a++)
                (void)dnnl_memory_destroy(lane->calls[i].arguments[a].memory);
        if (lane->stream) (void)dnnl_stream_destroy(lane->stream);
    }
    for (int32_t i = SEQD_ONEDNN_PROGRAMS - 1; i >= 0; i--) {
        seqd_onednn_program *p = &layer->programs[i];
        for (int j = 0; j < 2; j++) {
            if (p->plain[j]) (void)dnnl_memory_destroy(p->plain[j]);
            if (p->weights[j]) (void)dnnl_memory_destroy(p->weights[j]);
            if (p->repack_scratch[j]) (void)dnnl_memory_destroy(p->repack_scratch[j]);
            if (p->repack[j]) (void)dnnl_primitive_destroy(p->repack[j]);
            if (p->repack_description[j]) (void)dnnl_primitive_desc_destroy(p->repack_description[j]);
        }
        if (p->bias) (void)dnnl_memory_destroy(p->bias);
        if (p->primitive) (void)dnnl_primitive_destroy(p->primitive);
        if (p->description) (void)dnnl_primitive_desc_destroy(p->description);
        seqd_onednn_forget(&p->descriptors);
    }
    if (layer->attributes) (void)dnnl_primitive_attr_destroy(layer->attributes);
    if (layer->engine) (void)dnnl_engine_destroy(layer->engine);
    return 0;
}

void seqd_onednn_destroy(seqd_onednn_rnn_layer *layer)
{
    (void)seqd_onednn_run(destroy, layer);
    seqd_free(layer->base.context, layer->memory);
    layer->memory = NULL;
}
