# SPDX-License-Identifier: Apache-2.0
"""The library's table of options: every keyword argument of this package is one of them."""
from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from typing import Any, Union

from ._abi import Handle, call, path_of, value
from ._context import Context
from ._structs import OptionInfo


def _table() -> dict[str, dict[str, Any]]:
    rows = {}
    for i in range(value("options_count")):
        info = OptionInfo()
        call("options_describe", i, info)
        rows[info.name.decode()] = info.asdict()
    return rows


TABLE = _table()


def as_text(setting: Any) -> str:
    """A Python value as the library reads it: True is 1, a list is its members with commas between."""
    if isinstance(setting, bool):
        return str(int(setting))
    if isinstance(setting, (list, tuple)):
        return ",".join(as_text(member) for member in setting)
    return repr(float(setting)) if isinstance(setting, float) else str(setting)


def typed(name: str, setting: str) -> Any:
    """The text of an option as the Python value that it stands for."""
    kind = TABLE[name]["type"]
    one = int if kind.startswith("integer") else float if kind.startswith("number") else str
    if kind not in ("integers", "numbers"):
        return one(setting)
    members = [one(member) for member in setting.split(",")] if setting else []
    return members[0] if len(members) == 1 else members


def fill(options: Handle, settings: Mapping[str, Any]) -> Handle:
    """Sets all that is not None. Raises OptionError."""
    for name, setting in settings.items():
        if setting is not None:
            call("options_set_str", options, name.encode(), as_text(setting).encode())
    return options


def make(context: Handle, settings: Mapping[str, Any]) -> Handle:
    """An options handle; settings that are None keep their defaults. Raises OptionError."""
    return fill(Handle.make("options", "options_create", context), settings)


def of_model(model: Handle) -> Handle:
    """The options of a model: they read data to predict from in the way of its training."""
    return Handle.make("options", "model_get_options", model)


def get(options: Handle, name: str) -> str:
    """One option as text."""
    found = ctypes.c_char_p()
    call("options_get_str", options, name.encode(), found)
    return (found.value or b"").decode()


def changed(options: Handle) -> dict[str, str]:
    """What differs from the defaults, as text."""
    found = {name: get(options, name) for name in TABLE}
    return {name: setting for name, setting in found.items() if setting != TABLE[name]["default_value"]}


def describe() -> list[dict[str, Any]]:
    """Every option as a dict: name, type, group, default_value, choices, minimum, maximum, help."""
    return [dict(row) for row in TABLE.values()]


def read_config(path: Union[str, os.PathLike[str]]) -> dict[str, str]:
    """The options in a file of `key = value` lines, as `seqdemand --config` reads it: `LSTM(**read_config(path))`.

    An entry `model` or `task` belongs to the choice of the class, and can be popped.
    """
    options = Handle.make("options", "options_create", Context())
    call("options_load", options, path_of(path))
    return changed(options)


def write_config(path: Union[str, os.PathLike[str]], settings: Mapping[str, Any]) -> None:
    """Writes options, such as `model.get_params()`, as a file for `read_config` and `seqdemand --config`."""
    call("options_save", make(Context(), settings), path_of(path))
