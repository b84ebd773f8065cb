/* SPDX-License-Identifier: Apache-2.0 */
#include "data_test.h"

static seqd_context *context;
static seqd_error error;

static int begin(void **state)
{
    (void)state;
    context = new_context(NULL);
    error = (seqd_error)SEQD_ERROR_INIT;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    end_context(context);
    return 0;
}

static seqd_dataset *before(seqd_dataset *dataset, int64_t steps)
{
    seqd_dataset *view = NULL;
    if (seqd_panel_before(dataset, steps, &view, &error) != SEQD_OK) fail_msg("%s", error.message);
    return view;
}

static const char shop[] = "id,ds,y,promo,store,size\n"
                           "A,2024-01-01,1,0,n,1\nA,2024-01-02,2,1,n,1\nA,2024-01-04,4,0,n,1\nA,2024-01-05,5,1,n,1\nA,2024-01-06,,9,n,1\n"
                           "B,2024-01-04,7,3,s,2\nB,2024-01-05,8,4,s,2\nC,2024-01-01,6,2,s,3\nC,2024-01-02,3,2,s,3\n";

static void what_was_known_then(void **state)
{
    (void)state;
    seqd_dataset *set = panel(context, "known_columns=promo static_columns=store static_real_columns=size", shop);
    HISTORY(set, "A", 1, 2, 0, 4, 5);
    HISTORY(set, "C", 6, 3, 0, 0, 0);
    seqd_dataset *view = before(set, 2); /* until the 3rd of January */
    assert_int_equal(view->series_count, 2);
    HISTORY(view, "A", 1, 2, 0);
    HISTORY(view, "C", 6, 3, 0);
    assert_int_equal(seqd_panel_find(view, "B"), -1);
    assert_int_equal(view->series[0].future, 3); /* the 4th, 5th and 6th */
    assert_int_equal(view->series[1].future, 2);
    const float *promo = view->known[0] + view->series[0].offset;
    assert_true(promo[3] == 0 && promo[4] == 1 && promo[5] == 9);
    /* Static columns follow the series that are left. */
    assert_string_equal(view->dictionaries[0].names[view->cat[0][1]], "s");
    assert_true(view->real[0][0] == 1 && view->real[0][1] == 3);
    assert_ptr_equal(view->raw, set->raw);
    assert_int_equal(view->summary.steps, 6);
    assert_int_equal(view->summary.observed, 4);
    assert_int_equal(view->summary.filled, 2);
    assert_int_equal(view->summary.future_steps, 5);
    assert_int_equal(view->summary.rows, 9);
    /* A view of the view, which outlives both. */
    seqd_dataset *inner = before(view, 1);
    seqd_dataset_free(set);
    seqd_dataset_free(view);
    HISTORY(inner, "A", 1, 2);
    assert_int_equal(inner->series[0].future, 4);
    seqd_dataset *none = NULL;
    assert_int_equal(seqd_panel_before(inner, 2, &none, &error), SEQD_E_ARG);
    assert_int_equal(seqd_panel_before(inner, -1, &none, &error), SEQD_E_ARG);
    assert_int_equal(seqd_panel_before(inner, INT64_MAX, &none, &error), SEQD_E_ARG);
    assert_null(none);
    seqd_dataset *same = before(inner, 0);
    HISTORY(same, "A", 1, 2);
    seqd_dataset_free(inner);
    HISTORY(same, "C", 6, 3);
    seqd_dataset_free(same);
}

static void own_ends_stay(void **state)
{
    (void)state;
    seqd_dataset *set = panel(context, "series_end=own", shop);
    HISTORY(set, "C", 6, 3);
    seqd_dataset *view = before(set, 1);
    HISTORY(view, "A", 1, 2, 0, 4);
    HISTORY(view, "B", 7);
    HISTORY(view, "C", 6, 3);
    assert_int_equal(view->series[0].future, 0);
    seqd_dataset_free(view);
    seqd_dataset_free(set);
}

