// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Lib.C;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.lang.reflect.Array;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** How functions of the library are called: errors, results, options, progress. */
final class Call {
    private static final int ERROR_SIZE = 280; // seqd_error: 24 bytes, then the message of 256

    private static final ThreadLocal<Memory> ERROR = ThreadLocal.withInitial(() -> {
        Memory error = new Memory(ERROR_SIZE);
        error.clear();
        error.setInt(0, ERROR_SIZE);
        return error;
    });

    private Call() {
    }

    interface Status {
        int of(Pointer error);
    }

    interface Maker {
        int of(PointerByReference out, Pointer error);
    }

    /** The status of a call, if that is not a failure. */
    static int check(Status call) {
        Memory error = ERROR.get();
        int status = call.of(error);
        if (status < 0) {
            throw new SeqdemandException(status, error.getLong(8), error.getLong(16), error.getString(24, "UTF-8"));
        }
        return status;
    }

    /** The handle that a call makes; null when it was stopped before there was one. */
    static Pointer make(Maker maker) {
        PointerByReference out = new PointerByReference();
        check(error -> maker.of(out, error));
        return out.getValue();
    }

    /** Runs f with the settings as an options handle. */
    static <T> T withOptions(Seqdemand library, Map<String, ?> settings, Function<Pointer, T> f) {
        return library.with(context -> {
            Pointer options = make((out, error) -> C.seqd_options_create(context, out, error));
            try {
                new TreeMap<>(settings).forEach((name, value) ->
                    check(error -> C.seqd_options_set_str(options, name, text(value), error)));
                return f.apply(options);
            } finally {
                C.seqd_options_release(options);
            }
        });
    }

    /** The options of a handle that are not as by default; releases it. */
    static Map<String, String> changed(Pointer options) {
        try {
            Map<String, String> all = new TreeMap<>();
            for (int i = 0; i < C.seqd_options_count(); i++) {
                int index = i;
                Struct.Values row =
                    Struct.OPTION_INFO.filled((out, error) -> C.seqd_options_describe(index, out, error));
                PointerByReference value = new PointerByReference();
                check(error -> C.seqd_options_get_str(options, row.text("name"), value, error));
                String now = value.getValue().getString(0, "UTF-8");
                if (!now.equals(row.text("default_value"))) {
                    all.put(row.text("name"), now);
                }
            }
            return all;
        } finally {
            C.seqd_options_release(options);
        }
    }

    private static String text(Object value) {
        if (value instanceof Boolean flag) {
            return flag ? "1" : "0";
        }
        StringJoiner words = new StringJoiner(",");
        if (value instanceof List<?> list) {
            list.forEach(item -> words.add(text(item)));
        } else if (value.getClass().isArray()) {
            for (int i = 0; i < Array.getLength(value); i++) {
                words.add(text(Array.get(value, i)));
            }
        } else {
            return String.valueOf(value);
        }
        return words.toString();
    }

    /** Who watches the call that runs on this thread. */
    private static final class Watcher {
        Predicate<Progress> stop;
        Throwable thrown;
    }

    private static final ThreadLocal<Watcher> WATCHING = new ThreadLocal<>();

    /**
     * Progress belongs to a context, and a context to many threads: this one callback serves all of them all their
     * lives, and asks who watches the call on its thread.
     */
    static final Lib.ProgressCallback PROGRESS = (user, progress) -> {
        Watcher watcher = WATCHING.get();
        if (watcher == null) {
            return 0;
        }
        try {
            boolean stop = watcher.stop != null && watcher.stop.test(Progress.of(progress));
            return stop || Thread.currentThread().isInterrupted() ? 1 : 0;
        } catch (Throwable problem) { // must not pass through the library
            watcher.thrown = problem;
            return 1;
        }
    };

    /** Runs a long call that `stop`, or an interrupt of this thread, may end. */
    static <T> T watched(Predicate<Progress> stop, Supplier<T> call) {
        Watcher before = WATCHING.get();
        Watcher watcher = new Watcher();
        watcher.stop = stop;
        WATCHING.set(watcher);
        T result;
        try {
            result = call.get();
        } finally {
            if (before == null) {
                WATCHING.remove();
            } else {
                WATCHING.set(before);
            }
        }
        if (watcher.thrown != null) {
            if (result instanceof Handle handle) {
                handle.close();
            }
            throw watcher.thrown instanceof RuntimeException problem ? problem
                : watcher.thrown instanceof Error problem ? sneak(problem) : new IllegalStateException(watcher.thrown);
        }
        return result;
    }

    private static RuntimeException sneak(Error problem) {
        throw problem;
    }
}
