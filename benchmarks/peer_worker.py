# SPDX-License-Identifier: Apache-2.0
"""One peer as a process that answers commands: peer_worker.py torch|torch-encdec|ort|keras THREADS

Runs in the virtual environment that `benchmarks/peers` makes. Commands come on standard input, one a line, and each is
answered by one line of JSON; `train_step --serve` speaks the same for our side:

    open CELL T N I H L   makes the network with first weights
    output                the N outputs
    loss                  the loss of step grid.CHECKED_STEP, from the first weights on
    loss_one_bias         the same of a network whose two biases are one (Keras' LSTM has one), by torch only
    forward K | train K   K timed calls: median and fastest in milliseconds
"""
import json
import os
import statistics
import sys
import time

import numpy as np

import grid


class Torch:
    def __init__(self, threads):
        import torch
        torch.set_num_threads(threads)
        self.torch, self.version = torch, torch.__version__

    def open(self, case):
        torch = self.torch
        x, y, values = grid.fill(np, case)
        self.first = [torch.from_numpy(v.copy()) for v in values]
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)
        self.rnn = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[case.cell](case.I, case.H, case.L)
        self.head = torch.nn.Linear(case.H, 1)
        self.parameters = [*self.rnn.parameters(), *self.head.parameters()]
        self.reset()

    def reset(self, parameters=None):
        with self.torch.no_grad():
            for p, v in zip(self.parameters, self.first):
                p.copy_(v)
        self.optimizer = self.torch.optim.Adam(parameters or self.parameters, lr=grid.RATE,
                                               betas=(grid.BETA1, grid.BETA2), eps=grid.EPSILON)

    def forward(self):
        with self.torch.inference_mode():
            hidden, _ = self.rnn(self.x)
            return self.head(hidden[-1])

    def output(self):
        return self.forward().numpy().ravel()

    def train(self):
        self.optimizer.zero_grad()
        hidden, _ = self.rnn(self.x)
        loss = self.torch.nn.functional.mse_loss(self.head(hidden[-1])[:, 0], self.y)
        loss.backward()
        self.optimizer.step()
        return loss

    def loss(self):
        self.reset()
        return [self.train() for _ in range(grid.CHECKED_STEP)][-1].item()

    def loss_one_bias(self):
        kept = [p for n, p in [*self.rnn.named_parameters(), *self.head.named_parameters()] if "bias_hh" not in n]
        self.reset(kept)
        with self.torch.no_grad():
            for n, p in self.rnn.named_parameters():
                if "bias_hh" in n:
                    getattr(self.rnn, n.replace("_hh", "_ih")).add_(p)
                    p.zero_()
        loss = [self.train() for _ in range(grid.CHECKED_STEP)][-1].item()
        self.reset()
        return loss


class TorchEncDec(Torch):
    """grid.ENCDEC in modules of torch: taught in training, told its own forecasts in prediction."""

    def open(self, case):
        torch, nn = self.torch, self.torch.nn
        x, y, values = grid.fill(np, case)
        known = grid.formula(np, case.K * case.N * (case.F - 1), 3.0, 1.0).reshape(case.K, case.N, case.F - 1)
        self.first = [torch.from_numpy(v.copy()) for v in values]
        self.x, self.y, self.known = torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(known)
        sizes, memory = [case.I] + grid.ENCODER, grid.ENCODER[-1]
        self.encoder = [nn.LSTM(i, h) for i, h in zip(sizes, sizes[1:])]
        self.start, self.cell = nn.Linear(memory, grid.DECODER), nn.GRUCell(case.F + memory, grid.DECODER)
        self.query = nn.Linear(grid.DECODER, grid.ATTENTION)
        self.key = nn.Linear(memory, grid.ATTENTION, bias=False)
        self.score = nn.Linear(grid.ATTENTION, 1, bias=False)
        self.out = nn.Linear(grid.DECODER + memory, 1)
        modules = [*self.encoder, self.start, self.cell, self.query, self.key, self.score, self.out]
        self.parameters = [p for m in modules for p in m.parameters()]
        self.reset()

    def encode(self):
        h = self.x
        for layer in self.encoder:
            h, _ = layer(h)
        state = self.torch.tanh(self.start(h[-1]))
        h = h.transpose(0, 1).contiguous()
        return h, self.key(h), state

    def step(self, h, keys, state, told, known):
        torch = self.torch
        scores = self.score(torch.tanh(keys + self.query(state)[:, None])).squeeze(2)
        context = torch.bmm(torch.softmax(scores, 1)[:, None], h).squeeze(1)
        state = self.cell(torch.cat([told, context, known], 1), state)
        return state, torch.cat([state, context], 1)

    def forward(self):
        with self.torch.inference_mode():
            h, keys, state = self.encode()
            told, forecasts = self.y[:, :1], []
            for known in self.known:
                state, read = self.step(h, keys, state, told, known)
                told = self.out(read)
                forecasts.append(told)
            return self.torch.cat(forecasts, 1)

    def train(self):
        self.optimizer.zero_grad()
        h, keys, state = self.encode()
        reads = []
        for k, known in enumerate(self.known):
            state, read = self.step(h, keys, state, self.y[:, k:k + 1], known)
            reads.append(read)
        o = self.out(self.torch.stack(reads, 1)).squeeze(2)
        loss = self.torch.nn.functional.mse_loss(o, self.y[:, 1:])
        loss.backward()
        self.optimizer.step()
        return loss


