#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The stock system on the demo data: proposals are those of the command line program with the same model; a sale moves
the stock; drift is seen; and whenever a command is killed, the database is as before it or as after it.

    test.py PROGRAM COMMAND_LINE_PROGRAM DATA_FOLDER [KILLS]
"""
import csv
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM, CLI, DATA = (str(Path(argument).resolve()) for argument in sys.argv[1:4])
KILLS = int(sys.argv[4]) if len(sys.argv) > 4 else 4
TABLES = ("stock", "sale", "forecast_model", "reorder_proposal", "drift_alert")


def run(*words, ok=True):
    answer = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)
    assert (answer.returncode == 0) == ok, answer
    return answer.stdout + answer.stderr


def rows(path, query):
    with sqlite3.connect(path) as base:
        return base.execute(query).fetchall()


def state(path):
    assert rows(path, "pragma integrity_check") == [("ok",)]
    return {table: hash(tuple(rows(path, f"select * from {table} order by 1, 2"))) for table in TABLES}


def same_as_the_command_line(path, folder):
    (folder / "m.seqd").write_bytes(rows(path, "select bytes from forecast_model")[0][0])
    subprocess.run([CLI, "reorder", "--model", folder / "m.seqd", "--data", f"{DATA}/sales.csv.gz", "--stock",
                    f"{DATA}/stock.csv", "--review", "7", "--service-level", "0.95", "--out", folder / "r.csv", "--quiet"],
                   check=True, capture_output=True)
    with open(folder / "r.csv", newline="") as file:
        theirs = {row["unique_id"]: row for row in csv.DictReader(file)}
    ours = rows(path, "select article, reorder_point, order_up_to, quantity from reorder_proposal")
    assert len(ours) == len(theirs) == 600
    for article, point, up_to, quantity in ours:
        row = theirs[article]
        told = [float(row[name]) for name in ("reorder_point", "order_up_to", "order_quantity")]
        assert all(abs(a - b) <= 1e-6 * max(1.0, abs(b)) for a, b in zip((point, up_to, quantity), told)), article


def killed(path, words, seed):
    """Kills a command at a random moment: the state is the one before or the one it leaves when it comes to its end."""
    before, copy = state(path), path.with_suffix(".copy")
    with sqlite3.connect(path) as base, sqlite3.connect(copy) as other:
        base.backup(other)
    began = time.monotonic()
    run(copy, *words)
    seconds, after = time.monotonic() - began, state(copy)
    for suffix in ("", "-wal", "-shm"):
        Path(str(copy) + suffix).unlink(missing_ok=True)
    process = subprocess.Popen([PROGRAM, str(path), *words], stdout=subprocess.DEVNULL)
    time.sleep(random.Random(seed).uniform(0.0, 1.1 * seconds))
    process.kill()
    process.wait()
    found = state(path)
    assert found in (before, after), (words, seed)
    return found == after


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "shop.db"
        run(path, "import", f"{DATA}/articles.csv", f"{DATA}/stock.csv", f"{DATA}/sales.csv.gz")
        print(run(path, "nightly", 20), end="")
        same_as_the_command_line(path, folder)
        assert "trained" not in run(path, "nightly", 20), "a model of today was trained anew"

        on_hand = rows(path, "select on_hand from stock where article = '85123A'")[0][0]
        run(path, "sell", "85123A", 9, "2011-12-10")
        assert rows(path, "select on_hand from stock where article = '85123A'") == [(on_hand - 9,)]
        before = state(path)
        for bad in (("nothing", "1", "2011-12-10"), ("85123A", "many", "2011-12-10"), ("85123A", "1", "someday")):
            run(path, "sell", *bad, ok=False)
        assert state(path) == before

        run(path, "sell", "15036", 100000, "2011-12-11")
        print(run(path, "today"), end="")
        alerts = rows(path, "select sold, low, high from drift_alert where article = '15036'")
        assert len(alerts) == 1 and alerts[0][0] > alerts[0][2]

        done = 0
        for i in range(KILLS):
            run(path, "sell", "85123A", 1, "2011-12-%02d" % (12 + i % 3))
            done += killed(path, [("nightly", "20"), ("today",)][i % 2], i)
        print(f"{KILLS} commands killed: {done} had come to their end, {KILLS - done} left no trace")


main()
