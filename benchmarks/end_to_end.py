#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training and accuracy from end to end, beside neuralforecast: end_to_end.py FOLDER [SET ...] [options]

FOLDER holds hospital.csv.gz and store_item.csv.gz (columns unique_id, ds, y). Per set, both sides learn from all but
the last HORIZON steps of each series and forecast those; `seqdemand evaluate` measures both files of forecasts by the
same formulas. Networks are set alike:

    theirs  neuralforecast's own defaults: 2 layers of 128 units, context 3 x horizon, 128 windows a step
    ours    our defaults: 1 layer of 64 units, our context length, 64 windows a step

Everything else stays at each side's default (README.md lists what differs). Windows per second are training windows:
ours as the trainer's summary counts them over its whole run, validation included; theirs over the steps after the
tenth. One window of ours trains a forecast after each of its steps, one of theirs a single one: forecasts per second
are told beside. A run of theirs of 1000 steps is its default and gives its accuracy; fewer tell its speed alone. On
Store-Item with neuralforecast's network 1000 steps take ten minutes or more, and a whole training of ours as long:
there, unless --full is given, 110 steps of both tell the speed alone.
"""
import argparse
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile

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
SHORT = {("store_item", "theirs"): 110}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("sets", nargs="*", default=list(SETS), metavar="SET", help=", ".join(SETS))
    parser.add_argument("--network", choices=[*NETWORKS, "both"], default="both")
    parser.add_argument("--steps", type=int, default=FULL, help="of theirs; fewer than %d give speed only" % FULL)
    parser.add_argument("--full", action="store_true", help="whole trainings everywhere")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--lock", help="a file that is locked while something is timed")
    parser.add_argument("--json", default="build-peers/fit.json")
    parser.add_argument("--program", default="build-peers/release/bindings/cli/seqdemand")
    parser.add_argument("--python", default="build-peers/venv-fit/bin/python")
    options = parser.parse_args()
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


def ours(options, scratch, frequency, horizon, network, short):
    model, forecast = os.path.join(scratch, "m.seqd"), os.path.join(scratch, "ours.csv")
    history = os.path.join(scratch, "history.csv")
    command = [options.program, "train", "--data", history, "--freq", frequency, "--horizon", str(horizon),
               "--out", model, "--json", "--quiet", "--threads", str(options.threads),
               "--hidden-size", str(network["hidden"]), "--num-layers", str(network["layers"]),
               "--context-length", str(network["context"] * horizon), "--batch-size", str(network["batch"])]
    if short:
        command += ["--max-steps", str(short), "--val-size", "0"]
    summary = json.loads(run(command, "train"))
    card = json.loads(run([options.program, "describe", model, "--json"], "describe"))["card"]
    result = {"windows_per_s": summary["windows"] / summary["seconds"], "summary": summary, "card": card}
    if not short:
        run([options.program, "forecast", "--model", model, "--data", history, "--out", forecast, "--quiet",
             "--threads", str(options.threads)], "forecast")
        result["measures"] = evaluate(options, forecast, scratch, frequency)
    return result


def theirs(options, scratch, frequency, horizon, network, context, steps):
    path, forecast = os.path.join(scratch, "settings.json"), os.path.join(scratch, "theirs.csv")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"history": os.path.join(scratch, "history.csv"), "forecast": forecast if steps >= FULL else None,
                   "freq": frequency, "horizon": horizon, "context": context, "hidden": network["hidden"],
                   "layers": network["layers"], "batch": network["batch"], "steps": steps,
                   "threads": options.threads}, file)
    result = json.loads(run([options.python, os.path.join(sides.HERE, "peer_fit.py"), path], "neuralforecast"))
    if steps >= FULL:
        result["measures"] = evaluate(options, forecast, scratch, frequency)
    return result


def compare(options, name, kind, scratch):
    _, frequency, horizon, measure = SETS[name]
    network, short = NETWORKS[kind], None if options.full else SHORT.get((name, kind))
    print("%s, network of %s: %d layer%s of %d, %d windows a step" % (
        name, kind, network["layers"], "s" * (network["layers"] > 1), network["hidden"], network["batch"]), flush=True)
    with sides.quiet(options.lock):
        our = ours(options, scratch, frequency, horizon, network, short)
    context = int(our["card"]["context_length"])
    print("  ours:   %8.0f windows/s, %9.0f forecasts/s (%d steps, %.1f s)%s" % (
        our["windows_per_s"], our["windows_per_s"] * context, our["summary"]["steps"], our["summary"]["seconds"],
        ", %s %.4f" % (measure, our["measures"][measure]) if "measures" in our else ""), flush=True)
    with sides.quiet(options.lock):
        their = theirs(options, scratch, frequency, horizon, network, context, short or options.steps)
    print("  theirs: %8.0f windows/s, %9.0f forecasts/s (%d steps, %.1f s)%s" % (
        their["windows_per_s"], their["windows_per_s"], their["timed_steps"], their["seconds"],
        ", %s %.4f" % (measure, their["measures"][measure]) if "measures" in their else ""))
    ratio = our["windows_per_s"] / their["windows_per_s"]
    if "measures" not in their:
        verdict = "too few steps of theirs to judge its accuracy"
    else:
        worse = our["measures"][measure] > their["measures"][measure]
        verdict = "accuracy " + ("WORSE than theirs" if worse else "at least theirs")
    print("  context %d, horizon %d, %d threads: windows per second x %.1f (goal %.0f: %s), forecasts per second "
          "x %.0f; %s" % (context, horizon, options.threads, ratio, GOAL, "reached" if ratio >= GOAL else "MISSED",
                   ratio * context, verdict), flush=True)
    return {"set": name, "network": kind, "context": context, "settings": network, "threads": options.threads,
            "ours": our, "theirs": their, "ratio": ratio, "ratio_forecasts": ratio * context, "measure": measure}


def main():
    options, rows = arguments(), []
    for name in options.sets:
        with tempfile.TemporaryDirectory() as scratch:
            split(os.path.join(options.folder, SETS[name][0]), SETS[name][2], os.path.join(scratch, "history.csv"),
                  os.path.join(scratch, "actual.csv"))
            for kind in NETWORKS if options.network == "both" else [options.network]:
                rows.append(compare(options, name, kind, scratch))
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"rows": rows}, file, indent=1)
    print("written: " + options.json)
    return 0 if all(row["ratio"] >= GOAL for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
