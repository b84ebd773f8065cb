/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TEST_RIG_H
#define SEQD_TEST_RIG_H

#include "kernels.h"
#include "net.h"

/* A network ready to run in a test. Its arenas start full of NaN, so that what is read before it is written shows. */
typedef struct net_rig {
    const seqd_kernels *kernels;
    seqd_net net;
    seqd_net_packed packed;
    seqd_net_work work;
    float *parameters, *grad;
    void *packed_memory, *work_memory;
} net_rig;

/* Memory for one arena: calls `place` twice, the second time with a base. */
typedef void (*rig_place_fn)(seqd_arena *arena, void *user);
void *rig_arena(rig_place_fn place, void *user);

net_rig *rig_open(const seqd_kernels *kernels, const seqd_net_config *config, int32_t steps, int32_t rows);
void rig_close(net_rig *rig);
/* Packs the parameters, clears the gradient and runs one shard. */
double rig_loss(net_rig *rig, const seqd_shard *shard, const seqd_lag_plan *plan, int32_t first, float factor,
                int with_grad, uint64_t dropout_key);

/* Every table of kernels this machine runs: the levels, then the oneDNN backend on the best of them; NULL after the last. */
const seqd_kernels *rig_kernels(int32_t index);
/* A name for messages. */
const char *rig_kernels_name(int32_t index);

#endif
