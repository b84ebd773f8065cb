/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/prediction.h>

#include <string.h>

#include "answers.h"
#include "api.h"
#include "context.h"
#include "infer.h"
#include "panel.h"

int32_t seqd_predictor_answer(seqd_predictor *predictor, seqd_dataset *dataset, int32_t which, seqd_prediction **out,
                              seqd_error *error)
{
    int32_t status;
    SEQD_NEED(predictor);
    SEQD_NEED(dataset);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_predictor_judge(predictor, dataset, which, out, error));
    return status;
}

int32_t seqd_baseline_answer(seqd_dataset *train, seqd_dataset *dataset, int32_t which, seqd_prediction **out,
                             seqd_error *error)
{
    int32_t status;
    SEQD_NEED(train);
    SEQD_NEED(dataset);
    SEQD_NEED(out);
    if (!train->sealed || !dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_baseline_judge(train, dataset, which, out, error));
    return status;
}

void seqd_prediction_release(seqd_prediction *prediction) { seqd_prediction_free(prediction); }

int64_t seqd_prediction_row_count(const seqd_prediction *prediction) { return prediction ? prediction->count : 0; }

int32_t seqd_prediction_answer_count(const seqd_prediction *prediction) { return prediction ? prediction->answers : 0; }

int32_t seqd_prediction_class_count(const seqd_prediction *prediction) { return prediction ? prediction->classes : 0; }

const char *seqd_prediction_class_name(const seqd_prediction *prediction, int32_t index)
{
    return prediction && index >= 0 && index < prediction->classes ? prediction->names[index] : NULL;
}

const char *seqd_prediction_id(const seqd_prediction *prediction, int64_t row)
{
    return prediction && row >= 0 && row < prediction->count ? prediction->ids[row] : NULL;
}

int64_t seqd_prediction_event(const seqd_prediction *prediction, int64_t row)
{
    return prediction && row >= 0 && row < prediction->count ? prediction->event[row] : -1;
}

double seqd_prediction_threshold(const seqd_prediction *prediction) { return prediction ? prediction->threshold : 0.0; }

static int32_t check_row(const seqd_prediction *prediction, int64_t row, seqd_error *error)
{
    if (row >= 0 && row < prediction->count) return SEQD_OK;
    return seqd_fail(error, SEQD_E_ARG, "row %lld of %lld", (long long)row, (long long)prediction->count);
}

int32_t seqd_prediction_scores(const seqd_prediction *prediction, int64_t row, double *values, seqd_error *error)
{
    SEQD_NEED(prediction);
    SEQD_NEED(values);
    SEQD_CHECK(check_row(prediction, row, error));
    const int64_t count = (int64_t)prediction->answers * prediction->width;
    for (int64_t i = 0; i < count; i++) values[i] = (double)prediction->scores[row * count + i];
    return SEQD_OK;
}

int32_t seqd_prediction_classes(const seqd_prediction *prediction, int64_t row, int32_t *classes, seqd_error *error)
{
    SEQD_NEED(prediction);
    SEQD_NEED(classes);
    SEQD_CHECK(check_row(prediction, row, error));
    if (prediction->classes == 0) return seqd_fail(error, SEQD_E_ARG, "the answers are numbers, there are no classes");
    for (int64_t a = 0; a < prediction->answers; a++)
        classes[a] = seqd_prediction_told(prediction, prediction->scores +
                                                          (row * prediction->answers + a) * prediction->width);
    return SEQD_OK;
}

int32_t seqd_prediction_labels(const seqd_prediction *prediction, int64_t row, double *values, seqd_error *error)
{
    SEQD_NEED(prediction);
    SEQD_NEED(values);
    SEQD_CHECK(check_row(prediction, row, error));
    for (int64_t a = 0; a < prediction->answers; a++)
        values[a] = (double)prediction->label[row * prediction->answers + a];
    return SEQD_OK;
}

int32_t seqd_prediction_evaluate(const seqd_prediction *prediction, seqd_answer_metrics *metrics, seqd_error *error)
{
    seqd_answer_metrics full;
    int32_t status;
    SEQD_NEED(prediction);
    SEQD_NEED(metrics);
    SEQD_COMPUTE(status, seqd_answers_evaluate(prediction, &full, error));
    return status == SEQD_OK ? seqd_copy_result(metrics, &full, sizeof full, error) : status;
}

int32_t seqd_prediction_evaluate_class(const seqd_prediction *prediction, int32_t index, seqd_class_metrics *metrics,
                                       seqd_error *error)
{
    seqd_class_metrics full;
    int32_t status;
    SEQD_NEED(prediction);
    SEQD_NEED(metrics);
    SEQD_COMPUTE(status, seqd_answers_evaluate_class(prediction, index, &full, error));
    return status == SEQD_OK ? seqd_copy_result(metrics, &full, sizeof full, error) : status;
}

int32_t seqd_prediction_confusion(const seqd_prediction *prediction, int64_t *counts, seqd_error *error)
{
    SEQD_NEED(prediction);
    SEQD_NEED(counts);
    return seqd_answers_confusion(prediction, counts, error);
}
