/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_INVENTORY_H
#define SEQDEMAND_INVENTORY_H

#include <seqdemand/predictor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the service level of an article is a share of. */
#define SEQD_SERVICE_CYCLE 0     /* cycles: the probability that a cycle passes without a stock-out */
#define SEQD_SERVICE_FILL_RATE 1 /* demand: what is served at once from stock, of all that is asked for */

/*
 * What there is of one article and how it is ordered. Quantities in units of y, times in steps of the forecast. Set
 * struct_size, and all that is not wanted to 0. Grown only at the end.
 *
 * With costs instead of a service level (newsvendor): service_level = cu / (cu + co) of SEQD_SERVICE_CYCLE, cu being the
 * cost of a unit too few, co of one too many.
 */
typedef struct seqd_stock {
    uint32_t struct_size;
    int32_t lead_time;      /* from order to delivery; lead_time or review_period may be 0, not both */
    int32_t review_period;  /* from one chance to order to the next; 0: at any time */
    int32_t service;        /* SEQD_SERVICE_CYCLE or SEQD_SERVICE_FILL_RATE, which needs a review_period */
    double on_hand;         /* negative where customers wait */
    double on_order;        /* ordered and not delivered */
    double service_level;   /* within (0, 1) */
    double pack_size;       /* orders are a multiple of this; 0: of any size */
    double min_order;       /* least order; 0: none */
    double lead_time_std;   /* standard deviation of the lead time; 0: it never varies */
} seqd_stock;

/*
 * The answer for one article. Quantities in units of y, times in steps of the forecast. Grown only at the end.
 *
 * With L the lead time, R the review period, D(n) the demand of the next n steps of a sample path, and q the service
 * level. Means and deviations (divisor n - 1) are taken over the paths; the q-quantile of n paths is the ceil(q n)-th
 * smallest (Hyndman & Fan 1996, type 1). With a lead_time_std above 0 each path has an L of its own: the nearest whole
 * number to a normal with this mean and deviation, cut off at 0 and at horizon - R; which path has which L is the same
 * at every call.
 *
 * Under SEQD_SERVICE_FILL_RATE order_up_to is the least S whose fill_rate is q, and reorder_point the quantile of D(L)
 * at the share of paths with D(L+R) <= S.
 *
 *   protection      L + R: an order placed now must last until the next one can arrive (periodic review with an
 *                   order-up-to level: Silver, Pyke & Thomas 2017, ch. 6; Axsater 2015, ch. 5)
 *   safety_stock    q-quantile of D(L+R) - mean of D(L+R), never below 0
 *   reorder_point   q-quantile of D(L): for a host that reviews continuously, and orders when position falls to it
 *   order_up_to     q-quantile of D(L+R)
 *   position        on_hand + on_order
 *   order_quantity  order_up_to - position where that is positive, raised to min_order, then up to a multiple of
 *                   pack_size; else 0
 *   stockout_step   first step (from 1) by whose end the expected demand has used up on_hand, what is on order left
 *                   aside; 0 if that is not within the forecast
 *   alert           1 when that step lies inside the lead time: an order placed now comes too late
 *   fill_rate       1 - E[(D(L+R) - S)+ - (D(L) - S)+] / E[D(L+R) - D(L)], S being order_up_to: the share of demand that
 *                   ordering up to it serves at once (Silver, Pyke & Thomas 2017, ch. 6; what was short already at the
 *                   beginning of the review period is not counted again). 1 without demand, NaN with R = 0
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
    double fill_rate;
} seqd_reorder;

/*
 * For one series of a forecast, from `paths` sample paths (0 for 1000) drawn with `seed`.
 * Errors: SEQD_E_ARG names the value at fault; lead_time + 2 lead_time_std + review_period beyond the horizon is one.
 */
SEQD_API int32_t seqd_reorder_from_forecast(const seqd_forecast *forecast, int64_t series, const seqd_stock *stock,
                                            int32_t paths, uint64_t seed, seqd_reorder *out, seqd_error *error);

/* The same from sample paths of the caller's own: path-major, paths * horizon finite values. */
SEQD_API int32_t seqd_reorder_from_paths(seqd_context *context, const double *values, int32_t paths, int32_t horizon,
                                         const seqd_stock *stock, seqd_reorder *out, seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
