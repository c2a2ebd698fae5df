"""Runs torchtune's schedule."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from torchtune.training import lr_schedulers

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler

# torchtune imports torchao and does not ask for it; later releases lack what it imports.
PINS = (  # what pip installs
    "torchtune==0.6.1",
    "torchao==0.9.0",
    "torch==2.13.0",
    "numpy==2.4.6",
)


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a schedule."""
    optimizer = optimizer_at(arguments.pop("base_lr"))
    scheduler = getattr(lr_schedulers, name)(optimizer, **arguments)
    return run_scheduler(optimizer, scheduler, updates)


if __name__ == "__main__":
    drive(rates, version("torchtune"))
