/* SPDX-License-Identifier: Apache-2.0 */
/* Measures of answers to sequences: worked out by hand, and beside figures that scikit-learn 1.9.1 gave. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answers.h"
#include "context.h"
#include "events.h"
#include "options.h"
#include "ranks.h"

static seqd_context *context;

static int set_up(void **state)
{
    (void)state;
    return seqd_context_new(NULL, &context, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    seqd_context_drop(context);
    return 0;
}

static seqd_prediction *prediction(int64_t count, int32_t classes)
{
    seqd_prediction *p;
    char *room;
    assert_int_equal(seqd_prediction_new(context, count, 1, classes, 16, &p, &room, NULL), SEQD_OK);
    p->threshold = 0.5;
    return p;
}

static void close_to(double found, double expected)
{
    if (!(fabs(found - expected) <= 1e-12 * fmax(1.0, fabs(expected)))) fail_msg("%.17g, expected %.17g", found, expected);
}

static seqd_answer_metrics measure(const seqd_prediction *p)
{
    seqd_answer_metrics m = {0};
    assert_int_equal(seqd_answers_evaluate(p, &m, NULL), SEQD_OK);
    assert_int_equal(m.struct_size, sizeof m);
    return m;
}

static void test_areas(void **state)
{
    (void)state;
    double auroc, aupr;
    /* in order: belongs at ranks 1 and 3 of 4 */
    seqd_ranked plain[] = {{0.1f, false}, {0.9f, true}, {0.5f, true}, {0.7f, false}};
    seqd_rank_areas(plain, 4, &auroc, &aupr);
    close_to(auroc, 3.0 / 4.0);
    close_to(aupr, 0.5 * (1.0 / 1.0) + 0.5 * (2.0 / 3.0));
    /* all alike: half of all pairs, and the share of the class */
    seqd_ranked tied[] = {{0.5f, true}, {0.5f, false}, {0.5f, false}, {0.5f, false}};
    seqd_rank_areas(tied, 4, &auroc, &aupr);
    close_to(auroc, 0.5);
    close_to(aupr, 0.25);
    seqd_ranked none[] = {{0.5f, false}, {0.2f, false}};
    seqd_rank_areas(none, 2, &auroc, &aupr);
    assert_true(isnan(auroc) && isnan(aupr));
    seqd_ranked all[] = {{0.5f, true}, {0.2f, true}};
    seqd_rank_areas(all, 2, &auroc, &aupr);
    assert_true(isnan(auroc));
    close_to(aupr, 1.0);
}

static void test_threshold(void **state)
{
    (void)state;
    /* F1 from the top: 1/2 -> 2/3, 1/3.. -> best with the first three: 2*2/(2+3) = .8 */
    seqd_ranked scores[] = {{0.9f, true}, {0.8f, false}, {0.6f, true}, {0.2f, false}};
    close_to(seqd_best_threshold(scores, 4), 0.5 * ((double)0.6f + (double)0.2f));
    seqd_ranked first[] = {{0.75f, true}, {0.25f, false}};
    close_to(seqd_best_threshold(first, 2), 0.5);
    seqd_ranked last[] = {{0.25f, true}};
    close_to(seqd_best_threshold(last, 1), 0.125);
    seqd_ranked none[] = {{0.25f, false}};
    close_to(seqd_best_threshold(none, 1), 0.5);
    close_to(seqd_best_threshold(NULL, 0), 0.5);
}

