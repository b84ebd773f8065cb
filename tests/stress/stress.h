/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TESTS_STRESS_H
#define SEQD_TESTS_STRESS_H

/* What the programs of this folder share: made-up sales, short trainings, the numbers of this process. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seqdemand/seqdemand.h>

/* Ends the program when a call fails that must not. */
#define STRESS_OK(call)                                                                                             \
    do {                                                                                                            \
        const int32_t stress_status_ = (call);                                                                      \
        if (stress_status_ != SEQD_OK) {                                                                            \
            (void)fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, seqd_status_name(stress_status_), \
                          error.message);                                                                           \
            exit(1);                                                                                                \
        }                                                                                                           \
    } while (0)

#define STRESS_CHECK(condition)                                                                                     \
    do {                                                                                                            \
        if (!(condition)) {                                                                                         \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                    \
            exit(1);                                                                                                \
        }                                                                                                           \
    } while (0)

/* Sets "name=value name=value". */
static inline void stress_set(seqd_options *options, const char *settings)
{
    seqd_error error = SEQD_ERROR_INIT;
    char words[1024];
    STRESS_CHECK(snprintf(words, sizeof words, "%s", settings) < (int)sizeof words);
    for (char *word = words, *next; *word; word = next) {
        next = word + strcspn(word, " ");
        if (*next) *next++ = '\0';
        char *equals = strchr(word, '=');
        STRESS_CHECK(equals != NULL);
        *equals = '\0';
        STRESS_OK(seqd_options_set_str(options, word, equals + 1, &error));
    }
}

/* Settings of a model of events, for what stress_dataset makes of them. */
#define STRESS_EVENTS "task=classify label=column max_len=6 val_fraction=0.2 label_column=label event_column=event "

/* "name=value name=value" on top of settings that make a small, quick network. */
static inline seqd_options *stress_options(seqd_context *context, const char *settings)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    STRESS_OK(seqd_options_create(context, &options, &error));
    stress_set(options, "max_steps=4 val_every=2 batch_size=8 warmup_steps=1");
    if (!strstr(settings, "model=mlp") && !strstr(settings, "model=linear")) stress_set(options, "hidden_size=4");
    if (!strstr(settings, "task=")) {
        stress_set(options, "freq=int horizon=3 context_length=8 lags=4 season_length=4");
        if (!strstr(settings, "model=encdec")) stress_set(options, "decoder_size=4");
    }
    stress_set(options, settings);
    return options;
}

/* Sales, or, where the options have such a task, as many events with a label. */
static inline seqd_dataset *stress_dataset(seqd_context *context, const seqd_options *options, int series, int steps)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *dataset = NULL;
    const size_t room = (size_t)series * (size_t)steps * 48 + 64;
    char *text = malloc(room);
    STRESS_CHECK(text != NULL);
    const char *task = NULL;
    STRESS_OK(seqd_options_get_str(options, "task", &task, &error));
    const bool events = strcmp(task, "forecast") != 0;
    size_t used = (size_t)snprintf(text, room, events ? "user,time,event,label\n" : "unique_id,ds,y\n");
    for (int s = 0; s < series; s++)
        for (int t = 0; t < steps; t++)
            used += (size_t)(events ? snprintf(text + used, room - used, "user-%d,%d,e%d,%d\n", s, t, (s + t * t) % 5,
                                               (s + t) % 3)
                                    : snprintf(text + used, room - used, "article-%d,%d,%d\n", s, t,
                                               (s + 1) * (t % 4) + t % 3));
    STRESS_OK(seqd_dataset_parse(context, options, text, used, &dataset, &error));
    free(text);
    return dataset;
}

static inline seqd_model *stress_train(seqd_context *context, const seqd_options *options, seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    STRESS_OK(seqd_model_create(context, options, dataset, &model, &error));
    STRESS_OK(seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
    STRESS_OK(seqd_trainer_run(trainer, &error));
    seqd_trainer_release(trainer);
    return model;
}

/* The means of all series, series * horizon values. Freed by the caller. */
static inline double *stress_means(seqd_model *model, seqd_dataset *dataset, size_t *count)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    STRESS_OK(seqd_predictor_create(model, &predictor, &error));
    STRESS_OK(seqd_predictor_run(predictor, dataset, &forecast, &error));
    const size_t horizon = (size_t)seqd_forecast_horizon(forecast);
    const int64_t series = seqd_forecast_series_count(forecast);
    *count = (size_t)series * horizon;
    double *values = malloc(*count * sizeof *values);
    STRESS_CHECK(values != NULL);
    for (int64_t i = 0; i < series; i++)
        STRESS_OK(seqd_forecast_mean(forecast, i, values + (size_t)i * horizon, &error));
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    return values;
}

/* The scores of all labelled events of a model of events with one answer each. Freed by the caller. */
static inline double *stress_answers(seqd_model *model, seqd_dataset *dataset, size_t *count)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_predictor *predictor = NULL;
    seqd_prediction *prediction = NULL;
    STRESS_OK(seqd_predictor_create(model, &predictor, &error));
    STRESS_OK(seqd_predictor_answer(predictor, dataset, SEQD_ANSWER_EVERY, &prediction, &error));
    const size_t rows = (size_t)seqd_prediction_row_count(prediction);
    const size_t width = (size_t)seqd_prediction_class_count(prediction);
    STRESS_CHECK(rows > 0 && width > 1 && seqd_prediction_answer_count(prediction) == 1);
    *count = rows * width;
    double *values = malloc(*count * sizeof *values);
    STRESS_CHECK(values != NULL);
    for (size_t i = 0; i < rows; i++)
        STRESS_OK(seqd_prediction_scores(prediction, (int64_t)i, values + i * width, &error));
    seqd_prediction_release(prediction);
    seqd_predictor_release(predictor);
    return values;
}

/* The first word of the line and the number after it, as /proc tells them: "VmRSS:" in kB, "Threads:". */
static inline long stress_process_number(const char *name)
{
    char line[256];
    long number = -1;
    FILE *file = fopen("/proc/self/status", "r");
    STRESS_CHECK(file != NULL);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0) number = strtol(line + strlen(name), NULL, 10);
    (void)fclose(file);
    STRESS_CHECK(number >= 0);
    return number;
}

#endif
