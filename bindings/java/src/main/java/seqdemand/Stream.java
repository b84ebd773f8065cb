// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Call.check;
import static seqdemand.Call.make;
import static seqdemand.Lib.C;

import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Carries series on by one step at a time, instead of reading their history again. Threads that use one take turns. */
public final class Stream extends Handle {
    /** The forecast of one series: its mean, and a row for each level. */
    public record Answer(double[] mean, double[][] quantiles) {
    }

    Stream(Pointer pointer) {
        super(pointer, C::seqd_stream_release);
    }

    public int seriesCount() {
        return with(C::seqd_stream_series_count).intValue();
    }

    public String id(int series) {
        return with(s -> C.seqd_stream_series_id(s, series));
    }

    /** Steps a series has had: those of its history, and those pushed. */
    public synchronized int length(int series) {
        return with(s -> C.seqd_stream_length(s, series)).intValue();
    }

    public int horizon() {
        return with(C::seqd_stream_horizon);
    }

    /** Known-future covariates that the model reads, in the order in which values are given. */
    public List<String> known() {
        return with(s -> names(C.seqd_stream_known_count(s), i -> C.seqd_stream_known_name(s, i)));
    }

    /** Covariates that are only known afterwards. */
    public List<String> past() {
        return with(s -> names(C.seqd_stream_past_count(s), i -> C.seqd_stream_past_name(s, i)));
    }

    private static List<String> names(int count, IntFunction<String> name) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(name.apply(i));
        }
        return all;
    }

    /** The next step of one series, of a model without covariates; NaN: nothing was observed. */
    public void push(int series, double y) {
        push(series, y, true, null, null);
    }

    /** The next step of one series; covariates as `known` and `past` name them, null for none. */
    public synchronized void push(int series, double y, boolean inStock, double[] known, double[] past) {
        with(s -> check(error -> C.seqd_stream_push(s, series, y, inStock ? 1 : 0, known, count(known), past,
            count(past), error)));
    }

    /** The next step of every series; covariates series by series, inStock null for all. */
    public synchronized void pushAll(double[] y, boolean[] inStock, double[] known, double[] past) {
        int[] flags = inStock == null ? null : new int[inStock.length];
        for (int i = 0; flags != null && i < flags.length; i++) {
            flags[i] = inStock[i] ? 1 : 0;
        }
        if (flags != null && flags.length != y.length) {
            throw new IllegalArgumentException("inStock is not as long as y");
        }
        int n = Math.max(y.length, 1);
        with(s -> check(error -> C.seqd_stream_push_many(s, y, flags, y.length, known, count(known) / n, past,
            count(past) / n, error)));
    }

    /** The forecast of one series after its last step; known covariates of the steps to come, step by step. */
    public synchronized Answer forecast(int series, double[] known, double... levels) {
        return with(s -> {
            int horizon = C.seqd_stream_horizon(s);
            double[] mean = new double[horizon];
            double[] all = new double[horizon * levels.length];
            check(error -> C.seqd_stream_forecast(s, series, known, count(known) / Math.max(horizon, 1), mean, levels,
                levels.length, all, error));
            double[][] quantiles = new double[levels.length][horizon];
            for (int i = 0; i < levels.length; i++) {
                System.arraycopy(all, i * horizon, quantiles[i], 0, horizon);
            }
            return new Answer(mean, quantiles);
        });
    }

    /** The forecasts of all series; known covariates series by series. */
    public synchronized Forecast forecastAll(double[] known) {
        return with(s -> {
            long series = C.seqd_stream_series_count(s);
            int columns = (int) (count(known) / Math.max(series * C.seqd_stream_horizon(s), 1));
            return new Forecast(make((out, error) -> C.seqd_stream_run(s, known, series, columns, out, error)));
        });
    }

    private static int count(double[] values) {
        return values == null ? 0 : values.length;
    }
}
