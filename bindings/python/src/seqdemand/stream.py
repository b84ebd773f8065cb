# SPDX-License-Identifier: Apache-2.0
"""Series that grow step by step, as sales come in."""
from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from . import _arrow, _tables
from ._abi import Handle, call, text, value


def _array(values: Any, *shape: int) -> Any:
    """A float64 array of that shape, or None."""
    if values is None:
        return None
    array = np.ascontiguousarray(values, np.float64)
    if array.shape != shape:
        raise ValueError(f"an array of the shape {shape} is wanted, not {array.shape}")
    return array


def _address(array: Any) -> Any:
    return None if array is None else array.ctypes.data_as(ctypes.c_void_p)


class Stream:
    """Keeps the state of every series of a table, so that a new step costs one step of the network.

    Made by `Forecaster.stream(df)`. One thread at a time. `known_columns` and `past_columns` are the covariates that
    the model reads, in the order in which they are given; C below is how many of each.
    """

    def __init__(self, model: Handle, data: Handle, kind: Optional[str] = None) -> None:
        self._handle = handle = Handle.make("stream", "stream_create", model, data)
        self._kind = kind
        self.horizon = int(value("stream_horizon", handle))
        self._count = value("stream_series_count", handle)
        self._places = {text("stream_series_id", handle, i): i for i in range(self._count)}
        self.known_columns = [text("stream_known_name", handle, i) for i in range(value("stream_known_count", handle))]
        self.past_columns = [text("stream_past_name", handle, i) for i in range(value("stream_past_count", handle))]

    @property
    def ids(self) -> list[str]:
        """The series, in the order of `push_all`."""
        return list(self._places)

    def length(self, unique_id: str) -> int:
        """Steps the series has had: those of the table and those pushed."""
        return int(value("stream_length", self._handle, self._places[unique_id]))

    def push(self, unique_id: str, y: float, *, in_stock: bool = True, known: Any = None, past: Any = None) -> None:
        """The next step of a series; NaN when nothing was observed. `known` [C], `past` [C]: the step's covariates."""
        known, past = _array(known, len(self.known_columns)), _array(past, len(self.past_columns))
        call("stream_push", self._handle, self._places[unique_id], y, int(in_stock), _address(known),
             0 if known is None else len(known), _address(past), 0 if past is None else len(past))

    def push_all(self, y: Any, *, in_stock: Any = None, known: Any = None, past: Any = None) -> None:
        """The next step of every series at once: `y` [series], `in_stock` [series], `known` and `past` [series, C]."""
        n = self._count
        y, known, past = (_array(y, n), _array(known, n, len(self.known_columns)),
                          _array(past, n, len(self.past_columns)))
        stocked = None if in_stock is None else np.ascontiguousarray(in_stock, np.int32)
        if stocked is not None and stocked.shape != (n,):
            raise ValueError(f"an array of the shape {(n,)} is wanted, not {stocked.shape}")
        call("stream_push_many", self._handle, _address(y), _address(stocked), n, _address(known),
             0 if known is None else known.shape[1], _address(past), 0 if past is None else past.shape[1])

    def forecast(self, unique_id: str, levels: Sequence[float] = (), *, known: Any = None) -> tuple[Any, Any]:
        """(mean[horizon], quantiles[levels, horizon]) after the last step; `known` [horizon, C]: covariates to come."""
        known = _array(known, self.horizon, len(self.known_columns))
        wanted = np.ascontiguousarray(levels, np.float64)
        mean, quantiles = np.empty(self.horizon), np.empty((len(wanted), self.horizon))
        call("stream_forecast", self._handle, self._places[unique_id], _address(known),
             0 if known is None else known.shape[1], mean.ctypes.data, wanted.ctypes.data, len(wanted),
             quantiles.ctypes.data)
        return mean, quantiles

    def predict(self, levels: Sequence[float] = (), *, known: Any = None) -> Any:
        """A frame of the forecasts of all series: unique_id, ds (the step counted from 1), mean, and the levels.

        `known` [series, horizon, C]: covariates to come.
        """
        known = _array(known, self._count, self.horizon, len(self.known_columns))
        forecast = Handle.make("forecast", "stream_run", self._handle, _address(known), self._count,
                               0 if known is None else known.shape[2])
        return _tables.frame_of_arrow(_arrow.forecast_table(forecast, None, levels), self._kind)
