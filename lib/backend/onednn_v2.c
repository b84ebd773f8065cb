/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "onednn_api.h"

int32_t seqd_onednn_describe(const seqd_onednn_layer *layer, seqd_onednn_descriptors *out)
{
    seqd_onednn_form forms[SEQD_ONEDNN_DESCRIPTORS];
    seqd_onednn_forms(layer, forms);
    for (out->count = 0; out->count < SEQD_ONEDNN_DESCRIPTORS; out->count++) {
        const seqd_onednn_form *form = &forms[out->count];
        const dnnl_status_t status =
            dnnl_memory_desc_init_by_tag(&out->list[out->count], form->dimensions, form->sizes, dnnl_f32, form->tag);
        if (status != dnnl_success) return (int32_t)status;
    }
    return 0;
}

void seqd_onednn_forget(seqd_onednn_descriptors *descriptors) { descriptors->count = 0; }

const_dnnl_memory_desc_t seqd_onednn_descriptor(const seqd_onednn_descriptors *descriptors, int32_t which)
{
    return &descriptors->list[which];
}

int32_t seqd_onednn_describe_cell(dnnl_engine_t engine, const_dnnl_primitive_attr_t attributes,
                                  const seqd_onednn_layer *layer, dnnl_prop_kind_t kind,
                                  const seqd_onednn_descriptors *descriptors,
                                  const_dnnl_primitive_desc_t forward, seqd_onednn_operation *room,
                                  dnnl_primitive_desc_t *out)
{
    const dnnl_rnn_direction_t direction =
        layer->reverse ? dnnl_unidirectional_right2left : dnnl_unidirectional_left2right;
    const dnnl_alg_kind_t rule = layer->cell == SEQD_CELL_RELU ? dnnl_eltwise_relu : dnnl_eltwise_tanh;
    const dnnl_memory_desc_t *x = &descriptors->list[SEQD_ONEDNN_INPUT], *h = &descriptors->list[SEQD_ONEDNN_OUTPUT];
    const dnnl_memory_desc_t *w = &descriptors->list[SEQD_ONEDNN_WEIGHT_IH];
    const dnnl_memory_desc_t *u = &descriptors->list[SEQD_ONEDNN_WEIGHT_HH];
    const dnnl_memory_desc_t *dw = &descriptors->list[SEQD_ONEDNN_GRAD_IH];
    const dnnl_memory_desc_t *du = &descriptors->list[SEQD_ONEDNN_GRAD_HH];
    const dnnl_memory_desc_t *b = &descriptors->list[SEQD_ONEDNN_BIAS];
    const dnnl_memory_desc_t *none = NULL; /* states after the last step are not wanted */
    const dnnl_memory_desc_t *h0 =
        kind == dnnl_forward_inference ? NULL : &descriptors->list[SEQD_ONEDNN_STATE];
    memset(room, 0, sizeof *room);
    dnnl_status_t status = dnnl_unimplemented;
    const bool back = kind == dnnl_backward;
    switch (layer->cell) {
    case SEQD_CELL_LSTM:
        status = back ? dnnl_lstm_backward_desc_init(room, kind, direction, x, h0, h0, w, u, b, h, none, none, x, h0,
                                                     h0, dw, du, b, h, none, none, 0)
                      : dnnl_lstm_forward_desc_init(room, kind, direction, x, h0, h0, w, u, b, h, none, none, 0);
        break;
    case SEQD_CELL_GRU:
        status = back ? dnnl_lbr_gru_backward_desc_init(room, kind, direction, x, h0, w, u, b, h, none, x, h0, dw, du,
                                                        b, h, none, 0)
                      : dnnl_lbr_gru_forward_desc_init(room, kind, direction, x, h0, w, u, b, h, none, 0);
        break;
    case SEQD_CELL_GRU_BEFORE:
        status = back ? dnnl_gru_backward_desc_init(room, kind, direction, x, h0, w, u, b, h, none, x, h0, dw, du, b,
                                                    h, none, 0)
                      : dnnl_gru_forward_desc_init(room, kind, direction, x, h0, w, u, b, h, none, 0);
        break;
    case SEQD_CELL_TANH:
    case SEQD_CELL_RELU:
        status = back ? dnnl_vanilla_rnn_backward_desc_init(room, kind, rule, direction, x, h0, w, u, b, h, none, x, h0,
                                                            dw, du, b, h, none, 0, 0.0f, 0.0f)
                      : dnnl_vanilla_rnn_forward_desc_init(room, kind, rule, direction, x, h0, w, u, b, h, none, 0,
                                                           0.0f, 0.0f);
        break;
    case SEQD_CELLS: break;
    }
    if (status == dnnl_success) status = dnnl_primitive_desc_create(out, room, attributes, engine, forward);
    return (int32_t)status;
}
