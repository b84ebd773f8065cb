# SPDX-License-Identifier: Apache-2.0
"""Stacks of recurrent layers as PyTorch and Keras compute them: python3 stacks.py (needs torch and keras; writes
data/stack_*.bin).

In float64 from numbers that float32 holds exactly, as record.py. Names of tensors are the library's; Keras' weights are
brought into its order of gates by examples/import_weights.py, and their gradients too, which checks that script.
"""
import os
import pathlib
import sys

import numpy as np
import torch

import network
from arrays import f32, i32, write

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "examples"))
import import_weights  # noqa: E402

CELLS = ["lstm", "gru", "gru_before", "tanh", "relu"]
ROWS, STEPS = 4, 7


def shape(cell, inputs, hidden, both=0, residual=0, norm=0, dilations=None):
    return i32([CELLS.index(cell), len(hidden), ROWS, STEPS, inputs, both, residual, norm] + hidden +
               (dilations or [1] * len(hidden)))


def drawn(module, g):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(network.rounded(g, *parameter.shape, scale=parameter.shape[0] ** -0.5))
    return module


def finish(arrays, x, h, g, named):
    """Outputs and all gradients under a random upstream gradient; `named` gives names and parameters."""
    upstream = network.rounded(g, *h.shape)
    (h * upstream).sum().backward()
    arrays.update(x=f32(x), dh=f32(upstream), h=f32(h), dx=f32(x.grad))
    for name, parameter in named:
        arrays[name] = f32(parameter)
        arrays["grad." + name] = f32(parameter.grad)
    return arrays


def torch_module(cell, inputs, hidden, layers, both, seed):
    """What torch.nn runs by itself, both ways and several layers."""
    g = np.random.default_rng(seed)
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.get(cell, torch.nn.RNN)
    more = {"nonlinearity": cell} if kind is torch.nn.RNN else {}
    module = drawn(kind(inputs, hidden, layers, bidirectional=bool(both), **more).double(), g)
    x = network.rounded(g, STEPS, ROWS, inputs).requires_grad_()
    return finish({"shape": shape(cell, inputs, [hidden] * layers, both)}, x, module(x)[0], g,
                  module.named_parameters())


def torch_stack(cell, inputs, hidden, residual, norm, dilations, seed):
    """Single layers with what this library can put between them: layer norm, the input added, dilations."""
    g = np.random.default_rng(seed)
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    sizes = [inputs] + hidden
    layers = [drawn(kind(sizes[i], sizes[i + 1]).double(), g) for i in range(len(hidden))]
    norms = [drawn(torch.nn.LayerNorm(n).double(), g) for n in hidden]
    x = network.rounded(g, STEPS, ROWS, inputs).requires_grad_()
    h = x
    for i, layer in enumerate(layers):
        phases = [layer(h[p :: dilations[i]])[0] for p in range(dilations[i])]
        y = torch.stack([phases[t % dilations[i]][t // dilations[i]] for t in range(STEPS)])
        if norm:
            y = norms[i](y)
        h = y + h if residual and y.shape == h.shape else y
    named = [("%s_l%d" % (name, i), getattr(layer, name + "_l0")) for i, layer in enumerate(layers)
             for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    if norm:
        named += [("norm_l%d.%s" % (i, name), getattr(n, name)) for i, n in enumerate(norms)
                  for name in ("weight", "bias")]
    return finish({"shape": shape(cell, inputs, hidden, 0, residual, norm, dilations)}, x, h, g, named)


def keras_layer(cell, inputs, hidden, seed):
    """One layer of Keras, on TensorFlow, in float64."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras
    import tensorflow as tf

    g = np.random.default_rng(seed)
    more = {"return_sequences": True, "dtype": "float64"}
    layer = {"lstm": lambda: keras.layers.LSTM(hidden, **more),
             "gru": lambda: keras.layers.GRU(hidden, reset_after=True, **more),
             "gru_before": lambda: keras.layers.GRU(hidden, reset_after=False, **more),
             "tanh": lambda: keras.layers.SimpleRNN(hidden, **more)}[cell]()
    layer.build((ROWS, STEPS, inputs))
    layer.set_weights([network.rounded(g, *w.shape, scale=hidden ** -0.5).numpy() for w in layer.get_weights()])
    x = tf.Variable(network.rounded(g, ROWS, STEPS, inputs).numpy())
    upstream = network.rounded(g, ROWS, STEPS, hidden).numpy()
    with tf.GradientTape() as tape:
        h = layer(x)
        loss = tf.reduce_sum(h * upstream)
    dx, *gradients = tape.gradient(loss, [x] + list(layer.trainable_variables))
    turn = lambda a: f32(np.swapaxes(np.asarray(a), 0, 1))
    arrays = {"shape": shape(cell, inputs, [hidden]), "x": turn(x), "dh": turn(upstream), "h": turn(h), "dx": turn(dx)}
    for name, value in import_weights.keras_layer(layer.get_weights(), hidden, cell).items():
        arrays[name] = f32(value)
    # one bias is two of ours that are added: each has its gradient
    for name, value in import_weights.keras_layer([np.asarray(w) for w in gradients], hidden, cell, True).items():
        arrays["grad." + name] = f32(value)
    return arrays


def main():
    torch.set_num_threads(1)
    files = {
        "tanh_2": torch_module("tanh", 5, 8, 2, 0, 400),
        "relu_1": torch_module("relu", 5, 9, 1, 0, 401),
        "lstm_both_2": torch_module("lstm", 5, 6, 2, 1, 402),
        "gru_both_2": torch_module("gru", 5, 6, 2, 1, 403),
        "lstm_norm": torch_stack("lstm", 5, [8, 6], 0, 1, [1, 1], 404),
        "gru_residual_dilated": torch_stack("gru", 6, [6, 6, 6], 1, 0, [1, 2, 4], 405),
        "keras_lstm": keras_layer("lstm", 5, 8, 406),
        "keras_gru": keras_layer("gru", 5, 8, 407),
        "keras_gru_before": keras_layer("gru_before", 5, 8, 408),
        "keras_simple_rnn": keras_layer("tanh", 5, 8, 409),
    }
    for name, arrays in files.items():
        write(HERE / "data" / ("stack_%s.bin" % name), arrays)
    import keras
    import tensorflow
    (HERE / "data" / "VERSION_stacks").write_text("recorded with torch %s, keras %s on tensorflow %s, numpy %s\n" % (
        torch.__version__, keras.__version__, tensorflow.__version__, np.__version__))
    print("%d files" % len(files))


if __name__ == "__main__":
    main()
