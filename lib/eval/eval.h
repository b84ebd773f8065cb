/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_EVAL_H
#define SEQD_EVAL_H

#include <stdbool.h>

#include <seqdemand/evaluation.h>

/* metrics.c: formulas in <seqdemand/evaluation.h>. */
int32_t seqd_evaluation_new(seqd_context *context, int32_t season, const double *levels, int32_t count,
                            seqd_evaluation **out, seqd_error *error);
void seqd_evaluation_free(seqd_evaluation *evaluation);
int32_t seqd_evaluation_add_series(seqd_evaluation *evaluation, const double *history, int64_t history_length,
                                   const double *actual, const double *mean, const double *median,
                                   const double *quantiles, int32_t horizon, seqd_error *error);
void seqd_evaluation_get(const seqd_evaluation *evaluation, seqd_metrics *metrics);

/* baselines.c: point forecast of one history (NaN: missing); spread is the deviation of its own one-step errors. */
typedef struct seqd_baseline_settings {
    int32_t season;
    int32_t window;
    double smoothing;
} seqd_baseline_settings;
int32_t seqd_baseline_find(const char *name);                 /* index, or -1 */
int32_t seqd_baseline_count(void);
const char *seqd_baseline_name(int32_t index);
/* `scratch` holds 2 * history_length doubles. */
void seqd_baseline_point(int32_t index, const seqd_baseline_settings *settings, const double *history,
                         int64_t history_length, int32_t horizon, double *point, double *spread, double *scratch);
int32_t seqd_baseline_run(seqd_dataset *dataset, const seqd_options *options, const char *name, seqd_forecast **out,
                          seqd_error *error);

/*
 * backtest.c: rolling origins. `forecaster` fits a network on a view (fit true) or reuses the last one, and forecasts
 * the view; it is given by the caller, because evaluation sees forecasts only. All windows of a model run before the
 * next model does. `task` is "backtest 2/3 lstm" for the title "backtest", window 1 being the oldest. When the host asks to stop, the answer is
 * SEQD_STOPPED and *out is untouched: a part of the windows compares nothing.
 */
typedef int32_t (*seqd_forecaster_fn)(void *user, const char *model, seqd_dataset *view, bool fit, const char *task,
                                      seqd_forecast **out, double *fit_seconds, double *predict_seconds,
                                      seqd_error *error);
int32_t seqd_backtest_new(seqd_dataset *dataset, const seqd_options *options, const char *models, const char *title,
                          seqd_forecaster_fn forecaster, void *user, seqd_backtest **out, seqd_error *error);
void seqd_backtest_free(seqd_backtest *backtest);
int32_t seqd_backtest_rows(const seqd_backtest *backtest);
int32_t seqd_backtest_row_at(const seqd_backtest *backtest, int32_t index, seqd_backtest_row *row, seqd_error *error);
int32_t seqd_backtest_metrics_at(const seqd_backtest *backtest, int32_t index, seqd_metrics *metrics,
                                 seqd_error *error);

#endif
