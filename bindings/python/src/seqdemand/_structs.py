# SPDX-License-Identifier: Apache-2.0
"""The structs of the public headers. What their members mean stands there."""
from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char, c_char_p, c_double, c_int32, c_int64, c_uint32, c_void_p
from typing import Any


class Error(ctypes.Structure):
    _fields_ = [("struct_size", c_uint32), ("status", c_int32), ("line", c_int64), ("column", c_int64),
                ("message", c_char * 256)]


class Result(ctypes.Structure):
    """Base of the structs that the library fills in: knows its own size."""

    def __init__(self) -> None:
        super().__init__(struct_size=ctypes.sizeof(self))

    def asdict(self) -> dict[str, Any]:
        """Members by name; text is str."""
        found = {field[0]: getattr(self, field[0]) for field in self._fields_ if field[0] != "struct_size"}
        return {name: item.decode("utf-8") if isinstance(item, bytes) else item for name, item in found.items()}


_KINDS: dict[str, Any] = {"i": c_int32, "q": c_int64, "d": c_double, "s": c_char_p}


def _result(name: str, members: str) -> Any:
    """A struct from words such as d:train_loss: its type and its name."""
    fields = [("struct_size", c_uint32)] + [(word[2:], _KINDS[word[0]]) for word in members.split()]
    return type(name, (Result,), {"_fields_": fields})


OptionInfo = _result("OptionInfo", "s:name s:type s:group s:default_value s:choices d:minimum d:maximum s:help")
Progress = _result("Progress", "i:epoch q:step q:total_steps d:train_loss d:validation_loss d:best_loss "
                   "d:learning_rate d:elapsed_seconds d:remaining_seconds s:task")
TrainingSummary = _result("TrainingSummary", "q:steps q:best_step d:train_loss d:best_loss d:seconds q:series "
                          "q:series_left_out q:windows")
DatasetSummary = _result("DatasetSummary", "q:rows q:series q:steps q:observed q:zeros q:missing q:filled q:merged "
                         "q:negative q:negative_changed q:clipped q:out_of_stock q:future_steps q:labelled q:classes "
                         "q:unnamed")
Reorder = _result("Reorder", "i:alert i:stockout_step d:lead_time_demand_mean d:lead_time_demand_std "
                  "d:protection_demand_mean d:protection_demand_std d:safety_stock d:reorder_point d:order_up_to "
                  "d:position d:order_quantity d:stockout_probability d:fill_rate")
Stock = _result("Stock", "i:lead_time i:review_period i:service d:on_hand d:on_order d:service_level d:pack_size "
                "d:min_order d:lead_time_std")
Metrics = _result("Metrics", "d:smape d:mase d:rmsse d:wape d:rmse d:bias d:wql d:coverage80 q:series q:points "
                  "q:mase_left_out q:rmsse_left_out")
AnswerMetrics = _result("AnswerMetrics", "i:classes q:count q:left_out d:accuracy d:precision d:recall d:f1 d:auroc "
                        "d:aupr d:log_loss d:mae d:rmse d:mape q:mape_left_out")
ClassMetrics = _result("ClassMetrics", "q:count q:told q:right d:precision d:recall d:f1 d:auroc d:aupr")
ImportanceRow = _result("ImportanceRow", "s:feature s:kind d:rise d:deviation")
AttributionSummary = _result("AttributionSummary", "i:output d:value d:baseline d:gap")
Trial = _result("Trial", "i:trial i:round i:status q:steps d:score s:message")
BacktestRow = _result("BacktestRow", "s:model d:fit_seconds d:predict_seconds")


class ParameterInfo(Result):
    _fields_ = [("struct_size", c_uint32), ("name", c_char_p), ("rank", c_int32), ("shape", c_int64 * 2),
                ("count", c_int64)]


class ArrowSchema(ctypes.Structure):
    """https://arrow.apache.org/docs/format/CDataInterface.html"""


ArrowSchema._fields_ = [("format", c_char_p), ("name", c_char_p), ("metadata", c_void_p), ("flags", c_int64),
                        ("n_children", c_int64), ("children", POINTER(POINTER(ArrowSchema))),
                        ("dictionary", c_void_p), ("release", c_void_p), ("private_data", c_void_p)]


class ArrowArray(ctypes.Structure):
    """https://arrow.apache.org/docs/format/CDataInterface.html"""


ArrowArray._fields_ = [("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64),
                       ("n_children", c_int64), ("buffers", POINTER(c_void_p)),
                       ("children", POINTER(POINTER(ArrowArray))), ("dictionary", c_void_p), ("release", c_void_p),
                       ("private_data", c_void_p)]


class ArrowStream(ctypes.Structure):
    """https://arrow.apache.org/docs/format/CStreamInterface.html"""

    _fields_ = [("get_schema", c_void_p), ("get_next", c_void_p), ("get_last_error", c_void_p), ("release", c_void_p),
                ("private_data", c_void_p)]
