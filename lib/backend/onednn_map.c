/* SPDX-License-Identifier: Apache-2.0 */
#include "onednn_map.h"

#include <string.h>

/* Which of our blocks of `hidden` rows oneDNN's block `gate` is. */
static int32_t our_block(seqd_cell cell, int32_t gate)
{
    static const int32_t gru[3] = {1, 0, 2};
    return seqd_cell_blocks(cell) == 3 ? gru[gate] : gate;
}

static int32_t gate_count(const seqd_rnn_shape *shape) { return seqd_cell_blocks(shape->cell); }

void seqd_onednn_weights(const seqd_rnn_shape *shape, const float *ours, int32_t columns, float *theirs)
{
    const size_t block = (size_t)shape->hidden * (size_t)columns;
    for (int32_t gate = 0; gate < gate_count(shape); gate++)
        memcpy(theirs + (size_t)gate * block, ours + (size_t)our_block(shape->cell, gate) * block,
               block * sizeof *theirs);
}

void seqd_onednn_biases(const seqd_rnn_shape *shape, const seqd_rnn_params *params, float *theirs)
{
    const int32_t hidden = shape->hidden;
    const bool gru = shape->cell == SEQD_CELL_GRU;
    for (int32_t gate = 0; gate < gate_count(shape); gate++) {
        const float *a = params->bias_ih + our_block(shape->cell, gate) * hidden;
        const float *b = params->bias_hh + our_block(shape->cell, gate) * hidden;
        const bool apart = gru && gate == 2;
        for (int32_t i = 0; i < hidden; i++) theirs[gate * hidden + i] = apart ? a[i] : a[i] + b[i];
    }
    if (gru) memcpy(theirs + 3 * hidden, params->bias_hh + 2 * hidden, (size_t)hidden * sizeof *theirs);
}

/* to[rows][columns] += from[columns][rows], whose rows are `ld` apart: tiles that both sides keep in the cache. */
static void add_transposed(int32_t rows, int32_t columns, const float *from, int64_t ld, float *to)
{
    enum { TILE = 16 };
    for (int32_t row = 0; row < rows; row += TILE) {
        const int32_t height = rows - row < TILE ? rows - row : TILE;
        for (int32_t column = 0; column < columns; column += TILE) {
            const int32_t width = columns - column < TILE ? columns - column : TILE;
            for (int32_t r = 0; r < height; r++) {
                const float *source = from + column * ld + row + r;
                float *line = to + (int64_t)(row + r) * columns + column;
                for (int32_t c = 0; c < width; c++) line[c] += source[c * ld];
            }
        }
    }
}

void seqd_onednn_weight_gradient(const seqd_rnn_shape *shape, const float *theirs, int32_t columns, float *ours)
{
    const int64_t gates = seqd_rnn_gates(shape);
    for (int32_t gate = 0; gate < gate_count(shape); gate++)
        add_transposed(shape->hidden, columns, theirs + (int64_t)gate * shape->hidden, gates,
                       ours + (int64_t)our_block(shape->cell, gate) * shape->hidden * columns);
}

static void add_bias(int32_t hidden, const float *from, float *to)
{
    for (int32_t i = 0; i < hidden; i++) to[i] += from[i];
}

void seqd_onednn_bias_gradient(const seqd_rnn_shape *shape, const float *theirs, const seqd_rnn_params *grad)
{
    const int32_t hidden = shape->hidden;
    const bool gru = shape->cell == SEQD_CELL_GRU;
    for (int32_t gate = 0; gate < gate_count(shape); gate++) {
        const int32_t offset = our_block(shape->cell, gate) * hidden;
        add_bias(hidden, theirs + gate * hidden, grad->bias_ih + offset);
        add_bias(hidden, theirs + (gru && gate == 2 ? 3 : gate) * hidden, grad->bias_hh + offset);
    }
}

void seqd_onednn_join(const seqd_rnn_plan *plan, int32_t rows, int32_t padded, const float *x, const float *s,
                      float *to)
{
    const int32_t inputs = plan->shape.inputs, statics = plan->shape.statics;
    if (statics == 0) {
        seqd_onednn_pad(plan->steps, rows, padded, inputs, x, to);
        return;
    }
    const size_t rest = (size_t)(padded - rows) * (size_t)(inputs + statics);
    for (int32_t t = 0; t < plan->steps; t++) {
        for (int32_t r = 0; r < rows; r++) {
            memcpy(to, x, (size_t)inputs * sizeof *to);
            memcpy(to + inputs, s + (int64_t)r * statics, (size_t)statics * sizeof *to);
            to += inputs + statics;
            x += inputs;
        }
        memset(to, 0, rest * sizeof *to);
        to += rest;
    }
}

void seqd_onednn_part(const seqd_rnn_plan *plan, int32_t rows, int32_t padded, const float *from, float *dx, float *ds)
{
    const int32_t inputs = plan->shape.inputs, statics = plan->shape.statics;
    for (int32_t t = 0; t < plan->steps; t++) {
        for (int32_t r = 0; r < rows; r++) {
            if (dx) {
                memcpy(dx, from, (size_t)inputs * sizeof *dx);
                dx += inputs;
            }
            for (int32_t i = 0; i < statics; i++) ds[(int64_t)r * statics + i] += from[inputs + i];
            from += inputs + statics;
        }
        from += (int64_t)(padded - rows) * (inputs + statics);
    }
}

void seqd_onednn_pad(int32_t steps, int32_t rows, int32_t padded, int32_t width, const float *from, float *to)
{
    const size_t used = (size_t)rows * (size_t)width, rest = (size_t)(padded - rows) * (size_t)width;
    if (rest == 0) {
        memcpy(to, from, (size_t)steps * used * sizeof *to);
        return;
    }
    for (int32_t t = 0; t < steps; t++) {
        memcpy(to, from, used * sizeof *to);
        memset(to + used, 0, rest * sizeof *to);
        from += used;
        to += used + rest;
    }
}

void seqd_onednn_unpad(int32_t steps, int32_t rows, int32_t padded, int32_t width, const float *from, float *to)
{
    const size_t used = (size_t)rows * (size_t)width;
    for (int32_t t = 0; t < steps; t++) {
        memcpy(to, from, used * sizeof *to);
        from += (size_t)padded * (size_t)width;
        to += used;
    }
}
