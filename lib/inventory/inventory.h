/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_INVENTORY_H
#define SEQD_INVENTORY_H

#include <seqdemand/inventory.h>

/* Formulas and sources stand in the public header. `out` is the host's: struct_size says how much of it to fill. */
typedef struct seqd_reorder_request {
    double on_hand, on_order;
    int32_t lead_time, review_period;
    double service_level, pack_size, min_order;
} seqd_reorder_request;

int32_t seqd_reorder_paths(seqd_context *context, const double *values, int32_t paths, int32_t horizon,
                           const seqd_reorder_request *request, seqd_reorder *out, seqd_error *error);
int32_t seqd_reorder_forecast(const seqd_forecast *forecast, int64_t series, const seqd_reorder_request *request,
                              int32_t paths, uint64_t seed, seqd_reorder *out, seqd_error *error);

#endif
