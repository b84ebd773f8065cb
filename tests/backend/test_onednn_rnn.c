/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "layer.h"
#include "parallel.h"

/* In units of the largest value of an array: sums over 56 steps in another order. */
#define BOUND 1e-5

static double worst;

static void same(const layer_values *got, const layer_values *expected)
{
    int32_t which = 0;
    const double difference = layer_difference(got, expected, &which);
    const seqd_rnn_plan *p = &got->shape.plan;
    if (difference > worst) worst = difference;
    if (!(difference <= BOUND))
        fail_msg("%s%s, inputs %d, statics %d, hidden %d, steps %d, rows %d of %d: %s is off by %.3g, allowed are %.3g",
                 layer_cell_name(p->shape.cell), p->reverse ? " backwards" : "", p->shape.inputs, p->shape.statics, p->shape.hidden,
                 p->steps, got->shape.rows, p->rows, layer_array_name(which), difference, BOUND);
}

static seqd_context *new_context(void)
{
    seqd_context *context = NULL;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    return context;
}

/* Both sides from the same numbers. */
static void compare(seqd_context *context, const layer_case *c, uint32_t seed)
{
    layer_values *ref = layer_make(c, seed), *onednn = layer_make(c, seed);
    seqd_rnn *a = layer_open_ref(context, &c->plan), *b = layer_open_onednn(context, &c->plan);
    const seqd_rnn_params params = layer_params(ref);
    a->ops->pack(a, &params);
    b->ops->pack(b, &params);
    layer_forward(a, 0, ref);
    layer_forward(b, 0, onednn);
    if (c->plan.train) {
        layer_backward(a, 0, ref);
        layer_backward(b, 0, onednn);
    }
    assert_int_equal(b->ops->status(b, NULL), SEQD_OK);
    same(onednn, ref);
    seqd_rnn_free(a);
    seqd_rnn_free(b);
    layer_drop(ref);
    layer_drop(onednn);
}

