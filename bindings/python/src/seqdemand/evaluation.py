# SPDX-License-Identifier: Apache-2.0
"""How good forecasts are: rolling origins, measures against what came true, and simple methods to compare with."""
from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from . import _arrow, _calendar, _options, _tables
from ._abi import Handle, call, text, value
from ._base import series_ids
from ._context import Context
from ._errors import DataError
from ._progress import Progress
from ._structs import BacktestRow, Metrics
from ._tables import Table

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._option_types import Options


def backtest(df: Table, settings: dict[str, Any], models: Sequence[str], progress: Optional[bool]) -> Any:
    """seqd_backtest_run: a frame with a row for each model."""
    context, shown = Context(), Progress(progress)
    options = _options.make(context, settings)
    data = _tables.dataset(context, options, df)
    handle = context.make_long("backtest", shown, "backtest_run", data, options, ",".join(models).encode())
    rows = []
    for i in range(value("backtest_row_count", handle)):
        row, metrics = BacktestRow(), Metrics()
        call("backtest_get_row", handle, i, row)
        call("backtest_get_metrics", handle, i, metrics)
        rows.append({"model": row.model.decode(), **metrics.asdict(), "fit_seconds": row.fit_seconds,
                     "predict_seconds": row.predict_seconds})
    return _tables.frame_of_rows(rows, _tables.kind_of(df))


def baseline(df: Table, name: str, h: int, *, levels: Sequence[float] = (), **options: Unpack[Options]) -> Any:
    """Forecasts of a simple method in the form of `Forecaster.predict`.

    `name`: naive, seasonal_naive, naive2, moving_average, ses, croston, sba, tsb or zero.
    """
    context = Context()
    settings = _options.make(context, {**options, "horizon": h})
    data = _tables.dataset(context, settings, df)
    forecast = Handle.make("forecast", "baseline_forecast", data, settings, name.encode())
    return _tables.frame_of_arrow(_arrow.forecast_table(forecast, data, levels), _tables.kind_of(df))


def evaluate(forecast: Table, actual: Table, history: Table, **options: Unpack[Options]) -> dict[str, Any]:
    """Measures of a table of forecasts, as `predict_quantiles` gives it, against what came true.

    `actual` and `history` are demand tables, read with `options`; `history` scales mase and rmsse, and what it has from
    the first forecast step on is left aside. A dict of smape, mase, rmsse, wape, rmse, bias, wql, coverage80, series,
    points (evaluation.h says what they are). Without a column `mean` the median stands in.
    """
    context = Context()
    settings = _options.make(context, dict(options))
    before = _tables.dataset(context, settings, history)
    _options.fill(settings, {"freq": text("dataset_frequency", before)})  # few dates do not tell one
    after = _tables.dataset(context, settings, actual)
    table = _tables.read_csv(forecast) if isinstance(forecast, (str, os.PathLike)) else _tables.columns_of(forecast)
    filled = _options.get(settings, "fill") == "zero"
    return measure(context, table, after, before, filled)


def measure(context: Context, forecast: dict[str, Any], actual: Handle, history: Handle,
            zero_filled: bool = True) -> dict[str, Any]:
    """As `evaluate`. With `zero_filled`, a date within `actual` for which it has no row stands for no demand."""
    levels = sorted((float(name[1:]), name) for name in forecast if name[0] == "q" and _is_level(name[1:]))
    median = dict(levels).get(0.5)
    point = "mean" if "mean" in forecast else median
    if point is None:
        raise DataError("the forecasts have neither a column mean nor q0.5")
    wanted = np.array([level for level, _ in levels])
    handle = Handle.make("evaluation", "evaluation_create", context, value("dataset_season", history),
                         wanted.ctypes.data, len(levels))
    past, truth = _Series(history), _Series(actual)
    times = _calendar.as_numbers(forecast["ds"], past.frequency)
    first, last = truth.first, truth.last
    for name, rows in _groups(forecast["unique_id"]):
        rows = rows[np.argsort(times[rows], kind="stable")]
        steps = times[rows]
        if name not in truth.places or steps[-1] < first or steps[0] > last:
            continue
        columns = [np.ascontiguousarray(forecast[column][rows], np.float64) for _, column in levels]
        quantiles, mean = np.array(columns), np.ascontiguousarray(forecast[point][rows], np.float64)
        middle = mean if median is None else np.ascontiguousarray(forecast[median][rows], np.float64)
        before = past.before(name, steps[0])
        came = truth.at(name, steps, 0.0 if zero_filled else np.nan)
        call("evaluation_add", handle, before.ctypes.data, len(before), came.ctypes.data, mean.ctypes.data,
             middle.ctypes.data, quantiles.ctypes.data if levels else None, len(steps))
    metrics = Metrics()
    call("evaluation_result", handle, metrics)
    found: dict[str, Any] = metrics.asdict()
    if not found["points"]:
        raise DataError("the actuals have no value for any date and series of the forecasts")
    return found


