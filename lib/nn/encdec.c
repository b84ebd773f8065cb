/* SPDX-License-Identifier: Apache-2.0 */
#include "encdec.h"

#include <string.h>

#include "encdec_shape.h"

/* s_0 of every layer from the encoder's state after the last step that counts. */
static void start(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_packed *packed,
                  const float *h, seqd_encdec_work *work)
{
    const int64_t memory = shape->attention.memory, rows = work->rows;
    for (int64_t r = 0; r < rows; r++) {
        float *last = work->last + r * memory;
        if (work->end[r] > 0)
            memcpy(last, h + ((work->end[r] - 1) * rows + r) * memory, (size_t)memory * sizeof *last);
        else memset(last, 0, (size_t)memory * sizeof *last);
    }
    for (int32_t i = 0; i < shape->layers; i++) {
        const seqd_driven_shape layer = seqd_encdec_layer(shape, i);
        const int64_t hidden = layer.hidden, states = seqd_driven_parts(&layer) * hidden;
        seqd_driven_work *to = &work->layer[i];
        to->rows = work->rows;
        to->steps = shape->horizon;
        if (states == hidden) {
            k->gemm(rows, states, memory, work->last, memory, packed->start[i], to->hidden, states, 0,
                    packed->params.start_bias[i]);
            k->tanh(rows * states, to->hidden, to->hidden);
            continue;
        }
        k->gemm(rows, states, memory, work->last, memory, packed->start[i], work->start, states, 0,
                packed->params.start_bias[i]);
        k->tanh(rows * states, work->start, work->start);
        for (int64_t r = 0; r < rows; r++) {
            memcpy(to->hidden + r * hidden, work->start + r * states, (size_t)hidden * sizeof(float));
            memcpy(to->cell + r * hidden, work->start + r * states + hidden, (size_t)hidden * sizeof(float));
        }
    }
}

/* o_k from what the step gives; the lags' part is there already. */
static void outputs(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_packed *packed,
                    int32_t step, seqd_encdec_work *work)
{
    const int64_t rows = work->rows, query = seqd_encdec_query(shape), memory = shape->attention.memory;
    const int64_t width = shape->width, ldo = shape->horizon * width, early = seqd_encdec_early(shape);
    const float *hidden = work->layer[shape->layers - 1].hidden + rows * query, *state = hidden + step * rows * query;
    float *out = work->out + step * width;
    if (seqd_encdec_late(shape)) {
        const int64_t units = seqd_attention_width(&shape->attention);
        const float *context = work->context + step * rows * units;
        float *combined = work->combined + step * rows * query;
        seqd_attention_read(k, &shape->attention, &packed->attention, step, 1, hidden, work->context, units,
                            &work->attention);
        if (seqd_encdec_combines(shape)) {
            k->gemm(rows, query, memory, context, memory, packed->combine_context, combined, query, 0, NULL);
            k->gemm(rows, query, query, state, query, packed->combine_state, combined, query, 1, NULL);
            k->tanh(rows * query, combined, combined);
        } else {
            memcpy(combined, state, (size_t)(rows * query) * sizeof *combined);
            k->add(rows * query, context, combined);
        }
        state = combined;
    }
    k->gemm(rows, width, query, state, query, packed->output, out, ldo, 1, NULL);
    if (early > 0) {
        const int64_t ldi = shape->told + early;
        k->gemm(rows, width, memory, work->input + step * rows * ldi + shape->told, ldi, packed->output_context, out,
                ldo, 1, NULL);
    }
}

void seqd_encdec_forward(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_packed *packed,
                         const float *h, const float *s, seqd_encdec_tell tell, void *user, seqd_encdec_work *work)
{
    const int64_t rows = work->rows, early = seqd_encdec_early(shape);
    const int64_t ldi = shape->told + early;
    const seqd_driven_shape first = seqd_encdec_layer(shape, 0);
    const seqd_driven_work *top = &work->layer[shape->layers - 1];

    start(k, shape, packed, h, work);
    if (shape->attention.kind != SEQD_ATTENTION_NONE) {
        work->attention.rows = work->rows;
        work->attention.steps = work->steps;
        work->attention.queries = shape->horizon;
        work->attention.begin = work->begin;
        work->attention.end = work->end;
        seqd_attention_begin(k, &shape->attention, &packed->attention, h, &work->attention);
    }
    seqd_driven_begin(k, &first, &packed->layer[0], work->known, s, &work->layer[0]);
    k->gemm(rows * shape->horizon, shape->width, shape->lags, work->lags, shape->lags, packed->output_lag, work->out,
            shape->width, 0, packed->params.output_bias);
    for (int32_t step = 0; step < shape->horizon; step++) {
        const float *x = work->input + step * rows * ldi;
        if (shape->told > 0) tell(user, step, work->out, work->input + step * rows * ldi, ldi);
        if (early > 0)
            seqd_attention_read(k, &shape->attention, &packed->attention, step, 1, top->hidden,
                                work->input + shape->told, ldi, &work->attention);
        for (int32_t i = 0; i < shape->layers; i++) {
            const seqd_driven_shape layer = seqd_encdec_layer(shape, i);
            seqd_driven_step(k, &layer, &packed->layer[i], step, x, &work->layer[i]);
            x = work->layer[i].hidden + (step + 1) * rows * layer.hidden;
        }
        outputs(k, shape, packed, step, work);
    }
}

