# SPDX-License-Identifier: Apache-2.0
"""Classes and numbers from sequences of events: the next behaviour, purchase intent, retention, how many purchases."""
from __future__ import annotations

from typing import Any, Optional, TypeVar

import numpy as np

from . import _options, _tables
from ._abi import Handle, call, text, value
from ._arrow import ArrowTable
from ._base import Estimator
from ._context import Context
from ._progress import Callback, Progress
from ._structs import AnswerMetrics, ClassMetrics
from ._tables import Path, Table
from ._training import Listen

Self = TypeVar("Self", bound="_Sequences")
_WHICH = {"end": 0, "labelled": 1, "every": 2}


class _Sequences(Estimator):
    """A network that answers sequences of events.

    Keyword arguments are the library's options (see `seqdemand.describe()`): id_column, time_column, event_column,
    num_columns and cat_columns say what is read, `label` what is learned. Tables have a row for each event.

    `which` says after which events of each sequence is asked: "end", the last one; "labelled", the last one whose
    label is known; "every" one whose label is known.
    """

    def fit(self: Self, df: Table, y: Any = None, *, progress: Optional[bool] = None,
            callback: Optional[Callback] = None, checkpoint: Optional[Path] = None,
            checkpoint_every: Optional[int] = None) -> Self:
        """Trains on the sequences of `df`; labels are in the table (option `label` says where).

        The other arguments are those of `LSTM.fit`.
        """
        return self._fit(df, self._settings(), Listen(progress, callback, checkpoint, checkpoint_every))

    def _answer(self, df: Optional[Table], which: str) -> tuple[Handle, Optional[str]]:
        """(prediction, kind of frame)"""
        data, kind = self._read(df)
        if which not in _WHICH:
            raise ValueError(f"which is one of {', '.join(_WHICH)}, not {which!r}")
        with self._predictor() as predictor:
            return Handle.make("prediction", "predictor_answer", predictor, data, _WHICH[which]), kind

    def to_arrow(self, df: Optional[Table] = None, which: str = "end") -> ArrowTable:
        """The answers as an object with `__arrow_c_stream__`: for pyarrow.table, polars.DataFrame, DuckDB and others.

        A row for each answer: unique_id, event (its number in the sequence, from 0), step (of the answer, from 1), then
        class and the probability p_NAME of each class, or value.
        """
        return ArrowTable("prediction_to_arrow", self._answer(df, which)[0])

    def predict(self, df: Optional[Table] = None, which: str = "end") -> Any:
        """A frame with the columns of `to_arrow`."""
        prediction, kind = self._answer(df, which)
        return _tables.frame_of_arrow(ArrowTable("prediction_to_arrow", prediction), kind)

    def evaluate(self, df: Optional[Table] = None, which: str = "labelled") -> dict[str, Any]:
        """Measures of the answers against the labels of `df`, by name; those of the other task are NaN."""
        metrics = AnswerMetrics()
        call("prediction_evaluate", self._answer(df, which)[0], metrics)
        found: dict[str, Any] = metrics.asdict()
        return found

    def cross_validation(self, df: Table, *, folds: Optional[int] = None, progress: Optional[bool] = None) -> Any:
        """Each of `folds` parts of the sequences answered by a model of the others: a row of measures for each."""
        context, shown = Context(), Progress(progress)
        options = _options.make(context, self._settings(folds=folds))
        data = _tables.dataset(context, options, df)
        handle = context.make_long("cross_validation", shown, "cross_validation_run", data, options)
        rows = []
        for fold in range(value("cross_validation_fold_count", handle)):
            metrics = AnswerMetrics()
            call("cross_validation_get_fold", handle, fold, metrics)
            rows.append({"fold": fold, **metrics.asdict()})
        return _tables.frame_of_rows(rows, _tables.kind_of(df))


def _classes(prediction: Handle) -> list[str]:
    return [text("prediction_class_name", prediction, i) for i in range(value("prediction_class_count", prediction))]


class SequenceClassifier(_Sequences):
    """A network that answers sequences of events with a class.

    Keyword arguments are the library's options (see `seqdemand.describe()`): id_column, time_column, event_column,
    num_columns and cat_columns say what is read, `label` what is learned: a column, the next event, or whether
    label_events happen within label_window.
    """

    _fixed = {"task": "classify"}

    @property
    def classes_(self) -> Any:
        """Names of the classes, in the order of the columns of predict_proba. Known once something was answered."""
        if self._names is None:
            self._answer(None, "end")
        return np.array(self._names, object)

    def _keep(self, *arguments: Any) -> None:
        super()._keep(*arguments)
        self._names: Optional[list[str]] = None

    def _answer(self, df: Optional[Table], which: str) -> tuple[Handle, Optional[str]]:
        prediction, kind = super()._answer(df, which)
        self._names = _classes(prediction)
        return prediction, kind

    def classify(self, df: Optional[Table] = None, which: str = "end") -> Any:
        """As `predict`: a frame of unique_id, event, step, class, and the probability p_NAME of each class."""
        return self.predict(df, which)

    def predict_proba(self, df: Optional[Table] = None, which: str = "end") -> Any:
        """Probabilities [rows, classes] after events of each sequence ([rows, horizon, classes] of several answers)."""
        prediction, _ = self._answer(df, which)
        rows, answers = value("prediction_row_count", prediction), value("prediction_answer_count", prediction)
        scores = np.empty((rows, answers, len(_classes(prediction))))
        for i in range(rows):
            call("prediction_scores", prediction, i, scores[i].ctypes.data)
        return scores[:, 0] if answers == 1 else scores

    def confusion(self, df: Optional[Table] = None, which: str = "labelled") -> Any:
        """Counts [label, told] of all classes, in the order of `classes_`."""
        prediction, _ = self._answer(df, which)
        counts = np.empty((len(_classes(prediction)),) * 2, np.int64)
        call("prediction_confusion", prediction, counts.ctypes.data)
        return counts

    def evaluate_classes(self, df: Optional[Table] = None, which: str = "labelled") -> Any:
        """Each class against all others: a frame of class, count, told, right, precision, recall, f1, auroc, aupr."""
        prediction, kind = self._answer(df, which)
        rows = []
        for i, name in enumerate(_classes(prediction)):
            metrics = ClassMetrics()
            call("prediction_evaluate_class", prediction, i, metrics)
            rows.append({"class": name, **metrics.asdict()})
        return _tables.frame_of_rows(rows, kind)

    def score(self, df: Table, y: Any = None) -> float:
        """The accuracy: what a search of scikit-learn goes by."""
        return float(self.evaluate(df)["accuracy"])


class SequenceRegressor(_Sequences):
    """A network that answers sequences of events with a number: how many purchases are to come, how much, how long.

    Keyword arguments are the library's options (see `seqdemand.describe()`).
    """

    _fixed = {"task": "regress"}

    def score(self, df: Table, y: Any = None) -> float:
        """Minus the mean absolute error: what a search of scikit-learn goes by."""
        return -float(self.evaluate(df)["mae"])
