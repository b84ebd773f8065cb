// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static seqdemand.SeqdemandTest.QUICK;
import static seqdemand.SeqdemandTest.SALES;
import static seqdemand.SeqdemandTest.answers;

import com.sun.jna.Memory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TasksTest {
    private static Map<String, Object> with(Map<String, ?> settings, Object... more) {
        Map<String, Object> all = new HashMap<>(settings);
        for (int i = 0; i < more.length; i += 2) {
            all.put((String) more[i], more[i + 1]);
        }
        return all;
    }

    private static final Map<String, Object> ENDLESS = with(QUICK, "max_steps", 1000000);

    @Test
    void aRunCanBeStopped() {
        try (Seqdemand library = new Seqdemand(); Dataset data = library.read(SALES, QUICK)) {
            long[] last = new long[1];
            try (Model model = library.train(data, ENDLESS, progress -> (last[0] = progress.step()) == 5)) {
                assertEquals(5, last[0]);
                assertTrue(Arrays.stream(answers(model, data)).allMatch(Double::isFinite));
            }
            Thread.currentThread().interrupt();
            Model none = library.train(data, ENDLESS);
            assertTrue(Thread.interrupted());
            if (none != null) {
                none.close();
            }
            IllegalArgumentException mine = new IllegalArgumentException("mine");
            Predicate<Progress> fails = progress -> {
                throw mine;
            };
            assertEquals(mine,
                assertThrows(IllegalArgumentException.class, () -> library.train(data, ENDLESS, fails)));
            assertThrows(AssertionError.class, () -> library.train(data, ENDLESS, progress -> {
                throw new AssertionError();
            }));
        }
    }

    /** One library, two runs: one is stopped, the other is not. */
    @Test
    void runsAtTheSameTimeAreStoppedApart() throws Exception {
        try (Seqdemand library = new Seqdemand(); Dataset data = library.read(SALES, QUICK);
             Model model = library.train(data, QUICK)) {
            CountDownLatch started = new CountDownLatch(1);
            AtomicBoolean stop = new AtomicBoolean();
            Thread other = new Thread(() -> library.train(data, ENDLESS, progress -> {
                started.countDown();
                return stop.get();
            }).close());
            other.start();
            started.await();
            try (Model again = library.train(data, QUICK, progress -> false)) {
                assertArrayEquals(answers(model, data), answers(again, data));
            }
            stop.set(true);
            other.join();
        }
    }

    @Test
    void trainersGoOnFromACheckpoint(@TempDir Path folder) {
        String file = folder.resolve("run.seqd").toString();
        try (Seqdemand library = new Seqdemand(); Dataset data = library.read(SALES, QUICK);
             Model whole = library.train(data, QUICK); Model model = library.create(data, QUICK)) {
            try (Trainer trainer = model.trainer(data, QUICK)) {
                assertEquals(SeqdemandException.Status.BUSY,
                    assertThrows(SeqdemandException.class, () -> model.trainer(data, QUICK)).status());
                assertFalse(trainer.run(progress -> {
                    if (progress.step() == 6) {
                        trainer.save(file);
                    }
                    return progress.step() == 6;
                }));
            }
            Trainer again = library.resume(file, data);
            assertTrue(again.run(null));
            assertEquals(15, again.summary().steps());
            again.close();
            assertArrayEquals(answers(whole, data), answers(again.model(), data));
            again.model().close();
            try (Trainer newer = library.update(file, data, null)) {
                assertTrue(Double.isFinite(newer.step(2)));
                newer.model().close();
            }
        }
    }

    @Test
    void modelsAreSavedCombinedAndAdapted(@TempDir Path folder) {
        String file = folder.resolve("m.seqd").toString();
        List<String> lines = new ArrayList<>();
        try (Seqdemand library = new Seqdemand().log(3, (level, line) -> lines.add(line));
             Dataset data = library.read(SALES, QUICK); Model model = library.train(data, QUICK)) {
            double[] expected = answers(model, data);
            model.save(file);
            for (Model same : List.of(library.load(file), library.load(model.bytes()), model.adapt(data, null))) {
                assertArrayEquals(expected, answers(same, data));
                same.close();
            }
            assertEquals("14", model.options().get("horizon"));
            assertTrue(model.card().size() > 4 && !lines.isEmpty());
            Model.Parameter weights = model.parameters().stream().filter(p -> p.name().equals("rnn.weight_hh_l0"))
                .findFirst().orElseThrow();
            assertEquals(16, weights.columns());
            model.setWeights(weights.name(), model.weights(weights));
            assertArrayEquals(expected, answers(model, data));
            try (Model two = library.train(data, with(QUICK, "ensemble_size", 2))) {
                List<Model> members = two.members();
                assertArrayEquals(expected, answers(members.get(0), data));
                try (Model combined = Model.combine("mean", members)) {
                    assertArrayEquals(answers(two, data), answers(combined, data));
                }
                members.forEach(Model::close);
            }
        }
    }

    @Test
    void streamsGoOn() {
        try (Seqdemand library = new Seqdemand(); Dataset data = library.read(SALES, QUICK);
             Model model = library.train(data, QUICK); Stream stream = model.stream(data);
             Forecast forecast = model.forecast(data)) {
            double[] mean = forecast.mean(7);
            Stream.Answer answer = stream.forecast(7, null, 0.5, 0.9);
            for (int h = 0; h < 14; h++) {
                assertEquals(mean[h], answer.mean()[h], 1e-4 * (1 + Math.abs(mean[h])));
                assertTrue(answer.quantiles()[0][h] <= answer.quantiles()[1][h]);
            }
            stream.push(7, 1000);
            assertFalse(Arrays.equals(answer.mean(), stream.forecast(7, null).mean()));
            double[] nothing = new double[stream.seriesCount()];
            Arrays.fill(nothing, Double.NaN);
            stream.pushAll(nothing, null, null, null);
            assertEquals(data.length(7) + 2, stream.length(7));
            try (Forecast all = stream.forecastAll(null)) {
                assertArrayEquals(all.mean(7), stream.forecast(7, null).mean());
            }
            assertTrue(stream.known().isEmpty() && stream.past().isEmpty());
        }
    }

    @Test
    void backtestEvaluationAndSearch(@TempDir Path folder) {
        try (Seqdemand library = new Seqdemand(); Dataset data = library.read(SALES, QUICK);
             Dataset past = data.before(14); Forecast naive = past.baseline("seasonal_naive", Map.of("horizon", 14));
             Evaluation evaluation = new Evaluation(library, 7, 0.1, 0.5, 0.9)) {
            List<Dataset.BacktestRow> rows =
                data.backtest(List.of("lstm", "seasonal_naive"), with(QUICK, "windows", 1), null);
            assertEquals("seasonal_naive", rows.get(1).model());
            for (int i = 0; i < past.seriesCount(); i++) {
                double[] history = past.values(i);
                double[] all = data.values(data.find(past.id(i)));
                double[][] quantiles = {naive.quantile(i, 0.1), naive.quantile(i, 0.5), naive.quantile(i, 0.9)};
                double[] actual = Arrays.copyOfRange(all, history.length, all.length);
                evaluation.add(history, actual, naive.mean(i), quantiles[1], quantiles);
            }
            assertEquals(rows.get(1).metrics().wape(), evaluation.result().wape(), 1e-12);
            String state = folder.resolve("search.csv").toString();
            Map<String, ?> settings = with(QUICK, "windows", 1, "trials", 2, "max_steps", 3);
            Map<String, String> ranges = Map.of("learning_rate", "1e-4:1e-2:log");
            List<Dataset.Trial> trials = data.tune(ranges, settings, state, null);
            assertTrue(trials.size() == 2 && trials.get(0).score() <= trials.get(1).score());
            assertTrue(trials.get(0).settings().containsKey("learning_rate"));
            assertEquals(trials, data.tune(ranges, settings, state, null));
        }
    }

    @Test
    void eventsAreClassified() {
        String[] words = {"view", "cart", "buy", "view"};
        String[] user = new String[600];
        String[] what = new String[600];
        long[] time = new long[600];
        for (int i = 0; i < 600; i++) {
            user[i] = "u" + i / 10;
            what[i] = words[(i / 10 + i % 10) % 4];
            time[i] = 1700000000L + 60 * (i % 10);
        }
        Map<String, ?> settings = Map.of("task", "classify", "label", "next_event", "id_column", "user", "time_column",
            "time", "event_column", "what", "max_steps", 150, "hidden_size", 16, "learning_rate", 0.01);
        try (Seqdemand library = new Seqdemand();
             Dataset all = library.columns(Map.of("user", user, "time", time, "what", what), settings);
             Dataset.Parts parts = all.split("user", 0.7, 1); Model model = library.train(parts.first(), settings);
             Prediction told = model.answer(parts.second(), Which.EVERY);
             Prediction simple = parts.second().baselineAnswer(parts.first(), Which.EVERY)) {
            assertEquals(List.of("buy", "cart", "view"), told.classes());
            assertEquals(18 * 9, told.rowCount());
            assertEquals(1, Arrays.stream(told.scores(0)).sum(), 1e-5);
            Prediction.Metrics metrics = told.evaluate();
            long right = 0;
            for (int row = 0; row < told.rowCount(); row++) {
                right += told.told(row)[0] == told.labels(row)[0] ? 1 : 0;
            }
            assertEquals((double) right / told.rowCount(), metrics.accuracy(), 1e-12);
            assertTrue(metrics.accuracy() > 0.9 && simple.evaluate().accuracy() < metrics.accuracy());
            assertEquals(told.confusion()[0][0], told.evaluateClass(0).right());
            assertEquals(2, all.crossValidate(with(settings, "folds", 2, "max_steps", 5), null).size());
            try (Dataset.Parts fold = all.fold(3, 0, 1)) {
                assertEquals(20, fold.second().seriesCount());
            }
        }
    }

    @Test
    void whyAndArrow() {
        Map<String, ?> looks = Map.of("freq", "D", "model", "encdec", "attention", "additive", "horizon", 7,
            "context_length", 21, "hidden_size", 8, "max_steps", 3);
        try (Seqdemand library = new Seqdemand(); Dataset data = library.read(SALES, QUICK);
             Model model = library.train(data, QUICK); Model encdec = library.train(data, looks);
             Forecast forecast = model.forecast(data); Memory stream = new Memory(40)) {
            assertFalse(model.importance(data, 1, 1).isEmpty());
            Model.Attribution why = model.attribute(data, 3, -1, 16);
            double sum = why.parts().values().stream().flatMapToDouble(Arrays::stream).sum();
            assertEquals(why.value() - why.baseline() + why.gap(), sum, 1e-6);
            float[] weights = encdec.attention(data, 3)[0][6];
            double total = 0;
            for (float weight : weights) {
                total += weight;
            }
            assertEquals(21, weights.length);
            assertEquals(1, total, 1e-5);
            long address = com.sun.jna.Pointer.nativeValue(stream);
            forecast.toArrow(data, address, 0.1, 0.9);
            try (Dataset means = library.fromArrow(address, Map.of("freq", "D", "target_column", "mean"))) {
                assertEquals(600, means.seriesCount());
                assertEquals(forecast.mean(7)[3], means.values(7)[3], 1e-4);
            }
        }
    }

    @Test
    void numbersArePrintedAsByC() {
        assertEquals("0", Example.text(0));
        assertEquals("2059", Example.text(2059));
        assertEquals("61.7304459", Example.text(61.730445861816406));
        assertEquals("100000000", Example.text(1e8));
        assertEquals("1e+09", Example.text(1e9));
        assertEquals("1.23456789e-05", Example.text(1.23456789e-5));
        assertEquals("0.0001", Example.text(1e-4));
        assertEquals("-1.5e+100", Example.text(-1.5e100));
    }
}
