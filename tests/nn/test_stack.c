/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks of recurrent layers in every variant, on every level of kernels and on oneDNN, against the same written down
 * in double precision (stack_model.c): states, and gradients of every parameter and input against its differences.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"
#include "rng.h"
#include "stack_model.h"

#define FORWARD_BOUND 2e-6  /* of the largest state */
#define GRADIENT_BOUND 2e-5 /* of the largest gradient of the tensor or input, or of 1/20 of the largest of all */
#define STEP 1e-6           /* of differences in double precision */
#define KEY 77

typedef struct variant {
    const char *name;
    seqd_stack_shape shape; /* cell comes from the test */
    int32_t steps, rows;
    int32_t length[5];      /* 0 at the first: all steps */
} variant;

static const variant variants[] = {
    {"one layer", {.layers = 1, .inputs = 4, .hidden = {5}}, 6, 3, {0}},
    {"three layers, statics", {.layers = 3, .inputs = 3, .statics = 2, .hidden = {4, 6, 3}}, 5, 3, {0}},
    {"both ways", {.layers = 1, .inputs = 3, .statics = 2, .hidden = {4}, .bidirectional = true}, 6, 3, {0}},
    {"both ways, ragged", {.layers = 2, .inputs = 3, .statics = 1, .hidden = {4, 3}, .bidirectional = true}, 7, 5,
     {7, 1, 4, 6, 3}},
    {"ragged", {.layers = 2, .inputs = 3, .hidden = {4, 3}}, 6, 4, {2, 6, 1, 5}},
    {"all short", {.layers = 2, .inputs = 3, .hidden = {4, 3}}, 9, 4, {2, 4, 1, 3}},
    {"all short, everything forwards",
     {.layers = 3, .inputs = 4, .statics = 2, .hidden = {4, 4, 5}, .residual = true, .layer_norm = true, .dropout = 0.3,
      .recurrent_dropout = 0.3}, 8, 3, {1, 3, 2}},
    {"residual", {.layers = 3, .inputs = 4, .statics = 1, .hidden = {4, 4, 5}, .residual = true}, 5, 2, {0}},
    {"dilated", {.layers = 3, .inputs = 3, .hidden = {4, 4, 4}, .dilation = {1, 2, 4}}, 8, 2, {0}},
    {"dilated, a rest, statics", {.layers = 2, .inputs = 3, .statics = 2, .hidden = {4, 3}, .dilation = {3, 2}}, 7, 3,
     {0}},
    {"dilated beyond the steps", {.layers = 2, .inputs = 3, .statics = 2, .hidden = {4, 3}, .dilation = {9, 4}}, 5, 2,
     {0}},
    {"dilated residual both ways, ragged",
     {.layers = 3, .inputs = 4, .hidden = {3, 3, 3}, .dilation = {2, 3, 1}, .bidirectional = true, .residual = true},
     7, 4, {7, 2, 5, 1}},
    {"layer norm", {.layers = 2, .inputs = 3, .hidden = {5, 4}, .layer_norm = true}, 5, 3, {0}},
    {"layer norm, residual, both ways, ragged",
     {.layers = 2, .inputs = 6, .hidden = {3, 3}, .layer_norm = true, .residual = true, .bidirectional = true}, 6, 3,
     {6, 3, 1}},
    {"dropout", {.layers = 2, .inputs = 3, .hidden = {5, 4}, .dropout = 0.4}, 5, 3, {0}},
    {"state dropout", {.layers = 2, .inputs = 3, .hidden = {6, 5}, .recurrent_dropout = 0.4}, 6, 3, {0}},
    {"everything",
     {.layers = 2, .inputs = 6, .statics = 2, .hidden = {3, 3}, .dilation = {2, 3}, .layer_norm = true,
      .residual = true, .bidirectional = true, .dropout = 0.3, .recurrent_dropout = 0.3}, 7, 4, {7, 4, 1, 6}},
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static const char *const cell_names[SEQD_CELLS] = {"lstm", "gru", "gru reset before", "tanh", "relu"};

static double worst_forward, worst_gradient;
static int64_t compared;

static void *numbers(size_t count, size_t size)
{
    void *values = calloc(count > 0 ? count : 1, size);
    assert_non_null(values);
    return values;
}

/* A stack with numbers, and room for its answers. */
typedef struct stack_rig {
    const variant *v;
    stack_problem problem;
    seqd_tensors tensors;
    size_t counts[3];      /* of parameters, x, s */
    float *given[3];       /* parameters, x, s */
    float *found[3];       /* their gradients */
    float *dh, *out;
    size_t out_count;
    float *masks;
} stack_rig;

/* The masks that the stack will draw under KEY. */
static void draw_masks(stack_rig *rig)
{
    const seqd_stack_shape *shape = &rig->problem.shape;
    const seqd_kernels *k = seqd_kernels_at(0);
    float *next = rig->masks = numbers(4096, sizeof *next);
    for (int32_t i = 0; i < shape->layers; i++) {
        const int32_t ways = shape->bidirectional ? 2 : 1, states = rig->v->rows * shape->hidden[i];
        const int32_t count = rig->v->steps * states * ways;
        if (shape->dropout > 0.0) {
            seqd_stack_dropout(k, shape->dropout, KEY, i, count, next);
            rig->problem.masks[i] = next;
            next += count;
        }
        for (int32_t way = 0; way < ways && shape->recurrent_dropout > 0.0; way++, next += states) {
            seqd_stack_dropout(k, shape->recurrent_dropout, KEY, SEQD_STACK_STATE_MASKS + 2 * i + way, states, next);
            rig->problem.state_masks[i][way] = next;
        }
    }
    assert_true(next - rig->masks <= 4096);
}

static stack_rig *rig_new(const variant *v, seqd_cell cell)
{
    stack_rig *rig = numbers(1, sizeof *rig);
    int32_t first;
    rig->v = v;
    rig->problem = (stack_problem){.shape = v->shape, .steps = v->steps, .rows = v->rows};
    rig->problem.length = v->length[0] > 0 ? v->length : NULL;
    rig->problem.shape.cell = cell;
    assert_int_equal(seqd_stack_declare(&rig->problem.shape, "", &rig->tensors, &first, NULL), SEQD_OK);
    assert_int_equal(first, 0);
    rig->counts[0] = (size_t)rig->tensors.parameters;
    rig->counts[1] = (size_t)(v->steps * v->rows * v->shape.inputs);
    rig->counts[2] = (size_t)(v->rows * v->shape.statics);
    rig->out_count = (size_t)(v->steps * v->rows * seqd_stack_width(&rig->problem.shape));
    seqd_rng rng = seqd_rng_stream(3, (uint64_t)(v - variants), (uint64_t)cell);
    for (int i = 0; i < 3; i++) {
        rig->given[i] = numbers(rig->counts[i], sizeof(float));
        rig->found[i] = numbers(rig->counts[i], sizeof(float));
        for (size_t j = 0; j < rig->counts[i]; j++)
            rig->given[i][j] = (float)((i == 0 ? 0.5 : 1.0) * seqd_rng_normal(&rng));
    }
    rig->dh = numbers(rig->out_count, sizeof(float));
    rig->out = numbers(rig->out_count, sizeof(float));
    for (size_t j = 0; j < rig->out_count; j++) rig->dh[j] = (float)seqd_rng_normal(&rng);
    draw_masks(rig);
    return rig;
}

static void rig_drop(stack_rig *rig)
{
    for (int i = 0; i < 3; i++) {
        free(rig->given[i]);
        free(rig->found[i]);
    }
    free(rig->dh);
    free(rig->out);
    free(rig->masks);
    free(rig);
}

static bool counts(const stack_rig *rig, size_t place)
{
    const size_t width = (size_t)seqd_stack_width(&rig->problem.shape), rows = (size_t)rig->v->rows;
    const size_t row = place / width % rows, t = place / width / rows;
    return !rig->problem.length || (int32_t)t < rig->problem.length[row];
}

static seqd_stack *open_stack(seqd_context *context, const seqd_backend *backend, const stack_rig *rig, seqd_use use)
{
    seqd_stack *stack = NULL;
    seqd_error error = {.struct_size = (uint32_t)sizeof error};
    if (seqd_stack_open(context, backend, &rig->problem.shape, &rig->tensors, 0, &use, &stack, &error) != SEQD_OK)
        fail_msg("%s: %s", rig->v->name, error.message);
    seqd_stack_pack(stack, rig->given[0]);
    return stack;
}

/* What the library says, twice: room for more rows than the pass has, gradients that add up. */
static void run_library(stack_rig *rig, const seqd_backend *backend, bool with_dx)
{
    seqd_context *context = rig_context();
    const bool drops = rig->v->shape.dropout > 0.0 || rig->v->shape.recurrent_dropout > 0.0;
    const seqd_stack_pass pass = {rig->v->rows, rig->problem.length, rig->given[1], rig->given[2], drops ? KEY : 0};
    seqd_stack *stack = open_stack(context, backend, rig, (seqd_use){rig->v->steps, rig->v->rows + 2, 1, true});
    for (int i = 0; i < 3; i++) memset(rig->found[i], 0, rig->counts[i] * sizeof(float));
    for (int time = 0; time < 2; time++) {
        const float *out = seqd_stack_forward(stack, 0, &pass);
        memcpy(rig->out, out, rig->out_count * sizeof *out);
        float *dh = seqd_stack_gradient(stack, 0);
        memcpy(dh, rig->dh, rig->out_count * sizeof *dh);
        seqd_stack_backward(stack, 0, &pass, rig->found[0], with_dx ? rig->found[1] : NULL, rig->found[2]);
    }
    for (size_t i = 0; i < rig->counts[0]; i++) rig->found[0][i] *= 0.5f;
    for (size_t i = 0; i < rig->counts[2]; i++) rig->found[2][i] *= 0.5f;
    assert_int_equal(seqd_stack_status(stack, NULL), SEQD_OK);
    seqd_stack_close(stack);
    seqd_context_drop(context);
}

/* The same in double precision, and the gradients of sum(dh * out) by differences. */
typedef struct truth {
    double *out, *given[3], *gradient[3];
} truth;

static double weighted(const stack_rig *rig, const truth *t, double *out)
{
    double sum = 0.0;
    stack_model_run(&rig->problem, &rig->tensors, t->given[0], t->given[1], t->given[2], out);
    for (size_t i = 0; i < rig->out_count; i++)
        if (counts(rig, i)) sum += (double)rig->dh[i] * out[i];
    return sum;
}

static truth truth_of(const stack_rig *rig)
{
    truth t;
    double *out = numbers(rig->out_count, sizeof *out);
    t.out = numbers(rig->out_count, sizeof(double));
    for (int i = 0; i < 3; i++) {
        t.given[i] = numbers(rig->counts[i], sizeof(double));
        t.gradient[i] = numbers(rig->counts[i], sizeof(double));
        for (size_t j = 0; j < rig->counts[i]; j++) t.given[i][j] = (double)rig->given[i][j];
    }
    (void)weighted(rig, &t, t.out);
    for (int i = 0; i < 3; i++)
        for (size_t j = 0; j < rig->counts[i]; j++) {
            const double here = t.given[i][j];
            t.given[i][j] = here + STEP;
            const double up = weighted(rig, &t, out);
            t.given[i][j] = here - STEP;
            t.gradient[i][j] = (up - weighted(rig, &t, out)) / (2.0 * STEP);
            t.given[i][j] = here;
        }
    free(out);
    return t;
}

static void truth_drop(truth *t)
{
    free(t->out);
    for (int i = 0; i < 3; i++) {
        free(t->given[i]);
        free(t->gradient[i]);
    }
}

static void judge(const stack_rig *rig, const char *backend, const char *what, double difference, double unit,
                  double bound, double *worst)
{
    compared++;
    const double off = unit > 0.0 ? difference / unit : difference;
    if (off > *worst) *worst = off;
    if (!(off <= bound))
        fail_msg("%s, %s, %s: %s is off by %.3g, allowed are %.3g", rig->v->name,
                 cell_names[rig->problem.shape.cell], backend, what, off, bound);
}

static double most_of(const double *values, size_t count)
{
    double most = 0.0;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(values[i]));
    return most;
}

