# SPDX-License-Identifier: Apache-2.0
"""One training: of what the options ask for, or of one network with checkpoints on the way."""
from __future__ import annotations

import ctypes
from typing import Any, NamedTuple, Optional

from . import _options
from ._abi import Handle, call, path_of
from ._context import Context
from ._errors import OptionError
from ._progress import Callback, Progress
from ._structs import TrainingSummary
from ._tables import Path


class Listen(NamedTuple):
    """What a caller of `fit` wants to hear and to keep."""

    progress: Optional[bool] = None
    callback: Optional[Callback] = None
    checkpoint: Optional[Path] = None
    checkpoint_every: Optional[int] = None


class Trained(NamedTuple):
    model: Optional[Handle]  # None: stopped before there was one
    stopped: bool
    summary: dict[str, Any]
    progress: Progress  # raise_pending tells of Ctrl-C, after the model has been kept


def train(context: Context, options: Handle, data: Handle, listen: Listen) -> Trained:
    """One network or an ensemble, as the options say; with `listen.checkpoint` one network that can be resumed."""
    if listen.checkpoint is not None:
        if _options.get(options, "ensemble_size") != "1" or _options.get(options, "ensemble_models"):
            raise OptionError("checkpoint: kept of one network, not of an ensemble (ensemble_size, ensemble_models)")
        model = Handle.make("model", "model_create", context, options, data)
        return train_on(context, options, data, model, listen)
    progress = Progress(listen.progress, listen.callback)
    pointer, summary = ctypes.c_void_p(), TrainingSummary()
    stopped = context.run(progress, "ensemble_train", context, options, data, pointer, summary)
    return Trained(Handle("model", pointer) if pointer else None, stopped, summary.asdict(), progress)


def train_on(context: Context, options: Handle, data: Handle, model: Handle, listen: Listen) -> Trained:
    """Trains a model that is there, from the weights it has."""
    return run(context, Handle.make("trainer", "trainer_create", model, data, options, None), model, listen)


def go_on(context: Context, name: str, path: Path, listen: Listen, *arguments: Any) -> Trained:
    """From a checkpoint: `name` is trainer_resume or trainer_update."""
    trainer, model = ctypes.c_void_p(), ctypes.c_void_p()
    call(name, context, path_of(path), *arguments, trainer, model)
    return run(context, Handle("trainer", trainer), Handle("model", model), listen)


def run(context: Context, trainer: Handle, model: Handle, listen: Listen) -> Trained:
    """Runs a trainer to its end and gives its model free."""
    path, every = listen.checkpoint, listen.checkpoint_every
    if every is None:
        every = int(_options.get(_options.of_model(model), "val_every"))

    def keep(state: dict[str, Any]) -> None:
        if path is not None and state["step"] % every == 0:
            call("trainer_save", trainer, path_of(path))

    progress = Progress(listen.progress, keep if path is not None else None, listen.callback)
    summary = TrainingSummary()
    try:
        stopped = context.run(progress, "trainer_run", trainer)
        if path is not None:
            call("trainer_save", trainer, path_of(path))
        call("trainer_summarize", trainer, summary)
    finally:
        trainer.close()  # it has the model to itself
    return Trained(model, stopped, summary.asdict(), progress)
