/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TEST_RIG_H
#define SEQD_TEST_RIG_H

#include "context.h"
#include "net.h"

/* A context whose memory starts full of NaN, so that what is read before it is written shows. */
seqd_context *rig_context(void);

/* Memory full of NaN for one arena: calls `place` twice, the second time with a base. */
typedef void (*rig_place_fn)(seqd_arena *arena, void *user);
void *rig_arena(rig_place_fn place, void *user);

/* A network ready to run in a test. */
typedef struct net_rig {
    seqd_context *context;
    seqd_net net;
    seqd_net_run *run;
    float *parameters, *grad;
} net_rig;

net_rig *rig_open(const seqd_backend *backend, const seqd_net_config *config, int32_t steps, int32_t rows);
void rig_close(net_rig *rig);
/* Packs the parameters, clears the gradient and runs one shard. */
double rig_loss(net_rig *rig, const seqd_shard *shard, const seqd_lag_plan *plan, int32_t first, float factor,
                int with_grad, uint64_t dropout_key);

/*
 * Every backend this machine runs: native on each level of kernels, then oneDNN beside the best of them; NULL after the
 * last.
 */
const seqd_backend *rig_backend(int32_t index);
/* A name for messages. */
const char *rig_backend_name(int32_t index);
/*
 * In a build with sanitizers: a level between the first and the last. checkkern holds each of its kernels to `ref` there,
 * guard pages and tails included, and release builds run everything on it.
 */
bool rig_repeats(int32_t index);

#endif
