"""A net of skorch that is trained by `fit` and then by calls of `partial_fit`."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import skorch
import torch
from skorch.callbacks import LRScheduler
from torch.optim import lr_scheduler

from records.drivers.driving import drive
from records.drivers.of_skorch import Noting
from records.drivers.torch_loop import function

PINS = ("skorch==1.4.0", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of all calls together."""
    given = arguments["loop"]
    policy, options = arguments["scheduler"]
    if "lr_lambda" in options:
        options = {"lr_lambda": function(options["lr_lambda"])}
    batches, Noting.seen = given["batches_per_epoch"], []
    every = given.get("step_every", "epoch")
    net = skorch.NeuralNetRegressor(
        torch.nn.Linear,
        module__in_features=1,
        module__out_features=1,
        train_split=None,
        verbose=0,
        batch_size=1,
        lr=arguments["base_lr"],
        optimizer=Noting,
        callbacks=[LRScheduler(getattr(lr_scheduler, policy), step_every=every, **options)],
    )
    zeros = np.zeros((batches, 1), np.float32)
    for done, end in pairwise([0, *given.get("partial_fit", ()), arguments["epochs"]]):
        net.set_params(max_epochs=end - done)
        net.partial_fit(zeros, zeros) if done else net.fit(zeros, zeros)
    return list(Noting.seen)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    drive(rates, skorch.__version__)
