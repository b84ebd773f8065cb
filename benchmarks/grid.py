# SPDX-License-Identifier: Apache-2.0
"""The shapes that are compared, the numbers that fill them, and what one pass over them counts.

A case is a recurrent network (cell, T steps, N sequences, I inputs, H hidden units, L layers) with a linear layer on
its last hidden state. Every side fills weights and data by `formula`, so that all must come to the same output and
loss.
"""
import collections
import math

Case = collections.namedtuple("Case", "cell T N I H L")

GRID = [Case(*row) for row in [
    ("lstm", 28, 1, 16, 64, 1), ("lstm", 28, 32, 16, 64, 1), ("lstm", 28, 64, 32, 64, 1), ("lstm", 28, 256, 32, 64, 1),
    ("lstm", 56, 64, 32, 128, 1), ("lstm", 56, 256, 64, 128, 1), ("lstm", 56, 256, 64, 256, 1),
    ("lstm", 30, 32, 20, 40, 2), ("lstm", 56, 64, 20, 40, 2), ("lstm", 56, 256, 20, 40, 2),
    ("gru", 28, 1, 16, 64, 1), ("gru", 28, 32, 16, 64, 1), ("gru", 28, 64, 32, 64, 1), ("gru", 28, 256, 32, 64, 1),
    ("gru", 56, 64, 32, 128, 1), ("gru", 56, 256, 64, 128, 1), ("gru", 56, 256, 64, 256, 1),
    ("gru", 30, 32, 20, 40, 2), ("gru", 56, 256, 20, 40, 2)]]
# LSTM 64 and LSTM 32 as encoder, GRU 64 as decoder with additive attention: T steps, N sequences, I inputs, K steps of
# the decoder, F inputs of it (the value before and F - 1 known ones)
EncDec = collections.namedtuple("EncDec", "cell T N I K F")
ENCDEC = [EncDec("encdec", *row) for row in [(56, 64, 16, 28, 8), (28, 64, 16, 7, 8), (56, 1, 16, 28, 8)]]
ENCODER, DECODER, ATTENTION = [64, 32], 64, 64
STREAM = [case for case in GRID if case.N == 1]

RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8  # of Adam, on every side
CHECKED_STEP = 10  # whose loss is compared
BLOCK = 50  # timed training steps between two returns to the first weights: no side ever trains into denormal numbers


def formula(np, count, phase, size, weights=False):
    """Numbers 0 .. count-1 of a tensor as float32; `weights` scatters them, so that no two rows are alike."""
    i = np.arange(count, dtype=np.int64)
    if weights:
        i = i * i % 1009
    return (size * np.sin(0.37 * (i + 1.0) + phase)).astype(np.float32)


def case_of(words):
    return (EncDec if words[0] == "encdec" else Case)(words[0], *map(int, words[1:]))


def tensors_encdec(case):
    inputs = case.I
    for hidden in ENCODER:
        yield from [(4 * hidden, inputs), (4 * hidden, hidden), (4 * hidden,), (4 * hidden,)]
        inputs = hidden
    yield from [(DECODER, inputs), (DECODER,)]  # the first state
    yield from [(3 * DECODER, case.F + inputs), (3 * DECODER, DECODER), (3 * DECODER,), (3 * DECODER,)]
    yield from [(ATTENTION, DECODER), (ATTENTION,), (ATTENTION, inputs), (1, ATTENTION)]
    yield from [(1, DECODER + inputs), (1,)]


def tensors(case):
    """Shapes of the parameters in the order in which the formula counts through them: as torch.nn.LSTM lists them."""
    if case.cell == "encdec":
        yield from tensors_encdec(case)
        return
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[case.cell] * case.H
    for layer in range(case.L):
        yield gates, case.H if layer else case.I
        yield gates, case.H
        yield (gates,)
        yield (gates,)
    yield 1, case.H
    yield (1,)


def fill(np, case):
    """x [T][N][I], y [N] (encdec: the last value and the targets [N][K + 1]) and the list of parameters."""
    x = formula(np, case.T * case.N * case.I, 1.0, 1.0).reshape(case.T, case.N, case.I)
    y = formula(np, case.N, 2.0, 1.0)
    if case.cell == "encdec":
        y = formula(np, case.N * (case.K + 1), 2.0, 1.0).reshape(case.N, case.K + 1)
    shapes = list(tensors(case))
    every = formula(np, sum(math.prod(s) for s in shapes), 0.5, 0.2, weights=True)
    parameters, at = [], 0
    for shape in shapes:
        parameters.append(every[at:at + math.prod(shape)].reshape(shape))
        at += math.prod(shape)
    return x, y, parameters


def operations_encdec(case):
    memory = ENCODER[-1]
    encoder = sum(4 * h * (i + h) for i, h in zip([case.I] + ENCODER, ENCODER)) + ATTENTION * memory
    decoder = 3 * DECODER * (case.F + memory + DECODER) + ATTENTION * DECODER + case.T * memory
    return 2.0 * case.N * (case.T * encoder + case.K * decoder)


def operations(case, what):
    """Floating-point operations of the products; a training step counts as three forwards."""
    if case.cell == "encdec":
        return operations_encdec(case) * {"train": 3.0, "forward": 1.0}[what]
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[case.cell] * case.H
    forward = sum(2.0 * case.T * case.N * gates * ((case.H if layer else case.I) + case.H) for layer in range(case.L))
    return {"train": 3.0 * forward, "forward": forward, "step": forward / case.T}[what]


def name(case):
    if case.cell == "encdec":
        return "encdec T %2d N %3d I %2d K %2d F %d" % case[1:]
    return "%-4s T %2d N %3d I %2d H %3d L %d" % case
