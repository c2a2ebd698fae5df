"""Runs thinc's schedules in its optimizer, and reads the rates off a weight."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
from thinc import schedules
from thinc.optimizers import Optimizer

from records.drivers.driving import drive

PINS = ("thinc==9.1.1", "numpy==2.4.6")  # what pip installs


def schedule(name: str, arguments: dict[str, Any]) -> Any:
    """Return a schedule of thinc by its name; `schedule` is a pair of a name and arguments."""
    if "schedule" in arguments:
        inner, given = arguments["schedule"]
        arguments = {**arguments, "schedule": schedule(inner.removeprefix("thinc."), given)}
    return getattr(schedules, name)(**arguments)


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates by which an optimizer without moments moves a weight; its gradient is -1."""
    plain = {"beta1": 0.0, "beta2": 0.0, "grad_clip": 0.0, "L2": 0.0, "use_averages": False}
    optimizer = Optimizer(schedule(name, arguments), **plain)
    seen = []
    for _ in range(updates):
        moved, _ = optimizer((0, "W"), np.zeros(1), np.full(1, -1.0))
        seen.append(float(moved[0]))
        optimizer.step_schedules()
    return seen


if __name__ == "__main__":
    drive(rates, version("thinc"))
