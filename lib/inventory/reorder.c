/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "forecast.h"
#include "rng.h"
#include "status.h"
#include "text.h"

#define DEFAULT_PATHS 1000

static int32_t fail_value(seqd_error *error, const char *name, double value, const char *rule)
{
    char text[SEQD_NUMBER_SIZE];
    seqd_format_f64(value, text);
    return seqd_fail(error, SEQD_E_ARG, "%s is %s, %s", name, text, rule);
}

static int32_t check_stock(const seqd_stock *r, int32_t horizon, seqd_error *error)
{
    if (!isfinite(r->on_hand)) return fail_value(error, "on_hand", r->on_hand, "must be finite");
    if (!(isfinite(r->on_order) && r->on_order >= 0))
        return fail_value(error, "on_order", r->on_order, "must be finite and not negative");
    if (!(r->service_level > 0 && r->service_level < 1))
        return fail_value(error, "service_level", r->service_level, "must lie between 0 and 1, both excluded");
    if (!(isfinite(r->pack_size) && r->pack_size >= 0))
        return fail_value(error, "pack_size", r->pack_size, "must be finite and not negative");
    if (!(isfinite(r->min_order) && r->min_order >= 0))
        return fail_value(error, "min_order", r->min_order, "must be finite and not negative");
    if (r->lead_time < 0)
        return seqd_fail(error, SEQD_E_ARG, "lead_time is %d, must not be negative", (int)r->lead_time);
    if (r->review_period < 0)
        return seqd_fail(error, SEQD_E_ARG, "review_period is %d, must not be negative", (int)r->review_period);
    if (!(isfinite(r->lead_time_std) && r->lead_time_std >= 0))
        return fail_value(error, "lead_time_std", r->lead_time_std, "must be finite and not negative");
    if (r->service != SEQD_SERVICE_CYCLE && r->service != SEQD_SERVICE_FILL_RATE)
        return seqd_fail(error, SEQD_E_ARG, "service is %d, which is no measure of service", (int)r->service);
    if (r->service == SEQD_SERVICE_FILL_RATE && r->review_period == 0)
        return seqd_fail(error, SEQD_E_ARG, "a fill rate is asked of the demand of a review_period, which is 0");
    const int64_t protection = (int64_t)r->lead_time + r->review_period;
    if (protection < 1)
        return seqd_fail(error, SEQD_E_ARG, "lead_time and review_period are both 0: there is no time to protect");
    if (protection > horizon)
        return seqd_fail(error, SEQD_E_ARG,
                         "lead_time %d + review_period %d = %lld steps, but the forecast has only %d: train with a "
                         "longer horizon",
                         (int)r->lead_time, (int)r->review_period, (long long)protection, (int)horizon);
    if ((double)protection + 2 * r->lead_time_std > horizon)
        return fail_value(error, "lead_time_std", r->lead_time_std,
                          "so that lead times reach beyond the forecast: train with a longer horizon");
    return SEQD_OK;
}

/*
 * The lead time of a path. Shares of the normal are taken in the order of a low-discrepancy sequence, so that the first
 * paths already hold early and late deliveries alike, and independent of the path's demand.
 */
static int32_t lead_time_of(const seqd_stock *r, int32_t path, int32_t horizon)
{
    if (!(r->lead_time_std > 0)) return r->lead_time;
    double place = ((double)path + 0.5) * 0.6180339887498949; /* the golden section */
    place -= floor(place);
    const double steps = floor(r->lead_time + r->lead_time_std * seqd_normal_quantile(place) + 0.5);
    return (int32_t)fmin(fmax(steps, 0), horizon - r->review_period);
}

static void moments(const double *values, int64_t count, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) sum += values[i];
    *mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++) squares += (values[i] - *mean) * (values[i] - *mean);
    *deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
}

static double round_order(double quantity, double min_order, double pack_size)
{
    if (!(quantity > 0)) return 0;
    quantity = fmax(quantity, min_order);
    if (!(pack_size > 0) || quantity / pack_size > 1e12) return quantity; /* packs too small to be counted */
    /* 12 pieces that came out as 12.000000001 are 12 pieces. */
    return fmax(1, ceil(quantity / pack_size * (1 - 1e-12) - 1e-9)) * pack_size;
}

