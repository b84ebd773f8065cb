/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/tuner.h>

#include <math.h>

#include "api.h"
#include "api_networks.h"
#include "context.h"
#include "events.h"
#include "eval.h"
#include "panel.h"
#include "status.h"
#include "tune.h"

int32_t seqd_tuner_create(const seqd_options *options, seqd_tuner **out, seqd_error *error)
{
    SEQD_NEED(options);
    SEQD_NEED(out);
    return seqd_tune_new(options, out, error);
}

void seqd_tuner_release(seqd_tuner *tuner) { seqd_tune_free(tuner); }

int32_t seqd_tuner_add_range(seqd_tuner *tuner, const char *option, const char *range, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(tuner);
    SEQD_NEED(option);
    SEQD_NEED(range);
    SEQD_COMPUTE(status, seqd_tune_add(tuner, option, range, error));
    return status;
}

/* Rolling origins: the measures of a backtest of one network. */
static int32_t judge_panel(seqd_dataset *dataset, const seqd_options *options, const char *task, double *values,
                           seqd_error *error)
{
    seqd_backtest *backtest = NULL;
    seqd_metrics m = { .struct_size = (uint32_t)sizeof m };
    SEQD_CHECK(seqd_network_backtest(dataset, options, seqd_option_text(options, SEQD_OPT_MODEL), task, &backtest,
                                     error));
    const int32_t status = seqd_backtest_metrics_at(backtest, 0, &m, error);
    const double found[] = { m.smape, m.mase, m.rmsse, m.wape, m.rmse, m.bias, m.wql, m.coverage80 };
    for (size_t i = 0; i < sizeof found / sizeof found[0] && status == SEQD_OK; i++) values[i] = found[i];
    seqd_backtest_free(backtest);
    return status;
}

/* Folds over sequences: the mean of each measure. */
static int32_t judge_events(seqd_dataset *dataset, const seqd_options *options, const char *task, double *values,
                            seqd_error *error)
{
    seqd_cross_validation *validation = NULL;
    const bool classes = seqd_option_choice(options, SEQD_OPT_TASK) == SEQD_TASK_CLASSIFY;
    double sums[SEQD_TUNE_METRICS] = { 0 };
    SEQD_CHECK(seqd_network_cross_validate(dataset, options, task, &validation, error));
    const int32_t folds = seqd_cross_validation_fold_count(validation), count = classes ? 7 : 3;
    for (int32_t i = 0; i < folds; i++) {
        seqd_answer_metrics m = { .struct_size = (uint32_t)sizeof m };
        (void)seqd_cross_validation_get_fold(validation, i, &m, NULL);
        const double of_classes[] = { m.accuracy, m.precision, m.recall, m.f1, m.auroc, m.aupr, m.log_loss };
        const double of_numbers[] = { m.mae, m.rmse, m.mape };
        for (int32_t j = 0; j < count; j++) sums[j] += classes ? of_classes[j] : of_numbers[j];
    }
    for (int32_t j = 0; j < count; j++) values[j] = sums[j] / folds;
    seqd_cross_validation_release(validation);
    return SEQD_OK;
}

static int32_t judge(void *user, seqd_dataset *dataset, const seqd_options *options, const char *task, double *values,
                     seqd_error *error)
{
    (void)user;
    return dataset->events ? judge_events(dataset, options, task, values, error)
                           : judge_panel(dataset, options, task, values, error);
}

static int32_t check_dataset(const seqd_tuner *tuner, const seqd_dataset *dataset, seqd_error *error)
{
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    const bool panel = seqd_option_choice(tuner->options, SEQD_OPT_TASK) == 0;
    if (panel == (dataset->events == NULL)) return SEQD_OK;
    return seqd_fail(error, SEQD_E_ARG, "task=%s does not fit a dataset of %s",
                     seqd_option_text(tuner->options, SEQD_OPT_TASK), panel ? "events" : "demand series");
}

int32_t seqd_tuner_open_state(seqd_tuner *tuner, seqd_dataset *dataset, const char *path, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(tuner);
    SEQD_NEED(dataset);
    SEQD_NEED(path);
    SEQD_CHECK(check_dataset(tuner, dataset, error));
    SEQD_COMPUTE(status, seqd_tune_state_open(tuner, dataset, path, error));
    return status;
}

