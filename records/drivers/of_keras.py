"""Runs Keras' schedules, which are functions of the step, on torch."""

from __future__ import annotations

import os
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"
import keras

from records.drivers.driving import drive

PINS = ("keras==3.15.1", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a schedule."""
    schedule = getattr(keras.optimizers.schedules, name)(**arguments)
    return [float(schedule(t)) for t in range(updates)]


if __name__ == "__main__":
    drive(rates, f"{keras.__version__} ({keras.backend.backend()} backend)")
