# SPDX-License-Identifier: Apache-2.0
"""Tables in and out: pandas, polars and pyarrow frames, other Arrow streams, dicts of columns, and CSV files."""
from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Optional, Union

import numpy as np

from . import _arrow
from ._abi import Handle, call, path_of, text, value
from ._context import Context
from ._errors import DataError

Path = Union[str, "os.PathLike[str]"]
Table = Union[_arrow.ArrowStreamable, Mapping[str, Any], Path]


def columns_of(table: Any) -> dict[str, Any]:
    """A table as a dict of numpy arrays, in the order of its columns."""
    if isinstance(table, Mapping):
        return {str(name): np.asarray(column) for name, column in table.items()}
    if hasattr(table, "to_pydict") and hasattr(table, "column_names"):  # pyarrow.Table
        return {name: _arrow_column(table.column(name)) for name in table.column_names}
    if hasattr(table, "get_columns"):  # polars.DataFrame
        return {column.name: column.to_numpy() for column in table.get_columns()}
    if hasattr(table, "columns") and hasattr(table, "reset_index"):  # pandas.DataFrame
        frame = _reset(table)
        return {str(name): _pandas_column(frame[name]) for name in frame.columns}
    if hasattr(table, "__arrow_c_stream__"):
        import pyarrow

        return columns_of(pyarrow.table(table))
    raise TypeError(f"cannot read a table from {type(table).__name__}: give a pandas, polars or pyarrow frame, "
                    "a dict of columns, or the path of a CSV file")


def _reset(frame: Any) -> Any:
    """A pandas frame with the named levels of its index as columns, as its Arrow stream has them, too."""
    names = [name for name in frame.index.names if name is not None]
    return frame.reset_index(names) if names else frame


def _pandas_column(column: Any) -> Any:
    kind = getattr(column.dtype, "kind", "O")
    if isinstance(column.dtype, np.dtype):
        return column.to_numpy()
    if kind in "biuf":  # nullable numbers
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind == "M":
        return column.dt.tz_localize(None).to_numpy()
    return column.astype(object).where(column.notna(), None).to_numpy()


def _arrow_column(column: Any) -> Any:
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.to_numpy()


def read_csv(path: Path) -> dict[str, Any]:
    """A small CSV file as columns: numbers where all of a column are, else text; unique_id is always text."""
    table = Handle.make("table", "table_read", Context(), path_of(path))
    rows, columns = value("table_row_count", table), {}
    for j in range(value("table_column_count", table)):
        name = text("table_column_name", table, j)
        cells = np.array([text("table_text", table, i, j) for i in range(rows)], object)
        try:
            columns[name] = cells if name == "unique_id" else _numbers(table, rows, j)
        except DataError:
            columns[name] = cells
    return columns


def _numbers(table: Handle, rows: int, column: int) -> Any:
    found, number = np.empty(rows), ctypes.c_double()
    for i in range(rows):
        call("table_number", table, i, column, number)
        found[i] = number.value
    return found


def _distinct_texts(values: Any) -> tuple[list[Optional[bytes]], Any]:
    """Distinct values as text, None for a missing one, and which of them each value is."""
    if values.dtype.kind == "M":
        distinct, codes = np.unique(values, return_inverse=True)
        told = [None if np.isnat(v) else str(np.datetime_as_string(v, unit="s")).replace("T", " ") for v in distinct]
        return [None if t is None else t.replace(" 00:00:00", "").encode() for t in told], codes.ravel()
    index: dict[Any, int] = {}
    texts: list[Optional[bytes]] = []
    codes = np.empty(len(values), np.intp)
    for i, item in enumerate(values.tolist()):
        if item is None or item != item:
            item = None
        code = index.get(item)
        if code is None:
            code = index[item] = len(texts)
            texts.append(None if item is None else str(item).encode())
        codes[i] = code
    return texts, codes


