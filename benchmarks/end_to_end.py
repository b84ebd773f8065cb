#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training and accuracy from end to end, beside neuralforecast: end_to_end.py FOLDER [SET ...] [options]

FOLDER holds hospital.csv.gz and store_item.csv.gz (columns unique_id, ds, y). Per set, both sides learn from all but
the last HORIZON steps of each series and forecast those; `seqdemand evaluate` measures both files of forecasts by the
same formulas. Networks are set alike:

    theirs  neuralforecast's own defaults: 2 layers of 128 units, context 3 x horizon, 128 windows a step
    ours    our defaults: 1 layer of 64 units, our context length, 64 windows a step

Everything else stays at each side's default (README.md lists what differs). For speed, short trainings of both take
turns: training windows per second, ours as the trainer's summary counts them, theirs over the steps after the tenth.
One window of ours trains a forecast after each of its steps, one of theirs a single one: forecasts per second are told
beside. For accuracy both are trained to their end, neuralforecast for the 1000 steps of its default. With its network
on Store-Item that takes ten minutes or more a side, and is done with --full alone.
"""
import argparse
import csv
import datetime
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile

import grid
import sides

# name: (file, frequency, horizon, measure)
SETS = {
    "hospital": ("hospital.csv.gz", "MS", 12, "mase"),
    "store_item": ("store_item.csv.gz", "D", 90, "smape"),
}
NETWORKS = {"theirs": {"hidden": 128, "layers": 2, "context": 3, "batch": 128},
            "ours": {"hidden": 64, "layers": 1, "context": 0, "batch": 64}}
GOAL = 10.0
FULL = 1000  # steps that neuralforecast takes by default
STEPS = {("store_item", "theirs"): 40}  # of a short training; 110 for the others
LONG = [("store_item", "theirs")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("sets", nargs="*", default=list(SETS), metavar="SET", help=", ".join(SETS))
    parser.add_argument("--network", choices=[*NETWORKS, "both"], default="both")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--accuracy", choices=["none", "ours", "both"], default="both",
                        help="who is trained to the end")
    parser.add_argument("--full", action="store_true", help="train to the end also where that takes long")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--lock", help="a file that is locked while something is timed")
    parser.add_argument("--json", default="build-peers/fit.json")
    parser.add_argument("--build", default="build-peers/release")
    parser.add_argument("--python", default="build-peers/venv-fit/bin/python")
    options = parser.parse_args()
    options.program = os.path.join(options.build, "bindings", "cli", "seqdemand")
    for name in options.sets:
        if name not in SETS:
            parser.error("no such set: " + name)
    return options


def split(source, horizon, history, actual):
    """All but the last `horizon` rows of each series, and those rows."""
    rows = {}
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["unique_id"], []).append((row["ds"], row["y"]))
    for path, part in ((history, slice(None, -horizon)), (actual, slice(-horizon, None))):
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["unique_id", "ds", "y"])
            for name, values in rows.items():
                writer.writerows((name, *value) for value in sorted(values)[part])


def run(command, what):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit("end_to_end: %s failed" % what)
    return done.stdout


def evaluate(options, forecast, scratch, frequency):
    result = json.loads(run([options.program, "evaluate", "--forecast", forecast, "--actual",
                             os.path.join(scratch, "actual.csv"), "--history", os.path.join(scratch, "history.csv"),
                             "--freq", frequency, "--json", "--quiet"], "evaluate"))
    return result["rows"][0] if "rows" in result else result


def train_ours(options, scratch, frequency, horizon, network, steps=None):
    """The trainer's summary and the model's card; the model is m.seqd."""
    model = os.path.join(scratch, "m.seqd")
    command = [options.program, "train", "--data", os.path.join(scratch, "history.csv"), "--freq", frequency,
               "--horizon", str(horizon), "--out", model, "--json", "--quiet", "--threads", str(options.threads),
               "--hidden-size", str(network["hidden"]), "--num-layers", str(network["layers"]),
               "--context-length", str(network["context"] * horizon), "--batch-size", str(network["batch"])]
    if steps:
        command += ["--max-steps", str(steps), "--val-size", "0"]
    summary = json.loads(run(command, "train"))
    card = json.loads(run([options.program, "describe", model, "--json"], "describe"))["card"]
    return {"windows_per_s": summary["windows"] / summary["seconds"], "summary": summary, "card": card}


def judge_ours(options, scratch, frequency, horizon, network):
    result, forecast = train_ours(options, scratch, frequency, horizon, network), os.path.join(scratch, "ours.csv")
    run([options.program, "forecast", "--model", os.path.join(scratch, "m.seqd"), "--data",
         os.path.join(scratch, "history.csv"), "--out", forecast, "--quiet"], "forecast")
    return {**result, "measures": evaluate(options, forecast, scratch, frequency)}


def train_theirs(options, scratch, frequency, horizon, network, context, steps, forecast=None):
    path = os.path.join(scratch, "settings.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"history": os.path.join(scratch, "history.csv"), "forecast": forecast, "freq": frequency,
                   "horizon": horizon, "context": context, "hidden": network["hidden"], "layers": network["layers"],
                   "batch": network["batch"], "steps": steps, "threads": options.threads}, file)
    return json.loads(run([options.python, os.path.join(sides.HERE, "peer_fit.py"), path], "neuralforecast"))


def judge_theirs(options, scratch, frequency, horizon, network, context):
    forecast = os.path.join(scratch, "theirs.csv")
    result = train_theirs(options, scratch, frequency, horizon, network, context, FULL, forecast)
    return {**result, "measures": evaluate(options, forecast, scratch, frequency)}


def race(options, scratch, frequency, horizon, network, steps):
    """Windows per second of both in every round, and the context length."""
    ours, theirs, context = [], [], network["context"] * horizon
    for _ in range(options.rounds):
        with sides.quiet(options.lock):
            mine = train_ours(options, scratch, frequency, horizon, network, steps)
        context = int(mine["card"]["context_length"])
        with sides.quiet(options.lock):
            their = train_theirs(options, scratch, frequency, horizon, network, context, steps)
        ours.append(mine["windows_per_s"])
        theirs.append(their["windows_per_s"])
        print("  round: ours %8.0f windows/s, theirs %8.0f, x %.1f" % (ours[-1], theirs[-1], ours[-1] / theirs[-1]),
              flush=True)
    return ours, theirs, context, their["version"]


def compare(options, name, kind, scratch):
    _, frequency, horizon, measure = SETS[name]
    network = NETWORKS[kind]
    print("%s, network of %s: %d layer%s of %d, %d windows a step, %d threads" % (
        name, kind, network["layers"], "s" * (network["layers"] > 1), network["hidden"], network["batch"],
        options.threads), flush=True)
    ours, theirs, context, version = race(options, scratch, frequency, horizon, network, STEPS.get((name, kind), 110))
    ratio = sides.ratio(ours, theirs)
    operations = grid.operations(grid.Case("lstm", context, 1, 1, network["hidden"], network["layers"]), "train")
    bound = options.peak and 1e9 * options.peak * options.threads / operations / statistics.median(theirs)
    print("  context %d, horizon %d: windows per second x %.1f (%.1f .. %.1f), goal %.0f: %s%s; forecasts per second "
          "x %.0f" % (
              context, horizon, *ratio, GOAL, "reached" if ratio.median >= GOAL else "MISSED",
              "; the machine's peak would be x %.1f" % bound if bound else "", ratio.median * context), flush=True)
    row = {"set": name, "network": kind, "context": context, "settings": network, "threads": options.threads,
           "windows_per_s": {"ours": ours, "theirs": theirs}, "ratio": ratio._asdict(), "bound": bound,
           "ratio_forecasts": ratio.median * context, "measure": measure, "version": version, "accuracy": {}}
    if options.accuracy != "none" and ((name, kind) not in LONG or options.full):
        row["accuracy"]["ours"] = judge_ours(options, scratch, frequency, horizon, network)
        if options.accuracy == "both":
            row["accuracy"]["theirs"] = judge_theirs(options, scratch, frequency, horizon, network, context)
    for side, result in row["accuracy"].items():
        print("  %s: %s %.4f" % (side, measure, result["measures"][measure]), flush=True)
    return row


def main():
    options, rows = arguments(), []
    options.peak = sides.peak(options.build)
    for name in options.sets:
        with tempfile.TemporaryDirectory() as scratch:
            split(os.path.join(options.folder, SETS[name][0]), SETS[name][2], os.path.join(scratch, "history.csv"),
                  os.path.join(scratch, "actual.csv"))
            for kind in NETWORKS if options.network == "both" else [options.network]:
                rows.append(compare(options, name, kind, scratch))
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                   "machine": sides.machine(), "rows": rows}, file, indent=1)
    print("written: " + options.json)
    return 0 if all(row["ratio"]["median"] >= GOAL for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
