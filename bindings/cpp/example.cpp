/* SPDX-License-Identifier: Apache-2.0 */
/* Trains on a file of sales and prints the next days of one article: example SALES.csv[.gz] [ARTICLE [MAX_STEPS]] */
#include <cstdio>

#include <seqdemand.hpp>

int main(int argc, char **argv)
{
    try {
        if (argc < 2) throw std::invalid_argument("usage: example SALES.csv [ARTICLE [MAX_STEPS]]");
        seqdemand::context context(0);
        seqdemand::options options(context);
        options.set("freq", "D").set("horizon", 28);
        if (argc > 3) options.set("max_steps", argv[3]);

        const seqdemand::dataset sales(context, options, argv[1]);
        const seqdemand::model model(context, options, sales);
        seqdemand::trainer(model, sales, options).run();

        const seqdemand::forecast forecast = seqdemand::predictor(model).run(sales);
        const std::int64_t article = argc > 2 ? sales.find(argv[2]) : 0;
        const std::vector<double> mean = forecast.mean(article), high = forecast.quantile(article, 0.9);
        for (std::int32_t h = 0; h < forecast.horizon(); h++)
            std::printf("%s,%s,%.9g,%.9g\n", sales.series_id(article),
                        sales.date(article, sales.length(article) + h).c_str(), mean[static_cast<std::size_t>(h)],
                        high[static_cast<std::size_t>(h)]);
        return 0;
    } catch (const std::exception &e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
