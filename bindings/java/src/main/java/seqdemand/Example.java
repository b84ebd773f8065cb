// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Map;

/**
 * Example SALES.csv[.gz] ARTICLE: learns from a table of sales; prints a forecast as CSV, and when to reorder. The same
 * bytes as examples/forecast_sales.c.
 */
public final class Example {
    private Example() {
    }

    public static void main(String[] arguments) {
        if (arguments.length != 2) {
            System.exit(2);
        }
        Map<String, ?> settings = Map.of("freq", "D", "horizon", 14, "max_steps", 200);
        PrintStream out = new PrintStream(System.out, false);
        try (Seqdemand library = new Seqdemand(); Dataset sales = library.read(arguments[0], settings);
             Model model = library.train(sales, settings); Forecast forecast = model.forecast(sales)) {
            int article = sales.find(arguments[1]);
            double[] mean = forecast.mean(article); // an unknown article ends here
            double[] high = forecast.quantile(article, 0.9);
            out.print("unique_id,ds,mean,q0.9\n");
            for (int step = 0; step < forecast.horizon(); step++) {
                String date = sales.date(article, sales.length(article) + step);
                out.print(arguments[1] + "," + date + "," + text(mean[step]) + "," + text(high[step]) + "\n");
            }
            Forecast.Reorder order = forecast.reorder(article, new Forecast.Stock(40, 0, 7, 7, 0.95, 12, 0), 0, 1);
            out.print("reorder point " + text(order.reorderPoint()) + ", order now " + text(order.orderQuantity())
                + "\n");
            out.flush();
        } catch (SeqdemandException problem) {
            System.err.println(problem.status() + ": " + problem.getMessage());
            System.exit(1);
        }
    }

    /** printf("%.9g") of C, which String.format does not have: no zeros at the end, and rounded from all digits. */
    static String text(double x) {
        if (x == 0) {
            return 1 / x < 0 ? "-0" : "0";
        }
        BigDecimal rounded = new BigDecimal(x).round(new MathContext(9, RoundingMode.HALF_EVEN)).stripTrailingZeros();
        int exponent = rounded.precision() - rounded.scale() - 1;
        if (exponent >= -4 && exponent < 9) {
            return rounded.toPlainString();
        }
        return rounded.movePointLeft(exponent).toPlainString() + (exponent < 0 ? "e-" : "e+")
            + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
}
