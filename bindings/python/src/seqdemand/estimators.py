# SPDX-License-Identifier: Apache-2.0
"""Forecasters: `fit` a table of sales, then ask for forecasts, quantiles, sample paths or what to order."""
import ctypes
import os

import numpy as np

from . import _arrow, _options, _tables
from ._abi import BacktestRow, DataError, Handle, Metrics, Reorder, Stock, call, text, value
from ._base import Estimator
from ._context import Context, Progress

_LEVELS = (0.1, 0.5, 0.9)
_SERVICES = ("cycle", "fill_rate")


class Forecaster(Estimator):
    """A recurrent network for all series of a table.

    Keyword arguments are the library's options (see `seqdemand.describe()`); None leaves the default. Tables are
    pandas, polars or pyarrow frames, dicts of columns, or paths of CSV files, long: one row for each series and step,
    columns `unique_id, ds, y` or what id_column, time_column and target_column say.

    Answers come as a frame of the library that the table came from (pandas otherwise, or a dict without it).
    """

    def fit(self, df, h=None, *, progress=None, callback=None):
        """Trains on all rows of `df`. `h` is the option horizon.

        `progress` shows a tqdm bar (None: on a terminal); `callback` gets a dict of the progress after each step and
        stops training, with what was reached, by returning something true. Ctrl-C raises KeyboardInterrupt.
        """
        context = Context()
        more = {} if h is None else {"horizon": h}
        options = _options.make(context, self._settings(**more))
        self._train(context, options, df, Progress(progress, callback))
        return self

    @property
    def horizon_(self):
        return value("model_horizon", self._fitted())

    # forecasts

    def _run(self, df):
        """(forecast handle, dataset handle, kind of frame); the forecast of the training table is kept."""
        model = self._fitted()
        if df is None:
            if self._data is None:
                raise ValueError("this model was loaded without its table: give the table to forecast from")
            if self._forecast is not None:
                return self._forecast, self._data, self._kind
            data, kind = self._data, self._kind
        else:
            options = Handle.make("options", "model_get_options", model)
            data, kind = _tables.dataset(self._context, options, df), _tables.kind_of(df)
        if self._predictor is None:
            self._predictor = Handle.make("predictor", "predictor_create", model)
        forecast = Handle.make("forecast", "predictor_run", self._predictor, data)
        if df is None:
            self._forecast = forecast
        return forecast, data, kind

    def predict(self, df=None, *, levels=()):
        """Forecasts of `horizon` steps after the end of each series of `df` (None: of the training table).

        Columns unique_id, ds, mean and one per quantile level (q0.1, q0.5, ...).
        """
        forecast, data, kind = self._run(df)
        if kind == "pyarrow":
            import pyarrow

            return pyarrow.table(_arrow.ArrowForecast(forecast, data, levels))
        count, horizon = value("forecast_series_count", forecast), value("forecast_horizon", forecast)
        columns = {"unique_id": [], "ds": [], "mean": np.empty((count, horizon))}
        for level in levels:
            columns[f"q{level:g}"] = np.empty((count, horizon))
        lengths = _tables.last_steps(data)
        known = {}
        for i in range(count):
            columns["unique_id"] += [text("forecast_series_id", forecast, i)] * horizon
            first = _tables.dates(data, i, lengths[i], 1)[0]
            if first not in known:
                known[first] = _tables.dates(data, i, lengths[i], horizon)
            columns["ds"].append(known[first])
            call("forecast_mean", forecast, i, columns["mean"][i].ctypes.data)
            for level in levels:
                call("forecast_quantile", forecast, i, float(level), columns[f"q{level:g}"][i].ctypes.data)
        columns["unique_id"] = np.array(columns["unique_id"], object)
        columns["ds"] = np.concatenate(columns["ds"]) if count else np.empty(0, "datetime64[ns]")
        for name in list(columns)[2:]:
            columns[name] = columns[name].ravel()
        return _tables.frame(columns, kind)

    def to_arrow(self, df=None, *, levels=()):
        """As `predict`, as an object with `__arrow_c_stream__`: for pyarrow.table, polars.DataFrame, DuckDB and others."""
        forecast, data, _ = self._run(df)
        return _arrow.ArrowForecast(forecast, data, levels)

    def predict_quantiles(self, df=None, levels=_LEVELS):
        """As `predict`, with a column for each quantile level."""
        return self.predict(df, levels=levels)

    def sample_paths(self, df=None, paths=100, seed=1):
        """Joint futures of every series: a dict of arrays [paths, horizon] by id."""
        forecast, _, _ = self._run(df)
        horizon, found = value("forecast_horizon", forecast), {}
        for i in range(value("forecast_series_count", forecast)):
            drawn = np.empty((paths, horizon))
            call("forecast_paths", forecast, i, paths, seed, drawn.ctypes.data)
            found[text("forecast_series_id", forecast, i)] = drawn
        return found

    def reorder(self, stock, df=None, *, lead_time=None, review_period=1, service_level=0.95, service="cycle",
                paths=1000, seed=1):
        """What to order. `stock` has unique_id and on_hand and, where wanted, on_order, lead_time, lead_time_std, pack_size,
        min_order. `service_level` is the chance of no stock-out in a cycle, or with service="fill_rate" the share of
        demand served from stock.

        `lead_time` and `review_period` are steps of the forecast. Articles that were not forecast come with NaN.
        """
        if service not in _SERVICES:
            raise ValueError(f"service is {service!r}, and must be one of {', '.join(_SERVICES)}")
        forecast, _, kind = self._run(df)
        kind = _tables.kind_of(stock) or kind
        if isinstance(stock, (str, os.PathLike)):
            stock = _read_csv(stock)
        table = _tables.columns_of(stock)
        for name in ("unique_id", "on_hand"):
            if name not in table:
                raise DataError(f"the stock table has no column {name!r}")
        if "lead_time" not in table and lead_time is None:
            raise DataError("lead_time is neither given nor a column of the stock table")
        places = {text("forecast_series_id", forecast, i): i for i in range(value("forecast_series_count", forecast))}
        count = len(table["unique_id"])
        fields = [name for name, _ in Reorder._fields_ if name != "struct_size"]
        columns = {"unique_id": np.array([str(v) for v in table["unique_id"]], object)}
        columns.update({name: np.full(count, np.nan) for name in fields})
        for i, name in enumerate(columns["unique_id"]):
            if name not in places:
                continue
            given = Stock()
            for key, standard in (("on_hand", 0.0), ("on_order", 0.0), ("lead_time", lead_time), ("pack_size", 0.0),
                                  ("min_order", 0.0), ("lead_time_std", 0.0)):
                found = table[key][i] if key in table and table[key][i] == table[key][i] else standard
                setattr(given, key, int(found) if key == "lead_time" else float(found))
            given.review_period, given.service_level = review_period, service_level
            given.service = _SERVICES.index(service)
            answer = Reorder()
            call("reorder_from_forecast", forecast, places[name], given, paths, seed, answer)
            for field in fields:
                columns[field][i] = getattr(answer, field)
        return _tables.frame(columns, kind)

    def stream(self, df=None):
        """A Stream over the series of `df` (None: of the training table), to push new steps into."""
        from .stream import Stream

        return Stream(self._fitted(), self._data_of(df))

    def attention_weights(self, unique_id, df=None):
        """Where an encoder-decoder looked: an array [heads, horizon, context_length] of weights."""
        model, data = self._fitted(), self._data_of(df)
        sizes = [ctypes.c_int32() for _ in range(3)]
        call("model_attention_shape", model, *sizes)
        series = value("dataset_find_series", data, str(unique_id).encode())
        if series < 0:
            raise KeyError(unique_id)
        weights = np.empty([size.value for size in sizes], np.float32)
        predictor = Handle.make("predictor", "predictor_create", model)
        call("predictor_attention", predictor, data, series, weights.ctypes.data, weights.size)
        return weights

    def cross_validation(self, df, h=None, *, windows=None, stride=None, refit=None, models=None, progress=None):
        """Rolling origins: this model beside simple methods, each fitted on what lies before a window.

        One row a model, with sMAPE, MASE, RMSSE, WAPE, RMSE, bias, wQL and coverage. `models` names others to compare
        with (naive, seasonal_naive, moving_average, ses, croston, sba, tsb, zero, lstm, ...).
        """
        context = Context()
        own = self._settings().get("model") or "lstm"
        names = [own] + [name for name in models or ("seasonal_naive", "moving_average") if name != own]
        more = {"horizon": h, "windows": windows, "stride": stride, "refit": refit}
        options = _options.make(context, self._settings(**{k: v for k, v in more.items() if v is not None}))
        data = _tables.dataset(context, options, df)
        pointer = ctypes.c_void_p()
        context.run(Progress(progress), "backtest_run", data, options, ",".join(names).encode(), pointer)
        if not pointer:
            raise KeyboardInterrupt
        backtest, rows = Handle("backtest", pointer), []
        for i in range(value("backtest_row_count", backtest)):
            row, metrics = BacktestRow(), Metrics()
            call("backtest_get_row", backtest, i, row)
            call("backtest_get_metrics", backtest, i, metrics)
            rows.append({"model": row.model.decode(), **metrics.asdict(), "fit_seconds": row.fit_seconds,
                         "predict_seconds": row.predict_seconds})
        return _tables.frame({key: [row[key] for row in rows] for key in rows[0]}, _tables.kind_of(df))

    def plot(self, unique_id=None, *, history=None, levels=(0.1, 0.9), ax=None):
        """A matplotlib picture of one series: its end, the forecast and a band between two quantiles."""
        from ._plot import plot

        return plot(self, unique_id, history, levels, ax)