def _is_level(name: str) -> bool:
    try:
        return 0.0 < float(name) < 1.0
    except ValueError:
        return False


def _groups(ids: Any) -> Iterator[tuple[str, Any]]:
    """(id, rows) of each series."""
    names = np.array([str(item) for item in ids])
    distinct, codes = np.unique(names, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(distinct)))
    for name, rows in zip(distinct.tolist(), np.split(order, ends[:-1])):
        yield name, rows


class _Series:
    """Values of a dataset by id and time."""

    def __init__(self, data: Handle) -> None:
        self.places = {name: i for i, name in enumerate(series_ids(data))}
        self.frequency = text("dataset_frequency", data)
        self._data = data
        found = [self._times(i) for i in self.places.values()]
        found = [times for times in found if len(times)]
        self.first = min((times[0] for times in found), default=0)
        self.last = max((times[-1] for times in found), default=-1)

    def _times(self, series: int) -> Any:
        length = value("dataset_length", self._data, series)
        start = _tables.dates(self._data, series, 0, 1)[0]
        return _calendar.steps_from(start, length, self.frequency)

    def _values(self, series: int, count: int) -> Any:
        values = np.empty(count)
        call("dataset_values", self._data, series, 0, count, values.ctypes.data)
        return values

    def before(self, name: str, time: int) -> Any:
        """What a series had before a time."""
        if name not in self.places:
            return np.empty(0)
        series = self.places[name]
        return self._values(series, int(np.searchsorted(self._times(series), time)))

    def at(self, name: str, times: Any, absent: float) -> Any:
        """Its values at given times: `absent` within the dates of all series, NaN outside."""
        own = self._times(self.places[name])
        values, places = self._values(self.places[name], len(own)), np.searchsorted(own, times)
        there = (places < len(own)) & (np.append(own, -1)[places] == times)
        found = np.where((times >= self.first) & (times <= self.last), absent, np.nan)
        found[there] = values[places[there]]
        return found


class RollingOrigin:
    """Splits of a table for scikit-learn's searches: each trains on what lies before a point in time.

    `windows` splits, the newest of which is tested on the last `h` times of the table; each other one `stride` times
    (None: h) earlier. Times are distinct values of `time_column`.
    """

    def __init__(self, h: int, windows: int = 3, stride: Optional[int] = None, time_column: str = "ds") -> None:
        self.h, self.windows, self.stride, self.time_column = h, windows, stride, time_column

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        return self.windows

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Any, Any]]:
        """(rows to train on, rows to test on), the oldest window first."""
        _, steps = np.unique(_tables.columns_of(X)[self.time_column], return_inverse=True)
        stride = self.h if self.stride is None else self.stride
        for window in reversed(range(self.windows)):
            origin = int(steps.max()) + 1 - self.h - window * stride
            if origin < 1:
                raise ValueError(f"{self.windows} windows of {self.h} times are more than the table has")
            yield np.flatnonzero(steps < origin), np.flatnonzero((steps >= origin) & (steps < origin + self.h))
