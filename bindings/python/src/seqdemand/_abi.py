# SPDX-License-Identifier: Apache-2.0
"""The shared library, and how its functions are called: everything else here goes through `call`, `value`, `text`."""
from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, byref, c_int32, c_void_p, sizeof
from pathlib import Path
from typing import Any, Dict, Union

from ._errors import KINDS, NO_MEMORY, SeqdemandError
from ._functions import CALLS, VALUES
from ._structs import Error

OK, STOPPED = 0, 1
_NAME = "libseqdemand.so.0"


def _open() -> ctypes.CDLL:
    own = Path(__file__).parent / _NAME
    path = os.environ.get("SEQDEMAND_LIBRARY") or (str(own) if own.exists() else _NAME)
    try:
        return ctypes.CDLL(path)  # its calls run without the interpreter's lock
    except OSError as problem:
        raise ImportError(f"seqdemand: the shared library {path} cannot be loaded ({problem}); install the package "
                          "with pip, or name the library in SEQDEMAND_LIBRARY") from problem


class _Functions(Dict[str, Any]):
    """Functions of the library by name, each declared when it is first called."""

    def __init__(self, library: ctypes.CDLL) -> None:
        super().__init__()
        self._library = library

    def __missing__(self, name: str) -> Any:
        function = getattr(self._library, "seqd_" + name)
        if name in CALLS:
            function.restype, function.argtypes = c_int32, CALLS[name] + [POINTER(Error)]
        elif name in VALUES:
            function.restype, function.argtypes = VALUES[name]
        else:
            function.restype, function.argtypes = None, [c_void_p]  # a release
        self[name] = function
        return function


_FUNCTIONS = _Functions(_open())
_ERROR_SIZE = sizeof(Error)


def call(name: str, *arguments: Any) -> int:
    """Calls seqd_<name> and raises what it fails with. Returns its status: OK or STOPPED."""
    error = Error(_ERROR_SIZE)
    status: int = _FUNCTIONS[name](*arguments, byref(error))
    if status < 0:
        message = error.message.decode("utf-8", "replace")
        if status == NO_MEMORY:
            raise MemoryError(message)
        raise KINDS.get(status, SeqdemandError)(message, status, error.line, error.column)
    return status


def value(name: str, *arguments: Any) -> Any:
    """What seqd_<name>, a function that cannot fail, returns."""
    return _FUNCTIONS[name](*arguments)


def text(name: str, *arguments: Any) -> str:
    """As `value`, of a function that returns text; "" for NULL."""
    found = _FUNCTIONS[name](*arguments)
    return "" if found is None else found.decode("utf-8")


def status_name(status: int) -> str:
    """Such as "SEQD_E_DATA"."""
    return text("status_name", status)


def path_of(path: Union[str, os.PathLike[str]]) -> bytes:
    return os.fsencode(path)


class Handle:
    """Owns one handle of the library, and releases it once."""

    def __init__(self, kind: str, pointer: Any) -> None:
        self._as_parameter_ = pointer
        self._release = _FUNCTIONS[f"{kind}_release"]

    @classmethod
    def make(cls, kind: str, name: str, *arguments: Any) -> Handle:
        """The handle that seqd_<name> gives in its last argument but the error."""
        pointer = c_void_p()
        call(name, *arguments, pointer)
        return Handle(kind, pointer)

    def close(self) -> None:
        """Releases it now."""
        pointer, self._as_parameter_ = self.__dict__.get("_as_parameter_"), None
        if pointer:
            self._release(pointer)

    def __del__(self) -> None:
        self.close()
