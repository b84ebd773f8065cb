# SPDX-License-Identifier: Apache-2.0
"""What all estimators share: training, the model and its file."""
from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator, Mapping
from typing import Any, Optional, TypeVar

import numpy as np

from . import _options, _tables, _training
from ._abi import Handle, call, path_of, text, value
from ._context import Context
from ._errors import not_fitted
from ._explain import Explaining
from ._parameters import Parameters
from ._progress import Callback
from ._structs import DatasetSummary, ParameterInfo
from ._tables import Path, Table
from ._training import Listen, Trained

Self = TypeVar("Self", bound="Estimator")


class Estimator(Parameters, Explaining):
    """A model to be trained from a table.

    Once fitted it may be used by any number of threads at once; `fit` itself wants its estimator alone.

    Attributes after `fit`: `training_` (a dict: steps, best_step, train_loss, best_loss, seconds, series,
    series_left_out, windows) and `stopped_` (whether a callback or Ctrl-C ended it early).
    """

    stopped_: bool
    training_: Optional[dict[str, Any]]
    _model: Optional[Handle] = None
    _context: Context
    _data: Optional[Handle]
    _kind: Optional[str]
    _predictors: list[Handle]

    # training

    def _fit(self: Self, df: Table, settings: dict[str, Any], listen: Listen) -> Self:
        context = Context()
        options = _options.make(context, settings)
        data = _tables.dataset(context, options, df)
        return self._take(context, data, _tables.kind_of(df), _training.train(context, options, data, listen))

    def _take(self: Self, context: Context, data: Handle, kind: Optional[str], trained: Trained) -> Self:
        """Keeps what a training reached, also when it ends in an exception."""
        if trained.model is not None:
            self._keep(context, trained.model, data, kind)
            self.stopped_, self.training_ = trained.stopped, trained.summary
        trained.progress.raise_pending()
        if trained.model is None:
            raise RuntimeError("training was stopped before its first step")
        return self

    def _keep(self, context: Context, model: Handle, data: Optional[Handle], kind: Optional[str]) -> None:
        self._context, self._model, self._data, self._kind = context, model, data, kind
        self._predictors = []

    def adapt(self: Self, df: Table, *, train: bool = True, progress: Optional[bool] = None,
              callback: Optional[Callback] = None, checkpoint: Optional[Path] = None,
              checkpoint_every: Optional[int] = None, **options: Any) -> Self:
        """A new estimator for the rows of `df` that starts from the weights of this one.

        The table may have new series and new categories, and `options` other settings, such as `freeze`, `max_steps`
        or another `head`. `train=False`: without training it.
        """
        model, context = self._fitted(), self._context
        settings = _options.fill(_options.of_model(model), options)
        data, kind = _tables.dataset(context, settings, df), _tables.kind_of(df)
        made = Handle.make("model", "model_adapt", model, settings, data)
        new = type(self)(**{**self.get_params(), **options})
        if not train:
            new._keep(context, made, data, kind)
            return new
        listen = Listen(progress, callback, checkpoint, checkpoint_every)
        return new._take(context, data, kind, _training.train_on(context, settings, data, made, listen))

    # the model

    def _fitted(self) -> Handle:
        if self._model is None:
            raise not_fitted(f"this {type(self).__name__} is not fitted yet: call fit first")
        return self._model

    def __sklearn_is_fitted__(self) -> bool:
        return self._model is not None

    def _read(self, df: Optional[Table]) -> tuple[Handle, Optional[str]]:
        """(dataset, kind of frame) of a table, or of the one of the training."""
        model = self._fitted()
        if df is not None:
            return _tables.dataset(self._context, _options.of_model(model), df), _tables.kind_of(df)
        if self._data is None:
            raise ValueError("this model has no table of its own: it was loaded without one, so give a table")
        return self._data, self._kind

    @contextlib.contextmanager
    def _predictor(self) -> Iterator[Handle]:
        """A predictor that nobody else uses meanwhile: each is one thread's."""
        model, idle = self._fitted(), self._predictors
        try:
            predictor = idle.pop()
        except IndexError:
            predictor = Handle.make("predictor", "predictor_create", model)
        yield predictor
        idle.append(predictor)

    @property
    def card_(self) -> dict[str, str]:
        """The model's card: what it was trained on and how it went."""
        model, card = self._fitted(), {}
        for i in range(value("model_card_count", model)):
            key, item = ctypes.c_char_p(), ctypes.c_char_p()
            call("model_card", model, i, key, item)
            card[(key.value or b"").decode()] = (item.value or b"").decode()
        return card

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        model, found = self._fitted(), {}
        for i in range(value("model_parameter_count", model)):
            info = ParameterInfo()
            call("model_parameter_info", model, i, info)
            found[info.name.decode()] = tuple(info.shape)[: info.rank]
        return found

    def weights(self) -> dict[str, Any]:
        """The parameters by name, as float32 arrays of their own. Names and gate order are those of PyTorch."""
        found = {}
        for name, shape in self._shapes().items():
            found[name] = array = np.empty(shape, np.float32)
            call("model_get_parameter", self._model, name.encode(), array.ctypes.data, array.size)
        return found

    def set_weights(self: Self, weights: Mapping[str, Any]) -> Self:
        """Copies arrays into the parameters of these names; others stay. Raises before any is changed."""
        shapes, given = self._shapes(), {}
        for name, array in weights.items():
            if name not in shapes:
                raise KeyError(f"there is no parameter {name!r}; there are {', '.join(shapes)}")
            given[name] = np.ascontiguousarray(array, np.float32)
            if given[name].shape != shapes[name]:
                raise ValueError(f"{name} has the shape {shapes[name]}, not {given[name].shape}")
            if not np.isfinite(given[name]).all():
                raise ValueError(f"{name} has values that are not finite")
        for name, array in given.items():
            call("model_set_parameter", self._model, name.encode(), array.ctypes.data, array.size)
        self._keep(self._context, self._fitted(), self._data, self._kind)  # answers of the old weights are forgotten
        return self

    def initialize(self: Self, df: Table, **options: Any) -> Self:
        """The network as it is before training: to be given weights from elsewhere with `set_weights`."""
        context = Context()
        settings = _options.make(context, self._settings(**options))
        data = _tables.dataset(context, settings, df)
        model = Handle.make("model", "model_create", context, settings, data)
        self._keep(context, model, data, _tables.kind_of(df))
        return self

    def data_summary(self) -> dict[str, int]:
        """What cleaning did to the training table, in numbers: rows, steps, zeros, missing, filled, clipped, ..."""
        data, _ = self._read(None)
        summary = DatasetSummary()
        call("dataset_summarize", data, summary)
        found: dict[str, int] = summary.asdict()
        return found

    # the model file

    def save(self, path: Path) -> None:
        """Writes the model, and all that is needed to use it, as one file: `seqdemand.load`, or any other binding."""
        call("model_save", self._fitted(), path_of(path))

    def to_bytes(self) -> bytes:
        """What `save` writes."""
        size, model = ctypes.c_size_t(), self._fitted()
        call("model_save_memory", model, None, size)
        buffer = ctypes.create_string_buffer(size.value)
        call("model_save_memory", model, buffer, size)
        return buffer.raw

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = {"parameters": self.get_params()}
        if self._model is not None:
            state.update(model=self.to_bytes(), kind=self._kind, training=getattr(self, "training_", None))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        type(self).__init__(self, **state["parameters"])
        if "model" in state:
            context = Context()
            model = Handle.make("model", "model_load_memory", context, state["model"], len(state["model"]))
            self._keep(context, model, None, state["kind"])
            self.training_ = state["training"]

    @property
    def member_count_(self) -> int:
        """Of how many models it is an ensemble; 0: it is none."""
        return int(value("model_member_count", self._fitted()))


def series_ids(data: Handle) -> list[str]:
    return [text("dataset_series_id", data, i) for i in range(value("dataset_series_count", data))]