def append_text(dataset: Handle, name: str, values: Any) -> None:
    """Text by way of its distinct values, so that a long column costs a look-up each."""
    texts, codes = _distinct_texts(values)
    kept = [None if t is None else ctypes.c_char_p(t) for t in texts]
    addresses = np.array([0 if t is None else ctypes.cast(t, ctypes.c_void_p).value for t in kept], np.uintp)
    pointers = np.ascontiguousarray(addresses[codes]) if len(values) else np.empty(0, np.uintp)
    call("dataset_append_str", dataset, name.encode(), pointers.ctypes.data, len(values))


def append(dataset: Handle, columns: Mapping[str, Any]) -> None:
    """Appends columns of one length: whole numbers, numbers (float64 as they lie, others by way of it) and text."""
    if len({len(column) for column in columns.values()}) > 1:
        raise DataError("the columns of the table differ in length")
    for name, column in columns.items():
        kind = column.dtype.kind
        if kind in "bui":
            data = np.ascontiguousarray(column, np.int64)
            call("dataset_append_i64", dataset, name.encode(), data.ctypes.data, len(data))
        elif kind == "f":
            data = np.ascontiguousarray(column, np.float64)
            call("dataset_append_f64", dataset, name.encode(), data.ctypes.data, len(data))
        else:
            append_text(dataset, name, column)


def dataset(context: Handle, options: Handle, table: Any) -> Handle:
    """A sealed dataset from a table or the path of a CSV file.

    Whatever offers an Arrow stream is read from it where it lies; what does not, column by column.
    """
    if isinstance(table, (str, os.PathLike)):
        return Handle.make("dataset", "dataset_read", context, options, path_of(table))
    stream = table if hasattr(table, "__arrow_c_stream__") else None
    if stream is not None and kind_of(table) == "pandas":
        stream = _arrow.of_pandas(table)
    if stream is not None:
        return _arrow.dataset(context, options, stream)
    made = Handle.make("dataset", "dataset_create", context, options)
    append(made, columns_of(table))
    call("dataset_seal", made)
    return made


def kind_of(table: Any) -> Optional[str]:
    """Which library a table came from: what answers are given back as."""
    module = type(table).__module__.split(".")[0]
    if module in ("pandas", "polars", "pyarrow"):
        return module
    # Another source of Arrow streams, as a relation of DuckDB is, understands them, too.
    return "pyarrow" if hasattr(table, "__arrow_c_stream__") and find_spec("pyarrow") else None


def frame(columns: dict[str, Any], kind: Optional[str]) -> Any:
    """Columns as a frame of that library; by default pandas if it is there, else the dict itself."""
    if kind == "polars":
        import polars

        return polars.DataFrame(columns)
    if kind == "pyarrow":
        import pyarrow

        return pyarrow.table(columns)
    try:
        import pandas
    except ImportError:
        return columns
    return pandas.DataFrame(columns)


def frame_of_rows(rows: list[dict[str, Any]], kind: Optional[str]) -> Any:
    return frame({key: [row[key] for row in rows] for key in (rows[0] if rows else ())}, kind)


def frame_of_arrow(table: _arrow.ArrowTable, kind: Optional[str]) -> Any:
    """The same of an answer of the library: what reads Arrow itself gets it as it lies."""
    if kind == "polars":
        import polars

        return polars.DataFrame(table)
    if kind == "pyarrow":
        import pyarrow

        return pyarrow.table(table)
    return frame(table.columns(), kind)


def dates(dataset_handle: Handle, series: int, first: int, count: int) -> Any:
    """Dates of steps of a series as a numpy array: datetime64[s], or whole numbers with freq=int."""
    buffer = ctypes.create_string_buffer(24)
    found = []
    for step in range(first, first + count):
        call("dataset_date", dataset_handle, series, step, buffer, len(buffer))
        found.append(buffer.value.decode())
    if text("dataset_frequency", dataset_handle) == "int":
        return np.array(found, np.int64)
    return np.array([t.replace(" ", "T") for t in found], "datetime64[s]")


def find_series(dataset_handle: Handle, unique_id: Any) -> int:
    """Its place. Raises KeyError."""
    series: int = value("dataset_find_series", dataset_handle, str(unique_id).encode())
    if series < 0:
        raise KeyError(unique_id)
    return series
