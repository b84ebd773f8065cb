/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_CROSS_H
#define SEQDEMAND_CROSS_H

#include <seqdemand/prediction.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Cross-validation of task=classify and task=regress: each of `folds` parts of the sequences (seqd_dataset_fold, by
 * option `seed`) is answered by a model that was trained on the others. (Demand series: seqd_backtest_run.)
 */
typedef struct seqd_cross_validation seqd_cross_validation;

/*
 * Option `folds`, and those of model and training. Every labelled event of a fold is asked.
 * Errors: SEQD_E_DATA for a panel or fewer sequences than folds; as model, trainer and seqd_predictor_answer, with the
 * fold before the message; SEQD_STOPPED, with `out` untouched.
 */
SEQD_API int32_t seqd_cross_validation_run(seqd_dataset *dataset, const seqd_options *options,
                                           seqd_cross_validation **out, seqd_error *error);
SEQD_API void seqd_cross_validation_release(seqd_cross_validation *validation);
SEQD_API int32_t seqd_cross_validation_fold_count(const seqd_cross_validation *validation);
/* Measures of one fold, from 0. Errors: SEQD_E_ARG. */
SEQD_API int32_t seqd_cross_validation_get_fold(const seqd_cross_validation *validation, int32_t fold,
                                                seqd_answer_metrics *metrics, seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
