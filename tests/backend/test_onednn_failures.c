/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer on oneDNN does when memory runs out, when oneDNN fails, and on hosts that forbid or break it. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "context.h"
#include "layer.h"
#include "onednn_layer.h"
#include "parallel.h"

static const layer_case small = {{{SEQD_CELL_LSTM, 6, 2, 24}, 5, 4, 2, true, false, false}, 4};

/* ---- our allocator ---- */

typedef struct budget {
    int64_t left, taken, given;
} budget;

static void *take(void *user, size_t size)
{
    budget *b = user;
    if (b->left == 0) return NULL;
    b->left--;
    b->taken++;
    return malloc(size);
}

static void give(void *user, void *memory)
{
    if (memory) ((budget *)user)->given++;
    free(memory);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (int cell = 0; cell < 2; cell++)
        for (int train = 0; train < 2; train++) {
            seqd_rnn_plan plan = small.plan;
            plan.shape.cell = cell ? SEQD_CELL_GRU : SEQD_CELL_LSTM;
            plan.train = train != 0;
            int32_t status = SEQD_E_NOMEM;
            int64_t points = 0;
            for (; status != SEQD_OK; points++) {
                budget b = {1 + points, 0, 0};
                const seqd_allocator allocator = {.struct_size = (uint32_t)sizeof allocator, .allocate = take,
                                                  .release = give, .user = &b};
                seqd_context *context = NULL;
                assert_int_equal(seqd_context_new(&allocator, &context, NULL), SEQD_OK);
                seqd_rnn *rnn = NULL;
                seqd_error error = {.struct_size = (uint32_t)sizeof error};
                status = seqd_onednn_rnn()->create(context, NULL, &plan, &rnn, &error);
                if (status == SEQD_OK) {
                    seqd_onednn_rnn()->free(rnn);
                } else {
                    assert_int_equal(status, SEQD_E_NOMEM);
                    assert_int_equal(error.status, SEQD_E_NOMEM);
                    assert_null(rnn);
                }
                assert_int_equal(atomic_load(&context->memory_in_use), 0);
                seqd_context_drop(context);
                assert_int_equal(b.given, b.taken);
            }
            assert_true(points >= 3); /* two blocks of a layer; the first time also those of the test at first use */
        }
}

/* After create nothing is asked of our allocator. */
static void test_calls_allocate_nothing(void **state)
{
    (void)state;
    budget b = {INT64_MAX, 0, 0};
    const seqd_allocator allocator = {.struct_size = (uint32_t)sizeof allocator, .allocate = take, .release = give,
                                      .user = &b};
    seqd_context *context = NULL;
    assert_int_equal(seqd_context_new(&allocator, &context, NULL), SEQD_OK);
    layer_values *v = layer_make(&small, 1);
    const seqd_rnn_params params = layer_params(v);
    seqd_rnn *rnn = layer_open_onednn(context, &small.plan);
    const int64_t before = b.taken;
    rnn->ops->pack(rnn, &params);
    layer_forward(rnn, 1, v);
    layer_backward(rnn, 1, v);
    assert_int_equal(b.taken, before);
    seqd_rnn_free(rnn);
    layer_drop(v);
    seqd_context_drop(context);
}

static void test_too_large(void **state)
{
    (void)state;
    static const seqd_rnn_plan plans[] = {
        {{SEQD_CELL_LSTM, 1, 0, INT32_MAX / 4}, 1, 1, 1, true, false, false},
        {{SEQD_CELL_GRU, INT32_MAX, INT32_MAX, 8}, 1, 1, 1, true, false, false},
        {{SEQD_CELL_LSTM, 8, 0, 8}, INT32_MAX, 1, 1, false, false, false},
        {{SEQD_CELL_LSTM, 8, 0, 8}, 1 << 16, 1 << 16, 1, true, false, false},
    };
    seqd_context *context = NULL;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        seqd_rnn *rnn = NULL;
        assert_int_equal(seqd_onednn_rnn()->create(context, NULL, &plans[i], &rnn, NULL), SEQD_E_UNSUPPORTED);
        assert_null(rnn);
    }
    /* one that oneDNN takes and the limit of the context refuses */
    assert_int_equal(seqd_context_limit(context, "memory", 100000, NULL), SEQD_OK);
    const seqd_rnn_plan plan = {{SEQD_CELL_LSTM, 8, 0, 64}, 28, 16, 1, true, false, false};
    seqd_rnn *rnn = NULL;
    assert_int_equal(seqd_onednn_rnn()->create(context, NULL, &plan, &rnn, NULL), SEQD_E_LIMIT);
    seqd_context_drop(context);
}

