#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""jobs.py PROGRAM...: the five jobs of examples/, each with its settings but a few steps: tables with all rows.

Asserted are rows, the number of figures in each and their ranges, not what models of ten steps are worth; that what is
said to be better than the model of the job is so; and that a job without a file says so.
"""

import gzip
import math
import pathlib
import re
import subprocess
import sys
import tempfile

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
DATA = EXAMPLES / "data"
BASELINES = ["moving_average", "ses", "zero"]
# name: for each run its configs, data, and for each table the rows and how many figures they have
JOBS = {
    "seq2seq_attention": [(["seq2seq_attention"], ["sales"], [(["encdec", "naive", "seasonal_naive"] + BASELINES, 3)])],
    "lstm_inventory": [(["lstm_inventory"], ["sales", "stock"],
                        [(["lstm", "seasonal_naive", "moving_average", "ses", "croston", "tsb", "zero"], 3)])],
    "purchase_intent": [(["purchase_intent"], ["sessions"], [(["lstm", "gru", "mlp", "logistic", "majority"], 6)]),
                        (["purchase_again"], ["customers"], [(["lstm", "gru", "mlp", "logistic", "majority"], 6)])],
    "purchase_count": [(["purchase_count"], ["customers"], [(["lstm", "rnn", "gru", "mlp", "linear", "mean"], 3)])],
    "next_behaviour": [(["next_behaviour", "retention"], ["behaviour"],
                        [(["lstm", "mlp", "logistic", "majority"], 6)] * 2)],
}
SHORT = {"max_epochs": None, "patience": None, "max_steps": 5, "val_every": 5}
ROW = re.compile(r"([a-z_0-9]+) +((?:-?\d+\.\d+ *)+)(?:%|   trained in .* s)?")


def shorten(source, target):
    lines = [line for line in source.read_text(encoding="utf-8").splitlines() if line.split(" ")[0] not in SHORT]
    lines += [f"{key} = {value}" for key, value in SHORT.items() if value is not None]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def few_rows(folder):
    """A part of the articles is enough here; behaviour is made by its own program."""
    with gzip.open(DATA / "sales.csv.gz", "rt", encoding="utf-8") as file:
        header, *rows = file.read().splitlines()
    ids = sorted({row.split(",")[0] for row in rows})
    kept = set(ids[::20]) | {"85123A"}
    stock = (DATA / "stock.csv").read_text(encoding="utf-8").splitlines()
    paths = {name: folder / (name + ".csv") for name in ("sales", "stock", "behaviour")}
    paths["sales"].write_text("\n".join([header] + [r for r in rows if r.split(",")[0] in kept]) + "\n", encoding="utf-8")
    paths["stock"].write_text("\n".join(stock[:1] + [r for r in stock if r.split(",")[0] in kept]) + "\n",
                              encoding="utf-8")
    subprocess.run([sys.executable, "-B", DATA / "generate_behaviour.py", paths["behaviour"], "--users", "100"],
                   check=True, stdout=subprocess.DEVNULL)
    return paths | {name: DATA / (name + ".csv.gz") for name in ("sessions", "customers")}


def tables(text):
    """Rows of figures below a line that begins with 'model'."""
    found, rows = [], None
    for line in text.splitlines():
        match = ROW.fullmatch(line.strip())
        if line.startswith("model "):
            rows = []
            found.append(rows)
        elif rows is not None and match:
            rows.append((match.group(1), [float(x) for x in match.group(2).split()]))
        else:
            rows = None
    return found


def check_winners(text, table):
    """What is said to be better is, up to what the printed digits show."""
    columns = ["accuracy", "precision", "recall", "F1", "AUROC", "AUPR"] if len(table[0][1]) == 6 else \
        ["MAE", "RMSE", "MAPE %"]
    for place, column in enumerate(columns):
        said = re.search(rf"{column} better than {table[0][0]}: (.*)", text).group(1)
        sign = 1 if len(columns) == 6 else -1
        for name, figures in table[1:]:
            gain = sign * (figures[place] - table[0][1][place])
            if gain and (gain > 0) != (name in said.split(", ")):
                sys.exit(f"{column}: '{said}' is said of\n{text}")


def check(program, name, run, paths, folder):
    configs, data, expected = run
    arguments = []
    for config in configs:
        shorten(EXAMPLES / (config + ".conf"), folder / (config + ".conf"))
        arguments.append(folder / (config + ".conf"))
    arguments += [paths[key] for key in data]
    result = subprocess.run([program] + arguments, capture_output=True, text=True, check=False)
    if result.returncode != 0 or result.stderr:
        sys.exit(f"{name}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    found = tables(result.stdout)
    if len(found) != len(expected):
        sys.exit(f"{name}: {len(found)} tables\n{result.stdout}")
    parts = result.stdout.split("\nmodel ")[1:]
    for table, part, (names, count) in zip(found, parts, expected):
        if [row for row, _ in table] != names or any(len(figures) != count for _, figures in table):
            sys.exit(f"{name}: expected rows {names} of {count} figures\n{result.stdout}")
        top = 1.0 if count == 6 else math.inf
        if not all(0.0 <= x <= top for _, figures in table for x in figures):
            sys.exit(f"{name}: figures out of range\n{result.stdout}")
        if " better than " in part:
            check_winners(part, table)
        elif not name.startswith(("seq2seq", "lstm")):
            sys.exit(f"{name}: it is not said what yardsticks win\n{result.stdout}")

    missing = subprocess.run([program] + arguments[:-1] + [str(folder / "none.csv")], capture_output=True, text=True,
                             check=False)
    if missing.returncode != 1 or "SEQD_E_IO" not in missing.stderr:
        sys.exit(f"{name}: a missing file: exit {missing.returncode}, {missing.stderr}")


def main():
    programs = {pathlib.Path(path).name: path for path in sys.argv[1:]}
    if sorted(programs) != sorted(JOBS):
        sys.exit(f"programs {sorted(programs)}")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        paths = few_rows(folder)
        for name, runs in JOBS.items():
            for run in runs:
                check(programs[name], name, run, paths, folder)


if __name__ == "__main__":
    main()
