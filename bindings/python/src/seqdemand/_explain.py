# SPDX-License-Identifier: Apache-2.0
"""Why a model answers as it does."""
from __future__ import annotations

import ctypes
from typing import Any, Optional

import numpy as np

from . import _tables
from ._abi import Handle, call, text, value
from ._structs import AttributionSummary, ImportanceRow
from ._tables import Table


class Explaining:
    """Importance of features, integrated gradients, and maps of attention."""

    def _fitted(self) -> Handle:
        raise NotImplementedError

    def _read(self, df: Optional[Table]) -> tuple[Handle, Optional[str]]:
        raise NotImplementedError

    def importance(self, df: Optional[Table] = None, repeats: int = 5, seed: int = 1) -> Any:
        """By how much the loss rises when a feature is taken from other windows: feature, kind, rise, deviation."""
        model = self._fitted()
        data, kind = self._read(df)
        handle, rows = Handle.make("importance", "importance_create", model, data, repeats, seed), []
        for i in range(value("importance_count", handle)):
            row = ImportanceRow()
            call("importance_get_row", handle, i, row)
            rows.append(row.asdict())
        return _tables.frame_of_rows(rows, kind)

    def attribution(self, unique_id: str, df: Optional[Table] = None, output: int = -1,
                    points: int = 0) -> dict[str, Any]:
        """Integrated gradients of one answer: what each step of each feature adds to it.

        A dict of float64 arrays [steps] by feature; they add up to `value - baseline` of `attribution_summary`.
        `output`: number of the class, -1 for the likeliest.
        """
        handle = self._attribution(unique_id, df, output, points)
        steps, parts = value("attribution_step_count", handle), {}
        for i in range(value("attribution_feature_count", handle)):
            parts[text("attribution_feature_name", handle, i)] = values = np.empty(steps)
            call("attribution_values", handle, i, values.ctypes.data)
        return parts

    def attribution_summary(self, unique_id: str, df: Optional[Table] = None, output: int = -1,
                            points: int = 0) -> dict[str, Any]:
        """What the parts of `attribution` add up to: output, value, baseline, gap, and first_step, where they begin."""
        handle, summary = self._attribution(unique_id, df, output, points), AttributionSummary()
        call("attribution_summarize", handle, summary)
        return {**summary.asdict(), "first_step": value("attribution_first_step", handle)}

    def _attribution(self, unique_id: str, df: Optional[Table], output: int, points: int) -> Handle:
        model = self._fitted()
        data, _ = self._read(df)
        series = _tables.find_series(data, unique_id)
        return Handle.make("attribution", "attribution_create", model, data, series, output, points)

    def attention_weights(self, unique_id: str, df: Optional[Table] = None) -> Any:
        """Where an encoder-decoder looked: a float32 array [heads, horizon, context_length], sums over steps 1."""
        model = self._fitted()
        data, _ = self._read(df)
        sizes = [ctypes.c_int32() for _ in range(3)]
        call("model_attention_shape", model, *sizes)
        weights = np.empty([size.value for size in sizes], np.float32)
        predictor = Handle.make("predictor", "predictor_create", model)
        call("predictor_attention", predictor, data, _tables.find_series(data, unique_id), weights.ctypes.data,
             weights.size)
        return weights
