# SPDX-License-Identifier: Apache-2.0
"""The encoder-decoder with modules of PyTorch, recorded for test_encdec.c: called by record.py.

Attention is the formula of its paper, multi-head attention is torch.nn.MultiheadAttention. Three steps are told the
truth or, in the last network, the forecast before, as a number.
"""
import numpy as np
import torch

import network
from arrays import f32, i32

ROWS, STEPS, HORIZON, INPUTS, FUTURES = 4, 7, 5, 3, 2
ENCODER, DECODER = [9, 8], 8
BEGIN = [0, 3, 1, 0]
KINDS = ["none", "additive", "dot", "general", "multihead"]


class Network(torch.nn.Module):
    def __init__(self, kind, cell, seed):
        super().__init__()
        self.kind, memory = kind, ENCODER[-1]
        sizes = [INPUTS] + ENCODER
        self.encoder = torch.nn.ModuleList([torch.nn.LSTM(a, b) for a, b in zip(sizes, sizes[1:])])
        self.cell_name, early = cell, memory if kind == "additive" else 0
        self.start = torch.nn.Linear(memory, DECODER * (2 if cell == "lstm" else 1))
        make = {"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell, "rnn": torch.nn.RNNCell}[cell]
        self.cell = make(1 + early + FUTURES, DECODER)
        if kind == "additive":
            self.query, self.key = torch.nn.Linear(DECODER, 6), torch.nn.Linear(memory, 6, bias=False)
            self.score = torch.nn.Linear(6, 1, bias=False)
        if kind == "general":
            self.general = torch.nn.Linear(memory, DECODER, bias=False)
        if kind in ("dot", "general"):
            self.combine = torch.nn.Linear(memory + DECODER, DECODER, bias=False)
        if kind == "multihead":
            self.heads = torch.nn.MultiheadAttention(DECODER, 2)
        self.output = torch.nn.Linear(DECODER + early, 1)
        self.double()
        g = np.random.default_rng(seed)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(network.rounded(g, *parameter.shape, scale=0.5))

    def named(self):
        for i, layer in enumerate(self.encoder):
            for name in ("weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"):
                yield "encoder.%s%d" % (name, i), getattr(layer, name + "0")
        yield "decoder.start_l0.weight", self.start.weight
        yield "decoder.start_l0.bias", self.start.bias
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            yield "decoder.%s_l0" % name, getattr(self.cell, name)
        if self.kind == "additive":
            yield "attention.query.weight", self.query.weight
            yield "attention.query.bias", self.query.bias
            yield "attention.key.weight", self.key.weight
            yield "attention.score.weight", self.score.weight
        if self.kind == "general":
            yield "attention.weight", self.general.weight
        if self.kind in ("dot", "general"):
            yield "attention.combine.weight", self.combine.weight
        if self.kind == "multihead":
            for name in ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"):
                yield "attention." + name, dict(self.heads.named_parameters())[name]
        yield "output.weight", self.output.weight
        yield "output.bias", self.output.bias

    def forward(self, x, future, told, own):
        """o[rows][horizon] and the weights [heads][rows][horizon][steps]."""
        h = x
        for layer in self.encoder:
            h, _ = layer(h)
        mask = torch.tensor([[t < b for t in range(STEPS)] for b in BEGIN])
        state = torch.tanh(self.start(h[-1]))
        state, cell = (state[:, :DECODER], state[:, DECODER:]) if self.cell_name == "lstm" else (state, None)
        outputs, weights = [], []

        def attend(scores):
            a = torch.softmax(scores.masked_fill(mask.T, -torch.inf), 0)
            weights.append(a.T)
            return (a[:, :, None] * h).sum(0)

        for k in range(HORIZON):
            z = outputs[-1].detach() if own and k > 0 else told[:, k]
            parts = [z[:, None]]
            if self.kind == "additive":
                context = attend(self.score(torch.tanh(self.key(h) + self.query(state))).squeeze(2))
                parts.append(context)
            inputs = torch.cat(parts + [future[:, k]], 1)
            if cell is None:
                state = self.cell(inputs, state)
            else:
                state, cell = self.cell(inputs, (state, cell))
            read = state
            if self.kind == "additive":
                read = torch.cat([state, context], 1)
            elif self.kind in ("dot", "general"):
                values = self.general(h) if self.kind == "general" else h
                context = attend((values * state).sum(2))
                read = torch.tanh(self.combine(torch.cat([context, state], 1)))
            elif self.kind == "multihead":
                out, a = self.heads(state[None], h, h, key_padding_mask=mask, average_attn_weights=False)
                weights.append(a[:, :, 0])
                read = state + out[0]
            outputs.append(self.output(read)[:, 0])
        w = torch.stack(weights, 2 if self.kind == "multihead" else 1) if weights else torch.zeros(0)
        return torch.stack(outputs, 1), w


def record(kind, cell, own, seed):
    g = np.random.default_rng(seed)
    x, future = network.rounded(g, STEPS, ROWS, INPUTS), network.rounded(g, ROWS, HORIZON, FUTURES)
    y, net = network.rounded(g, ROWS, HORIZON + 1), Network(kind, cell, seed + 1)
    o, weights = net(x, future, y, own)
    loss = ((o - y[:, 1:]) ** 2).sum()
    loss.backward()
    arrays = {"config": i32([KINDS.index(kind), ["lstm", "gru", "gru before", "rnn"].index(cell), int(own), ROWS, STEPS,
                             HORIZON, INPUTS, FUTURES, *ENCODER, DECODER]),
              "begin": i32(BEGIN), "x": f32(x), "future": f32(future), "y": f32(y), "out": f32(o), "loss": f32(loss)}
    if kind != "none":
        arrays["weights"] = f32(weights)
    for name, parameter in net.named():
        arrays[name] = f32(parameter)
        arrays["grad." + name] = f32(parameter.grad)
    return arrays


def files():
    cells = ["gru", "lstm", "rnn", "gru", "lstm"]
    for i, (kind, cell) in enumerate(zip(KINDS, cells)):
        yield "encdec_%s_%s" % (kind, cell), record(kind, cell, False, 400 + 2 * i)
    yield "encdec_additive_gru_own", record("additive", "gru", True, 420)
