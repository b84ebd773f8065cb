# SPDX-License-Identifier: Apache-2.0
"""Classes and numbers from sequences of events: the next behaviour, purchase intent, retention, how many purchases."""
import numpy as np

from . import _options, _tables
from ._abi import AnswerMetrics, Handle, call, text, value
from ._base import Estimator
from ._context import Context, Progress

END, LABELLED, EVERY = 0, 1, 2


class _Sequences(Estimator):
    def fit(self, df, y=None, *, progress=None, callback=None):
        """Trains on the sequences of `df`; labels are in the table (option label says where)."""
        context = Context()
        self._train(context, _options.make(context, self._settings()), df, Progress(progress, callback))
        return self

    def _answer(self, df, which):
        model, data = self._fitted(), self._data_of(df)
        predictor = Handle.make("predictor", "predictor_create", model)
        return Handle.make("prediction", "predictor_answer", predictor, data, which)

    @staticmethod
    def _scores(prediction):
        rows, classes = value("prediction_row_count", prediction), value("prediction_class_count", prediction)
        scores = np.empty((rows, value("prediction_answer_count", prediction), max(classes, 1)))
        for i in range(rows):
            call("prediction_scores", prediction, i, scores[i].ctypes.data)
        return scores

    @staticmethod
    def _ids(prediction):
        return np.array([text("prediction_id", prediction, i) for i in range(value("prediction_row_count", prediction))],
                        object)

    def evaluate(self, df, which=LABELLED):
        """Measures against the labels of `df`: of the last labelled event of each sequence, or of EVERY one."""
        metrics = AnswerMetrics()
        call("prediction_evaluate", self._answer(df, which), metrics)
        return metrics.asdict()


class SequenceClassifier(_Sequences):
    """A network that answers sequences of events with a class.

    Keyword arguments are the library's options (see `seqdemand.describe()`): id_column, time_column, event_column,
    num_columns and cat_columns say what is read, `label` what is learned: a column, the next event, or whether
    label_events happen within label_window.
    """

    _fixed = {"task": "classify"}

    def __init__(self, **options):
        super().__init__(**options)

    @property
    def classes_(self):
        """Names of the classes, in the order of the columns of predict_proba."""
        prediction = self._answer(None, END) if self._data is not None else self._last
        count = value("prediction_class_count", prediction)
        return np.array([text("prediction_class_name", prediction, i) for i in range(count)], object)

    def predict_proba(self, df=None, which=END):
        """Probabilities [rows, classes] after the last event of every sequence ([rows, horizon, classes] of several)."""
        self._last = self._answer(df, which)
        scores = self._scores(self._last)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, df=None, which=END):
        """A frame of id and class told, beside the probability of every class."""
        self._last = prediction = self._answer(df, which)
        scores = self._scores(prediction)
        rows, answers, count = scores.shape
        names = np.array([text("prediction_class_name", prediction, i) for i in range(count)], object)
        told = np.empty((rows, answers), np.int32)
        for i in range(rows):
            call("prediction_classes", prediction, i, told[i].ctypes.data)
        columns = {"unique_id": np.repeat(self._ids(prediction), answers), "class": names[told.ravel()]}
        if answers > 1:
            columns["step"] = np.tile(np.arange(1, answers + 1), rows)
        columns.update({f"p_{name}": scores[:, :, i].ravel() for i, name in enumerate(names)})
        return _tables.frame(columns, self._kind if df is None else _tables.kind_of(df))


class SequenceRegressor(_Sequences):
    """A network that answers sequences of events with a number: how many purchases are to come, how much, how long.

    Keyword arguments are the library's options (see `seqdemand.describe()`).
    """

    _fixed = {"task": "regress"}

    def __init__(self, **options):
        super().__init__(**options)

    def predict(self, df=None, which=END):
        """A frame of id and number after the last event of every sequence."""
        prediction = self._answer(df, which)
        columns = {"unique_id": self._ids(prediction), "mean": self._scores(prediction)[:, 0, 0]}
        return _tables.frame(columns, self._kind if df is None else _tables.kind_of(df))
