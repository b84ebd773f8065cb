# SPDX-License-Identifier: Apache-2.0
"""What all estimators share: parameters, training, the model and its file."""
import ctypes
import inspect
import os

import numpy as np

from . import _options, _tables
from ._abi import DatasetSummary, Handle, ImportanceRow, ParameterInfo, TrainingSummary, call, text, value
from ._context import Context


def _signature(fixed):
    """An explicit signature, as scikit-learn's rules ask for: one keyword for each option."""
    names = [name for name in _options.TABLE if name not in fixed]
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    parameters += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in names]
    return inspect.Signature(parameters)


class Estimator:
    """Keyword arguments are the library's options (see `seqdemand.describe()`); None leaves the default."""

    _fixed = {}

    def __init_subclass__(cls, **rest):
        super().__init_subclass__(**rest)
        cls.__init__.__signature__ = _signature(cls._fixed)

    def __init__(self, **options):
        unknown = [name for name in options if name not in _options.TABLE or name in self._fixed]
        if unknown:
            _options.make(Context(), {unknown[0]: options[unknown[0]]})  # says what was meant
            raise TypeError(f"{type(self).__name__} has {unknown[0]} set already")
        for name in _options.TABLE:
            if name not in self._fixed:
                setattr(self, name, options.get(name))

    # what scikit-learn's clone and grid search ask for

    def get_params(self, deep=True):
        return {name: getattr(self, name) for name in _options.TABLE if name not in self._fixed}

    def set_params(self, **parameters):
        known = self.get_params()
        for name, setting in parameters.items():
            if name not in known:
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}")
            setattr(self, name, setting)
        return self

    def __repr__(self):
        given = ", ".join(f"{name}={setting!r}" for name, setting in self.get_params().items() if setting is not None)
        return f"{type(self).__name__}({given})"

    # training

    def _settings(self, **more):
        return {**self.get_params(), **self._fixed, **more}

    def _train(self, context, options, df, progress):
        data = _tables.dataset(context, options, df)
        pointer, summary = ctypes.c_void_p(), TrainingSummary()
        self.stopped_ = context.run(progress, "ensemble_train", context, options, data, pointer, summary)
        if not pointer:
            raise RuntimeError("training was stopped before its first step")
        self.training_ = summary.asdict()
        self._keep(context, Handle("model", pointer), data, _tables.kind_of(df))

    def _keep(self, context, model, data, kind):
        self._context, self._model, self._data, self._kind = context, model, data, kind
        self._predictor = None
        self._forecast = None

    def _fitted(self):
        if getattr(self, "_model", None) is None:
            raise _not_fitted(f"this {type(self).__name__} is not fitted yet: call fit first")
        return self._model

    @property
    def card_(self):
        """The model's card: what it was trained on and how it went."""
        model, card = self._fitted(), {}
        for i in range(value("model_card_count", model)):
            key, item = ctypes.c_char_p(), ctypes.c_char_p()
            call("model_card", model, i, key, item)
            card[key.value.decode()] = item.value.decode()
        return card

    def weights(self):
        """The parameters by name, as numpy arrays of their own."""
        model, found = self._fitted(), {}
        for i in range(value("model_parameter_count", model)):
            info = ParameterInfo()
            call("model_parameter_info", model, i, info)
            array = np.empty(tuple(info.shape)[: info.rank], np.float32)
            call("model_get_parameter", model, info.name, array.ctypes.data, array.size)
            found[info.name.decode()] = array
        return found

    def data_summary(self):
        """What cleaning did to the training table, in numbers."""
        self._fitted()
        summary = DatasetSummary()
        call("dataset_summarize", self._data, summary)
        return summary.asdict()

    # why

    def importance(self, df=None, repeats=5, seed=1):
        """By how much the loss rises when a feature is taken from other windows: rows of feature, kind, rise, deviation."""
        model, data = self._fitted(), self._data_of(df)
        handle, rows = Handle.make("importance", "importance_create", model, data, repeats, seed), []
        for i in range(value("importance_count", handle)):
            row = ImportanceRow()
            call("importance_get_row", handle, i, row)
            rows.append({key: item.decode() if isinstance(item, bytes) else item for key, item in row.asdict().items()})
        return _tables.frame({key: [row[key] for row in rows] for key in rows[0]}, self._kind)

    def attribution(self, unique_id, df=None, output=-1, points=0):
        """Integrated gradients of one answer: a dict of arrays [steps] by feature."""
        model, data = self._fitted(), self._data_of(df)
        series = value("dataset_find_series", data, str(unique_id).encode())
        if series < 0:
            raise KeyError(unique_id)
        handle = Handle.make("attribution", "attribution_create", model, data, series, output, points)
        steps, parts = value("attribution_step_count", handle), {}
        for i in range(value("attribution_feature_count", handle)):
            parts[text("attribution_feature_name", handle, i)] = values = np.empty(steps)
            call("attribution_values", handle, i, values.ctypes.data)
        return parts

    def _data_of(self, df):
        if df is not None:
            return _tables.dataset(self._context, Handle.make("options", "model_get_options", self._fitted()), df)
        if self._data is None:
            raise ValueError("this model was loaded without its table: give one")
        return self._data

    # the model file

    def save(self, path):
        call("model_save", self._fitted(), os.fsencode(path))

    def to_bytes(self):
        size = ctypes.c_size_t()
        call("model_save_memory", self._fitted(), None, size)
        buffer = ctypes.create_string_buffer(size.value)
        call("model_save_memory", self._model, buffer, size)
        return buffer.raw

    def __getstate__(self):
        state = {"parameters": self.get_params()}
        if getattr(self, "_model", None) is not None:
            state.update(model=self.to_bytes(), kind=self._kind, training=getattr(self, "training_", None))
        return state

    def __setstate__(self, state):
        self.__init__(**state["parameters"])
        if "model" in state:
            context = Context()
            model = Handle.make("model", "model_load_memory", context, state["model"], len(state["model"]))
            self._keep(context, model, None, state["kind"])
            self.training_ = state["training"]


def _not_fitted(message):
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return ValueError(message)
    return NotFittedError(message)
