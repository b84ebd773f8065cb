/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/inventory.h>

#include "api.h"
#include "context.h"
#include "inventory.h"

int32_t seqd_reorder_from_forecast(const seqd_forecast *forecast, int64_t series, double on_hand, double on_order,
                                   int32_t lead_time, int32_t review_period, double service_level, double pack_size,
                                   double min_order, int32_t paths, uint64_t seed, seqd_reorder *out, seqd_error *error)
{
    const seqd_reorder_request request = {on_hand,       on_order,  lead_time, review_period,
                                          service_level, pack_size, min_order};
    int32_t status;
    SEQD_NEED(forecast);
    SEQD_NEED(out);
    SEQD_COMPUTE(status, seqd_reorder_forecast(forecast, series, &request, paths, seed, out, error));
    return status;
}

int32_t seqd_reorder_from_paths(seqd_context *context, const double *values, int32_t paths, int32_t horizon,
                                double on_hand, double on_order, int32_t lead_time, int32_t review_period,
                                double service_level, double pack_size, double min_order, seqd_reorder *out,
                                seqd_error *error)
{
    const seqd_reorder_request request = {on_hand,       on_order,  lead_time, review_period,
                                          service_level, pack_size, min_order};
    int32_t status;
    SEQD_NEED(context);
    SEQD_NEED(values);
    SEQD_NEED(out);
    SEQD_COMPUTE(status, seqd_reorder_paths(context, values, paths, horizon, &request, out, error));
    return status;
}
