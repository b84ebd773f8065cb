/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_TRAINER_H
#define SEQDEMAND_TRAINER_H

#include <seqdemand/optimizer.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Trains a model on a dataset. Options of the group "training". The last `val_size` steps of every series are the
 * validation part: forecasts of them decide when to stop and which weights are kept. One thread at a time.
 *
 * Option `monitor` says by which figure: the loss, or `mae`, the mean absolute error of the median forecast in units of
 * the target (of the point forecast itself for the heads mse and mae). That figure is what progress and summary tell.
 *
 * With option `ema_decay` the weights that are judged, kept and saved are a moving average of those that are trained:
 * after step t it is a <- d a + (1 - d) w with d = min(ema_decay, t / (t + 10)), from a = w at the start (a warm start:
 * nothing is divided by a correction).
 */
typedef struct seqd_trainer seqd_trainer;

/*
 * `optimizer` may be NULL: one is then made from the options. The model is taken exclusively until the trainer is
 * released. Errors: SEQD_E_BUSY when another trainer has the model; SEQD_E_DATA when no series is long enough for a
 * single example; SEQD_E_OPTION; SEQD_E_NOMEM; SEQD_E_LIMIT.
 */
SEQD_API int32_t seqd_trainer_create(seqd_model *model, seqd_dataset *dataset, const seqd_options *options,
                                     seqd_optimizer *optimizer, seqd_trainer **out, seqd_error *error);
SEQD_API void seqd_trainer_release(seqd_trainer *trainer);

/*
 * Runs to the end: option max_steps or max_epochs, early stopping, or the progress callback. The model then holds the best weights.
 * Returns SEQD_STOPPED when the callback asked to stop; a further call begins a new run from the weights that are kept.
 * Errors: SEQD_E_DIVERGED names round and step of the first loss
 * that is not finite; the model then holds the last good weights.
 */
SEQD_API int32_t seqd_trainer_run(seqd_trainer *trainer, seqd_error *error);

/* Takes `steps` optimizer steps (no validation, no early stopping) and gives their mean loss. */
SEQD_API int32_t seqd_trainer_step(seqd_trainer *trainer, int64_t steps, double *loss, seqd_error *error);

/* How the run went. Grown only at the end. */
typedef struct seqd_training_summary {
    uint32_t struct_size;
    int64_t steps;             /* taken */
    int64_t best_step;         /* whose weights the model holds */
    double train_loss;         /* mean of the last round */
    double best_loss;          /* validation figure of the kept weights; NaN without a validation part */
    double seconds;
    int64_t series;            /* series that gave examples */
    int64_t series_left_out;   /* too short, or without an observed value */
    int64_t windows;           /* training windows seen */
} seqd_training_summary;

SEQD_API int32_t seqd_trainer_summarize(const seqd_trainer *trainer, seqd_training_summary *summary,
                                        seqd_error *error);

/*
 * Checkpoints. seqd_trainer_save writes the model and all that the trainer needs to go on into one file, in one step as
 * seqd_model_save. It may be called between two calls of the trainer, from the progress callback of its own run, and
 * after a run that was stopped: what is saved is then the run as it stood, before the last look at the validation part
 * that stopping takes. The file is a model file, too: seqd_model_load reads it as the model with the best weights of
 * the rounds so far. Errors: SEQD_E_IO, SEQD_E_NOMEM.
 *
 * seqd_trainer_resume makes trainer and model of such a file. seqd_trainer_run then goes on where the run was, and
 * ends with the very bits that it would have had without the interruption, whatever was the number of threads (on the
 * same kernels and backend); of a run that had ended nothing is left to do. Settings are those of the checkpoint. `dataset` must hold the same data, read with the
 * options of the model (seqd_model_load, seqd_model_get_options): other data are refused, SEQD_E_DATA.
 * Errors: as seqd_model_load and seqd_trainer_create.
 *
 * seqd_trainer_update is for newer rows: weights, moments and step count of the optimizer go on, on another dataset
 * with the same columns, in a run of its own: the course of the learning rate, early stopping and the moving average
 * begin anew. `options` gives its settings (NULL: those of the checkpoint); the optimizer must be the same. Columns,
 * scaling and categories stay those of the model: seqd_model_adapt makes room for new categories.
 */
SEQD_API int32_t seqd_trainer_save(const seqd_trainer *trainer, const char *path, seqd_error *error);
SEQD_API int32_t seqd_trainer_resume(seqd_context *context, const char *path, seqd_dataset *dataset,
                                     seqd_trainer **trainer, seqd_model **model, seqd_error *error);
SEQD_API int32_t seqd_trainer_update(seqd_context *context, const char *path, seqd_dataset *dataset,
                                     const seqd_options *options, seqd_trainer **trainer, seqd_model **model,
                                     seqd_error *error);

/*
 * Makes and trains what the options ask for: one network, or, by `ensemble_size` and `ensemble_models`, an ensemble.
 * Of an ensemble, member i has the seed `seed` + i and, where kinds of model are named, these in turn; there are as
 * many members as `ensemble_size` says, and at least one of each kind. Members are combined by option `combine`, see
 * seqd_model_combine. `summary` may be NULL; of an ensemble it has sums of steps, windows and seconds, and means of
 * losses. Returns SEQD_STOPPED when the callback asked to stop: `*out` is then the model of what was trained so far, or
 * untouched when that is nothing. Errors: as seqd_model_create and seqd_trainer_run.
 */
SEQD_API int32_t seqd_ensemble_train(seqd_context *context, const seqd_options *options, seqd_dataset *dataset,
                                     seqd_model **out, seqd_training_summary *summary, seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
