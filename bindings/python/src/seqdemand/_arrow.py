# SPDX-License-Identifier: Apache-2.0
"""Tables in and out by the Arrow PyCapsule protocol, `__arrow_c_stream__`: values are read where they lie."""
import ctypes

import numpy as np

from ._abi import Handle, call

_NAME = b"arrow_array_stream"


class _Stream(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private")]


_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))
_address_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))
_new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi))
_Release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_given = {}  # streams in capsules, by address


@ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
def _destroy(capsule):
    address = _address_of(capsule, _NAME)
    stream = _given.pop(address)
    if stream.release:  # nobody took it
        _Release(stream.release)(address)


def dataset(context, options, table):
    """A sealed dataset from anything with `__arrow_c_stream__`."""
    capsule = table.__arrow_c_stream__()
    return Handle.make("dataset", "dataset_from_arrow", context, options, _get_pointer(capsule, _NAME))


def of_pandas(frame):
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


class _Kept:
    """A capsule that was asked for already."""

    def __init__(self, capsule):
        self._capsule = capsule

    def __arrow_c_stream__(self, requested_schema=None):
        return self._capsule


class ArrowForecast:
    """Forecasts that pyarrow.table, polars.DataFrame, DuckDB and others read by the Arrow C stream interface."""

    def __init__(self, forecast, data, levels):
        self._forecast, self._data = forecast, data
        self._levels = np.ascontiguousarray(levels, np.float64)

    def __arrow_c_stream__(self, requested_schema=None):
        stream = _Stream()
        call("forecast_to_arrow", self._forecast, self._data, self._levels.ctypes.data, len(self._levels),
             ctypes.addressof(stream))
        address = ctypes.addressof(stream)
        _given[address] = stream
        return _new_capsule(address, _NAME, ctypes.cast(_destroy, ctypes.c_void_p))
