/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"

static void *allocate_nan(void *user, size_t size)
{
    (void)user;
    void *memory = malloc(size);
    if (memory) memset(memory, 0xff, size);
    return memory;
}

static void release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

seqd_context *rig_context(void)
{
    const seqd_allocator allocator = {.struct_size = (uint32_t)sizeof allocator, .allocate = allocate_nan,
                                      .release = release};
    seqd_context *context = NULL;
    assert_int_equal(seqd_context_new(&allocator, &context, NULL), SEQD_OK);
    return context;
}

void *rig_arena(rig_place_fn place, void *user)
{
    seqd_arena arena = {0};
    place(&arena, user);
    assert_false(arena.overflow);
    const size_t size = arena.used;
    arena.base = aligned_alloc(64, size > 0 ? size : 64);
    assert_non_null(arena.base);
    memset(arena.base, 0xff, size);
    arena.used = 0;
    place(&arena, user);
    assert_int_equal(arena.used, size);
    return arena.base;
}

net_rig *rig_open(const seqd_backend *backend, const seqd_net_config *config, int32_t steps, int32_t rows)
{
    net_rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->context = rig_context();
    assert_int_equal(seqd_net_plan(config, &rig->net, NULL), SEQD_OK);
    const seqd_use use = {steps, rows, 1, true};
    assert_int_equal(seqd_net_open(rig->context, &rig->net, backend, &use, &rig->run, NULL), SEQD_OK);
    rig->parameters = calloc((size_t)rig->net.tensors.parameters, sizeof(float));
    rig->grad = calloc((size_t)rig->net.tensors.parameters, sizeof(float));
    assert_non_null(rig->parameters);
    assert_non_null(rig->grad);
    return rig;
}

void rig_close(net_rig *rig)
{
    assert_int_equal(seqd_net_status(rig->run, NULL), SEQD_OK);
    seqd_net_close(rig->run);
    seqd_context_drop(rig->context);
    free(rig->parameters);
    free(rig->grad);
    free(rig);
}

double rig_loss(net_rig *rig, const seqd_shard *shard, const seqd_lag_plan *plan, int32_t first, float factor,
                int with_grad, uint64_t dropout_key)
{
    seqd_net_pack(rig->run, rig->parameters);
    if (with_grad) memset(rig->grad, 0, (size_t)rig->net.tensors.parameters * sizeof(float));
    return seqd_net_loss(rig->run, 0, shard, plan, first, factor, with_grad ? rig->grad : NULL, dropout_key);
}

const seqd_backend *rig_backend(int32_t index)
{
    static seqd_backend backend;
    const int32_t levels = seqd_kernels_count();
    const seqd_kernels *native = seqd_kernels_at(index < levels ? index : levels - 1);
    backend = (seqd_backend){SEQD_BACKEND_NATIVE, native, native};
    if (index < levels) return &backend;
    backend.kind = SEQD_BACKEND_ONEDNN;
    backend.kernels = seqd_onednn_kernels(native);
    return index == levels && backend.kernels ? &backend : NULL;
}

bool rig_repeats(int32_t index)
{
#ifdef __SANITIZE_ADDRESS__
    return index > 0 && index + 1 < seqd_kernels_count();
#else
    (void)index;
    return false;
#endif
}

const char *rig_backend_name(int32_t index)
{
    return index < seqd_kernels_count() ? seqd_kernels_at(index)->level : "onednn";
}
