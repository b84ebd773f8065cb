# SPDX-License-Identifier: Apache-2.0
"""Series that grow step by step, as sales come in."""
import ctypes

import numpy as np

from ._abi import Handle, call, text, value


def _pointer(values):
    return None if values is None else np.ascontiguousarray(values, np.float64).ctypes.data_as(ctypes.c_void_p)


class Stream:
    """Keeps the state of every series of a table, so that a new step costs one step of the network.

    Made by `Forecaster.stream(df)`. One thread at a time.
    """

    def __init__(self, model, data):
        self._handle = Handle.make("stream", "stream_create", model, data)
        self.horizon = value("model_horizon", model)
        count = value("stream_series_count", self._handle)
        self._places = {text("stream_series_id", self._handle, i): i for i in range(count)}
        self._mean = np.empty(self.horizon)

    @property
    def ids(self):
        return list(self._places)

    def length(self, unique_id):
        """Steps the series has had: those of the table and those pushed."""
        return value("stream_length", self._handle, self._places[unique_id])

    def push(self, unique_id, y, *, in_stock=True, known=None, past=None):
        """The next step of a series; NaN when nothing was observed. `known`, `past`: the step's covariates."""
        call("stream_push", self._handle, self._places[unique_id], y, int(in_stock), _pointer(known),
             0 if known is None else len(known), _pointer(past), 0 if past is None else len(past))

    def forecast(self, unique_id, levels=(), *, known=None):
        """(mean[horizon], quantiles[levels, horizon]) after the last step; `known` is [horizon, columns]."""
        levels = np.asarray(levels, np.float64)
        quantiles = np.empty((len(levels), self.horizon))
        call("stream_forecast", self._handle, self._places[unique_id], _pointer(known),
             0 if known is None else np.shape(known)[1], self._mean.ctypes.data, levels.ctypes.data, len(levels),
             quantiles.ctypes.data)
        return self._mean.copy(), quantiles
