// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static seqdemand.Call.check;
import static seqdemand.Lib.C;

import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;

/** Answers to sequences of events, a row for each event asked. Any number of threads may read one. */
public final class Prediction extends Handle {
    /** Measures of answers; components as struct seqd_answer_metrics describes them. */
    public record Metrics(int classes, long count, long leftOut, double accuracy, double precision, double recall,
        double f1, double auroc, double aupr, double logLoss, double mae, double rmse, double mape, long mapeLeftOut) {

        static Metrics of(Struct.Filler filler) {
            Struct.Values m = Struct.ANSWER_METRICS.filled(filler);
            return new Metrics(m.int32("classes"), m.int64("count"), m.int64("left_out"), m.number("accuracy"),
                m.number("precision"), m.number("recall"), m.number("f1"), m.number("auroc"), m.number("aupr"),
                m.number("log_loss"), m.number("mae"), m.number("rmse"), m.number("mape"), m.int64("mape_left_out"));
        }
    }

    /** One class against all others: its labels, its answers, and both. */
    public record ClassMetrics(long count, long told, long right, double precision, double recall, double f1,
        double auroc, double aupr) {
    }

    Prediction(Pointer pointer) {
        super(pointer, C::seqd_prediction_release);
    }

    public int rowCount() {
        return with(C::seqd_prediction_row_count).intValue();
    }

    /** Answers of a row: 1, or the horizon where the next events are asked for. */
    public int answerCount() {
        return with(C::seqd_prediction_answer_count);
    }

    /** None where answers are numbers. */
    public List<String> classes() {
        return with(p -> {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < C.seqd_prediction_class_count(p); i++) {
                names.add(C.seqd_prediction_class_name(p, i));
            }
            return names;
        });
    }

    /** The id of the sequence of a row; null when out of range. */
    public String id(int row) {
        return with(p -> C.seqd_prediction_id(p, row));
    }

    /** The number of the event of a row in its sequence, from 0. */
    public int event(int row) {
        return with(p -> C.seqd_prediction_event(p, row)).intValue();
    }

    /** Of two classes: the probability from which the second one is told. */
    public double threshold() {
        return with(C::seqd_prediction_threshold);
    }

    /** Probabilities of the classes, answer by answer, or a number for each. */
    public double[] scores(int row) {
        return with(p -> {
            double[] values =
                new double[C.seqd_prediction_answer_count(p) * Math.max(C.seqd_prediction_class_count(p), 1)];
            check(error -> C.seqd_prediction_scores(p, row, values, error));
            return values;
        });
    }

    /** The number of the class that is told for each answer. */
    public int[] told(int row) {
        return with(p -> {
            int[] values = new int[C.seqd_prediction_answer_count(p)];
            check(error -> C.seqd_prediction_classes(p, row, values, error));
            return values;
        });
    }

    /** What the data say: a number, a class, -1 for one the model does not know, or NaN. */
    public double[] labels(int row) {
        return with(p -> {
            double[] values = new double[C.seqd_prediction_answer_count(p)];
            check(error -> C.seqd_prediction_labels(p, row, values, error));
            return values;
        });
    }

    public Metrics evaluate() {
        return with(p -> Metrics.of((out, error) -> C.seqd_prediction_evaluate(p, out, error)));
    }

    public ClassMetrics evaluateClass(int index) {
        Struct.Values m = with(p ->
            Struct.CLASS_METRICS.filled((out, error) -> C.seqd_prediction_evaluate_class(p, index, out, error)));
        return new ClassMetrics(m.int64("count"), m.int64("told"), m.int64("right"), m.number("precision"),
            m.number("recall"), m.number("f1"), m.number("auroc"), m.number("aupr"));
    }

    /** counts[label][told] */
    public long[][] confusion() {
        return with(p -> {
            int n = C.seqd_prediction_class_count(p);
            long[] all = new long[Math.max(n * n, 1)];
            check(error -> C.seqd_prediction_confusion(p, all, error));
            long[][] counts = new long[n][n];
            for (int i = 0; i < n; i++) {
                System.arraycopy(all, i * n, counts[i], 0, n);
            }
            return counts;
        });
    }

    /** Fills in a struct ArrowArrayStream at an address, which the caller releases. */
    public void toArrow(long address) {
        with(p -> check(error -> C.seqd_prediction_to_arrow(p, new Pointer(address), error)));
    }
}
