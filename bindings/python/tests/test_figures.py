# SPDX-License-Identifier: Apache-2.0
"""What is promised in figures: time to import, time beside the network's own of a forecast."""
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from seqdemand import LSTM, _abi

ROOT = Path(__file__).resolve().parents[3]
IMPORT = """
import sys, time
start, used = time.perf_counter(), time.process_time()
import seqdemand
print(time.perf_counter() - start, time.process_time() - used)
loaded = [name for name in ('pandas', 'pyarrow', 'polars', 'sklearn', 'matplotlib', 'tqdm') if name in sys.modules]
assert not loaded, loaded
"""


def test_import_time(report):
    """Below 0.3 s: the median of nine, of processor time, and by the clock unless others keep the machine busy."""
    rounds, command = [], [sys.executable, "-c", IMPORT]
    for _ in range(3):
        runs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(9)]
        rounds.append(tuple(statistics.median(float(run[i]) for run in runs) for i in (0, 1)))
        if rounds[-1][0] < 0.3:
            break
    clock, processor = min(rounds)
    report(f"import seqdemand: {clock:.3f} s by the clock, {processor:.3f} s of processor, without pandas")
    busy = os.getloadavg()[0] > os.cpu_count()
    assert processor < 0.3 and (clock < 0.3 or busy)


def test_overhead_of_a_forecast(tmp_path, report):
    """predict_one of a model of 32 units, one series of 200 values, horizon 7, mean and one quantile.

    The overhead is its median time less that of the same calls of the library in a C program; rounds of both in turn,
    of which the best counts.
    """
    table = {"unique_id": ["y"] * 200, "ds": np.arange(200), "y": np.arange(200.0) % 7}
    model = LSTM(freq="int", hidden_size=32, max_steps=5).fit(table, h=7)
    model.save(tmp_path / "model.seqd")
    library, program = Path(_abi._FUNCTIONS._library._name).resolve(), tmp_path / "overhead"
    subprocess.run(["cc", "-O2", "-o", program, Path(__file__).with_name("overhead.c"), "-I", ROOT / "include", library,
                    f"-Wl,-rpath,{library.parent}"], check=True)
    run = [str(program), str(tmp_path / "model.seqd"), "200", "500"]
    y, found = np.arange(200.0) % 7, []
    for _ in range(20):
        in_c, mean = map(float, subprocess.run(run, check=True, capture_output=True, text=True).stdout.split())
        times = []
        for _ in range(500):
            start = time.perf_counter()
            answer, _ = model.predict_one(y, levels=(0.9,))
            times.append(1e6 * (time.perf_counter() - start))
        assert answer[0] == mean
        found.append((statistics.median(times) - in_c, statistics.median(times), in_c))
        if found[-1][0] < 50:
            break
    over, here, there = min(found)
    report(f"predict_one: {here:.0f} microseconds, {there:.0f} of them in C: {over:.0f} of overhead")
    assert over < 50


def test_a_step_of_a_stream(report):
    table = {"unique_id": ["y"] * 200, "ds": np.arange(200), "y": np.arange(200.0) % 7}
    stream = LSTM(freq="int", hidden_size=32, max_steps=5).fit(table, h=7).stream()
    times = []
    for _ in range(20):
        for _ in range(200):
            start = time.perf_counter()
            stream.push("y", 3.0)
            stream.forecast("y", levels=(0.9,))
            times.append(1e6 * (time.perf_counter() - start))
        if statistics.median(times[-200:]) < 100:
            break
    least = min(statistics.median(times[i:i + 200]) for i in range(0, len(times), 200))
    report(f"a step pushed into a stream and its forecast: {least:.0f} microseconds")
    assert least < 100
