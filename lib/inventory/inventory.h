/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_INVENTORY_H
#define SEQD_INVENTORY_H

#include <seqdemand/inventory.h>

/* Formulas and sources stand in the public header. `out` is the host's: struct_size says how much of it to fill. */
int32_t seqd_reorder_paths(seqd_context *context, const double *values, int32_t paths, int32_t horizon,
                           const seqd_stock *stock, seqd_reorder *out, seqd_error *error);
int32_t seqd_reorder_forecast(const seqd_forecast *forecast, int64_t series, const seqd_stock *stock, int32_t paths,
                              uint64_t seed, seqd_reorder *out, seqd_error *error);

/* The ceil(level * count)-th smallest (Hyndman & Fan 1996, type 1). Changes the order of `values`. */
double seqd_order_quantile(double *values, int64_t count, double level);

/*
 * `lead` and `protection` are the demand of each path in its lead time and in lead time and review period. The share of
 * the demand between both that `stock_level` serves, and the least level that serves `fill_rate` of it.
 */
double seqd_fill_rate(const double *lead, const double *protection, int64_t paths, double stock_level);
double seqd_fill_rate_level(const double *lead, const double *protection, int64_t paths, double fill_rate);

#endif
