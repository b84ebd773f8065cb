# SPDX-License-Identifier: Apache-2.0
"""Training that is watched, stopped, resumed, updated, adapted; weights in and out; ensembles."""
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import seqdemand
from seqdemand import GRU, LSTM


def same_weights(one, other):
    theirs = other.weights()
    return all(np.array_equal(array, theirs[name]) for name, array in one.weights().items())


def test_progress_and_stopping(sales, quick):
    seen = []
    model = LSTM(**{**quick, "max_steps": 500})
    model.fit(sales, h=7, callback=lambda state: seen.append(state) or len(seen) >= 5)
    assert model.stopped_ and seen[-1]["step"] == 5 and seen[0]["total_steps"] == 500
    assert np.isfinite(model.predict()["mean"]).all()


def test_a_bar_of_tqdm(sales, quick, capsys):
    LSTM(**quick).fit(sales, h=7, progress=True)
    assert "train lstm" in capsys.readouterr().err


def test_an_exception_in_the_callback_comes_out(sales, quick):
    def fail(state):
        raise LookupError("of my own")

    model = LSTM(**quick)
    with pytest.raises(LookupError, match="of my own"):
        model.fit(sales, h=7, callback=fail)
    assert len(model.predict()) == 21  # what was reached


CTRL_C = """
import numpy as np, seqdemand
t = {'unique_id': ['a'] * 400, 'ds': np.arange(400), 'y': np.arange(400.0) % 7}
model = seqdemand.LSTM(max_steps=1000000, hidden_size=64, freq='int')
try:
    model.fit(t, h=7, checkpoint='state.seqd',
              callback=lambda state: state['step'] == 3 and print('running', flush=True))
except KeyboardInterrupt:
    assert model.stopped_ and model.training_['steps'] >= 3
    assert np.isfinite(model.predict()['mean']).all()
    assert model.set_params(max_steps=5).fit(t, h=7).training_['steps'] == 5
    go_on = seqdemand.resume('state.seqd', t, callback=lambda state: True)
    assert go_on.training_['steps'] > 3
    print('stopped', flush=True)
"""