static double difference_of(const float *have, const double *want, size_t count)
{
    double most = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double off = fabs((double)have[i] - want[i]);
        if (!(off <= most)) most = off;
    }
    return most;
}

static void compare(const stack_rig *rig, const truth *t, const char *backend, bool with_dx)
{
    double off = 0.0;
    for (size_t i = 0; i < rig->out_count; i++) {
        assert_true(isfinite(rig->out[i]));
        if (counts(rig, i)) off = fmax(off, fabs((double)rig->out[i] - t->out[i]));
    }
    judge(rig, backend, "states", off, fmax(most_of(t->out, rig->out_count), 1.0), FORWARD_BOUND, &worst_forward);
    const double all = most_of(t->gradient[0], rig->counts[0]);
    for (int32_t n = 0; n < rig->tensors.count; n++) {
        const seqd_tensor *tensor = &rig->tensors.at[n];
        const size_t count = (size_t)(tensor->shape[0] * tensor->shape[1]);
        const double *want = t->gradient[0] + tensor->offset;
        judge(rig, backend, tensor->name, difference_of(rig->found[0] + tensor->offset, want, count),
              fmax(most_of(want, count), all / 20.0), GRADIENT_BOUND, &worst_gradient);
    }
    for (int i = with_dx ? 1 : 2; i < 3; i++)
        judge(rig, backend, i == 1 ? "dx" : "ds", difference_of(rig->found[i], t->gradient[i], rig->counts[i]),
              fmax(most_of(t->gradient[i], rig->counts[i]), all / 20.0), GRADIENT_BOUND, &worst_gradient);
    /* what lies behind a row's last step has no gradient at all */
    const size_t inputs = (size_t)rig->v->shape.inputs, rows = (size_t)rig->v->rows;
    for (size_t i = 0; with_dx && rig->problem.length && i < rig->counts[1]; i++)
        if ((int32_t)(i / inputs / rows) >= rig->problem.length[i / inputs % rows])
            assert_true(rig->found[1][i] == 0.0f);
}

