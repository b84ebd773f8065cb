/* SPDX-License-Identifier: Apache-2.0 */
#include "core_test.h"

#include <math.h>
#include <stdio.h>

#include "rng.h"
#include "text.h"

static void memory_is_counted(void **state)
{
    (void)state;
    failing_allocator memory = { 0, 0, 0, false };
    seqd_context *context = new_context(&memory);
    assert_null(seqd_alloc(context, 0));
    assert_null(seqd_alloc(context, SIZE_MAX));
    assert_null(seqd_alloc(context, SIZE_MAX / 2 + 10));
    assert_null(seqd_alloc_array(context, SIZE_MAX / 2, 3));
    void *blocks[40];
    for (size_t i = 0; i < 40; i++) {
        blocks[i] = seqd_alloc_zero(context, i * 37 + 1);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        for (size_t k = 0; k < i * 37 + 1; k++) assert_int_equal(((unsigned char *)blocks[i])[k], 0);
        memset(blocks[i], 0xAA, i * 37 + 1);
    }
    assert_true(atomic_load(&context->memory_in_use) > 40 * 37 * 20);
    for (size_t i = 0; i < 40; i++) seqd_free(context, blocks[(i * 7) % 40]);
    seqd_free(context, NULL);
    end_context(context);
    assert_int_equal(memory.live, 0);
}

static void limits_hold(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = new_context(NULL);
    assert_int_equal(seqd_context_limit(context, "memory", 10000, &error), SEQD_OK);
    void *block = seqd_alloc(context, 9000);
    assert_non_null(block);
    assert_null(seqd_alloc(context, 2000));
    assert_int_equal(seqd_fail_alloc(context, 2000, &error), SEQD_E_LIMIT);
    assert_contains(error.message, "'memory' of 10000 bytes");
    seqd_free(context, block);
    assert_int_equal(seqd_context_limit(context, "memory", 0, &error), SEQD_OK);
    assert_int_equal(seqd_fail_alloc(context, 2000, &error), SEQD_E_NOMEM);
    assert_int_equal(seqd_context_limit(context, "memroy", 1, &error), SEQD_E_OPTION);
    assert_contains(error.message, "memroy");
    assert_int_equal(seqd_context_limit(context, "rows", -1, &error), SEQD_E_ARG);
    assert_int_equal(seqd_context_limit(context, NULL, 1, &error), SEQD_E_ARG);
    end_context(context);
}

static void growth(void **state)
{
    (void)state;
    seqd_context *context = new_context(NULL);
    void *pointer = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < 1000; i++) {
        assert_true(seqd_grow(context, &pointer, &capacity, i + 1, sizeof(uint32_t)));
        ((uint32_t *)pointer)[i] = (uint32_t)i;
    }
    for (size_t i = 0; i < 1000; i++) assert_int_equal(((uint32_t *)pointer)[i], i);
    void *before = pointer;
    assert_false(seqd_grow(context, &pointer, &capacity, SIZE_MAX / 2, 4));
    assert_ptr_equal(pointer, before);
    seqd_free(context, pointer);

    seqd_arena arena = { NULL, 0, false };
    assert_null(seqd_arena_take(&arena, 3, 4));
    assert_null(seqd_arena_take(&arena, 1, 65));
    assert_int_equal(arena.used, 192);
    unsigned char *base = seqd_alloc(context, arena.used);
    arena = (seqd_arena){ base, 0, false };
    assert_ptr_equal(seqd_arena_take(&arena, 3, 4), base);
    assert_ptr_equal(seqd_arena_take(&arena, 1, 65), base + 64);
    assert_null(seqd_arena_take(&arena, SIZE_MAX, 2));
    assert_true(arena.overflow);
    assert_null(seqd_arena_take(&arena, 1, 1));
    seqd_free(context, base);
    end_context(context);
}

