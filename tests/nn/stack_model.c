/* SPDX-License-Identifier: Apache-2.0 */
#include "stack_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double *numbers(size_t count)
{
    double *values = calloc(count > 0 ? count : 1, sizeof *values);
    assert_non_null(values);
    return values;
}

static double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

static const double *tensor(const seqd_tensors *tensors, const double *w, const char *format, int32_t layer,
                            const char *suffix)
{
    char name[48];
    snprintf(name, sizeof name, "%s%d%s", format, (int)layer, suffix);
    const int32_t at = seqd_tensors_find(tensors, name);
    if (at < 0) fail_msg("there is no tensor %s", name);
    return w + tensors->at[at].offset;
}

/* w[row] . v + b */
static double line(const double *w, int32_t row, const double *v, int32_t count, const double *b)
{
    double sum = b[row];
    for (int32_t i = 0; i < count; i++) sum += w[row * count + i] * v[i];
    return sum;
}

typedef struct one_cell {
    seqd_cell kind;
    int32_t inputs, hidden;
    const double *wi, *wh, *bi, *bh;
    const float *mask; /* [hidden] of the row; NULL: none */
} one_cell;

/* h and c, [hidden], become those of the next step. */
static void step(const one_cell *cell, const double *x, double *h, double *c)
{
    const int32_t n = cell->hidden;
    double *fed = numbers((size_t)n), *next = numbers((size_t)n);
    for (int32_t i = 0; i < n; i++) fed[i] = cell->mask ? (double)cell->mask[i] * h[i] : h[i];
#define INPUT(block) line(cell->wi, (block) * n + i, x, cell->inputs, cell->bi)
#define STATE(block) line(cell->wh, (block) * n + i, fed, n, cell->bh)
    for (int32_t i = 0; i < n; i++) {
        switch (cell->kind) {
        case SEQD_CELL_LSTM:
            c[i] = sigmoid(INPUT(1) + STATE(1)) * c[i] + sigmoid(INPUT(0) + STATE(0)) * tanh(INPUT(2) + STATE(2));
            next[i] = sigmoid(INPUT(3) + STATE(3)) * tanh(c[i]);
            break;
        case SEQD_CELL_GRU: {
            const double r = sigmoid(INPUT(0) + STATE(0)), z = sigmoid(INPUT(1) + STATE(1));
            next[i] = (1.0 - z) * tanh(INPUT(2) + r * STATE(2)) + z * h[i];
            break;
        }
        case SEQD_CELL_GRU_BEFORE: {
            double sum = INPUT(2) + cell->bh[2 * n + i];
            const double z = sigmoid(INPUT(1) + STATE(1));
            for (int32_t j = 0; j < n; j++) {
                const double r = sigmoid(line(cell->wi, j, x, cell->inputs, cell->bi) + line(cell->wh, j, fed, n, cell->bh));
                sum += cell->wh[(2 * n + i) * n + j] * r * fed[j];
            }
            next[i] = (1.0 - z) * tanh(sum) + z * h[i];
            break;
        }
        case SEQD_CELL_TANH: next[i] = tanh(INPUT(0) + STATE(0)); break;
        case SEQD_CELL_RELU: next[i] = fmax(INPUT(0) + STATE(0), 0.0); break;
        case SEQD_CELLS: break;
        }
    }
#undef INPUT
#undef STATE
    memcpy(h, next, (size_t)n * sizeof *h);
    free(fed);
    free(next);
}

/* One row, one way: every phase of the dilation is a sequence of its own. */
static void run_row(const stack_problem *p, one_cell *cell, int32_t layer, int32_t way, int32_t row, const double *x,
                    const double *s, double *out, int32_t width)
{
    const seqd_stack_shape *shape = &p->shape;
    const int32_t d = shape->dilation[layer] > 1 ? shape->dilation[layer] : 1, hidden = cell->hidden;
    const int32_t length = p->length ? p->length[row] : p->steps;
    const int32_t statics = layer == 0 ? shape->statics : 0, own = cell->inputs - statics;
    double *joined = numbers((size_t)cell->inputs), *h = numbers((size_t)hidden), *c = numbers((size_t)hidden);
    const float *mask = p->state_masks[layer][way];
    cell->mask = mask ? mask + row * hidden : NULL;
    for (int32_t phase = 0; phase < d; phase++) {
        memset(h, 0, (size_t)hidden * sizeof *h);
        memset(c, 0, (size_t)hidden * sizeof *c);
        for (int32_t n = phase; n < length; n += d) {
            const int32_t t = way == 0 ? n : length - 1 - n;
            memcpy(joined, x + (t * p->rows + row) * own, (size_t)own * sizeof *x);
            if (statics > 0) memcpy(joined + own, s + row * statics, (size_t)statics * sizeof *s);
            step(cell, joined, h, c);
            memcpy(out + (t * p->rows + row) * width + way * hidden, h, (size_t)hidden * sizeof *h);
        }
    }
    free(joined);
    free(h);
    free(c);
}

static void normalise(int32_t width, const double *gamma, const double *beta, double *y)
{
    double mean = 0.0, variance = 0.0;
    for (int32_t i = 0; i < width; i++) mean += y[i] / width;
    for (int32_t i = 0; i < width; i++) variance += (y[i] - mean) * (y[i] - mean) / width;
    for (int32_t i = 0; i < width; i++) y[i] = (y[i] - mean) / sqrt(variance + 1e-5) * gamma[i] + beta[i];
}

void stack_model_run(const stack_problem *p, const seqd_tensors *tensors, const double *w, const double *x,
                     const double *s, double *out)
{
    const seqd_stack_shape *shape = &p->shape;
    const int32_t ways = shape->bidirectional ? 2 : 1;
    double *below = NULL;
    for (int32_t i = 0; i < shape->layers; i++) {
        const int32_t width = ways * shape->hidden[i], own = i == 0 ? shape->inputs : ways * shape->hidden[i - 1];
        double *y = numbers((size_t)(p->steps * p->rows * width));
        for (int32_t way = 0; way < ways; way++) {
            const char *suffix = way == 0 ? "" : "_reverse";
            one_cell cell = {shape->cell, own + (i == 0 ? shape->statics : 0), shape->hidden[i],
                         tensor(tensors, w, "weight_ih_l", i, suffix), tensor(tensors, w, "weight_hh_l", i, suffix),
                         tensor(tensors, w, "bias_ih_l", i, suffix), tensor(tensors, w, "bias_hh_l", i, suffix), NULL};
            for (int32_t row = 0; row < p->rows; row++) run_row(p, &cell, i, way, row, x, s, y, width);
        }
        for (int32_t j = 0; j < p->steps * p->rows; j++) {
            double *here = y + j * width;
            if (p->length && j / p->rows >= p->length[j % p->rows]) continue;
            if (shape->layer_norm)
                normalise(width, tensor(tensors, w, "norm_l", i, ".weight"), tensor(tensors, w, "norm_l", i, ".bias"),
                          here);
            for (int32_t u = 0; u < width; u++) {
                if (shape->residual && width == own) here[u] += x[j * own + u];
                if (p->masks[i]) here[u] *= (double)p->masks[i][j * width + u];
            }
        }
        free(below);
        x = below = y;
    }
    memcpy(out, below, (size_t)(p->steps * p->rows * ways * shape->hidden[shape->layers - 1]) * sizeof *out);
    free(below);
}
