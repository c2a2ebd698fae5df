"""The smallest training loop of torch, for the libraries that schedule torch's optimizers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer, lr_scheduler, swa_utils

from records.drivers.driving import Raised


def optimizer_at(base_lr: float) -> Optimizer:
    """Return an optimizer of one parameter, with momentum, since some schedulers move it too."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.grad = torch.ones_like(parameter)
    return torch.optim.SGD([parameter], lr=base_lr, momentum=0.9)


def run(optimizer: Optimizer, step: Callable[[int], Any], updates: int) -> list[float]:
    """Return the rate of every update.

    Args:
        optimizer: the optimizer.
        step: called after every update with the number of updates before it, from 0.
        updates: number of updates.

    Raises:
        Raised: `step` raised.
    """
    rates: list[float] = []
    for t in range(updates):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        try:
            step(t)
        except Exception as error:
            words = f"{type(error).__name__} at the step() call after update {t}: {error}"
            raise Raised(rates, words) from error
    return rates


def run_scheduler(
    optimizer: Optimizer, scheduler: Any, updates: int, metric: str | None = None
) -> list[float]:
    """Return the rate of every update when a scheduler is stepped after each.

    Args:
        optimizer: the optimizer.
        scheduler: its scheduler.
        updates: number of updates.
        metric: text of the function of t that `step` is given, or None where it takes nothing.
    """
    if metric is None:
        return run(optimizer, lambda t: scheduler.step(), updates)
    measured = function(metric)
    return run(optimizer, lambda t: scheduler.step(measured(t)), updates)


def build(name: str, optimizer: Optimizer, arguments: dict[str, Any]) -> Any:
    """Return a scheduler of torch by its class's name.

    Args:
        name: name of the class.
        optimizer: the optimizer to schedule.
        arguments: keyword arguments of the class, except that `schedulers` holds pairs of "torch."
            and a name, and arguments; and that `lr_lambda` is a number or the text of a function.
    """
    arguments = dict(arguments)
    if "schedulers" in arguments:
        arguments["schedulers"] = [
            build(part.removeprefix("torch."), optimizer, given)
            for part, given in arguments["schedulers"]
        ]
    if "lr_lambda" in arguments:
        arguments["lr_lambda"] = function(arguments["lr_lambda"])
    kind = getattr(lr_scheduler, name, None) or getattr(swa_utils, name)
    if name == "ChainedScheduler":
        return kind(**arguments)
    return kind(optimizer, **arguments)


def function(text: str | float) -> Callable[[int], float]:
    """Return the function of t that a record's text spells in Python; of a number, a constant."""
    if isinstance(text, str):
        return eval(f"lambda t: {text}", {"math": math})
    return lambda t: text
