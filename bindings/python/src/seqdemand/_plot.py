# SPDX-License-Identifier: Apache-2.0
"""Pictures, when matplotlib is there and asked for."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from . import _tables
from ._abi import call, text, value

if TYPE_CHECKING:
    from .estimators import Forecaster


def plot(forecaster: Forecaster, unique_id: Optional[str], history: Optional[int], levels: Sequence[float],
         ax: Any) -> Any:
    import matplotlib.pyplot as pyplot

    forecast, data, _ = forecaster._run(None)
    series = 0 if unique_id is None else _tables.find_series(data, unique_id)
    horizon, length = value("forecast_horizon", forecast), value("dataset_length", data, series)
    shown = min(length, history or 4 * horizon)
    past, band = np.empty(shown), np.empty((3, horizon))
    call("dataset_values", data, series, length - shown, shown, past.ctypes.data)
    call("forecast_quantile", forecast, series, float(levels[0]), band[0].ctypes.data)
    call("forecast_mean", forecast, series, band[1].ctypes.data)
    call("forecast_quantile", forecast, series, float(levels[1]), band[2].ctypes.data)
    ax = ax or pyplot.gca()
    future = _tables.dates(data, series, length, horizon)
    ax.plot(_tables.dates(data, series, length - shown, shown), past, color="0.3", label="history")
    ax.plot(future, band[1], color="C0", label="mean forecast")
    ax.fill_between(future, band[0], band[2], color="C0", alpha=0.25, label=f"{levels[0]:g} to {levels[1]:g} quantile")
    ax.set_title(text("dataset_series_id", data, series))
    ax.legend()
    return ax