static void test_shapes(void **state)
{
    (void)state;
    static const int32_t sizes[][3] = {/* inputs, statics, hidden */
                                       {1, 0, 1}, {3, 0, 5}, {16, 0, 16}, {20, 0, 40}, {7, 4, 32}, {33, 1, 17},
                                       {16, 0, 64}, {5, 11, 64}, {64, 0, 16}};
    static const int32_t steps[] = {1, 2, 7, 28, 56}, rows[] = {16, 3, 1};
    seqd_context *context = new_context();
    for (int cell = 0; cell < SEQD_CELLS; cell++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            for (int32_t t = 0; t < 5 - LAYER_SANITIZED; t++)
                for (int32_t r = 0; r < 3; r++)
                    for (int way = 0; way < 4; way++) {
                        if (way > 1 && t != 2) continue; /* backwards at one number of steps */
                        const layer_case c = {{{(seqd_cell)cell, sizes[i][0], sizes[i][1], sizes[i][2]}, steps[t], 16,
                                               1, way % 2 != 0, way > 1, false}, rows[r]};
                        compare(context, &c, (uint32_t)(i * 100 + (size_t)t * 10 + (size_t)r));
                    }
    seqd_context_drop(context);
}

enum { DEEPEST = 3 };

/* Layers on top of each other, with widths of their own: what one answers is what the next is given. */
static void run_stack(seqd_rnn *const rnn[], layer_values *const v[], int32_t depth)
{
    for (int32_t i = 0; i < depth; i++) {
        const seqd_rnn_params params = layer_params(v[i]);
        rnn[i]->ops->pack(rnn[i], &params);
        if (i > 0) memcpy(v[i]->array[LAYER_X], v[i - 1]->array[LAYER_HIDDEN], v[i]->count[LAYER_X] * sizeof(float));
        layer_forward(rnn[i], 0, v[i]);
    }
    for (int32_t i = depth - 1; i >= 0; i--) {
        if (i + 1 < depth)
            memcpy(v[i]->array[LAYER_DH], v[i + 1]->array[LAYER_DX], v[i]->count[LAYER_DH] * sizeof(float));
        layer_backward(rnn[i], 0, v[i]);
    }
}

static void test_stacks(void **state)
{
    (void)state;
    static const int32_t widths[DEEPEST + 1] = {11, 40, 24, 7};
    seqd_context *context = new_context();
    for (int cell = 0; cell < SEQD_CELLS; cell++)
        for (int32_t depth = 1; depth <= DEEPEST; depth++)
            for (int32_t statics = 0; statics <= 5; statics += 5) {
                seqd_rnn *ref[DEEPEST], *onednn[DEEPEST];
                layer_values *a[DEEPEST], *b[DEEPEST];
                for (int32_t i = 0; i < depth; i++) {
                    const layer_case c = {{{(seqd_cell)cell, widths[i], statics, widths[i + 1]},
                                           28, 16, 1, true, i % 2 == 1, false}, depth == 2 ? 3 : 16};
                    a[i] = layer_make(&c, 5u + (uint32_t)i);
                    b[i] = layer_make(&c, 5u + (uint32_t)i);
                    ref[i] = layer_open_ref(context, &c.plan);
                    onednn[i] = layer_open_onednn(context, &c.plan);
                }
                run_stack(ref, a, depth);
                run_stack(onednn, b, depth);
                for (int32_t i = 0; i < depth; i++) {
                    same(b[i], a[i]);
                    assert_int_equal(onednn[i]->ops->status(onednn[i], NULL), SEQD_OK);
                    seqd_rnn_free(ref[i]);
                    seqd_rnn_free(onednn[i]);
                    layer_drop(a[i]);
                    layer_drop(b[i]);
                }
            }
    seqd_context_drop(context);
}

/* Weights move between calls, gradients of several passes add up, and the number of rows changes. */
static void test_steps(void **state)
{
    (void)state;
    seqd_context *context = new_context();
    for (int cell = 0; cell < SEQD_CELLS; cell++) {
        const seqd_rnn_plan plan = {{(seqd_cell)cell, 9, 2, 33}, 14, 16, 1, true, false, false};
        const layer_case full = {plan, 16}, part = {plan, 5};
        layer_values *a[2] = {layer_make(&full, 1), layer_make(&part, 2)};
        layer_values *b[2] = {layer_make(&full, 1), layer_make(&part, 2)};
        seqd_rnn *ref = layer_open_ref(context, &plan), *onednn = layer_open_onednn(context, &plan);
        for (uint32_t step = 0; step < 6; step++) {
            const int which = step % 2;
            layer_redraw(a[which], 100 + step);
            layer_redraw(b[which], 100 + step);
            const seqd_rnn_params params = layer_params(a[which]);
            ref->ops->pack(ref, &params);
            onednn->ops->pack(onednn, &params);
            for (int pass = 0; pass < 2; pass++) {
                layer_forward(ref, 0, a[which]);
                layer_forward(onednn, 0, b[which]);
                layer_backward(ref, 0, a[which]);
                layer_backward(onednn, 0, b[which]);
            }
            same(b[which], a[which]);
        }
        for (int i = 0; i < 2; i++) {
            layer_drop(a[i]);
            layer_drop(b[i]);
        }
        seqd_rnn_free(ref);
        seqd_rnn_free(onednn);
    }
    seqd_context_drop(context);
}

/* A plan that only predicts has other primitives. */
static void test_prediction_equals_training(void **state)
{
    (void)state;
    seqd_context *context = new_context();
    for (int cell = 0; cell < SEQD_CELLS; cell++)
        for (int32_t rows = 1; rows <= 16; rows += 5) {
            layer_case c = {{{(seqd_cell)cell, 16, 3, 64}, 28, 16, 1, true, false,
                             false}, rows};
            layer_values *a = layer_make(&c, 3), *b = layer_make(&c, 3);
            seqd_rnn *training = layer_open_onednn(context, &c.plan);
            c.plan.train = false;
            seqd_rnn *prediction = layer_open_onednn(context, &c.plan);
            const seqd_rnn_params params = layer_params(a);
            training->ops->pack(training, &params);
            prediction->ops->pack(prediction, &params);
            layer_forward(training, 0, a);
            layer_forward(prediction, 0, b);
            same(b, a);
            seqd_rnn_free(training);
            seqd_rnn_free(prediction);
            layer_drop(a);
            layer_drop(b);
        }
    seqd_context_drop(context);
}

/* ---- lanes ---- */

enum { TASKS = 8 };

typedef struct crowd {
    seqd_rnn *rnn;
    layer_values *values[TASKS];
} crowd;

static void run_lane(void *user, int64_t index, int32_t thread)
{
    const crowd *c = user;
    layer_forward(c->rnn, thread, c->values[index]);
    layer_backward(c->rnn, thread, c->values[index]);
}

static void run_crowd(seqd_context *context, const seqd_rnn_plan *plan, int32_t threads, crowd *c)
{
    c->rnn = layer_open_onednn(context, plan);
    for (int32_t i = 0; i < TASKS; i++) {
        const layer_case shape = {*plan, i % 3 == 2 ? 4 : 16};
        c->values[i] = layer_make(&shape, 40u + (uint32_t)i);
    }
    const seqd_rnn_params params = layer_params(c->values[0]);
    c->rnn->ops->pack(c->rnn, &params);
    seqd_parallel_for(threads, TASKS, run_lane, c);
    assert_int_equal(c->rnn->ops->status(c->rnn, NULL), SEQD_OK);
    seqd_rnn_free(c->rnn);
}

static void test_same_bits_on_any_lane(void **state)
{
    (void)state;
    seqd_context *context = new_context();
    for (int cell = 0; cell < SEQD_CELLS; cell++)
        for (int32_t threads = 2; threads <= 4; threads += 2) {
            const seqd_rnn_plan plan = {{(seqd_cell)cell, 20, 0, 40}, 30, 16, threads, true, false, false};
            crowd one, many;
            run_crowd(context, &plan, 1, &one);
            run_crowd(context, &plan, threads, &many);
            for (int32_t i = 0; i < TASKS; i++) {
                for (int j = LAYER_HIDDEN; j < LAYER_ARRAYS; j++)
                    assert_memory_equal(one.values[i]->array[j], many.values[i]->array[j],
                                        one.values[i]->count[j] * sizeof(float));
                layer_drop(one.values[i]);
                layer_drop(many.values[i]);
            }
        }
    seqd_context_drop(context);
}

/* ---- negative control ---- */

/* Exchanges two blocks of `size` numbers. */
static void swap(float *a, float *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const float x = a[i];
        a[i] = b[i];
        b[i] = x;
    }
}

