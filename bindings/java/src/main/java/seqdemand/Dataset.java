// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Call.check;
import static seqdemand.Call.make;
import static seqdemand.Lib.C;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** A table that does not change any more: series of demand, or sequences of events. Any number of threads read one. */
public final class Dataset extends Handle {
    /** What cleaning did, in numbers; see struct seqd_dataset_summary. */
    public record Summary(long rows, long series, long steps, long observed, long zeros, long missing, long filled,
        long merged, long negative, long negativeChanged, long clipped, long outOfStock, long futureSteps,
        long labelled, long classes, long unnamed) {
    }

    /** Two parts; close both. */
    public record Parts(Dataset first, Dataset second) implements AutoCloseable {
        @Override
        public void close() {
            first.close();
            second.close();
        }
    }

    /** A model over all windows of a backtest, and its measures. */
    public record BacktestRow(String model, Metrics metrics, double fitSeconds, double predictSeconds) {
    }

    /** A set of settings that was tried; problem is null, or why it could not be trained. */
    public record Trial(int number, int round, double score, String problem, Map<String, String> settings) {
    }

    final Seqdemand library;

    Dataset(Seqdemand library, Pointer pointer) {
        super(pointer, C::seqd_dataset_release);
        this.library = library;
    }

    public int seriesCount() {
        return with(C::seqd_dataset_series_count).intValue();
    }

    /** null when out of range. */
    public String id(int series) {
        return with(d -> C.seqd_dataset_series_id(d, series));
    }

    /** Position of an id, or -1. */
    public int find(String id) {
        return with(d -> C.seqd_dataset_find_series(d, id)).intValue();
    }

    /** History steps of a series, or its events; -1 when out of range. */
    public int length(int series) {
        return with(d -> C.seqd_dataset_length(d, series)).intValue();
    }

    /** "D", "W", "MS", "h", "int"; "" of events. */
    public String frequency() {
        return with(C::seqd_dataset_frequency);
    }

    public int season() {
        return with(C::seqd_dataset_season);
    }

