# SPDX-License-Identifier: Apache-2.0
"""The network of include/seqdemand/model.h written with PyTorch, and a batch of windows to run it on.

Nothing here calls the library or follows its code: layers are torch.nn modules, losses are torch.distributions and the
formulas of lib/nn/head.h, lags are the sentence in lib/data/shard.h. Everything is float64; what goes into a fixture as
float32 is rounded first, so that both sides start from the same numbers.
"""
import math

import numpy as np
import torch

ROWS, STEPS, PAST, HORIZON = 5, 11, 9, 4
INPUTS, FUTURES, REALS = 6, 3, 2
CARDINALITY, EMBEDDING = [3, 5], [2, 3]
HIDDEN, SIZE, FIRST = [12, 9], 7, 2
LEVELS = [0.1, 0.3, 0.5, 0.9, 0.97]
STATICS = sum(EMBEDDING) + REALS
# three lag features: last season, mean of three seasons, and a far one on the scale of its own time
OFFSET = [[-3, -3, -7], [-2, -2, -6], [-1, -1, -5], [0, 0, -4]]
SPACING, REPEATS, SHIFT = [4, 3, 1], [1, 3, 1], [0, 0, 8]
LAGS = 3
WIDTH = {"mse": 1, "mae": 1, "quantile": len(LEVELS), "negative_binomial": 2}
# of these one cell is enough: the head does not know which it was
MORE = {"huber": 1, "gaussian": 2, "student_t": 3, "poisson": 1, "zero_inflated_negative_binomial": 3, "tweedie": 2}
COUNTS = ("negative_binomial", "poisson", "zero_inflated_negative_binomial", "tweedie")
DELTA, POWER, LEAST = 0.75, 1.4, 0.001


def rounded(generator, *shape, scale=1.0):
    """Normal numbers that float32 holds exactly."""
    value = generator.standard_normal(shape) * scale
    return torch.tensor(value.astype(np.float32).astype(np.float64))


def squash(z):
    return z if abs(z) <= 10.0 else math.copysign(10.0 + math.log(abs(z) / 10.0), z)


class Batch:
    """Windows with everything that is awkward: padding, missing targets and lags, per-step scalers, a wild value."""

    def __init__(self, head, seed):
        g = np.random.default_rng(seed)
        window = PAST + STEPS
        self.inputs = rounded(g, STEPS, ROWS, INPUTS)
        self.future = rounded(g, ROWS, STEPS + HORIZON, FUTURES)
        self.reals = rounded(g, ROWS, REALS)
        self.cats = np.array([[0, 5], [1, 0], [3, 2], [2, 2], [1, 4]], dtype=np.int32)
        if head in COUNTS:
            history = g.poisson(4.0, (ROWS, window + HORIZON)).astype(np.float64)
            history[3] *= 40  # a large seller
            history[4, window - 2 :] += 0.5  # counts need not be whole
            self.loc = np.zeros((ROWS, window))
        else:
            history = np.float32(3.0 + 2.0 * g.standard_normal((ROWS, window + HORIZON))).astype(np.float64)
            self.loc = np.float32(2.0 + g.standard_normal((ROWS, window))).astype(np.float64)
        self.scale = np.float32(0.5 + 2.0 * g.random((ROWS, window))).astype(np.float64)
        self.scale[3] *= 32.0
        history[g.random(history.shape) < 0.15] = np.nan
        history[1, PAST : PAST + 4] = np.nan
        history[2, : PAST + 6] = np.nan  # rows whose lags find nothing at all
        history[0, PAST + 3] = 200.0  # far beyond 10 scales: squashed
        self.history = history
        self.fork = np.ones((ROWS, STEPS))
        self.fork[4, :5] = 0.0  # a window that starts before its series
        self.fork[2, 8] = 0.0
        self.weight = np.where(np.isnan(history[:, PAST:]), 0.0, 1.0)
        self.weight[0, 7:9] = 0.0  # observed, but does not count
        self.lags = torch.tensor([[self.lag_rows(r, t) for r in range(ROWS)] for t in range(STEPS)])

    def lag_rows(self, row, t):
        """Feature l of step k: mean of the observed values, or the feature before it, or 0."""
        now = PAST + t
        rows = []
        for k in range(HORIZON):
            before, features = 0.0, []
            for l in range(LAGS):
                at = [now + OFFSET[k][l] - j * SPACING[l] for j in range(REPEATS[l])]
                seen = [self.history[row, i] for i in at if i >= 0 and not math.isnan(self.history[row, i])]
                if seen:
                    when = max(now - SHIFT[l], 0)
                    before = squash((sum(seen) / len(seen) - self.loc[row, when]) / self.scale[row, when])
                features.append(before)
            rows.append(features)
        return rows


