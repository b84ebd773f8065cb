/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "layer.h"

#define BOUND 1e-5

static double worst;

static void same(const layer_values *got, const layer_values *expected)
{
    int32_t which = 0;
    const double difference = layer_difference(got, expected, &which);
    const seqd_rnn_plan *p = &got->shape.plan;
    if (difference > worst) worst = difference;
    if (!(difference <= BOUND))
        fail_msg("%s, inputs %d, statics %d, hidden %d, steps %d, rows %d of %d: %s is off by %.3g, allowed are %.3g",
                 p->shape.cell == SEQD_CELL_LSTM ? "lstm" : "gru", p->shape.inputs, p->shape.statics, p->shape.hidden,
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
    for (int cell = 0; cell < 2; cell++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            for (int32_t t = 0; t < 5; t++)
                for (int32_t r = 0; r < 3; r++)
                    for (int train = 0; train < 2; train++) {
                        const layer_case c = {{{cell ? SEQD_CELL_GRU : SEQD_CELL_LSTM, sizes[i][0], sizes[i][1],
                                                sizes[i][2]}, steps[t], 16, 1, train != 0}, rows[r]};
                        compare(context, &c, (uint32_t)(i * 100 + (size_t)t * 10 + (size_t)r));
                    }
    seqd_context_drop(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fprintf(stderr, "largest difference %.3g, allowed are %.3g\n", worst, BOUND);
    return failed;
}