def _kind(name, model, line):
    """A class of its own for each kind of model, so that signature and documentation are its own."""

    def __init__(self, **options):
        Estimator.__init__(self, **options)

    return type(name, (Forecaster,), {
        "_fixed": {"model": model, "task": "forecast"}, "__init__": __init__, "__module__": __name__,
        "__doc__": line + "\n\n" + Forecaster.__doc__.split("\n\n", 1)[1]})


LSTM = _kind("LSTM", "lstm", "Long short-term memory network.")
GRU = _kind("GRU", "gru", "Gated recurrent unit network.")
RNN = _kind("RNN", "rnn", "Plain recurrent network.")
EncoderDecoder = _kind("EncoderDecoder", "encdec", "Encoder-decoder with attention.")
MLP = _kind("MLP", "mlp", "Feed-forward network over a window: a yardstick.")
Linear = _kind("Linear", "linear", "Linear model over a window: a yardstick.")


def _read_csv(path):
    """A small CSV file as columns: numbers where all of a column are."""
    import csv
    import gzip

    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for name in rows[0] if rows else ():
        cells = [row[name] for row in rows]
        try:
            columns[name] = np.array([float(cell) if cell else np.nan for cell in cells])
        except ValueError:
            columns[name] = np.array(cells, object)
    if "unique_id" in columns:
        columns["unique_id"] = np.array([row["unique_id"] for row in rows], object)
    return columns
