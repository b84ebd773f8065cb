# SPDX-License-Identifier: Apache-2.0
"""Sequences of events: classes and numbers, folds, searches and reasons."""

import json
import random

from support import CliTest, read_csv, table

TINY = ["--hidden-size", "12", "--max-steps", "150", "--val-every", "50", "--batch-size", "32", "--learning-rate",
        "0.01", "--max-len", "8", "--backend", "native"]
DATA = ["--id", "user", "--event-column", "what", "--num-columns", "size,noise"]


class Events(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The label says whether "b" was among the events; the number how often.
        rng, rows = random.Random(4), []
        for user in range(150):
            events = [rng.choice("aaab" if user % 2 else "aaac") for _ in range(rng.randint(3, 8))]
            for place, what in enumerate(events):
                last = place + 1 == len(events)
                rows.append(("u%03d" % user, place, what, rng.randint(1, 9), round(rng.random(), 3),
                             ("yes" if "b" in events else "no") if last else "",
                             events.count("b") if last else ""))
        cls.write("events.csv", table(["user", "time", "what", "size", "noise", "bought", "count"], rows))
        cls.classify = ["--data", "events.csv", "--task", "classify", "--label-column", "bought", *DATA, *TINY]
        done = cls.call("train", *cls.classify, "--quiet", "--out", "events.seqd")
        assert done.returncode == 0, done.stderr.decode()

    def test_answers(self):
        self.good("classify", "--model", "events.seqd", "--data", "events.csv", "--out", "p.csv", "--quiet")
        rows = read_csv((self.folder / "p.csv").read_text())
        self.assertEqual(len(rows), 150)
        self.assertEqual(set(rows[0]), {"id", "event", "class", "p_no", "p_yes", "label"})
        for row in rows:
            self.assertAlmostEqual(float(row["p_no"]) + float(row["p_yes"]), 1, places=4)
        right = sum(row["class"] == row["label"] for row in rows)
        self.assertGreater(right, 135)
        out, err = self.good("classify", "--model", "events.seqd", "--data", "events.csv", "--metrics", "--json")
        told = {row["class"]: row for row in json.loads(out)["rows"]}
        self.assertEqual(told["no"]["right"] + told["yes"]["right"], right)
        self.assertIn("150 answers compared", err)
        self.assertRegex(err, r"events\.csv: [\d,]+ rows, 150 sequences, 150 of [\d,]+ events with an answer\n  2 classes")

    def test_numbers(self):
        self.good("train", "--data", "events.csv", "--task", "regress", "--label-column", "count", *DATA, *TINY,
                  "--quiet", "--out", "count.seqd")
        out, _ = self.good("classify", "--model", "count.seqd", "--data", "events.csv", "--quiet", "--json")
        self.assertEqual(set(json.loads(out)["rows"][0]), {"id", "event", "value", "label"})
        out, _ = self.good("classify", "--model", "count.seqd", "--data", "events.csv", "--quiet", "--metrics",
                           "--json")
        self.assertLess(json.loads(out)["rows"][0]["mae"], 0.8)

    def test_cross_validation(self):
        out, _ = self.good("cross-validate", *self.classify, "--folds", "3", "--quiet", "--json")
        rows = json.loads(out)["rows"]
        self.assertEqual([row["fold"] for row in rows], ["1", "2", "3", "mean", "deviation"])
        self.assertEqual(sum(row["count"] for row in rows[:3]), 150)
        mean = sum(row["accuracy"] for row in rows[:3]) / 3
        self.assertAlmostEqual(rows[3]["accuracy"], mean, places=6)
        self.assertGreater(mean, 0.8)
        self.assertIn("backtest", self.bad(2, "cross-validate", "--data", "sales.csv", "--quiet"))

    def test_search(self):
        out, _ = self.good("tune", *self.classify, "--folds", "2", "--trials", "3", "--metric", "auroc", "--quiet",
                           "--range", "max_len=2,8", "--range", "dropout=0:0.3", "--max-steps", "60", "--json")
        rows = json.loads(out)["rows"]
        scores = [row["auroc"] for row in rows]
        self.assertEqual(scores, sorted(scores, reverse=True))

    def test_reasons(self):
        out, _ = self.good("explain", "--model", "events.seqd", "--data", "events.csv", "--quiet", "--json")
        rows = json.loads(out)["rows"]
        self.assertEqual((rows[0]["feature"], rows[0]["kind"]), ("what", "category"))
        self.assertLess(abs([row["rise"] for row in rows if row["feature"] == "noise"][0]), rows[0]["rise"] / 4)
        out, err = self.good("explain", "--model", "events.seqd", "--data", "events.csv", "--series", "u001", "--json")
        self.assertEqual({row["feature"] for row in json.loads(out)["rows"]}, {"what", "size", "noise", "time_gap"})
        self.assertIn("the parts add up", err)
