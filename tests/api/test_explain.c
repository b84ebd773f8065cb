/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a model answers as it does: a planted price must come out on top and noise at the bottom, in kind and number the
 * same on any number of threads; parts of an answer must add up to it.
 */
#include "rig.h"

#define SERIES 12
#define DAYS 120

static seqd_context *context;
static seqd_options *options;
static seqd_dataset *dataset;
static seqd_model *model;
static seqd_error error = SEQD_ERROR_INIT;

/* Two and a half times the demand at half the price; `noise` and `town` say nothing, `size` sets the level. */
static rig_text planted(void)
{
    rig_text text = { 0 };
    uint32_t seed = 12345;
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y,price,noise,clicks,town,size\n");
    for (int s = 0; s < SERIES; s++)
        for (int day = 0; day < DAYS + RIG_HORIZON; day++) {
            seed = seed * 1664525u + 1013904223u;
            const int cheap = (seed >> 16) % 4 == 0, noise = (int)(seed >> 20) % 100;
            rig_print(&text, "s%02d,%s,", s, rig_date(day, date));
            if (day < DAYS) rig_print(&text, "%d", (10 + s) * (cheap ? 25 : 10) + (int)(seed >> 24) % 20);
            rig_print(&text, ",%s,%d,%d,t%d,%d\n", cheap ? "0.5" : "1", noise, noise / 2, s % 3, s);
        }
    return text;
}

static int set_up(void **state)
{
    (void)state;
    context = rig_context(NULL);
    options = rig_options(context, "known_columns=price,noise past_columns=clicks static_columns=town "
                                   "static_real_columns=size max_steps=150 head=mae horizon=4 context_length=14");
    dataset = rig_parse(context, options, planted());
    model = rig_train(context, options, dataset);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_context_release(context);
    return 0;
}

static seqd_importance_row row_of(const seqd_importance *importance, int32_t index)
{
    seqd_importance_row row = { .struct_size = sizeof row };
    RIG_OK(seqd_importance_get_row(importance, index, &row, &error));
    return row;
}

