# SPDX-License-Identifier: Apache-2.0
"""neuralforecast's LSTM trained on a table: started by end_to_end.py inside its virtual environment.

    peer_fit.py SETTINGS.json

Reads {history, forecast, freq, horizon, context, hidden, layers, batch, steps, threads}; writes the forecast as CSV
unless `forecast` is null; prints one line of JSON.

A training step of neuralforecast draws `windows_batch_size` windows (of all windows of `batch_size` series), each with
one forecast: those are its training windows. Steps are timed one by one by a callback, after the first 10, so that
neither the start of the framework nor the set-up of its data counts.
"""
import json
import logging
import os
import sys
import time
import warnings

with open(sys.argv[1], encoding="utf-8") as file:
    settings = json.load(file)
os.environ.update(OMP_NUM_THREADS=str(settings["threads"]), CUDA_VISIBLE_DEVICES="", NIXTLA_ID_AS_COL="1")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import neuralforecast  # noqa: E402
import pandas  # noqa: E402
import torch  # noqa: E402
from pytorch_lightning.callbacks import Callback  # noqa: E402

WARM = 10
ends = []  # the model, and its callbacks with it, is copied before training
torch.set_num_threads(settings["threads"])


class Clock(Callback):
    """When each step ended: a step and what lies between two, where windows are drawn, is all training."""

    def on_train_batch_end(self, *_, **__):
        ends.append(time.perf_counter())
        if len(ends) % 100 == 0:
            print("  neuralforecast: step %d of %d" % (len(ends), settings["steps"]), file=sys.stderr, flush=True)


frame = pandas.read_csv(settings["history"], usecols=["unique_id", "ds", "y"], dtype={"unique_id": str})
frame["ds"] = pandas.to_datetime(frame["ds"])
frame["y"] = frame["y"].astype("float32")
network = {"encoder_hidden_size": settings["hidden"], "encoder_n_layers": settings["layers"],
           "input_size": settings["context"], "windows_batch_size": settings["batch"]}
model = neuralforecast.models.LSTM(
    h=settings["horizon"], max_steps=settings["steps"], random_seed=1, alias="theirs", accelerator="cpu", logger=False,
    enable_progress_bar=False, enable_checkpointing=False, enable_model_summary=False, callbacks=[Clock()], **network)
forecaster = neuralforecast.NeuralForecast(models=[model], freq=settings["freq"])
start = time.perf_counter()
forecaster.fit(df=frame)
wall = time.perf_counter() - start
if settings["forecast"]:
    future = forecaster.predict()
    future["q0.5"] = future["mean"] = future["theirs"]  # the loss is the absolute error: what is learned is the median
    future["ds"] = future["ds"].dt.strftime("%Y-%m-%d")
    future[["unique_id", "ds", "mean", "q0.5"]].to_csv(settings["forecast"], index=False)
timed = len(ends) - WARM
seconds = ends[-1] - ends[WARM - 1]
print(json.dumps({"version": "%s on torch %s" % (neuralforecast.__version__, torch.__version__), "wall_s": wall,
                  "steps": len(ends), "timed_steps": timed, "seconds": seconds,
                  "windows_per_s": timed * settings["batch"] / seconds,
                  "parameters": sum(p.numel() for p in model.parameters())}), file=answers, flush=True)
