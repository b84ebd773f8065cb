# SPDX-License-Identifier: Apache-2.0
"""Records what PyTorch computes, for test_golden.c to replay: python3 record.py (needs torch; writes data/*.bin).

All is computed in float64 from numbers that float32 holds exactly, and rounded to float32 once at the end, so the
tolerance of the test is about the library's float32 arithmetic alone.
"""
import pathlib

import numpy as np
import torch

import network
import record_encdec
import record_sequence
from arrays import f32, f64, i32, write

DATA = pathlib.Path(__file__).resolve().parent / "data"
FACTOR = 0.25  # what gradients are multiplied with


def layers(cell, inputs, hidden, rows, steps, seed):
    """A chain of single-layer modules under a random upstream gradient: hidden states of the last and all gradients."""
    g = np.random.default_rng(seed)
    module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    sizes = [inputs] + hidden
    chain = [module(sizes[i], sizes[i + 1]).double() for i in range(len(hidden))]
    x = network.rounded(g, steps, rows, inputs).requires_grad_()
    h = x
    for layer in chain:
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.copy_(network.rounded(g, *parameter.shape, scale=parameter.shape[0] ** -0.5))
        h, _ = layer(h)
    upstream = network.rounded(g, *h.shape)
    (h * upstream).sum().backward()
    arrays = {
        "shape": i32([["lstm", "gru"].index(cell), len(hidden), rows, steps, inputs] + hidden),
        "x": f32(x), "dh": f32(upstream), "h": f32(h), "dx": f32(x.grad),
    }
    for i, layer in enumerate(chain):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            parameter = getattr(layer, name + "_l0")
            arrays["%s_l%d" % (name, i)] = f32(parameter)
            arrays["grad.%s_l%d" % (name, i)] = f32(parameter.grad)
    return arrays


def batch_arrays(batch):
    return {
        "config": i32([network.ROWS, network.STEPS, network.PAST, network.HORIZON, network.INPUTS, network.FUTURES,
                       network.REALS, network.SIZE, network.FIRST]),
        "hidden": i32(network.HIDDEN), "cardinality": i32(network.CARDINALITY), "embedding": i32(network.EMBEDDING),
        "levels": f64(network.LEVELS),
        "lag.offset": i32(network.OFFSET), "lag.spacing": i32(network.SPACING), "lag.repeats": i32(network.REPEATS),
        "lag.shift": i32(network.SHIFT),
        "inputs": f32(batch.inputs), "future": f32(batch.future), "reals": f32(batch.reals), "cats": i32(batch.cats),
        "history": f32(batch.history), "loc": f32(batch.loc), "scale": f32(batch.scale),
        "weight": f32(batch.weight), "fork": f32(batch.fork), "factor": f64([FACTOR]),
    }


def whole(cell, head, seed):
    """The whole network on one batch: loss, outputs of the last fork, every gradient."""
    batch, net = network.Batch(head, seed), network.Network(cell, head, seed + 1)
    o = net(batch)
    losses, _ = net.losses(o, batch)
    (FACTOR * losses.sum()).backward()
    arrays = batch_arrays(batch)
    arrays["loss"] = f64([losses.sum().item()])
    arrays["out"] = f32(o[-1])
    for name, parameter in net.named():
        arrays[name] = f32(parameter)
        arrays["grad." + name] = f32(parameter.grad)
    return arrays


def ten_steps(rule, seed, clip):
    """Training steps on the mean loss; `norm` is the global norm before clipping."""
    batch, net = network.Batch("quantile", seed), network.Network("lstm", "quantile", seed + 1)
    arrays = batch_arrays(batch)
    for name, parameter in net.named():
        arrays[name] = f32(parameter)
    settings = {"adam": dict(lr=0.01, betas=(0.9, 0.98), eps=1e-8), "sgd": dict(lr=0.1, momentum=0.9),
                "adamw": dict(lr=0.01, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.3),
                "rmsprop": dict(lr=0.01, alpha=0.95, eps=1e-6)}[rule]
    # decay is for weights, not for biases: two groups
    groups = [{"params": [p for p in net.parameters() if p.dim() == 2]},
              {"params": [p for p in net.parameters() if p.dim() != 2], "weight_decay": 0}]
    optimizer = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD, "adamw": torch.optim.AdamW,
                 "rmsprop": torch.optim.RMSprop}[rule](groups, **settings)
    losses, norms = [], []
    for _ in range(10):
        optimizer.zero_grad()
        loss, weight = net.losses(net(batch), batch)
        mean = loss.sum() / weight
        mean.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(net.parameters(), clip).item())
        optimizer.step()
        losses.append(mean.item())
    arrays["step.loss"], arrays["step.norm"] = f64(losses), f64(norms)
    arrays["step.settings"] = f64([settings["lr"], settings.get("momentum", 0), *settings.get("betas", (0, 0)),
                                   settings.get("eps", 0), clip, settings.get("weight_decay", 0),
                                   settings.get("alpha", 0)])
    for name, parameter in net.named():
        arrays["final." + name] = f32(parameter)
    return arrays


