// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Call.check;
import static seqdemand.Lib.C;

import com.sun.jna.Pointer;

/** Forecasts of every series of a dataset. Any number of threads may read one. */
public final class Forecast extends Handle {
    Forecast(Pointer pointer) {
        super(pointer, C::seqd_forecast_release);
    }

    public int seriesCount() {
        return with(C::seqd_forecast_series_count).intValue();
    }

    public int horizon() {
        return with(C::seqd_forecast_horizon);
    }

    /** null when out of range. */
    public String id(int series) {
        return with(f -> C.seqd_forecast_series_id(f, series));
    }

    /** Position of an id, or -1. */
    public int find(String id) {
        return with(f -> C.seqd_forecast_find_series(f, id)).intValue();
    }

    /** What is special about a series. In the order of the C constants. */
    public enum SeriesStatus { OK, SHORT, ALL_ZERO, EMPTY }

    public SeriesStatus status(int series) {
        int status = with(f -> C.seqd_forecast_series_status(f, series));
        return SeriesStatus.values()[Math.floorMod(status, SeriesStatus.values().length)];
    }

    private interface Fill {
        int of(Pointer f, double[] values, Pointer error);
    }

    private double[] rows(int count, Fill fill) {
        return with(f -> {
            double[] values = new double[Math.multiplyExact(Math.max(count, 0), C.seqd_forecast_horizon(f))];
            check(error -> fill.of(f, values, error));
            return values;
        });
    }

    /** The mean of each step: the answer to "how much in total". */
    public double[] mean(int series) {
        return rows(1, (f, values, error) -> C.seqd_forecast_mean(f, series, values, error));
    }

    /** The quantile of each step at a level within (0, 1). */
    public double[] quantile(int series, double level) {
        return rows(1, (f, values, error) -> C.seqd_forecast_quantile(f, series, level, values, error));
    }

    /** Joint futures, one after the other, each of horizon steps. The same seed gives the same paths. */
    public double[] paths(int series, int count, long seed) {
        return rows(count, (f, values, error) -> C.seqd_forecast_paths(f, series, count, seed, values, error));
    }

    /** What a service level is a share of. In the order of the C constants. */
    public enum Service {
        /** Cycles without a stock-out. */
        CYCLE,
        /** Demand that is served from stock. */
        FILL_RATE
    }

    /**
     * What is there of an article and how it is ordered; times in steps of the forecast, 0 for no pack size or least
     * order, or for a lead time that never varies.
     */
    public record Stock(double onHand, double onOrder, int leadTime, int reviewPeriod, double serviceLevel,
        double packSize, double minOrder, double leadTimeStd, Service service) {
        public Stock(double onHand, double onOrder, int leadTime, int reviewPeriod, double serviceLevel,
            double packSize, double minOrder) {
            this(onHand, onOrder, leadTime, reviewPeriod, serviceLevel, packSize, minOrder, 0, Service.CYCLE);
        }
    }

    /** The answer for one article; components as struct seqd_reorder describes them. */
    public record Reorder(boolean alert, int stockoutStep, double leadTimeDemandMean, double leadTimeDemandStd,
        double protectionDemandMean, double protectionDemandStd, double safetyStock, double reorderPoint,
        double orderUpTo, double position, double orderQuantity, double stockoutProbability, double fillRate) {

        interface Filler {
            int of(Pointer stock, Pointer out, Pointer error);
        }

        static Reorder of(Filler filler, Stock stock) {
            Struct.Values s = Struct.STOCK.make().set("lead_time", stock.leadTime)
                .set("review_period", stock.reviewPeriod).set("service", stock.service.ordinal())
                .set("on_hand", stock.onHand).set("on_order", stock.onOrder)
                .set("service_level", stock.serviceLevel).set("pack_size", stock.packSize)
                .set("min_order", stock.minOrder).set("lead_time_std", stock.leadTimeStd);
            Struct.Values r = Struct.REORDER.filled((out, error) -> filler.of(s.memory, out, error));
            return new Reorder(r.int32("alert") != 0, r.int32("stockout_step"), r.number("lead_time_demand_mean"),
                r.number("lead_time_demand_std"), r.number("protection_demand_mean"), r.number("protection_demand_std"),
                r.number("safety_stock"), r.number("reorder_point"), r.number("order_up_to"), r.number("position"),
                r.number("order_quantity"), r.number("stockout_probability"), r.number("fill_rate"));
        }
    }

    /** What to order, from `count` sample paths (0: 1000). */
    public Reorder reorder(int series, Stock stock, int count, long seed) {
        return with(f -> Reorder.of((s, out, error) ->
            C.seqd_reorder_from_forecast(f, series, s, count, seed, out, error), stock));
    }

    /** Fills in a struct ArrowArrayStream at an address, which the caller releases; `data` knows the dates. */
    public void toArrow(Dataset data, long address, double... levels) {
        with(f -> data.with(d -> check(error ->
            C.seqd_forecast_to_arrow(f, d, levels, levels.length, new Pointer(address), error))));
    }
}
