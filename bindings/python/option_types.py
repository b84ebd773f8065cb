# SPDX-License-Identifier: Apache-2.0
"""Writes src/seqdemand/_option_types.py, the options as types, from the library's table: python3 option_types.py"""
from pathlib import Path

import seqdemand

TARGET = Path(__file__).parent / "src" / "seqdemand" / "_option_types.py"
KINDS = {"integer": "int", "number": "float", "text": "str", "integers": "Union[int, Sequence[int], str]",
         "numbers": "Union[float, Sequence[float], str]", "names": "Union[str, Sequence[str]]"}


def type_of(row):
    if row["type"] == "choice":
        return "Literal[" + ", ".join(f'"{word}"' for word in row["choices"].split("|")) + "]"
    if row["type"] == "integer" and (row["minimum"], row["maximum"]) == (0, 1):
        return "Union[bool, int]"
    return KINDS[row["type"]]


def text():
    lines = ["# SPDX-License-Identifier: Apache-2.0",
             '"""The options as types, for checkers of types: written by option_types.py from the library\'s table."""',
             "from __future__ import annotations", "", "from collections.abc import Sequence",
             "from typing import Literal, Optional, TypedDict, Union", "", "",
             "class Options(TypedDict, total=False):",
             '    """See `seqdemand.describe()` or docs/options.md; None leaves the default."""', ""]
    for row in seqdemand.describe():
        line = f"    {row['name']}: Optional[{type_of(row)}]"
        if len(line) > 120:
            head, rest = line.split("[Literal[")
            words, line = rest[:-2].split(", "), head + "[Literal["
            for word in words:
                if len(line.splitlines()[-1]) + len(word) > 114:
                    line = line.rstrip() + "\n        "
                line += word + ", "
            line = line.rstrip(", ") + "]]"
        lines.append(line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
