"""Runs DeepSpeed's schedulers, which its engine steps after each update of the optimizer."""

from __future__ import annotations

from typing import Any

import deepspeed
from deepspeed.runtime import lr_schedules

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler

PINS = ("deepspeed==0.19.8", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a scheduler that is stepped after each update.

    Some schedulers overwrite the optimizer's rate: their records need no base_lr.
    """
    optimizer = optimizer_at(arguments.pop("base_lr", 0.1))
    scheduler = getattr(lr_schedules, name)(optimizer, **arguments)
    return run_scheduler(optimizer, scheduler, updates)


if __name__ == "__main__":
    drive(rates, deepspeed.__version__)
