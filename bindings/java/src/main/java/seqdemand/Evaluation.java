// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Call.check;
import static seqdemand.Call.make;
import static seqdemand.Lib.C;

/** Gathers forecasts, of any origin, and what then happened. Threads that use one take turns. */
public final class Evaluation extends Handle {
    private final int levels;

    /** Levels, ascending, are those of the quantiles that wql measures. */
    public Evaluation(Seqdemand library, int season, double... levels) {
        super(library.with(context -> make((out, error) ->
            C.seqd_evaluation_create(context, season, levels, levels.length, out, error))), C::seqd_evaluation_release);
        this.levels = levels.length;
    }

    /** One series: what was known, what then happened (NaN: missing), its forecast, a row of it for each level. */
    public synchronized void add(double[] history, double[] actual, double[] mean, double[] median,
        double[][] quantiles) {
        boolean wrong = mean.length != actual.length || median.length != actual.length
            || quantiles.length != 0 && quantiles.length != levels;
        double[] all = quantiles.length == 0 ? null : new double[levels * actual.length];
        for (int i = 0; !wrong && i < quantiles.length; i++) {
            wrong = quantiles[i].length != actual.length;
            System.arraycopy(quantiles[i], 0, all, i * actual.length, wrong ? 0 : actual.length);
        }
        if (wrong) {
            throw new IllegalArgumentException("actual, mean, median and quantiles do not fit together");
        }
        with(v -> check(error -> C.seqd_evaluation_add(v, history, history.length, actual, mean, median, all,
            actual.length, error)));
    }

    /** Measures of what was gathered so far. */
    public synchronized Metrics result() {
        return with(v -> Metrics.of((out, error) -> C.seqd_evaluation_result(v, out, error)));
    }
}