int32_t seqd_tuner_step(seqd_tuner *tuner, seqd_dataset *dataset, int32_t *trial, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(tuner);
    SEQD_NEED(dataset);
    SEQD_NEED(trial);
    SEQD_CHECK(check_dataset(tuner, dataset, error));
    SEQD_COMPUTE(status, seqd_tune_next(tuner, dataset, judge, NULL, trial, error));
    return status;
}

int32_t seqd_tuner_run(seqd_tuner *tuner, seqd_dataset *dataset, seqd_error *error)
{
    int32_t trial = 0;
    while (trial >= 0) SEQD_CHECK(seqd_tuner_step(tuner, dataset, &trial, error));
    return SEQD_OK;
}

int32_t seqd_tuner_total(const seqd_tuner *tuner) { return tuner ? seqd_tune_total(tuner) : 0; }

int32_t seqd_tuner_done(const seqd_tuner *tuner) { return tuner ? seqd_tune_done(tuner) : 0; }

int32_t seqd_tuner_trial_count(const seqd_tuner *tuner) { return tuner ? tuner->trials : 0; }

static int32_t check_trial(const seqd_tuner *tuner, int32_t trial, seqd_error *error)
{
    if (trial >= 0 && trial < tuner->trials) return SEQD_OK;
    return seqd_fail(error, SEQD_E_ARG, "there is no trial %d: the search has %d", (int)trial, (int)tuner->trials);
}

int32_t seqd_tuner_get_trial(const seqd_tuner *tuner, int32_t place, seqd_trial *trial, seqd_error *error)
{
    SEQD_NEED(tuner);
    SEQD_NEED(trial);
    SEQD_CHECK(check_trial(tuner, place, error));
    const int32_t number = tuner->order[place], round = seqd_tune_last_round(tuner, number);
    seqd_trial told = { .struct_size = (uint32_t)sizeof told, .trial = number, .round = round, .status = SEQD_OK,
                        .steps = 0, .score = (double)NAN, .message = "" };
    if (round >= 0) {
        const seqd_tune_result *result = seqd_tune_result_of(tuner, number, round);
        told.status = result->status;
        told.steps = tuner->steps[round];
        told.score = result->values[tuner->metric];
        if (result->message) told.message = result->message;
    }
    return seqd_copy_result(trial, &told, sizeof told, error);
}

int32_t seqd_tuner_range_count(const seqd_tuner *tuner) { return tuner ? tuner->range_count : 0; }

const char *seqd_tuner_range_name(const seqd_tuner *tuner, int32_t range)
{
    return tuner && range >= 0 && range < tuner->range_count ? seqd_option_name(tuner->ranges[range].id) : NULL;
}

const char *seqd_tuner_value(const seqd_tuner *tuner, int32_t trial, int32_t range)
{
    if (!tuner || trial < 0 || trial >= tuner->trials || range < 0 || range >= tuner->range_count) return NULL;
    return seqd_tune_value(tuner, trial, range);
}

int32_t seqd_tuner_metric_count(const seqd_tuner *tuner)
{
    return tuner ? seqd_tune_measures_of(tuner->options)->count : 0;
}

const char *seqd_tuner_metric_name(const seqd_tuner *tuner, int32_t metric)
{
    if (metric < 0 || metric >= seqd_tuner_metric_count(tuner)) return NULL;
    return seqd_tune_measures_of(tuner->options)->names[metric];
}

int32_t seqd_tuner_metric(const seqd_tuner *tuner, int32_t trial, int32_t metric, double *value, seqd_error *error)
{
    SEQD_NEED(tuner);
    SEQD_NEED(value);
    SEQD_CHECK(check_trial(tuner, trial, error));
    if (metric < 0 || metric >= tuner->measures->count)
        return seqd_fail(error, SEQD_E_ARG, "there is no metric %d: the task has %d", (int)metric,
                         (int)tuner->measures->count);
    const int32_t round = seqd_tune_last_round(tuner, trial);
    *value = round < 0 ? (double)NAN : seqd_tune_result_of(tuner, trial, round)->values[metric];
    return SEQD_OK;
}

int32_t seqd_tuner_deciding_metric(const seqd_tuner *tuner) { return tuner && tuner->begun ? tuner->metric : -1; }

int32_t seqd_tuner_get_options(const seqd_tuner *tuner, int32_t trial, seqd_options **out, seqd_error *error)
{
    SEQD_NEED(tuner);
    SEQD_NEED(out);
    SEQD_CHECK(check_trial(tuner, trial, error));
    return seqd_tune_options(tuner, trial, tuner->rounds - 1, out, error);
}