static void test_variants(void **state)
{
    (void)state;
    for (size_t v = 0; v < VARIANTS; v++)
        for (int cell = 0; cell < SEQD_CELLS; cell++) {
            stack_rig *rig = rig_new(&variants[v], (seqd_cell)cell);
            truth t = truth_of(rig);
            for (int32_t level = 0; rig_backend(level); level++) {
                if (rig_repeats(level)) continue;
                if (rig_backend(level)->kind == SEQD_BACKEND_ONEDNN && rig->v->shape.recurrent_dropout > 0.0) continue;
                for (int with_dx = 0; with_dx < 2; with_dx++) {
                    run_library(rig, rig_backend(level), with_dx);
                    compare(rig, &t, rig_backend_name(level), with_dx);
                }
            }
            truth_drop(&t);
            rig_drop(rig);
        }
    assert_true(compared > 5000);
}

/* What lies behind a row's last step reaches nothing. */
static void test_padding_is_not_read(void **state)
{
    (void)state;
    for (size_t v = 0; v < VARIANTS; v++) {
        if (variants[v].length[0] == 0) continue;
        for (int cell = 0; cell < SEQD_CELLS; cell++) {
            stack_rig *a = rig_new(&variants[v], (seqd_cell)cell), *b = rig_new(&variants[v], (seqd_cell)cell);
            const size_t inputs = (size_t)a->v->shape.inputs, rows = (size_t)a->v->rows;
            for (size_t i = 0; i < a->counts[1]; i++)
                if ((int32_t)(i / inputs / rows) >= a->v->length[i / inputs % rows]) b->given[1][i] = 3.0f;
            for (size_t i = 0; i < a->out_count; i++)
                if (!counts(a, i)) b->dh[i] = NAN;
            run_library(a, rig_backend(0), true);
            run_library(b, rig_backend(0), true);
            for (size_t i = 0; i < a->out_count; i++)
                if (counts(a, i)) assert_true(a->out[i] == b->out[i]);
            for (int i = 0; i < 3; i++) assert_memory_equal(a->found[i], b->found[i], a->counts[i] * sizeof(float));
            rig_drop(a);
            rig_drop(b);
        }
    }
}

