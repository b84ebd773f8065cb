// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Call.check;
import static seqdemand.Call.make;
import static seqdemand.Lib.C;

import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * The library: threads, limits, log and memory of all that is made from it. Any number of threads may use one. Settings
 * are names and values of the library's options: text, numbers, booleans, or lists of these. One map may hold settings
 * of data, model and training: each call reads its own.
 */
public final class Seqdemand extends Handle {
    /** One row of the option table; choices are parted by "|". */
    public record Option(String name, String type, String group, String defaultValue, String choices, double minimum,
        double maximum, String help) {
    }

    private static final Map<Long, BiConsumer<Integer, String>> LOGS = new ConcurrentHashMap<>();
    private static final AtomicLong LAST = new AtomicLong();
    private static final Lib.LogCallback LOG = (user, level, line) -> {
        BiConsumer<Integer, String> log = LOGS.get(Pointer.nativeValue(user));
        if (log != null) {
            try {
                log.accept(level, line.getString(0, "UTF-8"));
            } catch (Throwable problem) { // must not pass through the library
                LOGS.remove(Pointer.nativeValue(user));
            }
        }
    };

    /** One thread. */
    public Seqdemand() {
        this(1);
    }

    /** 0 threads: all that the process may use. Results have the same bits for any number. */
    public Seqdemand(int threads) {
        this(threads, LAST.incrementAndGet());
    }

    private Seqdemand(int threads, long log) {
        super(make((out, error) -> C.seqd_context_create(null, out, error)), context -> {
            C.seqd_context_release(context);
            LOGS.remove(log);
        });
        try {
            with(context -> check(error -> C.seqd_context_set_threads(context, threads, error)));
            with(context -> check(error -> C.seqd_context_set_progress(context, Call.PROGRESS, null, error)));
        } catch (RuntimeException problem) {
            close();
            throw problem;
        }
        this.log = log;
    }

    private final long log;

    public static String version() {
        return C.seqd_version_string();
    }

    /** Every option of the library. */
    public static List<Option> options() {
        List<Option> all = new ArrayList<>();
        for (int i = 0; i < C.seqd_options_count(); i++) {
            int index = i;
            Struct.Values row = Struct.OPTION_INFO.filled((out, error) -> C.seqd_options_describe(index, out, error));
            all.add(new Option(row.text("name"), row.text("type"), row.text("group"), row.text("default_value"),
                row.text("choices"), row.number("minimum"), row.number("maximum"), row.text("help")));
        }
        return all;
    }

    /** Settings of a file of `key = value` lines. */
    public Map<String, String> loadOptions(String path) {
        return with(context -> {
            Pointer options = make((out, error) -> C.seqd_options_create(context, out, error));
            try {
                check(error -> C.seqd_options_load(options, path, error));
            } catch (RuntimeException problem) {
                C.seqd_options_release(options);
                throw problem;
            }
            return Call.changed(options);
        });
    }

    /** Sets a limit: "memory", "series", "rows", "field", "parameters". Before threads share the library. */
    public Seqdemand limit(String name, long value) {
        with(context -> check(error -> C.seqd_context_set_limit(context, name, value, error)));
        return this;
    }

    /** Holds the kernels to a level: "ref", "avx2", "avx512", "auto". Before threads share the library. */
    public Seqdemand kernels(String level) {
        with(context -> check(error -> C.seqd_context_set_kernels(context, level, error)));
        return this;
    }

    /** Sends lines up to a level (1 warnings, 2 information, 3 all) to `to`. Before threads share the library. */
    public Seqdemand log(int most, BiConsumer<Integer, String> to) {
        LOGS.put(log, to);
        with(context -> check(error -> C.seqd_context_set_log(context, LOG, new Pointer(log), most, error)));
        return this;
    }

    /** Bytes now held by all that was made from this library. */
    public long memoryInUse() {
        return with(C::seqd_context_memory_in_use);
    }

    /** Threads that calls work with at most. */
    public int threads() {
        return with(C::seqd_context_get_threads);
    }

    /** Reads a CSV or gzip CSV file; rows in any order. */
    public Dataset read(String path, Map<String, ?> settings) {
        return with(context -> Call.withOptions(this, settings, options -> new Dataset(this,
            make((out, error) -> C.seqd_dataset_read(context, options, path, out, error)))));
    }

    /** Reads CSV text to its end. */
    public Dataset read(InputStream text, Map<String, ?> settings) throws IOException {
        return parse(text.readAllBytes(), settings);
    }

