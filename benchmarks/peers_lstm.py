# SPDX-License-Identifier: Apache-2.0
"""One training step beside PyTorch's: python3 peers_lstm.py PATH/TO/train_step [ROUNDS]

Both run nn.LSTM (or GRU) with a linear layer on the last hidden state, mean squared error, the backward pass and Adam,
on one thread, from equal weights and data; the losses of the tenth step are compared first. Rounds of the two alternate,
so that both meet the same machine; a ratio is torch's median time over ours within one round. Times are the fastest
step of all rounds, which other work on the machine disturbs least.
"""
import json
import statistics
import subprocess
import sys
import time

import numpy as np
import torch

STEPS = 60
SHAPES = [("lstm", 28, 64, 32, 64, 1), ("lstm", 28, 32, 16, 40, 1), ("lstm", 28, 64, 32, 64, 2),
          ("lstm", 56, 128, 24, 128, 1), ("gru", 28, 64, 32, 64, 1), ("gru", 56, 128, 24, 128, 1)]


def formula(i, phase, size):
    return torch.tensor((size * np.sin(0.37 * (i + 1.0) + phase)).astype(np.float32))


class Step:
    """Weights and data by the formula that train_step.c uses."""

    def __init__(self, cell, T, N, I, H, L):
        module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
        self.rnn, self.head = module(I, H, L), torch.nn.Linear(H, 1)
        at = 0
        self.parameters = list(self.rnn.parameters()) + list(self.head.parameters())
        with torch.no_grad():
            for p in self.parameters:
                i = np.arange(at, at + p.numel(), dtype=np.int64)
                p.copy_(formula(i * i % 1009, 0.5, 0.2).reshape(p.shape))
                at += p.numel()
        self.x = formula(np.arange(T * N * I), 1.0, 1.0).reshape(T, N, I)
        self.y = formula(np.arange(N), 2.0, 1.0)
        self.optimizer = torch.optim.Adam(self.parameters, lr=1e-3)

    def step(self):
        self.optimizer.zero_grad()
        h, _ = self.rnn(self.x)
        loss = torch.nn.functional.mse_loss(self.head(h[-1])[:, 0], self.y)
        loss.backward()
        self.optimizer.step()
        return loss


def torch_round(shape):
    run, times = Step(*shape), []
    for i in range(STEPS):
        start = time.perf_counter()
        loss = run.step()
        times.append(1e3 * (time.perf_counter() - start))
        if i == 9:
            tenth = loss.item()
    return statistics.median(times[10:]), min(times[10:]), tenth


def our_round(program, shape, level):
    cell, *sizes = shape
    command = [program, *map(str, sizes), cell, level, str(STEPS)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return answer["median_ms"], answer["lowest_ms"], answer["loss_10"]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, rounds = sys.argv[1], max(7, int(sys.argv[2]) if len(sys.argv) > 2 else 9)
    torch.set_num_threads(1)
    print("torch %s, %d rounds of %d steps" % (torch.__version__, rounds, STEPS))
    print("cell    T   N   I   H L   torch ms   ours ms   ratio   torch / ours by round: median (lowest .. highest)")
    slower = False
    for shape in SHAPES:
        ratios, theirs, ours = [], [], []
        for _ in range(rounds):
            (a, fast_a, loss), (b, fast_b, our_loss) = torch_round(shape), our_round(program, shape, "auto")
            if not abs(loss - our_loss) <= 1e-4 * abs(loss):
                sys.exit("the losses differ: torch %.9g, ours %.9g" % (loss, our_loss))
            ratios.append(a / b)
            theirs.append(fast_a)
            ours.append(fast_b)
        ratio = statistics.median(ratios)
        slower |= ratio < 1
        print("%-4s %4d %3d %3d %3d %d %10.3f %9.3f %7.2f   %.2f (%.2f .. %.2f)%s" %
              (*shape, min(theirs), min(ours), min(theirs) / min(ours), ratio, min(ratios), max(ratios),
               "   SLOWER" if ratio < 1 else ""), flush=True)
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
