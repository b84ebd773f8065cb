/* SPDX-License-Identifier: Apache-2.0 */
/* Events as a network reads them: features, binding and shards, worked out by hand. */
#include "data_test.h"

#include "alloc.h"
#include "feature_set.h"

static seqd_context *context;
static seqd_features features;
static seqd_binding binding;
static seqd_shard shard;
static void *memory;

static const char shop[] = "user,time,event,item,price\n"
                           "a,0,view,x,1\na,1,cart,y,3\na,4,buy,x,5\n"
                           "b,2,view,z,\nb,3,view,x,3\nb,10,cart,y,3\nb,11,buy,y,3\n";

static void build(seqd_dataset *set, int32_t horizon, int32_t max_len)
{
    seqd_error error = SEQD_ERROR_INIT;
    if (seqd_features_build(context, set->options, set, horizon, max_len, &features, &error) != SEQD_OK)
        fail_msg("%s", error.message);
}

static void bind(seqd_dataset *set, bool light, int32_t rows)
{
    seqd_error error = SEQD_ERROR_INIT;
    memset(&binding, 0, sizeof binding);
    const int32_t status = light ? seqd_binding_lighten(context, &features, set, &binding, &error)
                                 : seqd_binding_create(context, &features, set, &binding, &error);
    if (status != SEQD_OK) fail_msg("%s", error.message);
    seqd_arena arena = { NULL, 0, false };
    seqd_shard sized;
    seqd_shard_place(&features, rows, features.context_length, &arena, &sized);
    memory = malloc(arena.used);
    assert_non_null(memory);
    memset(memory, 0x55, arena.used); /* padding has to be written, not found */
    arena = (seqd_arena){ memory, 0, false };
    seqd_shard_place(&features, rows, features.context_length, &arena, &shard);
}

static void release(void)
{
    seqd_binding_clear(&binding);
    seqd_features_clear(&features);
    free(memory);
}

static float input(int32_t row, int32_t t, int32_t k)
{
    return shard.inputs[((int64_t)t * shard.rows + row) * shard.input_count + k];
}

static int32_t token(int32_t row, int32_t t, int32_t c)
{
    return shard.tokens[((int64_t)t * shard.rows + row) * shard.token_count + c];
}

static void assert_near(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-5 * (1.0 + fabs(expected)))) fail_msg("%.9g, not %.9g", got, expected);
}

static void a_shard_by_hand(void **state)
{
    (void)state;
    seqd_dataset *set = panel(context, "task=classify num_columns=price cat_columns=item min_count=2", shop);
    build(set, 1, 3);
    assert_int_equal(features.kind, SEQD_DATA_EVENTS);
    assert_int_equal(features.input_count, 2);
    assert_int_equal(features.events.tokens[0].count, 3); /* buy cart view */
    assert_int_equal(features.events.tokens[1].count, 2); /* x y; z is rare */
    assert_int_equal(features.events.classes.count, 3);
    bind(set, false, 3);
    /* a whole; b up to its third event, answers from the second on; b's last three, the last answer alone */
    const seqd_window windows[] = { { 0, 2, 0, 0, 0 }, { 1, 2, 1, 0, 0 }, { 1, 3, 0, 1, 0 } };
    seqd_shard_fill(&binding, windows, 3, &shard);
    assert_int_equal(shard.steps, 3);
    assert_int_equal(shard.answers, 1);
    for (int32_t r = 0; r < 3; r++) {
        assert_int_equal(shard.begin[r], 0);
        assert_int_equal(shard.length[r], 3);
    }
    const double mean = 18.0 / 6, deviation = sqrt((1 + 5 * 5 + 4 * 9) / 6.0 - 9);
    assert_near((double)input(0, 0, 0), (1 - mean) / deviation);
    assert_near((double)input(0, 2, 0), (5 - mean) / deviation);
    assert_true(input(1, 0, 0) == 0.0f); /* missing */
    const double gaps[] = { log1p(1), log1p(3), log1p(1), log1p(7), log1p(1) };
    double sum = 0, squares = 0;
    for (int i = 0; i < 5; i++) sum += gaps[i], squares += gaps[i] * gaps[i];
    const double spread = sqrt(squares / 5 - sum * sum / 25);
    assert_true(input(0, 0, 1) == 0.0f); /* nothing before it */
    assert_near((double)input(0, 2, 1), (log1p(3) - sum / 5) / spread);
    assert_near((double)input(2, 0, 1), (log1p(1) - sum / 5) / spread); /* before its window, but not before all */
    static const int32_t events[3][3] = { { 3, 2, 1 }, { 3, 3, 2 }, { 3, 2, 1 } };
    static const int32_t items[3][3] = { { 1, 2, 1 }, { 0, 1, 2 }, { 1, 2, 2 } };
    for (int32_t r = 0; r < 3; r++)
        for (int32_t t = 0; t < 3; t++) {
            assert_int_equal(token(r, t, 0), events[r][t]);
            assert_int_equal(token(r, t, 1), items[r][t]);
        }
    static const float label[3][3] = { { 1, 0, NAN }, { NAN, 1, 0 }, { NAN, NAN, NAN } };
    double weight = 0;
    for (int32_t r = 0; r < 3; r++)
        for (int32_t t = 0; t < 3; t++) {
            const float got = shard.label[r * 3 + t], want = label[r][t];
            assert_true(got == want || (isnan(got) && isnan(want)));
            assert_true(shard.fork[r * 3 + t] == (isnan(want) ? 0.0f : 1.0f));
            weight += (double)shard.fork[r * 3 + t];
        }
    assert_true(shard.total_weight == weight && weight == 4.0);
    /* shorter rows: a shard is as long as its longest, and what is behind a row is nothing */
    const seqd_window few[] = { { 0, 0, 0, 0, 0 }, { 1, 1, 0, 1, 0 } };
    seqd_shard_fill(&binding, few, 2, &shard);
    assert_int_equal(shard.steps, 2);
    assert_int_equal(shard.length[0], 1);
    assert_true(input(0, 1, 0) == 0.0f && input(0, 1, 1) == 0.0f && token(0, 1, 0) == 0 && token(0, 1, 1) == 0);
    assert_true(shard.label[0] == 1.0f && shard.fork[1] == 0.0f);
    assert_true(shard.fork[2] == 0.0f && shard.fork[3] == 1.0f && shard.label[3] == 1.0f);
    release();
    /* a light binding fills the same inputs and tokens */
    build(set, 1, 3);
    bind(set, true, 3);
    seqd_shard_fill(&binding, windows, 3, &shard);
    assert_near((double)input(0, 2, 0), (5 - mean) / deviation);
    assert_near((double)input(2, 0, 1), (log1p(1) - sum / 5) / spread);
    assert_int_equal(token(2, 0, 1), 1);
    assert_true(shard.total_weight == 0.0);
    release();
    seqd_dataset_free(set);
}

