// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Call.check;
import static seqdemand.Call.make;
import static seqdemand.Lib.C;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/** A trained network, or an ensemble, with all that is needed to use it. Any number of threads may use one. */
public final class Model extends Handle {
    /** A tensor of weights; columns is 1 for rank 1. */
    public record Parameter(String name, int rank, long rows, long columns) {
    }

    /** By how much the loss rises when a feature is taken from other windows, and how that varies between repeats. */
    public record Importance(String feature, String kind, double rise, double deviation) {
    }

    /** How much each input of each step added to an answer: parts by feature, from firstStep of the series on. */
    public record Attribution(int output, double value, double baseline, double gap, int firstStep,
        Map<String, double[]> parts) {
    }

    /** Scratch memory of one call at a time, which keeps the model alive. */
    private static final class Predictor extends Handle {
        Predictor(Pointer pointer) {
            super(pointer, C::seqd_predictor_release);
        }
    }

    final Seqdemand library;
    private final Deque<Predictor> idle = new ArrayDeque<>(); // at most one for each processor

    Model(Seqdemand library, Pointer pointer) {
        super(pointer, C::seqd_model_release);
        this.library = library;
    }

    @Override
    public void close() {
        super.close();
        synchronized (idle) {
            idle.forEach(Handle::close);
            idle.clear();
        }
    }

    /** Runs f with a predictor that is nobody else's. */
    private <T> T predict(Function<Pointer, T> f) {
        return with(m -> {
            Predictor found;
            synchronized (idle) {
                found = idle.pollLast();
            }
            Predictor predictor = found != null ? found
                : new Predictor(make((out, error) -> C.seqd_predictor_create(m, out, error)));
            try {
                return predictor.with(f);
            } finally {
                boolean kept;
                synchronized (idle) {
                    kept = !isClosed() && idle.size() < Runtime.getRuntime().availableProcessors();
                    if (kept) {
                        idle.addLast(predictor);
                    }
                }
                if (!kept) {
                    predictor.close();
                }
            }
        });
    }

    /** Steps answered per forecast. */
    public int horizon() {
        return with(C::seqd_model_horizon);
    }

    /** Writes the model file; a reader sees the old one or the new one. */
    public void save(String path) {
        with(m -> check(error -> C.seqd_model_save(m, path, error)));
    }

    /** The bytes of the model file. */
    public byte[] bytes() {
        return with(m -> {
            long[] size = new long[1];
            check(error -> C.seqd_model_save_memory(m, null, size, error));
            byte[] bytes = new byte[Math.toIntExact(size[0])];
            check(error -> C.seqd_model_save_memory(m, bytes, size, error));
            return bytes;
        });
    }

    /** The settings that are not as by default: read the data with them that are to be forecast. */
    public Map<String, String> options() {
        return with(m -> Call.changed(make((out, error) -> C.seqd_model_get_options(m, out, error))));
    }

    /** What the model tells of itself: created by, network, inputs, training range, losses. */
    public Map<String, String> card() {
        return with(m -> {
            Map<String, String> lines = new LinkedHashMap<>();
            for (int i = 0; i < C.seqd_model_card_count(m); i++) {
                int index = i;
                PointerByReference key = new PointerByReference();
                PointerByReference value = new PointerByReference();
                check(error -> C.seqd_model_card(m, index, key, value, error));
                lines.put(key.getValue().getString(0, "UTF-8"), value.getValue().getString(0, "UTF-8"));
            }
            return lines;
        });
    }

    public List<Parameter> parameters() {
        return with(m -> {
            List<Parameter> all = new ArrayList<>();
            for (int i = 0; i < C.seqd_model_parameter_count(m); i++) {
                int index = i;
                Struct.Values p =
                    Struct.PARAMETER_INFO.filled((out, error) -> C.seqd_model_parameter_info(m, index, out, error));
                all.add(new Parameter(p.text("name"), p.int32("rank"), p.int64("rows"), p.int64("columns")));
            }
            return all;
        });
    }

    /** The numbers of a tensor, row by row. */
    public float[] weights(Parameter of) {
        float[] values = new float[Math.toIntExact(of.rows * of.columns)];
        with(m -> check(error -> C.seqd_model_get_parameter(m, of.name, values, values.length, error)));
        return values;
    }

    /** Other numbers for a tensor. No other thread may use the model meanwhile. */
    public void setWeights(String name, float[] values) {
        with(m -> check(error -> C.seqd_model_set_parameter(m, name, values, values.length, error)));
    }

    /** A new model for other data or settings (null: those of the model) that starts from these weights. */
    public Model adapt(Dataset data, Map<String, ?> settings) {
        return with(m -> data.with(d -> Call.withOptions(library, settings == null ? Map.of() : settings, options ->
            new Model(library, make((out, error) ->
                C.seqd_model_adapt(m, settings == null ? null : options, d, out, error))))));
    }

    /** One model of several, by "mean" or "median". Members are shared, and may be closed. */
    public static Model combine(String how, List<Model> members) {
        return combine(how, members, new Pointer[members.size()], 0);
    }

