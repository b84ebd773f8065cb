// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import com.sun.jna.Pointer;

/** Where a long run stands. Losses are NaN before the first; times in seconds, what remains is an estimate. */
public record Progress(int epoch, long step, long totalSteps, double trainLoss, double validationLoss, double bestLoss,
    double learningRate, double elapsedSeconds, double remainingSeconds, String task) {

    static Progress of(Pointer pointer) {
        Struct.Values p = Struct.PROGRESS.at(pointer);
        return new Progress(p.int32("epoch"), p.int64("step"), p.int64("total_steps"), p.number("train_loss"),
            p.number("validation_loss"), p.number("best_loss"), p.number("learning_rate"), p.number("elapsed_seconds"),
            p.number("remaining_seconds"), p.text("task"));
    }
}
