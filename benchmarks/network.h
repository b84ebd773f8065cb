/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_BENCH_NETWORK_H
#define SEQD_BENCH_NETWORK_H

#include <stdbool.h>

#include "recurrent.h"

/*
 * The network that is timed beside the peers: recurrent layers with a linear layer on the last hidden state. It runs as
 * the library's trainer and predictor run theirs: the batch is cut into shards, and one thread carries each through all
 * layers; gradients are added in a tree; weights are packed again after every update, and once for prediction.
 * Weights and data come from the formula in grid.py, so that every side must come to the same numbers.
 */
typedef struct network_setup {
    seqd_cell cell;
    int32_t steps, rows, inputs, hidden, layers;
    const char *backend; /* "native", "onednn", "auto" */
    const char *level;   /* of the kernels */
    int32_t threads;
    int32_t shard_rows;  /* sequences in a shard; 0: the whole batch is one */
} network_setup;

typedef struct network network;

/* NULL after a message on stderr. */
network *network_open(const network_setup *setup);
void network_close(network *net);

/* Back to the first weights, with Adam's moments at zero. */
void network_reset(network *net);

/*
 * Training steps: forward, mean squared error, backward, Adam. Returns the loss before the last update; `ms` takes the
 * time of each unless NULL.
 */
double network_train(network *net, int32_t steps, double *ms);

/* All sequences from packed weights (after network_pack); returns [rows]. */
void network_pack(network *net);
const float *network_forward(network *net);

/*
 * One time step of all sequences, the state kept between calls; the first step's input follows the last one's.
 * Returns [rows], or NULL when the backend has no such step.
 */
const float *network_step(network *net);

/* false after a message on stderr: a layer reported a failure. */
bool network_ok(const network *net);

#endif
