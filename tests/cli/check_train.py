# SPDX-License-Identifier: Apache-2.0
"""Training, and reading data in all the ways people have them."""

import gzip
import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import support
from support import SMALL, CliTest, sales, table


class Train(CliTest):
    def test_writes_a_model_and_says_what_it_did(self):
        out, err = self.good("train", "--data", "sales.csv", *SMALL, "--out", "told.seqd")
        self.assertEqual(out, "")
        self.assertIn("sales.csv: 720 rows, 6 series, one step a day, 2023-01-02 to 2023-05-01", err)
        self.assertIn("trained lstm on 6 series: 30 steps", err)
        self.assertIn("wrote told.seqd", err)
        self.assertNotIn("\r", err)
        self.assertGreater((self.folder / "told.seqd").stat().st_size, 1000)
        self.assertEqual([path.name for path in self.folder.glob("*.tmp")], [])

    def test_quiet_says_nothing(self):
        done = self.call("train", "--data", "sales.csv", *SMALL, "--quiet", "--out", "quiet.seqd")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    def test_json(self):
        out, _ = self.good("train", "--data", "sales.csv", *SMALL, "--json", "--out", "json.seqd")
        told = json.loads(out)
        self.assertEqual((told["model"], told["file"], told["steps"], told["series"], told["stopped"]),
                         ("lstm", "json.seqd", 30, 6, False))
        self.assertGreater(told["best_loss"], 0)

    def test_any_number_of_threads_writes_the_same_file(self):
        files = [self.train("threads%d.seqd" % n, "--threads", str(n)).read_bytes() for n in (1, 2, 4)]
        self.assertEqual(files[0], files[1])
        self.assertEqual(files[0], files[2])
        self.assertNotEqual(files[0], self.train("seed.seqd", "--seed", "2").read_bytes())

    def test_spellings_of_one_setting_write_the_same_file(self):
        plain = ["train", "--data", "sales.csv", "--quiet", *SMALL[2:]]
        ways = [["--hidden-size", "6"], ["--hidden_size", "6"], ["--hidden-size=6"], ["--set", "hidden_size=6"],
                ["--set", "hidden-size=6"], ["--config", "small.conf"],
                ["--config", "large.conf", "--hidden-size", "6"], ["--hidden-size", "6", "--config", "large.conf"]]
        self.write("small.conf", "# a comment\nhidden_size = 6\n")
        self.write("large.conf", "hidden_size = 12\n")
        files = set()
        for number, way in enumerate(ways):
            self.good(*plain, *way, "--out", "way%d.seqd" % number)
            files.add((self.folder / ("way%d.seqd" % number)).read_bytes())
        self.assertEqual(len(files), 1)

    def test_an_ensemble_is_one_file(self):
        out, err = self.good("train", "--data", "sales.csv", *SMALL, "--set", "ensemble_size=3", "--set",
                             "ensemble_models=lstm,gru", "--out", "three.seqd")
        self.assertIn("trained an ensemble of 3, lstm on 6 series: 90 steps", err)
        self.train("one.seqd")
        rows = [support.read_csv(self.good("forecast", "--model", name, "--data", "sales.csv", "--out", "-", "--quiet")[0])
                for name in ("three.seqd", "one.seqd")]
        self.assertEqual([row["ds"] for row in rows[0]], [row["ds"] for row in rows[1]])
        self.assertNotEqual(rows[0], rows[1])

    def test_killed_and_resumed_is_one_training(self):
        long = ["--data", "sales.csv", *SMALL, "--max-steps", "400", "--val-every", "20", "--set", "ema_decay=0.9"]
        self.good("train", *long, "--quiet", "--out", "whole.seqd")
        kept = self.folder / "kept.seqd"
        command = subprocess.Popen([support.program, "train", *long, "--quiet", "--out", "never.seqd", "--checkpoint",
                                    "kept.seqd", "--checkpoint-every", "7"], cwd=self.folder)
        while not kept.exists() and command.poll() is None:
            time.sleep(0.001)
        command.kill()
        command.wait()
        for path in self.folder.glob("*.tmp"):
            path.unlink()
        self.good("train", "--data", "sales.csv", "--quiet", "--resume", "kept.seqd", "--checkpoint", "kept.seqd",
                  "--out", "resumed.seqd", "--threads", "2")
        whole = (self.folder / "whole.seqd").read_bytes()
        self.assertEqual((self.folder / "resumed.seqd").read_bytes(), whole)
        # the checkpoint of the end gives the same model again, and a start for newer rows
        self.good("train", "--data", "sales.csv", "--quiet", "--resume", "kept.seqd", "--out", "again.seqd")
        self.assertEqual((self.folder / "again.seqd").read_bytes(), whole)
        self.write("newer.csv", table(["unique_id", "ds", "y"], sales(days=130)))
        err = self.bad(1, "train", "--data", "newer.csv", "--quiet", "--resume", "kept.seqd", "--out", "wrong.seqd")
        self.assertIn("not the data", err)
        _, err = self.good("train", "--data", "newer.csv", "--update", "kept.seqd", "--max-steps", "40", "--out",
                           "newer.seqd")
        self.assertIn("440 steps", err)
        self.assertNotEqual((self.folder / "newer.seqd").read_bytes(), whole)
        self.bad(2, "train", "--data", "sales.csv", "--resume", "kept.seqd", "--seed", "2", "--out", "wrong.seqd")
        self.bad(2, "train", "--data", "sales.csv", "--resume", "kept.seqd", "--update", "kept.seqd", "--out",
                 "wrong.seqd")

    def test_adapts_to_new_articles(self):
        rows = [(name, when, y, "fresh" if name in ("apple", "eggs") else "dry") for name, when, y in sales()]
        more = rows + [("grapes", when, y, "new") for name, when, y, _ in rows if name == "apple"]
        self.write("kinds.csv", table(["unique_id", "ds", "y", "kind"], rows))
        self.write("more.csv", table(["unique_id", "ds", "y", "kind"], more))
        self.good("train", "--data", "kinds.csv", *SMALL, "--static", "kind", "--out", "kinds.seqd")
        _, err = self.good("train", "--data", "more.csv", "--adapt", "kinds.seqd", "--freeze", "rnn.*", "--max-steps",
                           "10", "--out", "more.seqd")
        self.assertIn("trained lstm on 7 series: 10 steps", err)
        out, _ = self.good("forecast", "--model", "more.seqd", "--data", "more.csv", "--out", "-")
        self.assertEqual(len({row["unique_id"] for row in support.read_csv(out)}), 7)
        err = self.bad(1, "train", "--data", "more.csv", "--adapt", "kinds.seqd", "--freeze", "cnn.*", "--quiet",
                       "--out", "more.seqd")
        self.assertIn("cnn.*", err)

    def test_wrong_config_names_the_line(self):
        self.write("wrong.conf", "horizon = 14\n\nhiden_size = 3\n")
        message = self.bad(2, "train", "--data", "sales.csv", "--config", "wrong.conf", "--out", "x.seqd")
        self.assertIn("wrong.conf:3", message)
        self.assertIn("nothing.conf", self.bad(1, "train", "--data", "sales.csv", "--config", "nothing.conf",
                                               "--out", "x.seqd"))

    def test_progress_bar_only_when_asked_for_or_on_a_terminal(self):
        _, err = self.good("train", "--data", "sales.csv", *SMALL, "--progress", "--out", "bar.seqd")
        self.assertRegex(err, r"\r[^\r]*\[[#.]+\] +\d+ %")
        # The bar is gone before the next line: blanks over it, then the text from the left margin.
        self.assertRegex(err, r"\r {99,}\rtrained lstm")
        _, err = self.good("train", "--data", "sales.csv", *SMALL, "--progress", "--quiet", "--out", "bar.seqd")
        self.assertEqual(err, "")
        terminal, program_side = pty.openpty()
        run = subprocess.Popen([support.program, "train", "--data", "sales.csv", *SMALL, "--out", "bar.seqd"],
                               cwd=self.folder, stderr=program_side, stdout=subprocess.DEVNULL)
        os.close(program_side)
        text = read_all(terminal)
        self.assertEqual(run.wait(60), 0)
        self.assertRegex(text, r"\r[^\r]*\[[#.]+\] +\d+ %")

    def test_interrupt_saves_the_best_weights(self):
        long = [*SMALL, "--max-steps", "100000000"]
        run = subprocess.Popen([support.program, "train", "--data", "sales.csv", *long, "--progress", "--out",
                                "stopped.seqd"], cwd=self.folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        seen = b""
        deadline = time.monotonic() + 60
        # A round of validation has been: there are best weights.
        while b"validation" not in seen and time.monotonic() < deadline:
            seen += os.read(run.stderr.fileno(), 4096)
        run.send_signal(signal.SIGINT)
        _, rest = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0)
        self.assertIn(b"stopped early: the best weights so far were saved", rest)
        self.good("forecast", "--model", "stopped.seqd", "--data", "sales.csv")


