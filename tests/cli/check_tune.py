# SPDX-License-Identifier: Apache-2.0
"""The search for good settings: its table, its state, and what it writes for --config."""

import json
import random
import signal
import subprocess
import time

import support
from support import CliTest, read_csv

TINY = ["--decoder-size", "4", "--val-every", "10", "--batch-size", "16", "--context-length", "28", "--horizon", "14",
        "--windows", "2"]
RANGES = ["--range", "hidden_size=4:12", "--range", "learning_rate=1e-3:1e-1:log", "--range", "model=lstm,gru"]


class Tune(CliTest):
    def tune(self, *more, good=True):
        arguments = ["tune", "--data", "sales.csv", "--max-steps", "20", *TINY, *RANGES, *more]
        return self.good(*arguments) if good else self.call(*arguments)

    def test_table_settings_and_training_with_them(self):
        out, err = self.tune("--trials", "5", "--out", "trials.csv", "--best", "best.conf")
        rows = read_csv((self.folder / "trials.csv").read_text())
        self.assertEqual([row["place"] for row in rows], list("12345"))
        self.assertEqual(sorted(row["trial"] for row in rows), list("01234"))
        scores = [float(row["wql"]) for row in rows]
        self.assertEqual(scores, sorted(scores))
        self.assertTrue(all(4 <= int(row["hidden_size"]) <= 12 and 1e-3 <= float(row["learning_rate"]) <= 1e-1
                            and row["model"] in ("lstm", "gru") for row in rows))
        self.assertIn("5/5: trial 4, wql", err)
        lines = out.splitlines()
        self.assertEqual(lines[0].split(), ["place", "trial", "wql", "hidden_size", "learning_rate", "model"])
        self.assertEqual(len(lines), 6)
        best = (self.folder / "best.conf").read_text()
        for name in ("hidden_size", "learning_rate", "model"):
            self.assertIn("%s = %s\n" % (name, rows[0][name]), best)
        # The file states the whole experiment: training and backtest need nothing more.
        self.good("train", "--config", "best.conf", "--data", "sales.csv", "--out", "best.seqd")
        self.good("backtest", "--config", "best.conf", "--data", "sales.csv", "--models", rows[0]["model"],
                  "--out", "again.csv")
        again = read_csv((self.folder / "again.csv").read_text())[0]
        for measure in ("smape", "mase", "rmsse", "wape", "rmse", "bias", "wql", "coverage80"):
            self.assertEqual(again[measure], rows[0][measure])

    def test_json_and_another_metric(self):
        out, _ = self.tune("--trials", "3", "--metric", "wape", "--json", "--quiet")
        rows = json.loads(out)["rows"]
        self.assertEqual([row["place"] for row in rows], [1, 2, 3])
        self.assertEqual([row["wape"] for row in rows], sorted(row["wape"] for row in rows))

    def test_halving(self):
        out, _ = self.tune("--trials", "9", "--method", "halving", "--quiet")
        rows = [line.split() for line in out.splitlines()[1:]]
        self.assertEqual([row[2] for row in rows], ["2", "1", "1"] + ["0"] * 6)
        self.assertEqual([row[3] for row in rows], ["20", "6", "6"] + ["2"] * 6)

    def test_killed_at_random_points_and_resumed_gives_the_same_table(self):
        rng = random.Random(5)
        for method in ("random", "halving"):
            common = ["--trials", "9", "--method", method, "--max-steps", "60"]
            self.tune(*common, "--state", method + ".state", "--out", method + ".csv", "--best", method + ".conf")
            state, kills = method + "-killed.state", 0
            arguments = ["tune", "--data", "sales.csv", *TINY, *RANGES, *common, "--state", state, "--out",
                         "killed.csv", "--best", "killed.conf", "--quiet"]
            while kills < 200:
                run = subprocess.Popen([support.program, *arguments], cwd=self.folder, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
                time.sleep(rng.uniform(0.005, 0.12 + 0.03 * kills))
                if run.poll() is None:
                    run.send_signal(rng.choice([signal.SIGKILL, signal.SIGINT]))
                    kills += 1
                if run.wait(60) == 0:
                    break
            else:
                self.good(*arguments)
            self.assertGreater(kills, 0)
            for whole, killed in ((".csv", "killed.csv"), (".conf", "killed.conf"), (".state", state)):
                self.assertEqual((self.folder / (method + whole)).read_bytes(), (self.folder / killed).read_bytes(),
                                 whole)

    def test_threads_give_the_same_state(self):
        for threads in ("1", "2"):
            self.tune("--trials", "3", "--threads", threads, "--state", "threads%s.csv" % threads)
        self.assertEqual((self.folder / "threads1.csv").read_bytes(), (self.folder / "threads2.csv").read_bytes())

    def test_interrupted_search_says_how_it_goes_on(self):
        arguments = ["tune", "--data", "sales.csv", *TINY, *RANGES, "--max-steps", "100000", "--quiet"]
        run = subprocess.Popen([support.program, *arguments], cwd=self.folder, stderr=subprocess.PIPE,
                               stdout=subprocess.PIPE)
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        self.assertEqual((run.returncode, out), (1, b""))
        self.assertIn(b"stopped after 0 of 20 steps; nothing was kept (see --state)", err)

    def test_state_of_another_search_is_refused(self):
        self.tune("--trials", "2", "--state", "mine.csv")
        before = (self.folder / "mine.csv").read_bytes()
        message = self.bad(1, "tune", "--data", "sales.csv", *TINY, *RANGES, "--max-steps", "21", "--state", "mine.csv",
                           "--quiet")
        self.assertIn("mine.csv holds another search", message)
        self.assertEqual((self.folder / "mine.csv").read_bytes(), before)
        sales = (self.folder / "sales.csv").read_bytes()
        message = self.bad(1, "tune", "--data", "sales.csv", *RANGES, "--state", "sales.csv", "--quiet")
        self.assertIn("sales.csv:1: this is not the state of a search", message)
        self.assertEqual((self.folder / "sales.csv").read_bytes(), sales)

    def test_trials_that_cannot_be_trained_rank_last(self):
        done = self.call("tune", "--data", "sales.csv", "--horizon", "14", "--max-steps", "5", "--range",
                         "head=quantile,cross_entropy", "--trials", "5", "--out", "some.csv")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        rows = read_csv((self.folder / "some.csv").read_text())
        self.assertEqual([row["head"] for row in rows], ["quantile", "cross_entropy"])
        self.assertEqual((rows[0]["message"], rows[1]["wql"]), ("", ""))
        self.assertIn("cross_entropy", rows[1]["message"])
        message = self.bad(1, "tune", "--data", "sales.csv", "--horizon", "14", "--range", "head=cross_entropy,binary",
                           "--quiet")
        self.assertIn("no trial could be trained; the first one: ", message)

    def test_wrong_use(self):
        for arguments, told in (([], "--range name=range is needed"), (["--range", "x"], "--range takes name=range"),
                                (["--range", "hiden-size=2:3"], "did you mean 'hidden_size'?"),
                                (["--range", "dropout=0.5:0.1"], "lower to a higher"),
                                (["--range", "dropout=0:0.9:log"], "begins at 0"),
                                (["--range", "model=lstm,grv"], "did you mean 'gru'?"),
                                (["--range", "horizon=7:9"], "cannot vary"),
                                (["--range", "dropout=0:0.5", "--range", "dropout=0:0.1"], "two ranges"),
                                (["--range", "dropout=0:0.5", "--metric", "auroc"], "auroc is not measured"),
                                (["--range", "dropout=0:0.5", "--trials", "0"], "'trials'")):
            self.assertIn(told, self.bad(2, "tune", "--data", "sales.csv", "--quiet", *arguments), arguments)
        self.assertIn("--data", self.bad(2, "tune", "--range", "dropout=0:0.5"))
        self.assertIn("nowhere", self.bad(1, "tune", "--data", "sales.csv", *RANGES, "--best", "nowhere/b.conf"))
        self.assertIn("nowhere", self.bad(1, "tune", "--data", "sales.csv", *RANGES, "--state", "nowhere/s.csv",
                                           "--quiet"))
