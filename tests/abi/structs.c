/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule of struct_size (base.h), for every struct that has one: a host compiled against an older header hands over a
 * shorter one, a host compiled against a newer header a longer one, with anything in what we do not know.
 * abi_symbols fails when a struct of the public headers is not named here.
 */
#include "contract.h"

#include <stdbool.h>

#define BEHIND 64 /* bytes that a later version may add */

/*
 * A result of every size: written is what fits and is known, nothing else; without a size it is refused. There are up
 * to two gaps of 4 bytes between members, which hold anything; 0: none.
 */
#define RESULT(type, gap, second_gap, call)                                                                            \
    do {                                                                                              \
        union {                                                                                       \
            type full;                                                                                \
            unsigned char bytes[sizeof(type) + BEHIND];                                               \
        } exact, other;                                                                               \
        type *result = &exact.full;                                                                   \
        memset(&exact, 0xA5, sizeof exact);                                                           \
        exact.full.struct_size = (uint32_t)sizeof(type);                                              \
        assert_int_equal(call, SEQD_OK);                                                              \
        result = &other.full;                                                                         \
        for (int ground = 0; ground < 2; ground++) {                                                  \
            for (uint32_t size = 0; size <= sizeof other; size++) {                                   \
                const unsigned char empty = ground ? 0xA5 : 0;                                        \
                memset(&other, empty, sizeof other);                                                  \
                other.full.struct_size = size;                                                        \
                const int32_t status = call;                                                          \
                assert_int_equal(status, size < 4 ? SEQD_E_ARG : SEQD_OK);                            \
                assert_int_equal(other.full.struct_size, size);                                       \
                const size_t known = size < sizeof(type) ? size : sizeof(type);                       \
                const size_t written = status == SEQD_OK ? known : 4;                                 \
                for (size_t i = 4; i < written; i++)                                                  \
                    if (i - (gap) > 3 && i - (second_gap) > 3) assert_int_equal(other.bytes[i], exact.bytes[i]); \
                for (size_t i = written; i < sizeof other; i++) assert_int_equal(other.bytes[i], empty); \
            }                                                                                         \
        }                                                                                             \
        structs_tested++;                                                                             \
    } while (0)

static int structs_tested;
static seqd_error error = SEQD_ERROR_INIT;

static void results_of_every_size(void **state)
{
    (void)state;
    static const double n[] = { 1, 2, 3, 4, 2, 3 };
    seqd_trainer *trainer = NULL;
    seqd_evaluation *evaluation = NULL;
    seqd_backtest *backtest = NULL;
    seqd_model *model = NULL;
    seqd_tuner *tuner = NULL;
    seqd_importance *importance = NULL;
    seqd_attribution *attribution = NULL;
    int32_t trial;
    assert_int_equal(seqd_model_create(h.context, h.options, h.dataset, &model, &error), SEQD_OK);
    assert_int_equal(seqd_trainer_create(model, h.dataset, h.options, NULL, &trainer, &error), SEQD_OK);
    assert_int_equal(seqd_trainer_run(trainer, &error), SEQD_OK);
    assert_int_equal(seqd_evaluation_create(h.context, 1, NULL, 0, &evaluation, &error), SEQD_OK);
    assert_int_equal(seqd_evaluation_add(evaluation, n, 6, n, n + 1, n + 2, NULL, 4, &error), SEQD_OK);
    assert_int_equal(seqd_backtest_run(h.dataset, h.options, "naive,seasonal_naive", &backtest, &error), SEQD_OK);
    assert_int_equal(seqd_importance_create(h.model, h.dataset, 1, 1, &importance, &error), SEQD_OK);
    assert_int_equal(seqd_attribution_create(h.model, h.dataset, 0, -1, 2, &attribution, &error), SEQD_OK);
    assert_int_equal(seqd_tuner_create(h.options, &tuner, &error), SEQD_OK);
    assert_int_equal(seqd_tuner_add_range(tuner, "dropout", "0:0.5", &error), SEQD_OK);
    assert_int_equal(seqd_tuner_step(tuner, h.dataset, &trial, &error), SEQD_OK);

    RESULT(seqd_option_info, 4, 0, seqd_options_describe(3, result, &error));
    RESULT(seqd_dataset_summary, 4, 0, seqd_dataset_summarize(h.dataset, result, &error));
    RESULT(seqd_parameter_info, 4, 20, seqd_model_parameter_info(h.model, 1, result, &error));
    RESULT(seqd_training_summary, 4, 0, seqd_trainer_summarize(trainer, result, &error));
    RESULT(seqd_metrics, 4, 0, seqd_evaluation_result(evaluation, result, &error));
    RESULT(seqd_backtest_row, 4, 0, seqd_backtest_get_row(backtest, 1, result, &error));
    RESULT(seqd_metrics, 4, 0, seqd_backtest_get_metrics(backtest, 1, result, &error));
    RESULT(seqd_importance_row, 4, 0, seqd_importance_get_row(importance, 0, result, &error));
    RESULT(seqd_attribution_summary, 0, 0, seqd_attribution_summarize(attribution, result, &error));
    RESULT(seqd_trial, 0, 0, seqd_tuner_get_trial(tuner, 0, result, &error));
    const seqd_stock *stock = HOST_STOCK(9, 2, 2, 1, 0.9, 6, 0);
    RESULT(seqd_reorder, 12, 0, seqd_reorder_from_forecast(forecast, 1, stock, 50, 1, result, &error));
    RESULT(seqd_reorder, 12, 0, seqd_reorder_from_paths(h.context, n, 2, 3, stock, result, &error));

    seqd_tuner_release(tuner);
    seqd_attribution_release(attribution);
    seqd_importance_release(importance);
    seqd_backtest_release(backtest);
    seqd_evaluation_release(evaluation);
    seqd_trainer_release(trainer);
    seqd_model_release(model);
}