static void pass_once(stack_rig *rig, seqd_stack *stack, const int32_t *length, int32_t steps)
{
    const bool drops = rig->v->shape.dropout > 0.0 || rig->v->shape.recurrent_dropout > 0.0;
    const seqd_stack_pass pass = {rig->v->rows, length, rig->given[1], rig->given[2], drops ? KEY : 0};
    const size_t row = (size_t)rig->v->rows, width = (size_t)seqd_stack_width(&rig->problem.shape);
    const size_t out = (size_t)steps * row * width * sizeof(float);
    for (int i = 0; i < 3; i++) memset(rig->found[i], 0, rig->counts[i] * sizeof(float));
    memcpy(rig->out, seqd_stack_forward(stack, 0, &pass), out);
    memcpy(seqd_stack_gradient(stack, 0), rig->dh, out);
    seqd_stack_backward(stack, 0, &pass, rig->found[0], rig->found[1], rig->found[2]);
}

/* Short rows in long arrays give the bits of short arrays, with zeros behind them; a long pass after them is whole. */
static void test_short_rows(void **state)
{
    (void)state;
    int tried = 0;
    for (int32_t level = 0; level < seqd_kernels_count(); level++)
        for (size_t v = 0; v < VARIANTS; v++)
            for (int cell = 0; cell < SEQD_CELLS && strncmp(variants[v].name, "all short", 9) == 0; cell++) {
                stack_rig *a = rig_new(&variants[v], (seqd_cell)cell), *b = rig_new(&variants[v], (seqd_cell)cell);
                seqd_context *context = rig_context();
                int32_t longest = 0;
                for (int32_t r = 0; r < a->v->rows; r++)
                    if (a->v->length[r] > longest) longest = a->v->length[r];
                const size_t x = (size_t)(longest * a->v->rows * a->v->shape.inputs);
                const size_t h = (size_t)(longest * a->v->rows * seqd_stack_width(&a->problem.shape));
                assert_true(longest < a->v->steps);
                seqd_stack *roomy = open_stack(context, rig_backend(level), a, (seqd_use){a->v->steps, a->v->rows, 1, true});
                seqd_stack *tight = open_stack(context, rig_backend(level), a, (seqd_use){longest, a->v->rows, 1, true});
                pass_once(a, roomy, NULL, a->v->steps); /* leaves its numbers behind the short ones */
                pass_once(a, roomy, a->v->length, a->v->steps);
                pass_once(b, tight, b->v->length, longest);
                for (size_t i = 0; i < h; i++)
                    if (counts(a, i)) assert_memory_equal(&a->out[i], &b->out[i], sizeof(float));
                for (size_t i = h; i < a->out_count; i++) assert_true(a->out[i] == 0.0f);
                assert_memory_equal(a->found[0], b->found[0], a->counts[0] * sizeof(float));
                assert_memory_equal(a->found[1], b->found[1], x * sizeof(float));
                assert_memory_equal(a->found[2], b->found[2], a->counts[2] * sizeof(float));
                for (size_t i = x; i < a->counts[1]; i++) assert_true(a->found[1][i] == 0.0f);
                seqd_stack *fresh = open_stack(context, rig_backend(level), a, (seqd_use){a->v->steps, a->v->rows, 1, true});
                pass_once(a, roomy, NULL, a->v->steps);
                pass_once(b, fresh, NULL, a->v->steps);
                assert_memory_equal(a->out, b->out, a->out_count * sizeof(float));
                for (int i = 0; i < 3; i++) assert_memory_equal(a->found[i], b->found[i], a->counts[i] * sizeof(float));
                seqd_stack_close(fresh);
                seqd_stack_close(tight);
                seqd_stack_close(roomy);
                seqd_context_drop(context);
                rig_drop(a);
                rig_drop(b);
                tried++;
            }
    assert_true(tried == 2 * SEQD_CELLS * seqd_kernels_count());
}