def test_ctrl_c_stops_training_and_leaves_a_model(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", CTRL_C], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout.readline() == "running\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert out == "stopped\n" and process.returncode == 0


def test_resumed_training_ends_with_the_same_bits(sales, quick, tmp_path):
    state, later = tmp_path / "state.seqd", tmp_path / "later.seqd"
    whole = LSTM(**quick).fit(sales, h=7)
    half = LSTM(**quick).fit(sales, h=7, checkpoint=state, callback=lambda seen: seen["step"] == 11)
    assert half.stopped_ and not same_weights(half, whole)
    resumed = seqdemand.resume(state, sales, checkpoint=later, checkpoint_every=5)
    assert same_weights(resumed, whole) and resumed.training_["steps"] == 20
    assert isinstance(resumed, LSTM) and resumed.hidden_size == 8
    assert resumed.predict().equals(whole.predict())
    assert seqdemand.load(later).predict(sales).equals(whole.predict())  # a checkpoint is a model file, too
    with pytest.raises(seqdemand.DataError):
        seqdemand.resume(state, {**sales, "y": sales["y"] + 1})
    with pytest.raises(seqdemand.OptionError, match="ensemble"):
        LSTM(**quick, ensemble_size=2).fit(sales, h=7, checkpoint=state)


def test_update_goes_on_with_newer_rows(sales, quick, tmp_path):
    state, frame = tmp_path / "state.seqd", pd.DataFrame(sales)
    old = frame[frame["ds"] < "2024-04-01"]
    model = LSTM(**quick).fit(old, h=7, checkpoint=state)
    new = seqdemand.update(state, frame, max_steps=7)
    assert new.training_["steps"] == 20 + 7 and new.max_steps == 7 and not same_weights(new, model)
    assert new.predict()["ds"].min() == pd.Timestamp("2024-04-30")


def test_adapt_starts_from_the_weights(sales, quick):
    frame = pd.DataFrame(sales)
    model = LSTM(**quick).fit(frame, h=7)
    assert same_weights(model.adapt(frame, train=False), model)
    wider = frame.assign(unique_id=frame["unique_id"] + "2")
    new = model.adapt(wider, max_steps=5, freeze="rnn.*")
    assert new.training_["steps"] == 5 and new.freeze == "rnn.*" and model.freeze is None
    kept, moved = model.weights(), new.weights()
    assert np.array_equal(kept["rnn.weight_hh_l0"], moved["rnn.weight_hh_l0"])
    assert any(not np.array_equal(kept[name], moved[name]) for name in kept)


def test_weights_go_out_and_in(sales, quick):
    model = LSTM(**quick).fit(sales, h=7)
    weights = model.weights()
    assert weights["rnn.weight_hh_l0"].shape == (32, 8) and weights["rnn.bias_ih_l0"].shape == (32,)
    assert model.card_["horizon"] == "7" and model.horizon_ == 7
    other = LSTM(**quick, seed=2).initialize(sales, h=7)
    before = other.predict()
    other.set_weights(weights)
    assert same_weights(other, model) and not other.predict().equals(before)
    with pytest.raises(KeyError, match="rnn.weight_hh_l0"):
        other.set_weights({"weight": weights["rnn.weight_hh_l0"]})
    with pytest.raises(ValueError, match="shape"):
        other.set_weights({"rnn.weight_hh_l0": weights["rnn.weight_hh_l0"].T})
    with pytest.raises(ValueError, match="finite"):
        other.set_weights({"rnn.bias_ih_l0": np.full(32, np.nan)})
    assert same_weights(other, model)


def test_ensembles(sales, quick, tmp_path):
    model = LSTM(**quick, ensemble_size=3).fit(sales, h=7)
    assert np.isfinite(model.predict()["mean"]).all()
    assert model.training_["steps"] == 60 and model.member_count_ == 3
    model.save(tmp_path / "three.seqd")
    loaded = seqdemand.load(tmp_path / "three.seqd")
    assert loaded.member_count_ == 3 and loaded.predict(sales).equals(model.predict())
    assert same_weights(seqdemand.members(loaded)[1], LSTM(**quick, seed=2).fit(sales, h=7))


def test_models_are_combined(sales, quick):
    one, two = LSTM(**quick).fit(sales, h=7), GRU(**quick).fit(sales, h=7)
    both = seqdemand.combine([one, two])
    mean = (one.predict()["mean"] + two.predict()["mean"]) / 2
    assert np.allclose(both.predict()["mean"], mean, rtol=1e-4) and both.member_count_ == 2
    assert [type(member) for member in seqdemand.members(both)] == [LSTM, GRU]
    assert seqdemand.members(one) == []
    with pytest.raises(seqdemand.ArgumentError):
        seqdemand.combine([one])


def test_a_stream_goes_on_from_the_table(sales, quick):
    model = LSTM(**quick).fit(sales, h=7)
    stream = model.stream(sales)
    mean, quantiles = stream.forecast("b", levels=(0.1, 0.9))
    expected = model.predict_quantiles(levels=(0.1, 0.9)).query("unique_id == 'b'")
    assert np.allclose(mean, expected["mean"], rtol=1e-4) and np.allclose(quantiles[1], expected["q0.9"], rtol=1e-4)
    stream.push("b", 50.0)
    assert stream.forecast("b")[0].mean() > mean.mean() and stream.length("b") == 121
    with pytest.raises(KeyError):
        stream.push("nobody", 1.0)


def test_a_stream_takes_all_series_at_once(sales, quick):
    one, all_of_them = LSTM(**quick).fit(sales, h=7).stream(), None
    all_of_them = LSTM(**quick).fit(sales, h=7).stream()
    for day in range(3):
        for name in one.ids:
            one.push(name, day + ord(name) % 5)
        all_of_them.push_all([day + ord(name) % 5 for name in one.ids])
    table = all_of_them.predict(levels=(0.9,))
    assert table["ds"].tolist() == list(range(1, 8)) * 3
    for name in one.ids:
        mean, quantiles = one.forecast(name, levels=(0.9,))
        rows = table[table["unique_id"] == name]
        assert rows["mean"].tolist() == mean.tolist() and rows["q0.9"].tolist() == quantiles[0].tolist()
    with pytest.raises(ValueError, match="shape"):
        one.push_all([1.0])


def test_streams_with_covariates(sales, quick):
    table = {**sales, "price": 1.0 + 0.1 * (np.arange(len(sales["y"])) % 5)}
    stream = LSTM(**quick, known_columns="price").fit(table, h=3).stream()
    assert stream.known_columns == ["price"] and stream.past_columns == []
    stream.push_all([1.0, 2.0, 3.0], known=[[1.0], [1.1], [1.2]])
    cheap, dear = (stream.predict(known=np.full((3, 3, 1), price))["mean"] for price in (0.5, 2.0))
    assert not cheap.equals(dear)
    with pytest.raises(seqdemand.DataError, match="price"):
        stream.predict(known=np.full((3, 3, 1), np.nan))


def test_one_series_from_its_history(sales, quick):
    model = LSTM(**quick).fit(sales, h=7)
    table = model.predict_quantiles(levels=(0.5, 0.9))
    y = sales["y"][sales["unique_id"] == "b"]
    mean, quantiles = model.predict_one(y, "2024-01-01", levels=(0.5, 0.9))
    rows = table[table["unique_id"] == "b"]
    assert rows["mean"].tolist() == mean.tolist() and rows["q0.9"].tolist() == quantiles[1].tolist()
    with pytest.raises(seqdemand.DataError, match="start"):
        model.predict_one(y)
    numbered = LSTM(**{**quick, "freq": "int"}).fit({**sales, "ds": np.tile(np.arange(120), 3)}, h=7)
    whole = numbered.predict()
    assert numbered.predict_one(y)[0].tolist() == whole[whole["unique_id"] == "b"]["mean"].tolist()
    months = pd.DataFrame({"unique_id": "m", "ds": pd.date_range("2015-01-01", periods=90, freq="MS"),
                           "y": np.arange(90.0) % 12})
    monthly = LSTM(max_steps=5, hidden_size=8, freq="MS").fit(months, h=3)
    assert monthly.predict_one(months["y"], "2015-01-01")[0].tolist() == monthly.predict()["mean"].tolist()
