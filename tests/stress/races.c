/* SPDX-License-Identifier: Apache-2.0 */
/*
 * races THREADS ROUNDS: many callers at once on what may be shared: predictors on one model of each kind of network, a
 * dataset read and viewed, the option table, options read and copied, models saved and loaded, contexts of their own, and
 * trainers whose batches are spread over a team. Built with ThreadSanitizer, it also
 * says whether they did it without a race. THREADS are those of the library, for each call. `races control` has one on purpose.
 */
#include "stress.h"

#include <pthread.h>

enum { CALLERS = 10, SERIES = 40, KINDS = 3 };

static seqd_context *context;
static seqd_options *options;
static seqd_dataset *dataset;
static seqd_model *model;
static double *expected;
static size_t expected_count;
static long rounds = 10;

/* A model of each other kind of network, and what it answers. */
static const char *const kinds[KINDS] = {
    "model=encdec attention=additive decoder_hidden_size=3",
    "model=encdec attention=multihead num_heads=2 bidirectional=1 decoder_hidden_size=4 head=student_t decoding=one_shot",
    STRESS_EVENTS "pooling=attention model=gru",
};
static seqd_dataset *kind_data[KINDS];
static seqd_model *kind_model[KINDS];
static double *kind_expected[KINDS];
static int unguarded;

static void predict_round(void)
{
    size_t count = 0;
    double *means = stress_means(model, dataset, &count);
    STRESS_CHECK(count == expected_count && memcmp(means, expected, count * sizeof *means) == 0);
    free(means);
}

static double *answers_of(int kind, size_t *count)
{
    return strstr(kinds[kind], "task=") ? stress_answers(kind_model[kind], kind_data[kind], count)
                                        : stress_means(kind_model[kind], kind_data[kind], count);
}

static void kinds_round(void)
{
    for (int i = 0; i < KINDS; i++) {
        size_t count = 0;
        double *answers = answers_of(i, &count);
        STRESS_CHECK(memcmp(answers, kind_expected[i], count * sizeof *answers) == 0);
        free(answers);
    }
}

/* Batches of several shards, which a team shares out; the model of one round is like that of any other. */
static void team_round(long round)
{
    static const char *const how[] = {
        "model=lstm hidden_size=5,4 dropout=0.2", "model=encdec attention=general hidden_size=4 decoder_hidden_size=4",
        "model=rnn bidirectional=1 layer_norm=1 optimizer=adamw ema_decay=0.9 ensemble_size=2",
        STRESS_EVENTS "model=lstm", "task=classify label=next_event event_column=event max_len=6 val_fraction=0.2 horizon=2 model=encdec decoder_hidden_size=3",
    };
    const char *settings = how[round % (long)(sizeof how / sizeof *how)];
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *own = NULL;
    seqd_model *trained = NULL;
    STRESS_OK(seqd_context_create(NULL, &own, &error));
    STRESS_OK(seqd_context_set_threads(own, seqd_context_get_threads(context), &error));
    seqd_options *own_options = stress_options(own, settings);
    STRESS_OK(seqd_options_set_str(own_options, "batch_size", "150", &error));
    seqd_dataset *own_data = stress_dataset(own, own_options, SERIES, 40);
    STRESS_OK(seqd_ensemble_train(own, own_options, own_data, &trained, NULL, &error));
    seqd_model_release(trained);
    seqd_dataset_release(own_data);
    seqd_options_release(own_options);
    STRESS_CHECK(seqd_context_memory_in_use(own) == 0);
    seqd_context_release(own);
}

static void read_round(void)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset_summary summary = { .struct_size = (uint32_t)sizeof summary };
    seqd_dataset *view = NULL;
    seqd_options *copy = NULL, *of_model = NULL;
    const char *text = NULL;
    STRESS_OK(seqd_dataset_summarize(dataset, &summary, &error));
    for (int64_t i = 0; i < seqd_dataset_series_count(dataset); i++) {
        double values[4];
        char date[24];
        STRESS_OK(seqd_dataset_values(dataset, i, 0, 4, values, &error));
        STRESS_OK(seqd_dataset_date(dataset, i, 3, date, sizeof date, &error));
        STRESS_CHECK(seqd_dataset_find_series(dataset, seqd_dataset_series_id(dataset, i)) == i);
    }
    STRESS_OK(seqd_dataset_before(dataset, 2, &view, &error));
    seqd_dataset_release(view);
    for (int32_t i = 0; i < seqd_options_count(); i++) {
        seqd_option_info info = { .struct_size = (uint32_t)sizeof info };
        STRESS_OK(seqd_options_describe(i, &info, &error));
        STRESS_OK(seqd_options_get_str(options, info.name, &text, &error));
    }
    STRESS_OK(seqd_options_copy(options, &copy, &error));
    STRESS_OK(seqd_options_set_str(copy, "horizon", "5", &error));
    STRESS_OK(seqd_model_get_options(model, &of_model, &error));
    seqd_options_release(of_model);
    seqd_options_release(copy);
}

