/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend.h"

void *rig_arena(rig_place_fn place, void *user)
{
    seqd_arena arena = {0};
    place(&arena, user);
    assert_false(arena.overflow);
    const size_t size = arena.used;
    arena.base = aligned_alloc(64, size > 0 ? size : 64);
    assert_non_null(arena.base);
    memset(arena.base, 0xff, size); /* NaN in every float */
    arena.used = 0;
    place(&arena, user);
    assert_int_equal(arena.used, size);
    return arena.base;
}

typedef struct sizes {
    net_rig *rig;
    int32_t steps, rows;
} sizes;

static void place_packed(seqd_arena *arena, void *user)
{
    net_rig *rig = user;
    seqd_net_place_packed(&rig->net, rig->kernels, arena, &rig->packed);
}

static void place_work(seqd_arena *arena, void *user)
{
    const sizes *s = user;
    seqd_net_place_work(&s->rig->net, s->rig->kernels, 1, s->steps, s->rows, arena, &s->rig->work);
}

net_rig *rig_open(const seqd_kernels *kernels, const seqd_net_config *config, int32_t steps, int32_t rows)
{
    net_rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->kernels = kernels;
    assert_int_equal(seqd_net_plan(config, &rig->net, NULL), SEQD_OK);
    rig->packed_memory = rig_arena(place_packed, rig);
    sizes s = {rig, steps, rows};
    rig->work_memory = rig_arena(place_work, &s);
    rig->parameters = calloc((size_t)rig->net.parameter_count, sizeof(float));
    rig->grad = calloc((size_t)rig->net.parameter_count, sizeof(float));
    assert_non_null(rig->parameters);
    assert_non_null(rig->grad);
    return rig;
}

void rig_close(net_rig *rig)
{
    free(rig->packed_memory);
    free(rig->work_memory);
    free(rig->parameters);
    free(rig->grad);
    free(rig);
}

double rig_loss(net_rig *rig, const seqd_shard *shard, const seqd_lag_plan *plan, int32_t first, float factor,
                int with_grad, uint64_t dropout_key)
{
    seqd_net_pack(&rig->net, rig->kernels, rig->parameters, with_grad, &rig->packed);
    if (with_grad) memset(rig->grad, 0, (size_t)rig->net.parameter_count * sizeof(float));
    return seqd_net_loss(&rig->net, rig->kernels, &rig->packed, shard, plan, first, factor,
                         with_grad ? rig->grad : NULL, dropout_key, &rig->work);
}

const seqd_kernels *rig_kernels(int32_t index)
{
    const int32_t levels = seqd_kernels_count();
    if (index < levels) return seqd_kernels_at(index);
    return index == levels ? seqd_onednn_kernels(seqd_kernels_at(levels - 1)) : NULL;
}

const char *rig_kernels_name(int32_t index)
{
    return index < seqd_kernels_count() ? seqd_kernels_at(index)->level : "onednn";
}
