#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shipped demo data are what examples/data/README.md says, and the made-up log follows its process."""

import csv
import datetime
import gzip
import importlib.util
import io
import pathlib
import subprocess
import sys
import tempfile

DATA = pathlib.Path(__file__).resolve().parents[2] / "examples" / "data"
sys.dont_write_bytecode = True


def check_files():
    rows = list(csv.DictReader(io.StringIO(gzip.decompress((DATA / "sales.csv.gz").read_bytes()).decode("utf-8"))))
    stock = list(csv.DictReader((DATA / "stock.csv").open(encoding="utf-8")))
    articles = list(csv.DictReader((DATA / "articles.csv").open(encoding="utf-8")))
    ids = {row["unique_id"] for row in rows}
    assert len(ids) >= 500, len(ids)
    assert ids == {row["unique_id"] for row in stock} == {row["unique_id"] for row in articles}
    assert len({(row["unique_id"], row["ds"]) for row in rows}) == len(rows), "a day twice"
    assert all(int(row["y"]) > 0 and float(row["price"]) > 0 for row in rows)
    days = [datetime.date.fromisoformat(row["ds"]) for row in rows]
    assert not any(day.weekday() == 5 for day in days), "sales on a Saturday"
    for row in stock:
        assert int(row["lead_time"]) in (7, 10, 14, 21), row
        assert int(row["min_order"]) % int(row["pack_size"]) == 0, row
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for said in (f"{len(rows):,} rows", f"{len(ids)} articles", min(days).isoformat(), max(days).isoformat(),
                 f"{max(int(row['y']) for row in rows):,} units", f"{len(set(days))} days", "10.24432/C5BW33", "CC BY 4.0"):
        assert said in text, f"README.md does not say {said}"
    for line in (DATA / "counts.txt").read_text(encoding="utf-8").splitlines():
        value = line.rpartition(": ")[2]
        if value.isdigit() and int(value) > 999 and "written" not in line:
            assert f"{int(value):,}" in text, f"README.md does not say {line}"


def check_script():
    """The script on a few rows whose result is known."""
    spec = importlib.util.spec_from_file_location("reduce_online_retail", DATA / "reduce_online_retail.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rows = [
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "1,10001,BOX,10,2011-01-03 09:00:00,1.0,7,UK",
        "1,10001,BOX,10,2011-01-03 09:00:00,1.0,7,UK",            # the same row again
        "2,10001,BOX,80000,2011-01-04 09:00:00,1.0,8,UK",
        "C3,10001,BOX,-80000,2011-01-04 09:10:00,1.0,8,UK",       # takes invoice 2 back
        "4,10001a,BOX A,5,2011-01-05 09:00:00,2.0,7,UK",          # an article of its own
        "C5,10001,BOX,-4,2011-01-06 09:00:00,1.0,7,UK",           # takes 4 of invoice 1 back
        "C6,10001,BOX,-3,2011-01-06 09:00:00,1.0,9,UK",           # never bought
        "7,POST,POSTAGE,1,2011-01-06 09:00:00,18.0,7,UK",
        "8,10001,damaged,-30,2011-01-06 09:00:00,0.0,,UK",
        "9,10001,,30,2011-01-06 09:00:00,0.0,,UK",
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "raw.csv")
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        sys.argv, sys.stdout = ["reduce", str(path), "--out", folder], io.StringIO()
        try:
            script.main()
        finally:
            printed, sys.stdout = sys.stdout.getvalue(), sys.__stdout__
        table = gzip.decompress(pathlib.Path(folder, "sales.csv.gz").read_bytes()).decode("utf-8")
    expected = "unique_id,ds,y,price\n10001,2011-01-03,6,1.00\n10001A,2011-01-05,5,2.00\n"
    assert table == expected, table
    for line in ("exact duplicate rows dropped: 1", "rows of non-articles dropped: 1", "cancellation rows: 3",
                 "units netted against an earlier sale: 80004", "sale rows netted to nothing, dropped: 1",
                 "cancellation rows without any earlier sale, dropped: 1",
                 "stock corrections dropped (negative quantity, no cancellation): 1",
                 "rows without a price dropped (samples, gifts, stock corrections): 1"):
        assert line + "\n" in printed, f"{line} is not in\n{printed}"


def table_of(path):
    return list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode("utf-8"))))


def check_sequences():
    customers, sessions = table_of(DATA / "customers.csv.gz"), table_of(DATA / "sessions.csv.gz")
    keys = [(int(row["customer_id"]), row["time"]) for row in customers]
    assert keys == sorted(keys)
    events = [row["event"] for row in customers]
    bought = sum(row["Revenue"] == "TRUE" for row in sessions)
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for said in (f"{len({key[0] for key in keys}):,} customers", f"{len(customers):,} rows",
                 f"`buy`, {events.count('buy'):,}", f"{events.count('return'):,}", f"{len(sessions):,} visits",
                 f"{bought:,} of them with a purchase", f"all {len(sessions[0])} columns", "10.24432/C5F88Q"):
        assert said in text, f"README.md does not say {said}"


def check_behaviour():
    """The process holds in its log: after views of three in a row of one category, a fav, and so on."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "log.csv")
        done = subprocess.run([sys.executable, "-B", str(DATA / "generate_behaviour.py"), str(path)],
                              capture_output=True, text=True, check=True)
        rows = list(csv.DictReader(path.open(encoding="ascii")))
    text = (DATA / "README.md").read_text(encoding="utf-8")
    oracle, last = (line.rpartition(": ")[2] for line in done.stdout.splitlines()[-2:])
    for said in (f"{len(rows):,} events", f"({oracle})", f"({last})", f"{len({row['user_id'] for row in rows}):,} users"):
        assert said in text, f"README.md does not say {said}"
    views = favs = pause = early = 0
    for before, rows_of_four in zip(rows, zip(rows[1:], rows[2:], rows[3:])):
        four = (before, *rows_of_four)
        if len({row["user_id"] for row in four}) > 1:
            continue
        if [row["event"] for row in four[:3]] == ["pv"] * 3 and len({row["category"] for row in four[:3]}) == 1:
            views += 1
            favs += four[3]["event"] == "fav"
        if four[0]["event"] == "buy":
            pause += 1
            early += "buy" in [row["event"] for row in four[1:]]
    assert 0.60 < favs / views < 0.75, favs / views  # 0.75 but for those that rule a takes
    assert early == 0 and pause > 1000, (early, pause)


if __name__ == "__main__":
    check_files()
    check_script()
    check_sequences()
    check_behaviour()