static void several_answers(void **state)
{
    (void)state;
    seqd_dataset *set = panel(context, "task=classify cat_columns=item", shop);
    build(set, 2, 4);
    assert_int_equal(features.horizon, 2);
    bind(set, false, 2);
    const seqd_window windows[] = { { 1, 1, 1, 1, 0 }, { 1, 2, 2, 1, 0 } };
    seqd_shard_fill(&binding, windows, 2, &shard);
    assert_int_equal(shard.answers, 2);
    assert_true(shard.label[0] == 1.0f && shard.label[1] == 0.0f && shard.fork[0] == 1.0f);
    assert_true(isnan(shard.label[3]) && shard.fork[1] == 0.0f); /* only one event is left */
    assert_true(shard.total_weight == 2.0);
    release();
    seqd_dataset_free(set);
}

/* Other data: categories and classes by their text, those that are new unknown; numbers on the scale of training. */
static void other_data(void **state)
{
    (void)state;
    seqd_dataset *set = panel(context, "task=classify cat_columns=item", shop), *other;
    seqd_error error = SEQD_ERROR_INIT;
    build(set, 1, 4);
    other = panel(context, "task=classify cat_columns=item", "user,time,event,item\nq,1,alert,zz\nq,2,buy,z\nq,3,zoom,x\n");
    bind(other, false, 1);
    const seqd_window window = { 0, 2, 0, 0, 0 };
    seqd_shard_fill(&binding, &window, 1, &shard);
    assert_int_equal(token(0, 0, 0), 0);
    assert_int_equal(token(0, 1, 0), 1);
    assert_int_equal(token(0, 0, 1), 0);
    assert_int_equal(token(0, 1, 1), 3);
    assert_true(shard.label[0] == 0.0f && shard.fork[0] == 1.0f);
    assert_true(shard.label[1] == SEQD_CLASS_UNKNOWN && shard.fork[1] == 0.0f);
    seqd_binding_clear(&binding);
    free(memory);
    seqd_dataset_free(other);
    static const struct {
        const char *words, *text, *message;
    } table[] = {
        { "", "id,ds,y\na,1,2\n", "task=classify" },
        { "task=regress label=count label_window=1", shop, "task=regress" },
        { "task=classify label=within label_window=1", shop, "label=within" },
        { "task=classify", shop, "category column 'item'" },
        { "task=classify cat_columns=item", "user,event,item\na,p,x\n", "time column" },
        { "task=classify cat_columns=item", "user,time,event,item\na,2024-01-01,p,x\n", "dates" },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        other = panel(context, table[i].words, table[i].text);
        assert_int_equal(seqd_binding_create(context, &features, other, &binding, &error), SEQD_E_DATA);
        assert_contains(error.message, table[i].message);
        seqd_dataset_free(other);
    }
    seqd_features_clear(&features);
    seqd_dataset_free(set);
}

