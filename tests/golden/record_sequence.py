# SPDX-License-Identifier: Apache-2.0
"""Networks that answer to sequences of events, with modules of PyTorch, recorded for test_sequence.c: called by
record.py.

Rows of several lengths go through torch.nn.LSTM, GRU and RNN as packed sequences; pooling by attention is
scaled_dot_product_attention; classes are judged by cross_entropy, with weights of classes and label smoothing, and two
of them by binary_cross_entropy_with_logits. Every event weighs something of its own.
"""
import numpy as np
import torch
from torch.nn import functional, utils

import network
from arrays import f32, f64, i32

STEPS, LENGTH = 6, [6, 1, 4, 3, 6]
ROWS, INPUTS, CARDINALITY, SIZES = len(LENGTH), 2, [4, 2], [3, 2]
WIDTH = INPUTS + sum(SIZES)
CELLS = ["lstm", "gru", "gru before", "tanh"]
POOLINGS = ["last", "mean", "max", "attention"]
MEAN, DEVIATION = 1.5, 2.0
FACTOR = 0.25

# Name of the file, and what is not usual. `hidden` of a flat body are its layers; a body without is linear.
FILES = {
    "lstm_weighted_smoothed": dict(hidden=[9, 7], classes=4, weighted=True, smoothing=0.1),
    "gru_both_mean": dict(cell="gru", hidden=[6], both=True, pooling="mean", classes=4, smoothing=0.2),
    "lstm_max_three_answers": dict(hidden=[8], pooling="max", classes=4, answers=3, weighted=True),
    "lstm_attention_binary": dict(hidden=[8], pooling="attention", classes=2, binary=True, weighted=True),
    "tanh_number": dict(cell="tanh", hidden=[8], head="mse"),
    "gru_attention_quantile": dict(cell="gru", hidden=[8], pooling="attention", head="quantile"),
    "gru_mean_count": dict(cell="gru", hidden=[8], pooling="mean", head="negative_binomial"),
    "mlp": dict(flat=True, hidden=[10, 6], classes=4, weighted=True, smoothing=0.1),
    "logistic": dict(flat=True, hidden=[], classes=2, binary=True, weighted=True),
    "linear_number": dict(flat=True, hidden=[], head="mse"),
}
USUAL = dict(cell="lstm", both=False, pooling="last", classes=0, answers=1, weighted=False, smoothing=0.0, binary=False,
             flat=False, head="mse")


class Network(torch.nn.Module):
    def __init__(self, v, seed):
        super().__init__()
        self.v = v
        self.embedding = torch.nn.ModuleList([torch.nn.Embedding(c + 1, s) for c, s in zip(CARDINALITY, SIZES)])
        sizes = [STEPS * WIDTH if v["flat"] else WIDTH] + v["hidden"]
        module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "tanh": torch.nn.RNN}[v["cell"]]
        ways = 2 if v["both"] else 1
        if v["flat"]:
            self.body = torch.nn.ModuleList([torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])
        else:
            self.body = torch.nn.ModuleList([module(a, b, bidirectional=v["both"]) for a, b in zip(sizes, sizes[1:])])
        state = sizes[-1] * ways
        if v["pooling"] == "attention":
            self.query = torch.nn.Parameter(torch.empty(state))
        self.each = 1 if v["binary"] else v["classes"] or network.WIDTH[v["head"]]
        self.output = torch.nn.Linear(state, v["answers"] * self.each)
        self.double()
        g = np.random.default_rng(seed)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(network.rounded(g, *parameter.shape, scale=0.4))

    def named(self):
        for i, table in enumerate(self.embedding):
            yield "embedding.%d.weight" % i, table.weight
        for i, layer in enumerate(self.body):
            for name, parameter in layer.named_parameters():
                yield "mlp.%d.%s" % (i, name) if self.v["flat"] else "rnn." + name.replace("_l0", "_l%d" % i), parameter
        if self.v["pooling"] == "attention":
            yield "pooling.query", self.query
        yield "output.weight", self.output.weight
        yield "output.bias", self.output.bias

    def forward(self, x, tokens):
        """Answers after every event of a body that gives them, [rows][steps][...], or after the last, [rows][...]."""
        there = torch.tensor([[t < n for n in LENGTH] for t in range(STEPS)])
        h = torch.cat([x] + [table(tokens[:, :, i]) for i, table in enumerate(self.embedding)], 2)
        if self.v["flat"]:
            rows = [functional.pad(h[:n, r].reshape(-1), ((STEPS - n) * WIDTH, 0)) for r, n in enumerate(LENGTH)]
            h = torch.stack(rows)
            for layer in self.body:
                h = torch.relu(layer(h))
            return self.output(h)
        for layer in self.body:
            packed, _ = layer(utils.rnn.pack_padded_sequence(h, LENGTH, enforce_sorted=False))
            h, _ = utils.rnn.pad_packed_sequence(packed, total_length=STEPS)
        if self.v["pooling"] == "mean":
            h = h.sum(0) / torch.tensor(LENGTH)[:, None]
        elif self.v["pooling"] == "max":
            h = h.masked_fill(~there[:, :, None], -torch.inf).max(0).values
        elif self.v["pooling"] == "attention":
            h, query = h.transpose(0, 1), self.query.expand(ROWS, 1, -1)
            h = functional.scaled_dot_product_attention(query, h, h, attn_mask=there.T[:, None, :])[:, 0]
        else:
            h = h.transpose(0, 1)
        return self.output(h)

    def losses(self, o, label, class_weight):
        """Of answers o[...][width] and labels [...]."""
        if self.v["binary"]:
            losses = functional.binary_cross_entropy_with_logits(o[..., 0], label, reduction="none")
            return losses * class_weight[label.long()]
        if self.v["classes"]:
            losses = functional.cross_entropy(o.flatten(0, -2), label.long().flatten(), class_weight, reduction="none",
                                              label_smoothing=self.v["smoothing"])
            return losses.reshape(label.shape)
        if self.v["head"] == "mse":
            return functional.mse_loss(o[..., 0], label, reduction="none")
        if self.v["head"] == "quantile":
            return network.Network.pinball(o, label)
        y, scale = label * DEVIATION, torch.full_like(label, DEVIATION)
        return -network.Network.counts(o, scale).log_prob(y) - torch.lgamma(y + 1)


