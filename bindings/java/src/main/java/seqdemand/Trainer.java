// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Call.check;
import static seqdemand.Lib.C;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.function.Predicate;

/** Trains a model bit by bit, writes checkpoints and goes on from them. One thread at a time. */
public final class Trainer extends Handle {
    /** How a run went; see struct seqd_training_summary. */
    public record Summary(long steps, long bestStep, double trainLoss, double bestLoss, double seconds, long series,
        long seriesLeftOut, long windows) {
    }

    interface Maker {
        int of(PointerByReference trainer, PointerByReference model, Pointer error);
    }

    private final Model model;

    Trainer(Model model, Pointer pointer) {
        super(pointer, C::seqd_trainer_release);
        this.model = model;
    }

    static Trainer of(Seqdemand library, Maker maker) {
        PointerByReference trainer = new PointerByReference();
        PointerByReference model = new PointerByReference();
        check(error -> maker.of(trainer, model, error));
        return new Trainer(new Model(library, model.getValue()), trainer.getValue());
    }

    /** The model that is trained: to be used after close, and to be closed itself. */
    public Model model() {
        return model;
    }

    /** Trains to the end: true; false when `stop` (or null), or an interrupt of the thread, ended it. */
    public boolean run(Predicate<Progress> stop) {
        return with(t -> Call.watched(stop, () -> check(error -> C.seqd_trainer_run(t, error)))) == Lib.OK;
    }

    /** Takes steps of the optimizer, without validation: their mean loss. */
    public double step(long steps) {
        double[] loss = new double[1];
        with(t -> check(error -> C.seqd_trainer_step(t, steps, loss, error)));
        return loss[0];
    }

    /** Writes a checkpoint: between calls, or while `stop` of its own run is asked. */
    public void save(String path) {
        with(t -> check(error -> C.seqd_trainer_save(t, path, error)));
    }

    public Summary summary() {
        Struct.Values s =
            with(t -> Struct.TRAINING_SUMMARY.filled((out, error) -> C.seqd_trainer_summarize(t, out, error)));
        return new Summary(s.int64("steps"), s.int64("best_step"), s.number("train_loss"), s.number("best_loss"),
            s.number("seconds"), s.int64("series"), s.int64("series_left_out"), s.int64("windows"));
    }
}
