# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's rules and searches, and sktime's."""
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.utils import estimator_checks as checks

import seqdemand
from seqdemand import LSTM, RollingOrigin, SequenceClassifier
from seqdemand.sklearn import SeriesClassifier, SeriesRegressor

KINDS = [kind for kind in (getattr(seqdemand, name) for name in seqdemand.__all__) if hasattr(kind, "get_params")
         and kind is not seqdemand.Forecaster]


def test_clone(quick):
    model = LSTM(**quick, seed=7)
    copy = clone(model)
    assert copy is not model and copy.get_params() == model.get_params()
    with pytest.raises(ValueError, match="hidden_size"):
        model.set_params(hiden_size=1)


def test_parameters_are_explicit():
    assert "hidden_size" in str(LSTM.__init__.__signature__)
    assert "model" not in LSTM().get_params()


def test_no_option_hides_a_method():
    for kind in KINDS:
        assert not [name for name in seqdemand._options.TABLE if hasattr(kind, name)], kind


# The checks of check_estimator that apply to estimators of tables: all others train on a matrix of numbers.
APPLICABLE = [
    "check_estimator_cloneable", "check_estimator_tags_renamed", "check_valid_tag_types", "check_estimator_repr",
    "check_no_attributes_set_in_init", "check_get_params_invariance", "check_set_params",
    "check_parameters_default_constructible", "check_mixin_order"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", APPLICABLE)
def test_checks_of_parameters(kind, name):
    getattr(checks, name)(kind.__name__, kind())


def test_unfitted_estimators_say_so():
    for kind in KINDS:
        with pytest.raises(NotFittedError, match="fit first"):
            kind().predict()


def test_a_grid_search_over_rolling_origins(sales, quick):
    frame = pd.DataFrame(sales)
    grid = {"hidden_size": [4, 8], "head": ["mse", "quantile"]}
    search = GridSearchCV(LSTM(**quick, horizon=7), grid, cv=RollingOrigin(h=7, windows=2), error_score="raise")
    search.fit(frame)
    assert set(search.best_params_) == set(grid) and search.n_splits_ == 2
    assert np.isfinite(search.cv_results_["mean_test_score"]).all() and search.best_score_ < 0
    assert search.best_estimator_.predict()["ds"].min() == pd.Timestamp("2024-04-30")  # trained again on all rows
    by_hand = LSTM(**{**quick, **search.best_params_}, horizon=7).fit(frame[frame["ds"] < "2024-04-23"])
    score = by_hand.score(frame[frame["ds"] >= "2024-04-23"])
    assert score == pytest.approx(search.cv_results_["split1_test_score"][search.best_index_])


def test_a_grid_search_over_users():
    rng = np.random.default_rng(3)
    events = pd.DataFrame({"user": np.repeat([f"u{i:02d}" for i in range(60)], 6), "at": np.tile(np.arange(6), 60),
                           "event": rng.choice(["look", "buy"], 360)})
    model = SequenceClassifier(id_column="user", time_column="at", event_column="event", label="next_event", max_len=4,
                               max_steps=10)
    search = GridSearchCV(model, {"hidden_size": [4, 8]}, cv=GroupKFold(3), error_score="raise")
    search.fit(events, groups=events["user"])
    assert 0 < search.best_score_ <= 1 and list(search.best_estimator_.classes_) == ["buy", "look"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [SeriesClassifier, SeriesRegressor])
def test_check_estimator(kind, report, one_thread):
    results = checks.check_estimator(kind(), on_fail=None, on_skip=None)
    passed = [result for result in results if result["status"] == "passed"]
    report(f"scikit-learn's check_estimator({kind.__name__}): {len(passed)} of {len(results)} passed")
    left = {result["check_name"]: result["exception"] for result in results if result["status"] != "passed"}
    assert set(left) <= {"check_array_api_input"}, left  # arrays of other libraries than numpy
    assert len(passed) > 45


@pytest.mark.filterwarnings("ignore")
def test_sktime_check_estimator(report, one_thread):
    from sktime.utils.estimator_checks import check_estimator

    from seqdemand.sktime import SeqdemandForecaster

    results = check_estimator(SeqdemandForecaster, raise_exceptions=False, verbose=False)
    failed = {name: answer for name, answer in results.items() if answer != "PASSED"}
    report(f"sktime's check_estimator: {len(results) - len(failed)} of {len(results)} passed")
    assert len(results) > 100 and not failed
