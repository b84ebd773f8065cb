// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeqdemandTest {
    static final String SALES = "../../examples/data/sales.csv.gz";
    static final Map<String, ?> QUICK =
        Map.of("freq", "D", "horizon", 14, "max_steps", 15, "hidden_size", 16, "context_length", 28);

    static double[] answers(Model model, Dataset data) {
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
    void manyThreadsTellTheSame() throws Exception {
        try (Seqdemand library = new Seqdemand(1); Dataset data = library.read(SALES, QUICK);
             Model model = library.train(data, QUICK)) {
            double[] expected = answers(model, data);
            ExecutorService pool = Executors.newFixedThreadPool(16);
            List<Future<double[]>> told =
                IntStream.range(0, 48).mapToObj(i -> pool.submit(() -> answers(model, data))).toList();
            for (Future<double[]> one : told) {
                assertArrayEquals(expected, one.get());
            }
            pool.shutdown();
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
            assertEquals(answer, library.reorder(paths, 14, new Forecast.Stock(2, 0, 7, 3, 0.9, 0, 0)));
            assertEquals(3, forecast.find(data.id(3)));
        }
    }

    @Test
    void readersFilesAndColumnsAreTheSame() throws Exception {
        byte[] text;
        try (InputStream packed = new GZIPInputStream(Files.newInputStream(Path.of(SALES)))) {
            text = packed.readAllBytes();
        }
        String[] lines = new String(text, StandardCharsets.UTF_8).split("\n");
        String[] ids = new String[lines.length - 1];
        String[] dates = new String[lines.length - 1];
        double[] y = new double[lines.length - 1];
        List<String> header = List.of(lines[0].split(","));
        for (int i = 0; i < y.length; i++) {
            String[] cells = lines[i + 1].split(",");
            ids[i] = cells[header.indexOf("unique_id")];
            dates[i] = cells[header.indexOf("ds")];
            y[i] = Double.parseDouble(cells[header.indexOf("y")]);
        }
        try (Seqdemand library = new Seqdemand(); Dataset file = library.read(SALES, QUICK);
             Dataset stream = library.read(new ByteArrayInputStream(text), QUICK);
             Dataset columns = library.columns(Map.of("unique_id", ids, "ds", dates, "y", y), QUICK)) {
            assertEquals(600, file.seriesCount());
            assertEquals(file.summary(), stream.summary());
            for (Dataset other : List.of(stream, columns)) {
                assertArrayEquals(file.values(7), other.values(file.find(other.id(7))));
            }
            assertEquals(-1, file.find("none"));
            assertEquals("D", file.frequency());
            assertEquals(7, file.season());
            try (Dataset past = file.before(10)) {
                assertEquals(file.length(7) - 10, past.length(past.find(file.id(7))));
            }
            Map<String, String> settings = library.loadOptions("../../examples/retail.conf");
            assertTrue(settings.size() == 3 && Seqdemand.options().size() > 50, settings.toString());
        }
    }

    @Test
    void textIsUtf8() {
        byte[] text = "unique_id,ds,y\nT\u00e9e \u8336,1,2\nT\u00e9e \u8336,2,3\n".getBytes(StandardCharsets.UTF_8);
        try (Seqdemand library = new Seqdemand(); Dataset data = library.parse(text, Map.of("freq", "int"))) {
            assertEquals("T\u00e9e \u8336", data.id(0));
            assertEquals(0, data.find("T\u00e9e \u8336"));
        }
    }

    @Test
    void errorsTellThePlace() {
        try (Seqdemand library = new Seqdemand(1)) {
            byte[] bad = "unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,x\n".getBytes(StandardCharsets.UTF_8);
            SeqdemandException data = assertThrows(SeqdemandException.class, () -> library.parse(bad, QUICK));
            assertEquals(SeqdemandException.Status.DATA, data.status());
            assertEquals(-33, data.code());
            assertEquals(3, data.line());
            assertEquals(3, data.column());
            SeqdemandException option = assertThrows(SeqdemandException.class,
                () -> library.read(SALES, Map.of("hiden_size", 3)));
            assertTrue(option.getMessage().contains("hidden_size"), option.getMessage());
            assertEquals(SeqdemandException.Status.IO,
                assertThrows(SeqdemandException.class, () -> library.load("none.seqd")).status());
            library.limit("memory", 1 << 16);
            assertEquals(SeqdemandException.Status.LIMIT,
                assertThrows(SeqdemandException.class, () -> library.read(SALES, QUICK)).status());
        }
    }

    @Test
    void closedIsClosedInAnyOrder() {
        Seqdemand library = new Seqdemand(2);
        Dataset data = library.read(SALES, QUICK);
        Model model = library.train(data, QUICK);
        Forecast forecast = model.forecast(data);
        library.close();
        model.close();
        model.close();
        assertEquals(14, forecast.mean(0).length);
        assertEquals(600, data.seriesCount());
        data.close();
        forecast.close();
        assertThrows(IllegalStateException.class, model::horizon);
        assertThrows(IllegalStateException.class, () -> model.forecast(data));
        assertThrows(IllegalStateException.class, () -> forecast.mean(0));
        assertThrows(IllegalStateException.class, () -> library.load("m.seqd"));
    }

    /** Close may come while other threads are at it: they get a forecast, or are told. */
    @Test
    void closeUnderWay() throws Exception {
        try (Seqdemand library = new Seqdemand()) {
            Dataset data = library.read(SALES, QUICK);
            Model model = library.train(data, QUICK);
            AtomicReference<Throwable> wrong = new AtomicReference<>();
            List<Thread> threads = IntStream.range(0, 8).mapToObj(i -> new Thread(() -> {
                try {
                    while (true) {
                        model.forecast(data).close();
                    }
                } catch (IllegalStateException closed) {
                    return;
                } catch (Throwable other) {
                    wrong.set(other);
                }
            })).toList();
            threads.forEach(Thread::start);
            Thread.sleep(50);
            data.close();
            model.close();
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(null, wrong.get());
            assertEquals(0, library.memoryInUse());
        }
    }

    private static long resident() throws Exception {
        return 4096 * Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]);
    }

    /** Thousands of every kind of object: bytes held go back to 0, and the process does not grow. */
    @Test
    void nothingIsLeaked() throws Exception {
        byte[] bytes;
        byte[] text = "unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\n".getBytes(StandardCharsets.UTF_8);
        try (Seqdemand library = new Seqdemand(); Dataset data = library.read(SALES, QUICK);
             Model model = library.train(data, QUICK)) {
            bytes = model.bytes();
        }
        long before = 0;
        for (int i = 0; i < 3000; i++) {
            if (i == 1000) {
                System.gc();
                before = resident();
            }
            try (Seqdemand library = new Seqdemand(2).log(2, (level, line) -> { })) {
                try (Dataset data = library.parse(text, QUICK); Model model = library.load(bytes);
                     Forecast forecast = model.forecast(data); Stream stream = model.stream(data)) {
                    assertTrue(library.memoryInUse() > 0 && stream.seriesCount() == forecast.seriesCount());
                    assertThrows(SeqdemandException.class, () -> library.parse(new byte[] {'x'}, QUICK));
                }
                assertEquals(0, library.memoryInUse());
            }
        }
        System.gc();
        long grown = resident() - before;
        assertTrue(grown < 48 << 20, "the process has grown by " + grown);
    }

    /** What nobody closed is released by the garbage collector. */
    @Test
    void forgottenObjectsAreCollected() throws Exception {
        try (Seqdemand library = new Seqdemand()) {
            answers(library.train(library.read(SALES, QUICK), QUICK), library.read(SALES, QUICK));
            assertTrue(library.memoryInUse() > 0);
            for (int i = 0; i < 200 && library.memoryInUse() > 0; i++) {
                System.gc();
                Thread.sleep(20);
            }
            assertEquals(0, library.memoryInUse());
        }
    }
}