/* ---- oneDNN fails ---- */

static void test_a_failure_sticks(void **state)
{
    (void)state;
    static const struct {
        int code;
        int32_t status;
    } failures[] = {{(int)dnnl_out_of_memory, SEQD_E_NOMEM}, {SEQD_ONEDNN_NO_MEMORY, SEQD_E_NOMEM},
                    {SEQD_ONEDNN_THREW, SEQD_E_INTERNAL}, {(int)dnnl_runtime_error, SEQD_E_INTERNAL}};
    seqd_context *context = NULL;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        layer_values *v = layer_make(&small, 1);
        const seqd_rnn_params params = layer_params(v);
        seqd_rnn *rnn = layer_open_onednn(context, &small.plan);
        rnn->ops->pack(rnn, &params);
        layer_forward(rnn, 0, v);
        assert_int_equal(rnn->ops->status(rnn, NULL), SEQD_OK);
        seqd_onednn_rnn_layer *layer = (seqd_onednn_rnn_layer *)(void *)rnn;
        atomic_store(&layer->failure, failures[i].code);
        for (int pass = 0; pass < 2; pass++) {
            layer_backward(rnn, 0, v);
            for (int a = LAYER_DX; a < LAYER_ARRAYS; a++)
                for (size_t j = 0; j < v->count[a]; j++) assert_true(v->array[a][j] == 0.0f);
            layer_forward(rnn, 0, v);
            for (size_t j = 0; j < v->count[LAYER_HIDDEN]; j++) assert_true(isnan(v->array[LAYER_HIDDEN][j]));
        }
        seqd_error error = {.struct_size = (uint32_t)sizeof error};
        assert_int_equal(rnn->ops->status(rnn, &error), failures[i].status);
        assert_non_null(strstr(error.message, "oneDNN"));
        if (failures[i].code == (int)dnnl_runtime_error) assert_non_null(strstr(error.message, "runtime_error"));
        seqd_rnn_free(rnn);
        layer_drop(v);
    }
    seqd_context_drop(context);
}

/* The first failure is kept: what a reorder without its memory answers, and none of later calls. */
static void test_a_real_failure(void **state)
{
    (void)state;
    seqd_context *context = NULL;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    layer_values *v = layer_make(&small, 1);
    const seqd_rnn_params params = layer_params(v);
    seqd_rnn *rnn = layer_open_onednn(context, &small.plan);
    seqd_onednn_rnn_layer *layer = (seqd_onednn_rnn_layer *)(void *)rnn;
    dnnl_primitive_t *whole = &layer->programs[SEQD_ONEDNN_WHOLE].primitive, kept = *whole;
    rnn->ops->pack(rnn, &params);
    *whole = NULL; /* oneDNN checks for it */
    layer_forward(rnn, 0, v);
    *whole = kept;
    assert_true(isnan(v->array[LAYER_HIDDEN][0]));
    layer_forward(rnn, 0, v);
    assert_true(isnan(v->array[LAYER_HIDDEN][0]));
    seqd_error error = {.struct_size = (uint32_t)sizeof error};
    assert_int_equal(rnn->ops->status(rnn, &error), SEQD_E_INTERNAL);
    assert_non_null(strstr(error.message, "invalid_arguments"));
    seqd_rnn_free(rnn);
    layer_drop(v);
    seqd_context_drop(context);
}

static void test_cache_is_capped(void **state)
{
    (void)state;
    int capacity = -1;
    assert_int_equal(dnnl_get_primitive_cache_capacity(&capacity), dnnl_success);
    assert_in_range(capacity, 0, 16);
}

/* ---- in processes of their own ---- */

/* The exit status of a child that runs `body`, or -1 when it was killed; a hang is ended by the alarm. */
static int in_child(int (*body)(void))
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        _exit(body());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static layer_values *computed; /* by the parent */

static void nothing(void *user, int64_t index, int32_t thread) { (void)user, (void)index, (void)thread; }

