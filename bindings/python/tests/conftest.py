# SPDX-License-Identifier: Apache-2.0
import os
from pathlib import Path

import numpy as np
import pytest

import seqdemand

DATA = Path(__file__).resolve().parents[3] / "examples" / "data"
QUICK = {"max_steps": 20, "hidden_size": 8, "freq": "D", "context_length": 28}


@pytest.fixture(scope="session")
def data():
    return DATA


@pytest.fixture(scope="session")
def cli():
    path = os.environ.get("SEQDEMAND_CLI")
    assert path, "SEQDEMAND_CLI must name the command line program"
    return path


@pytest.fixture(scope="session")
def quick():
    return dict(QUICK)


@pytest.fixture(scope="session")
def sales():
    """Three series of 120 days as plain columns."""
    rng = np.random.default_rng(5)
    days = np.arange("2024-01-01", "2024-04-30", dtype="datetime64[D]").astype("datetime64[ns]")
    columns = {"unique_id": [], "ds": [], "y": []}
    for name in ("a", "b", "c"):
        columns["unique_id"] += [name] * len(days)
        columns["ds"].append(days)
        columns["y"].append(rng.poisson(5, len(days)) + 3.0 * (np.arange(len(days)) % 7 == 5))
    return {"unique_id": np.array(columns["unique_id"], object), "ds": np.concatenate(columns["ds"]),
            "y": np.concatenate(columns["y"])}


@pytest.fixture
def one_thread():
    """Thousands of small trainings, or threads of the test's own: results have the same bits for any number."""
    seqdemand.set_threads(1)
    yield
    seqdemand.set_threads(0)


_lines = []


@pytest.fixture
def report():
    """Takes lines of figures for the end of the run."""
    return _lines.append


def pytest_terminal_summary(terminalreporter):
    if _lines:
        terminalreporter.section("figures")
        for line in _lines:
            terminalreporter.write_line(line)
