// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Lib.C;

import com.sun.jna.Pointer;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The library: threads and memory of all that is made from it. Settings are names and values of the library's options;
 * values are written as they print, lists with commas between.
 */
public final class Seqdemand extends Handle {
    /** One thread; 0 takes all that the process may use. */
    public Seqdemand(int threads) {
        super(make((out, error) -> C.seqd_context_create(null, out, error)), C::seqd_context_release);
        check(error -> C.seqd_context_set_threads(get(), threads, error));
    }

    public static String version() {
        return C.seqd_version_string();
    }

    /** Bytes now held by all that was made from this library. */
    public long memoryInUse() {
        return C.seqd_context_memory_in_use(get());
    }

    /** Reads a CSV or gzip CSV file of rows unique_id, ds, y. */
    public Dataset read(String path, Map<String, ?> settings) {
        return new Dataset(withOptions(settings, options ->
            make((out, error) -> C.seqd_dataset_read(get(), options, path, out, error))));
    }

    /** Reads CSV text. */
    public Dataset parse(byte[] text, Map<String, ?> settings) {
        return new Dataset(withOptions(settings, options ->
            make((out, error) -> C.seqd_dataset_parse(get(), options, text, text.length, out, error))));
    }

    /** A model for the data, trained to the end. */
    public Model train(Dataset data, Map<String, ?> settings) {
        return train(data, settings, null);
    }

    /**
     * As train; `stop` is asked after each step with the number of steps done, and ends the run with what was reached by
     * answering true. One run at a time.
     */
    public synchronized Model train(Dataset data, Map<String, ?> settings, Predicate<Long> stop) {
        return withOptions(settings, options -> {
            Model model = new Model(make((out, error) -> C.seqd_model_create(get(), options, data.get(), out, error)));
            Lib.ProgressCallback callback =
                stop == null ? null : (user, progress) -> stop.test(progress.getLong(8)) ? 1 : 0;
            Pointer trainer = null;
            try {
                trainer = make((out, error) ->
                    C.seqd_trainer_create(model.get(), data.get(), options, null, out, error));
                check(error -> C.seqd_context_set_progress(get(), callback, null, error));
                Pointer running = trainer;
                check(error -> C.seqd_trainer_run(running, error));
                return model;
            } catch (RuntimeException problem) {
                model.close();
                throw problem;
            } finally {
                C.seqd_trainer_release(trainer);
                check(error -> C.seqd_context_set_progress(get(), null, null, error));
            }
        });
    }

    /** Reads a model file. */
    public Model load(String path) {
        return new Model(make((out, error) -> C.seqd_model_load(get(), path, out, error)));
    }

    private <T> T withOptions(Map<String, ?> settings, Function<Pointer, T> use) {
        Pointer options = make((out, error) -> C.seqd_options_create(get(), out, error));
        try {
            new TreeMap<>(settings).forEach((name, value) ->
                check(error -> C.seqd_options_set_str(options, name, String.valueOf(value), error)));
            return use.apply(options);
        } finally {
            C.seqd_options_release(options);
        }
    }
}
