// SPDX-License-Identifier: Apache-2.0
package seqdemand;

/** Measures of forecasts; components as struct seqd_metrics describes them. */
public record Metrics(double smape, double mase, double rmsse, double wape, double rmse, double bias, double wql,
    double coverage80, long series, long points, long maseLeftOut, long rmsseLeftOut) {

    static Metrics of(Struct.Filler filler) {
        Struct.Values m = Struct.METRICS.filled(filler);
        return new Metrics(m.number("smape"), m.number("mase"), m.number("rmsse"), m.number("wape"), m.number("rmse"),
            m.number("bias"), m.number("wql"), m.number("coverage80"), m.int64("series"), m.int64("points"),
            m.int64("mase_left_out"), m.int64("rmsse_left_out"));
    }
}
