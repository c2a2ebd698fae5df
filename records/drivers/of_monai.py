"""Runs MONAI's schedulers."""

from __future__ import annotations

from typing import Any

import monai
from monai.optimizers import lr_scheduler

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler

PINS = ("monai==1.6.1", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a scheduler."""
    optimizer = optimizer_at(arguments.pop("base_lr"))
    scheduler = getattr(lr_scheduler, name)(optimizer, **arguments)
    return run_scheduler(optimizer, scheduler, updates)


if __name__ == "__main__":
    drive(rates, monai.__version__)
