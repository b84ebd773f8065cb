// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeqdemandTest {
    private static final String SALES = "../../examples/data/sales.csv.gz";
    private static final Map<String, ?> QUICK =
        Map.of("freq", "D", "horizon", 14, "max_steps", 15, "hidden_size", 16, "context_length", 28);

    private static double[] answers(Model model, Dataset data) {
        try (Forecast forecast = model.forecast(data)) {
            return IntStream.range(0, forecast.seriesCount()).mapToObj(forecast::mean).flatMapToDouble(Arrays::stream)
                .toArray();
        }
    }

    private static void run(String... words) throws Exception {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), text);
    }

    @Test
    void tellsWhatTheCommandLineProgramTells(@TempDir Path folder) throws Exception {
        String cli = System.getenv("SEQDEMAND_CLI");
        assertTrue(cli != null, "SEQDEMAND_CLI must name the command line program");
        String file = folder.resolve("m.seqd").toString();
        String out = folder.resolve("f.csv").toString();
        run(cli, "train", "--data", SALES, "--freq", "D", "--horizon", "14", "--set", "max_steps=15", "--set",
            "hidden_size=16", "--set", "context_length=28", "--out", file);
        run(cli, "forecast", "--model", file, "--data", SALES, "--quantiles", "0.9", "--out", out);
        List<String> rows = Files.readAllLines(Path.of(out));
        try (Seqdemand library = new Seqdemand(1); Dataset data = library.read(SALES, QUICK);
             Model model = library.train(data, QUICK); Forecast forecast = model.forecast(data);
             Model loaded = library.load(file)) {
            assertEquals(1 + 14 * forecast.seriesCount(), rows.size());
            for (int i = 0, at = 1; i < forecast.seriesCount(); i++) {
                double[] mean = forecast.mean(i);
                double[] high = forecast.quantile(i, 0.9);
                for (int h = 0; h < 14; h++, at++) {
                    String[] cells = rows.get(at).split(",");
                    assertEquals(forecast.id(i), cells[0]);
                    assertEquals(data.date(i, data.length(i) + h), cells[1]);
                    assertEquals((float) mean[h], Float.parseFloat(cells[2]));
                    assertEquals((float) high[h], Float.parseFloat(cells[3]));
                }
            }
            assertArrayEquals(answers(model, data), answers(loaded, data));
        }
    }

    @Test
    void manyThreadsTellTheSame() {
        try (Seqdemand library = new Seqdemand(1); Dataset data = library.read(SALES, QUICK);
             Model model = library.train(data, QUICK)) {
            double[] expected = answers(model, data);
            IntStream.range(0, 24).parallel().forEach(i -> assertArrayEquals(expected, answers(model, data)));
        }
    }

    @Test
    void reorderFollowsFromThePaths() {
        try (Seqdemand library = new Seqdemand(1); Dataset data = library.read(SALES, QUICK);
             Model model = library.train(data, QUICK); Forecast forecast = model.forecast(data)) {
            double[] paths = forecast.paths(3, 400, 5);
            double[] totals = IntStream.range(0, 400)
                .mapToDouble(i -> Arrays.stream(paths, 14 * i, 14 * i + 10).sum()).sorted().toArray();
            Forecast.Reorder answer = forecast.reorder(3, new Forecast.Stock(2, 0, 7, 3, 0.9, 0, 0), 400, 5);
            assertEquals(totals[359], answer.orderUpTo());
            assertEquals(Math.max(0, totals[359] - 2), answer.orderQuantity());
        }
    }

    @Test
    void aRunCanBeStopped() {
        try (Seqdemand library = new Seqdemand(1); Dataset data = library.read(SALES, QUICK)) {
            long[] last = new long[1];
            Map<String, ?> settings = Map.of("freq", "D", "horizon", 14, "max_steps", 1000000, "context_length", 28);
            try (Model model = library.train(data, settings, step -> (last[0] = step) == 5)) {
                assertEquals(5, last[0]);
                assertTrue(Arrays.stream(answers(model, data)).allMatch(Double::isFinite));
            }
        }
    }

    @Test
    void errorsTellThePlace() {
        try (Seqdemand library = new Seqdemand(1)) {
            byte[] bad = "unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,x\n".getBytes(StandardCharsets.UTF_8);
            SeqdemandException data = assertThrows(SeqdemandException.class, () -> library.parse(bad, QUICK));
            assertEquals(-33, data.status());
            assertEquals(3, data.line());
            SeqdemandException option = assertThrows(SeqdemandException.class,
                () -> library.read(SALES, Map.of("hiden_size", 3)));
            assertTrue(option.getMessage().contains("hidden_size"), option.getMessage());
            assertThrows(SeqdemandException.class, () -> library.load("none.seqd"));
        }
    }

    @Test
    void nothingIsLeftAndClosedIsClosed() {
        try (Seqdemand library = new Seqdemand(2)) {
            Dataset data = library.read(SALES, QUICK);
            Model model = library.train(data, QUICK);
            answers(model, data);
            assertTrue(library.memoryInUse() > 0);
            data.close();
            model.close();
            model.close();
            assertEquals(0, library.memoryInUse());
            assertThrows(IllegalStateException.class, model::horizon);
        }
    }
}
