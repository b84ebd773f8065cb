/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_PREDICTION_H
#define SEQDEMAND_PREDICTION_H

#include <seqdemand/predictor.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The answers of a model of task=classify or task=regress to the sequences of a dataset: for each event asked the
 * probability of every class, or a number, beside what the data say, where they say it. Any number of threads read one.
 */
typedef struct seqd_prediction seqd_prediction;

/* Which events of a sequence are asked; those of the later part of a split by time from its beginning on only. */
#define SEQD_ANSWER_END 0      /* the last one: what will come */
#define SEQD_ANSWER_LABELLED 1 /* the last one whose label is known */
#define SEQD_ANSWER_EVERY 2    /* every one whose label is known */

/*
 * The answer of event i is that of a sequence which ends with it: of its last `max_len` events up to and with i. Rows
 * are in the order of sequences, then of events. Sequences without an event that is asked have no row. Answers have the
 * same bits for any number of threads. Categories that the model does not know are read as its unknown token.
 * Errors: SEQD_E_ARG (`which`), SEQD_E_UNSUPPORTED for a model of task=forecast, SEQD_E_DATA for data of another task,
 * label or columns, SEQD_E_BUSY, SEQD_E_NOMEM, SEQD_E_LIMIT; SEQD_STOPPED.
 */
SEQD_API int32_t seqd_predictor_answer(seqd_predictor *predictor, seqd_dataset *dataset, int32_t which,
                                       seqd_prediction **out, seqd_error *error);
/*
 * The yardstick of a prediction: the same rows, each answered by the shares of the classes among the labels of `train`
 * (the class told is the most frequent one), or by their mean. The options of both datasets must agree in task and
 * label. Errors: as above; SEQD_E_DATA when `train` has no label.
 */
SEQD_API int32_t seqd_baseline_answer(seqd_dataset *train, seqd_dataset *dataset, int32_t which,
                                      seqd_prediction **out, seqd_error *error);
SEQD_API void seqd_prediction_release(seqd_prediction *prediction);

/* Rows: events asked. */
SEQD_API int64_t seqd_prediction_row_count(const seqd_prediction *prediction);
/* Answers of a row: 1, or the horizon where the next events are asked for. */
SEQD_API int32_t seqd_prediction_answer_count(const seqd_prediction *prediction);
/* 0 where answers are numbers. */
SEQD_API int32_t seqd_prediction_class_count(const seqd_prediction *prediction);
/* NULL when out of range. */
SEQD_API const char *seqd_prediction_class_name(const seqd_prediction *prediction, int32_t index);
/* The id of the sequence of a row; NULL when out of range. */
SEQD_API const char *seqd_prediction_id(const seqd_prediction *prediction, int64_t row);
/* The number of the event of a row in its sequence, from 0; -1 when out of range. */
SEQD_API int64_t seqd_prediction_event(const seqd_prediction *prediction, int64_t row);
/* Of two classes: the probability from which the second one is told; else 0. */
SEQD_API double seqd_prediction_threshold(const seqd_prediction *prediction);

/* Probabilities values[answers][classes], or numbers values[answers]. Errors: SEQD_E_ARG. */
SEQD_API int32_t seqd_prediction_scores(const seqd_prediction *prediction, int64_t row, double *values,
                                        seqd_error *error);
/* The class told for each answer, classes[answers]: the likeliest, of two classes by the threshold. Errors: SEQD_E_ARG. */
SEQD_API int32_t seqd_prediction_classes(const seqd_prediction *prediction, int64_t row, int32_t *classes,
                                         seqd_error *error);
/* What the data say, values[answers]: a number, a class, -1 for one the model does not know, NaN where nothing is known. */
SEQD_API int32_t seqd_prediction_labels(const seqd_prediction *prediction, int64_t row, double *values,
                                        seqd_error *error);

/*
 * Measures of a prediction against its labels. Answers without a label, or with one of an unknown class, are left out and
 * counted. A measure that nothing remains for is NaN. Grown only at the end.
 *
 *   accuracy   share of answers whose class is told
 *   precision, recall, f1, auroc, aupr
 *              of two classes those of the second one; of more the mean over the classes that occur among the labels,
 *              each against all others (macro). A precision without a single answer of the class is 0
 *   auroc      chance that an answer of the class has a higher probability of it than one of another; ties count half
 *   aupr       average precision: sum over the distinct probabilities, from the highest, of precision times rise of recall
 *   log_loss   mean of -log of the probability of the label, which counts as 1e-15 at least
 *   mae, rmse  mean |y-f|, sqrt(mean (y-f)^2)
 *   mape       mean 100 |y-f| / |y| over the labels that are not 0
 */
typedef struct seqd_answer_metrics {
    uint32_t struct_size;
    int32_t classes;        /* 0: numbers */
    int64_t count;          /* answers compared */
    int64_t left_out;
    double accuracy;
    double precision;
    double recall;
    double f1;
    double auroc;
    double aupr;
    double log_loss;
    double mae;
    double rmse;
    double mape;
    int64_t mape_left_out;  /* labels that are 0 */
} seqd_answer_metrics;

SEQD_API int32_t seqd_prediction_evaluate(const seqd_prediction *prediction, seqd_answer_metrics *metrics,
                                          seqd_error *error);

/* One class against all others. Grown only at the end. */
typedef struct seqd_class_metrics {
    uint32_t struct_size;
    int64_t count;     /* labels of the class */
    int64_t told;      /* answers of the class */
    int64_t right;     /* both */
    double precision;
    double recall;
    double f1;
    double auroc;
    double aupr;
} seqd_class_metrics;

/* Errors: SEQD_E_ARG (class out of range, answers that are numbers), SEQD_E_NOMEM. */
SEQD_API int32_t seqd_prediction_evaluate_class(const seqd_prediction *prediction, int32_t index,
                                                seqd_class_metrics *metrics, seqd_error *error);
/* counts[label][told] of all classes. Errors: SEQD_E_ARG. */
SEQD_API int32_t seqd_prediction_confusion(const seqd_prediction *prediction, int64_t *counts, seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
