# SPDX-License-Identifier: Apache-2.0
"""Networks for matrices, as scikit-learn wants them: a row of X is a sequence of numbers, one a step.

Both pass scikit-learn's own `check_estimator`. Tables of events with more to a step are for SequenceClassifier and
SequenceRegressor.
"""
from __future__ import annotations

from typing import Any, Optional

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .sequences import SequenceClassifier, SequenceRegressor

_STANDARD: dict[str, Any] = {"hidden_size": 16, "learning_rate": 0.02, "max_steps": 150, "val_fraction": 0.0}


class _Rows(BaseEstimator):  # type: ignore[misc]
    """What both have in common. `options`: options of the library, such as {"hidden_size": 32, "max_steps": 500}."""

    def __init__(self, options: Optional[dict[str, Any]] = None) -> None:
        self.options = options

    def _settings(self, steps: int) -> Any:
        return {"id_column": "row", "time_column": "step", "num_columns": "value", "label": "column",
                "label_column": "label", "max_len": steps, "time_gap": False, **_STANDARD, **(self.options or {})}

    @staticmethod
    def _table(X: Any, labels: Any = None) -> dict[str, Any]:
        """Events, one for each number of the matrix. Ids are as long as each other: their order is that of the rows."""
        rows, steps = X.shape
        table = {"row": np.repeat([f"{i:012d}" for i in range(rows)], steps), "step": np.tile(np.arange(steps), rows),
                 "value": X.ravel()}
        if labels is not None:
            table["label"] = np.repeat(labels, steps)
        return table

    def _told(self, X: Any) -> Any:
        check_is_fitted(self)
        return self._table(validate_data(self, X, dtype=np.float64, reset=False))


class SeriesClassifier(ClassifierMixin, _Rows):  # type: ignore[misc]
    """Classes of series of equal length: X [samples, steps], y [samples] of any labels.

    Parameters
    ----------
    options : dict or None
        Options of the library, such as {"hidden_size": 32, "max_steps": 500}.
    """

    def fit(self, X: Any, y: Any) -> SeriesClassifier:
        """Trains anew."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"there is only one class in y: {self.classes_[0]!r}")
        labels = np.array([f"{code:06d}" for code in range(len(self.classes_))])[codes]
        self.network_ = SequenceClassifier(**self._settings(X.shape[1])).fit(self._table(X, labels), progress=False)
        return self

    def predict_proba(self, X: Any) -> Any:
        """Probabilities [samples, classes], in the order of `classes_`."""
        table = self._told(X)
        return self.network_.predict_proba(table)

    def predict(self, X: Any) -> Any:
        """The likeliest class of each row [samples]."""
        chances = self.predict_proba(X)
        return self.classes_[chances.argmax(axis=1)]


class SeriesRegressor(RegressorMixin, _Rows):  # type: ignore[misc]
    """Numbers from series of equal length: X [samples, steps], y [samples].

    Parameters
    ----------
    options : dict or None
        Options of the library, such as {"hidden_size": 32, "max_steps": 500}.
    """

    def fit(self, X: Any, y: Any) -> SeriesRegressor:
        """Trains anew."""
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        self._loc, self._scale = float(np.mean(y)), float(np.std(y)) or 1.0
        labels = (np.asarray(y, float) - self._loc) / self._scale
        self.network_ = SequenceRegressor(**self._settings(X.shape[1])).fit(self._table(X, labels), progress=False)
        return self

    def predict(self, X: Any) -> Any:
        """The number of each row [samples]."""
        table = self._told(X)
        return self.network_.to_arrow(table).columns()["value"] * self._scale + self._loc
