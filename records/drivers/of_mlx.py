"""Runs MLX's schedules in an optimizer, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import mlx.core as mx
from mlx import optimizers

from records.drivers.driving import drive

PINS = ("mlx[cpu]==0.32.4",)  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rate that each update leaves in the optimizer, which is the one it used."""
    optimizer = optimizers.SGD(learning_rate=build(name, arguments))
    weights, gradients = {"weight": mx.zeros(1)}, {"weight": mx.ones(1)}
    found = []
    for _ in range(updates):
        weights = optimizer.apply_gradients(gradients, weights)
        found.append(float(optimizer.learning_rate))
    return found


def build(name: str, arguments: dict[str, Any]) -> Callable[[mx.array], mx.array]:
    """Return a schedule by its name.

    Args:
        name: name of the function.
        arguments: its keyword arguments, except that `schedules` holds pairs of "mlx." and a name,
            and arguments, and numbers for functions that return them.
    """
    if "schedules" in arguments:
        arguments = {**arguments, "schedules": [_part(part) for part in arguments["schedules"]]}
    return getattr(optimizers, name)(**arguments)


def _part(part: Any) -> Callable[[mx.array], Any]:
    if isinstance(part, int | float):
        return lambda step: part
    return build(part[0].removeprefix("mlx."), part[1])


if __name__ == "__main__":
    drive(rates, version("mlx"))