static void allocators_are_checked(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_allocator allocator = { (uint32_t)sizeof allocator, NULL, failing_allocate, NULL };
    assert_int_equal(seqd_context_new(&allocator, &context, &error), SEQD_E_ARG);
    allocator.struct_size = 4;
    assert_int_equal(seqd_context_new(&allocator, &context, &error), SEQD_E_ARG);
    assert_int_equal(seqd_context_new(NULL, NULL, &error), SEQD_E_ARG);
    failing_allocator memory = { 0, 1, 0, false };
    allocator = (seqd_allocator){ (uint32_t)sizeof allocator, &memory, failing_allocate, failing_release };
    assert_int_equal(seqd_context_new(&allocator, &context, &error), SEQD_E_NOMEM);
    assert_null(context);
    allocator = (seqd_allocator){ (uint32_t)sizeof allocator, NULL, NULL, NULL };
    assert_int_equal(seqd_context_new(&allocator, &context, &error), SEQD_OK);
    seqd_context_drop(context);
    seqd_context_drop(NULL);
}

static void messages(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    char buffer[SEQD_QUOTE_SIZE], longer[400];
    assert_int_equal(seqd_fail(NULL, SEQD_E_DATA, "x"), SEQD_E_DATA);
    assert_int_equal(seqd_fail_at(&error, SEQD_E_DATA, 7, 3, "value %d", 5), SEQD_E_DATA);
    assert_int_equal(error.line, 7);
    assert_int_equal(error.column, 3);
    assert_int_equal(seqd_fail_prefix(&error, SEQD_E_DATA, "%s:%d", "a.csv", 7), SEQD_E_DATA);
    assert_string_equal(error.message, "a.csv:7: value 5");
    assert_int_equal(error.line, 7);
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    seqd_fail(&error, SEQD_E_DATA, "%s", longer);
    assert_int_equal(strlen(error.message), SEQD_ERROR_MESSAGE_SIZE - 1);
    /* A character of two bytes is not cut in halves. */
    for (size_t i = 0; i + 1 < sizeof longer; i += 2) memcpy(longer + i, "\xC3\xA4", 2);
    longer[sizeof longer - 2] = '\0';
    seqd_fail(&error, SEQD_E_DATA, "%s", longer);
    assert_int_equal(strlen(error.message), 254);
    /* An older caller's struct is smaller: what lies behind it is not touched. */
    error = (seqd_error)SEQD_ERROR_INIT;
    memset(error.message, 'z', sizeof error.message);
    error.struct_size = (uint32_t)offsetof(seqd_error, message) + 8;
    seqd_fail(&error, SEQD_E_DATA, "0123456789");
    assert_memory_equal(error.message, "0123456\0zzz", 11);
    seqd_quote("a\nb\x7F", 4, buffer);
    assert_string_equal(buffer, "a?b?");
    seqd_quote(longer, 300, buffer);
    assert_int_equal(strlen(buffer), 43);
    assert_string_equal(seqd_status_name_of(SEQD_E_IO), "SEQD_E_IO");
    assert_string_equal(seqd_status_name_of(12345), "SEQD_E_UNKNOWN");
    assert_true(strlen(seqd_status_text_of(SEQD_E_LIMIT)) > 10 && strlen(seqd_status_text_of(-999)) > 5);
}

static char last_line[600];
static void keep_line(void *user, int32_t level, const char *line)
{
    snprintf(last_line, sizeof last_line, "%d %d %s", *(int *)user, (int)level, line);
}

static void logging(void **state)
{
    (void)state;
    int tag = 9;
    seqd_context *context = new_context(NULL);
    seqd_log(context, SEQD_LOG_ERROR, "nobody listens");
    context->log = keep_line;
    context->log_user = &tag;
    context->log_level = SEQD_LOG_WARNING;
    seqd_log(context, SEQD_LOG_INFO, "too fine");
    assert_string_equal(last_line, "");
    seqd_log(context, SEQD_LOG_WARNING, "%d series", 3);
    assert_string_equal(last_line, "9 1 3 series");
    end_context(context);
}

static void results_are_copied_by_size(void **state)
{
    (void)state;
    struct { uint32_t size; int32_t a; int64_t b; } from = { 16, 1, 2 }, to = { 8, 0, 77 };
    seqd_error error = SEQD_ERROR_INIT;
    assert_int_equal(seqd_copy_result(&to, &from, sizeof from, &error), SEQD_OK);
    assert_int_equal(to.size, 8);
    assert_int_equal(to.a, 1);
    assert_int_equal(to.b, 77);
    to.size = 1000;
    assert_int_equal(seqd_copy_result(&to, &from, sizeof from, &error), SEQD_OK);
    assert_int_equal(to.b, 2);
    assert_int_equal(to.size, 1000);
    to.size = 0;
    assert_int_equal(seqd_copy_result(&to, &from, sizeof from, &error), SEQD_E_ARG);
    assert_int_equal(seqd_copy_result(NULL, &from, sizeof from, &error), SEQD_E_ARG);
}

