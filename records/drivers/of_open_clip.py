"""Runs the schedules of open_clip's training script, functions that assign the rate of a step."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

from open_clip_train import scheduler

from records.drivers.driving import Raised, drive

# The schedules are plain Python: nothing that the package depends on is needed.
PINS = ("--no-deps", "open_clip_torch==3.3.0")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates that a schedule assigns before each update."""
    group: dict[str, Any] = {}
    schedule = getattr(scheduler, name)(SimpleNamespace(param_groups=[group]), **arguments)
    found: list[float] = []
    for t in range(updates):
        try:
            schedule(t)
        except Exception as error:
            raise Raised(found, f"{type(error).__name__} at t = {t}: {error}") from error
        if isinstance(group["lr"], complex):
            raise Raised(found, f"a complex number at t = {t}: {group['lr']}")
        found.append(float(group["lr"]))
    return found


if __name__ == "__main__":
    drive(rates, version("open_clip_torch"))
