/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_INFER_PREDICTOR_H
#define SEQD_INFER_PREDICTOR_H

#include "infer.h"

/* One thread's arrays for a shard. */
typedef struct seqd_lane {
    seqd_shard shard;
    float *out;        /* [rows][horizon][width] */
    float *scratch;
} seqd_lane;

/* Everything whose size follows from the largest dataset so far; made anew for a larger one. */
typedef struct seqd_scratch {
    int32_t rows, lanes; /* of a shard; threads at once */
    seqd_net_run *net;
    seqd_lane *lane;          /* [lanes] */
    void *memory;
} seqd_scratch;

struct seqd_predictor {
    seqd_context *context;
    seqd_model *model;
    seqd_backend backend;
    seqd_scratch scratch;
    int64_t epoch;           /* of the parameters that scratch.net holds; -1: none */
    seqd_binding binding;    /* light; keeps its calendar from run to run */
    seqd_forecast *spare;    /* where a forecast that is written over comes to be; NULL before the first */
    struct seqd_predictor **members; /* of an ensemble [model->member_count], each with its answer in `spare` */
};

/* Lanes and a network for `count` windows; what was once there stays. */
int32_t seqd_predictor_make_room(seqd_predictor *predictor, int64_t count, seqd_error *error);
/* After a failure that stays with a net: the next call makes a new one. */
void seqd_scratch_clear(seqd_context *context, seqd_scratch *scratch);

#endif