def read_all(terminal):
    text = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        text += chunk
    return text.decode()


class Data(CliTest):
    """The same demand, written in several ways, gives the same model."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expected = cls.train("plain.seqd").read_bytes()

    def same(self, name, *flags, data=None):
        self.good("train", "--data", name, *SMALL, "--quiet", "--out", "other.seqd", *flags, data=data)
        forecast = [self.good("forecast", "--model", model, "--data", "sales.csv", "--out", "-", "--quiet",
                              *(flags_of_plain if model == "other.seqd" else ()))[0]
                    for model, flags_of_plain in (("plain.seqd", ()), ("other.seqd", self.plain_names(flags)))]
        self.assertEqual(forecast[0], forecast[1])

    @staticmethod
    def plain_names(flags):
        """To read sales.csv with a model whose columns had other names."""
        names = {"--id": "unique_id", "--time": "ds", "--target": "y"}
        return [word for flag in flags if flag in names for word in (flag, names[flag])]

    def test_gzip_and_standard_input(self):
        text = (self.folder / "sales.csv").read_bytes()
        self.write("sales.csv.gz", gzip.compress(text))
        self.good("train", "--data", "sales.csv.gz", *SMALL, "--quiet", "--out", "gz.seqd")
        self.assertEqual((self.folder / "gz.seqd").read_bytes(), self.expected)
        for data in (text, gzip.compress(text)):
            self.good("train", "--data", "-", *SMALL, "--quiet", "--out", "stdin.seqd", data=data)
            self.assertEqual((self.folder / "stdin.seqd").read_bytes(), self.expected)

    def test_standard_input_is_named(self):
        _, err = self.good("train", "--data", "-", *SMALL, "--out", "stdin.seqd",
                           data=(self.folder / "sales.csv").read_bytes())
        self.assertIn("standard input: 720 rows", err)

    def test_columns_by_name(self):
        self.write("names.csv", table(["tag", "shop article", "sold"], [(d, i, y) for i, d, y in sales()]))
        self.same("names.csv", "--id", "shop article", "--time", "tag", "--target", "sold")

    def test_semicolons_and_row_order(self):
        rows = sorted(sales(), key=lambda row: (row[2], row[1], row[0]))
        text = "unique_id;ds;y\r\n" + "".join('"%s";%s;%d\r\n' % (i.replace('"', '""'), d, y) for i, d, y in rows)
        self.write("semicolon.csv", b"\xef\xbb\xbf" + text.encode())
        self.same("semicolon.csv")

    def test_cleaning_is_told_in_words(self):
        rows = [row for row in sales() if not (row[0] == "apple" and row[1] == support.day(50))]
        rows += [("bread", support.day(60), -2), ("bread", support.day(61), 5), ("eggs", support.day(62), "")]
        self.write("dirty.csv", table(["unique_id", "ds", "y"], rows))
        _, err = self.good("train", "--data", "dirty.csv", *SMALL, "--negatives", "drop", "--out", "dirty.seqd")
        self.assertIn("dirty.csv: 722 rows", err)
        self.assertIn("1 steps without a row filled (fill = zero)", err)
        self.assertIn("1 negative rows (negatives = drop)", err)
        self.assertRegex(err, r"\b[12] rows merged into a step that had one \(duplicates = sum\)")

    def test_messages_name_file_line_and_column(self):
        good = "unique_id,ds,y\na,2023-01-01,1\n"
        for text, place in ((good + "a,2023-01-02,twelve\n", "bad.csv:3: column 'y': "),
                            (good + "a,2023-13-02,1\n", "bad.csv:3: column 'ds': "),
                            (good + 'a,2023-01-02,"1\n', "bad.csv:3"), (good + "a,2023-01-02\n", "bad.csv:3"),
                            ("unique_id,when,y\na,2023-01-01,1\n", "bad.csv"), ("", "bad.csv")):
            self.write("bad.csv", text)
            message = self.bad(1, "train", "--data", "bad.csv", "--out", "x.seqd")
            self.assertTrue(message.startswith("seqdemand: train: " + place), message)
        self.write("bad.csv", good.encode("utf-16"))
        self.assertIn("UTF-16", self.bad(1, "train", "--data", "bad.csv", "--out", "x.seqd"))
        for path in ("nothing.csv", "."):
            self.assertIn("'%s'" % path, self.bad(1, "train", "--data", path, "--out", "x.seqd"))
        self.assertFalse((self.folder / "x.seqd").exists())
        self.assertEqual([path.name for path in self.folder.glob("x.seqd*")], [])

    def test_too_little_data_is_refused_in_words(self):
        self.write("short.csv", table(["unique_id", "ds", "y"], sales(days=1)))
        self.assertTrue(re.match("seqdemand: train: .+", self.bad(1, "train", "--data", "short.csv", *SMALL,
                                                                  "--quiet", "--out", "x.seqd")))
