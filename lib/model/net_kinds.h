/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_NET_KINDS_H
#define SEQD_MODEL_NET_KINDS_H

#include "net.h"

/*
 * What one kind of network adds to the part common to all (net.c): embeddings of static categories, which reach every
 * kind as `statics`, and the stack of recurrent layers.
 */
struct seqd_net_run {
    seqd_context *context;
    const seqd_net *net;
    const seqd_kernels *kernels;
    seqd_use use;
    const float *parameters;
    const float *class_weight;       /* of a sequence; NULL: ones */
    double told_share;               /* seqd_net_teach */
    seqd_stack *stack;               /* the recurrent layers; NULL of a flat body */
    void *part;                      /* the kind's own */
    struct seqd_net_lane {
        float *statics, *statics_grad; /* [rows][statics]; the gradient is zero when `loss` begins */
    } *lanes;                        /* [use.lanes] */
};

/* One call of seqd_net_loss or seqd_net_predict. */
typedef struct seqd_net_pass {
    int32_t lane;
    const seqd_shard *shard;
    const seqd_lag_plan *plan;
    const float *statics;            /* [rows][statics] */
    int32_t first;
    float factor;
    float *grad;                     /* NULL: loss only */
    float *statics_grad;             /* [rows][statics], added to when there is `grad` */
    uint64_t key;                    /* of dropout */
} seqd_net_pass;

/* What seqd_net_slope asks for. */
typedef struct seqd_net_slopes {
    float share;
    int32_t output;
    float *x, *part, *dx;
} seqd_net_slopes;

/* The inputs of a shard of one row, and the share of them that the body is to read. */
static inline void seqd_net_share(const seqd_shard *shard, const seqd_net_slopes *slopes)
{
    const int64_t count = (int64_t)shard->steps * shard->input_count;
    for (int64_t i = 0; i < count; i++) {
        slopes->x[i] = shard->inputs[i];
        slopes->part[i] = slopes->share * shard->inputs[i];
    }
}

/*
 *   declare   shapes and tensors, after the common ones
 *   causal    as seqd_net_causal; NULL: always
 *   init      start values that the rules of tensors do not cover; may be NULL
 *   place     the kind's own arrays in an arena, the first of them at run->part
 *   pack      run->parameters are new; the stack has taken them over
 *   attention as seqd_net_attention; NULL: never
 *   slope     as seqd_net_slope; statics_grad of the pass is zero
 *   step, step_outputs, as seqd_net_step: NULL where a kind cannot stream
 */
typedef struct seqd_net_ops {
    int32_t (*declare)(seqd_net *net, seqd_error *error);
    bool (*causal)(const seqd_net *net);
    void (*init)(const seqd_net *net, float *parameters);
    void *(*place)(const seqd_net_run *run, seqd_arena *arena);
    void (*pack)(seqd_net_run *run);
    double (*loss)(seqd_net_run *run, const seqd_net_pass *pass);
    void (*predict)(seqd_net_run *run, const seqd_net_pass *pass, float *out);
    void (*attention)(const seqd_net_run *run, int32_t lane, int32_t row, float *weights);
    double (*slope)(seqd_net_run *run, const seqd_net_pass *pass, const seqd_net_slopes *slopes);
    void (*step)(seqd_net_run *run, const seqd_net_pass *pass, float *state);
    void (*step_outputs)(seqd_net_run *run, const seqd_net_pass *pass, const float *state, float *out);
} seqd_net_ops;

extern const seqd_net_ops seqd_net_fork, seqd_net_sequence, seqd_net_encdec;

#endif
