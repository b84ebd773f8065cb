/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_EVALUATION_H
#define SEQDEMAND_EVALUATION_H

#include <seqdemand/predictor.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Measures of a set of forecasts. y actual, f forecast, m season, H horizon. Missing actuals are left out.
 * f is the median for smape, mase, wape, and the mean for rmsse, rmse, bias. Grown only at the end.
 *
 *   smape       mean over series of 200/H sum |y-f| / (|y|+|f|), 0/0 counts as 0          (M4, 0..200)
 *   mase        mean over series of mean|y-f| / mean_{t>m} |y_t - y_{t-m}| of the history (M4)
 *   rmsse       mean over series of sqrt(mean (y-f)^2 / mean_{t>1} (y_t - y_{t-1})^2), the history from its
 *               first non-zero value on                                                 (M5)
 *   wape        sum |y-f| / sum |y| over all series
 *   rmse        sqrt(mean (y-f)^2) over all points of all series
 *   bias        sum (f-y) / sum |y| over all series
 *   wql         2 sum pinball / sum |y|, mean over the quantile levels
 *   coverage80  share of actuals between the 0.1 and the 0.9 quantile
 * A measure whose denominator is zero leaves the series out of its mean; *_left_out counts them. A measure nothing
 * remains for is NaN.
 */
typedef struct seqd_metrics {
    uint32_t struct_size;
    double smape;
    double mase;
    double rmsse;
    double wape;
    double rmse;
    double bias;
    double wql;
    double coverage80;
    int64_t series;         /* forecasts added */
    int64_t points;         /* actuals compared */
    int64_t mase_left_out;
    int64_t rmsse_left_out;
} seqd_metrics;

/* Gathers forecasts and actuals one series at a time. One thread at a time. */
typedef struct seqd_evaluation seqd_evaluation;

/* `levels` are the quantile levels of wql, ascending; count 0 for none. */
SEQD_API int32_t seqd_evaluation_create(seqd_context *context, int32_t season, const double *levels, int32_t count,
                                        seqd_evaluation **out, seqd_error *error);
SEQD_API void seqd_evaluation_release(seqd_evaluation *evaluation);
/*
 * One series. `history` are the values before the forecast origin, `actual`, `mean`, `median` hold `horizon` values,
 * `quantiles` horizon * count level-major (quantiles[level * horizon + step]), or NULL. NaN marks missing values of
 * history and actual. Errors: SEQD_E_ARG (also for a forecast that is not finite), SEQD_E_NOMEM.
 */
SEQD_API int32_t seqd_evaluation_add(seqd_evaluation *evaluation, const double *history, int64_t history_length,
                                     const double *actual, const double *mean, const double *median,
                                     const double *quantiles, int32_t horizon, seqd_error *error);
SEQD_API int32_t seqd_evaluation_result(const seqd_evaluation *evaluation, seqd_metrics *metrics, seqd_error *error);

/*
 * A yardstick instead of a network, answered in the same form: "naive", "seasonal_naive", "naive2",
 * "moving_average", "ses", "croston", "sba", "tsb", "zero". Options `horizon`, `season_length`,
 * `moving_window` (moving_average), `smoothing` (ses, croston, sba, tsb).
 * Its quantiles are normal around the point, with the spread of its own one-step errors in the history; its sample
 * paths are independent from step to step.
 * Sources: Makridakis et al. 2020 (naive2); Croston 1972; Syntetos & Boylan 2005 (sba); Teunter, Syntetos & Babai 2011.
 */
SEQD_API int32_t seqd_baseline_forecast(seqd_dataset *dataset, const seqd_options *options, const char *name,
                                        seqd_forecast **out, seqd_error *error);

/* Rolling-origin comparison: for each window, fit on what lies before it, forecast it, measure. */
typedef struct seqd_backtest seqd_backtest;

/* One model over all windows. Grown only at the end. */
typedef struct seqd_backtest_row {
    uint32_t struct_size;
    const char *model;      /* lives as long as the backtest */
    double fit_seconds;
    double predict_seconds;
} seqd_backtest_row;

/*
 * `models` are names separated by commas: those of option `model` and of seqd_baseline_forecast. Options `windows`,
 * `stride` (steps between windows, 0 for the horizon), `refit` (0 trains once, before the oldest window),
 * `season_length`, and those of model and training. The newest window ends with the panel. Forecasts are compared with
 * what was observed, before any clipping of outliers; steps filled by a guess (fill other than zero) are left out.
 * Errors: SEQD_E_OPTION for an unknown model, before anything is fitted; as model, trainer and predictor;
 * SEQD_STOPPED, with `out` untouched.
 */
SEQD_API int32_t seqd_backtest_run(seqd_dataset *dataset, const seqd_options *options, const char *models,
                                   seqd_backtest **out, seqd_error *error);
SEQD_API void seqd_backtest_release(seqd_backtest *backtest);
SEQD_API int32_t seqd_backtest_row_count(const seqd_backtest *backtest);
/* A model, and its measures over all windows, by its place in `models`. Errors: SEQD_E_ARG. */
SEQD_API int32_t seqd_backtest_get_row(const seqd_backtest *backtest, int32_t index, seqd_backtest_row *row,
                                       seqd_error *error);
SEQD_API int32_t seqd_backtest_get_metrics(const seqd_backtest *backtest, int32_t index, seqd_metrics *metrics,
                                           seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
