"""Trains a net of skorch with its callback, and reads the rates at the optimizer's steps."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
import skorch
import torch
from skorch.callbacks import LRScheduler, WarmRestartLR

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler

PINS = ("skorch==1.4.0", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


class Noting(torch.optim.SGD):
    """The optimizer, which notes the rate of each of its steps."""

    seen: ClassVar[list[float]] = []  # of the class: a net makes its optimizer itself

    def step(self, *arguments: Any) -> Any:
        """Note the rate and step."""
        self.seen.append(float(self.param_groups[0]["lr"]))
        return super().step(*arguments)


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a net that is trained on batches of one sample."""
    if name == "WarmRestartLR":
        optimizer = optimizer_at(0.01)
        return run_scheduler(optimizer, WarmRestartLR(optimizer, **arguments), updates)
    batches = arguments.pop("batches_per_epoch", None) or 10
    policy, given = arguments.pop("policy", "WarmRestartLR"), {}
    if not isinstance(policy, str):
        policy, given = policy
    lr = {"lr": arguments.pop("base_lr")} if "base_lr" in arguments else {}
    Noting.seen = []
    callback = LRScheduler(policy=policy, **arguments, **given)
    usual = {"train_split": None, "verbose": 0, "batch_size": 1, "optimizer": Noting}
    net = skorch.NeuralNetRegressor(
        torch.nn.Linear,
        **{"module__in_features": 1, "module__out_features": 1, **usual, **lr},
        max_epochs=-(-updates // batches),
        callbacks=[callback],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        net.fit(np.zeros((batches, 1), np.float32), np.zeros((batches, 1), np.float32))
    return Noting.seen[:updates]


if __name__ == "__main__":
    drive(rates, skorch.__version__)
