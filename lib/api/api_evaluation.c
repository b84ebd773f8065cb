/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/evaluation.h>

#include <string.h>

#include "api.h"
#include "api_networks.h"
#include "context.h"
#include "eval.h"
#include "infer.h"
#include "model_names.h"
#include "option_scope.h"
#include "panel.h"
#include "text.h"
#include "trainer.h"

int32_t seqd_evaluation_create(seqd_context *context, int32_t season, const double *levels, int32_t count,
                               seqd_evaluation **out, seqd_error *error)
{
    SEQD_NEED(context);
    SEQD_NEED(out);
    if (count > 0) SEQD_NEED(levels);
    return seqd_evaluation_new(context, season, levels, count, out, error);
}

void seqd_evaluation_release(seqd_evaluation *evaluation) { seqd_evaluation_free(evaluation); }

int32_t seqd_evaluation_add(seqd_evaluation *evaluation, const double *history, int64_t history_length,
                            const double *actual, const double *mean, const double *median, const double *quantiles,
                            int32_t horizon, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(evaluation);
    if (history_length > 0) SEQD_NEED(history);
    SEQD_NEED(actual);
    SEQD_NEED(mean);
    SEQD_NEED(median);
    SEQD_COMPUTE(status, seqd_evaluation_add_series(evaluation, history, history_length, actual, mean, median,
                                                    quantiles, horizon, error));
    return status;
}

int32_t seqd_evaluation_result(const seqd_evaluation *evaluation, seqd_metrics *metrics, seqd_error *error)
{
    seqd_metrics full;
    fenv_t host;
    SEQD_NEED(evaluation);
    SEQD_NEED(metrics);
    seqd_enter(&host);
    seqd_evaluation_get(evaluation, &full);
    seqd_leave(&host);
    return seqd_copy_result(metrics, &full, sizeof full, error);
}

int32_t seqd_baseline_forecast(seqd_dataset *dataset, const seqd_options *options, const char *name,
                               seqd_forecast **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(dataset);
    SEQD_NEED(options);
    SEQD_NEED(name);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_baseline_run(dataset, options, name, out, error));
    return status;
}

/* Names of several networks, each once. */
typedef struct network_names {
    char text[128];
} network_names;

static void add_name(network_names *names, const char *name, size_t length)
{
    const char *cursor = names->text, *item;
    size_t size, used = strlen(names->text);
    while (seqd_next_item(&cursor, &item, &size))
        if (size == length && memcmp(item, name, length) == 0) return;
    if (used + length + 2 > sizeof names->text) return;
    if (used > 0) names->text[used++] = ',';
    memcpy(names->text + used, name, length);
    names->text[used + length] = '\0';
}

/* Refuses what concerns none of the models; simple methods read nothing but the few options that are theirs. */
static int32_t refuse_idle(const seqd_dataset *dataset, const seqd_options *options, const char *models,
                           seqd_error *error)
{
    network_names networks = {""};
    const char *cursor = models, *item;
    size_t length;
    while (seqd_next_item(&cursor, &item, &length)) {
        bool network;
        SEQD_CHECK(seqd_model_name_check(item, length, &network, error));
        if (network) add_name(&networks, item, length);
    }
    const seqd_varied varied[] = {{SEQD_OPT_TASK, seqd_option_text(dataset->options, SEQD_OPT_TASK)},
                                  {SEQD_OPT_MODEL, networks.text}};
    const seqd_scope scope = {options, options, varied, 2};
    const int32_t groups = networks.text[0] != '\0' ? SEQD_GROUP_MODEL | SEQD_GROUP_TRAINING : 0;
    return seqd_options_refuse_idle(options, &scope, groups | SEQD_GROUP_EVALUATION, error);
}

/* Evaluation sees forecasts only; here is where a network makes them. */
typedef struct network_fit {
    seqd_context *context;
    const seqd_options *options;
    seqd_model *model; /* of the last fit */
} network_fit;

static int32_t fit_network(network_fit *fit, const char *name, seqd_dataset *view, const char *task,
                           seqd_error *error)
{
    seqd_options *options = NULL;
    seqd_model *model = NULL;
    seqd_training_summary summary;
    int32_t status;
    SEQD_TRY(status, done, seqd_options_clone(fit->options, &options, error));
    SEQD_TRY(status, done, seqd_option_set(options, SEQD_OPT_MODEL, name, error));
    const seqd_varied varied[] = {{SEQD_OPT_TASK, seqd_option_text(view->options, SEQD_OPT_TASK)}};
    const seqd_scope scope = {options, options, varied, 1};
    seqd_options_drop_idle(options, &scope, SEQD_GROUP_MODEL | SEQD_GROUP_TRAINING);
    status = seqd_ensemble_fit(fit->context, options, view, task, &model, &summary, error);
    if (status != SEQD_OK) goto done;
    seqd_model_free(fit->model);
    fit->model = model;
    model = NULL;
done:
    seqd_model_free(model);
    seqd_options_free(options);
    return status;
}

static int32_t forecast_network(void *user, const char *name, seqd_dataset *view, bool fit, const char *task,
                                seqd_forecast **out, double *fit_seconds, double *predict_seconds, seqd_error *error)
{
    network_fit *network = user;
    double start = seqd_now();
    if (fit) SEQD_CHECK(fit_network(network, name, view, task, error));
    *fit_seconds = seqd_now() - start;
    start = seqd_now();
    seqd_predictor *predictor;
    SEQD_CHECK(seqd_predictor_new(network->model, &predictor, error));
    const int32_t status = seqd_predictor_forecast(predictor, view, false, out, error);
    seqd_predictor_free(predictor);
    *predict_seconds = seqd_now() - start;
    return status;
}

int32_t seqd_network_backtest(seqd_dataset *dataset, const seqd_options *options, const char *models,
                              const char *title, seqd_backtest **out, seqd_error *error)
{
    network_fit network = {dataset->context, options, NULL};
    SEQD_CHECK(refuse_idle(dataset, options, models, error));
    const int32_t status =
        seqd_backtest_new(dataset, options, models, title, forecast_network, &network, out, error);
    seqd_model_free(network.model);
    return status;
}

int32_t seqd_backtest_run(seqd_dataset *dataset, const seqd_options *options, const char *models, seqd_backtest **out,
                          seqd_error *error)
{
    int32_t status;
    SEQD_NEED(dataset);
    SEQD_NEED(options);
    SEQD_NEED(models);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    if (seqd_option_text(options, SEQD_OPT_ENSEMBLE_MODELS)[0] != '\0')
        return seqd_fail(error, SEQD_E_OPTION, "a backtest names its models: option 'ensemble_models' has no effect");
    SEQD_COMPUTE(status, seqd_network_backtest(dataset, options, models, "backtest", out, error));
    return status;
}

void seqd_backtest_release(seqd_backtest *backtest) { seqd_backtest_free(backtest); }

int32_t seqd_backtest_row_count(const seqd_backtest *backtest) { return backtest ? seqd_backtest_rows(backtest) : 0; }

int32_t seqd_backtest_get_row(const seqd_backtest *backtest, int32_t index, seqd_backtest_row *row, seqd_error *error)
{
    SEQD_NEED(backtest);
    SEQD_NEED(row);
    return seqd_backtest_row_at(backtest, index, row, error);
}

int32_t seqd_backtest_get_metrics(const seqd_backtest *backtest, int32_t index, seqd_metrics *metrics,
                                  seqd_error *error)
{
    SEQD_NEED(backtest);
    SEQD_NEED(metrics);
    return seqd_backtest_metrics_at(backtest, index, metrics, error);
}
