# SPDX-License-Identifier: Apache-2.0
import csv
import pickle
import subprocess

import numpy as np
import pandas as pd
import pytest

import seqdemand
from seqdemand import GRU, LSTM, OptionError


def test_same_forecast_as_the_command_line_program(cli, data, tmp_path):
    """Bit for bit: the weights, and the forecast as far as the digits of a float32 in the CSV tell."""
    model, out = tmp_path / "m.seqd", tmp_path / "f.csv"
    sales = str(data / "sales.csv.gz")
    options = {"max_steps": 30, "hidden_size": 16, "seed": 3}
    flags = [word for key, item in options.items() for word in ("--set", f"{key}={item}")]
    run = [cli, "train", "--data", sales, "--freq", "D", "--horizon", "28", "--out", str(model)]
    subprocess.run(run + flags, check=True, capture_output=True)
    subprocess.run([cli, "forecast", "--model", str(model), "--data", sales, "--quantiles", "0.1,0.5,0.9", "--out",
                    str(out)], check=True, capture_output=True)
    rows = list(csv.DictReader(open(out)))
    forecaster = LSTM(freq="D", **options).fit(sales, h=28)
    theirs = seqdemand.load(model).weights()
    assert all(np.array_equal(weight, theirs[name]) for name, weight in forecaster.weights().items())
    ours = forecaster.predict_quantiles()
    assert len(rows) == len(ours) == 600 * 28
    for column in ("mean", "q0.1", "q0.5", "q0.9"):
        assert np.array_equal(np.array([row[column] for row in rows], np.float32), ours[column].astype(np.float32))
    assert [row["unique_id"] for row in rows] == ours["unique_id"].tolist()
    assert [row["ds"] for row in rows] == ours["ds"].dt.strftime("%Y-%m-%d").tolist()
    loaded = seqdemand.load(model)
    assert isinstance(loaded, LSTM) and loaded.hidden_size == "16"
    assert loaded.predict(sales)["mean"].tolist() == ours["mean"].tolist()


def test_a_csv_file_and_its_frame_are_the_same_table(data, quick):
    path = data / "sales.csv.gz"
    frame = pd.read_csv(path, dtype={"unique_id": str})
    one, two = (LSTM(**quick).fit(table, h=7).predict() for table in (path, frame))
    assert one.equals(two)


def test_pickle_keeps_the_forecast(sales, quick):
    model = GRU(**quick).fit(sales, h=7)
    copy = pickle.loads(pickle.dumps(model))
    assert copy.get_params() == model.get_params()
    assert copy.predict(sales).equals(model.predict())
    assert not hasattr(pickle.loads(pickle.dumps(GRU())), "_model")


def test_quantiles_paths_and_mean_belong_together(sales, quick):
    model = LSTM(**quick).fit(sales, h=7)
    found = model.predict_quantiles(levels=(0.1, 0.5, 0.9))
    assert (found["q0.1"] <= found["q0.5"]).all() and (found["q0.5"] <= found["q0.9"]).all()
    paths = model.sample_paths(paths=4000, seed=9)
    assert paths["b"].shape == (4000, 7)
    assert np.array_equal(paths["b"], model.sample_paths(paths=4000, seed=9)["b"])
    middle = np.median(paths["b"][:, 3])
    expected = found.loc[(found["unique_id"] == "b"), "q0.5"].iloc[3]
    assert abs(middle - expected) < 0.1 * max(1.0, expected)


def test_reorder_by_hand_from_paths(sales, quick):
    model = LSTM(**quick).fit(sales, h=7)
    stock = {"unique_id": ["a", "gone"], "on_hand": [4.0, 1.0], "pack_size": [6.0, 1.0]}
    found = model.reorder(stock, lead_time=3, review_period=2, service_level=0.9, paths=500, seed=4)
    total = np.sort(model.sample_paths(paths=500, seed=4)["a"][:, :5].sum(axis=1))
    up_to = total[int(np.ceil(0.9 * 500)) - 1]
    assert found["order_up_to"][0] == pytest.approx(up_to)
    assert found["order_quantity"][0] == np.ceil((up_to - 4.0) / 6.0) * 6.0
    assert np.isnan(found["order_quantity"][1])


def test_cross_validation_compares(sales, quick):
    table = LSTM(**quick).cross_validation(sales, h=7, windows=2, models=["seasonal_naive", "zero"])
    assert table["model"].tolist() == ["lstm", "seasonal_naive", "zero"]
    assert table["wape"][2] == pytest.approx(1.0)


def test_progress_and_stopping(sales, quick):
    seen = []
    model = LSTM(**{**quick, "max_steps": 500}).fit(sales, h=7, callback=lambda state: seen.append(state) or len(seen) >= 5)
    assert model.stopped_ and seen[-1]["step"] == 5 and seen[0]["total_steps"] == 500
    assert np.isfinite(model.predict()["mean"]).all()


def test_an_exception_in_the_callback_comes_out(sales, quick):
    def fail(state):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LSTM(**quick).fit(sales, h=7, callback=fail)


def test_errors_name_what_is_wrong(sales, quick, tmp_path):
    with pytest.raises(OptionError, match="hidden_size"):
        LSTM(hiden_size=3)
    with pytest.raises(OptionError, match="learning_rate"):
        LSTM(learning_rate=-1).fit(sales)
    with pytest.raises(ValueError, match="fit first"):
        LSTM().predict()
    bad = tmp_path / "bad.csv"
    bad.write_text("unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,x\n")
    with pytest.raises(seqdemand.DataError, match="bad.csv:3"):
        LSTM(**quick).fit(bad)
    with pytest.raises(ValueError, match="lead_time"):
        LSTM(**quick).fit(sales, h=7).reorder({"unique_id": ["a"], "on_hand": [1.0]})


def test_weights_and_card(sales, quick):
    model = LSTM(**quick).fit(sales, h=7)
    weights = model.weights()
    assert weights["rnn.weight_hh_l0"].shape == (32, 8) and weights["rnn.bias_ih_l0"].shape == (32,)
    assert model.card_["horizon"] == "7" and model.horizon_ == 7


def test_plot(sales, quick):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    ax = LSTM(**quick).fit(sales, h=7).plot("b")
    assert ax.get_title() == "b" and len(ax.lines) == 2


def test_a_stream_goes_on_from_the_table(sales, quick):
    import time

    model = LSTM(**quick).fit(sales, h=7)
    stream = model.stream(sales)
    mean, quantiles = stream.forecast("b", levels=(0.1, 0.9))
    expected = model.predict_quantiles(levels=(0.1, 0.9)).query("unique_id == 'b'")
    assert np.allclose(mean, expected["mean"], rtol=1e-4) and np.allclose(quantiles[1], expected["q0.9"], rtol=1e-4)
    stream.push("b", 50.0)
    assert stream.forecast("b")[0].mean() > mean.mean() and stream.length("b") == 121
    with pytest.raises(KeyError):
        stream.push("nobody", 1.0)
    times = []
    for _ in range(200):
        start = time.perf_counter()
        stream.forecast("a")
        times.append(time.perf_counter() - start)
    assert sorted(times)[100] < 50e-6
