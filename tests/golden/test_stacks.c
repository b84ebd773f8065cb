/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds stacks of recurrent layers against what PyTorch and Keras computed in float64 (stacks.py), on every level of
 * kernels and on oneDNN where the build has it. Differences are in units of the largest expected value of the array.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rig.h"

#define FORWARD_BOUND 2e-6
#define GRADIENT_BOUND 1e-5

static const char *const names[] = {"stack_tanh_2", "stack_relu_1", "stack_lstm_both_2", "stack_gru_both_2",
                                    "stack_lstm_norm", "stack_gru_residual_dilated", "stack_keras_lstm",
                                    "stack_keras_gru", "stack_keras_gru_before", "stack_keras_simple_rnn"};
enum { NAMES = sizeof names / sizeof names[0] };

static double worst_forward, worst_gradient;

static float *numbers(size_t count)
{
    float *values = calloc(count > 0 ? count : 1, sizeof *values);
    assert_non_null(values);
    return values;
}

typedef struct answers {
    double forward, gradient; /* largest differences */
    char tensor[48];          /* where the latter is */
} answers;

static void note(answers *a, const char *what, const fixture *f, const float *have, size_t count)
{
    char name[64];
    snprintf(name, sizeof name, strcmp(what, "dx") == 0 ? "%s" : "grad.%s", what);
    const double difference = fixture_difference(have, fixture_f32(f, name, count), count);
    if (difference <= a->gradient) return;
    a->gradient = difference;
    snprintf(a->tensor, sizeof a->tensor, "%s", what);
}

/* `nudged`: a tensor of which one weight is moved, to see the comparison fail; -1: none. */
static answers replay(const char *file, int32_t level, int32_t nudged)
{
    fixture *f = fixture_open(file);
    const int32_t *c = fixture_i32(f, "shape", 0);
    seqd_stack_shape shape = {.cell = (seqd_cell)c[0], .layers = c[1], .inputs = c[4], .bidirectional = c[5] != 0,
                              .residual = c[6] != 0, .layer_norm = c[7] != 0};
    assert_int_equal(fixture_count(f, "shape"), 8 + 2 * c[1]);
    for (int32_t i = 0; i < c[1]; i++) shape.hidden[i] = c[8 + i], shape.dilation[i] = c[8 + c[1] + i];
    const seqd_use use = {c[3], c[2], 1, true};
    seqd_context *context = rig_context();
    static seqd_tensors tensors;
    memset(&tensors, 0, sizeof tensors);
    int32_t first;
    seqd_stack *stack;
    assert_int_equal(seqd_stack_declare(&shape, "", &tensors, &first, NULL), SEQD_OK);
    float *vector = numbers((size_t)tensors.parameters), *grad = numbers((size_t)tensors.parameters);
    for (int32_t i = 0; i < tensors.count; i++) {
        const size_t count = (size_t)(tensors.at[i].shape[0] * tensors.at[i].shape[1]);
        memcpy(vector + tensors.at[i].offset, fixture_f32(f, tensors.at[i].name, count), count * sizeof *vector);
        if (i == nudged) vector[tensors.at[i].offset + (int64_t)count / 2] += 0.001f;
    }
    assert_int_equal(seqd_stack_open(context, rig_backend(level), &shape, &tensors, 0, &use, &stack, NULL), SEQD_OK);
    seqd_stack_pack(stack, vector);

    const size_t cells = (size_t)(use.steps * use.rows), width = (size_t)seqd_stack_width(&shape);
    const size_t inputs = cells * (size_t)shape.inputs;
    const seqd_stack_pass pass = {use.rows, NULL, fixture_f32(f, "x", inputs), NULL, 0};
    float *dx = numbers(inputs);
    answers a = {0.0, 0.0, ""};
    a.forward = fixture_difference(seqd_stack_forward(stack, 0, &pass), fixture_f32(f, "h", cells * width),
                                   cells * width);
    memcpy(seqd_stack_gradient(stack, 0), fixture_f32(f, "dh", cells * width), cells * width * sizeof *dx);
    seqd_stack_backward(stack, 0, &pass, grad, dx, NULL);
    for (int32_t i = 0; i < tensors.count; i++)
        note(&a, tensors.at[i].name, f, grad + tensors.at[i].offset,
             (size_t)(tensors.at[i].shape[0] * tensors.at[i].shape[1]));
    note(&a, "dx", f, dx, inputs);
    assert_int_equal(seqd_stack_status(stack, NULL), SEQD_OK);
    seqd_stack_close(stack);
    seqd_context_drop(context);
    free(vector);
    free(grad);
    free(dx);
    fixture_close(f);
    return a;
}

static void test_replay(void **state)
{
    (void)state;
    for (int32_t level = 0; rig_backend(level); level++)
        for (int i = 0; i < NAMES; i++) {
            const answers a = replay(names[i], level, -1);
            if (a.forward > worst_forward) worst_forward = a.forward;
            if (a.gradient > worst_gradient) worst_gradient = a.gradient;
            if (!(a.forward <= FORWARD_BOUND && a.gradient <= GRADIENT_BOUND))
                fail_msg("%s, %s: states off by %.3g, gradients (%s) by %.3g", names[i], rig_backend_name(level),
                         a.forward, a.tensor, a.gradient);
        }
}

/* One weight of each kind of tensor, moved by 0.001, breaks a bound. */
static void test_notices(void **state)
{
    (void)state;
    for (int i = 0; i < NAMES; i++)
        for (int32_t tensor = 0; tensor < 4; tensor++) {
            const answers a = replay(names[i], 0, tensor);
            assert_true(a.forward > FORWARD_BOUND || a.gradient > GRADIENT_BOUND);
        }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_notices),
    };
    if (argc != 2) return 2;
    fixture_folder = argv[1];
    const int failed = cmocka_run_group_tests_name("stacks", tests, NULL, NULL);
    printf("largest differences: states %.2g, gradients %.2g\n", worst_forward, worst_gradient);
    return failed;
}