    /** Answers that task=classify may give. */
    public List<String> classes() {
        return with(d -> {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < C.seqd_dataset_class_count(d); i++) {
                names.add(C.seqd_dataset_class_name(d, i));
            }
            return names;
        });
    }

    /** The history of a series; missing steps are NaN. */
    public double[] values(int series) {
        return with(d -> {
            double[] values = new double[(int) Math.max(C.seqd_dataset_length(d, series), 0)];
            check(error -> C.seqd_dataset_values(d, series, 0, values.length, values, error));
            return values;
        });
    }

    /** The date of a step; steps past the history are those of the forecast. */
    public String date(int series, long step) {
        byte[] text = new byte[24];
        with(d -> check(error -> C.seqd_dataset_date(d, series, step, text, text.length, error)));
        return Native.toString(text, "UTF-8");
    }

    public Summary summary() {
        Struct.Values s =
            with(d -> Struct.DATASET_SUMMARY.filled((out, error) -> C.seqd_dataset_summarize(d, out, error)));
        return new Summary(s.int64("rows"), s.int64("series"), s.int64("steps"), s.int64("observed"), s.int64("zeros"),
            s.int64("missing"), s.int64("filled"), s.int64("merged"), s.int64("negative"), s.int64("negative_changed"),
            s.int64("clipped"), s.int64("out_of_stock"), s.int64("future_steps"), s.int64("labelled"),
            s.int64("classes"), s.int64("unnamed"));
    }

    /** A view in which the last steps of the panel have not happened yet. */
    public Dataset before(int steps) {
        return with(d -> new Dataset(library, make((out, error) -> C.seqd_dataset_before(d, steps, out, error))));
    }

    /** Two parts of a dataset of events, by "user", "order" or "time"; `fraction` is the share of the first. */
    public Parts split(String by, double fraction, long seed) {
        return parts((d, a, b, error) -> C.seqd_dataset_split(d, by, fraction, seed, a, b, error));
    }

    /** All sequences but a fold, and that fold. */
    public Parts fold(int folds, int fold, long seed) {
        return parts((d, a, b, error) -> C.seqd_dataset_fold(d, folds, fold, seed, a, b, error));
    }

    private interface Parting {
        int of(Pointer d, PointerByReference first, PointerByReference second, Pointer error);
    }

    private Parts parts(Parting parting) {
        PointerByReference first = new PointerByReference();
        PointerByReference second = new PointerByReference();
        with(d -> check(error -> parting.of(d, first, second, error)));
        return new Parts(new Dataset(library, first.getValue()), new Dataset(library, second.getValue()));
    }

    /** The forecast of a simple method: "naive", "seasonal_naive", "moving_average", "ses", "croston", ... */
    public Forecast baseline(String method, Map<String, ?> settings) {
        return with(d -> Call.withOptions(library, settings, options ->
            new Forecast(make((out, error) -> C.seqd_baseline_forecast(d, options, method, out, error)))));
    }

    /** Each row of this dataset answered by the shares of the classes among the labels of `train`, or by their mean. */
    public Prediction baselineAnswer(Dataset train, Which which) {
        return with(d -> train.with(t ->
            new Prediction(make((out, error) -> C.seqd_baseline_answer(t, d, which.ordinal(), out, error)))));
    }

    /** Compares models and simple methods by rolling origins. null when `stop` ended it. */
    public List<BacktestRow> backtest(List<String> models, Map<String, ?> settings, Predicate<Progress> stop) {
        Pointer made = with(d -> Call.withOptions(library, settings, options -> Call.watched(stop, () ->
            make((out, error) -> C.seqd_backtest_run(d, options, String.join(",", models), out, error)))));
        if (made == null) {
            return null;
        }
        try {
            List<BacktestRow> rows = new ArrayList<>();
            for (int i = 0; i < C.seqd_backtest_row_count(made); i++) {
                int index = i;
                Struct.Values row =
                    Struct.BACKTEST_ROW.filled((out, error) -> C.seqd_backtest_get_row(made, index, out, error));
                Metrics metrics = Metrics.of((out, error) -> C.seqd_backtest_get_metrics(made, index, out, error));
                rows.add(new BacktestRow(row.text("model"), metrics, row.number("fit_seconds"),
                    row.number("predict_seconds")));
            }
            return rows;
        } finally {
            C.seqd_backtest_release(made);
        }
    }

    /** Measures of each of option `folds` parts, answered by a model of the others. null when `stop` ended it. */
    public List<Prediction.Metrics> crossValidate(Map<String, ?> settings, Predicate<Progress> stop) {
        Pointer made = with(d -> Call.withOptions(library, settings, options -> Call.watched(stop, () ->
            make((out, error) -> C.seqd_cross_validation_run(d, options, out, error)))));
        if (made == null) {
            return null;
        }
        try {
            List<Prediction.Metrics> folds = new ArrayList<>();
            for (int i = 0; i < C.seqd_cross_validation_fold_count(made); i++) {
                int index = i;
                folds.add(Prediction.Metrics.of((out, error) ->
                    C.seqd_cross_validation_get_fold(made, index, out, error)));
            }
            return folds;
        } finally {
            C.seqd_cross_validation_release(made);
        }
    }

    /**
     * Searches good settings on the past: options drawn from ranges such as "32:128", "1e-4:1e-2:log", "lstm,gru". A
     * state file (or null) lets an interrupted search go on. All trials that were judged, from the best to the worst.
     */
    public List<Trial> tune(Map<String, String> ranges, Map<String, ?> settings, String state,
        Predicate<Progress> stop) {
        return with(d -> Call.withOptions(library, settings, options -> {
            Pointer tuner = make((out, error) -> C.seqd_tuner_create(options, out, error));
            try {
                new TreeMap<>(ranges).forEach((name, range) ->
                    check(error -> C.seqd_tuner_add_range(tuner, name, range, error)));
                if (state != null) {
                    check(error -> C.seqd_tuner_open_state(tuner, d, state, error));
                }
                Call.watched(stop, () -> check(error -> C.seqd_tuner_run(tuner, d, error)));
                List<Trial> trials = new ArrayList<>();
                for (int i = 0; i < C.seqd_tuner_trial_count(tuner); i++) {
                    int place = i;
                    Struct.Values t =
                        Struct.TRIAL.filled((out, error) -> C.seqd_tuner_get_trial(tuner, place, out, error));
                    if (t.int32("round") >= 0) {
                        trials.add(new Trial(t.int32("trial"), t.int32("round"), t.number("score"),
                            t.int32("status") == Lib.OK ? null : t.text("message"), Call.changed(make((out, error) ->
                                C.seqd_tuner_get_options(tuner, t.int32("trial"), out, error)))));
                    }
                }
                return trials;
            } finally {
                C.seqd_tuner_release(tuner);
            }
        }));
    }
}
