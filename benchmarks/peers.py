# SPDX-License-Identifier: Apache-2.0
"""Ours beside PyTorch, ONNX Runtime and Keras, by turns in one run: started by `bash benchmarks/peers`."""
import argparse
import datetime
import json
import re
import sys

import grid
import sides
from sides import SideFailed, geometric_mean, ratio, take_turns

# What the ratios are to reach: geometric mean over the grid, worst shape.
GOALS = {"train lstm": (3.0, 1.5), "train gru": (5.0, 1.5), "forward": (2.0, 1.2), "stream": (3.0, 3.0),
         "onednn avx2": (1.2, None), "onednn avx512": (1.0, None),
         "encdec train": (6.0, 6.0), "encdec forward": (2.0, None), "encdec batch 1": (20.0, 20.0)}


def arguments():
    parser = argparse.ArgumentParser(prog="benchmarks/peers", description=__doc__)
    parser.add_argument("--only", choices=["forward", "train", "stream", "encdec", "onednn", "fit"], help="one part of the run")
    parser.add_argument("--quick", action="store_true", help="3 rounds")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="length of a round for each side")
    parser.add_argument("--threads", type=int, default=1, help="of every side")
    parser.add_argument("--isa", choices=["auto", "avx2", "avx512"], default="auto",
                        help="avx2: of every side that can be held to it")
    parser.add_argument("--backend", choices=["auto", "native", "onednn"], default="auto", help="of our side")
    parser.add_argument("--rows", default="", help="only shapes whose name fits this regular expression")
    parser.add_argument("--without", default="", help="peers to leave out, such as keras,ort")
    parser.add_argument("--lock", help="a file that is locked while a shape is timed")
    parser.add_argument("--json", default="build-peers/peers.json", help="where the figures are written")
    parser.add_argument("--build", default="build-peers/release", help=argparse.SUPPRESS)
    parser.add_argument("--python", default="build-peers/venv/bin/python", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.rounds = 3
    options.environment = sides.HOLD_AVX2 if options.isa == "avx2" else {}
    options.level = options.isa
    options.cases = [case for case in grid.GRID if re.search(options.rows, re.sub(" +", " ", grid.name(case)))]
    return options


class Run:
    """Sides that stay open over all shapes, and the rows measured."""

    def __init__(self, options):
        self.options, self.rows, self.failures, self.open_sides = options, [], [], {}
        self.versions = {}
        self.program = "train_step"  # which program is "ours"

    def side(self, name):
        if name not in self.open_sides:
            o = self.options
            if name == "ours":
                made = sides.ours(o.build, o.level, o.backend, o.threads, environment=o.environment,
                                  program=self.program)
            else:
                made = sides.peer(o.python, name, o.build, o.threads, o.environment)
            self.open_sides[name] = made
            self.versions[name] = made.version
            print("  %s: %s" % (name, made.version), flush=True)
        return self.open_sides[name]

    def peers(self, *names):
        return [self.side(name) for name in names if name not in self.options.without.split(",")]

    def measure(self, part, case, what, sides_of_row, against, check):
        """One row: checks, turns, a line. `against` names the sides of which the fastest is the one to beat."""
        runs = {side.name: (side, what[side.name] if isinstance(what, dict) else what) for side in sides_of_row}
        label = "%-8s %s" % (part, grid.name(case))
        try:
            with sides.quiet(self.options.lock):
                for side in {id(side): side for side, _ in runs.values()}.values():
                    side.open(case)
                check(case)
                times = take_turns(runs, self.options.rounds, self.options.seconds)
        except SideFailed as problem:
            self.failures.append("%s: %s" % (label, problem))
            print("%s   FAILED: %s" % (label, problem), flush=True)
            for name in [n for n, s in self.open_sides.items() if s.process.poll() is not None]:
                del self.open_sides[name]
            return
        median = {name: sorted(values)[len(values) // 2] for name, values in times.items()}
        best = min((name for name in against if name in median), key=median.get)
        ratios = {name: ratio(values, times["ours"])._asdict() for name, values in times.items() if name != "ours"}
        row = {"part": part, "case": case._asdict(), "ms": times, "median_ms": median, "against": best,
               "gflops": {name: 1e-6 * grid.operations(case, what if isinstance(what, str) else "forward") / ms
                          for name, ms in median.items()},
               "ratio": ratios}
        self.rows.append(row)
        text = "%s   ours %8.3f ms %5.1f GFLOP/s" % (label, median["ours"], row["gflops"]["ours"])
        for name, r in ratios.items():  # a star marks the one to beat
            text += "   %s%s %8.3f ms x %5.2f (%.2f .. %.2f)" % (name, "*" * (name == best), median[name], *r.values())
        print(text, flush=True)

    # Parts

    def train(self):
        for case in self.options.cases:
            every = [self.side("ours"), *self.peers("torch", "keras")]
            self.measure("train", case, "train", every, ["torch"], self.check_train)

    def forward(self):
        for case in self.options.cases:
            every = [self.side("ours"), *self.peers("torch", "ort", "keras")]
            self.measure("forward", case, "forward", every, ["torch", "ort"], self.check_forward)

    def encdec(self):
        """The encoder-decoder with attention, against PyTorch alone."""
        self.close()
        self.program = "encdec_step"
        for what in ("train", "forward"):
            for case in [c for c in grid.ENCDEC if re.search(self.options.rows, re.sub(" +", " ", grid.name(c)))]:
                part = "encdec " + ("batch 1" if what == "forward" and case.N == 1 else what)
                self.measure(part, case, what, [self.side("ours"), self.side("torch-encdec")], ["torch-encdec"],
                             self.check_encdec)
        self.close()
        self.program = "train_step"

    def check_encdec(self, case):
        ours, torch = self.side("ours"), self.side("torch-encdec")
        sides.check_output(torch.ask("output")["values"], ours.ask("output")["values"], "ours")
        sides.check_loss(torch.ask("loss")["loss"], ours.ask("loss")["loss"], "ours")

    def stream(self):
        """Batch 1: the whole forward against ONNX Runtime; and what one step costs beside it."""
        for case in [c for c in grid.STREAM if c in self.options.cases]:
            ours, runtime = self.side("ours"), self.side("ort")
            self.measure("stream", case, "forward", [ours, runtime], ["ort"], self.check_stream)
        for case in [c for c in grid.STREAM if c in self.options.cases]:
            self.step(case)

    def step(self, case):
        ours = self.side("ours")
        try:
            with sides.quiet(self.options.lock):
                ours.open(case)
                times = take_turns({"forward": (ours, "forward"), "step": (ours, "step")}, self.options.rounds,
                                   self.options.seconds)
        except SideFailed as problem:
            self.failures.append("step %s: %s" % (grid.name(case), problem))
            return
        share = ratio(times["forward"], times["step"])
        self.rows.append({"part": "step", "case": case._asdict(), "ms": times, "ratio": {"forward": share._asdict()}})
        median = {name: sorted(values)[len(values) // 2] for name, values in times.items()}
        print("step     %s   one step %.5f ms, %d steps at once %.5f ms: x %.1f (%.1f .. %.1f), goal 20" %
              (grid.name(case), median["step"], case.T, median["forward"], *share), flush=True)

    def onednn(self):
        """Our native kernels against oneDNN's primitives, held to AVX2 both and with AVX-512 (--isa picks one)."""
        levels = {"avx2": sides.HOLD_AVX2, "avx512": {}}
        for level, environment in levels.items():
            if self.options.isa not in ("auto", level):
                continue
            self.close()
            build, threads = self.options.build, self.options.threads
            make = {"ours": ("native", None), "shards": ("onednn", None), "whole": ("onednn", 0)}
            for name, (backend, rows) in make.items():
                self.open_sides[name] = sides.ours(build, level, backend, threads, rows, environment, name)
                self.versions[name] = self.open_sides[name].version
            for what in ("train", "forward"):
                for case in self.options.cases:
                    self.measure("%s %s" % (level, what), case, what, list(self.open_sides.values()),
                                 ["shards", "whole"], self.check_ours)
        self.close()

    # Checks: before a timing counts, both sides must have come to the same numbers.

    def check_train(self, case):
        loss = self.side("ours").ask("loss")["loss"]
        for side in self.peers("torch"):
            sides.check_loss(side.ask("loss")["loss"], loss, "ours")
        for side in self.peers("keras"):
            truth = self.side("torch").ask("loss_one_bias" if case.cell == "lstm" else "loss")["loss"]
            sides.check_loss(truth, side.ask("loss")["loss"], "keras", sides.KERAS_LOSS)

    def check_forward(self, case):
        values = self.side("ours").ask("output")["values"]
        for side in self.peers("torch", "ort", "keras"):
            sides.check_output(side.ask("output")["values"], values, "ours beside " + side.name)

    def check_stream(self, case):
        truth, ours = self.side("ort").ask("output")["values"], self.side("ours")
        sides.check_output(truth, ours.ask("output")["values"], "ours")
        values = ours.ask("stream")["values"]
        if values is None:
            raise SideFailed("this backend has no streaming step")
        sides.check_output(truth, values, "ours, step by step")

    def check_ours(self, case):
        ours = self.open_sides["ours"]
        output, loss = ours.ask("output")["values"], ours.ask("loss")["loss"]
        for name in ("shards", "whole"):
            side = self.open_sides[name]
            sides.check_output(output, side.ask("output")["values"], name)
            sides.check_loss(loss, side.ask("loss")["loss"], name)

    def close(self):
        for side in self.open_sides.values():
            side.close()
        self.open_sides.clear()


def summarize(rows, peak):
    """Lines of geometric mean, worst shape and goal; also as a dict. `peak` is the most these threads can do."""
    groups = {}
    for row in rows:
        name = row["part"]
        if name == "train":
            name += " " + row["case"]["cell"]
        elif name.startswith("avx"):
            name = "onednn " + row["part"].split()[0]
        if "against" in row:
            groups.setdefault(name, []).append((row["ratio"][row["against"]]["median"], row))
    result = {}
    for name, entries in groups.items():
        worst, row = min(entries, key=lambda e: e[0])
        mean, (goal, least) = geometric_mean(r for r, _ in entries), GOALS[name]
        met = mean >= goal and (least is None or worst >= least)
        below = [(r["part"], grid.name(grid.case_of([*r["case"].values()])), v) for v, r in entries if least and v < least]
        short = ["%s %s %.2f" % entry for entry in below]
        bound = geometric_mean(peak / r["gflops"][r["against"]] for _, r in entries) if peak else None
        result[name] = {"shapes": len(entries), "geometric_mean": mean, "worst": worst, "goal": goal, "least": least,
                        "bound": bound, "met": met, "below": short}
        print("%-14s %2d shapes: geometric mean %.2f (goal %.1f%s), worst %.2f%s: %s%s" % (
            name, len(entries), mean, goal, ", at the peak of the machine %.2f" % bound if bound else "", worst,
            " (goal %.1f)" % least if least else "",
            "reached" if met else "MISSED", "".join("\n    below: " + s for s in short)))
    return result


def main():
    options = arguments()
    run = Run(options)
    parts = [options.only] if options.only else ["train", "forward", "stream", "encdec"]
    print("%d shapes, %d rounds of about %.1f s a side, %d thread%s, isa %s; a ratio is the peer's time over ours" % (
        len(options.cases), options.rounds, options.seconds, options.threads, "s" * (options.threads > 1), options.isa))
    if options.isa == "avx2" and parts != ["onednn"]:
        print("ONNX Runtime cannot be held to AVX2: it runs with what the processor has")
    for part in parts:
        getattr(run, part)()
    peak = sides.peak(options.build, options.level)
    run.close()
    print()
    summary = summarize(run.rows, peak and peak * options.threads)
    for failure in run.failures:
        print("FAILED " + failure)
    result = {"made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "machine": sides.machine(), "versions": run.versions, "rounds": options.rounds,
              "seconds": options.seconds, "threads": options.threads, "isa": options.isa, "backend": options.backend,
              "peak_gflops": peak, "rows": run.rows, "summary": summary,
              "failures": run.failures}
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    print("written: " + options.json)
    return 1 if run.failures or not run.rows else 0


if __name__ == "__main__":
    sys.exit(main())