static void test_two_classes(void **state)
{
    static const int label[] = {1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0,
                                0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1};
    static const int tenths[] = {5, 9, 5, 4, 10, 1, 6, 5, 7, 8, 4, 7, 6, 6, 0, 3, 4, 1, 1, 10, 4, 2, 7, 9, 7, 5, 1, 4, 8, 0,
                                 5, 6, 4, 5, 8, 4, 7, 1, 3, 4, 3, 4, 5, 3, 0, 4, 1, 9, 3, 3, 6, 6, 2, 6, 3, 4, 4, 6, 4, 9};
    (void)state;
    seqd_prediction *p = prediction(62, 2);
    for (int i = 0; i < 60; i++) {
        p->scores[2 * i + 1] = (float)tenths[i] / 10.0f;
        p->scores[2 * i] = 1.0f - p->scores[2 * i + 1];
        p->label[i] = (float)label[i];
    }
    p->label[60] = NAN;    /* not known */
    p->label[61] = -1.0f;  /* a class of its own */
    const seqd_answer_metrics m = measure(p);
    assert_true(m.classes == 2 && m.count == 60 && m.left_out == 2);
    close_to(m.auroc, 0.861875);
    close_to(m.aupr, 0.7744364830571727);
    assert_true(fabs(m.log_loss - 0.47033116929257696) < 1e-7); /* tenths in float32 */
    close_to(m.accuracy, 43.0 / 60.0);
    close_to(m.precision, 0.5517241379310345);
    close_to(m.recall, 0.8);
    close_to(m.f1, 0.6530612244897959);
    assert_true(isnan(m.mae) && isnan(m.rmse) && isnan(m.mape));
    int64_t counts[4];
    assert_int_equal(seqd_answers_confusion(p, counts, NULL), SEQD_OK);
    assert_true(counts[0] == 27 && counts[1] == 13 && counts[2] == 4 && counts[3] == 16);
    seqd_class_metrics c;
    assert_int_equal(seqd_answers_evaluate_class(p, 0, &c, NULL), SEQD_OK);
    assert_true(c.count == 40 && c.told == 31 && c.right == 27);
    close_to(c.precision, 27.0 / 31.0);
    close_to(c.recall, 27.0 / 40.0);
    close_to(c.f1, 54.0 / 71.0);
    assert_true(fabs(c.auroc - 0.861875) < 1e-12);
    seqd_error error = SEQD_ERROR_INIT;
    assert_int_equal(seqd_answers_evaluate_class(p, 2, &c, &error), SEQD_E_ARG);
    assert_int_equal(seqd_answers_evaluate_class(p, -1, &c, &error), SEQD_E_ARG);

    p->threshold = 0.65; /* fewer are told */
    const seqd_answer_metrics strict = measure(p);
    assert_true(strict.recall < m.recall && strict.auroc == m.auroc);
    seqd_prediction_free(p);
}

static void test_four_classes(void **state)
{
    static const int label[] = {0, 1, 0, 1, 1, 2, 0, 1, 1, 1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 2,
                                1, 1, 2, 2, 0, 2, 2, 0, 2, 1, 1, 1, 1, 2, 1, 0, 0, 0, 1, 2};
    static const int parts[] = {
        8, 3, 7, 14, 1, 6, 24, 1, 10, 18, 3, 1, 24, 5, 1, 2, 2, 27, 2, 1, 5, 11, 9, 7, 11, 12, 6, 3, 6, 9, 10, 7,
        20, 11, 0, 1, 5, 8, 12, 7, 1, 0, 27, 4, 14, 5, 7, 6, 6, 7, 15, 4, 2, 4, 1, 25, 0, 19, 7, 6, 5, 21, 1, 5,
        5, 7, 18, 2, 7, 19, 4, 2, 6, 6, 14, 6, 3, 3, 20, 6, 2, 8, 21, 1, 1, 25, 0, 6, 16, 4, 5, 7, 3, 0, 6, 23,
        5, 15, 7, 5, 16, 4, 7, 5, 6, 7, 10, 9, 7, 4, 17, 4, 4, 19, 7, 2, 18, 9, 1, 4, 15, 10, 4, 3, 0, 4, 24, 4,
        3, 10, 14, 5, 3, 5, 4, 20, 1, 6, 1, 24, 9, 0, 2, 21, 18, 7, 0, 7, 26, 1, 5, 0, 0, 11, 18, 3, 7, 2, 20, 3};
    static const int64_t expected[16] = {2, 3, 1, 2, 5, 5, 9, 2, 2, 2, 5, 2, 0, 0, 0, 0};
    (void)state;
    seqd_prediction *p = prediction(40, 4);
    p->threshold = 0.0;
    for (int i = 0; i < 160; i++) p->scores[i] = (float)parts[i] / 32.0f;
    for (int i = 0; i < 40; i++) p->label[i] = (float)label[i];
    const seqd_answer_metrics m = measure(p);
    close_to(m.accuracy, 0.3);
    close_to(m.precision, 0.35185185185185186);
    close_to(m.recall, 0.3142135642135642);
    close_to(m.f1, 0.3141633824745779);
    close_to(m.auroc, 0.7325897286728447);
    close_to(m.aupr, 0.5468623914789854);
    seqd_class_metrics c;
    assert_int_equal(seqd_answers_evaluate_class(p, 1, &c, NULL), SEQD_OK);
    close_to(c.auroc, 0.7280701754385965);
    close_to(c.aupr, 0.7259393252250397);
    int64_t counts[16];
    assert_int_equal(seqd_answers_confusion(p, counts, NULL), SEQD_OK);
    assert_memory_equal(counts, expected, sizeof counts);
    seqd_prediction_free(p);
}