static void own_round(void)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *own = NULL;
    seqd_model *again = NULL;
    seqd_forecast *forecast = NULL;
    size_t size = 0, count = 0;
    STRESS_OK(seqd_model_save_memory(model, NULL, &size, &error));
    unsigned char *bytes = malloc(size);
    STRESS_CHECK(bytes != NULL);
    STRESS_OK(seqd_model_save_memory(model, bytes, &size, &error));
    STRESS_OK(seqd_context_create(NULL, &own, &error));
    STRESS_OK(seqd_context_set_threads(own, seqd_context_get_threads(context), &error));
    STRESS_OK(seqd_model_load_memory(own, bytes, size, &again, &error));
    free(bytes);
    double *means = stress_means(again, dataset, &count);
    STRESS_CHECK(memcmp(means, expected, count * sizeof *means) == 0);
    free(means);
    STRESS_OK(seqd_baseline_forecast(dataset, options, "croston", &forecast, &error));
    seqd_forecast_release(forecast);
    seqd_options *own_options = stress_options(own, "head=mse");
    seqd_dataset *own_data = stress_dataset(own, own_options, 6, 40);
    seqd_model *trained = stress_train(own, own_options, own_data);
    seqd_context_release(own); /* children keep it */
    seqd_model_release(trained);
    seqd_dataset_release(own_data);
    seqd_options_release(own_options);
    seqd_model_release(again);
}

static void *call(void *number)
{
    const int kind = *(const int *)number % 5;
    for (long i = 0; i < rounds; i++) {
        if (kind == 0) predict_round();
        else if (kind == 1) read_round();
        else if (kind == 2) own_round();
        else if (kind == 3) kinds_round();
        else team_round(i + *(const int *)number);
    }
    return NULL;
}

static void *race(void *nothing)
{
    (void)nothing;
    for (int i = 0; i < 1000; i++) unguarded++;
    return NULL;
}

int main(int count, char **words)
{
    seqd_error error = SEQD_ERROR_INIT;
    pthread_t threads[CALLERS];
    int numbers[CALLERS];
    const bool control = count > 1 && strcmp(words[1], "control") == 0;
    const long each = count > 1 ? strtol(words[1], NULL, 10) : 1;
    if (count > 2) rounds = strtol(words[2], NULL, 10);
    STRESS_OK(seqd_context_create(NULL, &context, &error));
    STRESS_OK(seqd_context_set_threads(context, (int32_t)(each > 0 ? each : 1), &error));
    options = stress_options(context, "head=quantile quantiles=0.1,0.5,0.9 model=gru");
    dataset = stress_dataset(context, options, SERIES, 60);
    model = stress_train(context, options, dataset);
    expected = stress_means(model, dataset, &expected_count);
    for (int i = 0; i < KINDS; i++) {
        size_t answers = 0;
        seqd_options *own = stress_options(context, kinds[i]);
        kind_data[i] = stress_dataset(context, own, SERIES, 40);
        kind_model[i] = stress_train(context, own, kind_data[i]);
        kind_expected[i] = answers_of(i, &answers);
        seqd_options_release(own);
    }
    for (int i = 0; i < CALLERS; i++) {
        numbers[i] = i;
        STRESS_CHECK(pthread_create(&threads[i], NULL, control ? race : call, &numbers[i]) == 0);
    }
    for (int i = 0; i < CALLERS; i++) STRESS_CHECK(pthread_join(threads[i], NULL) == 0);
    free(expected);
    for (int i = 0; i < KINDS; i++) {
        free(kind_expected[i]);
        seqd_model_release(kind_model[i]);
        seqd_dataset_release(kind_data[i]);
    }
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    STRESS_CHECK(seqd_context_memory_in_use(context) == 0);
    seqd_context_release(context);
    if (control) printf("races: the control counted %d\n", unguarded);
    else printf("races: %d callers, %ld rounds each, %ld threads in each call\n", (int)CALLERS, rounds, each);
    return 0;
}