    /** Reads CSV text. */
    public Dataset parse(byte[] text, Map<String, ?> settings) {
        return with(context -> Call.withOptions(this, settings, options -> new Dataset(this,
            make((out, error) -> C.seqd_dataset_parse(context, options, text, text.length, out, error)))));
    }

    /**
     * A dataset of columns of one length: String[], long[] or double[] by name. null and NaN are missing values; times
     * are text, whole steps (freq=int) or seconds since 1970.
     */
    public Dataset columns(Map<String, ?> columns, Map<String, ?> settings) {
        return with(context -> Call.withOptions(this, settings, options -> {
            Dataset made = new Dataset(this, make((out, error) -> C.seqd_dataset_create(context, options, out, error)));
            try {
                made.with(d -> {
                    new TreeMap<>(columns).forEach((name, values) -> append(d, name, values));
                    return check(error -> C.seqd_dataset_seal(d, error));
                });
                return made;
            } catch (RuntimeException problem) {
                made.close();
                throw problem;
            }
        }));
    }

    private static void append(Pointer d, String name, Object values) {
        if (values instanceof double[] v) {
            check(error -> C.seqd_dataset_append_f64(d, name, v, v.length, error));
        } else if (values instanceof long[] v) {
            check(error -> C.seqd_dataset_append_i64(d, name, v, v.length, error));
        } else if (values instanceof String[] v) {
            check(error -> C.seqd_dataset_append_str(d, name, new StringArray(v, "UTF-8"), v.length, error));
        } else {
            throw new IllegalArgumentException("column " + name + " is not a String[], long[] or double[]");
        }
    }

    /** Reads a struct ArrowArrayStream at an address; it is released, whatever comes of it. */
    public Dataset fromArrow(long address, Map<String, ?> settings) {
        return with(context -> Call.withOptions(this, settings, options -> new Dataset(this,
            make((out, error) -> C.seqd_dataset_from_arrow(context, options, new Pointer(address), out, error)))));
    }

    /** Makes and trains what the settings ask for: a network or, by ensemble_size and ensemble_models, an ensemble. */
    public Model train(Dataset data, Map<String, ?> settings) {
        return train(data, settings, null);
    }

    /**
     * As train; `stop` is asked after each step, and ends the run by answering true, as does an interrupt of the
     * thread: the model then has the best weights so far (null when there are none yet). Threads may train at once.
     */
    public Model train(Dataset data, Map<String, ?> settings, Predicate<Progress> stop) {
        return with(context -> data.with(d -> Call.withOptions(this, settings, options -> Call.watched(stop, () -> {
            Pointer made = make((out, error) -> C.seqd_ensemble_train(context, options, d, out, null, error));
            return made == null ? null : new Model(this, made);
        }))));
    }

    /** A model that is not trained yet, for a {@link Trainer}. */
    public Model create(Dataset data, Map<String, ?> settings) {
        return with(context -> data.with(d -> Call.withOptions(this, settings, options ->
            new Model(this, make((out, error) -> C.seqd_model_create(context, options, d, out, error))))));
    }

    /** Reads a model file. */
    public Model load(String path) {
        return with(context -> new Model(this, make((out, error) -> C.seqd_model_load(context, path, out, error))));
    }

    /** Reads a model from the bytes of its file. */
    public Model load(byte[] bytes) {
        return with(context -> new Model(this,
            make((out, error) -> C.seqd_model_load_memory(context, bytes, bytes.length, out, error))));
    }

    /** A trainer of a checkpoint that goes on where its run was; the data must be the same. */
    public Trainer resume(String checkpoint, Dataset data) {
        return with(context -> data.with(d -> Trainer.of(this,
            (t, m, error) -> C.seqd_trainer_resume(context, checkpoint, d, t, m, error))));
    }

    /** A trainer of a checkpoint for newer rows. Settings null: those of the checkpoint. */
    public Trainer update(String checkpoint, Dataset data, Map<String, ?> settings) {
        return with(context -> data.with(d -> Call.withOptions(this, settings == null ? Map.of() : settings, options ->
            Trainer.of(this, (t, m, error) ->
                C.seqd_trainer_update(context, checkpoint, d, settings == null ? null : options, t, m, error)))));
    }

    /** What to order, by sample paths of the caller's own: one after the other, each of horizon steps. */
    public Forecast.Reorder reorder(double[] paths, int horizon, Forecast.Stock stock) {
        return with(context -> Forecast.Reorder.of((s, out, error) ->
            C.seqd_reorder_from_paths(context, paths, paths.length / Math.max(horizon, 1), horizon, s, out, error),
            stock));
    }
}
