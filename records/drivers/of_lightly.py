"""Runs lightly's scheduler."""

from __future__ import annotations

import warnings
from typing import Any

import lightly
from lightly.utils import scheduler

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler

PINS = ("torch==2.13.0", "numpy==2.4.6")  # what pip installs
# The scheduler needs torch alone: the rest that the package asks for would bring torchvision.
ALONE = ("lightly==1.6.0",)  # what pip installs without what it asks for


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of the scheduler."""
    optimizer = optimizer_at(arguments.pop("base_lr"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that the run is past its end
        made = getattr(scheduler, name)(optimizer, **arguments)
        return run_scheduler(optimizer, made, updates)


if __name__ == "__main__":
    drive(rates, lightly.__version__)
