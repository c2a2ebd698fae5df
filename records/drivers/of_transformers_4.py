"""Runs the Trainer of release 4 of transformers; its schedules are those of release 5."""

from __future__ import annotations

from typing import Any

import transformers

from records.drivers.driving import drive
from records.drivers.trainer_loop import trainer_rates

PINS = (  # what pip installs
    "transformers==4.57.6",
    "accelerate==1.15.0",
    "torch==2.13.0",
    "numpy==2.4.6",
)
SERIES = "4."  # --newest looks among these releases


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a training run with these TrainingArguments."""
    return trainer_rates(arguments, updates)


if __name__ == "__main__":
    drive(rates, transformers.__version__)
