// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Lib.C;

import com.sun.jna.Pointer;

/** Forecasts of every series of a dataset. Any number of threads may read one. */
public final class Forecast extends Handle {
    Forecast(Pointer pointer) {
        super(pointer, C::seqd_forecast_release);
    }

    public int seriesCount() {
        return (int) C.seqd_forecast_series_count(get());
    }

    public int horizon() {
        return C.seqd_forecast_horizon(get());
    }

    /** null when out of range. */
    public String id(int series) {
        return C.seqd_forecast_series_id(get(), series);
    }

    /** The mean of each step: the answer to "how much in total". */
    public double[] mean(int series) {
        double[] values = new double[horizon()];
        check(error -> C.seqd_forecast_mean(get(), series, values, error));
        return values;
    }

    /** The quantile of each step at a level within (0, 1). */
    public double[] quantile(int series, double level) {
        double[] values = new double[horizon()];
        check(error -> C.seqd_forecast_quantile(get(), series, level, values, error));
        return values;
    }

    /** Joint futures, one after the other, each of horizon steps. The same seed gives the same paths. */
    public double[] paths(int series, int count, long seed) {
        double[] values = new double[Math.multiplyExact(Math.max(count, 0), horizon())];
        check(error -> C.seqd_forecast_paths(get(), series, count, seed, values, error));
        return values;
    }

    /** What a service level is a share of: cycles without a stock-out, or demand served from stock. */
    public enum Service { CYCLE, FILL_RATE }

    /**
     * What is there of an article and how it is ordered; times in steps of the forecast, 0 for no pack size, least order
     * or deviation of the lead time.
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
    }

    /** What to order, from `count` sample paths (0: 1000). */
    public Reorder reorder(int series, Stock stock, int count, long seed) {
        Lib.ReorderInfo out = new Lib.ReorderInfo();
        Lib.StockInfo in = new Lib.StockInfo();
        in.leadTime = stock.leadTime;
        in.reviewPeriod = stock.reviewPeriod;
        in.service = stock.service.ordinal();
        in.onHand = stock.onHand;
        in.onOrder = stock.onOrder;
        in.serviceLevel = stock.serviceLevel;
        in.packSize = stock.packSize;
        in.minOrder = stock.minOrder;
        in.leadTimeStd = stock.leadTimeStd;
        check(error -> C.seqd_reorder_from_forecast(get(), series, in, count, seed, out, error));
        return new Reorder(out.alert != 0, out.stockoutStep, out.leadTimeDemandMean, out.leadTimeDemandStd,
            out.protectionDemandMean, out.protectionDemandStd, out.safetyStock, out.reorderPoint, out.orderUpTo,
            out.position, out.orderQuantity, out.stockoutProbability, out.fillRate);
    }
}