class Network(torch.nn.Module):
    def __init__(self, cell, head, seed):
        super().__init__()
        self.cell, self.head = cell, head
        module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
        self.embedding = torch.nn.ModuleList([torch.nn.Embedding(c + 1, e) for c, e in zip(CARDINALITY, EMBEDDING)])
        sizes = [INPUTS + STATICS] + HIDDEN
        self.rnn = torch.nn.ModuleList([module(sizes[i], sizes[i + 1]) for i in range(len(HIDDEN))])
        self.state = torch.nn.Linear(HIDDEN[-1], HORIZON * SIZE)
        self.future = torch.nn.Linear(FUTURES, SIZE, bias=False)
        self.static = torch.nn.Linear(STATICS, SIZE, bias=False)
        self.lag = torch.nn.Linear(LAGS, SIZE, bias=False)
        self.output = torch.nn.Linear(SIZE, {**WIDTH, **MORE}[head])
        self.output_lag = torch.nn.Linear(LAGS, {**WIDTH, **MORE}[head], bias=False)
        self.double()
        g = np.random.default_rng(seed)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(rounded(g, *parameter.shape, scale=0.3))

    def named(self):
        """Parameters under the library's names, in its order."""
        for i, table in enumerate(self.embedding):
            yield "embedding.%d.weight" % i, table.weight
        for i, layer in enumerate(self.rnn):
            for name in ("weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"):
                yield "rnn.%s%d" % (name, i), getattr(layer, name + "0")
        yield "decoder.state.weight", self.state.weight
        yield "decoder.state.bias", self.state.bias
        yield "decoder.future.weight", self.future.weight
        yield "decoder.static.weight", self.static.weight
        yield "decoder.lag.weight", self.lag.weight
        yield "output.weight", self.output.weight
        yield "output.lag.weight", self.output_lag.weight
        yield "output.bias", self.output.bias

    def forward(self, batch):
        """o[steps][rows][horizon][width]"""
        cats = torch.tensor(batch.cats, dtype=torch.long)
        s = torch.cat([table(cats[:, i]) for i, table in enumerate(self.embedding)] + [batch.reals], dim=1)
        h = torch.cat([batch.inputs, s.expand(STEPS, ROWS, STATICS)], dim=2)
        for layer in self.rnn:
            h, _ = layer(h)
        future = torch.stack([batch.future[:, t + 1 : t + 1 + HORIZON] for t in range(STEPS)])
        u = self.state(h).reshape(STEPS, ROWS, HORIZON, SIZE) + self.future(future)
        u = torch.relu(u + self.static(s)[None, :, None, :] + self.lag(batch.lags))
        return self.output(u) + self.output_lag(batch.lags)

    def losses(self, o, batch):
        """Loss of every fork and step, [steps][rows][horizon]; 0 where nothing counts."""
        pick = lambda a: torch.tensor(np.stack([a[:, t + 1 : t + 1 + HORIZON] for t in range(STEPS)]))
        y = pick(batch.history[:, PAST:])
        weight = pick(batch.weight) * torch.tensor(batch.fork.T.copy())[:, :, None]
        weight[:FIRST] = 0.0
        y = torch.where(weight > 0, y, torch.ones(()).double())
        loc = torch.tensor(batch.loc[:, PAST:].T.copy())[:, :, None]
        scale = torch.tensor(batch.scale[:, PAST:].T.copy())[:, :, None]
        z = (y - loc) / scale
        if self.head == "mse":
            loss = (o[..., 0] - z) ** 2
        elif self.head == "mae":
            loss = (o[..., 0] - z).abs()
        elif self.head == "quantile":
            loss = self.pinball(o, z)
        elif self.head in MORE:
            loss = self.law(o, y, z, scale)
        else:
            loss = -self.counts(o, scale).log_prob(y) - torch.lgamma(y + 1)
        return loss * weight, weight.sum()

    @staticmethod
    def counts(o, scale):
        mu = scale * torch.nn.functional.softplus(o[..., 0])
        alpha = torch.nn.functional.softplus(o[..., 1]) / scale.sqrt()
        return torch.distributions.NegativeBinomial(1 / alpha, logits=(alpha * mu).log(), validate_args=False)

    def law(self, o, y, z, scale):
        """The other heads, by torch.distributions."""
        softplus, laws = torch.nn.functional.softplus, torch.distributions
        if self.head == "huber":
            return torch.nn.functional.huber_loss(o[..., 0], z, reduction="none", delta=DELTA)
        if self.head == "gaussian":
            return -laws.Normal(o[..., 0], softplus(o[..., 1]) + LEAST).log_prob(z)
        if self.head == "student_t":
            return -laws.StudentT(2 + softplus(o[..., 2]), o[..., 0], softplus(o[..., 1]) + LEAST).log_prob(z)
        if self.head == "poisson":
            law = laws.Poisson(scale * softplus(o[..., 0]), validate_args=False)
            return -law.log_prob(y) - torch.lgamma(y + 1)
        if self.head == "tweedie":
            return self.tweedie(softplus(o[..., 0]), softplus(o[..., 1]) + LEAST, z)
        counts = self.counts(o, scale).log_prob(y) + torch.lgamma(y + 1)
        keep, zero = torch.nn.functional.logsigmoid(-o[..., 2]), torch.nn.functional.logsigmoid(o[..., 2])
        return -torch.where(y > 0, keep + counts, torch.logaddexp(zero, keep + counts))

    @staticmethod
    def tweedie(mu, phi, z):
        """A Poisson number n of gamma sizes, summed over n (Dunn & Smyth 2005)."""
        p, a = POWER, (2 - POWER) / (POWER - 1)
        rate, tau = mu ** (2 - p) / (phi * (2 - p)), phi * (p - 1) * mu ** (p - 1)
        n = torch.arange(1, 4000, dtype=torch.float64)
        size = torch.where(z > 0, z, torch.ones(()).double())
        terms = n * rate[..., None].log() - torch.lgamma(n + 1) - torch.lgamma(n * a)
        terms = terms + (n * a - 1) * (size / tau)[..., None].log()
        density = torch.logsumexp(terms, -1) - rate - size / tau - tau.log()
        return torch.where(z > 0, -density, rate)

    @staticmethod
    def pinball(o, z):
        middle = LEVELS.index(0.5)
        step = torch.nn.functional.softplus(o)
        above = o[..., middle, None] + step[..., middle + 1 :].cumsum(-1)
        below = o[..., middle, None] - step[..., :middle].flip(-1).cumsum(-1).flip(-1)
        q = torch.cat([below, o[..., middle, None], above], dim=-1)
        tau = torch.tensor(LEVELS, dtype=torch.float64)
        d = z[..., None] - q
        return 2.0 / len(LEVELS) * torch.maximum(tau * d, (tau - 1) * d).sum(-1)