/* Whole numbers count each series' own steps, unless a common end is asked for. */
static void own_counts(void **state)
{
    (void)state;
    static const char text[] = "id,ds,y\nA,1,1\nA,2,2\nA,3,3\nA,4,4\nB,1,5\nB,2,6\nC,1,7\n";
    seqd_dataset *set = panel(context, "", text);
    seqd_dataset *view = before(set, 1), *inner = before(view, 1);
    assert_int_equal(view->series_count, 2);
    HISTORY(view, "A", 1, 2, 3);
    HISTORY(view, "B", 5);
    assert_int_equal(inner->series_count, 1);
    HISTORY(inner, "A", 1, 2);
    seqd_dataset_free(inner);
    seqd_dataset_free(view);
    seqd_dataset_free(set);
    set = panel(context, "series_end=common", text);
    view = before(set, 2);
    HISTORY(view, "A", 1, 2);
    HISTORY(view, "B", 5, 6);
    HISTORY(view, "C", 7, 0);
    seqd_dataset_free(view);
    seqd_dataset_free(set);
}

/* What lies behind the cut must not change anything before it. */
static void the_future_does_not_leak(void **state)
{
    (void)state;
    static const char *const policies[] = {
        "fill=mean", "fill=interpolate", "fill=forward", "fill=zero", "fill=missing",
        "fill=mean outliers=zscore outlier_limit=1", "fill=zero outliers=quantile outlier_quantile=0.8",
        "fill=interpolate outliers=zscore outlier_limit=1",
    };
    static const char quiet[] = "id,ds,y\nA,1,1\nA,2,9\nA,3,2\nA,5,4\nA,9,4\nA,10,4\nB,1,7\nB,10,7\n";
    static const char loud[] = "id,ds,y\nA,1,1\nA,2,9\nA,3,2\nA,5,4\nA,9,4000\nA,10,-900\nB,1,7\nB,10,70000\n";
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        seqd_dataset *a = panel(context, policies[i], quiet), *b = panel(context, policies[i], loud);
        seqd_dataset *va = before(a, 3), *vb = before(b, 3);
        assert_int_equal(va->series[0].length, 7);
        for (int64_t s = 0; s < 2; s++)
            for (int64_t k = 0; k < va->series[s].length; k++) {
                const float x = va->y[va->series[s].offset + k], y = vb->y[vb->series[s].offset + k];
                if (memcmp(&x, &y, sizeof x) != 0) fail_msg("%s: step %d of series %d", policies[i], (int)k, (int)s);
            }
        assert_int_equal(va->summary.clipped, vb->summary.clipped);
        if (i == 0) HISTORY(va, "A", 1, 9, 2, 4, 4, 4, 4);
        if (i == 1) HISTORY(va, "A", 1, 9, 2, 3, 4, 4, 4);
        if (i == 5) assert_true(va->y[1] < 9.0f && va->raw[1] == 9.0f);
        seqd_dataset_free(va);
        seqd_dataset_free(vb);
        seqd_dataset_free(a);
        seqd_dataset_free(b);
    }
}

static void unsealed_has_no_past(void **state)
{
    (void)state;
    seqd_dataset *set, *view = NULL;
    assert_int_equal(seqd_panel_create(context, NULL, &set, &error), SEQD_OK);
    assert_int_equal(seqd_panel_before(set, 1, &view, &error), SEQD_E_STATE);
    seqd_dataset_free(set);
    seqd_dataset_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_known_then, begin, finish),
        cmocka_unit_test_setup_teardown(own_ends_stay, begin, finish),
        cmocka_unit_test_setup_teardown(own_counts, begin, finish),
        cmocka_unit_test_setup_teardown(the_future_does_not_leak, begin, finish),
        cmocka_unit_test_setup_teardown(unsealed_has_no_past, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