def record(v, seed):
    g, last = np.random.default_rng(seed), np.array(LENGTH) - 1
    each = not v["flat"] and v["pooling"] == "last"
    there = np.arange(STEPS)[:, None] < np.array(LENGTH)
    x = network.rounded(g, STEPS, ROWS, INPUTS) * torch.tensor(there[:, :, None])
    tokens = np.stack([g.integers(0, c + 1, (STEPS, ROWS)) for c in CARDINALITY], 2) * there[:, :, None]
    shape = (ROWS, v["answers"]) if v["answers"] > 1 else (ROWS, STEPS)
    if v["classes"]:
        label = torch.tensor(g.integers(0, v["classes"], shape)).double()
    elif v["head"] == "negative_binomial":
        label = torch.tensor(g.poisson(3.0, shape) / DEVIATION)
    else:
        label = network.rounded(g, *shape)
    fork = np.zeros((ROWS,) if v["answers"] > 1 else (ROWS, STEPS))
    for r, n in enumerate(LENGTH):
        if v["answers"] > 1:
            fork[r] = [1, 0.5, 1, 0, 2][r]
        else:
            fork[r, 0 if each else n - 1 : n] = [1, 0.5, 1, 2, 1][r]
    if each:
        fork[0, 2] = fork[4, 5] = 0.0
    class_weight = torch.ones(max(v["classes"], 1)).double()
    if v["weighted"]:
        class_weight = torch.tensor([0.5, 2.0, 1.0, 0.25][: v["classes"]]).double()

    net = Network(v, seed + 1)
    o = net(x, torch.tensor(tokens))
    if v["answers"] > 1:
        judged, labels, weight = o.reshape(ROWS, v["answers"], net.each), label, torch.tensor(fork)[:, None]
    elif each:
        judged, labels, weight = o, label, torch.tensor(fork)
    else:
        judged, labels, weight = o, label[range(ROWS), last], torch.tensor(fork[range(ROWS), last])
    loss = (net.losses(judged, labels, class_weight) * weight).sum()
    (FACTOR * loss).backward()
    counts = v["head"] == "negative_binomial"
    arrays = {
        "config": i32([ROWS, STEPS, INPUTS, len(SIZES), CELLS.index(v["cell"]), int(v["both"]), int(v["flat"]),
                       POOLINGS.index(v["pooling"]), v["answers"], v["classes"], int(v["binary"]),
                       list(network.WIDTH).index(v["head"]), net.each]),
        "hidden": i32(v["hidden"]), "cardinality": i32(CARDINALITY), "size": i32(SIZES),
        "numbers": f64([v["smoothing"], 0 if counts else MEAN, DEVIATION, FACTOR]), "levels": f64(network.LEVELS),
        "length": i32(LENGTH), "x": f32(x), "tokens": i32(tokens), "label": f32(label), "fork": f32(fork),
        "class_weight": f32(class_weight), "loss": f64([loss.item()]),
        "out": f32(o[range(ROWS), last] if each else o),
    }
    for name, parameter in net.named():
        arrays[name] = f32(parameter)
        arrays["grad." + name] = f32(parameter.grad)
    return arrays


def files():
    for i, (name, settings) in enumerate(FILES.items()):
        yield "sequence_" + name, record({**USUAL, **settings}, 500 + 2 * i)
