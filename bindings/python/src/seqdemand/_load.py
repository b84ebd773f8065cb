# SPDX-License-Identifier: Apache-2.0
"""Model files back to estimators."""
import ctypes
import os

from . import _options, estimators, sequences
from ._abi import Handle, call
from ._context import Context

_FORECASTERS = {kind._fixed["model"]: kind for kind in (
    estimators.LSTM, estimators.GRU, estimators.RNN, estimators.EncoderDecoder, estimators.MLP, estimators.Linear)}


def load(path):
    """A fitted estimator from a model file, to answer tables with."""
    context = Context()
    model = Handle.make("model", "model_load", context, os.fsencode(path))
    options = Handle.make("options", "model_get_options", model)
    settings = {}
    for name, row in _options.TABLE.items():
        found = ctypes.c_char_p()
        call("options_get_str", options, name.encode(), found)
        if found.value.decode() != row["default_value"]:
            settings[name] = found.value.decode()
    if settings.get("task", "forecast") == "forecast":
        kind = _FORECASTERS[settings.get("model", "lstm")]
    else:
        kind = sequences.SequenceClassifier if settings["task"] == "classify" else sequences.SequenceRegressor
    made = kind(**{name: setting for name, setting in settings.items() if name not in kind._fixed})
    made._keep(context, model, None, None)
    return made
