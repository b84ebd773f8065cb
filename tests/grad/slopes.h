/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TEST_SLOPES_H
#define SEQD_TEST_SLOPES_H

#include "rig.h"

/*
 * Gradients against central differences of a loss in float32, of fourth order, along the gradient, along random
 * directions and for single parameters of each tensor. Of six step lengths the one that agrees best counts; a wrong
 * gradient agrees at none.
 */
typedef struct slopes {
    net_rig *rig;
    const seqd_shard *shard;
    const seqd_lag_plan *plan;
    uint64_t dropout_key;
    double rounding;     /* of the loss, relative: what its float32 terms leave in a difference; 0: 2e-7 */
    const char *what;    /* for messages */
    /* counted: */
    int64_t compared, blurred; /* blurred: rounding widened the bound beyond three times */
    double worst;        /* of what is allowed */
} slopes;

/* All tensors of the network, at the parameters that are in the rig. Fails the running test. */
void slopes_check(slopes *s, uint64_t seed);

#endif
