# SPDX-License-Identifier: Apache-2.0
import pickle

import numpy as np
import pytest

import seqdemand
from seqdemand import LSTM, EncoderDecoder, SequenceClassifier, SequenceRegressor

EVENTS = {"id_column": "user", "time_column": "at", "event_column": "event"}
QUICK = {"max_steps": 400, "hidden_size": 16, "learning_rate": 0.01, "max_len": 8}


@pytest.fixture(scope="module")
def events():
    """200 users whose next event is the one three before it."""
    rng = np.random.default_rng(2)
    rows = {"user": [], "at": [], "event": []}
    for user in range(200):
        told = list(rng.choice(["look", "cart", "buy"], 3))
        while len(told) < 12:
            told.append(told[-3])
        rows["user"] += [f"u{user:03d}"] * 12
        rows["at"] += list(range(12))
        rows["event"] += told
    return {name: np.array(column, object if name != "at" else np.int64) for name, column in rows.items()}


def test_next_event(events, tmp_path):
    model = SequenceClassifier(**EVENTS, **QUICK, label="next_event").fit(events)
    metrics = model.evaluate(events)
    assert metrics["classes"] == 3 and metrics["accuracy"] > 0.95
    proba = model.predict_proba(events)
    assert proba.shape == (200, 3) and np.allclose(proba.sum(axis=1), 1.0, atol=1e-5)
    assert model.classes_.tolist() == ["buy", "cart", "look"]
    table = model.predict(events)
    last = np.array(events["event"]).reshape(200, 12)[:, -3]
    assert (np.asarray(table["class"]) == last).mean() > 0.95
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copy.predict_proba(events), proba)
    model.save(tmp_path / "m.seqd")
    loaded = seqdemand.load(tmp_path / "m.seqd")
    assert isinstance(loaded, SequenceClassifier) and np.array_equal(loaded.predict_proba(events), proba)


def test_counts(events):
    model = SequenceRegressor(**EVENTS, **QUICK, label="count", label_events="buy", label_window=3).fit(events)
    assert model.evaluate(events, "every")["mae"] < 0.3
    assert list(model.predict(events).columns) == ["unique_id", "event", "step", "value"]


def test_importance_and_attribution(events, sales, quick):
    model = SequenceClassifier(**EVENTS, **QUICK, label="next_event").fit(events)
    table = model.importance(events, repeats=2)
    assert table["feature"][0] == "event" and table["rise"][0] > 0.1
    parts = model.attribution("u005", events)
    assert "event" in parts and len(parts["event"]) == 8
    panel = LSTM(**quick).fit(sales, h=7)
    assert "demand" in panel.importance()["feature"].tolist()


def test_attention(sales, quick):
    options = {**quick, "hidden_size": "16,8", "decoder_hidden_size": 16}
    model = EncoderDecoder(**options).fit(sales, h=7)
    weights = model.attention_weights("b")
    assert weights.shape == (1, 7, 28) and np.allclose(weights.sum(axis=2), 1.0, atol=1e-5)
    with pytest.raises(seqdemand.SeqdemandError, match="attention"):
        LSTM(**quick).fit(sales, h=7).attention_weights("b")
