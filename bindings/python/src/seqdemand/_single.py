# SPDX-License-Identifier: Apache-2.0
"""The short way to the forecast of one series: no table, and nothing looked up twice."""
from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _calendar, _options
from ._abi import Handle, call
from ._errors import DataError

if TYPE_CHECKING:
    from .estimators import Forecaster

class Plan:
    """What every such forecast of one model needs."""

    def __init__(self, forecaster: Forecaster) -> None:
        model = forecaster._fitted()
        self.options = _options.of_model(model)
        read = [name for name in ("known_columns", "past_columns", "static_columns", "static_real_columns")
                if _options.get(self.options, name)]
        if read:
            raise DataError(f"this model also reads columns of {', '.join(read)}: give predict a table")
        _options.fill(self.options, {"id_column": "unique_id", "time_column": "ds", "target_column": "y"})
        self.frequency = _options.get(self.options, "freq")
        self.id = ctypes.c_char_p(b"y")
        self.address = ctypes.cast(self.id, ctypes.c_void_p).value
        self.horizon = forecaster.horizon_

    def times(self, start: Any, count: int) -> Any:
        if start is None and self.frequency != "int":
            raise DataError(f"start is needed: the model has the frequency {self.frequency}")
        return _calendar.steps_from(0 if start is None else start, count, self.frequency)


def forecast(forecaster: Forecaster, predictor: Handle, y: Any, start: Any, levels: Sequence[float]) -> tuple[Any, Any]:
    """(mean[horizon], quantiles[levels, horizon]) by one dataset of one series."""
    plan = forecaster._plan
    if plan is None:
        plan = forecaster._plan = Plan(forecaster)
    values = np.ascontiguousarray(y, np.float64)
    count = len(values)
    times, ids = plan.times(start, count), np.full(count, plan.address, np.uintp)
    data = Handle.make("dataset", "dataset_create", forecaster._context, plan.options)
    call("dataset_append_str", data, b"unique_id", ids.ctypes.data, count)
    call("dataset_append_i64", data, b"ds", times.ctypes.data, count)
    call("dataset_append_f64", data, b"y", values.ctypes.data, count)
    call("dataset_seal", data)
    made = Handle.make("forecast", "predictor_run", predictor, data)
    found = np.empty((1 + len(levels), plan.horizon))
    address, row = found.ctypes.data, 8 * plan.horizon
    call("forecast_mean", made, 0, address)
    for i, level in enumerate(levels, 1):
        call("forecast_quantile", made, 0, level, address + i * row)
    return found[0], found[1:]
