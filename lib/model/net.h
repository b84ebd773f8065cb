/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_NET_H
#define SEQD_MODEL_NET_H

#include "answer.h"
#include "decoder.h"
#include "dense.h"
#include "embed.h"
#include "encdec.h"
#include "pool.h"
#include "stack.h"

/*
 * The network as a plan: shapes, a flat parameter vector with a table of names, and functions that carry one shard
 * through it. It knows arrays only; where they come from is the business of features and trainer.
 *
 * Kinds of network (net_kinds.h has what each brings):
 *   fork      a body and the decoder of decoder.h: a forecast after every step
 *   sequence  of events: embeddings, a body, pooling over the steps, answers (answer.h)
 *   encdec    recurrent layers as an encoder, and the decoder of encdec.h: a forecast after the last step alone
 *
 * A flat body (mlp, linear) reads all steps of a window at once and answers after the last one alone.
 */
typedef enum seqd_net_kind {
    SEQD_NET_FORK,
    SEQD_NET_SEQUENCE,
    SEQD_NET_ENCDEC,
    SEQD_NET_KINDS
} seqd_net_kind;

typedef struct seqd_net_config {
    seqd_net_kind kind;
    seqd_stack_shape stack;          /* `statics` is filled by the plan */
    int32_t futures, lags;           /* widths of a shard's arrays */
    int32_t reals;
    int32_t cat_count;
    int32_t cardinality[64];         /* without the unknown */
    int32_t embedding[64];
    int32_t horizon, decoder_size;
    seqd_head head;

    bool flat;                       /* `dense` is the body, of `steps` steps; else `stack` */
    int32_t steps;
    seqd_dense_shape dense;          /* `inputs` is filled by the plan */
    /* of a sequence: */
    seqd_embed_shape embed;          /* stack.inputs and `flat` in here are filled by the plan */
    seqd_pooling pooling;            /* of a stack */
    seqd_answer answer;
    /* of encdec: */
    seqd_encdec_shape encdec;        /* cell, layers, hidden, told and attention's kind, size and heads; the rest is
                                        filled by the plan */
} seqd_net_config;

typedef struct seqd_net {
    seqd_net_config config;
    int32_t statics;                 /* embeddings side by side, then reals */
    seqd_tensors tensors;            /* embeddings of statics first */
    int32_t stack_tensor;            /* first tensor of each module */
    seqd_decoder_shape decoder;
    int32_t decoder_tensor;
    seqd_pool_shape pool;            /* of a sequence, like what follows */
    seqd_dense_shape output;         /* one layer, [answers * width] */
    int32_t embed_tensor, dense_tensor, pool_tensor, output_tensor;
} seqd_net;

/* Errors: SEQD_E_LIMIT when a size overflows or there are more tensors than the table holds. */
int32_t seqd_net_plan(const seqd_net_config *config, seqd_net *net, seqd_error *error);
/* Start values from a seed. */
void seqd_net_init(const seqd_net *net, uint64_t seed, float *parameters);
/*
 * Does the answer after step t depend on the steps up to t alone? If so, training counts the forks of a whole window;
 * if not, that of its last step alone (a backwards layer would tell the earlier ones their future), on windows a horizon
 * apart.
 */
bool seqd_net_causal(const seqd_net *net);
/* May sequences be carried step by step (seqd_net_step)? Never without causality. */
bool seqd_net_streams(const seqd_net *net);

/*
 * A network made ready to run on a backend: weights in the form its kernels read, and the arrays of each lane. A lane
 * is used by one thread at a time.
 */
typedef struct seqd_net_run seqd_net_run;

/* The network must outlive the run. Errors: SEQD_E_NOMEM, SEQD_E_LIMIT, SEQD_E_UNSUPPORTED. */
int32_t seqd_net_open(seqd_context *context, const seqd_net *net, const seqd_backend *backend, const seqd_use *use,
                      seqd_net_run **out, seqd_error *error);
void seqd_net_close(seqd_net_run *run); /* NULL is fine */

/*
 * Weights of the classes of a sequence's answers in the losses to come, or NULL: ones, as before the first call. They
 * must stay readable; no lane may be at work.
 */
void seqd_net_weigh_classes(seqd_net_run *run, const float *weights);

/* Takes over parameters, which must stay readable; called again whenever they moved. No lane may be at work. */
void seqd_net_pack(seqd_net_run *run, const float *parameters);

/*
 * Sum of weighted losses over the forks from `first` on. With `grad` (a vector laid out as the parameters) gradients
 * times factor are added to it. `dropout_key` not 0 switches dropout on; the masks are a function of it alone.
 */
double seqd_net_loss(seqd_net_run *run, int32_t lane, const seqd_shard *shard, const seqd_lag_plan *plan, int32_t first,
                     float factor, float *grad, uint64_t dropout_key);

/*
 * Share of the steps of a decoder that are told the true value before them instead of its own forecast, in
 * seqd_net_loss under a dropout key; 1 when a run is opened. Which steps is a function of the key alone.
 */
void seqd_net_teach(seqd_net_run *run, double share);

/*
 * Outputs of the last fork: out[rows][horizon][head.width]; of a sequence, after the last event of each row:
 * out[rows][answers][answer.width].
 */
void seqd_net_predict(seqd_net_run *run, int32_t lane, const seqd_shard *shard, const seqd_lag_plan *plan, float *out);

/*
 * How one answer hangs on what the body of a network reads, of a shard of one row on a run opened for training.
 * The answer f: of a panel, the mean over the horizon of the head's central output, in its own units (scaled, before
 * its link); of a sequence, output `output` after the last event. What the decoder of an encoder-decoder is told of its
 * own forecasts is held as it is with all inputs. The body reads `share` times its inputs; statics, future and lags of
 * the decoder stay.
 *   x[steps][seqd_net_input_width]   the inputs, with the embeddings of tokens
 *   part, dx, laid out as x          share * x, and df/d(share * x)
 * `grad` is a vector laid out as the parameters, for scratch. Returns f.
 */
double seqd_net_slope(seqd_net_run *run, int32_t lane, const seqd_shard *shard, const seqd_lag_plan *plan, float share,
                      int32_t output, float *x, float *part, float *dx, float *grad);
/* What the body reads of a step: the inputs of a shard, then the embeddings of its tokens. */
int32_t seqd_net_input_width(const seqd_net *net);

/* Maps of attention that a network has for each forecast: heads; 0: none. */
int32_t seqd_net_attention_heads(const seqd_net *net);
/*
 * Those of a row of the lane's last seqd_net_predict: weights[heads][horizon][steps]. After seqd_net_loss only where
 * the shard went through in one part, as those of small networks do (net_encdec.c).
 */
void seqd_net_attention(const seqd_net_run *run, int32_t lane, int32_t row, float *weights);

/*
 * Streaming, on the native backend only: one time step of shard->rows sequences (shard->steps is 1, as the run's), the
 * state kept by the caller in the form of seqd_stack_step. _outputs gives what seqd_net_predict would after that step;
 * it reads the future, lags and scale of a shard of one step.
 */
void seqd_net_step(seqd_net_run *run, int32_t lane, const seqd_shard *shard, float *state);
void seqd_net_step_outputs(seqd_net_run *run, int32_t lane, const seqd_shard *shard, const seqd_lag_plan *plan,
                           const float *state, float *out);

/* SEQD_OK, or what a backend failed at in the calls above. */
int32_t seqd_net_status(const seqd_net_run *run, seqd_error *error);

#endif
