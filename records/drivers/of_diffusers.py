"""Runs the schedules of `diffusers.optimization`, which are LambdaLRs of torch."""

from __future__ import annotations

from typing import Any

import diffusers
from diffusers import optimization

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler

PINS = ("diffusers==0.42.1", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a scheduler that is stepped after each update."""
    optimizer = optimizer_at(arguments.pop("base_lr"))
    scheduler = getattr(optimization, name)(optimizer=optimizer, **arguments)
    return run_scheduler(optimizer, scheduler, updates)


if __name__ == "__main__":
    drive(rates, diffusers.__version__)
