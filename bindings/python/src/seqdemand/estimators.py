# SPDX-License-Identifier: Apache-2.0
"""Forecasters: `fit` a table of sales, then ask for forecasts, quantiles, sample paths or what to order."""
import ctypes
import inspect
import os

import numpy as np

from . import _options, _tables
from ._abi import BacktestRow, DatasetSummary, Handle, Reorder, TrainingSummary, call, text, value
from ._context import Context, Progress

_LEVELS = (0.1, 0.5, 0.9)


def _signature(fixed):
    """An explicit signature, as scikit-learn's rules ask for: one keyword for each option."""
    names = [name for name in _options.TABLE if name not in fixed]
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    parameters += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in names]
    return inspect.Signature(parameters)


class Forecaster:
    """A recurrent network for all series of a table.

    Keyword arguments are the library's options (see `seqdemand.describe()`); None leaves the default. Tables are
    pandas, polars or pyarrow frames, dicts of columns, or paths of CSV files, long: one row for each series and step,
    columns `unique_id, ds, y` or what id_column, time_column and target_column say.

    Answers come as a frame of the library that the table came from (pandas otherwise, or a dict without it).
    """

    _fixed = {}

    def __init_subclass__(cls, **rest):
        super().__init_subclass__(**rest)
        cls.__init__.__signature__ = _signature(cls._fixed)

    def __init__(self, **options):
        unknown = [name for name in options if name not in _options.TABLE or name in self._fixed]
        if unknown:
            _options.make(Context(), {unknown[0]: options[unknown[0]]})  # says what was meant
            raise TypeError(f"{type(self).__name__} has {unknown[0]} set already")
        for name in _options.TABLE:
            if name not in self._fixed:
                setattr(self, name, options.get(name))

    # what scikit-learn's clone and grid search ask for

    def get_params(self, deep=True):
        return {name: getattr(self, name) for name in _options.TABLE if name not in self._fixed}

    def set_params(self, **parameters):
        known = self.get_params()
        for name, setting in parameters.items():
            if name not in known:
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}")
            setattr(self, name, setting)
        return self

    def __repr__(self):
        given = ", ".join(f"{name}={setting!r}" for name, setting in self.get_params().items() if setting is not None)
        return f"{type(self).__name__}({given})"

    # training

    def _settings(self, **more):
        return {**self.get_params(), **self._fixed, **more}

    def fit(self, df, h=None, *, progress=None, callback=None):
        """Trains on all rows of `df`. `h` is the option horizon.

        `progress` shows a tqdm bar (None: on a terminal); `callback` gets a dict of the progress after each step and
        stops training, with what was reached, by returning something true. Ctrl-C raises KeyboardInterrupt.
        """
        context = Context()
        more = {} if h is None else {"horizon": h}
        options = _options.make(context, self._settings(**more))
        data = _tables.dataset(context, options, df)
        model = Handle.make("model", "model_create", context, options, data)
        trainer = Handle.make("trainer", "trainer_create", model, data, options, None)
        self.stopped_ = context.run(Progress(progress, callback), "trainer_run", trainer)
        summary = TrainingSummary()
        call("trainer_summarize", trainer, summary)
        self.training_ = summary.asdict()
        self._keep(context, model, data, _tables.kind_of(df))
        return self

    def _keep(self, context, model, data, kind):
        self._context, self._model, self._data, self._kind = context, model, data, kind
        self._predictor = None
        self._forecast = None

    def _fitted(self):
        if getattr(self, "_model", None) is None:
            raise _not_fitted(f"this {type(self).__name__} is not fitted yet: call fit first")
        return self._model

    @property
    def horizon_(self):
        return value("model_horizon", self._fitted())

    @property
    def card_(self):
        """The model's card: what it was trained on and how it went."""
        model, card = self._fitted(), {}
        for i in range(value("model_card_count", model)):
            key, item = ctypes.c_char_p(), ctypes.c_char_p()
            call("model_card", model, i, key, item)
            card[key.value.decode()] = item.value.decode()
        return card

    def weights(self):
        """The parameters by name, as numpy arrays of their own."""
        from ._abi import ParameterInfo

        model, found = self._fitted(), {}
        for i in range(value("model_parameter_count", model)):
            info = ParameterInfo()
            call("model_parameter_info", model, i, info)
            array = np.empty(tuple(info.shape)[: info.rank], np.float32)
            call("model_get_parameter", model, info.name, array.ctypes.data, array.size)
            found[info.name.decode()] = array
        return found

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

    def reorder(self, stock, df=None, *, lead_time=None, review_period=1, service_level=0.95, paths=1000, seed=1):
        """What to order. `stock` has unique_id and on_hand and, where wanted, on_order, lead_time, pack_size, min_order.

        `lead_time` and `review_period` are steps of the forecast. Articles that were not forecast come with NaN.
        """
        forecast, _, kind = self._run(df)
        kind = _tables.kind_of(stock) or kind
        if isinstance(stock, (str, os.PathLike)):
            stock = _read_csv(stock)
        table = _tables.columns_of(stock)
        for name in ("unique_id", "on_hand"):
            if name not in table:
                raise _options_error(f"the stock table has no column {name!r}")
        if "lead_time" not in table and lead_time is None:
            raise _options_error("lead_time is neither given nor a column of the stock table")
        places = {text("forecast_series_id", forecast, i): i for i in range(value("forecast_series_count", forecast))}
        count = len(table["unique_id"])
        fields = [name for name, _ in Reorder._fields_ if name != "struct_size"]
        columns = {"unique_id": np.array([str(v) for v in table["unique_id"]], object)}
        columns.update({name: np.full(count, np.nan) for name in fields})
        for i, name in enumerate(columns["unique_id"]):
            if name not in places:
                continue
            given = {key: float(table[key][i]) if key in table and table[key][i] == table[key][i] else standard
                     for key, standard in (("on_hand", 0.0), ("on_order", 0.0), ("lead_time", lead_time),
                                           ("pack_size", 0.0), ("min_order", 0.0))}
            answer = Reorder()
            call("reorder_from_forecast", forecast, places[name], given["on_hand"], given["on_order"],
                 int(given["lead_time"]), review_period, service_level, given["pack_size"], given["min_order"], paths,
                 seed, answer)
            for field in fields:
                columns[field][i] = getattr(answer, field)
        return _tables.frame(columns, kind)

    def stream(self, df=None):
        """A Stream over the series of `df` (None: of the training table), to push new steps into."""
        from .stream import Stream

        model = self._fitted()
        if df is None and self._data is None:
            raise ValueError("this model was loaded without its table: give the table to go on from")
        options = Handle.make("options", "model_get_options", model)
        return Stream(model, self._data if df is None else _tables.dataset(self._context, options, df))

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
            row = BacktestRow()
            call("backtest_get_row", backtest, i, row)
            rows.append({"model": row.model.decode(), **row.metrics.asdict(), "fit_seconds": row.fit_seconds,
                         "predict_seconds": row.predict_seconds})
        return _tables.frame({key: [row[key] for row in rows] for key in rows[0]}, _tables.kind_of(df))

    def data_summary(self):
        """What cleaning did to the training table, in numbers."""
        self._fitted()
        summary = DatasetSummary()
        call("dataset_summarize", self._data, summary)
        return summary.asdict()

    def plot(self, unique_id=None, *, history=None, levels=(0.1, 0.9), ax=None):
        """A matplotlib picture of one series: its end, the forecast and a band between two quantiles."""
        from ._plot import plot

        return plot(self, unique_id, history, levels, ax)

    # the model file

    def save(self, path):
        call("model_save", self._fitted(), os.fsencode(path))

    def to_bytes(self):
        size = ctypes.c_size_t()
        call("model_save_memory", self._fitted(), None, size)
        buffer = ctypes.create_string_buffer(size.value)
        call("model_save_memory", self._model, buffer, size)
        return buffer.raw

    def __getstate__(self):
        state = {"parameters": self.get_params()}
        if getattr(self, "_model", None) is not None:
            state.update(model=self.to_bytes(), kind=self._kind, training=getattr(self, "training_", None))
        return state

    def __setstate__(self, state):
        self.__init__(**state["parameters"])
        if "model" in state:
            context = Context()
            model = Handle.make("model", "model_load_memory", context, state["model"], len(state["model"]))
            self._keep(context, model, None, state["kind"])
            self.training_ = state["training"]


