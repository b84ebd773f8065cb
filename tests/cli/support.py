# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: the program, and small tables of sales."""

import csv
import datetime
import io
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest

FIRST_DAY = datetime.date(2023, 1, 2)
# A network that learns within a second.
SMALL = ["--hidden-size", "8", "--decoder-size", "4", "--max-steps", "30", "--val-every", "10", "--batch-size", "16",
         "--context-length", "28", "--horizon", "14"]
SERIES = ["apple", "bread", "cheese, blue", 'dates "medjool"', "eggs", "flour"]

program = None  # set by test_cli.py


def day(number):
    return (FIRST_DAY + datetime.timedelta(days=number)).isoformat()


def sales(days=120, first=0, series=SERIES, seed=7):
    """Rows (unique_id, ds, y) with a weekly pattern and a level for each article."""
    rng = random.Random(seed)
    rows = []
    for place, name in enumerate(series):
        for number in range(days):
            level = (4 + 3 * place) * (1.6 if number % 7 >= 5 else 1.0)
            if number >= first:
                rows.append((name, day(number), max(0, round(rng.gauss(level, level / 4)))))
            else:
                rng.gauss(level, level / 4)
    return rows


def table(header, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


class CliTest(unittest.TestCase):
    """Each class has a folder with sales.csv; commands run in it, so that messages name short paths."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="seqdemand-cli-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.write("sales.csv", table(["unique_id", "ds", "y"], sales()))

    @classmethod
    def write(cls, name, content):
        path = cls.folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
        return path

    @classmethod
    def call(cls, *arguments, data=None):
        return subprocess.run([program, *map(str, arguments)], cwd=cls.folder, input=data, capture_output=True,
                              timeout=120, check=False)

    @classmethod
    def train(cls, out="model.seqd", *more):
        small = SMALL[:2] + SMALL[4:] if "encdec" in more else SMALL
        done = cls.call("train", "--data", "sales.csv", *small, "--quiet", "--out", out, *more)
        assert done.returncode == 0, done.stderr.decode()
        return cls.folder / out

    def good(self, *arguments, data=None):
        """Runs; answers (standard output, standard error) as text."""
        done = self.call(*arguments, data=data)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode(), done.stderr.decode()

    def bad(self, code, *arguments, data=None):
        """Runs what must be refused with `code`; answers standard error. Nothing may be printed as a result."""
        done = self.call(*arguments, data=data)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        self.assertEqual(done.stdout, b"")
        message = done.stderr.decode()
        self.assertTrue(message.startswith("seqdemand: "), message)
        return message
