/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_TUNER_H
#define SEQDEMAND_TUNER_H

#include <seqdemand/evaluation.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A search for good settings: trials drawn from ranges of options, each judged on the given data alone: a panel by
 * rolling origins (seqd_backtest_run, options `windows`, `stride`, `refit`), events by the mean over folds
 * (seqd_cross_validation_run, option `folds`). What is to be kept for a last test must not be in the dataset: see
 * seqd_dataset_before and seqd_dataset_split.
 *
 * Options `method`, `trials`, `metric`, `seed`:
 *   random    every trial in full
 *   halving   successive halving (Jamieson & Talwalkar 2016): rounds in which all trials, then the best of every
 *             `reduction`, train for a growing share of the steps; the last round trains in full. In full is max_steps,
 *             else max_epochs, else 900 steps. Each round trains anew.
 * Trials depend on seed and ranges alone, and none is drawn twice: where ranges hold fewer combinations than `trials`,
 * all that were found are tried. The same search gives the same results on any number of threads.
 *
 * A trial that cannot be trained (it diverges, its settings exclude each other, the series are too short for it) ranks
 * last, with its status and message; other errors end the call, and the search can go on.
 *
 * One thread at a time for each tuner.
 */
typedef struct seqd_tuner seqd_tuner;

/* `options` are those of every trial, besides the ranges; they are copied. Errors: SEQD_E_NOMEM. */
SEQD_API int32_t seqd_tuner_create(const seqd_options *options, seqd_tuner **out, seqd_error *error);
SEQD_API void seqd_tuner_release(seqd_tuner *tuner);

/*
 * What an option is drawn from, before the first step:
 *   "32:128"            a number between these, both included
 *   "1e-4:1e-2:log"     its logarithm is drawn evenly (both above 0)
 *   "16:128:16"         16, 32, 48, ...
 *   "lstm,gru"          one of these words or numbers
 *   "64|128,64"         one of these lists (options that take a list)
 * Options of the groups "model" and "training", and those of "data" that a model reads (max_len, min_count, time_gap,
 * num_transform, differencing). `horizon`, `seed` and what sets the steps of method=halving cannot vary.
 * Errors: SEQD_E_OPTION (unknown option, a value it does not accept, a range without extent, an option named twice);
 * SEQD_E_STATE after the first step.
 */
SEQD_API int32_t seqd_tuner_add_range(seqd_tuner *tuner, const char *option, const char *range, seqd_error *error);

/*
 * A file that holds the state of the search: written after every step, as CSV; replaced as one step. Where there is one
 * already, what it holds is taken over, and the search goes on behind it: its results are the same, to the last digit,
 * as those of a search that was never interrupted. method=random can also go on with more trials. Call it before the
 * first step, after the ranges. The dataset is needed to know that the search is the same.
 * Errors: SEQD_E_IO, SEQD_E_FORMAT; SEQD_E_STATE when the file is of another search: other options, ranges or data.
 */
SEQD_API int32_t seqd_tuner_open_state(seqd_tuner *tuner, seqd_dataset *dataset, const char *path, seqd_error *error);

/*
 * Trains and judges one trial in one round. *trial takes its number, or -1 when the search has come to its end.
 * Returns SEQD_STOPPED when the progress callback asked to stop: the trial under way counts as not begun.
 * Errors: SEQD_E_OPTION when `metric` does not fit the task or there is no range; SEQD_E_ARG for data of another task;
 * SEQD_E_IO when the state cannot be written.
 */
SEQD_API int32_t seqd_tuner_step(seqd_tuner *tuner, seqd_dataset *dataset, int32_t *trial, seqd_error *error);
/* Steps to the end. */
SEQD_API int32_t seqd_tuner_run(seqd_tuner *tuner, seqd_dataset *dataset, seqd_error *error);

/* Steps of the whole search, and those done. 0 before the first call that knows the ranges to be complete. */
SEQD_API int32_t seqd_tuner_total(const seqd_tuner *tuner);
SEQD_API int32_t seqd_tuner_done(const seqd_tuner *tuner);

/* Trials drawn; 0 before the first step or state. */
SEQD_API int32_t seqd_tuner_trial_count(const seqd_tuner *tuner);

/* How a trial has fared. Grown only at the end. */
typedef struct seqd_trial {
    uint32_t struct_size;
    int32_t trial;       /* its number, from 0 */
    int32_t round;       /* the last one it was judged in, from 0; -1: none yet */
    int32_t status;      /* SEQD_OK, or why it could not be trained */
    int64_t steps;       /* of training in that round (epochs where max_epochs rules); 0: as the options say */
    double score;        /* of option `metric`; NaN where it was not judged */
    const char *message; /* of `status`, else ""; lives until the next step */
} seqd_trial;

/* The trial at `place`, from the best (0) to the worst: those of later rounds first. Errors: SEQD_E_ARG. */
SEQD_API int32_t seqd_tuner_get_trial(const seqd_tuner *tuner, int32_t place, seqd_trial *trial, seqd_error *error);

/* What is varied: names of options, and the value of each in a trial (by number). NULL when out of range. */
SEQD_API int32_t seqd_tuner_range_count(const seqd_tuner *tuner);
SEQD_API const char *seqd_tuner_range_name(const seqd_tuner *tuner, int32_t range);
SEQD_API const char *seqd_tuner_value(const seqd_tuner *tuner, int32_t trial, int32_t range);

/*
 * All that was measured of a trial (by number) in its last round, and which of it decides. A measure has the sense of
 * the struct that has it (seqd_metrics, seqd_answer_metrics). NULL, or SEQD_E_ARG, when out of range.
 */
SEQD_API int32_t seqd_tuner_metric_count(const seqd_tuner *tuner);
SEQD_API const char *seqd_tuner_metric_name(const seqd_tuner *tuner, int32_t metric);
SEQD_API int32_t seqd_tuner_metric(const seqd_tuner *tuner, int32_t trial, int32_t metric, double *value,
                                   seqd_error *error);
/* -1 before the first step or state. */
SEQD_API int32_t seqd_tuner_deciding_metric(const seqd_tuner *tuner);

/* The options of a trial (by number), to train with or to save. To be released. Errors: SEQD_E_ARG, SEQD_E_NOMEM. */
SEQD_API int32_t seqd_tuner_get_options(const seqd_tuner *tuner, int32_t trial, seqd_options **out, seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