static void results_about_events_of_every_size(void **state)
{
    (void)state;
    static const char *const settings[][2] = { { "task", "classify" },    { "label", "next_event" }, { "folds", "2" },
                                               { "event_column", "what" }, { "hidden_size", "4" },    { "max_steps", "3" },
                                               { "batch_size", "4" } };
    char text[4096] = "user,ds,what\n";
    size_t used = strlen(text);
    for (int i = 0; i < 120; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "u%d,%d,%s\n", i / 6, i % 6,
                                 i * 31 % 7 < 3 ? "a" : "b");
    seqd_options *options = NULL;
    seqd_dataset *events = NULL;
    seqd_model *model = NULL;
    seqd_predictor *asked = NULL;
    seqd_prediction *prediction = NULL;
    seqd_cross_validation *folds = NULL;
    assert_int_equal(seqd_options_create(h.context, &options, &error), SEQD_OK);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        assert_int_equal(seqd_options_set_str(options, settings[i][0], settings[i][1], &error), SEQD_OK);
    assert_int_equal(seqd_dataset_parse(h.context, options, text, used, &events, &error), SEQD_OK);

    /* Two runs take two times: only where the library writes is looked at. */
    for (uint32_t size = 4; size <= sizeof(seqd_training_summary) + BEHIND; size += 4) {
        unsigned char bytes[sizeof(seqd_training_summary) + BEHIND];
        memset(bytes, 0xA5, sizeof bytes);
        memcpy(bytes, &size, sizeof size);
        seqd_training_summary *summary = malloc(sizeof bytes);
        assert_non_null(summary);
        memcpy(summary, bytes, sizeof bytes);
        assert_int_equal(seqd_ensemble_train(h.context, options, events, &model, summary, &error), SEQD_OK);
        const size_t known = size < sizeof *summary ? size : sizeof *summary;
        if (known >= 16) assert_int_equal(summary->steps, 3);
        assert_int_equal(summary->struct_size, size);
        assert_memory_equal((unsigned char *)summary + known, bytes + known, sizeof bytes - known);
        free(summary);
        seqd_model_release(model);
    }
    assert_int_equal(seqd_ensemble_train(h.context, options, events, &model, NULL, &error), SEQD_OK);
    assert_int_equal(seqd_predictor_create(model, &asked, &error), SEQD_OK);
    assert_int_equal(seqd_predictor_answer(asked, events, SEQD_ANSWER_EVERY, &prediction, &error), SEQD_OK);
    assert_int_equal(seqd_cross_validation_run(events, options, &folds, &error), SEQD_OK);
    RESULT(seqd_answer_metrics, 0, 0, seqd_prediction_evaluate(prediction, result, &error));
    RESULT(seqd_class_metrics, 4, 0, seqd_prediction_evaluate_class(prediction, 1, result, &error));
    RESULT(seqd_answer_metrics, 0, 0, seqd_cross_validation_get_fold(folds, 1, result, &error));
    assert_int_equal(structs_tested, 15);
    seqd_cross_validation_release(folds);
    seqd_prediction_release(prediction);
    seqd_predictor_release(asked);
    seqd_model_release(model);
    seqd_dataset_release(events);
    seqd_options_release(options);
}

static void error_objects_of_every_size(void **state)
{
    (void)state;
    union {
        seqd_error full;
        unsigned char bytes[sizeof(seqd_error) + BEHIND];
    } told;
    const size_t message = offsetof(seqd_error, message);
    for (int ground = 0; ground < 2; ground++) {
        const unsigned char empty = ground ? 0xA5 : 0;
        for (uint32_t size = 0; size <= sizeof told; size++) {
            const size_t whole = size == 0 ? sizeof told.full : size; /* not set: the struct of 0.1 */
            const size_t room = whole < sizeof told.full ? whole : sizeof told.full;
            memset(&told, empty, sizeof told);
            told.full.struct_size = size;
            assert_int_equal(seqd_options_set_str(h.options, "no_such_option_at_all", "1", &told.full), SEQD_E_OPTION);
            assert_int_equal(told.full.struct_size, size);
            if (room >= message) { /* else no room for status and place: left alone */
                assert_int_equal(told.full.status, SEQD_E_OPTION);
                assert_true(told.full.line == 0 && told.full.column == 0);
                if (room > message) assert_non_null(memchr(told.full.message, 0, room - message));
            }
            for (size_t i = room >= message ? room : 4; i < sizeof told; i++) assert_int_equal(told.bytes[i], empty);
        }
    }
    /* written on failure only */
    memset(&told, 0xA5, sizeof told);
    told.full.struct_size = (uint32_t)sizeof told.full;
    assert_int_equal(seqd_options_set_str(h.options, "seed", "1", &told.full), SEQD_OK);
    for (size_t i = 4; i < sizeof told; i++) assert_int_equal(told.bytes[i], 0xA5);
}

