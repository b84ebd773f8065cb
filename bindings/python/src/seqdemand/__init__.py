# SPDX-License-Identifier: Apache-2.0
"""Demand forecasts, quantiles and reorder points from recurrent networks, by libseqdemand.

    from seqdemand import LSTM
    model = LSTM(max_steps=500).fit("sales.csv", h=28)
    model.predict_quantiles()
    model.reorder("stock.csv", lead_time=7, review_period=7)
"""
from ._abi import DataError, OptionError, SeqdemandError, text as _text
from ._context import set_threads
from ._load import load
from ._options import describe
from .estimators import GRU, LSTM, MLP, RNN, EncoderDecoder, Forecaster, Linear
from .sequences import SequenceClassifier, SequenceRegressor

__version__ = _text("version_string")
__all__ = ["GRU", "LSTM", "MLP", "RNN", "EncoderDecoder", "Forecaster", "Linear", "SequenceClassifier",
           "SequenceRegressor", "DataError", "OptionError", "SeqdemandError", "describe", "load", "set_threads"]
