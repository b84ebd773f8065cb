/* SPDX-License-Identifier: Apache-2.0 */
/* example SALES.csv[.gz] ARTICLE: the same as examples/forecast_sales.c, byte for byte. */
#include <cstdio>
#include <exception>

#include <seqdemand.hpp>

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    try {
        seqdemand::context context;
        seqdemand::options options(context);
        options.set("freq", "D").set("horizon", 14).set("max_steps", 200);
        const seqdemand::dataset sales(context, options, argv[1]);
        const seqdemand::model model = seqdemand::train(context, options, sales);
        const seqdemand::forecast forecast = seqdemand::predictor(model).run(sales);

        const std::int64_t article = sales.find(argv[2]);
        double mean[14], high[14];
        forecast.mean(article, mean); /* an unknown article ends here */
        forecast.quantile(article, 0.9, high);
        std::printf("unique_id,ds,mean,q0.9\n");
        for (int step = 0; step < 14; step++)
            std::printf("%s,%s,%.9g,%.9g\n", argv[2], sales.date(article, sales.length(article) + step).c_str(),
                        mean[step], high[step]);
        seqdemand::stock stock;
        stock.on_hand = 40;
        stock.lead_time = stock.review_period = 7;
        stock.pack_size = 12;
        const seqd_reorder order = forecast.reorder(article, stock);
        std::printf("reorder point %.9g, order now %.9g\n", order.reorder_point, order.order_quantity);
        return 0;
    } catch (const std::exception &e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
