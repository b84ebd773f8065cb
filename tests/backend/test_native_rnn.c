/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers on every level of kernels beside `ref`, and what holds between the ways of running one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "layer.h"

/* In units of the largest value of an array: sums over 56 steps in another order. */
#define BOUND 1e-5

static double worst;

static void same(const layer_values *got, const layer_values *expected, const char *what)
{
    int32_t which = 0;
    const double difference = layer_difference(got, expected, &which);
    const seqd_rnn_plan *p = &got->shape.plan;
    if (difference > worst) worst = difference;
    if (!(difference <= BOUND))
        fail_msg("%s, %s%s, inputs %d, statics %d, hidden %d, steps %d, rows %d of %d: %s is off by %.3g", what,
                 layer_cell_name(p->shape.cell), p->reverse ? " backwards" : "", p->shape.inputs, p->shape.statics,
                 p->shape.hidden, p->steps, got->shape.rows, p->rows, layer_array_name(which), difference);
}

static seqd_context *new_context(void)
{
    seqd_context *context = NULL;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    return context;
}

static const float *mask_for(const seqd_rnn_plan *plan)
{
    static float mask[16 * 64];
    for (int32_t i = 0; i < plan->rows * plan->shape.hidden; i++) mask[i] = i * 7 % 5 < 2 ? 0.0f : 1.25f;
    return plan->state_dropout ? mask : NULL;
}

/* Forward and backward, twice: gradients add up. */
static void run(seqd_context *context, int32_t level, layer_values *v)
{
    const seqd_rnn_params params = layer_params(v);
    seqd_rnn *rnn = layer_open_level(context, level, &v->shape.plan);
    rnn->ops->pack(rnn, &params);
    rnn->ops->drop(rnn, 0, mask_for(&v->shape.plan));
    for (int pass = 0; pass < 2; pass++) {
        layer_forward(rnn, 0, v);
        if (v->shape.plan.train) layer_backward(rnn, 0, v);
    }
    assert_int_equal(rnn->ops->status(rnn, NULL), SEQD_OK);
    seqd_rnn_free(rnn);
}

