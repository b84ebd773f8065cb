// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import com.sun.jna.Pointer;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Owns one handle of the library: released by close or, when that was forgotten, by the garbage collector. Close may
 * come from any thread at any time: calls under way are counted, and the last of them releases.
 */
abstract class Handle implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final long CLOSED = 1L << 62;

    /** What must not know the Handle, so that the collector can find it forgotten. */
    private static final class Owned implements Runnable {
        final Pointer pointer;
        final Consumer<Pointer> release;
        final AtomicLong state = new AtomicLong(); // calls under way, and CLOSED

        Owned(Pointer pointer, Consumer<Pointer> release) {
            this.pointer = pointer;
            this.release = release;
        }

        boolean enter() {
            return state.getAndUpdate(now -> (now & CLOSED) != 0 ? now : now + 1) < CLOSED;
        }

        void leave() {
            if (state.decrementAndGet() == CLOSED) {
                release.accept(pointer);
            }
        }

        @Override
        public void run() {
            if (state.getAndUpdate(now -> now | CLOSED) == 0) {
                release.accept(pointer);
            }
        }
    }

    private final Owned owned;
    private final Cleaner.Cleanable cleanable;

    Handle(Pointer pointer, Consumer<Pointer> release) {
        owned = new Owned(pointer, release);
        cleanable = CLEANER.register(this, owned);
    }

    /** Runs a call with the handle; IllegalStateException after close. */
    final <T> T with(Function<Pointer, T> call) {
        if (!owned.enter()) {
            throw new IllegalStateException(getClass().getSimpleName() + " is closed");
        }
        try {
            return call.apply(owned.pointer);
        } finally {
            owned.leave();
            Reference.reachabilityFence(this);
        }
    }

    /** Has close been called? */
    final boolean isClosed() {
        return owned.state.get() >= CLOSED;
    }

    /** Releases what this holds, once calls of other threads have ended. May be called again. */
    @Override
    public void close() {
        cleanable.clean();
    }
}
