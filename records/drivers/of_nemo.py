"""Runs NeMo's own schedulers; the others that it knows are torch's."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from nemo.core.optim import lr_scheduler

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler

PINS = ("nemo_toolkit[core]==3.0.0", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a scheduler."""
    optimizer = optimizer_at(arguments.pop("base_lr", 0.1))
    scheduler = getattr(lr_scheduler, name)(optimizer, **arguments)
    return run_scheduler(optimizer, scheduler, updates)


if __name__ == "__main__":
    drive(rates, version("nemo_toolkit"))