class LSTM(Forecaster):
    _fixed = {"model": "lstm", "task": "forecast"}
    __doc__ = "Long short-term memory network.\n\n" + Forecaster.__doc__.split("\n\n", 1)[1]

    def __init__(self, **options):
        super().__init__(**options)


class GRU(Forecaster):
    _fixed = {"model": "gru", "task": "forecast"}
    __doc__ = "Gated recurrent unit network.\n\n" + Forecaster.__doc__.split("\n\n", 1)[1]

    def __init__(self, **options):
        super().__init__(**options)


def load(path):
    """A fitted forecaster from a model file, to forecast tables with."""
    context = Context()
    model = Handle.make("model", "model_load", context, os.fsencode(path))
    options = Handle.make("options", "model_get_options", model)
    settings = {}
    for name, row in _options.TABLE.items():
        found = ctypes.c_char_p()
        call("options_get_str", options, name.encode(), found)
        if found.value.decode() != row["default_value"]:
            settings[name] = found.value.decode()
    kind = {"gru": GRU}.get(settings.get("model", "lstm"), LSTM)
    made = kind(**{name: setting for name, setting in settings.items() if name not in kind._fixed})
    made._keep(context, model, None, None)
    return made


def _not_fitted(message):
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return ValueError(message)
    return NotFittedError(message)


def _options_error(message):
    from ._abi import DataError

    return DataError(message)


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
