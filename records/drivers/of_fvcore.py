"""Runs fvcore's parameter schedulers, which are functions of the share of the run that is done."""

from __future__ import annotations

from typing import Any

import fvcore
from fvcore.common import param_scheduler

from records.drivers.driving import Raised, drive

PINS = ("fvcore==0.1.5.post20221221", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the values at where = t / total_steps."""
    total = arguments.pop("total_steps")
    scheduler = build(name, arguments)
    found: list[float] = []
    for t in range(updates):
        try:
            value = scheduler(t / total)
        except Exception as error:
            raise Raised(found, f"{type(error).__name__} at t = {t}: {error}") from error
        if isinstance(value, complex):
            raise Raised(found, f"a complex number at t = {t}: {value}")
        found.append(float(value))
    return found


def build(name: str, arguments: dict[str, Any]) -> param_scheduler.ParamScheduler:
    """Return a scheduler; `schedulers` holds pairs of "fvcore." and a name, and arguments."""
    arguments = dict(arguments)
    if "schedulers" in arguments:
        arguments["schedulers"] = [
            build(part.removeprefix("fvcore."), given) for part, given in arguments["schedulers"]
        ]
    return getattr(param_scheduler, name)(**arguments)


if __name__ == "__main__":
    drive(rates, fvcore.__version__)
