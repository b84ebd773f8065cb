/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models that answer to sequences of events: what they can learn that needs memory, and that an answer is the same on
 * any number of threads, from a file, alone or among others, and when memory runs out.
 */
#include "rig.h"

static seqd_error error = SEQD_ERROR_INIT;

/* Random numbers of this file, the same everywhere. */
static uint32_t next_state;

static int below(int n)
{
    uint32_t x = next_state += 0x9e3779b9u;
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return (int)((x ^ x >> 16) % (uint32_t)n);
}

#define STEPS 24
#define LONG 50

/* The last token but one that is not a pause. */
static void put_copy(rig_text *text, int sequence)
{
    char tokens[STEPS];
    int named = 0;
    while (named < 2) {
        named = 0;
        for (int t = 0; t < STEPS; t++) {
            tokens[t] = "abcd...."[below(8)];
            named += tokens[t] != '.';
        }
    }
    int seen = 0, t = STEPS - 1;
    for (; seen < 2; t--) seen += tokens[t] != '.';
    for (int i = 0; i < STEPS; i++) rig_print(text, "u%d,%c,,,%c\n", sequence, tokens[i], tokens[t + 1]);
}

/* How many a there were since the last b. */
static void put_count(rig_text *text, int sequence)
{
    char tokens[STEPS];
    int count = 0;
    for (int t = 0; t < STEPS; t++) {
        tokens[t] = "abcd...."[below(8)];
        count = tokens[t] == 'b' ? 0 : count + (tokens[t] == 'a');
    }
    for (int t = 0; t < STEPS; t++) rig_print(text, "u%d,%c,,,%d\n", sequence, tokens[t], count);
}

/* The sum of the two numbers that are marked, one in each half. */
static void put_sum(rig_text *text, int sequence)
{
    int x[LONG], first = below(LONG / 2), second = LONG / 2 + below(LONG / 2);
    for (int t = 0; t < LONG; t++) x[t] = below(1000);
    for (int t = 0; t < LONG; t++)
        rig_print(text, "u%d,,0.%03d,%d,%d.%03d\n", sequence, x[t], t == first || t == second,
                  (x[first] + x[second]) / 1000, (x[first] + x[second]) % 1000);
}

typedef struct question {
    const char *settings;
    void (*put)(rig_text *text, int sequence);
} question;

static const question copy = {"task=classify event_column=event max_steps=1200 learning_rate=0.01", put_copy};
static const question count = {"task=regress event_column=event max_steps=800 learning_rate=0.01", put_count};
static const question sum = {"task=regress num_columns=x,m num_transform=none max_steps=1200 learning_rate=0.005", put_sum};

static seqd_dataset *ask(seqd_context *context, const seqd_options *options, const question *q, int sequences,
                         uint32_t seed)
{
    rig_text text = {0};
    next_state = seed;
    rig_print(&text, "user,event,x,m,label\n");
    for (int i = 0; i < sequences; i++) q->put(&text, i);
    return rig_parse(context, options, text);
}

static seqd_prediction *answers_of(seqd_model *model, seqd_dataset *dataset, int32_t which)
{
    seqd_predictor *predictor = NULL;
    seqd_prediction *prediction = NULL;
    RIG_OK(seqd_predictor_create(model, &predictor, &error));
    RIG_OK(seqd_predictor_answer(predictor, dataset, which, &prediction, &error));
    seqd_predictor_release(predictor);
    return prediction;
}

static seqd_options *settings_of(seqd_context *context, const question *q, const char *more)
{
    seqd_options *options = NULL;
    RIG_OK(seqd_options_create(context, &options, &error));
    rig_set(options, "label_column=label dropout=0");
    if (!strstr(more, "model=mlp")) rig_set(options, "hidden_size=32");
    rig_set(options, q->settings);
    if (RIG_SANITIZED) rig_set(options, "max_steps=120"); /* every line is reached; what is learned, release builds see */
    rig_set(options, more);
    return options;
}

/* Accuracy of classes, or of numbers the root of the mean squared error, on sequences of their own. */
static double learn(const question *q, const char *more)
{
    seqd_context *context = rig_context(NULL);
    seqd_options *options = settings_of(context, q, more);
    seqd_dataset *train = ask(context, options, q, 2000, 1), *test = ask(context, options, q, 300, 2);
    seqd_model *model = rig_train(context, options, train);
    seqd_prediction *prediction = answers_of(model, test, SEQD_ANSWER_LABELLED);
    seqd_answer_metrics metrics = {.struct_size = sizeof metrics};
    RIG_OK(seqd_prediction_evaluate(prediction, &metrics, &error));
    assert_int_equal(metrics.count, 300);
    const double figure = metrics.classes ? metrics.accuracy : metrics.rmse;
    printf("    %-60s %s %.3f\n", more, metrics.classes ? "accuracy" : "rmse", figure);
    seqd_prediction_release(prediction);
    seqd_model_release(model);
    seqd_dataset_release(train);
    seqd_dataset_release(test);
    seqd_options_release(options);
    seqd_context_release(context);
    return figure;
}