static int works_the_same(void)
{
    seqd_context *context = NULL;
    if (!seqd_parallel_forked() || seqd_context_new(NULL, &context, NULL) != SEQD_OK) return 2;
    layer_values *v = layer_make(&small, 6);
    const seqd_rnn_params params = layer_params(v);
    seqd_rnn *rnn = layer_open_onednn(context, &small.plan);
    rnn->ops->pack(rnn, &params);
    layer_forward(rnn, 0, v);
    layer_backward(rnn, 0, v);
    if (rnn->ops->status(rnn, NULL) != SEQD_OK) return 3;
    for (int a = LAYER_HIDDEN; a < LAYER_ARRAYS; a++)
        if (memcmp(v->array[a], computed->array[a], v->count[a] * sizeof(float)) != 0) return 4;
    return 0;
}

static void test_forked_child(void **state)
{
    (void)state;
    seqd_context *context = NULL;
    assert_int_equal(seqd_context_new(NULL, &context, NULL), SEQD_OK);
    seqd_parallel_for(2, 64, nothing, NULL); /* threads that the child will not have */
    computed = layer_make(&small, 6);
    const seqd_rnn_params params = layer_params(computed);
    seqd_rnn *rnn = layer_open_onednn(context, &small.plan);
    rnn->ops->pack(rnn, &params);
    layer_forward(rnn, 0, computed);
    layer_backward(rnn, 0, computed);
    assert_int_equal(in_child(works_the_same), 0);
    seqd_rnn_free(rnn);
    layer_drop(computed);
    seqd_context_drop(context);
}

#define REFUSE(nr, argument)                                                                                  \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),                                     \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (argument), 0, 3),                                                     \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),                                \
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1)

/* What systemd's MemoryDenyWriteExecute= does: no memory becomes executable any more. */
static int forbid_generated_code(void)
{
    struct sock_filter rules[] = {REFUSE(nr, SYS_mprotect), REFUSE(nr, SYS_mmap),
                                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {.len = sizeof rules / sizeof rules[0], .filter = rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 0;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int refuses_or_computes(void)
{
    if (!forbid_generated_code()) return 5;
    void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code != MAP_FAILED) return 6; /* the filter does nothing */
    seqd_context *context = NULL;
    if (seqd_context_new(NULL, &context, NULL) != SEQD_OK) return 2;
    seqd_error error = {.struct_size = (uint32_t)sizeof error};
    seqd_backend backend;
    const int32_t status = seqd_backend_find(context, "onednn", &backend, &error);
    if (status == SEQD_E_UNSUPPORTED && strstr(error.message, "this machine")) {
        seqd_rnn *rnn;
        return seqd_onednn_rnn()->create(context, NULL, &small.plan, &rnn, NULL) == SEQD_E_UNSUPPORTED ? 0 : 3;
    }
    return status == SEQD_OK ? 1 : 4;
}

static void test_host_that_forbids_generated_code(void **state)
{
    (void)state;
    assert_int_equal(in_child(refuses_or_computes), 0);
}

/* Whatever oneDNN would print about its work and its failures goes to the standard output. */
static int fails_silently(void)
{
    if (setenv("DNNL_VERBOSE", "2", 1) != 0 || setenv("ONEDNN_VERBOSE", "2", 1) != 0) return 7;
    FILE *out = tmpfile();
    if (!out || dup2(fileno(out), 1) < 0 || dup2(fileno(out), 2) < 0) return 2;
    seqd_context *context = NULL;
    if (seqd_context_new(NULL, &context, NULL) != SEQD_OK) return 3;
    seqd_rnn *rnn = layer_open_onednn(context, &small.plan);
    seqd_onednn_rnn_layer *layer = (seqd_onednn_rnn_layer *)(void *)rnn;
    dnnl_primitive_desc_t none = NULL;
    if (dnnl_primitive_create(&layer->programs[SEQD_ONEDNN_SINGLE].primitive, none) == dnnl_success) return 4;
    layer->lanes[0].calls[SEQD_ONEDNN_WHOLE].count = 1; /* arguments missing */
    layer_values *v = layer_make(&small, 1);
    layer_forward(rnn, 0, v);
    if (rnn->ops->status(rnn, NULL) == SEQD_OK) return 5;
    fflush(NULL);
    return lseek(fileno(out), 0, SEEK_END) == 0 ? 0 : 6;
}

static void test_prints_nothing(void **state)
{
    (void)state;
    assert_int_equal(in_child(fails_silently), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_that_forbids_generated_code), /* these two before oneDNN has done anything */
        cmocka_unit_test(test_prints_nothing),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_calls_allocate_nothing),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_a_failure_sticks),
        cmocka_unit_test(test_a_real_failure),
        cmocka_unit_test(test_cache_is_capped),
        cmocka_unit_test(test_forked_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
