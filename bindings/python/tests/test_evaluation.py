# SPDX-License-Identifier: Apache-2.0
"""Measures, yardsticks, searches for settings, files of settings."""
import json
import subprocess

import numpy as np
import pandas as pd
import pytest

import seqdemand
from seqdemand import GRU, LSTM, RNN, RollingOrigin, SequenceClassifier


def test_measures_are_those_of_the_command_line_program(cli, data, quick, tmp_path):
    sales = pd.read_csv(data / "sales.csv.gz", dtype={"unique_id": str})
    sales = sales[sales["unique_id"].isin(sorted(set(sales["unique_id"]))[:40])]
    past, future = sales[sales["ds"] < "2011-11-11"], sales[sales["ds"] >= "2011-11-11"]
    forecast = LSTM(**quick).fit(past, h=14).predict_quantiles()
    files = {name: tmp_path / f"{name}.csv" for name in ("forecast", "actual", "history")}
    for name, table in (("forecast", forecast), ("actual", future), ("history", sales)):
        table.to_csv(files[name], index=False)
    flags = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    run = subprocess.run([cli, "evaluate", *flags, "--freq", "D", "--json", "--quiet"], check=True, capture_output=True)
    theirs = json.loads(run.stdout)
    ours = seqdemand.evaluate(forecast, future, sales, freq="D")
    assert theirs["series"] == ours["series"] > 30
    for name, figure in theirs.items():
        assert ours[name] == pytest.approx(figure, rel=1e-6), name
    again = seqdemand.evaluate(files["forecast"], str(files["actual"]), str(files["history"]), freq="D")
    assert again["wql"] == pytest.approx(ours["wql"])
    with pytest.raises(seqdemand.DataError, match="no value"):
        seqdemand.evaluate(forecast, past, past, freq="D")


def test_simple_methods(sales):
    week = pd.DataFrame(sales).groupby("unique_id").tail(7)["y"].tolist()
    assert seqdemand.baseline(sales, "seasonal_naive", 7, freq="D")["mean"].tolist() == week
    table = seqdemand.baseline(sales, "croston", 7, levels=(0.9,), freq="D")
    assert (table["q0.9"] > table["mean"]).all()
    with pytest.raises(seqdemand.OptionError):
        seqdemand.baseline(sales, "seasonal_naif", 7)


def test_score_is_the_wape_of_what_came(sales, quick):
    frame = pd.DataFrame(sales)
    model = LSTM(**quick).fit(frame[frame["ds"] < "2024-04-23"], h=7)
    came = frame[frame["ds"] >= "2024-04-23"]
    told = model.predict_quantiles(levels=(0.5,))["q0.5"].to_numpy()
    error = np.abs(told - came["y"].to_numpy()).sum() / came["y"].sum()
    assert model.score(came) == pytest.approx(-error)


def test_rolling_origins(sales):
    frame = pd.DataFrame(sales).sample(frac=1.0, random_state=1)
    splits = list(RollingOrigin(h=7, windows=3).split(frame))
    assert len(splits) == RollingOrigin(h=7).get_n_splits() == 3
    for (train, test), last in zip(splits, ("2024-04-15", "2024-04-22", "2024-04-29")):
        assert frame.iloc[test]["ds"].max() == pd.Timestamp(last) and len(test) == 21
        assert frame.iloc[train]["ds"].max() == pd.Timestamp(last) - pd.Timedelta(days=7)
    with pytest.raises(ValueError, match="windows"):
        list(RollingOrigin(h=7, windows=20).split(frame))


def test_a_search_for_settings(sales, quick, tmp_path):
    ranges = {"hidden_size": [4, 8], "learning_rate": (1e-3, 1e-2, "log")}
    options = {"trials": 3, "windows": 1, "seed": 4}
    found = seqdemand.tune(LSTM(**quick), sales, ranges, h=7, **options)
    table = found.trials_
    assert len(table) == 3 and found.metric_ == "wql" and found.best_score_ == table["score"].min() == table["wql"][0]
    assert found.best_params_["hidden_size"] == table["hidden_size"][0] in (4, 8)
    assert 1e-3 <= found.best_params_["learning_rate"] <= 1e-2
    best = found.best_estimator()
    assert isinstance(best, LSTM) and best.horizon == 7 and best.context_length == 28
    found.save(tmp_path / "best.conf")
    settings = seqdemand.read_config(tmp_path / "best.conf")
    assert settings["hidden_size"] == str(found.best_params_["hidden_size"])
    # The same search, interrupted and gone on with.
    steps, state = [], tmp_path / "search.csv"

    def interrupt(seen):
        steps.append(seen["step"])
        return len(steps) > 25  # in the second trial

    with pytest.raises(KeyboardInterrupt):
        seqdemand.tune(LSTM(**quick), sales, ranges, h=7, state=state, callback=interrupt, **options)
    again = seqdemand.tune(LSTM(**quick), sales, ranges, h=7, state=state, **options)
    assert again.trials_.equals(table)
    with pytest.raises(seqdemand.OptionError, match="hidden_size"):
        seqdemand.tune(LSTM(**quick), sales, {"hiden_size": [4]}, h=7)


def test_a_search_over_kinds_of_model(sales, quick):
    found = seqdemand.tune(LSTM(**quick), sales, {"model": ["gru", "rnn"], "hidden_size": [[4, 4], [8]]}, h=7,
                           trials=1, windows=1)
    best = found.best_estimator()
    assert type(best) in (GRU, RNN) and best.hidden_size in ([4, 4], 8)


def test_ranges_as_text():
    from seqdemand.tuning import range_text

    assert range_text("batch_size", (16, 128, 16)) == "16:128:16"
    assert range_text("learning_rate", (1e-4, 0.01, "log")) == "0.0001:0.01:log"
    assert range_text("model", ["lstm", "gru"]) == "lstm,gru"
    assert range_text("hidden_size", [64, [128, 64]]) == "64|128,64"
    assert range_text("l2", "32:128") == "32:128"


def test_settings_in_a_file(tmp_path, cli, data):
    path, model = tmp_path / "shop.conf", tmp_path / "shop.seqd"
    given = LSTM(freq="D", horizon=14, max_steps=2, hidden_size=[8, 8], learning_rate=0.005)
    seqdemand.write_config(path, given.get_params())
    subprocess.run([cli, "train", "--config", str(path), "--data", str(data / "sales.csv.gz"), "--out", str(model)],
                   check=True, capture_output=True)
    loaded = seqdemand.load(model)
    assert (loaded.horizon, loaded.hidden_size, loaded.learning_rate) == (14, [8, 8], 0.005)
    read = seqdemand.read_config(path)
    assert LSTM(**read).get_params() == {**LSTM().get_params(), **read}
    (tmp_path / "bad.conf").write_text("horizon = 14\nhiden_size = 3\n")
    with pytest.raises(seqdemand.OptionError, match="hidden_size"):
        seqdemand.read_config(tmp_path / "bad.conf")


def test_cross_validation_of_sequences():
    rng = np.random.default_rng(3)
    rows = {"user": np.repeat([f"u{i:02d}" for i in range(40)], 6), "at": np.tile(np.arange(6), 40),
            "event": rng.choice(["look", "buy"], 240)}
    model = SequenceClassifier(id_column="user", time_column="at", event_column="event", label="next_event", max_len=4,
                               max_steps=20, hidden_size=8)
    table = model.cross_validation(rows, folds=4)
    assert table["fold"].tolist() == [0, 1, 2, 3] and table["count"].sum() == 200
    assert ((table["accuracy"] >= 0) & (table["accuracy"] <= 1)).all()
