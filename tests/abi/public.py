# SPDX-License-Identifier: Apache-2.0
"""What the public headers declare, for the tests beside this file and for docs/reference.py."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = os.path.join(ROOT, "include")
MAP = os.path.join(ROOT, "lib", "api", "seqdemand.map")

COMMENT = re.compile(r"/\*.*?\*/", re.S)
FUNCTION = re.compile(r"\bSEQD_API\b[^;{]*?\b(\w+)\s*\([^;{]*?\)\s*;", re.S)


def headers():
    """Names below include/, in the order in which seqdemand.h gathers them, version.h first."""
    with open(os.path.join(INCLUDE, "seqdemand", "seqdemand.h"), encoding="utf-8") as file:
        gathered = re.findall(r"#include <(seqdemand/\w+\.h)>", file.read())
    names = ["seqdemand/version.h"] + gathered + ["seqdemand/seqdemand.h"]
    found = {"seqdemand/" + name for name in os.listdir(os.path.join(INCLUDE, "seqdemand")) if name.endswith(".h")}
    if found != set(names):
        raise SystemExit(f"seqdemand.h does not gather these headers: {sorted(found - set(names))}")
    return names


def declared(header):
    """Functions that a header declares for export, in order."""
    with open(os.path.join(INCLUDE, header), encoding="utf-8") as file:
        text = COMMENT.sub("", file.read())
    names = FUNCTION.findall(text)
    marks = len(re.findall(r"^SEQD_API\b", text, re.M))
    if len(names) != marks:
        raise SystemExit(f"{header}: {marks} exported declarations, but {len(names)} understood")
    return names


def all_declared():
    return [name for header in headers() for name in declared(header)]
