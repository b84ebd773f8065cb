// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Lib.C;

import com.sun.jna.Pointer;

/** A trained network with all that is needed to use it. Any number of threads may forecast from one. */
public final class Model extends Handle {
    Model(Pointer pointer) {
        super(pointer, C::seqd_model_release);
    }

    /** Steps answered per forecast. */
    public int horizon() {
        return C.seqd_model_horizon(get());
    }

    /** Writes the model file; a reader sees the old one or the new one. */
    public void save(String path) {
        check(error -> C.seqd_model_save(get(), path, error));
    }

    /** Forecasts after the end of each series. */
    public Forecast forecast(Dataset data) {
        try (Predictor predictor = predictor()) {
            return predictor.forecast(data);
        }
    }

    /** Scratch memory of one caller, for who forecasts often: one thread at a time. */
    public Predictor predictor() {
        return new Predictor(make((out, error) -> C.seqd_predictor_create(get(), out, error)));
    }

    /** See {@link Model#predictor}. */
    public static final class Predictor extends Handle {
        Predictor(Pointer pointer) {
            super(pointer, C::seqd_predictor_release);
        }

        public Forecast forecast(Dataset data) {
            return new Forecast(make((out, error) -> C.seqd_predictor_run(get(), data.get(), out, error)));
        }
    }
}