/* The comparison above, with blocks of one array exchanged on oneDNN's side, as a wrong mapping would. */
static double with_swapped(seqd_context *context, seqd_cell cell, int array, int32_t first, int array2, int32_t second)
{
    const layer_case c = {{{cell, 12, 3, 20}, 9, 16, 1, true, false, false}, 16};
    layer_values *ref = layer_make(&c, 8), *wrong = layer_make(&c, 8);
    seqd_rnn *a = layer_open_ref(context, &c.plan), *b = layer_open_onednn(context, &c.plan);
    const size_t block = wrong->count[array] / (size_t)seqd_cell_blocks(cell);
    swap(wrong->array[array] + (size_t)first * block, wrong->array[array2] + (size_t)second * block, block);
    const seqd_rnn_params right_params = layer_params(ref), wrong_params = layer_params(wrong);
    a->ops->pack(a, &right_params);
    b->ops->pack(b, &wrong_params);
    layer_forward(a, 0, ref);
    layer_forward(b, 0, wrong);
    layer_backward(a, 0, ref);
    layer_backward(b, 0, wrong);
    const double difference = layer_difference(wrong, ref, NULL);
    seqd_rnn_free(a);
    seqd_rnn_free(b);
    layer_drop(ref);
    layer_drop(wrong);
    return difference;
}

static void test_notices_a_wrong_mapping(void **state)
{
    (void)state;
    seqd_context *context = new_context();
    for (int cell = 0; cell < SEQD_CELLS; cell++) {
        const seqd_cell kind = (seqd_cell)cell;
        const int32_t gates = seqd_cell_blocks(kind);
        for (int array = LAYER_WEIGHT_IH; array <= LAYER_BIAS_HH; array++)
            for (int32_t i = 0; i < gates; i++)
                for (int32_t j = 0; j < i; j++)
                    assert_true(with_swapped(context, kind, array, i, array, j) > 100.0 * BOUND);
    }
    /* of a GRU's two biases only those of the candidate are told apart, and only by it */
    assert_true(with_swapped(context, SEQD_CELL_GRU, LAYER_BIAS_IH, 2, LAYER_BIAS_HH, 2) > 100.0 * BOUND);
    assert_true(with_swapped(context, SEQD_CELL_GRU, LAYER_BIAS_IH, 1, LAYER_BIAS_HH, 1) <= BOUND);
    assert_true(with_swapped(context, SEQD_CELL_LSTM, LAYER_BIAS_IH, 1, LAYER_BIAS_HH, 1) <= BOUND);
    assert_true(with_swapped(context, SEQD_CELL_GRU_BEFORE, LAYER_BIAS_IH, 2, LAYER_BIAS_HH, 2) <= BOUND);
    seqd_context_drop(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_stacks),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_prediction_equals_training),
        cmocka_unit_test(test_same_bits_on_any_lane),
        cmocka_unit_test(test_notices_a_wrong_mapping),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fprintf(stderr, "oneDNN %s: largest difference %.3g, allowed are %.3g\n", seqd_backend_onednn_version(), worst,
            BOUND);
    return failed;
}