static void is_learned(double figure, double least, double most)
{
    assert_true(isfinite(figure));
    if (!RIG_SANITIZED) assert_true(figure >= least && figure <= most);
}

static void memory_of_a_token(void **state)
{
    (void)state;
    is_learned(learn(&copy, "model=lstm"), 0.98, HUGE_VAL);
    is_learned(learn(&copy, "model=gru"), 0.98, HUGE_VAL);
    is_learned(learn(&copy, "model=mlp"), 0.0, 0.80);
}

static void memory_of_a_count(void **state)
{
    (void)state;
    is_learned(learn(&count, "model=lstm"), 0.0, 0.12);
    is_learned(learn(&count, "model=gru"), 0.0, 0.12);
    is_learned(learn(&count, "model=gru pooling=attention"), 0.0, 0.2);
    is_learned(learn(&count, "model=mlp"), 0.25, HUGE_VAL);
}

static void memory_of_two_numbers(void **state)
{
    (void)state;
    is_learned(learn(&sum, "model=lstm"), 0.0, 0.15);
    is_learned(learn(&sum, "model=gru"), 0.0, 0.15);
    is_learned(learn(&sum, "model=gru pooling=attention"), 0.0, 0.15);
    is_learned(learn(&sum, "model=mlp"), 0.3, HUGE_VAL); /* the mean of all sums gives 0.40 */
}

/* --- small models of every make --- */

static const char *const makes[] = {
    "task=classify model=lstm dropout=0.2 class_weight=balanced label_smoothing=0.1",
    "task=classify model=gru pooling=mean bidirectional=1",
    "task=classify model=lstm pooling=max",
    "task=classify model=lstm pooling=attention",
    "task=classify model=mlp mlp_size=6 dropout=0.2",
    "task=classify model=logistic",
    "task=classify label=next_event model=gru",
    "task=classify label=next_event model=gru horizon=3",
    "task=regress label_column=x model=lstm",
    "task=regress label_column=x model=linear head=huber",
    "task=regress label_column=n model=gru head=poisson",
    "task=regress label_column=n model=gru head=negative_binomial monitor=mae",
    "task=classify model=gru ensemble_size=2",
};

static rig_text small_events(int sequences, const char *stranger)
{
    rig_text text = {0};
    next_state = 9;
    rig_print(&text, "user,event,kind,x,n,label\n");
    for (int s = 0; s < sequences; s++)
        for (int t = 0; t < 2 + s % 5; t++)
            rig_print(&text, "u%03d,%c,%s,%d.%d,%d,%s\n", s, "abc"[below(3)], s == 0 ? stranger : below(2) ? "p" : "q",
                      below(5), below(10), below(4), below(3) ? "yes" : "no");
    return text;
}

static seqd_options *small_settings(seqd_context *context, const char *make)
{
    seqd_options *options = NULL;
    RIG_OK(seqd_options_create(context, &options, &error));
    rig_set(options, "event_column=event cat_columns=kind max_steps=6 val_every=3 batch_size=40 max_len=4 val_fraction=0.2");
    if (!strstr(make, "model=mlp") && !strstr(make, "model=l") && !strstr(make, "ensemble")) rig_set(options, "hidden_size=5");
    rig_set(options, make);
    return options;
}

static seqd_model *small_model(seqd_context *context, const char *make, seqd_dataset **dataset)
{
    seqd_options *options = small_settings(context, make);
    seqd_model *model = NULL;
    *dataset = rig_parse(context, options, small_events(60, "p"));
    RIG_OK(seqd_ensemble_train(context, options, *dataset, &model, NULL, &error));
    seqd_options_release(options);
    return model;
}