class Onnx:
    """Forward only: a graph of LSTM or GRU nodes, built by hand in ONNX's order of gates."""

    def __init__(self, threads):
        import onnx
        import onnxruntime
        self.onnx, self.runtime, self.threads, self.version = onnx, onnxruntime, threads, onnxruntime.__version__

    def open(self, case):
        h, tp, gates = self.onnx.helper, self.onnx.TensorProto, {"lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}[case.cell]
        x, _, values = grid.fill(np, case)

        def order(v):  # torch: i f g o and r z n; ONNX: i o f c and z r h
            return np.concatenate([v[g * case.H:(g + 1) * case.H] for g in gates])

        nodes, constants, now = [], {"axes": np.array([1], np.int64), "last": np.array(case.T - 1, np.int64)}, "x"
        for layer in range(case.L):
            w, r, bw, br = values[4 * layer:4 * layer + 4]
            names = ["w%d" % layer, "r%d" % layer, "b%d" % layer]
            constants.update(zip(names, [order(w)[None], order(r)[None], np.concatenate([order(bw), order(br)])[None]]))
            more = {"linear_before_reset": 1} if case.cell == "gru" else {}
            nodes.append(h.make_node(case.cell.upper(), [now, *names], ["h%d" % layer], hidden_size=case.H, **more))
            nodes.append(h.make_node("Squeeze", ["h%d" % layer, "axes"], ["s%d" % layer]))
            now = "s%d" % layer
        constants.update(hw=values[-2], hb=values[-1])
        nodes.append(h.make_node("Gather", [now, "last"], ["end"], axis=0))
        nodes.append(h.make_node("Gemm", ["end", "hw", "hb"], ["y"], transB=1))
        values = [self.onnx.numpy_helper.from_array(np.array(v, order="C"), k) for k, v in constants.items()]
        graph = h.make_graph(nodes, "network", [h.make_tensor_value_info("x", tp.FLOAT, x.shape)],
                             [h.make_tensor_value_info("y", tp.FLOAT, (case.N, 1))], values)
        model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
        self.onnx.checker.check_model(model)
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self.threads, 1
        self.session = self.runtime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        self.feed = {"x": x}

    def forward(self):
        return self.session.run(None, self.feed)[0]

    def output(self):
        return self.forward().ravel()


class Keras:
    def __init__(self, threads):
        os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow", CUDA_VISIBLE_DEVICES="-1")
        import tensorflow
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        import keras
        self.tf, self.keras = tensorflow, keras
        self.version = "%s on tensorflow %s" % (keras.__version__, tensorflow.__version__)

    def open(self, case):
        keras, tf = self.keras, self.tf
        keras.backend.clear_session()
        x, y, values = grid.fill(np, case)
        self.x, self.y = tf.constant(x.transpose(1, 0, 2).copy()), tf.constant(y[:, None])
        self.case = case
        kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[case.cell]
        layers = [kind(case.H, return_sequences=i + 1 < case.L) for i in range(case.L)] + [keras.layers.Dense(1)]
        self.model = keras.Sequential([keras.Input((case.T, case.I)), *layers])
        self.first = []
        for i in range(case.L):
            w, r, bw, br = values[4 * i:4 * i + 4]
            if case.cell == "lstm":  # i f g o, one bias
                self.first += [w.T, r.T, bw + br]
            else:  # z r h
                swap = [np.concatenate([v[case.H:2 * case.H], v[:case.H], v[2 * case.H:]]) for v in (w, r, bw, br)]
                self.first += [swap[0].T, swap[1].T, np.stack(swap[2:])]
        self.first += [values[-2].T, values[-1]]
        self.optimizer = keras.optimizers.Adam(grid.RATE, grid.BETA1, grid.BETA2, grid.EPSILON)
        self.optimizer.build(self.model.trainable_variables)
        variables = self.model.trainable_variables

        @tf.function
        def predict(inputs):
            return self.model(inputs, training=False)

        @tf.function
        def step(inputs, target):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(self.model(inputs, training=True) - target))
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return loss

        self.predict, self.step = predict, step
        self.reset()

    def reset(self):
        self.model.set_weights(self.first)
        for variable in self.optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(np.zeros(variable.shape, variable.dtype))

    def forward(self):
        return self.predict(self.x)

    def output(self):
        return self.forward().numpy().ravel()

    def train(self):
        return self.step(self.x, self.y)

    def loss(self):
        self.reset()
        return float([self.train() for _ in range(grid.CHECKED_STEP)][-1])


def timed(side, what, count):
    times, call = [], getattr(side, what)
    for i in range(count):
        if what == "train" and i % grid.BLOCK == 0:
            side.reset()
            call()
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return {"ms": statistics.median(times), "fastest_ms": min(times)}


def main():
    answers = os.fdopen(os.dup(1), "w")  # frameworks print to standard output what they like
    os.dup2(2, 1)
    side = {"torch": Torch, "torch-encdec": TorchEncDec, "ort": Onnx, "keras": Keras}[sys.argv[1]](int(sys.argv[2]))
    print(json.dumps({"version": side.version}), file=answers, flush=True)
    for line in sys.stdin:
        command, *words = line.split()
        if command == "open":
            side.open(grid.case_of(words))
            answer = {}
        elif command == "output":
            answer = {"values": side.output().tolist()}
        elif command in ("loss", "loss_one_bias"):
            answer = {"loss": getattr(side, command)()}
        else:
            answer = timed(side, command, int(words[0]))
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
