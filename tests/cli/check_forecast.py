# SPDX-License-Identifier: Apache-2.0
"""Forecast, backtest and evaluate."""

import json
import math

import support
from support import SERIES, SMALL, CliTest, read_csv, sales, table

MEASURES = ["smape", "mase", "rmsse", "wape", "rmse", "bias", "wql", "coverage80"]


class Forecast(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.train()
        cls.base = ["forecast", "--model", "model.seqd", "--data", "sales.csv"]

    def test_csv(self):
        out, err = self.good(*self.base, "--out", "f.csv")
        self.assertEqual(out, "")
        self.assertIn("wrote f.csv: 14 steps of 6 series", err)
        text = (self.folder / "f.csv").read_text()
        self.assertEqual(text.splitlines()[0], "unique_id,ds,mean,q0.1,q0.5,q0.9")
        rows = read_csv(text)
        self.assertEqual([(row["unique_id"], row["ds"]) for row in rows],
                         [(name, support.day(120 + step)) for name in sorted(SERIES) for step in range(14)])
        for row in rows:
            values = [float(row[name]) for name in ("q0.1", "q0.5", "q0.9")]
            self.assertEqual(values, sorted(values))
            self.assertTrue(math.isfinite(float(row["mean"])))
        self.assertEqual(self.good(*self.base, "--out", "-")[0], text)
        self.assertEqual([path.name for path in self.folder.glob("*.tmp")], [])

    def test_quantiles_and_horizon(self):
        rows = read_csv(self.good(*self.base, "--quantiles", "0.05, 0.95", "--horizon", "3", "--out", "-")[0])
        self.assertEqual(list(rows[0]), ["unique_id", "ds", "mean", "q0.05", "q0.95"])
        self.assertEqual(len(rows), 18)
        self.assertIn("--quantiles", self.bad(2, *self.base, "--quantiles", "0.5,2"))
        self.assertIn("ascending", self.bad(2, *self.base, "--quantiles", "0.9,0.1"))
        self.assertIn("14 steps", self.bad(2, *self.base, "--horizon", "15", "--quiet"))

    def test_table_for_people_holds_the_same_numbers(self):
        rows = read_csv(self.good(*self.base, "--out", "-")[0])
        lines = self.good(*self.base)[0].splitlines()
        self.assertRegex(lines[0], r"^article +date +mean +q0.1 +q0.5 +q0.9$")
        self.assertEqual(len(lines), len(rows) + 1)
        for line, row in zip(lines[1:], rows):
            numbers = ["%.2f" % abs(float(row[name])) for name in ("mean", "q0.1", "q0.5", "q0.9")]
            self.assertEqual(line.split()[-4:], numbers)
            self.assertTrue(line.startswith(row["unique_id"]))
        self.assertEqual(len(set(map(len, lines))), 1)

    def test_json(self):
        rows = read_csv(self.good(*self.base, "--out", "-")[0])
        told = json.loads(self.good(*self.base, "--json")[0])
        self.assertEqual((told["frequency"], told["horizon"]), ("D", 14))
        self.assertEqual([series["unique_id"] for series in told["series"]], sorted(SERIES))
        for number, series in enumerate(told["series"]):
            mine = rows[14 * number:14 * number + 14]
            self.assertEqual(series["status"], "ok")
            self.assertEqual(series["ds"], [row["ds"] for row in mine])
            self.assertEqual(series["mean"], [float(row["mean"]) for row in mine])
            self.assertEqual(sorted(series["quantiles"]), ["0.1", "0.5", "0.9"])
            self.assertEqual(series["quantiles"]["0.9"], [float(row["q0.9"]) for row in mine])

    def test_threads_and_standard_input_change_nothing(self):
        expected = self.good(*self.base, "--out", "-")[0]
        self.assertEqual(self.good(*self.base, "--out", "-", "--threads", "1")[0], expected)
        self.assertEqual(self.good(*self.base, "--out", "-", "--threads", "3")[0], expected)
        data = (self.folder / "sales.csv").read_bytes()
        self.assertEqual(self.good("forecast", "--model", "model.seqd", "--data", "-", "--out", "-", data=data)[0],
                         expected)

    def test_other_data_than_the_model_asks_for(self):
        self.write("hours.csv", table(["unique_id", "ds", "y"],
                                      [("a", "2023-01-01 %02d:00:00" % hour, 1) for hour in range(24)]))
        self.bad(1, "forecast", "--model", "model.seqd", "--data", "hours.csv", "--freq", "h", "--quiet")

    def test_series_without_demand_are_told(self):
        rows = sales() + [("nothing", support.day(number), 0) for number in range(120)]
        self.write("zero.csv", table(["unique_id", "ds", "y"], rows))
        out, err = self.good("forecast", "--model", "model.seqd", "--data", "zero.csv", "--json")
        status = {series["unique_id"]: series["status"] for series in json.loads(out)["series"]}
        self.assertEqual(status["nothing"], "all_zero")
        self.assertIn("1 series never had any demand", err)


class Backtest(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.base = ["backtest", "--data", "sales.csv", *SMALL, "--windows", "2"]

    def test_json_is_exactly_as_promised(self):
        out, _ = self.good(*self.base, "--models", "lstm,seasonal_naive,zero", "--json")
        keys = ["model", *MEASURES, "fit_s", "predict_s"]
        told = json.loads(out)
        self.assertEqual(list(told), ["rows"])
        self.assertEqual([row["model"] for row in told["rows"]], ["lstm", "seasonal_naive", "zero"])
        for row in told["rows"]:
            self.assertEqual(list(row), keys)
        self.assertTrue(out.startswith('{"rows":[{"model":"lstm","smape":'))
        self.assertNotIn("nan", out.lower())
        zero = told["rows"][2]
        self.assertEqual((zero["wape"], zero["bias"]), (1, -1))

    def test_csv_and_table(self):
        out, err = self.good(*self.base, "--models", "seasonal_naive,moving_average", "--out", "b.csv")
        rows = read_csv((self.folder / "b.csv").read_text())
        self.assertEqual([row["model"] for row in rows], ["seasonal_naive", "moving_average"])
        self.assertEqual(list(rows[0]), ["model", *MEASURES, "fit_s", "predict_s"])
        lines = out.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertIn("WAPE", lines[0])
        self.assertEqual(lines[1].split()[4], "%.4f" % float(rows[0]["wape"]))
        self.assertIn("12 forecasts compared at 168 points a model", err)

    def test_model_option_leads_the_default_list(self):
        rows = json.loads(self.good(*self.base, "--model", "gru", "--json")[0])["rows"]
        self.assertEqual([row["model"] for row in rows], ["gru", "seasonal_naive", "moving_average", "croston"])

    def test_measures_of_seasonal_naive_by_hand(self):
        out, _ = self.good("backtest", "--data", "sales.csv", "--horizon", "14", "--windows", "1", "--models",
                           "seasonal_naive", "--json")
        error = total = signed = 0
        for place, _name in enumerate(SERIES):
            y = [row[2] for row in sales()[120 * place:120 * place + 120]]
            for step in range(106, 120):
                forecast = y[106 - 7 + (step - 106) % 7]
                error += abs(y[step] - forecast)
                signed += forecast - y[step]
                total += y[step]
        row = json.loads(out)["rows"][0]
        self.assertAlmostEqual(row["wape"], error / total, places=6)
        self.assertAlmostEqual(row["bias"], signed / total, places=6)

    def test_unknown_model_is_refused(self):
        self.assertIn("crostn", self.bad(1, *self.base, "--models", "crostn", "--quiet"))
        self.assertIn("nowhere/b.csv: cannot be written", self.bad(1, *self.base, "--out", "nowhere/b.csv"))


class Evaluate(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = sales()
        cls.write("history.csv", table(["unique_id", "ds", "y"], [row for row in rows if row[1] < support.day(106)]))
        cls.write("actual.csv", table(["unique_id", "ds", "y"], [row for row in rows if row[1] >= support.day(106)]))
        forecasts = []
        cls.error = cls.total = 0
        for place, name in enumerate(SERIES):
            y = [row[2] for row in rows[120 * place:120 * place + 120]]
            for step in range(106, 120):
                naive = y[106 - 7 + (step - 106) % 7]
                cls.error += abs(y[step] - naive)
                cls.total += y[step]
                forecasts.append((name, support.day(step), naive, naive - 1, naive, naive + 1))
        cls.rows = forecasts
        cls.write("f.csv", table(["unique_id", "ds", "mean", "q0.1", "q0.5", "q0.9"], forecasts))
        cls.base = ["evaluate", "--forecast", "f.csv", "--actual", "actual.csv", "--history", "history.csv"]

    def test_agrees_with_backtest(self):
        told = json.loads(self.good(*self.base, "--season", "7", "--json")[0])
        self.assertEqual(list(told), [*MEASURES, "series", "points"])
        self.assertEqual((told["series"], told["points"]), (6, 84))
        self.assertAlmostEqual(told["wape"], self.error / self.total, places=6)
        row = json.loads(self.good("backtest", "--data", "sales.csv", "--horizon", "14", "--windows", "1", "--models",
                                   "seasonal_naive", "--json")[0])["rows"][0]
        for measure in ("smape", "mase", "rmsse", "wape", "rmse", "bias"):
            self.assertAlmostEqual(told[measure], row[measure], places=6)

    def test_history_and_actual_in_one_file(self):
        both = ["evaluate", "--forecast", "f.csv", "--actual", "sales.csv", "--history", "sales.csv", "--json"]
        self.assertEqual(self.good(*both)[0], self.good(*self.base, "--json")[0])

    def test_table_and_csv(self):
        lines = self.good(*self.base)[0].splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["measure", *MEASURES, "series", "points"])
        self.good(*self.base, "--out", "e.csv")
        rows = read_csv((self.folder / "e.csv").read_text())
        self.assertAlmostEqual(float(rows[3]["value"]), self.error / self.total, places=6)

    def test_columns_in_another_order_and_without_mean(self):
        self.write("g.csv", table(["q0.9", "ds", "q0.5", "unique_id", "q0.1"],
                                  [(row[5], row[1], row[4], row[0], row[3]) for row in self.rows]))
        told = json.loads(self.good("evaluate", "--forecast", "g.csv", *self.base[3:], "--json")[0])
        expected = json.loads(self.good(*self.base, "--json")[0])
        self.assertEqual(told, expected)

    def test_articles_without_actual_are_told(self):
        self.write("more.csv", table(["unique_id", "ds", "mean"],
                                     [row[:3] for row in self.rows] + [("zebra", support.day(106), 1)]))
        _, err = self.good("evaluate", "--forecast", "more.csv", *self.base[3:], "--json")
        self.assertIn("1 forecasts have no actual and were left out", err)

    def test_refusals(self):
        self.write("none.csv", "unique_id,ds,value\na,2023-01-01,1\n")
        self.assertIn("none.csv:1", self.bad(1, "evaluate", "--forecast", "none.csv", *self.base[3:], "--quiet"))
        self.write("word.csv", "unique_id,ds,mean\napple,%s,many\n" % support.day(106))
        self.assertIn("word.csv:2: column 'mean'", self.bad(1, "evaluate", "--forecast", "word.csv", *self.base[3:],
                                                              "--quiet"))
        self.write("late.csv", "unique_id,ds,mean\napple,2030-01-01,1\n")
        self.assertIn("has no value", self.bad(1, "evaluate", "--forecast", "late.csv", *self.base[3:], "--quiet"))