static void test_numbers(void **state)
{
    (void)state;
    seqd_prediction *p = prediction(4, 0);
    static const float scores[] = {2.0f, 0.5f, 3.0f, 7.0f}, label[] = {1.0f, 0.0f, 4.0f, NAN};
    memcpy(p->scores, scores, sizeof scores);
    memcpy(p->label, label, sizeof label);
    const seqd_answer_metrics m = measure(p);
    assert_true(m.classes == 0 && m.count == 3 && m.left_out == 1 && m.mape_left_out == 1);
    close_to(m.mae, 2.5 / 3.0);
    close_to(m.rmse, sqrt(2.25 / 3.0));
    close_to(m.mape, (100.0 + 25.0) / 2.0);
    assert_true(isnan(m.accuracy) && isnan(m.auroc));
    int64_t counts[1];
    seqd_class_metrics c;
    assert_int_equal(seqd_answers_confusion(p, counts, NULL), SEQD_E_ARG);
    assert_int_equal(seqd_answers_evaluate_class(p, 0, &c, NULL), SEQD_E_ARG);
    for (int i = 0; i < 4; i++) p->label[i] = NAN; /* nothing to compare */
    const seqd_answer_metrics none = measure(p);
    assert_true(isnan(none.mae) && isnan(none.rmse) && isnan(none.mape) && none.left_out == 4);
    seqd_prediction_free(p);
}

static seqd_dataset *events(const char *text, const char *task)
{
    seqd_options *options;
    seqd_dataset *dataset;
    assert_int_equal(seqd_options_new(context, &options, NULL), SEQD_OK);
    assert_int_equal(seqd_option_set(options, SEQD_OPT_TASK, task, NULL), SEQD_OK);
    assert_int_equal(seqd_option_set(options, SEQD_OPT_NUM_COLUMNS, "x", NULL), SEQD_OK);
    assert_int_equal(seqd_panel_parse(context, options, text, strlen(text), &dataset, NULL), SEQD_OK);
    seqd_options_free(options);
    return dataset;
}

static void test_baseline(void **state)
{
    (void)state;
    seqd_dataset *train = events("user,x,label\na,1,no\nb,1,no\nc,1,yes\nd,1,no\n", "classify");
    seqd_dataset *test = events("user,x,label\na,1,maybe\nb,1,no\nc,1,yes\nd,1,\n", "classify");
    seqd_prediction *p;
    assert_int_equal(seqd_baseline_judge(train, test, SEQD_ANSWER_LABELLED, &p, NULL), SEQD_OK);
    assert_int_equal(p->count, 3);
    assert_string_equal(p->names[0], "no");
    assert_string_equal(p->ids[1], "b");
    for (int i = 0; i < 3; i++) assert_true(p->scores[2 * i] == 0.75f && p->scores[2 * i + 1] == 0.25f);
    assert_true(p->label[0] == -1.0f && p->label[1] == 0.0f && p->label[2] == 1.0f);
    const seqd_answer_metrics m = measure(p);
    assert_true(m.count == 2 && m.left_out == 1);
    close_to(m.accuracy, 0.5);
    close_to(m.auroc, 0.5);
    close_to(m.log_loss, -0.5 * (log(0.75) + log(0.25)));
    seqd_prediction_free(p);
    assert_int_equal(seqd_baseline_judge(train, test, 3, &p, NULL), SEQD_E_ARG);
    seqd_dataset_free(train);
    seqd_dataset_free(test);
    train = events("user,x,label\na,1,4\nb,1,1\nc,1,\n", "regress");
    assert_int_equal(seqd_baseline_judge(train, train, SEQD_ANSWER_END, &p, NULL), SEQD_OK);
    assert_int_equal(p->count, 3);
    assert_true(p->scores[0] == 2.5f && p->scores[2] == 2.5f && isnan(p->label[2]));
    close_to(measure(p).mae, 1.5);
    seqd_prediction_free(p);
    seqd_dataset_free(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_two_classes),
        cmocka_unit_test(test_four_classes),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_baseline),
    };
    return cmocka_run_group_tests_name("answers", tests, set_up, tear_down);
}
