# SPDX-License-Identifier: Apache-2.0
"""Why a model answers as it does."""

import json
import random

from support import CliTest, day, read_csv, table

SMALL = ["--hidden-size", "8", "--decoder-size", "8", "--max-steps", "120", "--context-length", "14", "--horizon", "7",
         "--known", "price,noise", "--head", "mae"]


class Explain(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rng, rows = random.Random(2), []
        for series in ("a", "b", "c"):
            for number in range(127):
                price = rng.choice((1, 1, 0.5))
                y = round(rng.gauss(30, 2) * (2.5 if price < 1 else 1)) if number < 120 else ""
                rows.append((series, day(number), y, price, round(rng.random(), 3)))
        cls.write("prices.csv", table(["unique_id", "ds", "y", "price", "noise"], rows))
        done = cls.call("train", "--data", "prices.csv", *SMALL, "--quiet", "--out", "why.seqd")
        assert done.returncode == 0, done.stderr.decode()

    def test_importance(self):
        out, err = self.good("explain", "--model", "why.seqd", "--data", "prices.csv", "--out", "why.csv")
        rows = read_csv((self.folder / "why.csv").read_text())
        self.assertEqual((rows[0]["feature"], rows[0]["kind"]), ("price", "known"))
        self.assertEqual({row["feature"] for row in rows}, {"price", "noise", "lags", "calendar", "demand"})
        rises = {row["feature"]: float(row["rise"]) for row in rows}
        self.assertLess(abs(rises["noise"]), rises["price"] / 10)
        self.assertEqual(list(rises.values()), sorted(rises.values(), reverse=True))
        self.assertEqual(out.splitlines()[1].split()[0], "price")
        self.assertRegex(err, r"loss 0\.\d+ on 30\d|3\d\d windows")
        again, _ = self.good("explain", "--model", "why.seqd", "--data", "prices.csv", "--json", "--quiet")
        self.assertEqual([row["feature"] for row in json.loads(again)["rows"]], [row["feature"] for row in rows])

    def test_one_series_step_by_step(self):
        out, err = self.good("explain", "--model", "why.seqd", "--data", "prices.csv", "--series", "b", "--out",
                             "steps.csv")
        rows = read_csv((self.folder / "steps.csv").read_text())
        self.assertEqual({row["unique_id"] for row in rows}, {"b"})
        self.assertEqual([row["ds"] for row in rows][:14], [day(number) for number in range(106, 120)])
        self.assertEqual(len(rows), 14 * len({row["feature"] for row in rows}))
        answer, zero = (float(word.rstrip(",")) for word in (err.split("answer is ")[1].split()[0],
                                                             err.split("answer is ")[1].split()[1]))
        self.assertAlmostEqual(sum(float(row["value"]) for row in rows), answer - zero, delta=0.01)
        self.assertEqual(out.splitlines()[0].split()[0], "feature")

    def test_wrong_use(self):
        common = ["explain", "--model", "why.seqd", "--data", "prices.csv", "--quiet"]
        self.assertIn("no series 'z'", self.bad(1, *common, "--series", "z"))
        self.assertIn("--series is needed", self.bad(2, *common, "--class", "1"))
        self.assertIn("without --series", self.bad(2, *common, "--series", "a", "--repeats", "3"))
        self.assertIn("--repeats", self.bad(2, *common, "--repeats", "0"))
        self.assertIn("--model", self.bad(2, "explain", "--data", "prices.csv"))
