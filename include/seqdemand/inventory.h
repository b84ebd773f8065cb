/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_INVENTORY_H
#define SEQDEMAND_INVENTORY_H

#include <seqdemand/predictor.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The answer for one article. Quantities in units of y, times in steps of the forecast. Grown only at the end.
 *
 * With L the lead time, R the review period, D(n) the demand of the next n steps of a sample path, and q the service
 * level, the probability of no stock-out in a cycle. Means and deviations (divisor n - 1) are taken over the paths; the
 * q-quantile of n paths is the ceil(q n)-th smallest (Hyndman & Fan 1996, type 1).
 *
 *   protection      L + R: an order placed now must last until the next one can arrive (periodic review with an
 *                   order-up-to level: Silver, Pyke & Thomas 2017, ch. 6; Axsater 2015, ch. 5)
 *   safety_stock    q-quantile of D(L+R) - mean of D(L+R), never below 0
 *   reorder_point   q-quantile of D(L): for a host that reviews continuously, and orders when position falls to it
 *   order_up_to     q-quantile of D(L+R)
 *   position        on_hand + on_order; on_hand is negative where customers wait
 *   order_quantity  order_up_to - position where that is positive, raised to min_order, then up to a multiple of
 *                   pack_size; else 0
 *   stockout_step   first step (from 1) by whose end the expected demand has used up on_hand, what is on order left
 *                   aside; 0 if that is not within the forecast
 *   alert           1 when that step lies inside the lead time: an order placed now comes too late
 */
typedef struct seqd_reorder {
    uint32_t struct_size;
    int32_t alert;
    int32_t stockout_step;
    double lead_time_demand_mean;       /* of D(L) */
    double lead_time_demand_std;
    double protection_demand_mean;      /* of D(L+R) */
    double protection_demand_std;
    double safety_stock;
    double reorder_point;
    double order_up_to;
    double position;
    double order_quantity;
    double stockout_probability;        /* share of paths with D(L+R) > position */
} seqd_reorder;

/*
 * For one series of a forecast, from `paths` sample paths (0 for 1000) drawn with `seed`. lead_time and review_period
 * in steps. pack_size and min_order 0 for none.
 * lead_time or review_period may be 0, not both.
 * Errors: SEQD_E_ARG names the value at fault; lead_time + review_period beyond the horizon is one.
 */
SEQD_API int32_t seqd_reorder_from_forecast(const seqd_forecast *forecast, int64_t series, double on_hand,
                                            double on_order, int32_t lead_time, int32_t review_period,
                                            double service_level, double pack_size, double min_order, int32_t paths,
                                            uint64_t seed, seqd_reorder *out, seqd_error *error);

/* The same from sample paths of the caller's own: path-major, paths * horizon finite values. */
SEQD_API int32_t seqd_reorder_from_paths(seqd_context *context, const double *values, int32_t paths, int32_t horizon,
                                         double on_hand, double on_order, int32_t lead_time, int32_t review_period,
                                         double service_level, double pack_size, double min_order, seqd_reorder *out,
                                         seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
