// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.lang.ref.Cleaner;
import java.util.function.Consumer;

/** Owns one handle of the library: released by close, or by the garbage collector when that was forgotten. */
abstract class Handle implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Pointer pointer;
    private final Cleaner.Cleanable cleanable;
    private volatile boolean closed;

    Handle(Pointer pointer, Consumer<Pointer> release) {
        this.pointer = pointer;
        cleanable = CLEANER.register(this, () -> release.accept(pointer));
    }

    /** The handle; IllegalStateException after close. */
    final Pointer get() {
        if (closed) {
            throw new IllegalStateException(getClass().getSimpleName() + " is closed");
        }
        return pointer;
    }

    @Override
    public void close() {
        closed = true;
        cleanable.clean();
    }

    interface Call {
        int with(Lib.ErrorInfo error);
    }

    interface Maker {
        int with(PointerByReference out, Lib.ErrorInfo error);
    }

    static int check(Call call) {
        Lib.ErrorInfo error = new Lib.ErrorInfo();
        int status = call.with(error);
        if (status < 0) {
            throw new SeqdemandException(error);
        }
        return status;
    }

    static Pointer make(Maker maker) {
        PointerByReference out = new PointerByReference();
        check(error -> maker.with(out, error));
        return out.getValue();
    }
}
