# SPDX-License-Identifier: Apache-2.0
"""A side of a comparison: a process that answers commands, and how rounds of several sides are taken by turns."""
import collections
import contextlib
import fcntl
import json
import math
import os
import platform
import re
import statistics
import subprocess

import grid

HERE = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = {"output": 1e-4, "loss": 1e-4}
# Keras computes Adam's bias corrections in float32: 1 - 0.999 is then off by 5e-5, and so is the length of a step.
KERAS_LOSS = 1e-3

# What holds each framework to AVX2. ONNX Runtime asks the processor itself and cannot be held.
HOLD_AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2",
             "MKL_ENABLE_INSTRUCTIONS": "AVX2", "XLA_FLAGS": "--xla_cpu_max_isa=AVX2"}

KERNEL_LINE = re.compile(r"(?P<kernel>\w+) +(?P<shape>\S+) +(?P<us>[\d.]+) us +(?P<value>[\d.]+) "
                         r"(?P<unit>GFLOP/s|ns an item)(?: +(?P<share>[\d.]+) % of (?P<peak>[\d.]+))?"
                         r"(?:  (?P<what>.*))?")

Ratio = collections.namedtuple("Ratio", "median lowest highest")


class SideFailed(Exception):
    pass


class Side:
    def __init__(self, name, command, logs, environment=None):
        self.name = name
        self.log = os.path.join(logs, "side-%s.log" % name.replace("/", "-").replace(" ", "-"))
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                            text=True, env={**os.environ, **(environment or {})})
        self.version = self.read()["version"]

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            with open(self.log, encoding="utf-8", errors="replace") as log:
                words = log.read().strip().splitlines() or ["ended without a word"]
            raise SideFailed("%s: %s" % (self.name, words[-1]))
        return json.loads(line)

    def ask(self, *words):
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # read() tells why
        return self.read()

    def open(self, case):
        self.ask("open", *case)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def ours(build, level="auto", backend="auto", threads=1, shard_rows=None, environment=None, name="ours",
         program="train_step"):
    command = [os.path.join(build, "benchmarks", program), "--serve", level, backend, str(threads)]
    if shard_rows is not None:
        command.append(str(shard_rows))
    return Side(name, command, build, environment)


def peer(python, name, logs, threads=1, environment=None):
    return Side(name, [python, "-W", "ignore", os.path.join(HERE, "peer_worker.py"), name, str(threads)], logs,
                environment)


def check_output(truth, values, who):
    scale = max(map(abs, truth))
    off = max(abs(a - b) for a, b in zip(truth, values)) if len(truth) == len(values) else math.inf
    if not off <= TOLERANCE["output"] * scale:
        raise SideFailed("%s: outputs are off by %.2g of %.2g" % (who, off, scale))


def check_loss(truth, loss, who, tolerance=TOLERANCE["loss"]):
    if not abs(loss - truth) <= tolerance * abs(truth):
        raise SideFailed("%s: the loss of step %d is %.9g, not %.9g" % (who, grid.CHECKED_STEP, loss, truth))


def take_turns(runs, rounds, seconds):
    """runs: {name: (side, what)}. Every round times each once, in turning order. Returns {name: [ms of each round]}."""
    count, times, names = {}, {name: [] for name in runs}, list(runs)
    for name, (side, what) in runs.items():  # warms up, and tells how many calls fill a round
        side.ask(what, 2)
        count[name] = max(3, min(20000, int(1e3 * seconds / max(1e-4, side.ask(what, 3)["ms"]))))
    for i in range(rounds):
        for name in names[i % len(names):] + names[:i % len(names)]:
            side, what = runs[name]
            times[name].append(side.ask(what, count[name])["ms"])
    return times


def ratio(theirs, our):
    """Of each round, theirs over ours: above 1 we are faster."""
    every = [a / b for a, b in zip(theirs, our)]
    return Ratio(statistics.median(every), min(every), max(every))


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


@contextlib.contextmanager
def quiet(path):
    """Holds the lock while something is timed, so that two benchmarks on one machine never meet."""
    if not path:
        yield
        return
    with open(path, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def peak(build, level="auto"):
    """GFLOP/s of independent multiply-adds on one core, as measured beside the products; None where nothing tells."""
    done = subprocess.run([os.path.join(build, "benchmarks", "kernels_benchmark"), level, "gemm"],
                          stdout=subprocess.PIPE, text=True, check=False)
    found = [KERNEL_LINE.fullmatch(line.strip()) for line in done.stdout.splitlines()]
    return max((float(f["peak"]) for f in found if f and f["peak"]), default=None)


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.processor())
    return {"processor": model, "cpus": len(os.sched_getaffinity(0)), "system": platform.platform(),
            "load": os.getloadavg()[0]}
