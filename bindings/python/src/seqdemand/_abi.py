# SPDX-License-Identifier: Apache-2.0
"""The shared library, its functions and its errors. Everything else here goes through `call`."""
import ctypes
import os
from ctypes import POINTER, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path

OK, STOPPED = 0, 1
_NAME = "libseqdemand.so.0"


class SeqdemandError(RuntimeError):
    """A call of the library failed. `line` and `column` tell the place in a text input (0: none)."""

    def __init__(self, message, status=0, line=0, column=0):
        super().__init__(message)
        self.status, self.line, self.column = status, line, column


class OptionError(SeqdemandError, ValueError):
    """An unknown option, a value out of range, or options that exclude each other."""


class DataError(SeqdemandError, ValueError):
    """A table, a value or a date that cannot be used."""


_KINDS = {-13: OptionError, -10: DataError, -31: DataError, -33: DataError}


class Error(ctypes.Structure):
    _fields_ = [("struct_size", c_uint32), ("status", c_int32), ("line", c_int64), ("column", c_int64),
                ("message", c_char * 256)]


class Result(ctypes.Structure):
    """Base of the structs that the library fills in."""

    def __init__(self):
        super().__init__(struct_size=ctypes.sizeof(self))

    def asdict(self):
        return {name: getattr(self, name) for name, _ in self._fields_ if name != "struct_size"}


def _result(name, text):
    kinds = {"i": c_int32, "q": c_int64, "d": c_double, "s": c_char_p}
    fields = [("struct_size", c_uint32)] + [(word[2:], kinds[word[0]]) for word in text.split()]
    return type(name, (Result,), {"_fields_": fields})


OptionInfo = _result("OptionInfo", "s:name s:type s:group s:default_value s:choices d:minimum d:maximum s:help")
Progress = _result("Progress", "i:epoch q:step q:total_steps d:train_loss d:validation_loss d:best_loss d:learning_rate "
                   "d:elapsed_seconds d:remaining_seconds s:task")
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
ImportanceRow = _result("ImportanceRow", "s:feature s:kind d:rise d:deviation")
BacktestRow = _result("BacktestRow", "s:model d:fit_seconds d:predict_seconds")


class ParameterInfo(Result):
    _fields_ = [("struct_size", c_uint32), ("name", c_char_p), ("rank", c_int32), ("shape", c_int64 * 2),
                ("count", c_int64)]


ProgressFunction = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(Progress))


def _load():
    own = Path(__file__).parent / _NAME
    given = os.environ.get("SEQDEMAND_LIBRARY")
    path = given or (str(own) if own.exists() else _NAME)
    try:
        return ctypes.CDLL(path)  # calls run without the interpreter's lock
    except OSError as problem:
        raise ImportError(f"seqdemand: the shared library {path} cannot be loaded ({problem}); install the package "
                          "with pip, or name the library in SEQDEMAND_LIBRARY") from problem


LIBRARY = _load()

_H, _HP = c_void_p, POINTER(c_void_p)
_I32, _I64, _D = POINTER(c_int32), POINTER(c_int64), POINTER(c_double)

# Functions that return a status and take an error last; arguments before it.
_CALLS = {
    "context_create": [c_void_p, _HP],
    "context_set_progress": [_H, ProgressFunction, c_void_p],
    "context_set_threads": [_H, c_int32],
    "context_set_kernels": [_H, c_char_p],
    "context_set_limit": [_H, c_char_p, c_int64],
    "options_create": [_H, _HP],
    "options_copy": [_H, _HP],
    "options_set_str": [_H, c_char_p, c_char_p],
    "options_get_str": [_H, c_char_p, POINTER(c_char_p)],
    "options_load": [_H, c_char_p],
    "options_describe": None,
    "dataset_read": [_H, _H, c_char_p, _HP],
    "dataset_create": [_H, _H, _HP],
    "dataset_from_arrow": [_H, _H, c_void_p, _HP],
    "dataset_append_str": [_H, c_char_p, c_void_p, c_int64],
    "dataset_append_i64": [_H, c_char_p, c_void_p, c_int64],
    "dataset_append_f64": [_H, c_char_p, c_void_p, c_int64],
    "dataset_seal": [_H],
    "dataset_before": [_H, c_int64, _HP],
    "dataset_values": [_H, c_int64, c_int64, c_int64, c_void_p],
    "dataset_date": [_H, c_int64, c_int64, c_char_p, c_size_t],
    "dataset_summarize": [_H, POINTER(DatasetSummary)],
    "model_create": [_H, _H, _H, _HP],
    "model_save": [_H, c_char_p],
    "model_load": [_H, c_char_p, _HP],
    "model_save_memory": [_H, c_void_p, POINTER(c_size_t)],
    "model_load_memory": [_H, c_char_p, c_size_t, _HP],
    "model_get_options": [_H, _HP],
    "model_card": [_H, c_int32, POINTER(c_char_p), POINTER(c_char_p)],
    "model_parameter_info": [_H, c_int32, POINTER(ParameterInfo)],
    "model_get_parameter": [_H, c_char_p, c_void_p, c_int64],
    "model_set_parameter": [_H, c_char_p, c_void_p, c_int64],
    "ensemble_train": [_H, _H, _H, _HP, POINTER(TrainingSummary)],
    "predictor_create": [_H, _HP],
    "predictor_run": [_H, _H, _HP],
    "predictor_run_into": [_H, _H, _H],
    "predictor_attention": [_H, _H, c_int64, c_void_p, c_int64],
    "predictor_answer": [_H, _H, c_int32, _HP],
    "model_attention_shape": [_H, _I32, _I32, _I32],
    "prediction_scores": [_H, c_int64, c_void_p],
    "prediction_classes": [_H, c_int64, c_void_p],
    "prediction_evaluate": [_H, POINTER(AnswerMetrics)],
    "importance_create": [_H, _H, c_int32, c_uint64, _HP],
    "importance_get_row": [_H, c_int32, POINTER(ImportanceRow)],
    "attribution_create": [_H, _H, c_int64, c_int32, c_int32, _HP],
    "attribution_values": [_H, c_int32, c_void_p],
    "forecast_mean": [_H, c_int64, c_void_p],
    "forecast_to_arrow": [_H, _H, c_void_p, c_int32, c_void_p],
    "forecast_quantile": [_H, c_int64, c_double, c_void_p],
    "forecast_paths": [_H, c_int64, c_int32, c_uint64, c_void_p],
    "baseline_forecast": [_H, _H, c_char_p, _HP],
    "backtest_run": [_H, _H, c_char_p, _HP],
    "backtest_get_row": [_H, c_int32, POINTER(BacktestRow)],
    "backtest_get_metrics": [_H, c_int32, POINTER(Metrics)],
    "reorder_from_forecast": [_H, c_int64, POINTER(Stock), c_int32, c_uint64, POINTER(Reorder)],
    "stream_create": [_H, _H, _HP],
    "stream_push": [_H, c_int64, c_double, c_int32, c_void_p, c_int32, c_void_p, c_int32],
    "stream_forecast": [_H, c_int64, c_void_p, c_int32, c_void_p, c_void_p, c_int32, c_void_p],
}
_CALLS["options_describe"] = [c_int32, POINTER(OptionInfo)]