static void importance_finds_what_was_planted(void **state)
{
    (void)state;
    static const char *const expected[] = { "demand", "lags",  "calendar", "price",
                                            "noise",  "clicks", "town",     "size" };
    seqd_importance *importance = NULL;
    RIG_OK(seqd_importance_create(model, dataset, 3, 1, &importance, &error));
    assert_int_equal(seqd_importance_count(importance), 8);
    assert_int_equal(seqd_importance_windows(importance), 512);
    const double loss = seqd_importance_loss(importance);
    assert_true(loss > 0 && loss < 0.5);
    const seqd_importance_row first = row_of(importance, 0);
    assert_string_equal(first.feature, "price");
    assert_string_equal(first.kind, "known");
    if (!(first.rise > 0.2 * loss)) fail_msg("loss %.4f, price %.4f", loss, first.rise);
    for (int32_t i = 0; i < 8; i++) {
        const seqd_importance_row row = row_of(importance, i);
        int found = 0;
        for (int32_t j = 0; j < 8; j++) found += strcmp(row.feature, expected[j]) == 0;
        assert_int_equal(found, 1);
        assert_true(row.deviation >= 0 && isfinite(row.rise));
        if (i > 0) assert_true(row.rise <= row_of(importance, i - 1).rise);
        if (strcmp(row.feature, "noise") == 0 || strcmp(row.feature, "clicks") == 0)
            assert_true(fabs(row.rise) < first.rise / 20);
    }
    seqd_importance_row row = { .struct_size = sizeof row };
    RIG_EXPECT(SEQD_E_ARG, seqd_importance_get_row(importance, 8, &row, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_importance_get_row(importance, -1, &row, &error));
    seqd_importance_release(importance);
}

static void importance_is_the_same_on_any_number_of_threads(void **state)
{
    (void)state;
    seqd_importance *one = NULL, *two = NULL, *other = NULL;
    RIG_OK(seqd_context_set_threads(context, 1, &error));
    RIG_OK(seqd_importance_create(model, dataset, 1, 9, &one, &error));
    RIG_OK(seqd_context_set_threads(context, 3, &error));
    RIG_OK(seqd_importance_create(model, dataset, 1, 9, &two, &error));
    RIG_OK(seqd_importance_create(model, dataset, 1, 10, &other, &error));
    int32_t differing = 0;
    for (int32_t i = 0; i < 8; i++) {
        assert_true(row_of(one, i).rise == row_of(two, i).rise);
        assert_true(row_of(one, i).deviation == 0);
        differing += row_of(one, i).rise != row_of(other, i).rise;
    }
    assert_true(differing > 0);
    seqd_importance_release(one);
    seqd_importance_release(two);
    seqd_importance_release(other);
}

static void parts_add_up_to_the_answer(void **state)
{
    (void)state;
    double values[14];
    for (int64_t s = 0; s < SERIES; s++) {
        seqd_attribution *attribution = NULL;
        seqd_attribution_summary summary = { .struct_size = sizeof summary };
        RIG_OK(seqd_attribution_create(model, dataset, s, -1, 0, &attribution, &error));
        RIG_OK(seqd_attribution_summarize(attribution, &summary, &error));
        assert_int_equal(seqd_attribution_step_count(attribution), 14);
        assert_int_equal(seqd_attribution_first_step(attribution), DAYS - 14);
        double sum = 0;
        for (int32_t f = 0; f < seqd_attribution_feature_count(attribution); f++) {
            assert_true(seqd_attribution_feature_name(attribution, f)[0] != '\0');
            RIG_OK(seqd_attribution_values(attribution, f, values, &error));
            for (int32_t t = 0; t < 14; t++) sum += values[t];
        }
        const double difference = summary.value - summary.baseline;
        assert_true(fabs(sum - difference - summary.gap) < 1e-9);
        assert_true(fabs(summary.gap) < 0.01 * (0.1 + fabs(difference)));
        assert_true(difference != 0);
        assert_null(seqd_attribution_feature_name(attribution, 1000));
        RIG_EXPECT(SEQD_E_ARG, seqd_attribution_values(attribution, 1000, values, &error));
        seqd_attribution_release(attribution);
    }
}

/* A series shorter than the context: what is before it is not there to be explained. */
static void a_short_series_has_its_own_steps_only(void **state)
{
    (void)state;
    rig_text text = { 0 };
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y,price,noise,clicks,town,size\n");
    for (int day = 0; day < 5; day++) rig_print(&text, "a,%s,%d,1,5,2,t1,3\n", rig_date(day, date), 100 + day);
    seqd_dataset *small = rig_parse(context, options, text);
    seqd_attribution *attribution = NULL;
    RIG_OK(seqd_attribution_create(model, small, 0, 0, 16, &attribution, &error));
    assert_int_equal(seqd_attribution_step_count(attribution), 5);
    assert_int_equal(seqd_attribution_first_step(attribution), 0);
    seqd_attribution_release(attribution);
    seqd_importance *importance = NULL;
    RIG_OK(seqd_importance_create(model, small, 2, 1, &importance, &error)); /* one window: nothing to swap with */
    assert_int_equal(seqd_importance_windows(importance), 1);
    for (int32_t i = 0; i < 8; i++) assert_true(row_of(importance, i).rise == 0);
    seqd_importance_release(importance);
    seqd_dataset_release(small);
}

static void what_cannot_be_explained_is_refused(void **state)
{
    (void)state;
    seqd_importance *importance = NULL;
    seqd_attribution *attribution = NULL;
    RIG_EXPECT(SEQD_E_ARG, seqd_importance_create(model, dataset, 0, 1, &importance, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_importance_create(model, dataset, 1001, 1, &importance, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_attribution_create(model, dataset, SERIES, -1, 0, &attribution, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_attribution_create(model, dataset, -1, -1, 0, &attribution, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_attribution_create(model, dataset, 0, -2, 0, &attribution, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_attribution_create(model, dataset, 0, 0, -1, &attribution, &error));
    seqd_options *plain = rig_options(context, "horizon=4");
    seqd_dataset *other = rig_dataset(context, plain, 2, 60); /* without the columns */
    RIG_EXPECT(SEQD_E_DATA, seqd_importance_create(model, other, 1, 1, &importance, &error));
    RIG_EXPECT(SEQD_E_DATA, seqd_attribution_create(model, other, 0, -1, 0, &attribution, &error));
    assert_true(!importance && !attribution);
    seqd_dataset_release(other);
    seqd_options_release(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(importance_finds_what_was_planted),
        cmocka_unit_test(importance_is_the_same_on_any_number_of_threads),
        cmocka_unit_test(parts_add_up_to_the_answer),
        cmocka_unit_test(a_short_series_has_its_own_steps_only),
        cmocka_unit_test(what_cannot_be_explained_is_refused),
    };
    return cmocka_run_group_tests_name("explain", tests, set_up, tear_down);
}