static void test_levels(void **state)
{
    (void)state;
    static const int32_t sizes[][3] = {/* inputs, statics, hidden */
                                       {1, 0, 1}, {3, 0, 5}, {16, 0, 16}, {20, 0, 40}, {7, 4, 32}, {33, 1, 17},
                                       {5, 11, 64}};
    static const int32_t steps[] = {1, 2, 7, 56}, rows[] = {16, 3, 1};
    seqd_context *context = new_context();
    for (int cell = 0; cell < SEQD_CELLS; cell++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            for (int32_t t = 0; t < 4 - LAYER_SANITIZED; t++)
                for (int way = 0; way < 6; way++) { /* to predict, to train, with dropout; forwards, backwards */
                    const layer_case c = {{{(seqd_cell)cell, sizes[i][0], sizes[i][1], sizes[i][2]}, steps[t], 16, 1,
                                           way % 3 > 0, way > 2, way % 3 > 1}, rows[(t + way) % 3]};
                    layer_values *ref = layer_make(&c, (uint32_t)(i * 100 + (size_t)t));
                    run(context, 0, ref);
                    for (int32_t level = 1; level < seqd_kernels_count(); level++) {
                        if (LAYER_SANITIZED && level + 1 < seqd_kernels_count()) continue;
                        layer_values *other = layer_make(&c, (uint32_t)(i * 100 + (size_t)t));
                        run(context, level, other);
                        same(other, ref, seqd_kernels_at(level)->level);
                        layer_drop(other);
                    }
                    layer_drop(ref);
                }
    seqd_context_drop(context);
}

/* to[steps - 1 - t] = from[t] */
static void turn(int32_t steps, size_t width, const float *from, float *to)
{
    for (int32_t t = 0; t < steps; t++)
        memcpy(to + (size_t)(steps - 1 - t) * width, from + (size_t)t * width, width * sizeof *to);
}

/* Backwards is forwards on steps in the other order. */
static void test_reverse(void **state)
{
    (void)state;
    static const int turned[] = {LAYER_X, LAYER_DH};
    static const int answers[] = {LAYER_HIDDEN, LAYER_DX};
    seqd_context *context = new_context();
    for (int32_t level = 0; level < seqd_kernels_count(); level++)
        for (int cell = 0; cell < SEQD_CELLS; cell++)
            for (int train = 0; train < 2; train++)
                /* so many steps that the products go in several chunks */
                for (int32_t steps = 1; steps <= 81; steps += 40) {
                    layer_case c = {{{(seqd_cell)cell, 9, 3, 60}, steps, 12, 1, train != 0, true, false}, 12};
                    layer_values *back = layer_make(&c, 3);
                    c.plan.reverse = false;
                    layer_values *there = layer_make(&c, 3), *again = layer_make(&c, 3);
                    for (int i = 0; i < 2; i++)
                        turn(steps, back->count[turned[i]] / (size_t)steps, back->array[turned[i]],
                             there->array[turned[i]]);
                    run(context, level, back);
                    run(context, level, there);
                    for (int i = LAYER_HIDDEN; i < LAYER_ARRAYS; i++)
                        memcpy(again->array[i], there->array[i], there->count[i] * sizeof(float));
                    for (int i = 0; i < 2; i++)
                        turn(steps, back->count[answers[i]] / (size_t)steps, there->array[answers[i]],
                             again->array[answers[i]]);
                    same(again, back, seqd_kernels_at(level)->level);
                    layer_drop(back);
                    layer_drop(there);
                    layer_drop(again);
                }
    seqd_context_drop(context);
}

static void test_steps_and_prediction_equal_training(void **state)
{
    (void)state;
    seqd_context *context = new_context();
    for (int32_t level = 0; level < seqd_kernels_count(); level++)
        for (int cell = 0; cell < SEQD_CELLS; cell++) {
            layer_case c = {{{(seqd_cell)cell, 9, 3, 60}, 81, 12, 1, true, false, false}, 12};
            layer_values *training = layer_make(&c, 3);
            const seqd_rnn_params params = layer_params(training);
            run(context, level, training);
            c.plan.train = false;
            layer_values *prediction = layer_make(&c, 3);
            run(context, level, prediction);
            const size_t count = training->count[LAYER_HIDDEN], each = count / 81;
            for (size_t i = 0; i < count; i++)
                assert_true(fabsf(training->array[LAYER_HIDDEN][i] - prediction->array[LAYER_HIDDEN][i]) < 1e-6f);

            float h[12 * 60] = {0}, cells[12 * 60] = {0};
            c.plan.steps = 1;
            seqd_rnn *rnn = layer_open_level(context, level, &c.plan);
            rnn->ops->pack(rnn, &params);
            for (size_t t = 0; t < 81; t++) {
                rnn->ops->step(rnn, 0, 12, training->array[LAYER_X] + t * 12 * 9, training->array[LAYER_S], h,
                               cell == SEQD_CELL_LSTM ? cells : NULL);
                for (size_t i = 0; i < each; i++)
                    assert_true(fabsf(h[i] - training->array[LAYER_HIDDEN][t * each + i]) < 1e-6f);
            }
            seqd_rnn_free(rnn);
            layer_drop(training);
            layer_drop(prediction);
        }
    seqd_context_drop(context);
}

/* A mask of ones changes nothing; one of zeros cuts the steps from each other, but for what passes a GRU's gate. */
static void test_dropped_state(void **state)
{
    (void)state;
    static float ones[16 * 40], zeros[16 * 40];
    seqd_context *context = new_context();
    for (int i = 0; i < 16 * 40; i++) ones[i] = 1.0f;
    for (int cell = 0; cell < SEQD_CELLS; cell++) {
        const layer_case c = {{{(seqd_cell)cell, 6, 0, 40}, 2, 16, 1, true, false, true}, 16};
        layer_values *plain = layer_make(&c, 5), *with = layer_make(&c, 5), *cut = layer_make(&c, 5);
        const seqd_rnn_params params = layer_params(plain);
        seqd_rnn *rnn = layer_open_level(context, seqd_kernels_count() - 1, &c.plan);
        layer_values *const values[] = {plain, with, cut};
        const float *const masks[] = {NULL, ones, zeros};
        rnn->ops->pack(rnn, &params);
        for (int i = 0; i < 3; i++) {
            rnn->ops->drop(rnn, 0, masks[i]);
            layer_forward(rnn, 0, values[i]);
            layer_backward(rnn, 0, values[i]);
        }
        same(with, plain, "mask of ones");
        assert_true(layer_difference(cut, plain, NULL) > 1e-3);
        for (size_t i = 0; i < cut->count[LAYER_GRAD_WEIGHT_HH]; i++)
            assert_true(cut->array[LAYER_GRAD_WEIGHT_HH][i] == 0.0f);
        seqd_rnn_free(rnn);
        for (int i = 0; i < 3; i++) layer_drop(values[i]);
    }
    seqd_context_drop(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_reverse),
        cmocka_unit_test(test_steps_and_prediction_equal_training),
        cmocka_unit_test(test_dropped_state),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fprintf(stderr, "levels of kernels: largest difference %.3g, allowed are %.3g\n", worst, BOUND);
    return failed;
}