static void normal_distribution(void **state)
{
    (void)state;
    /* Reference values with 17 digits from tables of the normal distribution. */
    assert_true(fabs(seqd_normal_quantile(0.975) - 1.9599639845400542) < 1e-14);
    assert_true(fabs(seqd_normal_quantile(0.9) - 1.2815515655446004) < 1e-14);
    assert_true(fabs(seqd_normal_quantile(1e-20) + 9.2623400897984021) < 1e-13);
    assert_true(fabs(seqd_normal_cdf(1.0) - 0.84134474606854293) < 1e-15);
    assert_true(seqd_normal_quantile(0.5) == 0.0);
    seqd_rng rng = seqd_rng_stream(1, 1, 1);
    for (int i = 0; i < 200000; i++) {
        const double p = i & 1 ? seqd_rng_uniform(&rng) : exp(-700.0 * seqd_rng_uniform(&rng));
        if (!(p > 0.0 && p < 1.0)) continue;
        const double z = seqd_normal_quantile(p);
        /* A relative slip of z in the tail is z^2 as large in p. */
        if (fabs(seqd_normal_cdf(z) / p - 1.0) > 1e-14 * (1.0 + z * z)) fail_msg("quantile of %.17g: %.17g", p, z);
    }
}

static void random_numbers(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    seqd_rng a = seqd_rng_stream(5, 2, 3), b = seqd_rng_stream(5, 2, 3), c = seqd_rng_stream(5, 2, 4);
    int same = 0;
    double sum = 0.0, squares = 0.0, normal = 0.0, normal_squares = 0.0;
    int64_t buckets[10] = { 0 };
    for (int i = 0; i < COUNT; i++) {
        const uint64_t x = seqd_rng_u64(&a);
        assert_true(x == seqd_rng_u64(&b));
        same += x == seqd_rng_u64(&c);
    }
    assert_int_equal(same, 0);
    for (int i = 0; i < COUNT; i++) {
        const double u = seqd_rng_uniform(&a), z = seqd_rng_normal(&b);
        assert_true(u > 0.0 && u < 1.0);
        sum += u;
        squares += (u - 0.5) * (u - 0.5);
        normal += z;
        normal_squares += z * z;
        buckets[seqd_rng_below(&c, 10)]++;
    }
    assert_true(fabs(sum / COUNT - 0.5) < 0.003 && fabs(squares / COUNT - 1.0 / 12) < 0.001);
    assert_true(fabs(normal / COUNT) < 0.012 && fabs(normal_squares / COUNT - 1.0) < 0.015);
    for (int i = 0; i < 10; i++) assert_true(llabs(buckets[i] - COUNT / 10) < 700); /* five deviations */
    for (int i = 0; i < 100; i++) assert_int_equal(seqd_rng_below(&c, 1), 0);
}

static void lists(void **state)
{
    (void)state;
    const char *cursor = " a ,b b,, c", *item;
    static const char *const expected[] = { "a", "b b", "", "c" };
    size_t length;
    int count = 0;
    while (seqd_next_item(&cursor, &item, &length)) {
        assert_int_equal(length, strlen(expected[count]));
        assert_memory_equal(item, expected[count], length);
        count++;
    }
    assert_int_equal(count, 4);
    cursor = "";
    assert_false(seqd_next_item(&cursor, &item, &length));
    char to[4];
    seqd_copy_text(to, sizeof to, "abcdef");
    assert_string_equal(to, "abc");
    seqd_copy_text(NULL, 0, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_counted), cmocka_unit_test(limits_hold), cmocka_unit_test(growth),
        cmocka_unit_test(allocators_are_checked), cmocka_unit_test(messages), cmocka_unit_test(logging),
        cmocka_unit_test(results_are_copied_by_size), cmocka_unit_test(normal_distribution),
        cmocka_unit_test(random_numbers), cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
