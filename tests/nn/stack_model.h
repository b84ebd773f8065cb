/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TEST_STACK_MODEL_H
#define SEQD_TEST_STACK_MODEL_H

#include "stack.h"

/*
 * The stack of <seqdemand/model.h> and stack.h written down once more, in double precision, one unit after the other,
 * with nothing of the library's ways of computing: what test_stack.c compares with.
 *   w[parameters]        as seqd_stack_declare lays them out behind an empty prefix
 *   masks, state_masks   [layer], [layer][way]; NULL: none
 *   out[steps][rows][width], behind a row's last step zero
 */
typedef struct stack_problem {
    seqd_stack_shape shape;
    int32_t steps, rows;
    const int32_t *length; /* NULL: all steps */
    const float *masks[SEQD_MAX_LAYERS], *state_masks[SEQD_MAX_LAYERS][2];
} stack_problem;

void stack_model_run(const stack_problem *problem, const seqd_tensors *tensors, const double *w, const double *x,
                     const double *s, double *out);

#endif
