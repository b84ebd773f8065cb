#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The stock system on the demo data: proposals are those of the command line program with the same model; a sale moves
the stock, also while a model is trained. On a shop whose demand is known: drift that was planted is seen, and none
where there is none; and whenever a command is killed, the database is as before it or as after it.

    test.py PROGRAM COMMAND_LINE_PROGRAM DATA_FOLDER [KILLS]
"""
import csv
import datetime as dt
import math
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM, CLI, DATA = (str(Path(argument).resolve()) for argument in sys.argv[1:4])
KILLS = int(sys.argv[4]) if len(sys.argv) > 4 else 100
TABLES = ("stock", "sale", "forecast_model", "reorder_proposal", "drift_alert")


def run(*words, ok=True):
    answer = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)
    assert (answer.returncode == 0) == ok, answer
    return answer.stdout + answer.stderr


def change(path, query):
    base = sqlite3.connect(path)
    try:
        with base:
            return base.execute(query).fetchall()
    finally:
        base.close()


rows = change


def state(path):
    assert rows(path, "pragma integrity_check") == [("ok",)]
    return {table: hash(tuple(rows(path, f"select * from {table} order by 1, 2"))) for table in TABLES}


def same_as_the_command_line(path, folder):
    (folder / "m.seqd").write_bytes(rows(path, "select bytes from forecast_model")[0][0])
    subprocess.run([CLI, "reorder", "--model", folder / "m.seqd", "--data", f"{DATA}/sales.csv.gz", "--stock",
                    f"{DATA}/stock.csv", "--review", "7", "--service-level", "0.95", "--out", folder / "r.csv",
                    "--quiet"],
                   check=True, capture_output=True)
    with open(folder / "r.csv", newline="") as file:
        theirs = {row["unique_id"]: row for row in csv.DictReader(file)}
    ours = rows(path, "select article, reorder_point, order_up_to, quantity from reorder_proposal")
    assert len(ours) == len(theirs) == 600
    for article, point, up_to, quantity in ours:
        row = theirs[article]
        told = [float(row[name]) for name in ("reorder_point", "order_up_to", "order_quantity")]
        assert all(abs(a - b) <= 1e-6 * max(1.0, abs(b)) for a, b in zip((point, up_to, quantity), told)), article


def demo(folder):
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
    listed = run(path, "list").splitlines()
    assert len(listed) == 1 + rows(path, "select (select count(*) from reorder_proposal where quantity > 0) + "
                                   "(select count(*) from drift_alert)")[0][0]
    assert any(line.startswith("look at 15036: 100") for line in listed)
    assert rows(path, "select count(*) from reorder_proposal where day = '2011-12-11'") == [(600,)]


def poisson(generator, mean):
    count, product, limit = -1, 1.0, math.exp(-mean)
    while product > limit or count < 0:
        count += 1
        product *= generator.random()
    return count


def small_shop(folder, articles, days):
    """A shop whose articles sell Poisson numbers, each with a mean of its own that stays the same."""
    generator = random.Random(7)
    first = dt.date(2024, 1, 1)
    names = [f"A{i:02d}" for i in range(articles)]
    with open(folder / "articles.csv", "w") as file:
        file.write("unique_id,description\n" + "".join(f"{name},article {name}\n" for name in names))
    with open(folder / "stock.csv", "w") as file:
        file.write("unique_id,on_hand,on_order,lead_time,pack_size,min_order\n")
        file.writelines(f"{name},50,0,{3 + i % 4},1,0\n" for i, name in enumerate(names))
    with open(folder / "sales.csv", "w") as file:
        file.write("unique_id,ds,y,price\n")
        file.writelines(f"{name},{first + dt.timedelta(days=day)},{poisson(generator, 5 + i)},1\n"
                        for i, name in enumerate(names) for day in range(days))
    path = folder / f"small{articles}.db"
    run(path, "import", folder / "articles.csv", folder / "stock.csv", folder / "sales.csv")
    return path


def drift(folder):
    path = small_shop(folder, 30, 200)
    run(path, "nightly", 100)
    for _ in range(2):
        run(path, "today")
        assert rows(path, "select * from drift_alert") == [], rows(path, "select * from drift_alert")
    last = "day > (select date(max(day), '-7 days') from sale)"
    change(path, f"update sale set quantity = 3 * quantity where article = 'A11' and {last}")
    change(path, f"update sale set quantity = 0 where article = 'A22' and {last}")
    for _ in range(2):  # twice is not double
        run(path, "today")
        alerts = rows(path, "select article, sold > expected, times_usual > 2 from drift_alert order by article")
        assert alerts == [("A11", 1, 1), ("A22", 0, 1)], alerts
    print("drift: two of 30 articles, as planted; none without")


def sales_go_on(folder):
    """A sale does not wait for a training, and outlives its end."""
    path = small_shop(folder, 6, 90)
    job = subprocess.Popen([PROGRAM, path, "nightly", "1000000"], stdout=subprocess.DEVNULL)
    time.sleep(0.2)
    for _ in range(5):
        run(path, "sell", "A01", 1, "2024-04-01")
    assert job.poll() is None, "the training was over too soon to tell"
    job.kill()
    job.wait()
    run(path, "nightly", 2)
    assert rows(path, "select sum(quantity), count(*) from sale where day = '2024-04-01'") == [(5, 5)]
    assert rows(path, "select on_hand from stock where article = 'A01'") == [(45,)]
    assert rows(path, "select count(*) from reorder_proposal where on_hand = 45") == [(1,)]


def kills(folder):
    """Each command, killed at a random moment: the state is the one before it or the one that it leaves at its end."""
    path, work = small_shop(folder, 5, 100), folder / "work.db"
    run(path, "nightly", 2)
    run(path, "today")
    run(path, "sell", "A01", 400, "2024-04-17")  # a week after the model: it is trained anew, and A01 has drifted
    before, cases = state(path), []
    for words in (["nightly", "2"], ["today"], ["sell", "A01", "1", "2024-04-18"]):
        began = time.monotonic()
        shutil.copy(path, work)
        run(work, *words)
        cases.append((words, time.monotonic() - began, state(work)))
        assert cases[-1][2] != before
    random_moment, done = random.Random(1), 0
    for i in range(KILLS):
        words, seconds, after = cases[i % 3]
        for suffix in ("", "-wal", "-shm"):
            Path(f"{work}{suffix}").unlink(missing_ok=True)
        shutil.copy(path, work)
        process = subprocess.Popen([PROGRAM, str(work), *words], stdout=subprocess.DEVNULL)
        time.sleep(random_moment.uniform(0.0, 1.1 * seconds))
        process.kill()
        process.wait()
        found = state(work)
        assert found in (before, after), (words, i)
        done += found == after
    print(f"{KILLS} commands killed: {done} had come to their end, {KILLS - done} left no trace")
    assert 0 < done < KILLS


def main():
    with tempfile.TemporaryDirectory() as name:
        for part in (demo, drift, sales_go_on, kills):
            began = time.monotonic()
            part(Path(name))
            print(f"{part.__name__}: {time.monotonic() - began:.1f} s")


main()