static int blocks;

static void *allocate(void *user, size_t size)
{
    (void)user;
    blocks++;
    return malloc(size);
}

static void give_back(void *user, void *pointer)
{
    (void)user;
    if (pointer != NULL) blocks--;
    free(pointer);
}

static void allocators_of_every_size(void **state)
{
    (void)state;
    struct {
        seqd_allocator known;
        unsigned char more[BEHIND];
    } given = { { 0, NULL, allocate, give_back }, { 0 } };
    seqd_context *context = NULL;
    /* what a later header would add: 0 (-1), or set at each of its bytes */
    for (int set = -1; set < BEHIND; set++) {
        if (set >= 0) given.more[set] = 0xA5;
        for (uint32_t size = 0; size <= sizeof given; size++) {
            const bool asks = set >= 0 && size > sizeof given.known + (size_t)set;
            given.known.struct_size = size;
            const int32_t status = seqd_context_create(&given.known, &context, &error);
            assert_int_equal(status, size < sizeof given.known || asks ? SEQD_E_ARG : SEQD_OK);
            assert_int_equal(context != NULL, status == SEQD_OK);
            assert_int_equal(blocks, status == SEQD_OK);
            seqd_context_release(context);
            context = NULL;
        }
        memset(given.more, 0, sizeof given.more);
    }
    given.known.struct_size = UINT32_MAX; /* not a size at all: memory behind the struct is not read */
    assert_int_equal(seqd_context_create(&given.known, &context, &error), SEQD_E_ARG);
    given.known = (seqd_allocator){ (uint32_t)sizeof given.known, NULL, allocate, NULL };
    assert_int_equal(seqd_context_create(&given.known, &context, &error), SEQD_E_ARG);
    given.known.allocate = NULL; /* none at all: the C library's */
    assert_int_equal(seqd_context_create(&given.known, &context, &error), SEQD_OK);
    seqd_context_release(context);
    assert_int_equal(blocks, 0);
}

static void stocks_of_every_size(void **state)
{
    (void)state;
    const double paths[] = { 1, 2, 3, 4 };
    seqd_reorder answer = { .struct_size = sizeof answer };
    struct {
        seqd_stock known;
        unsigned char more[BEHIND];
    } given;
    memset(&given, 0, sizeof given);
    given.known = *HOST_STOCK(1, 0, 1, 1, 0.9, 0, 0);
    for (int set = -1; set < BEHIND; set++) {
        if (set >= 0) given.more[set] = 1;
        for (uint32_t size = 0; size <= sizeof given; size++) {
            const bool asks = set >= 0 && size > sizeof given.known + (size_t)set;
            given.known.struct_size = size;
            assert_int_equal(seqd_reorder_from_paths(h.context, paths, 2, 2, &given.known, &answer, &error),
                             size < sizeof given.known || asks ? SEQD_E_ARG : SEQD_OK);
        }
        memset(given.more, 0, sizeof given.more);
    }
    given.known.struct_size = UINT32_MAX;
    assert_int_equal(seqd_reorder_from_forecast(forecast, 0, &given.known, 9, 1, &answer, &error), SEQD_E_ARG);
}

static int reports;

static int32_t take_progress(void *user, const seqd_progress *progress)
{
    (void)user;
    assert_int_equal(progress->struct_size, sizeof *progress);
    reports++;
    return 0;
}

/* Everything that tells of its progress tells it in a struct of the library's size. */
static void progress_has_the_size_of_the_library(void **state)
{
    (void)state;
    seqd_backtest *backtest = NULL;
    seqd_importance *importance = NULL;
    double values[HOST_SERIES * HOST_HORIZON];
    assert_int_equal(seqd_context_set_progress(h.context, take_progress, NULL, &error), SEQD_OK);
    assert_int_equal(seqd_backtest_run(h.dataset, h.options, "lstm", &backtest, &error), SEQD_OK);
    assert_int_equal(seqd_importance_create(h.model, h.dataset, 1, 1, &importance, &error), SEQD_OK);
    assert_int_equal(host_predict(&h, values), 0);
    assert_int_equal(seqd_context_set_progress(h.context, NULL, NULL, &error), SEQD_OK);
    assert_true(reports > 3);
    seqd_importance_release(importance);
    seqd_backtest_release(backtest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_of_every_size),
        cmocka_unit_test(results_about_events_of_every_size),
        cmocka_unit_test(error_objects_of_every_size),
        cmocka_unit_test(allocators_of_every_size),
        cmocka_unit_test(stocks_of_every_size),
        cmocka_unit_test(progress_has_the_size_of_the_library),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