/* Gradients of V, S and c, and of what V reads, which is left in hidden_grad of the last layer and in contexts'. */
static void back_outputs(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_packed *packed,
                         const seqd_encdec_params *grad, seqd_encdec_work *work)
{
    const int64_t rows = work->rows, horizon = shape->horizon, width = shape->width, lags = shape->lags;
    const int64_t cells = rows * horizon, query = seqd_encdec_query(shape), memory = shape->attention.memory;
    const int64_t early = seqd_encdec_early(shape), ldi = shape->told + early, ldv = query + early;
    const seqd_driven_work *top = &work->layer[shape->layers - 1];
    const float *states = top->hidden + rows * query, *read = seqd_encdec_late(shape) ? work->combined : states;
    float *dstates = top->hidden_grad + rows * query, *dread = seqd_encdec_late(shape) ? work->combined_grad : dstates;

    k->gemm_tn(width, lags, cells, work->out, width, work->lags, lags, grad->output_lag, lags, work->scratch);
    k->add_rows(cells, width, work->out, width, grad->output_bias);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < horizon; t++)
            memcpy(work->out_grad + (t * rows + r) * width, work->out + (r * horizon + t) * width,
                   (size_t)width * sizeof(float));
    k->gemm_tn(width, query, cells, work->out_grad, width, read, query, grad->output, ldv, work->scratch);
    k->gemm(cells, query, width, work->out_grad, width, packed->output_back, dread, query, 0, NULL);
    if (early > 0) {
        const int64_t ldd = early + (shape->told_grad ? shape->told : 0);
        float *dcontext = work->input_grad + ldd - early;
        k->gemm_tn(width, memory, cells, work->out_grad, width, work->input + shape->told, ldi, grad->output + query,
                   ldv, work->scratch);
        k->gemm(cells, memory, width, work->out_grad, width, packed->output_context_back, dcontext, ldd, 0, NULL);
    }
    if (!seqd_encdec_late(shape)) return;
    if (!seqd_encdec_combines(shape)) { /* p = s + c */
        memcpy(dstates, dread, (size_t)(cells * query) * sizeof *dread);
        memcpy(work->context_grad, dread, (size_t)(cells * query) * sizeof *dread);
    } else {
        const int64_t ldc = memory + query;
        k->rnn_backward(cells, query, 0, work->combined, query, dread, query, dread);
        k->gemm_tn(query, memory, cells, dread, query, work->context, memory, grad->combine, ldc, work->scratch);
        k->gemm_tn(query, query, cells, dread, query, states, query, grad->combine + memory, ldc, work->scratch);
        k->gemm(cells, memory, query, dread, query, packed->combine_context_back, work->context_grad, memory, 0, NULL);
        k->gemm(cells, query, query, dread, query, packed->combine_state_back, dstates, query, 0, NULL);
    }
    seqd_attention_back(k, &shape->attention, &packed->attention, 0, shape->horizon, states, work->context_grad,
                        seqd_attention_width(&shape->attention), dstates, &grad->attention, &work->attention);
}

/* From the gradients of s_0 to those of W, b and the encoder's last states. */
static void back_start(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_packed *packed,
                       const seqd_encdec_params *grad, float *dh, seqd_encdec_work *work)
{
    const int64_t memory = shape->attention.memory, rows = work->rows;
    memset(work->last_grad, 0, (size_t)(rows * memory) * sizeof(float));
    for (int32_t i = 0; i < shape->layers; i++) {
        const seqd_driven_shape layer = seqd_encdec_layer(shape, i);
        const int64_t hidden = layer.hidden, states = seqd_driven_parts(&layer) * hidden;
        const seqd_driven_work *from = &work->layer[i];
        k->rnn_backward(rows, hidden, 0, from->hidden, hidden, from->hidden_grad, hidden, from->hidden_grad);
        if (states > hidden) k->rnn_backward(rows, hidden, 0, from->cell, hidden, from->cell_grad, hidden, from->cell_grad);
        for (int64_t r = 0; r < rows; r++) {
            memcpy(work->start + r * states, from->hidden_grad + r * hidden, (size_t)hidden * sizeof(float));
            if (states > hidden)
                memcpy(work->start + r * states + hidden, from->cell_grad + r * hidden, (size_t)hidden * sizeof(float));
        }
        k->gemm_tn(states, memory, rows, work->start, states, work->last, memory, grad->start[i], memory, work->scratch);
        k->add_rows(rows, states, work->start, states, grad->start_bias[i]);
        k->gemm(rows, memory, states, work->start, states, packed->start_back[i], work->last_grad, memory, 1, NULL);
    }
    for (int64_t r = 0; r < rows; r++)
        if (work->end[r] > 0) k->add(memory, work->last_grad + r * memory, dh + ((work->end[r] - 1) * rows + r) * memory);
}

