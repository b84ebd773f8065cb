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
    assert isinstance(loaded, LSTM) and loaded.hidden_size == 16
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
    assert not pickle.loads(pickle.dumps(GRU())).__sklearn_is_fitted__()


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


    same = seqdemand.reorder_paths(model.sample_paths(paths=500, seed=4)["a"], 4.0, lead_time=3, review_period=2,
                                   service_level=0.9, pack_size=6.0)
    assert all(found[name][0] == figure for name, figure in same.items())
    table = {"unique_id": ["a", "a"], "on_hand": [4.0, 4.0], "lead_time": [2.0, np.nan], "service_level": [None, 0.5]}
    two = model.reorder(table, lead_time=3, review_period=2, service_level=0.9, paths=500, seed=4)
    assert two["order_up_to"][0] == np.sort(model.sample_paths(paths=500, seed=4)["a"][:, :4].sum(axis=1))[449]
    assert two["order_up_to"][1] == total[249]
    filled = model.reorder(stock, lead_time=3, review_period=2, service_level=0.98, service="fill_rate",
                           lead_time_std=1)
    assert filled["fill_rate"][0] == pytest.approx(0.98, abs=0.005) and filled["safety_stock"][0] > 0
    with pytest.raises(ValueError, match="service"):
        model.reorder(stock, lead_time=3, service="good")
    with pytest.raises(seqdemand.DataError, match="on_hand"):
        model.reorder({"unique_id": ["a"], "on_hand": ["many"]}, lead_time=3)


def test_cross_validation_compares(sales, quick):
    table = LSTM(**quick).cross_validation(sales, h=7, windows=2, models=["seasonal_naive", "zero"])
    assert table["model"].tolist() == ["lstm", "seasonal_naive", "zero"]
    assert table["wape"][2] == pytest.approx(1.0)


def test_errors_name_what_is_wrong(sales, quick, tmp_path):
    with pytest.raises(OptionError, match="hidden_size"):
        LSTM(hiden_size=3)
    with pytest.raises(OptionError, match="nearest|mean|hidden_size"):
        LSTM().set_params(hidden_sise=3)
    with pytest.raises(TypeError, match="model"):
        LSTM(model="gru")
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


def test_plot(sales, quick):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    ax = LSTM(**quick).fit(sales, h=7).plot("b")
    assert ax.get_title() == "b" and len(ax.lines) == 2
