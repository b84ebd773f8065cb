# SPDX-License-Identifier: Apache-2.0
"""The library's table of options: every keyword argument of this package is one of them."""
from ._abi import Handle, OptionInfo, call, value


def _table():
    rows = {}
    for i in range(value("options_count")):
        info = OptionInfo()
        call("options_describe", i, info)
        row = {key: item.decode() if isinstance(item, bytes) else item for key, item in info.asdict().items()}
        rows[row["name"]] = row
    return rows


TABLE = _table()


def as_text(setting):
    """A Python value as the library reads it: True is 1, a list is its members with commas between."""
    if isinstance(setting, bool):
        return str(int(setting))
    if isinstance(setting, (list, tuple)):
        return ",".join(as_text(member) for member in setting)
    return repr(float(setting)) if isinstance(setting, float) else str(setting)


def make(context, settings):
    """An options handle; settings that are None keep their defaults. Raises OptionError."""
    options = Handle.make("options", "options_create", context)
    for name, setting in settings.items():
        if setting is not None:
            call("options_set_str", options, name.encode(), as_text(setting).encode())
    return options


def describe():
    """Every option as a dict: name, type, group, default_value, choices, minimum, maximum, help."""
    return [dict(row) for row in TABLE.values()]