/* All scores of a prediction, freed by the caller. */
static double *scores_of(const seqd_prediction *prediction, size_t *total)
{
    const int32_t classes = seqd_prediction_class_count(prediction);
    const size_t width = (size_t)(classes > 0 ? classes : 1) * (size_t)seqd_prediction_answer_count(prediction);
    const int64_t rows = seqd_prediction_row_count(prediction);
    double *values = malloc(width * (size_t)(rows > 0 ? rows : 1) * sizeof *values);
    assert_non_null(values);
    for (int64_t r = 0; r < rows; r++) {
        RIG_OK(seqd_prediction_scores(prediction, r, values + (size_t)r * width, &error));
        double whole = 0.0;
        for (size_t i = 0; i < width; i++) {
            assert_true(isfinite(values[(size_t)r * width + i]));
            whole += values[(size_t)r * width + i];
        }
        if (classes > 0) assert_true(fabs(whole - seqd_prediction_answer_count(prediction)) < 1e-5);
    }
    *total = width * (size_t)rows;
    return values;
}

static void same_bits_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        double *first = NULL;
        size_t count_of_first = 0;
        for (int threads = 1; threads <= 4; threads *= 2) {
            seqd_context *context = rig_context(NULL);
            seqd_dataset *dataset;
            RIG_OK(seqd_context_set_threads(context, threads, &error));
            seqd_model *model = small_model(context, makes[i], &dataset), *loaded = NULL;
            seqd_prediction *prediction = answers_of(model, dataset, SEQD_ANSWER_EVERY);
            size_t total, size;
            double *values = scores_of(prediction, &total);
            assert_true(total > 0);
            if (!first) first = values, count_of_first = total;
            else if (total != count_of_first || memcmp(values, first, total * sizeof *values) != 0)
                fail_msg("%s: other bits on %d threads", makes[i], threads);

            unsigned char *bytes = rig_save(model, &size);
            RIG_OK(seqd_model_load_memory(context, bytes, size, &loaded, &error));
            seqd_prediction *again = answers_of(loaded, dataset, SEQD_ANSWER_EVERY);
            double *reloaded = scores_of(again, &total);
            assert_memory_equal(reloaded, first, total * sizeof *first);
            assert_true(seqd_prediction_threshold(again) == seqd_prediction_threshold(prediction));
            free(reloaded);
            free(bytes);
            if (values != first) free(values);
            seqd_prediction_release(again);
            seqd_prediction_release(prediction);
            seqd_model_release(loaded);
            seqd_model_release(model);
            seqd_dataset_release(dataset);
            seqd_context_release(context);
        }
        free(first);
    }
}

/* Which rows there are, and that strangers among the categories are answered. */
static void rows_and_strangers(void **state)
{
    (void)state;
    seqd_context *context = rig_context(NULL);
    seqd_dataset *dataset;
    seqd_model *model = small_model(context, makes[6], &dataset);
    seqd_options *options = small_settings(context, makes[6]);
    seqd_dataset *other = rig_parse(context, options, small_events(8, "never seen"));
    seqd_prediction *end = answers_of(model, other, SEQD_ANSWER_END);
    seqd_prediction *labelled = answers_of(model, other, SEQD_ANSWER_LABELLED);
    seqd_prediction *every = answers_of(model, other, SEQD_ANSWER_EVERY);
    int64_t row = 0;
    assert_int_equal(seqd_prediction_row_count(end), 8);
    assert_int_equal(seqd_prediction_row_count(labelled), 8);
    for (int s = 0; s < 8; s++) {
        const int length = 2 + s % 5;
        double label, expected[3], found[3];
        int32_t told;
        assert_int_equal(seqd_prediction_event(end, s), length - 1);
        RIG_OK(seqd_prediction_labels(end, s, &label, &error));
        assert_true(isnan(label)); /* what comes next is not in the data */
        assert_int_equal(seqd_prediction_event(labelled, s), length - 2);
        for (int i = 0; i < length - 1; i++, row++) {
            assert_int_equal(seqd_prediction_event(every, row), i);
            assert_string_equal(seqd_prediction_id(every, row), seqd_dataset_series_id(other, s));
        }
        RIG_OK(seqd_prediction_scores(every, row - 1, expected, &error));
        RIG_OK(seqd_prediction_scores(labelled, s, found, &error));
        assert_memory_equal(found, expected, sizeof found);
        RIG_OK(seqd_prediction_classes(labelled, s, &told, &error));
        for (int c = 0; c < 3; c++) assert_true(found[c] <= found[told]);
    }
    assert_int_equal(seqd_prediction_row_count(every), row);

    /* what does not fit is refused by name */
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    seqd_prediction *none = NULL;
    RIG_OK(seqd_predictor_create(model, &predictor, &error));
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_predictor_run(predictor, other, &forecast, &error));
    assert_non_null(strstr(error.message, "seqd_predictor_answer"));
    seqd_options *panel_options = rig_options(context, "");
    seqd_dataset *panel = rig_dataset(context, panel_options, 2, 40);
    RIG_EXPECT(SEQD_E_DATA, seqd_predictor_answer(predictor, panel, SEQD_ANSWER_END, &none, &error));
    rig_set(options, "label=column label_column=label");
    seqd_dataset *column = rig_parse(context, options, small_events(8, "p"));
    RIG_EXPECT(SEQD_E_DATA, seqd_predictor_answer(predictor, column, SEQD_ANSWER_END, &none, &error));
    assert_non_null(strstr(error.message, "label="));
    assert_true(!forecast && !none);

    static const char *const wrong[] = {"head=mse", "scaler=robust", "horizon=2", "lags=3",
                                        "task=forecast", "label=next_event head=binary"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        seqd_options *bad = small_settings(context, "task=classify");
        seqd_model *refused = NULL;
        rig_set(bad, wrong[i]);
        seqd_dataset *own = i == 4 ? NULL : rig_parse(context, bad, small_events(8, "p"));
        if (own) RIG_EXPECT(SEQD_E_OPTION, seqd_model_create(context, bad, own, &refused, &error));
        assert_null(refused);
        seqd_dataset_release(own);
        seqd_options_release(bad);
    }
    seqd_dataset_release(column);
    seqd_dataset_release(panel);
    seqd_options_release(panel_options);
    seqd_predictor_release(predictor);
    seqd_prediction_release(end);
    seqd_prediction_release(labelled);
    seqd_prediction_release(every);
    seqd_dataset_release(other);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_model_release(model);
    seqd_context_release(context);
}

