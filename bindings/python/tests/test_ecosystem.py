# SPDX-License-Identifier: Apache-2.0
"""scikit-learn, sktime, joblib, multiprocessing, threads."""
import concurrent.futures
import multiprocessing
import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

import seqdemand
from seqdemand import LSTM


def test_clone_and_grid(sales, quick):
    model = LSTM(**quick, seed=7)
    copy = clone(model)
    assert copy is not model and copy.get_params() == model.get_params()
    scores = {}
    for setting in ParameterGrid({"hidden_size": [4, 8], "head": ["mse", "quantile"]}):
        table = clone(model).set_params(**setting).cross_validation(sales, h=7, windows=1)
        scores[tuple(setting.items())] = table["wape"][0]
    assert len(scores) == 4 and all(np.isfinite(list(scores.values())))
    with pytest.raises(ValueError, match="hiden"):
        model.set_params(hiden_size=1)


def test_parameters_are_explicit():
    assert "hidden_size" in str(LSTM.__init__.__signature__)
    assert "model" not in LSTM().get_params()


@pytest.mark.filterwarnings("ignore")
def test_sktime_check_estimator():
    from sktime.utils.estimator_checks import check_estimator

    from seqdemand.sktime import SeqdemandForecaster

    results = check_estimator(SeqdemandForecaster, raise_exceptions=False, verbose=False)
    failed = {name: answer for name, answer in results.items() if answer != "PASSED"}
    assert len(results) > 100 and not failed


def _forecast(model, sales):
    return np.asarray(model.predict(sales)["mean"])


def test_threads_predict_the_same_and_scale(data, quick):
    seqdemand.set_threads(1)
    try:
        import pandas

        frame = pandas.read_csv(data / "sales.csv.gz", dtype={"unique_id": str})
        model = LSTM(**{**quick, "hidden_size": 128, "context_length": 56}).fit(frame, h=28)
        expected = _forecast(model, frame)
        copies = [seqdemand.LSTM() for _ in range(4)]
        for copy in copies:
            copy.__setstate__(model.__getstate__())
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda copy: _forecast(copy, frame), copies))
        assert all(np.array_equal(answer, expected) for answer in answers)
    finally:
        seqdemand.set_threads(0)


def _in_child(arguments):
    state, sales = arguments
    model = LSTM()
    model.__setstate__(state)
    return _forecast(model, sales)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_after_training_in_the_parent(sales, quick, method):
    model = LSTM(**quick).fit(sales, h=7)
    expected = _forecast(model, sales)
    with multiprocessing.get_context(method).Pool(2) as pool:
        answers = pool.map_async(_in_child, [(model.__getstate__(), sales)] * 4).get(timeout=60)
    assert all(np.array_equal(answer, expected) for answer in answers)


def test_joblib(sales, quick):
    joblib = pytest.importorskip("joblib")
    model = LSTM(**quick).fit(sales, h=7)
    answers = joblib.Parallel(n_jobs=2)(joblib.delayed(_forecast)(model, sales) for _ in range(3))
    assert all(np.array_equal(answer, _forecast(model, sales)) for answer in answers)


def test_ctrl_c_stops_training(tmp_path):
    program = tmp_path / "train.py"
    program.write_text(
        "import numpy as np, seqdemand\n"
        "t = {'unique_id': ['a'] * 400, 'ds': np.arange(400), 'y': np.arange(400.0) % 7}\n"
        "print('start', flush=True)\n"
        "try:\n"
        "    seqdemand.LSTM(max_steps=1000000, hidden_size=64, freq='int').fit(t, h=7)\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped', flush=True)\n")
    import signal

    process = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "start\n"
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert out == "stopped\n" and process.returncode == 0


def test_import_is_light():
    program = ("import sys, time; t = time.perf_counter(); import seqdemand; s = time.perf_counter() - t; "
               "assert 'pandas' not in sys.modules and 'sklearn' not in sys.modules; print(s)")
    times = [float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)
             for _ in range(5)]
    assert sorted(times)[2] < 0.3, times


def test_no_option_hides_a_method():
    kinds = [getattr(seqdemand, name) for name in seqdemand.__all__ if isinstance(getattr(seqdemand, name), type)]
    for kind in kinds:
        assert not [name for name in seqdemand._options.TABLE if hasattr(kind, name)], kind
