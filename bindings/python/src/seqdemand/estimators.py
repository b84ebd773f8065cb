# SPDX-License-Identifier: Apache-2.0
"""Forecasters: `fit` a table of sales, then ask for forecasts, quantiles, sample paths or what to order."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional, TypeVar

import numpy as np

from . import _arrow, _options, _single, _tables
from ._abi import Handle, call, text, value
from ._base import Estimator
from ._progress import Callback
from ._tables import Path, Table
from ._training import Listen

if TYPE_CHECKING:
    from .stream import Stream

Self = TypeVar("Self", bound="Forecaster")
_LEVELS = (0.1, 0.5, 0.9)
_STATUS = ("ok", "short", "all_zero", "empty")


class Forecaster(Estimator):
    """A recurrent network for all series of a table.

    Keyword arguments are the library's options (see `seqdemand.describe()`); None leaves the default. Tables are
    pandas, polars or pyarrow frames, DuckDB relations, dicts of columns, or paths of CSV files, long: one row for each
    series and step, columns `unique_id, ds, y` or what id_column, time_column and target_column say.

    Answers come as a frame of the library that the table came from (pandas otherwise, or a dict of numpy arrays
    without it). Demand is in units of y, times are steps of the frequency.
    """

    _forecast: Optional[Handle]  # of the training table
    _plan: Any  # of predict_one

    def fit(self: Self, df: Table, h: Optional[int] = None, *, progress: Optional[bool] = None,
            callback: Optional[Callback] = None, checkpoint: Optional[Path] = None,
            checkpoint_every: Optional[int] = None) -> Self:
        """Trains on all rows of `df` to forecast `h` steps (the option `horizon`).

        `progress` shows a tqdm bar (None: on a terminal). `callback` gets a dict of the progress after each step and
        stops training, with what was reached, by returning something true. Ctrl-C raises KeyboardInterrupt; what was
        reached until then is kept, too, and can be used. `checkpoint` is a file that `seqdemand.resume` goes on from
        after an interruption, written every `checkpoint_every` steps (None: option val_every).
        """
        settings = self._settings(horizon=h)
        return self._fit(df, settings, Listen(progress, callback, checkpoint, checkpoint_every))

    def initialize(self: Self, df: Table, h: Optional[int] = None, **options: Any) -> Self:
        """The network as it is before training: to be given weights from elsewhere with `set_weights`."""
        return super().initialize(df, horizon=h, **options)

    def _keep(self, *arguments: Any) -> None:
        super()._keep(*arguments)
        self._forecast, self._plan = None, None

    @property
    def horizon_(self) -> int:
        """Steps of a forecast."""
        return int(value("model_horizon", self._fitted()))

    # forecasts

    def _run(self, df: Optional[Table]) -> tuple[Handle, Handle, Optional[str]]:
        """(forecast, dataset, kind of frame); the forecast of the training table is kept."""
        data, kind = self._read(df)
        forecast = self._forecast if df is None else None
        if forecast is None:
            with self._predictor() as predictor:
                forecast = Handle.make("forecast", "predictor_run", predictor, data)
        if df is None:
            self._forecast = forecast
        return forecast, data, kind

    def predict(self, df: Optional[Table] = None, *, levels: Sequence[float] = ()) -> Any:
        """Forecasts of `horizon` steps after the end of each series of `df` (None: of the training table).

        A row for each series and step: unique_id, ds, mean, and one column for each quantile level (q0.1, q0.5, ...).
        """
        forecast, data, kind = self._run(df)
        return _tables.frame_of_arrow(_arrow.forecast_table(forecast, data, levels), kind)

    def predict_quantiles(self, df: Optional[Table] = None, levels: Sequence[float] = _LEVELS) -> Any:
        """As `predict`, with a column for each quantile level."""
        return self.predict(df, levels=levels)

    def to_arrow(self, df: Optional[Table] = None, *, levels: Sequence[float] = ()) -> _arrow.ArrowTable:
        """As `predict`, as an object with `__arrow_c_stream__`: for pyarrow.table, polars.DataFrame, DuckDB, ..."""
        forecast, data, _ = self._run(df)
        return _arrow.forecast_table(forecast, data, levels)

    def predict_one(self, y: Any, start: Any = None, levels: Sequence[float] = ()) -> tuple[Any, Any]:
        """Forecast of one series from its history alone, as quickly as can be.

        Answers (mean[horizon], quantiles[levels, horizon]). `y` [steps]: its values, NaN where nothing was observed;
        `start`: the date of the first (numpy.datetime64 or "2024-01-31"; of freq=int its number, by default 0). For
        models that read no further columns.
        """
        with self._predictor() as predictor:
            return _single.forecast(self, predictor, y, start, levels)

    def sample_paths(self, df: Optional[Table] = None, paths: int = 100, seed: int = 1) -> dict[str, Any]:
        """Joint futures of every series: a dict of float64 arrays [paths, horizon] by id."""
        forecast, _, _ = self._run(df)
        horizon, found = value("forecast_horizon", forecast), {}
        for i, name in enumerate(_ids(forecast)):
            found[name] = drawn = np.empty((paths, horizon))
            call("forecast_paths", forecast, i, paths, seed, drawn.ctypes.data)
        return found

    def series_status(self, df: Optional[Table] = None) -> dict[str, str]:
        """By id: "ok", "short" (less than a season), "all_zero", or "empty" (nothing observed: the forecast is 0)."""
        forecast, _, _ = self._run(df)
        return {name: _STATUS[value("forecast_series_status", forecast, i)] for i, name in enumerate(_ids(forecast))}

    def reorder(self, stock: Table, df: Optional[Table] = None, *, lead_time: Optional[int] = None,
                review_period: int = 1, service_level: float = 0.95, service: str = "cycle", pack_size: float = 0.0,
                min_order: float = 0.0, lead_time_std: float = 0.0, paths: int = 1000, seed: int = 1) -> Any:
        """What to order, a row for each row of `stock`; quantities in units of y, times in steps of the forecast.

        `stock` has unique_id and on_hand and, where wanted, on_order, lead_time, lead_time_std, review_period,
        service_level, pack_size and min_order, which come before the arguments of these names. `service_level` is the
        chance of no stock-out in a cycle or, with service="fill_rate", the share of demand that is served at once from
        stock; `lead_time_std` the standard deviation of the lead time. Articles that were not forecast have NaN.
        The columns are those of seqd_reorder (inventory.h): safety_stock, reorder_point, order_up_to, order_quantity,
        stockout_step, alert, ...
        """
        from ._reorder import reorder

        forecast, _, kind = self._run(df)
        standard = {"on_order": 0.0, "lead_time": lead_time, "review_period": review_period,
                    "service_level": service_level, "pack_size": pack_size, "min_order": min_order,
                    "lead_time_std": lead_time_std}
        return reorder(forecast, _ids(forecast), stock, _tables.kind_of(stock) or kind, standard, service, paths, seed)

    def stream(self, df: Optional[Table] = None) -> Stream:
        """A Stream over the series of `df` (None: of the training table), to push new steps into."""
        from .stream import Stream

        return Stream(self._fitted(), *self._read(df))

    # how good it is

    def score(self, df: Table, y: Any = None) -> float:
        """Minus the WAPE (sum of errors over sum of demand) of the forecasts after the training table.

        Higher is better: this is what a search of scikit-learn goes by (see RollingOrigin). `df` holds what came true.
        """
        from .evaluation import measure

        forecast, history, _ = self._run(None)
        actual = _tables.dataset(self._context, _options.of_model(self._fitted()), df)
        found = measure(self._context, _arrow.forecast_table(forecast, history, (0.5,)).columns(), actual, history)
        return -float(found["wape"])

    def cross_validation(self, df: Table, h: Optional[int] = None, *, windows: Optional[int] = None,
                         stride: Optional[int] = None, refit: Optional[bool] = None,
                         models: Optional[Sequence[str]] = None, progress: Optional[bool] = None) -> Any:
        """Rolling origins: this model beside simple methods, each fitted on what lies before a window.

        One row a model, with smape, mase, rmsse, wape, rmse, bias, wql and coverage80. `models` names others to compare
        with (naive, seasonal_naive, naive2, moving_average, ses, croston, sba, tsb, zero, lstm, gru, ...).
        """
        from .evaluation import backtest

        settings = self._settings(horizon=h, windows=windows, stride=stride, refit=refit)
        own = settings.get("model") or "lstm"
        others = ("seasonal_naive", "moving_average") if models is None else models
        return backtest(df, settings, [own, *(name for name in others if name != own)], progress)

    def plot(self, unique_id: Optional[str] = None, *, history: Optional[int] = None,
             levels: Sequence[float] = (0.1, 0.9), ax: Any = None) -> Any:
        """A matplotlib picture of one series: `history` steps, the forecast and a band between two quantiles."""
        from ._plot import plot

        return plot(self, unique_id, history, levels, ax)


def _ids(forecast: Handle) -> list[str]:
    return [text("forecast_series_id", forecast, i) for i in range(value("forecast_series_count", forecast))]


class LSTM(Forecaster):
    """Long short-term memory network."""

    _fixed = {"model": "lstm", "task": "forecast"}


class GRU(Forecaster):
    """Gated recurrent unit network."""

    _fixed = {"model": "gru", "task": "forecast"}


class RNN(Forecaster):
    """Plain recurrent network."""

    _fixed = {"model": "rnn", "task": "forecast"}


class EncoderDecoder(Forecaster):
    """Encoder-decoder with attention."""

    _fixed = {"model": "encdec", "task": "forecast"}


class MLP(Forecaster):
    """Feed-forward network over a window: a yardstick."""

    _fixed = {"model": "mlp", "task": "forecast"}


class Linear(Forecaster):
    """Linear model over a window: a yardstick."""

    _fixed = {"model": "linear", "task": "forecast"}
