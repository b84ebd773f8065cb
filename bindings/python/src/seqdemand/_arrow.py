# SPDX-License-Identifier: Apache-2.0
"""Tables in and out by the Arrow PyCapsule protocol, `__arrow_c_stream__`: values are read where they lie."""
from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any, Optional, Protocol

import numpy as np

from ._abi import Handle, call
from ._structs import ArrowArray, ArrowSchema, ArrowStream

_NAME = b"arrow_array_stream"

_get_pointer: Any = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))
_address_of: Any = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))
_new_capsule: Any = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi))
_Take: Any = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_Release: Any = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_given: dict[int, ArrowStream] = {}  # streams in capsules, by address


class ArrowStreamable(Protocol):
    """What pyarrow, polars, pandas, DuckDB and others offer."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


def _destroyed(capsule: int) -> None:
    stream = _given.pop(_address_of(capsule, _NAME))
    if stream.release:  # nobody took it
        _Release(stream.release)(ctypes.addressof(stream))


_destroy = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(_destroyed)


def dataset(context: Handle, options: Handle, table: ArrowStreamable) -> Handle:
    """A sealed dataset from anything with `__arrow_c_stream__`, no column of which is copied on the way."""
    capsule = table.__arrow_c_stream__()
    return Handle.make("dataset", "dataset_from_arrow", context, options, _get_pointer(capsule, _NAME))


class _Kept:
    """A capsule that was asked for already."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._capsule


def of_pandas(frame: Any) -> Optional[ArrowStreamable]:
    """The pandas frame, if pyarrow can give all of it as a stream that means the same here; else None."""
    for dtype in frame.dtypes:
        if isinstance(dtype, np.dtype):
            continue
        if type(dtype).__name__ not in ("StringDtype", "CategoricalDtype", "DatetimeTZDtype", "ArrowDtype") and \
                dtype.kind not in "biuf":
            return None
    zoned = [i for i, dtype in enumerate(frame.dtypes) if type(dtype).__name__ == "DatetimeTZDtype"]
    if zoned:  # the hour on the wall is what days are counted by
        frame = frame.assign(**{frame.columns[i]: frame.iloc[:, i].dt.tz_localize(None) for i in zoned})
    try:
        return _Kept(frame.__arrow_c_stream__())
    except Exception:  # without pyarrow, or a column of mixed objects, which the other way reads as text
        return None


class ArrowTable:
    """Forecasts or answers that pyarrow.table, polars.DataFrame, DuckDB and others read, as often as they like."""

    def __init__(self, name: str, *arguments: Any) -> None:
        self._name, self._arguments = name, arguments

    def _fill(self, stream: ArrowStream) -> None:
        call(self._name, *self._arguments, ctypes.addressof(stream))

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        stream = ArrowStream()
        self._fill(stream)
        address = ctypes.addressof(stream)
        _given[address] = stream
        return _new_capsule(address, _NAME, ctypes.cast(_destroy, ctypes.c_void_p))

    def columns(self) -> dict[str, Any]:
        """The columns as numpy arrays, without pyarrow: numbers as they lie in the library's memory, text copied."""
        stream, schema, batch = ArrowStream(), ArrowSchema(), _Batch()
        self._fill(stream)
        try:
            for take, into in ((stream.get_schema, schema), (stream.get_next, batch)):
                if _Take(take)(ctypes.addressof(stream), ctypes.addressof(into)):
                    raise MemoryError("no room for the columns of the answer")
            try:
                kinds = [(schema.children[i].contents.name.decode(), schema.children[i].contents.format)
                         for i in range(schema.n_children)]
            finally:
                _Release(schema.release)(ctypes.addressof(schema))
        finally:
            _Release(stream.release)(ctypes.addressof(stream))
        return {name: _column(batch, kind, batch.children[i].contents) for i, (name, kind) in enumerate(kinds)}


def forecast_table(forecast: Handle, data: Optional[Handle], levels: Iterable[float]) -> ArrowTable:
    """unique_id, ds, mean and one column for each quantile level, a row for each series and step."""
    # Columns are named by their levels: 1 - 0.9 is to be q0.1, not q0.09999999999999998.
    given = np.array([float(f"{level:.12g}") for level in levels], np.float64)
    # The array itself is held, so that its address stays good as long as the table is.
    return ArrowTable("forecast_to_arrow", forecast, data, _Address(given), len(given))


class _Address:
    """The address of an array as an argument of a call, which keeps the array alive."""

    def __init__(self, array: Any) -> None:
        self._array, self._as_parameter_ = array, ctypes.c_void_p(array.ctypes.data)


class _Batch(ArrowArray):
    """A record batch that is released with the last array on it."""

    def __del__(self) -> None:
        if self.release:
            _Release(self.release)(ctypes.addressof(self))


_NUMBERS = {b"g": "f8", b"l": "i8", b"tss:": "datetime64[s]"}


def _column(batch: _Batch, kind: bytes, array: ArrowArray) -> Any:
    """One column of a batch, none of which has nulls here."""
    if kind in (b"u", b"U"):
        places = _view(batch, array.buffers[1], array.length + 1, "i4" if kind == b"u" else "i8")
        text = ctypes.string_at(array.buffers[2], int(places[-1])) if array.length else b""
        return _texts(places, text)
    return _view(batch, array.buffers[1], array.length, _NUMBERS[kind])


def _texts(places: Any, text: bytes) -> Any:
    """Strings, each of a run of equal neighbours made once."""
    found = np.empty(len(places) - 1, object)
    before, made = None, ""
    for i, (first, end) in enumerate(zip(places[:-1].tolist(), places[1:].tolist())):
        piece = text[first:end]
        if piece != before:
            before, made = piece, piece.decode("utf-8")
        found[i] = made
    return found


def _view(batch: _Batch, address: Optional[int], count: int, kind: str) -> Any:
    dtype = np.dtype(kind)
    if not count or not address:
        return np.empty(0, dtype)
    buffer: Any = (ctypes.c_char * (count * dtype.itemsize)).from_address(address)
    buffer._batch = batch
    return np.frombuffer(buffer, dtype)
