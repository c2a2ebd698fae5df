"""Runs pytorch-optimizer's own schedulers; the others that it exports are torch's."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pytorch_optimizer import lr_scheduler

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler

PINS = ("pytorch_optimizer==4.1.0", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a scheduler; the optimizer's own rate counts for the `get_` functions."""
    optimizer = optimizer_at(arguments.pop("base_lr", 0.3))
    scheduler = getattr(lr_scheduler, name)(optimizer, **arguments)
    return run_scheduler(optimizer, scheduler, updates)


if __name__ == "__main__":
    drive(rates, version("pytorch_optimizer"))
