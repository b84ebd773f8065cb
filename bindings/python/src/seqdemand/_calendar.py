# SPDX-License-Identifier: Apache-2.0
"""Times as whole numbers: seconds since 1970, or the steps of freq=int."""
from __future__ import annotations

from typing import Any

import numpy as np

_SECONDS = {"D": 86400, "W": 7 * 86400, "h": 3600}


def as_numbers(times: Any, frequency: str) -> Any:
    """Dates of any kind (text, datetime64, date) as an int64 array."""
    array = np.asarray(times)
    if frequency == "int":
        return array.astype(np.int64)
    return array.astype("datetime64[s]").astype(np.int64)


def steps_from(start: Any, count: int, frequency: str) -> Any:
    """The times of `count` steps from a first date, or number of freq=int, on."""
    if frequency == "int":
        return np.arange(int(start), int(start) + count, dtype=np.int64)
    if frequency == "MS":
        return (np.datetime64(start, "M") + np.arange(count)).astype("datetime64[s]").astype(np.int64)
    first, step = int(np.datetime64(start, "s").astype(np.int64)), _SECONDS[frequency]
    return np.arange(first, first + step * count, step, dtype=np.int64)
