# SPDX-License-Identifier: Apache-2.0
"""A search for good settings, judged on the past alone, that can be interrupted and goes on."""
from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

from . import _options, _tables
from ._abi import Handle, call, path_of, text, value
from ._base import Estimator
from ._context import Context
from ._progress import Callback, Progress
from ._structs import Trial
from ._tables import Path, Table
from .persistence import class_of

Range = Union[str, Sequence[Any]]


class Search:
    """What `tune` found.

    `best_params_`: the best settings, options by name; `best_score_`: its value of `metric_`; `trials_`: a frame of all
    trials from the best to the worst, with what was measured and what was varied.
    """

    def __init__(self, tuner: Handle, kind: Optional[str]) -> None:
        self._tuner = tuner
        places = [Trial() for _ in range(value("tuner_trial_count", tuner))]
        for place, trial in enumerate(places):
            call("tuner_get_trial", tuner, place, trial)
        best = places[0]
        if best.status < 0:
            raise RuntimeError(f"no trial could be trained; the first one: {(best.message or b'').decode()}")
        self.metric_ = text("tuner_metric_name", tuner, value("tuner_deciding_metric", tuner))
        self.best_score_ = float(best.score)
        self._best = _options.changed(Handle.make("options", "tuner_get_options", tuner, best.trial))
        self.best_params_ = {name: _options.typed(name, setting) for name, setting in self._best.items()}
        self.trials_ = _tables.frame_of_rows([self._row(trial) for trial in places], kind)

    def _row(self, trial: Any) -> dict[str, Any]:
        row: dict[str, Any] = trial.asdict()
        tuner, number = self._tuner, ctypes.c_double()
        for i in range(value("tuner_metric_count", tuner)):
            call("tuner_metric", tuner, trial.trial, i, number)
            row[text("tuner_metric_name", tuner, i)] = number.value
        for i in range(value("tuner_range_count", tuner)):
            name = text("tuner_range_name", tuner, i)
            row[name] = _options.typed(name, text("tuner_value", tuner, trial.trial, i))
        return row

    def best_estimator(self) -> Any:
        """An estimator with the best settings, to be fitted."""
        kind = class_of(self._best)
        return kind(**{name: item for name, item in self.best_params_.items() if name not in kind._fixed})

    def save(self, path: Path) -> None:
        """Writes the best settings as a file for `read_config` and `seqdemand --config`."""
        _options.write_config(path, self._best)


def range_text(name: str, given: Range) -> str:
    """(1, 10) and (1e-4, 1e-2, "log") are ranges, a list its members, which may be lists; text stands as it is."""
    if isinstance(given, str):
        return given
    if isinstance(given, tuple):
        return ":".join(_options.as_text(part) for part in given)
    lists = _options.TABLE.get(name, {}).get("type") in ("integers", "numbers")
    return ("|" if lists else ",").join(_options.as_text(member) for member in given)


def tune(estimator: Estimator, df: Table, ranges: Mapping[str, Range], h: Optional[int] = None, *,
         state: Optional[Path] = None, progress: Optional[bool] = None, callback: Optional[Callback] = None,
         **options: Any) -> Search:
    """Searches `ranges` of options for the best settings of `estimator`.

    Forecasters are judged by rolling origins, sequences by folds. `ranges` are {"hidden_size": (16, 128),
    "learning_rate": (1e-4, 1e-2, "log"), "model": ["lstm", "gru"]}; `options` are more settings of every trial, also
    `trials`, `method`, `metric`, `windows`, `folds`. `state` is a file from which the same call goes on after an
    interruption; Ctrl-C raises KeyboardInterrupt.
    """
    context, shown = Context(), Progress(progress, callback)
    settings = _options.make(context, estimator._settings(horizon=h, **options))
    tuner = Handle.make("tuner", "tuner_create", settings)
    for name, given in ranges.items():
        call("tuner_add_range", tuner, name.encode(), range_text(name, given).encode())
    data = _tables.dataset(context, settings, df)
    if state is not None:
        call("tuner_open_state", tuner, data, path_of(state))
    trial = ctypes.c_int32()
    while trial.value >= 0:
        if context.run(shown, "tuner_step", tuner, data, trial):
            shown.raise_pending()
            raise KeyboardInterrupt
    return Search(tuner, _tables.kind_of(df))
