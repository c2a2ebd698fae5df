"""Runs Keras' schedules, which are functions of the step, and an optimizer with one, on torch."""

from __future__ import annotations

import os
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"
import keras

from records.drivers.driving import drive

PINS = ("keras==3.15.1", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a schedule, or the updates of "SGD" at a gradient of 1."""
    if name == "SGD":
        return moves(arguments, updates)
    schedule = getattr(keras.optimizers.schedules, name)(**arguments)
    return [float(schedule(t)) for t in range(updates)]


def moves(arguments: dict[str, Any], updates: int) -> list[float]:
    """Return how far an SGD moves a weight from 0 in each update, while every gradient is 1.

    Args:
        arguments: arguments of SGD; learning_rate is a pair of a schedule's name and arguments.
        updates: number of updates.
    """
    name, given = arguments.pop("learning_rate")
    schedule = getattr(keras.optimizers.schedules, name)(**given)
    optimizer = keras.optimizers.SGD(schedule, **arguments)
    weight, gradient = keras.Variable([0.0]), keras.ops.ones(1)
    optimizer.build([weight])
    moved: list[float] = []
    for _ in range(updates):
        weight.assign([0.0])
        for _ in range(arguments.get("gradient_accumulation_steps") or 1):
            optimizer.apply([gradient], [weight])
        moved.append(0.0 - float(weight[0]))  # never -0
    return moved


if __name__ == "__main__":
    drive(rates, f"{keras.__version__} ({keras.backend.backend()} backend)")
