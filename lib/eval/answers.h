/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_EVAL_ANSWERS_H
#define SEQD_EVAL_ANSWERS_H

#include "panel.h"
#include "prediction.h"

/* answers.c: formulas in <seqdemand/prediction.h>. */
int32_t seqd_answers_evaluate(const seqd_prediction *prediction, seqd_answer_metrics *metrics, seqd_error *error);
int32_t seqd_answers_evaluate_class(const seqd_prediction *prediction, int32_t index, seqd_class_metrics *metrics,
                                    seqd_error *error);
int32_t seqd_answers_confusion(const seqd_prediction *prediction, int64_t *counts, seqd_error *error);
/* answer_baseline.c */
int32_t seqd_baseline_judge(const seqd_dataset *train, const seqd_dataset *dataset, int32_t which,
                            seqd_prediction **out, seqd_error *error);

#endif