    private static Model combine(String how, List<Model> members, Pointer[] handles, int next) {
        if (next < members.size()) {
            return members.get(next).with(m -> {
                handles[next] = m;
                return combine(how, members, handles, next + 1);
            });
        }
        return new Model(members.isEmpty() ? null : members.get(0).library,
            make((out, error) -> C.seqd_model_combine(handles, handles.length, how, out, error)));
    }

    /** The models of an ensemble; none of a single network. */
    public List<Model> members() {
        return with(m -> {
            List<Model> all = new ArrayList<>();
            for (int i = 0; i < C.seqd_model_member_count(m); i++) {
                int index = i;
                all.add(new Model(library, make((out, error) -> C.seqd_model_member(m, index, out, error))));
            }
            return all;
        });
    }

    /** A trainer for this model, whose own it is until closed. */
    public Trainer trainer(Dataset data, Map<String, ?> settings) {
        return with(m -> data.with(d -> Call.withOptions(library, settings, options -> new Trainer(this,
            make((out, error) -> C.seqd_trainer_create(m, d, options, null, out, error))))));
    }

    /** Forecasts after the end of each series. */
    public Forecast forecast(Dataset data) {
        return forecast(data, null);
    }

    /** As forecast; null when `stop`, or an interrupt of the thread, ended it. */
    public Forecast forecast(Dataset data, Predicate<Progress> stop) {
        return data.with(d -> predict(p -> {
            if (stop == null) {
                return new Forecast(make((out, error) -> C.seqd_predictor_run(p, d, out, error)));
            }
            Pointer made = Call.watched(stop, () -> make((out, error) -> C.seqd_predictor_run(p, d, out, error)));
            return made == null ? null : new Forecast(made);
        }));
    }

    /** Answers to sequences of events, by a model of task=classify or task=regress. */
    public Prediction answer(Dataset data, Which which) {
        return data.with(d -> predict(p -> new Prediction(
            make((out, error) -> C.seqd_predictor_answer(p, d, which.ordinal(), out, error)))));
    }

    /** A stream that has read the history of every series of the data. */
    public Stream stream(Dataset data) {
        return with(m -> data.with(d -> new Stream(make((out, error) -> C.seqd_stream_create(m, d, out, error)))));
    }

    /** The permutation importance of every feature on the data, from the largest rise to the smallest. */
    public List<Importance> importance(Dataset data, int repeats, long seed) {
        Pointer made = with(m -> data.with(d ->
            make((out, error) -> C.seqd_importance_create(m, d, repeats, seed, out, error))));
        try {
            List<Importance> rows = new ArrayList<>();
            for (int i = 0; i < C.seqd_importance_count(made); i++) {
                int index = i;
                Struct.Values row =
                    Struct.IMPORTANCE_ROW.filled((out, error) -> C.seqd_importance_get_row(made, index, out, error));
                rows.add(new Importance(row.text("feature"), row.text("kind"), row.number("rise"),
                    row.number("deviation")));
            }
            return rows;
        } finally {
            C.seqd_importance_release(made);
        }
    }

    /** Integrated gradients of the answer to one series; output -1: the likeliest class; points 0: 64. */
    public Attribution attribute(Dataset data, int series, int output, int points) {
        Pointer made = with(m -> data.with(d ->
            make((out, error) -> C.seqd_attribution_create(m, d, series, output, points, out, error))));
        try {
            Struct.Values s =
                Struct.ATTRIBUTION_SUMMARY.filled((out, error) -> C.seqd_attribution_summarize(made, out, error));
            Map<String, double[]> parts = new LinkedHashMap<>();
            for (int i = 0; i < C.seqd_attribution_feature_count(made); i++) {
                int feature = i;
                double[] values = new double[C.seqd_attribution_step_count(made)];
                check(error -> C.seqd_attribution_values(made, feature, values, error));
                parts.put(C.seqd_attribution_feature_name(made, feature), values);
            }
            return new Attribution(s.int32("output"), s.number("value"), s.number("baseline"), s.number("gap"),
                (int) C.seqd_attribution_first_step(made), parts);
        } finally {
            C.seqd_attribution_release(made);
        }
    }

    /** Where an encoder-decoder looked for its forecast of one series: weights[head][step][step of history]. */
    public float[][][] attention(Dataset data, int series) {
        IntByReference heads = new IntByReference();
        IntByReference horizon = new IntByReference();
        IntByReference context = new IntByReference();
        with(m -> check(error -> C.seqd_model_attention_shape(m, heads.getPointer(), horizon.getPointer(),
            context.getPointer(), error)));
        float[] all = new float[heads.getValue() * horizon.getValue() * context.getValue()];
        data.with(d -> predict(p -> check(error -> C.seqd_predictor_attention(p, d, series, all, all.length, error))));
        float[][][] weights = new float[heads.getValue()][horizon.getValue()][context.getValue()];
        int at = 0;
        for (float[][] head : weights) {
            for (float[] row : head) {
                System.arraycopy(all, at, row, 0, row.length);
                at += row.length;
            }
        }
        return weights;
    }
}
