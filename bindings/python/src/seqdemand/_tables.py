# SPDX-License-Identifier: Apache-2.0
"""Tables in and out: pandas, polars and pyarrow frames, dicts of columns, and paths of CSV files."""
import ctypes
import os
from importlib.util import find_spec

import numpy as np

from . import _arrow
from ._abi import DataError, Handle, call, text, value


def columns_of(table):
    """A table as a dict of columns in order; values are numpy arrays or lists."""
    if isinstance(table, dict):
        return {str(name): np.asarray(column) for name, column in table.items()}
    if hasattr(table, "to_pydict") and hasattr(table, "column_names"):  # pyarrow.Table
        return {name: _arrow_column(table.column(name)) for name in table.column_names}
    if hasattr(table, "get_columns"):  # polars.DataFrame
        return {column.name: column.to_numpy() for column in table.get_columns()}
    if hasattr(table, "columns") and hasattr(table, "reset_index"):  # pandas.DataFrame
        names = [name for name in table.index.names if name is not None]
        frame = table.reset_index(names) if names else table
        return {str(name): _pandas_column(frame[name]) for name in frame.columns}
    if hasattr(table, "__arrow_c_stream__"):
        import pyarrow

        return columns_of(pyarrow.table(table))
    raise TypeError(f"cannot read a table from {type(table).__name__}: give a pandas, polars or pyarrow frame, "
                    "a dict of columns, or the path of a CSV file")


def _pandas_column(column):
    kind = getattr(column.dtype, "kind", "O")
    if isinstance(column.dtype, np.dtype):
        return column.to_numpy()
    if kind in "biuf":  # nullable numbers
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind == "M":
        return column.dt.tz_localize(None).to_numpy()
    return column.astype(object).where(column.notna(), None).to_numpy()


def _arrow_column(column):
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.to_numpy()


def _append_text(dataset, name, values):
    """Strings by way of their distinct values, so that a long column costs a look-up each."""
    if values.dtype.kind == "M":
        distinct, codes = np.unique(values, return_inverse=True)
        texts = [None if np.isnat(v) else str(np.datetime_as_string(v, unit="s")).replace("T", " ") for v in distinct]
        texts = [t[:10] if t and t.endswith(" 00:00:00") else t for t in texts]
    else:
        index, codes, texts = {}, np.empty(len(values), np.intp), []
        for i, item in enumerate(values):
            if item is None or item != item:
                item = None
            code = index.get(item)
            if code is None:
                code = index[item] = len(texts)
                texts.append(None if item is None else str(item))
            codes[i] = code
    keep = [None if t is None else t.encode() for t in texts]
    addresses = np.array([0 if t is None else ctypes.cast(ctypes.c_char_p(t), ctypes.c_void_p).value for t in keep],
                         np.uintp)
    pointers = np.ascontiguousarray(addresses[codes.ravel()]) if len(values) else np.empty(0, np.uintp)
    call("dataset_append_str", dataset, name.encode(), pointers.ctypes.data, len(values))
    return keep  # held by the caller until the call has copied them


def append(dataset, columns):
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
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
            _append_text(dataset, name, column)


def dataset(context, options, table):
    """A sealed dataset from a table or the path of a CSV file.

    Whatever offers an Arrow stream is read from it; what does not, column by column.
    """
    if isinstance(table, (str, os.PathLike)):
        return Handle.make("dataset", "dataset_read", context, options, os.fsencode(table))
    stream = table if hasattr(table, "__arrow_c_stream__") else None
    if stream is not None and kind_of(table) == "pandas":
        stream = _arrow.of_pandas(table)
    if stream is not None:
        return _arrow.dataset(context, options, stream)
    made = Handle.make("dataset", "dataset_create", context, options)
    append(made, columns_of(table))
    call("dataset_seal", made)
    return made


def kind_of(table):
    """Which library a table came from: what answers are given back as."""
    module = type(table).__module__.split(".")[0]
    if module in ("pandas", "polars", "pyarrow"):
        return module
    # Another source of Arrow streams, as a relation of DuckDB is, understands them, too.
    return "pyarrow" if hasattr(table, "__arrow_c_stream__") and find_spec("pyarrow") else None


def frame(columns, kind):
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


def dates(dataset_handle, series, first, count):
    """Dates of steps of a series as a numpy array: datetime64, or whole numbers with freq=int."""
    buffer = ctypes.create_string_buffer(24)
    found = []
    for step in range(first, first + count):
        call("dataset_date", dataset_handle, series, step, buffer, len(buffer))
        found.append(buffer.value.decode())
    if text("dataset_frequency", dataset_handle) == "int":
        return np.array(found, np.int64)
    return np.array([t.replace(" ", "T") for t in found], "datetime64[ns]")


def last_steps(dataset_handle):
    return [value("dataset_length", dataset_handle, i) for i in range(value("dataset_series_count", dataset_handle))]