/* One step back through all layers. */
static void back_step(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_packed *packed,
                      int32_t step, const seqd_encdec_params *grad, seqd_encdec_work *work)
{
    const int64_t rows = work->rows, early = seqd_encdec_early(shape);
    const int64_t ldd = early + (shape->told_grad ? shape->told : 0);
    for (int32_t i = shape->layers - 1; i >= 0; i--) {
        const seqd_driven_shape layer = seqd_encdec_layer(shape, i);
        float *dx = NULL;
        int64_t ldx = ldd;
        if (i > 0) {
            ldx = layer.driven;
            dx = work->layer[i - 1].hidden_grad + (step + 1) * rows * ldx;
        } else if (ldd > 0) {
            dx = work->input_grad + step * rows * ldd;
        }
        seqd_driven_back(k, &layer, &packed->layer[i], step, dx, ldx, &work->layer[i]);
    }
    if (early > 0) {
        const seqd_driven_work *top = &work->layer[shape->layers - 1];
        seqd_attention_back(k, &shape->attention, &packed->attention, step, 1, top->hidden,
                            work->input_grad + ldd - early, ldd, top->hidden_grad, &grad->attention, &work->attention);
    }
}

void seqd_encdec_backward(const seqd_kernels *k, const seqd_encdec_shape *shape, const seqd_encdec_packed *packed,
                          const float *s, const seqd_encdec_params *grad, float *dh, float *ds,
                          seqd_encdec_work *work)
{
    const int64_t rows = work->rows, cells = rows * shape->horizon, query = seqd_encdec_query(shape);
    const int64_t early = seqd_encdec_early(shape), ldd = early + (shape->told_grad ? shape->told : 0);
    const bool attends = shape->attention.kind != SEQD_ATTENTION_NONE;
    const seqd_driven_work *top = &work->layer[shape->layers - 1];

    for (int32_t i = 0; i < shape->layers; i++) {
        const seqd_driven_shape layer = seqd_encdec_layer(shape, i);
        const int64_t zeros = i < shape->layers - 1 ? cells + rows : rows; /* the rest is written by back_outputs */
        memset(work->layer[i].hidden_grad, 0, (size_t)(zeros * layer.hidden) * sizeof(float));
        seqd_driven_back_begin(&layer, &work->layer[i]);
    }
    if (shape->told_grad) memset(work->input_grad, 0, (size_t)(cells * ldd) * sizeof(float));
    if (attends) seqd_attention_back_begin(&shape->attention, &work->attention);
    back_outputs(k, shape, packed, grad, work);
    for (int32_t step = shape->horizon - 1; step >= 0; step--) back_step(k, shape, packed, step, grad, work);

    const float *x = work->input;
    for (int32_t i = 0; i < shape->layers; i++) {
        const seqd_driven_shape layer = seqd_encdec_layer(shape, i);
        seqd_driven_back_end(k, &layer, &packed->layer[i], x, work->known, s, &grad->layer[i], ds, &work->layer[i]);
        x = work->layer[i].hidden + rows * layer.hidden;
    }
    if (attends) {
        const bool late = seqd_encdec_late(shape);
        seqd_attention_back_end(k, &shape->attention, &packed->attention,
                                late ? top->hidden + rows * query : top->hidden,
                                late ? work->context_grad : work->input_grad + ldd - early,
                                late ? seqd_attention_width(&shape->attention) : ldd, &grad->attention, dh,
                                &work->attention);
    } else {
        memset(dh, 0, (size_t)work->steps * (size_t)(rows * shape->attention.memory) * sizeof *dh);
    }
    back_start(k, shape, packed, grad, dh, work);
    if (!shape->told_grad) return;
    for (int64_t n = 0; n < cells; n++)
        memcpy(work->told_grad + n * shape->told, work->input_grad + n * ldd, (size_t)shape->told * sizeof(float));
}
