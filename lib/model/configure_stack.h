/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_CONFIGURE_STACK_H
#define SEQD_MODEL_CONFIGURE_STACK_H

#include "options.h"
#include "stack.h"

/* A cell by its name in the options (lstm, gru, rnn), of the kind that reset_after and nonlinearity ask for. */
seqd_cell seqd_configured_cell(const seqd_options *options, const char *name);

/*
 * Everything of the recurrent layers but `inputs` and `statics`, from the options: those of model=encdec's encoder,
 * else of the network's own. Errors: SEQD_E_OPTION where options contradict each other or one has no effect.
 */
int32_t seqd_configure_stack(const seqd_options *options, seqd_stack_shape *stack, seqd_error *error);

#endif
