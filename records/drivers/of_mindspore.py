"""Runs MindSpore's schedules: cells and lists of mindspore.nn, and experimental schedulers."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("GLOG_v", "4")  # MindSpore logs what it compiles

import mindspore
import numpy as np
from mindspore import Parameter, Tensor, nn
from mindspore.experimental import optim

from records.drivers.driving import Raised, drive

# MindSpore 2.10 has parts that were built for NumPy 1.
PINS = ("mindspore==2.10.0", "numpy==1.26.4")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates that an optimizer has before each of its updates."""
    weight = Parameter(Tensor(np.zeros(1, np.float32)), name="weight")
    if name.startswith("experimental."):
        optimizer = optim.SGD([weight], lr=arguments.get("base_lr", 0.1))
        scheduler = build(name.removeprefix("experimental."), optimizer, arguments)
        return _run(optimizer, lambda: optimizer.param_groups[0]["lr"], scheduler.step, updates)
    optimizer = nn.Momentum([weight], getattr(nn, name)(**arguments), 0.0)
    return _run(optimizer, optimizer.get_lr, lambda: None, updates)


def _run(optimizer: Any, rate: Any, step: Any, updates: int) -> list[float]:
    gradient = Tensor(np.ones(1, np.float32))
    found: list[float] = []
    for t in range(updates):
        try:
            found.append(float(rate().asnumpy()))
            optimizer((gradient,))
            step()
        except Exception as error:
            words = str(error).splitlines()[0].strip()
            raise Raised(found, f"{type(error).__name__} at update {t}: {words}") from error
    return found


def build(name: str, optimizer: Any, arguments: dict[str, Any]) -> Any:
    """Return an experimental scheduler.

    Args:
        name: name of the class.
        optimizer: the optimizer to schedule.
        arguments: its keyword arguments, except that `schedulers` holds pairs of a name and
            arguments, and that `lr_lambda` is a number; `base_lr` is the optimizer's rate.
    """
    arguments = dict(arguments)
    if name != "CyclicLR":  # which has an argument of this name
        arguments.pop("base_lr", None)
    if "schedulers" in arguments:
        arguments["schedulers"] = [
            build(part.removeprefix("mindspore.experimental."), optimizer, given)
            for part, given in arguments["schedulers"]
        ]
    if "lr_lambda" in arguments:
        factor = arguments["lr_lambda"]
        arguments["lr_lambda"] = lambda t: factor
    return getattr(optim.lr_scheduler, name)(optimizer, **arguments)


if __name__ == "__main__":
    drive(rates, mindspore.__version__)
