/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXAMPLES_JUDGE_H
#define EXAMPLES_JUDGE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seqdemand/seqdemand.h>

/*
 * One row of a table: mean absolute error, root mean square error and mean absolute percentage error (of actuals that
 * are not zero) of a forecast, against the last steps of `sales`, which the forecast has not seen. The median is judged
 * by absolute errors, the mean by squares: each is the best answer there.
 */
static inline int32_t judge(const char *name, const seqd_forecast *forecast, const seqd_dataset *sales,
                            seqd_error *error)
{
    const int32_t horizon = seqd_forecast_horizon(forecast);
    double *room = (double *)malloc(3 * (size_t)horizon * sizeof *room);
    double *actual = room, *mean = room + horizon, *median = mean + horizon;
    double absolute = 0.0, squares = 0.0, shares = 0.0, points = 0.0, positive = 0.0;
    int32_t status = room ? SEQD_OK : SEQD_E_NOMEM;
    for (int64_t i = 0; i < seqd_forecast_series_count(forecast) && status == SEQD_OK; i++) {
        const int64_t at = seqd_dataset_find_series(sales, seqd_forecast_series_id(forecast, i));
        const int64_t length = seqd_dataset_length(sales, at);
        status = seqd_dataset_values(sales, at, length - horizon, horizon, actual, error);
        if (status == SEQD_OK) status = seqd_forecast_mean(forecast, i, mean, error);
        if (status == SEQD_OK) status = seqd_forecast_quantile(forecast, i, 0.5, median, error);
        for (int32_t h = 0; h < horizon && status == SEQD_OK; h++) {
            if (isnan(actual[h])) continue;
            const double miss = fabs(actual[h] - median[h]);
            absolute += miss;
            squares += (actual[h] - mean[h]) * (actual[h] - mean[h]);
            points++;
            if (actual[h] == 0.0) continue;
            shares += miss / fabs(actual[h]);
            positive++;
        }
    }
    free(room);
    if (status == SEQD_OK)
        printf("%-16s %10.3f %10.3f %9.1f %%\n", name, absolute / points, sqrt(squares / points),
               100.0 * shares / positive);
    return status;
}

/* The same of simple methods (names ending with NULL), fitted on `known`. */
static inline int32_t judge_baselines(const char *const *names, seqd_dataset *known, const seqd_options *options,
                                      const seqd_dataset *sales, seqd_error *error)
{
    int32_t status = SEQD_OK;
    for (; *names && status == SEQD_OK; names++) {
        seqd_forecast *forecast = NULL;
        status = seqd_baseline_forecast(known, options, *names, &forecast, error);
        if (status == SEQD_OK) status = judge(*names, forecast, sales, error);
        seqd_forecast_release(forecast);
    }
    return status;
}

#endif
