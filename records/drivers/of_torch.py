"""Runs torch's schedulers."""

from __future__ import annotations

from typing import Any

import torch

from records.drivers.driving import drive
from records.drivers.torch_loop import build, optimizer_at, run_scheduler

PINS = ("torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a scheduler; one that follows a metric is given `metric`, text in t."""
    optimizer = optimizer_at(arguments["base_lr"])
    if name != "CyclicLR":  # which has an argument of this name; elsewhere it is the optimizer's
        del arguments["base_lr"]
    metric = arguments.pop("metric", None)
    return run_scheduler(optimizer, build(name, optimizer, arguments), updates, metric)


if __name__ == "__main__":
    drive(rates, torch.__version__)
