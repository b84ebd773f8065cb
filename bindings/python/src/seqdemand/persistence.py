# SPDX-License-Identifier: Apache-2.0
"""Model files and checkpoints back to estimators, and several models as one."""
from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from . import _options, _tables, _training, estimators, sequences
from ._abi import Handle, path_of
from ._base import Estimator
from ._context import Context
from ._progress import Callback
from ._tables import Path, Table
from ._training import Listen

_FORECASTERS: dict[str, type[Estimator]] = {kind._fixed["model"]: kind for kind in (
    estimators.LSTM, estimators.GRU, estimators.RNN, estimators.EncoderDecoder, estimators.MLP, estimators.Linear)}


def class_of(settings: Mapping[str, str]) -> type[Estimator]:
    """Which estimator has these options."""
    task = settings.get("task", "forecast")
    if task == "forecast":
        return _FORECASTERS[settings.get("model", "lstm")]
    return sequences.SequenceClassifier if task == "classify" else sequences.SequenceRegressor


def _estimator(model: Handle) -> Estimator:
    """An estimator with the options of a model, which it does not have yet."""
    settings = _options.changed(_options.of_model(model))
    kind = class_of(settings)
    return kind(**{name: _options.typed(name, setting) for name, setting in settings.items()
                   if name not in kind._fixed})


def _open(path: Path) -> tuple[Context, Handle]:
    context = Context()
    return context, Handle.make("model", "model_load", context, path_of(path))


def load(path: Path) -> Any:
    """A fitted estimator from a model file, whatever program wrote it, to answer tables with."""
    context, model = _open(path)
    made = _estimator(model)
    made._keep(context, model, None, None)
    made.training_ = None
    return made


def resume(path: Path, df: Table, *, progress: Optional[bool] = None, callback: Optional[Callback] = None,
           checkpoint: Optional[Path] = None, checkpoint_every: Optional[int] = None) -> Any:
    """Goes on with an interrupted training from the checkpoint that `fit(df, checkpoint=path)` wrote.

    `df` is the same table. The result is, to the last bit, what the training without the interruption gives.
    """
    context, model = _open(path)
    data = _tables.dataset(context, _options.of_model(model), df)
    listen = Listen(progress, callback, checkpoint, checkpoint_every)
    made = _estimator(model)
    trained = _training.go_on(context, "trainer_resume", path, listen, data)
    return made._take(context, data, _tables.kind_of(df), trained)


def update(path: Path, df: Table, *, progress: Optional[bool] = None, callback: Optional[Callback] = None,
           checkpoint: Optional[Path] = None, checkpoint_every: Optional[int] = None, **options: Any) -> Any:
    """Trains on with newer rows, from the weights and the optimizer's state of a checkpoint.

    `options` are other settings of the training, such as max_steps. For new categories see `Estimator.adapt`.
    """
    context, model = _open(path)
    settings = _options.fill(_options.of_model(model), options)
    data = _tables.dataset(context, settings, df)
    listen = Listen(progress, callback, checkpoint, checkpoint_every)
    made = _estimator(model).set_params(**options)
    trained = _training.go_on(context, "trainer_update", path, listen, data, settings)
    return made._take(context, data, _tables.kind_of(df), trained)


def combine(fitted: Sequence[Estimator], how: str = "mean") -> Any:
    """One estimator of several that answer the same question: their "mean" or "median". It saves and loads as any.

    (Options ensemble_size and ensemble_models train an ensemble at once.)
    """
    context = Context()
    models = [_moved(context, estimator) for estimator in fitted]
    pointers = (ctypes.c_void_p * max(1, len(models)))(*(model._as_parameter_ for model in models))
    made = Handle.make("model", "model_combine", pointers, len(models), how.encode())
    first = fitted[0]
    new = type(first)(**first.get_params())
    new._keep(context, made, first._data, first._kind)
    new.training_ = None
    return new


def _moved(context: Context, estimator: Estimator) -> Handle:
    """A copy of its model in another context."""
    data = estimator.to_bytes()
    return Handle.make("model", "model_load_memory", context, data, len(data))


def members(ensemble: Estimator) -> list[Any]:
    """The estimators that an ensemble is made of; none of one that is none."""
    found = []
    for i in range(ensemble.member_count_):
        model = Handle.make("model", "model_member", ensemble._fitted(), i)
        made = _estimator(model)
        made._keep(ensemble._context, model, ensemble._data, ensemble._kind)
        made.training_ = None
        found.append(made)
    return found
