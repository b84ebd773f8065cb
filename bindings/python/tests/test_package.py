# SPDX-License-Identifier: Apache-2.0
"""The package as a whole: errors, types, settings of the process, and that nothing of the library is missing."""
import importlib.util
import logging
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import seqdemand
from seqdemand import LSTM, _functions

HERE = Path(__file__).resolve().parents[1]

# Functions that have no use here, and what stands in for them.
UNUSED = {
    "options_copy", "options_get_i64", "options_get_f64", "options_set_i64", "options_set_f64",  # text serves all
    "dataset_parse",  # tables in memory are columns
    "dataset_before", "dataset_split", "dataset_fold",  # frames are cut by their own library
    "dataset_class_count", "dataset_class_name",  # those of a model count
    "optimizer_create", "optimizer_steps", "trainer_step",  # fit, resume and update
    "table_find_column", "forecast_find_series",
    "predictor_run_into", "stream_run_into", "tuner_run", "tuner_done", "tuner_total",
    "baseline_answer",
    "context_memory_in_use", "version_number", "status_text", "prediction_threshold",
    "prediction_id", "prediction_event", "prediction_classes", "prediction_labels",  # prediction_to_arrow has them
    "importance_loss", "importance_windows"}


def test_every_function_of_the_library_is_within_reach():
    lines = (HERE.parents[1] / "lib" / "api" / "seqdemand.map").read_text().splitlines()
    exported = {line.strip()[5:-1] for line in lines if line.strip().startswith("seqd_")}
    declared = set(_functions.CALLS) | set(_functions.VALUES) | {f"{name}_release" for name in _functions.RELEASES}
    assert declared <= exported
    missing = exported - declared - UNUSED - {"optimizer_release"}
    assert not missing, sorted(missing)
    sources = "".join(path.read_text() for path in (HERE / "src" / "seqdemand").glob("*.py")
                      if path.name != "_functions.py")
    unused = [name for name in [*_functions.CALLS, *_functions.VALUES] if f'"{name}"' not in sources]
    assert not unused


def test_types_of_options_are_those_of_the_library():
    spec = importlib.util.spec_from_file_location("option_types", HERE / "option_types.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TARGET.read_text() == module.text(), "run python3 bindings/python/option_types.py"


def check_types(program, tmp_path):
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), "--follow-imports=silent",
               str(tmp_path / "program.py")]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    return [line.split(": ", 1)[1] for line in run.stdout.splitlines() if "error:" in line]


def test_a_checker_of_types_knows_the_options(tmp_path):
    assert check_types("""
        from seqdemand import LSTM, SequenceClassifier, tune
        model = LSTM(hidden_size=[64, 32], freq="D", max_steps=100, residual=True).fit({"y": [1.0]}, h=7)
        paths = model.sample_paths(paths=10)["a"]
        found = tune(model, "sales.csv", {"hidden_size": (8, 16)}, 7).best_params_
        SequenceClassifier(label="next_event").fit("log.csv").save("model.seqd")
        """, tmp_path) == []
    errors = check_types("""
        from seqdemand import LSTM
        LSTM(hiden_size=64)
        LSTM(freq="daily")
        LSTM().fit("sales.csv", h="7")
        """, tmp_path)
    assert len(errors) == 3 and "hiden_size" in errors[0] and "freq" in errors[1] and "h" in errors[2]


def test_errors_are_exceptions_by_status(sales, quick, tmp_path):
    with pytest.raises(seqdemand.FileError, match="no_such.csv") as caught:
        LSTM(**quick).fit("no_such.csv")
    assert isinstance(caught.value, OSError) and caught.value.status == -30
    (tmp_path / "model.seqd").write_bytes(b"not a model")
    with pytest.raises(seqdemand.DataError, match="model.seqd"):
        seqdemand.load(tmp_path / "model.seqd")
    bad = tmp_path / "bad.csv"
    bad.write_text("unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,x\n")
    with pytest.raises(seqdemand.DataError, match="bad.csv:3") as caught:
        LSTM(**quick).fit(bad)
    assert (caught.value.line, caught.value.column) == (3, 3)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is seqdemand.DataError and (again.line, str(again)) == (3, str(caught.value))
    model = LSTM(**quick).fit(sales, h=7)
    with pytest.raises(seqdemand.ArgumentError, match="level"):
        model.predict(levels=(1.5,))
    with pytest.raises(seqdemand.UnsupportedError, match="attention"):
        model.attention_weights("b")
    with pytest.raises(seqdemand.DivergedError):
        LSTM(**{**quick, "max_steps": 300, "optimizer": "sgd", "learning_rate": 10, "grad_clip": 0, "head": "mse",
                "momentum": 0.99, "warmup_steps": 0}).fit({**sales, "y": sales["y"] * 1e6}, h=7)


def test_limits_and_kernels(sales, quick):
    seqdemand.set_limit("series", 2)
    try:
        with pytest.raises(seqdemand.LimitError, match="series"):
            LSTM(**quick).fit(sales, h=7)
    finally:
        seqdemand.set_limit("series", 0)
    seqdemand.set_kernels("ref")
    try:
        assert seqdemand.get_kernels() == "ref"
        LSTM(**quick).fit(sales, h=7)
    finally:
        seqdemand.set_kernels("auto")
    with pytest.raises(seqdemand.OptionError):
        seqdemand.set_limit("serieses", 2)
    seqdemand.set_threads(1)
    assert seqdemand.get_threads() == 1
    seqdemand.set_threads(0)
    assert "openmp" in seqdemand.build_info()


def test_the_log_is_that_of_python(sales, quick, caplog):
    model = LSTM(**quick).fit(sales, h=7)
    with caplog.at_level(logging.INFO, "seqdemand"):
        other = LSTM(**quick).fit(sales, h=7).adapt(sales, head="mse", train=False)
    assert other.head == "mse" and model.head is None
    assert [line for line in caplog.records if line.name == "seqdemand"]


def test_results_do_not_depend_on_threads(sales, quick):
    answers = []
    for threads in (1, 2, 3):
        seqdemand.set_threads(threads)
        answers.append(LSTM(**quick).fit(sales, h=7).predict()["mean"].tolist())
    seqdemand.set_threads(0)
    assert answers[0] == answers[1] == answers[2]
    assert np.isfinite(answers[0]).all()
