/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a shard as a shard of their own: every number keeps its row and its place in it. */
#include "data_test.h"

#include "shard.h"

enum { ROWS = 7, STEPS = 5, PAST = 3, HORIZON = 2, FIRST = 4, FEW = 3 };
enum { INPUTS = 3, FUTURES = 2, REALS = 4, CATS = 2, TOKENS = 2 };

/* A number that tells row and place. */
static float told(int64_t row, int64_t place) { return (float)(1000 * row + place); }

static float *rows_of(int64_t width)
{
    float *values = malloc(sizeof *values * (size_t)(ROWS * width));
    assert_non_null(values);
    for (int64_t i = 0; i < ROWS * width; i++) values[i] = told(i / width, i % width);
    return values;
}

static int32_t *whole_rows_of(int64_t width)
{
    int32_t *values = malloc(sizeof *values * (size_t)(ROWS * width));
    assert_non_null(values);
    for (int64_t i = 0; i < ROWS * width; i++) values[i] = (int32_t)told(i / width, i % width);
    return values;
}

static void check_rows(const float *values, int64_t width)
{
    for (int64_t i = 0; i < FEW * width; i++) assert_true(values[i] == told(FIRST + i / width, i % width));
}

static void check_whole_rows(const int32_t *values, int64_t width)
{
    for (int64_t i = 0; i < FEW * width; i++)
        assert_int_equal(values[i], (int32_t)told(FIRST + i / width, i % width));
}

static void check(int32_t answers)
{
    const int64_t window = PAST + STEPS, reach = STEPS + HORIZON, asked = answers > 1 ? answers : STEPS;
    seqd_shard s = {.rows = ROWS, .steps = STEPS, .past = PAST, .horizon = HORIZON, .input_count = INPUTS,
                    .future_count = FUTURES, .real_count = REALS, .cat_count = CATS, .token_count = TOKENS,
                    .answers = answers};
    float inputs[STEPS * ROWS * INPUTS], few_inputs[STEPS * FEW * INPUTS];
    int32_t tokens[STEPS * ROWS * TOKENS], few_tokens[STEPS * FEW * TOKENS];
    for (int64_t t = 0; t < STEPS; t++)
        for (int64_t r = 0; r < ROWS; r++) {
            for (int64_t i = 0; i < INPUTS; i++) inputs[(t * ROWS + r) * INPUTS + i] = told(r, 10 * t + i);
            for (int64_t i = 0; i < TOKENS; i++) tokens[(t * ROWS + r) * TOKENS + i] = (int32_t)told(r, 10 * t + i);
        }
    s.inputs = inputs;
    s.tokens = tokens;
    s.future = rows_of(reach * FUTURES);
    s.reals = rows_of(REALS);
    s.history = rows_of(window + HORIZON);
    s.loc = rows_of(window);
    s.scale = rows_of(window);
    s.weight = rows_of(reach);
    s.fork = rows_of(answers > 1 ? 1 : STEPS);
    s.label = rows_of(asked);
    s.cats = whole_rows_of(CATS);
    s.begin = whole_rows_of(1);
    s.length = whole_rows_of(1);

    const seqd_shard few = seqd_shard_part(&s, FIRST, FEW, few_inputs, few_tokens);
    assert_int_equal(few.rows, FEW);
    assert_int_equal(few.steps, STEPS);
    for (int64_t t = 0; t < STEPS; t++)
        for (int64_t r = 0; r < FEW; r++) {
            for (int64_t i = 0; i < INPUTS; i++)
                assert_true(few.inputs[(t * FEW + r) * INPUTS + i] == told(FIRST + r, 10 * t + i));
            for (int64_t i = 0; i < TOKENS; i++)
                assert_int_equal(few.tokens[(t * FEW + r) * TOKENS + i], (int32_t)told(FIRST + r, 10 * t + i));
        }
    check_rows(few.future, reach * FUTURES);
    check_rows(few.reals, REALS);
    check_rows(few.history, window + HORIZON);
    check_rows(few.loc, window);
    check_rows(few.scale, window);
    check_rows(few.weight, reach);
    check_rows(few.fork, answers > 1 ? 1 : STEPS);
    check_rows(few.label, asked);
    check_whole_rows(few.cats, CATS);
    check_whole_rows(few.begin, 1);
    check_whole_rows(few.length, 1);

    float *const arrays[] = {s.future, s.reals, s.history, s.loc, s.scale, s.weight, s.fork, s.label};
    int32_t *const whole_arrays[] = {s.cats, s.begin, s.length};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) free(arrays[i]);
    for (size_t i = 0; i < sizeof whole_arrays / sizeof whole_arrays[0]; i++) free(whole_arrays[i]);
}

static void test_part(void **state)
{
    (void)state;
    check(0); /* a panel, and events asked after each step */
    check(4); /* events with several answers */
}

/* What a shard does not have, its part does not have either. */
static void test_absent(void **state)
{
    (void)state;
    const seqd_shard s = {.rows = ROWS, .steps = STEPS};
    const seqd_shard part = seqd_shard_part(&s, 1, 2, NULL, NULL);
    assert_null(part.future);
    assert_null(part.begin);
    assert_null(part.label);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_part), cmocka_unit_test(test_absent)};
    return cmocka_run_group_tests_name("shard", tests, NULL, NULL);
}
