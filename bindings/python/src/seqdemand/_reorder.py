# SPDX-License-Identifier: Apache-2.0
"""Order proposals: for the rows of a stock table, or for one article by sample paths of your own."""
from __future__ import annotations

import os
from typing import Any, Optional

import numpy as np

from . import _tables
from ._abi import Handle, call
from ._context import Context
from ._errors import DataError
from ._structs import Reorder, Stock

SERVICES = ("cycle", "fill_rate")  # by the numbers of the library
_WHOLE = ("lead_time", "review_period")


def reorder(forecast: Handle, ids: list[str], stock: Any, kind: Optional[str], standard: dict[str, Any], service: str,
            paths: int, seed: int) -> Any:
    """A frame with the members of seqd_reorder; `standard` serves where the stock table has no value of its own."""
    table = _tables.read_csv(stock) if isinstance(stock, (str, os.PathLike)) else _tables.columns_of(stock)
    for name in ("unique_id", "on_hand"):
        if name not in table:
            raise DataError(f"the stock table has no column {name!r}")
    places, count = {name: i for i, name in enumerate(ids)}, len(table["unique_id"])
    fields = [field[0] for field in Reorder._fields_ if field[0] != "struct_size"]
    columns: dict[str, Any] = {"unique_id": np.array([str(item) for item in table["unique_id"]], object)}
    columns.update({name: np.full(count, np.nan) for name in fields})
    for i, name in enumerate(columns["unique_id"]):
        if name not in places:
            continue
        given = {key: _cell(table, key, i, item) for key, item in {"on_hand": 0.0, **standard}.items()}
        if given["lead_time"] is None:
            raise DataError(f"lead_time of {name!r} is neither given nor in the stock table")
        answer = Reorder()
        call("reorder_from_forecast", forecast, places[name], _stock(given, service), paths, seed, answer)
        for field in fields:
            columns[field][i] = getattr(answer, field)
    return _tables.frame(columns, kind)


def reorder_paths(paths: Any, on_hand: float, on_order: float = 0.0, *, lead_time: int, review_period: int = 1,
                  service_level: float = 0.95, service: str = "cycle", pack_size: float = 0.0, min_order: float = 0.0,
                  lead_time_std: float = 0.0) -> dict[str, Any]:
    """What to order of one article by sample paths [paths, horizon] of your own: the members of seqd_reorder, by name.

    The arguments are those of `Forecaster.reorder`.
    """
    values, answer = np.ascontiguousarray(paths, np.float64), Reorder()
    if values.ndim != 2:
        raise ValueError(f"an array [paths, horizon] is wanted, not one of the shape {values.shape}")
    stock = _stock({"on_hand": on_hand, "on_order": on_order, "lead_time": lead_time, "review_period": review_period,
                    "service_level": service_level, "pack_size": pack_size, "min_order": min_order,
                    "lead_time_std": lead_time_std}, service)
    call("reorder_from_paths", Context(), values.ctypes.data, *values.shape, stock, answer)
    found: dict[str, Any] = answer.asdict()
    return found


def _stock(given: dict[str, Any], service: str) -> Any:
    if service not in SERVICES:
        raise ValueError(f"service is one of {', '.join(SERVICES)}, not {service!r}")
    stock = Stock()
    stock.service = SERVICES.index(service)
    for name, number in given.items():
        setattr(stock, name, int(number) if name in _WHOLE else float(number))
    return stock


def _cell(table: dict[str, Any], column: str, row: int, standard: Any) -> Any:
    """A number of the stock table; `standard` for an empty cell or a column that is not there."""
    found = table[column][row] if column in table else None
    if found is None or found != found:
        return standard
    try:
        return float(found)
    except (TypeError, ValueError):
        raise DataError(f"the stock table has {found!r} in column {column!r}, which is no number") from None
