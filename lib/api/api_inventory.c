/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/inventory.h>

#include <string.h>

#include "api.h"
#include "context.h"
#include "inventory.h"

static int32_t take(const seqd_stock *given, seqd_stock *stock, seqd_error *error)
{
    memset(stock, 0, sizeof *stock);
    return seqd_take_struct(stock, sizeof *stock, given, SEQD_SIZE_THROUGH(seqd_stock, lead_time_std), "stock", error);
}

int32_t seqd_reorder_from_forecast(const seqd_forecast *forecast, int64_t series, const seqd_stock *stock,
                                   int32_t paths, uint64_t seed, seqd_reorder *out, seqd_error *error)
{
    seqd_stock known;
    int32_t status;
    SEQD_NEED(forecast);
    SEQD_NEED(stock);
    SEQD_NEED(out);
    SEQD_CHECK(take(stock, &known, error));
    SEQD_COMPUTE(status, seqd_reorder_forecast(forecast, series, &known, paths, seed, out, error));
    return status;
}

int32_t seqd_reorder_from_paths(seqd_context *context, const double *values, int32_t paths, int32_t horizon,
                                const seqd_stock *stock, seqd_reorder *out, seqd_error *error)
{
    seqd_stock known;
    int32_t status;
    SEQD_NEED(context);
    SEQD_NEED(values);
    SEQD_NEED(stock);
    SEQD_NEED(out);
    SEQD_CHECK(take(stock, &known, error));
    SEQD_COMPUTE(status, seqd_reorder_paths(context, values, paths, horizon, &known, out, error));
    return status;
}
