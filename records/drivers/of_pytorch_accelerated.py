"""Runs pytorch-accelerated's schedulers, stepped after each update as its Trainer does."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pytorch_accelerated import schedulers

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler

# What pip installs.
PINS = ("pytorch-accelerated==0.1.61", "torch==2.13.0", "numpy==2.4.6")


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a scheduler."""
    optimizer = optimizer_at(arguments.pop("base_lr"))
    scheduler = getattr(schedulers, name)(optimizer, **arguments)
    return run_scheduler(optimizer, scheduler, updates)


if __name__ == "__main__":
    drive(rates, version("pytorch-accelerated"))
