# SPDX-License-Identifier: Apache-2.0
"""Demand forecasts, quantiles and reorder points from recurrent networks, by libseqdemand.

    from seqdemand import LSTM
    model = LSTM(max_steps=500).fit("sales.csv", h=28)
    model.predict_quantiles()
    model.reorder("stock.csv", lead_time=7, review_period=7)
"""
from ._abi import text as _text
from ._context import get_kernels, get_threads, set_kernels, set_limit, set_threads
from ._errors import (ArgumentError, DataError, DivergedError, FileError, LimitError, OptionError, SeqdemandError,
                      StateError, UnsupportedError)
from ._options import describe, read_config, write_config
from ._reorder import reorder_paths
from .estimators import GRU, LSTM, MLP, RNN, EncoderDecoder, Forecaster, Linear
from .evaluation import RollingOrigin, baseline, evaluate
from .persistence import combine, load, members, resume, update
from .sequences import SequenceClassifier, SequenceRegressor
from .stream import Stream
from .tuning import Search, tune

__version__ = _text("version_string")
__all__ = [
    "GRU", "LSTM", "MLP", "RNN", "EncoderDecoder", "Forecaster", "Linear", "SequenceClassifier", "SequenceRegressor",
    "combine", "load", "members", "resume", "update", "tune", "Search", "Stream",
    "RollingOrigin", "baseline", "evaluate", "reorder_paths", "describe", "read_config", "write_config",
    "get_kernels", "get_threads", "set_kernels", "set_limit", "set_threads",
    "ArgumentError", "DataError", "DivergedError", "FileError", "LimitError", "OptionError", "SeqdemandError",
    "StateError", "UnsupportedError"]


def build_info() -> str:
    """How the library was built, as words of key=value: openmp, onednn, kernels."""
    return _text("build_info")
