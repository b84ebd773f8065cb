// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Lib.C;

import com.sun.jna.Native;
import com.sun.jna.Pointer;

/** A sealed table of series. Any number of threads may read one. */
public final class Dataset extends Handle {
    Dataset(Pointer pointer) {
        super(pointer, C::seqd_dataset_release);
    }

    public int seriesCount() {
        return (int) C.seqd_dataset_series_count(get());
    }

    /** null when out of range. */
    public String id(int series) {
        return C.seqd_dataset_series_id(get(), series);
    }

    /** Position of an id, or -1. */
    public int find(String id) {
        return (int) C.seqd_dataset_find_series(get(), id);
    }

    /** History steps of a series. */
    public int length(int series) {
        return (int) C.seqd_dataset_length(get(), series);
    }

    /** The history of a series; missing steps are NaN. */
    public double[] values(int series) {
        double[] values = new double[Math.max(length(series), 0)];
        check(error -> C.seqd_dataset_values(get(), series, 0, values.length, values, error));
        return values;
    }

    /** The date of a step; steps past the history are those of the forecast. */
    public String date(int series, long step) {
        byte[] text = new byte[24];
        check(error -> C.seqd_dataset_date(get(), series, step, text, text.length, error));
        return Native.toString(text, "UTF-8");
    }
}
