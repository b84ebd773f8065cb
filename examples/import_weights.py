#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Weights trained with PyTorch or Keras, moved into a model of the library.

    python3 import_weights.py path/to/libseqdemand.so.0 [torch] [keras]

trains small forecasters there (recurrent layers over a series' values and one linear layer that answers the whole
horizon; an encoder and a decoder with torch.nn.MultiheadAttention), builds the same network here, copies the weights
and compares forecasts. The functions below are what another program needs: each gives arrays under the library's
names. Needs numpy, and what is to be imported from. `bash tests/long weights` brings all that and runs it.
"""
import ctypes
import sys

import numpy as np

# ---- weights under the library's names ----

# Rows of Keras' kernels (transposed: gate blocks of `units`) in the order of <seqdemand/model.h>.
KERAS_ORDER = {"lstm": [0, 1, 2, 3],        # i f c o, ours i f g o
               "gru": [1, 0, 2],            # z r h, ours r z n
               "gru_before": [1, 0, 2],
               "tanh": [0]}


def torch_layers(module, prefix=""):
    """torch.nn.LSTM, GRU and RNN, any number of layers, one way or both: names and order are the same."""
    return {prefix + name: value.detach().numpy() for name, value in module.named_parameters()}


def keras_layer(weights, units, cell, gradients=False, prefix="", layer=0, reverse=False):
    """[kernel, recurrent_kernel, bias] of keras.layers.LSTM, GRU ("gru", with reset_after=False "gru_before") or
    SimpleRNN ("tanh"), as get_weights gives them.

    kernel[inputs][gates] is transposed and its gates brought into our order. One bias becomes bias_ih, bias_hh stays
    zero; GRU with reset_after has two. With `gradients`, of which each of two added biases has all, both get it."""
    kernel, recurrent, bias = (np.asarray(w, dtype=np.float64) for w in weights)
    rows = np.concatenate([np.arange(g * units, (g + 1) * units) for g in KERAS_ORDER[cell]])
    two = bias if bias.ndim == 2 else np.stack([bias, bias if gradients else np.zeros_like(bias)])
    end = "_l%d%s" % (layer, "_reverse" if reverse else "")
    return {prefix + "weight_ih" + end: kernel.T[rows], prefix + "weight_hh" + end: recurrent.T[rows],
            prefix + "bias_ih" + end: two[0][rows], prefix + "bias_hh" + end: two[1][rows]}


def torch_attention(module):
    """torch.nn.MultiheadAttention, with keys and values as wide as its queries or not (kdim, vdim)."""
    return {"attention." + name: value.detach().numpy() for name, value in module.named_parameters()}


def torch_cell(module, layer=0):
    """torch.nn.LSTMCell, GRUCell or RNNCell as a layer of the decoder that is told nothing: decoding=one_shot."""
    return {"decoder.%s_l%d" % (name, layer): value.detach().numpy() for name, value in module.named_parameters()
            if name != "weight_ih"}


def torch_linear(module, prefix):
    return {prefix + name: value.detach().numpy() for name, value in module.named_parameters()}


def linear_forecaster(weight, bias):
    """A linear layer from the last state to the horizon, weight[horizon][hidden], as the decoder of a network with
    decoder_size=2: two rectified units a step hold the positive and the negative part of its answer."""
    both = np.repeat(weight, 2, axis=0) * np.tile([1.0, -1.0], len(weight))[:, None]
    return {"decoder.state.weight": both, "decoder.state.bias": np.repeat(bias, 2) * np.tile([1.0, -1.0], len(bias)),
            "output.weight": np.array([[1.0, -1.0]])}


# ---- the library ----

class Error(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("status", ctypes.c_int32), ("line", ctypes.c_int64),
                ("column", ctypes.c_int64), ("message", ctypes.c_char * 256)]


class ParameterInfo(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("name", ctypes.c_char_p), ("rank", ctypes.c_int32),
                ("shape", ctypes.c_int64 * 2), ("count", ctypes.c_int64)]


class Library:
    def __init__(self, path):
        self.shared = ctypes.CDLL(path)

    def call(self, name, *arguments):
        """A function that can fail; its error becomes an exception."""
        error = Error(struct_size=ctypes.sizeof(Error))
        function = getattr(self.shared, name)
        function.restype = ctypes.c_int32
        if function(*arguments, ctypes.byref(error)) != 0:
            raise RuntimeError("%s: %s" % (name, error.message.decode()))

    def handle(self, name, *arguments):
        """A function whose last argument before the error takes a handle."""
        made = ctypes.c_void_p()
        self.call(name, *arguments, ctypes.byref(made))
        return made


def forecaster(library, context, settings, rows):
    """An untrained model, and the dataset of rows (id, step, value) that it was made for."""
    options = library.handle("seqd_options_create", context)
    for key, value in settings.items():
        library.call("seqd_options_set_str", options, key.encode(), str(value).encode())
    text = ("unique_id,ds,y\n" + "".join("%s,%d,%r\n" % row for row in rows)).encode()
    dataset = library.handle("seqd_dataset_parse", context, options, text, ctypes.c_size_t(len(text)))
    return library.handle("seqd_model_create", context, options, dataset), dataset


def load(library, model, tensors):
    """Writes tensors into a model. What is not named becomes zero; a weight_ih of a layer that read the target alone
    gets columns of zeros for the inputs that the library adds (age, marks, lags, ...): the target comes first."""
    library.shared.seqd_model_parameter_count.restype = ctypes.c_int32
    left = dict(tensors)
    for i in range(library.shared.seqd_model_parameter_count(model)):
        info = ParameterInfo(struct_size=ctypes.sizeof(ParameterInfo))
        library.call("seqd_model_parameter_info", model, i, ctypes.byref(info))
        name, shape = info.name.decode(), tuple(info.shape[: info.rank])
        value = np.zeros(shape, dtype=np.float32)
        if name in left:
            given = np.asarray(left.pop(name))
            if given.ndim != info.rank or any(g > s for g, s in zip(given.shape, shape)):
                raise ValueError("%s has the shape %s, the model's is %s" % (name, given.shape, shape))
            if not name.startswith(("rnn.weight_ih_l0", "encoder.weight_ih_l0")) and given.shape != shape:
                raise ValueError("%s has the shape %s, the model's is %s" % (name, given.shape, shape))
            value[tuple(slice(n) for n in given.shape)] = given
        library.call("seqd_model_set_parameter", model, info.name,
                     value.ctypes.data_as(ctypes.POINTER(ctypes.c_float)), ctypes.c_int64(value.size))
    if left:
        raise ValueError("the model has no " + ", ".join(left))


def forecasts(library, model, dataset, series, horizon):
    """Point forecasts [series][horizon]."""
    predictor = library.handle("seqd_predictor_create", model)
    forecast = library.handle("seqd_predictor_run", predictor, dataset)
    out = np.zeros((series, horizon))
    for i in range(series):
        library.call("seqd_forecast_mean", forecast, ctypes.c_int64(i),
                     out[i].ctypes.data_as(ctypes.POINTER(ctypes.c_double)))
    return out


# ---- the show ----

SERIES, STEPS, HORIZON, UNITS = 6, 40, 3, 8


def series():
    """Waves of several lengths with some noise, all within [-1, 1], that float32 holds exactly."""
    t, g = np.arange(STEPS + HORIZON), np.random.default_rng(3)
    waves = [0.7 * np.sin(t * (0.2 + 0.1 * i) + i) + 0.1 * g.standard_normal(len(t)) for i in range(SERIES)]
    return np.clip(np.array(waves), -1, 1).astype(np.float32)


def train_torch(kind, data, **more):
    import torch
    torch.manual_seed(1)
    rnn = getattr(torch.nn, kind)(1, UNITS, batch_first=True, **more)
    width = UNITS * (2 if more.get("bidirectional") else 1)
    linear = torch.nn.Linear(width, HORIZON)
    x, y = torch.tensor(data[:, :STEPS, None]), torch.tensor(data[:, STEPS:])
    optimizer = torch.optim.Adam(list(rnn.parameters()) + list(linear.parameters()), 0.02)
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(linear(rnn(x)[0][:, -1]), y).backward()
        optimizer.step()
    tensors = torch_layers(rnn, "rnn.")
    tensors.update(linear_forecaster(linear.weight.detach().numpy(), linear.bias.detach().numpy()))
    return tensors, linear(rnn(x)[0][:, -1]).detach().numpy()


def train_torch_attention(cell, width, heads, data):
    """LSTM states as keys and values; a decoder of `width` units that starts from the last of them and asks all of them
    in each step of the horizon."""
    import torch
    torch.manual_seed(1)
    encoder, start = torch.nn.LSTM(1, UNITS, batch_first=True), torch.nn.Linear(UNITS, width * (1 + (cell == "LSTM")))
    decoder = getattr(torch.nn, cell + "Cell")(1, width)
    attention = torch.nn.MultiheadAttention(width, heads, kdim=UNITS, vdim=UNITS, batch_first=True)
    linear = torch.nn.Linear(width, 1)
    parts, nothing = [encoder, start, decoder, attention, linear], torch.zeros(SERIES, 1)

    def forecast(x):
        memory, answers = encoder(x)[0], []
        state = torch.tanh(start(memory[:, -1]))
        state = state.split(width, 1) if cell == "LSTM" else state
        for _ in range(HORIZON):
            state = decoder(nothing, state)
            query = state[0] if cell == "LSTM" else state
            context, _ = attention(query[:, None], memory, memory)
            answers.append(linear(query + context[:, 0])[:, 0])
        return torch.stack(answers, 1)

    x, y = torch.tensor(data[:, :STEPS, None]), torch.tensor(data[:, STEPS:])
    optimizer = torch.optim.Adam([p for part in parts for p in part.parameters()], 0.02)
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(forecast(x), y).backward()
        optimizer.step()
    tensors = {**torch_layers(encoder, "encoder."), **torch_linear(start, "decoder.start_l0."), **torch_cell(decoder),
               **torch_attention(attention), **torch_linear(linear, "output.")}
    return tensors, forecast(x).detach().numpy()


def train_keras(cell, data):
    import keras
    keras.utils.set_random_seed(1)
    layer = {"lstm": lambda: keras.layers.LSTM(UNITS), "gru": lambda: keras.layers.GRU(UNITS, reset_after=True),
             "gru_before": lambda: keras.layers.GRU(UNITS, reset_after=False),
             "tanh": lambda: keras.layers.SimpleRNN(UNITS)}[cell]()
    model = keras.Sequential([keras.Input((STEPS, 1)), layer, keras.layers.Dense(HORIZON)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    x = data[:, :STEPS, None]
    model.fit(x, data[:, STEPS:], epochs=30, batch_size=SERIES, verbose=0)
    weight, bias = model.layers[-1].get_weights()
    tensors = keras_layer(layer.get_weights(), UNITS, cell, prefix="rnn.")
    tensors.update(linear_forecaster(weight.T, bias))
    return tensors, model.predict(x, verbose=0)


def compare(library, context, name, settings, trained, data):
    """Prints how far apart forecasts are; a setting of None is left at its default."""
    tensors, expected = trained
    rows = [("s%d" % i, t, float(data[i, t])) for i in range(SERIES) for t in range(STEPS)]
    common = {"freq": "int", "head": "mse", "scaler": "none", "floor": "none", "horizon": HORIZON,
              "context_length": STEPS, "hidden_size": UNITS, "decoder_size": 2}
    settings = {key: value for key, value in {**common, **settings}.items() if value is not None}
    model, dataset = forecaster(library, context, settings, rows)
    load(library, model, tensors)
    worst = np.abs(forecasts(library, model, dataset, SERIES, HORIZON) - expected).max()
    print("%-60s largest difference of %d forecasts %.1e" % (name, expected.size, worst))
    for moved in tensors:  # would it show?
        load(library, model, {**tensors, moved: tensors[moved] + np.float32(0.01)})
        if np.abs(forecasts(library, model, dataset, SERIES, HORIZON) - expected).max() <= 1e-5:
            if moved == "rnn.weight_hh_l1_reverse":  # the way back begins at the last step, from a state of zeros
                continue
            print("%s: forecasts do not hang on %s" % (name, moved))
            return False
    return bool(worst <= 1e-5)


def main(arguments):
    if not arguments:
        print(__doc__)
        return 2
    library, data, wanted = Library(arguments[0]), series(), arguments[1:] or ["torch", "keras"]
    context = library.handle("seqd_context_create", None)
    good = True
    if "torch" in wanted:
        for kind, more, settings in [("LSTM", {}, {"model": "lstm"}), ("GRU", {}, {"model": "gru"}),
                                     ("RNN", {}, {"model": "rnn"}),
                                     ("RNN", {"nonlinearity": "relu"}, {"model": "rnn", "nonlinearity": "relu"}),
                                     ("LSTM", {"num_layers": 2, "bidirectional": True},
                                      {"model": "lstm", "num_layers": 2, "bidirectional": 1})]:
            name = "torch %s%s" % (kind, "".join(" %s=%s" % item for item in settings.items() if item[0] != "model"))
            good &= compare(library, context, name, settings, train_torch(kind, data, **more), data)
        # keys as wide as queries: in_proj_weight; narrower ones: q_proj_weight, k_proj_weight, v_proj_weight
        for cell, width, heads in [("GRU", UNITS, 2), ("LSTM", UNITS, 4), ("RNN", 12, 3)]:
            settings = {"model": "encdec", "attention": "multihead", "num_heads": heads, "decoding": "one_shot",
                        "encoder_cell": "lstm", "decoder_cell": cell.lower(), "decoder_hidden_size": width,
                        "decoder_size": None}
            name = "torch MultiheadAttention of %d heads, %s decoder of %d" % (heads, cell, width)
            good &= compare(library, context, name, settings, train_torch_attention(cell, width, heads, data), data)
    if "keras" in wanted:
        for cell, settings in [("lstm", {"model": "lstm"}), ("gru", {"model": "gru"}),
                               ("gru_before", {"model": "gru", "reset_after": 0}), ("tanh", {"model": "rnn"})]:
            good &= compare(library, context, "keras " + cell, settings, train_keras(cell, data), data)
    print("all within 1e-5" if good else "more than 1e-5 apart")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