/* `lead` and `protection` hold the demand of each path in L and in L + R steps, `expected` the mean of each step. */
static void answer(const seqd_stock *r, double *lead, double *protection, int32_t paths,
                   const double *expected, int32_t horizon, seqd_reorder *out)
{
    memset(out, 0, sizeof *out);
    out->struct_size = (uint32_t)sizeof *out;
    moments(lead, paths, &out->lead_time_demand_mean, &out->lead_time_demand_std);
    moments(protection, paths, &out->protection_demand_mean, &out->protection_demand_std);
    out->position = r->on_hand + r->on_order;
    int64_t short_paths = 0;
    for (int32_t i = 0; i < paths; i++) short_paths += protection[i] > out->position;
    out->stockout_probability = (double)short_paths / (double)paths;

    double share = r->service_level;
    if (r->service == SEQD_SERVICE_FILL_RATE) {
        out->order_up_to = seqd_fill_rate_level(lead, protection, paths, r->service_level);
        int64_t served = 0;
        for (int32_t i = 0; i < paths; i++) served += protection[i] <= out->order_up_to;
        share = (double)served / (double)paths;
    } else {
        out->order_up_to = seqd_order_quantile(protection, paths, share);
    }
    out->reorder_point = seqd_order_quantile(lead, paths, share);
    out->fill_rate = r->review_period > 0 ? seqd_fill_rate(lead, protection, paths, out->order_up_to) : (double)NAN;
    out->safety_stock = fmax(0, out->order_up_to - out->protection_demand_mean);
    out->order_quantity = round_order(out->order_up_to - out->position, r->min_order, r->pack_size);

    double used = 0;
    for (int32_t h = 0; h < horizon && out->stockout_step == 0; h++) {
        used += expected[h];
        if (used > 0 && used >= r->on_hand) out->stockout_step = h + 1;
    }
    out->alert = out->stockout_step > 0 && out->stockout_step <= r->lead_time;
}

int32_t seqd_reorder_paths(seqd_context *context, const double *values, int32_t paths, int32_t horizon,
                           const seqd_stock *stock, seqd_reorder *out, seqd_error *error)
{
    if (paths < 1) return seqd_fail(error, SEQD_E_ARG, "paths is %d, must be at least 1", (int)paths);
    if (horizon < 1) return seqd_fail(error, SEQD_E_ARG, "horizon is %d, must be at least 1", (int)horizon);
    SEQD_CHECK(check_stock(stock, horizon, error));
    size_t room;
    if (!seqd_mul_size((size_t)paths, 2, &room) || !seqd_add_size(room, (size_t)horizon, &room))
        return seqd_fail(error, SEQD_E_LIMIT, "%d paths do not fit in memory", (int)paths);
    double *work = seqd_alloc_array(context, room, sizeof *work);
    if (work == NULL) return seqd_fail_alloc(context, room * sizeof *work, error);

    double *lead = work, *protection = work + paths, *expected = work + 2 * (int64_t)paths;
    int32_t status = SEQD_OK;
    for (int32_t i = 0; i < paths; i++) {
        const double *path = values + (int64_t)i * horizon;
        const int32_t lead_time = lead_time_of(stock, i, horizon), all = lead_time + stock->review_period;
        double sum = 0;
        for (int32_t h = 0; h < horizon; h++) {
            sum += path[h];
            if (!isfinite(sum)) {
                status = seqd_fail(error, SEQD_E_ARG, "path %d is not finite at step %d", (int)i + 1, (int)h + 1);
                goto done;
            }
            expected[h] += path[h] / paths;
            if (h + 1 == lead_time) lead[i] = sum;
            if (h + 1 == all) protection[i] = sum;
        }
    }
    seqd_reorder result;
    answer(stock, lead, protection, paths, expected, horizon, &result);
    status = seqd_copy_result(out, &result, sizeof result, error);
done:
    seqd_free(context, work);
    return status;
}

int32_t seqd_reorder_forecast(const seqd_forecast *forecast, int64_t series, const seqd_stock *stock,
                              int32_t paths, uint64_t seed, seqd_reorder *out, seqd_error *error)
{
    if (paths < 0) return seqd_fail(error, SEQD_E_ARG, "paths is %d, must be 0 or more", (int)paths);
    if (paths == 0) paths = DEFAULT_PATHS;
    SEQD_CHECK(check_stock(stock, forecast->horizon, error));
    seqd_context *context = forecast->context;
    size_t count;
    if (!seqd_mul_size((size_t)paths, (size_t)forecast->horizon, &count))
        return seqd_fail(error, SEQD_E_LIMIT, "%d paths do not fit in memory", (int)paths);
    double *values = seqd_alloc_array(context, count, sizeof *values);
    if (values == NULL) return seqd_fail_alloc(context, count * sizeof *values, error);
    int32_t status = seqd_forecast_get_paths(forecast, series, paths, seed, values, error);
    if (status == SEQD_OK)
        status = seqd_reorder_paths(context, values, paths, forecast->horizon, stock, out, error);
    seqd_free(context, values);
    return status;
}