def rates():
    """Learning rates by torch's own schedulers."""
    lr = torch.optim.lr_scheduler
    total, warmup, rate, arrays = 40, 8, 0.3, {}

    def record(make):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
        scheduler, seen = make(optimizer), []
        for _ in range(total + 1):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return f64(seen)

    rise = lambda o: lr.LinearLR(o, start_factor=1 / warmup, total_iters=warmup - 1)
    after = lambda o, then: lr.SequentialLR(o, [rise(o), then], milestones=[warmup])
    arrays["settings"] = f64([rate, warmup, total, 5, 0.7])
    arrays["cosine"] = record(lambda o: after(o, lr.CosineAnnealingLR(o, T_max=total - warmup)))
    arrays["step"] = record(lambda o: after(o, lr.StepLR(o, step_size=5, gamma=0.7)))
    arrays["constant"] = record(lambda o: after(o, lr.ConstantLR(o, factor=1.0)))
    # the same as one formula, by LambdaLR, without a warm-up
    arrays["cosine_alone"] = record(lambda o: lr.LambdaLR(o, lambda n: 0.5 * (1 + np.cos(np.pi * n / total))))
    return arrays


def plateau():
    """Learning rates of ReduceLROnPlateau after each of some validation values."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.4, patience=2, threshold=0, eps=0)
    values = [1.0, 0.8, 0.9, 0.8, 0.85, 0.9, 0.7, 0.7, 0.7, 0.7, 0.69, float("nan"), 0.7, 0.7, 0.7, 0.7, 0.7, 0.1]
    seen = []
    for value in values:
        scheduler.step(value)
        seen.append(optimizer.param_groups[0]["lr"])
    return {"settings": f64([0.3, 0.4, 2]), "values": f64(values), "rates": f64(seen)}


def main():
    torch.set_num_threads(1)
    DATA.mkdir(exist_ok=True)
    for i, (cell, inputs, hidden) in enumerate([("lstm", 6, [10]), ("gru", 6, [10]), ("lstm", 7, [17, 8, 5]),
                                                ("gru", 7, [17, 8, 5]), ("lstm", 20, [36]), ("gru", 20, [36])]):
        name = "%s_%s" % (cell, "_".join(map(str, hidden)))
        write(DATA / ("layers_%s.bin" % name), layers(cell, inputs, hidden, 5, 9, 100 + i))
    for c, cell in enumerate(("lstm", "gru")):
        for h, head in enumerate(network.WIDTH):
            write(DATA / ("net_%s_%s.bin" % (cell, head)), whole(cell, head, 200 + 10 * c + 2 * h))
    for h, head in enumerate(network.MORE):
        write(DATA / ("net_lstm_%s.bin" % head), whole("lstm", head, 240 + 2 * h))
    # without clipping, and with one that bites in some of the steps
    write(DATA / "steps_adam.bin", ten_steps("adam", 300, 1e9))
    write(DATA / "steps_sgd.bin", ten_steps("sgd", 300, 1e9))
    write(DATA / "steps_sgd_clipped.bin", ten_steps("sgd", 300, 0.4))
    write(DATA / "steps_adamw.bin", ten_steps("adamw", 300, 1e9))
    write(DATA / "steps_rmsprop.bin", ten_steps("rmsprop", 300, 1e9))
    write(DATA / "rates.bin", rates())
    for name, arrays in (*record_encdec.files(), *record_sequence.files()):
        write(DATA / (name + ".bin"), arrays)
    write(DATA / "plateau.bin", plateau())
    (DATA / "VERSION").write_text("recorded with torch %s, numpy %s\n" % (torch.__version__, np.__version__))
    print("%d files, %d bytes" % (len(list(DATA.iterdir())), sum(p.stat().st_size for p in DATA.iterdir())))


if __name__ == "__main__":
    main()