static void numbers_transformed(void **state)
{
    (void)state;
    static const char text[] = "n,label\n0,1\n0,2\n0,3\n0,4\n1,5\n9,6\n-3,7\n,8\n";
    static const char *const words[] = { "standard", "log1p", "quantile", "none" };
    for (int k = 0; k < 4; k++) {
        char options[96];
        strcpy(options, "task=regress num_columns=n num_transform=");
        strcat(options, words[k]);
        seqd_dataset *set = panel(context, options, text);
        build(set, 1, 1);
        assert_near(features.events.label_mean, 4.5);
        assert_near(features.events.label_deviation, sqrt(204 / 8.0 - 4.5 * 4.5));
        bind(set, false, 8);
        seqd_window windows[8];
        for (int i = 0; i < 8; i++) windows[i] = (seqd_window){ i, 0, 0, 1, 0 };
        seqd_shard_fill(&binding, windows, 8, &shard);
        const double at_zero = (double)input(0, 0, 0), one = (double)input(4, 0, 0), nine = (double)input(5, 0, 0);
        assert_true(input(7, 0, 0) == 0.0f);
        assert_near((double)shard.label[5], (6 - 4.5) / features.events.label_deviation);
        assert_true(one < nine && (double)input(6, 0, 0) < at_zero && at_zero < one);
        const double m = (log1p(1) + log1p(9) - log1p(3)) / 7;
        const double d = sqrt((log1p(1) * log1p(1) + log1p(9) * log1p(9) + log1p(3) * log1p(3)) / 7 - m * m);
        if (k == 0) assert_near(nine, (9 - 1.0) / sqrt(91 / 7.0 - 1));
        if (k == 1) assert_near(nine, (log1p(9) - m) / d);
        if (k == 2) { /* ranks 0 and 1 of 1000; the zeros fill ranks 1/6 to 4/6 */
            assert_near(nine, 3.0902323);
            assert_near(at_zero, 0.5 * (features.events.normal[17] + features.events.normal[66]));
            assert_near(features.events.normal[84], 0.9944579);
        }
        if (k == 3) assert_near(nine, 9);
        release();
        seqd_dataset_free(set);
    }
}

static void nothing_to_learn(void **state)
{
    (void)state;
    static const struct {
        const char *words, *text;
        int32_t status;
        const char *message;
    } table[] = {
        { "task=classify num_columns=n label_column=Revenue", "n,revenue\n1,1\n", SEQD_E_DATA, "did you mean 'revenue'" },
        { "task=classify num_columns=n", "n\n1\n", SEQD_E_DATA, "label_column" },
        { "task=classify num_columns=n", "n,label\n1,\n", SEQD_E_DATA, "no row has a value in the label column" },
        { "task=classify num_columns=n", "n,label\n1,yes\n2,yes\n", SEQD_E_DATA, "all labels are 'yes'" },
        { "task=classify", "user,event\nu,p\nv,q\n", SEQD_E_DATA, "no sequence has two events" },
        { "task=classify", "user,event\nu,p\nu,p\n", SEQD_E_DATA, "all labels are 'p'" },
        { "task=classify label=within label_window=9", "user,time,event\nu,1,p\nu,2,p\n", SEQD_E_DATA, "label_window" },
        { "task=classify label=within label_window=1 label_events=by", "user,time,event\nu,1,buy\nu,2,p\n", SEQD_E_DATA,
          "no event is 'by'; did you mean 'buy'?" },
        { "task=classify min_count=3", "user,event\nu,p\nu,q\nu,p\nu,q\n", SEQD_E_DATA, "min_count" },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        seqd_error error = SEQD_ERROR_INIT;
        seqd_dataset *set = panel(context, table[i].words, table[i].text);
        const int32_t status = seqd_features_build(context, set->options, set, 1, 5, &features, &error);
        if (status != table[i].status || !strstr(error.message, table[i].message))
            fail_msg("row %d: %d %s", (int)i, (int)status, error.message);
        seqd_dataset_free(set);
    }
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *set = panel(context, "task=classify num_columns=n", "n,label\n1,no\n2,yes\n");
    assert_int_equal(seqd_features_build(context, set->options, set, 2, 5, &features, &error), SEQD_E_OPTION);
    assert_contains(error.message, "horizon=2");
    seqd_dataset_free(set);
}

static int set_up(void **state)
{
    (void)state;
    context = new_context(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    end_context(context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shard_by_hand),     cmocka_unit_test(several_answers),  cmocka_unit_test(other_data),
        cmocka_unit_test(numbers_transformed), cmocka_unit_test(nothing_to_learn),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
