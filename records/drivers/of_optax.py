"""Runs optax's schedules, which are functions of the step."""

from __future__ import annotations

from typing import Any

import optax

from records.drivers.driving import drive

PINS = ("optax==0.2.8", "jax==0.10.2", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a schedule."""
    schedule = _schedule(name, arguments)
    return [float(schedule(t)) for t in range(updates)]


def _schedule(name: str, arguments: dict[str, Any]) -> Any:
    if "boundaries_and_scales" in arguments:  # JSON has no whole numbers for keys
        given = arguments["boundaries_and_scales"]
        arguments = {**arguments, "boundaries_and_scales": {int(t): s for t, s in given.items()}}
    if "schedules" in arguments:
        parts = [_schedule(part.split(".")[1], given) for part, given in arguments["schedules"]]
        arguments = {**arguments, "schedules": parts}
    return getattr(optax, name)(**arguments)


if __name__ == "__main__":
    drive(rates, optax.__version__)
