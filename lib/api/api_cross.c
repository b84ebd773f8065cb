/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/cross.h>

#include <string.h>

#include "alloc.h"
#include "answers.h"
#include "api.h"
#include "api_networks.h"
#include "context.h"
#include "events.h"
#include "infer.h"
#include "option_scope.h"
#include "panel.h"
#include "status.h"
#include "text.h"
#include "trainer.h"

struct seqd_cross_validation {
    seqd_context *context;
    int32_t count;
    seqd_answer_metrics *folds; /* [count] */
};

void seqd_cross_validation_release(seqd_cross_validation *validation)
{
    if (!validation) return;
    seqd_context *context = validation->context;
    seqd_free(context, validation->folds);
    seqd_free(context, validation);
    seqd_context_drop(context);
}

/* "cross-validate 2/5" */
static void name_task(const char *title, int32_t fold, int32_t folds, char task[96])
{
    char number[SEQD_NUMBER_SIZE];
    seqd_copy_text(task, 96, title);
    const char *const between[] = { " ", "/" };
    const int32_t numbers[] = { fold + 1, folds };
    for (int32_t i = 0; i < 2; i++) {
        seqd_format_i64(numbers[i], number);
        seqd_copy_text(task + strlen(task), 96 - strlen(task), between[i]);
        seqd_copy_text(task + strlen(task), 96 - strlen(task), number);
    }
}

static int32_t run_fold(seqd_dataset *dataset, const seqd_options *options, const char *task, int32_t folds,
                        int32_t fold, seqd_answer_metrics *metrics, seqd_error *error)
{
    seqd_dataset *rest = NULL, *held = NULL;
    seqd_model *model = NULL;
    seqd_predictor *predictor = NULL;
    seqd_prediction *prediction = NULL;
    seqd_training_summary summary;
    int32_t status;
    SEQD_TRY(status, done,
             seqd_dataset_fold(dataset, folds, fold, (uint64_t)seqd_option_i64(options, SEQD_OPT_SEED), &rest, &held,
                               error));
    SEQD_TRY(status, done, seqd_ensemble_fit(dataset->context, options, rest, task, &model, &summary, error));
    SEQD_TRY(status, done, seqd_predictor_new(model, &predictor, error));
    SEQD_TRY(status, done, seqd_predictor_judge(predictor, held, SEQD_ANSWER_EVERY, &prediction, error));
    *metrics = (seqd_answer_metrics){ .struct_size = (uint32_t)sizeof *metrics };
    SEQD_TRY(status, done, seqd_answers_evaluate(prediction, metrics, error));
done:
    seqd_prediction_release(prediction);
    seqd_predictor_free(predictor);
    seqd_model_free(model);
    seqd_dataset_free(held);
    seqd_dataset_free(rest);
    return status;
}

int32_t seqd_network_cross_validate(seqd_dataset *dataset, const seqd_options *options, const char *title,
                                    seqd_cross_validation **out, seqd_error *error)
{
    seqd_context *context = dataset->context;
    const int32_t folds = (int32_t)seqd_option_i64(options, SEQD_OPT_FOLDS);
    const seqd_varied varied[] = {{SEQD_OPT_TASK, seqd_option_text(dataset->options, SEQD_OPT_TASK)}};
    const seqd_scope scope = {options, options, varied, 1};
    SEQD_CHECK(seqd_options_refuse_idle(options, &scope, SEQD_GROUP_EVALUATION, error));
    seqd_cross_validation *validation = seqd_alloc_zero(context, sizeof *validation);
    if (!validation) return seqd_fail_alloc(context, sizeof *validation, error);
    validation->context = seqd_context_retain(context);
    validation->folds = seqd_alloc_array(context, (size_t)folds, sizeof *validation->folds);
    int32_t status = validation->folds ? SEQD_OK
                                       : seqd_fail_alloc(context, (size_t)folds * sizeof *validation->folds, error);
    for (; validation->count < folds && status == SEQD_OK; validation->count++) {
        char task[96];
        name_task(title, validation->count, folds, task);
        status = run_fold(dataset, options, task, folds, validation->count, &validation->folds[validation->count],
                          error);
        if (status < 0) seqd_fail_prefix(error, status, "%s", task);
    }
    if (status == SEQD_OK) *out = validation;
    else seqd_cross_validation_release(validation);
    return status;
}

int32_t seqd_cross_validation_run(seqd_dataset *dataset, const seqd_options *options, seqd_cross_validation **out,
                                  seqd_error *error)
{
    int32_t status;
    SEQD_NEED(dataset);
    SEQD_NEED(options);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    if (!dataset->events || seqd_option_choice(options, SEQD_OPT_TASK) == SEQD_TASK_FORECAST)
        return seqd_fail(error, SEQD_E_DATA, "demand series are not cut into folds: a backtest is made of them");
    SEQD_COMPUTE(status, seqd_network_cross_validate(dataset, options, "cross-validate", out, error));
    return status;
}

int32_t seqd_cross_validation_fold_count(const seqd_cross_validation *validation)
{
    return validation ? validation->count : 0;
}

int32_t seqd_cross_validation_get_fold(const seqd_cross_validation *validation, int32_t fold,
                                       seqd_answer_metrics *metrics, seqd_error *error)
{
    SEQD_NEED(validation);
    SEQD_NEED(metrics);
    if (fold < 0 || fold >= validation->count)
        return seqd_fail(error, SEQD_E_ARG, "there is no fold %d: there are %d", (int)fold, (int)validation->count);
    return seqd_copy_result(metrics, &validation->folds[fold], sizeof *validation->folds, error);
}