/* Step by step comes out what comes out at once; parts of the state are as they are declared. */
static void test_steps(void **state)
{
    (void)state;
    int32_t streamed = 0;
    for (int32_t level = 0; level < seqd_kernels_count(); level++)
        for (size_t v = 0; v < VARIANTS; v++)
            for (int cell = 0; cell < SEQD_CELLS; cell++) {
                stack_rig *rig = rig_new(&variants[v], (seqd_cell)cell);
                const seqd_stack_shape *shape = &rig->problem.shape;
                const int32_t rows = rig->v->rows, steps = rig->v->steps;
                if (shape->bidirectional) {
                    rig_drop(rig);
                    continue;
                }
                seqd_context *context = rig_context();
                seqd_stack *whole = open_stack(context, rig_backend(level), rig, (seqd_use){steps, rows, 1, false});
                seqd_stack *single = open_stack(context, rig_backend(level), rig, (seqd_use){1, rows, 1, false});
                seqd_stack_pass pass = {rows, NULL, rig->given[1], rig->given[2], 0};
                const float *out = seqd_stack_forward(whole, 0, &pass);
                float *states = numbers((size_t)seqd_stack_state_floats(shape, rows), sizeof *states);
                int64_t parts = 0;
                for (int32_t i = 0; i < seqd_stack_part_count(shape); i++) parts += rows * seqd_stack_part_units(shape, i);
                assert_int_equal(parts, seqd_stack_state_floats(shape, rows));
                for (int32_t t = 0; t < steps; t++, pass.x += rows * shape->inputs) {
                    seqd_stack_step(single, 0, &pass, states);
                    const float *now = seqd_stack_state_output(shape, rows, states);
                    for (int32_t i = 0; i < rows * seqd_stack_width(shape); i++)
                        assert_true(fabsf(now[i] - out[t * rows * seqd_stack_width(shape) + i]) < 3e-6f);
                }
                free(states);
                seqd_stack_close(whole);
                seqd_stack_close(single);
                seqd_context_drop(context);
                rig_drop(rig);
                streamed++;
            }
    assert_true(streamed >= 45);
}

static void test_onednn_refuses_state_dropout(void **state)
{
    (void)state;
    const variant *v = &variants[VARIANTS - 1];
    stack_rig *rig = rig_new(v, SEQD_CELL_LSTM);
    seqd_context *context = rig_context();
    seqd_error error = {.struct_size = (uint32_t)sizeof error};
    seqd_backend backend = *rig_backend(0);
    seqd_stack *stack = NULL;
    seqd_use use = {v->steps, v->rows, 1, true};
    backend.kind = SEQD_BACKEND_ONEDNN;
    assert_int_equal(seqd_stack_open(context, &backend, &rig->problem.shape, &rig->tensors, 0, &use, &stack, &error),
                     SEQD_E_UNSUPPORTED);
    assert_non_null(strstr(error.message, "recurrent_dropout"));
    assert_null(stack);
    seqd_context_drop(context);
    rig_drop(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_padding_is_not_read),
        cmocka_unit_test(test_short_rows),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_onednn_refuses_state_dropout),
    };
    const int failed = cmocka_run_group_tests_name("stack", tests, NULL, NULL);
    printf("largest differences: states %.2g, gradients %.2g\n", worst_forward, worst_gradient);
    return failed;
}
