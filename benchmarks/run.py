# SPDX-License-Identifier: Apache-2.0
"""Our own figures as tables and JSON: started by `bash benchmarks/run`."""
import argparse
import datetime
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import grid
import sides

CELLS = [grid.Case(cell, 28, rows, hidden // 2, hidden, 1)
         for cell in ("lstm", "gru") for hidden in (32, 64, 128) for rows in (1, 16)]


def say(text):
    print(text, flush=True)


class Run:
    def __init__(self, options):
        self.options = options
        self.results = {}

    def program(self, *words):
        command = [os.path.join(self.options.build, *words[0].split("/")), *map(str, words[1:])]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit("benchmarks: %s ended with %d" % (" ".join(command), done.returncode))
        return done.stdout

    # Parts: each prints its table and returns what goes into the JSON.

    def kernels(self):
        rows = []
        for level in ("avx2", "avx512"):
            done = subprocess.run([os.path.join(self.options.build, "benchmarks", "kernels_benchmark"), level],
                                  stdout=subprocess.PIPE, text=True, check=False)
            if done.returncode == 77:
                say("  " + done.stdout.strip())
                continue
            if done.returncode != 0:
                sys.exit("benchmarks: kernels_benchmark %s ended with %d" % (level, done.returncode))
            for line in done.stdout.splitlines()[1:]:
                found = sides.KERNEL_LINE.fullmatch(line.strip())
                if not found:
                    sys.exit("benchmarks: cannot read the line '%s'" % line)
                row = {"level": level, **found.groupdict()}
                row.update({key: float(row[key]) for key in ("us", "value", "share", "peak") if row[key]})
                rows.append(row)
                say("  %-7s %s" % (level, line.strip()))
        return rows

    def cell(self):
        rows, ours = [], sides.ours(self.options.build)
        for case in CELLS:
            ours.open(case)
            ours.ask("step", 2000)
            us = 1e3 * statistics.median(ours.ask("step", 5000)["ms"] for _ in range(self.options.rounds))
            speed = 1e-3 * grid.operations(case, "step") / us
            rows.append({"case": case._asdict(), "us": us, "gflops": speed})
            say("  one step of %-4s N %2d I %2d H %3d   %8.2f us  %6.1f GFLOP/s" % (
                case.cell, case.N, case.I, case.H, us, speed))
        ours.close()
        return rows

    def grid(self):
        rows, peak = [], sides.peak(self.options.build)
        teams = {"1": sides.ours(self.options.build, threads=1), "2": sides.ours(self.options.build, threads=2)}
        for what in ("train", "forward"):
            for case in grid.GRID:
                for side in teams.values():
                    side.open(case)
                times = sides.take_turns({name: (side, what) for name, side in teams.items()}, self.options.rounds,
                                         self.options.seconds)
                one, two = (statistics.median(times[name]) for name in teams)
                gain = sides.ratio(times["1"], times["2"])
                speed = 1e-6 * grid.operations(case, what) / one
                rows.append({"what": what, "case": case._asdict(), "ms": one, "ms_two_threads": two, "gflops": speed,
                             "share": speed / peak if peak else None, "gain": gain._asdict()})
                say("  %-7s %s  %9.4f ms %6.1f GFLOP/s%s   two threads %9.4f ms x %.2f (%.2f .. %.2f)" % (
                    what, grid.name(case), one, speed, " %3.0f %%" % (100 * speed / peak) if peak else "", two, *gain))
        for side in teams.values():
            side.close()
        return {"peak_gflops": peak, "rows": rows}

    def predict(self):
        rows = [json.loads(line) for line in self.program("benchmarks/predict", self.options.series).splitlines()]
        for row in rows:
            say("  " + "   ".join("%s %s" % item for item in row.items() if item[0] != "benchmark")
                + "   (%s)" % row["benchmark"])
        return rows

    def read(self):
        """A table as long as Store-Item's: 500 series, 1,826 days each, five columns."""
        rows = {}
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "sales.csv")
            days = [(datetime.date(2013, 1, 1) + datetime.timedelta(days=i)).isoformat() for i in range(1826)]
            with open(path, "w", encoding="ascii") as file:
                file.write("unique_id,ds,y,store,item\n")
                for series in range(500):
                    store, item = series % 10 + 1, series // 10 + 1
                    for i, day in enumerate(days):
                        sold = 10 + (7 * i + 13 * series) % 89
                        file.write("%d_%d,%s,%d,%d,%d\n" % (store, item, day, sold, store, item))
            for name, extra in (("target only", []), ("with store and item", ["static_columns=store,item"])):
                rows[name] = json.loads(self.program("benchmarks/read_csv", path, 5, "freq=D", *extra))
                say("  %-20s %6.1f MB/s (%.1f .. %.1f)   %.2f bytes a step held" % (
                    name, rows[name]["mb_per_s"], rows[name]["mb_per_s_lowest"], rows[name]["mb_per_s_highest"],
                    rows[name]["bytes_per_step"]))
        return rows

    def fit(self):
        """Training on the shipped example, as a user runs it: from the file to the written model."""
        rows = {}
        with tempfile.TemporaryDirectory() as scratch:
            data = os.path.join(scratch, "sales.csv")
            with gzip.open("examples/data/sales.csv.gz") as packed, open(data, "wb") as file:
                shutil.copyfileobj(packed, file)
            for threads in (1, 2):
                start = time.monotonic()
                summary = json.loads(self.program(
                    "bindings/cli/seqdemand", "train", "--data", data, "--config", "examples/retail.conf", "--out",
                    os.path.join(scratch, "m.seqd"), "--threads", threads, "--json", "--quiet"))
                summary["wall_s"] = time.monotonic() - start
                summary["windows_per_s"] = summary["windows"] / summary["seconds"]
                rows[str(threads)] = summary
                say("  %d thread%s: %d steps, %.0f windows/s, %.2f s from the file to the model" % (
                    threads, "s" * (threads > 1), summary["steps"], summary["windows_per_s"], summary["wall_s"]))
        return rows


PARTS = ("kernels", "cell", "grid", "predict", "read", "fit")
TITLES = {"kernels": "kernels, beside the peak of independent multiply-adds", "cell": "one time step, state kept",
          "grid": "training step and forward pass", "predict": "prediction through the public interface",
          "read": "reading a table", "fit": "a whole fit"}


def main():
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    parser.add_argument("--only", help="parts, with commas: " + ", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="shorter rounds, fewer series")
    parser.add_argument("--lock", help="a file that is locked while a part is timed")
    parser.add_argument("--json", default="build-peers/run.json")
    parser.add_argument("--build", default="build-peers/release", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.rounds, options.seconds, options.series = (3, 0.05, 10000) if options.quick else (3, 0.2, 100000)
    parts = options.only.split(",") if options.only else PARTS
    run, start = Run(options), time.monotonic()
    for part in parts:
        if part not in PARTS:
            parser.error("no such part: " + part)
        say("== " + TITLES[part])
        with sides.quiet(options.lock):
            run.results[part] = getattr(run, part)()
    result = {"made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "machine": sides.machine(), **run.results}
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    say("written: %s (%.0f s)" % (options.json, time.monotonic() - start))


if __name__ == "__main__":
    main()
