#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Forecast accuracy on public data sets: one `seqdemand backtest` with default settings each.

    accuracy.py PROGRAM FOLDER [SET ...]

FOLDER holds store_item.csv.gz, m5_subset.csv.gz, hospital.csv.gz (columns unique_id, ds, y), and
m4_hourly_train.csv.gz with m4_hourly_test.csv.gz. Each set is measured on the hold-out its protocol names: the last
window of the series, which no choice was made on. Prints the yardsticks beside the network, the wall time, and whether
the figure reaches its goal. Exit status 1 when one does not.
"""

import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time

# name: (file, horizon, further arguments, yardsticks, measure, goal)
SETS = {
    "hospital": ("hospital.csv.gz", 12, ["--freq", "MS"], "naive,seasonal_naive", "mase", 0.80),
    "m4_hourly": (None, 48, ["--freq", "int", "--season", "24"], "naive,seasonal_naive,naive2", "owa", 0.86),
    "store_item": ("store_item.csv.gz", 90, ["--freq", "D"], "seasonal_naive,moving_average", "smape", 15.5),
    "m5": ("m5_subset.csv.gz", 28, ["--freq", "D"], "zero,seasonal_naive,moving_average,ses,croston", "rmsse", 0.78),
}
COLUMNS = ["smape", "mase", "rmsse", "wape", "rmse", "bias", "wql", "coverage80", "fit_s", "predict_s"]


def join_m4(folder, path):
    """Train and test rows of M4 hourly in one file; both count from 1, so the test steps go on where training ends."""
    last = {}
    with open(path, "w", encoding="utf-8") as out:
        out.write("unique_id,ds,y\n")
        for part in ("train", "test"):
            ends = dict(last)
            with gzip.open(os.path.join(folder, f"m4_hourly_{part}.csv.gz"), "rt", encoding="utf-8") as rows:
                for row in csv.DictReader(rows):
                    series, step = row["unique_id"], int(row["ds"]) + ends.get(row["unique_id"], 0)
                    last[series] = max(step, last.get(series, 0))
                    out.write(f"{series},{step},{row['y']}\n")


def with_owa(rows):
    """Overall weighted average of M4: relative to Naive2, measures averaged over the series first."""
    base = next((row for row in rows if row["model"] == "naive2"), None)
    for row in rows:
        if base:
            row["owa"] = 0.5 * (row["smape"] / base["smape"] + row["mase"] / base["mase"])


def cell(value):
    return "-" if value is None else f"{value:.4f}" if abs(value) < 10 else f"{value:.3f}"


def measure(program, folder, name, network, extra):
    file, horizon, arguments, yardsticks, key, goal = SETS[name]
    with tempfile.TemporaryDirectory() as scratch:
        data = os.path.join(folder, file) if file else os.path.join(scratch, "m4_hourly.csv")
        if not file:
            join_m4(folder, data)
        command = [program, "backtest", "--data", data, "--horizon", str(horizon), "--windows", "1",
                   "--models", f"{network},{yardsticks}", "--json", "--quiet", *arguments, *extra]
        start = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wall = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"{name}: {done.stderr.strip()}")
    rows = json.loads(done.stdout)["rows"]
    with_owa(rows)
    columns = (["owa"] if "owa" in rows[0] else []) + COLUMNS
    print(f"\n{name}: {' '.join(command[1:])}")
    print("  " + "model".ljust(16) + "".join(c.rjust(11) for c in columns))
    for row in rows:
        print("  " + row["model"].ljust(16) + "".join(cell(row[c]).rjust(11) for c in columns))
    reached = rows[0][key] < goal
    print(f"  {key} {rows[0][key]:.4f}, goal below {goal}: {'reached' if reached else 'MISSED'}; {wall:.0f} s", flush=True)
    return reached


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, folder, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    extra = [word for word in rest if word.startswith("--")]
    network = next((word.split("=")[1] for word in extra if word.startswith("--model=")), "lstm")
    extra = [word for word in extra if not word.startswith("--model=")]
    names = [word for word in rest if not word.startswith("--")] or list(SETS)
    results = [measure(program, folder, name, network, extra) for name in names]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
