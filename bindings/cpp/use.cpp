/* SPDX-License-Identifier: Apache-2.0 */
/* use SALES.csv.gz FOLDER: what the classes do beyond their C functions, in every standard and without exceptions. */
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <seqdemand.hpp>

#if __cplusplus >= 202002L
#include <span>
#endif

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            std::exit(1); \
        } \
    } while (0)

int second_unit(const seqdemand::forecast &forecast, std::vector<double> &out); /* other.cpp */

namespace {

seqdemand::dataset events(const seqdemand::context &context, const seqdemand::options &options)
{
    std::vector<std::string> names;
    std::vector<const char *> users, what;
    std::vector<std::int64_t> when;
    for (int user = 0; user < 30; user++) names.push_back("u" + std::to_string(user));
    static const char *const words[4] = { "view", "cart", "buy", "view" };
    for (std::size_t user = 0; user < 30; user++)
        for (std::size_t i = 0; i < 10; i++) {
            users.push_back(names[user].c_str());
            what.push_back(words[(user + i) % 4]);
            when.push_back(1700000000 + static_cast<std::int64_t>(60 * i));
        }
    seqdemand::dataset made(context, options);
    made.append("user", users).append("what", what).append("time", when).seal();
    return made;
}

void errors(const seqdemand::context &context, const seqdemand::options &options)
{
    seqdemand::failure failed;
    CHECK(!failed && failed.status == SEQD_OK);
    const seqdemand::dataset none(context, options, std::string("none.csv"), &failed);
    CHECK(!none && failed && failed.status == SEQD_E_IO && std::strstr(failed.message, "none.csv"));

    const std::string wrong = "unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,x\n";
    auto parsed = seqdemand::capture([&](seqdemand::failure *e) {
        return seqdemand::dataset::parse(context, options, wrong, e);
    });
    CHECK(!parsed && parsed.error().status == SEQD_E_DATA && parsed.error().line == 3 && parsed.error().column == 3);
    auto same = seqdemand::attempt<seqdemand::dataset>(context, options, std::string("none.csv"));
    CHECK(!same && !same.has_value() && same.error().status == SEQD_E_IO && !*same);
    auto good = seqdemand::attempt<seqdemand::context>(2);
    CHECK(good && good->threads() >= 1 && good.value().get() == good->get());
#if defined(__cpp_exceptions)
    int thrown = 0;
    try {
        seqdemand::dataset::parse(context, options, wrong);
    } catch (const seqdemand::error &e) {
        thrown += e.status() == SEQD_E_DATA && e.line() == 3 && e.column() == 3 && std::strlen(e.what()) > 0;
    }
    try {
        seqdemand::options(context).set("hiden_size", 3);
    } catch (const std::runtime_error &e) {
        thrown += std::strstr(e.what(), "hidden_size") != nullptr;
    }
    try {
        same.value();
    } catch (const seqdemand::error &e) {
        thrown += e.status() == SEQD_E_IO;
    }
    CHECK(thrown == 3);
#endif
}

void sales(const seqdemand::context &context, const char *path, const std::string &folder)
{
    seqdemand::options options(context);
    options.set("freq", "D").set("horizon", 7).set("max_steps", 3).set("hidden_size", 8).set("context_length", 21);
    CHECK(options.integer("horizon") == 7 && options.text("freq") == "D" && options.copy().integer("horizon") == 7);
    errors(context, options);
    const seqdemand::dataset data(context, options, std::string(path));
    CHECK(data.series_count() == 600 && data.find(data.series_id(7)) == 7 && data.season() == 7);
    CHECK(data.values(7).size() == static_cast<std::size_t>(data.length(7)) && data.summary().series == 600);

    const seqdemand::model model(context, options, data);
    {
        seqdemand::trainer trainer(model, data, options);
        CHECK(trainer.run() && trainer.summary().steps == 3 && trainer.save(folder + "/run.seqd"));
    }
    const seqdemand::model other = seqdemand::train(context, options, data);
    CHECK(model.bytes() == other.bytes() && model.horizon() == 7);
    CHECK(model.card_count() > 3 && model.card(0).first[0] != '\0');
    CHECK(seqdemand::model::load(context, model.bytes()).bytes() == model.bytes());
    CHECK(model.save(folder + "/m.seqd"));
    CHECK(seqdemand::model::load(context, folder + "/m.seqd").bytes() == model.bytes());
    CHECK(model.settings().integer("horizon") == 7 && model.adapt(data).horizon() == 7);
    std::pair<seqdemand::trainer, seqdemand::model> again =
        seqdemand::trainer::resume(context, folder + "/run.seqd", data);
    CHECK(again.first.run() && std::isfinite(again.first.step(1)));
    const seqd_parameter_info info = model.parameter_info(0);
    std::vector<float> weights(static_cast<std::size_t>(info.count));
    CHECK(model.parameter(info.name, weights));
    std::vector<seqdemand::model> pair;
    pair.push_back(seqdemand::model::load(context, model.bytes()));
    pair.push_back(model.adapt(data));
    const seqdemand::model both = seqdemand::model::combine(pair);
    CHECK(both.member_count() == 2 && both.member(1).horizon() == 7);

    seqdemand::predictor predictor(model);
    seqdemand::forecast forecast = predictor.run(data);
    std::vector<double> mean(7), copied(7);
    double high[7];
    CHECK(forecast.mean(3, mean) && forecast.quantile(3, 0.9, high) && forecast.mean(3) == mean);
    CHECK(forecast.find(data.series_id(7)) == 7);
    CHECK(second_unit(forecast, copied) == 7 && copied == forecast.mean(0));
#if __cplusplus >= 202002L
    CHECK(forecast.mean(3, std::span<double>(copied)) && copied == mean);
    const seqdemand::span<const double> view = std::span<double>(copied);
    CHECK(std::span<const double>(view).size() == 7 && view[3] == mean[3]);
#endif
    std::vector<double> small(6);
    seqdemand::failure failed;
    CHECK(!forecast.mean(3, small, &failed) && failed.status == SEQD_E_ARG && forecast.mean(600, &failed).empty());
    const std::vector<double> paths = forecast.paths(3, 100, 5);
    seqdemand::stock stock;
    stock.on_hand = 4;
    stock.lead_time = 3;
    stock.review_period = 2;
    const seqd_reorder one = forecast.reorder(3, stock, 100, 5);
    const seqd_reorder two = seqdemand::reorder_from_paths(context, paths, 7, stock);
    CHECK(one.order_up_to == two.order_up_to && one.reorder_point == two.reorder_point && one.position == 4);
    CHECK(predictor.run_into(data, forecast) && forecast.mean(3) == mean);

    seqdemand::forecast moved = std::move(forecast);
    CHECK(!forecast && moved && moved.series_count() == 600);
    forecast = std::move(moved);
    CHECK(forecast.mean(3) == mean);
    seqd_forecast *raw = forecast.release();
    CHECK(!forecast && seqd_forecast_series_count(raw) == 600);
    const seqdemand::forecast owner(raw);

    ArrowArrayStream arrow;
    const double levels[2] = { 0.1, 0.9 };
    CHECK(owner.to_arrow(data, levels, &arrow));
    seqdemand::options of_mean(context);
    of_mean.set("freq", "D").set("target_column", "mean");
    CHECK(seqdemand::dataset::from_arrow(context, of_mean, &arrow).length(3) == 7);

    seqdemand::stream stream(model, data);
    CHECK(stream.push(3, 5.0) && stream.length(3) == data.length(3) + 1);
    CHECK(stream.push(std::vector<double>(600, 1.0)) && stream.run().series_count() == 600);
    CHECK(stream.known_count() == 0);
    CHECK(stream.forecast(3, nullptr, 0, mean.data(), levels, 0, nullptr));

    const seqdemand::importance important(model, data, 1, 1);
    CHECK(important.count() > 0 && important.row(0).feature[0] != '\0');
    const seqdemand::attribution why(model, data, 3, -1, 8);
    CHECK(why.feature_count() > 0 && why.values(0).size() == static_cast<std::size_t>(why.step_count()));

    const seqdemand::backtest compared(data, options, "naive,seasonal_naive");
    const seqd_metrics naive = compared.metrics(0);
    CHECK(compared.row_count() == 2 && !std::strcmp(compared.row(1).model, "seasonal_naive") && naive.wape > 0.0);
    const seqdemand::dataset past = data.before(7);
    const seqdemand::forecast simple = seqdemand::forecast::baseline(past, options, "naive");
    seqdemand::evaluation measured(context, 7);
    for (std::int64_t i = 0; i < past.series_count(); i++) {
        const std::vector<double> history = past.values(i), all = data.values(data.find(past.series_id(i)));
        measured.add(history, std::vector<double>(all.end() - 7, all.end()), simple.mean(i), simple.quantile(i, 0.5));
    }
    CHECK(measured.result().series == 600 && measured.result().wape > 0.0);
    seqdemand::tuner tuner(options.set("windows", 1).set("trials", 2).set("metric", "wape"));
    tuner.add_range("learning_rate", "1e-3:1e-2:log");
    CHECK(tuner.run(data) && tuner.trial_count() == 2 && tuner.trial(0).score <= tuner.trial(1).score);
    CHECK(std::atof(tuner.value(0, 0)) > 0.0 && tuner.settings(0).number("learning_rate") > 0.0);
}

void behaviour(seqdemand::context &context)
{
    seqdemand::options options(context);
    options.set("task", "classify").set("label", "next_event").set("id_column", "user").set("time_column", "time");
    options.set("event_column", "what").set("max_steps", 5).set("hidden_size", 8).set("folds", 2);
    const seqdemand::dataset all = events(context, options);
    const std::pair<seqdemand::dataset, seqdemand::dataset> parts = all.split("user", 0.5, 1);
    CHECK(parts.first.series_count() == 15 && parts.second.series_count() == 15 && all.class_count() == 3);
    const seqdemand::model model = seqdemand::train(context, options, parts.first);
    const seqdemand::prediction told = seqdemand::predictor(model).answer(parts.second, SEQD_ANSWER_EVERY);
    CHECK(told.row_count() == 15 * 9 && told.class_count() == 3 && told.scores(0).size() == 3);
    CHECK(told.classes(0).size() == 1 && told.labels(0).size() == 1 && told.confusion().size() == 9);
    CHECK(told.evaluate().count == 15 * 9 && told.evaluate_class(0).count > 0);
    CHECK(seqdemand::cross_validation(all, options).fold_count() == 2);
    CHECK(all.fold(3, 0, 1).second.series_count() == 10);

    int steps = 0;
    const auto stop = [&steps](const seqd_progress &progress) { return progress.step > 0 && ++steps == 2; };
    context.watch(stop);
    seqdemand::model empty(context, options, parts.first);
    seqdemand::trainer trainer(empty, parts.first, options);
    CHECK(!trainer.run() && steps == 2);
    context.set_progress(nullptr, nullptr);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    seqdemand::context context;
    sales(context, argv[1], argv[2]);
    behaviour(context);
    CHECK(context.memory_in_use() == 0);
    return 0;
}
