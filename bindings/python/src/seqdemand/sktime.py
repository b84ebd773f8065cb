# SPDX-License-Identifier: Apache-2.0
"""The forecaster as sktime wants it: `SeqdemandForecaster().fit(y, fh=[1, 2, 3]).predict()`."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
import pandas as pd
from sktime.forecasting.base import BaseForecaster

from .persistence import class_of

_FREQUENCIES = {"D": "D", "W": "W", "M": "MS", "h": "h", "H": "h"}


class SeqdemandForecaster(BaseForecaster):  # type: ignore[misc]
    """A recurrent network of libseqdemand for one series.

    Parameters
    ----------
    model : str, "lstm", "gru", "rnn", "encdec", "mlp" or "linear"
    options : dict or None
        Any options of the library, such as {"hidden_size": 32, "max_steps": 300}.

    Examples
    --------
    >>> from sktime.datasets import load_airline
    >>> from seqdemand.sktime import SeqdemandForecaster
    >>> forecaster = SeqdemandForecaster(options={"max_steps": 100})
    >>> forecast = forecaster.fit(load_airline(), fh=[1, 2, 3]).predict()
    """

    _tags = {
        "authors": ["libseqdemand"],
        "scitype:y": "univariate",
        "y_inner_mtype": "pd.Series",
        "X_inner_mtype": "pd.DataFrame",
        "capability:exogenous": False,
        "capability:missing_values": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": False,
        "capability:insample": False,
        "capability:update": True,
        "requires-fh-in-fit": True,
        "python_dependencies": None,
    }

    def __init__(self, model: str = "lstm", options: Optional[dict[str, Any]] = None) -> None:
        self.model = model
        self.options = options
        super().__init__()

    def _table(self, y: Any) -> tuple[dict[str, Any], str]:
        """Steps are counted from the first; the calendar of sktime's index is put back in _predict."""
        index = y.index
        columns = {"unique_id": np.full(len(y), "y", object), "y": np.asarray(y, float)}
        code = _FREQUENCIES.get(str(getattr(index, "freqstr", None) or "").split("-")[0])
        if isinstance(index, pd.PeriodIndex) and code:
            columns["ds"] = index.to_timestamp().to_numpy()
            return columns, code
        if isinstance(index, pd.DatetimeIndex) and code and (code != "MS" or index.is_month_start.all()):
            columns["ds"] = index.to_numpy()
            return columns, code
        columns["ds"] = np.arange(len(y), dtype=np.int64)
        return columns, "int"

    def _fit(self, y: Any, X: Any, fh: Any) -> SeqdemandForecaster:
        steps = np.asarray(fh.to_relative(self.cutoff), dtype=int)
        if steps.min() < 1:
            raise NotImplementedError("forecasts of steps inside the training part are not offered")
        table, freq = self._table(y)
        settings = {"freq": freq, "fill": "missing", **(self.options or {})}
        self._history = y
        kind: Any = class_of({"model": self.model})
        self.forecaster_ = kind(**settings).fit(table, h=int(steps.max()), progress=False)
        return self

    def _update(self, y: Any, X: Any = None, update_params: bool = True) -> SeqdemandForecaster:
        history = pd.concat([self._history, y.loc[~y.index.isin(self._history.index)]])
        if isinstance(history.index, pd.DatetimeIndex) and history.index.freq is None:
            history = history.asfreq(self._history.index.freq)
        if update_params:
            return self._fit(history, X, self.fh)
        self._history = history
        return self

    def _index(self, fh: Any) -> Any:
        return fh.to_absolute_index(self.cutoff)

    def _steps(self, fh: Any) -> Any:
        return np.asarray(fh.to_relative(self.cutoff), dtype=int) - 1

    def _forecast(self, table: dict[str, Any], levels: Sequence[float]) -> list[Any]:
        """The mean, and the quantiles of each level, as arrays [horizon]."""
        return list(self.forecaster_.to_arrow(table, levels=levels).columns().values())[2:]

    def _predict(self, fh: Any, X: Any) -> Any:
        table, _ = self._table(self._history)
        mean = self._forecast(table, ())[0]
        return pd.Series(mean[self._steps(fh)], index=self._index(fh), name=self._history.name)

    def _predict_quantiles(self, fh: Any, X: Any, alpha: Sequence[float]) -> Any:
        table, _ = self._table(self._history)
        quantiles = self._forecast(table, alpha)[1:]
        name = self._get_varnames()[0]
        columns = pd.MultiIndex.from_product([[name], alpha])
        values = np.stack([column[self._steps(fh)] for column in quantiles], axis=1)
        return pd.DataFrame(values, index=self._index(fh), columns=columns)

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        return [
            {"options": {"max_steps": 5, "hidden_size": 8}},
            {"model": "gru", "options": {"max_steps": 5, "hidden_size": 8, "head": "mse"}},
        ]