/* Everything from reading to measuring, with the n-th allocation failing. */
static int32_t whole_way(rig_memory *memory, const char *make)
{
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    seqd_model *model = NULL;
    seqd_predictor *predictor = NULL;
    seqd_prediction *prediction = NULL, *plain = NULL;
    seqd_answer_metrics metrics = {.struct_size = sizeof metrics};
    const seqd_allocator allocator = rig_allocator(memory);
    rig_text text = small_events(12, "p");
    int32_t status = seqd_context_create(&allocator, &context, &error);
    if (status == SEQD_OK) status = seqd_options_create(context, &options, &error);
    static const char *const pairs[][2] = {{"event_column", "event"}, {"label_column", "label"}, {"max_steps", "2"}, {"val_every", "1"}, {"class_weight", "balanced"},
                                           {"task", "classify"}, {"hidden_size", "3"}};
    const size_t pair_count = sizeof pairs / sizeof *pairs - (strcmp(make, "lstm") != 0);
    for (size_t i = 0; i < pair_count && status == SEQD_OK; i++)
        status = seqd_options_set_str(options, pairs[i][0], pairs[i][1], &error);
    if (status == SEQD_OK) status = seqd_options_set_str(options, "model", make, &error);
    if (status == SEQD_OK) status = seqd_dataset_parse(context, options, text.bytes, text.size, &dataset, &error);
    if (status == SEQD_OK) status = seqd_ensemble_train(context, options, dataset, &model, NULL, &error);
    if (status == SEQD_OK) status = seqd_predictor_create(model, &predictor, &error);
    if (status == SEQD_OK) status = seqd_predictor_answer(predictor, dataset, SEQD_ANSWER_EVERY, &prediction, &error);
    if (status == SEQD_OK) status = seqd_baseline_answer(dataset, dataset, SEQD_ANSWER_EVERY, &plain, &error);
    if (status == SEQD_OK) status = seqd_prediction_evaluate(prediction, &metrics, &error);
    free(text.bytes);
    seqd_prediction_release(prediction);
    seqd_prediction_release(plain);
    seqd_predictor_release(predictor);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_context_release(context);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const models[] = {"lstm", "mlp", "logistic"};
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        rig_memory memory = {0};
        RIG_OK(whole_way(&memory, models[m]));
        assert_int_equal(memory.blocks, 0);
        const long long calls = memory.calls;
        assert_true(calls > 20);
        for (long long n = 1; n <= calls; n++) {
            memory = (rig_memory){.fail_at = n};
            const int32_t status = whole_way(&memory, models[m]);
            if (status != SEQD_E_NOMEM && status != SEQD_OK) fail_msg("allocation %lld: status %d", n, (int)status);
            if (memory.blocks != 0) fail_msg("allocation %lld: %lld blocks are left", n, memory.blocks);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_of_a_token),
        cmocka_unit_test(memory_of_a_count),
        cmocka_unit_test(memory_of_two_numbers),
        cmocka_unit_test(same_bits_everywhere),
        cmocka_unit_test(rows_and_strangers),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