# Functions that cannot fail: result, arguments.
_VALUES = {
    "version_string": (c_char_p, []),
    "build_info": (c_char_p, []),
    "options_count": (c_int32, []),
    "context_get_threads": (c_int32, [_H]),
    "context_get_kernels": (c_char_p, [_H]),
    "dataset_series_count": (c_int64, [_H]),
    "dataset_series_id": (c_char_p, [_H, c_int64]),
    "dataset_find_series": (c_int64, [_H, c_char_p]),
    "dataset_length": (c_int64, [_H, c_int64]),
    "dataset_frequency": (c_char_p, [_H]),
    "dataset_season": (c_int32, [_H]),
    "model_horizon": (c_int32, [_H]),
    "model_card_count": (c_int32, [_H]),
    "model_parameter_count": (c_int32, [_H]),
    "forecast_series_count": (c_int64, [_H]),
    "forecast_horizon": (c_int32, [_H]),
    "forecast_series_id": (c_char_p, [_H, c_int64]),
    "forecast_series_status": (c_int32, [_H, c_int64]),
    "backtest_row_count": (c_int32, [_H]),
    "prediction_row_count": (c_int64, [_H]),
    "prediction_answer_count": (c_int32, [_H]),
    "prediction_class_count": (c_int32, [_H]),
    "prediction_class_name": (c_char_p, [_H, c_int32]),
    "prediction_id": (c_char_p, [_H, c_int64]),
    "prediction_threshold": (c_double, [_H]),
    "importance_count": (c_int32, [_H]),
    "attribution_step_count": (c_int32, [_H]),
    "attribution_feature_count": (c_int32, [_H]),
    "attribution_feature_name": (c_char_p, [_H, c_int32]),
    "stream_series_count": (c_int64, [_H]),
    "stream_series_id": (c_char_p, [_H, c_int64]),
    "stream_length": (c_int64, [_H, c_int64]),
}

_RELEASES = ["context", "options", "dataset", "model", "predictor", "forecast", "backtest", "stream",
             "prediction", "importance", "attribution"]


def _declare():
    for name, arguments in _CALLS.items():
        function = getattr(LIBRARY, "seqd_" + name)
        function.restype, function.argtypes = c_int32, arguments + [POINTER(Error)]
    for name, (result, arguments) in _VALUES.items():
        function = getattr(LIBRARY, "seqd_" + name)
        function.restype, function.argtypes = result, arguments
    for name in _RELEASES:
        function = getattr(LIBRARY, f"seqd_{name}_release")
        function.restype, function.argtypes = None, [_H]


_declare()


def call(name, *arguments):
    """Calls seqd_<name> and raises what it answers with. Returns its status, which is OK or STOPPED."""
    error = Error(struct_size=ctypes.sizeof(Error))
    status = getattr(LIBRARY, "seqd_" + name)(*arguments, error)
    if status < 0:
        kind = MemoryError if status == -20 else _KINDS.get(status, SeqdemandError)
        text = error.message.decode("utf-8", "replace")
        raise kind(text) if kind is MemoryError else kind(text, status, error.line, error.column)
    return status


def value(name, *arguments):
    return getattr(LIBRARY, "seqd_" + name)(*arguments)


def text(name, *arguments):
    result = value(name, *arguments)
    return None if result is None else result.decode("utf-8")


class Handle:
    """Owns one handle of the library and releases it once."""

    def __init__(self, kind, pointer):
        self._as_parameter_ = pointer
        self._release = getattr(LIBRARY, f"seqd_{kind}_release")

    @classmethod
    def make(cls, kind, name, *arguments):
        pointer = c_void_p()
        call(name, *arguments, pointer)
        return cls(kind, pointer)

    def __del__(self):
        pointer, self._as_parameter_ = self.__dict__.get("_as_parameter_"), None
        if pointer:
            self._release(pointer)
