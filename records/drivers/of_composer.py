"""Runs Composer's schedulers, which are functions of the trainer's state."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import composer
from composer import optim
from composer.core import Time, Timestamp

from records.drivers.driving import drive

# Composer allows no torch after 2.7, and pins it itself.
PINS = ("mosaicml==0.32.1",)  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the optimizer's rate times the scheduler's factor, which a trainer would set."""
    base_lr, ssr = arguments.pop("base_lr"), arguments.pop("ssr", 1.0)
    duration = Time.from_timestring(arguments.pop("max_duration"))
    scheduler = getattr(optim, name)(**arguments)
    states = (
        SimpleNamespace(max_duration=duration, timestamp=Timestamp(batch=t), dataloader_len=None)
        for t in range(updates)
    )
    return [base_lr * scheduler(state, ssr) for state in states]


if __name__ == "__main__":
    drive(rates, composer.__version__)
